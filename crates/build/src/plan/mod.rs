//! What a build will do, before it does it.

mod sketch;
mod types;

pub use sketch::Sketch;
pub use types::{HostCommand, JobPlan, Plan, PlannedDownload, SkippedSource, Space, StepKind, StepPlan};
