//! What arrives on a stream.
//!
//! A stream has a topic: `builds`, `library`, `host`, `runs`, `build/<id>` (facts of a build or run),
//! `log/<id>` (its log lines), `sections/<id>` (how its log stands), `template/<session>` (files that changed on disk), `task/<name>`
//! (progress of an export). `since` is the number of the last fact seen on `build/<id>`, and the number
//! of lines seen on `log/<id>`; the others begin with the present.

use goldsmith_build::fold::BuildState;
use goldsmith_build::journal::{Entry, LogLine, LogSections};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BuildSummary, HostStats, RunState, TaskProgress};

/// One message of a stream.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StreamMessage {
    /// New facts of a build, and what all facts add up to.
    Facts {
        /// The facts, in order.
        entries: Vec<Entry>,
        /// What all facts add up to.
        state: Box<BuildState>,
    },
    /// New lines of a log, at most 500.
    Log {
        /// The number of the first line; lines count from 1.
        from: u64,
        /// The lines.
        lines: Vec<LogLine>,
    },
    /// A log grew: how it stands now, step by step. The lines themselves are asked for where they are looked at.
    Sections {
        /// How it stands.
        log: LogSections,
    },
    /// The builds, newest first.
    Builds {
        /// The builds.
        builds: Vec<BuildSummary>,
    },
    /// The runs, newest first.
    Runs {
        /// The runs.
        runs: Vec<RunState>,
    },
    /// The library changed: ask again.
    Library {
        /// Grows with each change.
        generation: u64,
    },
    /// What this computer does now.
    Host {
        /// The figures.
        stats: HostStats,
    },
    /// Files of an open template that changed on disk since they were read.
    Template {
        /// The files; empty when all are again as they were read.
        changed: Vec<String>,
    },
    /// Progress of a task.
    Task {
        /// How far it is.
        progress: TaskProgress,
    },
    /// Nothing more will come: the build finished, or the thing is gone.
    End {},
}
