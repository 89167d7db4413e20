//! What a step may use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_guest::Session;
use goldsmith_process::{Captured, Child, Dirs, Invocation, Launch, LaunchError, Line, RunError};
use tokio_util::sync::CancellationToken;

use crate::download::Network;
use crate::error::{Context as _, Failure, StepError};
use crate::id::{Clock, Random};
use crate::journal::{
    Answer, Evidence, Fact, Journal, LogStream, NodeIdentity, ProcessMark, ProducedFile, Resource, Unit, When,
};
use crate::pipeline::holdings::{Holding, Holdings};

/// Two stages of stopping.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    /// First: stop what runs, then give back in order.
    pub unwind: CancellationToken,
    /// Second: no more patience with anything.
    pub kill: CancellationToken,
}

impl Cancel {
    /// Asks for a stage.
    pub fn request(&self, when: When) {
        self.unwind.cancel();
        if when == When::Kill {
            self.kill.cancel();
        }
    }
}

/// Asks a person what to do about a failed step.
#[async_trait]
pub trait Asking: Send + Sync {
    /// Waits for the answer.
    async fn ask(&self, job: &str, step: &str, failure: &Failure) -> Decision;
}

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub answer: Answer,
    /// With [`Answer::Retry`]: these commands in the place of the template's own.
    pub inline: Option<String>,
}

impl From<Answer> for Decision {
    fn from(answer: Answer) -> Self {
        Self { answer, inline: None }
    }
}

/// What persons want of a build while it runs, and what they did to it.
#[derive(Default)]
pub struct Wishes {
    ask: Mutex<Option<bool>>,
    pauses: Mutex<BTreeSet<(String, String)>>,
    by_hand: Mutex<BTreeMap<String, Vec<String>>>,
    guests: Mutex<BTreeMap<String, Arc<Session>>>,
}

impl Wishes {
    /// Whether a person is asked when a step fails, where somebody said so while the build ran.
    pub fn asks(&self) -> Option<bool> {
        *held(&self.ask)
    }

    /// From now on a person is asked, or not, when a step fails.
    pub fn set_ask(&self, on: bool) {
        *held(&self.ask) = Some(on);
    }

    /// The build shall wait before a step, or no longer.
    pub fn set_pause(&self, job: &str, step: &str, on: bool) {
        let step = (job.to_owned(), step.to_owned());
        let mut pauses = held(&self.pauses);
        if on {
            pauses.insert(step);
        } else {
            pauses.remove(&step);
        }
    }

    /// Whether the build shall wait before a step.
    pub(crate) fn pauses(&self, job: &str, step: &str) -> bool {
        held(&self.pauses).contains(&(job.to_owned(), step.to_owned()))
    }

    /// What a person changed while a job ran: its image is not what the template alone makes.
    pub(crate) fn by_hand(&self, job: &str) -> Vec<String> {
        held(&self.by_hand).get(job).cloned().unwrap_or_default()
    }

    /// The guest of a job, once it has let us in over SSH.
    pub(crate) fn guest(&self, job: &str) -> Option<Arc<Session>> {
        held(&self.guests).get(job).cloned()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}

/// What all jobs of a build share.
pub struct BuildContext {
    /// The journal.
    pub journal: Arc<Journal>,
    /// The door to other programs. Everything started through [`StepContext::launch`] carries the build's mark.
    pub launch: Arc<dyn Launch>,
    /// Where things live.
    pub dirs: Dirs,
    /// This build's own folder for sockets and temporary files; removed at the end.
    pub runtime: PathBuf,
    /// The folder Packer's relative paths start from: where the build was started.
    pub cwd: PathBuf,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub random: Arc<dyn Random>,
    /// Stopping.
    pub cancel: Cancel,
    /// How the network is reached.
    pub network: Network,
    /// The socket of the user's SSH agent (`SSH_AUTH_SOCK`).
    pub agent: Option<PathBuf>,
    /// Where programs are looked up (`PATH`).
    pub path: String,
    /// Where programs put their temporary files (`TMPDIR`, else `/tmp`).
    pub temporary: PathBuf,
    /// How many jobs the build has.
    pub jobs: usize,
    /// Who is asked.
    pub asking: Arc<dyn Asking>,
    /// What persons want meanwhile.
    pub wishes: Arc<Wishes>,
    /// Told the id of each step that ended, before anything else happens.
    pub edges: tokio::sync::broadcast::Sender<(String, String)>,
    /// Set by the first fact that could not be written.
    pub(crate) broken: Mutex<Option<StepError>>,
}

impl BuildContext {
    /// Writes a fact; when that fails the build is cancelled and the failure becomes its error.
    pub fn emit(&self, fact: Fact) {
        if let Err(error) = self.journal.append(fact) {
            self.break_off(StepError::environment(error.to_string()));
        }
    }

