//! Strings some of whose parts are known only during the build.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A string some of whose parts are known only during the build.
///
/// Neighbouring known parts are always merged and empty ones dropped, so that two texts with the same
/// meaning compare equal.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Text {
    /// The parts in order.
    pub parts: Vec<Part>,
    /// True when a sensitive value took part in it: it must never be shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// A piece of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Characters known now.
    Known(String),
    /// Characters that the build fills in.
    Hole(Hole),
}

/// What fills a gap in a [`Text`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hole {
    /// A value of the running build, by its Packer name: `Host`, `Password`, `PackerHTTPAddr` ...
    Build(String),
    /// A late-bound Go-template action exactly as written, for example `{{ .Path }}`. When it belongs to a
    /// control structure (`{{ if .Vars }} .. {{ end }}`), the whole structure is one hole.
    Field(String),
    /// What an expression over values of the running build comes to, such as `upper(build.Host)`. Everything
    /// else in it is filled in; [`crate::eval::finish`] computes it.
    Late {
        /// The expression.
        expression: String,
        /// True when it holds a sensitive value: it must never be shown.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        sensitive: bool,
    },
    /// A value nobody can supply here, with the expression it came from (a foreign data source, a secret
    /// store). A build that needs it must refuse to start.
    Unknown(String),
}

/// A hole for which the build had no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{hole} is not known at this point of the build")]
pub struct UnfilledHole {
    /// The hole without a value.
    pub hole: Hole,
}

impl Hole {
    /// About how many bytes it takes besides itself.
    pub(crate) fn size(&self) -> usize {
        match self {
            Hole::Build(text) | Hole::Field(text) | Hole::Unknown(text) => text.len(),
            Hole::Late { expression, .. } => expression.len(),
        }
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hole::Build(name) => write!(f, "{{build.{name}}}"),
            Hole::Field(action) => f.write_str(action),
            Hole::Late { sensitive: true, .. } => f.write_str("<sensitive>"),
            Hole::Late { expression, .. } => write!(f, "{{{expression}}}"),
            Hole::Unknown(what) => write!(f, "{{{what}}}"),
        }
    }
}

impl fmt::Debug for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, what) = match self {
            Hole::Build(name) => ("Build", name.as_str()),
            Hole::Field(action) => ("Field", action.as_str()),
            Hole::Late { sensitive: true, .. } => ("Late", "<sensitive>"),
            Hole::Late { expression, .. } => ("Late", expression.as_str()),
            Hole::Unknown(what) => ("Unknown", what.as_str()),
        };
        f.debug_tuple(name).field(&what).finish()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sensitive {
            return f.write_str("Text(<sensitive>)");
        }
        f.debug_tuple("Text").field(&self.parts).finish()
    }
}

impl From<String> for Text {
    fn from(known: String) -> Self {
        let mut text = Text::default();
        text.push_str(&known);
        text
    }
}

impl From<&str> for Text {
    fn from(known: &str) -> Self {
        Text::from(known.to_owned())
    }
}

impl From<Hole> for Text {
    fn from(hole: Hole) -> Self {
        let sensitive = matches!(hole, Hole::Late { sensitive: true, .. });
        Text { parts: vec![Part::Hole(hole)], sensitive }
    }
}

impl Text {
    /// The whole string, when every part of it is known.
    pub fn known(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Known(text)] => Some(text),
            _ => None,
        }
    }

    /// True when nothing is in it, not even a hole.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// About how many bytes it takes besides itself.
    pub(crate) fn size(&self) -> usize {
        let part = |part: &Part| match part {
            Part::Known(text) => text.len(),
            Part::Hole(hole) => size_of::<Part>() + hole.size(),
        };
        self.parts.iter().map(part).sum()
    }

    /// The holes in order of appearance.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole),
            Part::Known(_) => None,
        })
    }

    /// Appends known characters.
    pub fn push_str(&mut self, more: &str) {
        if more.is_empty() {
            return;
        }
        if let Some(Part::Known(last)) = self.parts.last_mut() {
            last.push_str(more);
        } else {
            self.parts.push(Part::Known(more.to_owned()));
        }
    }

    /// The same text in Unicode's normal form C, which every string of the language is in.
    pub fn normal(mut self) -> Self {
        for part in &mut self.parts {
            if let Part::Known(known) = part
                && !known.is_ascii()
            {
                *known = crate::functions::normal(known);
            }
        }
        self
    }

    /// Appends a hole.
    pub fn push_hole(&mut self, hole: Hole) {
        self.sensitive |= matches!(hole, Hole::Late { sensitive: true, .. });
        self.parts.push(Part::Hole(hole));
    }

    /// Appends another text; the result is sensitive when either was.
    pub fn push_text(&mut self, other: &Text) {
        self.sensitive |= other.sensitive;
        for part in &other.parts {
            match part {
                Part::Known(text) => self.push_str(text),
                Part::Hole(hole) => self.push_hole(hole.clone()),
            }
        }
    }

    /// The same text, marked sensitive or left as it is.
    pub fn with_sensitive(mut self, sensitive: bool) -> Self {
        self.sensitive |= sensitive;
        self
    }

    /// Fills every hole by asking `fill`.
    ///
    /// # Errors
    /// The first hole for which `fill` has no value.
    pub fn resolve(&self, fill: &dyn Fn(&Hole) -> Option<String>) -> Result<String, UnfilledHole> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Known(text) => out.push_str(text),
                Part::Hole(hole) => match fill(hole) {
                    Some(value) => out.push_str(&value),
                    None => return Err(UnfilledHole { hole: hole.clone() }),
                },
            }
        }
        Ok(out)
    }

    /// The text for people: holes as `{build.Host}` or as their action, sensitive text as `<sensitive>`.
    pub fn display(&self) -> String {
        if self.sensitive { "<sensitive>".to_owned() } else { self.reveal() }
    }

    /// The text with its holes named, sensitive or not. Never show the result of a sensitive text.
    pub fn reveal(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Known(text) => text.clone(),
                Part::Hole(hole) => hole.to_string(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_merge_and_resolve() {
        let mut text = Text::from("a");
        text.push_str("b");
        text.push_hole(Hole::Build("Host".into()));
        text.push_str(":22");
        assert_eq!(text.parts.len(), 3);
        assert_eq!(text.known(), None);
        assert_eq!(text.display(), "ab{build.Host}:22");
        let filled = text.resolve(&|hole| match hole {
            Hole::Build(name) if name == "Host" => Some("127.0.0.1".into()),
            _ => None,
        });
        assert_eq!(filled.as_deref(), Ok("ab127.0.0.1:22"));
        assert!(text.resolve(&|_| None).is_err());
    }

    #[test]
    fn sensitive_text_is_never_shown() {
        let mut text = Text::from("user:");
        text.push_text(&Text::from("hunter2").with_sensitive(true));
        assert_eq!(text.display(), "<sensitive>");
        assert!(!format!("{text:?}").contains("hunter2"));
        assert_eq!(text.known(), Some("user:hunter2"));
    }
}
