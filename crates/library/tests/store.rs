//! The events, the tables made from them, and the names of versions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use std::path::Path;

use common::{Ticking, add, files, new, no_tool, open, raw_disk};
use goldsmith_library::{BytesState, DiskFormat, Library, LibraryError, NewFile, Verdict};
use tokio_util::sync::CancellationToken;

async fn three(dir: &Path) -> Library {
    let library = open(&dir.join("library"));
    let disk = dir.join("disk.raw");
    for (image, seed) in [("debian-base", 1), ("debian-base", 2), ("debian-web", 3)] {
        raw_disk(&disk, 3_000_000, seed);
        add(&library, &no_tool(), new(image, &disk, DiskFormat::Raw)).await;
    }
    assert!(disk.exists(), "the library copies, it never moves");
    library
}

#[tokio::test]
async fn versions_are_listed_and_found_by_name_number_prefix_and_id() {
    let dir = tempfile::tempdir().unwrap();
    let library = three(dir.path()).await;
    let images = library.images().unwrap();
    let seen: Vec<_> = images.iter().map(|i| (i.name.as_str(), i.versions)).collect();
    assert_eq!(seen, [("debian-base", 2), ("debian-web", 1)]);
    let numbers: Vec<_> = library.versions("debian-base").unwrap().iter().map(|v| v.number).collect();
    assert_eq!(numbers, [2, 1]);

    let id = |reference: &str| library.resolve(reference).unwrap().display_name();
    let first = library.resolve("debian-base@1").unwrap();
    assert_eq!(first.number, 1);
    assert_eq!(id("debian-base"), "debian-base@2");
    assert_eq!(id("debian-base@latest"), "debian-base@2");
    assert_eq!(id("debian-w"), "debian-web@1");
    assert_eq!(id(&first.id.to_string()), "debian-base@1");
    assert_eq!(id(&first.id.to_string()[..13]), "debian-base@1");
    assert!(matches!(library.resolve("debian"), Err(LibraryError::Ambiguous { .. })));
    let says = |reference: &str| library.resolve(reference).unwrap_err().to_string();
    assert!(says("debain-base").contains("did you mean \"debian-base\""), "{}", says("debain-base"));
    assert!(says("debian-base@9").contains("version(s) 1, 2"), "{}", says("debian-base@9"));
    assert!(says("").contains("debian-base, debian-web"), "{}", says(""));

    let path = first.files[0].path.clone().unwrap();
    assert_eq!(files(library.dir())[0], "bytes/debian-base/1/debian-base.raw");
    assert_eq!(path, library.dir().join("bytes/debian-base/1/debian-base.raw"));
}

#[tokio::test]
async fn what_a_running_copy_stands_on_is_not_purged() {
    let dir = tempfile::tempdir().unwrap();
    let library = three(dir.path()).await;
    let version = library.resolve("debian-base@2").unwrap();
    let path = version.files[0].path.clone().unwrap();
    library.delete(version.id).unwrap();
    let run = goldsmith_process::lock::FileLock::shared(&path).unwrap();
    let refused = library.purge(version.id).unwrap_err().to_string();
    assert!(refused.contains("a running copy stands on it"), "{refused}");
    assert!(path.exists() && library.version(version.id).unwrap().bytes == BytesState::Trashed);
    drop(run);
    assert_eq!(library.purge(version.id).unwrap().bytes, BytesState::Purged);
    assert!(!path.exists());
}

#[tokio::test]
async fn trash_restore_and_purge() {
    let dir = tempfile::tempdir().unwrap();
    let library = three(dir.path()).await;
    let version = library.resolve("debian-base@2").unwrap();
    let path = version.files[0].path.clone().unwrap();
    assert!(matches!(library.purge(version.id), Err(LibraryError::WrongState { .. })));
    let trashed = library.delete(version.id).unwrap();
    assert!(trashed.bytes == BytesState::Trashed && trashed.trashed_at.is_some());
    assert!(path.exists(), "an overlay may still stand on it");
    assert_eq!(library.resolve("debian-base").unwrap().number, 1);
    assert_eq!(library.trash().unwrap().len(), 1);
    assert!(matches!(library.delete(version.id), Err(LibraryError::WrongState { .. })));
    assert_eq!(library.restore(version.id).unwrap(), version, "restored as it was");
    library.delete(version.id).unwrap();
    let purged = library.purge(version.id).unwrap();
    assert_eq!((purged.bytes, purged.files[0].path.clone()), (BytesState::Purged, None));
    assert!(!path.exists());
    // The record stays and the number is not given again.
    assert_eq!(library.resolve("debian-base@2").unwrap().bytes, BytesState::Purged);
    let disk = dir.path().join("disk.raw");
    assert_eq!(add(&library, &no_tool(), new("debian-base", &disk, DiskFormat::Raw)).await.number, 3);
}

#[tokio::test]
async fn the_tables_are_made_from_the_events_alone() {
    let dir = tempfile::tempdir().unwrap();
    let library = three(dir.path()).await;
    let id = library.resolve("debian-web").unwrap().id;
    library.delete(id).unwrap();
    library.restore(id).unwrap();
    library.delete(id).unwrap();
    library.purge(id).unwrap();
    let before = library.dump().unwrap();
    assert_eq!(before.len(), 3);
    library.rebuild().unwrap();
    assert_eq!(library.dump().unwrap(), before);
    assert_eq!(library.revision().unwrap(), 7);
}

