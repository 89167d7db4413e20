//! Plans and builds.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_build::journal::{LogWindow, When};
use goldsmith_build::plan::PlanError;
use goldsmith_build::redact::Redactor;
use goldsmith_build::start::StartError;
use goldsmith_build::{BuildId, Parent, Plan, PlanRequest as Choices, Prepared, Provenance, start_worker};
use goldsmith_machine::HostFacts;
use goldsmith_machine::host::{facts, probe_accelerators};
use goldsmith_process::lock::FileLock;
use goldsmith_template::{Config, Diagnostic, Inputs, Project, Severity};
use sha2::{Digest as _, Sha256};

use crate::bodies::cache::rules;
use crate::bodies::host::allocated;
use crate::bodies::library::blocking;
use crate::bodies::template::{variable_text, with_session};
use crate::core::{Core, lock};
use crate::error::{ErrorKind, WireError};
use crate::journals::Told;
use crate::session::Session;
use crate::wire::*;

/// No more lines than this at once.
const LINES: u32 = 5_000;
/// No more of a serial console than this at once.
const SERIAL: u64 = 256 * 1024;

impl Core {
    /// What is known of this computer, the accelerators measured (or their remembered measurement).
    pub(crate) async fn host_facts(&self) -> Result<HostFacts, WireError> {
        let setup = self.setup();
        let (_turn, cancel) = self.examine().await;
        let mut host = facts(setup.launch.as_ref(), &setup.env, &cancel).await;
        if let Some(qemu) = &host.qemu {
            let runtime = self
                .dirs()
                .make_runtime()
                .map_err(|error| crate::classify::said(ErrorKind::Environment, "runtime_folder", &error))?;
            let launch = setup.launch.as_ref();
            // Where no accelerator can be measured the build says so itself when it starts a machine.
            host.accelerator =
                probe_accelerators(launch, &qemu.path, runtime, &self.dirs().cache, false, &cancel)
                    .await
                    .ok();
        }
        Ok(host)
    }
}

