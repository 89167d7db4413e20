//! Which accelerator is the fastest here, by measurement.

use std::path::{Path, PathBuf};

use goldsmith_process::Launch;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

/// One accelerator and how the payload ran under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Accelerator {
    /// QEMU's name for it: `kvm`, `tcg`.
    pub name: String,
    /// The measurement.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How the payload ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It finished after so many milliseconds, start of QEMU included.
    #[serde(rename = "ms")]
    Measured(#[ts(type = "number")] u64),
    /// It did not finish; the reason.
    #[serde(rename = "error")]
    Failed(String),
}

/// The accelerator to use, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AcceleratorVerdict {
    /// QEMU's name for it.
    pub chosen: String,
    /// Every accelerator that was tried.
    pub measured: Vec<Accelerator>,
    /// Why this one, for people.
    pub explanation: String,
}

/// Why nothing was chosen.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Not even emulation works.
    #[error("no accelerator of {qemu} can run a machine here: {reasons}")]
    Nothing {
        /// The QEMU that was tried.
        qemu: PathBuf,
        /// One reason per accelerator.
        reasons: String,
    },
    /// The payload cannot be written.
    #[error("cannot write {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Cancelled.
    #[error("the measurement was cancelled")]
    Cancelled,
}

/// The verdict remembered in `cache` for exactly this QEMU, kernel and processor; measures nothing.
pub fn cached_verdict(qemu: &Path, cache: &Path) -> Option<AcceleratorVerdict> {
    let _ = (qemu, cache);
    None
}

/// Measures each accelerator by running a kernel-mode payload under it, and chooses the fastest; remembered in the
/// folder `cache` per QEMU, kernel and processor. `runtime` is a private folder for files of the run; `force`
/// measures even when remembered.
pub async fn probe_accelerators(
    launch: &dyn Launch,
    qemu: &Path,
    runtime: &Path,
    cache: &Path,
    force: bool,
    cancel: &CancellationToken,
) -> Result<AcceleratorVerdict, ProbeError> {
    let _ = (launch, qemu, runtime, cache, force, cancel);
    todo!("measured next")
}
