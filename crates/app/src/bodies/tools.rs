//! The tools around templates: format, fix, upgrade, console, and checks over the network.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use goldsmith_build::digest::ChecksumSpec;
use goldsmith_build::download::{Downloads, Network, Retry, Want, without_login};
use goldsmith_process::durable::Staged;
use goldsmith_template::config::{Console, Source, packer_text};
use goldsmith_template::document::Document;
use goldsmith_template::fix::{self, FixError};
use goldsmith_template::options::tables;
use goldsmith_template::syntax::FileId;
use goldsmith_template::syntax::ast::ExprKind;
use goldsmith_template::{Diagnostic, Job, Text, Value, analyze, fmt, inspect, upgrade};
use similar::TextDiff;
use tokio_util::sync::CancellationToken;

use crate::bodies::library::blocking;
use crate::bodies::template::with_session;
use crate::core::Core;
use crate::error::WireError;
use crate::session::Session;
use crate::wire::*;

/// What a text without a file is called, by its language.
fn name_of(text: &str, language: TextLanguage) -> &'static str {
    match language {
        TextLanguage::Json => "stdin.json",
        TextLanguage::Guess if text.trim_start().starts_with('{') => "stdin.json",
        _ => "stdin.pkr.hcl",
    }
}

pub(crate) async fn open_text(core: &Core, request: OpenText) -> Result<OpenedTemplate, WireError> {
    let core = core.clone();
    blocking(move || {
        let name = name_of(&request.text, request.language);
        let mut session = Session::of_text(&core, name, &request.text, request.inputs)?;
        let state = session.state(&core);
        let session = core.sessions().add(session);
        Ok(OpenedTemplate {
            session,
            path: name.to_owned(),
            name: name.to_owned(),
            folder: false,
            recovery: None,
            state,
        })
    })
    .await
}

/// What `fmt` is for.
fn is_native(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".pkr.hcl") || name.ends_with(".pkrvars.hcl")
}

/// Files of editors and hidden ones, as Packer passes over them.
fn is_ignored(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))
}

fn unreadable(path: &Path, error: &std::io::Error) -> WireError {
    WireError::environment("unreadable", format!("cannot read {}", path.display())).because(error)
}

fn collect(cwd: &Path, path: &Path, recursive: bool, out: &mut Vec<PathBuf>) -> Result<(), WireError> {
    let entries = std::fs::read_dir(cwd.join(path)).map_err(|error| unreadable(path, &error))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        if is_ignored(&name.to_string_lossy()) {
            continue;
        }
        let entry = path.join(&name);
        let kind = std::fs::symlink_metadata(cwd.join(&entry)).map(|meta| meta.file_type());
        if kind.is_ok_and(|kind| kind.is_dir()) {
            if recursive {
                collect(cwd, &entry, recursive, out)?;
            }
        } else if is_native(&entry) {
            out.push(entry);
        }
    }
    Ok(())
}

/// The text in canonical format, or what is wrong with it.
fn formatted(name: &Path, bytes: Vec<u8>) -> Result<(String, String), Vec<Diagnostic>> {
    let document = Document::new(FileId(0), name, bytes);
    let errors: Vec<Diagnostic> =
        document.diagnostics().iter().filter(|diagnostic| diagnostic.is_error()).cloned().collect();
    if !errors.is_empty() || document.is_read_only() {
        return Err(if errors.is_empty() { document.diagnostics().to_vec() } else { errors });
    }
    Ok((document.text().to_owned(), fmt::format(document.text())))
}

