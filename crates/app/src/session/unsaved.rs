//! Unsaved texts, kept in the state folder so that a crash loses at most a second of work.

use std::path::{Path, PathBuf};

use goldsmith_process::durable;
use goldsmith_template::project::Unsaved;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Session;
use crate::core::Core;
use crate::wire::{Changed, Recovery};

/// What a file in the state folder holds.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The template, for people who look into the folder.
    template: PathBuf,
    at_ms: i64,
    files: Vec<KeptFile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptFile {
    file: PathBuf,
    base: Option<String>,
    text: String,
}

impl Session {
    /// One file for each template, named by its path.
    fn place(&self, core: &Core) -> PathBuf {
        let path = self.cwd.join(self.project.path());
        let path = path.canonicalize().unwrap_or(path);
        let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, path.as_os_str().as_encoded_bytes());
        core.dirs().state.join("unsaved").join(format!("{name}.json"))
    }

    /// Keeps the unsaved texts as they are now, if they are not kept yet; forgets them once all is saved.
    pub fn keep(&mut self, core: &Core) {
        let revision = self.project.revision();
        let mut files = self.project.unsaved();
        let saved = files.is_empty() && self.earlier.is_empty();
        if self.kept == Some(revision) && !saved {
            return;
        }
        let place = self.place(core);
        if saved {
            if self.kept.take().is_some() {
                let _ = std::fs::remove_file(place);
            }
            return;
        }
        if files.is_empty() {
            return;
        }
        let known: Vec<PathBuf> = files.iter().map(|one| one.file.clone()).collect();
        files.extend(self.earlier.iter().filter(|one| !known.contains(&one.file)).cloned());
        let kept = Kept {
            template: self.cwd.join(self.project.path()),
            at_ms: core.now_ms(),
            files: files
                .into_iter()
                .map(|one| KeptFile { file: one.file, base: one.base, text: one.text })
                .collect(),
        };
        // A full disk must not stop anyone from working; it is tried again with the next change.
        if let Ok(bytes) = serde_json::to_vec(&kept)
            && write(&place, &bytes).is_ok()
        {
            self.kept = Some(revision);
        }
    }

    /// Looks for texts that an earlier session did not save.
    pub fn recovery(&mut self, core: &Core) -> Option<Recovery> {
        let bytes = std::fs::read(self.place(core)).ok()?;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        let lost = |one: &KeptFile| self.project.bytes(&one.file) != Some(one.text.as_bytes());
        let lost: Vec<KeptFile> = kept.files.into_iter().filter(lost).collect();
        let files: Vec<String> = lost.iter().map(|one| one.file.to_string_lossy().into_owned()).collect();
        self.earlier =
            lost.into_iter().map(|one| Unsaved { file: one.file, base: one.base, text: one.text }).collect();
        (!files.is_empty()).then_some(Recovery { at_ms: kept.at_ms, files })
    }

    /// Brings the texts of an earlier session back, or forgets them.
    pub fn recover(&mut self, core: &Core, restore: bool) -> Changed {
        let earlier = std::mem::take(&mut self.earlier);
        let change = restore.then(|| self.project.restore(&earlier));
        // From here on the file is this session's.
        self.kept = Some(u64::MAX);
        self.keep(core);
        self.changed(core, change)
    }

    /// The template is closed: unsaved changes are lost by the user's own decision.
    pub fn forget(&mut self, core: &Core) {
        if self.kept.take().is_some() && self.earlier.is_empty() {
            let _ = std::fs::remove_file(self.place(core));
        }
    }
}

fn write(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    durable::write_private(place, bytes)
}
