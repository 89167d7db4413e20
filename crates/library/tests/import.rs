//! Existing disk images become versions; hostile ones do not.
#![allow(clippy::disallowed_methods, reason = "the file is held open as a machine would")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use std::path::{Path, PathBuf};

use common::{files, name, no_tool, open, qemu_img, raw_disk, run};
use goldsmith_library::{DiskFormat, Facts, ImageTool, ImportRequest, Library, SourceFact, Version};
use goldsmith_process::System;
use tokio_util::sync::CancellationToken;

struct Bench {
    folder: tempfile::TempDir,
    library: Library,
    qemu_img: PathBuf,
}

impl Bench {
    fn new() -> Option<Self> {
        let qemu_img = qemu_img()?;
        let folder = tempfile::tempdir().unwrap();
        let library = open(&folder.path().join("library"));
        Some(Self { folder, library, qemu_img })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn img(&self, args: &[&str]) {
        run(&self.qemu_img, args).await;
    }

    async fn import(&self, path: &Path, format: Option<DiskFormat>) -> Result<Version, String> {
        let tool = ImageTool { launch: &System, qemu_img: &self.qemu_img };
        let facts = Facts::default();
        let request = ImportRequest { source: path.to_owned(), image: name("web"), format, facts };
        let imported = self.library.import(&request, &tool, &CancellationToken::new(), &mut |_| {}).await;
        imported.map_err(|error| error.to_string())
    }

    async fn refused(&self, path: &Path, words: &str) {
        let error = self.import(path, None).await.unwrap_err();
        assert!(error.contains(words), "{}: {error}", path.display());
    }
}

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn every_format_becomes_a_version_of_the_same_content() {
    let Some(bench) = Bench::new() else { return };
    let raw = bench.path("disk.img");
    raw_disk(&raw, 8 * MIB, 7);
    let text = raw.display().to_string();
    let error = bench.import(&raw, None).await.unwrap_err();
    assert!(error.contains("--format raw"), "{error}");
    let first = bench.import(&raw, Some(DiskFormat::Raw)).await.unwrap();
    assert_eq!(first.format, DiskFormat::Raw);
    for (end, format, options) in [
        ("qcow2", "qcow2", "compat=1.1"),
        ("vmdk", "vmdk", "subformat=monolithicSparse"),
        ("stream.vmdk", "vmdk", "subformat=streamOptimized"),
        ("vdi", "vdi", "static=off"),
        ("vhdx", "vhdx", "subformat=dynamic"),
        ("vhd", "vpc", "subformat=dynamic,force_size=on"),
        ("fixed.vhd", "vpc", "subformat=fixed,force_size=on"),
    ] {
        let path = bench.path(&format!("disk.{end}"));
        bench
            .img(&["convert", "-f", "raw", "-O", format, "-o", options, &text, &path.display().to_string()])
            .await;
        let version = bench.import(&path, None).await.unwrap();
        assert_eq!((version.content, version.format), (first.content, DiskFormat::Qcow2), "{end}");
        let told = format!("sha256:{}", sha256(&path));
        assert!(
            matches!(&version.facts.sources[0], SourceFact::File { checksum: Some(sum), .. } if *sum == told),
            "{end}: {:?}",
            version.facts.sources
        );
    }
    assert!(bench.import(&bench.path("disk.vdi"), Some(DiskFormat::Raw)).await.unwrap_err().contains("hide"));
    assert!(
        bench
            .import(&bench.path("disk.vdi"), Some(DiskFormat::Vmdk))
            .await
            .unwrap_err()
            .contains("vdi image")
    );
    let left: Vec<String> =
        files(bench.library.dir()).into_iter().filter(|file| file.starts_with("staging")).collect();
    assert_eq!(left, Vec::<String>::new());
}

fn sha256(path: &Path) -> String {
    let done = std::process::Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(done.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

fn change(path: &Path, at: u64, bytes: &[u8]) {
    use std::os::unix::fs::FileExt;
    std::fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, at).unwrap();
}

#[tokio::test]
async fn what_stands_on_another_file_or_claims_too_much_is_refused() {
    let Some(bench) = Bench::new() else { return };
    let secret = bench.path("secret.raw");
    std::fs::write(&secret, vec![42; 1 << 20]).unwrap();
    let secret = secret.display().to_string();
    let on = |name: &str| bench.path(name).display().to_string();
    bench.img(&["create", "-q", "-f", "qcow2", "-b", &secret, "-F", "raw", &on("backed.qcow2")]).await;
    bench.refused(&bench.path("backed.qcow2"), "needs a backing file").await;
    let data = format!("data_file={},data_file_raw=on", on("data.raw"));
    bench.img(&["create", "-q", "-f", "qcow2", "-o", &data, &on("outside.qcow2"), "1M"]).await;
    bench.refused(&bench.path("outside.qcow2"), "its data is in another file").await;
    bench
        .img(&["create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", &on("flat.vmdk"), "1M"])
        .await;
    bench.refused(&bench.path("flat.vmdk"), "other files").await;
    bench.img(&["create", "-q", "-f", "vmdk", &on("base.vmdk"), "1M"]).await;
    bench.img(&["create", "-q", "-f", "vmdk", "-b", &on("base.vmdk"), "-F", "vmdk", &on("child.vmdk")]).await;
    bench.refused(&bench.path("child.vmdk"), "stands on another VMDK").await;

    bench.img(&["create", "-q", "-f", "vdi", &on("huge.vdi"), "1M"]).await;
    change(&bench.path("huge.vdi"), 0x170, &(1u64 << 62).to_le_bytes());
    bench.refused(&bench.path("huge.vdi"), "64 TiB").await;
    bench.img(&["create", "-q", "-f", "qcow2", &on("huge.qcow2"), "1M"]).await;
    change(&bench.path("huge.qcow2"), 24, &(1u64 << 62).to_be_bytes());
    bench.refused(&bench.path("huge.qcow2"), "does not fit its table").await;
    bench.img(&["create", "-q", "-f", "vdi", &on("child.vdi"), "1M"]).await;
    change(&bench.path("child.vdi"), 0x1b8, &[7; 16]);
    bench.refused(&bench.path("child.vdi"), "stands on another VDI").await;
    std::fs::write(bench.path("text"), "# Disk DescriptorFile\nRW 2048 FLAT \"/etc/shadow\" 0\n").unwrap();
    bench.refused(&bench.path("text"), "other files").await;
    std::fs::write(bench.path("cut.qcow2"), b"QFI\xfb\0\0\0\x03").unwrap();
    bench.refused(&bench.path("cut.qcow2"), "not a qcow2 file").await;
    bench.refused(bench.folder.path(), "not a regular file").await;
    assert!(bench.library.images().unwrap().is_empty());
}

#[tokio::test]
async fn the_disk_of_a_running_machine_is_refused() {
    let Some(bench) = Bench::new() else { return };
    let disk = bench.path("live.qcow2").display().to_string();
    bench.img(&["create", "-q", "-f", "qcow2", &disk, "1M"]).await;
    // It opens the image for writing as a machine does, with the same locks.
    let mut io = std::process::Command::new("qemu-io")
        .args(["-f", "qcow2", &disk])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("qemu-io comes with qemu-img");
    std::thread::sleep(std::time::Duration::from_millis(500));
    let error = bench.import(Path::new(&disk), None).await.unwrap_err();
    drop(io.stdin.take());
    io.wait().unwrap();
    assert!(error.contains("a running machine has it open"), "{error}");
    bench.import(Path::new(&disk), None).await.unwrap();
}

/// An OVA of these files, in order.
fn ova(path: &Path, entries: &[(&str, &[u8])]) {
    let mut tar = tar::Builder::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let raw = header.as_old_mut();
        raw.name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.finish().unwrap();
}

#[tokio::test]
async fn an_ova_becomes_a_version_of_all_its_disks() {
    let Some(bench) = Bench::new() else { return };
    let on = |name: &str| bench.path(name).display().to_string();
    raw_disk(&bench.path("a.raw"), 4 * MIB, 1);
    bench
        .img(&[
            "convert",
            "-f",
            "raw",
            "-O",
            "vmdk",
            "-o",
            "subformat=streamOptimized",
            &on("a.raw"),
            &on("a.vmdk"),
        ])
        .await;
    let disk = std::fs::read(bench.path("a.vmdk")).unwrap();
    let sum = sha256(&bench.path("a.vmdk"));
    let ovf = "<?xml version=\"1.0\"?><ovf:Envelope xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\"><ovf:References>\
               <ovf:File ovf:id=\"f1\" ovf:href=\"a.vmdk\"/></ovf:References><ovf:DiskSection><ovf:Disk ovf:diskId=\"d1\" ovf:fileRef=\"f1\"/>\
               </ovf:DiskSection></ovf:Envelope>";
    let good = format!("SHA256(a.vmdk)= {sum}\n");
    let path = bench.path("m.ova");
    ova(&path, &[("m.ovf", ovf.as_bytes()), ("m.mf", good.as_bytes()), ("a.vmdk", &disk)]);
    let version = bench.import(&path, None).await.unwrap();
    let tool = no_tool();
    let raw =
        common::add(&bench.library, &tool, common::new("raw", &bench.path("a.raw"), DiskFormat::Raw)).await;
    assert_eq!(version.content, raw.content);

    let wrong = format!("SHA256(a.vmdk)= {}\n", sum.replace(|c: char| c.is_ascii_digit(), "0"));
    ova(&path, &[("m.ovf", ovf.as_bytes()), ("m.mf", wrong.as_bytes()), ("a.vmdk", &disk)]);
    bench.refused(&path, "not what its manifest says").await;
    ova(&path, &[("m.ovf", ovf.as_bytes())]);
    bench.refused(&path, "is not in it").await;
    ova(&path, &[("a.vmdk", &disk)]);
    bench.refused(&path, "before any description").await;
    // A name that leads out of the folder decides nothing: the disk lands where all disks do.
    let outside = ovf.replace("a.vmdk", "../../../outside.vmdk");
    ova(&path, &[("m.ovf", outside.as_bytes()), ("../../../outside.vmdk", &disk)]);
    bench.import(&path, None).await.unwrap();
    assert!(!bench.path("outside.vmdk").exists());
    // A disk inside that stands on a file of this computer.
    std::fs::write(bench.path("secret.raw"), vec![1; 1 << 20]).unwrap();
    bench
        .img(&["create", "-q", "-f", "qcow2", "-b", &on("secret.raw"), "-F", "raw", &on("backed.qcow2")])
        .await;
    let backed = std::fs::read(bench.path("backed.qcow2")).unwrap();
    ova(&path, &[("m.ovf", ovf.as_bytes()), ("a.vmdk", &backed)]);
    bench.refused(&path, "needs a backing file").await;
}
