//! Edits as minimal patches of the text.
//!
//! An [`Edit`] says what is meant ("set `memory` of this block"); it is turned into [`Patch`]es computed from
//! spans. What the edit does not concern stays byte for byte: comments, order, alignment, line endings.

mod attribute;
mod block;
mod history;
mod json;
mod lines;
mod list;
mod write;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::blocks::{self, BlockRef};
use crate::document::{Document, Utf16Position};

pub(crate) use history::{History, RawPatch, apply_patches, difference, tidy};

/// A value to write for an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum AttributeValue {
    /// An expression of the language, as it will stand in the file.
    Expression(String),
    /// Plain text: nothing in it is interpolated, quoting is done here.
    String(String),
    /// Text whose `${...}` and `%{...}` stay sequences; the rest is quoted here.
    Template(String),
    /// A number; whole numbers are written without a fraction.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `[a, b]`. Over an existing list only the elements that differ are touched.
    List(Vec<AttributeValue>),
    /// `{ key = value }` in this order.
    Map(Vec<(String, AttributeValue)>),
}

/// A range of the text of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "unit", rename_all = "snake_case")]
pub enum EditRange {
    /// In bytes, a byte order mark included.
    Bytes {
        /// First byte.
        start: u32,
        /// Byte after.
        end: u32,
    },
    /// As a text editor counts.
    Utf16 {
        /// Where it starts.
        start: Utf16Position,
        /// Where it ends.
        end: Utf16Position,
    },
}

/// Where a block goes, in relation to another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "where", content = "block", rename_all = "snake_case")]
pub enum Destination {
    /// Directly before that block.
    Before(String),
    /// Directly after that block.
    After(String),
}

/// Something to change. Blocks are named as in [`crate::blocks`], files by [`Document::name`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum Edit {
    /// Sets an argument: replaces exactly the value when it is set already, else adds a line.
    SetAttribute {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
        /// Its new value.
        value: AttributeValue,
    },
    /// Removes an argument with its line and the comment at the end of that line. Nothing happens when unset.
    UnsetAttribute {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
    },
    /// Replaces one element of a list argument.
    SetElement {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
        /// Which element, from 0.
        index: usize,
        /// Its new value.
        value: AttributeValue,
    },
    /// Adds an element to a list argument.
    InsertElement {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
        /// Before which element, from 0; the length appends.
        index: usize,
        /// The element.
        value: AttributeValue,
    },
    /// Removes an element of a list argument.
    RemoveElement {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
        /// Which element, from 0.
        index: usize,
    },
    /// Adds a block.
    AddBlock {
        /// The block it goes into; none for the top of a file.
        parent: Option<String>,
        /// `source`, `provisioner` ...
        kind: String,
        /// Its labels.
        labels: Vec<String>,
        /// What it holds at first.
        attributes: Vec<(String, AttributeValue)>,
        /// After which block; none for the end.
        after: Option<String>,
    },
    /// Removes a block with the comment lines directly above it.
    RemoveBlock {
        /// Which block.
        block: String,
    },
    /// Moves a block with the comment lines directly above it.
    MoveBlock {
        /// Which block.
        block: String,
        /// Where to.
        to: Destination,
    },
    /// Writes a second copy of a block directly after it.
    DuplicateBlock {
        /// Which block.
        block: String,
    },
    /// Changes a label of a block.
    SetLabel {
        /// Which block.
        block: String,
        /// Which label, from 0.
        index: usize,
        /// The new label.
        label: String,
    },
    /// Replaces text. Line breaks of the new text become those of the file.
    ReplaceText {
        /// In which file.
        file: String,
        /// What is replaced.
        range: EditRange,
        /// The new text.
        text: String,
    },
    /// Several edits in order, as one step of undo.
    Several {
        /// The edits.
        edits: Vec<Edit>,
    },
}

/// One piece of text that changes, in terms of the document before the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Patch {
    /// Which file.
    pub file: String,
    /// First byte replaced.
    pub start: u32,
    /// Byte after the last one replaced.
    pub end: u32,
    /// `start` as a text editor counts.
    pub from: Utf16Position,
    /// `end` as a text editor counts.
    pub to: Utf16Position,
    /// The new text.
    pub text: String,
}

/// What an edit, an undo or a redo did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Change {
    /// The revision after it.
    #[ts(type = "number")]
    pub revision: u64,
    /// The pieces that changed; all in terms of the documents before the change, in rising order within a file.
    pub patches: Vec<Patch>,
    /// The name of the block that was added, moved or renamed, after the change.
    pub block: Option<String>,
}

