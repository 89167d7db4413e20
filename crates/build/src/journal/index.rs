//! The log of a build by number, step, error and text, however long it is.
//!
//! The lines stay on the disk. What is kept is where each begins and which belong to which step (16 bytes a line);
//! looking through a million lines again costs a read of the file and no more.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::journal::{LogLine, LogWindow, ReadError};

/// Which lines of a log. Empty: all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct LogFilter {
    /// Only lines with this text in them, in any case.
    pub text: String,
    /// Only lines that speak of an error.
    pub errors: bool,
    /// Only lines of this job.
    pub job: Option<String>,
    /// Only lines of this step.
    pub step: Option<String>,
}

/// What one step wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogSection {
    /// Of which job.
    pub job: String,
    /// Which step; empty for lines outside of steps.
    pub step: String,
    /// How many lines.
    #[ts(type = "number")]
    pub lines: u64,
    /// How many of them speak of an error.
    #[ts(type = "number")]
    pub errors: u64,
}

/// A log as it stands, step by step in the order they began to write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogSections {
    /// Lines in all.
    #[ts(type = "number")]
    pub total: u64,
    /// Lines that speak of an error.
    #[ts(type = "number")]
    pub errors: u64,
    /// The steps.
    pub sections: Vec<LogSection>,
}

/// A line that was looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FoundLine {
    /// Its number in the whole log, from 1; none when no line matches.
    #[ts(type = "number | null")]
    pub n: Option<u64>,
    /// Which of the matching lines it is, from 1.
    #[ts(type = "number")]
    pub at: u64,
    /// How many lines match.
    #[ts(type = "number")]
    pub total: u64,
    /// Of which section it is, from 0.
    pub section: u32,
    /// Its place in that section, from 0.
    #[ts(type = "number")]
    pub row: u64,
}

#[derive(Default)]
struct Section {
    job: String,
    step: String,
    rows: Vec<u32>,
    errors: Vec<u32>,
}

/// The lines that match a filter with a text, as far as the log was looked through.
struct View {
    rows: Vec<u32>,
    looked: usize,
    used: u64,
}

/// So many searches are remembered.
const VIEWS: usize = 8;

/// The index of one log. It grows with the log, at each question.
pub struct LogIndex {
    path: PathBuf,
    /// Where each line begins, and at the end where the next one will.
    begins: Vec<u64>,
    all: Vec<u32>,
    sections: Vec<Section>,
    /// Line to section.
    last: Option<(Vec<u8>, usize)>,
    errors: Vec<u32>,
    views: HashMap<LogFilter, View>,
    clock: u64,
}

impl LogIndex {
    /// Of the build in this folder. Reads nothing yet.
    pub fn new(folder: &Path) -> Self {
        Self {
            path: folder.join("log").join("lines.jsonl"),
            begins: vec![0],
            all: Vec::new(),
            sections: Vec::new(),
            last: None,
            errors: Vec::new(),
            views: HashMap::new(),
            clock: 0,
        }
    }

    /// The log by steps, as it stands now.
    pub fn sections(&mut self) -> Result<LogSections, ReadError> {
        self.grow()?;
        let sections = self.sections.iter().map(|section| LogSection {
            job: section.job.clone(),
            step: section.step.clone(),
            lines: section.rows.len() as u64,
            errors: section.errors.len() as u64,
        });
        Ok(LogSections {
            total: self.count() as u64,
            errors: self.errors.len() as u64,
            sections: sections.collect(),
        })
    }

    /// At most `count` of the lines a filter lets through, from the `from`th on (the first is 1), and how many there
    /// are in all.
    pub fn window(&mut self, filter: &LogFilter, from: u64, count: usize) -> Result<LogWindow, ReadError> {
        self.grow()?;
        let from = usize::try_from(from.max(1) - 1).unwrap_or(usize::MAX);
        let (total, rows) = self.rows(filter, |rows| {
            let end = from.saturating_add(count).min(rows.len());
            (rows.len(), rows.get(from..end).unwrap_or_default().to_vec())
        })?;
        Ok(LogWindow { total: total as u64, lines: self.read(&rows)? })
    }

