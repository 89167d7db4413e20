//! What files hold, as one digest.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Larger files are told apart by size, time and number instead of being read.
const READ_UP_TO: u64 = 64 << 20;

/// The content of a file, or of a folder with all in it: names, permissions, bytes, targets of links.
pub(super) fn content(path: &Path, into: &mut blake3::Hasher) -> io::Result<()> {
    walk(path, into, &mut |path, meta, into| {
        if meta.len() > READ_UP_TO {
            stat(meta, into);
            return Ok(());
        }
        add(into, b"bytes");
        let bytes = fs::read(path)?;
        add(into, &bytes);
        Ok(())
    })
}

/// Changes whenever one of the files is written, and costs no reading: to see whether a file changed in between.
pub(super) fn stamp(path: &Path, into: &mut blake3::Hasher) -> io::Result<()> {
    walk(path, into, &mut |_, meta, into| {
        stat(meta, into);
        Ok(())
    })
}

/// The identity of one file without reading it.
pub(super) fn identity(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    stat(&fs::metadata(path)?, &mut hasher);
    Ok(hasher.finalize().to_hex().to_string())
}

type OfFile<'a> = dyn FnMut(&Path, &Metadata, &mut blake3::Hasher) -> io::Result<()> + 'a;

fn walk(path: &Path, into: &mut blake3::Hasher, of_file: &mut OfFile<'_>) -> io::Result<()> {
    let meta = fs::metadata(path)?;
    into.update(&meta.mode().to_le_bytes());
    if !meta.is_dir() {
        return of_file(path, &meta, into);
    }
    let mut names = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    into.update(&(names.len() as u64).to_le_bytes());
    for name in names {
        add(into, name.as_encoded_bytes());
        let path = path.join(&name);
        if fs::symlink_metadata(&path)?.is_symlink() {
            // Not followed: it could lead round in a circle.
            add(into, fs::read_link(&path)?.as_os_str().as_encoded_bytes());
            if fs::metadata(&path).is_ok_and(|meta| meta.is_file()) {
                walk(&path, into, of_file)?;
            }
        } else {
            walk(&path, into, of_file)?;
        }
    }
    Ok(())
}

fn stat(meta: &Metadata, into: &mut blake3::Hasher) {
    add(into, b"stat");
    for number in [meta.dev(), meta.ino(), meta.len()] {
        into.update(&number.to_le_bytes());
    }
    for number in [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()] {
        into.update(&number.to_le_bytes());
    }
}

/// With its length, so that neighbours cannot be taken for one another.
fn add(into: &mut blake3::Hasher, bytes: &[u8]) {
    into.update(&(bytes.len() as u64).to_le_bytes());
    into.update(bytes);
}
