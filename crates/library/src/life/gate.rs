//! Whether a channel may take a version: a pure function of what is recorded, the policy and the time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::channel::{Channel, Class};
use super::policy::Policy;
use super::state::{Standing, SuiteOutcome};
use crate::version::{BytesState, Version};

/// The answer of one check, or of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum GateVerdict {
    /// It may.
    Ok,
    /// It cannot be told from what is recorded.
    Unknown,
    /// It may not; an override with a reason can.
    Blocked,
    /// It may not, whatever the reason.
    Forbidden,
}

/// One line of a gate's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GateRow {
    /// What is looked at.
    pub check: String,
    /// The answer.
    pub verdict: GateVerdict,
    /// What it rests on.
    pub evidence: String,
}

/// What a gate looks at.
pub(crate) struct Gate<'a> {
    pub(crate) class: Class,
    pub(crate) policy: &'a Policy,
    pub(crate) version: &'a Version,
    /// The version it was made from, if that is in the library.
    pub(crate) parent: Option<&'a Version>,
    /// All channels of the image.
    pub(crate) channels: &'a [Channel],
    pub(crate) now: Timestamp,
}

impl Gate<'_> {
    /// Every check with its answer.
    pub(crate) fn rows(&self) -> Vec<GateRow> {
        let mut rows = vec![self.bytes(), self.state()];
        rows.extend(self.policy.suites.iter().map(|suite| self.suite(suite)));
        rows.extend(self.policy.min_soak_hours.map(|hours| self.soak(hours)));
        if self.policy.clean_tree {
            rows.push(self.clean_tree());
        }
        rows.extend(self.dates());
        rows.extend(self.parent.map(parent));
        rows
    }

    fn bytes(&self) -> GateRow {
        match self.version.bytes {
            BytesState::Present => row("bytes", GateVerdict::Ok, "present"),
            BytesState::Trashed => row("bytes", GateVerdict::Forbidden, "in the trash"),
            BytesState::Purged => row("bytes", GateVerdict::Forbidden, "purged"),
        }
    }

    fn state(&self) -> GateRow {
        let state = self.version.state;
        let verdict = match (state, self.class) {
            (Standing::Revoked | Standing::Retired, _) => GateVerdict::Forbidden,
            (Standing::Quarantined, Class::Dev) => GateVerdict::Ok,
            (Standing::Quarantined, _) => GateVerdict::Forbidden,
            (Standing::Released, _) | (_, Class::Dev) => GateVerdict::Ok,
            (Standing::Deprecated, _) => GateVerdict::Blocked,
            (Standing::Built | Standing::Tested, _) => GateVerdict::Forbidden,
        };
        row("state", verdict, state.word())
    }

    fn suite(&self, suite: &str) -> GateRow {
        let check = format!("suite {suite}");
        let Some(result) = self.version.life.suites.get(suite) else {
            return row(&check, GateVerdict::Blocked, "it never ran on this version");
        };
        if result.content != self.version.content.to_string() {
            return row(&check, GateVerdict::Unknown, "it ran on other content");
        }
        let at = result.at.unwrap_or(Timestamp::MIN);
        let age = self.now.duration_since(at);
        let said = format!("{} passed, {} failed", result.passed, result.failed);
        match result.outcome {
            SuiteOutcome::Fail => row(&check, GateVerdict::Blocked, &said),
            SuiteOutcome::Error => {
                let why = result.message.as_deref().unwrap_or("it could not run");
                row(&check, GateVerdict::Unknown, why)
            }
            SuiteOutcome::Pass => match self.policy.max_result_age_days {
                Some(days) if age > self::days(days) => {
                    let evidence =
                        format!("{said}, {} days ago; at most {days} allowed", age.as_hours() / 24);
                    row(&check, GateVerdict::Blocked, &evidence)
                }
                _ => row(&check, GateVerdict::Ok, &said),
            },
        }
    }

    /// Time spent in a channel of the class before.
    fn soak(&self, hours: u32) -> GateRow {
        let before = match self.class {
            Class::Production => Class::Staging,
            Class::Staging | Class::Dev => Class::Dev,
        };
        let longest = self
            .channels
            .iter()
            .filter(|c| c.class == before)
            .map(|c| self.time_in(c))
            .max()
            .unwrap_or(SignedDuration::ZERO);
        let needed = SignedDuration::from_hours(i64::from(hours));
        let verdict = if longest >= needed { GateVerdict::Ok } else { GateVerdict::Blocked };
        let evidence =
            format!("{} h in a {} channel; {hours} h asked for", longest.as_hours(), before.word());
        row("soak", verdict, &evidence)
    }

    fn time_in(&self, channel: &Channel) -> SignedDuration {
        let ends = channel.history.iter().skip(1).map(|m| m.at).chain([self.now]);
        channel
            .history
            .iter()
            .zip(ends)
            .filter(|(stay, _)| stay.version == Some(self.version.id))
            .map(|(stay, end)| end.duration_since(stay.at))
            .fold(SignedDuration::ZERO, |sum, time| sum.saturating_add(time))
    }

    fn clean_tree(&self) -> GateRow {
        let fact = self.version.facts.more.get("git_dirty").and_then(serde_json::Value::as_bool);
        match fact {
            Some(false) => row("template committed", GateVerdict::Ok, "the folder was clean"),
            Some(true) => row("template committed", GateVerdict::Blocked, "the folder had changes"),
            None => row("template committed", GateVerdict::Unknown, "not recorded at the build"),
        }
    }

    fn dates(&self) -> Option<GateRow> {
        let at = self.version.life.dates.revoke_at?;
        let margin = days(self.policy.revoke_margin_days);
        let near = at.duration_since(self.now) < margin;
        let verdict = if near { GateVerdict::Blocked } else { GateVerdict::Ok };
        Some(row("revocation date", verdict, &format!("to be revoked at {at}")))
    }
}

fn parent(parent: &Version) -> GateRow {
    let (verdict, word) = match parent.state {
        Standing::Revoked => (GateVerdict::Blocked, "is revoked"),
        Standing::Deprecated => (GateVerdict::Ok, "is deprecated"),
        state => (GateVerdict::Ok, state.word()),
    };
    row("parent", verdict, &format!("{} {word}", parent.display_name()))
}

/// The worst answer of a table.
pub(crate) fn verdict(rows: &[GateRow]) -> GateVerdict {
    rows.iter().map(|r| r.verdict).max().unwrap_or(GateVerdict::Ok)
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

fn row(check: &str, verdict: GateVerdict, evidence: &str) -> GateRow {
    GateRow { check: check.to_owned(), verdict, evidence: evidence.to_owned() }
}
