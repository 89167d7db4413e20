use super::*;
use goldsmith_process::{Invocation, System, capture};

#[test]
fn the_last_extension_decides_as_in_packer() {
    use {Algorithm as A, Container as C};
    for (output, format, expected) in [
        ("a.zip", None, (C::Zip, A::None)),
        ("a.tar", None, (C::Tar, A::None)),
        ("a.tar.gz", None, (C::Tar, A::Gzip)),
        ("a.gz", None, (C::None, A::Gzip)),
        ("a.tar.lz4", None, (C::Tar, A::Lz4)),
        ("a.xz", None, (C::None, A::Xz)),
        ("a.tar.bzip2", None, (C::Tar, A::Bzip2)),
        ("a.bgzf", None, (C::None, A::Bgzf)),
        ("a.tar.zst", None, (C::Tar, A::Zstd)),
        ("plain", None, (C::Tar, A::Gzip)),
        ("a.unknown", None, (C::Tar, A::Gzip)),
        ("packer_{{.BuildName}}_{{.BuilderType}}", None, (C::Tar, A::Gzip)),
        ("out-1.2/image", None, (C::Tar, A::Gzip)),
        ("a", Some("zip"), (C::Zip, A::None)),
        ("a", Some("tar.gz"), (C::Tar, A::Gzip)),
        ("a.zip", Some(""), (C::Zip, A::None)),
    ] {
        assert_eq!(detect(output, format), expected, "{output} {format:?}");
    }
}

/// Bytes that compress somewhat, from a small generator.
fn sample(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    (0..len)
        .map(|at| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if at % 3 == 0 { (state >> 24) as u8 } else { b'a' + (at % 7) as u8 }
        })
        .collect()
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap_or_else(|e| panic!("{e}")))
    }
    fn put(&self, name: &str, bytes: &[u8]) -> Input {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap_or_else(|e| panic!("{e}"));
        Input::new(path, format!("out/{name}"))
    }
    fn packed(&self, inputs: &[Input], kind: (Container, Algorithm), level: u32) -> Vec<u8> {
        let path = self.0.path().join("packed");
        let out = File::create(&path).unwrap_or_else(|e| panic!("{e}"));
        pack(inputs, out, kind, level, &CancellationToken::new(), &mut |_| {})
            .unwrap_or_else(|e| panic!("{e}"));
        std::fs::read(&path).unwrap_or_else(|e| panic!("{e}"))
    }
}

fn unpacked(algorithm: Algorithm, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let read = match algorithm {
        Algorithm::Gzip | Algorithm::Bgzf => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out),
        Algorithm::Lz4 => lz4_flex::frame::FrameDecoder::new(bytes).read_to_end(&mut out),
        Algorithm::Xz => liblzma::read::XzDecoder::new_multi_decoder(bytes).read_to_end(&mut out),
        Algorithm::Bzip2 => bzip2::read::MultiBzDecoder::new(bytes).read_to_end(&mut out),
        Algorithm::Zstd => zstd::Decoder::new(bytes).and_then(|mut decoder| decoder.read_to_end(&mut out)),
        Algorithm::None => Ok(out.write(bytes).unwrap_or(0)),
    };
    read.unwrap_or_else(|e| panic!("{algorithm:?}: {e}"));
    out
}

#[test]
fn every_format_gives_back_what_went_in_at_the_edges_of_its_blocks() {
    let place = Place::new();
    for algorithm in
        [Algorithm::Gzip, Algorithm::Bgzf, Algorithm::Lz4, Algorithm::Xz, Algorithm::Bzip2, Algorithm::Zstd]
    {
        let size = formats::format(algorithm, 1).block_size();
        // The slow ones with large blocks: that streams follow one another is what matters.
        let slow = matches!(algorithm, Algorithm::Xz | Algorithm::Bzip2);
        let lengths = if slow { vec![0, size + 1] } else { vec![0, 1, size - 1, size, size + 1] };
        for len in lengths {
            let bytes = sample(len);
            let input = place.put("disk", &bytes);
            let packed = place.packed(&[input], (Container::None, algorithm), 1);
            assert!(unpacked(algorithm, &packed) == bytes, "{algorithm:?} with {len} bytes");
        }
    }
}

#[test]
fn incompressible_bytes_survive_too() {
    let place = Place::new();
    let mut bytes = vec![0; 300_000];
    getrandom::fill(&mut bytes).unwrap_or_else(|e| panic!("{e}"));
    for algorithm in [Algorithm::Gzip, Algorithm::Bgzf, Algorithm::Lz4] {
        let packed = place.packed(&[place.put("disk", &bytes)], (Container::None, algorithm), 9);
        assert!(unpacked(algorithm, &packed) == bytes, "{algorithm:?}");
    }
}

#[test]
fn a_tar_holds_base_names_and_a_zip_the_given_ones() {
    let place = Place::new();
    let long = "n".repeat(150);
    let inputs = [place.put("disk", &sample(70_000)), place.put(&long, b"x")];
    let tar = place.packed(&inputs, (Container::Tar, Algorithm::None), 6);
    let mut archive = tar::Archive::new(tar.as_slice());
    let names: Vec<String> = archive
        .entries()
        .and_then(|entries| {
            entries.map(|entry| entry?.path().map(|path| path.display().to_string())).collect()
        })
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(names, ["disk".to_owned(), long.clone()]);
    let zip = place.packed(&inputs, (Container::Zip, Algorithm::None), 6);
    let mut archive = zip::ZipArchive::new(io::Cursor::new(zip)).unwrap_or_else(|e| panic!("{e}"));
    let mut disk = Vec::new();
    archive
        .by_name("out/disk")
        .map_err(io::Error::other)
        .and_then(|mut file| file.read_to_end(&mut disk))
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(disk == sample(70_000));
}

#[tokio::test]
async fn the_systems_own_programs_read_it() {
    let place = Place::new();
    let bytes = sample(3_000_000);
    for (algorithm, program) in [
        (Algorithm::Gzip, "gzip"),
        (Algorithm::Bgzf, "gzip"),
        (Algorithm::Xz, "xz"),
        (Algorithm::Bzip2, "bzip2"),
    ] {
        let packed = place.packed(&[place.put("disk", &bytes)], (Container::None, algorithm), 1);
        let test = Invocation::new(program).arg("-t").stdin_bytes(packed);
        match capture(&System, &test, &CancellationToken::new()).await {
            Ok(ran) => assert!(ran.exit.success(), "{program}: {}", ran.stderr),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_cancelled_packing_stops() {
    let place = Place::new();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let out = File::create(place.0.path().join("o")).unwrap_or_else(|e| panic!("{e}"));
    let input = place.put("disk", &sample(1000));
    let ended = pack(&[input], out, (Container::Tar, Algorithm::Gzip), 6, &cancel, &mut |_| {});
    assert_eq!(ended.map(drop).map_err(|e| e.kind()), Err(io::ErrorKind::Interrupted));
}
