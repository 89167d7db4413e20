use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::version::VersionId;

/// Where a version stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Made; nothing is known of its worth.
    #[default]
    Built,
    /// A suite failed: no channel but a development one takes it.
    Quarantined,
    /// Every suite that ran passed.
    Tested,
    /// Fit for use; staging and production channels may point to it.
    Released,
    /// Still works, but new uses should take another.
    Deprecated,
    /// Must not be used any more.
    Revoked,
    /// Its bytes are given up; the record stays.
    Retired,
}

impl Standing {
    /// The state in a word.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Built => "built",
            Standing::Quarantined => "quarantined",
            Standing::Tested => "tested",
            Standing::Released => "released",
            Standing::Deprecated => "deprecated",
            Standing::Revoked => "revoked",
            Standing::Retired => "retired",
        }
    }
}

/// In which capacity something was done. One person has all of them on a workstation; the journal still says
/// which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Edits and builds.
    Author,
    /// Runs or imports tests.
    Tester,
    /// Releases versions and moves channels.
    #[default]
    Releaser,
    /// Holds, deprecates, revokes, retires, sets policies.
    Keeper,
    /// A date that came.
    Clock,
}

/// Who did something, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct By {
    /// The capacity.
    pub role: Role,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl By {
    /// In a role, with a reason.
    pub fn new(role: Role, reason: Option<String>) -> Self {
        Self { role, reason }
    }
}

/// How bad it is to go on using a revoked version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(rename = "RevocationSeverity")]
pub enum Severity {
    /// Replace it when convenient.
    Low,
    /// Replace it soon.
    #[default]
    Medium,
    /// Replace it now.
    High,
    /// Stop what runs from it.
    Critical,
}

/// What a test suite said of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum SuiteOutcome {
    /// At least one case, none failed.
    Pass,
    /// At least one case failed.
    Fail,
    /// It could not be told: machine unreachable, no report, no cases.
    Error,
}

/// The record of one run of a test suite, bound to the content it ran on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SuiteResult {
    /// Name of the suite.
    pub suite: String,
    /// Runner and its version, for example `testinfra 10.2.2`.
    pub runner: String,
    /// What it said.
    pub outcome: SuiteOutcome,
    /// Cases that passed.
    pub passed: u32,
    /// Cases that failed.
    pub failed: u32,
    /// Cases that could not run.
    pub errors: u32,
    /// Cases that were skipped.
    pub skipped: u32,
    /// BLAKE3 of the content it ran on, as the version records it.
    pub content: String,
    /// Time it took, in milliseconds.
    #[ts(type = "number")]
    pub duration_ms: u64,
    /// One line: the first failure or error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it was recorded; filled in from the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "string | null")]
    pub at: Option<Timestamp>,
}

/// Something done to a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A suite ran.
    Tested {
        /// What it said.
        result: SuiteResult,
    },
    /// Declared fit for use.
    Released {
        /// What is new, for people.
        notes: Option<String>,
    },
    /// New uses should take another.
    Deprecated {
        /// Which one.
        replacement: Option<VersionId>,
    },
    /// Deprecation taken back.
    Undeprecated,
    /// Must not be used.
    Revoked {
        /// How bad.
        severity: Severity,
        /// The ancestor whose revocation reached this version; none when it was revoked itself.
        cause: Option<VersionId>,
    },
    /// A revocation taken back; others, from other causes, stay.
    Unrevoked {
        /// The cause of the one taken back.
        cause: Option<VersionId>,
    },
    /// Given up; its bytes go to the trash.
    Retired,
    /// Brought back from the trash.
    Unretired,
    /// Protected from retirement and collection.
    Held {
        /// Until when; forever when absent.
        until: Option<Timestamp>,
    },
    /// Protection ended.
    Unheld,
    /// Dates on which things happen by themselves.
    Scheduled {
        /// The dates; all of them, absent ones are cleared.
        dates: Dates,
    },
    /// Labels set and removed.
    Labelled {
        /// Set to these values.
        set: BTreeMap<String, String>,
        /// Removed.
        unset: Vec<String>,
    },
    /// A remark; an empty one removes it.
    Noted {
        /// The text.
        text: String,
    },
    /// A copy was written outside the library.
    Exported {
        /// The copy.
        export: ExportFact,
    },
}

