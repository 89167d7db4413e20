//! Making an image nobody's: what must not be in two machines, and what only the build needed, is removed.
//!
//! The result is a POSIX shell script that runs in the guest as root, as the last thing before it is switched off. It
//! works on any Linux: what is not there is passed over, and what a running service would write back at shutdown is
//! stopped first.

mod script;

use goldsmith_template::options::GeneralizeOptions;
use serde::{Deserialize, Serialize};

pub use script::script;

/// The sudo rule a `bootstrap` build gives its user.
pub const BUILD_SUDOERS: &str = "/etc/sudoers.d/90-goldsmith-build";

/// What is removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generalize {
    /// machine-id, random seed, host id.
    pub machine_id: bool,
    /// SSH host keys; made anew at the next boot.
    pub ssh_host_keys: bool,
    /// What the build used to get in.
    pub build_credentials: bool,
    /// cloud-init's memory of having run.
    pub cloud_init: bool,
    /// Logs.
    pub logs: bool,
    /// Shell history and the like.
    pub history: bool,
    /// Downloaded packages and package lists.
    pub package_caches: bool,
}

impl Default for Generalize {
    fn default() -> Self {
        Self {
            machine_id: true,
            ssh_host_keys: true,
            build_credentials: true,
            cloud_init: true,
            logs: true,
            history: true,
            package_caches: true,
        }
    }
}

impl From<&GeneralizeOptions> for Generalize {
    fn from(options: &GeneralizeOptions) -> Self {
        Self {
            machine_id: options.machine_id,
            ssh_host_keys: options.ssh_host_keys,
            build_credentials: options.build_credentials,
            cloud_init: options.cloud_init,
            logs: options.logs,
            history: options.history,
            package_caches: options.package_caches,
        }
    }
}

/// How this build got in: all of it goes with [`Generalize::build_credentials`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The public keys the build put into `authorized_keys`, as `type base64` (a comment after it does not matter).
    pub public_keys: Vec<String>,
    /// Users whose password the build knows: it is locked.
    pub lock_passwords: Vec<String>,
    /// A user the build made: removed with its home.
    pub remove_user: Option<String>,
}

/// What happens after the cleaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing: somebody else switches the machine off.
    Nothing,
    /// The script switches the machine off itself, because afterwards nobody can log in any more.
    PowerOff,
}

impl Generalize {
    /// What will be removed, in words, for the plan.
    #[must_use]
    pub fn list(&self) -> Vec<&'static str> {
        let rows = [
            (self.build_credentials, "the build's key in authorized_keys, its password and its user"),
            (self.machine_id, "machine-id, random seed and host id"),
            (self.ssh_host_keys, "SSH host keys (made anew at the next boot)"),
            (self.cloud_init, "cloud-init's state"),
            (self.logs, "logs, mail and crash reports"),
            (self.history, "shell history and other traces of sessions"),
            (self.package_caches, "downloaded packages and package lists"),
            (true, "DHCP leases, generated resolver settings and temporary files"),
        ];
        rows.into_iter().filter_map(|(wanted, text)| wanted.then_some(text)).collect()
    }
}

#[cfg(test)]
mod tests;
