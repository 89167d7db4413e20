//! Files that are there whole, or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Replaces a file's content so that after a crash it has either the old or the new one: written beside it, synced,
/// renamed over it, the folder synced. The mode follows the umask.
pub fn write(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    let mut staged = Staged::beside(path.as_ref())?;
    staged.write_all(bytes)?;
    staged.commit().map(drop)
}

/// As [`write`], readable and writable by this user only: for what holds secrets.
pub fn write_private(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    let mut staged = Staged::with_mode(path.as_ref(), 0o600)?;
    staged.write_all(bytes)?;
    staged.commit().map(drop)
}

/// Makes the names in a folder durable: a rename or a new file in it survives a crash.
pub fn sync_dir(folder: impl AsRef<Path>) -> io::Result<()> {
    File::open(non_empty(folder.as_ref()))?.sync_all()
}

/// A file in the making beside its target. Write it (through [`Write`], or let a program write to [`Self::path`]),
/// then [`commit`](Self::commit). Dropped before that, it is removed.
#[derive(Debug)]
pub struct Staged {
    temp: NamedTempFile,
    target: PathBuf,
}

impl Staged {
    /// An empty file beside `target`, with the mode the umask gives.
    pub fn beside(target: impl AsRef<Path>) -> io::Result<Self> {
        Self::with_mode(target.as_ref(), 0o666)
    }

    fn with_mode(target: &Path, mode: u32) -> io::Result<Self> {
        let bad =
            || io::Error::new(io::ErrorKind::InvalidInput, format!("{} names no file", target.display()));
        let name = target.file_name().ok_or_else(bad)?.to_string_lossy().into_owned();
        let temp = Builder::new()
            .prefix(&format!(".{name}."))
            .suffix(".part")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder_of(target))?;
        Ok(Self { temp, target: target.to_owned() })
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        self.temp.path()
    }

    /// Where it will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The open file.
    pub fn file_mut(&mut self) -> &mut File {
        self.temp.as_file_mut()
    }

    /// Makes it durable under its final name, replacing what is there. Returns that name.
    pub fn commit(self) -> io::Result<PathBuf> {
        self.sync()?;
        self.temp.persist(&self.target).map_err(|error| error.error)?;
        sync_dir(folder_of(&self.target))?;
        Ok(self.target)
    }

    /// As [`commit`](Self::commit), but fails with `AlreadyExists` when the name is taken.
    pub fn commit_new(self) -> io::Result<PathBuf> {
        self.sync()?;
        self.temp.persist_noclobber(&self.target).map_err(|error| error.error)?;
        sync_dir(folder_of(&self.target))?;
        Ok(self.target)
    }

    /// Under its final name without waiting for the disk: for what may be lost in a crash.
    pub fn commit_unsynced(self) -> io::Result<PathBuf> {
        self.temp.persist(&self.target).map_err(|error| error.error)?;
        Ok(self.target)
    }

    /// Opened anew: another program may have replaced the file under its name.
    fn sync(&self) -> io::Result<()> {
        fs::OpenOptions::new().write(true).open(self.temp.path())?.sync_all()
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temp.flush()
    }
}

fn folder_of(path: &Path) -> &Path {
    non_empty(path.parent().unwrap_or(Path::new("")))
}

fn non_empty(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn replaces_whole_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        write(&file, b"one").unwrap();
        write(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["state.json"]);
        write_private(folder.path().join("key"), b"k").unwrap();
        assert_eq!(folder.path().join("key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_not_committed_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut staged = Staged::beside(folder.path().join("image")).unwrap();
        staged.write_all(b"half").unwrap();
        assert_eq!(staged.path().parent(), Some(folder.path()), "beside: the same file system");
        assert_eq!(names(folder.path()).len(), 1);
        drop(staged);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn commit_new_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("v1");
        write(&file, b"first").unwrap();
        let mut staged = Staged::beside(&file).unwrap();
        staged.write_all(b"second").unwrap();
        assert_eq!(staged.commit_new().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["v1"]);
    }

    #[test]
    fn a_program_may_replace_the_staged_file() {
        let folder = tempfile::tempdir().unwrap();
        let staged = Staged::beside(folder.path().join("disk")).unwrap();
        let other = folder.path().join("other");
        fs::write(&other, b"made elsewhere").unwrap();
        fs::rename(&other, staged.path()).unwrap();
        assert_eq!(fs::read(staged.commit().unwrap()).unwrap(), b"made elsewhere");
    }

    #[test]
    fn names_that_cannot_be_files() {
        assert_eq!(write("/", b"").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(write("/no/such/folder/x", b"").unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
