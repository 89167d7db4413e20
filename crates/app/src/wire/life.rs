//! Channels, states, policies: what happens to versions after they were made.

use std::collections::BTreeMap;

use goldsmith_library::Version;
use goldsmith_library::life::{
    Channel, ChannelName, Class, Comparison, GateRow, GateVerdict, HistoryEntry, Outdated, Severity,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whose channels.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ListChannels {
    /// The image; all when absent.
    pub image: Option<String>,
}

/// Channels by image and name.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ChannelList {
    /// The channels.
    pub channels: Vec<Channel>,
}

/// Points a channel to a version.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PromoteImage {
    /// The version: `web` (its newest), `web@3`.
    pub image: String,
    /// The channel; made when new.
    pub channel: ChannelName,
    /// Its class, when new or to be changed; else it follows from the name.
    #[serde(default)]
    pub class: Option<Class>,
    /// What is new, kept with the release.
    #[serde(default)]
    pub notes: Option<String>,
    /// Why the channel moves.
    #[serde(default)]
    pub reason: Option<String>,
    /// Why a blocked gate is passed all the same.
    #[serde(default)]
    pub override_reason: Option<String>,
}

/// Points a channel to an earlier version again.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RollbackImage {
    /// The image.
    pub image: String,
    /// The channel.
    pub channel: ChannelName,
    /// The version's number; when absent, the newest earlier one that the gate takes.
    #[serde(default)]
    pub to: Option<u32>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Why a blocked gate is passed all the same.
    #[serde(default)]
    pub override_reason: Option<String>,
    /// A name chosen by the asker: progress of reading the bytes again is on the stream `task/<name>`.
    #[serde(default)]
    pub task: Option<String>,
}

/// What to do to a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum ChannelVerb {
    /// It must not move.
    Hold {
        /// Until when: a date, a moment, or a time from now as `30d`.
        until: Option<String>,
    },
    /// It may move again.
    Unhold,
    /// It points to nothing.
    Empty,
    /// It is for something else.
    Class {
        /// For what.
        class: Class,
    },
}

/// Does something to a channel.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ChangeChannel {
    /// The image.
    pub image: String,
    /// The channel.
    pub channel: ChannelName,
    /// What.
    pub verb: ChannelVerb,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What to do to a version. Dates are given as a date, a moment, or a time from now as `30d`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum ImageVerb {
    /// Declare it fit for use.
    Release {
        /// What is new.
        notes: Option<String>,
    },
    /// Say that new uses should take another.
    Deprecate {
        /// Which: `web@4`.
        replacement: Option<String>,
        /// Also when a production channel points to it and no replacement is named.
        force: bool,
    },
    /// Take that back.
    Undeprecate,
    /// Say that it must not be used.
    Revoke {
        /// How bad it is to go on.
        severity: Severity,
        /// Everything made from it as well.
        cascade: bool,
        /// Roll back, or empty, the channels that point to what is revoked.
        move_channels: bool,
    },
    /// Take that back.
    Unrevoke,
    /// Give it up: its bytes go to the trash.
    Retire,
    /// Protect it.
    Hold {
        /// Until when; forever when absent.
        until: Option<String>,
    },
    /// End that.
    Unhold,
    /// Set the dates on which things happen by themselves; absent ones are cleared.
    Schedule {
        /// When it is deprecated.
        deprecate_at: Option<String>,
        /// When it is revoked.
        revoke_at: Option<String>,
        /// When it is retired.
        retire_at: Option<String>,
    },
    /// Set and remove labels.
    Label {
        /// Name to value.
        set: BTreeMap<String, String>,
        /// Names.
        unset: Vec<String>,
    },
    /// Write a remark; an empty one removes it.
    Note {
        /// The text.
        text: String,
    },
}

/// Does something to a version.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ChangeImage {
    /// The version: `web@3`, `web@production`; `web` is its newest.
    pub image: String,
    /// What.
    pub verb: ImageVerb,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Versions that changed, the one that was named first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ChangedVersions {
    /// The versions as they are now.
    pub versions: Vec<Version>,
}

/// Asks whether channels of a class may take a version.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct GateImage {
    /// The version.
    pub image: String,
    /// The class.
    pub class: Class,
}

/// What a gate says.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct GateTable {
    /// `name@number`.
    pub image: String,
    /// The class of channel.
    pub class: Class,
    /// The worst of the rows.
    pub verdict: GateVerdict,
    /// Check by check.
    pub rows: Vec<GateRow>,
}

/// What happened to an image.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ImageHistory {
    /// Oldest first.
    pub entries: Vec<HistoryEntry>,
}

/// Images that should be made again.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OutdatedList {
    /// Parents before what is made from them.
    pub images: Vec<Outdated>,
}

/// Which versions to compare.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CompareImages {
    /// The first.
    pub left: String,
    /// The second.
    pub right: String,
}

/// Two versions beside each other.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ComparedImages {
    /// What is recorded otherwise.
    pub comparison: Comparison,
    /// What changed in the template's files, as unified diffs by file name; files that are the same are left out.
    pub templates: BTreeMap<String, String>,
}
