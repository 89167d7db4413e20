//! Options of Packer that this version does not carry out: a plan that would need them stops with a clear word
//! instead of doing something else.

use goldsmith_template::config::Foreign;
use goldsmith_template::options::Communicator;
use goldsmith_template::{Job, Place};

use crate::plan::PlanError;

fn not_yet(option: &str, place: &Place) -> PlanError {
    PlanError::new(format!("`{option}` is set, and this version of Goldsmith does not carry it out."), place)
}

/// A source without a recipe.
pub(crate) fn no_source(job: &Job, source: &Foreign) -> PlanError {
    PlanError::new(
        format!("Sources of type `{}` are not built by this version of Goldsmith.", source.type_name),
        &job.place,
    )
    .hint("-except leaves it out.")
}

/// A provisioner without a body.
pub(crate) fn no_provisioner(kind: &str, place: &Place) -> PlanError {
    PlanError::new(
        format!("The provisioner `{kind}` is not carried out by this version of Goldsmith."),
        place,
    )
}

/// A `bootstrap` source without a way to log in.
pub(crate) fn bootstrap_needs_ssh(job: &Job) -> PlanError {
    PlanError::new("A `bootstrap` source is provisioned over SSH; `communicator` is \"none\".", &job.place)
        .hint("Leave `communicator` out: the build makes a key for itself and removes it at the end.")
}

/// Ways to the guest that are not there.
pub(crate) fn communicator(job: &Job) -> Result<(), PlanError> {
    let place = &job.place;
    let ssh = match &job.communicator {
        Communicator::None => return Ok(()),
        Communicator::Winrm { .. } => return Ok(()),
        Communicator::Ssh { ssh, .. } => ssh,
    };
    let asked = [
        ("ssh_bastion_host", ssh.ssh_bastion_host.is_some()),
        ("ssh_proxy_host", ssh.ssh_proxy_host.is_some()),
        ("ssh_agent_auth", ssh.ssh_agent_auth),
        ("ssh_certificate_file", ssh.ssh_certificate_file.is_some()),
        ("ssh_remote_tunnels", !ssh.ssh_remote_tunnels.is_empty()),
        ("ssh_local_tunnels", !ssh.ssh_local_tunnels.is_empty()),
        ("ssh_ciphers", !ssh.ssh_ciphers.is_empty()),
        ("ssh_key_exchange_algorithms", !ssh.ssh_key_exchange_algorithms.is_empty()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((option, _)) => Err(not_yet(option, place)),
        None => Ok(()),
    }
}
