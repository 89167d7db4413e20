//! Streams: what happens, as it happens. See [`crate::wire::StreamMessage`] for the topics.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use goldsmith_build::journal::{LogIndex, LogLine};
use goldsmith_build::{BuildReader, Fold, Follow};
use tokio::sync::mpsc;

use crate::bodies;
use crate::bodies::library::blocking;
use crate::core::{Core, lock};
use crate::error::WireError;
use crate::journals::Told;
use crate::wire::*;

/// At most so many lines in a message.
const LINES: usize = 500;
/// Lines wait at most this long to be sent with others.
const FLUSH: Duration = Duration::from_millis(50);
/// How often a log is asked whether it grew.
const GROWS: Duration = Duration::from_millis(100);
/// How often lists are looked at.
const LISTS: Duration = Duration::from_millis(300);
/// How often a dead worker is looked for while somebody watches the lists.
const RECOVER_EVERY: u32 = 10;
/// How often the library is asked whether it changed.
const LIBRARY: Duration = Duration::from_millis(500);
/// How often the host is measured.
const HOST: Duration = Duration::from_secs(2);
/// How often the files of an open template are looked at.
const TEMPLATE: Duration = Duration::from_secs(1);
/// Messages that wait for a slow reader; beyond that the source waits.
const QUEUE: usize = 16;

/// A stream. Dropping it ends it.
pub struct Subscription {
    messages: mpsc::Receiver<StreamMessage>,
}

impl Subscription {
    /// The next message; nothing after [`StreamMessage::End`].
    pub async fn next(&mut self) -> Option<StreamMessage> {
        self.messages.recv().await
    }
}

type Sender = mpsc::Sender<StreamMessage>;
/// Nobody listens any more.
struct Gone;

async fn send(sender: &Sender, message: StreamMessage) -> Result<(), Gone> {
    sender.send(message).await.map_err(|_| Gone)
}

/// Waits, unless nobody listens any more.
async fn pause(sender: &Sender, time: Duration) -> Result<(), Gone> {
    tokio::select! {
        () = sender.closed() => Err(Gone),
        () = tokio::time::sleep(time) => Ok(()),
    }
}

impl Core {
    /// Follows a topic: from `since` on where things are numbered, else from the present.
    pub fn subscribe(&self, topic: &str, since: u64) -> Result<Subscription, WireError> {
        let (sender, messages) = mpsc::channel(QUEUE);
        let core = self.clone();
        let (kind, name) = topic.split_once('/').unwrap_or((topic, ""));
        match (kind, name.is_empty()) {
            ("builds", true) => spawn(sender, move |sender| lists(core, sender, List::Builds)),
            ("runs", true) => spawn(sender, move |sender| lists(core, sender, List::Runs)),
            ("library", true) => spawn(sender, move |sender| library(core, sender)),
            ("host", true) => spawn(sender, move |sender| host(core, sender)),
            ("build", false) => {
                let reader = self.reader(name)?;
                spawn(sender, move |sender| facts(core, reader, since, sender));
            }
            ("log", false) => {
                let reader = self.reader(name)?;
                spawn(sender, move |sender| log(reader, since, sender));
            }
            ("sections", false) => {
                let reader = self.reader(name)?;
                let index = self.log_index(name)?;
                spawn(sender, move |sender| sections(reader, index, sender));
            }
            ("template", false) => {
                let session = self.sessions().get(name)?;
                let id = name.to_owned();
                drop(session);
                spawn(sender, move |sender| template(core, id, sender));
            }
            ("task", false) => {
                let progress = self.tasks().follow(name);
                spawn(sender, move |sender| task(progress, sender));
            }
            _ => {
                return Err(WireError::input("unknown_topic", format!("there is no stream {topic}")));
            }
        }
        Ok(Subscription { messages })
    }
}

/// Runs a source; when it ends by itself the last message says so.
fn spawn<F>(sender: Sender, source: impl FnOnce(Sender) -> F)
where
    F: Future<Output = Result<(), Gone>> + Send + 'static,
{
    let running = source(sender.clone());
    tokio::spawn(async move {
        if running.await.is_ok() {
            let _ = sender.send(StreamMessage::End {}).await;
        }
    });
}

async fn facts(core: Core, mut reader: BuildReader, since: u64, sender: Sender) -> Result<(), Gone> {
    let mut fold = Fold::new(reader.id().clone());
    // The first message comes at once, also when nothing is newer than what the asker knows.
    let mut first = true;
    loop {
        let followed = tokio::select! {
            () = sender.closed() => return Err(Gone),
            followed = reader.follow() => followed,
        };
        match followed {
            Ok(Follow::Entries(mut entries)) => {
                for entry in &entries {
                    fold.apply(entry);
                }
                entries.retain(|entry| entry.seq > since);
                if first || !entries.is_empty() {
                    first = false;
                    let state = Box::new(fold.state().clone());
                    send(&sender, StreamMessage::Facts { entries, state }).await?;
                }
            }
            Ok(Follow::Dead) => {
                // Whoever notices first cleans up; the last fact then comes through the journal.
                if core.recover().await.is_err() {
                    pause(&sender, HOST).await?;
                }
                pause(&sender, FLUSH).await?;
            }
            // A journal that was deleted ends as well.
            Ok(Follow::End) | Err(_) => return Ok(()),
        }
    }
}

