//! A running program under supervision.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::{Line, ProcessIdentity, Rung, Signal, StopLadder, Stopped};

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Exit {
    /// Its exit code, when it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it, otherwise.
    pub signal: Option<i32>,
}

impl Exit {
    /// Ended by itself with code 0.
    pub fn success(self) -> bool {
        self.code == Some(0)
    }
}

/// "exit code 3" or "signal 9".
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => write!(f, "signal {signal}"),
            (None, None) => f.write_str("an unknown end"),
        }
    }
}

/// What can go wrong with a running program.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChildError {
    /// Its end could not be learned.
    #[error("lost track of {program} (process {pid}): {reason}")]
    Lost {
        /// Name of the program.
        program: String,
        /// Its number.
        pid: u32,
        /// The system's answer.
        reason: String,
    },
}

/// Lines kept for a caller who waits first and reads later; older ones are dropped beyond this.
const KEPT_LINES: usize = 10_000;

pub(crate) type End = Option<Result<Exit, ChildError>>;

/// Who ends the process: the system, or a script.
pub(crate) enum Control {
    /// A real process group. The flag asks the supervisor to kill what is left of the group at the leader's end.
    Group { sweep: Arc<AtomicBool> },
    /// A scripted process, ended through the token.
    Script { stop: CancellationToken },
}

/// A program that was started. Dropping it kills its process group, unless it runs in a session of its own or was
/// [detached](Self::detach).
pub struct Child {
    pub(crate) name: String,
    pub(crate) identity: ProcessIdentity,
    pub(crate) control: Control,
    pub(crate) lines: Option<mpsc::Receiver<Line>>,
    pub(crate) kept: VecDeque<Line>,
    pub(crate) end: watch::Receiver<End>,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) feeding: Option<JoinHandle<()>>,
    pub(crate) kill_on_drop: bool,
}

impl Child {
    /// Which process this is; safe to keep beyond its life.
    pub fn identity(&self) -> &ProcessIdentity {
        &self.identity
    }

    /// The next line of output; `None` after the last one, or when the lines were [taken](Self::take_lines).
    pub async fn next_line(&mut self) -> Option<Line> {
        if let Some(line) = self.kept.pop_front() {
            return Some(line);
        }
        self.lines.as_mut()?.recv().await
    }

    /// Hands the lines over to another task. Only the first call gets them; later ones get a closed channel.
    pub fn take_lines(&mut self) -> mpsc::Receiver<Line> {
        self.lines.take().unwrap_or_else(|| mpsc::channel(1).1)
    }

    /// How it ended, when it has.
    pub fn try_wait(&self) -> Option<Result<Exit, ChildError>> {
        self.end.borrow().clone()
    }

    /// A handle that learns of the end on its own, for another task.
    pub fn end(&self) -> ChildEnd {
        ChildEnd { end: self.end.clone(), lost: self.lost("its supervisor is gone") }
    }

    /// Waits for the end. Output nobody reads is taken in meanwhile (the newest 10,000 lines are kept for
    /// [`Self::next_line`]), so that the program cannot stand still before a full pipe. Cancel-safe.
    pub async fn wait(&mut self) -> Result<Exit, ChildError> {
        let mut end = self.end();
        loop {
            let Some(lines) = &mut self.lines else { return end.wait().await };
            tokio::select! {
                biased;
                line = lines.recv() => match line {
                    Some(line) => {
                        if self.kept.len() == KEPT_LINES {
                            self.kept.pop_front();
                        }
                        self.kept.push_back(line);
                    }
                    None => self.lines = None,
                },
                exit = end.wait() => return exit,
            }
        }
    }

    /// Writes to standard input; only for an [`crate::Invocation::stdin_open`].
    pub async fn write_stdin(&mut self, bytes: &[u8]) -> io::Result<()> {
        let closed = || io::Error::new(io::ErrorKind::BrokenPipe, "standard input is not open");
        let stdin = self.stdin.as_mut().ok_or_else(closed)?;
        stdin.write_all(bytes).await?;
        stdin.flush().await
    }

    /// Ends standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Signals the whole process group; a scripted process stops. Fails with `NotFound` when it is gone.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        match &self.control {
            Control::Group { .. } => self.identity.signal_group(signal),
            Control::Script { stop } => {
                stop.cancel();
                Ok(())
            }
        }
    }

    /// Asks by `SIGTERM`, then makes it stop by `SIGKILL`: the program and every process of its group.
    pub async fn stop(&mut self, ladder: &StopLadder) -> Stopped {
        let began = Instant::now();
        let done = |rung| Stopped { rung, after: began.elapsed() };
        let sweeping = match &self.control {
            Control::Script { stop } => {
                if self.end.borrow().is_some() {
                    return done(Rung::AlreadyStopped);
                }
                stop.cancel();
                let _ = self.wait().await;
                return done(Rung::Terminate);
            }
            Control::Group { sweep } => sweep.clone(),
        };
        sweeping.store(true, Ordering::Release);
        if self.end.borrow().is_some() {
            self.identity.sweep_group();
            return done(Rung::AlreadyStopped);
        }
        if !ladder.terminate.is_zero() {
            let _ = self.identity.signal_group(Signal::Terminate);
            if self.ended_within(ladder.terminate).await {
                return done(Rung::Terminate);
            }
        }
        let _ = self.identity.signal_group(Signal::Kill);
        if self.ended_within(ladder.kill).await { done(Rung::Kill) } else { done(Rung::Survived) }
    }

    async fn ended_within(&mut self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.wait()).await.is_ok()
    }

    /// Lets it live on without us, once what it is to read on standard input has been delivered. Its output should
    /// have been sent to a file ([`crate::Invocation::output_to`]): a pipe breaks when we end.
    pub async fn detach(mut self) -> ProcessIdentity {
        self.kill_on_drop = false;
        if let Some(feeding) = self.feeding.take() {
            let _ = feeding.await;
        }
        self.identity.clone()
    }

    fn lost(&self, reason: &str) -> ChildError {
        ChildError::Lost { program: self.name.clone(), pid: self.identity.pid, reason: reason.to_owned() }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.kill_on_drop || self.end.borrow().is_some() {
            return;
        }
        if let Control::Group { sweep } = &self.control {
            sweep.store(true, Ordering::Release);
        }
        let _ = self.signal(Signal::Kill);
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Child({} {})", self.name, self.identity.pid)
    }
}

/// Learns how a [`Child`] ended, apart from the child itself.
#[derive(Clone, Debug)]
pub struct ChildEnd {
    end: watch::Receiver<End>,
    lost: ChildError,
}

impl ChildEnd {
    /// How it ended, when it has.
    pub fn try_wait(&self) -> Option<Result<Exit, ChildError>> {
        self.end.borrow().clone()
    }

    /// Waits for the end. Cancel-safe.
    pub async fn wait(&mut self) -> Result<Exit, ChildError> {
        match self.end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or_else(|| Err(self.lost.clone())),
            Err(_) => Err(self.lost.clone()),
        }
    }
}
