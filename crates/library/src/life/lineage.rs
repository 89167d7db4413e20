//! What was made from what, and what follows when a parent moves or falls.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::channel::Channel;
use super::state::{ExportFact, Standing};
use crate::error::LibraryError;
use crate::facts::SourceFact;
use crate::library::Library;
use crate::version::{BytesState, Version, VersionId};

/// What stands for a channel where the newest version was asked for.
pub(super) const LATEST: &str = "latest";

/// Whether a version was made from what its channel gives now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "freshness", rename_all = "lowercase")]
pub enum Freshness {
    /// Its parent is still what the channel it asked for gives.
    Current,
    /// The channel moved on.
    Behind {
        /// The parent it has, `name@number`.
        parent: String,
        /// What the channel gives now, `name@number`.
        now: String,
    },
    /// It asked for no channel, or its parent is not of this library.
    Unknown,
}

/// A version that should be made again, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Outdated {
    /// The version.
    pub version: Version,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
    /// Distance from an image without a parent: what has to be built first has less.
    pub depth: u32,
}

/// Everything that a revocation would touch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Blast {
    /// Versions made from it, directly or not.
    pub descendants: Vec<Version>,
    /// Channels that point to it or to one of those.
    pub channels: Vec<Channel>,
    /// Copies of any of them outside the library.
    pub exports: Vec<ExportFact>,
}

/// The version something was made from, and the channel it asked for.
pub(crate) fn parent_of(version: &Version) -> Option<(VersionId, Option<&str>)> {
    version.facts.sources.iter().find_map(|source| match source {
        SourceFact::Version { id, channel, .. } => Some((VersionId(id.parse().ok()?), channel.as_deref())),
        _ => None,
    })
}

impl Library {
    /// The version another was made from, if that is known and in the library.
    pub fn parent(&self, version: &Version) -> Result<Option<Version>, LibraryError> {
        let Some((id, _)) = parent_of(version) else { return Ok(None) };
        Ok(self.store().versions("WHERE id = ?1", [id.to_string()])?.pop())
    }

    /// All versions made from one, directly or not, nearest first.
    pub fn descendants(&self, id: VersionId) -> Result<Vec<Version>, LibraryError> {
        let (mut found, mut seen) = (Vec::new(), HashSet::from([id]));
        let mut next = vec![id];
        while let Some(parent) = next.pop() {
            let children =
                self.store().versions("WHERE parent = ?1 ORDER BY image, number", [parent.to_string()])?;
            for child in children {
                if seen.insert(child.id) {
                    next.insert(0, child.id);
                    found.push(child);
                }
            }
        }
        Ok(found)
    }

    /// What revoking a version would touch.
    pub fn blast(&self, id: VersionId) -> Result<Blast, LibraryError> {
        let version = self.version(id)?;
        let descendants = self.descendants(id)?;
        let touched: HashSet<VersionId> = descendants.iter().map(|v| v.id).chain([id]).collect();
        let mut channels = self.channels(None)?;
        channels.retain(|c| c.version.is_some_and(|v| touched.contains(&v)));
        let exports =
            [&version].into_iter().chain(&descendants).flat_map(|v| v.life.exports.clone()).collect();
        Ok(Blast { descendants, channels, exports })
    }

    /// Whether a version was made from what its channel gives now.
    pub fn freshness(&self, version: &Version) -> Result<Freshness, LibraryError> {
        let Some((id, Some(channel))) = parent_of(version) else { return Ok(Freshness::Unknown) };
        let Some(parent) = self.parent(version)? else { return Ok(Freshness::Unknown) };
        if channel == LATEST {
            let newest = self.versions(parent.image.as_str()).ok().and_then(|all| all.into_iter().next());
            return Ok(match newest {
                Some(newest) if newest.id == id => Freshness::Current,
                Some(newest) => {
                    Freshness::Behind { parent: parent.display_name(), now: newest.display_name() }
                }
                None => Freshness::Unknown,
            });
        }
        let channels = self.channels(Some(parent.image.as_str()))?;
        let Some(channel) = channels.into_iter().find(|c| c.name.as_str() == channel) else {
            return Ok(Freshness::Unknown);
        };
        match (channel.version, channel.number) {
            (Some(now), _) if now == id => Ok(Freshness::Current),
            (Some(_), Some(number)) => Ok(Freshness::Behind {
                parent: parent.display_name(),
                now: format!("{}@{number}", channel.image),
            }),
            _ => Ok(Freshness::Unknown),
        }
    }

    /// The newest present version of each image that should be made again because of its parent, parents
    /// before children.
    pub fn outdated(&self) -> Result<Vec<Outdated>, LibraryError> {
        let mut found = Vec::new();
        for version in self.images()?.into_iter().filter_map(|image| image.latest) {
            let mut reasons = Vec::new();
            if let Freshness::Behind { parent, now } = self.freshness(&version)? {
                reasons.push(format!("it was made from {parent}, and its channel gives {now} now"));
            }
            if let Some(parent) = self.parent(&version)? {
                match parent.state {
                    Standing::Revoked => {
                        reasons.push(format!("its parent {} is revoked", parent.display_name()));
                    }
                    Standing::Deprecated => {
                        reasons.push(format!("its parent {} is deprecated", parent.display_name()));
                    }
                    _ => {}
                }
            }
            if version.state == Standing::Revoked {
                reasons.push("it is revoked".to_owned());
            }
            if !reasons.is_empty() && version.bytes == BytesState::Present {
                let depth = self.depth(&version)?;
                found.push(Outdated { version, reasons, depth });
            }
        }
        found.sort_by(|a, b| (a.depth, &a.version.image).cmp(&(b.depth, &b.version.image)));
        Ok(found)
    }

    fn depth(&self, version: &Version) -> Result<u32, LibraryError> {
        let (mut depth, mut at, mut seen) = (0, self.parent(version)?, HashSet::new());
        while let Some(parent) = at {
            if !seen.insert(parent.id) {
                break;
            }
            depth += 1;
            at = self.parent(&parent)?;
        }
        Ok(depth)
    }
}