/// Why an edit is refused. The documents are untouched then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The edit was made for an older text.
    #[error(
        "the text has changed since (revision {current}, the edit is for {base}); look at it again and repeat the edit"
    )]
    Stale {
        /// The revision the edit was made for.
        base: u64,
        /// The revision of the project.
        current: u64,
    },
    /// The document cannot be written back faithfully.
    #[error("{file} is not UTF-8 text and open read-only; convert it to UTF-8 first")]
    ReadOnly {
        /// The document.
        file: String,
    },
    /// There is no such block.
    #[error("there is no block `{block}`; it may have been removed or renamed")]
    UnknownBlock {
        /// As asked for.
        block: String,
    },
    /// There is no such document.
    #[error("{file} is not open in this project")]
    UnknownFile {
        /// As asked for.
        file: String,
    },
    /// The argument is not set, or is not a list written out in the file.
    #[error(
        "`{name}` of `{block}` is not a list with an element {index} that could be edited; edit it as text"
    )]
    NoElement {
        /// The block.
        block: String,
        /// The argument.
        name: String,
        /// The element.
        index: usize,
    },
    /// Not a name of the language.
    #[error(
        "`{name}` cannot be a name: names start with a letter or `_` and go on with letters, digits, `_` and `-`"
    )]
    BadName {
        /// As asked for.
        name: String,
    },
    /// The text is no expression.
    #[error("`{text}` is not an expression: {message}")]
    BadExpression {
        /// As given.
        text: String,
        /// What the parser says.
        message: String,
    },
    /// The range lies outside the text or cuts a character or line break apart.
    #[error("{file}: there is no text range {start}..{end}")]
    BadRange {
        /// The document.
        file: String,
        /// First byte.
        start: u32,
        /// Byte after.
        end: u32,
    },
    /// The block has no such label.
    #[error("`{block}` has no label number {}", index + 1)]
    NoLabel {
        /// The block.
        block: String,
        /// From 0.
        index: usize,
    },
    /// JSON has no place for what is asked for.
    #[error("{what} cannot be done in a JSON template this way; edit it as text")]
    NotInJson {
        /// What was asked for.
        what: String,
    },
    /// A block cannot go there.
    #[error("`{block}` cannot be moved next to a block inside itself")]
    IntoItself {
        /// The block.
        block: String,
    },
}

/// The patches of an edit, per document in rising order, and the place where the block it is about starts after
/// the change: (document, byte).
pub(crate) struct Planned {
    pub(crate) patches: Vec<RawPatch>,
    pub(crate) about: Option<About>,
}

/// How to find the block an edit was about once the edit is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// Index of the document.
    pub(crate) file: usize,
    /// A byte of the header, in terms of the text after the change.
    pub(crate) offset: u32,
}

impl Planned {
    fn only(patches: Vec<RawPatch>) -> Self {
        Self { patches, about: None }
    }
}

/// Plans one edit against the documents; [`Edit::Several`] is taken apart by the caller.
pub(crate) fn plan(documents: &[Document], edit: &Edit) -> Result<Planned, EditError> {
    if let Some(planned) = json::plan(documents, edit)? {
        return Ok(planned);
    }
    let target = |id: &str| Target::find(documents, id);
    match edit {
        Edit::SetAttribute { block, name, value } => {
            attribute::set(&target(block)?, name, value).map(Planned::only)
        }
        Edit::UnsetAttribute { block, name } => Ok(Planned::only(attribute::unset(&target(block)?, name))),
        Edit::SetElement { block, name, index, value } => {
            list::set(&target(block)?, name, *index, value).map(Planned::only)
        }
        Edit::InsertElement { block, name, index, value } => {
            list::insert(&target(block)?, name, *index, value).map(Planned::only)
        }
        Edit::RemoveElement { block, name, index } => {
            list::remove(&target(block)?, name, *index).map(Planned::only)
        }
        Edit::AddBlock { parent, kind, labels, attributes, after } => {
            let new = block::NewBlock { kind, labels, attributes };
            block::add(documents, parent.as_deref(), &new, after.as_deref())
        }
        Edit::RemoveBlock { block } => Ok(Planned::only(block::remove(&target(block)?))),
        Edit::MoveBlock { block, to } => block::relocate(documents, &target(block)?, to),
        Edit::DuplicateBlock { block } => Ok(block::duplicate(&target(block)?)),
        Edit::SetLabel { block, index, label } => block::set_label(&target(block)?, *index, label),
        Edit::ReplaceText { file, range, text } => replace_text(documents, file, *range, text),
        Edit::Several { .. } => Ok(Planned::only(Vec::new())),
    }
}

/// A block together with its document.
pub(crate) struct Target<'a> {
    document: &'a Document,
    found: BlockRef<'a>,
}

impl<'a> Target<'a> {
    fn find(documents: &'a [Document], id: &str) -> Result<Self, EditError> {
        let unknown = || EditError::UnknownBlock { block: id.to_owned() };
        let found = blocks::find(documents, id).ok_or_else(unknown)?;
        let document = documents.get(found.file.0 as usize).ok_or_else(unknown)?;
        if document.language().is_json() {
            return Err(EditError::NotInJson { what: "this edit".to_owned() });
        }
        Ok(Self { document, found })
    }

    fn patch(&self, start: u32, end: u32, text: impl Into<String>) -> RawPatch {
        RawPatch::new(self.document, start, end, text)
    }
}

fn replace_text(
    documents: &[Document],
    file: &str,
    range: EditRange,
    text: &str,
) -> Result<Planned, EditError> {
    let document = documents
        .iter()
        .find(|document| document.name() == file)
        .ok_or_else(|| EditError::UnknownFile { file: file.to_owned() })?;
    let (start, end) = match range {
        EditRange::Bytes { start, end } => (Some(start), Some(end)),
        EditRange::Utf16 { start, end } => (document.offset(start), document.offset(end)),
    };
    let (start, end) = (start.unwrap_or(u32::MAX), end.unwrap_or(u32::MAX));
    let whole = |at: u32| {
        let at = at as usize;
        let bytes = document.text().as_bytes();
        let splits_break = at > 0 && bytes.get(at - 1) == Some(&b'\r') && bytes.get(at) == Some(&b'\n');
        document.text().is_char_boundary(at) && !splits_break
    };
    if start > end || !whole(start) || !whole(end) {
        return Err(EditError::BadRange { file: file.to_owned(), start, end });
    }
    let text = write::with_line_ending(text, document.line_ending());
    Ok(Planned::only(vec![RawPatch::new(document, start, end, text)]))
}
