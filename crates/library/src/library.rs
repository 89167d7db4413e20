use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use goldsmith_process::Launch;
use goldsmith_process::lock::FileLock;
use jiff::Timestamp;

use crate::bytes::{Bytes, PlainFiles};
use crate::error::LibraryError;
use crate::event::Event;
use crate::name::ImageName;
use crate::project::words;
use crate::store::{Appender, Store};
use crate::version::{BytesState, Version};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The system's clock, for programs; tests bring their own.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// How to start `qemu-img`.
#[derive(Clone, Copy)]
pub struct ImageTool<'a> {
    /// The door to programs.
    pub launch: &'a dyn Launch,
    /// The program, found by the caller.
    pub qemu_img: &'a Path,
}

/// A library folder. Cheap to clone; safe to use from several threads and processes at once.
///
/// Methods that are not `async` block for the time of a short database transaction; from async code that is
/// fine unless another process holds the writer lock for long, which none does.
#[derive(Clone)]
pub struct Library {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) dir: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bytes: Arc<dyn Bytes>,
    store: Mutex<Store>,
    read_only: bool,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Library({})", self.inner.dir.display())
    }
}

impl Library {
    /// Opens the library in `dir`, making it when absent, and removes what a crash may have left.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, LibraryError> {
        Self::open_with(dir, clock, Arc::new(PlainFiles::new(dir)))
    }

    /// As [`Library::open`], with another place for the bytes.
    pub fn open_with(dir: &Path, clock: Arc<dyn Clock>, bytes: Arc<dyn Bytes>) -> Result<Self, LibraryError> {
        let what = "opening the library";
        fs::create_dir_all(dir).map_err(|e| in_library(what, dir, dir, 0, e))?;
        let lock = FileLock::exclusive(dir.join("lock")).map_err(|e| in_library(what, dir, dir, 0, e))?;
        let store = Store::open(&dir.join("library.sqlite"), false)?;
        drop(lock);
        let library = Self {
            inner: Arc::new(Inner {
                dir: dir.to_owned(),
                clock,
                bytes,
                store: Mutex::new(store),
                read_only: false,
            }),
        };
        library.sweep()?;
        Ok(library)
    }

    /// Opens an existing library for reading only: nothing is made, removed or changed.
    pub fn open_read_only(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, LibraryError> {
        let path = dir.join("library.sqlite");
        if !path.exists() {
            let cause = "there is no such file".to_owned();
            return Err(LibraryError::NotALibrary { path, cause });
        }
        let store = Mutex::new(Store::open(&path, true)?);
        let bytes = Arc::new(PlainFiles::new(dir));
        Ok(Self { inner: Arc::new(Inner { dir: dir.to_owned(), clock, bytes, store, read_only: true }) })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// A number that grows with every change by any process; cheap to poll.
    pub fn revision(&self) -> Result<i64, LibraryError> {
        self.store().revision()
    }

    /// Every event in order, after checking that none was changed by hand.
    pub fn events(&self) -> Result<Vec<Event>, LibraryError> {
        self.store().events()
    }

    /// Makes all tables anew from the events.
    pub fn rebuild(&self) -> Result<(), LibraryError> {
        self.writable("rebuilding the library's tables")?;
        self.store().rebuild()
    }

    /// The tables as text, one line per row, to compare two states of a library.
    pub fn dump(&self) -> Result<Vec<String>, LibraryError> {
        self.store().dump()
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.inner.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn writable(&self, what: &str) -> Result<(), LibraryError> {
        if !self.inner.read_only {
            return Ok(());
        }
        let source = io::Error::new(io::ErrorKind::PermissionDenied, "it was opened for reading only");
        Err(LibraryError::ReadOnly { what: what.to_owned(), dir: self.inner.dir.clone(), source })
    }

    /// Waits for the right to write, which at most one process has.
    pub(crate) fn lock(&self, what: &str) -> Result<FileLock, LibraryError> {
        self.writable(what)?;
        let path = self.inner.dir.join("lock");
        FileLock::exclusive(&path).map_err(|e| in_library(what, &self.inner.dir, &path, 0, e))
    }

    /// Runs a transaction; the caller holds the writer lock.
    pub(crate) fn write<T>(
        &self,
        what: &str,
        _held: &FileLock,
        work: impl FnOnce(&mut Appender<'_>) -> Result<T, LibraryError>,
    ) -> Result<T, LibraryError> {
        self.store().write(what, work)
    }

    pub(crate) fn with_paths(&self, mut version: Version) -> Version {
        if version.bytes != BytesState::Purged {
            for file in &mut version.files {
                file.path = Some(self.inner.bytes.path(&version.image, version.number, &file.name));
            }
        }
        version
    }

    /// Removes what crashed processes left. Skipped while another process writes: it will be there next time.
    fn sweep(&self) -> Result<(), LibraryError> {
        let what = "clearing the library of what a crash left";
        let path = self.inner.dir.join("lock");
        let failed = |e| in_library(what, &self.inner.dir, &path, 0, e);
        let Some(_lock) = FileLock::try_exclusive(&path).map_err(failed)? else { return Ok(()) };
        let kept = self.store().versions("WHERE bytes <> 'purged'", [])?;
        let kept: std::collections::HashSet<(ImageName, u32)> =
            kept.into_iter().map(|v| (v.image, v.number)).collect();
        self.inner.bytes.sweep(&|image, number| kept.contains(&(image.clone(), number))).map_err(failed)
    }

    pub(crate) fn wrong_state(what: &str, version: &Version, remedy: &'static str) -> LibraryError {
        LibraryError::WrongState {
            what: what.to_owned(),
            version: version.display_name(),
            state: words(version.bytes),
            remedy,
        }
    }
}

/// Puts an error of a file operation inside the library into words.
pub(crate) fn in_library(
    what: &str,
    dir: &Path,
    path: &Path,
    needed: u64,
    source: io::Error,
) -> LibraryError {
    let what = what.to_owned();
    match source.kind() {
        io::ErrorKind::Interrupted => LibraryError::Cancelled { what },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            LibraryError::ReadOnly { what, dir: dir.to_owned(), source }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            let free = goldsmith_process::space::free(dir).unwrap_or(0);
            LibraryError::NoSpace { what, dir: dir.to_owned(), needed, free }
        }
        _ => LibraryError::Io { what, path: path.to_owned(), source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_become_sentences() {
        let dir = Path::new("/");
        let say = |kind: io::ErrorKind| {
            in_library("adding x", dir, Path::new("/f"), 5 << 20, kind.into()).to_string()
        };
        let full = say(io::ErrorKind::StorageFull);
        assert!(
            full.contains("adding x: no space left in /: 5 MiB needed") && full.contains("purge"),
            "{full}"
        );
        let locked = say(io::ErrorKind::ReadOnlyFilesystem);
        assert!(
            locked.contains("the library in / cannot be written") && locked.contains("ls -ld"),
            "{locked}"
        );
        assert!(say(io::ErrorKind::NotFound).contains("/f failed"));
        assert!(say(io::ErrorKind::Interrupted).contains("cancelled"));
    }
}
