//! The disk as templates see it.

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_template::Files;

/// Files of this computer; relative paths start from a folder that was handed in.
#[derive(Debug, Clone)]
pub(crate) struct DiskFiles {
    cwd: PathBuf,
}

impl DiskFiles {
    /// With the folder relative paths start from.
    pub fn new(cwd: impl Into<PathBuf>) -> Self {
        DiskFiles { cwd: cwd.into() }
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(self.cwd.join(path))
    }

    /// As the caller named the folder: a relative one gives relative entries.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(self.cwd.join(path))?;
        let mut paths =
            entries.map(|entry| Ok(path.join(entry?.file_name()))).collect::<io::Result<Vec<PathBuf>>>()?;
        paths.sort();
        Ok(paths)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.cwd.join(path).is_dir()
    }

    fn exists(&self, path: &Path) -> bool {
        self.cwd.join(path).exists()
    }
}
