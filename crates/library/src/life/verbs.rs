//! What can be done to versions. Every verb checks and records under the writer lock, in one transaction; what
//! cannot be done is refused with the reason and the way out.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::channel::{Channel, Class};
use super::pointing::moved;
use super::state::{By, Change, Dates, ExportFact, Role, Severity, Standing, SuiteResult};
use crate::error::LibraryError;
use crate::event::EventBody;
use crate::library::Library;
use crate::version::{BytesState, Version, VersionId};

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

impl Library {
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

pub(super) fn refused(what: &str, cause: &str, remedy: &str) -> LibraryError {
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

pub(super) fn changed(id: VersionId, by: &By, change: Change) -> EventBody {
    EventBody::VersionChanged { id, by: by.clone(), change }
}
