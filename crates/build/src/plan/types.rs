//! The plan as it is printed, shown and journalled. Everything in it has been redacted.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a build will do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Plan {
    /// The template, as named by the user.
    pub template: String,
    /// One per source, in the order they will start.
    pub jobs: Vec<JobPlan>,
    /// Files to be fetched, without those the cache holds.
    pub downloads: Vec<PlannedDownload>,
    /// Room on the disk.
    pub space: Space,
    /// Programs of this machine that will be started.
    pub host_commands: Vec<HostCommand>,
    /// Sources left out on request.
    pub skipped: Vec<SkippedSource>,
    /// Whether anything was left out.
    pub partial: bool,
    /// What a person should know before starting.
    pub warnings: Vec<String>,
}

/// What will be done for one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct JobPlan {
    /// `[build.]type.name`, as in `-only`.
    pub name: String,
    /// `qemu`, `bootstrap`.
    pub source_type: String,
    /// In order.
    pub steps: Vec<StepPlan>,
    /// Where the artifact will be, absolute; empty for sources that write none.
    pub output_directory: String,
    /// The image of the library it becomes a version of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct StepPlan {
    /// Unique within the job.
    pub id: String,
    /// As shown.
    pub title: String,
    /// What kind of thing it does.
    pub kind: StepKind,
    /// Command lines it will start here or in the guest, with holes as `{port:ssh}`.
    pub commands: Vec<String>,
    /// Hexadecimal; changes when anything changes that goes into this step or one before it.
    pub fingerprint: String,
    /// Whether a remembered result will be used instead of doing it.
    pub cached: bool,
    /// Why neither it nor anything after it is ever remembered; said of the first such step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_cached: Option<String>,
}

/// What kind of thing a step does: for icons and grouping, nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Finding, checking and making what the machine needs.
    #[default]
    Prepare,
    /// Fetching a file.
    Download,
    /// Making or changing a disk.
    Disk,
    /// Starting the machine.
    Machine,
    /// Waiting for the guest.
    Wait,
    /// Changing the guest.
    Provision,
    /// Powering it off.
    Shutdown,
    /// The finished artifact.
    Artifact,
    /// After it.
    PostProcess,
    /// Keeping it.
    Library,
}

/// A file to be fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PlannedDownload {
    /// Tried in order.
    pub urls: Vec<String>,
    /// `sha256:…`, `file:…` or `none`.
    pub checksum: String,
    /// Where it will be kept.
    pub to: String,
    /// Bytes, when known.
    #[ts(type = "number | null")]
    pub size: Option<u64>,
}

/// Room on the disk, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Space {
    /// At most so much will be written.
    #[ts(type = "number")]
    pub needed: u64,
    /// So much is free where it will be written, when that is known.
    #[ts(type = "number | null")]
    pub free: Option<u64>,
}

/// A program of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct HostCommand {
    /// `qemu-img`.
    pub program: String,
    /// What for.
    pub why: String,
}

/// A source left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct SkippedSource {
    /// Job name.
    pub job: String,
    /// Why.
    pub reason: String,
}
