//! A running QEMU machine.

use std::fs::{self, File};
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_process::{Child, ChildEnd, Exit, Invocation, ProcessIdentity, Rung, Stopped, Version};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::command::CommandLine;
use super::launch::{Said, said_text};
use super::qmp::{Qmp, QmpError};
use super::spec::{QemuSpec, Vnc};
use crate::keys::KeyStroke;
use crate::roles::{
    Ending, Keyboard, Lifecycle, MachineError, MachineLadder, PortForward, Screen, ScreenSize, Serial,
    ShutdownCause, TextScreen,
};
use crate::screen_text::ScreenText;

/// After the process has ended, what it said last is read for at most this long.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A machine that runs, or has run. Dropping it kills its process.
pub struct QemuMachine {
    identity: ProcessIdentity,
    line: CommandLine,
    serial_log: Option<PathBuf>,
    vnc: Option<Vnc>,
    child: Mutex<Child>,
    end: ChildEnd,
    qmp: Qmp,
    forwards: Vec<(u16, SocketAddr)>,
    said: Said,
}

impl QemuMachine {
    pub(super) fn new(
        spec: &QemuSpec,
        line: CommandLine,
        child: Child,
        qmp: Qmp,
        forwards: Vec<(u16, SocketAddr)>,
        said: Said,
    ) -> Self {
        let kept =
            |switch: &str| !spec.extra.iter().any(|row| row.first().is_some_and(|name| name == switch));
        Self {
            identity: child.identity().clone(),
            serial_log: spec.serial_log.clone().filter(|_| kept("-serial")),
            vnc: spec.vnc.clone().filter(|_| kept("-vnc")),
            line,
            end: child.end(),
            child: Mutex::new(child),
            qmp,
            forwards,
            said,
        }
    }

    /// Which process it is.
    pub fn identity(&self) -> &ProcessIdentity {
        &self.identity
    }

    /// The identity the machine itself reports.
    pub fn uuid(&self) -> Uuid {
        self.line.uuid
    }

    /// What was run.
    pub fn command(&self) -> &Invocation {
        &self.line.invocation
    }

    /// QEMU's version.
    pub fn version(&self) -> &Version {
        self.qmp.version()
    }

    /// The control connection.
    pub fn qmp(&self) -> &Qmp {
        &self.qmp
    }

    /// Where the screen is served, unless the user's own arguments changed that.
    pub fn vnc(&self) -> Option<&Vnc> {
        self.vnc.as_ref()
    }

    /// The end of what QEMU wrote to its standard error: warnings, or the reason of its end.
    pub fn said(&self) -> String {
        said_text(&self.said)
    }

    /// Whether the machine is off after asking for it; `patience` covers the question too, since a hung QEMU does
    /// not even answer. Zero does not ask.
    async fn off_after(&self, ask: impl Future<Output = Result<(), QmpError>>, patience: Duration) -> bool {
        if patience.is_zero() {
            return false;
        }
        let asked = async {
            match ask.await {
                Ok(()) | Err(QmpError::Closed) => self.end.clone().wait().await.is_ok(),
                Err(_) => false,
            }
        };
        tokio::time::timeout(patience, asked).await.unwrap_or(false)
    }

    fn ending(&self, exit: Exit) -> Ending {
        let cause = self.qmp.shutdown_cause().unwrap_or(ShutdownCause::Unknown);
        Ending { exit, cause, said: self.said() }
    }
}

#[async_trait]
impl Lifecycle for QemuMachine {
    async fn powerdown(&self) -> Result<(), MachineError> {
        Ok(self.qmp.system_powerdown().await?)
    }

    async fn wait_stopped(&self, within: Option<Duration>) -> Option<Ending> {
        let mut end = self.end.clone();
        let exit = match within {
            Some(within) => tokio::time::timeout(within, end.wait()).await.ok()?,
            None => end.wait().await,
        };
        let _ = tokio::time::timeout(LAST_WORDS, self.qmp.closed()).await;
        Some(self.ending(exit.unwrap_or(Exit { code: None, signal: None })))
    }

    async fn stop(&self, ladder: &MachineLadder) -> Stopped {
        let began = Instant::now();
        let done = |rung| Stopped { rung, after: began.elapsed() };
        if !self.is_running() {
            return done(Rung::AlreadyStopped);
        }
        if self.off_after(async { Ok(()) }, ladder.guest).await {
            return done(Rung::Guest);
        }
        if self.off_after(self.qmp.system_powerdown(), ladder.powerdown).await {
            return done(Rung::Powerdown);
        }
        if self.off_after(self.qmp.quit(), ladder.quit).await {
            return done(Rung::Quit);
        }
        let rung = self.child.lock().await.stop(&ladder.process).await.rung;
        done(rung)
    }

    fn is_running(&self) -> bool {
        self.end.try_wait().is_none()
    }
}

#[async_trait]
impl Screen for QemuMachine {
    async fn picture(&self, to: &Path) -> Result<ScreenSize, MachineError> {
        if let Some(Ok(exit)) = self.end.try_wait() {
            return Err(MachineError::Stopped { ending: exit.to_string() });
        }
        let mut part = to.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let taken = self.qmp.screendump(&part).await.map_err(MachineError::from).and_then(|()| {
            let size = png_size(&part)?;
            fs::rename(&part, to).map_err(|source| MachineError::File { path: to.to_owned(), source })?;
            Ok(size)
        });
        if taken.is_err() {
            let _ = fs::remove_file(&part);
        }
        taken
    }
}

/// Size of a PNG picture, from its first chunk (PNG specification, 11.2.2 IHDR).
fn png_size(path: &Path) -> Result<ScreenSize, MachineError> {
    let mut head = [0; 24];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .map_err(|source| MachineError::File { path: path.to_owned(), source })?;
    if !head.starts_with(b"\x89PNG\r\n\x1a\n") || &head[12..16] != b"IHDR" {
        return Err(MachineError::Picture { path: path.to_owned() });
    }
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    Ok(ScreenSize { width: number(16), height: number(20) })
}

#[async_trait]
impl Keyboard for QemuMachine {
    async fn strokes(&self, strokes: &[KeyStroke], interval: Duration) -> Result<(), MachineError> {
        for stroke in strokes {
            self.qmp.send_keys(std::slice::from_ref(stroke)).await?;
            if !interval.is_zero() {
                tokio::time::sleep(interval).await;
            }
        }
        Ok(())
    }
}

/// Where a PC's graphics card shows its text, and how much of it (the colour text window of VGA).
const TEXT_MEMORY: (u64, u64) = (0xb8000, 0x8000);

#[async_trait]
impl TextScreen for QemuMachine {
    async fn text(&self, scratch: &Path) -> Result<Option<ScreenText>, MachineError> {
        let (address, size) = TEXT_MEMORY;
        self.qmp.save_memory(address, size, scratch).await?;
        let bytes =
            fs::read(scratch).map_err(|source| MachineError::File { path: scratch.to_owned(), source })?;
        Ok(ScreenText::of_vga(&bytes))
    }
}

impl Serial for QemuMachine {
    fn serial_log(&self) -> Option<&Path> {
        self.serial_log.as_deref()
    }
}

impl PortForward for QemuMachine {
    fn forwarded(&self, guest_port: u16) -> Option<SocketAddr> {
        self.forwards.iter().find(|(guest, _)| *guest == guest_port).map(|(_, host)| *host)
    }
}
