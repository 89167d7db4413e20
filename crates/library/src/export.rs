use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::error::LibraryError;
use crate::format::DiskFormat;
use crate::library::{ImageTool, Library};
use crate::version::Version;

/// What to write and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportRequest {
    /// The format.
    pub format: DiskFormat,
    /// The file to write, or a folder (existing, or ending in `/`) to write `<image>-<number>.<format>` into.
    pub output: PathBuf,
    /// Compress: zstd for qcow2 (readable by QEMU 5.1 and later). vmdk is always compressed; the other
    /// formats cannot be.
    pub compress: bool,
    /// Replace an existing file.
    pub overwrite: bool,
}

/// What an export is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ExportPhase {
    /// Writing; progress in bytes of the virtual size.
    Converting,
    /// Computing the SHA-256 of what was written.
    Hashing,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Exported {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// Its SHA-256 in hex.
    pub sha256: String,
    /// Its format.
    pub format: DiskFormat,
}

impl Library {
    /// Writes a version's main disk to a file of the user's. The file appears under its name only when
    /// complete and flushed; cancelling or failing leaves nothing.
    pub async fn export(
        &self,
        version: &Version,
        request: &ExportRequest,
        tool: &ImageTool<'_>,
        cancel: &CancellationToken,
        progress: &mut (dyn FnMut(ExportPhase, u64, u64) + Send),
    ) -> Result<Exported, LibraryError> {
        let _ = (version, request, tool, cancel, progress);
        todo!()
    }
}
