//! Edits that are made of others: each part is in terms of what the one before left.

use std::path::{Component, Path};

use super::{AttributeValue, Destination, Edit, EditError};
use crate::blocks::{self, BlockRef};
use crate::document::{Document, Language};
use crate::form;
use crate::options::{ComponentKind, lookup};
use crate::outline;
use crate::references::{References, Symbol, SymbolKind};
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::is_ident;

/// The documents an edit is made against.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    /// The templates, and after them what else belongs to them: files with values of variables, scripts.
    pub(crate) all: &'a [Document],
    /// How many are templates.
    pub(crate) templates: usize,
}

impl<'a> Scene<'a> {
    /// The templates.
    pub(crate) fn templates(&self) -> &'a [Document] {
        self.all.get(..self.templates).unwrap_or(self.all)
    }
}

/// Whether an edit is made of others, or makes a file.
pub(crate) fn is_compound(edit: &Edit) -> bool {
    matches!(
        edit,
        Edit::Several { .. }
            | Edit::ExtractVariable { .. }
            | Edit::MoveScriptToFile { .. }
            | Edit::CreateFile { .. }
            | Edit::DuplicateBlock { .. }
    )
}

/// The parts of an edit that is made of others; `None` for one that is done as it is.
pub(crate) fn parts(scene: &Scene<'_>, edit: &Edit) -> Result<Option<Vec<Edit>>, EditError> {
    Ok(match edit {
        Edit::Several { edits } => Some(edits.clone()),
        Edit::ExtractVariable { block, name, index, variable } => {
            Some(extract(scene, block, name, *index, variable)?)
        }
        Edit::MoveScriptToFile { block, file } => Some(script(scene, block, file)?),
        _ => None,
    })
}

/// The label that a fresh copy of a block gets, when it declares something: its name with a number.
pub(crate) fn name_of_copy(documents: &[Document], id: &str) -> Option<Edit> {
    let all = blocks::all(documents);
    let found = all.iter().find(|found| found.id == id)?;
    let symbol = References::declared_by(found.block)?;
    let labels = &found.block.labels;
    let type_name = symbol.type_name();
    // A builder that is named by its type shares its label; and one that is named already is no fresh copy.
    let own = labels.last()?;
    let twice = all.iter().filter(|other| References::declared_by(other.block).as_ref() == Some(&symbol));
    if twice.count() < 2 || !is_ident(&own.text) {
        return None;
    }
    let taken = |name: &str| {
        let full = type_name.map_or_else(|| name.to_owned(), |type_name| format!("{type_name}.{name}"));
        all.iter().any(|other| {
            References::declared_by(other.block)
                .is_some_and(|other| other.kind == symbol.kind && other.name == full)
        })
    };
    let label = (2..1000).map(|number| format!("{}_{number}", own.text)).find(|name| !taken(name))?;
    Some(Edit::SetLabel { block: id.to_owned(), index: labels.len() - 1, label })
}

fn find<'a>(scene: &Scene<'a>, id: &str) -> Result<(&'a Document, BlockRef<'a>), EditError> {
    let unknown = || EditError::UnknownBlock { block: id.to_owned() };
    let found = blocks::find(scene.templates(), id).ok_or_else(unknown)?;
    let document = scene.all.get(found.file.0 as usize).ok_or_else(unknown)?;
    Ok((document, found))
}

fn extract(
    scene: &Scene<'_>,
    id: &str,
    name: &str,
    index: Option<usize>,
    variable: &str,
) -> Result<Vec<Edit>, EditError> {
    let (document, found) = find(scene, id)?;
    let not = |why: &str| EditError::Unsuitable {
        what: format!("`{name}` cannot become a variable"),
        why: why.to_owned(),
    };
    if !is_ident(variable) {
        return Err(EditError::BadName { name: variable.to_owned() });
    }
    let symbol = Symbol::new(SymbolKind::Variable, variable);
    let references = References::of(scene.templates());
    if references.declarations(&symbol).next().is_some() {
        return Err(EditError::NameTaken { kind: "variable", name: variable.to_owned() });
    }
    let none = || EditError::NoAttribute { block: id.to_owned(), name: name.to_owned() };
    let mut expr = &found.block.body.attribute(name).ok_or_else(none)?.value;
    if let Some(index) = index {
        let element = || EditError::NoElement { block: id.to_owned(), name: name.to_owned(), index };
        let ExprKind::List(elements) = &expr.kind else { return Err(element()) };
        expr = elements.get(index).ok_or_else(element)?;
    }
    if form::literal(expr).is_none() {
        return Err(not("its value is not written out: it uses something else already"));
    }
    if matches!(found.block.kind.as_str(), "variable" | "variables") {
        return Err(not("a variable cannot use another one"));
    }
    let legacy = document.language() == Language::LegacyTemplate;
    let used = match legacy {
        true => AttributeValue::String(format!("{{{{user `{variable}`}}}}")),
        false => AttributeValue::Expression(format!("var.{variable}")),
    };
    let (block, name) = (id.to_owned(), name.to_owned());
    let put = match index {
        Some(index) => Edit::SetElement { block, name: name.clone(), index, value: used },
        None => Edit::SetAttribute { block, name: name.clone(), value: used },
    };
    let value = default(document, expr, legacy)
        .ok_or_else(|| not("variables of JSON templates hold text; write a list as \"a,b\" first"))?;
    let mut attributes = vec![("default".to_owned(), value)];
    let secret = outline::component(found.block, found.parent)
        .and_then(|(kind, type_name)| lookup(kind, type_name)?.option(&name))
        .is_some_and(|option| option.sensitive);
    if secret && !legacy {
        attributes.push(("sensitive".to_owned(), AttributeValue::Bool(true)));
    }
    let all = blocks::all(scene.templates());
    let last = all.iter().rev().find(|other| other.parent.is_none() && other.block.kind.name == "variable");
    let labels = vec![variable.to_owned()];
    let kind = "variable".to_owned();
    let after = last.filter(|_| !legacy).map(|last| last.id.clone());
    let fresh = after.is_none() && !document.language().is_json();
    let mut edits = vec![put, Edit::AddBlock { parent: None, kind, labels, attributes, after }];
    // The first variable goes before everything else in the file, unless that has a comment above it.
    let first = all.iter().find(|other| other.file == found.file);
    if let Some(first) = first.filter(|_| fresh) {
        let above = document.text().get(..first.block.span.start as usize).unwrap_or("");
        let commented = above.lines().next_back().is_some_and(|line| !line.trim().is_empty());
        if !commented {
            edits.push(Edit::MoveBlock {
                block: format!("variable.{variable}"),
                to: Destination::Before(first.id.clone()),
            });
        }
    }
    Ok(edits)
}

