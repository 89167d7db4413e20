//! One body per command: what the window, the command line and the tests all talk to.
//!
//! [`commands`] is the table: every command once, with its request, its response, what it reads and what it
//! makes stale. [`Core`] runs them, typed or by name with JSON ([`Core::dispatch`]), and follows builds, the library
//! and the host as streams ([`Core::subscribe`]). Every failure becomes a [`WireError`] here and nowhere else.

pub mod bindings;
mod bodies;
mod classify;
pub mod commands;
mod console;
mod core;
mod error;
mod files;
mod journals;
pub mod language;
pub mod reference;
mod session;
mod settings;
mod subscribe;
mod tasks;
pub mod wire;

pub use crate::core::{Core, Dialogs, Setup};
pub use error::{ErrorKind, WireError};
pub use goldsmith_process::Env;
pub use goldsmith_process::durable::write_private;
pub use subscribe::Subscription;
pub use wire::StreamMessage;

/// Types of the parts below that faces show.
pub mod types {
    pub use goldsmith_build::BuildId;
    pub use goldsmith_build::error::{Failure, FailureKind};
    pub use goldsmith_build::fold::{BuildState, BuildStatus, JobState, StepState};
    pub use goldsmith_build::journal::{
        Answer, Entry, Fact, LogFilter, LogLine, LogStream, LogWindow, Outcome, ProducedFile, Unit,
    };
    pub use goldsmith_build::pipeline::OnError;
    pub use goldsmith_build::plan::{JobPlan, Plan, StepPlan};
    pub use goldsmith_build::suite::{CaseStatus, Runner, SuiteReport, TestReport};
    pub use goldsmith_library::life::{
        Blast, By, Channel, ChannelName, Class, CollectItem, CollectPlan, Comparison, Dates, Difference,
        Fate, Freshness, GateRow, GateVerdict, HistoryEntry, MoveKind, Outdated, Policies, Policy, Promoted,
        Retention, Role, Severity as RevocationSeverity, Standing, SuiteOutcome, SuiteResult,
    };
    pub use goldsmith_library::{BytesState, Deploy, DiskFormat, Facts, Image, Package, SourceFact, Version};
    pub use goldsmith_machine::host::{
        Accelerator, AcceleratorVerdict, Check, Doctor, Outcome as Measured, Verdict,
    };
    pub use goldsmith_template::config::PACKER_VERSION;
    pub use goldsmith_template::{Diagnostic, Place, Severity};

    /// Milliseconds since 1970 as RFC 3339 in UTC, whole seconds.
    pub fn timestamp(at_ms: i64) -> String {
        jiff::Timestamp::from_second(at_ms.div_euclid(1000))
            .map_or_else(|_| String::new(), |at| at.to_string())
    }
}
