//! Open templates: the text, the values it is read with, and what is known of the files on disk.

mod disk;
mod unsaved;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use goldsmith_template::project::{Overlay, Unsaved};
use goldsmith_template::{Analysis, Change, Edit, EditError, Inputs, Project, analyze};

use crate::core::{Core, lock};
use crate::error::WireError;
use crate::files::DiskFiles;
use crate::wire::{Changed, DocumentText, SessionId, TemplateInputs, TemplateState};

/// All open templates.
#[derive(Default)]
pub(crate) struct Sessions {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    count: u64,
    sessions: HashMap<SessionId, Arc<Mutex<Session>>>,
}

impl Sessions {
    /// Keeps a template and names it.
    pub fn add(&self, session: Session) -> SessionId {
        let mut open = lock(&self.open);
        open.count += 1;
        let id = format!("t{}", open.count);
        open.sessions.insert(id.clone(), Arc::new(Mutex::new(session)));
        id
    }

    /// An open template.
    pub fn get(&self, id: &str) -> Result<Arc<Mutex<Session>>, WireError> {
        lock(&self.open).sessions.get(id).cloned().ok_or_else(|| {
            WireError::input("no_such_session", format!("no template is open under the name {id}"))
                .hint("Open it again.")
        })
    }

    /// Forgets a template.
    pub fn close(&self, id: &str) {
        lock(&self.open).sessions.remove(id);
    }
}

/// One open template.
pub(crate) struct Session {
    project: Project,
    files: DiskFiles,
    cwd: PathBuf,
    inputs: TemplateInputs,
    stamps: HashMap<PathBuf, disk::Stamp>,
    analysis: Option<(u64, Arc<Analysis>)>,
    /// The revision whose unsaved texts are kept for the case of a crash.
    kept: Option<u64>,
    /// Texts of an earlier session that were not saved, until the user decides what becomes of them.
    earlier: Vec<Unsaved>,
}

impl Session {
    /// Opens a file or folder.
    pub fn open(core: &Core, path: &str, inputs: TemplateInputs) -> Result<Self, WireError> {
        let setup = core.setup();
        if setup.at_template {
            let path = core.absolute(path);
            let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
            let cwd = folder.unwrap_or(&setup.cwd).to_owned();
            return Self::with_files(path, DiskFiles::new(cwd.clone()), cwd, inputs);
        }
        let path = if path.starts_with('~') { core.absolute(path) } else { PathBuf::from(path) };
        Self::with_files(path, DiskFiles::new(setup.cwd.clone()), setup.cwd.clone(), inputs)
    }

    /// Opens a text that is on no disk, under a name that says its language.
    pub fn of_text(core: &Core, name: &str, text: &str, inputs: TemplateInputs) -> Result<Self, WireError> {
        let cwd = core.setup().cwd.clone();
        let files = DiskFiles::new(cwd.clone()).with_text(PathBuf::from(name), text);
        Self::with_files(PathBuf::from(name), files, cwd, inputs)
    }

    fn with_files(
        path: PathBuf,
        files: DiskFiles,
        cwd: PathBuf,
        inputs: TemplateInputs,
    ) -> Result<Self, WireError> {
        let project = Project::open(&files, &path)?;
        let mut session = Session {
            project,
            files,
            cwd,
            inputs,
            stamps: HashMap::new(),
            analysis: None,
            kept: None,
            earlier: Vec::new(),
        };
        session.attend();
        Ok(session)
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The working folder: where its relative paths start from.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// What it is read with. `external` allows what looks outside its folder.
    pub fn read_with(&self, core: &Core, external: bool) -> Inputs {
        Inputs { cwd: self.cwd.clone(), ..core.inputs(&self.inputs, external) }
    }

    /// The files as it sees them: those on disk, with the text as it is here in place of those that are open.
    pub fn files(&self) -> Overlay<'_> {
        self.project.overlay(&self.files, &self.cwd)
    }

    /// Also looks after the files with values of variables.
    fn attend(&mut self) {
        let var_files: Vec<PathBuf> = self.inputs.var_files.iter().map(PathBuf::from).collect();
        self.project.attend(&self.files, &var_files);
        self.stamp_all();
    }

    /// Other values.
    pub fn set_inputs(&mut self, inputs: TemplateInputs) {
        self.inputs = inputs;
        self.analysis = None;
        self.attend();
    }

    /// Reads everything from disk again.
    pub fn reload(&mut self) -> Result<(), WireError> {
        self.project = Project::open(&self.files, self.project.path())?;
        self.analysis = None;
        self.attend();
        Ok(())
    }

