//! The open set of documents: one file, or the templates of a folder.

mod disk;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use crate::blocks::{self, BlockRef};
use crate::diagnostic::{Diagnostic, Place};
use crate::document::{Document, Language};
use crate::edit::{self, Change, Edit, EditError, History, Patch, RawPatch, Scene};
use crate::files::Files;
use crate::references::References;
use crate::syntax::{FileId, Span};

pub use disk::{DiskConflict, Merged, Overlay, Unsaved};

/// Edits for older texts are rebased over at most so many changes.
const REMEMBERED: usize = 256;

/// Why a path cannot be opened as a template.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing is there.
    #[error("{path}: there is no such file or folder; check the path")]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// It could not be read.
    #[error("{path}: cannot be read: {source}")]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A folder without a template.
    #[error(
        "{path}: the folder holds no *.pkr.hcl or *.pkr.json file; name a template file, or a folder that holds one"
    )]
    NoTemplates {
        /// The folder.
        path: PathBuf,
    },
}

/// An open template: its documents, their revision and their undo history.
#[derive(Debug, Clone)]
pub struct Project {
    path: PathBuf,
    is_folder: bool,
    /// The templates, and after them what else belongs to them: files with values of variables, new scripts.
    documents: Vec<Document>,
    templates: usize,
    /// The bytes on disk, as far as known: as read, or as last saved. `None` for a file that is not there.
    saved: Vec<Option<Vec<u8>>>,
    revision: u64,
    history: History,
    /// The last changes with the revision after each, for edits that were made for an older text.
    changes: VecDeque<(u64, Vec<RawPatch>)>,
}

