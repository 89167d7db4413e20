//! Building: from a template's job to a version in the library.
//!
//! [`plan`] says what will be done, [`start`] starts a worker process that does it, [`journal`] is what the worker
//! writes and everybody reads, [`fold`] turns a journal into the state of a build, [`recover`] cleans up after a
//! worker that died. Inside a worker, [`recipe`] names the steps in order, [`pipeline`] runs them and gives back
//! what they acquired.

pub mod bootstrap;
pub mod checkpoint;
pub mod control;
pub mod digest;
pub mod download;
pub mod error;
pub mod fold;
pub mod generalize;
mod holes;
pub mod id;
pub mod journal;
pub mod names;
pub mod pipeline;
pub mod plan;
pub mod post;
pub mod provision;
mod recipe;
pub mod recover;
pub mod redact;
pub mod release;
pub mod run;
mod schedule;
pub mod seed;
pub mod start;
mod steps;
pub mod suite;
mod supported;
mod text;
mod work;
mod worker;

pub use control::cancel;
pub use fold::{BuildState, Fold};
pub use id::BuildId;
pub use journal::{BuildReader, Follow};
pub use plan::{Plan, plan};
pub use recover::recover;
pub use run::RunRequest;
pub use start::start_worker;
pub use steps::image::library_references;
pub use steps::screen::SCREEN_SOCKET;
pub use suite::TestRequest;
pub use work::{Parent, PlanRequest, Prepared, Provenance, WorkOrder};
pub use worker::{WorkerEnv, worker_main};
