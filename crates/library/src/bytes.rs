use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use goldsmith_process::durable::sync_dir;
use goldsmith_process::lock::FileLock;

use crate::name::ImageName;

/// Where the bytes of versions are kept.
///
/// The life of a version's bytes is: [`Bytes::stage`] gives an empty private folder; the caller fills it;
/// [`Bytes::seal`] makes it durable; [`Bytes::publish`] moves it to its place in one step; [`Bytes::remove`]
/// gives it up; [`Bytes::sweep`] removes what crashed processes left. `publish`, `remove` and `sweep` are called
/// only by the holder of the library's writer lock.
pub trait Bytes: Send + Sync {
    /// A new private folder on the same file system as the versions.
    fn stage(&self) -> io::Result<Stage>;
    /// Flushes a stage to the disk, before the writer lock is taken.
    fn seal(&self, stage: &Stage) -> io::Result<()>;
    /// Moves a sealed stage to the place of a version. Something unrecorded in that place is removed.
    fn publish(&self, stage: Stage, image: &ImageName, number: u32) -> io::Result<()>;
    /// Where a file of a version is. Never changes while the version lives, so overlays may name it.
    fn path(&self, image: &ImageName, number: u32, file: &str) -> PathBuf;
    /// Removes the bytes of a version; absent ones are fine.
    fn remove(&self, image: &ImageName, number: u32) -> io::Result<()>;
    /// Removes stages of dead processes, and the bytes of versions for which `known` says no.
    fn sweep(&self, known: &dyn Fn(&ImageName, u32) -> bool) -> io::Result<()>;
}

/// A private folder for a version in the making. Dropped, it is removed; left by a killed process, its lock is
/// free and the next sweep removes it.
#[derive(Debug)]
pub struct Stage {
    folder: PathBuf,
    lock: Option<FileLock>,
}

impl Stage {
    /// The folder to fill.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            let _ = fs::remove_dir_all(&self.folder);
            let _ = fs::remove_file(lock.path());
        }
    }
}

/// Plain files: `bytes/<image>/<number>/<file>`, stages in `staging/`.
#[derive(Clone, Debug)]
pub struct PlainFiles {
    bytes: PathBuf,
    staging: PathBuf,
}

impl PlainFiles {
    /// Keeps the bytes below a library's folder.
    pub fn new(library: &Path) -> Self {
        Self { bytes: library.join("bytes"), staging: library.join("staging") }
    }

    fn folder(&self, image: &ImageName, number: u32) -> PathBuf {
        self.bytes.join(image.as_str()).join(number.to_string())
    }
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|e| e.map(|e| e.path())).collect(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}

impl Bytes for PlainFiles {
    fn stage(&self) -> io::Result<Stage> {
        fs::create_dir_all(&self.staging)?;
        // The lock is there, and held, before the folder: a sweep never finds a folder of a living process unlocked.
        let name = tempfile::Builder::new().prefix("add-").suffix(".lock").tempfile_in(&self.staging)?;
        let (_, lock_path) = name.keep().map_err(|e| e.error)?;
        let lock = FileLock::exclusive(&lock_path)?;
        let folder = lock_path.with_extension("");
        let stage = Stage { folder, lock: Some(lock) };
        fs::create_dir(&stage.folder)?;
        Ok(stage)
    }

    fn seal(&self, stage: &Stage) -> io::Result<()> {
        for file in entries(&stage.folder)? {
            fs::File::open(&file)?.sync_all()?;
        }
        sync_dir(&stage.folder)
    }

    fn publish(&self, mut stage: Stage, image: &ImageName, number: u32) -> io::Result<()> {
        let place = self.folder(image, number);
        let above = self.bytes.join(image.as_str());
        if !above.is_dir() {
            fs::create_dir_all(&above)?;
            sync_dir(&self.bytes)?;
        }
        absent_is_fine(fs::remove_dir_all(&place))?;
        fs::rename(&stage.folder, &place)?;
        if let Some(lock) = stage.lock.take() {
            let _ = fs::remove_file(lock.path());
        }
        sync_dir(&above)
    }

    fn path(&self, image: &ImageName, number: u32, file: &str) -> PathBuf {
        self.folder(image, number).join(file)
    }

    fn remove(&self, image: &ImageName, number: u32) -> io::Result<()> {
        absent_is_fine(fs::remove_dir_all(self.folder(image, number)))?;
        // The image's folder goes with its last version; when others are in it, it stays.
        let _ = fs::remove_dir(self.bytes.join(image.as_str()));
        Ok(())
    }

    fn sweep(&self, known: &dyn Fn(&ImageName, u32) -> bool) -> io::Result<()> {
        for path in entries(&self.staging)? {
            if path.extension().is_some_and(|e| e == "lock") {
                // A lock we get belonged to a process that is gone.
                if let Some(lock) = FileLock::try_exclusive(&path)? {
                    absent_is_fine(fs::remove_dir_all(path.with_extension("")))?;
                    absent_is_fine(fs::remove_file(lock.path()))?;
                }
            } else if path.is_dir() && !path.with_extension("lock").exists() {
                absent_is_fine(fs::remove_dir_all(&path))?;
            }
        }
        for image_folder in entries(&self.bytes)? {
            let Some(image) = component(&image_folder).and_then(|name| ImageName::new(name).ok()) else {
                continue;
            };
            for version in entries(&image_folder)? {
                let number = component(&version).and_then(|n| n.parse().ok());
                // What we did not name, we do not remove.
                if let Some(number) = number
                    && !known(&image, number)
                {
                    self.remove(&image, number)?;
                }
            }
        }
        Ok(())
    }
}

fn component(path: &Path) -> Option<&str> {
    path.file_name().and_then(|n| n.to_str())
}
