//! Ways to log in and ways to get there, against the programs of OpenSSH: agent, certificate, bastion, SOCKS proxy,
//! tunnels, algorithms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "../../../tests/src/sshd.rs"]
mod sshd;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_guest::{
    Algorithms, Bastion, ConnectCause, ConnectError, KeyKind, KeyPair, Patience, Proxy, Route, Secret,
    Session, SshTarget, connect,
};
use goldsmith_process::{Child, Invocation, Launch, Signal, System, capture};
use sshd::{Sshd, program, start, start_with};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

/// A program that runs until it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.signal(Signal::Kill);
    }
}

async fn to(target: &SshTarget) -> Result<Session, ConnectError> {
    connect(target, &CancellationToken::new(), &mut |_| {}).await
}

async fn says(session: &Session, command: &str) -> String {
    let mut said = String::new();
    let exit =
        session.exec(command, None, &CancellationToken::new(), &mut |_, line| said.push_str(line)).await;
    assert!(exit.unwrap().success(), "{command}: {said}");
    said
}

async fn run(invocation: Invocation) {
    let done = capture(&System, &invocation, &CancellationToken::new()).await.unwrap();
    assert!(done.exit.success(), "{invocation}: {} {}", done.stdout, done.stderr);
}

fn write_key(path: &Path, key: &KeyPair) {
    std::fs::write(path, key.private_openssh().expose()).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn listens(port: u16) {
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nothing listens on {port}");
}

/// A target with no way in yet, that gives up soon.
fn bare(sshd: &Sshd) -> SshTarget {
    let mut target = SshTarget::new("127.0.0.1", sshd.port, &sshd.user);
    target.patience = Patience { timeout: Some(Duration::from_secs(30)), handshake_attempts: Some(1) };
    target
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_signs_and_is_shared_with_the_guest() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let (Some(agent), Some(add)) = (program("ssh-agent"), program("ssh-add")) else {
        eprintln!("skipped: ssh-agent is not installed (openssh-client)");
        return;
    };
    let socket = sshd.path("agent");
    let child = System.launch(&Invocation::new(agent).args(["-D", "-a"]).arg(&socket)).await.unwrap();
    let _agent = Running(child);
    for _ in 0..200 {
        if socket.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    // An agent without keys is said to be one.
    let empty = to(&bare(&sshd).with_agent(&socket)).await.unwrap_err().to_string();
    assert!(empty.contains("it holds no key"), "{empty}");
    // Of several keys the right one is found, RSA signed as the server wants it.
    let stranger = KeyPair::generate(KeyKind::Rsa { bits: 2048 }, "stranger").unwrap();
    for (name, key) in [("stranger", &stranger), ("right", &sshd.key)] {
        write_key(&sshd.path(name), key);
        run(Invocation::new(&add).arg(sshd.path(name)).env("SSH_AUTH_SOCK", &socket)).await;
    }
    let mut target = bare(&sshd).with_agent(&socket);
    target.forward_agent = Some(socket.clone());
    let session = to(&target).await.unwrap();
    let seen = says(&session, "ssh-add -l").await;
    assert!(seen.contains(&sshd.key.private().fingerprint()), "the guest asks our agent: {seen}");
    target.forward_agent = None;
    let session = to(&target).await.unwrap();
    assert_eq!(says(&session, "echo \"[$SSH_AUTH_SOCK]\"").await, "[]", "unless it is not forwarded");
    let gone = to(&bare(&sshd).with_agent("/no/agent")).await.unwrap_err().to_string();
    assert!(gone.contains("the agent at /no/agent"), "{gone}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_opens_what_the_key_alone_does_not() {
    let Some(sshd) = start_with(KeyKind::Ed25519, "TrustedUserCAKeys {dir}/ca.pub").await else { return };
    let Some(keygen) = program("ssh-keygen") else {
        eprintln!("skipped: ssh-keygen is not installed (openssh-client)");
        return;
    };
    let authority = KeyPair::generate(KeyKind::Ed25519, "ca").unwrap();
    write_key(&sshd.path("ca"), &authority);
    std::fs::write(sshd.path("ca.pub"), format!("{}\n", authority.public_openssh())).unwrap();
    let agent = sshd.path("agent");
    let child = Invocation::new(program("ssh-agent").unwrap()).args(["-D", "-a"]).arg(&agent);
    let _agent = Running(System.launch(&child).await.unwrap());
    for kind in [KeyKind::Ed25519, KeyKind::Ecdsa { bits: 384 }, KeyKind::Rsa { bits: 2048 }] {
        let key = KeyPair::generate(kind, "user").unwrap();
        write_key(&sshd.path("user"), &key);
        std::fs::write(sshd.path("user.pub"), format!("{}\n", key.public_openssh())).unwrap();
        let sign = Invocation::new(&keygen).arg("-q").arg("-s").arg(sshd.path("ca"));
        run(sign.args(["-I", "test", "-n", &sshd.user]).arg(sshd.path("user.pub"))).await;
        let certificate = std::fs::read_to_string(sshd.path("user-cert.pub")).unwrap();
        let alone = to(&bare(&sshd).with_key(key.private().clone())).await;
        assert!(matches!(alone.unwrap_err().cause, ConnectCause::AuthRefused { .. }));
        let with = key.private().clone().with_certificate(&certificate, "user-cert.pub");
        let target = if matches!(kind, KeyKind::Rsa { .. }) {
            assert!(with.unwrap_err().to_string().contains("ssh_agent_auth"));
            // ssh-add takes the certificate that lies beside the key.
            let add = Invocation::new(program("ssh-add").unwrap()).arg(sshd.path("user"));
            run(add.env("SSH_AUTH_SOCK", &agent)).await;
            bare(&sshd).with_agent(&agent)
        } else {
            bare(&sshd).with_key(with.unwrap())
        };
        assert_eq!(says(&to(&target).await.unwrap(), "echo in").await, "in", "{kind}");
        let other = sshd.key.private().clone().with_certificate(&certificate, "user-cert.pub");
        assert!(other.unwrap_err().to_string().contains("another key"));
    }
    assert!(sshd.key.private().clone().with_certificate("nonsense", "x").is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bastion_is_passed_and_its_troubles_are_named() {
    let Some(guest) = start(KeyKind::Ed25519).await else { return };
    let Some(bastion) = start(KeyKind::Ecdsa { bits: 256 }).await else { return };
    let via = |target: SshTarget| Route::Bastion(Arc::new(Bastion::new(target)));
    let mut target = guest.target();
    target.route = via(bastion.target());
    let session = to(&target).await.unwrap();
    assert_eq!(says(&session, "set -- $SSH_CONNECTION; echo $4").await, guest.port.to_string());
    session.upload_bytes(b"through", &guest.text("x"), 0o600, &CancellationToken::new()).await.unwrap();
    assert_eq!(std::fs::read(guest.path("x")).unwrap(), b"through");
    session.reconnect(&CancellationToken::new(), &mut |_| {}).await.unwrap();
    assert_eq!(says(&session, "echo again").await, "again");

    // Refused at the bastion: at once, and not blamed on the guest.
    let mut patient = target.clone();
    patient.patience = Patience { timeout: Some(Duration::from_secs(60)), handshake_attempts: None };
    patient.route = via(bare(&bastion).with_key(guest.key.private().clone()));
    let began = std::time::Instant::now();
    let error = to(&patient).await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::Way { .. }) && began.elapsed() < Duration::from_secs(20));
    let words = error.to_string();
    assert!(
        words.contains("the bastion") && words.contains("refused") && words.contains("ssh_bastion_"),
        "{words}"
    );
    // One that is not there may come yet; when the time is up it is named.
    let mut absent = SshTarget::new("127.0.0.1", free_port(), "x").with_key(guest.key.private().clone());
    absent.patience = Patience::default();
    patient.route = via(absent);
    patient.patience.timeout = Some(Duration::from_secs(1));
    let words = to(&patient).await.unwrap_err().to_string();
    assert!(words.contains("the bastion") && words.contains("connection refused"), "{words}");
    // A guest that does not listen yet is the guest's matter.
    let mut waiting = target.clone();
    waiting.port = free_port();
    waiting.patience.timeout = Some(Duration::from_secs(1));
    let error = to(&waiting).await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::NothingListened { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bastion_that_forbids_forwarding_says_so() {
    let Some(guest) = start(KeyKind::Ed25519).await else { return };
    let Some(bastion) = start_with(KeyKind::Ed25519, "AllowTcpForwarding no").await else { return };
    let mut target = guest.target();
    target.route = Route::Bastion(Arc::new(Bastion::new(bastion.target())));
    let words = to(&target).await.unwrap_err().to_string();
    assert!(words.contains("forbids forwarding"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socks_proxy_is_passed() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    let Some(ssh) = program("ssh") else {
        eprintln!("skipped: ssh is not installed (openssh-client)");
        return;
    };
    write_key(&sshd.path("key"), &sshd.key);
    // OpenSSH's own proxy (`ssh -D`) is the independent one.
    let port = free_port();
    let options =
        ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes"];
    let proxy = Invocation::new(ssh)
        .args(["-N", "-F", "none", "-D", &format!("127.0.0.1:{port}"), "-p", &sshd.port.to_string(), "-i"])
        .arg(sshd.path("key"))
        .args(options)
        .arg(format!("{}@127.0.0.1", sshd.user));
    let _proxy = Running(System.launch(&proxy).await.unwrap());
    listens(port).await;
    let through =
        |port: u16| Route::Socks5(Arc::new(Proxy { host: "127.0.0.1".to_owned(), port, login: None }));
    let mut target = sshd.target();
    target.route = through(port);
    let session = to(&target).await.unwrap();
    assert_eq!(says(&session, "echo proxied").await, "proxied");
    target.route = through(free_port());
    target.patience.timeout = Some(Duration::from_secs(1));
    let words = to(&target).await.unwrap_err().to_string();
    assert!(words.contains("the proxy 127.0.0.1:") && words.contains("ssh_proxy_"), "{words}");
    let login = Some(("user".to_owned(), Secret::new("hunter2")));
    let proxy = Proxy { host: "h".to_owned(), port: 1, login };
    assert!(!format!("{proxy:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tunnels_carry_both_ways_and_survive_a_reconnect() {
    let Some(sshd) = start(KeyKind::Ed25519).await else { return };
    // Something that answers, seen from either side.
    let echo = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let answering = echo.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = echo.accept().await {
            let _ = stream.write_all(b"hello through a tunnel").await;
        }
    });
    let (here, there) = (free_port(), free_port());
    let mut target = sshd.target();
    target.local_tunnels = vec![format!("{here}:127.0.0.1:{answering}").parse().unwrap()];
    target.remote_tunnels = vec![format!("{there}:127.0.0.1:{answering}").parse().unwrap()];
    let session = to(&target).await.unwrap();
    let read = async |port: u16| {
        let mut text = String::new();
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut text))
            .await
            .unwrap()
            .unwrap();
        text
    };
    for _ in 0..2 {
        assert_eq!(read(here).await, "hello through a tunnel");
        assert_eq!(read(there).await, "hello through a tunnel");
        session.reconnect(&CancellationToken::new(), &mut |_| {}).await.unwrap();
    }
    // A port that is taken is named, on either side.
    let mut twice = sshd.target();
    twice.local_tunnels.clone_from(&target.local_tunnels);
    let words = to(&twice).await.unwrap_err().to_string();
    assert!(words.contains(&here.to_string()) && words.contains("this computer"), "{words}");
    let Some(closed) = start_with(KeyKind::Ed25519, "AllowTcpForwarding local").await else { return };
    let mut refused = closed.target();
    refused.remote_tunnels.clone_from(&target.remote_tunnels);
    let words = to(&refused).await.unwrap_err().to_string();
    assert!(words.contains(&there.to_string()) && words.contains("the guest does not open"), "{words}");
    drop(session);
    let gone = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", here)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("the port goes with the session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn algorithms_are_the_ones_asked_for() {
    let more = "Ciphers aes256-ctr\nKexAlgorithms diffie-hellman-group14-sha256";
    let Some(sshd) = start_with(KeyKind::Ed25519, more).await else { return };
    let only = |ciphers: &str, exchanges: &str| {
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        Algorithms::parse(&names(ciphers), &names(exchanges))
    };
    let mut target = sshd.target();
    target.patience.timeout = Some(Duration::from_secs(10));
    target.algorithms = only("aes128-ctr aes256-ctr", "diffie-hellman-group14-sha256").unwrap();
    assert_eq!(says(&to(&target).await.unwrap(), "echo in").await, "in");
    target.algorithms = only("aes128-ctr", "").unwrap();
    target.patience.timeout = Some(Duration::from_secs(2));
    let error = to(&target).await.unwrap_err();
    assert!(matches!(error.cause, ConnectCause::Handshake { .. }), "{error}");
    let unknown = only("rot13", "").unwrap_err();
    assert!(unknown.contains("rot13") && unknown.contains("aes256-ctr"), "{unknown}");
}
