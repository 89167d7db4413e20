//! Real programs: small shell scripts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test may fail and may say why it is skipped"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use goldsmith_process::{
    Exit, Invocation, Launch, LaunchError, ProcessIdentity, RunError, Rung, Signal, StopLadder, Stream,
    System, capture, run, run_ok,
};
use tokio_util::sync::CancellationToken;

fn sh(script: &str) -> Invocation {
    Invocation::new("/bin/sh").args(["-c", script])
}

fn never() -> CancellationToken {
    CancellationToken::new()
}

/// Polls until it holds; panics after ten seconds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within 10 s");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn pid_in(file: &Path) -> u32 {
    let read = || std::fs::read_to_string(file).ok().filter(|text| text.ends_with('\n'));
    until("a process number", || read().is_some()).await;
    read().unwrap().trim().parse().unwrap()
}

const QUICK: StopLadder = StopLadder { terminate: Duration::from_millis(300), kill: Duration::from_secs(10) };
const PATIENT: StopLadder = StopLadder { terminate: Duration::from_secs(10), kill: Duration::from_secs(10) };

#[tokio::test]
async fn lines_are_tagged_and_kept() {
    let mut seen = Vec::new();
    let script = "echo one; echo two >&2; printf 'no end'; exit 3";
    let ran = run(&System, &sh(script), &never(), &mut |line| seen.push((line.stream, line.text.clone())))
        .await
        .unwrap();
    assert_eq!(ran.exit, Exit { code: Some(3), signal: None });
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("one\nno end\n", "two\n"));
    assert!(seen.contains(&(Stream::Stderr, "two".to_owned())));
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn failure_shows_the_end_of_stderr_and_no_secret() {
    let inv = sh("i=0; while [ $i -lt 40 ]; do echo line $i >&2; i=$((i+1)); done; exit 7")
        .secret_env("TOKEN", "hunter2");
    let error = run_ok(&System, &inv, &never(), &mut |_| {}).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("exit code 7") && text.contains("line 39") && !text.contains("line 20"), "{text}");
    assert!(!text.contains("hunter2"));
}

#[tokio::test]
async fn environment_folder_and_input() {
    let folder = tempfile::tempdir().unwrap();
    let inv = sh("pwd; echo $A$B$HOME; cat")
        .cwd(folder.path())
        .env_clear()
        .env("A", "a")
        .secret_env("B", "b")
        .stdin_bytes(b"from stdin\n".to_vec());
    let said = capture(&System, &inv, &never()).await.unwrap().stdout;
    let expected = format!("{}\nab\nfrom stdin\n", folder.path().canonicalize().unwrap().display());
    assert_eq!(said, expected);
    let empty = capture(&System, &sh("cat; echo end"), &never()).await.unwrap();
    assert_eq!(empty.stdout, "end\n", "standard input is empty, not ours");
}

#[tokio::test]
async fn open_input_is_written_by_hand() {
    let mut child = System.launch(&sh("read x; echo got $x; cat >/dev/null").stdin_open()).await.unwrap();
    child.write_stdin(b"this\n").await.unwrap();
    assert_eq!(child.next_line().await.unwrap().text, "got this");
    child.close_stdin();
    assert!(child.wait().await.unwrap().success());
    assert!(child.write_stdin(b"more").await.is_err());
}

#[tokio::test]
async fn much_output_nobody_reads_does_not_block_the_end() {
    let mut child =
        System.launch(&sh("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done")).await.unwrap();
    assert!(child.wait().await.unwrap().success());
    let mut last = None;
    while let Some(line) = child.next_line().await {
        last = Some(line.text);
    }
    assert_eq!(last.as_deref(), Some("line 19999"));
}

#[tokio::test]
async fn a_background_process_does_not_hold_the_run() {
    let began = Instant::now();
    let ran = run(&System, &sh("echo done; sleep 60 & echo $!"), &never(), &mut |_| {}).await.unwrap();
    assert!(ran.exit.success() && began.elapsed() < Duration::from_secs(20));
    let left: u32 = ran.stdout.lines().last().unwrap().parse().unwrap();
    let left = ProcessIdentity::of(left).expect("an ordinary end leaves it alone");
    assert_eq!(left.stop(&PATIENT).await.rung, Rung::Terminate);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let start = async |inv: Invocation| System.launch(&inv).await.map(drop).unwrap_err();
    assert!(matches!(start(Invocation::new("no-such-program-here")).await, LaunchError::NotFound { .. }));
    assert!(matches!(start(sh("true").cwd("/no/such/folder")).await, LaunchError::NoFolder { .. }));
    let error = start(Invocation::new("/etc/passwd")).await;
    assert!(
        matches!(error, LaunchError::NotPermitted { .. }) && error.to_string().contains("/etc/passwd"),
        "{error}"
    );
}

