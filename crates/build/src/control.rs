//! The worker's control socket: one JSON object per line each way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_guest::Shell;
use goldsmith_process::Dirs;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

use crate::error::Failure;
use crate::id::BuildId;
use crate::journal::{Answer, BuildReader, Fact, Journal, When};
use crate::pipeline::{Asking, Cancel, Decision, Wishes};

/// What can be asked of a worker.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// Stop.
    Cancel {
        /// How soon.
        when: When,
    },
    /// The answer to a [`Fact::Asked`].
    Answer {
        /// Of which job.
        job: String,
        /// What.
        answer: Answer,
        /// With a retry: these commands in the place of the template's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inline: Option<String>,
    },
    /// Wait before a step, or no longer.
    Pause {
        /// Of which job.
        job: String,
        /// Which step.
        step: String,
        /// Whether to wait.
        on: bool,
    },
    /// Ask a person when a step fails, or no longer.
    Ask {
        /// Whether to ask.
        on: bool,
    },
    /// Open a shell in the guest. After the reply the connection carries [`ShellSays`], a line each, both ways.
    Shell {
        /// Of which job.
        job: String,
        /// Width of the terminal in characters.
        columns: u16,
        /// Height in lines.
        rows: u16,
    },
}

/// What goes over a connection that became a shell.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ShellSays {
    /// Bytes in base64: typed, or to be shown.
    Bytes {
        /// These.
        base64: String,
    },
    /// The terminal has another size now.
    Size {
        /// Width in characters.
        columns: u16,
        /// Height in lines.
        rows: u16,
    },
}

