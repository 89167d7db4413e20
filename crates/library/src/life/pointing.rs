//! What can be done to channels: pointing them to versions and back. Every verb checks and records under the
//! writer lock, in one transaction; what cannot be done is refused with the reason and the way out.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::channel::{Channel, ChannelChange, ChannelName, Class};
use super::gate::{Gate, GateRow, GateVerdict, verdict};
use super::policy::Policies;
use super::state::{By, Change, Standing};
use super::verbs::{changed, refused};
use crate::error::LibraryError;
use crate::event::EventBody;
use crate::library::Library;
use crate::version::{Version, VersionId};

/// A request to point a channel to a version.
#[derive(Clone, Debug)]
pub struct Assign {
    /// The version.
    pub version: VersionId,
    /// The channel; made when new.
    pub channel: ChannelName,
    /// Its class, when new or to be changed.
    pub class: Option<Class>,
    /// Release the version first when the channel asks for that.
    pub release: bool,
    /// What is new, for the release.
    pub notes: Option<String>,
    /// Why a blocked gate is passed all the same.
    pub override_reason: Option<String>,
    /// Who and why.
    pub by: By,
}

/// A request to point a channel to an earlier version again.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// The image.
    pub image: String,
    /// The channel.
    pub channel: ChannelName,
    /// The version; when absent, the newest earlier one that the gate takes.
    pub to: Option<VersionId>,
    /// Why a blocked gate is passed all the same.
    pub override_reason: Option<String>,
    /// Who and why.
    pub by: By,
}

/// A channel that was moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Promoted {
    /// The version it points to now.
    pub version: Version,
    /// The channel.
    pub channel: Channel,
    /// Number of the version it pointed to before.
    pub from: Option<u32>,
    /// Whether the version was released by this.
    pub released: bool,
    /// The gate's table.
    pub gate: Vec<GateRow>,
}

impl Library {
    /// The channels of an image, or of all, by name.
    pub fn channels(&self, image: Option<&str>) -> Result<Vec<Channel>, LibraryError> {
        self.store().channels(image)
    }

    /// One channel of an image.
    pub fn channel(&self, image: &str, name: &ChannelName) -> Result<Channel, LibraryError> {
        let channels = self.channels(Some(image))?;
        channels.iter().find(|c| c.name == *name).cloned().ok_or_else(|| {
            let names: Vec<&str> = channels.iter().map(|c| c.name.as_str()).collect();
            let remedy = if names.is_empty() {
                format!("`goldsmith promote {image} --to {name}` makes it")
            } else {
                format!("it has {}", names.join(", "))
            };
            refused(
                &format!("looking for the channel {name}"),
                &format!("{image} has no such channel"),
                &remedy,
            )
        })
    }

    /// The policies of this library.
    pub fn policies(&self) -> Result<Policies, LibraryError> {
        Ok(self.store().setting("policies")?.unwrap_or_default())
    }

    /// Sets the policies of this library.
    pub fn set_policies(&self, policies: Policies) -> Result<(), LibraryError> {
        let what = "setting the library's policies";
        let lock = self.lock(what)?;
        let body = EventBody::PoliciesSet { policies: Box::new(policies) };
        self.write(what, &lock, |appender| appender.append(self.inner.clock.now(), body))?;
        Ok(())
    }

    /// The gate's table for a version and a class of channel.
    pub fn gate(&self, version: &Version, class: Class) -> Result<Vec<GateRow>, LibraryError> {
        let policies = self.policies()?;
        let parent = self.parent(version)?;
        let channels = self.channels(Some(version.image.as_str()))?;
        let gate = Gate {
            class,
            policy: policies.of(class),
            version,
            parent: parent.as_ref(),
            channels: &channels,
            now: self.inner.clock.now(),
        };
        Ok(gate.rows())
    }

    /// Points a channel to a version.
    pub fn assign(&self, assign: &Assign) -> Result<Promoted, LibraryError> {
        let mut version = self.version(assign.version)?;
        let what = format!("promoting {} to {}", version.display_name(), assign.channel);
        let lock = self.lock(&what)?;
        version = self.version(version.id)?;
        let mut channel = self.channel_or_new(&version, &assign.channel)?;
        let class = assign.class.unwrap_or(channel.class);
        channel.class = class;
        self.movable(&what, &channel)?;
        if channel.version == Some(version.id) {
            let cause = "it points to that version already";
            return Err(refused(&what, cause, "nothing was changed"));
        }
        let releasable = matches!(version.state, Standing::Built | Standing::Tested);
        let release = assign.release && releasable && class != Class::Dev;
        if release {
            version.state = Standing::Released;
        }
        let gate = self.gate(&version, class)?;
        let override_reason = pass(&what, &gate, assign.override_reason.as_deref())?;
        let at = self.inner.clock.now();
        self.write(&what, &lock, |appender| {
            if release {
                let change = Change::Released { notes: assign.notes.clone() };
                appender.append(at, changed(version.id, &assign.by, change))?;
            }
            let mut move_to = |change| appender.append(at, moved(&channel, &assign.by, change));
            if channel.history.is_empty() || assign.class.is_some() {
                move_to(ChannelChange::Classed { class })?;
            }
            move_to(ChannelChange::Assigned { version: version.id, number: version.number, override_reason })
        })?;
        drop(lock);
        self.promoted(&version, &channel, release, gate)
    }

    /// The version a rollback would take: the newest earlier one of the channel that its gate takes.
    pub fn rollback_target(
        &self,
        image: &str,
        channel: &ChannelName,
    ) -> Result<(Channel, Version), LibraryError> {
        let channel = self.channel(image, channel)?;
        let target = self.earlier(&channel, &HashSet::new())?;
        match target {
            Some(version) => Ok((channel, version)),
            None => {
                let what = format!("rolling {} back", channel.display_name());
                let cause = "no earlier version of this channel can be used";
                let remedy = "`goldsmith channel history` lists them; name one with --to to see why not";
                Err(refused(&what, cause, remedy))
            }
        }
    }

