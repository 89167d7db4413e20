//! The tools around templates: format, fix, upgrade, console.

use goldsmith_template::Diagnostic;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::TemplateInputs;

/// What language a text without a file name is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TextLanguage {
    /// JSON when it starts with a brace, else HCL.
    #[default]
    Guess,
    /// HCL.
    Hcl,
    /// JSON, Packer's first language.
    Json,
}

/// Opens a template from a text.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct OpenText {
    /// The text.
    pub text: String,
    /// Its language.
    #[serde(default)]
    pub language: TextLanguage,
    /// The values it is read with.
    #[serde(default)]
    pub inputs: TemplateInputs,
}

/// Brings files into canonical format.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct FormatFiles {
    /// Files, or folders whose `*.pkr.hcl` and `*.pkrvars.hcl` are meant.
    pub paths: Vec<String>,
    /// The folders below as well.
    #[serde(default)]
    pub recursive: bool,
    /// Whether they are written; else it is only said what would change.
    #[serde(default)]
    pub write: bool,
}

/// Files that were looked at.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FormattedFiles {
    /// How many were looked at.
    pub looked_at: u32,
    /// Those that are not in canonical format, or were not before.
    pub changed: Vec<FormattedFile>,
    /// What keeps files from being formatted: they are left alone.
    pub diagnostics: Vec<Diagnostic>,
}

/// A file whose format changes.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FormattedFile {
    /// Its path.
    pub file: String,
    /// The change as a unified diff.
    pub diff: String,
}

/// Brings a text into canonical format.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FormatText {
    /// The text.
    pub text: String,
}

/// A text in canonical format.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FormattedText {
    /// The text; as it was when it has errors.
    pub text: String,
    /// Whether it differs from what it was.
    pub changed: bool,
    /// What keeps it from being formatted.
    pub diagnostics: Vec<Diagnostic>,
}

/// Brings a JSON template up to date.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct FixTemplate {
    /// The file. Absent for a text.
    #[serde(default)]
    pub path: Option<String>,
    /// The text, where there is no file.
    #[serde(default)]
    pub text: Option<String>,
    /// Whether the file is written, with only the fixes changed.
    #[serde(default)]
    pub write: bool,
}

/// A template that was brought up to date.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FixedTemplate {
    /// As Packer prints it: sorted.
    pub sorted: String,
    /// The text with only the fixes changed.
    pub edited: String,
    /// The names of the fixes that changed something.
    pub applied: Vec<String>,
    /// What is still wrong with its structure.
    pub diagnostics: Vec<Diagnostic>,
}

/// Writes a JSON template as HCL.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct UpgradeTemplate {
    /// The file. Absent for a text.
    #[serde(default)]
    pub path: Option<String>,
    /// The text, where there is no file.
    #[serde(default)]
    pub text: Option<String>,
    /// Where to write it; nowhere when absent.
    #[serde(default)]
    pub output: Option<String>,
    /// Whether comments explain each part.
    #[serde(default)]
    pub annotations: bool,
}

/// A JSON template in HCL.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct UpgradedTemplate {
    /// The text of a `*.pkr.hcl` file.
    pub text: String,
    /// What a person should look at.
    pub notes: Vec<String>,
    /// What is wrong with it, as it was with the JSON template.
    pub diagnostics: Vec<Diagnostic>,
    /// Where it was written.
    pub written: Option<String>,
}

/// Evaluates an expression.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Evaluate {
    /// The open template.
    pub session: String,
    /// The expression; for a JSON template a text with `{{ }}`.
    pub expression: String,
}

/// The value of an expression.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Evaluated {
    /// As Packer's console prints it. Absent when it cannot be evaluated.
    pub text: Option<String>,
    /// As JSON; secrets masked, what only the build knows by name.
    #[ts(type = "unknown")]
    pub value: serde_json::Value,
    /// What is wrong with the expression.
    pub diagnostics: Vec<Diagnostic>,
}

/// The values of a template.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ValueList {
    /// As Packer's console prints them.
    pub text: String,
    /// Its variables.
    pub variables: Vec<NamedValue>,
    /// Its locals.
    pub locals: Vec<NamedValue>,
}

/// A value with its name.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct NamedValue {
    /// Its name.
    pub name: String,
    /// The value; secrets masked.
    #[ts(type = "unknown")]
    pub value: serde_json::Value,
}

/// What a template declares, in Packer's words.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct InspectedText {
    /// What Packer's `inspect` says, in order.
    pub lines: Vec<InspectedLine>,
}

/// Something `inspect` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InspectedLine {
    /// `ui` for what people see, else a category for programs.
    pub category: String,
    /// What it says.
    pub values: Vec<String>,
}

/// What became of the checksums a template refers to.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CheckedOnline {
    /// Each checksum list that was looked at.
    pub checksums: Vec<CheckedChecksum>,
}

/// A checksum that stands in a list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CheckedChecksum {
    /// The build.
    pub job: String,
    /// Where the list is.
    pub list: String,
    /// The digest found, as `sha256:...`.
    pub digest: Option<String>,
    /// Why there is none.
    pub problem: Option<String>,
}

/// The plugins a template asks for.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RequiredPlugins {
    /// In the order of the template.
    pub plugins: Vec<RequiredPlugin>,
}

/// A plugin a template asks for.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RequiredPlugin {
    /// The name the template gives it.
    pub name: String,
    /// Where Packer has it from, such as `github.com/hashicorp/qemu`.
    pub source: String,
    /// Which versions will do.
    pub version: String,
    /// Whether what it is for is built in here.
    pub built_in: bool,
}
