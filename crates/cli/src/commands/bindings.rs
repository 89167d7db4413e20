//! `goldsmith bindings`: the TypeScript types of the commands.

use std::path::Path;

use goldsmith_app::bindings::{self, BindingsError};
use goldsmith_app::{ErrorKind, WireError};

use crate::output::Output;

/// Writes them, or only compares them.
pub fn run(output: &Output, folder: &Path, check: bool) -> Result<u8, WireError> {
    if !check {
        let count = bindings::write(folder).map_err(wire)?;
        output.line(&format!("{count} files in {} are up to date", folder.display()));
        return Ok(0);
    }
    let different = bindings::differences(folder).map_err(wire)?;
    for path in &different {
        output.line(&format!("{} differs", path.display()));
    }
    Ok(u8::from(!different.is_empty()))
}

fn wire(error: BindingsError) -> WireError {
    let kind = match error {
        BindingsError::Write { .. } => ErrorKind::Environment,
        BindingsError::SameName { .. } | BindingsError::Declare { .. } => ErrorKind::Internal,
    };
    WireError::new(kind, "bindings", error.to_string())
}
