//! Against the real OpenSSH server, run by the test's own user on a loopback port.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "../../../tests/src/sshd.rs"]
mod sshd;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use goldsmith_guest::{
    Adapter, AdapterKeys, ConnectCause, DISCONNECT_EXIT_CODE, KeyKind, KeyPair, Session, SessionError, Stage,
    Stream, TransferError, TransferMethod, connect,
};
use goldsmith_process::{Invocation, System, capture};
use sshd::{Sshd, program, start};
use tokio_util::sync::CancellationToken;

async fn output(session: &Session, command: &str) -> (Option<u32>, Vec<String>, Vec<String>) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = session
        .exec(command, None, &CancellationToken::new(), &mut |stream, line| match stream {
            Stream::Stdout => out.push(line.to_owned()),
            Stream::Stderr => err.push(line.to_owned()),
        })
        .await
        .unwrap();
    assert!(!exit.disconnected, "{command}");
    (exit.code, out, err)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_keep_their_lines_codes_and_signals() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let cancel = CancellationToken::new();
    let mut stages = Vec::new();
    let session = connect(&sshd.target(), &cancel, &mut |s| stages.push(s.clone())).await.unwrap();
    let ranks: Vec<u8> = stages.iter().map(Stage::rank).collect();
    assert!(ranks.is_sorted() && ranks.starts_with(&[0]) && ranks.ends_with(&[2, 3, 5]), "{stages:?}");
    assert!(stages.iter().any(|s| matches!(s, Stage::Banner { text } if text.contains("OpenSSH"))));
    assert!(session.host_key().starts_with("SHA256:"));

    assert_eq!(
        output(&session, "echo a; printf 'b\\r\\nc'; echo d >&2; exit 3").await,
        (Some(3), vec!["a".to_owned(), "b".to_owned(), "c".to_owned()], vec!["d".to_owned()])
    );
    let mut lines = Vec::new();
    let input = vec![b'x'; 300_000];
    let exit = session
        .exec("wc -c; exit 0", Some(&input), &cancel, &mut |_, l| lines.push(l.trim().to_owned()))
        .await
        .unwrap();
    assert_eq!((exit.success(), lines), (true, vec!["300000".to_owned()]));
    // Much output and much input at the same time do not block each other.
    let mut bytes = 0;
    let exit = session.exec("cat", Some(&input), &cancel, &mut |_, l| bytes += l.len()).await.unwrap();
    assert_eq!((exit.code, bytes), (Some(0), input.len()));
    let exit = session.exec("kill -TERM $$", None, &cancel, &mut |_, _| {}).await.unwrap();
    assert_eq!((exit.code, exit.signal.as_deref(), exit.packer_code()), (None, Some("TERM"), 128));
    // Several at once on one connection.
    let (a, b) = tokio::join!(output(&session, "sleep 0.1; echo 1"), output(&session, "echo 2"));
    assert_eq!((a.1, b.1), (vec!["1".to_owned()], vec!["2".to_owned()]));
    session.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_is_there_when_asked_for() {
    let Some(sshd) = start(KeyKind::Ecdsa { bits: 256 }).await else { return };
    let mut target = sshd.target();
    target.pty = true;
    let session = connect(&target, &CancellationToken::new(), &mut |_| {}).await.unwrap();
    let (code, out, _) = output(&session, "test -t 1 && echo $TERM; stty size; echo err >&2").await;
    assert_eq!((code, out), (Some(0), vec!["xterm".to_owned(), "40 80".to_owned(), "err".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rsa_keys_work() {
    let Some(sshd) = start(KeyKind::Rsa { bits: 2048 }).await else { return };
    let session = sshd.session(TransferMethod::Scp).await;
    assert_eq!(output(&session, "true").await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_told_and_mended() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let session = sshd.session(TransferMethod::Sftp).await;
    let cancel = CancellationToken::new();
    let before = session.host_key();
    session.upload_bytes(b"1", &sshd.text("a"), 0o644, &cancel).await.unwrap();
    let exit = session.exec("kill -9 $PPID; sleep 5", None, &cancel, &mut |_, _| {}).await.unwrap();
    assert!(exit.disconnected && exit.packer_code() == DISCONNECT_EXIT_CODE, "{exit:?}");
    assert_eq!(output(&session, "echo again").await.1, ["again"]);
    session.upload_bytes(b"2", &sshd.text("a"), 0o644, &cancel).await.unwrap();
    assert_eq!(std::fs::read(sshd.path("a")).unwrap(), b"2");
    session.reconnect(&cancel, &mut |_| {}).await.unwrap();
    assert_eq!(session.host_key(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_stops_the_command() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let session = sshd.session(TransferMethod::Scp).await;
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let began = Instant::now();
    let mut pid = String::new();
    let ended = session
        .exec("echo $$; while sleep 0.05; do echo more; done", None, &cancel, &mut |_, line| {
            if pid.is_empty() {
                pid = line.to_owned();
            }
            token.cancel();
        })
        .await;
    assert!(matches!(ended, Err(SessionError::Cancelled)), "{ended:?}");
    assert!(began.elapsed() < Duration::from_secs(20));
    let gone = || {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while !gone() {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(output(&session, "echo next").await.1, ["next"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_refused_in_words() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let mut target = sshd.target();
    target.auth.clear();
    let stranger = KeyPair::generate(KeyKind::Ed25519, "stranger").unwrap();
    let target = target.with_key(stranger.private().clone()).with_password("hunter2".to_owned().into());
    let error = connect(&target, &CancellationToken::new(), &mut |_| {}).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error.cause, ConnectCause::AuthRefused { attempts: 1, .. }), "{text}");
    for word in ["ssh-ed25519", "offers publickey", "ssh_username", &stranger.private().fingerprint()] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("hunter2"));
}

fn noise(size: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252u64;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}

fn listing(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![root.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = path.metadata().unwrap().permissions().mode() & 0o7777;
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() {
                found.push(format!("{name}/ {mode:o}"));
                todo.push(path);
            } else {
                found.push(format!("{name} {mode:o} {}", std::fs::read(&path).unwrap().len()));
            }
        }
    }
    found.sort();
    found
}

async fn files_travel(method: TransferMethod) {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let session = sshd.session(method).await;
    let cancel = CancellationToken::new();
    let content = noise(5_000_001);
    let local = sshd.path("it's local");
    std::fs::write(&local, &content).unwrap();
    std::fs::set_permissions(&local, PermissionsExt::from_mode(0o4751)).unwrap();
    let mode = |name: &str| sshd.path(name).metadata().unwrap().permissions().mode() & 0o7777;

    let mut last = (0, 0);
    let mut progress = |done: u64, total: u64| last = (done, total);
    let remote = sshd.text("re mote $x");
    let moved = session.upload_file(&local, &remote, &cancel, &mut progress).await.unwrap();
    assert_eq!((moved.files, moved.bytes, last), (1, 5_000_001, (5_000_001, 5_000_001)));
    assert!(std::fs::read(&remote).unwrap() == content);
    assert_eq!(mode("re mote $x"), 0o4751);
    // A shorter file over a longer one; the mode given counts although the file is there.
    session.upload_bytes(b"short", &remote, 0o600, &cancel).await.unwrap();
    assert_eq!((std::fs::read(&remote).unwrap(), mode("re mote $x")), (b"short".to_vec(), 0o600));
    session.upload_bytes(b"", &sshd.text("empty"), 0o644, &cancel).await.unwrap();
    assert_eq!(std::fs::read(sshd.path("empty")).unwrap(), b"");
    // A target ending in a slash keeps the name.
    std::fs::create_dir(sshd.path("folder")).unwrap();
    session.upload_file(&local, &format!("{}/", sshd.text("folder")), &cancel, &mut |_, _| {}).await.unwrap();
    assert!(sshd.path("folder/it's local").exists());

    let back = sshd.path("back");
    let got = session.download_file(&local.to_string_lossy(), &back, &cancel, &mut |_, _| {}).await.unwrap();
    assert_eq!((got.bytes, mode("back")), (5_000_001, 0o4751));
    assert!(std::fs::read(&back).unwrap() == content);

    // What the guest refuses is said in words, and nothing appears here.
    let absent = sshd.text("absent/x");
    let error = session.upload_bytes(b"1", &absent, 0o644, &cancel).await.unwrap_err().to_string();
    assert!(error.contains(&absent) && error.contains("No such file"), "{error}");
    let to = sshd.path("never");
    let error = session.download_file(&absent, &to, &cancel, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, TransferError::Remote { .. }) && !to.exists(), "{error}");
    let error =
        session.upload_file(&sshd.path("no such"), "/tmp/x", &cancel, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, TransferError::Local { .. }), "{error}");
    let fired = CancellationToken::new();
    fired.cancel();
    let error = session.upload_file(&local, &remote, &fired, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, TransferError::Cancelled), "{error}");
    assert_eq!(output(&session, "echo still here").await.1, ["still here"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_travel_by_scp() {
    files_travel(TransferMethod::Scp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_travel_by_sftp() {
    files_travel(TransferMethod::Sftp).await;
}

async fn folders_travel(method: TransferMethod) {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let session = sshd.session(method).await;
    let cancel = CancellationToken::new();
    let root = sshd.path("conf");
    for (name, size, mode) in [("a", 3, 0o640), ("sub/run.sh", 70_000, 0o755), ("sub/deep/z", 0, 0o600)] {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, noise(size)).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    }
    std::fs::create_dir(root.join("void")).unwrap();
    std::fs::set_permissions(root.join("void"), PermissionsExt::from_mode(0o700)).unwrap();
    let conf = root.to_string_lossy().into_owned();
    let same = listing(&root);
    assert_eq!(same.len(), 6);

    // Without a slash the folder itself, with one its contents; the target is made.
    let moved = session.upload_dir(&conf, &sshd.text("up/one"), &cancel, &mut |_, _| {}).await.unwrap();
    assert_eq!((moved.files, moved.bytes), (3, 70_003));
    assert_eq!(listing(&sshd.path("up/one/conf")), same);
    session.upload_dir(&format!("{conf}/"), &sshd.text("up/two"), &cancel, &mut |_, _| {}).await.unwrap();
    assert_eq!(listing(&sshd.path("up/two")), same);
    // Once more over what is there.
    session.upload_dir(&format!("{conf}/"), &sshd.text("up/two"), &cancel, &mut |_, _| {}).await.unwrap();
    assert_eq!(listing(&sshd.path("up/two")), same);

    let files = |listing: &[String]| -> Vec<String> {
        listing.iter().filter(|l| !l.contains("/ ")).cloned().collect()
    };
    let moved = session.download_dir(&conf, &sshd.path("down/one"), &cancel, &mut |_, _| {}).await.unwrap();
    assert_eq!((moved.files, moved.bytes), (3, 70_003));
    assert_eq!(files(&listing(&sshd.path("down/one/conf"))), files(&same));
    assert!(sshd.path("down/one/conf/void").is_dir());
    session.download_dir(&format!("{conf}/"), &sshd.path("down/two"), &cancel, &mut |_, _| {}).await.unwrap();
    assert_eq!(files(&listing(&sshd.path("down/two"))), files(&same));
    let error =
        session.download_dir("/no/such", &sshd.path("down/3"), &cancel, &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, TransferError::Remote { .. }), "{error}");
    if method == TransferMethod::Scp {
        let pattern = format!("{conf}/sub/*");
        session.download_dir(&pattern, &sshd.path("down/4"), &cancel, &mut |_, _| {}).await.unwrap();
        assert_eq!(files(&listing(&sshd.path("down/4"))), ["deep/z 600 0", "run.sh 755 70000"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_travel_by_scp() {
    folders_travel(TransferMethod::Scp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_travel_by_sftp() {
    folders_travel(TransferMethod::Sftp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: run by hand"]
async fn measure() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let cancel = CancellationToken::new();
    let began = Instant::now();
    sshd.session(TransferMethod::Scp).await.close().await;
    eprintln!("first login (server may be starting) {:?}", began.elapsed());
    for method in [TransferMethod::Scp, TransferMethod::Sftp] {
        let began = Instant::now();
        let session = sshd.session(method).await;
        let login = began.elapsed();
        let began = Instant::now();
        output(&session, "true").await;
        let command = began.elapsed();
        let began = Instant::now();
        session.upload_bytes(b"#!/bin/sh\n", &sshd.text("s"), 0o755, &cancel).await.unwrap();
        let small = began.elapsed();
        let big = sshd.path("big");
        std::fs::write(&big, noise(128 << 20)).unwrap();
        let began = Instant::now();
        session.upload_file(&big, &sshd.text("big2"), &cancel, &mut |_, _| {}).await.unwrap();
        let up = 128.0 / began.elapsed().as_secs_f64();
        let began = Instant::now();
        session.download_file(&sshd.text("big"), &sshd.path("big3"), &cancel, &mut |_, _| {}).await.unwrap();
        let down = 128.0 / began.elapsed().as_secs_f64();
        eprintln!(
            "{method:?}: login {login:?} command {command:?} script {small:?} up {up:.0} MiB/s down {down:.0} MiB/s"
        );
    }
}

/// What Ansible does: OpenSSH's client through the adapter, to the guest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_passes_commands_and_files_on() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let session = std::sync::Arc::new(sshd.session(TransferMethod::Scp).await);
    let (adapter, options) = adapter(&sshd, session).await;
    let ssh = |more: &[&str]| {
        Invocation::new("ssh")
            .args(&options)
            .args(["-p", &adapter.port().to_string(), "ansible@127.0.0.1"])
            .args(more)
    };
    let cancel = CancellationToken::new();
    let run = capture(&System, &ssh(&["echo out; echo err >&2; exit 7"]), &cancel).await.unwrap();
    assert_eq!(
        (run.exit.code, run.stdout.trim(), run.stderr.contains("err")),
        (Some(7), "out", true),
        "{run:?}"
    );
    // Standard input, longer than a window, comes back whole.
    let long = vec![b'x'; 3 << 20];
    let echoed = capture(&System, &ssh(&["wc -c"]).stdin_bytes(long), &cancel).await.unwrap();
    assert_eq!(echoed.stdout.trim(), (3 << 20).to_string(), "{echoed:?}");
    // Nobody else gets in.
    let stranger = Invocation::new("ssh").args(&options).args([
        "-p",
        &adapter.port().to_string(),
        "root@127.0.0.1",
        "true",
    ]);
    assert!(!capture(&System, &stranger, &cancel).await.is_ok_and(|run| run.exit.success()));
    let port = adapter.port();
    drop(adapter);
    let gone =
        Invocation::new("ssh").args(&options).args(["-p", &port.to_string(), "ansible@127.0.0.1", "true"]);
    assert!(
        !capture(&System, &gone, &cancel).await.is_ok_and(|run| run.exit.success()),
        "it stops with its owner"
    );
}

async fn adapter(sshd: &Sshd, session: std::sync::Arc<Session>) -> (Adapter, Vec<String>) {
    let host = KeyPair::generate(KeyKind::Ecdsa { bits: 384 }, "host").unwrap();
    let pair = KeyPair::generate(KeyKind::Ecdsa { bits: 384 }, "ansible").unwrap();
    let key = sshd.path("adapter-key");
    std::fs::write(&key, pair.private_openssh().expose()).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    let keys = AdapterKeys {
        host_private: host.private_openssh().expose().to_owned(),
        client_public: pair.public_openssh(),
    };
    let sftp = "/usr/lib/openssh/sftp-server";
    let adapter = Adapter::start(session, 0, "ansible", &keys, sftp).await.unwrap();
    let options = [
        "-F",
        "/dev/null",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "LogLevel=ERROR",
        "-o",
        "BatchMode=yes",
        "-o",
        "IdentitiesOnly=yes",
        "-i",
    ];
    let mut options: Vec<String> = options.iter().map(|&text| text.to_owned()).collect();
    options.push(key.display().to_string());
    (adapter, options)
}

/// Real Ansible, gathering facts and copying a file through the adapter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_ansible_plays_through_the_adapter() {
    let Some(ansible) = program("ansible-playbook") else {
        eprintln!("skipped: ansible-playbook is not installed (package ansible-core)");
        return;
    };
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let session = std::sync::Arc::new(sshd.session(TransferMethod::Scp).await);
    let (adapter, _) = adapter(&sshd, session).await;
    let target = sshd.text("copied");
    let play = format!(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - command: echo hello\n      register: said\n    - copy:\n        content: \"{{{{ said.stdout }}}} from ansible\"\n        dest: {target}\n"
    );
    std::fs::write(sshd.path("play.yml"), play).unwrap();
    let line = format!(
        "default ansible_host=127.0.0.1 ansible_user=ansible ansible_port={} ansible_python_interpreter=/usr/bin/python3\n",
        adapter.port()
    );
    std::fs::write(sshd.path("inventory"), line).unwrap();
    let run = Invocation::new(ansible)
        .args(["--ssh-extra-args", "'-o IdentitiesOnly=yes'", "-e"])
        .arg(format!("ansible_ssh_private_key_file={}", sshd.text("adapter-key")))
        .args(["-i", &sshd.text("inventory"), &sshd.text("play.yml")])
        .env("ANSIBLE_HOST_KEY_CHECKING", "False")
        .env("ANSIBLE_LOCAL_TEMP", sshd.text("local"))
        .env("ANSIBLE_REMOTE_TEMP", sshd.text("remote"));
    let played = capture(&System, &run, &CancellationToken::new()).await.unwrap();
    assert!(played.exit.success(), "{}\n{}", played.stdout, played.stderr);
    assert_eq!(std::fs::read_to_string(sshd.path("copied")).unwrap(), "hello from ansible");
}
