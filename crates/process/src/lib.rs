//! The only door to other programs and to what the operating system knows about them.
//!
//! *Describe* ([`Invocation`]: pure, printable), *launch* ([`System`], or [`Scripted`] in tests), *supervise*
//! ([`Child`]: its own process group, tagged lines, a stop ladder) and *identify* ([`ProcessIdentity`]: never a
//! bare process number). Beside that live the small pieces of the file system which need care: locks the kernel
//! releases ([`lock`]), files that are whole or absent ([`durable`]), copies that keep holes ([`copy`]), free
//! space ([`space`]), the directories of the program ([`Dirs`]) and the table of tools ([`Tool`]).

mod child;
pub mod copy;
mod dirs;
pub mod durable;
mod identity;
mod invocation;
mod ladder;
mod launch;
mod lines;
pub mod lock;
mod run;
mod scripted;
pub mod space;
mod system;
mod tool;

pub use child::{Child, ChildEnd, ChildError, Exit};
pub use dirs::{Dirs, DirsError, Env, SOCKET_PATH_MAX};
pub use identity::{ProcessIdentity, Signal};
pub use invocation::Invocation;
pub use ladder::{Rung, StopLadder, Stopped};
pub use launch::{Launch, LaunchError};
pub use lines::{Line, Stream};
pub use run::{Captured, RunError, capture, run, run_ok};
pub use scripted::{Scene, Scripted};
pub use system::System;
pub use tool::{Family, Tool, Version, find_program};