/// A copy of a version outside the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExportFact {
    /// Where it was written.
    pub path: String,
    /// Its format.
    pub format: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// When; filled in from the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "string | null")]
    pub at: Option<Timestamp>,
}

/// Dates on which a version is deprecated, revoked, retired by itself: at the next command after the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Dates {
    /// When it is deprecated.
    #[ts(type = "string | null")]
    pub deprecate_at: Option<Timestamp>,
    /// When it is revoked.
    #[ts(type = "string | null")]
    pub revoke_at: Option<Timestamp>,
    /// When it is retired.
    #[ts(type = "string | null")]
    pub retire_at: Option<Timestamp>,
}

impl Dates {
    /// Whether they follow each other: deprecate, revoke, retire.
    pub fn in_order(&self) -> bool {
        let given: Vec<Timestamp> =
            [self.deprecate_at, self.revoke_at, self.retire_at].into_iter().flatten().collect();
        given.is_sorted()
    }
}

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Release {
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// What is new.
    pub notes: Option<String>,
}

/// A deprecation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Deprecation {
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// The version to take instead.
    pub replacement: Option<VersionId>,
}

/// One cause for which a version is revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Revocation {
    /// When.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// The ancestor it comes from.
    pub cause: Option<VersionId>,
}

/// Protection from retirement and collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Hold {
    /// Since when.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// Until when; forever when absent.
    #[ts(type = "string | null")]
    pub until: Option<Timestamp>,
}

impl Hold {
    /// Whether it still protects.
    pub fn active(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// All that was done to a version since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Life {
    /// The latest result of each suite.
    pub suites: BTreeMap<String, SuiteResult>,
    /// The release.
    pub release: Option<Release>,
    /// The deprecation.
    pub deprecation: Option<Deprecation>,
    /// Why it is revoked; empty when it is not.
    pub revocations: Vec<Revocation>,
    /// When it was retired.
    #[ts(type = "string | null")]
    pub retired_at: Option<Timestamp>,
    /// Protection.
    pub hold: Option<Hold>,
    /// Dates to come.
    pub dates: Dates,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// A remark.
    pub note: Option<String>,
    /// Copies outside the library, latest last.
    pub exports: Vec<ExportFact>,
}

impl Life {
    /// The state all of it amounts to.
    pub fn state(&self) -> Standing {
        if self.retired_at.is_some() {
            Standing::Retired
        } else if !self.revocations.is_empty() {
            Standing::Revoked
        } else if self.deprecation.is_some() {
            Standing::Deprecated
        } else if self.release.is_some() {
            Standing::Released
        } else if self.suites.values().any(|s| s.outcome == SuiteOutcome::Fail) {
            Standing::Quarantined
        } else if !self.suites.is_empty() && self.suites.values().all(|s| s.outcome == SuiteOutcome::Pass) {
            Standing::Tested
        } else {
            Standing::Built
        }
    }

    /// The next date on which something is to happen by itself.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let state = self.state();
        let pending = |date: Option<Timestamp>, before: Standing| date.filter(|_| state < before);
        [
            pending(self.dates.deprecate_at, Standing::Deprecated),
            pending(self.dates.revoke_at, Standing::Revoked),
            pending(self.dates.retire_at, Standing::Retired),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether it is held at a moment.
    pub fn held(&self, now: Timestamp) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.active(now))
    }

