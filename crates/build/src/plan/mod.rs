//! What a build will do, before it does it.

mod make;
mod sketch;
#[cfg(test)]
mod tests;
mod types;

pub use make::{PlanError, plan};
pub use sketch::Sketch;
pub use types::{HostCommand, JobPlan, Plan, PlannedDownload, SkippedSource, Space, StepKind, StepPlan};