    /// The next line that a filter lets through after line `after` (0: from the first on), or before it; goes on at
    /// the other end.
    pub fn find(&mut self, filter: &LogFilter, after: u64, back: bool) -> Result<FoundLine, ReadError> {
        self.grow()?;
        let row = u32::try_from(after).unwrap_or(u32::MAX);
        // Line numbers are rows plus one: the row of line `after` is `row - 1`.
        let (total, found) = self.rows(filter, |rows| {
            let at = match back {
                false => {
                    Some(rows.partition_point(|one| *one < row)).filter(|at| *at < rows.len()).or(Some(0))
                }
                true => match rows.partition_point(|one| one.saturating_add(1) < row) {
                    0 => rows.len().checked_sub(1),
                    at => Some(at - 1),
                },
            };
            (rows.len(), at.and_then(|at| Some((at, *rows.get(at)?))))
        })?;
        let Some((at, row)) = found else {
            return Ok(FoundLine { total: total as u64, ..FoundLine::default() });
        };
        let place = self
            .sections
            .iter()
            .enumerate()
            .find_map(|(section, lines)| Some((section, lines.rows.binary_search(&row).ok()?)));
        let (section, in_section) = place.unwrap_or_default();
        Ok(FoundLine {
            n: Some(u64::from(row) + 1),
            at: at as u64 + 1,
            total: total as u64,
            section: u32::try_from(section).unwrap_or(u32::MAX),
            row: in_section as u64,
        })
    }

    /// Writes the lines a filter lets through as plain text, without what only a terminal understands. Returns how
    /// many.
    pub fn write_text(&mut self, filter: &LogFilter, to: &mut dyn Write) -> Result<u64, ReadError> {
        const AT_ONCE: usize = 5_000;
        let mut from = 1;
        loop {
            let window = self.window(filter, from, AT_ONCE)?;
            for line in &window.lines {
                writeln!(to, "{}", plain(&line.text)).map_err(|source| self.failed(source))?;
            }
            from += window.lines.len() as u64;
            if window.lines.is_empty() || from > window.total {
                return Ok(from - 1);
            }
        }
    }

    fn count(&self) -> usize {
        self.begins.len() - 1
    }

    fn failed(&self, source: io::Error) -> ReadError {
        ReadError::Read { path: self.path.clone(), source }
    }

    /// Hands the rows of a filter to `take`; those of a search are looked up first where that was not done.
    fn rows<T>(
        &mut self,
        filter: &LogFilter,
        take: impl FnOnce(&[u32]) -> (usize, T),
    ) -> Result<(usize, T), ReadError> {
        if !filter.text.is_empty() {
            self.look(filter)?;
            return Ok(take(self.views.get(filter).map_or(&[], |view| view.rows.as_slice())));
        }
        Ok(take(&self.base(filter)))
    }

