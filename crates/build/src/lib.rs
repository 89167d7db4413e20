//! Building: from a template's job to a version in the library.
//!
//! [`plan`] says what will be done, [`start`] starts a worker process that does it, [`journal`] is what the worker
//! writes and everybody reads, [`fold`] turns a journal into the state of a build, [`recover`] cleans up after a
//! worker that died. Inside a worker, [`recipe`] names the steps in order, [`pipeline`] runs them and gives back
//! what they acquired.

pub mod error;
pub mod id;
pub mod journal;
pub mod names;
pub mod pipeline;
pub mod plan;
pub mod post;
pub mod provision;
pub mod redact;
pub mod release;
