//! Locks which the kernel releases when their holder dies.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// An exclusive lock on a file (`flock`). Held until dropped, or until the process is gone, however it went. The
/// file stays; its content is nobody's business here.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock if it is free; `None` when another holder has it. The file is made when absent, its folder
    /// must exist.
    pub fn try_exclusive(path: impl AsRef<Path>) -> io::Result<Option<Self>> {
        Self::take(path.as_ref(), FlockOperation::NonBlockingLockExclusive)
    }

    /// Waits for the lock. Blocks the thread: from async code use `spawn_blocking`.
    pub fn exclusive(path: impl AsRef<Path>) -> io::Result<Self> {
        loop {
            if let Some(lock) = Self::take(path.as_ref(), FlockOperation::LockExclusive)? {
                return Ok(lock);
            }
        }
    }

    /// Shares a file that must be there and need not be writable: nobody gets it for themselves
    /// ([`Self::try_alone`]) until this is dropped.
    pub fn shared(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = File::open(path.as_ref())?;
        flock(&file, FlockOperation::LockShared)?;
        Ok(Self { _file: file, path: path.as_ref().to_owned() })
    }

    /// Takes a file that must be there and need not be writable, unless others share it.
    pub fn try_alone(path: impl AsRef<Path>) -> io::Result<Option<Self>> {
        let file = File::open(path.as_ref())?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { _file: file, path: path.as_ref().to_owned() })),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The locked file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn take(path: &Path, how: FlockOperation) -> io::Result<Option<Self>> {
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            match flock(&file, how) {
                Ok(()) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            // Somebody may have removed or replaced the file between open and lock: then we hold nothing.
            let ours = file.metadata()?;
            match path.metadata() {
                Ok(there) if there.dev() == ours.dev() && there.ino() == ours.ino() => {
                    return Ok(Some(Self { _file: file, path: path.to_owned() }));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
}
