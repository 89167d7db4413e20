use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::content::ContentId;
use crate::facts::Facts;
use crate::life::{By, Change, ChannelChange, ChannelName, Policies};
use crate::name::ImageName;
use crate::version::{StoredFile, VersionId};

/// One fact about the library, never changed once written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// 1, 2, 3 ...
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub body: EventBody,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventBody {
    /// A version entered the library with its bytes.
    VersionAdded {
        /// Its id.
        id: VersionId,
        /// The image.
        image: ImageName,
        /// Its number.
        number: u32,
        /// Identity of its content.
        content: ContentId,
        /// Its files, without paths.
        files: Vec<StoredFile>,
        /// How it was made.
        facts: Box<Facts>,
    },
    /// A version was deleted to the trash.
    VersionTrashed {
        /// Its id.
        id: VersionId,
    },
    /// A version came back from the trash.
    VersionRestored {
        /// Its id.
        id: VersionId,
    },
    /// A version's bytes are given up for good.
    VersionPurged {
        /// Its id.
        id: VersionId,
    },
    /// Something was done to a version.
    VersionChanged {
        /// Its id.
        id: VersionId,
        /// Who and why.
        by: By,
        /// What.
        #[serde(flatten)]
        change: Change,
    },
    /// Something was done to a channel; the first thing makes it.
    ChannelChanged {
        /// The image.
        image: ImageName,
        /// The channel.
        channel: ChannelName,
        /// Who and why.
        by: By,
        /// What.
        #[serde(flatten)]
        change: ChannelChange,
    },
    /// The policies were set.
    PoliciesSet {
        /// All of them.
        policies: Box<Policies>,
    },
}
