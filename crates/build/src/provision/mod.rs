//! Provisioners: one small file each behind [`Provisioner`].

mod communicator;
mod environment;
mod file;
mod generalize;
pub(crate) mod meta;
mod shell;
mod shell_local;
mod sleep;
mod ssh;
#[cfg(test)]
mod tests;

pub use communicator::{Communicator, Exit};
pub use file::File;
pub(crate) use generalize::Generalise;
pub use shell::Shell;
pub use shell_local::ShellLocal;
pub use sleep::Sleep;
pub use ssh::SshGuest;
pub(crate) use ssh::sentence;

use std::sync::Arc;

use async_trait::async_trait;

use crate::error::StepError;
use crate::names::Names;
use crate::pipeline::StepContext;
use crate::plan::Sketch;

/// What a provisioner may use.
#[derive(Clone)]
pub struct ProvisionContext {
    /// Journal, log, programs, cancellation, intents. Its cancellation is also the provisioner's `timeout`.
    pub step: StepContext,
    /// The guest; none with `communicator = "none"`.
    pub guest: Option<Arc<dyn Communicator>>,
    /// `PACKER_*` variables and `build.*` values.
    pub names: Names,
}

impl ProvisionContext {
    /// The guest, or an error saying that there is no way to talk to it.
    pub fn guest(&self) -> Result<&dyn Communicator, StepError> {
        self.guest.as_deref().ok_or_else(|| {
            StepError::input("This provisioner works inside the guest, and `communicator` is \"none\".")
                .hint("Set `communicator = \"ssh\"` with `ssh_username`, or use a shell-local provisioner.")
        })
    }
}

/// One kind of provisioner with its decoded options. Meta-arguments (`pause_before`, `timeout`, `max_retries`,
/// `continue_on_error`) are applied around it.
#[async_trait]
pub trait Provisioner: Send + Sync {
    /// What it will do, for the plan. Pure.
    fn sketch(&self) -> Sketch;

    /// Does it.
    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError>;
}
