//! A build beside others of the same template: how long its steps usually take, and what two builds did differently.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use goldsmith_build::fold::{BuildStatus, StepState};
use goldsmith_build::journal::{LogFilter, plain};
use goldsmith_build::{Fold, Plan};
use similar::{ChangeTag, TextDiff};

use crate::bodies::library::blocking;
use crate::core::{Core, lock};
use crate::error::WireError;
use crate::wire::*;

/// Earlier builds that are looked at.
const LOOK_BACK: usize = 20;
/// A step's log that is longer is not compared.
const LINES: usize = 5_000;
/// A difference shows no more lines than this.
const SHOWN: usize = 400;

pub(crate) async fn build_times(core: &Core, request: OfBuild) -> Result<BuildTimes, WireError> {
    let core = core.clone();
    blocking(move || {
        let id = core.find_build(&request.build)?.to_string();
        let all = crate::bodies::build::builds(&core)?;
        let Some(this) = all.iter().find(|build| build.build == id).cloned() else {
            return Ok(BuildTimes::default());
        };
        let same: Vec<BuildSummary> =
            all.into_iter().filter(|build| build.template_path == this.template_path).collect();
        let mut times: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
        let mut builds = Vec::new();
        for build in same.iter().take(LOOK_BACK) {
            let Ok(fold) = core.reader(&build.build).and_then(|reader| Ok(reader.state()?)) else { continue };
            let steps =
                || fold.state().jobs.iter().flat_map(|job| job.steps.iter().map(move |step| (job, step)));
            let earlier = build.started_at < this.started_at && build.status == BuildStatus::Succeeded;
            for (job, step) in steps().filter(|(_, step)| earlier && !step.cached) {
                if let (BuildStatus::Succeeded, Some(ms)) = (step.status, step.duration_ms) {
                    times.entry((job.name.clone(), step.id.clone())).or_default().push(ms);
                }
            }
            let cached = steps().filter(|(_, step)| step.cached).count();
            builds.push(PastBuild {
                build: build.build.clone(),
                status: build.status,
                started_at: build.started_at,
                duration_ms: build.duration_ms,
                cached: u32::try_from(cached).unwrap_or(u32::MAX),
            });
        }
        let steps = times.into_iter().filter_map(|((job, step), mut all)| {
            // The newest build comes first.
            let last_ms = *all.first()?;
            all.sort_unstable();
            let at = |part: usize| all[(all.len() - 1) * part / 4];
            Some(StepTime { job, step, last_ms, median_ms: at(2), spread_ms: at(3) - at(1) })
        });
        Ok(BuildTimes { steps: steps.collect(), builds })
    })
    .await
}

pub(crate) async fn compare_builds(core: &Core, request: CompareBuilds) -> Result<ComparedBuilds, WireError> {
    let core = core.clone();
    blocking(move || {
        let fold = |build: &str| -> Result<Fold, WireError> { Ok(core.reader(build)?.state()?) };
        let (before, after) = (fold(&request.before)?, fold(&request.after)?);
        let steps = steps(&before, &after);
        let plan = unified(&planned(before.plan()), &planned(after.plan())).0;
        let mut log = Vec::new();
        for step in &steps {
            log.extend(compare_log(&core, &request, step)?);
        }
        Ok(ComparedBuilds { steps, plan, log })
    })
    .await
}

fn steps(before: &Fold, after: &Fold) -> Vec<ComparedStep> {
    let of = |fold: &Fold| -> Vec<(String, StepState)> {
        let jobs = fold.state().jobs.iter();
        jobs.flat_map(|job| job.steps.iter().map(|step| (job.name.clone(), step.clone()))).collect()
    };
    let (old, new) = (of(before), of(after));
    let same = |a: &(String, StepState), b: &(String, StepState)| a.0 == b.0 && a.1.id == b.1.id;
    let row = |old: Option<&StepState>, new: Option<&StepState>, job: &str| {
        let step = new.or(old)?;
        Some(ComparedStep {
            job: job.to_owned(),
            step: step.id.clone(),
            title: step.title.clone(),
            before_ms: old.and_then(|step| step.duration_ms),
            after_ms: new.and_then(|step| step.duration_ms),
            before: old.map(|step| step.status),
            after: new.map(|step| step.status),
        })
    };
    let both = new.iter().filter_map(|step| {
        row(old.iter().find(|other| same(other, step)).map(|(_, step)| step), Some(&step.1), &step.0)
    });
    let gone = old.iter().filter(|step| !new.iter().any(|other| same(other, step)));
    both.chain(gone.filter_map(|step| row(Some(&step.1), None, &step.0))).collect()
}

