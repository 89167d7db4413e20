//! `shell-local` after the build: the same as the provisioner; the artifact always stays and goes on unchanged.

use async_trait::async_trait;
use goldsmith_template::options::ShellLocalOptions;

use super::{Artifact, Keep, PostContext, PostProcessor, Processed};
use crate::error::StepError;
use crate::plan::{Sketch, StepKind};
use crate::provision::ShellLocal;

/// Scripts on this computer.
pub struct ShellLocalAfter {
    scripts: ShellLocal,
}

impl ShellLocalAfter {
    /// With these options.
    #[must_use]
    pub fn new(options: ShellLocalOptions) -> Self {
        Self { scripts: ShellLocal::new(options) }
    }
}

#[async_trait]
impl PostProcessor for ShellLocalAfter {
    fn sketch(&self) -> Sketch {
        self.scripts.describe(StepKind::PostProcess)
    }

    fn is_independent(&self) -> bool {
        false
    }

    async fn run(&self, cx: PostContext<'_>, artifact: &Artifact) -> Result<Processed, StepError> {
        self.scripts.execute(cx.step, cx.names).await?;
        Ok(Processed { artifact: Some(artifact.clone()), keep: Keep::Forced })
    }
}