impl Project {
    /// Opens a file, or every `*.pkr.hcl` and then every `*.pkr.json` directly in a folder in name order. A single
    /// file is opened alone; one that has neither name is a template of Packer's first language, JSON.
    ///
    /// # Errors
    /// When there is nothing to open; broken content is no error but a diagnostic.
    pub fn open(files: &dyn Files, path: &Path) -> Result<Self, OpenError> {
        if !files.exists(path) {
            return Err(OpenError::NotFound { path: path.to_owned() });
        }
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Unreadable { path, source }
        };
        let is_folder = files.is_dir(path);
        let paths = if is_folder {
            let mut entries = files.list(path).map_err(unreadable(path))?;
            let native = |entry: &PathBuf| entry.to_string_lossy().ends_with(".pkr.hcl");
            let json = |entry: &PathBuf| entry.to_string_lossy().ends_with(".pkr.json");
            entries.retain(|entry| (native(entry) || json(entry)) && !files.is_dir(entry));
            // The native ones first (packer.md 1.1).
            entries.sort_by_key(|entry| (json(entry), entry.clone()));
            if entries.is_empty() {
                return Err(OpenError::NoTemplates { path: path.to_owned() });
            }
            entries
        } else {
            vec![path.to_owned()]
        };
        let documents = paths
            .iter()
            .enumerate()
            .map(|(index, path)| {
                let bytes = files.read(path).map_err(unreadable(path))?;
                Ok(Document::new(FileId(index as u32), path.clone(), bytes))
            })
            .collect::<Result<Vec<_>, OpenError>>()?;
        Ok(Self {
            path: path.to_owned(),
            is_folder,
            saved: documents.iter().map(|document| Some(document.bytes().to_vec())).collect(),
            templates: documents.len(),
            documents,
            revision: 0,
            history: History::default(),
            changes: VecDeque::new(),
        })
    }

    /// The path that was opened, as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a folder was opened. Only then do `*.auto.pkrvars.*` files beside the templates apply.
    pub fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// Whether it is a template of Packer's first language (packer.md 1.1).
    pub fn is_legacy(&self) -> bool {
        self.documents().iter().any(|document| document.language() == Language::LegacyTemplate)
    }

    /// The folder of the template (`path.root`), as typed: possibly relative, `.` for a bare file name.
    pub fn root(&self) -> &Path {
        if self.is_folder {
            return &self.path;
        }
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    /// The templates in name order; position and [`FileId`] agree.
    pub fn documents(&self) -> &[Document] {
        self.documents.get(..self.templates).unwrap_or(&self.documents)
    }

    /// What else belongs to the template and exists: files with values of variables, scripts that an edit made.
    pub fn beside(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter().skip(self.templates).filter(|document| document.is_present())
    }

    /// The template of that number.
    pub fn document(&self, id: FileId) -> Option<&Document> {
        self.documents().get(id.0 as usize)
    }

    /// Who declares and uses what, in the templates and in the files with values of variables.
    pub fn references(&self) -> References {
        References::of(self.documents().iter().chain(self.beside()))
    }

    /// Grows with every change, undo and redo included.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A span as a place with lines and columns; `None` for a span of a file outside the project.
    pub fn place(&self, span: Span) -> Option<Place> {
        Some(self.document(span.file)?.place_of(span))
    }

    /// Problems of encoding and syntax in all documents.
    pub fn syntax_diagnostics(&self) -> Vec<Diagnostic> {
        self.documents().iter().flat_map(|document| document.diagnostics().iter().cloned()).collect()
    }

    /// The block of that name (see [`crate::blocks`]).
    pub fn block(&self, id: &str) -> Option<BlockRef<'_>> {
        blocks::find(self.documents(), id)
    }

    /// Does an edit as one step of undo. `base` is the revision it was made for: where the text has changed since,
    /// the edit is done as it was meant if the changes in between touch none of its places.
    ///
    /// # Errors
    /// When the edit is stale or cannot be done; the text is untouched then.
    pub fn apply(&mut self, base: u64, edit: &Edit) -> Result<Change, EditError> {
        let stale = EditError::Stale { base, current: self.revision };
        let since = self.since(base).ok_or(stale.clone())?;
        let mut before = self.documents.clone();
        for patches in since.iter().rev() {
            edit::apply_patches(&mut before, &edit::inverse(patches));
        }
        let mut after = before.clone();
        let root = self.root().to_owned();
        let mut work = Work { documents: &mut after, templates: self.templates, root: &root, patches: None };
        let about = work.apply(edit)?;
        let patches = match work.patches.take() {
            Some(patches) => patches,
            None => edit::difference(&before, &after),
        };
        let patches = edit::tidy(patches);
        if !since.is_empty() && !self.in_the_same_blocks(&before, &patches, &since) {
            return Err(stale);
        }
        let rebased = edit::rebase(patches, &since).ok_or(stale)?;
        self.refuse_read_only(&rebased)?;
        let about = about.map(|about| moved(about, &since));
        // Files that did not exist, and do not yet: their patches make them.
        for document in after.get(self.documents.len()..).unwrap_or_default() {
            let id = FileId(self.documents.len() as u32);
            self.documents.push(Document::absent(id, document.path().to_owned()));
            self.saved.push(None);
        }
        let rebased = self.with_new_files(rebased, &after);
        let typing = matches!(edit, Edit::ReplaceText { .. });
        let declared = (!typing).then(|| self.references());
        let mut change = self.change(&rebased);
        if !rebased.is_empty() {
            self.history.record(rebased, typing);
        }
        change.block = about.and_then(|about| edit::block_at(self.documents(), about));
        change.warnings =
            declared.map_or_else(Vec::new, |before| edit::left_undeclared(&before, &self.documents));
        Ok(change)
    }

    /// The changes since a revision; `None` when it is unknown.
    fn since(&self, base: u64) -> Option<Vec<&[RawPatch]>> {
        let missed = usize::try_from(self.revision.checked_sub(base)?).ok()?;
        let first = self.changes.len().checked_sub(missed)?;
        Some(self.changes.iter().skip(first).map(|(_, patches)| patches.as_slice()).collect())
    }

    /// Whether the blocks that patches for an older text are in are still where they were: not switched off meanwhile.
    fn in_the_same_blocks(&self, before: &[Document], patches: &[RawPatch], since: &[&[RawPatch]]) -> bool {
        let then = blocks::all(before.get(..self.templates).unwrap_or_default());
        let now = blocks::all(self.documents());
        patches.iter().all(|patch| {
            let around = then.iter().rev().find(|found| {
                let body = found.block.body.span;
                found.file.0 as usize == patch.file && body.start <= patch.start && patch.start <= body.end
            });
            let Some(around) = around else { return true };
            let header = edit::place_now(patch.file, around.block.header.start, since);
            now.iter().any(|found| {
                found.file == around.file
                    && Some(found.block.header.start) == header
                    && found.block.kind.name == around.block.kind.name
            })
        })
    }

    /// With the patches that make the files that `after` has besides.
    fn with_new_files(&self, mut patches: Vec<RawPatch>, after: &[Document]) -> Vec<RawPatch> {
        for (old, new) in self.documents.iter().zip(after) {
            let known = patches.iter().any(|patch| patch.file == old.id().0 as usize);
            if !old.is_present() && new.is_present() && !known {
                let patch = RawPatch::new(old, 0, 0, new.text());
                patches.push(RawPatch { existence: Some(true), ..patch });
            }
        }
        edit::tidy(patches)
    }

    /// Takes back the last step, across files. `None` when there is none.
    pub fn undo(&mut self) -> Option<Change> {
        let patches = self.history.undo()?;
        Some(self.change(&patches))
    }

    /// Does the last undone step again. `None` when there is none.
    pub fn redo(&mut self) -> Option<Change> {
        let patches = self.history.redo()?;
        Some(self.change(&patches))
    }

    /// Whether [`Project::undo`] would do something.
    pub fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    /// Whether [`Project::redo`] would do something.
    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    fn refuse_read_only(&self, patches: &[RawPatch]) -> Result<(), EditError> {
        for patch in patches {
            match self.documents.get(patch.file) {
                Some(document) if document.is_read_only() => {
                    return Err(EditError::ReadOnly { file: document.name().to_owned() });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Applies patches that are in terms of the text as it is and describes them to an editor.
    fn change(&mut self, patches: &[RawPatch]) -> Change {
        let described =
            patches.iter().filter_map(|patch| describe(self.documents.get(patch.file)?, patch)).collect();
        edit::apply_patches(&mut self.documents, patches);
        if !patches.is_empty() {
            self.revision += 1;
            self.changes.push_back((self.revision, patches.to_vec()));
            if self.changes.len() > REMEMBERED {
                self.changes.pop_front();
            }
        }
        Change { revision: self.revision, patches: described, block: None, warnings: Vec::new() }
    }
}

fn describe(before: &Document, patch: &RawPatch) -> Option<Patch> {
    Some(Patch {
        file: before.name().to_owned(),
        start: patch.start,
        end: patch.end(),
        from: before.utf16(patch.start),
        to: before.utf16(patch.end()),
        text: patch.inserted.clone(),
    })
}

/// Where a block is once the changes that an edit did not know of are counted in.
fn moved(about: edit::About, changes: &[&[RawPatch]]) -> edit::About {
    let mut offset = i64::from(about.offset);
    for patch in changes.iter().copied().flatten() {
        if patch.file == about.file && i64::from(patch.start) < offset {
            offset += patch.inserted.len() as i64 - patch.removed.len() as i64;
        }
    }
    edit::About { offset: u32::try_from(offset).unwrap_or(about.offset), ..about }
}

/// Documents on which edits are tried.
struct Work<'a> {
    documents: &'a mut Vec<Document>,
    templates: usize,
    root: &'a Path,
    /// The patches of an edit that has no parts: exactly what it means.
    patches: Option<Vec<RawPatch>>,
}

impl Work<'_> {
    fn scene(&self) -> Scene<'_> {
        Scene { all: self.documents, templates: self.templates }
    }

    fn apply(&mut self, edit: &Edit) -> Result<Option<edit::About>, EditError> {
        if edit::is_compound(edit) {
            return self.in_order(edit);
        }
        let planned = edit::plan(&self.scene(), edit)?;
        self.patches = Some(planned.patches);
        Ok(planned.about)
    }

    /// Does the parts of an edit one after the other, each in terms of what the one before left.
    fn in_order(&mut self, edit: &Edit) -> Result<Option<edit::About>, EditError> {
        if let Edit::CreateFile { file, text } = edit {
            edit::create(self.documents, self.root, file, text)?;
            return Ok(None);
        }
        if let Some(parts) = edit::parts(&self.scene(), edit)? {
            let mut about = None;
            for part in &parts {
                about = self.in_order(part)?.or(about);
            }
            return Ok(about);
        }
        let planned = edit::plan(&self.scene(), edit)?;
        edit::apply_patches(self.documents, &edit::tidy(planned.patches));
        let copy = matches!(edit, Edit::DuplicateBlock { .. });
        let named = planned.about.filter(|_| copy).and_then(|about| {
            let templates = self.scene().templates();
            edit::name_of_copy(templates, &edit::block_at(templates, about)?)
        });
        match named {
            // A copy of something with a name gets a name of its own.
            Some(label) => self.in_order(&label),
            None => Ok(planned.about),
        }
    }
}
