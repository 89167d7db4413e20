//! From a journal to the state of a build: the one reading of it that the window and the command line share.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Failure;
use crate::id::BuildId;
use crate::journal::{Answer, AskedScript, Entry, Fact, Outcome, ProducedFile, Unit, When};
use crate::plan::{Plan, StepKind};

/// How a build, job or step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BuildStatus {
    /// It has not begun.
    #[default]
    Pending,
    /// It is being done.
    Running,
    /// A person is asked what to do.
    Asking,
    /// Done.
    Succeeded,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Its worker died.
    Interrupted,
    /// It will not be done any more.
    Skipped,
}

impl From<Outcome> for BuildStatus {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Succeeded,
            Outcome::Failed => Self::Failed,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::Skipped => Self::Skipped,
        }
    }
}

impl BuildStatus {
    /// Nothing more will happen to it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Asking)
    }
}

/// A build.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct BuildState {
    /// Which.
    pub id: Option<BuildId>,
    /// How it stands.
    pub status: BuildStatus,
    /// The template, as named by the user.
    pub template: String,
    /// Milliseconds since 1970.
    #[ts(type = "number | null")]
    pub started_at: Option<i64>,
    /// Milliseconds since 1970.
    #[ts(type = "number | null")]
    pub finished_at: Option<i64>,
    /// In the plan's order.
    pub jobs: Vec<JobState>,
    /// The first error.
    pub failure: Option<Failure>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// How soon it is to stop, once somebody asked for that.
    pub cancelling: Option<When>,
    /// Whether a person is asked when a step fails, once somebody changed that while it ran.
    #[serde(default)]
    pub asks: Option<bool>,
    /// What recovery could not remove.
    pub left: Vec<String>,
    /// Whether sources were left out.
    pub partial: bool,
    /// The number of the last fact taken in.
    #[ts(type = "number")]
    pub seq: u64,
}

/// One source's build.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct JobState {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub status: BuildStatus,
    /// In order.
    pub steps: Vec<StepState>,
    /// The latest picture of the guest's screen.
    pub screen: Option<ScreenState>,
    /// Folder of the artifact.
    pub output_directory: String,
    /// The artifact, once it is there.
    pub artifact: Vec<ProducedFile>,
    /// Files post-processors left.
    pub files: Vec<ProducedFile>,
    /// The version in the library, once it is there.
    pub version: Option<VersionState>,
    /// Milliseconds.
    #[ts(type = "number | null")]
    pub duration_ms: Option<u64>,
    /// What filled the plan's holes, as name and value.
    pub holes: Vec<(String, String)>,
}

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct StepState {
    /// Its id within the job.
    pub id: String,
    /// As shown.
    pub title: String,
    /// What kind of thing it does.
    pub kind: StepKind,
    /// How it stands.
    pub status: BuildStatus,
    /// Milliseconds since 1970.
    #[ts(type = "number | null")]
    pub started_at: Option<i64>,
    /// Milliseconds.
    #[ts(type = "number | null")]
    pub duration_ms: Option<u64>,
    /// How long it took before, milliseconds.
    #[ts(type = "number | null")]
    pub expected_ms: Option<u64>,
    /// How far it is.
    pub progress: Option<ProgressState>,
    /// What it waits for.
    pub waiting: Option<WaitingState>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Whether it was not done again, as its result was remembered.
    #[serde(default)]
    pub cached: bool,
    /// Whether the build will wait before it.
    #[serde(default)]
    pub pause: bool,
    /// What a person is asked about it now.
    #[serde(default)]
    pub question: Option<Question>,
}

/// What a person is asked about a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Question {
    /// Nothing failed: the build waits before the step.
    pub paused: bool,
    /// Whether it can go on without the step.
    pub can_skip: bool,
    /// What can be changed before the next try.
    pub script: Option<AskedScript>,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProgressState {
    /// So many.
    #[ts(type = "number")]
    pub done: u64,
    /// Of so many, where that is known.
    #[ts(type = "number | null")]
    pub total: Option<u64>,
    /// Of these.
    pub unit: Unit,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WaitingState {
    /// Short name of the stage.
    pub stage: String,
    /// One sentence.
    pub explanation: String,
}

/// A picture of the guest's screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ScreenState {
    /// File name within the build's `screens/`.
    pub file: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub at: i64,
}

