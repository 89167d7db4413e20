use std::path::PathBuf;
use std::time::Duration;

use crate::target::Stage;

/// Why a private key could not be used or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is no private key, or its passphrase is missing or wrong.
    #[error(
        "the private key {origin} cannot be read: {cause}; give a key made by `ssh-keygen` (ed25519, ecdsa or rsa) without a passphrase"
    )]
    Unreadable {
        /// Where the key came from, as the user knows it.
        origin: String,
        /// What the parser says.
        cause: String,
    },
    /// The text is no certificate, or not one of the key.
    #[error(
        "the certificate {origin} cannot be used: {cause}; give the one `ssh-keygen -s` made for the key"
    )]
    Certificate {
        /// Where it came from.
        origin: String,
        /// What is wrong.
        cause: String,
    },
    /// Making a key failed.
    #[error("a temporary {kind} key cannot be made: {cause}")]
    Generate {
        /// The kind asked for.
        kind: String,
        /// What went wrong.
        cause: String,
    },
}

/// Why [`crate::connect`] or [`crate::Session::reconnect`] gave up.
#[derive(Debug, thiserror::Error)]
#[error("no SSH session as {username} on {address} after {}: {cause}; {}", seconds(.elapsed), .cause.remedy(.furthest))]
pub struct ConnectError {
    /// `host:port`.
    pub address: String,
    /// Login name.
    pub username: String,
    /// Time spent trying.
    pub elapsed: Duration,
    /// The furthest stage any attempt reached.
    pub furthest: Stage,
    /// Why it ended.
    pub cause: ConnectCause,
}

impl ConnectError {
    /// Whether the caller cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, ConnectCause::Cancelled)
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> &'static str {
        self.cause.remedy(&self.furthest)
    }
}

fn seconds(elapsed: &Duration) -> String {
    if elapsed.as_secs() >= 10 {
        format!("{} s", elapsed.as_secs())
    } else {
        format!("{:.1} s", elapsed.as_secs_f64())
    }
}

/// The cause inside a [`ConnectError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectCause {
    /// The caller's token fired.
    #[error("cancelled")]
    Cancelled,
    /// Nothing accepted a connection.
    #[error("nothing listened on the port (last answer: {last})")]
    NothingListened {
        /// The last error from the network.
        last: String,
    },
    /// Connections were accepted, but no SSH server spoke.
    #[error("the port accepted connections but no SSH server introduced itself (last answer: {last})")]
    NoBanner {
        /// How the last connection ended.
        last: String,
    },
    /// The server spoke, but the key exchange failed.
    #[error("the SSH server {banner} answered but the key exchange failed: {last}")]
    Handshake {
        /// The server's first line.
        banner: String,
        /// What failed.
        last: String,
    },
    /// The login was refused.
    #[error("the login was refused {attempts} time(s); tried {tried}; the server offers {offered}")]
    AuthRefused {
        /// Number of logins refused.
        attempts: u32,
        /// What we tried, for example `publickey (ssh-ed25519 SHA256:...)`.
        tried: String,
        /// The methods the server offers.
        offered: String,
    },
    /// There is no key and no password to log in with.
    #[error("there is neither a key nor a password to log in with")]
    NothingToTry,
    /// A bastion or a proxy on the way does not let us through.
    #[error("the guest was not reached: {cause}")]
    Way {
        /// Which, and what it said.
        cause: String,
    },
    /// A tunnel cannot be opened.
    #[error("{cause}")]
    Tunnel {
        /// Which, and why.
        cause: String,
    },
    /// On `reconnect`: another host answered.
    #[error("the host key changed from {pinned} to {found}")]
    HostKeyChanged {
        /// Fingerprint of the first session.
        pinned: String,
        /// Fingerprint now.
        found: String,
    },
}

