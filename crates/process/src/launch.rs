//! Starting what an [`Invocation`] describes.

use std::io;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::{Child, Invocation};

/// Starts programs: [`crate::System`] for real, [`crate::Scripted`] in tests.
#[async_trait]
pub trait Launch: Send + Sync {
    /// Starts the program in a process group of its own and returns at once.
    async fn launch(&self, inv: &Invocation) -> Result<Child, LaunchError>;
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// No such program.
    #[error(
        "{program} was not found; install it, or give its full path (`goldsmith doctor` names the package)"
    )]
    NotFound {
        /// As given in the invocation.
        program: PathBuf,
    },
    /// The folder it should run in is not there.
    #[error("{program} cannot run in {folder}: there is no such folder")]
    NoFolder {
        /// As given in the invocation.
        program: PathBuf,
        /// As given in the invocation.
        folder: PathBuf,
    },
    /// It may not be executed.
    #[error("{program} may not be executed by this user; check its permissions (and `noexec` mounts)")]
    NotPermitted {
        /// As given in the invocation.
        program: PathBuf,
    },
    /// The output file could not be opened.
    #[error("cannot open {file} for the output of {program}: {source}")]
    Output {
        /// As given in the invocation.
        program: PathBuf,
        /// The log file.
        file: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Anything else the system said.
    #[error("cannot start {program}: {source}")]
    Os {
        /// As given in the invocation.
        program: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A scripted launch met an invocation nobody expected.
    #[error("the script does not expect `{invocation}`; next is {next}")]
    Unscripted {
        /// As printed.
        invocation: String,
        /// What the script has next.
        next: String,
    },
}
