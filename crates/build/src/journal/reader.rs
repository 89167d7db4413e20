//! Reading journals: any number of readers, at any time, also while the worker writes.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_process::Dirs;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::fold::{BuildStatus, Fold};
use crate::id::BuildId;
use crate::journal::{Entry, Fact, LogLine, LogWindow};

/// Why a journal could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No such build.
    #[error("there is no build {0} (`goldsmith builds` lists them)")]
    NoBuild(BuildId),
    /// The system refused.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A build in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Summary {
    /// Which.
    pub id: BuildId,
    /// The template, as named by the user.
    pub template: String,
    /// Its jobs.
    pub jobs: Vec<String>,
    /// How it stands.
    pub status: BuildStatus,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub started_at: i64,
    /// Milliseconds since 1970; none while it runs.
    #[ts(type = "number | null")]
    pub finished_at: Option<i64>,
}

/// One build's journal, for reading.
pub struct BuildReader {
    id: BuildId,
    folder: PathBuf,
    /// Where the next unread fact begins.
    offset: u64,
    /// Byte offset of every thousandth log line, as far as the log has been looked through.
    marks: Vec<u64>,
    log_lines: u64,
    log_end: u64,
}

const MARK_EVERY: u64 = 1000;

/// How often a follower looks for more.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What a follower gets.
#[derive(Debug)]
pub enum Follow {
    /// New facts, in order.
    Entries(Vec<Entry>),
    /// The last fact has been handed out.
    End,
    /// The worker is gone without a last fact; [`crate::recover::recover`] will add one.
    Dead,
}

impl BuildReader {
    /// Opens one build's journal.
    pub fn open(dirs: &Dirs, id: &BuildId) -> Result<Self, ReadError> {
        let folder = dirs.builds().join(id.as_str());
        if !folder.is_dir() {
            return Err(ReadError::NoBuild(id.clone()));
        }
        Ok(Self { id: id.clone(), folder, offset: 0, marks: vec![0], log_lines: 0, log_end: 0 })
    }

    /// Every build there is, newest first. Looks only at the first and the last facts of each.
    pub fn list(dirs: &Dirs) -> Result<Vec<Summary>, ReadError> {
        let mut ids = ids(dirs)?;
        ids.sort();
        Ok(ids.iter().rev().filter_map(|id| summary(dirs, id)).collect())
    }