pub(crate) async fn format_files(core: &Core, request: FormatFiles) -> Result<FormattedFiles, WireError> {
    let core = core.clone();
    blocking(move || {
        let cwd = &core.setup().cwd;
        let mut files = Vec::new();
        for path in &request.paths {
            let path = PathBuf::from(path);
            if cwd.join(&path).is_dir() {
                collect(cwd, &path, request.recursive, &mut files)?;
            } else if is_native(&path) {
                files.push(path);
            } else {
                let title = format!("{} is no HCL file", path.display());
                return Err(WireError::input("not_hcl", title)
                    .hint("The format is that of *.pkr.hcl and *.pkrvars.hcl files."));
            }
        }
        let mut answer = FormattedFiles {
            looked_at: u32::try_from(files.len()).unwrap_or(u32::MAX),
            changed: Vec::new(),
            diagnostics: Vec::new(),
        };
        for file in files {
            let bytes = std::fs::read(cwd.join(&file)).map_err(|error| unreadable(&file, &error))?;
            let (before, after) = match formatted(&file, bytes) {
                Ok(texts) => texts,
                Err(problems) => {
                    answer.diagnostics.extend(problems);
                    continue;
                }
            };
            if before == after {
                continue;
            }
            if request.write {
                write(cwd, &file, after.as_bytes())?;
            }
            let name = file.to_string_lossy().into_owned();
            let diff = TextDiff::from_lines(&before, &after)
                .unified_diff()
                .header(&format!("old/{name}"), &format!("new/{name}"))
                .to_string();
            answer.changed.push(FormattedFile { file: name, diff });
        }
        Ok(answer)
    })
    .await
}

/// Beside, synced, renamed; through links, and with the mode the file has.
fn write(cwd: &Path, path: &Path, bytes: &[u8]) -> Result<(), WireError> {
    let named = cwd.join(path);
    let target = named.canonicalize().unwrap_or(named);
    let write = || -> std::io::Result<()> {
        let mut staged = Staged::beside(&target)?;
        if let Ok(there) = target.metadata() {
            staged.file_mut().set_permissions(there.permissions())?;
        }
        staged.write_all(bytes)?;
        staged.commit().map(drop)
    };
    write().map_err(|error| {
        WireError::environment("unwritable", format!("cannot write {}", path.display())).because(&error)
    })
}

pub(crate) async fn format_text(_: &Core, request: FormatText) -> Result<FormattedText, WireError> {
    blocking(move || {
        let bytes = request.text.clone().into_bytes();
        Ok(match formatted(Path::new("stdin.pkr.hcl"), bytes) {
            Ok((before, after)) => {
                FormattedText { changed: before != after, text: after, diagnostics: Vec::new() }
            }
            Err(diagnostics) => FormattedText { text: request.text, changed: false, diagnostics },
        })
    })
    .await
}

/// The text of a JSON template, and what to call it.
fn json_text(cwd: &Path, path: Option<String>, text: Option<String>) -> Result<(PathBuf, String), WireError> {
    match (path, text) {
        (_, Some(text)) => Ok((PathBuf::from("stdin.json"), text)),
        (Some(path), None) => {
            let path = PathBuf::from(path);
            if path.extension().is_some_and(|extension| extension == "hcl") {
                let title = format!("{} is HCL already", path.display());
                return Err(WireError::input("not_json", title)
                    .hint("Only templates of Packer's first language, JSON, are fixed and upgraded."));
            }
            let bytes = std::fs::read(cwd.join(&path)).map_err(|error| unreadable(&path, &error))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| WireError::input("not_utf8", format!("{} is not UTF-8", path.display())))?;
            Ok((path, text))
        }
        (None, None) => {
            Err(WireError::input("no_template", "there is no template: neither a file nor a text"))
        }
    }
}

fn not_fixable(path: &Path, error: &FixError) -> WireError {
    WireError::input("not_a_json_template", format!("{}: {error}", path.display()))
        .hint("`goldsmith validate` shows everything that is wrong with it.")
}

