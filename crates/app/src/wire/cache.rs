//! What builds remember.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything builds remember, the last used first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CacheList {
    /// One row each.
    pub entries: Vec<CacheEntry>,
    /// Bytes they take together.
    pub bytes: u64,
    /// Checkpoints may take so many.
    pub limit: u64,
}

/// What kind of thing is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CacheKind {
    /// What a build was like at the edge of a step.
    Checkpoint,
    /// The installed packages of a `bootstrap` source.
    Packages,
}

/// One thing that is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CacheEntry {
    /// Names it.
    pub id: String,
    /// What it is.
    pub kind: CacheKind,
    /// Of which template.
    pub template: Option<String>,
    /// Of which job.
    pub job: Option<String>,
    /// The step it was taken after, as shown.
    pub after: Option<String>,
    /// How long the steps took that it saves, in milliseconds.
    pub saves_ms: Option<u64>,
    /// Bytes it takes.
    pub bytes: u64,
    /// When it was made or last used, in milliseconds since 1970.
    pub used_at: i64,
}

/// Removes what is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PruneCache {
    /// Everything, not only what is over the limits of the settings.
    pub all: bool,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PrunedCache {
    /// These.
    pub removed: Vec<CacheEntry>,
    /// Bytes that are free now.
    pub bytes: u64,
}
