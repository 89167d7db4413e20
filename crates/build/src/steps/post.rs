//! Post-processors as steps, and what becomes of the artifacts (packer.md 7).
//!
//! Each one of a sequence gets what the one before made; the first gets the builder's artifact. The builder's
//! artifact stays when there are no post-processors or any first one keeps it; else it goes at the end. Later ones
//! remove what they were given unless they keep it.

use std::fs;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;

use crate::error::{Context as _, StepError};
use crate::names::Names;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::post::{Artifact, PostContext, PostProcessor};
use crate::steps::output::OutputFolder;

/// Whether the builder's artifact stays.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    keep: Arc<Mutex<bool>>,
}

impl Ledger {
    /// With no post-processors at all it stays.
    pub(crate) fn new(any_post_processor: bool) -> Self {
        Self { keep: Arc::new(Mutex::new(!any_post_processor)) }
    }

    pub(crate) fn keep(&self) {
        *self.lock() = true;
    }

    pub(crate) fn is_kept(&self) -> bool {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, bool> {
        match self.keep.lock() {
            Ok(keep) => keep,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}

/// What a post-processor is given.
#[derive(Clone)]
pub(crate) enum Input {
    /// The builder's artifact.
    Builder(Output<Artifact>),
    /// What the one before made, if anything.
    Earlier(Output<Option<Artifact>>),
}

/// Runs a post-processor.
pub(crate) struct PostProcess {
    pub(crate) processor: Arc<dyn PostProcessor>,
    /// `keep_input_artifact`.
    pub(crate) keep: Option<bool>,
    pub(crate) input: Input,
    pub(crate) names: Names,
    pub(crate) force: bool,
    pub(crate) ledger: Ledger,
}

#[async_trait]
impl Step for PostProcess {
    type Output = Option<Artifact>;

    fn sketch(&self) -> Sketch {
        self.processor.sketch()
    }

    async fn run(&self, cx: &StepContext) -> Result<Option<Artifact>, StepError> {
        let given = match &self.input {
            Input::Builder(output) => output.get()?.as_ref().clone(),
            Input::Earlier(output) => match output.get()?.as_ref() {
                Some(artifact) => artifact.clone(),
                None => return Ok(None),
            },
        };
        let context = PostContext { step: cx, names: &self.names, force: self.force };
        let processed = self.processor.run(context, &given).await?;
        let keep = processed.keep.decide(self.keep);
        match &self.input {
            Input::Builder(_) if keep => self.ledger.keep(),
            Input::Builder(_) => {}
            Input::Earlier(_) if keep => {}
            Input::Earlier(_) => remove(cx, &given, processed.artifact.as_ref())?,
        }
        Ok(processed.artifact)
    }
}

/// Removes the files of an artifact, but none that its successor counts as its own.
fn remove(cx: &StepContext, artifact: &Artifact, successor: Option<&Artifact>) -> Result<(), StepError> {
    for file in &artifact.files {
        if successor.is_some_and(|next| next.files.contains(file)) {
            continue;
        }
        cx.say(format!("Removing {}.", file.display()));
        match fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).environment(|| format!("Cannot remove {}", file.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The last step: the output folder becomes the user's, or goes.
pub(crate) struct Settle {
    pub(crate) output: Output<OutputFolder>,
    pub(crate) ledger: Ledger,
}

#[async_trait]
impl Step for Settle {
    type Output = ();

    fn sketch(&self) -> Sketch {
        Sketch::new("Finish", StepKind::Artifact).inputs(&json!(null))
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let output = self.output.get()?;
        if self.ledger.is_kept() {
            output.holding.keep();
            return Ok(());
        }
        cx.say("No post-processor keeps the builder's artifact (keep_input_artifact); it is removed.");
        output.holding.release().await
    }
}
