//! The `file` source: one file on this computer.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use async_trait::async_trait;
use goldsmith_process::copy;
use goldsmith_template::Job;
use goldsmith_template::options::FileSourceOptions;
use serde_json::json;

use crate::error::{Context as _, StepError};
use crate::journal::{Fact, Unit};
use crate::pipeline::{Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::post::Artifact;
use crate::steps::artifact::produced;
use crate::steps::post::Ledger;
use crate::steps::settings::known;
use crate::work::PlanRequest;

/// Mode of a file written from `content`, as Packer gives it: the content may be a secret.
const PRIVATE: u32 = 0o600;

/// Writes the file.
pub(crate) struct WriteFile {
    /// Absolute.
    pub(crate) target: PathBuf,
    shown: String,
    from: From,
}

enum From {
    Content(String),
    Source(PathBuf),
}

impl WriteFile {
    pub(crate) fn new(
        job: &Job,
        options: &FileSourceOptions,
        request: &PlanRequest,
    ) -> Result<Self, PlanError> {
        let place = &job.place;
        let shown = known(&options.target, "target", place)?;
        if shown.is_empty() {
            return Err(PlanError::new("`target` is empty; it names the file that is written.", place));
        }
        let from = match (&options.source, &options.content) {
            (Some(source), _) if !source.is_empty() => {
                From::Source(request.cwd.join(known(source, "source", place)?))
            }
            // With neither the file is empty, as in Packer.
            (_, Some(content)) => From::Content(known(content, "content", place)?),
            (_, None) => From::Content(String::new()),
        };
        Ok(Self { target: request.cwd.join(&shown), shown, from })
    }
}

#[async_trait]
impl Step for WriteFile {
    type Output = Artifact;

    fn sketch(&self) -> Sketch {
        let (title, inputs) = match &self.from {
            From::Content(text) => (format!("Write {}", self.shown), json!({ "content": text })),
            From::Source(path) => {
                (format!("Copy {} to {}", path.display(), self.shown), json!({ "source": path }))
            }
        };
        let sketch = Sketch::new(title, StepKind::Artifact).inputs(&inputs);
        match &self.from {
            From::Content(text) => sketch.writes(text.len() as u64),
            From::Source(_) => sketch,
        }
    }

    async fn run(&self, cx: &StepContext) -> Result<Artifact, StepError> {
        let wrong = || format!("Cannot write {}", self.target.display());
        // Beside first: what is there already is replaced by the whole file or not at all.
        let (staged, holding) = cx.stage_beside(&self.target)?;
        match &self.from {
            From::Content(text) => {
                let mut file = fs::File::create(&staged).environment(wrong)?;
                file.set_permissions(fs::Permissions::from_mode(PRIVATE)).environment(wrong)?;
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).environment(wrong)?;
            }
            From::Source(source) => {
                if !fs::metadata(source).input(|| format!("Cannot read {}", source.display()))?.is_file() {
                    return Err(StepError::input(format!("{} is not a file.", source.display()))
                        .hint("`source` names one file."));
                }
                let (from, to, told) = (source.clone(), staged.clone(), cx.clone());
                cx.blocking(move |cancel| {
                    let mut progress = |done, total| told.progress(done, Some(total), Unit::Bytes);
                    copy::file(&from, &to, cancel, &mut progress)
                        .map(drop)
                        .environment(|| format!("Cannot copy {} to {}", from.display(), to.display()))
                })
                .await?;
            }
        }
        fs::rename(&staged, &self.target).environment(wrong)?;
        holding.forget();
        let artifact = Artifact {
            builder_id: "packer.file".to_owned(),
            id: "File".to_owned(),
            files: vec![self.target.clone()],
            shown: vec![self.shown.clone()],
            ..Artifact::default()
        };
        cx.emit(Fact::ArtifactProduced {
            job: cx.job().to_owned(),
            builder_id: artifact.builder_id.clone(),
            files: produced(&artifact.files),
        });
        Ok(artifact)
    }
}

/// The last step: the file stays, or goes when no post-processor keeps it.
pub(crate) struct SettleFile {
    pub(crate) target: PathBuf,
    pub(crate) ledger: Ledger,
}

#[async_trait]
impl Step for SettleFile {
    type Output = ();

    fn sketch(&self) -> Sketch {
        Sketch::new("Finish", StepKind::Artifact).inputs(&json!(null))
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        if self.ledger.is_kept() {
            return Ok(());
        }
        cx.say("No post-processor keeps the builder's artifact (keep_input_artifact); it is removed.");
        match fs::remove_file(&self.target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).environment(|| format!("Cannot remove {}", self.target.display()))
            }
            _ => Ok(()),
        }
    }
}
