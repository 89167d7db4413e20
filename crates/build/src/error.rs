//! What goes wrong in a build, in words for the person who started it.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Whose matter a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The template, a variable, a file the user named.
    Input,
    /// This machine: a missing program, no space, no network.
    Environment,
    /// What runs inside the guest: a script that failed, a login that was refused.
    Guest,
    /// Somebody asked for it.
    Cancelled,
    /// Our mistake.
    Internal,
}

/// Why a step failed, as it is shown and journalled. Holds no secret once it is in a journal: the journal redacts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Failure {
    /// Whose matter it is.
    pub kind: FailureKind,
    /// One sentence: what, where, why.
    pub message: String,
    /// What lies behind it, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// Why a step could not do its work.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", .0.message)]
pub struct StepError(Box<Failure>);

impl StepError {
    /// A failure of the given kind: one sentence saying what, where and why.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self(Box::new(Failure { kind, message: message.into(), causes: Vec::new(), hints: Vec::new() }))
    }

    /// The template's, a variable's, a named file's fault.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Input, message)
    }

    /// This machine's.
    pub fn environment(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Environment, message)
    }

    /// The guest's.
    pub fn guest(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Guest, message)
    }

    /// Ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Internal, message)
    }

    /// The build was cancelled.
    pub fn cancelled() -> Self {
        Self::new(FailureKind::Cancelled, "The build was cancelled.")
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Adds an error that lies behind it, with everything behind that one.
    #[must_use]
    pub fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            let text = error.to_string();
            // An error that prints its source inside its own text would say it twice.
            if self.0.causes.last().is_none_or(|last| !last.contains(&text)) {
                self.0.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Whose matter it is.
    pub fn kind(&self) -> FailureKind {
        self.0.kind
    }

    /// Whether it is a cancellation.
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == FailureKind::Cancelled
    }

    /// As it is shown and journalled.
    pub fn failure(&self) -> &Failure {
        &self.0
    }

    /// The whole of it on one line.
    pub fn full(&self) -> String {
        self.0.full()
    }
}

impl Failure {
    /// The sentence and what lies behind it, on one line.
    pub fn full(&self) -> String {
        let mut text = self.message.clone();
        for cause in &self.causes {
            text.push_str(": ");
            text.push_str(cause);
        }
        text
    }
}

impl From<Failure> for StepError {
    fn from(failure: Failure) -> Self {
        Self(Box::new(failure))
    }
}

/// Turns other errors into [`StepError`]s with the words only the caller has.
pub trait Context<T> {
    /// This machine's matter.
    fn environment<M: Display>(self, message: impl FnOnce() -> M) -> Result<T, StepError>;
    /// The matter of what the user wrote or named.
    fn input<M: Display>(self, message: impl FnOnce() -> M) -> Result<T, StepError>;
    /// The guest's matter.
    fn guest<M: Display>(self, message: impl FnOnce() -> M) -> Result<T, StepError>;
}

impl<T, E: std::error::Error> Context<T> for Result<T, E> {
    fn environment<M: Display>(self, message: impl FnOnce() -> M) -> Result<T, StepError> {
        self.map_err(|error| StepError::environment(message().to_string()).because(&error))
    }
    fn input<M: Display>(self, message: impl FnOnce() -> M) -> Result<T, StepError> {
        self.map_err(|error| StepError::input(message().to_string()).because(&error))
    }
    fn guest<M: Display>(self, message: impl FnOnce() -> M) -> Result<T, StepError> {
        self.map_err(|error| StepError::guest(message().to_string()).because(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let io = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = Err::<(), _>(io).environment(|| "Cannot read a.iso").unwrap_err();
        assert_eq!(error.full(), "Cannot read a.iso: no such file");
    }
}
