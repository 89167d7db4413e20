//! Templates as other programs' editors hold them: text that is not saved yet over the files on disk.
//!
//! Nothing here runs a program, contacts anything or writes a file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_template::document::Language;
use goldsmith_template::references::{References, Symbol};
use goldsmith_template::syntax::is_ident;
use goldsmith_template::{Analysis, Files, Inputs, Project, Severity, analyze};

use crate::core::Core;
use crate::error::WireError;
use crate::files::DiskFiles;
use crate::wire::TemplateInputs;

pub use goldsmith_template::services::{
    Colour, Coloured, CompletionItem, CompletionKind, Completions, DocumentSymbol, Editor, Fold, FoldKind,
    Hover, Note, Signature, SymbolRole, Usage,
};
pub use goldsmith_template::syntax::FileId;
pub use goldsmith_template::{Diagnostic, Document, Fix, Place, Related, Utf16Position};

/// Files of this computer, with some of them as an editor holds them.
#[derive(Debug, Clone)]
struct Overlay {
    disk: DiskFiles,
    open: Arc<BTreeMap<PathBuf, Vec<u8>>>,
}

impl Files for Overlay {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.open.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.disk.read(path),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let here = self.open.keys().filter(|open| open.parent() == Some(path)).cloned();
        let mut paths: BTreeSet<PathBuf> = here.collect();
        match self.disk.list(path) {
            Ok(entries) => paths.extend(entries),
            Err(error) if paths.is_empty() => return Err(error),
            Err(_) => {}
        }
        Ok(paths.into_iter().collect())
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.disk.is_dir(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.open.contains_key(path) || self.disk.exists(path)
    }
}

/// The files an editor holds.
pub struct Workspace {
    core: Core,
    files: Overlay,
    /// Open templates by the path that was opened, as the files are now.
    known: BTreeMap<PathBuf, Arc<Template>>,
}

/// A template, as the files are now.
pub struct Template {
    project: Project,
    files: Overlay,
    inputs: Inputs,
    analysis: Analysis,
}

/// One replacement of a change over several files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextChange {
    /// What is replaced.
    pub place: Place,
    /// By what.
    pub text: String,
}

impl Workspace {
    /// With nothing open.
    pub fn new(core: &Core) -> Self {
        let disk = DiskFiles::new(core.setup().cwd.clone());
        let files = Overlay { disk, open: Arc::new(BTreeMap::new()) };
        Workspace { core: core.clone(), files, known: BTreeMap::new() }
    }

    /// An editor opened a file or changed its text.
    pub fn set(&mut self, path: PathBuf, text: String) {
        Arc::make_mut(&mut self.files.open).insert(path, text.into_bytes());
        self.known.clear();
    }

    /// An editor closed a file: what is on disk counts again.
    pub fn close(&mut self, path: &Path) {
        Arc::make_mut(&mut self.files.open).remove(path);
        self.known.clear();
    }

    /// Files on disk changed.
    pub fn refresh(&mut self) {
        self.known.clear();
    }

    /// The text of an open file.
    pub fn text(&self, path: &Path) -> Option<&str> {
        self.files.open.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The open files.
    pub fn open_files(&self) -> Vec<PathBuf> {
        self.files.open.keys().cloned().collect()
    }

    /// The template a file belongs to: that of its folder, when the files there are one template, else the file
    /// alone. `None` for a file that is no template and no file of values.
    pub fn template(&mut self, path: &Path) -> Option<Arc<Template>> {
        let name = path.to_string_lossy();
        let in_folder = name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json");
        if in_folder && let Some(folder) = path.parent() {
            let whole = self.load(folder)?;
            if !whole.is_several() {
                return Some(whole);
            }
        } else if Language::of(&name) == Language::LegacyTemplate && !self.looks_like_template(path) {
            return None;
        }
        self.load(path)
    }

    fn load(&mut self, path: &Path) -> Option<Arc<Template>> {
        if let Some(known) = self.known.get(path) {
            return Some(known.clone());
        }
        let project = Project::open(&self.files, path).ok()?;
        let inputs = self.core.inputs(&TemplateInputs::default(), false);
        let values = |document: &Document| {
            matches!(document.language(), Language::VariableValues | Language::JsonVariableValues)
        };
        let analysis = match project.documents().iter().all(values) {
            true => Analysis { diagnostics: project.syntax_diagnostics(), ..Analysis::default() },
            false => analyze(&project, &self.files, &inputs),
        };
        let template = Arc::new(Template { project, files: self.files.clone(), inputs, analysis });
        self.known.insert(path.to_owned(), template.clone());
        Some(template)
    }

    /// Whether a JSON file is a template of Packer's first language, and not something else.
    fn looks_like_template(&self, path: &Path) -> bool {
        let Ok(bytes) = self.files.read(path) else { return false };
        let text = String::from_utf8_lossy(&bytes);
        path.extension().is_some_and(|extension| extension == "json") && text.contains("\"builders\"")
    }
}

impl Template {
    /// Answers about it.
    pub fn editor(&self) -> Editor<'_> {
        Editor::new(&self.project, &self.files, &self.inputs)
    }

