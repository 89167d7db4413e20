//! From events to the tables that are read: the projection.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::event::{Event, EventBody};
use crate::version::{BytesState, StoredFile, Version, VersionId};

/// Why an event cannot be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    #[error("{0}")]
    Impossible(String),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Applies one event to the tables.
pub(crate) fn apply(db: &Connection, event: &Event) -> Result<(), ProjectError> {
    match &event.body {
        EventBody::VersionAdded { .. } => {
            let version = version_of(event).ok_or_else(|| impossible("a version without a disk"))?;
            let record = serde_json::to_string(&version).map_err(|e| impossible(&e.to_string()))?;
            db.execute(
                "INSERT INTO versions (id, image, number, bytes, seq, record) VALUES (?1, ?2, ?3, 'present', ?4, ?5)",
                params![version.id.to_string(), version.image.as_str(), version.number, event.seq, record],
            )?;
            Ok(())
        }
        EventBody::VersionTrashed { id } => {
            move_bytes(db, event, *id, BytesState::Present, BytesState::Trashed, Some(event.at))
        }
        EventBody::VersionRestored { id } => {
            move_bytes(db, event, *id, BytesState::Trashed, BytesState::Present, None)
        }
        EventBody::VersionPurged { id } => {
            move_bytes(db, event, *id, BytesState::Trashed, BytesState::Purged, None)
        }
    }
}

fn impossible(cause: &str) -> ProjectError {
    ProjectError::Impossible(cause.to_owned())
}

fn move_bytes(
    db: &Connection,
    event: &Event,
    id: VersionId,
    from: BytesState,
    to: BytesState,
    trashed_at: Option<Timestamp>,
) -> Result<(), ProjectError> {
    let record: Option<String> = db
        .query_row("SELECT record FROM versions WHERE id = ?1", [id.to_string()], |row| row.get(0))
        .optional()?;
    let record = record.ok_or_else(|| impossible(&format!("there is no version {id}")))?;
    let mut version: Version = serde_json::from_str(&record).map_err(|e| impossible(&e.to_string()))?;
    if version.bytes != from {
        return Err(impossible(&format!("{} is {}", version.display_name(), words(version.bytes))));
    }
    version.bytes = to;
    version.trashed_at = trashed_at;
    let record = serde_json::to_string(&version).map_err(|e| impossible(&e.to_string()))?;
    db.execute(
        "UPDATE versions SET bytes = ?2, seq = ?3, record = ?4 WHERE id = ?1",
        params![id.to_string(), words(to), event.seq, record],
    )?;
    Ok(())
}

/// The name of a state in the tables.
pub(crate) fn words(state: BytesState) -> &'static str {
    match state {
        BytesState::Present => "present",
        BytesState::Trashed => "trashed",
        BytesState::Purged => "purged",
    }
}

/// The version an addition describes.
fn version_of(event: &Event) -> Option<Version> {
    let EventBody::VersionAdded { id, image, number, content, files, facts } = &event.body else {
        return None;
    };
    let mut files: Vec<StoredFile> = files.clone();
    files.iter_mut().for_each(|f| f.path = None);
    let disk = files.iter().find_map(|f| f.disk.clone())?;
    Some(Version {
        id: *id,
        image: image.clone(),
        number: *number,
        created_at: event.at,
        content: *content,
        format: disk.format,
        virtual_size: disk.virtual_size,
        stored_size: files.iter().map(|f| f.size).sum(),
        files,
        facts: facts.as_ref().clone(),
        bytes: BytesState::Present,
        trashed_at: None,
    })
}
