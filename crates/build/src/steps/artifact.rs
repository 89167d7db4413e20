//! The artifact: what is in the output folder when the builder is done.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde_json::json;

use crate::error::{Context as _, StepError};
use crate::journal::{Fact, ProducedFile};
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::post::Artifact;
use crate::steps::output::OutputFolder;
use crate::steps::post::Ledger;

/// Collects the artifact.
pub(crate) struct Collect {
    pub(crate) output: Output<OutputFolder>,
    pub(crate) output_shown: String,
    pub(crate) builder_id: &'static str,
    /// Left out of the list though it stays on the disk (`efi_drop_efivars`).
    pub(crate) without: Option<PathBuf>,
    pub(crate) ledger: Ledger,
    /// What post-processors ask for.
    pub(crate) state: BTreeMap<String, String>,
}

#[async_trait]
impl Step for Collect {
    type Output = Artifact;

    fn sketch(&self) -> Sketch {
        Sketch::new("Collect the artifact", StepKind::Artifact).inputs(&json!(null))
    }

    async fn run(&self, cx: &StepContext) -> Result<Artifact, StepError> {
        let output = self.output.get()?;
        let folder = output.path.clone();
        // A post-processor that fails later does not take away what one before it has kept.
        let (ledger, holding) = (self.ledger.clone(), output.holding.clone());
        cx.on_failure("Keeping the artifact", move || async move {
            if ledger.is_kept() {
                holding.keep();
            }
            Ok(())
        });
        let mut files = Vec::new();
        walk(&folder, &mut files).environment(|| format!("Cannot list {}", folder.display()))?;
        files.retain(|file| Some(file) != self.without.as_ref());
        let shown = files
            .iter()
            .map(|file| {
                let inner = file.strip_prefix(&folder).unwrap_or(file);
                Path::new(&self.output_shown).join(inner).display().to_string()
            })
            .collect();
        let artifact = Artifact {
            builder_id: self.builder_id.to_owned(),
            id: "VM".to_owned(),
            files,
            shown,
            state: self.state.clone(),
        };
        cx.emit(Fact::ArtifactProduced {
            job: cx.job().to_owned(),
            builder_id: artifact.builder_id.clone(),
            files: produced(&artifact.files),
        });
        Ok(artifact)
    }
}

/// A source that makes no file.
pub(crate) struct NoArtifact {
    pub(crate) builder_id: &'static str,
    pub(crate) id: &'static str,
}

#[async_trait]
impl Step for NoArtifact {
    type Output = Artifact;

    fn sketch(&self) -> Sketch {
        Sketch::new("Finish", StepKind::Artifact).inputs(&json!(null))
    }

    async fn run(&self, cx: &StepContext) -> Result<Artifact, StepError> {
        cx.emit(Fact::ArtifactProduced {
            job: cx.job().to_owned(),
            builder_id: self.builder_id.to_owned(),
            files: Vec::new(),
        });
        Ok(Artifact { builder_id: self.builder_id.to_owned(), id: self.id.to_owned(), ..Artifact::default() })
    }
}

/// Every file below, in the order Go's `filepath.Walk` gives: names sorted, folders entered as they come.
fn walk(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), into)?;
        } else {
            into.push(entry.path());
        }
    }
    Ok(())
}

pub(crate) fn produced(files: &[PathBuf]) -> Vec<ProducedFile> {
    files
        .iter()
        .map(|path| ProducedFile {
            path: path.display().to_string(),
            size: fs::metadata(path).map_or(0, |metadata| metadata.len()),
        })
        .collect()
}
