//! What a build acquires and must give back, in a form that outlives the process which acquired it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use goldsmith_process::ProcessIdentity;

/// Something outside our memory. Its identity is chosen by us before it exists, so that whoever reads the journal
/// after a crash can tell ours from anybody else's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Resource {
    /// A program that runs for longer than one call.
    Process {
        /// For people: `qemu-system-x86_64`.
        name: String,
        /// How to recognise it.
        mark: ProcessMark,
    },
    /// A folder with all that is in it. Made under `staged` and then renamed to `path`, so that a folder somebody
    /// else makes at `path` is never taken for ours.
    Directory {
        /// Where it ends up.
        path: String,
        /// Where it is made; a name nobody else uses.
        staged: String,
    },
    /// A file at a name nobody else uses.
    File {
        /// Absolute path.
        path: String,
    },
    /// A unix socket at a name nobody else uses.
    Socket {
        /// Absolute path.
        path: String,
    },
    /// A port we listen on, closed by the kernel when we die.
    Listener {
        /// `127.0.0.1:8123`; before it is bound, the range.
        address: String,
    },
    /// A lock file, released by the kernel when its holder dies; the file itself may stay.
    Lock {
        /// Absolute path.
        path: String,
    },
}

impl Resource {
    /// For people.
    pub fn describe(&self) -> String {
        match self {
            Self::Process { name, .. } => format!("process {name}"),
            Self::Directory { path, .. } => format!("folder {path}"),
            Self::File { path } => format!("file {path}"),
            Self::Socket { path } => format!("socket {path}"),
            Self::Listener { address } => format!("listening on {address}"),
            Self::Lock { path } => format!("lock {path}"),
        }
    }
}

/// How to recognise a process whose start nobody may have seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProcessMark {
    /// A value nobody else uses, in its environment as `GOLDSMITH_MARK`.
    pub mark: String,
    /// Its control socket, when it answers there with its own identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// The UUID it answers with there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
}

/// What is known of a resource once it was acquired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// The chosen identity says all.
    Plain,
    /// Which process.
    Process {
        /// Number, start time, boot.
        identity: ProcessIdentity,
    },
    /// Which file or folder.
    Node {
        /// Device and number.
        node: NodeIdentity,
    },
}

/// A file or folder, told apart from one that was put in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NodeIdentity {
    /// Device.
    #[ts(type = "number")]
    pub device: u64,
    /// Number on it.
    #[ts(type = "number")]
    pub inode: u64,
}

impl NodeIdentity {
    /// Of what is at the path now; links are not followed.
    pub fn of(path: &std::path::Path) -> std::io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::symlink_metadata(path)?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }
}
