use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::content::ContentId;
use crate::facts::Facts;
use crate::format::DiskFormat;
use crate::life::{Life, Standing};
use crate::name::ImageName;

/// The id of a version, unique also among libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(as = "String")]
pub struct VersionId(pub Uuid);

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the bytes of a version are in their life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum BytesState {
    /// Readable.
    Present,
    /// Deleted by the user, still on disk, restorable.
    Trashed,
    /// Gone for good; the record remains.
    Purged,
}

/// One version of an image. Immutable but for `bytes` and `life`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// The image it belongs to.
    pub image: ImageName,
    /// 1, 2, 3 ... within the image; never used twice.
    pub number: u32,
    /// When it entered the library.
    #[ts(type = "string")]
    pub created_at: Timestamp,
    /// Identity of what a guest sees on its disk(s).
    pub content: ContentId,
    /// The main disk's format.
    pub format: DiskFormat,
    /// Size of the main disk as the guest sees it, in bytes.
    #[ts(type = "number")]
    pub virtual_size: u64,
    /// Bytes of all files as `ls` shows them.
    #[ts(type = "number")]
    pub stored_size: u64,
    /// The files, main disk first.
    pub files: Vec<StoredFile>,
    /// How it was made.
    pub facts: Facts,
    /// Where its bytes are in their life.
    pub bytes: BytesState,
    /// Where it stands, as `life` amounts to.
    #[serde(default)]
    pub state: Standing,
    /// What was done to it since it was made.
    #[serde(default)]
    pub life: Life,
    /// When it was deleted to the trash, if it is there.
    #[ts(type = "string | null")]
    pub trashed_at: Option<Timestamp>,
}

impl Version {
    /// `name@number`.
    pub fn display_name(&self) -> String {
        format!("{}@{}", self.image, self.number)
    }

    /// The main disk.
    pub fn disk(&self) -> Option<&StoredFile> {
        self.files.iter().find(|f| f.disk.is_some())
    }
}

/// One file of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct StoredFile {
    /// Its name within the version.
    pub name: String,
    /// Length in bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// For a disk: its format and content.
    pub disk: Option<DiskFact>,
    /// The absolute path, filled in when read from a library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "string | null")]
    pub path: Option<PathBuf>,
}

/// What is known of a disk file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct DiskFact {
    /// Its format.
    pub format: DiskFormat,
    /// Size as the guest sees it, in bytes.
    #[ts(type = "number")]
    pub virtual_size: u64,
    /// Bytes of guest content that are not zero, counted in whole chunks.
    #[ts(type = "number")]
    pub data_size: u64,
    /// Identity of the content.
    pub content: ContentId,
}

/// An image: a name and what is under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Image {
    /// Its name.
    pub name: ImageName,
    /// Number of versions whose bytes are present.
    pub versions: u32,
    /// The newest present version.
    pub latest: Option<Version>,
}
