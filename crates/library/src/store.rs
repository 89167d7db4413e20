//! The database: one append-only table of events, and the projection.
//!
//! A rollback journal (not WAL) with `synchronous = EXTRA`: a commit is durable when it returns, there is only one
//! file to copy, reading needs no shared-memory file and so works on a read-only medium, and nothing depends on
//! shared memory between processes. Writers are few and short; readers wait for them in the busy handler.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};

use crate::error::LibraryError;
use crate::event::{Event, EventBody};
use crate::life::Channel;
use crate::project::{self, ProjectError};
use crate::version::Version;

/// `GSLB`: marks our database files.
const APPLICATION_ID: i64 = 0x4753_4c42;
/// The schema this program writes. Older ones are brought up to it; newer ones are refused.
pub(crate) const SCHEMA: i64 = 2;

const SCHEMA_1: &str = "
CREATE TABLE events (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    body  TEXT NOT NULL,
    chain BLOB NOT NULL
) STRICT;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TABLE versions (
    id     TEXT PRIMARY KEY,
    image  TEXT NOT NULL,
    number INTEGER NOT NULL,
    bytes  TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (image, number)
) STRICT;
";

/// Channels, states, lineage, policies. What version 1 recorded has none of them, so nothing is computed anew.
const SCHEMA_2: &str = "
ALTER TABLE versions ADD COLUMN state TEXT NOT NULL DEFAULT 'built';
ALTER TABLE versions ADD COLUMN parent TEXT;
ALTER TABLE versions ADD COLUMN due_ms INTEGER;
CREATE INDEX versions_by_parent ON versions (parent) WHERE parent IS NOT NULL;
CREATE INDEX versions_by_date ON versions (due_ms) WHERE due_ms IS NOT NULL;
CREATE TABLE channels (
    image  TEXT NOT NULL,
    name   TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (image, name)
) STRICT;
CREATE TABLE settings (
    key    TEXT PRIMARY KEY,
    seq    INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT;
";

/// What brings a database from each schema version to the next.
const STEPS: [&str; SCHEMA as usize] = [SCHEMA_1, SCHEMA_2];

/// An open database.
pub(crate) struct Store {
    /// The version of the schema found; older than [`SCHEMA`] only where the library cannot be written.
    schema: i64,
    pub(crate) db: Connection,
    pub(crate) path: PathBuf,
}

impl Store {
    /// Opens or makes the database.
    pub(crate) fn open(path: &Path, read_only: bool) -> Result<Self, LibraryError> {
        let flags = if read_only {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        } else {
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
        };
        let what = "opening the library";
        let db = Connection::open_with_flags(path, flags).map_err(|e| database(what, path, e))?;
        let mut store = Self { schema: SCHEMA, db, path: path.to_owned() };
        store.prepare(read_only)?;
        Ok(store)
    }

    fn prepare(&mut self, read_only: bool) -> Result<(), LibraryError> {
        let what = "opening the library";
        let failed = |e| database(what, &self.path, e);
        self.db.busy_timeout(Duration::from_secs(20)).map_err(failed)?;
        let number = |pragma: &str| -> Result<i64, LibraryError> {
            self.db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).map_err(failed)
        };
        let (application, schema) = (number("application_id")?, number("user_version")?);
        let tables: i64 =
            self.db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
        if tables > 0 && application != APPLICATION_ID {
            let cause =
                format!("it is an SQLite database of another program (application id {application:#x})");
            return Err(LibraryError::NotALibrary { path: self.path.clone(), cause });
        }
        if schema > SCHEMA {
            return Err(LibraryError::NewerSchema { path: self.path.clone(), found: schema, known: SCHEMA });
        }
        if read_only {
            if tables == 0 {
                let cause = "it is empty".to_owned();
                return Err(LibraryError::NotALibrary { path: self.path.clone(), cause });
            }
            self.schema = schema;
            return Ok(());
        }
        self.db.pragma_update(None, "synchronous", "EXTRA").map_err(failed)?;
        self.db.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        if schema < SCHEMA {
            Self::bring_up(&self.db).map_err(failed)?;
            if schema > 0 {
                // Rows of an older version are readable as they are, so damaged events are not this moment's concern.
                let _ = self.rebuild();
            }
        }
        Ok(())
    }

    /// Brings the schema up to date, in one transaction.
    fn bring_up(db: &Connection) -> rusqlite::Result<()> {
        db.execute_batch("BEGIN IMMEDIATE")?;
        let all = || {
            // Another process may have done it while we waited for the lock.
            let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            let done = usize::try_from(found).unwrap_or(0).min(STEPS.len());
            STEPS[done..].iter().try_for_each(|step| db.execute_batch(step))?;
            db.pragma_update(None, "application_id", APPLICATION_ID)?;
            db.pragma_update(None, "user_version", SCHEMA)
        };
        all().and_then(|()| db.execute_batch("COMMIT")).inspect_err(|_| drop(db.execute_batch("ROLLBACK")))
    }

    /// Runs a transaction that may append events.
    pub(crate) fn write<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Appender<'_>) -> Result<T, LibraryError>,
    ) -> Result<T, LibraryError> {
        let path = self.path.clone();
        let failed = |e| database(what, &path, e);
        let tx =
            self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        let result = work(&mut Appender { db: &tx, path: &path, what })?;
        tx.commit().map_err(failed)?;
        Ok(result)
    }

    /// The number of the last event.
    pub(crate) fn revision(&self) -> Result<i64, LibraryError> {
        let sql = "SELECT coalesce(max(seq), 0) FROM events";
        self.db
            .query_row(sql, [], |row| row.get(0))
            .map_err(|e| database("reading the library", &self.path, e))
    }

    /// Versions by a condition on the table.
    pub(crate) fn versions(
        &self,
        rest: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<Version>, LibraryError> {
        let failed = |e| database("reading the library", &self.path, e);
        let sql = format!("SELECT seq, record FROM versions {rest}");
        let mut statement = self.db.prepare_cached(&sql).map_err(failed)?;
        let rows = statement
            .query_map(values, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
            .map_err(failed)?;
        rows.map(|row| {
            let (seq, record) = row.map_err(failed)?;
            serde_json::from_str(&record).map_err(|e| self.damaged(seq, e.to_string()))
        })
        .collect()
    }

    /// Names of all images that ever had a version, in order.
    pub(crate) fn names(&self) -> Result<Vec<String>, LibraryError> {
        let failed = |e| database("reading the library", &self.path, e);
        let mut statement =
            self.db.prepare_cached("SELECT DISTINCT image FROM versions ORDER BY image").map_err(failed)?;
        let names = statement.query_map([], |row| row.get(0)).and_then(Iterator::collect);
        names.map_err(failed)
    }

    /// Number of versions with bytes present, per image.
    pub(crate) fn counts(&self) -> Result<HashMap<String, u32>, LibraryError> {
        let failed = |e| database("reading the library", &self.path, e);
        let sql = "SELECT image, count(*) FROM versions WHERE bytes = 'present' GROUP BY image";
        let mut statement = self.db.prepare_cached(sql).map_err(failed)?;
        let counts =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).and_then(Iterator::collect);
        counts.map_err(failed)
    }

    /// The channels of an image, or of all, by name.
    pub(crate) fn channels(&self, image: Option<&str>) -> Result<Vec<Channel>, LibraryError> {
        if self.schema < 2 {
            return Ok(Vec::new());
        }
        let failed = |e| database("reading the library", &self.path, e);
        let sql = "SELECT seq, record FROM channels WHERE ?1 IS NULL OR image = ?1 ORDER BY image, name";
        let mut statement = self.db.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([image], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
            .map_err(failed)?;
        rows.map(|row| {
            let (seq, record) = row.map_err(failed)?;
            serde_json::from_str(&record).map_err(|e| self.damaged(seq, e.to_string()))
        })
        .collect()
    }

    /// A setting of the library.
    pub(crate) fn setting<T: serde::de::DeserializeOwned>(
        &self,
        key: &str,
    ) -> Result<Option<T>, LibraryError> {
        if self.schema < 2 {
            return Ok(None);
        }
        let found: Option<(i64, String)> = self
            .db
            .query_row("SELECT seq, record FROM settings WHERE key = ?1", [key], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .map_err(|e| database("reading the library", &self.path, e))?;
        found
            .map(|(seq, record)| serde_json::from_str(&record).map_err(|e| self.damaged(seq, e.to_string())))
            .transpose()
    }

    fn damaged(&self, seq: i64, cause: String) -> LibraryError {
        LibraryError::DamagedEvent { path: self.path.clone(), seq, cause }
    }

    /// All events in order, their chain checked.
    pub(crate) fn events(&self) -> Result<Vec<Event>, LibraryError> {
        let failed = |e| database("reading the library", &self.path, e);
        let sql = "SELECT seq, at_ms, body, chain FROM events ORDER BY seq";
        let mut statement = self.db.prepare(sql).map_err(failed)?;
        let rows = statement.query_map([], raw_event).map_err(failed)?;
        let mut before = Vec::new();
        rows.map(|row| {
            let (seq, at_ms, body, chain) = row.map_err(failed)?;
            if chain != link(&before, at_ms, &body) {
                return Err(self.damaged(seq, "it, or one before it, was changed by hand".to_owned()));
            }
            before = chain;
            let at = Timestamp::from_millisecond(at_ms).map_err(|e| self.damaged(seq, e.to_string()))?;
            let body = serde_json::from_str(&body).map_err(|e| self.damaged(seq, e.to_string()))?;
            Ok(Event { seq, at, body })
        })
        .collect()
    }

    /// The events that name an image or one of its versions, in order. Their chain is not checked.
    pub(crate) fn events_of(&self, image: &str) -> Result<Vec<Event>, LibraryError> {
        let failed = |e| database("reading the library", &self.path, e);
        let sql = "SELECT seq, at_ms, body FROM events WHERE json_extract(body, '$.image') = ?1 \
                   OR json_extract(body, '$.id') IN (SELECT id FROM versions WHERE image = ?1) ORDER BY seq";
        let mut statement = self.db.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([image], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))
            .map_err(failed)?;
        rows.map(|row| {
            let (seq, at_ms, body) = row.map_err(failed)?;
            let at = Timestamp::from_millisecond(at_ms).map_err(|e| self.damaged(seq, e.to_string()))?;
            let body = serde_json::from_str(&body).map_err(|e| self.damaged(seq, e.to_string()))?;
            Ok(Event { seq, at, body })
        })
        .collect()
    }

    /// Empties the projection and makes it anew from the events.
    pub(crate) fn rebuild(&mut self) -> Result<(), LibraryError> {
        let events = self.events()?;
        self.write("rebuilding the library's tables", |appender| {
            appender.run("DELETE FROM versions; DELETE FROM channels; DELETE FROM settings;")?;
            events.iter().try_for_each(|event| appender.project(event))
        })
    }

    /// The projection as text, for comparison.
    pub(crate) fn dump(&self) -> Result<Vec<String>, LibraryError> {
        let failed = |e| database("reading the library", &self.path, e);
        let sql = "SELECT format('%s %s@%d %s %s %s %d %s', id, image, number, bytes, state, parent, seq, record) \
                   FROM (SELECT * FROM versions ORDER BY id) \
                   UNION ALL SELECT format('channel %s@%s %d %s', image, name, seq, record) \
                   FROM (SELECT * FROM channels ORDER BY image, name) \
                   UNION ALL SELECT format('setting %s %d %s', key, seq, record) \
                   FROM (SELECT * FROM settings ORDER BY key)";
        let mut statement = self.db.prepare(sql).map_err(failed)?;
        statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(failed)
    }
}

type RawEvent = (i64, i64, String, Vec<u8>);

fn raw_event(row: &Row<'_>) -> rusqlite::Result<RawEvent> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

/// Each event carries a digest over itself and the digest before it, so that a change by hand shows.
fn link(before: &[u8], at_ms: i64, body: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("goldsmith event chain v1");
    hasher.update(before);
    hasher.update(&at_ms.to_le_bytes());
    hasher.update(body.as_bytes());
    hasher.finalize().as_bytes().to_vec()
}

/// A transaction in which events are appended.
pub(crate) struct Appender<'a> {
    db: &'a Connection,
    path: &'a Path,
    what: &'a str,
}

impl Appender<'_> {
    fn failed(&self, e: rusqlite::Error) -> LibraryError {
        database(self.what, self.path, e)
    }

    /// Appends an event and applies it to the projection.
    pub(crate) fn append(&mut self, at: Timestamp, body: EventBody) -> Result<Event, LibraryError> {
        let text = serde_json::to_string(&body).map_err(|e| LibraryError::DamagedEvent {
            path: self.path.to_owned(),
            seq: 0,
            cause: e.to_string(),
        })?;
        let last = "SELECT chain FROM events ORDER BY seq DESC LIMIT 1";
        let before: Option<Vec<u8>> =
            self.db.query_row(last, [], |row| row.get(0)).optional().map_err(|e| self.failed(e))?;
        let at_ms = at.as_millisecond();
        let chain = link(&before.unwrap_or_default(), at_ms, &text);
        let insert = "INSERT INTO events (at_ms, body, chain) VALUES (?1, ?2, ?3)";
        self.db.execute(insert, params![at_ms, text, chain]).map_err(|e| self.failed(e))?;
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(at);
        let event = Event { seq: self.db.last_insert_rowid(), at, body };
        self.project(&event)?;
        Ok(event)
    }

    fn project(&mut self, event: &Event) -> Result<(), LibraryError> {
        project::apply(self.db, event).map_err(|e| match e {
            ProjectError::Sqlite(e) => self.failed(e),
            ProjectError::Impossible(cause) => {
                LibraryError::DamagedEvent { path: self.path.to_owned(), seq: event.seq, cause }
            }
        })
    }

    fn run(&mut self, sql: &str) -> Result<(), LibraryError> {
        self.db.execute_batch(sql).map_err(|e| self.failed(e))
    }

    /// The next number of an image; numbers of purged versions are never used again.
    pub(crate) fn next_number(&self, image: &str) -> Result<u32, LibraryError> {
        let sql = "SELECT coalesce(max(number), 0) + 1 FROM versions WHERE image = ?1";
        self.db.query_row(sql, [image], |row| row.get(0)).map_err(|e| self.failed(e))
    }
}

/// Puts an SQLite error into words.
pub(crate) fn database(what: &str, path: &Path, source: rusqlite::Error) -> LibraryError {
    let what = what.to_owned();
    let dir = path.parent().unwrap_or(path).to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            LibraryError::NotALibrary { path: path.to_owned(), cause: source.to_string() }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            let kind = std::io::ErrorKind::PermissionDenied;
            LibraryError::ReadOnly { what, dir, source: std::io::Error::new(kind, source.to_string()) }
        }
        Some(ErrorCode::DiskFull) => {
            let free = goldsmith_process::space::free(&dir).unwrap_or(0);
            LibraryError::NoSpace { what, dir, needed: 1024 * 1024, free }
        }
        _ => LibraryError::Database { what, path: path.to_owned(), source },
    }
}
