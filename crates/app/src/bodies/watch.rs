//! Taking part in a build that runs: its consoles, its pauses, the scripts of a step that failed, its log by filters.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use goldsmith_build::control::{self, Request};
use goldsmith_build::fold::JobState;
use goldsmith_build::journal::{AskedScript, FoundLine, LogIndex, LogSections};
use goldsmith_build::{BuildId, SCREEN_SOCKET};
use goldsmith_process::durable;
use tokio::net::UnixStream;

use crate::bodies::library::blocking;
use crate::console::{self, Carried};
use crate::core::{Core, lock};
use crate::error::WireError;
use crate::wire::*;

/// Logs that are kept indexed.
const INDEXED: usize = 4;
/// A script longer than this is no text for a window.
const SCRIPT: u64 = 1 << 20;

/// The indexes of logs that were looked at last.
#[derive(Default)]
pub(crate) struct Logs {
    open: Mutex<HashMap<BuildId, (u64, Arc<Mutex<LogIndex>>)>>,
}

impl Logs {
    fn get(&self, id: &BuildId, folder: &Path) -> Arc<Mutex<LogIndex>> {
        let mut open = lock(&self.open);
        let now = open.values().map(|(used, _)| used + 1).max().unwrap_or(0);
        if let Some((used, index)) = open.get_mut(id) {
            *used = now;
            return index.clone();
        }
        if open.len() >= INDEXED {
            let oldest = open.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| id.clone());
            oldest.into_iter().for_each(|id| drop(open.remove(&id)));
        }
        let index = Arc::new(Mutex::new(LogIndex::new(folder)));
        open.insert(id.clone(), (now, index.clone()));
        index
    }

    pub(crate) fn forget(&self, id: &BuildId) {
        lock(&self.open).remove(id);
    }
}

impl Core {
    /// The index of a build's log.
    pub(crate) fn log_index(&self, build: &str) -> Result<Arc<Mutex<LogIndex>>, WireError> {
        let reader = self.reader(build)?;
        Ok(self.logs().get(reader.id(), reader.folder()))
    }
}

/// Runs a question to a log's index in a thread that may wait for the disk.
async fn asked<T: Send + 'static>(
    core: &Core,
    build: String,
    question: impl FnOnce(&mut LogIndex) -> Result<T, goldsmith_build::journal::ReadError> + Send + 'static,
) -> Result<T, WireError> {
    let core = core.clone();
    blocking(move || {
        let index = core.log_index(&build)?;
        let answer = question(&mut lock(&index));
        Ok(answer?)
    })
    .await
}

pub(crate) async fn log_sections(core: &Core, request: OfBuild) -> Result<LogSections, WireError> {
    asked(core, request.build, LogIndex::sections).await
}

pub(crate) async fn find_line(core: &Core, request: FindLine) -> Result<FoundLine, WireError> {
    let FindLine { build, filter, after, back } = request;
    asked(core, build, move |index| index.find(&filter, after, back)).await
}

pub(crate) async fn save_log(core: &Core, request: SaveLog) -> Result<SavedLog, WireError> {
    let core = core.clone();
    blocking(move || {
        let path = core.absolute(&request.path);
        let index = core.log_index(&request.build)?;
        let failed = |error: &(dyn std::error::Error + 'static)| {
            WireError::environment("unwritable", format!("cannot write {}", path.display())).because(error)
        };
        let file = std::fs::File::create(&path).map_err(|error| failed(&error))?;
        let mut to = std::io::BufWriter::new(file);
        let lines = lock(&index).write_text(&request.filter, &mut to)?;
        to.flush().map_err(|error| failed(&error))?;
        Ok(SavedLog { path: path.display().to_string(), lines })
    })
    .await
}

/// The jobs of a build as they stand.
async fn jobs(core: &Core, build: &str) -> Result<(BuildId, Vec<JobState>), WireError> {
    let (core, build) = (core.clone(), build.to_owned());
    blocking(move || {
        let reader = core.reader(&build)?;
        Ok((reader.id().clone(), reader.state()?.state().jobs.clone()))
    })
    .await
}

