//! `version`.

use std::time::{SystemTime, UNIX_EPOCH};

use goldsmith_app::WireError;
use goldsmith_app::types::PACKER_VERSION;

use crate::output::Output;

/// Says which Goldsmith this is, and whose language it understands.
pub fn version(output: &Output) -> Result<u8, WireError> {
    #[derive(serde::Serialize)]
    struct Version {
        version: &'static str,
        packer_language: &'static str,
    }
    let version = env!("CARGO_PKG_VERSION");
    if output.json {
        output.json_value(&Version { version, packer_language: PACKER_VERSION })?;
    } else if output.machine {
        // Scripts that ask this way ask for Packer's version.
        let at = now();
        output.machine_line(at, "", "version", &[PACKER_VERSION]);
        output.machine_line(at, "", "version-prelease", &[""]);
        output.machine_line(at, "", "version-commit", &[""]);
        output.machine_line(at, "", "goldsmith-version", &[version]);
        output.machine_line(at, "", "ui", &["say", &format!("goldsmith {version}")]);
    } else {
        output.line(&format!("goldsmith {version}\nunderstands the language of Packer v{PACKER_VERSION}"));
    }
    Ok(0)
}

/// Seconds since 1970, for lines that carry the time.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}
