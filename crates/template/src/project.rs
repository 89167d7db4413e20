//! The open set of documents: one file, or the templates of a folder.

use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Place};
use crate::document::Document;
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
    #[error("{path}: the folder holds no *.pkr.hcl file; name a template file, or a folder that holds one")]
    NoTemplates {
        /// The folder.
        path: PathBuf,
    },
    /// A language that is not read yet.
    #[error("{path}: JSON templates are not supported yet; convert it with `packer hcl2_upgrade` to *.pkr.hcl")]
    UnsupportedLanguage {
        /// The file.
        path: PathBuf,
    },
}

/// An open template: its documents, their revision and their undo history.
#[derive(Debug, Clone)]
pub struct Project {
    path: PathBuf,
    is_folder: bool,
    documents: Vec<Document>,
    revision: u64,
}

impl Project {
    /// Opens a file, or every `*.pkr.hcl` directly in a folder in name order. A single file is opened alone.
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
            entries.retain(|entry| entry.to_string_lossy().ends_with(".pkr.hcl") && !files.is_dir(entry));
            entries.sort();
            if entries.is_empty() {
                return Err(OpenError::NoTemplates { path: path.to_owned() });
            }
            entries
        } else {
            if path.extension().is_some_and(|extension| extension == "json") {
                return Err(OpenError::UnsupportedLanguage { path: path.to_owned() });
            }
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
        Ok(Self { path: path.to_owned(), is_folder, documents, revision: 0 })
    }

    /// The path that was opened, as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a folder was opened. Only then do `*.auto.pkrvars.*` files beside the templates apply.
    pub fn is_folder(&self) -> bool {
        self.is_folder
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
}
