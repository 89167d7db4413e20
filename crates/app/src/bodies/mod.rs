//! One body per command of the table.

mod build;
mod cache;
mod docs;
mod git;
mod history;
mod host;
mod language;
pub(crate) mod library;
mod life;
mod run;
mod suite;
mod template;
mod tools;
pub(crate) mod watch;

pub(crate) use build::*;
pub(crate) use cache::{list_cache, prune_cache};
pub(crate) use docs::*;
pub(crate) use git::*;
pub(crate) use history::*;
pub(crate) use host::*;
pub(crate) use language::*;
pub(crate) use library::*;
pub(crate) use life::*;
pub(crate) use run::*;
pub(crate) use suite::*;
pub(crate) use template::*;
pub(crate) use tools::*;
pub(crate) use watch::*;