#[tokio::test]
async fn events_cannot_be_changed_unnoticed() {
    let dir = tempfile::tempdir().unwrap();
    let library = three(dir.path()).await;
    drop(library);
    let path = dir.path().join("library/library.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    let refused = db.execute("UPDATE events SET body = replace(body, 'debian-web', 'debian-bad')", []);
    assert!(refused.unwrap_err().to_string().contains("append-only"));
    assert!(db.execute("DELETE FROM events WHERE seq = 2", []).is_err());
    db.execute_batch(
        "DROP TRIGGER events_are_never_changed; UPDATE events SET at_ms = at_ms + 1 WHERE seq = 2",
    )
    .unwrap();
    drop(db);
    let library = open(&dir.path().join("library"));
    let error = library.events().unwrap_err();
    assert!(matches!(error, LibraryError::DamagedEvent { seq: 2, .. }), "{error}");
    assert!(library.rebuild().is_err());
    assert_eq!(library.images().unwrap().len(), 2, "what is known stays readable");
}

#[test]
fn foreign_and_newer_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("library.sqlite");
    let open = || Library::open(dir.path(), Ticking::new());
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    assert!(matches!(open(), Err(LibraryError::NotALibrary { .. })));
    std::fs::write(&path, "this is no database, it is a text of some length").unwrap();
    assert!(matches!(open(), Err(LibraryError::NotALibrary { .. })));
    std::fs::remove_file(&path).unwrap();
    drop(open().unwrap());
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let error = open().unwrap_err().to_string();
    assert!(error.contains("schema version 99") && error.contains("newer"), "{error}");
    assert!(matches!(
        Library::open_read_only(&dir.path().join("absent"), Ticking::new()),
        Err(LibraryError::NotALibrary { .. })
    ));
    assert!(!dir.path().join("absent").exists());
}

#[tokio::test]
async fn reading_only_reads_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let library = three(dir.path()).await;
    let reader = Library::open_read_only(library.dir(), Ticking::new()).unwrap();
    let version = reader.resolve("debian-web").unwrap();
    for error in [reader.delete(version.id).unwrap_err(), reader.rebuild().unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("cannot be written") && text.contains("GOLDSMITH_HOME"), "{text}");
    }
    // It sees what others do.
    library.delete(version.id).unwrap();
    assert!(reader.resolve("debian-web").is_err());
}

#[tokio::test]
async fn verify_names_the_file_that_differs() {
    let dir = tempfile::tempdir().unwrap();
    let library = open(&dir.path().join("library"));
    let disk = dir.path().join("disk.raw");
    raw_disk(&disk, 3_000_000, 1);
    let vars = dir.path().join("efivars.fd");
    std::fs::write(&vars, "vars").unwrap();
    let mut version = new("x", &disk, DiskFormat::Raw);
    version.files.push(NewFile { source: vars, name: "efivars.fd".to_owned(), disk: None });
    let version = add(&library, &no_tool(), version).await;
    let cancel = CancellationToken::new();
    let check = async || library.verify(&version, &no_tool(), &cancel, &mut |_, _| {}).await.unwrap();
    let good = check().await;
    assert!(good.ok && good.files.len() == 3, "{good:?}");

    let path = |i: usize| version.files[i].path.clone().unwrap();
    std::fs::write(path(1), "varz").unwrap();
    let bad = check().await;
    let wrong: Vec<&str> =
        bad.files.iter().filter(|f| f.verdict != Verdict::Same).map(|f| f.name.as_str()).collect();
    assert_eq!((bad.ok, wrong), (false, vec!["efivars.fd"]));
    std::fs::remove_file(path(0)).unwrap();
    assert_eq!(check().await.files[0].verdict, Verdict::Missing);
    assert!(files(library.dir()).iter().all(|f| f.starts_with("bytes/")));
}

#[tokio::test]
async fn a_cancelled_or_refused_addition_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let library = open(&dir.path().join("library"));
    let disk = dir.path().join("disk.raw");
    raw_disk(&disk, 3_000_000, 1);
    for stop_at in 0..3 {
        let cancel = CancellationToken::new();
        let mut seen = 0;
        let token = cancel.clone();
        let mut progress = |_| {
            if seen == stop_at {
                token.cancel();
            }
            seen += 1;
        };
        let added = library.add(new("x", &disk, DiskFormat::Raw), &no_tool(), &cancel, &mut progress).await;
        assert!(matches!(added, Err(LibraryError::Cancelled { .. })), "{added:?}");
        assert_eq!(files(library.dir()), Vec::<String>::new(), "after {stop_at} reports");
    }
    let mut evil = new("x", &disk, DiskFormat::Raw);
    evil.files[0].name = "../evil".to_owned();
    let cancel = CancellationToken::new();
    assert!(library.add(evil, &no_tool(), &cancel, &mut |_| {}).await.is_err());
    let absent = new("x", &dir.path().join("absent"), DiskFormat::Raw);
    let error = library.add(absent, &no_tool(), &cancel, &mut |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("absent"), "{error}");
    assert_eq!(library.revision().unwrap(), 0);
}
