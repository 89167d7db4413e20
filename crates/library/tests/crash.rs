//! Killed processes and several processes at once. The other processes are this test program again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout, missing_docs)]

mod common;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{Ticking, add, files, new, no_tool, open, raw_disk};
use goldsmith_library::{AddPhase, Bytes, DiskFormat, ImageName, Library, PlainFiles, Stage};
use goldsmith_process::{Captured, Invocation, ProcessIdentity, Signal, System, capture};
use tokio_util::sync::CancellationToken;

/// Kills this process as `kill -9` does.
fn die() -> ! {
    let me = ProcessIdentity::current().unwrap();
    me.signal_group(Signal::Kill).unwrap();
    loop {
        std::thread::park();
    }
}

/// Plain files that die at a named point.
struct Deadly {
    files: PlainFiles,
    point: String,
}

impl Deadly {
    fn at(&self, point: &str) {
        if self.point == point {
            die();
        }
    }
}

impl Bytes for Deadly {
    fn stage(&self) -> io::Result<Stage> {
        self.at("before stage");
        let stage = self.files.stage()?;
        self.at("after stage");
        Ok(stage)
    }
    fn seal(&self, stage: &Stage) -> io::Result<()> {
        self.at("before seal");
        self.files.seal(stage)
    }
    fn publish(&self, stage: Stage, image: &ImageName, number: u32) -> io::Result<()> {
        self.at("before publish");
        self.files.publish(stage, image, number)?;
        self.at("after publish");
        Ok(())
    }
    fn path(&self, image: &ImageName, number: u32, file: &str) -> PathBuf {
        self.files.path(image, number, file)
    }
    fn remove(&self, image: &ImageName, number: u32) -> io::Result<()> {
        self.at("before remove");
        self.files.remove(image, number)
    }
    fn sweep(&self, known: &dyn Fn(&ImageName, u32) -> bool) -> io::Result<()> {
        self.files.sweep(known)
    }
}

fn var(name: &str) -> String {
    std::env::var_os(name).unwrap().into_string().unwrap()
}

#[tokio::test]
#[ignore = "the other process of the tests in this file"]
async fn other_process() {
    let dir = PathBuf::from(var("GOLDSMITH_TEST_DIR"));
    let point = var("GOLDSMITH_TEST_POINT");
    let (library, disk) = (dir.join("library"), dir.join("disk.raw"));
    if point == "open" {
        let error = Library::open(&library, Ticking::new()).unwrap_err();
        println!("{error}");
        let reader = Library::open_read_only(&library, Ticking::new()).unwrap();
        println!("{} version(s)", reader.versions("x").unwrap().len());
        return;
    }
    if point == "add five" {
        let library = open(&library);
        for _ in 0..5 {
            add(&library, &no_tool(), new("x", &disk, DiskFormat::Raw)).await;
        }
        return;
    }
    let bytes = Deadly { files: PlainFiles::new(&library), point: point.clone() };
    let library = Library::open_with(&library, Ticking::new(), Arc::new(bytes)).unwrap();
    if point == "before remove" {
        let id = library.resolve("x@1").unwrap().id;
        library.delete(id).unwrap();
        library.purge(id).unwrap();
    }
    let phase = match point.as_str() {
        "while copying" => Some(AddPhase::Copying),
        "while hashing" => Some(AddPhase::Hashing),
        _ => None,
    };
    let mut progress = |p: goldsmith_library::AddProgress| {
        if Some(p.phase) == phase {
            die();
        }
    };
    let cancel = CancellationToken::new();
    library.add(new("x", &disk, DiskFormat::Raw), &no_tool(), &cancel, &mut progress).await.unwrap();
    if point == "after commit" {
        die();
    }
}

async fn other(dir: &Path, point: &str) -> Captured {
    let inv = Invocation::new(std::env::current_exe().unwrap())
        .args(["--exact", "other_process", "--ignored", "--nocapture"])
        .env("GOLDSMITH_TEST_DIR", dir)
        .env("GOLDSMITH_TEST_POINT", point);
    capture(&System, &inv, &CancellationToken::new()).await.unwrap()
}

