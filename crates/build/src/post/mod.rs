//! Post-processors: one small file each behind [`PostProcessor`].

mod artifice;
mod checksum;
mod compress;
mod manifest;
mod provenance;
mod shell_local;
mod vagrant;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_template::config::{PostProcessor as Kind, PostProcessorStep};
use serde::{Deserialize, Serialize};

use crate::error::{Context as _, StepError};
use crate::journal::ProducedFile;
use crate::names::Names;
use crate::pipeline::StepContext;
use crate::plan::Sketch;

pub use artifice::Artifice;
pub use checksum::Checksum;
pub use compress::Compress;
pub use manifest::Manifest;
pub use provenance::Provenance;
pub use shell_local::ShellLocalAfter;
pub use vagrant::Vagrant;

/// What a builder or a post-processor made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Packer's id of what made it: `transcend.qemu`, `packer.post-processor.compress`.
    pub builder_id: String,
    /// Packer's artifact id: `VM` for qemu.
    pub id: String,
    /// Its files, absolute, in the order Packer would walk them.
    pub files: Vec<PathBuf>,
    /// The files as the template names them (relative to the current folder when `output_directory` is), for
    /// output that Packer writes with such names; same order and number as `files`.
    pub shown: Vec<String>,
    /// What later post-processors ask the builder for: `diskName`, `diskType` and `domainType` for qemu.
    #[serde(default)]
    pub state: BTreeMap<String, String>,
}

/// Whether the artifact a post-processor was given stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Stays unless `keep_input_artifact = false`.
    Yes,
    /// Goes unless `keep_input_artifact = true`.
    No,
    /// Stays whatever the template says.
    Forced,
}

impl Keep {
    /// With the template's `keep_input_artifact` (Packer: `false` is not heeded when the post-processor forces).
    pub fn decide(self, wanted: Option<bool>) -> bool {
        match (self, wanted) {
            (Self::Forced, _) => true,
            (_, Some(wanted)) => wanted,
            (Self::Yes, None) => true,
            (Self::No, None) => false,
        }
    }
}

/// What a post-processor made of an artifact.
#[derive(Clone, Debug)]
pub struct Processed {
    /// What the next one in the sequence gets; none ends the sequence.
    pub artifact: Option<Artifact>,
    /// What becomes of the one it was given.
    pub keep: Keep,
}

/// What a post-processor may use beside the step's own means.
#[derive(Clone, Copy)]
pub struct PostContext<'a> {
    /// Journal, log, programs, cancellation, intents. Write outputs through [`StepContext::stage_beside`] and
    /// report them with [`StepContext::files_produced`].
    pub step: &'a StepContext,
    /// `{{.BuildName}}` and relatives, `PACKER_*` variables, `build.*` values.
    pub names: &'a Names,
    /// `-force`.
    pub force: bool,
}

/// One kind of post-processor with its decoded options.
#[async_trait]
pub trait PostProcessor: Send + Sync {
    /// What it will do, for the plan. Pure.
    fn sketch(&self) -> Sketch;

    /// Whether it may run at the same time as its neighbours: true when it only reads the artifact and writes
    /// files of its own, false when it runs the user's commands.
    fn is_independent(&self) -> bool;

    /// Does it. When it fails or is cancelled it leaves none of its outputs behind.
    async fn run(&self, cx: PostContext<'_>, artifact: &Artifact) -> Result<Processed, StepError>;
}

/// The post-processor of a step, with its id; none for one that needs more than its own options (`provenance`) or
/// is not built here.
pub(crate) fn of(step: &PostProcessorStep) -> Option<(&'static str, Arc<dyn PostProcessor>)> {
    match &step.post_processor {
        Kind::Checksum(options) => Some(("checksum", Arc::new(Checksum::new(options.clone())))),
        Kind::Manifest(options) => Some(("manifest", Arc::new(Manifest::new(options.clone())))),
        Kind::Compress(options) => Some(("compress", Arc::new(Compress::new(options.clone())))),
        Kind::ShellLocal(options) => {
            Some(("shell-local", Arc::new(ShellLocalAfter::new((**options).clone()))))
        }
        Kind::Artifice(options) => Some(("artifice", Arc::new(Artifice::new(options.clone())))),
        Kind::Vagrant(options) => Some(("vagrant", Arc::new(Vagrant::new((**options).clone())))),
        Kind::Provenance(_) | Kind::Foreign(_) => None,
    }
}

/// Writes small output files, each whole or not at all, and reports them. All of them are written before the first
/// gets its name, so that a failure leaves none behind.
pub(crate) fn put(cx: &StepContext, outputs: &BTreeMap<PathBuf, Vec<u8>>) -> Result<(), StepError> {
    let mut staged = Vec::new();
    let mut produced = Vec::new();
    for (path, bytes) in outputs {
        let (beside, holding) = cx.stage_beside(path)?;
        let written = std::fs::File::create(&beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        staged.push((beside, holding));
        written.environment(|| format!("Cannot write {}", path.display()))?;
        produced.push(ProducedFile { path: path.to_string_lossy().into_owned(), size: bytes.len() as u64 });
    }
    for ((beside, holding), path) in staged.iter().zip(outputs.keys()) {
        std::fs::rename(beside, path).environment(|| format!("Cannot write {}", path.display()))?;
        holding.forget();
    }
    cx.files_produced(produced);
    Ok(())
}
