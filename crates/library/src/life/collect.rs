//! What may be given up to win space: planned by a pure look at the records, shown, and only then done.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::channel::{Channel, Class};
use super::policy::Retention;
use super::state::Standing;
use crate::error::LibraryError;
use crate::library::Library;
use crate::version::{BytesState, Version, VersionId};

/// What happens to a version in a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It stays.
    Keep,
    /// It goes to the trash, from where it can be restored.
    Trash,
    /// It leaves the trash for good.
    Purge,
}

/// A version, its fate and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CollectItem {
    /// The version.
    pub id: VersionId,
    /// `name@number`.
    pub name: String,
    /// What happens to it.
    pub fate: Fate,
    /// Why.
    pub why: String,
    /// Bytes its files occupy on the disk; what they share with other files by reflink is counted in full.
    #[ts(type = "number")]
    pub occupies: u64,
}

/// What a collection would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CollectPlan {
    /// Every version that still has bytes.
    pub items: Vec<CollectItem>,
    /// Bytes that leave the disk, at most.
    #[ts(type = "number")]
    pub frees: u64,
    /// Bytes moved to the trash, to be freed when it is emptied.
    #[ts(type = "number")]
    pub trashes: u64,
}

/// What a collection did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Collected {
    /// The plan as carried out.
    pub plan: CollectPlan,
}

/// What is known when deciding.
pub(crate) struct Ground<'a> {
    pub(crate) retention: &'a Retention,
    pub(crate) channels: &'a [Channel],
    pub(crate) now: Timestamp,
    /// Why a version is in use, or why that cannot be told; nothing when it is free.
    pub(crate) in_use: &'a dyn Fn(&Version) -> Option<String>,
}

impl Ground<'_> {
    /// The fate of every version of one image; `versions` are newest first.
    pub(crate) fn fates(&self, versions: &[Version]) -> Vec<(Fate, String)> {
        let assigned: HashMap<VersionId, &Channel> =
            self.channels.iter().filter_map(|c| Some((c.version?, c))).collect();
        let pointed: HashSet<VersionId> =
            self.channels.iter().flat_map(|c| c.history.iter().filter_map(|m| m.version)).collect();
        let depth = usize::try_from(self.retention.rollback_depth).unwrap_or(usize::MAX);
        let near: HashSet<VersionId> = self
            .channels
            .iter()
            .filter(|c| c.class == Class::Production)
            .flat_map(|c| c.recent().into_iter().take(depth))
            .collect();
        let mut kept = 0;
        let keep = |why: &str| (Fate::Keep, why.to_owned());
        let mut fate = |version: &Version| {
            if version.bytes == BytesState::Trashed {
                return self.trashed(version);
            }
            if let Some(channel) = assigned.get(&version.id) {
                return keep(&format!("the channel {} points to it", channel.name));
            }
            if version.life.held(self.now) {
                return keep("it is held");
            }
            if near.contains(&version.id) {
                return keep("a production channel may be rolled back to it");
            }
            if let Some(why) = (self.in_use)(version) {
                return keep(&why);
            }
            if version.state == Standing::Retired {
                return (Fate::Trash, "it is retired".to_owned());
            }
            let Some(last) = self.retention.keep_last else {
                return keep("no policy allows its collection (`goldsmith policy set --keep-last N`)");
            };
            if pointed.contains(&version.id) {
                return keep("a channel pointed to it once; retire it to give it up");
            }
            kept += 1;
            if kept <= last {
                return keep(&format!("it is among the newest {last}"));
            }
            let age = self.now.duration_since(version.created_at);
            if age < days(self.retention.min_age_days) {
                return keep(&format!("it is younger than {} days", self.retention.min_age_days));
            }
            (Fate::Trash, format!("no channel ever pointed to it, and {last} newer ones are kept"))
        };
        versions.iter().map(&mut fate).collect()
    }

    fn trashed(&self, version: &Version) -> (Fate, String) {
        if let Some(why) = (self.in_use)(version) {
            return (Fate::Keep, why);
        }
        match (self.retention.trash_days, version.trashed_at) {
            (Some(limit), Some(at)) if self.now.duration_since(at) >= days(limit) => {
                (Fate::Purge, format!("it has been in the trash {limit} days or more"))
            }
            (Some(limit), _) => (Fate::Keep, format!("it has been in the trash less than {limit} days")),
            (None, _) => (Fate::Keep, "it is in the trash; no policy empties that".to_owned()),
        }
    }
}

impl Library {
    /// What a collection would do now. `in_use` says why a version is in use by something that runs, or why that
    /// cannot be told.
    pub fn plan_collection(
        &self,
        in_use: &dyn Fn(&Version) -> Option<String>,
    ) -> Result<CollectPlan, LibraryError> {
        let policies = self.policies()?;
        let now = self.inner.clock.now();
        let versions = self.store().versions("WHERE bytes <> 'purged' ORDER BY image, number DESC", [])?;
        let channels = self.channels(None)?;
        let mut plan = CollectPlan::default();
        for image in versions.chunk_by(|a, b| a.image == b.image) {
            let channels: Vec<Channel> =
                channels.iter().filter(|c| c.image == image[0].image).cloned().collect();
            let ground = Ground { retention: &policies.retention, channels: &channels, now, in_use };
            for (version, (fate, why)) in image.iter().zip(ground.fates(image)) {
                let occupies = self.occupies(version);
                match fate {
                    Fate::Keep => {}
                    Fate::Trash => plan.trashes += occupies,
                    Fate::Purge => plan.frees += occupies,
                }
                let name = version.display_name();
                plan.items.push(CollectItem { id: version.id, name, fate, why, occupies });
            }
        }
        Ok(plan)
    }

    /// Carries a collection out, planned anew at this moment: trash first, purge what was there long enough.
    pub fn collect(&self, in_use: &dyn Fn(&Version) -> Option<String>) -> Result<Collected, LibraryError> {
        let plan = self.plan_collection(in_use)?;
        for item in &plan.items {
            match item.fate {
                Fate::Keep => {}
                Fate::Trash => drop(self.delete(item.id)?),
                Fate::Purge => drop(self.purge(item.id)?),
            }
        }
        Ok(Collected { plan })
    }

    /// Bytes the files of a version occupy on the disk.
    pub fn occupies(&self, version: &Version) -> u64 {
        let size = |name: &str| {
            let path = self.inner.bytes.path(&version.image, version.number, name);
            let meta = std::fs::metadata(path).ok()?;
            std::os::unix::fs::MetadataExt::blocks(&meta).checked_mul(512)
        };
        version.files.iter().filter_map(|file| size(&file.name)).sum()
    }
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}
