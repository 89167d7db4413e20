//! The open set of documents: one file, or the templates of a folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::blocks::{self, BlockRef};
use crate::diagnostic::{Diagnostic, Place};
use crate::document::{Document, Language};
use crate::edit::{self, Change, Edit, EditError, History, Patch, RawPatch};
use crate::files::Files;
use crate::syntax::{FileId, Span};

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
    documents: Vec<Document>,
    /// The bytes on disk, as far as known: as read, or as last saved.
    saved: Vec<Vec<u8>>,
    revision: u64,
    history: History,
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
        let saved = documents.iter().map(|document| document.bytes().to_vec()).collect();
        let history = History::default();
        Ok(Self { path: path.to_owned(), is_folder, documents, saved, revision: 0, history })
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
        self.documents.iter().any(|document| document.language() == Language::LegacyTemplate)
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

    /// The documents in name order; position and [`FileId`] agree.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The document of that number.
    pub fn document(&self, id: FileId) -> Option<&Document> {
        self.documents.get(id.0 as usize)
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
        self.documents.iter().flat_map(|document| document.diagnostics().iter().cloned()).collect()
    }

    /// The block of that name (see [`crate::blocks`]).
    pub fn block(&self, id: &str) -> Option<BlockRef<'_>> {
        blocks::find(&self.documents, id)
    }

    /// Does an edit as one step of undo, if it was made for the text as it is (`base` is the revision it was
    /// made for).
    ///
    /// # Errors
    /// When the edit is stale or cannot be done; the text is untouched then.
    pub fn apply(&mut self, base: u64, edit: &Edit) -> Result<Change, EditError> {
        if base != self.revision {
            return Err(EditError::Stale { base, current: self.revision });
        }
        let (patches, about) = match edit {
            Edit::Several { .. } => {
                let mut after = self.documents.clone();
                let about = apply_in_order(&mut after, edit)?;
                (edit::difference(&self.documents, &after), about)
            }
            _ => {
                let planned = edit::plan(&self.documents, edit)?;
                (planned.patches, planned.about)
            }
        };
        self.refuse_read_only(&patches)?;
        let typing = matches!(edit, Edit::ReplaceText { .. });
        let patches = edit::tidy(patches);
        let mut change = self.change(&patches);
        if !patches.is_empty() {
            self.history.record(patches, typing);
        }
        change.block = about.and_then(|about| block_at(&self.documents, about));
        Ok(change)
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

    /// The files whose text differs from what is on disk.
    pub fn dirty(&self) -> Vec<PathBuf> {
        let pairs = self.documents.iter().zip(&self.saved);
        pairs
            .filter(|(document, saved)| document.bytes() != saved.as_slice())
            .map(|(d, _)| d.path().to_owned())
            .collect()
    }

    /// Notes that the text of a file as it is now has been written to disk.
    pub fn mark_saved(&mut self, path: &Path) {
        for (document, saved) in self.documents.iter().zip(&mut self.saved) {
            if document.path() == path {
                *saved = document.bytes().to_vec();
            }
        }
    }

    /// The bytes of a file as they are on disk, as far as known: to notice a change by another program before
    /// writing over it.
    pub fn saved_bytes(&self, path: &Path) -> Option<&[u8]> {
        let index = self.documents.iter().position(|document| document.path() == path)?;
        self.saved.get(index).map(Vec::as_slice)
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
        self.revision += u64::from(!patches.is_empty());
        Change { revision: self.revision, patches: described, block: None }
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

/// Does edits one after the other, each in terms of what the one before left.
fn apply_in_order(documents: &mut Vec<Document>, edit: &Edit) -> Result<Option<edit::About>, EditError> {
    if let Edit::Several { edits } = edit {
        let mut about = None;
        for edit in edits {
            about = apply_in_order(documents, edit)?;
        }
        return Ok(about);
    }
    let planned = edit::plan(documents, edit)?;
    edit::apply_patches(documents, &edit::tidy(planned.patches));
    Ok(planned.about)
}

/// The name of the block whose header starts at that place.
fn block_at(documents: &[Document], about: edit::About) -> Option<String> {
    blocks::all(documents)
        .into_iter()
        .find(|found| {
            let document = documents.get(about.file);
            // In JSON, the labels may stand apart from the object that is the block.
            let start = match document.is_some_and(|document| document.language().is_json()) {
                true => found.block.body.span.start.saturating_sub(1),
                false => found.block.header.start,
            };
            found.file.0 as usize == about.file && start == about.offset
        })
        .map(|found| found.id)
}
