//! What happened to an image, in sentences.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::channel::ChannelChange;
use super::state::{By, Change};
use crate::error::LibraryError;
use crate::event::{Event, EventBody};
use crate::library::Library;
use crate::version::VersionId;

/// One thing that happened to an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryEntry {
    /// The event's number.
    #[ts(type = "number")]
    pub seq: i64,
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// What, for example `web@3 was released`.
    pub what: String,
    /// Who and why, where that was recorded.
    pub by: Option<By>,
}

impl Library {
    /// Everything that happened to an image, its versions and its channels, oldest first.
    pub fn history(&self, image: &str) -> Result<Vec<HistoryEntry>, LibraryError> {
        // A name that is wrong is told as everywhere else.
        let image = self.resolve(image)?.image;
        let store = self.store();
        let names: HashMap<VersionId, String> =
            store.versions("", [])?.into_iter().map(|v| (v.id, v.display_name())).collect();
        let events = store.events_of(image.as_str())?;
        drop(store);
        let name = |id: &VersionId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
        Ok(events.into_iter().filter_map(|event| entry(event, &name)).collect())
    }
}

fn entry(event: Event, name: &dyn Fn(&VersionId) -> String) -> Option<HistoryEntry> {
    let (what, by) = match &event.body {
        EventBody::VersionAdded { id, .. } => (format!("{} was built", name(id)), None),
        EventBody::VersionTrashed { id } => (format!("{} was moved to the trash", name(id)), None),
        EventBody::VersionRestored { id } => (format!("{} was taken out of the trash", name(id)), None),
        EventBody::VersionPurged { id } => (format!("{} was purged", name(id)), None),
        EventBody::VersionChanged { id, by, change } => {
            (format!("{} {}", name(id), done(change, name)), Some(by.clone()))
        }
        EventBody::ChannelChanged { channel, by, change, .. } => {
            (format!("the channel {channel} {}", moved(change, name)), Some(by.clone()))
        }
        EventBody::PoliciesSet { .. } => return None,
    };
    Some(HistoryEntry { seq: event.seq, at: event.at, what, by })
}

fn done(change: &Change, name: &dyn Fn(&VersionId) -> String) -> String {
    match change {
        Change::Tested { result } => {
            let word = serde_json::to_value(result.outcome).ok();
            let word = word.as_ref().and_then(|w| w.as_str()).unwrap_or("unknown").to_owned();
            format!(
                "was tested: {} says {word} ({} passed, {} failed)",
                result.suite, result.passed, result.failed
            )
        }
        Change::Released { .. } => "was released".to_owned(),
        Change::Deprecated { replacement: Some(other) } => {
            format!("was deprecated in favour of {}", name(other))
        }
        Change::Deprecated { replacement: None } => "was deprecated".to_owned(),
        Change::Undeprecated => "is no longer deprecated".to_owned(),
        Change::Revoked { cause: Some(ancestor), .. } => {
            format!("was revoked because {} was", name(ancestor))
        }
        Change::Revoked { cause: None, .. } => "was revoked".to_owned(),
        Change::Unrevoked { .. } => "had a revocation taken back".to_owned(),
        Change::Retired => "was retired".to_owned(),
        Change::Unretired => "is no longer retired".to_owned(),
        Change::Held { until: Some(until) } => format!("is held until {until}"),
        Change::Held { until: None } => "is held".to_owned(),
        Change::Unheld => "is no longer held".to_owned(),
        Change::Scheduled { .. } => "was given dates".to_owned(),
        Change::Labelled { .. } => "was labelled".to_owned(),
        Change::Noted { .. } => "was remarked on".to_owned(),
        Change::Exported { export } => format!("was exported to {} ({})", export.path, export.format),
    }
}

fn moved(change: &ChannelChange, name: &dyn Fn(&VersionId) -> String) -> String {
    let because = |reason: &Option<String>| {
        reason.as_ref().map(|r| format!(", its gate overridden: {r}")).unwrap_or_default()
    };
    match change {
        ChannelChange::Classed { class } => format!("is for {}", class.word()),
        ChannelChange::Assigned { version, override_reason, .. } => {
            format!("points to {}{}", name(version), because(override_reason))
        }
        ChannelChange::RolledBack { version, override_reason, .. } => {
            format!("was rolled back to {}{}", name(version), because(override_reason))
        }
        ChannelChange::Emptied => "points to nothing".to_owned(),
        ChannelChange::Held { .. } => "is held".to_owned(),
        ChannelChange::Unheld => "is no longer held".to_owned(),
    }
}
