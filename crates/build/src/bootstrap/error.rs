//! Why an image could not be made from packages.

use std::io;
use std::path::PathBuf;

use goldsmith_process::RunError;

use super::grub::EmbedError;
use crate::download::DownloadError;

/// Why an image could not be made from packages: what, where, why, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// An option's value is not possible.
    #[error("`{option} = \"{value}\"` is not possible here: it must be {want}")]
    Option {
        /// The option.
        option: &'static str,
        /// As written.
        value: String,
        /// What is possible.
        want: &'static str,
    },
    /// The disk holds no system.
    #[error("`disk_size` is {bytes} bytes; an image from packages needs at least {least}")]
    DiskTooSmall {
        /// As written.
        bytes: u64,
        /// The least.
        least: u64,
    },
    /// The system does not fit.
    #[error(
        "the packages unpack to {content} bytes, which do not fit into the root partition of {room} bytes; raise `disk_size`"
    )]
    DoesNotFit {
        /// Bytes of all files.
        content: u64,
        /// Size of the partition in bytes.
        room: u64,
    },
    /// Signatures could not be checked.
    #[error(
        "the keys that sign the packages are not at {path}; install the package {package}, or name the file with `keyring`"
    )]
    NoKeyring {
        /// Where they should be.
        path: PathBuf,
        /// The package that brings them.
        package: &'static str,
    },
    /// The archive cannot be read.
    #[error("the package archive does not answer: {0}")]
    Archive(#[source] DownloadError),
    /// mmdebstrap gave up.
    #[error("mmdebstrap could not make the root file system: {}{}", .said.join("; "), .hint.map(|hint| format!("; {hint}")).unwrap_or_default())]
    Packages {
        /// What it said went wrong.
        said: Vec<String>,
        /// What to do about it.
        hint: Option<&'static str>,
    },
    /// Another program failed.
    #[error("{what}: {source}")]
    Tool {
        /// What it was to do.
        what: &'static str,
        /// How it went.
        source: RunError,
    },
    /// Neither way to keep the files' owners is there.
    #[error(
        "files of other owners cannot be made by this user; install the package fakeroot, or build as root"
    )]
    NoOwnership,
    /// GRUB's images are missing or unusable.
    #[error("{0}; the packages grub-pc-bin, grub-efi-amd64-bin and grub2-common must be in the image")]
    Grub(#[from] EmbedError),
    /// A file could not be read or written.
    #[error("cannot {what} {path}: {source}")]
    File {
        /// `read`, `write`, …
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The disk is full, or would be.
    #[error(
        "no space left for {path}: {needed} bytes are needed, {free} are free; make room or move the cache (GOLDSMITH_HOME)"
    )]
    NoSpace {
        /// What was to be written.
        path: PathBuf,
        /// Bytes it needs.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// It was cancelled.
    #[error("making the image was cancelled")]
    Cancelled,
}

impl BootstrapError {
    pub(super) fn tool(what: &'static str) -> impl FnOnce(RunError) -> Self {
        move |source| match source {
            RunError::Cancelled { .. } => Self::Cancelled,
            source => Self::Tool { what, source },
        }
    }

    pub(super) fn file(what: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| {
            if source.kind() == io::ErrorKind::StorageFull {
                let free = goldsmith_process::space::free(&path).unwrap_or(0);
                return Self::NoSpace { path, needed: free + 1, free };
            }
            Self::File { what, path, source }
        }
    }

    /// From what mmdebstrap, apt and dpkg said.
    pub(super) fn packages(said: Vec<String>) -> Self {
        let all = said.join("\n");
        let about = |words: &[&str]| words.iter().any(|word| all.contains(word));
        let hint = if about(&["NO_PUBKEY", "is not signed", "GPG error", "signatures were invalid"]) {
            Some(
                "the archive is not signed by the keys in `keyring`: another keyring, or another mirror, is needed",
            )
        } else if about(&["newuidmap", "subuid", "unshare", "user namespace", "uid_map"]) {
            Some(
                "this user cannot make user namespaces: install uidmap, give the user a line in /etc/subuid and \
                 /etc/subgid, allow unprivileged user namespaces (`goldsmith doctor` shows which is missing), or build as root",
            )
        } else if about(&["Unable to locate package", "has no installation candidate"]) {
            Some("check the names in `packages` and whether their part of the archive is in `components`")
        } else if about(&["No space left"]) {
            Some("make room in the temporary directory")
        } else if about(&["accessible", "Permission denied"]) {
            Some(
                "the temporary directory must be open to other users' ids: set TMPDIR to such a place, for example /tmp",
            )
        } else {
            None
        };
        Self::Packages { said, hint }
    }
}
