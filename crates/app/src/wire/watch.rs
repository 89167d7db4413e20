//! Watching a build and taking part in it: its log by filters, its consoles, its pauses, its scripts, its history.

use goldsmith_build::fold::BuildStatus;
use goldsmith_build::journal::LogFilter;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Looks for a line of a log.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FindLine {
    /// The build's id.
    pub build: String,
    /// What is looked for.
    pub filter: LogFilter,
    /// After the line with this number; 0 is before the first.
    #[serde(default)]
    pub after: u64,
    /// Before it instead.
    #[serde(default)]
    pub back: bool,
}

/// Writes a log as plain text to a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SaveLog {
    /// The build's id.
    pub build: String,
    /// Which lines.
    #[serde(default)]
    pub filter: LogFilter,
    /// Where to; what is there is replaced.
    pub path: String,
}

/// A log that was written.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SavedLog {
    /// Where it is.
    pub path: String,
    /// How many lines it has.
    pub lines: u64,
}

/// What a console shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConsoleKind {
    /// The machine's screen, by the RFB protocol.
    Screen {},
    /// A shell in the guest, over the build's own login.
    Shell {
        /// Width of the terminal in characters.
        columns: u16,
        /// Height in lines.
        rows: u16,
    },
}

/// Opens a console of a running build or run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OpenConsole {
    /// The build or run.
    pub build: String,
    /// Of which job; the first one that has a console when absent.
    #[serde(default)]
    pub job: Option<String>,
    /// What.
    pub console: ConsoleKind,
}

/// A console to connect to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OpenedConsole {
    /// A websocket's address. It works once, and for a moment only.
    pub address: String,
}

/// Makes a build wait before a step, or no longer.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PauseBuild {
    /// The build's id.
    pub build: String,
    /// Of which job.
    pub job: String,
    /// Before which step.
    pub step: String,
    /// Whether to wait.
    pub on: bool,
}

/// Says whether a person is asked when a step of a running build fails.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AskOnError {
    /// The build's id.
    pub build: String,
    /// Whether to ask.
    pub on: bool,
}

/// Names a job of a build.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OfJob {
    /// The build's id.
    pub build: String,
    /// The job.
    pub job: String,
}

/// What can be changed of a step that failed, before it is tried again.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct StepScripts {
    /// Commands that stand in the template, one a line, as they ran.
    pub inline: Option<String>,
    /// Script files.
    pub files: Vec<ScriptFile>,
}

/// A script file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ScriptFile {
    /// Where it is.
    pub path: String,
    /// What is in it; absent when it cannot be read as text.
    pub text: Option<String>,
}

/// Writes a script file of a step that failed.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SaveScript {
    /// The build's id.
    pub build: String,
    /// The job that asks.
    pub job: String,
    /// One of its [`StepScripts::files`].
    pub path: String,
    /// What to write.
    pub text: String,
}

/// How long earlier builds of the same template took.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct BuildTimes {
    /// The steps of the newest earlier build that succeeded, and how long they usually take.
    pub steps: Vec<StepTime>,
    /// Builds of the same template, newest first, this one among them.
    pub builds: Vec<PastBuild>,
}

/// How long a step took.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StepTime {
    /// Of which job.
    pub job: String,
    /// Its id.
    pub step: String,
    /// Milliseconds, last time.
    pub last_ms: u64,
    /// Milliseconds, the median of the builds that succeeded.
    pub median_ms: u64,
    /// How far the middle half of them lies apart, milliseconds.
    pub spread_ms: u64,
}

/// An earlier build, for a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PastBuild {
    /// Names it.
    pub build: String,
    /// How it ended.
    pub status: BuildStatus,
    /// When it started, in milliseconds since 1970.
    pub started_at: i64,
    /// How long it took, in milliseconds; absent while it runs.
    pub duration_ms: Option<u64>,
    /// Steps whose result was remembered.
    pub cached: u32,
}

/// Compares two builds.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CompareBuilds {
    /// The earlier one.
    pub before: String,
    /// The later one.
    pub after: String,
}

/// What differs between two builds.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct ComparedBuilds {
    /// Step by step, in the later build's order; steps that only the earlier one has at the end.
    pub steps: Vec<ComparedStep>,
    /// What the plans say differently, as a unified difference; empty when nothing.
    pub plan: String,
    /// What the logs say differently, step by step; numbers that change with every run are not told apart.
    pub log: Vec<ComparedLog>,
}

/// One step of two builds.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ComparedStep {
    /// Of which job.
    pub job: String,
    /// Its id.
    pub step: String,
    /// As shown.
    pub title: String,
    /// How long it took in the earlier one, milliseconds; absent when it did not run there.
    pub before_ms: Option<u64>,
    /// In the later one.
    pub after_ms: Option<u64>,
    /// How it stands in the earlier one; absent when it is not there.
    pub before: Option<BuildStatus>,
    /// In the later one.
    pub after: Option<BuildStatus>,
}

/// The log of one step in two builds.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ComparedLog {
    /// Of which job.
    pub job: String,
    /// Which step.
    pub step: String,
    /// Lines only the later one has.
    pub added: u32,
    /// Lines only the earlier one has.
    pub removed: u32,
    /// The difference, unified; at most 400 lines.
    pub text: String,
    /// The step wrote too much to be compared line by line.
    pub too_long: bool,
}