    /// The rows of a filter without its text.
    fn base(&self, filter: &LogFilter) -> Cow<'_, [u32]> {
        let wanted = |section: &&Section| {
            filter.job.as_ref().is_none_or(|job| *job == section.job)
                && filter.step.as_ref().is_none_or(|step| *step == section.step)
        };
        if filter.job.is_none() && filter.step.is_none() {
            if filter.errors {
                return Cow::Borrowed(&self.errors);
            }
            return Cow::Borrowed(&self.all);
        }
        let of =
            |section: &'_ Section| if filter.errors { section.errors.clone() } else { section.rows.clone() };
        let found: Vec<&Section> = self.sections.iter().filter(wanted).collect();
        match found.as_slice() {
            [one] => Cow::Borrowed(if filter.errors { &one.errors } else { &one.rows }),
            several => {
                let mut rows: Vec<u32> = several.iter().flat_map(|section| of(section)).collect();
                rows.sort_unstable();
                Cow::Owned(rows)
            }
        }
    }

    /// Looks through what a search has not seen yet.
    fn look(&mut self, filter: &LogFilter) -> Result<(), ReadError> {
        self.clock += 1;
        let looked = self.views.get(filter).map_or(0, |view| view.looked);
        let count = self.count();
        let mut found = Vec::new();
        if looked < count {
            let needle = RegexBuilder::new(&regex::escape(&filter.text)).case_insensitive(true).build();
            let needle = needle.map_err(|error| self.failed(io::Error::other(error)))?;
            let first = u32::try_from(looked).unwrap_or(u32::MAX);
            let base = self.base(filter);
            let rows = &base[base.partition_point(|row| *row < first)..];
            self.scan(rows, &mut |row, text| {
                if needle.is_match(&unescaped(text)) {
                    found.push(row);
                }
            })?;
        }
        if self.views.len() >= VIEWS && !self.views.contains_key(filter) {
            let oldest = self.views.iter().min_by_key(|(_, view)| view.used).map(|(key, _)| key.clone());
            oldest.into_iter().for_each(|key| drop(self.views.remove(&key)));
        }
        let used = self.clock;
        let view = self.views.entry(filter.clone()).or_insert(View { rows: Vec::new(), looked: 0, used });
        view.rows.extend(found);
        (view.looked, view.used) = (count, used);
        Ok(())
    }

    /// Hands the texts of rows, as they stand in the file, to `take`: in order, reading in large pieces.
    fn scan(&self, rows: &[u32], take: &mut dyn FnMut(u32, &[u8])) -> Result<(), ReadError> {
        const PIECE: u64 = 1 << 20;
        let Ok(file) = File::open(&self.path) else { return Ok(()) };
        let mut at = 0;
        let mut buffer = Vec::new();
        while let Some(first) = rows.get(at) {
            let start = self.begins[*first as usize];
            // As many rows as end within a piece; at least one.
            let mut to = at;
            let mut end = start;
            while let Some(row) = rows.get(to) {
                let ends = self.begins[*row as usize + 1];
                if to > at && ends - start > PIECE {
                    break;
                }
                end = ends;
                to += 1;
            }
            buffer.resize(usize::try_from(end - start).unwrap_or_default(), 0);
            file.read_exact_at(&mut buffer, start).map_err(|source| self.failed(source))?;
            for row in &rows[at..to] {
                let from = usize::try_from(self.begins[*row as usize] - start).unwrap_or_default();
                let until = usize::try_from(self.begins[*row as usize + 1] - start).unwrap_or_default();
                take(*row, text_of(&buffer[from..until]));
            }
            at = to;
        }
        Ok(())
    }

    fn read(&self, rows: &[u32]) -> Result<Vec<LogLine>, ReadError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let file = File::open(&self.path).map_err(|source| self.failed(source))?;
        let mut lines = Vec::with_capacity(rows.len());
        let mut buffer = Vec::new();
        for row in rows {
            let (start, end) = (self.begins[*row as usize], self.begins[*row as usize + 1]);
            buffer.resize(usize::try_from(end - start).unwrap_or_default(), 0);
            file.read_exact_at(&mut buffer, start).map_err(|source| self.failed(source))?;
            if let Ok(line) = serde_json::from_slice::<LogLine>(&buffer) {
                lines.push(line);
            }
        }
        Ok(lines)
    }

    /// Takes in what the log has gained.
    fn grow(&mut self) -> Result<(), ReadError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.failed(error)),
        };
        let mut at = self.begins.last().copied().unwrap_or_default();
        file.seek(SeekFrom::Start(at)).map_err(|source| self.failed(source))?;
        let mut held: Vec<u8> = Vec::new();
        let mut buffer = vec![0u8; 1 << 20];
        loop {
            let n = file.read(&mut buffer).map_err(|source| self.failed(source))?;
            if n == 0 {
                return Ok(());
            }
            held.extend_from_slice(&buffer[..n]);
            let mut taken = 0;
            while let Some(length) = memchr::memchr(b'\n', &held[taken..]) {
                let line = &held[taken..taken + length + 1];
                at += line.len() as u64;
                taken += line.len();
                self.take(line, at);
            }
            held.drain(..taken);
        }
    }

    fn take(&mut self, line: &[u8], ends: u64) {
        let Ok(row) = u32::try_from(self.count()) else { return };
        self.begins.push(ends);
        self.all.push(row);
        let head = head_of(line);
        let section = match &self.last {
            Some((known, section)) if *known == head => *section,
            _ => {
                let section = self.section_of(line);
                self.last = Some((head.to_vec(), section));
                section
            }
        };
        let speaks_of_error = is_trouble(&unescaped(text_of(line)));
        let section = &mut self.sections[section];
        section.rows.push(row);
        if speaks_of_error {
            section.errors.push(row);
            self.errors.push(row);
        }
    }

    fn section_of(&mut self, line: &[u8]) -> usize {
        #[derive(Deserialize, Default)]
        struct Of {
            #[serde(default)]
            job: String,
            #[serde(default)]
            step: String,
        }
        let of: Of = serde_json::from_slice(line).unwrap_or_default();
        let known = self.sections.iter().position(|one| one.job == of.job && one.step == of.step);
        known.unwrap_or_else(|| {
            self.sections.push(Section { job: of.job, step: of.step, ..Section::default() });
            self.sections.len() - 1
        })
    }
}

