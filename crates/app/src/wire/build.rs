//! Plans, builds, their facts and logs.

use goldsmith_build::fold::{BuildState, BuildStatus};
use goldsmith_build::journal::{Answer, Entry, LogFilter};
use goldsmith_build::pipeline::OnError;
use goldsmith_build::plan::Plan;
use goldsmith_template::Diagnostic;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How to plan and build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct BuildOptions {
    /// Delete an existing output folder first. Packer's `-force`.
    pub force: bool,
    /// Ignore checkpoints and remembered results.
    pub no_cache: bool,
    /// Fetch nothing; use what the caches hold.
    pub offline: bool,
    /// Leave the library alone.
    pub no_library: bool,
    /// Skip sources that are not ours; the run is marked partial.
    pub skip_foreign: bool,
    /// What to do when a step fails. Packer's `-on-error`.
    pub on_error: OnError,
    /// At most so many builds at once; 0 is no limit. Packer's `-parallel-builds`.
    pub parallel: u32,
}

/// Plans the builds of an open template.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PlanRequest {
    /// The open template.
    pub session: String,
    /// How.
    #[serde(default)]
    pub options: BuildOptions,
}

/// A plan.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Planned {
    /// What would run, with secrets taken out.
    pub plan: Plan,
    /// Warnings about the template.
    pub diagnostics: Vec<Diagnostic>,
}

/// A build that was started.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StartedBuild {
    /// Names it.
    pub build: String,
    /// What runs, with secrets taken out.
    pub plan: Plan,
    /// Warnings about the template.
    pub diagnostics: Vec<Diagnostic>,
}

/// Names a build.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OfBuild {
    /// The build's id, or enough of its beginning to be unique.
    pub build: String,
}

/// Stops a build.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CancelBuild {
    /// The build's id.
    pub build: String,
    /// Do not wait for the steps to unwind: stop everything now.
    #[serde(default)]
    pub kill: bool,
}

/// Answers the question a failed step of a build asks.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AnswerBuild {
    /// The build's id.
    pub build: String,
    /// The job that asks.
    pub job: String,
    /// What to do.
    pub answer: Answer,
    /// With `retry`: these commands in the place of those that stand in the template.
    #[serde(default)]
    pub inline: Option<String>,
}

/// Builds, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct BuildList {
    /// The builds.
    pub builds: Vec<BuildSummary>,
}

/// A build, in one line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct BuildSummary {
    /// Names it.
    pub build: String,
    /// The template's name.
    pub template: String,
    /// The template's path.
    pub template_path: String,
    /// The full names of what it builds.
    pub jobs: Vec<String>,
    /// How it stands.
    pub status: BuildStatus,
    /// The step that runs, or the last one that ran.
    pub step: Option<String>,
    /// Steps finished.
    pub steps_done: u32,
    /// Steps in all.
    pub steps_total: u32,
    /// When it started, in milliseconds since 1970.
    pub started_at: i64,
    /// How long it took, in milliseconds; absent while it runs.
    pub duration_ms: Option<u64>,
    /// Why it failed, in a sentence.
    pub failure: Option<String>,
    /// Versions it added to the library, as `image@version`.
    pub versions: Vec<String>,
}

/// Facts of a build.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct BuildFacts {
    /// The build's id.
    pub build: String,
    /// Only facts numbered above this.
    #[serde(default)]
    pub since: u64,
}

/// Facts and what they add up to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FactList {
    /// The facts asked for.
    pub entries: Vec<Entry>,
    /// What all facts so far add up to.
    pub state: BuildState,
}

/// A window of a build's log.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct BuildLog {
    /// The build's id.
    pub build: String,
    /// The number of the first line; lines count from 1.
    #[serde(default)]
    pub from: u64,
    /// How many lines at most; at most 5000 are given.
    #[serde(default)]
    pub count: u32,
    /// Only these lines; `from` and the total then count them alone.
    #[serde(default)]
    pub filter: LogFilter,
}

/// What a guest wrote to its serial console.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SerialLog {
    /// The build or run.
    pub build: String,
    /// From this byte.
    #[serde(default)]
    pub offset: u64,
}

/// A piece of a serial console.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct SerialText {
    /// The text, at most 256 KiB.
    pub text: String,
    /// Ask from here next.
    pub next: u64,
    /// How many bytes there are now.
    pub total: u64,
}

/// A picture of a guest's screen.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ScreenPicture {
    /// The build or run.
    pub build: String,
    /// The file a `ScreenTaken` fact names; the newest when absent.
    #[serde(default)]
    pub file: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Picture {
    /// The file's name; absent when there is no picture yet.
    pub file: Option<String>,
    /// A PNG in base64; empty when there is no picture yet.
    pub png: String,
}
