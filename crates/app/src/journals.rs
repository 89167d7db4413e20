//! Builds and runs as their journals tell them, whoever started them.

use std::collections::HashMap;
use std::sync::Mutex;

use goldsmith_build::control::ControlError;
use goldsmith_build::fold::BuildStatus;
use goldsmith_build::journal::{ReadError, Summary};
use goldsmith_build::run::RUN;
use goldsmith_build::{BuildId, BuildReader, Fold};

use crate::core::{Core, lock};
use crate::error::{ErrorKind, WireError};
use crate::wire::{BuildSummary, RunState};

/// What is known of a journal, and how long it was then.
#[derive(Default)]
pub(crate) struct Known {
    by_id: Mutex<HashMap<BuildId, (u64, Told)>>,
}

/// What a journal tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    /// Of a build.
    Build(Box<BuildSummary>),
    /// Of a run.
    Run(Box<RunState>),
}

impl Core {
    /// Cleans up after workers that died.
    pub(crate) async fn recover(&self) -> Result<(), WireError> {
        goldsmith_build::recover(self.dirs(), self.setup().clock.clone()).await?;
        Ok(())
    }

    /// Everything the journals tell, newest first. Only journals that grew are read again.
    pub(crate) fn tell(&self) -> Result<Vec<Told>, WireError> {
        let list = BuildReader::list(self.dirs())?;
        let mut known = lock(&self.known().by_id);
        let mut told = Vec::with_capacity(list.len());
        let mut fresh = HashMap::with_capacity(list.len());
        for summary in list {
            let journal = self.dirs().builds().join(summary.id.as_str()).join("journal.jsonl");
            let length = journal.metadata().map_or(0, |meta| meta.len());
            let one = match known.remove(&summary.id) {
                Some((then, one)) if then == length => one,
                _ => match BuildReader::open(self.dirs(), &summary.id).and_then(|reader| reader.state()) {
                    Ok(fold) => tell(&summary, &fold),
                    // It was deleted a moment ago.
                    Err(_) => continue,
                },
            };
            told.push(one.clone());
            fresh.insert(summary.id, (length, one));
        }
        *known = fresh;
        Ok(told)
    }

    /// How many builds and runs are under way; nothing where that cannot be read.
    pub(crate) fn count_running(&self) -> (u32, u32) {
        let (mut builds, mut runs) = (0, 0);
        for told in self.tell().unwrap_or_default() {
            match told {
                Told::Build(build) if !build.status.is_over() => builds += 1,
                Told::Run(run) if !run.is_over() => runs += 1,
                _ => {}
            }
        }
        (builds, runs)
    }

    /// The build or run of that id, or of an id that begins so, or whose last eight characters these are.
    pub(crate) fn find_build(&self, name: &str) -> Result<BuildId, WireError> {
        if let Ok(id) = name.parse::<BuildId>() {
            return Ok(id);
        }
        let list = BuildReader::list(self.dirs())?;
        let found: Vec<BuildId> = list
            .into_iter()
            .map(|summary| summary.id)
            .filter(|id| !name.is_empty() && (id.as_str().starts_with(name) || id.short() == name))
            .collect();
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(WireError::input("build_not_found", format!("there is no build {name}"))
                .hint("`goldsmith builds` lists them.")),
            several => {
                let names: Vec<&str> = several.iter().map(BuildId::as_str).collect();
                Err(WireError::input("build_ambiguous", format!("{name} could be {}", names.join(", "))))
            }
        }
    }

    /// Opens a journal.
    pub(crate) fn reader(&self, name: &str) -> Result<BuildReader, WireError> {
        Ok(BuildReader::open(self.dirs(), &self.find_build(name)?)?)
    }
}

fn tell(summary: &Summary, fold: &Fold) -> Told {
    let is_run = fold.plan().is_some_and(|plan| plan.jobs.iter().any(|job| job.source_type == RUN));
    if is_run { Told::Run(Box::new(run_of(fold))) } else { Told::Build(Box::new(build_of(summary, fold))) }
}

fn build_of(summary: &Summary, fold: &Fold) -> BuildSummary {
    let state = fold.state();
    let steps = || state.jobs.iter().flat_map(|job| &job.steps);
    let current =
        steps().rfind(|step| step.status == BuildStatus::Running || step.status == BuildStatus::Asking);
    let last = current.or_else(|| steps().rfind(|step| step.duration_ms.is_some()));
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    BuildSummary {
        build: summary.id.to_string(),
        template: name_of(&summary.template),
        template_path: summary.template.clone(),
        jobs: summary.jobs.clone(),
        status: state.status,
        step: last.map(|step| step.title.clone()),
        steps_done: count(steps().filter(|step| step.status.is_over()).count()),
        steps_total: count(steps().count()),
        started_at: summary.started_at,
        duration_ms: state.finished_at.and_then(|end| u64::try_from(end - summary.started_at).ok()),
        failure: state.failure.as_ref().map(|failure| failure.message.clone()),
        versions: state
            .jobs
            .iter()
            .filter_map(|job| job.version.as_ref())
            .map(|version| format!("{}@{}", version.image, version.number))
            .collect(),
    }
}

/// The last part of a path.
fn name_of(path: &str) -> String {
    path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(path).to_owned()
}

/// The state of a run, from its journal.
pub(crate) fn run_of(fold: &Fold) -> RunState {
    let state = fold.state();
    let hole = |name: &str| {
        let holes = state.jobs.iter().flat_map(|job| &job.holes);
        holes.rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    RunState {
        run: state.id.as_ref().map(ToString::to_string).unwrap_or_default(),
        image: state.template.clone(),
        status: state.status,
        started_at: state.started_at.unwrap_or(0),
        ssh_port: hole("port:ssh").and_then(|port| port.parse().ok()),
        ssh_command: hole("ssh:command"),
        accelerator: hole("accelerator"),
        failure: state.failure.as_ref().map(|failure| failure.message.clone()),
    }
}

impl From<ReadError> for WireError {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::NoBuild(id) => WireError::input("build_not_found", format!("there is no build {id}"))
                .hint("`goldsmith builds` lists them."),
            ReadError::Read { .. } => {
                crate::classify::said(ErrorKind::Environment, "journal_unreadable", &error)
            }
        }
    }
}

impl From<ControlError> for WireError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Read(error) => error.into(),
            ControlError::Over(_) => crate::classify::said(ErrorKind::Input, "build_over", &error),
            ControlError::Silent { .. } => {
                crate::classify::said(ErrorKind::Environment, "worker_silent", &error)
            }
            ControlError::Refused { .. } => crate::classify::said(ErrorKind::Input, "worker_refused", &error),
        }
    }
}
