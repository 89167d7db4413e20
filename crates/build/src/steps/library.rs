//! Adding the image to the library.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_library::{
    DiskFormat, Durations, Facts, ImageName, ImageTool, Library, LibraryError, NewFile, NewVersion,
    SourceFact,
};
use goldsmith_machine::HostFacts;
use jiff::Timestamp;
use serde_json::json;

use crate::error::StepError;
use crate::id::Clock;
use crate::journal::{BuildReader, Fact, Outcome, Unit};
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::provision::sentence;
use crate::steps::image::ImageFile;
use crate::steps::machine::Running;
use crate::steps::settings::Settings;
use crate::work::PlanRequest;

/// Adds a version.
pub(crate) struct AddVersion {
    pub(crate) image: ImageName,
    pub(crate) settings: Settings,
    pub(crate) machine: Output<Running>,
    pub(crate) source: Made,
    pub(crate) host: HostFacts,
    pub(crate) request: PlanRequest,
    pub(crate) ssh_user: Option<String>,
    pub(crate) warnings: Vec<String>,
}

/// What the image was made from.
pub(crate) enum Made {
    /// From an image.
    From(Output<ImageFile>),
    /// As told.
    Told(SourceFact),
}

pub(crate) struct LibraryClock(pub(crate) Arc<dyn Clock>);

impl goldsmith_library::Clock for LibraryClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

#[async_trait]
impl Step for AddVersion {
    type Output = ();

    fn sketch(&self) -> Sketch {
        Sketch::new(format!("Add to the library as {}", self.image), StepKind::Library)
            .inputs(&json!({ "image": self.image.as_str() }))
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let clock = Arc::new(LibraryClock(cx.build().clock.clone()));
        let folder = cx.dirs().library();
        let library = cx
            .blocking(move |_| Library::open(&folder, clock).map_err(|error| library_error(&error)))
            .await?;
        let new = NewVersion { image: self.image.clone(), files: self.files()?, facts: self.facts(cx)? };
        let launch = cx.launcher();
        let tool = ImageTool { launch: &*launch, qemu_img: &self.settings.qemu_img };
        let mut report = |progress: goldsmith_library::AddProgress| {
            cx.progress(progress.done, Some(progress.total), Unit::Bytes);
        };
        let added = library.add(new, &tool, cx.cancel(), &mut report).await;
        let version = added.map_err(|error| {
            if cx.cancel().is_cancelled() { StepError::cancelled() } else { library_error(&error) }
        })?;
        cx.say(format!("Added {}.", version.display_name()));
        cx.emit(Fact::VersionAdded {
            job: cx.job().to_owned(),
            image: version.image.to_string(),
            version: u64::from(version.number),
            digest: version.content.to_string(),
        });
        Ok(())
    }
}

impl AddVersion {
    fn files(&self) -> Result<Vec<NewFile>, StepError> {
        let s = &self.settings;
        let format: DiskFormat = s.format.name().parse().map_err(StepError::internal)?;
        let disk = |source: PathBuf, name: String| NewFile { source, name, disk: Some(format) };
        let mut files = vec![disk(s.disk_path(), format!("{}.{format}", self.image))];
        for (n, (path, _)) in s.more_disks().into_iter().enumerate() {
            files.push(disk(path, format!("{}-{}.{format}", self.image, n + 1)));
        }
        let vars = s.efivars_path();
        if s.efi.is_some() && fs::metadata(&vars).is_ok() {
            files.push(NewFile { source: vars, name: "efivars.fd".to_owned(), disk: None });
        }
        Ok(files)
    }

    fn facts(&self, cx: &StepContext) -> Result<Facts, StepError> {
        let given = &self.request.provenance;
        let running = self.machine.get()?;
        let source = match &self.source {
            Made::From(image) => image.get()?.source.clone(),
            Made::Told(fact) => fact.clone(),
        };
        Ok(Facts {
            template_path: Some(self.request.template.clone()),
            template_digest: given.template_digest.clone(),
            template_files: given.template_files.clone(),
            variables: given.variables.clone(),
            secret_variables: given.secret_variables.clone(),
            build: Some(cx.mark().to_owned()),
            job: Some(cx.job().to_owned()),
            durations: durations(cx),
            goldsmith: Some(env!("CARGO_PKG_VERSION").to_owned()),
            qemu: Some(running.machine.version().to_string()),
            accelerator: running.accelerator.clone(),
            host: Some(format!("{}, {}", self.host.system, self.host.cpu_model)),
            sources: vec![source],
            ssh_user: self.ssh_user.clone(),
            firmware: Some(if self.settings.efi.is_some() { "efi" } else { "bios" }.to_owned()),
            memory_mib: Some(self.settings.machine.memory),
            cpus: Some(self.settings.machine.cpus),
            warnings: self.warnings.iter().cloned().chain(cx.build().wishes.by_hand(cx.job())).collect(),
            folder: Some(self.request.cwd.display().to_string()),
            ..Facts::default()
        })
    }
}

/// From our own journal: it is the only record of time.
fn durations(cx: &StepContext) -> Durations {
    let mut durations = Durations::default();
    let Ok(id) = cx.mark().parse() else { return durations };
    let Ok(entries) = BuildReader::open(cx.dirs(), &id).and_then(|reader| reader.entries(0)) else {
        return durations;
    };
    let mut titles = std::collections::BTreeMap::new();
    if let Some(first) = entries.first() {
        let total = cx.build().clock.now_ms() - first.at;
        durations.total_ms = u64::try_from(total).ok();
    }
    for entry in entries {
        match entry.fact {
            Fact::StepStarted { job, step, title, .. } if job == cx.job() => {
                titles.insert(step, title);
            }
            Fact::StepFinished { job, step, outcome: Outcome::Succeeded, duration_ms, .. }
                if job == cx.job() =>
            {
                let title = titles.get(&step).cloned().unwrap_or(step);
                *durations.steps_ms.entry(title).or_default() += duration_ms;
            }
            _ => {}
        }
    }
    durations
}

pub(crate) fn library_error(error: &LibraryError) -> StepError {
    StepError::environment(sentence(&error.to_string()))
}