/// What the worker says to it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Reply {
    /// Whether it will be done.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a worker could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No such build, or no journal.
    #[error(transparent)]
    Read(#[from] crate::journal::ReadError),
    /// It is over.
    #[error("build {0} is over; there is nothing to stop")]
    Over(BuildId),
    /// It does not answer.
    #[error("the worker of build {build} does not answer on {socket}: {source}")]
    Silent {
        /// Which build.
        build: BuildId,
        /// Where.
        socket: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It said no.
    #[error("the worker of build {build} refuses: {reason}")]
    Refused {
        /// Which build.
        build: BuildId,
        /// In its words.
        reason: String,
    },
}

/// A worker that has just started needs a moment to open its socket.
const BEGINNING: Duration = Duration::from_secs(3);

/// How long a worker may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a guest may take to open a shell.
const SHELL: Duration = Duration::from_secs(8);

/// Asks a running build to stop.
pub async fn cancel(dirs: &Dirs, build: &BuildId, when: When) -> Result<(), ControlError> {
    ask(dirs, build, &Request::Cancel { when }).await
}

/// Asks something of a running build; returns once its worker has agreed.
pub async fn ask(dirs: &Dirs, build: &BuildId, request: &Request) -> Result<(), ControlError> {
    connect(dirs, build, request).await.map(drop)
}

/// As [`ask`], and gives the connection: after [`Request::Shell`] it carries [`ShellSays`].
pub async fn connect(
    dirs: &Dirs,
    build: &BuildId,
    request: &Request,
) -> Result<BufReader<UnixStream>, ControlError> {
    let mut reader = BuildReader::open(dirs, build)?;
    let deadline = Instant::now() + BEGINNING;
    loop {
        if reader.more()?.iter().any(|entry| entry.fact.is_last()) {
            return Err(ControlError::Over(build.clone()));
        }
        let socket = reader.control().unwrap_or_default();
        match talk(&socket, request).await {
            Ok((Reply { ok: true, .. }, stream)) => return Ok(stream),
            Ok((Reply { reason, .. }, _)) => {
                return Err(ControlError::Refused {
                    build: build.clone(),
                    reason: reason.unwrap_or_default(),
                });
            }
            Err(source) if Instant::now() >= deadline => {
                return Err(ControlError::Silent { build: build.clone(), socket, source });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn talk(socket: &Path, request: &Request) -> io::Result<(Reply, BufReader<UnixStream>)> {
    let mut stream = UnixStream::connect(socket).await?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut reply = String::new();
    let mut stream = BufReader::new(stream);
    let answered = tokio::time::timeout(PATIENCE, stream.read_line(&mut reply)).await;
    answered.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    Ok((serde_json::from_str(&reply).map_err(io::Error::from)?, stream))
}

/// The answering end, in the worker.
pub(crate) struct Control {
    cancel: Cancel,
    journal: Arc<Journal>,
    wishes: Arc<Wishes>,
    waiting: Mutex<Vec<(String, oneshot::Sender<Decision>)>>,
}

impl Control {
    pub(crate) fn new(cancel: Cancel, journal: Arc<Journal>, wishes: Arc<Wishes>) -> Arc<Self> {
        Arc::new(Self { cancel, journal, wishes, waiting: Mutex::default() })
    }

    /// Serves the socket until dropped.
    pub(crate) async fn serve(self: Arc<Self>, listener: UnixListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let this = self.clone();
            tokio::spawn(async move { this.one(stream).await });
        }
    }

    async fn one(&self, stream: UnixStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let reply = match serde_json::from_str(&line) {
                Ok(Request::Shell { job, columns, rows }) => {
                    match self.open_shell(&job, columns, rows).await {
                        Ok(shell) => {
                            let _ = carry_shell(shell, lines, write).await;
                            return;
                        }
                        Err(reason) => Reply { ok: false, reason: Some(reason) },
                    }
                }
                Ok(request) => self.heed(request),
                Err(error) => Reply { ok: false, reason: Some(format!("not understood: {error}")) },
            };
            let Ok(mut bytes) = serde_json::to_vec(&reply) else { return };
            bytes.push(b'\n');
            if write.write_all(&bytes).await.is_err() {
                return;
            }
        }
    }

    fn heed(&self, request: Request) -> Reply {
        match request {
            Request::Cancel { when } => {
                self.stop(when);
                Reply { ok: true, reason: None }
            }
            Request::Answer { job, answer, inline } => {
                let mut waiting = lock(&self.waiting);
                match waiting.iter().position(|(asker, _)| *asker == job) {
                    Some(at) => {
                        let (_, sender) = waiting.remove(at);
                        let _ = sender.send(Decision { answer, inline });
                        Reply { ok: true, reason: None }
                    }
                    None => Reply { ok: false, reason: Some(format!("{job} asks nothing at the moment")) },
                }
            }
            Request::Pause { job, step, on } => {
                self.wishes.set_pause(&job, &step, on);
                self.written(Fact::PauseSet { job, step, on })
            }
            Request::Ask { on } => {
                self.wishes.set_ask(on);
                self.written(Fact::AskSet { on })
            }
            Request::Shell { job, .. } => {
                Reply { ok: false, reason: Some(format!("{job} opens its shell elsewhere")) }
            }
        }
    }

    fn written(&self, fact: Fact) -> Reply {
        match self.journal.append(fact) {
            Ok(_) => Reply { ok: true, reason: None },
            Err(error) => Reply { ok: false, reason: Some(error.to_string()) },
        }
    }

    async fn open_shell(&self, job: &str, columns: u16, rows: u16) -> Result<Shell, String> {
        let guest = self.wishes.guest(job);
        let guest = guest.ok_or_else(|| format!("the guest of {job} has not let the build in over SSH"))?;
        let opening = guest.shell(u32::from(columns), u32::from(rows));
        match tokio::time::timeout(SHELL, opening).await {
            Ok(shell) => shell.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the guest of {job} does not answer")),
        }
    }

    /// Asks the build to stop, and writes that down.
    pub(crate) fn stop(&self, when: When) {
        // A journal that cannot be written stops the build as well.
        let _ = self.journal.append(Fact::CancelRequested { when });
        self.cancel.request(when);
    }
}

/// Carries a shell over a connection until one side ends it.
async fn carry_shell(
    mut shell: Shell,
    mut lines: Lines<BufReader<OwnedReadHalf>>,
    mut write: OwnedWriteHalf,
) -> io::Result<()> {
    write.write_all(b"{\"ok\":true}\n").await?;
    loop {
        tokio::select! {
            line = lines.next_line() => match line?.as_deref().map(serde_json::from_str) {
                Some(Ok(ShellSays::Bytes { base64 })) => {
                    let bytes = STANDARD.decode(base64).map_err(io::Error::other)?;
                    shell.write(&bytes).await.map_err(io::Error::other)?;
                }
                Some(Ok(ShellSays::Size { columns, rows })) => {
                    shell.resize(u32::from(columns), u32::from(rows)).await.map_err(io::Error::other)?;
                }
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
            bytes = shell.next() => {
                let Some(bytes) = bytes else { return Ok(()) };
                let mut line = serde_json::to_vec(&ShellSays::Bytes { base64: STANDARD.encode(bytes) })?;
                line.push(b'\n');
                write.write_all(&line).await?;
            }
        }
    }
}

#[async_trait]
impl Asking for Control {
    async fn ask(&self, job: &str, _step: &str, _failure: &Failure) -> Decision {
        let (sender, receiver) = oneshot::channel();
        lock(&self.waiting).push((job.to_owned(), sender));
        receiver.await.unwrap_or_else(|_| Answer::CleanUp.into())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}
