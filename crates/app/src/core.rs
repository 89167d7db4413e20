//! The core every face talks to: what it was given, and what it keeps while it runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use goldsmith_build::id::{Clock, Random, SystemClock, SystemRandom};
use goldsmith_process::{Dirs, Env, Launch, System};
use tokio_util::sync::CancellationToken;

use crate::bodies::watch::Logs;
use crate::error::WireError;
use crate::journals::Known;
use crate::session::Sessions;
use crate::tasks::Tasks;
use crate::wire::{PickPath, PickedPath};

/// Shows the system's own file dialogs. The window has them, a terminal does not.
#[async_trait]
pub trait Dialogs: Send + Sync {
    /// Asks for a path; nothing when the user dismissed the dialog.
    async fn pick(&self, request: PickPath) -> Result<PickedPath, WireError>;
}

/// Everything the core takes from outside: it reads no environment, clock or randomness of its own.
#[derive(Clone)]
pub struct Setup {
    /// What `main` read from the environment.
    pub env: Env,
    /// Where things live.
    pub dirs: Dirs,
    /// The working folder, which relative paths start from.
    pub cwd: PathBuf,
    /// Whether each template works in its own folder instead, where its relative paths start from.
    pub at_template: bool,
    /// The `goldsmith` program that builds run with.
    pub program: PathBuf,
    /// The folder of starter templates, where there is one.
    pub starters: Option<PathBuf>,
    /// The door to other programs.
    pub launch: Arc<dyn Launch>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Random numbers.
    pub random: Arc<dyn Random>,
    /// File dialogs, where there are some.
    pub dialogs: Option<Arc<dyn Dialogs>>,
}

impl Setup {
    /// For a program of ours, from what its `main` read: the environment, the working folder, and the path of
    /// the program itself.
    pub fn new(env: Env, cwd: PathBuf, current_exe: &Path) -> Result<Self, WireError> {
        let dirs = Dirs::from_env(&env).map_err(|error| {
            WireError::environment("no_directories", "There is no place to keep things").because(&error)
        })?;
        Ok(Setup {
            env,
            dirs,
            cwd,
            at_template: false,
            program: worker_program(current_exe),
            starters: starters(current_exe),
            launch: Arc::new(System),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            dialogs: None,
        })
    }

    /// With templates that work in their own folders: the folder a window was started from says nothing.
    #[must_use]
    pub fn at_template(mut self) -> Self {
        self.at_template = true;
        self
    }

    /// With file dialogs.
    #[must_use]
    pub fn with_dialogs(mut self, dialogs: Arc<dyn Dialogs>) -> Self {
        self.dialogs = Some(dialogs);
        self
    }
}

/// Builds always run in `goldsmith worker`, installed beside the running program.
fn worker_program(current_exe: &Path) -> PathBuf {
    if current_exe.file_name().is_some_and(|name| name == "goldsmith") {
        return current_exe.to_owned();
    }
    // Test programs live one folder below the programs they test.
    let folders = current_exe.ancestors().skip(1).take(2);
    let candidates = folders.map(|folder| folder.join("goldsmith"));
    candidates
        .clone()
        .find(|path| path.is_file())
        .or_else(|| candidates.clone().next())
        .unwrap_or_else(|| PathBuf::from("goldsmith"))
}

/// The starter templates: installed as `<prefix>/share/goldsmith/templates`, or in the source tree the program
/// was built in.
fn starters(current_exe: &Path) -> Option<PathBuf> {
    current_exe.ancestors().skip(1).find_map(|folder| {
        [folder.join("share/goldsmith/templates"), folder.join("templates")]
            .into_iter()
            .find(|templates| templates.join("quickstart").is_dir())
    })
}

/// The core. Cheap to clone; clones are the same core.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
}

struct Inner {
    setup: Setup,
    sessions: Sessions,
    tasks: Tasks,
    known: Known,
    logs: Logs,
    /// The origins of pages that may open a console.
    origins: Mutex<Vec<String>>,
    stats: Mutex<Option<sysinfo::System>>,
    /// Cancelled when the face goes away.
    ending: CancellationToken,
    /// Held while the computer is examined: one examination at a time, so that none slows the measurement of another.
    examining: tokio::sync::Mutex<()>,
}

impl Core {
    /// A core with no open template.
    pub fn new(setup: Setup) -> Self {
        Core {
            inner: Arc::new(Inner {
                setup,
                sessions: Sessions::default(),
                tasks: Tasks::default(),
                known: Known::default(),
                logs: Logs::default(),
                origins: Mutex::default(),
                stats: Mutex::new(sysinfo::System::new().ok()),
                ending: CancellationToken::new(),
                examining: tokio::sync::Mutex::new(()),
            }),
        }
    }

    /// Cleans up after workers that died. A face that stays calls it when it starts.
    pub async fn start(&self) -> Result<(), WireError> {
        self.recover().await
    }

    /// Pages of this origin (`tauri://localhost`) may open consoles.
    pub fn allow_origin(&self, origin: impl Into<String>) {
        lock(&self.inner.origins).push(origin.into());
    }

    pub(crate) fn origins(&self) -> Vec<String> {
        lock(&self.inner.origins).clone()
    }

    /// Ends what runs only for this face, such as the measurement of an accelerator, and returns once it is gone.
    /// A face calls it before its program ends. Builds and runs are processes of their own: they go on.
    pub async fn end(&self) {
        self.inner.ending.cancel();
        drop(self.inner.examining.lock().await);
    }

    /// Waits for its turn to examine the computer; held until the examination is done. The token fires when the
    /// face goes away.
    pub(crate) async fn examine(&self) -> (tokio::sync::MutexGuard<'_, ()>, CancellationToken) {
        (self.inner.examining.lock().await, self.inner.ending.child_token())
    }

    /// Carries out the order on `input` as a worker; the exit code of the process.
    pub async fn work(&self, input: impl tokio::io::AsyncRead + Unpin) -> Result<u8, WireError> {
        let setup = self.setup();
        let env = goldsmith_build::WorkerEnv {
            launch: setup.launch.clone(),
            clock: setup.clock.clone(),
            random: setup.random.clone(),
            env: setup.env.clone(),
        };
        goldsmith_build::worker_main(input, env)
            .await
            .map_err(|error| crate::classify::said(crate::error::ErrorKind::Environment, "worker", &error))
    }

    /// What it was given.
    pub fn setup(&self) -> &Setup {
        &self.inner.setup
    }

    pub(crate) fn dirs(&self) -> &Dirs {
        &self.inner.setup.dirs
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.setup.clock.now_ms()
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    pub(crate) fn known(&self) -> &Known {
        &self.inner.known
    }

    pub(crate) fn logs(&self) -> &Logs {
        &self.inner.logs
    }

    pub(crate) fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    pub(crate) fn stats(&self) -> MutexGuard<'_, Option<sysinfo::System>> {
        lock(&self.inner.stats)
    }

    /// A path of the user's, made absolute.
    pub(crate) fn absolute(&self, path: &str) -> PathBuf {
        let path = Path::new(path);
        if let (Ok(rest), Some(home)) = (path.strip_prefix("~"), self.inner.setup.env.home()) {
            return home.join(rest);
        }
        clean(&self.inner.setup.cwd.join(path))
    }
}

/// Takes `.` components out; `..` stays, as it may cross a link.
fn clean(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}

/// A lock that outlives a panic of another holder: what is in it is whole at every unlock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}
