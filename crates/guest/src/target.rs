use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::keys::PrivateKey;
use crate::route::Route;
use crate::secret::Secret;
use crate::tunnel::Tunnel;

/// Whom to talk to and how.
#[derive(Clone, Debug)]
pub struct SshTarget {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Login name (`ssh_username`).
    pub username: String,
    /// Ways to log in. Tried as Packer does: the agent, keys, then passwords (each password also answers
    /// keyboard-interactive prompts), whatever their order here.
    pub auth: Vec<Auth>,
    /// How long and how often to try.
    pub patience: Patience,
    /// Ask for a terminal when running commands (`ssh_pty`).
    pub pty: bool,
    /// How files travel (`ssh_file_transfer_method`, default scp).
    pub transfer: TransferMethod,
    /// Interval of keep-alive requests; `None` sends none (`ssh_keep_alive_interval`, default 5 s,
    /// negative in a template means none).
    pub keep_alive: Option<Duration>,
    /// A session that receives nothing for this long is dropped (`ssh_read_write_timeout`, default off).
    pub idle_timeout: Option<Duration>,
    /// How connections get there.
    pub route: Route,
    /// Ports here that lead into the guest's network (`ssh_local_tunnels`).
    pub local_tunnels: Vec<Tunnel>,
    /// Ports in the guest that lead into ours (`ssh_remote_tunnels`).
    pub remote_tunnels: Vec<Tunnel>,
    /// What is offered instead of the default.
    pub algorithms: Algorithms,
    /// The socket of the agent that commands in the guest may ask; `None` forwards none.
    pub forward_agent: Option<PathBuf>,
}

/// Algorithms offered to the server instead of the default ones.
#[derive(Clone, Debug, Default)]
pub struct Algorithms {
    pub(crate) ciphers: Option<Cow<'static, [russh::cipher::Name]>>,
    pub(crate) exchanges: Option<Cow<'static, [russh::kex::Name]>>,
}

impl Algorithms {
    /// Reads names as OpenSSH writes them (`ssh_ciphers`, `ssh_key_exchange_algorithms`); an empty list is the
    /// default.
    ///
    /// # Errors
    /// The name that is not known, with those that are.
    pub fn parse(ciphers: &[String], exchanges: &[String]) -> Result<Self, String> {
        fn known<'a, N: TryFrom<&'a str>>(
            names: &'a [String],
            all: &[String],
        ) -> Result<Option<Vec<N>>, String> {
            if names.is_empty() {
                return Ok(None);
            }
            let read = |name: &'a String| {
                N::try_from(name)
                    .map_err(|_| format!("\"{name}\" is not known here; known are {}", all.join(", ")))
            };
            names.iter().map(read).collect::<Result<Vec<N>, String>>().map(Some)
        }
        let all_ciphers: Vec<String> =
            russh::cipher::ALL_CIPHERS.iter().map(|name| name.as_ref().to_owned()).collect();
        let all_exchanges: Vec<String> =
            russh::kex::ALL_KEX_ALGORITHMS.iter().map(|name| name.as_ref().to_owned()).collect();
        Ok(Self {
            ciphers: known::<russh::cipher::Name>(ciphers, &all_ciphers)?.map(Cow::Owned),
            exchanges: known::<russh::kex::Name>(exchanges, &all_exchanges)?.map(Cow::Owned),
        })
    }
}

impl SshTarget {
    /// A target with Packer's defaults and no way to log in yet.
    pub fn new(host: impl Into<String>, port: u16, username: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            username: username.into(),
            auth: Vec::new(),
            patience: Patience::default(),
            pty: false,
            transfer: TransferMethod::Scp,
            keep_alive: Some(Duration::from_secs(5)),
            idle_timeout: None,
            route: Route::Direct,
            local_tunnels: Vec::new(),
            remote_tunnels: Vec::new(),
            algorithms: Algorithms::default(),
            forward_agent: None,
        }
    }

    /// Adds a private key.
    pub fn with_key(mut self, key: PrivateKey) -> Self {
        self.auth.push(Auth::Key(key));
        self
    }

    /// Adds a password.
    pub fn with_password(mut self, password: Secret) -> Self {
        self.auth.push(Auth::Password(password));
        self
    }

    /// Adds the keys of an agent.
    pub fn with_agent(mut self, socket: impl Into<PathBuf>) -> Self {
        self.auth.push(Auth::Agent(socket.into()));
        self
    }

    /// `host:port`, for messages.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// One way to log in.