/// A plan, what must not be shown, and what was said about the template.
struct Ready {
    prepared: Prepared,
    sensitive: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Ready {
    /// The plan without anything sensitive, whatever the template put where.
    fn shown(&self) -> Plan {
        let plan = &self.prepared.plan;
        let redacted = serde_json::to_value(plan).ok().and_then(|mut value| {
            Redactor::new(&self.sensitive).redact_json(&mut value);
            serde_json::from_value(value).ok()
        });
        redacted.unwrap_or_default()
    }
}

async fn prepare(core: &Core, request: &PlanRequest) -> Result<Ready, WireError> {
    let host = core.host_facts().await?;
    let options = request.options.clone();
    with_session(core, &request.session, move |core, session| ready(core, session, &host, &options)).await
}

fn ready(
    core: &Core,
    session: &Session,
    host: &HostFacts,
    options: &BuildOptions,
) -> Result<Ready, WireError> {
    let inputs = session.read_with(core, true);
    let analysis = session.full_analysis(&inputs);
    let Some(config) = &analysis.config else { return Err(invalid(&analysis.diagnostics)) };
    let mut choices = choices(core, session, config, &inputs, options, &analysis.sensitive);
    choices.parents = parents(core, config);
    let settings = core.read_settings()?.checkpoints;
    let again = (settings.enabled && !options.no_cache).then(|| session.full_analysis(&otherwise(&inputs)));
    choices.checkpoints = rules(&settings, config, again.as_ref());
    let mut prepared = goldsmith_build::plan(config, host, core.dirs(), &choices)?;
    goldsmith_build::checkpoint::mark(&mut prepared, core.dirs());
    let mut diagnostics = analysis.diagnostics;
    diagnostics.retain(|diagnostic| diagnostic.severity != Severity::Info);
    Ok(Ready { prepared, sensitive: analysis.sensitive, diagnostics })
}

/// The same inputs of another run, at another time: what comes out otherwise with them is new at every build.
fn otherwise(inputs: &Inputs) -> Inputs {
    let mut other = inputs.clone();
    other.now = inputs.now + std::time::Duration::from_secs(100 * 24 * 3600 + 3_723);
    other.random = !inputs.random;
    other.run_uuid = uuid::Uuid::from_u128(!inputs.run_uuid.as_u128());
    other
}

/// The template has errors: the first of them, and how many there are.
fn invalid(diagnostics: &[Diagnostic]) -> WireError {
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    let Some(first) = errors.first() else {
        return WireError::internal("no_configuration", "the template has no error and yet no meaning");
    };
    let mut error = WireError::input("template_invalid", first.message.clone()).at(first.place.clone());
    error.hints.extend(first.help.clone());
    if errors.len() > 1 {
        error =
            error.hint(format!("There are {} errors; `goldsmith validate` shows them all.", errors.len()));
    }
    error
}

fn choices(
    core: &Core,
    session: &Session,
    config: &Config,
    inputs: &Inputs,
    options: &BuildOptions,
    sensitive: &[String],
) -> Choices {
    let setup = core.setup();
    let path = session.cwd().join(session.project().path());
    Choices {
        template: path.canonicalize().unwrap_or(path).to_string_lossy().into_owned(),
        cwd: session.cwd().to_owned(),
        home: setup.env.home(),
        force: options.force,
        on_error: options.on_error,
        skip_foreign: options.skip_foreign,
        no_cache: options.no_cache,
        offline: options.offline,
        no_library: options.no_library,
        image: None,
        parallel: options.parallel as usize,
        run_uuid: inputs.run_uuid.to_string(),
        free_space: goldsmith_process::space::free(session.cwd()).ok(),
        checkpoints: goldsmith_build::checkpoint::Rules::default(),
        provenance: provenance(session.project(), config, &Redactor::new(sensitive)),
        parents: BTreeMap::new(),
    }
}

/// What the `library://` references of the jobs mean now. A library that cannot be opened says so for each.
fn parents(core: &Core, config: &Config) -> BTreeMap<String, Result<Parent, String>> {
    let references = goldsmith_build::library_references(config);
    if references.is_empty() {
        return BTreeMap::new();
    }
    let library = core.library();
    let look = |reference: &str| {
        let library = library.as_ref().map_err(|error| error.title.clone())?;
        let name = reference.strip_prefix("library://").unwrap_or(reference);
        let base = library.base(name).map_err(|error| error.to_string())?;
        let disk = base.version.disk().and_then(|disk| Some((disk.path.clone()?, disk.sha256.clone())));
        let (path, sha256) = disk.ok_or_else(|| format!("{} has no disk", base.version.display_name()))?;
        let (path, checksum) = (path.display().to_string(), format!("sha256:{sha256}"));
        Ok(Parent { path, checksum, source: base.source, warnings: base.warnings })
    };
    references.into_iter().map(|reference| (reference.clone(), look(&reference))).collect()
}

/// A default of a sensitive variable stands in the template itself: the copy is redacted, the digest is not.
fn provenance(project: &Project, config: &Config, redactor: &Redactor) -> Provenance {
    let mut digest = Sha256::new();
    let mut files = BTreeMap::new();
    for document in project.documents() {
        let name = document.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        digest.update(name.as_bytes());
        digest.update([0]);
        digest.update(document.bytes());
        digest.update([0]);
        files.insert(name, redactor.redact(document.text()).into_owned());
    }
    let (secret, open): (Vec<_>, Vec<_>) = config.variables.iter().partition(|variable| variable.sensitive);
    Provenance {
        template_files: files,
        template_digest: Some(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
        variables: open
            .iter()
            .filter_map(|variable| Some((variable.name.clone(), variable_text(&variable.value)?)))
            .collect(),
        secret_variables: secret.iter().map(|variable| variable.name.clone()).collect(),
    }
}

pub(crate) async fn plan(core: &Core, request: PlanRequest) -> Result<Planned, WireError> {
    let ready = prepare(core, &request).await?;
    Ok(Planned { plan: ready.shown(), diagnostics: ready.diagnostics })
}

pub(crate) async fn start_build(core: &Core, request: PlanRequest) -> Result<StartedBuild, WireError> {
    core.recover().await?;
    let ready = prepare(core, &request).await?;
    let plan = ready.shown();
    let setup = core.setup();
    let build = BuildId::new(setup.clock.as_ref(), setup.random.as_ref());
    let order = ready.prepared.order(build, core.dirs(), ready.sensitive);
    let build = start_worker(setup.launch.as_ref(), &setup.program, core.dirs(), order).await?;
    let keeper = core.clone();
    // Nobody waits for old journals to go; what could not be removed is tried again at the next start.
    tokio::task::spawn_blocking(move || keeper.prune());
    Ok(StartedBuild { build: build.to_string(), plan, diagnostics: ready.diagnostics })
}

impl Core {
    /// Forgets the oldest finished builds beyond the number and the space to keep. The newest always stays.
    fn prune(&self) {
        let settings = self.read_settings().unwrap_or_default();
        let (keep, limit) = (settings.keep_builds as usize, u64::from(settings.keep_builds_mib) << 20);
        let told = self.tell().unwrap_or_default();
        let over = told.iter().filter_map(|told| match told {
            Told::Build(build) if build.status.is_over() => Some(&build.build),
            Told::Run(run) if run.is_over() => Some(&run.run),
            _ => None,
        });
        let mut taken = 0;
        for (at, id) in over.enumerate() {
            let Ok(id) = id.parse::<BuildId>() else { continue };
            taken += allocated(&self.dirs().builds().join(id.as_str()));
            if at >= keep || (at > 0 && taken > limit) {
                let _ = self.remove_journal(&id);
            }
        }
    }

    /// Removes a build's folder, unless its worker lives.
    fn remove_journal(&self, id: &BuildId) -> Result<(), WireError> {
        self.logs().forget(id);
        let folder = self.dirs().builds().join(id.as_str());
        let failed = |error: &std::io::Error| {
            WireError::environment("unwritable", format!("cannot remove {}", folder.display())).because(error)
        };
        match FileLock::try_exclusive(folder.join("lock")) {
            Ok(Some(_lock)) => std::fs::remove_dir_all(&folder).map_err(|error| failed(&error)),
            Ok(None) => Err(WireError::input("build_running", format!("build {id} is still running"))
                .hint("Cancel it first.")),
            Err(error) => Err(failed(&error)),
        }
    }
}

pub(crate) async fn cancel_build(core: &Core, request: CancelBuild) -> Result<Done, WireError> {
    let id = core.find_build(&request.build)?;
    let when = if request.kill { When::Kill } else { When::Unwind };
    goldsmith_build::cancel(core.dirs(), &id, when).await?;
    Ok(Done {})
}

pub(crate) async fn list_builds(core: &Core, _: Nothing) -> Result<BuildList, WireError> {
    core.recover().await?;
    let core = core.clone();
    blocking(move || Ok(BuildList { builds: builds(&core)? })).await
}

/// The builds among what the journals tell.
pub(crate) fn builds(core: &Core) -> Result<Vec<BuildSummary>, WireError> {
    let told = core.tell()?.into_iter();
    Ok(told
        .filter_map(|told| match told {
            Told::Build(build) => Some(*build),
            Told::Run(_) => None,
        })
        .collect())
}

pub(crate) async fn build_state(core: &Core, request: OfBuild) -> Result<FactList, WireError> {
    build_facts(core, BuildFacts { build: request.build, since: 0 }).await
}

pub(crate) async fn build_facts(core: &Core, request: BuildFacts) -> Result<FactList, WireError> {
    let core = core.clone();
    blocking(move || {
        let reader = core.reader(&request.build)?;
        let state = reader.state()?.state().clone();
        Ok(FactList { entries: reader.entries(request.since)?, state })
    })
    .await
}

pub(crate) async fn build_log(core: &Core, request: BuildLog) -> Result<LogWindow, WireError> {
    let core = core.clone();
    blocking(move || {
        let index = core.log_index(&request.build)?;
        let count = request.count.min(LINES) as usize;
        Ok(lock(&index).window(&request.filter, request.from, count)?)
    })
    .await
}

pub(crate) async fn serial_log(core: &Core, request: SerialLog) -> Result<SerialText, WireError> {
    let core = core.clone();
    blocking(move || {
        let path = core.reader(&request.build)?.serial_log();
        match piece(&path, request.offset) {
            Ok((bytes, total)) => {
                let next = request.offset.min(total) + bytes.len() as u64;
                Ok(SerialText { text: String::from_utf8_lossy(&bytes).into_owned(), next, total })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(SerialText::default()),
            Err(error) => {
                Err(WireError::environment("unreadable", format!("cannot read {}", path.display()))
                    .because(&error))
            }
        }
    })
    .await
}

/// Bytes of a file from an offset on, and how many there are.
fn piece(path: &Path, offset: u64) -> std::io::Result<(Vec<u8>, u64)> {
    let mut file = std::fs::File::open(path)?;
    let total = file.metadata()?.len();
    file.seek(SeekFrom::Start(offset.min(total)))?;
    let mut bytes = Vec::new();
    file.take(SERIAL).read_to_end(&mut bytes)?;
    Ok((bytes, total))
}

pub(crate) async fn screen_picture(core: &Core, request: ScreenPicture) -> Result<Picture, WireError> {
    let core = core.clone();
    blocking(move || {
        let reader = core.reader(&request.build)?;
        let file = match request.file {
            Some(file) => Some(file),
            None => {
                let fold = reader.state()?;
                let screens = fold.state().jobs.iter().filter_map(|job| job.screen.as_ref());
                screens.max_by_key(|screen| screen.at).map(|screen| screen.file.clone())
            }
        };
        let bytes =
            file.as_deref().and_then(|file| reader.screen(file)).and_then(|path| std::fs::read(path).ok());
        // An older picture may have made room for a newer one.
        Ok(match bytes {
            Some(bytes) => Picture { file, png: STANDARD.encode(bytes) },
            None => Picture { file: None, png: String::new() },
        })
    })
    .await
}

pub(crate) async fn delete_build(core: &Core, request: OfBuild) -> Result<Done, WireError> {
    core.recover().await?;
    let core = core.clone();
    blocking(move || {
        let id = core.find_build(&request.build)?;
        // Says so when there is none.
        core.reader(id.as_str())?;
        core.remove_journal(&id)?;
        Ok(Done {})
    })
    .await
}

impl From<PlanError> for WireError {
    fn from(error: PlanError) -> Self {
        let mut wire = WireError::input("cannot_plan", error.message).at(error.place);
        wire.hints = error.hints;
        wire
    }
}

impl From<StartError> for WireError {
    fn from(error: StartError) -> Self {
        match &error {
            StartError::Order(_) => crate::classify::said(ErrorKind::Internal, "bad_order", &error),
            StartError::Launch(_) => crate::classify::said(ErrorKind::Environment, "worker_missing", &error)
                .hint("The `goldsmith` program must be beside the program that starts builds."),
            StartError::Folder { .. } => {
                crate::classify::said(ErrorKind::Environment, "build_folder", &error)
            }
            StartError::Ended { .. } | StartError::Silent => {
                crate::classify::said(ErrorKind::Internal, "worker_ended", &error)
            }
        }
    }
}
