//! Paths and files. Relative paths start at the template's folder (packer.md 1.5).
//!
//! While a template is only opened, a file outside that folder is not read: what it holds is unknown.

use super::{Context, Failure, Function, P, text};
use crate::eval::{Evaluator, Scope};
use crate::syntax::ast::{ExprKind, TemplatePart};
use crate::text::{Hole, Text};
use crate::value::Value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

pub(super) const TABLE: &[Function] = &[
    Function::new("basename", &[P::Str], P::Str, |_, a| Ok(base_name(text(a, 0)?).into())),
    Function::new("dirname", &[P::Str], P::Str, |_, a| Ok(dir_name(text(a, 0)?).into())),
    Function::new("abspath", &[P::Str], P::Str, |context, a| {
        Ok(clean(&context.inputs.cwd.join(text(a, 0)?)).to_string_lossy().into_owned().into())
    }),
    Function::new("pathexpand", &[P::Str], P::Str, |context, a| {
        let path = text(a, 0)?;
        let Some(rest) = path.strip_prefix('~') else { return Ok(path.into()) };
        let home = match rest.strip_prefix('/').or_else(|| rest.is_empty().then_some("")) {
            Some(rest) => context.inputs.home.as_ref().map(|home| home.join(rest)),
            None => return Err(Failure::arg(0, "the home folder of another user is not known")),
        };
        let home = home.ok_or_else(|| Failure::new("the home folder is not known"))?;
        Ok(clean(&home).to_string_lossy().into_owned().into())
    }),
    Function::new("file", &[P::Str], P::Str, |context, a| match read(context, text(a, 0)?)? {
        Content::Unread(value) => Ok(value),
        Content::Bytes(bytes) => utf8(bytes).map(Value::from),
    }),
    Function::new("filebase64", &[P::Str], P::Str, |context, a| match read(context, text(a, 0)?)? {
        Content::Unread(value) => Ok(value),
        Content::Bytes(bytes) => Ok(STANDARD.encode(bytes).into()),
    }),
    Function::new("fileexists", &[P::Str], P::Bool, |context, a| {
        let Some(path) = resolve(context, text(a, 0)?) else { return Ok(unread(text(a, 0)?)) };
        if context.files.is_dir(&path) {
            return Err(Failure::arg(0, format!("{} is a folder, not a file", path.display())));
        }
        Ok(context.files.exists(&path).into())
    }),
    Function::new("fileset", &[P::Str, P::Str], P::Set, file_set),
    Function::new("templatefile", &[P::Str, P::Map], P::Str, template_file).passes_holes(),
];

enum Content {
    Bytes(Vec<u8>),
    Unread(Value),
}

fn unread(path: &str) -> Value {
    Value::unknown(crate::types::Type::Any, format!("file(\"{path}\")"))
}

fn utf8(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes)
        .map(|text| text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
        .map_err(|_| Failure::arg(0, "the file is not UTF-8 text; use filebase64"))
}

/// A path without `.` and `..`, as far as that needs no file system.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

/// The path to read, or `None` when it is outside the template's folder and nothing outside may be touched.
fn resolve(context: &Context<'_>, path: &str) -> Option<PathBuf> {
    let expanded = match (path.strip_prefix("~/"), &context.inputs.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    };
    let joined = context.root.join(&expanded);
    let absolute = |path: &Path| clean(&context.inputs.cwd.join(path));
    let inside = absolute(&joined).starts_with(absolute(context.root));
    (context.inputs.external || inside).then_some(joined)
}

fn read(context: &Context<'_>, path: &str) -> Result<Content, Failure> {
    let Some(full) = resolve(context, path) else { return Ok(Content::Unread(unread(path))) };
    context.files.read(&full).map(Content::Bytes).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        Failure::arg(0, format!("{}: {why} (relative paths start at the template's folder)", full.display()))
    })
}

fn base_name(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".".to_owned(),
        "" => "/".to_owned(),
        trimmed => trimmed.rsplit('/').next().unwrap_or(trimmed).to_owned(),
    }
}

