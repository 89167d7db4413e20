//! Talking to a guest: SSH by `russh`, file transfer by scp or SFTP, and a wait that explains itself.
//!
//! The semantics follow Packer's communicator (authentication order, the coupling of
//! `ssh_timeout` and `ssh_handshake_attempts`, scp as the default transfer, 2300218 as the exit code of a
//! lost connection). The waiting itself is our own: it notices a guest within a fraction of a second
//! and says what it has reached.

mod adapter;
mod attempts;
mod connect;
mod error;
mod exec;
mod handshake;
mod keys;
mod knock;
mod lines;
mod route;
mod scp;
mod scp_wire;
mod secret;
mod session;
mod sftp;
mod shell;
mod target;
mod transfer;
mod tunnel;
mod walk;
mod winrm;

pub use adapter::{Adapter, AdapterKeys};
pub use connect::connect;
pub use error::{ConnectCause, ConnectError, KeyError, SessionError, TransferError};
pub use exec::{DISCONNECT_EXIT_CODE, ExecExit, Stream};
pub use keys::{KeyKind, KeyPair, PrivateKey};
pub use route::{Bastion, Proxy, Route};
pub use secret::Secret;
pub use session::Session;
pub use shell::Shell;
pub use target::{Algorithms, Auth, Patience, SshTarget, Stage, TransferMethod};
pub use transfer::{Progress, Transferred};
pub use tunnel::Tunnel;
pub use winrm::{Login, NtlmError, WinrmError, WinrmSession, WinrmTarget};
