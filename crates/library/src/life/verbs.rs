//! What can be done to versions and channels. Every verb checks and records under the writer lock, in one
//! transaction; what cannot be done is refused with the reason and the way out.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::channel::{Channel, ChannelChange, ChannelName, Class};
use super::gate::{Gate, GateRow, GateVerdict, verdict};
use super::policy::Policies;
use super::state::{By, Change, Dates, ExportFact, Role, Severity, Standing, SuiteResult};
use crate::error::LibraryError;
use crate::event::EventBody;
use crate::library::Library;
use crate::version::{BytesState, Version, VersionId};

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

/// A request to revoke a version.
#[derive(Clone, Debug)]
pub struct Revoke {
    /// The version.
    pub version: VersionId,
    /// How bad.
    pub severity: Severity,
    /// Revoke everything made from it as well.
    pub cascade: bool,
    /// Roll channels that point to it back, or empty them where there is nothing to roll back to; without it a
    /// revocation that a channel stands against is refused.
    pub move_channels: bool,
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

    /// Declares a version fit for use.
    pub fn release(&self, id: VersionId, notes: Option<String>, by: By) -> Result<Version, LibraryError> {
        self.change_version("releasing", id, by, |version| match version.state {
            Standing::Built | Standing::Tested => Ok(Change::Released { notes }),
            Standing::Quarantined => Err(("a suite failed on it", "make it pass, or build a new version")),
            state => Err((already(state), "nothing was changed")),
        })
    }

    /// Says that new uses should take another version.
    pub fn deprecate(
        &self,
        id: VersionId,
        replacement: Option<VersionId>,
        confirmed: bool,
        by: By,
    ) -> Result<Version, LibraryError> {
        if let Some(other) = replacement {
            self.version(other)?;
        }
        let assigned = self.assigned(&[id])?;
        let production = assigned.iter().any(|c| c.class == Class::Production);
        self.change_version("deprecating", id, by, |version| match version.state {
            Standing::Released if production && replacement.is_none() && !confirmed => Err((
                "a production channel points to it",
                "name the version to take instead (--replacement) or confirm (--force)",
            )),
            Standing::Released if replacement == Some(id) => {
                Err(("it would replace itself", "name another version"))
            }
            Standing::Released => Ok(Change::Deprecated { replacement }),
            Standing::Deprecated | Standing::Revoked | Standing::Retired => {
                Err((already(version.state), "nothing was changed"))
            }
            _ => Err(("it was never released", "delete it, or release it first")),
        })
    }

    /// Takes a deprecation back.
    pub fn undeprecate(&self, id: VersionId, by: By) -> Result<Version, LibraryError> {
        self.change_version("taking the deprecation back of", id, by, |version| {
            if version.bytes == BytesState::Purged {
                return Err(("its bytes are purged", "build it again"));
            }
            if version.state == Standing::Deprecated {
                Ok(Change::Undeprecated)
            } else {
                Err(("it is not deprecated", "nothing was changed"))
            }
        })
    }

    /// Revokes a version and, when asked, everything made from it. Gives all versions that are revoked by it.
    pub fn revoke(&self, revoke: &Revoke) -> Result<Vec<Version>, LibraryError> {
        let version = self.version(revoke.version)?;
        let what = format!("revoking {}", version.display_name());
        let lock = self.lock(&what)?;
        let version = self.version(version.id)?;
        if version.life.revocations.iter().any(|r| r.cause.is_none()) || version.state == Standing::Retired {
            return Err(refused(&what, already(version.state), "nothing was changed"));
        }
        let mut doomed = vec![version.clone()];
        if revoke.cascade {
            let live = |v: &Version| v.state != Standing::Retired;
            doomed.extend(self.descendants(version.id)?.into_iter().filter(live));
        }
        let ids: Vec<VersionId> = doomed.iter().map(|v| v.id).collect();
        let channels = self.assigned(&ids)?;
        if !channels.is_empty() && !revoke.move_channels {
            let names: Vec<String> = channels.iter().map(Channel::display_name).collect();
            let cause = format!("{} still point(s) to what would be revoked", names.join(", "));
            let remedy = "roll back or empty them first, or let it be done now (--move-channels)";
            return Err(refused(&what, &cause, remedy));
        }
        let at = self.inner.clock.now();
        let doomed_ids: HashSet<VersionId> = ids.iter().copied().collect();
        let mut bodies = Vec::new();
        for channel in &channels {
            bodies.push(moved(channel, &revoke.by, self.way_out(channel, &doomed_ids)?));
        }
        for id in &ids {
            let cause = (*id != version.id).then_some(version.id);
            bodies.push(changed(*id, &revoke.by, Change::Revoked { severity: revoke.severity, cause }));
        }
        self.write(&what, &lock, |appender| {
            bodies.into_iter().try_for_each(|body| appender.append(at, body).map(drop))
        })?;
        drop(lock);
        ids.into_iter().map(|id| self.version(id)).collect()
    }