async fn log(mut reader: BuildReader, since: u64, sender: Sender) -> Result<(), Gone> {
    let mut seen = since;
    let mut over = false;
    loop {
        // Before the lines: what is written after this look is found by the next round. Only new facts are read.
        match reader.more() {
            Ok(entries) => over |= entries.iter().any(|entry| entry.fact.is_last()),
            Err(_) => return Ok(()),
        }
        loop {
            let lines: Vec<LogLine> = match reader.log(seen + 1, LINES) {
                Ok(window) => window.lines,
                Err(_) => return Ok(()),
            };
            let Some(last) = lines.last() else { break };
            seen = last.n;
            let from = lines[0].n;
            let full = lines.len() == LINES;
            send(&sender, StreamMessage::Log { from, lines }).await?;
            if !full {
                break;
            }
        }
        if over {
            return Ok(());
        }
        pause(&sender, FLUSH).await?;
    }
}

/// The first message comes at once; further ones when the log grew.
async fn sections(mut reader: BuildReader, index: Arc<Mutex<LogIndex>>, sender: Sender) -> Result<(), Gone> {
    let mut last = None;
    let mut over = false;
    loop {
        // Before the lines, as in `log`.
        match reader.more() {
            Ok(entries) => over |= entries.iter().any(|entry| entry.fact.is_last()),
            Err(_) => return Ok(()),
        }
        let asked = index.clone();
        let Ok(now) = blocking(move || Ok(lock(&asked).sections()?)).await else { return Ok(()) };
        if last.as_ref() != Some(&now) {
            last = Some(now.clone());
            send(&sender, StreamMessage::Sections { log: now }).await?;
        }
        if over {
            return Ok(());
        }
        pause(&sender, GROWS).await?;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Builds,
    Runs,
}

async fn lists(core: Core, sender: Sender, which: List) -> Result<(), Gone> {
    let mut last: Option<Vec<Told>> = None;
    let mut round = 0u32;
    loop {
        if round.is_multiple_of(RECOVER_EVERY) {
            // What cannot be cleaned up now is tried again.
            let _ = core.recover().await;
        }
        round = round.wrapping_add(1);
        let asked = core.clone();
        let told = blocking(move || asked.tell()).await.unwrap_or_default();
        let told: Vec<Told> = told
            .into_iter()
            .filter(|told| {
                matches!((told, which), (Told::Build(_), List::Builds) | (Told::Run(_), List::Runs))
            })
            .collect();
        if last.as_ref() != Some(&told) {
            let mut builds = Vec::new();
            let mut runs = Vec::new();
            for one in &told {
                match one {
                    Told::Build(build) => builds.push((**build).clone()),
                    Told::Run(run) => runs.push((**run).clone()),
                }
            }
            let message = match which {
                List::Builds => StreamMessage::Builds { builds },
                List::Runs => StreamMessage::Runs { runs },
            };
            last = Some(told);
            send(&sender, message).await?;
        }
        pause(&sender, LISTS).await?;
    }
}

async fn library(core: Core, sender: Sender) -> Result<(), Gone> {
    let mut last = None;
    loop {
        let asked = core.clone();
        // A library that cannot be read now says why when it is listed.
        let revision = blocking(move || Ok(asked.library()?.revision()?)).await.ok();
        if revision.is_some() && revision != last {
            last = revision;
            let generation = revision.and_then(|revision| u64::try_from(revision).ok()).unwrap_or(0);
            send(&sender, StreamMessage::Library { generation }).await?;
        }
        pause(&sender, LIBRARY).await?;
    }
}

async fn host(core: Core, sender: Sender) -> Result<(), Gone> {
    loop {
        if let Ok(stats) = bodies::host_stats(&core, Nothing {}).await {
            send(&sender, StreamMessage::Host { stats }).await?;
        }
        pause(&sender, HOST).await?;
    }
}

async fn template(core: Core, id: String, sender: Sender) -> Result<(), Gone> {
    let mut last = Vec::new();
    loop {
        // Closed: there is nothing more to say.
        let Ok(session) = core.sessions().get(&id) else { return Ok(()) };
        let keeper = core.clone();
        let changed = blocking(move || {
            let mut session = lock(&session);
            session.keep(&keeper);
            let changed = session.changed_on_disk().into_iter();
            // With what they are now: one that was taken in and changed again at once is told again.
            Ok(changed.map(|path| (session.disk_stamp(&path), path)).collect::<Vec<_>>())
        })
        .await
        .unwrap_or_default();
        if changed != last {
            let told = changed.iter().map(|(_, path)| path.to_string_lossy().into_owned()).collect();
            last = changed;
            send(&sender, StreamMessage::Template { changed: told }).await?;
        }
        pause(&sender, TEMPLATE).await?;
    }
}

async fn task(
    progress: Option<tokio::sync::watch::Receiver<TaskProgress>>,
    sender: Sender,
) -> Result<(), Gone> {
    let Some(mut progress) = progress else { return Ok(()) };
    loop {
        let now = progress.borrow_and_update().clone();
        let finished = now.finished;
        send(&sender, StreamMessage::Task { progress: now }).await?;
        if finished {
            return Ok(());
        }
        tokio::select! {
            () = sender.closed() => return Err(Gone),
            changed = progress.changed() => if changed.is_err() { return Ok(()) },
        }
        pause(&sender, FLUSH).await?;
    }
}
