use std::io;
use std::path::{Path, PathBuf};

use goldsmith_process::durable::Staged;
use goldsmith_process::{Invocation, copy, run_ok, space};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::digest::{background, reading, sha256, tool_error};
use crate::error::LibraryError;
use crate::format::DiskFormat;
use crate::library::{ImageTool, Library};
use crate::version::{BytesState, DiskFact, Version};

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
    /// The main disk of a version whose bytes are there.
    pub(crate) fn present_disk<'v>(
        &self,
        what: &str,
        version: &'v Version,
    ) -> Result<(PathBuf, &'v DiskFact), LibraryError> {
        if version.bytes != BytesState::Present {
            return Err(Self::wrong_state(what, version, "restore it from the trash first"));
        }
        let (file, disk) = version
            .files
            .iter()
            .find_map(|f| f.disk.as_ref().map(|d| (f, d)))
            .ok_or_else(|| LibraryError::Internal { what: what.to_owned() })?;
        let source = self.inner.bytes.path(&version.image, version.number, &file.name);
        if !source.is_file() {
            let (what, cause) = (what.to_owned(), "it is missing".to_owned());
            return Err(LibraryError::Damaged { what, path: source, cause });
        }
        Ok((source, disk))
    }

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
        let what = format!("exporting {} to {}", version.display_name(), request.format);
        let (source, disk) = self.present_disk(&what, version)?;
        let target = target(&what, version, request)?;
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let plain_copy =
            disk.format == request.format && !request.compress && request.format != DiskFormat::Vmdk;
        let needed = if plain_copy { allocated(&source) } else { least_size(request, disk.data_size) };
        let at = |e: io::Error| writing(&what, &target, needed, e);
        let free = space::free(folder).map_err(at)?;
        if !plain_copy && free < needed {
            return Err(LibraryError::NoSpace { what, dir: folder.to_owned(), needed, free });
        }

        let staged = Staged::beside(&target).map_err(at)?;
        if plain_copy {
            let (to, token) = (staged.path().to_owned(), cancel.clone());
            let copied = background(
                &what,
                &mut |done, total| progress(ExportPhase::Converting, done, total),
                move |report| Ok(copy::file(&source, &to, &token, report)),
            )
            .await?;
            copied.map_err(at)?;
        } else {
            let inv = conversion(tool, &source, disk.format, request, staged.path());
            let size = disk.virtual_size;
            let converted = run_ok(tool.launch, &inv, cancel, &mut |line| {
                if let Some(share) = percent(&line.text) {
                    #[allow(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        clippy::cast_precision_loss
                    )]
                    progress(ExportPhase::Converting, (size as f64 * share / 100.0) as u64, size);
                }
            })
            .await;
            converted.map_err(|e| {
                let full = e.to_string().contains("No space left");
                if full { at(io::ErrorKind::StorageFull.into()) } else { tool_error(&what, &inv, &e) }
            })?;
        }

        let (path, token, words) = (staged.path().to_owned(), cancel.clone(), what.clone());
        let (sha256, size) = background(
            &what,
            &mut |done, total| progress(ExportPhase::Hashing, done, total),
            move |report| sha256(&path, &token, report).map_err(|e| reading(&words, &path, e)),
        )
        .await?;
        let commit = if request.overwrite { Staged::commit } else { Staged::commit_new };
        let committed = tokio::task::spawn_blocking(move || commit(staged))
            .await
            .map_err(|_| LibraryError::Internal { what: what.clone() })?;
        match committed {
            Ok(path) => Ok(Exported { path, size, sha256, format: request.format }),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(LibraryError::Exists { path: target }),
            Err(e) => Err(at(e)),
        }
    }
}

/// The file to write. Makes the folder when the output names one that is absent.
fn target(what: &str, version: &Version, request: &ExportRequest) -> Result<PathBuf, LibraryError> {
    let output = &request.output;
    let names_folder = output.as_os_str().as_encoded_bytes().ends_with(b"/");
    let target = if output.is_dir() || names_folder {
        std::fs::create_dir_all(output).map_err(|e| writing(what, output, 0, e))?;
        output.join(format!("{}-{}.{}", version.image, version.number, request.format))
    } else {
        output.clone()
    };
    if target.exists() && (!request.overwrite || target.is_dir()) {
        return Err(LibraryError::Exists { path: target });
    }
    Ok(target)
}

pub(crate) fn writing(what: &str, target: &Path, needed: u64, source: io::Error) -> LibraryError {
    let what = what.to_owned();
    let dir = target.parent().unwrap_or(target).to_owned();
    match source.kind() {
        io::ErrorKind::Interrupted => LibraryError::Cancelled { what },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            let free = space::free(&dir).unwrap_or(0);
            LibraryError::NoSpace { what, dir, needed, free }
        }
        _ => LibraryError::Io { what, path: target.to_owned(), source },
    }
}

fn allocated(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| std::os::unix::fs::MetadataExt::blocks(&m) * 512)
}

/// What the export takes at least. What compression saves is not known before, so only an eighth is asked for.
fn least_size(request: &ExportRequest, data: u64) -> u64 {
    let compressed =
        request.format == DiskFormat::Vmdk || (request.compress && request.format == DiskFormat::Qcow2);
    if compressed { data / 8 } else { data }
}

/// The `qemu-img` command. `-W` (any order of writing) and 16 coroutines where measurements showed a gain.
fn conversion(
    tool: &ImageTool<'_>,
    source: &Path,
    from: DiskFormat,
    request: &ExportRequest,
    to: &Path,
) -> Invocation {
    let inv = Invocation::new(tool.qemu_img).args([
        "convert",
        "-p",
        "-f",
        from.name(),
        "-O",
        request.format.name(),
    ]);
    let inv = match request.format {
        DiskFormat::Qcow2 if request.compress => {
            inv.args(["-c", "-o", "compression_type=zstd", "-m", "16", "-W"])
        }
        DiskFormat::Qcow2 | DiskFormat::Raw => inv.args(["-m", "4", "-W"]),
        DiskFormat::Vmdk => inv.args(["-o", "subformat=streamOptimized"]),
        DiskFormat::Vdi => inv,
        DiskFormat::Vhdx => inv.args(["-o", "subformat=dynamic"]),
    };
    inv.arg(source).arg(to)
}

/// A share from `qemu-img -p`: `    (12.34/100%)`.
pub(crate) fn percent(line: &str) -> Option<f64> {
    line.trim().strip_prefix('(')?.split_once('/')?.0.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_the_meter() {
        assert_eq!(percent("    (12.50/100%)"), Some(12.5));
        assert_eq!(percent("qemu-img: warning"), None);
    }
}