#[derive(Clone, Debug)]
pub enum Auth {
    /// A password, used for the `password` and the `keyboard-interactive` methods.
    Password(Secret),
    /// A private key.
    Key(PrivateKey),
    /// The keys of the agent at this socket.
    Agent(PathBuf),
}

/// How long and how often [`crate::connect`] tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// Give up after this long; `None` waits until cancelled.
    pub timeout: Option<Duration>,
    /// Give up after this many refused logins; `None` does not count them.
    pub handshake_attempts: Option<u32>,
}

impl Patience {
    /// Packer's coupling of `ssh_timeout` and `ssh_handshake_attempts` (0 counts as unset): with both
    /// unset it is 5 minutes and 10 attempts; with one set the other is without limit.
    pub fn packer(ssh_timeout: Option<Duration>, ssh_handshake_attempts: Option<u32>) -> Self {
        let timeout = ssh_timeout.filter(|t| !t.is_zero());
        let attempts = ssh_handshake_attempts.filter(|n| *n != 0);
        match (timeout, attempts) {
            (None, None) => Self { timeout: Some(Duration::from_secs(5 * 60)), handshake_attempts: Some(10) },
            (timeout, handshake_attempts) => Self { timeout, handshake_attempts },
        }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self::packer(None, None)
    }
}

/// How files travel (`ssh_file_transfer_method`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum TransferMethod {
    /// The scp protocol; needs an `scp` program in the guest. Packer's default.
    #[default]
    Scp,
    /// The SFTP subsystem.
    Sftp,
}

/// What the wait for a guest has reached. Reported through the callback of [`crate::connect`] whenever it
/// changes, so that a reader of the journal can see what a build is waiting for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Nothing has answered yet: the port refuses, resets or drops connections.
    Connecting,
    /// A connection is open and silent. QEMU's user network accepts before the guest listens, so
    /// with a forwarded port this does not prove that the guest is there.
    PortOpen,
    /// An SSH server introduced itself.
    Banner {
        /// Its first line, for example `SSH-2.0-OpenSSH_9.2p1`.
        text: String,
    },
    /// The key exchange is done.
    HostKey {
        /// The server's key as `SHA256:...`.
        fingerprint: String,
    },
    /// The server refused the login.
    AuthRefused {
        /// The methods it offers.
        methods: Vec<String>,
    },
    /// Logged in.
    Ready,
}

impl Stage {
    /// A number that grows with progress, to compare stages.
    pub fn rank(&self) -> u8 {
        match self {
            Stage::Connecting => 0,
            Stage::PortOpen => 1,
            Stage::Banner { .. } => 2,
            Stage::HostKey { .. } => 3,
            Stage::AuthRefused { .. } => 4,
            Stage::Ready => 5,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Connecting => f.write_str("nothing answers on the SSH port yet"),
            Stage::PortOpen => {
                f.write_str("the port accepts connections, no SSH server has introduced itself yet")
            }
            Stage::Banner { text } => write!(f, "the SSH server introduced itself as {text}"),
            Stage::HostKey { fingerprint } => write!(f, "key exchange done, host key {fingerprint}"),
            Stage::AuthRefused { methods } if methods.is_empty() => {
                f.write_str("the login was refused; the server offers no further method")
            }
            Stage::AuthRefused { methods } => {
                write!(f, "the login was refused; the server offers {}", methods.join(", "))
            }
            Stage::Ready => f.write_str("logged in"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_coupled_as_in_packer() {
        let minute = Duration::from_secs(60);
        let both = Patience::packer(None, None);
        assert_eq!((both.timeout, both.handshake_attempts), (Some(5 * minute), Some(10)));
        assert_eq!(Patience::packer(Some(minute), None).handshake_attempts, None);
        assert_eq!(Patience::packer(None, Some(3)).timeout, None);
        let given = Patience::packer(Some(minute), Some(3));
        assert_eq!((given.timeout, given.handshake_attempts), (Some(minute), Some(3)));
        assert_eq!(Patience::packer(Some(Duration::ZERO), Some(0)), Patience::default());
    }

    #[test]
    fn a_target_never_prints_its_password() {
        let target = SshTarget::new("::1", 22, "root").with_password(Secret::new("hunter2"));
        assert!(!format!("{target:?}").contains("hunter2"));
        assert_eq!(target.address(), "[::1]:22");
    }
}
