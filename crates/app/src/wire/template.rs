//! Open templates: documents, outline, form, edits, checks.

use goldsmith_template::{Diagnostic, Edit, Form, Outline, Patch};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Names an open template; valid until it is closed or the program ends.
pub type SessionId = String;

/// What a template is read with: the values given from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TemplateInputs {
    /// `name` and value, in order; a later one wins. Packer's `-var`.
    pub vars: Vec<(String, String)>,
    /// Files of values. Packer's `-var-file`.
    pub var_files: Vec<String>,
    /// Globs over the full names of builds to keep. Packer's `-only`.
    pub only: Vec<String>,
    /// Globs over the full names of builds to leave out. Packer's `-except`.
    pub except: Vec<String>,
}

/// Opens a template file or folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct OpenTemplate {
    /// A file (`*.pkr.hcl`, `*.pkr.json`, `*.json`) or a folder of them.
    pub path: String,
    /// The values it is read with.
    #[serde(default)]
    pub inputs: TemplateInputs,
    /// Whether it appears among the recent templates.
    #[serde(default)]
    pub remember: bool,
}

/// Names a session.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OfSession {
    /// The open template.
    pub session: SessionId,
}

/// A template that is open.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OpenedTemplate {
    /// Names it in later requests.
    pub session: SessionId,
    /// The absolute path that was opened.
    pub path: String,
    /// What to call it: the name of the file or folder.
    pub name: String,
    /// Whether a folder was opened.
    pub folder: bool,
    /// Texts that an earlier session did not save; [`RecoverTemplate`] decides what becomes of them.
    pub recovery: Option<Recovery>,
    /// Everything to show.
    pub state: TemplateState,
}

/// Everything the window shows of an open template.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TemplateState {
    /// The revision the rest describes; edits name it as their base.
    pub revision: u64,
    /// Every file of the template, with its text.
    pub documents: Vec<DocumentText>,
    /// The tree of blocks.
    pub outline: Outline,
    /// Everything wrong or remarkable, worst first.
    pub diagnostics: Vec<Diagnostic>,
    /// The values it is read with.
    pub inputs: TemplateInputs,
    /// Files whose text differs from what is on disk.
    pub dirty: Vec<String>,
    /// Whether there is something to undo.
    pub can_undo: bool,
    /// Whether there is something to redo.
    pub can_redo: bool,
}

/// One file of a template.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DocumentText {
    /// Its path, as places and edits name it.
    pub file: String,
    /// Its text. Line breaks are as in the file.
    pub text: String,
    /// Whether it cannot be edited here (it is not UTF-8).
    pub read_only: bool,
}

/// The form of one block.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TemplateForm {
    /// The open template.
    pub session: SessionId,
    /// The block's id in the outline.
    pub block: String,
}

/// A form, or nothing when the block is gone.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct FormAnswer {
    /// The revision the form describes.
    pub revision: u64,
    /// The form.
    pub form: Option<Form>,
}

/// Edits an open template; one step of undo.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ApplyEdit {
    /// The open template.
    pub session: SessionId,
    /// The revision the edit was made against.
    pub base: u64,
    /// What to change.
    pub edit: Edit,
}

/// What an edit, an undo or a redo changed.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Changed {
    /// Text patches, in the order to apply them. Empty when there was nothing to undo or redo.
    pub patches: Vec<Patch>,
    /// The block it is about, for selecting it.
    pub block: Option<String>,
    /// What it leaves behind: uses of something that is declared no more.
    pub warnings: Vec<Diagnostic>,
    /// Every open file after it.
    pub files: Vec<String>,
    /// The revision after it.
    pub revision: u64,
    /// The tree of blocks after it.
    pub outline: Outline,
    /// What is wrong after it.
    pub diagnostics: Vec<Diagnostic>,
    /// Files whose text differs from what is on disk.
    pub dirty: Vec<String>,
    /// Whether there is something to undo.
    pub can_undo: bool,
    /// Whether there is something to redo.
    pub can_redo: bool,
}

/// Sets the values an open template is read with.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SetInputs {
    /// The open template.
    pub session: SessionId,
    /// The values.
    pub inputs: TemplateInputs,
}

/// Writes an open template to disk.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Save {
    /// The open template.
    pub session: SessionId,
    /// Only this file; all changed files when absent.
    #[serde(default)]
    pub file: Option<String>,
    /// Write even over a file that changed on disk since it was read.
    #[serde(default)]
    pub overwrite: bool,
}

/// What was written.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Saved {
    /// The files written.
    pub files: Vec<String>,
    /// Files whose text still differs from what is on disk.
    pub dirty: Vec<String>,
}

/// Texts that were not saved when an earlier session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Recovery {
    /// When they were kept last, in milliseconds since 1970.
    pub at_ms: i64,
    /// The files.
    pub files: Vec<String>,
}

/// Decides what becomes of the texts an earlier session did not save.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RecoverTemplate {
    /// The open template.
    pub session: SessionId,
    /// Whether they come back, as one step of undo; else they are forgotten.
    pub restore: bool,
}

/// What became of the changes that other programs made to open files.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DiskMerge {
    /// What it changed here.
    pub changed: Changed,
    /// Files whose changes were taken in.
    pub merged: Vec<String>,
    /// Files that were changed here and there in the same lines.
    pub conflicts: Vec<DiskConflict>,
}

