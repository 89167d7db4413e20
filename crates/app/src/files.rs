//! The disk as templates see it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_template::Files;

/// Files of this computer; relative paths start from a folder that was handed in.
#[derive(Debug, Clone)]
pub(crate) struct DiskFiles {
    cwd: PathBuf,
    /// A text that is on no disk, such as one from standard input, with the path it goes by.
    text: Option<(PathBuf, Arc<str>)>,
}

impl DiskFiles {
    /// With the folder relative paths start from.
    pub fn new(cwd: impl Into<PathBuf>) -> Self {
        DiskFiles { cwd: cwd.into(), text: None }
    }

    /// With a text that is on no disk.
    #[must_use]
    pub fn with_text(mut self, path: PathBuf, text: &str) -> Self {
        self.text = Some((path, text.into()));
        self
    }

    fn text(&self, path: &Path) -> Option<&str> {
        self.text.as_ref().filter(|(there, _)| there == path).map(|(_, text)| &**text)
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if let Some(text) = self.text(path) {
            return Ok(text.as_bytes().to_vec());
        }
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
        self.text(path).is_some() || self.cwd.join(path).exists()
    }
}