/// What a plan says, in lines to compare: steps and what they run.
fn planned(plan: Option<&Plan>) -> String {
    let mut text = String::new();
    for job in plan.into_iter().flat_map(|plan| &plan.jobs) {
        text.push_str(&format!("{}\n", job.name));
        for step in &job.steps {
            text.push_str(&format!("  {}\n", step.title));
            for line in step.commands.iter().flat_map(|command| command.lines()) {
                text.push_str(&format!("    {line}\n"));
            }
        }
    }
    text
}

/// Figures that change with every run: times, ports, sizes, process numbers, digests.
static FIGURES: LazyLock<Option<regex::Regex>> =
    LazyLock::new(|| regex::Regex::new(r"\b(?:0x)?[0-9a-f]*[0-9][0-9a-f]*\b").ok());

fn without_figures(text: &str) -> String {
    match &*FIGURES {
        Some(figures) => figures.replace_all(text, "#").into_owned(),
        None => text.to_owned(),
    }
}

/// The unified difference of two texts with figures told alike, and how many lines came and went.
fn unified(before: &str, after: &str) -> (String, u32, u32) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let plain = |lines: &[&str]| -> Vec<String> { lines.iter().map(|line| without_figures(line)).collect() };
    let (old_plain, new_plain) = (plain(&old), plain(&new));
    let (a, b): (Vec<&str>, Vec<&str>) =
        (old_plain.iter().map(String::as_str).collect(), new_plain.iter().map(String::as_str).collect());
    let diff = TextDiff::from_slices(&a, &b);
    let (mut text, mut added, mut removed, mut shown) = (String::new(), 0, 0, 0);
    for (number, group) in diff.grouped_ops(2).iter().enumerate() {
        if number > 0 && shown < SHOWN {
            text.push_str("…\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, line) = match change.tag() {
                ChangeTag::Delete => {
                    removed += 1;
                    ('-', change.old_index().and_then(|at| old.get(at)))
                }
                ChangeTag::Insert => {
                    added += 1;
                    ('+', change.new_index().and_then(|at| new.get(at)))
                }
                ChangeTag::Equal => (' ', change.new_index().and_then(|at| new.get(at))),
            };
            if shown < SHOWN {
                text.push_str(&format!("{sign}{}\n", line.copied().unwrap_or_default()));
            }
            shown += 1;
        }
    }
    (text, added, removed)
}

/// What a step wrote; none when it wrote too much.
fn written(core: &Core, build: &str, step: &ComparedStep) -> Result<Option<String>, WireError> {
    let filter =
        LogFilter { job: Some(step.job.clone()), step: Some(step.step.clone()), ..LogFilter::default() };
    let index = core.log_index(build)?;
    let window = lock(&index).window(&filter, 1, LINES)?;
    if window.total > LINES as u64 {
        return Ok(None);
    }
    Ok(Some(window.lines.iter().map(|line| format!("{}\n", plain(&line.text))).collect()))
}

fn compare_log(
    core: &Core,
    request: &CompareBuilds,
    step: &ComparedStep,
) -> Result<Option<ComparedLog>, WireError> {
    let sides = (written(core, &request.before, step)?, written(core, &request.after, step)?);
    let (text, added, removed, too_long) = match sides {
        (Some(before), Some(after)) => {
            let (text, added, removed) = unified(&before, &after);
            (text, added, removed, false)
        }
        _ => (String::new(), 0, 0, true),
    };
    let differs = too_long || added + removed > 0;
    Ok(differs.then(|| ComparedLog {
        job: step.job.clone(),
        step: step.step.clone(),
        added,
        removed,
        text,
        too_long,
    }))
}
