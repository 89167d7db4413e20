//! This computer: what was found, what it does now, what takes space.

use goldsmith_machine::Doctor;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Examines this computer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct Examine {
    /// Measure again even where a measurement is remembered.
    #[serde(default)]
    pub fresh: bool,
}

/// What was found.
pub type Examination = Doctor;

/// What this computer does now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct HostStats {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Use of all processors, 0 to 100.
    pub cpu_percent: f32,
    /// Logical processors.
    pub cpus: u32,
    /// Memory in use, in bytes.
    pub memory_used: u64,
    /// Memory in all, in bytes.
    pub memory_total: u64,
    /// Free bytes where the library is.
    pub disk_free: u64,
    /// All bytes where the library is.
    pub disk_total: u64,
    /// Builds that run.
    pub builds_running: u32,
    /// Throw-away copies that run.
    pub runs_running: u32,
}

/// What Goldsmith's folders take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SpaceReport {
    /// One row per kind.
    pub kinds: Vec<SpaceKind>,
    /// Free bytes where the library is.
    pub free: u64,
}

/// What one kind of thing takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SpaceKind {
    /// `library`, `downloads`, `checkpoints`, `builds`, `trash`.
    pub id: String,
    /// A human title.
    pub title: String,
    /// Where.
    pub path: String,
    /// Bytes allocated on disk.
    pub used: u64,
    /// Bytes that would be freed by deleting it.
    pub freed_if_deleted: u64,
}

/// This Goldsmith.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct About {
    /// Its version.
    pub version: String,
    /// The operating system's own name for itself.
    pub system: String,
    /// The `goldsmith` program builds run with.
    pub program: String,
    /// Where settings are.
    pub config: String,
    /// Where the library is.
    pub data: String,
    /// Where downloads and checkpoints are.
    pub cache: String,
    /// Where journals are.
    pub state: String,
    /// The user's own folder, for paths that are shown as `~/…`.
    pub home: Option<String>,
    /// Whether the shell can show native file dialogs.
    pub dialogs: bool,
}

/// What a file dialog is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PickPurpose {
    /// Choose a file that exists.
    OpenFile,
    /// Choose a folder that exists.
    OpenFolder,
    /// Choose where to write a file.
    SaveFile,
}

/// Asks the user for a path with the system's own dialog.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PickPath {
    /// What for.
    pub purpose: PickPurpose,
    /// The dialog's title.
    pub title: String,
    /// A name to propose.
    #[serde(default)]
    pub suggested_name: Option<String>,
    /// A folder to begin in.
    #[serde(default)]
    pub folder: Option<String>,
    /// What kinds of file to offer.
    #[serde(default)]
    pub filters: Vec<PickFilter>,
}

/// A kind of file a dialog offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PickFilter {
    /// What to call it.
    pub name: String,
    /// File name extensions, without the dot.
    pub extensions: Vec<String>,
}

/// What the user chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PickedPath {
    /// The path; absent when the dialog was dismissed.
    pub path: Option<String>,
}
