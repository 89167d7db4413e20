//! The life of a version after it was made: tested, released, pointed to by channels, deprecated, revoked,
//! retired.
//!
//! Four things are kept apart: the *state* of a version, the *channels* that point to it, the state of its
//! *bytes* ([`crate::BytesState`]) and *flags* (hold, dates, labels). The state is not stored but derived from
//! what was done, so that taking a thing back gives exactly the state before it.

mod channel;
mod collect;
mod compare;
mod gate;
mod history;
mod lineage;
mod pointing;
mod policy;
mod source;
mod state;
mod verbs;

pub use channel::{Channel, ChannelChange, ChannelName, Class, Move, MoveKind};
pub use collect::{CollectItem, CollectPlan, Collected, Fate};
pub use compare::{Comparison, Difference, compare};
pub use gate::{GateRow, GateVerdict};
pub use history::HistoryEntry;
pub(crate) use lineage::parent_of;
pub use lineage::{Blast, Freshness, Outdated};
pub use pointing::{Assign, Promoted, Rollback};
pub use policy::{Policies, Policy, Retention};
pub use source::Base;
pub use state::{
    By, Change, Dates, Deprecation, ExportFact, Hold, Life, Release, Revocation, Role, Severity, Standing,
    SuiteOutcome, SuiteResult,
};
pub use verbs::Revoke;