    pub(crate) fn break_off(&self, error: StepError) {
        let mut broken = match self.broken.lock() {
            Ok(broken) => broken,
            Err(poisoned) => poisoned.into_inner(),
        };
        broken.get_or_insert(error);
        self.cancel.unwind.cancel();
    }

    pub(crate) fn broken(&self) -> Option<StepError> {
        match self.broken.lock() {
            Ok(broken) => broken.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }
}

/// What a step may use: the journal, the log, programs, cancellation, and ways to acquire things that are given
/// back whatever happens. Cheap to clone.
#[derive(Clone)]
pub struct StepContext {
    pub(crate) build: Arc<BuildContext>,
    pub(crate) holdings: Arc<Holdings>,
    pub(crate) cancel: Cancel,
    job: Arc<str>,
    step: Arc<str>,
    launch: Arc<Marked>,
    last_progress: Arc<Mutex<Option<(Instant, u64)>>>,
}

/// Progress is written down at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

impl StepContext {
    pub(crate) fn new(build: &Arc<BuildContext>, holdings: &Arc<Holdings>, job: &str, step: &str) -> Self {
        let launch = Marked { inner: build.launch.clone(), mark: mark(build) };
        Self {
            build: build.clone(),
            holdings: holdings.clone(),
            cancel: build.cancel.clone(),
            job: job.into(),
            step: step.into(),
            launch: Arc::new(launch),
            last_progress: Arc::default(),
        }
    }

    /// The job's name.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// The step's id.
    pub fn step(&self) -> &str {
        &self.step
    }

    /// What all jobs share.
    pub fn build(&self) -> &Arc<BuildContext> {
        &self.build
    }

    /// Fires when the step should stop.
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel.unwind
    }

    /// Fires when nothing should be waited for any more.
    pub fn kill(&self) -> &CancellationToken {
        &self.cancel.kill
    }

    /// An error when the build was cancelled: for loops without a wait of their own.
    pub fn check_cancel(&self) -> Result<(), StepError> {
        if self.cancel.unwind.is_cancelled() { Err(StepError::cancelled()) } else { Ok(()) }
    }

    /// How many jobs the build has.
    pub fn job_count(&self) -> usize {
        self.build.jobs
    }

    /// The same context with another stop: a step's own time limit, say.
    #[must_use]
    pub fn with_cancel(&self, unwind: CancellationToken) -> Self {
        Self { cancel: Cancel { unwind, kill: self.cancel.kill.clone() }, ..self.clone() }
    }

    /// The door to other programs.
    pub fn launch(&self) -> &dyn Launch {
        &*self.launch
    }

    /// The same door, to be kept.
    pub fn launcher(&self) -> Arc<dyn Launch> {
        self.launch.clone()
    }

    /// The value of `GOLDSMITH_MARK` in everything this build starts.
    pub fn mark(&self) -> &str {
        &self.launch.mark
    }

    /// Where things live.
    pub fn dirs(&self) -> &Dirs {
        &self.build.dirs
    }

    /// This build's folder for sockets and small temporary files (mode 0700); it goes at the end of the build.
    pub fn runtime(&self) -> &Path {
        &self.build.runtime
    }

    /// The folder relative paths in the template's options start from (Packer: the current folder).
    pub fn cwd(&self) -> &Path {
        &self.build.cwd
    }

    /// A path of the template's options, made absolute.
    pub fn absolute(&self, path: impl AsRef<Path>) -> PathBuf {
        self.build.cwd.join(path)
    }

    /// Writes a fact into the journal.
    pub fn emit(&self, fact: Fact) {
        self.build.emit(fact);
    }

