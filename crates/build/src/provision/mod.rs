//! Provisioners: one small file each behind [`Provisioner`].

mod adapter;
mod ansible;
mod ansible_local;
mod breakpoint;
mod chef;
mod chef_client;
mod communicator;
mod elevated;
mod environment;
mod file;
mod generalize;
mod goss;
mod inspec;
pub(crate) mod meta;
mod powershell;
mod puppet;
mod reboot;
mod salt;
mod sbom;
mod scripts;
mod shell;
mod shell_local;
mod sleep;
mod ssh;
mod staging;
#[cfg(test)]
mod tests;
mod windows_restart;
mod windows_shell;
mod windows_update;
mod winrm;

pub use ansible::Ansible;
pub use ansible_local::AnsibleLocal;
pub use breakpoint::Breakpoint;
pub use chef::ChefSolo;
pub use chef_client::ChefClient;
pub use communicator::{Communicator, Exit};
pub use file::File;
pub(crate) use generalize::Generalise;
pub use goss::Goss;
pub use inspec::Inspec;
pub use powershell::Powershell;
pub use puppet::{PuppetMasterless, PuppetServer};
pub use reboot::Reboot;
pub use salt::SaltMasterless;
pub use sbom::Sbom;
pub use shell::Shell;
pub use shell_local::ShellLocal;
pub use sleep::Sleep;
pub use ssh::SshGuest;
pub(crate) use ssh::sentence;
pub use windows_restart::WindowsRestart;
pub use windows_shell::WindowsShell;
pub use windows_update::WindowsUpdate;
pub use winrm::WinrmGuest;
pub(crate) use winrm::winrm_error;

use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_template::config::Provisioner as Kind;

use crate::error::StepError;
use crate::journal::AskedScript;
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

    /// Whether a person may decide to go on without it.
    fn can_be_left_out(&self) -> bool {
        true
    }

    /// The commands a person may change before it is tried again.
    fn script(&self, _cx: &ProvisionContext) -> Option<AskedScript> {
        None
    }

    /// Takes commands of a person in the place of the template's own ([`AskedScript::inline`]).
    fn rewrite(&self, _inline: &str) {}
}

/// The provisioner of a step, with its id; none for one that needs more than its own options (`generalize`) or is
/// not built here.
pub(crate) fn of(kind: &Kind) -> Option<(&'static str, Arc<dyn Provisioner>)> {
    Some(match kind {
        Kind::Shell(options) => ("shell", Arc::new(Shell::new((**options).clone()))),
        Kind::File(options) => ("file", Arc::new(File::new((**options).clone()))),
        Kind::ShellLocal(options) => ("shell-local", Arc::new(ShellLocal::new((**options).clone()))),
        Kind::Sleep(options) => ("sleep", Arc::new(Sleep::new(options.clone()))),
        Kind::Breakpoint(options) => ("breakpoint", Arc::new(Breakpoint::new(options.clone()))),
        Kind::Reboot(options) => ("reboot", Arc::new(Reboot::new((**options).clone()))),
        Kind::Powershell(options) => ("powershell", Arc::new(Powershell::new((**options).clone()))),
        Kind::WindowsShell(options) => ("windows-shell", Arc::new(WindowsShell::new((**options).clone()))),
        Kind::WindowsRestart(options) => {
            ("windows-restart", Arc::new(WindowsRestart::new((**options).clone())))
        }
        Kind::WindowsUpdate(options) => ("windows-update", Arc::new(WindowsUpdate::new((**options).clone()))),
        Kind::Ansible(options) => ("ansible", Arc::new(Ansible::new((**options).clone()))),
        Kind::AnsibleLocal(options) => ("ansible-local", Arc::new(AnsibleLocal::new((**options).clone()))),
        Kind::PuppetMasterless(options) => {
            ("puppet-masterless", Arc::new(PuppetMasterless::new((**options).clone())))
        }
        Kind::PuppetServer(options) => ("puppet-server", Arc::new(PuppetServer::new((**options).clone()))),
        Kind::ChefSolo(options) => ("chef-solo", Arc::new(ChefSolo::new((**options).clone()))),
        Kind::ChefClient(options) => ("chef-client", Arc::new(ChefClient::new((**options).clone()))),
        Kind::Inspec(options) => ("inspec", Arc::new(Inspec::new((**options).clone()))),
        Kind::SaltMasterless(options) => {
            ("salt-masterless", Arc::new(SaltMasterless::new((**options).clone())))
        }
        Kind::Sbom(options) => ("sbom", Arc::new(Sbom::new((**options).clone()))),
        Kind::Goss(options) => ("goss", Arc::new(Goss::new((**options).clone()))),
        _ => return None,
    })
}
