//! From events to the tables that are read: the projection.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::{Event, EventBody};
use crate::life::{self, By, Channel, ChannelChange, ChannelName, Life, Standing};
use crate::name::ImageName;
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
            let parent = life::parent_of(&version).map(|(id, _)| id.to_string());
            let (id, record) = (version.id.to_string(), text(&version)?);
            db.execute(
                "INSERT INTO versions (id, image, number, bytes, seq, record, parent) \
                 VALUES (?1, ?2, ?3, 'present', ?4, ?5, ?6)",
                params![id, version.image.as_str(), version.number, event.seq, record, parent],
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
        EventBody::VersionChanged { id, by, change } => change_version(db, event, *id, |version| {
            version.life.apply(event.at, by, change);
            version.state = version.life.state();
            Ok(())
        }),
        EventBody::ChannelChanged { image, channel, by, change } => {
            change_channel(db, event, (image, channel), (by, change))
        }
        EventBody::PoliciesSet { policies } => {
            db.execute(
                "INSERT OR REPLACE INTO settings (key, seq, record) VALUES ('policies', ?1, ?2)",
                params![event.seq, text(policies)?],
            )?;
            Ok(())
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
    change_version(db, event, id, |version| {
        if version.bytes != from {
            return Err(impossible(&format!("{} is {}", version.display_name(), words(version.bytes))));
        }
        version.bytes = to;
        version.trashed_at = trashed_at;
        Ok(())
    })
}

/// Reads a version's row, changes it and writes it back.
fn change_version(
    db: &Connection,
    event: &Event,
    id: VersionId,
    change: impl FnOnce(&mut Version) -> Result<(), ProjectError>,
) -> Result<(), ProjectError> {
    let record: Option<String> = db
        .query_row("SELECT record FROM versions WHERE id = ?1", [id.to_string()], |row| row.get(0))
        .optional()?;
    let record = record.ok_or_else(|| impossible(&format!("there is no version {id}")))?;
    let mut version: Version = read(&record)?;
    change(&mut version)?;
    let due = version.life.due().map(Timestamp::as_millisecond);
    db.execute(
        "UPDATE versions SET bytes = ?2, seq = ?3, record = ?4, state = ?5, due_ms = ?6 WHERE id = ?1",
        params![id.to_string(), words(version.bytes), event.seq, text(&version)?, version.state.word(), due],
    )?;
    Ok(())
}

/// Reads a channel's row or starts it, changes it and writes it back.
fn change_channel(
    db: &Connection,
    event: &Event,
    (image, name): (&ImageName, &ChannelName),
    (by, change): (&By, &ChannelChange),
) -> Result<(), ProjectError> {
    let record: Option<String> = db
        .query_row(
            "SELECT record FROM channels WHERE image = ?1 AND name = ?2",
            [image.as_str(), name.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    let mut channel = match record {
        Some(record) => read(&record)?,
        None => Channel::new(image.clone(), name.clone()),
    };
    channel.apply(event.at, by, change);
    db.execute(
        "INSERT OR REPLACE INTO channels (image, name, seq, record) VALUES (?1, ?2, ?3, ?4)",
        params![image.as_str(), name.as_str(), event.seq, text(&channel)?],
    )?;
    Ok(())
}

fn read<T: DeserializeOwned>(record: &str) -> Result<T, ProjectError> {
    serde_json::from_str(record).map_err(|e| impossible(&e.to_string()))
}

fn text(record: &impl Serialize) -> Result<String, ProjectError> {
    serde_json::to_string(record).map_err(|e| impossible(&e.to_string()))
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
        state: Standing::default(),
        life: Life::default(),
        trashed_at: None,
    })
}