/// The value as the default of a variable: exactly as written.
fn default(document: &Document, expr: &Expr, legacy: bool) -> Option<AttributeValue> {
    if !legacy {
        return Some(AttributeValue::Expression(document.source(expr).to_owned()));
    }
    Some(AttributeValue::String(match &expr.kind {
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(text) => text.to_string(),
        _ => expr.literal_string()?,
    }))
}

/// The file that a script becomes, by the type of its step: does it start with a line for the kernel, and how do its
/// lines end.
fn script_style(type_name: &str) -> Option<(bool, &'static str)> {
    match type_name {
        "shell" | "shell-local" => Some((true, "\n")),
        "powershell" => Some((false, "\n")),
        "windows-shell" => Some((false, "\r\n")),
        _ => None,
    }
}

fn script(scene: &Scene<'_>, id: &str, file: &str) -> Result<Vec<Edit>, EditError> {
    let (document, found) = find(scene, id)?;
    let not = |why: String| EditError::Unsuitable {
        what: format!("the script of `{id}` cannot move to a file"),
        why,
    };
    let component = outline::component(found.block, found.parent);
    let style = component
        .filter(|(kind, _)| *kind != ComponentKind::Source)
        .and_then(|(_, type_name)| script_style(type_name));
    let (shebang, eol) = style.ok_or_else(|| not("it is no step that runs a script".to_owned()))?;
    let none = || EditError::NoAttribute { block: id.to_owned(), name: "inline".to_owned() };
    let inline = found.block.body.attribute("inline").ok_or_else(none)?;
    if let Some(other) = ["script", "scripts"].iter().find(|name| found.block.body.attribute(name).is_some())
    {
        return Err(not(format!("it has `{other}` already; Packer takes one of the two")));
    }
    let ExprKind::List(commands) = &inline.value.kind else {
        return Err(not("`inline` is not a list that is written out; edit it as text".to_owned()));
    };
    let mut text = String::new();
    if shebang {
        let own = found.block.body.attribute("inline_shebang").map(|own| own.value.literal_string());
        let own = match own {
            Some(None) => {
                return Err(not("`inline_shebang` is not written out; write it out first".to_owned()));
            }
            Some(Some(own)) => own,
            None => "/bin/sh -e".to_owned(),
        };
        text.push_str(&format!("#!{own}\n"));
    }
    for (index, command) in commands.iter().enumerate() {
        let plain = command.literal_string().filter(|command| !command.contains("{{"));
        let Some(command) = plain else {
            return Err(not(format!(
                "command {} uses values of the template, which a file does not see; pass them with `environment_vars` first",
                index + 1
            )));
        };
        text.push_str(command.strip_suffix('\n').unwrap_or(&command));
        text.push('\n');
    }
    let legacy = document.language() == Language::LegacyTemplate;
    let path = match legacy {
        true => AttributeValue::String(format!("{{{{template_dir}}}}/{file}")),
        false => AttributeValue::Template(format!("${{path.root}}/{file}")),
    };
    let block = id.to_owned();
    let inline = "inline".to_owned();
    let script = "script".to_owned();
    let mut edits = vec![
        Edit::CreateFile { file: file.to_owned(), text: text.replace("\r\n", "\n").replace('\n', eol) },
        Edit::RenameAttribute { block: block.clone(), name: inline, to: script.clone() },
        Edit::SetAttribute { block: block.clone(), name: script, value: path },
    ];
    if found.block.body.attribute("inline_shebang").is_some() {
        edits.push(Edit::UnsetAttribute { block, name: "inline_shebang".to_owned() });
    }
    Ok(edits)
}

/// Adds a new file to the documents.
pub(crate) fn create(
    documents: &mut Vec<Document>,
    root: &Path,
    file: &str,
    text: &str,
) -> Result<(), EditError> {
    let path = Path::new(file);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    if file.is_empty() || !inside || file.ends_with('/') || file.chars().any(char::is_control) {
        return Err(EditError::OutsideFolder { file: file.to_owned() });
    }
    let path = root.join(path);
    let there = documents.iter().position(|document| document.path() == path);
    let at = match there.map(|at| (at, documents.get(at).is_some_and(Document::is_present))) {
        Some((_, true)) => return Err(EditError::FileExists { file: file.to_owned() }),
        Some((at, false)) => at,
        None => {
            let id = crate::syntax::FileId(documents.len() as u32);
            documents.push(Document::absent(id, path));
            documents.len() - 1
        }
    };
    if let Some(document) = documents.get_mut(at) {
        *document = document.with_text(text.to_owned(), true);
    }
    Ok(())
}
