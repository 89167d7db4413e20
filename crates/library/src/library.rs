use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_process::Launch;
use jiff::Timestamp;

use crate::error::LibraryError;
use crate::version::{Image, Version, VersionId};

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
#[derive(Clone)]
pub struct Library {
    #[allow(dead_code)]
    inner: Arc<PathBuf>,
}

impl Library {
    /// Opens the library in `dir`, making it when absent, and removes what a crash may have left.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, LibraryError> {
        let _ = (dir, clock);
        todo!()
    }

    /// Opens an existing library for reading only: nothing is made, removed or changed.
    pub fn open_read_only(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, LibraryError> {
        let _ = (dir, clock);
        todo!()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.inner
    }

    /// A number that grows with every change by any process; cheap to poll.
    pub fn revision(&self) -> Result<i64, LibraryError> {
        todo!()
    }

    /// All images that have a version with bytes present, by name.
    pub fn images(&self) -> Result<Vec<Image>, LibraryError> {
        todo!()
    }

    /// The versions of an image whose bytes are present, newest first.
    pub fn versions(&self, image: &str) -> Result<Vec<Version>, LibraryError> {
        let _ = image;
        todo!()
    }

    /// One version by id, whatever the state of its bytes.
    pub fn version(&self, id: VersionId) -> Result<Version, LibraryError> {
        let _ = id;
        todo!()
    }

    /// Finds a version: `name` or `name@latest` (the newest present one), `name@3`, a unique prefix of a name
    /// in place of the name, or a version's id or a unique prefix of it (8 characters or more).
    pub fn resolve(&self, reference: &str) -> Result<Version, LibraryError> {
        let _ = reference;
        todo!()
    }
}
