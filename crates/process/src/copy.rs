//! Copying large files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{copy_file_range, ioctl_ficlone};
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;

/// How the bytes got there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The file system shares the blocks of both files until one is changed.
    Reflinked,
    /// Copied, holes left out.
    Copied,
}

/// Bytes between two looks at the cancel token.
const PIECE: u64 = 16 * 1024 * 1024;

/// Copies a regular file over `dst` (made or truncated) in constant memory. By reflink where the file system can,
/// else only its data extents: holes stay holes. Blocks the thread: from async code use `spawn_blocking`.
/// `progress` gets bytes of data done and to do. Not synced to disk. When `cancel` fires, the result is an
/// `Interrupted` error; then, as after any error, `dst` is removed.
pub fn file(
    src: &Path,
    dst: &Path,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Method> {
    let from = File::open(src)?;
    let to = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o666).open(dst)?;
    let copied = contents(from, to, cancel, progress);
    if copied.is_err() {
        let _ = fs::remove_file(dst);
    }
    copied
}

fn contents(
    mut from: File,
    mut to: File,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Method> {
    let length = from.metadata()?.len();
    if ioctl_ficlone(&to, &from).is_ok() {
        progress(length, length);
        return Ok(Method::Reflinked);
    }
    to.set_len(length)?;
    let extents = extents(&from, length)?;
    let total = extents.iter().map(|(start, end)| end - start).sum();
    let mut done = 0;
    let mut in_kernel = true;
    progress(0, total);
    for (start, end) in extents {
        let mut at = start;
        while at < end {
            if cancel.is_cancelled() {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "the copy was cancelled"));
            }
            let piece = (end - at).min(PIECE);
            let count = if in_kernel {
                match piece_in_kernel(&from, &to, at, piece)? {
                    Some(count) => count,
                    None => {
                        in_kernel = false;
                        continue;
                    }
                }
            } else {
                piece_by_hand(&mut from, &mut to, at, piece)?
            };
            if count == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file shrank while being copied",
                ));
            }
            at += count;
            done += count;
            progress(done, total);
        }
    }
    Ok(Method::Copied)
}

/// Ranges of a file's first `length` bytes that may hold data, as (start, end), in order. A file system that cannot
/// tell has one.
pub fn extents(file: &File, length: u64) -> io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < length {
        let start = match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(Errno::NXIO) => break,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(vec![(0, length)]),
            Err(error) => return Err(error.into()),
        };
        let end = rustix::fs::seek(file, rustix::fs::SeekFrom::Hole(start))?.min(length);
        found.push((start, end));
        at = end;
    }
    Ok(found)
}

/// `None` when the kernel cannot copy between these two files.
fn piece_in_kernel(from: &File, to: &File, at: u64, piece: u64) -> io::Result<Option<u64>> {
    let (mut here, mut there) = (at, at);
    match copy_file_range(
        from,
        Some(&mut here),
        to,
        Some(&mut there),
        usize::try_from(piece).unwrap_or(usize::MAX),
    ) {
        Ok(0) => Ok(None),
        Ok(count) => Ok(Some(count as u64)),
        Err(Errno::INTR) => piece_in_kernel(from, to, at, piece),
        Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn piece_by_hand(from: &mut File, to: &mut File, at: u64, piece: u64) -> io::Result<u64> {
    from.seek(SeekFrom::Start(at))?;
    to.seek(SeekFrom::Start(at))?;
    let mut buffer = vec![0; 1024 * 1024];
    let mut done = 0;
    while done < piece {
        let want = usize::try_from(piece - done).unwrap_or(usize::MAX).min(buffer.len());
        let count = from.read(&mut buffer[..want])?;
        if count == 0 {
            break;
        }
        to.write_all(&buffer[..count])?;
        done += count as u64;
    }
    Ok(done)
}
