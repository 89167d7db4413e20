//! Images, versions, exports.

use goldsmith_library::{
    Deploy, DiskFormat, Exported, Image, Package, Packaged, Snippet, Verification, Version,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Every image of the library.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ImageList {
    /// The images, most recently changed first.
    pub images: Vec<Image>,
}

/// Names an image or a version: `debian-base`, `debian-base@3`, `debian-base@latest`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OfImage {
    /// The name.
    pub image: String,
}

/// An image and the version that was asked for.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ImageDetail {
    /// The version asked for, or the newest.
    pub version: Version,
    /// All versions of the image whose bytes are present, newest first.
    pub versions: Vec<Version>,
}

/// Reads a version's bytes again.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct VerifyImage {
    /// The image or version.
    pub image: String,
    /// A name chosen by the asker: progress is on the stream `task/<name>`, `cancel_task` stops it.
    #[serde(default)]
    pub task: Option<String>,
}

/// Whether a version's bytes are what they were.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Verified {
    /// `name@version`.
    pub image: String,
    /// What was found.
    pub verification: Verification,
}

/// Writes a version outside the library.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ExportImage {
    /// The image or version.
    pub image: String,
    /// The format of the file.
    pub format: DiskFormat,
    /// A file, or a folder to put it into.
    pub output: String,
    /// Compress, where the format can.
    #[serde(default)]
    pub compress: bool,
    /// Replace a file that is there.
    #[serde(default)]
    pub force: bool,
    /// A name chosen by the asker: progress is on the stream `task/<name>`, `cancel_task` stops it.
    #[serde(default)]
    pub task: Option<String>,
}

/// Writes a version as a package: an OVA, a box, a VHD, an OCI archive.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PackageImage {
    /// The image or version.
    pub image: String,
    /// As what.
    pub package: Package,
    /// The folder to put it into.
    pub output: String,
    /// Replace a file that is there.
    #[serde(default)]
    pub force: bool,
    /// A name chosen by the asker: progress is on the stream `task/<name>`, `cancel_task` stops it.
    #[serde(default)]
    pub task: Option<String>,
}

/// A package that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PackagedImage {
    /// `name@version`.
    pub image: String,
    /// The package.
    pub packaged: Packaged,
}

/// Asks for what others write to use a version.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DeployImage {
    /// The image or version.
    pub image: String,
    /// Where it goes.
    pub target: Deploy,
}

/// Files to be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeploySnippets {
    /// `name@version`.
    pub image: String,
    /// The files.
    pub snippets: Vec<Snippet>,
}

/// Makes a version of an existing disk image.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ImportImage {
    /// The file: qcow2, raw, vmdk, vdi, vhdx, vhd or OVA.
    pub path: String,
    /// The image it becomes a version of; the file's name when absent.
    pub image: Option<String>,
    /// Its format, which a raw disk without a partition table needs.
    pub format: Option<DiskFormat>,
    /// The user to log in as when the image runs.
    pub ssh_user: Option<String>,
    /// It boots with UEFI firmware.
    pub uefi: bool,
    /// A name chosen by the asker: progress is on the stream `task/<name>`, `cancel_task` stops it.
    pub task: Option<String>,
}

/// The version that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ImportedImage {
    /// The version.
    pub version: Version,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportedImage {
    /// `name@version`.
    pub image: String,
    /// The file.
    pub exported: Exported,
}

/// Versions in the trash.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TrashList {
    /// The versions, newest in the trash first.
    pub versions: Vec<Version>,
}

/// Versions that moved to the trash or back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MovedVersions {
    /// As `name@version`.
    pub versions: Vec<String>,
}

/// Names a running export or verification.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OfTask {
    /// The name its asker chose.
    pub task: String,
}

/// How far a task is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TaskProgress {
    /// What it does now.
    pub title: String,
    /// How much is done, in `unit`.
    pub done: u64,
    /// How much there is, when known.
    pub total: Option<u64>,
    /// `bytes` or `percent`.
    pub unit: String,
    /// Whether it is over.
    pub finished: bool,
}
