//! Edits as minimal patches of the text.
//!
//! An [`Edit`] says what is meant ("set `memory` of this block"); it is turned into [`Patch`]es computed from
//! spans. What the edit does not concern stays byte for byte: comments, order, alignment, line endings.

mod attribute;
mod block;
mod compound;
mod error;
mod history;
mod json;
mod list;
mod plan;
mod rename;
mod switch;
mod write;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::diagnostic::Diagnostic;
use crate::document::Utf16Position;
use crate::lines;
use crate::references::Symbol;

pub(crate) use compound::{Scene, create, is_compound, name_of_copy, parts};
pub use error::EditError;
pub(crate) use history::{
    History, RawPatch, apply_patches, difference, inverse, line_patches, place_now, rebase, tidy,
};
pub(crate) use plan::{About, Planned, block_at, plan};
pub(crate) use rename::left_undeclared;

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

/// Something to change. Blocks are named as in [`crate::blocks`], files by [`crate::Document::name`].
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
    /// Changes the name of an argument, keeping its value and the alignment.
    RenameAttribute {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
        /// Its new name.
        to: String,
    },
    /// Turns an argument into a comment, from which [`Edit::EnableAttribute`] brings it back.
    DisableAttribute {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
    },
    /// Makes an argument of the comment that it was turned into.
    EnableAttribute {
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
    /// Moves an element of a list argument, with the comments on its line and directly above it.
    MoveElement {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
        /// Which element, from 0.
        index: usize,
        /// Where it is then, from 0.
        to: usize,
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
    /// Turns a block into comments, from which [`Edit::EnableBlock`] brings it back. In a JSON template a step gets an
    /// `except` with every build.
    DisableBlock {
        /// Which block.
        block: String,
    },
    /// Makes a block of the comments that it was turned into, or takes the `except` away again.
    EnableBlock {
        /// Which block, as the outline names it: see [`crate::disabled`].
        block: String,
    },
    /// Writes a second copy of a block directly after it. A copy of something with a name gets a name of its own.
    DuplicateBlock {
        /// Which block.
        block: String,
    },
    /// Changes a label of a block. Where it names or types a variable, local, source or data source, everything
    /// that refers to it follows.
    SetLabel {
        /// Which block.
        block: String,
        /// Which label, from 0.
        index: usize,
        /// The new label.
        label: String,
    },
    /// Gives a variable, local, source or data source another name, where it is declared and wherever it is used: in
    /// every file, files with values of variables included.
    Rename {
        /// What is renamed.
        symbol: Symbol,
        /// The new name; of a source or data source without the type.
        to: String,
    },
    /// Makes a variable of a value that is written out, and uses it in its place.
    ExtractVariable {
        /// In which block.
        block: String,
        /// The argument.
        name: String,
        /// Only that element of the list, from 0.
        index: Option<usize>,
        /// The name of the new variable.
        variable: String,
    },
    /// Moves the commands of `inline` to a script file of their own.
    MoveScriptToFile {
        /// Which provisioner or post-processor.
        block: String,
        /// The new file, from the template's folder: `scripts/install.sh`.
        file: String,
    },
    /// Writes a new file beside the template.
    CreateFile {
        /// Its path, from the template's folder.
        file: String,
        /// What it holds.
        text: String,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Change {
    /// The revision after it.
    #[ts(type = "number")]
    pub revision: u64,
    /// The pieces that changed; all in terms of the documents before the change, in rising order within a file.
    pub patches: Vec<Patch>,
    /// The name of the block that was added, moved or renamed, after the change.
    pub block: Option<String>,
    /// What the change leaves behind: uses of something that is declared no more.
    pub warnings: Vec<Diagnostic>,
}