impl ConnectCause {
    /// What the user can do.
    fn remedy(&self, furthest: &Stage) -> &'static str {
        match self {
            ConnectCause::Cancelled => "nothing more was tried",
            ConnectCause::NothingListened { .. } => {
                "look at the guest's screen: it may still be booting, have no network, or have no SSH server; raise ssh_timeout if it is only slow"
            }
            ConnectCause::NoBanner { .. } => {
                "look at the guest's screen: it may still be booting, its network may be down, or no SSH server may be installed or started; check ssh_port, and raise ssh_timeout if it is only slow"
            }
            ConnectCause::Handshake { .. } => {
                "check that the port belongs to an SSH server with current algorithms and that its host keys exist"
            }
            ConnectCause::AuthRefused { .. } => {
                "check ssh_username and the key or password, and that the guest was told about them (cloud-init seed, preseed, authorized_keys)"
            }
            ConnectCause::NothingToTry => {
                "set ssh_password, ssh_private_key_file or ssh_agent_auth, or allow the temporary key"
            }
            ConnectCause::Way { .. } => {
                "check the ssh_bastion_ or ssh_proxy_ options, and that the host is up"
            }
            ConnectCause::Tunnel { .. } => {
                "choose another port, and check that the server allows forwarding (AllowTcpForwarding)"
            }
            ConnectCause::HostKeyChanged { .. } if furthest.rank() >= 3 => {
                "a step replaced the guest's host keys or another machine answers on this port; do that step last"
            }
            ConnectCause::HostKeyChanged { .. } => "another machine answers on this port",
        }
    }
}

/// Why a command could not be run or its end not be learnt.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The caller's token fired; the command was told to stop and its channel closed.
    #[error("cancelled")]
    Cancelled,
    /// The command never started: the connection was lost before, and connecting anew failed.
    #[error("the command was not started because the guest could not be reached again: {0}")]
    Reconnect(#[from] ConnectError),
    /// The server refused to start the command.
    #[error(
        "the guest's SSH server refused to start {what}: {cause}; check its configuration (ForceCommand, Subsystem, MaxSessions)"
    )]
    Refused {
        /// What was asked for.
        what: String,
        /// What the server said.
        cause: String,
    },
    /// The connection broke while asking for the command.
    #[error(
        "the connection to the guest was lost while starting {what}: {cause}; look at the guest's screen, it may have rebooted or stopped"
    )]
    Lost {
        /// What was asked for.
        what: String,
        /// What the transport said.
        cause: String,
    },
}

/// Why a file or folder did not travel.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The caller's token fired. A partly written file may remain in the guest.
    #[error("cancelled")]
    Cancelled,
    /// A channel could not be opened.
    #[error("{what}: {source}")]
    Session {
        /// What was being done, with both paths.
        what: String,
        /// The cause.
        #[source]
        source: Box<SessionError>,
    },
    /// A local file could not be read or written.
    #[error("{what}: the local path {} failed: {source}", path.display())]
    Local {
        /// What was being done, with both paths.
        what: String,
        /// The local path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The guest refused.
    #[error("{what}: the guest says: {message}; {remedy}")]
    Remote {
        /// What was being done, with both paths.
        what: String,
        /// Its words.
        message: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The local file changed while it was being sent.
    #[error(
        "{what}: the file changed its size while it was sent (announced {announced}, found {found} bytes); run the step again when nothing writes to it"
    )]
    Changed {
        /// What was being done, with both paths.
        what: String,
        /// Size at the start.
        announced: u64,
        /// Bytes found.
        found: u64,
    },
    /// The guest sent something that is not the protocol, or a name that leaves the target folder.
    #[error("{what}: the guest's answer cannot be accepted: {message}")]
    Protocol {
        /// What was being done, with both paths.
        what: String,
        /// What was wrong.
        message: String,
    },
    /// The connection broke half way.
    #[error(
        "{what}: the connection to the guest was lost after {bytes} bytes; look at the guest's screen, it may have rebooted or stopped"
    )]
    Lost {
        /// What was being done, with both paths.
        what: String,
        /// Bytes transferred before.
        bytes: u64,
    },
}