/// A version in the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VersionState {
    /// Of which image.
    pub image: String,
    /// Its number.
    #[ts(type = "number")]
    pub number: u64,
    /// Identity of the content.
    pub digest: String,
}

/// Takes in facts one by one.
#[derive(Clone, Debug)]
pub struct Fold {
    state: BuildState,
    plan: Option<Plan>,
}

impl Fold {
    /// Of a build nothing is known of yet.
    pub fn new(id: BuildId) -> Self {
        Self { state: BuildState { id: Some(id), ..BuildState::default() }, plan: None }
    }

    /// The state by now.
    pub fn state(&self) -> &BuildState {
        &self.state
    }

    /// The plan, from the first fact.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Takes in a fact. One that was taken in before changes nothing.
    pub fn apply(&mut self, entry: &Entry) {
        if entry.seq <= self.state.seq {
            return;
        }
        self.state.seq = entry.seq;
        let at = entry.at;
        match &entry.fact {
            Fact::Opened { plan, .. } => self.open(plan, at),
            Fact::JobStarted { job } => self.job(job).status = BuildStatus::Running,
            Fact::StepStarted { job, step, title, expected_ms } => {
                let step = self.step(job, step);
                *step = StepState {
                    pause: step.pause,
                    id: step.id.clone(),
                    kind: step.kind,
                    title: title.clone(),
                    status: BuildStatus::Running,
                    started_at: Some(at),
                    expected_ms: *expected_ms,
                    ..StepState::default()
                };
            }
            Fact::Progress { job, step, done, total, unit } => {
                let progress = ProgressState { done: *done, total: *total, unit: *unit };
                self.step(job, step).progress = Some(progress);
            }
            Fact::Waiting { job, step, stage, explanation } => {
                self.step(job, step).waiting =
                    Some(WaitingState { stage: stage.clone(), explanation: explanation.clone() });
            }
            Fact::Warned { job, step, text } => {
                self.step(job, step).warnings.push(text.clone());
                self.state.warnings.push(text.clone());
            }
            Fact::StepReused { job, step } => self.step(job, step).cached = true,
            Fact::ScreenTaken { job, file, width, height, .. } => {
                let screen = ScreenState { file: file.clone(), width: *width, height: *height, at };
                self.job(job).screen = Some(screen);
            }
            Fact::HoleFilled { job, name, value } => {
                let job = self.job(job);
                job.holes.retain(|(known, _)| known != name);
                job.holes.push((name.clone(), value.clone()));
            }
            Fact::StepFinished { job, step, outcome, duration_ms, failure } => {
                let step = self.step(job, step);
                step.status = (*outcome).into();
                step.duration_ms = Some(*duration_ms);
                step.failure.clone_from(failure);
                step.waiting = None;
            }
            Fact::Asked { job, step, failure, paused, can_skip, script } => {
                let step = self.step(job, step);
                step.status = BuildStatus::Asking;
                step.failure = (!paused).then(|| failure.clone());
                step.waiting = paused.then(|| WaitingState {
                    stage: "paused".to_owned(),
                    explanation: failure.message.clone(),
                });
                step.question =
                    Some(Question { paused: *paused, can_skip: *can_skip, script: script.clone() });
                self.job(job).status = BuildStatus::Asking;
                self.state.status = BuildStatus::Asking;
            }
            Fact::Answered { job, step, answer } => {
                let step = self.step(job, step);
                let paused = step.question.take().is_some_and(|question| question.paused);
                step.waiting = None;
                step.status = match (answer, paused) {
                    (Answer::Skip, _) => BuildStatus::Skipped,
                    // A breakpoint runs already, a pause before a step is followed by its start.
                    (Answer::Retry, true) => BuildStatus::Running,
                    _ => BuildStatus::Failed,
                };
                self.job(job).status = BuildStatus::Running;
                self.state.status = BuildStatus::Running;
            }
            Fact::PauseSet { job, step, on } => self.step(job, step).pause = *on,
            Fact::AskSet { on } => self.state.asks = Some(*on),
            Fact::ArtifactProduced { job, files, .. } => self.job(job).artifact.clone_from(files),
            Fact::FilesProduced { job, files, .. } => self.job(job).files.extend(files.iter().cloned()),
            Fact::VersionAdded { job, image, version, digest } => {
                let version = VersionState { image: image.clone(), number: *version, digest: digest.clone() };
                self.job(job).version = Some(version);
            }
            Fact::JobFinished { job, outcome, duration_ms } => {
                let job = self.job(job);
                job.status = (*outcome).into();
                job.duration_ms = Some(*duration_ms);
                end_steps(job, BuildStatus::Cancelled);
            }
            Fact::CancelRequested { when } => self.state.cancelling = Some(*when),
            Fact::Finished { outcome, failure, .. } => {
                self.state.failure.clone_from(failure);
                self.end((*outcome).into(), at);
            }
            Fact::Interrupted { left, .. } => {
                self.state.left.clone_from(left);
                self.end(BuildStatus::Interrupted, at);
            }
            Fact::IntentRecorded { .. }
            | Fact::Acquired { .. }
            | Fact::Released { .. }
            | Fact::Kept { .. }
            | Fact::CheckpointTaken { .. }
            | Fact::Unknown(_) => {}
        }
    }

