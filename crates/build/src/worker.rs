//! The worker process.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use goldsmith_process::lock::FileLock;
use goldsmith_process::{Dirs, Env, Launch};
use goldsmith_template::options::Communicator;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::UnixListener;

use crate::control::Control;
use crate::download::Network;
use crate::error::{FailureKind, StepError};
use crate::id::{Clock, Random};
use crate::journal::{Fact, Journal, Outcome, SCHEMA, When};
use crate::pipeline::{BuildContext, Cancel, JobEnd, Pipeline, Wishes};
use crate::recipe::{self, Order};
use crate::redact::Redactor;
use crate::run;
use crate::schedule::{Needs, Schedule};
use crate::suite;
use crate::work::WorkOrder;

/// Whoever follows the ends of steps and is further behind than this misses some.
const EDGES: usize = 64;

/// What a worker needs from outside.
#[derive(Clone)]
pub struct WorkerEnv {
    /// The door to other programs.
    pub launch: Arc<dyn Launch>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub random: Arc<dyn Random>,
    /// The environment, for proxies.
    pub env: Env,
}

/// Why a worker ended before it had a journal to say so in.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// No order came, or not a whole one.
    #[error("no work order on standard input: {0}; a worker is started by `goldsmith build`")]
    Order(String),
    /// The build's folder cannot be used.
    #[error("cannot use the build's folder {path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another worker has it.
    #[error("build {0} has a worker already")]
    Taken(String),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] crate::journal::JournalError),
    /// There is no place for sockets.
    #[error(transparent)]
    Dirs(#[from] goldsmith_process::DirsError),
}

/// Reads a [`WorkOrder`] from `input` to its end and carries it out. The exit code for the process: 0 when every
/// job succeeded, 1 otherwise.
pub async fn worker_main(mut input: impl AsyncRead + Unpin, env: WorkerEnv) -> Result<u8, WorkerError> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).await.map_err(|error| WorkerError::Order(error.to_string()))?;
    let order: WorkOrder =
        serde_json::from_slice(&bytes).map_err(|error| WorkerError::Order(error.to_string()))?;
    drop(bytes);
    carry_out(order, env).await
}

/// Carries out an order in this process.
pub async fn carry_out(order: WorkOrder, env: WorkerEnv) -> Result<u8, WorkerError> {
    let began = Instant::now();
    let dirs = Dirs::from(order.dirs.clone());
    let id = order.build.clone();
    let folder = dirs.builds().join(id.as_str());
    let wrap = |source| WorkerError::Folder { path: folder.clone(), source };
    fs::create_dir_all(&folder).map_err(wrap)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(wrap)?;
    let _lock = take(&folder.join("lock")).await.map_err(wrap)?.ok_or(WorkerError::Taken(id.to_string()))?;
    let redactor = Redactor::new(&order.sensitive);
    redactor.add(passwords(&order));
    let journal = Arc::new(Journal::open(&folder, env.clock.clone(), redactor)?);
    let runtime = dirs.socket_folder_path(id.as_str());
    let control = runtime.join("control");
    journal.append(Fact::Opened {
        schema: SCHEMA,
        build: id.clone(),
        goldsmith: env!("CARGO_PKG_VERSION").to_owned(),
        control: control.display().to_string(),
        runtime: runtime.display().to_string(),
        plan: Box::new(order.plan.clone()),
    })?;
    // From here on everything that goes wrong has a journal to be told in.
    let outcome = carry(&order, &env, &dirs, &journal, &control).await;
    let removed = fs::remove_dir_all(&runtime);
    if let Err(error) = removed
        && error.kind() != std::io::ErrorKind::NotFound
    {
        let text = format!("The folder {} could not be removed: {error}", runtime.display());
        journal.log("", "", crate::journal::LogStream::Note, &text)?;
    }
    let _ = fs::remove_file(dirs.builds().join(format!(".{id}.out")));
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let failure = outcome.as_ref().err().map(|error| error.failure().clone());
    let outcome = match &outcome {
        Ok(()) => Outcome::Succeeded,
        Err(error) if error.is_cancelled() => Outcome::Cancelled,
        Err(_) => Outcome::Failed,
    };
    journal.append(Fact::Finished { outcome, duration_ms, failure })?;
    Ok(u8::from(outcome != Outcome::Succeeded))
}

