//! The real OpenSSH server, run by the test's own user on a loopback port.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    dead_code,
    reason = "these are tests"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use goldsmith_guest::{KeyKind, KeyPair, Patience, Session, SshTarget, TransferMethod, connect};
use goldsmith_process::{Child, Invocation, Launch, Signal, System, capture, find_program};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A server that runs until it is dropped.
pub struct Sshd {
    dir: TempDir,
    child: Child,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    /// Who may log in.
    pub user: String,
    /// With which key.
    pub key: KeyPair,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.signal(Signal::Kill);
    }
}

/// A program of OpenSSH, whose server is not in everybody's path.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default().to_string_lossy().into_owned();
    find_program(name, &format!("{path}:/usr/sbin"))
}

/// Starts one that takes a key of this kind; none, with a word, where OpenSSH is not installed.
pub async fn start(kind: KeyKind) -> Option<Sshd> {
    start_with(kind, "").await
}

/// The same with further lines of configuration; `{dir}` in them is the server's folder.
pub async fn start_with(kind: KeyKind, more: &str) -> Option<Sshd> {
    let (Some(sshd), Some(_), Some(_)) = (program("sshd"), program("scp"), program("ssh")) else {
        eprintln!("skipped: OpenSSH's sshd and scp are not installed (openssh-server, openssh-client)");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let key = KeyPair::generate(kind, "test").unwrap();
    let host = KeyPair::generate(KeyKind::Ed25519, "host").unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("host"), host.private_openssh().expose()).unwrap();
    std::fs::set_permissions(at("host"), PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(at("authorized"), format!("{}\n", key.public_openssh())).unwrap();
    let config = format!(
        "ListenAddress 127.0.0.1\nHostKey {0}/host\nAuthorizedKeysFile {0}/authorized\nPidFile none\nStrictModes no\n\
         UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
         Subsystem sftp internal-sftp\n{1}\n",
        dir.path().display(),
        more.replace("{dir}", &dir.path().to_string_lossy())
    );
    std::fs::write(at("config"), config).unwrap();
    // Needed by sshd when it is started by root.
    let _ = std::fs::create_dir_all("/run/sshd");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let inv = Invocation::new(sshd).args(["-D", "-e", "-p", &port.to_string(), "-f"]).arg(at("config"));
    let child = System.launch(&inv).await.unwrap();
    let id = Invocation::new("/usr/bin/id").arg("-un");
    let user = capture(&System, &id, &CancellationToken::new()).await.unwrap().stdout.trim().to_owned();
    Some(Sshd { dir, child, port, user, key })
}

impl Sshd {
    /// A target that logs in with the key, once.
    pub fn target(&self) -> SshTarget {
        let mut target =
            SshTarget::new("127.0.0.1", self.port, &self.user).with_key(self.key.private().clone());
        target.patience = Patience { timeout: Some(Duration::from_secs(60)), handshake_attempts: Some(1) };
        target
    }

    /// A session.
    pub async fn session(&self, transfer: TransferMethod) -> Session {
        let mut target = self.target();
        target.transfer = transfer;
        connect(&target, &CancellationToken::new(), &mut |_| {}).await.unwrap()
    }

    /// A path in the server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }
}
