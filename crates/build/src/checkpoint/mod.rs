//! Checkpoints: what a build was like at the edge of a step, kept so that the next build can begin there.
//!
//! There are two kinds. After the disk of a `bootstrap` source was made, the disk is kept. After a step of a running
//! machine, the machine is kept as it stands: it is frozen, its memory is written by QEMU's migration, its disks are
//! copied (by reflink where the file system can), and it goes on. A later build whose inputs are equal up to that
//! edge starts the machine from there, in about a second.
//!
//! [`JobInputs`] says what a job's steps depend on, [`Store`] keeps what was taken, [`JobCheckpoints`] brings both
//! together while a build runs. The decision and its measurements are in `docs/decisions/0020-checkpoints.md`.

mod contents;
mod inputs;
mod job;
mod mark;
mod store;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use inputs::{JobInputs, Made};
pub(crate) use job::{JobCheckpoints, base_of_image};
pub use mark::mark;
pub(crate) use mark::{Base, Planned};
pub use store::{Edge, Entry, Limits, Record, Store};

/// When checkpoints are taken and how many are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Whether there are any.
    pub enabled: bool,
    /// One is taken only where the steps since the last one took at least so long.
    pub after: Duration,
    /// What is kept.
    pub limits: Limits,
    /// Steps of each job whose options are new at every evaluation (`timestamp()`, `uuidv4()`): the source as
    /// `None`, provisioners by their place.
    pub volatile: Vec<(String, Option<usize>)>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            enabled: true,
            after: Duration::from_secs(30),
            limits: Limits::default(),
            volatile: Vec::new(),
        }
    }
}
