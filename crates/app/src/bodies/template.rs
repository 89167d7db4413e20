//! Open templates: opening, editing, saving, checking; starters.

use std::path::Path;

use goldsmith_template::{Analysis, Severity};

use crate::bodies::library::blocking;
use crate::core::{Core, lock};
use crate::error::WireError;
use crate::session::Session;
use crate::wire::*;

/// Runs something on an open template away from the threads that answer: a large template takes a while.
pub(crate) async fn with_session<T: Send + 'static>(
    core: &Core,
    id: &str,
    work: impl FnOnce(&Core, &mut Session) -> Result<T, WireError> + Send + 'static,
) -> Result<T, WireError> {
    let session = core.sessions().get(id)?;
    let core = core.clone();
    blocking(move || work(&core, &mut lock(&session))).await
}

pub(crate) async fn open_template(core: &Core, request: OpenTemplate) -> Result<OpenedTemplate, WireError> {
    let core = core.clone();
    blocking(move || {
        let mut session = Session::open(&core, &request.path, request.inputs)?;
        let path = core.absolute(&request.path);
        let shown = path.canonicalize().unwrap_or_else(|_| path.clone());
        let name =
            shown.file_name().map_or_else(|| "/".to_owned(), |name| name.to_string_lossy().into_owned());
        if request.remember {
            // A list that cannot be kept is no reason not to open a template.
            let _ = core.remember_template(&shown, &name);
        }
        let state = session.state(&core);
        let folder = session.project().is_folder();
        let recovery = session.recovery(&core);
        let session = core.sessions().add(session);
        Ok(OpenedTemplate {
            session,
            path: shown.to_string_lossy().into_owned(),
            name,
            folder,
            recovery,
            state,
        })
    })
    .await
}

pub(crate) async fn template_state(core: &Core, request: OfSession) -> Result<TemplateState, WireError> {
    with_session(core, &request.session, |core, session| Ok(session.state(core))).await
}

pub(crate) async fn close_template(core: &Core, request: OfSession) -> Result<Done, WireError> {
    // One that is not open is as good as closed.
    let _ = with_session(core, &request.session, |core, session| {
        session.forget(core);
        Ok(())
    })
    .await;
    core.sessions().close(&request.session);
    Ok(Done {})
}

pub(crate) async fn template_form(core: &Core, request: TemplateForm) -> Result<FormAnswer, WireError> {
    with_session(core, &request.session, move |core, session| {
        let analysis = session.analysis(core);
        let inputs = session.read_with(core, false);
        let form = session.project().form(&request.block, &session.files(), &inputs, &analysis.diagnostics);
        Ok(FormAnswer { revision: session.project().revision(), form })
    })
    .await
}

pub(crate) async fn apply_edit(core: &Core, request: ApplyEdit) -> Result<Changed, WireError> {
    with_session(core, &request.session, move |core, session| {
        session.apply(core, request.base, &request.edit)
    })
    .await
}

pub(crate) async fn undo(core: &Core, request: OfSession) -> Result<Changed, WireError> {
    with_session(core, &request.session, |core, session| Ok(session.undo(core))).await
}

pub(crate) async fn redo(core: &Core, request: OfSession) -> Result<Changed, WireError> {
    with_session(core, &request.session, |core, session| Ok(session.redo(core))).await
}

pub(crate) async fn set_inputs(core: &Core, request: SetInputs) -> Result<TemplateState, WireError> {
    with_session(core, &request.session, move |core, session| {
        session.set_inputs(request.inputs);
        Ok(session.state(core))
    })
    .await
}

pub(crate) async fn save(core: &Core, request: Save) -> Result<Saved, WireError> {
    with_session(core, &request.session, move |core, session| {
        let files = session.save(core, request.file.as_deref(), request.overwrite)?;
        Ok(Saved { files, dirty: session.dirty() })
    })
    .await
}

pub(crate) async fn reload(core: &Core, request: OfSession) -> Result<TemplateState, WireError> {
    with_session(core, &request.session, |core, session| {
        session.reload()?;
        Ok(session.state(core))
    })
    .await
}

pub(crate) async fn merge_disk(core: &Core, request: OfSession) -> Result<DiskMerge, WireError> {
    with_session(core, &request.session, |core, session| Ok(session.merge_disk(core))).await
}

pub(crate) async fn resolve_disk(core: &Core, request: ResolveDisk) -> Result<Changed, WireError> {
    with_session(core, &request.session, move |core, session| {
        session.resolve_disk(core, &request.file, request.keep)
    })
    .await
}

