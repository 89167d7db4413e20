//! Versions as sources of other images: what a `library://` reference means, and whether it may be used.

use super::lineage::LATEST;
use super::state::Standing;
use super::verbs::refused;
use crate::error::LibraryError;
use crate::facts::SourceFact;
use crate::library::Library;
use crate::version::{BytesState, Version};

/// A version to make another image from.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// The version; its disk has a path.
    pub version: Version,
    /// What is to be recorded of it.
    pub source: SourceFact,
    /// What a person should know: that it is deprecated, or that its suites failed.
    pub warnings: Vec<String>,
}

impl Library {
    /// What `name`, `name/3`, `name/latest` or `name/channel` means now, as something to make another image from.
    /// Revoked and retired versions are refused, and those whose bytes are not there.
    pub fn base(&self, reference: &str) -> Result<Base, LibraryError> {
        let (name, which) = reference.split_once('/').unwrap_or((reference, LATEST));
        let version = self.resolve(&format!("{name}@{which}"))?;
        let what = format!("using {} as a source", version.display_name());
        if version.bytes != BytesState::Present {
            return Err(Self::wrong_state(
                &what,
                &version,
                "restore it from the trash, or name another version",
            ));
        }
        let mut warnings = Vec::new();
        match version.state {
            Standing::Revoked | Standing::Retired => {
                let cause = format!("it is {}", version.state.word());
                return Err(refused(&what, &cause, "name another version or channel"));
            }
            Standing::Deprecated => {
                let other = version.life.deprecation.as_ref().and_then(|d| d.replacement);
                let other = other.and_then(|id| self.version(id).ok());
                let instead =
                    other.map(|v| format!("; take {} instead", v.display_name())).unwrap_or_default();
                warnings.push(format!("The source {} is deprecated{instead}.", version.display_name()));
            }
            Standing::Quarantined => {
                warnings.push(format!("A suite failed on the source {}.", version.display_name()));
            }
            Standing::Built | Standing::Tested | Standing::Released => {}
        }
        let source = SourceFact::Version {
            id: version.id.to_string(),
            name: version.display_name(),
            channel: which.parse::<u32>().is_err().then(|| which.to_owned()),
            content: Some(version.content.to_string()),
        };
        Ok(Base { version, source, warnings })
    }
}
