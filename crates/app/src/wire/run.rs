//! Throw-away copies of images that run.

use goldsmith_build::fold::BuildStatus;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Boots a throw-away copy of an image.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct RunImage {
    /// The image or version.
    pub image: String,
    /// Memory in MiB; what the image was built with when absent.
    #[serde(default)]
    pub memory_mb: Option<u32>,
    /// Virtual processors; what the image was built with when absent.
    #[serde(default)]
    pub cpus: Option<u32>,
    /// `kvm` or `tcg`; the measured best when absent.
    #[serde(default)]
    pub accelerator: Option<String>,
    /// Boot with UEFI firmware instead of BIOS.
    #[serde(default)]
    pub uefi: bool,
    /// Also open QEMU's own window.
    #[serde(default)]
    pub window: bool,
}

/// A running or finished copy of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RunState {
    /// Names it; also names its stream (`build/<run>`), its screen and its serial console.
    pub run: String,
    /// `name@version`.
    pub image: String,
    /// How it stands: `succeeded` or `cancelled` once it was stopped.
    pub status: BuildStatus,
    /// When it started, in milliseconds since 1970.
    pub started_at: i64,
    /// The port on 127.0.0.1 that leads to the guest's SSH, once known.
    pub ssh_port: Option<u16>,
    /// A command to copy that logs in, once known.
    pub ssh_command: Option<String>,
    /// `kvm` or `tcg`.
    pub accelerator: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
}

impl RunState {
    /// Nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        self.status.is_over()
    }
}

/// Runs, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunList {
    /// The runs.
    pub runs: Vec<RunState>,
}

/// Names a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OfRun {
    /// The run's id.
    pub run: String,
}

/// Stops a run; its copy is thrown away.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StopRun {
    /// The run's id.
    pub run: String,
    /// Pull the plug instead of asking the guest to power off.
    #[serde(default)]
    pub kill: bool,
}