#[tokio::test]
async fn killed_anywhere_it_is_the_old_state_or_the_new_one() {
    let points = [
        ("before stage", 1),
        ("after stage", 1),
        ("while copying", 1),
        ("while hashing", 1),
        ("before seal", 1),
        ("before publish", 1),
        ("after publish", 1),
        ("after commit", 2),
    ];
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk.raw");
    raw_disk(&disk, 3_000_000, 1);
    for (point, versions) in points {
        let place = dir.path().join("library");
        let _ = std::fs::remove_dir_all(&place);
        add(&open(&place), &no_tool(), new("x", &disk, DiskFormat::Raw)).await;
        let killed = other(dir.path(), point).await;
        assert_eq!(killed.exit.signal, Some(9), "{point}: {killed:?}");

        let library = open(&place);
        let found = library.versions("x").unwrap();
        assert_eq!(found.len(), versions, "{point}");
        let expected: Vec<String> = (1..=versions).map(|n| format!("bytes/x/{n}/x.raw")).collect();
        assert_eq!(files(&place), expected, "{point}");
        for version in found {
            let cancel = CancellationToken::new();
            let verified = library.verify(&version, &no_tool(), &cancel, &mut |_, _| {}).await.unwrap();
            assert!(verified.ok, "{point}: {verified:?}");
        }
        let dump = library.dump().unwrap();
        library.rebuild().unwrap();
        assert_eq!(library.dump().unwrap(), dump);
        let next = add(&library, &no_tool(), new("x", &disk, DiskFormat::Raw)).await;
        assert_eq!(next.number as usize, versions + 1, "{point}");
    }
}

#[tokio::test]
async fn a_purge_cut_short_is_finished_by_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk.raw");
    raw_disk(&disk, 3_000_000, 1);
    let place = dir.path().join("library");
    add(&open(&place), &no_tool(), new("x", &disk, DiskFormat::Raw)).await;
    let killed = other(dir.path(), "before remove").await;
    assert_eq!(killed.exit.signal, Some(9), "{killed:?}");
    assert_eq!(files(&place).len(), 1);
    let library = open(&place);
    assert_eq!(files(&place), Vec::<String>::new());
    assert!(library.versions("x").is_err());
}

#[tokio::test]
async fn processes_adding_at_once_get_numbers_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    raw_disk(&dir.path().join("disk.raw"), 3_000_000, 1);
    let (a, b, c) = tokio::join!(
        other(dir.path(), "add five"),
        other(dir.path(), "add five"),
        other(dir.path(), "add five")
    );
    for ended in [a, b, c] {
        assert!(ended.exit.success(), "{ended:?}");
    }
    let library = open(&dir.path().join("library"));
    let mut numbers: Vec<u32> = library.versions("x").unwrap().iter().map(|v| v.number).collect();
    numbers.reverse();
    assert_eq!(numbers, (1..=15).collect::<Vec<u32>>());
    assert_eq!(files(library.dir()).len(), 15);
    assert_eq!(library.events().unwrap().len(), 15);
}

#[tokio::test]
async fn a_library_that_cannot_be_written_says_so_and_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk.raw");
    raw_disk(&disk, 3_000_000, 1);
    let place = dir.path().join("library");
    add(&open(&place), &no_tool(), new("x", &disk, DiskFormat::Raw)).await;
    let mode = |mode: u32| {
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::set_permissions(place.join("lock"), PermissionsExt::from_mode(mode & 0o666)).unwrap();
        std::fs::set_permissions(place.join("library.sqlite"), PermissionsExt::from_mode(mode & 0o666))
            .unwrap();
        std::fs::set_permissions(&place, PermissionsExt::from_mode(mode)).unwrap();
    };
    mode(0o555);
    // Root may write everything: then the other process runs as nobody.
    let exe = std::env::current_exe().unwrap();
    let here = dir.path().join("exe");
    std::fs::copy(&exe, &here).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let setpriv = goldsmith_process::find_program("setpriv", &path.to_string_lossy());
    let root = std::fs::write(place.join("probe"), "").is_ok();
    let inv = match (root, setpriv) {
        (false, _) => Invocation::new(here),
        (true, Some(setpriv)) => {
            std::fs::remove_file(place.join("probe")).unwrap();
            Invocation::new(setpriv)
                .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
                .arg(here)
        }
        (true, None) => {
            eprintln!("skipped: root may write everything and setpriv is not installed");
            return;
        }
    };
    let inv = inv
        .args(["--exact", "other_process", "--ignored", "--nocapture"])
        .env("GOLDSMITH_TEST_DIR", dir.path())
        .env("GOLDSMITH_TEST_POINT", "open");
    let done = capture(&System, &inv, &CancellationToken::new()).await.unwrap();
    mode(0o755);
    assert!(done.exit.success(), "{done:?}");
    let said = done.stdout;
    assert!(
        said.contains("cannot be written") && said.contains("library") && said.contains("GOLDSMITH_HOME"),
        "{said}"
    );
    assert!(said.contains("1 version(s)"), "{said}");
}
