//! The steps of each kind of source, in order.

use std::path::PathBuf;

use goldsmith_machine::HostFacts;
use goldsmith_process::Dirs;
use goldsmith_template::Job;

use crate::pipeline::Pipeline;
use crate::plan::PlanError;
use crate::work::PlanRequest;

/// A job's pipeline and what a plan says beside it.
pub(crate) struct Recipe {
    pub(crate) pipeline: Pipeline,
    pub(crate) output_directory: PathBuf,
    pub(crate) image: Option<String>,
}

/// The pipeline of a job.
pub(crate) fn job(
    job: &Job,
    _host: &HostFacts,
    _dirs: &Dirs,
    _request: &PlanRequest,
    _several: bool,
) -> Result<Recipe, PlanError> {
    Ok(Recipe { pipeline: Pipeline::new(&job.name), output_directory: PathBuf::new(), image: None })
}