pub(crate) async fn recover_template(core: &Core, request: RecoverTemplate) -> Result<Changed, WireError> {
    with_session(core, &request.session, move |core, session| Ok(session.recover(core, request.restore)))
        .await
}

pub(crate) async fn validate(core: &Core, request: OfSession) -> Result<Validation, WireError> {
    with_session(core, &request.session, |core, session| {
        let analysis = session.full_analysis(&session.read_with(core, true));
        let count = |severity: Severity| {
            let found = analysis.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity);
            u32::try_from(found.count()).unwrap_or(u32::MAX)
        };
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let jobs =
            analysis.config.iter().flat_map(|config| &config.jobs).map(|job| job.name.clone()).collect();
        Ok(Validation { valid: errors == 0, errors, warnings, diagnostics: analysis.diagnostics, jobs })
    })
    .await
}

pub(crate) async fn inspect(core: &Core, request: OfSession) -> Result<Inspection, WireError> {
    with_session(core, &request.session, |core, session| {
        Ok(inspection(session.full_analysis(&session.read_with(core, true))))
    })
    .await
}

fn inspection(analysis: Analysis) -> Inspection {
    let config = analysis.config.unwrap_or_default();
    let variables = config
        .variables
        .into_iter()
        .map(|variable| InspectedVariable {
            name: variable.name,
            type_name: variable.ty,
            value: variable_text(&variable.value),
            description: variable.description,
            sensitive: variable.sensitive,
        })
        .collect();
    let builds = config
        .jobs
        .into_iter()
        .map(|job| InspectedBuild {
            provisioners: job
                .provisioners
                .iter()
                .map(|step| step.provisioner.type_name().to_owned())
                .collect(),
            post_processors: job
                .post_processors
                .iter()
                .map(|chain| chain.iter().map(|step| step.post_processor.type_name().to_owned()).collect())
                .collect(),
            source_type: job.source_type,
            name: job.name,
        })
        .collect();
    Inspection { variables, builds, diagnostics: analysis.diagnostics }
}

/// A variable's value as one would type it; nothing when it has none.
pub(crate) fn variable_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

pub(crate) async fn list_templates(core: &Core, _: Nothing) -> Result<TemplateList, WireError> {
    let core = core.clone();
    blocking(move || {
        let mut recent = core.read_recent();
        for template in &mut recent {
            template.exists = Path::new(&template.path).exists();
        }
        Ok(TemplateList { recent, starters: starters(&core) })
    })
    .await
}

/// The starters, the quick start first. Title and description are the comment a starter's first file begins with.
fn starters(core: &Core) -> Vec<Starter> {
    let Some(folder) = &core.setup().starters else { return Vec::new() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut starters: Vec<Starter> = entries.filter_map(|entry| starter(&entry.path())).collect();
    starters.sort_by_key(|starter| (starter.id != "quickstart", starter.id.clone()));
    starters
}

fn starter(folder: &Path) -> Option<Starter> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".pkr.hcl"))
        .collect();
    files.sort();
    let text = std::fs::read_to_string(files.first()?).ok()?;
    let comment: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix('#'))
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let id = folder.file_name()?.to_string_lossy().into_owned();
    let whole = comment.join(" ");
    let (title, description) = match whole.split_once(": ").or_else(|| whole.split_once(". ")) {
        Some((title, rest)) => (title.trim_end_matches('.').to_owned(), rest.to_owned()),
        None if whole.is_empty() => (id.clone(), String::new()),
        None => (whole.trim_end_matches('.').to_owned(), String::new()),
    };
    Some(Starter { id, title, description, path: folder.to_string_lossy().into_owned() })
}

pub(crate) async fn create_template(
    core: &Core,
    request: CreateTemplate,
) -> Result<CreatedTemplate, WireError> {
    let core = core.clone();
    blocking(move || {
        let known = starters(&core);
        let starter = known.iter().find(|starter| starter.id == request.starter).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|starter| starter.id.as_str()).collect();
            WireError::input("unknown_starter", format!("there is no starter {}", request.starter))
                .hint(format!("The starters are {}.", names.join(", ")))
        })?;
        let target = core.absolute(&request.directory);
        if target.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            let title = format!("the folder {} is not empty", target.display());
            return Err(WireError::input("folder_not_empty", title).hint("Choose a new folder."));
        }
        copy_folder(Path::new(&starter.path), &target).map_err(|error| {
            WireError::environment("unwritable", format!("cannot make {}", target.display())).because(&error)
        })?;
        Ok(CreatedTemplate { path: target.to_string_lossy().into_owned() })
    })
    .await
}

/// Copies files and folders; anything else in a starter would be a mistake and is left out.
fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
