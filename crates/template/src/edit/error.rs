//! Why an edit is refused.

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
    /// JSON has no comments.
    #[error(
        "JSON has no comments, so {what} cannot be switched off and stay in the file; remove it (undo brings it back), or limit a step with `only` and `except`"
    )]
    NoComments {
        /// What was to be disabled.
        what: String,
    },
    /// It shares its lines with something else.
    #[error(
        "{what} shares a line with something else, so its lines cannot be commented out; put it on lines of its own first"
    )]
    SharedLine {
        /// What was to be disabled.
        what: String,
    },
    /// The argument is not set.
    #[error("`{block}` has no argument `{name}`; it may have been removed or renamed")]
    NoAttribute {
        /// The block.
        block: String,
        /// The argument.
        name: String,
    },
    /// The new name stands for something already.
    #[error("there is already a {kind} `{name}`; choose another name")]
    NameTaken {
        /// What sort of thing.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Nothing of that name is declared.
    #[error("the template declares no {kind} `{name}`; it may have been removed or renamed")]
    Undeclared {
        /// What sort of thing.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The file is there already.
    #[error("{file} exists already; choose another name")]
    FileExists {
        /// The file.
        file: String,
    },
    /// The file is outside the template's folder.
    #[error("{file} is not a path inside the template's folder; give one such as scripts/install.sh")]
    OutsideFolder {
        /// As asked for.
        file: String,
    },
    /// The value cannot become what was asked for.
    #[error("{what}: {why}")]
    Unsuitable {
        /// What was asked for.
        what: String,
        /// Why not, and what to do.
        why: String,
    },
}
