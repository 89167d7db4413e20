//! Digests of files, off the async threads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use goldsmith_process::{Invocation, RunError, run_ok};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::disk::{self, Measured};
use crate::error::LibraryError;
use crate::format::DiskFormat;
use crate::library::ImageTool;
use crate::version::{DiskFact, StoredFile};

/// Runs blocking work on its own thread and reports its progress here.
pub(crate) async fn background<T: Send + 'static>(
    what: &str,
    on_progress: &mut (dyn FnMut(u64, u64) + Send),
    work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> Result<T, LibraryError> + Send + 'static,
) -> Result<T, LibraryError> {
    let (send, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::task::spawn_blocking(move || {
        let mut last = None;
        work(&mut |done, total| {
            // A hundred reports are enough.
            let step = (total / 100).max(1);
            let mark = done / step;
            if last != Some(mark) || done == total {
                last = Some(mark);
                let _ = send.send((done, total));
            }
        })
    });
    while let Some((done, total)) = reports.recv().await {
        on_progress(done, total);
    }
    task.await.map_err(|_| LibraryError::Internal { what: what.to_owned() })?
}

/// SHA-256 and length of a file.
pub(crate) fn sha256(
    path: &Path,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let total = file.metadata()?.len();
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1024 * 1024];
    let mut done = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "cancelled"));
        }
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        done += n as u64;
        progress(done, total);
    }
    let hex = hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok((hex, done))
}

/// What a guest sees on a disk image; formats we do not read are first written out as a sparse raw file, beside the
/// image and gone afterwards.
pub(crate) async fn measure(
    what: &str,
    path: &Path,
    format: DiskFormat,
    tool: &ImageTool<'_>,
    scratch: &Path,
    cancel: &CancellationToken,
) -> Result<Measured, LibraryError> {
    match measure_here(what, path.to_owned(), format, cancel).await {
        Err(LibraryError::Io { source, .. }) if source.kind() == io::ErrorKind::Unsupported => {
            let raw = tempfile::Builder::new().prefix(".raw-").tempfile_in(scratch).map_err(|source| {
                LibraryError::Io { what: what.to_owned(), path: scratch.to_owned(), source }
            })?;
            let inv = Invocation::new(tool.qemu_img)
                .args(["convert", "-f", format.name(), "-O", "raw"])
                .arg(path)
                .arg(raw.path());
            run_ok(tool.launch, &inv, cancel, &mut |_| {}).await.map_err(|e| tool_error(what, &inv, &e))?;
            measure_here(what, raw.path().to_owned(), DiskFormat::Raw, cancel).await
        }
        other => other,
    }
}

async fn measure_here(
    what: &str,
    path: PathBuf,
    format: DiskFormat,
    cancel: &CancellationToken,
) -> Result<Measured, LibraryError> {
    let (words, token) = (what.to_owned(), cancel.clone());
    background(what, &mut |_, _| {}, move |report| {
        disk::open(&path, format)
            .and_then(|mut disk| disk::measure(disk.as_mut(), &token, report))
            .map_err(|e| reading(&words, &path, e))
    })
    .await
}

/// An error while reading an image.
pub(crate) fn reading(what: &str, path: &Path, source: io::Error) -> LibraryError {
    let (what, path) = (what.to_owned(), path.to_owned());
    match source.kind() {
        io::ErrorKind::Interrupted => LibraryError::Cancelled { what },
        io::ErrorKind::InvalidData => LibraryError::BadImage { what, path, cause: source.to_string() },
        io::ErrorKind::UnexpectedEof => {
            LibraryError::BadImage { what, path, cause: "it is cut short".to_owned() }
        }
        _ => LibraryError::Io { what, path, source },
    }
}

/// An error of `qemu-img`.
pub(crate) fn tool_error(what: &str, inv: &Invocation, error: &RunError) -> LibraryError {
    match error {
        RunError::Cancelled { .. } => LibraryError::Cancelled { what: what.to_owned() },
        error => {
            LibraryError::Tool { what: what.to_owned(), cause: format!("{error}; the command was: {inv}") }
        }
    }
}

/// All digests of one stored file, SHA-256 and content at the same time.
pub(crate) async fn digest(
    what: &str,
    path: &Path,
    name: &str,
    disk: Option<DiskFormat>,
    tool: &ImageTool<'_>,
    cancel: &CancellationToken,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<StoredFile, LibraryError> {
    let (file, token, words) = (path.to_owned(), cancel.clone(), what.to_owned());
    let hash = background(what, progress, move |report| {
        sha256(&file, &token, report).map_err(|e| reading(&words, &file, e))
    });
    let scratch = path.parent().unwrap_or(path);
    let content = async {
        match disk {
            None => Ok(None),
            Some(format) => {
                let measured = measure(what, path, format, tool, scratch, cancel).await?;
                Ok(Some(DiskFact {
                    format,
                    virtual_size: measured.virtual_size,
                    data_size: measured.data_size,
                    content: measured.content,
                }))
            }
        }
    };
    let ((sha256, size), disk) = tokio::try_join!(hash, content)?;
    Ok(StoredFile { name: name.to_owned(), size, sha256, disk, path: None })
}
