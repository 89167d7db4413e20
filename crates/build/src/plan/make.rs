//! Making a plan. Pure: nothing is looked at but the arguments.

use goldsmith_machine::HostFacts;
use goldsmith_process::Dirs;
use goldsmith_template::config::{Foreign, Provisioner};
use goldsmith_template::{Config, Job, Place};
use serde_json::Value;

use crate::plan::{JobPlan, Plan, SkippedSource, Space, StepPlan};
use crate::recipe;
use crate::work::{PlanRequest, Prepared};

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{message}", at(.place))]
pub struct PlanError {
    /// One sentence: what and why.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
    /// Where in the template.
    pub place: Option<Place>,
}

fn at(place: &Option<Place>) -> String {
    place
        .as_ref()
        .map_or_else(String::new, |place| format!("{}:{}:{}: ", place.file, place.line, place.column))
}

impl PlanError {
    pub(crate) fn new(message: impl Into<String>, place: &Place) -> Self {
        Self { message: message.into(), hints: Vec::new(), place: Some(place.clone()) }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// What a build of this configuration will do on this host.
///
/// Sources, provisioners, post-processors and data sources that are not built here stop it, with the `-only` that
/// would work; [`PlanRequest::skip_foreign`] leaves out such sources, and nothing else.
pub fn plan(
    config: &Config,
    host: &HostFacts,
    dirs: &Dirs,
    request: &PlanRequest,
) -> Result<Prepared, PlanError> {
    let (jobs, skipped) = ours(config, request)?;
    let mut plan = Plan {
        template: request.template.clone(),
        partial: !skipped.is_empty(),
        skipped,
        space: Space { needed: 0, free: request.free_space },
        ..Plan::default()
    };
    let several = jobs.len() > 1;
    let mut inputs = Vec::new();
    for job in &jobs {
        let made = recipe::job(&recipe::Order { job, host, dirs, request, several })?;
        let mut fingerprint = blake3::hash(b"goldsmith plan 1");
        let mut steps = Vec::new();
        for (id, sketch) in made.pipeline.sketch() {
            fingerprint = chained(&fingerprint, &id, &sketch.inputs);
            for warning in sketch.warnings {
                if !plan.warnings.contains(&warning) {
                    plan.warnings.push(warning);
                }
            }
            for download in sketch.downloads {
                if !plan.downloads.contains(&download) {
                    plan.downloads.push(download);
                }
            }
            for program in sketch.host_commands {
                if !plan.host_commands.contains(&program) {
                    plan.host_commands.push(program);
                }
            }
            plan.space.needed += sketch.space;
            steps.push(StepPlan {
                id,
                title: sketch.title,
                kind: sketch.kind,
                commands: sketch.commands,
                fingerprint: fingerprint.to_hex().to_string(),
                cached: false,
                not_cached: None,
            });
        }
        inputs.push(made.checkpoints);
        plan.jobs.push(JobPlan {
            name: job.name.clone(),
            source_type: job.source_type.clone(),
            steps,
            output_directory: made.output_directory.display().to_string(),
            image: made.image,
        });
    }
    collisions(&jobs, &plan)?;
    if let Some(free) = plan.space.free
        && free < plan.space.needed
    {
        plan.warnings.push(format!(
            "This build may need {} and {} are free; it stops cleanly if the disk fills up.",
            crate::text::bytes(plan.space.needed),
            crate::text::bytes(free)
        ));
    }
    Ok(Prepared { plan, jobs, host: host.clone(), request: request.clone(), inputs })
}

/// Each step's fingerprint covers its own inputs and, through the one before it, everything earlier.
fn chained(before: &blake3::Hash, id: &str, inputs: &Value) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes());
    hasher.update(id.as_bytes());
    hasher.update(&[0]);
    hasher.update(inputs.to_string().as_bytes());
    hasher.finalize()
}