    /// Adds a whole line to the log.
    pub fn log(&self, stream: LogStream, text: &str) {
        if let Err(error) = self.build.journal.log(&self.job, &self.step, stream, text) {
            self.build.break_off(StepError::environment(error.to_string()));
        }
    }

    /// Adds a line of our own to the log.
    pub fn say(&self, text: impl AsRef<str>) {
        for line in text.as_ref().lines() {
            self.log(LogStream::Note, line);
        }
    }

    /// Tells of something a person should know though the build goes on.
    pub fn warn(&self, text: impl Into<String>) {
        let text = text.into();
        self.say(format!("Warning: {text}"));
        self.emit(Fact::Warned { job: self.job().into(), step: self.step().into(), text });
    }

    /// Says how far the step is. May be called as often as one likes.
    pub fn progress(&self, done: u64, total: Option<u64>, unit: Unit) {
        let mut last = match self.last_progress.lock() {
            Ok(last) => last,
            Err(poisoned) => poisoned.into_inner(),
        };
        let complete = total.is_some_and(|total| done >= total);
        if let Some((at, before)) = *last
            && (before == done || (at.elapsed() < PROGRESS_EVERY && !complete))
        {
            return;
        }
        *last = Some((Instant::now(), done));
        drop(last);
        self.emit(Fact::Progress { job: self.job().into(), step: self.step().into(), done, total, unit });
    }

    /// Writes down that a person changed what the template says, so that the image tells it too.
    pub fn changed_by_hand(&self, text: &str) {
        self.warn(text);
        held(&self.build.wishes.by_hand).entry(self.job().to_owned()).or_default().push(text.to_owned());
    }

    /// The guest has let us in: a person may open a shell in it.
    pub(crate) fn reached(&self, session: Arc<Session>) {
        held(&self.build.wishes.guests).insert(self.job().to_owned(), session);
    }

    /// Says that the step's result is remembered from an earlier build.
    pub fn reused(&self) {
        self.emit(Fact::StepReused { job: self.job().into(), step: self.step().into() });
    }

    /// Says what the step waits for.
    pub fn waiting(&self, stage: &str, explanation: impl Into<String>) {
        self.emit(Fact::Waiting {
            job: self.job().into(),
            step: self.step().into(),
            stage: stage.to_owned(),
            explanation: explanation.into(),
        });
    }

    /// Writes down what a hole of the plan was filled with.
    pub fn hole_filled(&self, name: &str, value: impl Into<String>) {
        self.emit(Fact::HoleFilled { job: self.job().into(), name: name.to_owned(), value: value.into() });
    }

    /// Writes down files this step leaves behind.
    pub fn files_produced(&self, files: Vec<ProducedFile>) {
        self.emit(Fact::FilesProduced { job: self.job().into(), step: self.step().into(), files });
    }

    /// Runs a program to its end with its lines in the log; stops it when the step is cancelled. The exit code is
    /// the caller's to judge.
    pub async fn run(&self, invocation: &Invocation) -> Result<Captured, StepError> {
        self.run_with(invocation, &mut |line| self.log(line.stream.into(), &line.text)).await
    }

    /// As [`Self::run`], with the lines given to the caller instead of the log.
    pub async fn run_with(
        &self,
        invocation: &Invocation,
        on_line: &mut (dyn FnMut(&Line) + Send),
    ) -> Result<Captured, StepError> {
        match goldsmith_process::run(self.launch(), invocation, self.cancel(), on_line).await {
            Ok(captured) => Ok(captured),
            Err(RunError::Cancelled { .. }) => Err(StepError::cancelled()),
            Err(error) => Err(StepError::environment(error.to_string())),
        }
    }

    /// As [`Self::run`], and an exit code other than 0 is an error holding the end of what the program said.
    pub async fn run_ok(&self, invocation: &Invocation) -> Result<Captured, StepError> {
        let captured = self.run(invocation).await?;
        captured.require_success(&invocation.name()).environment(|| format!("`{invocation}` did not work"))
    }