    /// What is wrong with the text as it is; nothing outside the template's folder is looked at.
    pub fn analysis(&mut self, core: &Core) -> Arc<Analysis> {
        if let Some((revision, analysis)) = &self.analysis
            && *revision == self.project.revision()
        {
            return analysis.clone();
        }
        let inputs = self.read_with(core, false);
        let analysis = Arc::new(analyze(&self.project, &self.files(), &inputs));
        self.analysis = Some((self.project.revision(), analysis.clone()));
        analysis
    }

    /// What a build makes of the text as it is.
    pub fn full_analysis(&self, inputs: &Inputs) -> Analysis {
        analyze(&self.project, &self.files(), inputs)
    }

    /// Everything the window shows.
    pub fn state(&mut self, core: &Core) -> TemplateState {
        let analysis = self.analysis(core);
        TemplateState {
            revision: self.project.revision(),
            documents: self
                .project
                .documents()
                .iter()
                .chain(self.project.beside())
                .map(|document| DocumentText {
                    file: document.name().to_owned(),
                    text: document.text().to_owned(),
                    read_only: document.is_read_only(),
                })
                .collect(),
            outline: self.project.outline_with(&analysis.diagnostics),
            diagnostics: analysis.diagnostics.clone(),
            inputs: self.inputs.clone(),
            dirty: self.dirty(),
            can_undo: self.project.can_undo(),
            can_redo: self.project.can_redo(),
        }
    }

    /// Files whose text differs from what is on disk.
    pub fn dirty(&self) -> Vec<String> {
        self.project.dirty().iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// Does an edit.
    pub fn apply(&mut self, core: &Core, base: u64, edit: &Edit) -> Result<Changed, WireError> {
        self.refuse_existing(edit)?;
        let change = self.project.apply(base, edit)?;
        Ok(self.changed(core, Some(change)))
    }

    /// Takes a step back.
    pub fn undo(&mut self, core: &Core) -> Changed {
        let change = self.project.undo();
        self.changed(core, change)
    }

    /// Takes a step forth again.
    pub fn redo(&mut self, core: &Core) -> Changed {
        let change = self.project.redo();
        self.changed(core, change)
    }

    fn changed(&mut self, core: &Core, change: Option<Change>) -> Changed {
        let analysis = self.analysis(core);
        let change = change.unwrap_or_else(|| Change {
            revision: self.project.revision(),
            patches: Vec::new(),
            block: None,
            warnings: Vec::new(),
        });
        let open = self.project.documents().iter().chain(self.project.beside());
        Changed {
            patches: change.patches,
            block: change.block,
            warnings: change.warnings,
            files: open.map(|document| document.name().to_owned()).collect(),
            revision: self.project.revision(),
            outline: self.project.outline_with(&analysis.diagnostics),
            diagnostics: analysis.diagnostics.clone(),
            dirty: self.dirty(),
            can_undo: self.project.can_undo(),
            can_redo: self.project.can_redo(),
        }
    }
}

impl From<EditError> for WireError {
    fn from(error: EditError) -> Self {
        let code = match &error {
            EditError::Stale { .. } => "stale_edit",
            EditError::ReadOnly { .. } => "read_only",
            EditError::UnknownBlock { .. } => "unknown_block",
            EditError::UnknownFile { .. } => "unknown_file",
            EditError::BadName { .. } => "bad_name",
            EditError::BadExpression { .. } => "bad_expression",
            EditError::FileExists { .. } => "file_exists",
            EditError::NameTaken { .. } => "name_taken",
            EditError::NoComments { .. } => "no_comments",
            _ => "bad_edit",
        };
        crate::classify::said(crate::error::ErrorKind::Input, code, &error)
    }
}

impl Core {
    /// What a template is read with. `external` allows what looks outside its folder.
    pub(crate) fn inputs(&self, given: &TemplateInputs, external: bool) -> Inputs {
        let setup = self.setup();
        let mut random = [0; 24];
        setup.random.fill(&mut random);
        let (uuid, seed) = random.split_at(16);
        let uuid = uuid
            .try_into()
            .map_or_else(|_| uuid::Uuid::nil(), |bytes| uuid::Builder::from_random_bytes(bytes).into_uuid());
        Inputs {
            vars: given.vars.clone(),
            var_files: given.var_files.iter().map(PathBuf::from).collect(),
            env: setup.env.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            only: given.only.clone(),
            except: given.except.clone(),
            cwd: setup.cwd.clone(),
            home: setup.env.home(),
            now: setup.clock.now(),
            run_uuid: uuid,
            random: seed.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)),
            external,
        }
    }
}
