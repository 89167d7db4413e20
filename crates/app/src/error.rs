//! The one shape of every failure a face shows: which kind, what happened, why, what to do.

use goldsmith_template::Place;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What sort of failure it is: decides who can do something about it, and the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Something the user wrote or asked for: a template, an option, a name.
    Input,
    /// This computer, its programs, its disks or its network.
    Environment,
    /// The guest: it did not start, did not answer, or a script in it failed.
    Guest,
    /// The user stopped it.
    Cancelled,
    /// A defect of Goldsmith.
    Internal,
}

impl ErrorKind {
    /// The exit code of the command line for this kind of failure.
    ///
    /// Packer knows only 1 for any failure; a script that asks "not 0" reads both alike. 2 is left to
    /// wrong usage (the argument parser), 130 is what a shell reports for an interrupted program.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Input | ErrorKind::Environment | ErrorKind::Guest => 1,
            ErrorKind::Cancelled => 130,
            ErrorKind::Internal => 70,
        }
    }
}

/// A failure as it travels to a window, a script or a terminal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct WireError {
    /// A stable name for this failure, such as `file_changed` or `image_not_found`.
    pub code: String,
    /// Who can do something about it.
    pub kind: ErrorKind,
    /// One sentence: what happened to which thing.
    pub title: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do about it, most useful first.
    pub hints: Vec<String>,
    /// Where in the template, when it is about a template.
    pub span: Option<Place>,
    /// The last lines of the log or of the failing program.
    pub log_tail: Vec<String>,
}

impl WireError {
    /// A failure of the given kind.
    pub fn new(kind: ErrorKind, code: impl Into<String>, title: impl Into<String>) -> Self {
        WireError {
            code: code.into(),
            kind,
            title: title.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            span: None,
            log_tail: Vec::new(),
        }
    }

    /// Something the user wrote or asked for.
    pub fn input(code: &str, title: impl Into<String>) -> Self {
        WireError::new(ErrorKind::Input, code, title)
    }

    /// Something about this computer.
    pub fn environment(code: &str, title: impl Into<String>) -> Self {
        WireError::new(ErrorKind::Environment, code, title)
    }

    /// A defect of Goldsmith.
    pub fn internal(code: &str, title: impl Into<String>) -> Self {
        WireError::new(ErrorKind::Internal, code, title)
    }

    /// Adds a cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds the whole chain of an error as causes, without repeating what the title says already.
    #[must_use]
    pub fn because(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            let said = self.title.contains(&text) || self.causes.iter().any(|cause| cause.contains(&text));
            if !said && !text.is_empty() {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says where in a template.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.span = place;
        self
    }

    /// Adds the last lines of a log.
    #[must_use]
    pub fn tail(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.log_tail.extend(lines);
        self
    }

    /// The exit code of the command line.
    pub fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

impl std::fmt::Display for WireError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title)?;
        for cause in &self.causes {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for WireError {}
