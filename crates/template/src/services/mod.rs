//! What an editor asks while a template is read and written: completion, hover, signatures, declarations,
//! references, renaming, folding and symbols. The window and the language server give the same answers, from the
//! analysis that `validate` uses.
//!
//! Everything works on text that is broken, as it is while somebody types, and nothing here runs a program or looks
//! outside the template's folder.

mod colours;
mod complete;
mod cursor;
mod cursor_json;
mod find;
mod hover;
mod navigate;
mod notes;
mod schema;
mod structure;
#[cfg(test)]
mod tests;
mod words;

pub use words::function_help;

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::config::{Inputs, Resolver};
use crate::diagnostic::Place;
use crate::document::Document;
use crate::files::Files;
use crate::project::Project;
use crate::references::References;
use crate::syntax::FileId;
use cursor::Cursor;

pub use colours::{Colour, Coloured};
pub use navigate::Usage;
pub use structure::{DocumentSymbol, Fold, FoldKind, SymbolRole};

/// A few words about something, as a popup shows them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Note {
    /// What it is called, or its signature.
    pub title: String,
    /// Type, default and unit in one line.
    pub detail: Option<String>,
    /// What there is to say, a paragraph each.
    pub text: Vec<String>,
    /// Its value, secrets masked.
    pub value: Option<String>,
    /// Where it is declared.
    pub declared: Option<Place>,
}

impl Note {
    pub(crate) fn new(title: impl Into<String>) -> Note {
        Note { title: title.into(), ..Note::default() }
    }

    pub(crate) fn say(mut self, text: impl Into<String>) -> Note {
        self.text.push(text.into());
        self
    }

    /// The note in Markdown, as language servers show it.
    pub fn markdown(&self) -> String {
        let mut parts = vec![format!("**`{}`**", self.title)];
        if let Some(detail) = &self.detail {
            parts[0].push_str(&format!(" — {detail}"));
        }
        parts.extend(self.text.iter().cloned());
        if let Some(value) = &self.value {
            parts.push(format!("```\n{}\n```", value.replace("```", "'''")));
        }
        if let Some(place) = &self.declared {
            parts.push(format!("Declared at {place}"));
        }
        parts.join("\n\n")
    }
}

/// What a completion stands for; decides its icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CompletionKind {
    /// A block.
    Block,
    /// An option of a block.
    Option,
    /// A type of source, provisioner or post-processor.
    Type,
    /// A value an option may have.
    Value,
    /// A variable.
    Variable,
    /// A local.
    Local,
    /// A source.
    Source,
    /// A function.
    Function,
    /// A name of the language: `var`, `path.root`.
    Name,
    /// A field of a Go template.
    Field,
}

/// One thing that can be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CompletionItem {
    /// What the list shows, and what typing is compared with.
    pub label: String,
    /// What it stands for.
    pub kind: CompletionKind,
    /// A few words behind it: a type, a default.
    pub detail: Option<String>,
    /// More about it.
    pub note: Option<Note>,
    /// What is written. Places to fill in are `${1:text}`, numbered in order, when it is a snippet.
    pub insert: String,
    /// Whether `insert` holds places to fill in.
    pub snippet: bool,
    /// Lower comes first.
    pub rank: u32,
}

/// What can be written at a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Completions {
    /// What is replaced: from the start of the word to the cursor.
    pub replace: Place,
    /// What it can be replaced by.
    pub items: Vec<CompletionItem>,
}

/// What is known about a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Hover {
    /// What is said.
    pub note: Note,
    /// About what.
    pub place: Place,
}

/// The call the cursor is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Signature {
    /// `join(string, list...)`
    pub label: String,
    /// What it does.
    pub help: Option<String>,
    /// Where the parameters stand in the label: first byte and byte after.
    pub parameters: Vec<(u32, u32)>,
    /// The parameter the cursor is in, from 0; beyond the last one there is none.
    pub active: Option<u32>,
}

/// Answers about one project, as its text is.
pub struct Editor<'a> {
    project: &'a Project,
    files: &'a dyn Files,
    inputs: &'a Inputs,
    references: OnceCell<References>,
    resolver: OnceCell<Resolver<'a>>,
}

impl<'a> Editor<'a> {
    /// Answers about a project under these inputs.
    pub fn new(project: &'a Project, files: &'a dyn Files, inputs: &'a Inputs) -> Self {
        Editor { project, files, inputs, references: OnceCell::new(), resolver: OnceCell::new() }
    }

    fn document(&self, file: FileId) -> Option<&'a Document> {
        self.project.document(file)
    }

    /// Who declares and uses what.
    fn references(&self) -> &References {
        self.references.get_or_init(|| References::of(self.project.documents()))
    }

    /// What expressions come to.
    fn resolver(&self) -> &Resolver<'a> {
        self.resolver.get_or_init(|| Resolver::new(self.project, self.files, self.inputs))
    }

    fn cursor(&self, document: &Document, offset: u32) -> Cursor {
        if document.language().is_json() {
            cursor_json::json(document, offset)
        } else {
            let mut cursor = cursor::native(document.text(), offset);
            find::tell(&mut cursor.blocks, document.body(), offset);
            cursor
        }
    }
}

/// The greatest offset at or before one that is between two characters.
fn floor(text: &str, offset: u32) -> u32 {
    let mut at = (offset as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at as u32
}
