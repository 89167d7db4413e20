use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::attempts;
use crate::error::{ConnectCause, ConnectError};
use crate::handshake::{HostPin, LoggedIn, Refusal, log_in};
use crate::knock::{Knocked, NoAnswer, knock};
use crate::session::Session;
use crate::target::{SshTarget, Stage};

/// Waits for the guest and logs in.
///
/// `on_stage` hears of every change of stage. Cancelling returns at once.
pub async fn connect(
    target: &SshTarget,
    cancel: &CancellationToken,
    on_stage: &mut (dyn FnMut(&Stage) + Send),
) -> Result<Session, ConnectError> {
    let pin = Arc::new(HostPin::default());
    let logged_in = wait_for(target, &pin, cancel, on_stage).await?;
    let session = Session::new(target.clone(), pin, logged_in.handle);
    match session.open_tunnels().await {
        Ok(session) => Ok(session),
        Err(cause) => Err(Wait::new(target, on_stage).give_up(ConnectCause::Tunnel { cause })),
    }
}

/// Waits and logs in against a pin, which a first login sets.
pub(crate) async fn wait_for(
    target: &SshTarget,
    pin: &Arc<HostPin>,
    cancel: &CancellationToken,
    on_stage: &mut (dyn FnMut(&Stage) + Send),
) -> Result<LoggedIn, ConnectError> {
    let mut wait = Wait::new(target, on_stage);
    let deadline = target.patience.timeout.map(|limit| wait.began + limit);
    if target.auth.is_empty() {
        return Err(wait.give_up(ConnectCause::NothingToTry));
    }
    let ended = tokio::select! {
        biased;
        () = cancel.cancelled() => Some(ConnectCause::Cancelled),
        () = sleep_or_forever(deadline) => None,
        result = wait.run(pin) => match result {
            Ok(logged_in) => return Ok(logged_in),
            Err(cause) => Some(cause),
        },
    };
    let cause = ended.unwrap_or_else(|| wait.last.clone());
    Err(wait.give_up(cause))
}

async fn sleep_or_forever(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The state of one wait.
struct Wait<'a> {
    target: &'a SshTarget,
    on_stage: &'a mut (dyn FnMut(&Stage) + Send),
    began: Instant,
    furthest: Stage,
    current: Option<Stage>,
    last: ConnectCause,
    refused: u32,
}

impl<'a> Wait<'a> {
    fn new(target: &'a SshTarget, on_stage: &'a mut (dyn FnMut(&Stage) + Send)) -> Self {
        Self {
            target,
            on_stage,
            began: Instant::now(),
            furthest: Stage::Connecting,
            current: None,
            last: ConnectCause::NothingListened { last: "none yet".to_owned() },
            refused: 0,
        }
    }

    fn give_up(&self, cause: ConnectCause) -> ConnectError {
        ConnectError {
            address: self.target.address(),
            username: self.target.username.clone(),
            elapsed: self.began.elapsed(),
            furthest: self.furthest.clone(),
            cause,
        }
    }

    fn reach(&mut self, stage: Stage) {
        if stage.rank() >= self.furthest.rank() {
            self.furthest = stage.clone();
        }
        if self.current.as_ref() != Some(&stage) {
            (self.on_stage)(&stage);
            self.current = Some(stage);
        }
    }

