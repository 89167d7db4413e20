//! Outline and form.
use goldsmith_template::{Diagnostic, Place};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The blocks of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Outline {
    /// The blocks at the top of the files, in the order of the files.
    pub nodes: Vec<OutlineNode>,
}

/// One block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OutlineNode {
    /// Names it in forms and edits; see [`crate::blocks`].
    pub id: String,
    /// `source`, `build`, `provisioner` ...
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// What to call it: `qemu.web`, `shell`, the name of a variable.
    pub title: String,
    /// What sets it apart from its neighbours: a script, a name, a default.
    pub detail: Option<String>,
    /// From its first to its last character.
    pub place: Place,
    /// Errors in it, blocks inside it included.
    pub errors: u32,
    /// Warnings in it, blocks inside it included.
    pub warnings: u32,
    /// Whether it is a component that Goldsmith keeps but does not build.
    pub foreign: bool,
    /// The blocks in it.
    pub children: Vec<OutlineNode>,
}

/// The form of a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Form {
    /// The block, as edits name it.
    pub block: String,
    /// What to call it, as in the outline.
    pub title: String,
    /// `source`, `provisioner`, `variable` ...
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// What it does.
    pub help: Option<String>,
    /// The fields under their headings, in the order of the option table.
    pub groups: Vec<FormGroup>,
    /// The blocks in it.
    pub nested: Vec<OutlineNode>,
    /// Whether it is a component that Goldsmith keeps but does not build.
    pub foreign: bool,
    /// Where it is.
    pub place: Place,
}

/// Fields under one heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FormGroup {
    /// The heading.
    pub name: String,
    /// The fields.
    pub fields: Vec<Field>,
}

/// One option of a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct Field {
    /// Packer's own name.
    pub name: String,
    /// A human title.
    pub title: String,
    /// Which widget suits: `string`, `integer`, `bool`, `duration`, `size`, `list`, `integer_list`, `rows`,
    /// `map`, `block`, or `expression` for a value of any kind.
    #[serde(rename = "type")]
    pub ty: String,
    /// Its unit.
    pub unit: Option<String>,
    /// What it does.
    pub help: String,
    /// Its default, as written.
    pub default: Option<String>,
    /// Whether it must be set.
    pub required: bool,
    /// Whether most people never touch it.
    pub advanced: bool,
    /// Whether it is set.
    pub set: bool,
    /// The source of the value, exactly as in the file.
    pub text: Option<String>,
    /// The value when it is written out: a string, number, bool, list or map without anything to evaluate.
    #[ts(type = "unknown")]
    pub literal: Option<serde_json::Value>,
    /// What an expression comes to, for reading; absent for a written-out value and for what is not known.
    pub resolved: Option<String>,
    /// The values it may take, when few.
    pub choices: Vec<String>,
    /// What is wrong with it.
    pub problems: Vec<Diagnostic>,
    /// Whether its value is a secret.
    pub sensitive: bool,
    /// What a path points at: `file`, `folder` or `output`.
    pub path: Option<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
    /// Where it is set.
    pub place: Option<Place>,
}
