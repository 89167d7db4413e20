//! What a journal says.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ts_rs::TS;

use crate::error::Failure;
use crate::id::{BuildId, IntentId};
use crate::journal::{Evidence, Resource};
use crate::plan::Plan;

/// The version of the journal's form, in its first line. Raised when an old reader would misread a new journal;
/// new facts and new fields do not raise it.
pub const SCHEMA: u32 = 1;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Entry {
    /// 1, 2, 3 without gaps.
    #[ts(type = "number")]
    pub seq: u64,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should.
    Succeeded,
    /// With an error.
    Failed,
    /// Because somebody asked for it.
    Cancelled,
    /// It never began, as something before it did not succeed.
    Skipped,
}

/// What a progress counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Hundredths of the whole.
    Percent,
    /// Things: files, packages, steps.
    Items,
}

/// When a failed step shall be dealt with; see [`Fact::Asked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Release everything and end the build.
    CleanUp,
    /// End the build and leave everything as it is.
    Abort,
    /// Run the failed step once more; at a pause, go on.
    Retry,
    /// Go on without the step.
    Skip,
}

/// The commands of a step that failed, for a person to change before it is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct AskedScript {
    /// Commands that stand in the template itself, one a line, as they ran. None when there are none, or when they
    /// hold a sensitive value, which must not be shown.
    pub inline: Option<String>,
    /// Script files on this computer, absolute; they are read again at the next try.
    pub files: Vec<String>,
}

/// How soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Stop what runs, then release in order.
    Unwind,
    /// Kill what runs, release without waiting for anybody.
    Kill,
}

/// A file a build made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProducedFile {
    /// Absolute path.
    pub path: String,
    /// Bytes.
    #[ts(type = "number")]
    pub size: u64,
}