const JOB: &[u8] = b",\"job\":";
const STREAM: &[u8] = b",\"stream\":";
const TEXT: &[u8] = b",\"text\":\"";

/// The part of a line that says of which job and step it is. A quote within a name is escaped, so that the marks
/// are found nowhere but where they belong.
fn head_of(line: &[u8]) -> &[u8] {
    let from = memmem::find(line, JOB).unwrap_or(0);
    let to = memmem::find(&line[from..], STREAM).map_or(line.len(), |to| from + to);
    &line[from..to]
}

/// The text of a line as it stands in the file, with escapes of JSON.
fn text_of(line: &[u8]) -> &[u8] {
    let Some(from) = memmem::find(line, TEXT).map(|at| at + TEXT.len()) else { return &[] };
    let to = memchr::memrchr(b'"', line).unwrap_or(line.len());
    line.get(from..to).unwrap_or_default()
}

fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let quoted = [b"\"", text, b"\""].concat();
    match serde_json::from_slice::<String>(&quoted) {
        Ok(text) => Cow::Owned(text.into_bytes()),
        Err(_) => Cow::Borrowed(text),
    }
}

static ESCAPES: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    regex::Regex::new("\u{1b}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\u{7}\u{1b}]*(?:\u{7}|\u{1b}\\\\)|[@-Z\\\\-_])")
        .ok()
});

/// A line without what only a terminal understands: colours, cursor movement, titles, control characters.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control() && c != '\t') {
        return Cow::Borrowed(text);
    }
    let text = match &*ESCAPES {
        Some(escapes) => escapes.replace_all(text, ""),
        None => Cow::Borrowed(text),
    };
    Cow::Owned(text.chars().filter(|c| !c.is_control() || *c == '\t').collect())
}

static TROUBLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = r"^(?:\x1b\[[0-9;]*m)*(?:E:|error\b)|\berror:|\b(?:fatal|failed|failure|panic)\b|traceback \(most|cannot |could not |unable to ";
    Regex::new(&format!("(?i-u){words}")).ok()
});
static HARMLESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i-u)\b(?:0 (?:errors?|failed)|no errors?|errors?=0|failed=0)\b").ok());

