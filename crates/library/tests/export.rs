//! Exports: every format, whole or not at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use common::{add, files, new, open, qemu_img, raw_disk, run};
use goldsmith_library::{DiskFormat, ExportPhase, ExportRequest, ImageTool, LibraryError};
use goldsmith_process::System;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

fn request(format: DiskFormat, output: &std::path::Path) -> ExportRequest {
    ExportRequest { format, output: output.to_owned(), compress: false, overwrite: false }
}

#[tokio::test]
async fn every_format_holds_the_same_disk() {
    let Some(qemu_img) = qemu_img() else { return };
    let tool = ImageTool { launch: &System, qemu_img: &qemu_img };
    let dir = tempfile::tempdir().unwrap();
    let library = open(&dir.path().join("library"));
    let raw = dir.path().join("disk.raw");
    raw_disk(&raw, 24 * 1024 * 1024, 5);
    let qcow2 = dir.path().join("disk.qcow2");
    run(&qemu_img, &["convert", "-f", "raw", "-O", "qcow2", raw.to_str().unwrap(), qcow2.to_str().unwrap()])
        .await;
    let version = add(&library, &tool, new("base", &qcow2, DiskFormat::Qcow2)).await;
    let cancel = CancellationToken::new();
    let out = dir.path().join("out/");
    for (format, compress) in
        DiskFormat::ALL.into_iter().map(|f| (f, false)).chain([(DiskFormat::Qcow2, true)])
    {
        let folder = out.join(if compress { "compressed/" } else { "plain/" });
        let mut asked = request(format, &folder);
        asked.compress = compress;
        let mut phases = Vec::new();
        let exported = library
            .export(&version, &asked, &tool, &cancel, &mut |phase, done, total| {
                assert!(done <= total);
                phases.push(phase);
            })
            .await
            .unwrap();
        assert_eq!(exported.path, folder.join(format!("base-1.{format}")));
        assert_eq!(phases.last(), Some(&ExportPhase::Hashing));
        let bytes = std::fs::read(&exported.path).unwrap();
        let sha: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!((exported.size, exported.sha256), (bytes.len() as u64, sha));
        if format != DiskFormat::Raw {
            run(&qemu_img, &["check", "-f", format.name(), exported.path.to_str().unwrap()]).await;
        }
        let again = add(&library, &tool, new("again", &exported.path, format)).await;
        assert_eq!(again.content, version.content, "{format}");
        let second = library.export(&version, &asked, &tool, &cancel, &mut |_, _, _| {}).await;
        assert!(matches!(second, Err(LibraryError::Exists { .. })));
        asked.overwrite = true;
        library.export(&version, &asked, &tool, &cancel, &mut |_, _, _| {}).await.unwrap();
    }
    assert_eq!(files(&out).len(), 6, "{:?}", files(&out));
    let compressed = std::fs::metadata(out.join("compressed/base-1.qcow2")).unwrap().len();
    assert!(compressed < std::fs::metadata(out.join("plain/base-1.qcow2")).unwrap().len());
}

#[tokio::test]
async fn what_is_cancelled_or_fails_leaves_nothing() {
    let Some(qemu_img) = qemu_img() else { return };
    let tool = ImageTool { launch: &System, qemu_img: &qemu_img };
    let dir = tempfile::tempdir().unwrap();
    let library = open(&dir.path().join("library"));
    let raw = dir.path().join("disk.raw");
    raw_disk(&raw, 24 * 1024 * 1024, 5);
    let version = add(&library, &tool, new("base", &raw, DiskFormat::Raw)).await;
    let out = dir.path().join("out");
    std::fs::create_dir(&out).unwrap();
    for phase in [ExportPhase::Converting, ExportPhase::Hashing] {
        let cancel = CancellationToken::new();
        let token = cancel.clone();
        let ended = library
            .export(&version, &request(DiskFormat::Vdi, &out), &tool, &cancel, &mut |now, _, _| {
                if now == phase {
                    token.cancel();
                }
            })
            .await;
        // A small image may be written before the word arrives; what counts is what is left.
        match ended {
            Err(LibraryError::Cancelled { .. }) => assert_eq!(files(&out), Vec::<String>::new()),
            Ok(_) => {
                assert_eq!(files(&out), ["base-1.vdi"]);
                std::fs::remove_file(out.join("base-1.vdi")).unwrap();
            }
            Err(other) => panic!("{other}"),
        }
    }
    let cancel = CancellationToken::new();
    cancel.cancel();
    let ended =
        library.export(&version, &request(DiskFormat::Vdi, &out), &tool, &cancel, &mut |_, _, _| {}).await;
    assert!(matches!(ended, Err(LibraryError::Cancelled { .. })), "{ended:?}");

    let fails = ImageTool { launch: &System, qemu_img: std::path::Path::new("/bin/false") };
    let cancel = CancellationToken::new();
    let ended =
        library.export(&version, &request(DiskFormat::Vhdx, &out), &fails, &cancel, &mut |_, _, _| {}).await;
    let text = ended.unwrap_err().to_string();
    assert!(text.contains("exporting base@1 to vhdx") && text.contains("convert"), "{text}");
    assert_eq!(files(&out), Vec::<String>::new());

    library.delete(version.id).unwrap();
    let trashed = library.version(version.id).unwrap();
    let ended =
        library.export(&trashed, &request(DiskFormat::Raw, &out), &tool, &cancel, &mut |_, _, _| {}).await;
    assert!(matches!(ended, Err(LibraryError::WrongState { .. })));
}
