use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::error::LibraryError;
use crate::library::{ImageTool, Library};
use crate::version::Version;

/// The outcome for one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// As recorded.
    Same,
    /// Not there.
    Missing,
    /// Other bytes than recorded.
    Differs {
        /// SHA-256 (or content identity) found.
        found: String,
    },
    /// Could not be read.
    Unreadable {
        /// What the system said.
        cause: String,
    },
}

/// One file's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FileVerdict {
    /// The file.
    pub name: String,
    /// What was recorded.
    pub expected: String,
    /// What was found.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The outcome of [`Library::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Verification {
    /// `name@number`.
    pub version: String,
    /// Every file as recorded?
    pub ok: bool,
    /// Per file.
    pub files: Vec<FileVerdict>,
}

impl Library {
    /// Reads every file of a version again and compares size, SHA-256 and content with the record.
    pub async fn verify(
        &self,
        version: &Version,
        tool: &ImageTool<'_>,
        cancel: &CancellationToken,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Verification, LibraryError> {
        let _ = (version, tool, cancel, progress);
        todo!()
    }
}