    /// Takes a revocation back, and what it brought to the versions made from this one. Other causes stay.
    pub fn unrevoke(&self, id: VersionId, by: &By) -> Result<Vec<Version>, LibraryError> {
        let version = self.version(id)?;
        let what = format!("taking the revocation back of {}", version.display_name());
        let lock = self.lock(&what)?;
        let version = self.version(id)?;
        if version.bytes == BytesState::Purged {
            return Err(refused(&what, "its bytes are purged", "build it again"));
        }
        if !version.life.revocations.iter().any(|r| r.cause.is_none()) {
            let cause = match version.life.revocations.first().and_then(|r| r.cause) {
                Some(ancestor) => {
                    let ancestor = self.version(ancestor)?.display_name();
                    format!("it is revoked because {ancestor} is; take that back")
                }
                None => "it is not revoked".to_owned(),
            };
            return Err(refused(&what, &cause, "nothing was changed"));
        }
        let from_this = |v: &Version| v.life.revocations.iter().any(|r| r.cause == Some(id));
        let children: Vec<VersionId> =
            self.descendants(id)?.into_iter().filter(from_this).map(|v| v.id).collect();
        let at = self.inner.clock.now();
        self.write(&what, &lock, |appender| {
            appender.append(at, changed(id, by, Change::Unrevoked { cause: None }))?;
            for child in &children {
                appender.append(at, changed(*child, by, Change::Unrevoked { cause: Some(id) }))?;
            }
            Ok(())
        })?;
        drop(lock);
        [id].into_iter().chain(children).map(|id| self.version(id)).collect()
    }

    /// Gives a version up: its bytes go to the trash, its record stays. [`Library::restore`] takes it back.
    pub fn retire(&self, id: VersionId, by: &By) -> Result<Version, LibraryError> {
        let version = self.version(id)?;
        let what = format!("retiring {}", version.display_name());
        let lock = self.lock(&what)?;
        let version = self.version(id)?;
        match version.state {
            Standing::Retired => {
                return Err(refused(&what, already(version.state), "nothing was changed"));
            }
            Standing::Released => {
                return Err(refused(&what, "it is released", "deprecate or revoke it first"));
            }
            _ => {}
        }
        self.unprotected(&what, &version)?;
        let depth = usize::try_from(self.policies()?.retention.rollback_depth).unwrap_or(usize::MAX);
        let revoked = version.state == Standing::Revoked;
        for channel in self.channels(Some(version.image.as_str()))? {
            let near = channel.recent().into_iter().take(depth).any(|v| v == id);
            if channel.class == Class::Production && near && !revoked {
                let cause = format!("{} may be rolled back to it", channel.display_name());
                return Err(refused(&what, &cause, "lower the rollback depth (`goldsmith policy set`)"));
            }
        }
        let at = self.inner.clock.now();
        self.write(&what, &lock, |appender| {
            appender.append(at, changed(id, by, Change::Retired))?;
            if version.bytes == BytesState::Present {
                appender.append(at, EventBody::VersionTrashed { id })?;
            }
            Ok(())
        })?;
        drop(lock);
        self.version(id)
    }

    /// Protects a version from retirement, deletion and collection.
    pub fn hold(&self, id: VersionId, until: Option<Timestamp>, by: By) -> Result<Version, LibraryError> {
        self.change_version("holding", id, by, |_| Ok(Change::Held { until }))
    }

    /// Ends a protection.
    pub fn unhold(&self, id: VersionId, by: By) -> Result<Version, LibraryError> {
        self.change_version("letting go of", id, by, |version| {
            version
                .life
                .hold
                .as_ref()
                .map(|_| Change::Unheld)
                .ok_or(("it is not held", "nothing was changed"))
        })
    }

    /// Sets the dates on which a version is deprecated, revoked, retired by itself.
    pub fn schedule(&self, id: VersionId, dates: Dates, by: By) -> Result<Version, LibraryError> {
        self.change_version("scheduling", id, by, |_| {
            if dates.in_order() {
                Ok(Change::Scheduled { dates })
            } else {
                Err(("its dates do not follow each other", "deprecate, then revoke, then retire"))
            }
        })
    }

    /// Sets and removes labels.
    pub fn label(
        &self,
        id: VersionId,
        set: BTreeMap<String, String>,
        unset: Vec<String>,
        by: By,
    ) -> Result<Version, LibraryError> {
        self.change_version("labelling", id, by, |_| Ok(Change::Labelled { set, unset }))
    }

    /// Writes a remark; an empty one removes it.
    pub fn note(&self, id: VersionId, text: String, by: By) -> Result<Version, LibraryError> {
        self.change_version("noting something about", id, by, |_| Ok(Change::Noted { text }))
    }

