//! What an open template and the disk know of each other.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::Project;
use crate::document::{Document, Language};
use crate::edit::{self, Change, RawPatch};
use crate::files::Files;
use crate::syntax::FileId;

/// What became of a file that another program changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Merged {
    /// The changes of both are in the text now, as a step that undo takes back.
    Done(Change),
    /// Both changed the same lines: nothing happened yet.
    Conflict(DiskConflict),
}

/// A file that was changed here and by another program, in the same place.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskConflict {
    /// The file.
    pub file: PathBuf,
    /// Whether it was deleted.
    pub deleted: bool,
    /// What is on disk against what is here, as a unified diff.
    pub difference: String,
}

/// A text that was not saved, for bringing it back after a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaved {
    /// The file.
    pub file: PathBuf,
    /// What was on disk when it was edited; `None` for a new file.
    pub base: Option<String>,
    /// The text.
    pub text: String,
}

impl Project {
    /// Also reads the files with values of variables that belong to the template, so that a renaming reaches them:
    /// those given, and in a folder every `*.pkrvars.hcl` and `*.pkrvars.json`. What cannot be read is left out.
    pub fn attend(&mut self, files: &dyn Files, var_files: &[PathBuf]) {
        let mut paths = var_files.to_vec();
        if self.is_folder {
            let entries = files.list(&self.path).unwrap_or_default();
            paths.extend(entries.into_iter().filter(|entry| {
                let name = entry.to_string_lossy();
                name.ends_with(".pkrvars.hcl") || name.ends_with(".pkrvars.json")
            }));
        }
        for path in paths {
            if self.documents.iter().any(|document| cleaned(document.path()) == cleaned(&path)) {
                continue;
            }
            let Ok(bytes) = files.read(&path) else { continue };
            let id = FileId(self.documents.len() as u32);
            let language = match Language::of(&path.to_string_lossy()) {
                Language::VariableValues => Language::VariableValues,
                _ => Language::JsonVariableValues,
            };
            self.saved.push(Some(bytes.clone()));
            self.documents.push(Document::with_language(id, path, bytes, language));
        }
    }