    /// Takes a change in.
    pub(crate) fn apply(&mut self, at: Timestamp, by: &By, change: &Change) {
        let reason = by.reason.clone();
        match change {
            Change::Tested { result } => {
                let result = SuiteResult { at: Some(at), ..result.clone() };
                self.suites.insert(result.suite.clone(), result);
            }
            Change::Released { notes } => self.release = Some(Release { at, notes: notes.clone() }),
            Change::Deprecated { replacement } => {
                self.deprecation = Some(Deprecation { at, reason, replacement: *replacement });
            }
            Change::Undeprecated => {
                self.deprecation = None;
                self.dates.deprecate_at = self.dates.deprecate_at.filter(|date| *date > at);
            }
            Change::Revoked { severity, cause } => {
                self.revocations.retain(|r| r.cause != *cause);
                self.revocations.push(Revocation { at, reason, severity: *severity, cause: *cause });
            }
            Change::Unrevoked { cause } => {
                self.revocations.retain(|r| r.cause != *cause);
                self.dates.revoke_at = self.dates.revoke_at.filter(|date| *date > at);
            }
            Change::Retired => self.retired_at = Some(at),
            Change::Unretired => {
                self.retired_at = None;
                self.dates.retire_at = self.dates.retire_at.filter(|date| *date > at);
            }
            Change::Held { until } => self.hold = Some(Hold { at, reason, until: *until }),
            Change::Unheld => self.hold = None,
            Change::Scheduled { dates } => self.dates = *dates,
            Change::Labelled { set, unset } => {
                self.labels.extend(set.clone());
                unset.iter().for_each(|key| {
                    self.labels.remove(key);
                });
            }
            Change::Noted { text } => self.note = (!text.is_empty()).then(|| text.clone()),
            Change::Exported { export } => {
                self.exports.retain(|e| e.path != export.path);
                self.exports.push(ExportFact { at: Some(at), ..export.clone() });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn result(suite: &str, outcome: SuiteOutcome) -> Change {
        Change::Tested {
            result: SuiteResult {
                suite: suite.into(),
                runner: "shell".into(),
                outcome,
                passed: 1,
                failed: 0,
                errors: 0,
                skipped: 0,
                content: String::new(),
                duration_ms: 1,
                message: None,
                at: None,
            },
        }
    }

    #[test]
    fn the_state_follows_from_what_was_done() {
        let mut life = Life::default();
        let by = By::default();
        let mut after = |change: Change| {
            life.apply(at(1), &by, &change);
            life.state()
        };
        assert_eq!(after(result("smoke", SuiteOutcome::Error)), Standing::Built);
        assert_eq!(after(result("smoke", SuiteOutcome::Pass)), Standing::Tested);
        assert_eq!(after(result("security", SuiteOutcome::Fail)), Standing::Quarantined);
        assert_eq!(after(result("security", SuiteOutcome::Pass)), Standing::Tested);
        assert_eq!(after(Change::Released { notes: None }), Standing::Released);
        assert_eq!(after(Change::Deprecated { replacement: None }), Standing::Deprecated);
        let ancestor = Some(VersionId(uuid::Uuid::from_u128(7)));
        assert_eq!(after(Change::Revoked { severity: Severity::High, cause: None }), Standing::Revoked);
        assert_eq!(after(Change::Revoked { severity: Severity::Low, cause: ancestor }), Standing::Revoked);
        assert_eq!(after(Change::Unrevoked { cause: None }), Standing::Revoked, "its ancestor's stays");
        assert_eq!(after(Change::Unrevoked { cause: ancestor }), Standing::Deprecated);
        assert_eq!(after(Change::Undeprecated), Standing::Released);
    }

    #[test]
    fn dates_must_follow_each_other() {
        let dates = |a, b, c| Dates { deprecate_at: a, revoke_at: b, retire_at: c };
        assert!(dates(Some(at(1)), None, Some(at(2))).in_order());
        assert!(!dates(Some(at(3)), Some(at(2)), None).in_order());
        assert!(dates(None, None, None).in_order());
    }
}