fn dir_name(path: &str) -> String {
    match path.rfind('/') {
        None => ".".to_owned(),
        Some(at) => {
            let cleaned = clean(Path::new(path.get(..=at).unwrap_or("")));
            cleaned.to_string_lossy().into_owned()
        }
    }
}

fn file_set(context: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let pattern = text(a, 1)?;
    let Some(base) = resolve(context, text(a, 0)?) else { return Ok(unread(text(a, 0)?)) };
    let glob = globset::GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| Failure::arg(1, error.to_string()))?
        .compile_matcher();
    let mut found = Vec::new();
    let mut folders = vec![(base.clone(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in context.files.list(&folder).unwrap_or_default() {
            if context.files.is_dir(&entry) {
                if depth < 32 {
                    folders.push((entry, depth + 1));
                }
                continue;
            }
            let relative = entry.strip_prefix(&base).unwrap_or(&entry);
            if glob.is_match(relative) {
                found.push(Value::from(relative.to_string_lossy().into_owned()));
            }
        }
        if found.len() > 100_000 {
            return Err(Failure::new("more than 100000 files match"));
        }
    }
    Ok(Value::set(found))
}

fn template_file(context: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let path = text(a, 0)?;
    if context.in_template {
        return Err(Failure::new("a template file cannot use templatefile itself"));
    }
    let bytes = match read(context, path)? {
        Content::Unread(value) => return Ok(value),
        Content::Bytes(bytes) => bytes,
    };
    let source = utf8(bytes)?;
    let variables: BTreeMap<String, Value> = super::entries(a, 1)?.clone();
    render(context, path, &source, variables)
}

/// Renders template text with these variables and nothing else.
fn render(
    context: &Context<'_>,
    path: &str,
    source: &str,
    variables: BTreeMap<String, Value>,
) -> Result<Value, Failure> {
    // Text with interpolations is what a heredoc holds: no escapes besides $${ and %%{.
    let mut marker = "END".to_owned();
    while source.contains(&marker) {
        marker.push('_');
    }
    let wrapped = format!("<<{marker}\n{source}\n{marker}\n");
    let place = |offset: u32| {
        let before = wrapped.get(..offset as usize).unwrap_or(&wrapped);
        format!("{path}:{}", before.matches('\n').count().max(1))
    };
    let (expr, errors) = crate::syntax::parse_expression(crate::syntax::FileId::default(), &wrapped);
    if let Some(error) = errors.first() {
        return Err(Failure::arg(0, format!("{}: {}", place(error.range.start), error.message)));
    }
    let ExprKind::Template(mut template) = expr.kind else {
        return Err(Failure::arg(0, format!("{path}: it cannot be read as a template")));
    };
    if let Some(TemplatePart::Literal(last)) = template.parts.last_mut() {
        if last.text.ends_with('\n') {
            last.text.pop();
        }
        if last.text.is_empty() {
            template.parts.pop();
        }
    }
    let inner = Context { in_template: true, ..*context };
    let scope = Scope::new();
    let mut evaluator = Evaluator::new(&scope, &inner);
    for (name, value) in variables {
        evaluator.define(name, value);
    }
    let mut text = Text::default();
    let span = crate::syntax::Span::default();
    // A file that is one interpolation gives the value itself, as a quoted string does.
    let whole = match template.parts.as_slice() {
        [TemplatePart::Interpolation { expr, .. }] => {
            let value = evaluator.eval(expr);
            match value.to_text() {
                Some(piece) => text.push_text(&piece),
                None => return Err(Failure::arg(0, format!("{path}: the result is not text"))),
            }
            true
        }
        parts => evaluator.template_parts(parts, &mut text, span),
    };
    match evaluator.faults.first() {
        Some(fault) => {
            let help = fault.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            Err(Failure::arg(0, format!("{}: {}{help}", place(fault.span.start), fault.message)))
        }
        None if whole => Ok(Value::String(text)),
        None => Ok(Value::Unknown(crate::value::Unknown {
            ty: crate::types::Type::String,
            hole: Hole::Unknown(format!("templatefile(\"{path}\")")),
        })),
    }
}
