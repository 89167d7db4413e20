//! How a process is asked, then made, to stop.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The step of a stop ladder after which the process was gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// It had stopped before anybody asked.
    AlreadyStopped,
    /// The guest shut itself down (a command run inside it).
    Guest,
    /// The virtual power button was pressed.
    Powerdown,
    /// The hypervisor was told to quit.
    Quit,
    /// The process group got `SIGTERM`.
    Terminate,
    /// The process group got `SIGKILL`.
    Kill,
    /// It is still there after everything (uninterruptible in the kernel, or not ours to signal).
    Survived,
}

/// How long each step of the ladder may take before the next, harder one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopLadder {
    /// Wait after `SIGTERM`. Zero leaves the rung out.
    pub terminate: Duration,
    /// Wait after `SIGKILL`.
    pub kill: Duration,
}

impl StopLadder {
    /// Straight to `SIGKILL`.
    pub const HARD: Self = Self { terminate: Duration::ZERO, kill: Duration::from_secs(5) };
}

/// Five seconds for `SIGTERM`, five for `SIGKILL`.
impl Default for StopLadder {
    fn default() -> Self {
        Self { terminate: Duration::from_secs(5), kill: Duration::from_secs(5) }
    }
}

/// The end of a climb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// What worked.
    pub rung: Rung,
    /// How long it took altogether.
    pub after: Duration,
}
