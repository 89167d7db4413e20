use std::io;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::digest::{background, measure, sha256};
use crate::error::LibraryError;
use crate::library::{ImageTool, Library};
use crate::version::{BytesState, Version};

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
        let what = format!("verifying {}", version.display_name());
        if version.bytes == BytesState::Purged {
            return Err(Self::wrong_state(&what, version, "its bytes are gone; build it again"));
        }
        let stage = self.inner.bytes.stage();
        let scratch = stage.as_ref().map_or(self.dir(), |s| s.folder()).to_owned();
        let total: u64 = version.files.iter().map(|f| f.size).sum();
        let mut before = 0;
        let mut files = Vec::new();
        for file in &version.files {
            let path = self.inner.bytes.path(&version.image, version.number, &file.name);
            let mut report = |done: u64, _: u64| progress(before + done, total);
            let (token, words, source) = (cancel.clone(), what.clone(), path.clone());
            let hashed = background(&what, &mut report, move |report| {
                Ok(sha256(&source, &token, report).map_err(|e| (words, e)))
            })
            .await?;
            let verdict = match hashed {
                Err((_, e)) if e.kind() == io::ErrorKind::NotFound => Verdict::Missing,
                Err((what, e)) if e.kind() == io::ErrorKind::Interrupted => {
                    return Err(LibraryError::Cancelled { what });
                }
                Err((_, e)) => Verdict::Unreadable { cause: e.to_string() },
                Ok((found, size)) if found != file.sha256 || size != file.size => Verdict::Differs { found },
                Ok(_) => Verdict::Same,
            };
            files.push(FileVerdict { name: file.name.clone(), expected: file.sha256.clone(), verdict });
            // The same file: what the guest sees in it must be what was recorded, too.
            if let (Some(FileVerdict { verdict: Verdict::Same, .. }), Some(disk)) = (files.last(), &file.disk)
            {
                let found = measure(&what, &path, disk.format, tool, &scratch, cancel).await;
                let verdict = match found {
                    Ok(measured) if measured.content == disk.content => Verdict::Same,
                    Ok(measured) => Verdict::Differs { found: measured.content.to_string() },
                    Err(e @ LibraryError::Cancelled { .. }) => return Err(e),
                    Err(e) => Verdict::Unreadable { cause: e.to_string() },
                };
                let name = format!("{} (content)", file.name);
                files.push(FileVerdict { name, expected: disk.content.to_string(), verdict });
            }
            before += file.size;
        }
        let ok = files.iter().all(|f| f.verdict == Verdict::Same);
        Ok(Verification { version: version.display_name(), ok, files })
    }
}
