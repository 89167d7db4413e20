//! The CD of `cd_files` and `cd_content`.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use goldsmith_template::options::MediaOptions;
use goldsmith_template::{Job, Text};
use serde_json::json;

use crate::error::StepError;
use crate::names::Names;
use crate::pipeline::{Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::provision::sentence;
use crate::seed::{Seed, SeedError};
use crate::steps::fields::fill_in;
use crate::steps::settings::{known, known_all};
use crate::work::PlanRequest;

/// Makes the CD.
pub(crate) struct MakeCd {
    files: Vec<String>,
    content: Vec<(String, Text)>,
    label: String,
    base: PathBuf,
    names: Names,
    machine: String,
}

impl MakeCd {
    /// None when the template asks for none.
    pub(crate) fn new(
        job: &Job,
        media: &MediaOptions,
        names: &Names,
        machine: &str,
        request: &PlanRequest,
    ) -> Result<Option<Self>, PlanError> {
        if media.cd_files.is_empty() && media.cd_content.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            files: known_all(&media.cd_files, "cd_files", &job.place)?,
            content: media.cd_content.iter().map(|(path, text)| (path.clone(), text.clone())).collect(),
            label: match &media.cd_label {
                Some(label) => known(label, "cd_label", &job.place)?,
                None => "packer".to_owned(),
            },
            base: request.cwd.clone(),
            names: names.clone(),
            machine: machine.to_owned(),
        }))
    }

    fn seed(&self) -> Result<Seed, StepError> {
        let content = self
            .content
            .iter()
            .map(|(path, text)| Ok((path.clone(), fill_in(text, &self.names, &self.machine)?)))
            .collect::<Result<_, StepError>>()?;
        Ok(Seed { files: self.files.clone(), content, label: self.label.clone(), base: self.base.clone() })
    }
}

#[async_trait]
impl Step for MakeCd {
    type Output = PathBuf;

    fn sketch(&self) -> Sketch {
        let plain = Seed { label: self.label.clone(), ..Seed::default() };
        let command =
            plain.invocation(Path::new("xorriso"), Path::new("{runtime}/cd"), Path::new("{runtime}/cd.iso"));
        Sketch::new(format!("Make the CD \"{}\"", self.label), StepKind::Prepare)
            .command(command)
            .program("xorriso", "makes the CD of cd_files and cd_content")
            .inputs(&json!({ "files": self.files, "content": self.content, "label": self.label }))
    }

    async fn run(&self, cx: &StepContext) -> Result<PathBuf, StepError> {
        let work = cx.runtime().join("seed");
        std::fs::create_dir_all(&work).map_err(|error| {
            StepError::environment(format!("Cannot make the folder {}", work.display())).because(&error)
        })?;
        let iso = cx.runtime().join("cd.iso");
        let made = self.seed()?.make(cx.launch(), Path::new("xorriso"), &work, &iso, cx.cancel()).await;
        let _ = std::fs::remove_dir_all(&work);
        match made {
            Ok(()) => Ok(iso),
            Err(SeedError::Cancelled) => Err(StepError::cancelled()),
            Err(error @ (SeedError::NoFile { .. } | SeedError::BadGlob { .. } | SeedError::BadPath(_))) => {
                Err(StepError::input(sentence(&error.to_string())))
            }
            Err(error) => Err(StepError::environment(sentence(&error.to_string()))
                .hint("`goldsmith doctor` says how to install xorriso.")),
        }
    }
}