    /// Points a channel to an earlier version again; the one left is not brought back by itself.
    pub fn rollback(&self, rollback: &Rollback) -> Result<Promoted, LibraryError> {
        let what = format!("rolling {}@{} back", rollback.image, rollback.channel);
        let lock = self.lock(&what)?;
        let channel = self.channel(&rollback.image, &rollback.channel)?;
        self.movable(&what, &channel)?;
        let version = match rollback.to {
            None => self.rollback_target(&rollback.image, &rollback.channel)?.1,
            Some(id) => self.version(id)?,
        };
        if version.image != channel.image || !channel.recent().contains(&version.id) {
            let cause = format!("the channel never pointed to {}", version.display_name());
            return Err(refused(&what, &cause, "use `goldsmith promote` for that"));
        }
        if channel.version == Some(version.id) {
            return Err(refused(&what, "it points to that version already", "nothing was changed"));
        }
        let gate = self.gate(&version, channel.class)?;
        let override_reason = pass(&what, &gate, rollback.override_reason.as_deref())?;
        let change =
            ChannelChange::RolledBack { version: version.id, number: version.number, override_reason };
        let body = moved(&channel, &rollback.by, change);
        self.write(&what, &lock, |appender| appender.append(self.inner.clock.now(), body))?;
        drop(lock);
        self.promoted(&version, &channel, false, gate)
    }

    /// Holds a channel, lets it go, empties it or changes its class.
    pub fn change_channel(
        &self,
        image: &str,
        name: &ChannelName,
        by: By,
        change: ChannelChange,
    ) -> Result<Channel, LibraryError> {
        let what = format!("changing {image}@{name}");
        if matches!(change, ChannelChange::Assigned { .. } | ChannelChange::RolledBack { .. }) {
            let cause = "a channel is pointed elsewhere by promoting or rolling back";
            return Err(refused(&what, cause, "use those"));
        }
        let lock = self.lock(&what)?;
        let channel = self.channel(image, name)?;
        if change == ChannelChange::Emptied {
            self.movable(&what, &channel)?;
        }
        let body = moved(&channel, &by, change);
        self.write(&what, &lock, |appender| appender.append(self.inner.clock.now(), body))?;
        drop(lock);
        self.channel(image, name)
    }

    fn channel_or_new(&self, version: &Version, name: &ChannelName) -> Result<Channel, LibraryError> {
        let channels = self.channels(Some(version.image.as_str()))?;
        let found = channels.into_iter().find(|c| c.name == *name);
        Ok(found.unwrap_or_else(|| Channel::new(version.image.clone(), name.clone())))
    }

    fn movable(&self, what: &str, channel: &Channel) -> Result<(), LibraryError> {
        match channel.hold.as_ref().filter(|hold| hold.active(self.inner.clock.now())) {
            Some(hold) => {
                let reason = hold.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
                let cause = format!("the channel {} is held{reason}", channel.name);
                Err(refused(what, &cause, "`goldsmith channel unhold` lets it go"))
            }
            None => Ok(()),
        }
    }

    /// The newest earlier version of a channel that its gate takes, leaving some out.
    fn earlier(&self, channel: &Channel, but: &HashSet<VersionId>) -> Result<Option<Version>, LibraryError> {
        for id in channel.recent() {
            if Some(id) == channel.version || but.contains(&id) || channel.skip.contains(&id) {
                continue;
            }
            let version = self.version(id)?;
            if verdict(&self.gate(&version, channel.class)?) == GateVerdict::Ok {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// Where a channel goes whose version falls: back, or nowhere.
    pub(super) fn way_out(
        &self,
        channel: &Channel,
        but: &HashSet<VersionId>,
    ) -> Result<ChannelChange, LibraryError> {
        Ok(match self.earlier(channel, but)? {
            Some(version) => ChannelChange::RolledBack {
                version: version.id,
                number: version.number,
                override_reason: None,
            },
            None => ChannelChange::Emptied,
        })
    }

    fn promoted(
        &self,
        version: &Version,
        before: &Channel,
        released: bool,
        gate: Vec<GateRow>,
    ) -> Result<Promoted, LibraryError> {
        let channel = self.channel(before.image.as_str(), &before.name)?;
        Ok(Promoted { version: self.version(version.id)?, channel, from: before.number, released, gate })
    }
}

/// Lets a table pass, or says why not. Gives the override's reason when it was needed.
fn pass(what: &str, rows: &[GateRow], reason: Option<&str>) -> Result<Option<String>, LibraryError> {
    let worst = verdict(rows);
    let stand: Vec<String> = rows
        .iter()
        .filter(|row| row.verdict != GateVerdict::Ok)
        .map(|row| format!("{}: {}", row.check, row.evidence))
        .collect();
    match (worst, reason) {
        (GateVerdict::Ok, _) => Ok(None),
        (GateVerdict::Forbidden, _) => {
            let remedy = "this cannot be overridden; choose another version";
            Err(refused(what, &stand.join(", "), remedy))
        }
        (_, Some(reason)) if !reason.trim().is_empty() => Ok(Some(reason.to_owned())),
        _ => Err(refused(what, &stand.join(", "), "make that good, or give a reason to pass (--override)")),
    }
}

pub(super) fn moved(channel: &Channel, by: &By, change: ChannelChange) -> EventBody {
    EventBody::ChannelChanged {
        image: channel.image.clone(),
        channel: channel.name.clone(),
        by: by.clone(),
        change,
    }
}
