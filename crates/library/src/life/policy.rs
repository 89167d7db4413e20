use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::channel::Class;

/// What a version needs before a channel of a class takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Policy {
    /// Suites that must have passed on the version's content.
    pub suites: Vec<String>,
    /// How old those results may be, in days.
    pub max_result_age_days: Option<u32>,
    /// How long the version must have been in a channel of the class before, in hours.
    pub min_soak_hours: Option<u32>,
    /// Whether the template's folder had to be committed when it was built.
    pub clean_tree: bool,
    /// A version that is to be revoked within so many days is not taken.
    pub revoke_margin_days: u32,
}

/// What may be collected, and what may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Retention {
    /// Keep the newest so many versions of each image that no channel ever pointed to; nothing is ever
    /// collected when absent.
    pub keep_last: Option<u32>,
    /// ... and every such version younger than this, in days.
    pub min_age_days: u32,
    /// Purge what has been in the trash so many days; never when absent.
    pub trash_days: Option<u32>,
    /// The last so many distinct versions of each production channel are never collected.
    pub rollback_depth: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { keep_last: None, min_age_days: 7, trash_days: None, rollback_depth: 3 }
    }
}

/// All policies of a library. The defaults ask for nothing that a person alone would not want: production
/// refuses a version that will be revoked within a week, and nothing is collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Policies {
    /// For development channels.
    pub dev: Policy,
    /// For staging channels.
    pub staging: Policy,
    /// For production channels.
    pub production: Policy,
    /// What may be collected.
    pub retention: Retention,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            dev: Policy::default(),
            staging: Policy::default(),
            production: Policy { revoke_margin_days: 7, ..Policy::default() },
            retention: Retention::default(),
        }
    }
}

impl Policies {
    /// The policy of a class.
    pub fn of(&self, class: Class) -> &Policy {
        match class {
            Class::Dev => &self.dev,
            Class::Staging => &self.staging,
            Class::Production => &self.production,
        }
    }
}
