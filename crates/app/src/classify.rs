//! Errors of the parts below, classified once.

use goldsmith_build::error::{Failure, FailureKind, StepError};
use goldsmith_library::LibraryError;
use goldsmith_template::OpenError;

use crate::error::{ErrorKind, WireError};

/// A message of ours often ends in "; what to do": that part becomes the advice.
fn split_advice(text: &str) -> (String, Option<String>) {
    match text.rsplit_once("; ") {
        Some((title, advice)) if !title.is_empty() && !advice.is_empty() => {
            let mut letters = advice.chars();
            let advice =
                letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str());
            (title.to_owned(), advice)
        }
        _ => (text.to_owned(), None),
    }
}

/// An error whose message says all.
pub(crate) fn said(kind: ErrorKind, code: &str, error: &(dyn std::error::Error + 'static)) -> WireError {
    let (title, advice) = split_advice(&error.to_string());
    let mut wire = WireError::new(kind, code, title);
    if let Some(source) = error.source() {
        wire = wire.because(source);
    }
    wire.hints.extend(advice);
    wire
}

impl From<LibraryError> for WireError {
    fn from(error: LibraryError) -> Self {
        use LibraryError as E;
        let (kind, code) = match &error {
            E::Cancelled { .. } => (ErrorKind::Cancelled, "cancelled"),
            E::ReadOnly { .. } => (ErrorKind::Environment, "library_read_only"),
            E::NoSpace { .. } => (ErrorKind::Environment, "no_space"),
            E::Io { .. } => (ErrorKind::Environment, "library_io"),
            E::Database { .. } => (ErrorKind::Environment, "library_database"),
            E::NotALibrary { .. } => (ErrorKind::Environment, "not_a_library"),
            E::NewerSchema { .. } => (ErrorKind::Environment, "library_newer"),
            E::DamagedEvent { .. } => (ErrorKind::Environment, "library_damaged"),
            E::Damaged { .. } => (ErrorKind::Environment, "image_damaged"),
            E::BadImage { .. } => (ErrorKind::Environment, "image_unreadable"),
            E::Tool { .. } => (ErrorKind::Environment, "tool_failed"),
            E::NotFound { .. } => (ErrorKind::Input, "image_not_found"),
            E::Ambiguous { .. } => (ErrorKind::Input, "image_ambiguous"),
            E::Refused { .. } => (ErrorKind::Input, "refused"),
            E::WrongState { .. } => (ErrorKind::Input, "image_state"),
            E::Name(_) => (ErrorKind::Input, "image_name"),
            E::Exists { .. } => (ErrorKind::Input, "file_exists"),
            E::Internal { .. } => (ErrorKind::Internal, "internal"),
        };
        said(kind, code, &error)
    }
}

impl From<OpenError> for WireError {
    fn from(error: OpenError) -> Self {
        let (kind, code) = match &error {
            OpenError::NotFound { .. } => (ErrorKind::Input, "template_not_found"),
            OpenError::Unreadable { .. } => (ErrorKind::Environment, "template_unreadable"),
            OpenError::NoTemplates { .. } => (ErrorKind::Input, "no_templates"),
        };
        said(kind, code, &error)
    }
}

impl From<FailureKind> for ErrorKind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Input => ErrorKind::Input,
            FailureKind::Environment => ErrorKind::Environment,
            FailureKind::Guest => ErrorKind::Guest,
            FailureKind::Cancelled => ErrorKind::Cancelled,
            FailureKind::Internal => ErrorKind::Internal,
        }
    }
}

impl From<&Failure> for WireError {
    fn from(failure: &Failure) -> Self {
        let kind = ErrorKind::from(failure.kind);
        let code = match kind {
            ErrorKind::Cancelled => "cancelled",
            _ => "build_failed",
        };
        WireError {
            causes: failure.causes.clone(),
            hints: failure.hints.clone(),
            ..WireError::new(kind, code, failure.message.clone())
        }
    }
}

impl From<StepError> for WireError {
    fn from(error: StepError) -> Self {
        WireError::from(error.failure())
    }
}
