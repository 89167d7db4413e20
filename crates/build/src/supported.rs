//! Options of Packer that this version does not carry out: a plan that would need them stops with a clear word
//! instead of doing something else.

use goldsmith_template::config::Foreign;
use goldsmith_template::options::Communicator;
use goldsmith_template::{Job, Place};

use crate::plan::PlanError;

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
    match &job.communicator {
        Communicator::Ssh { ssh, .. } if ssh.ssh_bastion_interactive => {
            let why = "`ssh_bastion_interactive` asks for a password on the terminal; a build has none.";
            Err(PlanError::new(why, place)
                .hint("Set ssh_bastion_password, a key, or ssh_bastion_agent_auth."))
        }
        _ => Ok(()),
    }
}