    /// The disk, with the text as it is here in place of the files that are open.
    pub fn overlay<'a>(&'a self, files: &'a dyn Files, cwd: &'a Path) -> Overlay<'a> {
        Overlay { project: self, files, cwd }
    }

    /// The files that differ from what is on disk.
    pub fn dirty(&self) -> Vec<PathBuf> {
        let pairs = self.documents.iter().zip(&self.saved);
        pairs.filter(|(document, saved)| content(document) != saved.as_deref()).map(path_of).collect()
    }

    /// Every file that is known to be on disk, or is open and to be written.
    pub fn known_files(&self) -> Vec<PathBuf> {
        let pairs = self.documents.iter().zip(&self.saved);
        pairs.filter(|(document, saved)| document.is_present() || saved.is_some()).map(path_of).collect()
    }

    /// The bytes to write to a file; `None` when it is to be removed, or is not open.
    pub fn bytes(&self, path: &Path) -> Option<&[u8]> {
        self.documents.iter().find(|document| document.path() == path).and_then(content)
    }

    /// Notes that a file on disk is now as it is here: written, or removed.
    pub fn mark_saved(&mut self, path: &Path) {
        for (document, saved) in self.documents.iter().zip(&mut self.saved) {
            if document.path() == path {
                *saved = content(document).map(<[u8]>::to_vec);
            }
        }
    }

    /// The bytes of a file as they are on disk, as far as known: to notice a change by another program before
    /// writing over it. `None` when it is not there.
    pub fn saved_bytes(&self, path: &Path) -> Option<&[u8]> {
        let index = self.documents.iter().position(|document| document.path() == path)?;
        self.saved.get(index)?.as_deref()
    }

    /// Takes in what another program made of a file: by lines, if both did not change the same. `theirs` is what is
    /// on disk, nothing when it was deleted.
    pub fn merge(&mut self, path: &Path, theirs: Option<&[u8]>) -> Option<Merged> {
        let index = self.documents.iter().position(|document| document.path() == path)?;
        let document = self.documents.get(index)?;
        let base = self.saved.get(index)?.as_deref();
        let text = theirs.map(std::str::from_utf8);
        let merged = match (base.map(std::str::from_utf8), text) {
            // The same here and there, or only here.
            _ if content(document) == theirs || base == theirs => Some(document.text().to_owned()),
            (Some(Ok(base)), Some(Ok(theirs))) if document.is_present() && !document.is_read_only() => {
                diffy::merge(base, document.text(), theirs).ok()
            }
            _ => None,
        };
        let Some(merged) = merged else {
            return Some(Merged::Conflict(DiskConflict {
                file: path.to_owned(),
                deleted: theirs.is_none(),
                difference: difference(theirs, document),
            }));
        };
        let patches = edit::line_patches(document, &merged);
        *self.saved.get_mut(index)? = theirs.map(<[u8]>::to_vec);
        Some(Merged::Done(self.step(patches)))
    }

    /// Goes on with the text as it is here, whatever is on disk: the next save writes over that.
    pub fn keep_mine(&mut self, path: &Path, theirs: Option<&[u8]>) {
        for (document, saved) in self.documents.iter().zip(&mut self.saved) {
            if document.path() == path {
                *saved = theirs.map(<[u8]>::to_vec);
            }
        }
    }

    /// Takes the text that is on disk, as a step that undo takes back. `None` when the file is not open, or what is
    /// on disk is not UTF-8 text, which has to be opened anew.
    pub fn take_theirs(&mut self, path: &Path, theirs: &[u8]) -> Option<Change> {
        let index = self.documents.iter().position(|document| document.path() == path)?;
        let document = self.documents.get(index)?;
        let patches = edit::line_patches(document, std::str::from_utf8(theirs).ok()?);
        *self.saved.get_mut(index)? = Some(theirs.to_vec());
        Some(self.step(patches))
    }

    /// The texts that would be lost now.
    pub fn unsaved(&self) -> Vec<Unsaved> {
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).ok();
        let pairs = self.documents.iter().zip(&self.saved);
        let lost = pairs.filter(|(document, saved)| {
            document.is_present() && !document.is_read_only() && content(document) != saved.as_deref()
        });
        lost.map(|(document, saved)| Unsaved {
            file: document.path().to_owned(),
            base: saved.as_ref().and_then(text),
            text: document.text().to_owned(),
        })
        .collect()
    }

    /// Brings texts back that were not saved, as one step that undo takes back. Where the file on disk has changed
    /// since, both are merged by lines; where both changed the same, the unsaved text wins.
    pub fn restore(&mut self, unsaved: &[Unsaved]) -> Change {
        let mut patches = Vec::new();
        for one in unsaved {
            let there = self.documents.iter().position(|document| document.path() == one.file);
            let index = there.unwrap_or_else(|| {
                let id = FileId(self.documents.len() as u32);
                self.documents.push(Document::absent(id, one.file.clone()));
                self.saved.push(None);
                self.documents.len() - 1
            });
            let Some(document) = self.documents.get(index) else { continue };
            if !document.is_present() {
                let patch = RawPatch::new(document, 0, 0, one.text.clone());
                patches.push(RawPatch { existence: Some(true), ..patch });
                continue;
            }
            let base = one.base.as_deref().unwrap_or("");
            let text = diffy::merge(base, &one.text, document.text()).unwrap_or_else(|_| one.text.clone());
            patches.extend(edit::line_patches(document, &text));
        }
        self.step(patches)
    }

    fn step(&mut self, patches: Vec<RawPatch>) -> Change {
        let patches = edit::tidy(patches);
        let change = self.change(&patches);
        if !patches.is_empty() {
            self.history.record(patches, false);
        }
        change
    }
}

fn path_of((document, _): (&Document, &Option<Vec<u8>>)) -> PathBuf {
    document.path().to_owned()
}

/// What of a document is to be on disk.
fn content(document: &Document) -> Option<&[u8]> {
    document.is_present().then(|| document.bytes())
}

fn difference(theirs: Option<&[u8]>, mine: &Document) -> String {
    let theirs = String::from_utf8_lossy(theirs.unwrap_or_default());
    diffy::create_patch(&theirs, mine.text()).to_string()
}

/// A path without `.` components.
fn cleaned(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

/// The disk, with the text of the open files in place of what is on it.
pub struct Overlay<'a> {
    project: &'a Project,
    files: &'a dyn Files,
    cwd: &'a Path,
}

impl Overlay<'_> {
    fn open(&self, path: &Path) -> Option<&Document> {
        let path = cleaned(&self.cwd.join(path));
        let same = |document: &&Document| cleaned(&self.cwd.join(document.path())) == path;
        self.project.documents.iter().find(same).filter(|document| document.is_present())
    }
}

impl Files for Overlay<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.open(path) {
            Some(document) => Ok(document.bytes().to_vec()),
            None => self.files.read(path),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        self.files.list(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.files.is_dir(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.open(path).is_some() || self.files.exists(path)
    }
}
