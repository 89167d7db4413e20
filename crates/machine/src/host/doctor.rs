//! Whether this host is ready, row by row, with what to do where it is not.

use goldsmith_process::{Dirs, Env, Launch};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::checks::{self, Asker};
use super::facts::{HostFacts, facts};
use super::probe::{AcceleratorVerdict, probe_accelerators};
use super::tools::REQUIREMENTS;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
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

impl Doctor {
    /// The worst of all rows.
    pub fn verdict(&self) -> Verdict {
        self.checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Ok)
    }
}

/// Looks at everything a build needs: what is installed, what the host can do (measured), what is free. `force`
/// measures the accelerators even when a verdict is remembered. Takes under a second when it is.
pub async fn doctor(
    launch: &dyn Launch,
    env: &Env,
    dirs: &Dirs,
    force: bool,
    cancel: &CancellationToken,
) -> Doctor {
    let facts = facts(launch, env, cancel).await;
    let asker = Asker { launch, env, cancel, family: facts.family, is_root: checks::own_uid() == 0 };
    let runtime = checks::runtime_folder(env, dirs);
    let accelerator = measure(launch, &facts, dirs, force, cancel).await;
    let mut rows = vec![checks::accelerator(&asker, &accelerator)];
    for row in REQUIREMENTS {
        rows.push(checks::requirement(&asker, row).await);
    }
    rows.push(checks::firmware(&asker));
    rows.push(checks::namespaces(&asker).await);
    rows.push(checks::memory(&facts));
    rows.push(checks::disk_space(dirs));
    rows.push(runtime);
    Doctor { accelerator, checks: rows }
}

async fn measure(
    launch: &dyn Launch,
    facts: &HostFacts,
    dirs: &Dirs,
    force: bool,
    cancel: &CancellationToken,
) -> AcceleratorVerdict {
    let nothing = |explanation: String| AcceleratorVerdict {
        chosen: "none".to_owned(),
        measured: Vec::new(),
        explanation,
    };
    let Some(qemu) = &facts.qemu else {
        return nothing("QEMU is not installed, so no accelerator could be measured.".to_owned());
    };
    match probe_accelerators(launch, &qemu.path, &dirs.runtime, &dirs.cache, force, cancel).await {
        Ok(verdict) => verdict,
        Err(error) => nothing(error.to_string()),
    }
}

#[cfg(test)]
#[path = "doctor_tests.rs"]
mod tests;
