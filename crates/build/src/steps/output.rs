//! The output folder: made by us, or not touched.

use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde_json::json;

use crate::error::{Context as _, StepError};
use crate::journal::Resource;
use crate::pipeline::{Holding, Step, StepContext};
use crate::plan::{Sketch, StepKind};

/// Makes the output folder.
pub(crate) struct MakeOutput {
    pub(crate) path: PathBuf,
    pub(crate) force: bool,
    /// Folders `force` must never remove, nor any that holds them.
    pub(crate) precious: Vec<PathBuf>,
}

/// The output folder, ours until the build has succeeded.
pub(crate) struct OutputFolder {
    pub(crate) path: PathBuf,
    pub(crate) holding: Holding,
}

#[async_trait]
impl Step for MakeOutput {
    type Output = OutputFolder;

    fn sketch(&self) -> Sketch {
        let title = if self.force { "Replace the output folder" } else { "Make the output folder" };
        // Where the result lies does not change what it is.
        Sketch::new(title, StepKind::Prepare).inputs(&json!(null))
    }

    async fn run(&self, cx: &StepContext) -> Result<OutputFolder, StepError> {
        if fs::symlink_metadata(&self.path).is_ok() {
            if !self.force {
                return Err(StepError::input(format!(
                    "The output folder {} exists already.",
                    self.path.display()
                ))
                .hint(
                    "Move it away, choose another output_directory, or build with --force to replace it.",
                ));
            }
            self.remove_old(cx).await?;
        }
        let holding = cx.make_directory(&self.path)?;
        Ok(OutputFolder { path: self.path.clone(), holding })
    }
}

impl MakeOutput {
    /// Out of the way first, in one move, so that a crash in the middle leaves nothing half removed behind a name
    /// somebody relies on.
    async fn remove_old(&self, cx: &StepContext) -> Result<(), StepError> {
        let real = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let holds = |inner: &PathBuf| fs::canonicalize(inner).is_ok_and(|inner| inner.starts_with(&real));
        if real.parent().is_none() || self.precious.iter().any(holds) {
            return Err(StepError::input(format!(
                "{} will not be removed: it holds the folder you work in, your home or Goldsmith's own files.",
                self.path.display()
            ))
            .hint("Choose an output_directory of its own for the build."));
        }
        let wrong = || format!("Cannot replace {}", self.path.display());
        if !fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.is_dir()) {
            return fs::remove_file(&self.path).environment(wrong);
        }
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        let aside = parent.join(format!(".goldsmith-{}", cx.fresh()));
        let text = aside.to_string_lossy().into_owned();
        let holding = cx.intend(Resource::Directory { path: text.clone(), staged: text })?;
        fs::rename(&self.path, &aside).environment(wrong)?;
        holding.release().await
    }
}
