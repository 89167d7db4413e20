//! A disk booted in plain QEMU, with no code of the product: the independent witness.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A machine that runs from a throw-away overlay of a disk; it ends with this value.
pub struct Booted {
    qemu: Child,
    port: u16,
    key: PathBuf,
    _folder: tempfile::TempDir,
}

impl Booted {
    /// Boots the disk with BIOS firmware and waits for its SSH banner.
    pub fn start(disk: &Path, format: &str, key: &Path) -> Self {
        Self::with(disk, format, key, &[])
    }

    /// As [`Self::start`], with further arguments for QEMU.
    pub fn with(disk: &Path, format: &str, key: &Path, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let overlay = folder.path().join("overlay.qcow2");
        let made = Command::new("qemu-img")
            .args(["create", "-q", "-f", "qcow2", "-F", format, "-b"])
            .arg(disk.canonicalize().expect("the disk"))
            .arg(&overlay)
            .status()
            .expect("qemu-img");
        assert!(made.success());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let qemu = Command::new("qemu-system-x86_64")
            .args(["-machine", "pc,accel=tcg", "-m", "1024", "-display", "none", "-no-reboot"])
            .args(["-netdev", &format!("user,id=n,hostfwd=tcp:127.0.0.1:{port}-:22")])
            .args(["-device", "virtio-net-pci,netdev=n", "-serial", "null", "-monitor", "none"])
            .args(["-drive", &format!("file={},if=virtio,format=qcow2", overlay.display())])
            .args(more)
            .stdin(Stdio::null())
            .spawn()
            .expect("qemu-system-x86_64");
        let machine = Self { qemu, port, key: key.to_owned(), _folder: folder };
        machine.wait_for_banner(Duration::from_secs(300));
        machine
    }

    /// The forwarded SSH port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn wait_for_banner(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
                let mut banner = [0; 4];
                if stream.read_exact(&mut banner).is_ok() && &banner == b"SSH-" {
                    return;
                }
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        panic!("no SSH banner within {limit:?}");
    }

    /// Runs a command as root with OpenSSH's own client; its standard output. Fails when the command does.
    #[track_caller]
    pub fn ssh(&self, command: &str) -> String {
        let output = self.try_ssh("root", command, &[]);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a command with the key, whatever comes of it.
    pub fn try_ssh(&self, user: &str, command: &str, options: &[&str]) -> std::process::Output {
        let mut ssh = Command::new("ssh")
            .arg("-q")
            .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
            .args(["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=60"])
            .args(options)
            .arg("-i")
            .arg(&self.key)
            .args(["-p", &self.port.to_string(), &format!("{user}@127.0.0.1"), command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ssh");
        ssh.stdin.take().expect("a pipe").flush().expect("a pipe");
        ssh.wait_with_output().expect("ssh ends")
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}