#[tokio::test]
async fn term_reaches_the_whole_group() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grandchild");
    let script = format!("sh -c 'echo $$ > {}; exec sleep 600' & wait", file.display());
    let mut child = System.launch(&sh(&script)).await.unwrap();
    let grandchild = ProcessIdentity::of(pid_in(&file).await).unwrap();
    assert_eq!(child.stop(&PATIENT).await.rung, Rung::Terminate);
    until("the grandchild's end", || !grandchild.is_alive()).await;
    assert!(!child.identity().is_alive());
    assert_eq!(child.stop(&PATIENT).await.rung, Rung::AlreadyStopped);
}

#[tokio::test]
async fn who_ignores_term_is_killed_with_all_of_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grandchild");
    let script = format!(
        "trap '' TERM; sh -c 'echo $$ > {}; while :; do sleep 1; done' & while :; do sleep 1; done",
        file.display()
    );
    let mut child = System.launch(&sh(&script)).await.unwrap();
    let grandchild = ProcessIdentity::of(pid_in(&file).await).unwrap();
    let stopped = child.stop(&QUICK).await;
    assert_eq!(stopped.rung, Rung::Kill);
    assert!(stopped.after >= QUICK.terminate);
    until("the grandchild's end", || !grandchild.is_alive()).await;
}

#[tokio::test]
async fn a_leader_that_leaves_takes_its_stubborn_group_along() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grandchild");
    // The leader dies of TERM; the grandchild ignores it.
    let script =
        format!("sh -c 'trap \"\" TERM; echo $$ > {}; while :; do sleep 1; done' & wait", file.display());
    let mut child = System.launch(&sh(&script)).await.unwrap();
    let grandchild = ProcessIdentity::of(pid_in(&file).await).unwrap();
    assert_eq!(child.stop(&PATIENT).await.rung, Rung::Terminate);
    until("the grandchild's end", || !grandchild.is_alive()).await;
}

#[tokio::test]
async fn cancelling_a_run_stops_everything() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grandchild");
    let script = format!("sh -c 'echo $$ > {}; exec sleep 600' & wait", file.display());
    let cancel = CancellationToken::new();
    let running = tokio::spawn({
        let cancel = cancel.clone();
        async move { run(&System, &sh(&script), &cancel, &mut |_| {}).await }
    });
    let grandchild = ProcessIdentity::of(pid_in(&file).await).unwrap();
    cancel.cancel();
    assert!(matches!(running.await.unwrap(), Err(RunError::Cancelled { .. })));
    until("the grandchild's end", || !grandchild.is_alive()).await;
    assert!(
        matches!(capture(&System, &sh("true"), &cancel).await, Err(RunError::Cancelled { .. })),
        "not even started"
    );
}

#[tokio::test]
async fn a_dropped_child_is_killed() {
    let child = System.launch(&sh("sleep 600")).await.unwrap();
    let identity = child.identity().clone();
    assert!(identity.is_alive());
    drop(child);
    until("its end", || !identity.is_alive()).await;
}

#[tokio::test]
async fn a_session_of_its_own_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let inv = sh("cat; ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat; sleep 600")
        .new_session()
        .stdin_bytes(b"order\n".to_vec())
        .output_to(&log);
    let identity = System.launch(&inv).await.unwrap().detach().await;
    let lines = || std::fs::read_to_string(&log).unwrap_or_default().lines().count();
    until("its output", || lines() >= 2).await;
    let text = std::fs::read_to_string(&log).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("order"));
    assert_eq!(
        lines.next().map(|sid| sid.trim().parse::<u32>()),
        Some(Ok(identity.pid)),
        "leads its session"
    );
    assert!(identity.is_alive());
    assert_eq!(identity.stop(&PATIENT).await.rung, Rung::Terminate);
    assert!(!identity.is_alive());
    assert_eq!(identity.stop(&PATIENT).await.rung, Rung::AlreadyStopped);
}

#[tokio::test]
async fn identity_survives_writing_down_and_forbids_a_stranger() {
    let mut child = System.launch(&sh("sleep 600")).await.unwrap();
    let text = serde_json::to_string(child.identity()).unwrap();
    let read: ProcessIdentity = serde_json::from_str(&text).unwrap();
    assert_eq!(&read, child.identity());
    // The same number, as if it had been given to a later process.
    let earlier = ProcessIdentity { start_time: read.start_time.saturating_sub(100), ..read.clone() };
    assert!(!earlier.is_alive());
    assert!(earlier.signal_group(Signal::Kill).is_err());
    assert_eq!(earlier.stop(&QUICK).await.rung, Rung::AlreadyStopped);
    assert!(child.identity().is_alive(), "the stranger was left alone");
    read.signal_group(Signal::Kill).unwrap();
    assert_eq!(child.wait().await.unwrap(), Exit { code: None, signal: Some(9) });
}
