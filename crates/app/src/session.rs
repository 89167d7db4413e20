//! Open templates: the text, the values it is read with, and what is known of the files on disk.

use std::collections::HashMap;
use std::fs::Metadata;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use goldsmith_process::durable::Staged;
use goldsmith_template::{Analysis, Change, Edit, EditError, Files as _, Inputs, Project, analyze};

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

/// What a file was when it was last read or written: cheap to compare before its bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    len: u64,
    inode: u64,
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        Stamp { modified: (meta.mtime(), meta.mtime_nsec()), len: meta.len(), inode: meta.ino() }
    }
}

/// One open template.
pub(crate) struct Session {
    project: Project,
    files: DiskFiles,
    cwd: PathBuf,
    inputs: TemplateInputs,
    stamps: HashMap<PathBuf, Stamp>,
    analysis: Option<(u64, Arc<Analysis>)>,
}

impl Session {
    /// Opens a file or folder.
    pub fn open(core: &Core, path: &str, inputs: TemplateInputs) -> Result<Self, WireError> {
        let path = if path.starts_with('~') { core.absolute(path) } else { PathBuf::from(path) };
        Self::with_files(core, path, DiskFiles::new(core.setup().cwd.clone()), inputs)
    }

    /// Opens a text that is on no disk, under a name that says its language.
    pub fn of_text(core: &Core, name: &str, text: &str, inputs: TemplateInputs) -> Result<Self, WireError> {
        let files = DiskFiles::new(core.setup().cwd.clone()).with_text(PathBuf::from(name), text);
        Self::with_files(core, PathBuf::from(name), files, inputs)
    }

    fn with_files(
        core: &Core,
        path: PathBuf,
        files: DiskFiles,
        inputs: TemplateInputs,
    ) -> Result<Self, WireError> {
        let cwd = core.setup().cwd.clone();
        let project = Project::open(&files, &path)?;
        let mut session = Session { project, files, cwd, inputs, stamps: HashMap::new(), analysis: None };
        session.stamp_all();
        Ok(session)
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The values it is read with.
    pub fn inputs(&self) -> &TemplateInputs {
        &self.inputs
    }

    /// The files as it sees them.
    pub fn files(&self) -> &DiskFiles {
        &self.files
    }

    /// Other values.
    pub fn set_inputs(&mut self, inputs: TemplateInputs) {
        self.inputs = inputs;
        self.analysis = None;
    }

    /// Reads everything from disk again.
    pub fn reload(&mut self) -> Result<(), WireError> {
        self.project = Project::open(&self.files, self.project.path())?;
        self.analysis = None;
        self.stamp_all();
        Ok(())
    }

    fn stamp_all(&mut self) {
        self.stamps.clear();
        for document in self.project.documents() {
            if let Ok(meta) = self.cwd.join(document.path()).metadata() {
                self.stamps.insert(document.path().to_owned(), Stamp::of(&meta));
            }
        }
    }

    /// What is wrong with the text as it is; nothing outside the template's folder is looked at.
    pub fn analysis(&mut self, core: &Core) -> Arc<Analysis> {
        if let Some((revision, analysis)) = &self.analysis
            && *revision == self.project.revision()
        {
            return analysis.clone();
        }
        let inputs = core.inputs(&self.inputs, false);
        let analysis = Arc::new(analyze(&self.project, &self.files, &inputs));
        self.analysis = Some((self.project.revision(), analysis.clone()));
        analysis
    }

    /// What a build makes of the text as it is.
    pub fn full_analysis(&self, inputs: &Inputs) -> Analysis {
        analyze(&self.project, &self.files, inputs)
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
        let (patches, block) = change.map_or((Vec::new(), None), |change| (change.patches, change.block));
        Changed {
            patches,
            block,
            revision: self.project.revision(),
            outline: self.project.outline_with(&analysis.diagnostics),
            diagnostics: analysis.diagnostics.clone(),
            dirty: self.dirty(),
            can_undo: self.project.can_undo(),
            can_redo: self.project.can_redo(),
        }
    }

    /// Files that are no longer on disk as they were read or written. The time stamp decides where it is the same,
    /// the bytes where it is not.
    pub fn changed_on_disk(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for document in self.project.documents() {
            let path = document.path();
            let stamp = self.cwd.join(path).metadata().ok().map(|meta| Stamp::of(&meta));
            if stamp.is_some() && stamp == self.stamps.get(path).copied() {
                continue;
            }
            match (self.files.read(path), self.project.saved_bytes(path)) {
                (Ok(there), Some(known)) if there == known => {
                    if let Some(stamp) = stamp {
                        self.stamps.insert(path.to_owned(), stamp);
                    }
                }
                _ => changed.push(path.to_owned()),
            }
        }
        changed
    }

    /// Writes changed files: beside, synced, renamed. Refused, before anything is written, when one of them
    /// changed on disk, unless it may be overwritten.
    pub fn save(&mut self, file: Option<&str>, overwrite: bool) -> Result<Vec<String>, WireError> {
        let wanted = |path: &Path| file.is_none_or(|file| path == Path::new(file));
        let doomed: Vec<PathBuf> = self.project.dirty().into_iter().filter(|path| wanted(path)).collect();
        if !overwrite {
            let foreign = self.changed_on_disk();
            if let Some(path) = doomed.iter().find(|path| foreign.contains(path)) {
                let title = format!("{} was changed by another program since it was opened", path.display());
                return Err(WireError::input("file_changed", title)
                    .hint("Reload it, which loses the changes made here, or save over it, which loses the changes made there."));
            }
        }
        let mut saved = Vec::new();
        for path in doomed {
            let bytes = self.project.documents().iter().find(|document| document.path() == path);
            let Some(bytes) = bytes.map(|document| document.bytes().to_vec()) else { continue };
            self.write(&path, &bytes)?;
            self.project.mark_saved(&path);
            saved.push(path.to_string_lossy().into_owned());
        }
        Ok(saved)
    }

    /// Through links, and with the mode the file has.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), WireError> {
        let named = self.cwd.join(path);
        let target = named.canonicalize().unwrap_or(named);
        let write = || -> std::io::Result<Metadata> {
            let mut staged = Staged::beside(&target)?;
            if let Ok(there) = target.metadata() {
                staged.file_mut().set_permissions(there.permissions())?;
            }
            staged.write_all(bytes)?;
            staged.commit()?.metadata()
        };
        let meta = write().map_err(|error| {
            WireError::environment("unwritable", format!("cannot write {}", path.display()))
                .because(&error)
                .hint("Nothing was changed on disk; the text is still open here.")
        })?;
        self.stamps.insert(path.to_owned(), Stamp::of(&meta));
        Ok(())
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
