//! One content, one identity: whatever format, compression, cluster size or holes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use common::{add, new, open, qemu_img, raw_disk, run};
use goldsmith_library::{DiskFormat, ImageTool};
use goldsmith_process::System;

#[tokio::test]
async fn every_format_has_the_same_identity() {
    let Some(qemu_img) = qemu_img() else { return };
    let tool = ImageTool { launch: &System, qemu_img: &qemu_img };
    let dir = tempfile::tempdir().unwrap();
    let library = open(&dir.path().join("library"));
    let raw = dir.path().join("disk.raw");
    // A multiple of 1 MiB (vhdx wants that), not of a chunk's power of two only; tables of several levels.
    let size = 37 * 1024 * 1024;
    raw_disk(&raw, size, 7);
    let reference = add(&library, &tool, new("raw", &raw, DiskFormat::Raw)).await;
    assert_eq!(reference.virtual_size, size);
    let disk = reference.files[0].disk.as_ref().unwrap();
    assert!(disk.data_size > 200_000 && disk.data_size < 4 * 1024 * 1024, "{}", disk.data_size);

    let variants: [(&str, DiskFormat, &[&str]); 11] = [
        ("plain", DiskFormat::Qcow2, &[]),
        ("v2", DiskFormat::Qcow2, &["-o", "compat=0.10"]),
        ("zlib", DiskFormat::Qcow2, &["-c"]),
        ("zstd", DiskFormat::Qcow2, &["-c", "-o", "compression_type=zstd"]),
        ("small", DiskFormat::Qcow2, &["-o", "cluster_size=512"]),
        ("small-zlib", DiskFormat::Qcow2, &["-c", "-o", "cluster_size=4096"]),
        ("large", DiskFormat::Qcow2, &["-o", "cluster_size=2M"]),
        ("extended", DiskFormat::Qcow2, &["-o", "extended_l2=on,cluster_size=128k"]),
        ("vmdk", DiskFormat::Vmdk, &["-o", "subformat=streamOptimized"]),
        ("vdi", DiskFormat::Vdi, &[]),
        ("vhdx", DiskFormat::Vhdx, &[]),
    ];
    for (label, format, options) in variants {
        let path = dir.path().join(format!("{label}.{format}"));
        let mut args = vec!["convert", "-f", "raw", "-O", format.name()];
        args.extend_from_slice(options);
        args.extend([raw.to_str().unwrap(), path.to_str().unwrap()]);
        run(&qemu_img, &args).await;
        let version = add(&library, &tool, new(label, &path, format)).await;
        assert_eq!(version.content, reference.content, "{label}");
        assert_eq!(version.virtual_size, size, "{label}");
    }
    // One byte makes another.
    raw_disk(&raw, size, 8);
    let other = add(&library, &tool, new("raw", &raw, DiskFormat::Raw)).await;
    assert_ne!(other.content, reference.content);
    assert!(common::files(library.dir()).iter().all(|f| f.starts_with("bytes/")), "no scratch files stay");
}

#[tokio::test]
async fn a_disk_written_in_place_by_qemu_is_read_exactly() {
    let Some(qemu_img) = qemu_img() else { return };
    let tool = ImageTool { launch: &System, qemu_img: &qemu_img };
    let dir = tempfile::tempdir().unwrap();
    let library = open(&dir.path().join("library"));
    let raw = dir.path().join("disk.raw");
    let size = 600 * 1024 * 1024;
    raw_disk(&raw, size, 3);
    let qcow2 = dir.path().join("disk.qcow2");
    let (from, to) = (raw.to_str().unwrap(), qcow2.to_str().unwrap());
    run(&qemu_img, &["convert", "-f", "raw", "-O", "qcow2", from, to]).await;
    // An internal snapshot makes shared clusters, a resize moves the tables.
    run(&qemu_img, &["snapshot", "-c", "one", to]).await;
    run(&qemu_img, &["resize", "-f", "qcow2", to, "+500M"]).await;
    run(&qemu_img, &["resize", "-f", "raw", from, "+500M"]).await;
    let a = add(&library, &tool, new("a", &raw, DiskFormat::Raw)).await;
    let b = add(&library, &tool, new("b", &qcow2, DiskFormat::Qcow2)).await;
    assert_eq!((a.content, a.virtual_size), (b.content, 1100 * 1024 * 1024));
}

#[tokio::test]
async fn hostile_and_broken_images_are_refused_in_words() {
    let Some(qemu_img) = qemu_img() else { return };
    let tool = ImageTool { launch: &System, qemu_img: &qemu_img };
    let dir = tempfile::tempdir().unwrap();
    let library = open(&dir.path().join("library"));
    let raw = dir.path().join("disk.raw");
    raw_disk(&raw, 4 * 1024 * 1024, 1);
    let qcow2 = dir.path().join("disk.qcow2");
    let (from, to) = (raw.to_str().unwrap(), qcow2.to_str().unwrap());
    run(&qemu_img, &["convert", "-f", "raw", "-O", "qcow2", from, to]).await;
    let good = std::fs::read(&qcow2).unwrap();

    let overlay = dir.path().join("overlay.qcow2");
    run(&qemu_img, &["create", "-f", "qcow2", "-F", "qcow2", "-b", to, overlay.to_str().unwrap()]).await;

    let write = |label: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        let path = dir.path().join(label);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let huge = write("huge", &|b| b[24..32].copy_from_slice(&(1u64 << 62).to_be_bytes()));
    let data_file = write("data-file", &|b| b[79] |= 4);
    let short = write("short", &|b| b.truncate(70_000));
    let empty = write("empty", &|b| b.clear());
    let cases = [
        (overlay, "backing file"),
        (huge, "does not fit its table"),
        (data_file, "another file"),
        (short, "cut short"),
        (empty, "not a qcow2 file"),
    ];
    for (path, words) in cases {
        let added = library
            .add(
                new("bad", &path, DiskFormat::Qcow2),
                &tool,
                &tokio_util::sync::CancellationToken::new(),
                &mut |_| {},
            )
            .await;
        let error = added.expect_err(words).to_string();
        assert!(error.contains(words) && error.contains("bad"), "{error}");
    }
    assert_eq!(common::files(library.dir()), Vec::<String>::new(), "nothing stays of what was refused");
    assert_eq!(library.events().unwrap(), vec![]);
}