    /// Which build.
    pub fn id(&self) -> &BuildId {
        &self.id
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A picture named by [`Fact::ScreenTaken`].
    pub fn screen(&self, file: &str) -> Option<PathBuf> {
        let plain = Path::new(file).file_name()? == file;
        plain.then(|| self.folder.join("screens").join(file))
    }

    /// The guest's console so far.
    pub fn serial_log(&self) -> PathBuf {
        self.folder.join("log").join("serial.txt")
    }

    /// The facts written since the last call (or the first ones).
    pub fn more(&mut self) -> Result<Vec<Entry>, ReadError> {
        let path = self.folder.join("journal.jsonl");
        let (text, offset) = read_lines_from(&path, self.offset)?;
        self.offset = offset;
        // A line that is no entry can only come of a damaged disk; what follows may still be read.
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// All facts after the given number.
    pub fn entries(&self, since: u64) -> Result<Vec<Entry>, ReadError> {
        let (text, _) = read_lines_from(&self.folder.join("journal.jsonl"), 0)?;
        Ok(text
            .lines()
            .filter_map(|line| serde_json::from_str::<Entry>(line).ok())
            .filter(|entry| entry.seq > since)
            .collect())
    }

    /// The build's state by now.
    pub fn state(&self) -> Result<Fold, ReadError> {
        let mut fold = Fold::new(self.id.clone());
        for entry in self.entries(0)? {
            fold.apply(&entry);
        }
        Ok(fold)
    }

    /// Log lines `from`, `from + 1` ... (the first is 1), at most `count`.
    pub fn log(&mut self, from: u64, count: usize) -> Result<LogWindow, ReadError> {
        self.index_log()?;
        let total = self.log_lines;
        let from = from.max(1);
        if count == 0 || from > total {
            return Ok(LogWindow { total, lines: Vec::new() });
        }
        let path = self.log_path();
        let wrap = |source| ReadError::Read { path: path.clone(), source };
        let mark = ((from - 1) / MARK_EVERY) as usize;
        let mut file = File::open(&path).map_err(wrap)?;
        file.seek(SeekFrom::Start(self.marks.get(mark).copied().unwrap_or(0))).map_err(wrap)?;
        let skip = (from - 1 - mark as u64 * MARK_EVERY) as usize;
        let mut lines = Vec::with_capacity(count.min(4096));
        for line in BufReader::new(file).lines().skip(skip).take(count.min((total + 1 - from) as usize)) {
            if let Ok(line) = serde_json::from_str::<LogLine>(&line.map_err(wrap)?) {
                lines.push(line);
            }
        }
        Ok(LogWindow { total, lines })
    }

    /// The last lines of the log.
    pub fn log_tail(&mut self, count: usize) -> Result<LogWindow, ReadError> {
        self.index_log()?;
        self.log((self.log_lines + 1).saturating_sub(count as u64), count)
    }

    /// Whether the worker answers on its control socket.
    pub fn is_alive(&self) -> bool {
        self.control().is_some_and(|socket| UnixStream::connect(socket).is_ok())
    }

    /// The worker's control socket.
    pub fn control(&self) -> Option<PathBuf> {
        let file = File::open(self.folder.join("journal.jsonl")).ok()?;
        let mut first = String::new();
        BufReader::new(file).read_line(&mut first).ok()?;
        match serde_json::from_str::<Entry>(&first).ok()?.fact {
            Fact::Opened { control, .. } => Some(PathBuf::from(control)),
            _ => None,
        }
    }

    /// Waits for more facts. Looks at the file every 25 ms; a dead worker is noticed within a second.
    pub async fn follow(&mut self) -> Result<Follow, ReadError> {
        let mut looks = 0u32;
        loop {
            let entries = self.more()?;
            if !entries.is_empty() {
                return Ok(Follow::Entries(entries));
            }
            if looks == 0 && self.ended()? {
                return Ok(Follow::End);
            }
            looks += 1;
            if looks.is_multiple_of(40) && !self.is_alive() {
                // It may have written its last words between the two looks.
                let entries = self.more()?;
                return Ok(if entries.is_empty() { Follow::Dead } else { Follow::Entries(entries) });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn ended(&self) -> Result<bool, ReadError> {
        Ok(last_entry(&self.folder.join("journal.jsonl"))?.is_some_and(|entry| entry.fact.is_last()))
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("log").join("lines.jsonl")
    }

    /// Looks through what the log has gained since the last time.
    fn index_log(&mut self) -> Result<(), ReadError> {
        let path = self.log_path();
        let wrap = |source| ReadError::Read { path: path.clone(), source };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(wrap(error)),
        };
        file.seek(SeekFrom::Start(self.log_end)).map_err(wrap)?;
        let mut buffer = vec![0u8; 256 * 1024];
        let mut at = self.log_end;
        loop {
            let n = file.read(&mut buffer).map_err(wrap)?;
            if n == 0 {
                return Ok(());
            }
            for (i, byte) in buffer[..n].iter().enumerate() {
                if *byte == b'\n' {
                    self.log_lines += 1;
                    self.log_end = at + i as u64 + 1;
                    if self.log_lines.is_multiple_of(MARK_EVERY) {
                        self.marks.push(self.log_end);
                    }
                }
            }
            at += n as u64;
        }
    }
}

/// The ids of all builds, in no order.
pub(crate) fn ids(dirs: &Dirs) -> Result<Vec<BuildId>, ReadError> {
    let path = dirs.builds();
    match fs::read_dir(&path) {
        Ok(entries) => Ok(entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()))
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(ReadError::Read { path, source }),
    }
}

fn summary(dirs: &Dirs, id: &BuildId) -> Option<Summary> {
    let path = dirs.builds().join(id.as_str()).join("journal.jsonl");
    let mut first = String::new();
    BufReader::new(File::open(&path).ok()?).read_line(&mut first).ok()?;
    let first: Entry = serde_json::from_str(&first).ok()?;
    let Fact::Opened { plan, .. } = &first.fact else { return None };
    let last = last_entry(&path).ok()??;
    let (status, finished_at) = match &last.fact {
        Fact::Finished { outcome, .. } => (BuildStatus::from(*outcome), Some(last.at)),
        Fact::Interrupted { .. } => (BuildStatus::Interrupted, Some(last.at)),
        _ => (BuildStatus::Running, None),
    };
    Some(Summary {
        id: id.clone(),
        template: plan.template.clone(),
        jobs: plan.jobs.iter().map(|job| job.name.clone()).collect(),
        status,
        started_at: first.at,
        finished_at,
    })
}

/// The last whole line.
pub(crate) fn last_entry(path: &Path) -> Result<Option<Entry>, ReadError> {
    let wrap = |source| ReadError::Read { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrap(error)),
    };
    let end = file.seek(SeekFrom::End(0)).map_err(wrap)?;
    let mut back = 16 * 1024;
    loop {
        let start = end.saturating_sub(back);
        file.seek(SeekFrom::Start(start)).map_err(wrap)?;
        let mut bytes = Vec::new();
        Read::by_ref(&mut file).take(end - start).read_to_end(&mut bytes).map_err(wrap)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').unwrap_or(0);
        let line_start = bytes[..whole].iter().rposition(|b| *b == b'\n');
        match line_start {
            Some(at) => return Ok(serde_json::from_slice(&bytes[at + 1..whole]).ok()),
            None if start == 0 => return Ok(serde_json::from_slice(&bytes[..whole]).ok()),
            None => back *= 8,
        }
    }
}

fn read_lines_from(path: &Path, offset: u64) -> Result<(String, u64), ReadError> {
    let wrap = |source| ReadError::Read { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        // The worker has not come so far yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((String::new(), offset)),
        Err(error) => return Err(wrap(error)),
    };
    file.seek(SeekFrom::Start(offset)).map_err(wrap)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(wrap)?;
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    bytes.truncate(whole);
    Ok((String::from_utf8_lossy(&bytes).into_owned(), offset + whole as u64))
}