    /// The document of a path.
    pub fn document(&self, path: &Path) -> Option<(FileId, &Document)> {
        let found = self.project.documents().iter().find(|document| document.path() == path)?;
        Some((found.id(), found))
    }

    /// Its documents.
    pub fn documents(&self) -> &[Document] {
        self.project.documents()
    }

    /// A file of values beside it.
    pub fn beside(&self, name: &str) -> Option<Document> {
        let bytes = self.files.read(Path::new(name)).ok()?;
        Some(Document::new(FileId(self.documents().len() as u32), name, bytes))
    }

    /// A document in Packer's canonical format; nothing while there are errors of syntax in it, and for JSON, which has
    /// no canonical format.
    pub fn formatted(&self, path: &Path) -> Option<String> {
        let (_, document) = self.document(path)?;
        let clean = document.diagnostics().is_empty() && !document.language().is_json();
        clean.then(|| goldsmith_template::fmt::format(document.text()))
    }

    /// What is wrong with it. That a variable has no value yet is no error while somebody writes.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut all = self.analysis.diagnostics.clone();
        for diagnostic in &mut all {
            if diagnostic.code == "variable.unset" {
                diagnostic.severity = Severity::Info;
            }
        }
        all
    }

    /// Whether the files of the folder are templates of their own: they declare the same things.
    fn is_several(&self) -> bool {
        self.analysis.diagnostics.iter().any(|diagnostic| {
            let file = diagnostic.place.as_ref().map(|place| &place.file);
            diagnostic.code.ends_with(".duplicate")
                && diagnostic.related.iter().any(|related| Some(&related.place.file) != file)
        })
    }

    /// The replacements that give a symbol another name wherever it is declared, used or given a value, in the files
    /// of values beside the template too.
    ///
    /// # Errors
    /// When the name is none, or is taken.
    pub fn rename(&self, symbol: &Symbol, to: &str) -> Result<Vec<TextChange>, WireError> {
        if !is_ident(to) {
            let title = format!("\"{to}\" is not a name");
            return Err(WireError::input("bad_name", title)
                .hint("A name starts with a letter or _ and goes on with letters, digits, _ and -."));
        }
        let mut documents: Vec<Document> = self.project.documents().to_vec();
        for path in self.files.list(self.project.root()).unwrap_or_default() {
            let name = path.to_string_lossy().into_owned();
            let values = name.ends_with(".pkrvars.hcl") || name.ends_with(".pkrvars.json");
            if values && let Ok(bytes) = self.files.read(&path) {
                documents.push(Document::new(FileId(documents.len() as u32), path, bytes));
            }
        }
        let references = References::of(&documents);
        let other = match symbol.type_name() {
            Some(type_name) => format!("{type_name}.{to}"),
            None => to.to_owned(),
        };
        if other != symbol.name && references.declarations(&Symbol::new(symbol.kind, other)).next().is_some()
        {
            let title = format!("there is another \"{to}\" already");
            return Err(WireError::input("name_taken", title).hint("Choose another name."));
        }
        let changes =
            references.all(symbol).filter(|reference| !reference.name.is_empty()).filter_map(|reference| {
                let document = documents.get(reference.name.file.0 as usize)?;
                Some(TextChange { place: document.place_of(reference.name), text: to.to_owned() })
            });
        Ok(changes.collect())
    }
}