    /// Runs work that blocks its thread (copying, hashing, compressing) aside. The work must look at the token it
    /// gets now and then; it fires when the step is cancelled.
    pub async fn blocking<T, F>(&self, work: F) -> Result<T, StepError>
    where
        T: Send + 'static,
        F: FnOnce(&CancellationToken) -> Result<T, StepError> + Send + 'static,
    {
        let token = self.cancel().clone();
        match tokio::task::spawn_blocking(move || work(&token)).await {
            Ok(Err(_)) if self.cancel().is_cancelled() => Err(StepError::cancelled()),
            Ok(result) => result,
            Err(error) => Err(StepError::internal(format!("Step `{}` broke down: {error}", self.step))),
        }
    }

    /// Records on the disk that something is about to be acquired. Acquire it next, then call
    /// [`Holding::acquired`]. It is given back when the job ends, whether or not that was reached.
    pub fn intend(&self, resource: Resource) -> Result<Holding, StepError> {
        self.holdings.intend(&self.build, Some(&self.job), resource)
    }

    /// Intends a process started through [`Self::launch`].
    pub fn intend_process(&self, name: &str) -> Result<Holding, StepError> {
        let mark = ProcessMark { mark: self.mark().to_owned(), control: None, uuid: None };
        self.intend(Resource::Process { name: name.to_owned(), mark })
    }

    /// Something to do at the end, before what was acquired earlier is given back, should the job have failed by
    /// then (not when it was cancelled).
    pub fn on_failure<F, Fut>(&self, title: &str, work: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), StepError>> + Send + 'static,
    {
        self.holdings.on_failure(title, Box::new(move || Box::pin(work())));
    }

    /// Makes a file's intent: the file at `path` (a name nobody else uses) is removed when the job ends unless
    /// [`Holding::keep`] or [`Holding::forget`] is called before.
    pub fn intend_file(&self, path: &Path) -> Result<Holding, StepError> {
        self.intend(Resource::File { path: text(path) })
    }

    /// Makes a folder that is removed with all its content when the job ends, unless kept. Fails when there is
    /// something at the path already.
    pub fn make_directory(&self, path: &Path) -> Result<Holding, StepError> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(parent)
            .environment(|| format!("Cannot make the folder {}", parent.display()))?;
        let staged = parent.join(format!(".goldsmith-{}", self.fresh()));
        let holding = self.intend(Resource::Directory { path: text(path), staged: text(&staged) })?;
        let wrong = || format!("Cannot make the folder {}", path.display());
        std::fs::create_dir(&staged).environment(wrong)?;
        holding.acquired(Evidence::Node { node: NodeIdentity::of(&staged).environment(wrong)? })?;
        rename_new(&staged, path).environment(wrong)?;
        Ok(holding)
    }

    /// A name nobody else uses: 26 hexadecimal characters.
    pub fn fresh(&self) -> String {
        let mut bytes = [0u8; 13];
        self.build.random.fill(&mut bytes);
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// A path beside `target` for a file that is renamed to `target` when it is whole, with its intent recorded.
    /// Rename it, then call [`Holding::forget`].
    pub fn stage_beside(&self, target: &Path) -> Result<(PathBuf, Holding), StepError> {
        let parent = target.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(parent)
            .environment(|| format!("Cannot make the folder {}", parent.display()))?;
        let staged = parent.join(format!(".goldsmith-{}", self.fresh()));
        let holding = self.intend_file(&staged)?;
        Ok((staged, holding))
    }
}

fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    match rustix::fs::renameat_with(
        rustix::fs::CWD,
        from,
        rustix::fs::CWD,
        to,
        rustix::fs::RenameFlags::NOREPLACE,
    ) {
        // Some file systems do not know the flag; an empty folder is all a plain rename could replace.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS)
            if std::fs::symlink_metadata(to).is_err() =>
        {
            std::fs::rename(from, to)
        }
        other => Ok(other?),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn mark(build: &BuildContext) -> String {
    build.journal.folder().file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Puts the build's mark into the environment of everything it starts, so that recovery finds a process even when
/// nobody lived to write down its number.
struct Marked {
    inner: Arc<dyn Launch>,
    mark: String,
}

/// The variable that holds the mark.
pub(crate) const MARK: &str = "GOLDSMITH_MARK";

#[async_trait]
impl Launch for Marked {
    async fn launch(&self, inv: &Invocation) -> Result<Child, LaunchError> {
        self.inner.launch(&inv.clone().env(MARK, &self.mark)).await
    }
}