/// Something that happened. Past tense; nothing is ever taken back, only followed by another fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "fact")]
pub enum Fact {
    /// Always the first.
    Opened {
        /// [`SCHEMA`] of the writer.
        schema: u32,
        /// Which build.
        build: BuildId,
        /// The writer's version.
        goldsmith: String,
        /// Where the control socket is.
        control: String,
        /// Where the build's temporary files are.
        runtime: String,
        /// What will be done, redacted.
        plan: Box<Plan>,
    },
    /// A job began.
    JobStarted {
        /// Its name.
        job: String,
    },
    /// A step began.
    StepStarted {
        /// Of which job.
        job: String,
        /// Its id within the job.
        step: String,
        /// As shown.
        title: String,
        /// How long it took before, milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(type = "number | null")]
        expected_ms: Option<u64>,
    },
    /// How far a step is.
    Progress {
        /// Of which job.
        job: String,
        /// Of which step.
        step: String,
        /// So many.
        #[ts(type = "number")]
        done: u64,
        /// Of so many, where that is known.
        #[ts(type = "number | null")]
        total: Option<u64>,
        /// Of these.
        unit: Unit,
    },
    /// What a step waits for.
    Waiting {
        /// Of which job.
        job: String,
        /// Which step.
        step: String,
        /// Short name of the stage reached: `connecting`, `port_open`, `banner`, `auth_refused`.
        stage: String,
        /// One sentence for people.
        explanation: String,
    },
    /// Something a person should know though the build goes on.
    Warned {
        /// Of which job.
        job: String,
        /// In which step.
        step: String,
        /// The sentence.
        text: String,
    },
    /// A step is not done again: its result is remembered from an earlier build.
    StepReused {
        /// Of which job.
        job: String,
        /// Which step.
        step: String,
    },
    /// What the build is like at the edge of a step was kept, for later builds to begin there.
    CheckpointTaken {
        /// Of which job.
        job: String,
        /// In which step.
        step: String,
        /// After what, as shown.
        after: String,
        /// Bytes it takes.
        #[ts(type = "number")]
        size: u64,
        /// How long the build waited for it, milliseconds.
        #[ts(type = "number")]
        duration_ms: u64,
    },
    /// The guest's screen changed.
    ScreenTaken {
        /// Of which job.
        job: String,
        /// File name within the build's `screens/`.
        file: String,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// It is the screen at the end of this step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// A hole of the plan is known now.
    HoleFilled {
        /// Of which job.
        job: String,
        /// `port:ssh`, `build.Host`.
        name: String,
        /// With what, redacted.
        value: String,
    },
    /// Something is about to be acquired.
    IntentRecorded {
        /// Under this number.
        intent: IntentId,
        /// For which job; none when for the whole build.
        job: Option<String>,
        /// What, under an identity we chose.
        resource: Resource,
    },
    /// It was acquired.
    Acquired {
        /// Which.
        intent: IntentId,
        /// What identifies it beyond what was chosen.
        evidence: Evidence,
    },
    /// It is gone again, or could not be made to go.
    Released {
        /// Which.
        intent: IntentId,
        /// Why it is still there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// It stays: it is the user's now.
    Kept {
        /// Which.
        intent: IntentId,
    },
    /// A step ended.
    StepFinished {
        /// Of which job.
        job: String,
        /// Which.
        step: String,
        /// How.
        outcome: Outcome,
        /// Milliseconds.
        #[ts(type = "number")]
        duration_ms: u64,
        /// Why not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// A step failed and a person is asked what to do.
    Asked {
        /// Of which job.
        job: String,
        /// Which step.
        step: String,
        /// Why it failed; at a pause, what it waits for.
        failure: Failure,
        /// Nothing failed: a person wants to look before it goes on.
        #[serde(default, skip_serializing_if = "is_false")]
        paused: bool,
        /// Whether the build can go on without the step.
        #[serde(default, skip_serializing_if = "is_false")]
        can_skip: bool,
        /// What can be changed before the next try.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        script: Option<AskedScript>,
    },
    /// Somebody wants the build to wait before a step, or no longer.
    PauseSet {
        /// Of which job.
        job: String,
        /// Which step.
        step: String,
        /// Whether it waits.
        on: bool,
    },
    /// Somebody changed what happens when a step fails.
    AskSet {
        /// A person is asked.
        on: bool,
    },
    /// They answered.
    Answered {
        /// Of which job.
        job: String,
        /// Which step.
        step: String,
        /// What.
        answer: Answer,
    },
    /// The builder's artifact is complete.
    ArtifactProduced {
        /// Of which job.
        job: String,
        /// Packer's builder id: `transcend.qemu`.
        builder_id: String,
        /// Its files.
        files: Vec<ProducedFile>,
    },
    /// A post-processor left files of its own.
    FilesProduced {
        /// Of which job.
        job: String,
        /// By which step.
        step: String,
        /// These.
        files: Vec<ProducedFile>,
    },
    /// The library has a new version.
    VersionAdded {
        /// Of which job.
        job: String,
        /// Of which image.
        image: String,
        /// Its number.
        #[ts(type = "number")]
        version: u64,
        /// Identity of the content.
        digest: String,
    },
    /// A job ended and released everything.
    JobFinished {
        /// Which.
        job: String,
        /// How.
        outcome: Outcome,
        /// Milliseconds.
        #[ts(type = "number")]
        duration_ms: u64,
    },
    /// Somebody asked the build to stop.
    CancelRequested {
        /// How soon.
        when: When,
    },
    /// The last fact of a build that ended by itself.
    Finished {
        /// How.
        outcome: Outcome,
        /// Milliseconds.
        #[ts(type = "number")]
        duration_ms: u64,
        /// The first error.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// The last fact of a build whose worker died.
    Interrupted {
        /// What was found and removed.
        released: Vec<String>,
        /// What could not be removed, and why.
        left: Vec<String>,
    },
    /// A fact of a newer Goldsmith: kept, not understood.
    #[serde(untagged)]
    #[ts(skip)]
    Unknown(Map<String, Value>),
}

impl Fact {
    /// Whether it must be on the disk before the build goes on.
    pub(crate) fn is_durable(&self) -> bool {
        matches!(
            self,
            Self::Opened { .. }
                | Self::IntentRecorded { .. }
                | Self::Finished { .. }
                | Self::Interrupted { .. }
        )
    }

    /// Whether it is an edge of a step: the disk is asked to catch up, nobody waits for it.
    pub(crate) fn is_edge(&self) -> bool {
        matches!(
            self,
            Self::StepStarted { .. }
                | Self::StepFinished { .. }
                | Self::JobStarted { .. }
                | Self::JobFinished { .. }
                | Self::Acquired { .. }
                | Self::Released { .. }
                | Self::Kept { .. }
                | Self::VersionAdded { .. }
        )
    }

    /// Whether a journal that ends with it is complete.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Finished { .. } | Self::Interrupted { .. })
    }
}

fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_facts_survive() {
        let line = r#"{"seq":7,"at":12,"fact":"PhotonCounted","n":3}"#;
        let entry: Entry = serde_json::from_str(line).unwrap();
        assert!(matches!(entry.fact, Fact::Unknown(_)));
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }

    #[test]
    fn new_fields_of_known_facts_are_ignored() {
        let line = r#"{"seq":7,"at":12,"fact":"JobStarted","job":"qemu.a","mood":"good"}"#;
        let entry: Entry = serde_json::from_str(line).unwrap();
        assert_eq!(entry.fact, Fact::JobStarted { job: "qemu.a".into() });
    }
}
