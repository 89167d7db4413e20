//! Requests and responses, one file per place of the window.

mod build;
mod cache;
mod host;
mod language;
mod library;
mod life;
mod run;
mod settings;
mod stream;
mod suite;
mod template;
mod tools;
mod watch;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use build::*;
pub use cache::*;
pub use host::*;
pub use language::*;
pub use library::*;
pub use life::*;
pub use run::*;
pub use settings::*;
pub use stream::*;
pub use suite::*;
pub use template::*;
pub use tools::*;
pub use watch::*;

/// A request that needs to say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Nothing {}

/// It is done, and there is nothing more to say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Done {}
