//! What an editor asks about an open template.

use goldsmith_template::references::Symbol;
use goldsmith_template::services::{Completions, DocumentSymbol, Fold, Hover, Signature, Usage};
use goldsmith_template::{Place, Utf16Position};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::SessionId;

/// A place in an open template.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AtPlace {
    /// The open template.
    pub session: SessionId,
    /// The file.
    pub file: String,
    /// Where in it.
    pub at: Utf16Position,
}

/// A file of an open template.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OfFile {
    /// The open template.
    pub session: SessionId,
    /// The file.
    pub file: String,
}

/// A place in the value of an argument, as a form field holds it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct InValue {
    /// The open template.
    pub session: SessionId,
    /// The block's id in the outline.
    pub block: String,
    /// The argument.
    pub name: String,
    /// The text of the field.
    pub text: String,
    /// Where in it, in UTF-16 units from its start.
    pub at: u32,
}

/// What can be written at a place.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CompletionAnswer {
    /// The completions; none where nothing is known.
    pub completions: Option<Completions>,
}

/// What can be written in a field.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ValueCompletions {
    /// Where the word starts that a completion replaces, in UTF-16 units.
    pub from: u32,
    /// What can be written.
    pub items: Vec<goldsmith_template::services::CompletionItem>,
}

/// What is known about a place.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct HoverAnswer {
    /// What is known, if anything.
    pub hover: Option<Hover>,
}

/// The call around a place.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SignatureAnswer {
    /// The call, if there is one.
    pub signature: Option<Signature>,
}

/// Where something is declared and used.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Usages {
    /// What it is; nothing when the place names nothing.
    pub symbol: Option<Symbol>,
    /// Where its name stands at the place that was asked about.
    pub place: Option<Place>,
    /// Every place that declares or uses it.
    pub usages: Vec<Usage>,
}

/// The shape of a file.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FileShape {
    /// What it declares.
    pub symbols: Vec<DocumentSymbol>,
    /// What can be folded.
    pub folds: Vec<Fold>,
}
