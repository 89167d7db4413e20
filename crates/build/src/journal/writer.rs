//! Writing a journal: one writer per build, for as long as its worker lives.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::id::{Clock, IntentId};
use crate::journal::{Entry, Evidence, Fact, LogLine, LogStream, Resource};
use crate::redact::Redactor;

/// Why something could not be written down.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}; the build cannot go on without its journal (is the disk full?)")]
pub struct JournalError {
    path: PathBuf,
    source: io::Error,
}

/// The writing end. Every text passes the redaction on its way.
pub struct Journal {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    redactor: Redactor,
    facts: Mutex<Facts>,
    log: Mutex<Log>,
    syncing: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

struct Facts {
    file: File,
    path: PathBuf,
    seq: u64,
    intents: u32,
}

struct Log {
    file: File,
    path: PathBuf,
    n: u64,
}

impl Journal {
    /// Opens or continues the journal in a build's folder (made if absent): cuts a torn last line and counts on
    /// from the last whole one.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>, redactor: Redactor) -> Result<Self, JournalError> {
        let log_folder = folder.join("log");
        fs::create_dir_all(&log_folder)
            .map_err(|source| JournalError { path: log_folder.clone(), source })?;
        let path = folder.join("journal.jsonl");
        let wrap = |source| JournalError { path: path.clone(), source };
        let (file, text) = open_whole(&path).map_err(wrap)?;
        let (mut seq, mut intents) = (0, 0);
        for line in text.lines() {
            if let Ok(entry) = serde_json::from_str::<Entry>(line) {
                seq = seq.max(entry.seq);
                if let Fact::IntentRecorded { intent, .. } = entry.fact {
                    intents = intents.max(intent.0);
                }
            }
        }
        let log_path = log_folder.join("lines.jsonl");
        let (log_file, log_text) =
            open_whole(&log_path).map_err(|source| JournalError { path: log_path.clone(), source })?;
        let n = log_text.lines().count() as u64;
        let syncing = Some(sync_thread(file.try_clone().map_err(wrap)?));
        // The name itself must survive a crash, too.
        goldsmith_process::durable::sync_dir(folder).map_err(wrap)?;
        Ok(Self {
            folder: folder.to_owned(),
            clock,
            redactor,
            facts: Mutex::new(Facts { file, path, seq, intents }),
            log: Mutex::new(Log { file: log_file, path: log_path, n }),
            syncing: Mutex::new(syncing),
        })
    }

    /// The build's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is kept out of it.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The clock it uses.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Writes a fact down. Returns once it is in the file; for intents and the first and last fact, once it is on
    /// the disk. Edges of steps reach the disk soon after.
    pub fn append(&self, fact: Fact) -> Result<Entry, JournalError> {
        let durable = fact.is_durable();
        let edge = fact.is_edge();
        let mut facts = lock(&self.facts);
        let entry = Entry { seq: facts.seq + 1, at: self.clock.now_ms(), fact };
        facts.write(&entry, &self.redactor)?;
        if durable {
            facts.file.sync_data().map_err(|source| JournalError { path: facts.path.clone(), source })?;
        }
        drop(facts);
        if edge && let Some((wake, _)) = &*lock(&self.syncing) {
            // A failing send means the thread is gone, which happens only on closing, and closing syncs.
            let _ = wake.send(());
        }
        Ok(entry)
    }

    /// Records that something is about to be acquired; on the disk when this returns.
    pub fn intend(&self, job: Option<&str>, resource: Resource) -> Result<IntentId, JournalError> {
        let intent = {
            let mut facts = lock(&self.facts);
            facts.intents += 1;
            IntentId(facts.intents)
        };
        self.append(Fact::IntentRecorded { intent, job: job.map(str::to_owned), resource })?;
        Ok(intent)
    }

    /// Records that it was acquired.
    pub fn acquired(&self, intent: IntentId, evidence: Evidence) -> Result<(), JournalError> {
        self.append(Fact::Acquired { intent, evidence }).map(drop)
    }

    /// Adds a line to the log. The text must be a whole line.
    pub fn log(&self, job: &str, step: &str, stream: LogStream, text: &str) -> Result<(), JournalError> {
        let mut log = lock(&self.log);
        let line = LogLine {
            n: log.n + 1,
            at: self.clock.now_ms(),
            job: job.to_owned(),
            step: step.to_owned(),
            stream,
            text: self.redactor.redact(text).into_owned(),
        };
        let mut bytes = serde_json::to_vec(&line)
            .map_err(|error| JournalError { path: log.path.clone(), source: error.into() })?;
        bytes.push(b'\n');
        log.file.write_all(&bytes).map_err(|source| JournalError { path: log.path.clone(), source })?;
        log.n += 1;
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Some((wake, thread)) = lock(&self.syncing).take() {
            drop(wake);
            let _ = thread.join();
        }
    }
}

impl Facts {
    fn write(&mut self, entry: &Entry, redactor: &Redactor) -> Result<(), JournalError> {
        let wrap = |source| JournalError { path: self.path.clone(), source };
        let mut value: Value = serde_json::to_value(entry).map_err(|error| wrap(error.into()))?;
        redactor.redact_json(&mut value);
        let mut bytes = serde_json::to_vec(&value).map_err(|error| wrap(error.into()))?;
        bytes.push(b'\n');
        self.file.write_all(&bytes).map_err(wrap)?;
        self.seq = entry.seq;
        Ok(())
    }
}

/// Asks the disk to catch up, in a thread of its own: several edges in a row cost one wait, and nobody's.
fn sync_thread(file: File) -> (Sender<()>, JoinHandle<()>) {
    let (wake, woken): (Sender<()>, Receiver<()>) = channel();
    let thread = std::thread::spawn(move || {
        while woken.recv().is_ok() {
            while woken.try_recv().is_ok() {}
            // The next durable fact meets the same trouble and reports it.
            let _ = file.sync_data();
        }
    });
    (wake, thread)
}

/// Opens for appending, with a torn last line cut off.
fn open_whole(path: &Path) -> io::Result<(File, String)> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    if whole != bytes.len() {
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        bytes.truncate(whole);
    }
    Ok((file, String::from_utf8_lossy(&bytes).into_owned()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}
