//! Locks across processes, and copies of sparse files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may fail and may say why it is skipped"
)]

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use goldsmith_process::copy;
use goldsmith_process::lock::FileLock;
use goldsmith_process::{Invocation, Launch, System, find_program};
use tokio_util::sync::CancellationToken;

#[test]
fn one_holder_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let held = FileLock::try_exclusive(&path).unwrap().expect("free");
    assert!(FileLock::try_exclusive(&path).unwrap().is_none());
    drop(held);
    let again = FileLock::exclusive(&path).unwrap();
    // Another file under the same name is another lock, and ours is not it.
    fs::remove_file(&path).unwrap();
    let other = FileLock::try_exclusive(&path).unwrap().expect("a new file is free");
    assert_eq!(other.path(), path);
    drop((again, other));
    let error = FileLock::try_exclusive(folder.path().join("no/such/folder/lock")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[tokio::test]
async fn the_kernel_releases_a_dead_process_s_lock() {
    let Some(flock) = find_program("flock", "") else {
        println!("skipped: no flock program (util-linux) here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    // exec: the program itself holds the lock, with no other process beside it.
    let inv =
        Invocation::new(flock).args(["--no-fork"]).arg(&path).args(["sh", "-c", "echo held; exec sleep 600"]);
    let mut holder = System.launch(&inv).await.unwrap();
    assert_eq!(holder.next_line().await.unwrap().text, "held");
    assert!(FileLock::try_exclusive(&path).unwrap().is_none(), "held by another process");
    let waiting = tokio::task::spawn_blocking({
        let path = path.clone();
        move || FileLock::exclusive(path).map(drop)
    });
    holder.signal(goldsmith_process::Signal::Kill).unwrap();
    holder.wait().await.unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_started_program_does_not_inherit_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let held = FileLock::try_exclusive(&path).unwrap().unwrap();
    let inv = Invocation::new("/bin/sh").args(["-c", "echo up; exec sleep 600"]);
    let mut child = System.launch(&inv).await.unwrap();
    child.next_line().await.unwrap();
    drop(held);
    // Polled: a program some other test is starting this very moment holds a copy of every descriptor until exec.
    let deadline = Instant::now() + Duration::from_secs(10);
    while FileLock::try_exclusive(&path).unwrap().is_none() {
        assert!(Instant::now() < deadline, "the child holds the lock");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

const MIB: u64 = 1024 * 1024;

/// 64 MiB long, with data at 1, 20 and (the last byte) 64 MiB.
fn sparse(path: &Path) {
    let mut file = File::create(path).unwrap();
    file.set_len(64 * MIB).unwrap();
    for (at, byte) in [(MIB, 1), (20 * MIB, 2)] {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&vec![byte; 300_000]).unwrap();
    }
    file.seek(SeekFrom::Start(64 * MIB - 1)).unwrap();
    file.write_all(&[3]).unwrap();
}

#[test]
fn holes_stay_holes() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    sparse(&from);
    let mut last = (0, 0);
    let method = copy::file(&from, &to, &CancellationToken::new(), &mut |done, total| {
        assert!(done >= last.0 && done <= total);
        last = (done, total);
    })
    .unwrap();
    println!("{method:?} {last:?}");
    assert!(last.0 == last.1 && last.1 > 0);
    assert_eq!(fs::read(&from).unwrap(), fs::read(&to).unwrap());
    let (a, b) = (from.metadata().unwrap(), to.metadata().unwrap());
    assert_eq!(a.len(), b.len());
    assert!(b.blocks() * 512 < 8 * MIB, "{} blocks in the copy, {} before", b.blocks(), a.blocks());
}

#[test]
fn between_file_systems_too() {
    let (Ok(here), Ok(there)) = (tempfile::tempdir(), tempfile::tempdir_in("/dev/shm")) else {
        println!("skipped: no second file system at /dev/shm");
        return;
    };
    let (from, to) = (here.path().join("from"), there.path().join("to"));
    sparse(&from);
    assert_eq!(
        copy::file(&from, &to, &CancellationToken::new(), &mut |_, _| {}).unwrap(),
        copy::Method::Copied
    );
    assert_eq!(fs::read(&from).unwrap(), fs::read(&to).unwrap());
    assert!(to.metadata().unwrap().blocks() * 512 < 8 * MIB);
}

#[test]
fn an_older_longer_target_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, b"short").unwrap();
    fs::write(&to, vec![9; 100_000]).unwrap();
    copy::file(&from, &to, &CancellationToken::new(), &mut |_, _| {}).unwrap();
    let mut text = String::new();
    File::open(&to).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "short");
}

#[test]
fn a_cancelled_copy_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let (from, to) = (folder.path().join("from"), other.path().join("to"));
    sparse(&from);
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let copied = copy::file(&from, &to, &cancel, &mut |_, _| stop.cancel());
    match copied {
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::Interrupted);
            assert!(!to.exists());
        }
        // A reflink is over before anybody can cancel it.
        Ok(method) => assert_eq!(method, copy::Method::Reflinked),
    }
    let gone = copy::file(&folder.path().join("absent"), &to, &CancellationToken::new(), &mut |_, _| {});
    assert_eq!(gone.unwrap_err().kind(), io::ErrorKind::NotFound);
}
