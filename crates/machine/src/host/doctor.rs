//! Whether this host is ready, row by row, with what to do where it is not.

use goldsmith_process::{Dirs, Env, Launch};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::probe::AcceleratorVerdict;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, or is not needed by everybody; see the cost.
    Warning,
    /// Builds will fail.
    Failed,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Check {
    /// Stable name, such as `qemu`.
    pub id: String,
    /// For people.
    pub title: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What was seen: versions, paths, numbers.
    pub evidence: String,
    /// What does not work because of it.
    pub cost: Option<String>,
    /// What to do.
    pub remedy: Option<String>,
    /// The command that does it, to be copied.
    pub command: Option<String>,
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Doctor {
    /// The accelerator, with its measurement.
    pub accelerator: AcceleratorVerdict,
    /// Everything else.
    pub checks: Vec<Check>,
}

/// Looks at everything a build needs. `force` measures the accelerators even when a verdict is remembered.
pub async fn doctor(
    launch: &dyn Launch,
    env: &Env,
    dirs: &Dirs,
    force: bool,
    cancel: &CancellationToken,
) -> Doctor {
    let _ = (launch, env, dirs, force, cancel);
    todo!("checked next")
}
