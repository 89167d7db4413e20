//! Open templates and the disk: what changed there, merging, saving.

use std::fs::Metadata;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use goldsmith_process::durable::{self, Staged};
use goldsmith_template::project::Merged;
use goldsmith_template::{Edit, Files as _};

use super::Session;
use crate::core::Core;
use crate::error::WireError;
use crate::wire::{Changed, DiskConflict, DiskMerge, Keep};

/// What a file was when it was last read or written: cheap to compare before its bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: (i64, i64),
    len: u64,
    inode: u64,
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        Stamp { modified: (meta.mtime(), meta.mtime_nsec()), len: meta.len(), inode: meta.ino() }
    }
}

impl Session {
    /// Remembers what the files on disk are now.
    pub(super) fn stamp_all(&mut self) {
        self.stamps.clear();
        for path in self.project.known_files() {
            self.stamp(&path);
        }
    }

    fn stamp(&mut self, path: &Path) {
        match self.cwd.join(path).metadata() {
            Ok(meta) => self.stamps.insert(path.to_owned(), Stamp::of(&meta)),
            Err(_) => self.stamps.remove(path),
        };
    }

    /// The bytes on disk; nothing when there is no such file.
    fn on_disk(&self, path: &Path) -> std::io::Result<Option<Vec<u8>>> {
        match self.files.read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What tells the state of a file on disk from others; nothing when there is none.
    pub fn disk_stamp(&self, path: &Path) -> Option<Stamp> {
        self.cwd.join(path).metadata().ok().map(|meta| Stamp::of(&meta))
    }

    /// Files that are no longer on disk as they were read or written. The time stamp decides where it is the same,
    /// the bytes where it is not.
    pub fn changed_on_disk(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for path in self.project.known_files() {
            let stamp = self.disk_stamp(&path);
            if stamp.is_some() && stamp == self.stamps.get(&path).copied() {
                continue;
            }
            match self.on_disk(&path) {
                Ok(there) if there.as_deref() == self.project.saved_bytes(&path) => self.stamp(&path),
                _ => changed.push(path),
            }
        }
        changed
    }

    /// A new file must not be there already.
    pub(super) fn refuse_existing(&self, edit: &Edit) -> Result<(), WireError> {
        let file = match edit {
            Edit::CreateFile { file, .. } | Edit::MoveScriptToFile { file, .. } => file,
            Edit::Several { edits } => {
                return edits.iter().try_for_each(|edit| self.refuse_existing(edit));
            }
            _ => return Ok(()),
        };
        let path = self.project.root().join(file);
        // One that undo took back may still be there: it is ours.
        if self.files.exists(&path) && self.project.saved_bytes(&path).is_none() {
            return Err(WireError::input("file_exists", format!("{file} exists already"))
                .hint("Choose another name."));
        }
        Ok(())
    }

    /// Takes in what other programs changed, where the text here did not change in the same lines.
    pub fn merge_disk(&mut self, core: &Core) -> DiskMerge {
        let (mut merged, mut conflicts) = (Vec::new(), Vec::new());
        let mut patches = Vec::new();
        for path in self.changed_on_disk() {
            // What cannot be read now is not taken for deleted.
            let Ok(theirs) = self.on_disk(&path) else { continue };
            let file = path.to_string_lossy().into_owned();
            match self.project.merge(&path, theirs.as_deref()) {
                Some(Merged::Done(change)) => {
                    patches.extend(change.patches);
                    merged.push(file);
                    self.stamp(&path);
                }
                Some(Merged::Conflict(conflict)) => {
                    let (deleted, difference) = (conflict.deleted, conflict.difference);
                    conflicts.push(DiskConflict { file, deleted, difference });
                }
                None => {}
            }
        }
        let changed = Changed { patches, ..self.changed(core, None) };
        DiskMerge { changed, merged, conflicts }
    }

    /// Decides what becomes of a file that was changed here and on disk.
    pub fn resolve_disk(&mut self, core: &Core, file: &str, keep: Keep) -> Result<Changed, WireError> {
        let path = Path::new(file);
        let unreadable = |error: &std::io::Error| {
            WireError::environment("unreadable", format!("cannot read {file}")).because(error)
        };
        let theirs = self.on_disk(path).map_err(|error| unreadable(&error))?;
        let change = match (keep, &theirs) {
            (Keep::Mine, theirs) => {
                self.project.keep_mine(path, theirs.as_deref());
                None
            }
            (Keep::Theirs, Some(theirs)) => {
                let change = self.project.take_theirs(path, theirs).ok_or_else(|| {
                    WireError::input("not_text", format!("{file} on disk is not UTF-8 text"))
                        .hint("Reload the template to look at it, or keep the text that is here.")
                })?;
                Some(change)
            }
            (Keep::Theirs, None) => {
                return Err(WireError::input("file_gone", format!("{file} is no longer on disk"))
                    .hint("Keep the text that is here; saving writes the file again."));
            }
        };
        self.stamp(path);
        Ok(self.changed(core, change))
    }

    /// Writes changed files: beside, synced, renamed. Refused, before anything is written, when one of them
    /// changed on disk, unless it may be overwritten.
    pub fn save(
        &mut self,
        core: &Core,
        file: Option<&str>,
        overwrite: bool,
    ) -> Result<Vec<String>, WireError> {
        let wanted = |path: &Path| file.is_none_or(|file| path == Path::new(file));
        let doomed: Vec<PathBuf> = self.project.dirty().into_iter().filter(|path| wanted(path)).collect();
        if !overwrite {
            let foreign = self.changed_on_disk();
            if let Some(path) = doomed.iter().find(|path| foreign.contains(path)) {
                let title = format!("{} was changed by another program since it was opened", path.display());
                return Err(WireError::input("file_changed", title)
                    .hint("Reload it, which loses the changes made here, or save over it, which loses the changes made there."));
            }
        }
        let mut saved = Vec::new();
        for path in doomed {
            match self.project.bytes(&path).map(<[u8]>::to_vec) {
                Some(bytes) => self.write(&path, &bytes)?,
                None => self.remove(&path)?,
            }
            self.project.mark_saved(&path);
            saved.push(path.to_string_lossy().into_owned());
        }
        self.keep(core);
        Ok(saved)
    }

    /// Through links, and with the mode the file has.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), WireError> {
        let named = self.cwd.join(path);
        let target = named.canonicalize().unwrap_or(named);
        let write = || -> std::io::Result<Metadata> {
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut staged = Staged::beside(&target)?;
            if let Ok(there) = target.metadata() {
                staged.file_mut().set_permissions(there.permissions())?;
            }
            staged.write_all(bytes)?;
            staged.commit()?.metadata()
        };
        let meta = write().map_err(|error| unwritable(path, &error))?;
        self.stamps.insert(path.to_owned(), Stamp::of(&meta));
        Ok(())
    }

    /// A file that an edit had made, after that edit was undone.
    fn remove(&mut self, path: &Path) -> Result<(), WireError> {
        let target = self.cwd.join(path);
        match std::fs::remove_file(&target) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(path, &error)),
            _ => {}
        }
        if let Some(folder) = target.parent() {
            // Gone is gone; that it stays so after a power cut is not worth a failure.
            let _ = durable::sync_dir(folder);
        }
        self.stamps.remove(path);
        Ok(())
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> WireError {
    WireError::environment("unwritable", format!("cannot write {}", path.display()))
        .because(error)
        .hint("The text is still open here; what was not written stays as it was on disk.")
}