/// Whether a line speaks of an error.
fn is_trouble(text: &[u8]) -> bool {
    let speaks = |regex: &Option<Regex>| regex.as_ref().is_some_and(|regex| regex.is_match(text));
    speaks(&TROUBLE) && !speaks(&HARMLESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::LogStream;

    fn put(folder: &Path, lines: &[(&str, &str)]) {
        let log = folder.join("log");
        std::fs::create_dir_all(&log).unwrap();
        let path = log.join("lines.jsonl");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let mut all = before.clone();
        for (n, (step, text)) in lines.iter().enumerate() {
            let line = LogLine {
                n: (before.lines().count() + n + 1) as u64,
                at: 5,
                job: "qemu.a \",\"stream\":".to_owned(),
                step: (*step).to_owned(),
                stream: LogStream::Stdout,
                text: (*text).to_owned(),
            };
            all.push_str(&serde_json::to_string(&line).unwrap());
            all.push('\n');
        }
        std::fs::write(path, all).unwrap();
    }

    fn texts(window: &LogWindow) -> Vec<&str> {
        window.lines.iter().map(|line| line.text.as_str()).collect()
    }

    fn filter(text: &str) -> LogFilter {
        LogFilter { text: text.to_owned(), ..LogFilter::default() }
    }

    #[test]
    fn a_log_is_told_by_step_and_grows() {
        let home = tempfile::tempdir().unwrap();
        let mut index = LogIndex::new(home.path());
        assert_eq!(index.sections().unwrap(), LogSections::default(), "no log yet");
        put(home.path(), &[("a", "one"), ("b", "E: two"), ("a", "three \"quoted\"\ttab")]);
        let told = index.sections().unwrap();
        let figures: Vec<_> =
            told.sections.iter().map(|one| (one.step.as_str(), one.lines, one.errors)).collect();
        assert_eq!((told.total, told.errors, figures), (3, 1, vec![("a", 2, 0), ("b", 1, 1)]));
        let of_a = LogFilter { step: Some("a".to_owned()), ..LogFilter::default() };
        assert_eq!(texts(&index.window(&of_a, 2, 5).unwrap()), ["three \"quoted\"\ttab"]);
        put(home.path(), &[("b", "0 errors"), ("a", "\u{1b}[31merror: red\u{1b}[0m")]);
        assert_eq!(index.window(&of_a, 1, 1).unwrap().total, 3);
        let errors = LogFilter { errors: true, ..LogFilter::default() };
        assert_eq!(index.window(&errors, 1, 9).unwrap().total, 2);
    }

    #[test]
    fn a_search_counts_all_lines_in_any_case_and_is_not_taken_in_by_the_files_form() {
        let home = tempfile::tempdir().unwrap();
        let mut index = LogIndex::new(home.path());
        put(home.path(), &[("a", "Ärger"), ("b", "a\nline"), ("a", "stream"), ("a", "C:\\new")]);
        for (text, expected) in
            [("ärger", 1), ("STREAM", 1), ("nline", 0), ("\\new", 1), ("\nline", 1), ("qemu", 0), ("e", 4)]
        {
            assert_eq!(index.window(&filter(text), 1, 0).unwrap().total, expected, "{text:?}");
        }
        put(home.path(), &[("c", "one more stream")]);
        assert_eq!(index.window(&filter("stream"), 1, 9).unwrap().total, 2, "what came later is found too");
    }

    #[test]
    fn the_next_and_previous_line_go_round() {
        let home = tempfile::tempdir().unwrap();
        let mut index = LogIndex::new(home.path());
        put(home.path(), &[("a", "x"), ("b", "hit"), ("a", "y"), ("b", "hit")]);
        let found = |index: &mut LogIndex, after, back| index.find(&filter("hit"), after, back).unwrap();
        let first = found(&mut index, 0, false);
        assert_eq!((first.n, first.at, first.total, first.section, first.row), (Some(2), 1, 2, 1, 0));
        assert_eq!(found(&mut index, 2, false).n, Some(4));
        assert_eq!(found(&mut index, 4, false).n, Some(2));
        assert_eq!(found(&mut index, 4, true).n, Some(2));
        assert_eq!(found(&mut index, 2, true).n, Some(4));
        assert_eq!(found(&mut index, 5, true).n, Some(4));
        assert_eq!(index.find(&filter("none"), 0, false).unwrap(), FoundLine::default());
    }

    #[test]
    fn plain_text_has_no_colours() {
        let home = tempfile::tempdir().unwrap();
        let mut index = LogIndex::new(home.path());
        put(home.path(), &[("a", "\u{1b}[1;32mok\u{1b}[0m done\u{1b}]0;title\u{7}"), ("a", "two")]);
        let mut text = Vec::new();
        assert_eq!(index.write_text(&LogFilter::default(), &mut text).unwrap(), 2);
        assert_eq!(String::from_utf8(text).unwrap(), "ok done\ntwo\n");
    }
}
