use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::state::{By, Hold};
use crate::name::{ImageName, NameError};
use crate::version::VersionId;

/// What a channel is for. The class decides which versions it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Trying things out: any version that is there and not revoked.
    Dev,
    /// Before production: released versions.
    Staging,
    /// What people rely on: released versions that pass the gate.
    Production,
}

impl Class {
    /// The class in a word.
    pub fn word(self) -> &'static str {
        match self {
            Class::Dev => "dev",
            Class::Staging => "staging",
            Class::Production => "production",
        }
    }

    /// The class a channel of that name has when nobody says otherwise: `dev` and `latest`-like names are for
    /// development, names with "stag", "test" or "candidate" for staging, all others for production.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
        if has(&["dev", "edge", "nightly", "snapshot"]) {
            Class::Dev
        } else if has(&["stag", "test", "candidate", "beta"]) {
            Class::Staging
        } else {
            Class::Production
        }
    }
}

/// The name of a channel: as an image's name, but it must not look like a version (`3`, `latest`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(as = "String")]
pub struct ChannelName(String);

impl ChannelName {
    /// Checks a name.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        if text == "latest" || text.chars().all(|c| c.is_ascii_digit()) {
            let cause = "it would look like a version, and it is to name a channel";
            return Err(NameError { text, cause });
        }
        Ok(Self(ImageName::new(text)?.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ChannelName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl From<ChannelName> for String {
    fn from(name: ChannelName) -> String {
        name.0
    }
}

/// A named pointer to a version of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Channel {
    /// The image.
    pub image: ImageName,
    /// Its name.
    pub name: ChannelName,
    /// What it is for.
    pub class: Class,
    /// Where it points; nothing when it was emptied.
    pub version: Option<VersionId>,
    /// The number of that version, to read `web@4` without another look.
    pub number: Option<u32>,
    /// Where it pointed, oldest first.
    pub history: Vec<Move>,
    /// Versions that were rolled away from: nothing brings them back by itself.
    pub skip: Vec<VersionId>,
    /// Protection from being moved.
    pub hold: Option<Hold>,
}

/// One change of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Move {
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// How.
    pub kind: MoveKind,
    /// Where it points since.
    pub version: Option<VersionId>,
    /// The number of that version.
    pub number: Option<u32>,
    /// Who and why.
    pub by: By,
    /// Why the gate was overridden.
    #[serde(default)]
    pub override_reason: Option<String>,
}

/// How a channel came to point elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum MoveKind {
    /// Forward.
    Assigned,
    /// Back to an earlier version.
    Rolledback,
    /// To nothing.
    Emptied,
}

/// Something done to a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ChannelChange {
    /// It was made, or its class was changed.
    Classed {
        /// What it is for.
        class: Class,
    },
    /// It points to a version.
    Assigned {
        /// Which.
        version: VersionId,
        /// Its number.
        number: u32,
        /// Why the gate was overridden.
        override_reason: Option<String>,
    },
    /// It points to an earlier version again.
    RolledBack {
        /// Which.
        version: VersionId,
        /// Its number.
        number: u32,
        /// Why the gate was overridden.
        override_reason: Option<String>,
    },
    /// It points to nothing.
    Emptied,
    /// It must not move.
    Held {
        /// Until when.
        until: Option<Timestamp>,
    },
    /// It may move again.
    Unheld,
}

impl Channel {
    pub(crate) fn new(image: ImageName, name: ChannelName) -> Self {
        let class = Class::of_name(name.as_str());
        Self {
            image,
            name,
            class,
            version: None,
            number: None,
            history: Vec::new(),
            skip: Vec::new(),
            hold: None,
        }
    }

    /// Since when it points where it points.
    pub fn since(&self) -> Option<Timestamp> {
        self.history.last().map(|m| m.at)
    }

    /// The distinct versions it pointed to, the present one first, then the most recent.
    pub fn recent(&self) -> Vec<VersionId> {
        let mut seen: Vec<VersionId> = self.version.into_iter().collect();
        for id in self.history.iter().rev().filter_map(|m| m.version) {
            if !seen.contains(&id) {
                seen.push(id);
            }
        }
        seen
    }

    /// `image@channel`.
    pub fn display_name(&self) -> String {
        format!("{}@{}", self.image, self.name)
    }

    /// Takes a change in.
    pub(crate) fn apply(&mut self, at: Timestamp, by: &By, change: &ChannelChange) {
        match change {
            ChannelChange::Classed { class } => self.class = *class,
            ChannelChange::Assigned { version, number, override_reason } => {
                self.point(at, by, MoveKind::Assigned, Some((*version, *number)), override_reason.clone());
                self.skip.retain(|id| id != version);
            }
            ChannelChange::RolledBack { version, number, override_reason } => {
                let left = self.version.filter(|id| id != version && !self.skip.contains(id));
                self.point(at, by, MoveKind::Rolledback, Some((*version, *number)), override_reason.clone());
                self.skip.retain(|id| id != version);
                self.skip.extend(left);
            }
            ChannelChange::Emptied => self.point(at, by, MoveKind::Emptied, None, None),
            ChannelChange::Held { until } => {
                self.hold = Some(Hold { at, reason: by.reason.clone(), until: *until });
            }
            ChannelChange::Unheld => self.hold = None,
        }
    }
    fn point(
        &mut self,
        at: Timestamp,
        by: &By,
        kind: MoveKind,
        to: Option<(VersionId, u32)>,
        override_reason: Option<String>,
    ) {
        let (version, number) = (to.map(|t| t.0), to.map(|t| t.1));
        (self.version, self.number) = (version, number);
        self.history.push(Move { at, kind, version, number, by: by.clone(), override_reason });
    }
}
