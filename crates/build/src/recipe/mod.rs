//! The steps of each kind of source, in order: the only place that names them.

mod common;
mod host;
mod machine;

use std::path::PathBuf;

use goldsmith_machine::HostFacts;
use goldsmith_process::Dirs;
use goldsmith_template::Job;
use goldsmith_template::config::Source;

use crate::checkpoint::Planned;
use crate::pipeline::Pipeline;
use crate::plan::PlanError;
use crate::supported;
use crate::work::PlanRequest;

/// A job's pipeline and what a plan says beside it.
pub(crate) struct Recipe {
    pub(crate) pipeline: Pipeline,
    pub(crate) output_directory: PathBuf,
    pub(crate) image: Option<String>,
    /// What its checkpoints depend on.
    pub(crate) checkpoints: Option<Planned>,
}

/// What a recipe is made from.
pub(crate) struct Order<'a> {
    pub(crate) job: &'a Job,
    pub(crate) host: &'a HostFacts,
    pub(crate) dirs: &'a Dirs,
    pub(crate) request: &'a PlanRequest,
    pub(crate) several: bool,
}

/// The pipeline of a job.
pub(crate) fn job(order: &Order<'_>) -> Result<Recipe, PlanError> {
    match &order.job.source {
        Source::Qemu(options) => machine::qemu(order, options),
        Source::Bootstrap(options) => machine::bootstrap(order, options),
        Source::Null => host::null(order),
        Source::File(options) => host::file(order, options),
        Source::Foreign(foreign) => Err(supported::no_source(order.job, foreign)),
    }
}