/// What is wrong with the structure of a JSON template: not what its options say.
fn structure(core: &Core, text: &str) -> Vec<Diagnostic> {
    let Ok(session) = Session::of_text(core, "stdin.json", text, TemplateInputs::default()) else {
        return Vec::new();
    };
    let inputs = core.inputs(&TemplateInputs::default(), false);
    let analysis = analyze(session.project(), &session.files(), &inputs);
    let codes = ["json.", "syntax", "component.no-type", "component.name", "build.none", "builder.", "root."];
    let about_structure =
        |diagnostic: &Diagnostic| codes.iter().any(|code| diagnostic.code.starts_with(code));
    let errors = analysis.diagnostics.into_iter().filter(Diagnostic::is_error);
    errors.filter(about_structure).collect()
}

pub(crate) async fn fix_template(core: &Core, request: FixTemplate) -> Result<FixedTemplate, WireError> {
    let core = core.clone();
    blocking(move || {
        let cwd = &core.setup().cwd;
        let (path, text) = json_text(cwd, request.path, request.text)?;
        let fixed = fix::fix(&text).map_err(|error| not_fixable(&path, &error))?;
        let edited = fixed.edited(&text);
        if request.write && edited != text {
            write(cwd, &path, edited.as_bytes())?;
        }
        let sorted = fixed.packer_text();
        Ok(FixedTemplate {
            diagnostics: structure(&core, &edited),
            applied: fixed.applied().iter().map(|name| (*name).to_owned()).collect(),
            edited,
            sorted,
        })
    })
    .await
}

pub(crate) async fn upgrade_template(
    core: &Core,
    request: UpgradeTemplate,
) -> Result<UpgradedTemplate, WireError> {
    let core = core.clone();
    blocking(move || {
        let cwd = &core.setup().cwd;
        let (path, text) = json_text(cwd, request.path, request.text)?;
        let upgraded =
            upgrade::upgrade(&text, request.annotations).map_err(|error| not_fixable(&path, &error))?;
        if let Some(output) = &request.output {
            let folder = cwd.join(output).parent().map(Path::to_owned).unwrap_or_default();
            std::fs::create_dir_all(&folder).map_err(|error| {
                WireError::environment("unwritable", format!("cannot make {}", folder.display()))
                    .because(&error)
            })?;
            write(cwd, Path::new(output), upgraded.text.as_bytes())?;
        }
        let name = request
            .output
            .clone()
            .unwrap_or_else(|| path.with_extension("pkr.hcl").to_string_lossy().into_owned());
        let session = Session::of_text(&core, &name, &upgraded.text, TemplateInputs::default())?;
        let inputs = core.inputs(&TemplateInputs::default(), false);
        let analysis = analyze(session.project(), &session.files(), &inputs);
        // A value that must be given is no fault of the template.
        let faults = analysis.diagnostics.into_iter().filter(|found| found.code != "variable.unset");
        Ok(UpgradedTemplate {
            diagnostics: faults.collect(),
            text: upgraded.text,
            notes: upgraded.notes,
            written: request.output,
        })
    })
    .await
}

pub(crate) async fn evaluate(core: &Core, request: Evaluate) -> Result<Evaluated, WireError> {
    with_session(core, &request.session.clone(), move |core, session| {
        let inputs = session.read_with(core, true);
        let files = session.files();
        let console = Console::new(session.project(), &files, &inputs);
        Ok(match console.evaluate(&request.expression) {
            Ok(value) => {
                Evaluated { text: Some(packer_text(&value)), value: value.display(), diagnostics: Vec::new() }
            }
            Err(diagnostics) => Evaluated { text: None, value: serde_json::Value::Null, diagnostics },
        })
    })
    .await
}

pub(crate) async fn list_values(core: &Core, request: OfSession) -> Result<ValueList, WireError> {
    with_session(core, &request.session, |core, session| {
        let inputs = session.read_with(core, true);
        let files = session.files();
        let console = Console::new(session.project(), &files, &inputs);
        let named = |values: std::collections::BTreeMap<String, Value>| {
            values.into_iter().map(|(name, value)| NamedValue { name, value: value.display() }).collect()
        };
        Ok(ValueList {
            text: console.listing(),
            variables: named(console.variables()),
            locals: named(console.locals()),
        })
    })
    .await
}

