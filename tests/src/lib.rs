//! What the integration suites share. Nothing of the product uses this crate.

use std::path::{Path, PathBuf};

/// The project's top folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the project").to_owned()
}