/// Somebody who looks whether we are dead holds the lock for a moment.
async fn take(path: &Path) -> std::io::Result<Option<FileLock>> {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        if let Some(lock) = FileLock::try_exclusive(path)? {
            return Ok(Some(lock));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Passwords of the communicators are secrets even where the template does not say so.
fn passwords(order: &WorkOrder) -> Vec<String> {
    let mut found = Vec::new();
    for job in &order.jobs {
        let texts = match &job.communicator {
            Communicator::Ssh { ssh, .. } => {
                vec![&ssh.ssh_password, &ssh.ssh_bastion_password, &ssh.ssh_proxy_password]
            }
            Communicator::Winrm { winrm, .. } => vec![&winrm.winrm_password],
            Communicator::None => Vec::new(),
        };
        // A password as short as a word in every other line would mask the log, not itself.
        let secrets = texts.into_iter().flatten().filter_map(|text| text.known());
        found.extend(secrets.filter(|secret| secret.len() >= 4).map(str::to_owned));
    }
    found
}

async fn carry(
    order: &WorkOrder,
    env: &WorkerEnv,
    dirs: &Dirs,
    journal: &Arc<Journal>,
    socket: &Path,
) -> Result<(), StepError> {
    let runtime = dirs
        .socket_folder(order.build.as_str())
        .map_err(|error| StepError::environment(error.to_string()))?;
    let cancel = Cancel::default();
    let wishes = Arc::new(Wishes::default());
    let control = Control::new(cancel.clone(), journal.clone(), wishes.clone());
    let _ = fs::remove_file(socket);
    let listener = UnixListener::bind(socket).map_err(|error| {
        StepError::environment(format!("Cannot open the control socket {}", socket.display())).because(&error)
    })?;
    let serving = tokio::spawn(control.clone().serve(listener));
    let signals = tokio::spawn(heed_signals(control.clone()));
    let build = Arc::new(BuildContext {
        journal: journal.clone(),
        launch: env.launch.clone(),
        dirs: dirs.clone(),
        runtime,
        cwd: order.request.cwd.clone(),
        clock: env.clock.clone(),
        random: env.random.clone(),
        cancel,
        network: Network::from_env(|key| env.env.get(key).map(str::to_owned), order.request.home.as_deref())
            .offline(order.request.offline),
        agent: env.env.get("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from),
        path: env.env.path().to_owned(),
        temporary: env.env.get("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from),
        jobs: order.jobs.len(),
        asking: control,
        wishes,
        edges: tokio::sync::broadcast::channel(EDGES).0,
        broken: Mutex::default(),
    });
    let result = jobs(order, dirs, &build).await;
    serving.abort();
    signals.abort();
    result
}

/// The first signal asks for an orderly end, the second for a quick one.
async fn heed_signals(control: Arc<Control>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    let mut when = When::Unwind;
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        control.stop(when);
        when = When::Kill;
    }
}

async fn jobs(order: &WorkOrder, dirs: &Dirs, build: &Arc<BuildContext>) -> Result<(), StepError> {
    let mut pipelines: Vec<(Pipeline, Needs)> = Vec::new();
    let several = order.jobs.len() > 1;
    for job in &order.jobs {
        let made = recipe::job(&Order { job, host: &order.host, dirs, request: &order.request, several });
        let made = made.map_err(|error| StepError::input(error.to_string()))?;
        same_as_planned(order, &made.pipeline)?;
        let needs = Needs::of(job, &made.pipeline);
        pipelines.push((made.pipeline, needs));
    }
    if let Some(request) = &order.run {
        let pipeline = run::pipeline(request);
        same_as_planned(order, &pipeline)?;
        pipelines.push((pipeline, Needs::default()));
    }
    if let Some(request) = &order.test {
        let pipeline = suite::pipeline(request);
        same_as_planned(order, &pipeline)?;
        pipelines.push((pipeline, Needs::default()));
    }
    let schedule = Schedule::new(build);
    let schedule = &schedule;
    let at_once = match order.request.parallel {
        0 => pipelines.len().max(1),
        n => n,
    };
    let ends: Vec<JobEnd> = futures::stream::iter(&pipelines)
        .map(|(pipeline, needs)| async move {
            let _place = schedule.admit(pipeline, *needs).await;
            let times = order.expected.get(pipeline.job());
            let expected = move |step: &str| times.and_then(|times| times.get(step)).copied();
            pipeline.run(build, order.request.on_error, &expected).await
        })
        .buffered(at_once)
        .collect()
        .await;
    let mut errors: Vec<StepError> = ends.into_iter().filter_map(|end| end.error).collect();
    // A cancellation says least: another job's own failure comes first.
    errors.sort_by_key(|error| error.kind() == FailureKind::Cancelled);
    errors.into_iter().next().map_or(Ok(()), Err)
}

/// What runs is what was planned, or nothing runs.
fn same_as_planned(order: &WorkOrder, pipeline: &Pipeline) -> Result<(), StepError> {
    let planned = order.plan.jobs.iter().find(|job| job.name == pipeline.job());
    let planned: Vec<&str> =
        planned.map(|job| job.steps.iter().map(|step| step.id.as_str()).collect()).unwrap_or_default();
    let sketch = pipeline.sketch();
    let made: Vec<&str> = sketch.iter().map(|(id, _)| id.as_str()).collect();
    if planned == made {
        return Ok(());
    }
    Err(StepError::internal(format!("{} is not what was planned.", pipeline.job())).hint(
        "The worker is of another version than the program that planned; install both from one release.",
    ))
}
