//! One body per command: what the window, the command line and the tests all talk to.
//!
//! [`commands`] is the table: every command once, with its request, its response, what it reads and what it
//! makes stale. [`Core`] runs them, typed or by name with JSON ([`Core::dispatch`]), and follows builds, the library
//! and the host as streams ([`Core::subscribe`]). Every failure becomes a [`WireError`] here and nowhere else.

pub mod bindings;
mod bodies;
mod classify;
pub mod commands;
mod core;
mod error;
mod session;
mod settings;
mod tasks;
pub mod view;
pub mod wire;

pub use crate::core::{Core, Dialogs, Setup};
pub use error::{ErrorKind, WireError};
pub use wire::StreamMessage;