/// A file that was changed here and by another program in the same lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiskConflict {
    /// The file.
    pub file: String,
    /// Whether it was deleted.
    pub deleted: bool,
    /// From what is on disk to what is here, as a unified diff.
    pub difference: String,
}

/// Decides about a file that was changed here and there.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ResolveDisk {
    /// The open template.
    pub session: SessionId,
    /// The file.
    pub file: String,
    /// Which of the two stays.
    pub keep: Keep,
}

/// One of two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The one that is here.
    Mine,
    /// The one on disk.
    Theirs,
}

/// What checking a template found.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Validation {
    /// Whether a build could start: no error.
    pub valid: bool,
    /// How many errors.
    pub errors: u32,
    /// How many warnings.
    pub warnings: u32,
    /// Everything found, worst first.
    pub diagnostics: Vec<Diagnostic>,
    /// The full names of the builds it describes, after `only` and `except`.
    pub jobs: Vec<String>,
}

/// What a template declares, for `inspect`.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Inspection {
    /// Its variables.
    pub variables: Vec<InspectedVariable>,
    /// The full names of its builds.
    pub builds: Vec<InspectedBuild>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// A variable a template declares.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct InspectedVariable {
    /// Its name.
    pub name: String,
    /// Its type, such as `string`.
    pub type_name: String,
    /// Its value; `<sensitive>` when it is, absent when it has none yet.
    pub value: Option<String>,
    /// What its author says of it.
    pub description: Option<String>,
    /// Whether its value is a secret.
    pub sensitive: bool,
}

/// A build a template describes.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct InspectedBuild {
    /// Its full name, as `-only` matches it.
    pub name: String,
    /// The type of its source, such as `qemu`.
    pub source_type: String,
    /// Its provisioners, in order.
    pub provisioners: Vec<String>,
    /// Its chains of post-processors.
    pub post_processors: Vec<Vec<String>>,
}

/// Makes a new template from a starter.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CreateTemplate {
    /// The starter's id.
    pub starter: String,
    /// The folder to make; must not exist or be empty.
    pub directory: String,
}

/// A template that was made.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CreatedTemplate {
    /// Open this.
    pub path: String,
}

/// Templates to offer.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TemplateList {
    /// Opened lately, newest first.
    pub recent: Vec<RecentTemplate>,
    /// Starters that come with Goldsmith.
    pub starters: Vec<Starter>,
}

/// A template that was opened before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecentTemplate {
    /// Its path.
    pub path: String,
    /// What to call it.
    pub name: String,
    /// When it was opened last, in milliseconds since 1970.
    pub opened_at: i64,
    /// Whether it is still there.
    pub exists: bool,
}

/// A template to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Starter {
    /// Names it: its folder.
    pub id: String,
    /// A human title.
    pub title: String,
    /// What it builds, in a sentence.
    pub description: String,
    /// Where it is.
    pub path: String,
}

/// Every component that can be added to a template, for the catalogue.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Catalogue {
    /// The components.
    pub components: Vec<CatalogueEntry>,
}

/// One component.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CatalogueEntry {
    /// `source`, `provisioner` or `post-processor`.
    pub kind: String,
    /// Packer's name for it.
    pub name: String,
    /// A human title.
    pub title: String,
    /// What it does.
    pub help: String,
    /// How many options it has.
    pub options: u32,
    /// Whether it also takes the options of a communicator.
    pub communicator: bool,
}

/// Asks about a component and perhaps one of its options.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct DescribeComponent {
    /// `qemu`, `provisioner.shell`, or one option of it: `qemu.disk_size`, `provisioner.shell.inline`.
    pub subject: String,
}

/// What is known of a component.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ComponentDoc {
    /// The component.
    pub entry: CatalogueEntry,
    /// Its options.
    pub options: Vec<OptionDoc>,
}

/// What is known of an option.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct OptionDoc {
    /// Packer's own name.
    pub name: String,
    /// A human title.
    pub title: String,
    /// Its type, such as `string`, `list of strings`, `duration`.
    pub type_name: String,
    /// The default, in words.
    pub default: Option<String>,
    /// Its unit, such as `MiB`.
    pub unit: Option<String>,
    /// The group it is shown in.
    pub group: String,
    /// Whether it must be set.
    pub required: bool,
    /// Whether most people never touch it.
    pub advanced: bool,
    /// Whether its value is a secret.
    pub sensitive: bool,
    /// What it does.
    pub help: String,
    /// The values it may take, when few.
    pub choices: Vec<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
}

/// What git knows of a template's folder; nothing where there is no repository or no git.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GitState {
    /// The branch, or the short name of the commit where no branch is checked out. Absent without a repository.
    pub branch: Option<String>,
    /// Files of the template that differ from the last commit, as they are in the window; new ones too.
    pub changed: Vec<String>,
    /// The last commit that touched the template.
    pub commit: Option<GitCommit>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GitCommit {
    /// Its short name.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The first line of its message.
    pub subject: String,
}

/// What an open template is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The files on disk.
    Disk,
    /// The last commit.
    Git,
}

/// Compares an open template with what it was.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CompareTemplate {
    /// The open template.
    pub session: SessionId,
    /// With what.
    pub against: Against,
}

/// What differs, file by file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Differences {
    /// Only files that differ.
    pub files: Vec<FileDifference>,
}

/// What differs in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FileDifference {
    /// The file.
    pub file: String,
    /// From what it was to what is in the window, as a unified diff.
    pub difference: String,
}