fn ours(config: &Config, request: &PlanRequest) -> Result<(Vec<Job>, Vec<SkippedSource>), PlanError> {
    let mut skipped = Vec::new();
    let mut jobs = Vec::new();
    for job in &config.jobs {
        match job.source.foreign() {
            Some(foreign) if request.skip_foreign => skipped.push(SkippedSource {
                job: job.name.clone(),
                reason: format!("sources of type {} are not built by Goldsmith", foreign.type_name),
            }),
            _ => jobs.push(job.clone()),
        }
    }
    let would_work: Vec<&str> = config
        .jobs
        .iter()
        .filter(|job| job.foreign().is_empty() && unknown(job).is_none())
        .map(|job| job.name.as_str())
        .collect();
    let remedy = |error: PlanError| {
        if would_work.is_empty() {
            error.hint("No source of this template can be built without it.")
        } else {
            error.hint(format!("This would work: -only '{}'", would_work.join(",")))
        }
    };
    for job in &jobs {
        if let Some(foreign) = job.foreign().first() {
            let (kind, named) = kind_of(job, foreign);
            let mut error = PlanError::new(
                format!("{} needs the {kind} {named}, which Goldsmith does not have.", job.name),
                &foreign.place,
            );
            if kind == "source" {
                error = error.hint("--skip-foreign builds the other sources and marks the run as partial.");
            }
            return Err(remedy(error));
        }
        if let Some(what) = unknown(job) {
            return Err(remedy(
                PlanError::new(
                    format!("{} needs the value of {what}, which Goldsmith cannot find out.", job.name),
                    &job.place,
                )
                .hint("Pass it as a variable: with -var, or as PKR_VAR_name in the environment."),
            ));
        }
    }
    if jobs.is_empty() {
        let message = if config.jobs.is_empty() && config.excluded.is_empty() {
            "The template has no build with a source, so there is nothing to build.".to_owned()
        } else if skipped.is_empty() {
            format!("-only and -except leave nothing to build; there are {}.", config.excluded.join(", "))
        } else {
            "Every source of this template is of a type that Goldsmith does not build.".to_owned()
        };
        return Err(PlanError { message, hints: Vec::new(), place: None });
    }
    Ok((jobs, skipped))
}

fn kind_of(job: &Job, foreign: &Foreign) -> (&'static str, String) {
    let source = job.source.foreign().is_some_and(|source| source.place == foreign.place);
    let provisioner =
        job.provisioners.iter().chain(&job.error_cleanup).any(
            |step| matches!(&step.provisioner, Provisioner::Foreign(found) if found.place == foreign.place),
        );
    let kind = match (source, provisioner) {
        (true, _) => "source",
        (false, true) => "provisioner",
        (false, false) => "post-processor",
    };
    (kind, format!("`{}`", foreign.type_name))
}

/// An expression somewhere in the job that nobody here can evaluate.
fn unknown(job: &Job) -> Option<String> {
    fn find(value: &Value) -> Option<String> {
        match value {
            Value::Object(map) => {
                if let Some(Value::Object(hole)) = map.get("hole")
                    && let Some(Value::String(what)) = hole.get("unknown")
                {
                    return Some(what.clone());
                }
                map.values().find_map(find)
            }
            Value::Array(items) => items.iter().find_map(find),
            _ => None,
        }
    }
    find(&serde_json::to_value(job).ok()?)
}

/// Packer names the default output folder after the source, so that two aliases of one source meet in it.
fn collisions(jobs: &[Job], plan: &Plan) -> Result<(), PlanError> {
    for (at, job) in plan.jobs.iter().enumerate() {
        let meets = |other: &&JobPlan| {
            !job.output_directory.is_empty() && other.output_directory == job.output_directory
        };
        if let Some(other) = plan.jobs[..at].iter().find(meets) {
            return Err(PlanError::new(
                format!("{} and {} would both write to {}.", other.name, job.name, job.output_directory),
                &jobs[at].place,
            )
            .hint("Give each of them its own output_directory."));
        }
    }
    Ok(())
}