    fn open(&mut self, plan: &Plan, at: i64) {
        self.state.status = BuildStatus::Running;
        self.state.template.clone_from(&plan.template);
        self.state.started_at = Some(at);
        self.state.partial = plan.partial;
        self.state.warnings.clone_from(&plan.warnings);
        self.state.jobs = plan
            .jobs
            .iter()
            .map(|job| JobState {
                name: job.name.clone(),
                output_directory: job.output_directory.clone(),
                steps: job
                    .steps
                    .iter()
                    .map(|step| StepState {
                        id: step.id.clone(),
                        title: step.title.clone(),
                        kind: step.kind,
                        ..StepState::default()
                    })
                    .collect(),
                ..JobState::default()
            })
            .collect();
        self.plan = Some(plan.clone());
    }

    fn end(&mut self, status: BuildStatus, at: i64) {
        self.state.status = status;
        self.state.finished_at = Some(at);
        let broken = if status == BuildStatus::Interrupted { status } else { BuildStatus::Cancelled };
        for job in &mut self.state.jobs {
            end_steps(job, broken);
            if job.status == BuildStatus::Pending {
                job.status = BuildStatus::Skipped;
            } else if !job.status.is_over() {
                job.status = broken;
            }
        }
    }

    fn job(&mut self, name: &str) -> &mut JobState {
        let jobs = &mut self.state.jobs;
        let at = jobs.iter().position(|job| job.name == name).unwrap_or_else(|| {
            jobs.push(JobState { name: name.to_owned(), ..JobState::default() });
            jobs.len() - 1
        });
        &mut jobs[at]
    }

    fn step(&mut self, job: &str, id: &str) -> &mut StepState {
        let steps = &mut self.job(job).steps;
        let at = steps.iter().position(|step| step.id == id).unwrap_or_else(|| {
            steps.push(StepState { id: id.to_owned(), ..StepState::default() });
            steps.len() - 1
        });
        &mut steps[at]
    }
}

/// Once a job is over none of its steps is still to come or under way.
fn end_steps(job: &mut JobState, broken: BuildStatus) {
    for step in &mut job.steps {
        match step.status {
            BuildStatus::Pending => step.status = BuildStatus::Skipped,
            BuildStatus::Running | BuildStatus::Asking => step.status = broken,
            _ => {}
        }
        step.waiting = None;
        step.question = None;
    }
}
