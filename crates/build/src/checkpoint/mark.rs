//! Saying in a plan what a build will not have to do.

use std::path::PathBuf;

use goldsmith_process::Dirs;

use super::contents;
use super::inputs::JobInputs;
use super::store::{Edge, Store};
use crate::checkpoint::Rules;
use crate::work::Prepared;

/// What is known of a job's base before it is looked for.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// Its digest.
    Digest(String),
    /// The file itself.
    File(PathBuf),
    /// Nothing: the build finds out.
    Unknown,
}

/// A job's inputs beside the ids of its steps.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) inputs: JobInputs,
    pub(crate) base: Base,
    /// The step that makes the disk.
    pub(crate) disk: String,
    /// The steps between the disk and the first provisioner that a kept machine saves.
    pub(crate) machine: Vec<String>,
    /// The provisioners.
    pub(crate) provisioners: Vec<String>,
}

/// Marks in the plan the steps that a checkpoint saves, and says from where on nothing can be saved, and why. Looks
/// at the checkpoints and at the files the template names; not at the network: whether a package archive has changed
/// since is found out by the build.
pub fn mark(prepared: &mut Prepared, dirs: &Dirs) {
    let rules: &Rules = &prepared.request.checkpoints;
    if !rules.enabled {
        return;
    }
    let store = Store::new(dirs);
    for (job, planned) in prepared.plan.jobs.iter_mut().zip(&prepared.inputs) {
        let Some(planned) = planned else { continue };
        let chain = planned.inputs.chain();
        if let Some((at, why)) = &chain.end {
            let id = match chain.links.is_empty() {
                true => planned.machine.first(),
                false => planned.provisioners.get(*at),
            };
            if let Some(step) = job.steps.iter_mut().find(|step| Some(&step.id) == id) {
                step.not_cached = Some(why.clone());
            }
        }
        let base = match &planned.base {
            Base::Digest(digest) => Some(digest.clone()),
            // An image that is not there fits nothing.
            Base::File(path) => Some(contents::identity(path).unwrap_or_default()),
            Base::Unknown => None,
        };
        let Some(entry) = store.usable(base.as_deref(), &chain).into_iter().next() else { continue };
        let mut saved = vec![planned.disk.as_str()];
        if let Edge::Machine(done) = entry.record.edge {
            saved.extend(planned.machine.iter().map(String::as_str));
            saved.extend(planned.provisioners.iter().take(done).map(String::as_str));
        }
        for step in job.steps.iter_mut().filter(|step| saved.contains(&step.id.as_str())) {
            step.cached = true;
        }
    }
}
