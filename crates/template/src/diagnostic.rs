//! Diagnostics: what is wrong, where, and what to do about it, as plain values.
//!
//! Nothing in this crate fails on bad input. A problem becomes a [`Diagnostic`] that carries an exact
//! place, the offending text, a remedy where one is known, and sometimes a ready-made [`Fix`].

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where something is: a range in one file.
///
/// Lines and columns count from 1; columns count characters (Unicode scalar values), as people and
/// terminals do. Byte offsets count from 0 and include a byte order mark if the file has one. The
/// UTF-16 columns of a text editor are computed by [`crate::Document::utf16`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct Place {
    /// The file as it was named when the project was opened.
    pub file: String,
    /// First line, from 1.
    pub line: u32,
    /// First column, from 1, in characters.
    pub column: u32,
    /// Line on which the range ends, from 1.
    pub end_line: u32,
    /// Column just after the last character, from 1.
    pub end_column: u32,
    /// First byte, from 0.
    pub start: u32,
    /// Byte just after the range.
    pub end: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The template cannot be built.
    Error,
    /// It can be built, but probably not as meant.
    Warning,
    /// Worth knowing.
    Info,
}

/// A second place that explains the first, such as the declaration a duplicate clashes with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where it is.
    pub place: Place,
}

/// A change that removes the problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Fix {
    /// What the change does, as a button label ("Replace by `memory`").
    pub title: String,
    /// The replacements, all in terms of the text the diagnostic was made from.
    pub replacements: Vec<Replacement>,
}

/// One piece of a [`Fix`]: the text of `place` becomes `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Replacement {
    /// What is replaced; an empty range inserts.
    pub place: Place,
    /// The new text.
    pub text: String,
}

/// A problem or a remark about a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A stable short name such as `syntax.unclosed-block`, for tests, filters and documentation.
    pub code: String,
    /// One sentence that says what is wrong.
    pub message: String,
    /// Where, when it is somewhere.
    pub place: Option<Place>,
    /// The offending text, shortened to one line.
    pub excerpt: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that explain this one.
    pub related: Vec<Related>,
    /// A change that removes the problem, when there is exactly one sensible change.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic with a severity, a code and a sentence; the rest is added by the `with_` methods.
    pub fn new(severity: Severity, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity,
            code: code.into(),
            message: message.into(),
            place: None,
            excerpt: None,
            help: None,
            related: Vec::new(),
            fix: None,
        }
    }

    /// An error.
    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A remark.
    pub fn info(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, code, message)
    }

    /// Sets the place.
    #[must_use]
    pub fn with_place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Sets the offending text.
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.excerpt = Some(excerpt.into());
        self
    }

    /// Sets the remedy.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a place that explains this one.
    #[must_use]
    pub fn with_related(mut self, message: impl Into<String>, place: Place) -> Self {
        self.related.push(Related { message: message.into(), place });
        self
    }

    /// Sets the change that removes the problem.
    #[must_use]
    pub fn with_fix(mut self, title: impl Into<String>, replacements: Vec<Replacement>) -> Self {
        self.fix = Some(Fix { title: title.into(), replacements });
        self
    }

    /// Whether this forbids a build.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    /// `file:line:column: error[code]: message (help)`, one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        write!(f, "{severity}[{}]: {}", self.code, self.message)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}