    /// Tries until a login works or a cause forbids to go on.
    async fn run(&mut self, pin: &Arc<HostPin>) -> Result<LoggedIn, ConnectCause> {
        self.reach(Stage::Connecting);
        loop {
            let Knocked { stream, banner } = self.first_line().await?;
            self.reach(Stage::Banner { text: banner.clone() });
            let (send, mut stages) = mpsc::unbounded_channel();
            let work = log_in(self.target, stream, pin, send);
            tokio::pin!(work);
            let outcome = loop {
                tokio::select! {
                    biased;
                    Some(stage) = stages.recv() => self.reach(stage),
                    outcome = &mut work => break outcome,
                }
            };
            match outcome {
                Ok(logged_in) => {
                    pin.set(&logged_in.fingerprint);
                    self.reach(Stage::Ready);
                    return Ok(logged_in);
                }
                Err(Refusal::HostKey { found }) => {
                    let pinned = pin.get().unwrap_or_default().to_owned();
                    return Err(ConnectCause::HostKeyChanged { pinned, found });
                }
                Err(Refusal::Tunnel(cause)) => return Err(ConnectCause::Tunnel { cause }),
                Err(Refusal::Broken(last)) => {
                    self.last = ConnectCause::Handshake { banner, last };
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(Refusal::Auth { tried, offered }) => {
                    self.refused += 1;
                    self.last = ConnectCause::AuthRefused {
                        attempts: self.refused,
                        tried: list(&tried, "nothing"),
                        offered: list(&offered, "no further method"),
                    };
                    self.reach(Stage::AuthRefused { methods: offered });
                    if self.target.patience.handshake_attempts.is_some_and(|limit| self.refused >= limit) {
                        return Err(self.last.clone());
                    }
                    tokio::time::sleep(attempts::gap_after_auth_refused(self.refused)).await;
                }
            }
        }
    }

    /// Knocks, several connections at a time, until a server introduces itself on one of them.
    async fn first_line(&mut self) -> Result<Knocked, ConnectCause> {
        let (opened, mut opens) = mpsc::unbounded_channel::<()>();
        let mut knocks: JoinSet<Result<Knocked, NoAnswer>> = JoinSet::new();
        let mut waiting: Vec<(Instant, AbortHandle)> = Vec::new();
        let mut next = Instant::now();
        loop {
            tokio::select! {
                biased;
                Some(ended) = knocks.join_next() => match ended {
                    Ok(Ok(knocked)) => return Ok(knocked),
                    Ok(Err(none)) if none.way == Some(true) => return Err(ConnectCause::Way { cause: none.cause }),
                    Ok(Err(none)) => {
                        self.no_answer(none);
                        let soon = attempts::gap_after_refusal(self.began.elapsed());
                        next = next.min(Instant::now() + soon);
                    }
                    // One of the connections we dropped ourselves.
                    Err(_) => {}
                },
                Some(()) = opens.recv() => self.port_open(),
                () = sleep_until(next) => {
                    let (host, port, opened) = (self.target.host.clone(), self.target.port, opened.clone());
                    let route = self.target.route.clone();
                    let handle = knocks.spawn(async move {
                        knock(&route, &host, port, || { let _ = opened.send(()); }).await
                    });
                    let now = Instant::now();
                    waiting.retain(|(_, handle)| !handle.is_finished());
                    waiting.push((now, handle));
                    let ages: Vec<_> = waiting.iter().map(|(born, _)| now - *born).collect();
                    if let Some(index) = attempts::to_drop(&ages) {
                        waiting.remove(index).1.abort();
                    }
                    next = now + attempts::gap_after_silence(self.began.elapsed());
                }
            }
        }
    }

    fn port_open(&mut self) {
        if self.furthest.rank() <= Stage::PortOpen.rank() {
            self.last = ConnectCause::NoBanner { last: "silence".to_owned() };
            self.reach(Stage::PortOpen);
        }
    }

    fn no_answer(&mut self, none: NoAnswer) {
        // What was learnt from a server that spoke is worth more than how the last knock ended.
        if self.furthest.rank() > Stage::PortOpen.rank() {
            return;
        }
        if none.way.is_some() {
            self.last = ConnectCause::Way { cause: none.cause };
        } else if none.accepted || self.furthest == Stage::PortOpen {
            self.last = ConnectCause::NoBanner { last: none.cause };
        } else {
            self.last = ConnectCause::NothingListened { last: none.cause };
            self.reach(Stage::Connecting);
        }
    }
}

fn list(words: &[String], none: &str) -> String {
    if words.is_empty() { none.to_owned() } else { words.join(", ") }
}