pub(crate) async fn inspect_text(core: &Core, request: OfSession) -> Result<InspectedText, WireError> {
    with_session(core, &request.session, |core, session| {
        let inputs = session.read_with(core, true);
        let lines = inspect::inspect(session.project(), &session.files(), &inputs).into_iter();
        let lines =
            lines.map(|line| InspectedLine { category: line.category.to_owned(), values: line.values });
        Ok(InspectedText { lines: lines.collect() })
    })
    .await
}

pub(crate) async fn required_plugins(core: &Core, request: OfSession) -> Result<RequiredPlugins, WireError> {
    with_session(core, &request.session, |_, session| {
        let documents = session.project().documents().iter();
        let blocks = documents.flat_map(|document| document.body().blocks_of("packer"));
        let mut plugins = Vec::new();
        for list in blocks.flat_map(|block| block.body.blocks_of("required_plugins")) {
            for attribute in list.body.attributes() {
                let text = |name: &str| match &attribute.value.kind {
                    ExprKind::Object(items) => items
                        .iter()
                        .find(|item| item.key.literal().as_deref() == Some(name))
                        .and_then(|item| item.value.literal_string()),
                    _ => None,
                };
                let source = text("source").unwrap_or_default();
                let short = source.rsplit('/').next().filter(|short| !short.is_empty());
                let short = short.unwrap_or(attribute.name.as_str());
                let built_in = tables().iter().any(|component| {
                    component
                        .type_name
                        .strip_prefix(short)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                });
                let version = text("version").unwrap_or_default();
                plugins.push(RequiredPlugin {
                    name: attribute.name.name.to_string(),
                    source,
                    version,
                    built_in,
                });
            }
        }
        Ok(RequiredPlugins { plugins })
    })
    .await
}

/// A checksum that stands in a list elsewhere, with the files it is for.
fn listed(job: &Job, cwd: &Path) -> Option<(String, Want)> {
    let Source::Qemu(options) = &job.source else { return None };
    let iso = &options.iso;
    let checksum = ChecksumSpec::parse(iso.iso_checksum.as_ref()?.known()?).ok()?;
    let ChecksumSpec::List(list) = &checksum else { return None };
    let urls = iso.iso_url.iter().chain(&iso.iso_urls).filter_map(Text::known).map(str::to_owned).collect();
    let list = without_login(list);
    Some((list, Want { urls, checksum, extension: None, base: cwd.to_owned() }))
}

pub(crate) async fn check_online(core: &Core, request: OfSession) -> Result<CheckedOnline, WireError> {
    let wanted = with_session(core, &request.session, |core, session| {
        let analysis = session.full_analysis(&session.read_with(core, true));
        let jobs = analysis.config.map(|config| config.jobs).unwrap_or_default();
        let cwd = session.cwd();
        let lists = jobs.iter().filter_map(|job| Some((job.name.clone(), listed(job, cwd)?)));
        Ok(lists.collect::<Vec<_>>())
    })
    .await?;
    let mut checksums = Vec::new();
    if wanted.is_empty() {
        return Ok(CheckedOnline { checksums });
    }
    let env = &core.setup().env;
    let network = Network::from_env(|name| env.get(name).map(str::to_owned), env.home().as_deref());
    let downloads =
        Downloads::open(&core.dirs().downloads(), &network, Retry::default()).map_err(|error| {
            WireError::environment("downloads", "cannot prepare to look things up").because(&error)
        })?;
    for (job, (list, want)) in wanted {
        let found = downloads.checksum(&want, &CancellationToken::new()).await;
        let (digest, problem) = match found {
            Ok(digest) => (digest.map(|digest| format!("{}:{}", digest.algorithm, digest.hex)), None),
            Err(error) => (None, Some(error.to_string())),
        };
        checksums.push(CheckedChecksum { job, list, digest, problem });
    }
    Ok(CheckedOnline { checksums })
}