    /// Records what a test suite said.
    pub fn record_test(&self, id: VersionId, result: SuiteResult) -> Result<Version, LibraryError> {
        let by = By::new(Role::Tester, None);
        self.change_version("recording a test of", id, by, |version| {
            if result.content == version.content.to_string() {
                Ok(Change::Tested { result })
            } else {
                Err(("the test ran on other content", "run it on this version"))
            }
        })
    }

    /// Records that a copy was written outside the library.
    pub fn record_export(&self, id: VersionId, export: ExportFact) -> Result<Version, LibraryError> {
        self.change_version("recording an export of", id, By::default(), |_| Ok(Change::Exported { export }))
    }

    /// Does what dates ask for that have come. What cannot be done yet (a version is held, a channel points to it)
    /// stays due. Gives the names of the versions that changed.
    pub fn tick(&self) -> Result<Vec<String>, LibraryError> {
        let now = self.inner.clock.now();
        let due = self
            .store()
            .versions("WHERE due_ms IS NOT NULL AND due_ms <= ?1 ORDER BY due_ms", [now.as_millisecond()])?;
        let mut changed = Vec::new();
        for version in due {
            let by = By::new(Role::Clock, Some("its date has come".to_owned()));
            let dates = version.life.dates;
            let come = |date: Option<Timestamp>| date.is_some_and(|at| at <= now);
            let done = if come(dates.retire_at) && version.state > Standing::Released {
                self.retire(version.id, &by).map(drop)
            } else if come(dates.revoke_at) && version.state < Standing::Revoked {
                let (severity, cascade, move_channels) = (Severity::default(), false, true);
                let revoke = Revoke { version: version.id, severity, cascade, move_channels, by };
                self.revoke(&revoke).map(drop)
            } else if version.state == Standing::Released {
                self.deprecate(version.id, None, true, by).map(drop)
            } else {
                continue;
            };
            match done {
                Ok(()) => changed.push(version.display_name()),
                Err(LibraryError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(changed)
    }

    /// Refuses when a channel points to a version or it is held.
    pub(crate) fn unprotected(&self, what: &str, version: &Version) -> Result<(), LibraryError> {
        if let Some(channel) = self.assigned(&[version.id])?.first() {
            let cause = format!("the channel {} points to it", channel.display_name());
            return Err(refused(
                what,
                &cause,
                "promote another version, roll back, or empty the channel first",
            ));
        }
        if let Some(hold) = version.life.hold.as_ref().filter(|h| h.active(self.inner.clock.now())) {
            let reason = hold.reason.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
            return Err(refused(what, &format!("it is held{reason}"), "`goldsmith image unhold` lets it go"));
        }
        Ok(())
    }

    fn assigned(&self, ids: &[VersionId]) -> Result<Vec<Channel>, LibraryError> {
        let mut channels = self.channels(None)?;
        channels.retain(|c| c.version.is_some_and(|v| ids.contains(&v)));
        Ok(channels)
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
    fn way_out(&self, channel: &Channel, but: &HashSet<VersionId>) -> Result<ChannelChange, LibraryError> {
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

    fn change_version(
        &self,
        verb: &str,
        id: VersionId,
        by: By,
        decide: impl FnOnce(&Version) -> Result<Change, (&'static str, &'static str)>,
    ) -> Result<Version, LibraryError> {
        let what = format!("{verb} {}", self.version(id)?.display_name());
        let lock = self.lock(&what)?;
        let version = self.version(id)?;
        let change = decide(&version).map_err(|(cause, remedy)| refused(&what, cause, remedy))?;
        let body = changed(id, &by, change);
        self.write(&what, &lock, |appender| appender.append(self.inner.clock.now(), body))?;
        drop(lock);
        self.version(id)
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

fn refused(what: &str, cause: &str, remedy: &str) -> LibraryError {
    LibraryError::Refused { what: what.to_owned(), cause: cause.to_owned(), remedy: remedy.to_owned() }
}

fn already(state: Standing) -> &'static str {
    match state {
        Standing::Released => "it is released already",
        Standing::Deprecated => "it is deprecated already",
        Standing::Revoked => "it is revoked already",
        Standing::Retired => "it is retired already",
        Standing::Built | Standing::Tested | Standing::Quarantined => "it is not released",
    }
}

fn changed(id: VersionId, by: &By, change: Change) -> EventBody {
    EventBody::VersionChanged { id, by: by.clone(), change }
}

fn moved(channel: &Channel, by: &By, change: ChannelChange) -> EventBody {
    EventBody::ChannelChanged {
        image: channel.image.clone(),
        channel: channel.name.clone(),
        by: by.clone(),
        change,
    }
}
