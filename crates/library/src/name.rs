use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The name of an image: 1 to 100 of `A-Z a-z 0-9 . _ -`, starting with a letter or digit.
///
/// It is also the name of a folder in the library, so nothing else is let in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(as = "String")]
pub struct ImageName(String);

/// Why a text cannot name an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" cannot name an image: {cause}; use letters, digits, `.`, `_` and `-`, starting with a letter or digit, at most 100 characters"
)]
pub struct NameError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub cause: &'static str,
}

impl ImageName {
    /// Checks a name.
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        let text = text.into();
        let cause = match text.chars().next() {
            None => Some("it is empty"),
            Some(c) if !c.is_ascii_alphanumeric() => Some("it does not start with a letter or digit"),
            _ if text.len() > 100 => Some("it is too long"),
            _ if !text.chars().all(is_allowed) => Some("it holds a character that is not allowed"),
            _ => None,
        };
        match cause {
            Some(cause) => Err(NameError { text, cause }),
            None => Ok(Self(text)),
        }
    }

    /// The nearest allowed name: other characters become `-`; `image` when nothing is left.
    pub fn nearest(text: &str) -> Self {
        let mut name = String::new();
        for c in text.chars() {
            let c = if is_allowed(c) { c } else { '-' };
            let starts = name.is_empty() && !c.is_ascii_alphanumeric();
            let repeats = c == '-' && name.ends_with('-');
            if !starts && !repeats && name.len() < 100 {
                name.push(c);
            }
        }
        let name = name.trim_end_matches('-');
        Self(if name.is_empty() { "image".to_owned() } else { name.to_owned() })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ImageName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl From<ImageName> for String {
    fn from(name: ImageName) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_library() {
        for bad in ["", ".", "..", "a/b", "-x", "a@1", "ü", "a b", &"x".repeat(101)] {
            assert!(ImageName::new(bad).is_err(), "{bad}");
            assert!(ImageName::new(ImageName::nearest(bad).as_str()).is_ok(), "{bad}");
        }
        assert_eq!(ImageName::new("debian-12.5_x").unwrap().as_str(), "debian-12.5_x");
        assert_eq!(ImageName::nearest("Debian 12 / base!").as_str(), "Debian-12-base");
        assert!(serde_json::from_str::<ImageName>("\"../x\"").is_err());
    }
}
