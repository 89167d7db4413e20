//! The few things a user can set.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// How many finished builds to keep.
    pub keep_builds: u32,
    /// Values of the window's own layout, which only the window reads.
    #[ts(type = "Record<string, unknown>")]
    pub layout: serde_json::Map<String, serde_json::Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { theme: Theme::System, keep_builds: 50, layout: serde_json::Map::new() }
    }
}
