//! What the integration suites share. Nothing of the product uses this crate.
#![allow(clippy::disallowed_methods, reason = "the suites start the program as a user does")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these are tests"
)]

use std::path::{Path, PathBuf};

pub mod double;
pub mod goldsmith;
pub mod machine;
pub mod parity;
pub mod sshd;
pub mod tiny;

/// The project's top folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the project").to_owned()
}
