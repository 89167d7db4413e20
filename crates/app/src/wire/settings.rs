//! The few things a user can set.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BuildOptions, TemplateInputs};

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Settings, kept in the configuration folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// How many finished builds to keep.
    pub keep_builds: u32,
    /// At most so many MiB of journals, logs and pictures of finished builds.
    pub keep_builds_mib: u32,
    /// When checkpoints are taken, and how many are kept.
    pub checkpoints: CheckpointSettings,
    /// Saved ways to build templates.
    pub profiles: Vec<RunProfile>,
    /// Values of the window's own layout, which only the window reads.
    #[ts(type = "Record<string, unknown>")]
    pub layout: serde_json::Map<String, serde_json::Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            theme: Theme::System,
            keep_builds: 50,
            keep_builds_mib: 1024,
            checkpoints: CheckpointSettings::default(),
            profiles: Vec::new(),
            layout: serde_json::Map::new(),
        }
    }
}

/// When checkpoints are taken, and how many are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct CheckpointSettings {
    /// Whether there are any.
    pub enabled: bool,
    /// One is taken only where the steps since the last one took at least so many seconds.
    pub after_seconds: u32,
    /// At most so many GiB.
    pub keep_gib: u32,
    /// What was not used for so many days goes.
    pub keep_days: u32,
}

impl Default for CheckpointSettings {
    fn default() -> Self {
        CheckpointSettings { enabled: true, after_seconds: 30, keep_gib: 20, keep_days: 30 }
    }
}

/// A template with the values and the way it is built, under a name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct RunProfile {
    /// Its name, unique among the profiles of its template.
    pub name: String,
    /// The template: a file or folder.
    pub path: String,
    /// The values it is read with; none of a sensitive variable.
    pub inputs: TemplateInputs,
    /// How it is built.
    pub options: BuildOptions,
    /// Sensitive variables that had a value. It is asked for when the profile is taken, and kept nowhere.
    pub ask: Vec<String>,
}