pub(crate) async fn open_console(core: &Core, request: OpenConsole) -> Result<OpenedConsole, WireError> {
    let (id, jobs) = jobs(core, &request.build).await?;
    let jobs = jobs.iter().filter(|job| request.job.as_ref().is_none_or(|wanted| *wanted == job.name));
    let carried = match request.console {
        ConsoleKind::Screen {} => {
            let hole = |job: &JobState| {
                let holes = job.holes.iter().rev();
                holes.clone().find(|(name, _)| name == SCREEN_SOCKET).map(|(_, socket)| socket.clone())
            };
            let socket = jobs.rev().find_map(hole).ok_or_else(|| {
                WireError::input("no_screen", "this machine's screen is not served on a private socket")
                    .hint("It is served elsewhere when the template sets vnc_bind_address, a VNC port or a VNC password, and nowhere with disable_vnc.")
            })?;
            let stream = UnixStream::connect(&socket).await.map_err(|error| {
                WireError::input("screen_gone", "the machine is off, or its screen cannot be reached")
                    .because(&error)
            })?;
            Carried::Screen(stream)
        }
        ConsoleKind::Shell { columns, rows } => {
            let job = jobs.map(|job| job.name.clone()).next_back().unwrap_or_default();
            let request = Request::Shell { job, columns, rows };
            Carried::Shell(control::connect(core.dirs(), &id, &request).await?)
        }
    };
    Ok(OpenedConsole { address: console::open(core, carried).await? })
}

async fn ask(core: &Core, build: &str, request: &Request) -> Result<Done, WireError> {
    let id = core.find_build(build)?;
    control::ask(core.dirs(), &id, request).await?;
    Ok(Done {})
}

pub(crate) async fn answer_build(core: &Core, request: AnswerBuild) -> Result<Done, WireError> {
    let AnswerBuild { build, job, answer, inline } = request;
    ask(core, &build, &Request::Answer { job, answer, inline }).await
}

pub(crate) async fn pause_build(core: &Core, request: PauseBuild) -> Result<Done, WireError> {
    let PauseBuild { build, job, step, on } = request;
    ask(core, &build, &Request::Pause { job, step, on }).await
}

pub(crate) async fn ask_on_error(core: &Core, request: AskOnError) -> Result<Done, WireError> {
    ask(core, &request.build, &Request::Ask { on: request.on }).await
}

/// What the step that asks lets a person change.
async fn asked_script(core: &Core, build: &str, job: &str) -> Result<AskedScript, WireError> {
    let (_, jobs) = jobs(core, build).await?;
    let steps = jobs.into_iter().filter(|one| one.name == job).flat_map(|job| job.steps);
    let question = steps.filter_map(|step| step.question).next();
    let question = question
        .ok_or_else(|| WireError::input("nothing_asked", format!("{job} asks nothing at the moment")))?;
    Ok(question.script.unwrap_or_default())
}

pub(crate) async fn step_scripts(core: &Core, request: OfJob) -> Result<StepScripts, WireError> {
    let asked = asked_script(core, &request.build, &request.job).await?;
    blocking(move || {
        let read = |path: String| {
            let small = std::fs::metadata(&path).is_ok_and(|meta| meta.len() <= SCRIPT);
            let text = if small { std::fs::read_to_string(&path).ok() } else { None };
            ScriptFile { path, text }
        };
        Ok(StepScripts { inline: asked.inline, files: asked.files.into_iter().map(read).collect() })
    })
    .await
}

/// Only a script that the failed step itself names is ever written.
pub(crate) async fn save_script(core: &Core, request: SaveScript) -> Result<Done, WireError> {
    let asked = asked_script(core, &request.build, &request.job).await?;
    if !asked.files.contains(&request.path) {
        return Err(WireError::input(
            "not_its_script",
            format!("{} is no script of the step that failed", request.path),
        ));
    }
    blocking(move || {
        let path = PathBuf::from(&request.path);
        let failed = |error: std::io::Error| {
            WireError::environment("unwritable", format!("cannot write {}", path.display())).because(&error)
        };
        // The file stays what it is to others: its place in the file system, its owner and its mode.
        let path = path.canonicalize().map_err(failed)?;
        let mode = std::fs::metadata(&path).map_err(failed)?.permissions();
        durable::write(&path, request.text.as_bytes()).map_err(failed)?;
        std::fs::set_permissions(&path, mode).map_err(failed)?;
        Ok(Done {})
    })
    .await
}
