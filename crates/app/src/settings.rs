//! Settings and recent templates, two small files of the configuration and state folders.

use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::Core;
use crate::error::WireError;
use crate::wire::{RecentTemplate, Settings};

/// How many templates are remembered.
const RECENT: usize = 20;

impl Core {
    fn settings_file(&self) -> std::path::PathBuf {
        self.dirs().config.join("settings.json")
    }

    fn recent_file(&self) -> std::path::PathBuf {
        self.dirs().state.join("recent.json")
    }

    /// The settings; the defaults where there is no file.
    pub(crate) fn read_settings(&self) -> Result<Settings, WireError> {
        Ok(read(&self.settings_file())?.unwrap_or_default())
    }

    /// Keeps settings.
    pub(crate) fn write_settings(&self, settings: &Settings) -> Result<(), WireError> {
        write(&self.settings_file(), settings)
    }

    /// The templates opened lately. A damaged file counts as none: nothing of value is lost.
    pub(crate) fn read_recent(&self) -> Vec<RecentTemplate> {
        read(&self.recent_file()).ok().flatten().unwrap_or_default()
    }

    /// Puts a template first among the recent ones.
    pub(crate) fn remember_template(&self, path: &Path, name: &str) -> Result<(), WireError> {
        let path = path.to_string_lossy().into_owned();
        let mut recent = self.read_recent();
        recent.retain(|other| other.path != path);
        recent.insert(
            0,
            RecentTemplate { path, name: name.to_owned(), opened_at: self.now_ms(), exists: true },
        );
        recent.truncate(RECENT);
        write(&self.recent_file(), &recent)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, WireError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(WireError::environment("unreadable", format!("cannot read {}", path.display()))
                .because(&error));
        }
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        WireError::environment("damaged_settings", format!("{} is not understood", path.display()))
            .because(&error)
            .hint("Correct it, or delete it to begin with the defaults.")
    })
}

fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), WireError> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        WireError::environment("unwritable", format!("cannot write {}", path.display())).because(error)
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    }
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| failed(&error))?;
    bytes.push(b'\n');
    goldsmith_process::durable::write(path, &bytes).map_err(|error| failed(&error))
}
