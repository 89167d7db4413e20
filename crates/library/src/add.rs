use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::error::LibraryError;
use crate::facts::Facts;
use crate::format::DiskFormat;
use crate::library::{ImageTool, Library};
use crate::name::ImageName;
use crate::version::Version;

/// A version to be added.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The image it belongs to; made when new.
    pub image: ImageName,
    /// Its files; at least one disk. They are copied (by reflink where the file system can), never moved.
    pub files: Vec<NewFile>,
    /// How it was made.
    pub facts: Facts,
}

/// A file of a version to be added.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Where it is now.
    pub source: PathBuf,
    /// Its name in the library; one path component.
    pub name: String,
    /// For a disk image: its format.
    pub disk: Option<DiskFormat>,
}

impl NewVersion {
    /// The common case: one disk. It is stored as `<image>.<format>`.
    pub fn disk(image: ImageName, source: impl Into<PathBuf>, format: DiskFormat, facts: Facts) -> Self {
        let name = format!("{image}.{format}");
        Self { image, files: vec![NewFile { source: source.into(), name, disk: Some(format) }], facts }
    }
}

/// What [`Library::add`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum AddPhase {
    /// Copying the files into the library.
    Copying,
    /// Computing digests of the copies.
    Hashing,
    /// Flushing to disk and recording.
    Recording,
}

/// Progress of [`Library::add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AddProgress {
    /// The phase.
    pub phase: AddPhase,
    /// Bytes done in this phase.
    #[ts(type = "number")]
    pub done: u64,
    /// Bytes in all in this phase.
    #[ts(type = "number")]
    pub total: u64,
}

impl Library {
    /// Adds a version: the files are staged (reflink or sparse streaming copy), hashed, flushed, moved to
    /// their place in one rename and recorded in one transaction. A crash leaves either the old or the
    /// new state; a staging folder left behind is removed by the next [`Library::open`].
    ///
    /// `tool` is used only for formats that Goldsmith does not read itself (vmdk, vdi, vhdx).
    pub async fn add(
        &self,
        new: NewVersion,
        tool: &ImageTool<'_>,
        cancel: &CancellationToken,
        progress: &mut (dyn FnMut(AddProgress) + Send),
    ) -> Result<Version, LibraryError> {
        let _ = (new, tool, cancel, progress);
        todo!()
    }
}
