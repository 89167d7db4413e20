//! The worker's control socket: one JSON object per line each way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_process::Dirs;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

use crate::error::Failure;
use crate::id::BuildId;
use crate::journal::{Answer, BuildReader, Fact, Journal, When};
use crate::pipeline::{Asking, Cancel};

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

/// How long a worker may take to answer; one that has just started needs a moment to open its socket.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks a running build to stop.
pub async fn cancel(dirs: &Dirs, build: &BuildId, when: When) -> Result<(), ControlError> {
    ask(dirs, build, &Request::Cancel { when }).await
}

/// Answers the question a failed step asked.
pub async fn answer(dirs: &Dirs, build: &BuildId, job: &str, answer: Answer) -> Result<(), ControlError> {
    ask(dirs, build, &Request::Answer { job: job.to_owned(), answer }).await
}

async fn ask(dirs: &Dirs, build: &BuildId, request: &Request) -> Result<(), ControlError> {
    let mut reader = BuildReader::open(dirs, build)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if reader.more()?.iter().any(|entry| entry.fact.is_last()) {
            return Err(ControlError::Over(build.clone()));
        }
        let socket = reader.control().unwrap_or_default();
        match talk(&socket, request).await {
            Ok(Reply { ok: true, .. }) => return Ok(()),
            Ok(Reply { reason, .. }) => {
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

async fn talk(socket: &Path, request: &Request) -> io::Result<Reply> {
    let mut stream = UnixStream::connect(socket).await?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut reply = String::new();
    let answered = tokio::time::timeout(PATIENCE, BufReader::new(stream).read_line(&mut reply)).await;
    answered.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    serde_json::from_str(&reply).map_err(io::Error::from)
}

/// The answering end, in the worker.
pub(crate) struct Control {
    cancel: Cancel,
    journal: Arc<Journal>,
    waiting: Mutex<Vec<(String, oneshot::Sender<Answer>)>>,
}

impl Control {
    pub(crate) fn new(cancel: Cancel, journal: Arc<Journal>) -> Arc<Self> {
        Arc::new(Self { cancel, journal, waiting: Mutex::default() })
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
            Request::Answer { job, answer } => {
                let mut waiting = lock(&self.waiting);
                match waiting.iter().position(|(asker, _)| *asker == job) {
                    Some(at) => {
                        let (_, sender) = waiting.remove(at);
                        let _ = sender.send(answer);
                        Reply { ok: true, reason: None }
                    }
                    None => Reply { ok: false, reason: Some(format!("{job} asks nothing at the moment")) },
                }
            }
        }
    }

    /// Asks the build to stop, and writes that down.
    pub(crate) fn stop(&self, when: When) {
        // A journal that cannot be written stops the build as well.
        let _ = self.journal.append(Fact::CancelRequested { when });
        self.cancel.request(when);
    }
}

#[async_trait]
impl Asking for Control {
    async fn ask(&self, job: &str, _step: &str, _failure: &Failure) -> Answer {
        let (sender, receiver) = oneshot::channel();
        lock(&self.waiting).push((job.to_owned(), sender));
        receiver.await.unwrap_or(Answer::CleanUp)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}
