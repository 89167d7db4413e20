//! What a machine can be asked for, one small trait per role.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use goldsmith_process::{Exit, StopLadder, Stopped};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::keys::KeyStroke;
use crate::qemu::qmp::QmpError;
use crate::screen_text::ScreenText;

/// What went wrong with a running machine.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// Its control connection failed or refused.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// The machine is not running any more.
    #[error("the machine has stopped ({ending})")]
    Stopped {
        /// How.
        ending: String,
    },
    /// A file of ours could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The picture is not what we asked for.
    #[error("{path} is not a PNG picture; the QEMU in use may have been built without PNG support")]
    Picture {
        /// Which.
        path: PathBuf,
    },
}

/// Why a machine stopped, as far as its hypervisor said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ShutdownCause {
    /// The guest turned itself off: its file systems are clean.
    Guest,
    /// The guest crashed, and the machine was set to stop then.
    GuestPanic,
    /// The hypervisor was told to quit; the guest was cut off.
    Host,
    /// The process ended without saying why: killed, or crashed.
    Unknown,
}

/// How a machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The hypervisor's process.
    pub exit: Exit,
    /// Who turned it off.
    pub cause: ShutdownCause,
    /// The end of what the hypervisor wrote to its standard error.
    pub said: String,
}

impl Ending {
    /// The guest turned itself off and the hypervisor ended without error.
    pub fn is_clean(&self) -> bool {
        self.cause == ShutdownCause::Guest && self.exit.success()
    }
}

/// How long each rung of the ladder may take; zero leaves a rung out. The rung before all of these, asking inside
/// the guest, belongs to whoever is logged in there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineLadder {
    /// After a guest's own shutdown command: how long to wait before pressing the power button.
    pub guest: Duration,
    /// After pressing the virtual power button.
    pub powerdown: Duration,
    /// After telling the hypervisor to quit.
    pub quit: Duration,
    /// The process itself.
    pub process: StopLadder,
}

impl MachineLadder {
    /// For a machine whose disk is to be kept: the guest gets time to turn itself off.
    pub fn gentle(within: Duration) -> Self {
        Self {
            guest: Duration::ZERO,
            powerdown: within,
            quit: Duration::from_secs(10),
            process: StopLadder::default(),
        }
    }

    /// For a machine whose disk is thrown away: quit at once.
    pub fn discard() -> Self {
        Self {
            guest: Duration::ZERO,
            powerdown: Duration::ZERO,
            quit: Duration::from_secs(5),
            process: StopLadder { terminate: Duration::from_secs(2), kill: Duration::from_secs(5) },
        }
    }
}

/// Turning off and knowing when it is off.
#[async_trait]
pub trait Lifecycle: Send + Sync {
    /// Presses the virtual power button. What the guest makes of it is the guest's business.
    async fn powerdown(&self) -> Result<(), MachineError>;

    /// Waits until the machine is off; `None` when it still runs after `within`.
    async fn wait_stopped(&self, within: Option<Duration>) -> Option<Ending>;

    /// Climbs the ladder and reports the rung that worked.
    async fn stop(&self, ladder: &MachineLadder) -> Stopped;

    /// Whether it runs.
    fn is_running(&self) -> bool;
}

/// Size of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ScreenSize {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Seeing the screen.
#[async_trait]
pub trait Screen: Send + Sync {
    /// Writes the screen as it is now to `to`, as PNG, whole or not at all.
    async fn picture(&self, to: &Path) -> Result<ScreenSize, MachineError>;
}

/// Typing.
#[async_trait]
pub trait Keyboard: Send + Sync {
    /// Sends key events in order, pausing after each (`interval`; zero sends without pause).
    async fn strokes(&self, strokes: &[KeyStroke], interval: Duration) -> Result<(), MachineError>;
}

/// Reading what stands on the screen, where it shows text as text.
#[async_trait]
pub trait TextScreen: Send + Sync {
    /// The text on the screen; `None` when it shows a picture. `scratch` is a file nobody else uses.
    async fn text(&self, scratch: &Path) -> Result<Option<ScreenText>, MachineError>;
}

/// The serial console.
pub trait Serial: Send + Sync {
    /// The file it is written to; `None` when the caller's own arguments took the serial port away.
    fn serial_log(&self) -> Option<&Path>;
}

/// Guest ports reachable from the host, on 127.0.0.1 only.
pub trait PortForward: Send + Sync {
    /// Where a guest's TCP port answers; `None` when it is not forwarded.
    fn forwarded(&self, guest_port: u16) -> Option<SocketAddr>;
}
