//! Renaming what other places refer to.

use super::plan::Target;
use super::{About, EditError, Planned, RawPatch, Scene, block, json, write};
use crate::blocks;
use crate::diagnostic::Diagnostic;
use crate::document::{Document, Language};
use crate::references::{Reference, References, Role, Symbol, SymbolKind};
use crate::syntax::{Span, is_ident};

/// What to call a symbol of that kind.
fn kind_name(kind: SymbolKind) -> &'static str {
    match kind {
        SymbolKind::Variable => "variable",
        SymbolKind::Local => "local",
        SymbolKind::Source => "source",
        SymbolKind::Data => "data source",
    }
}

fn document<'a>(scene: &Scene<'a>, place: Span) -> Option<&'a Document> {
    scene.all.get(place.file.0 as usize)
}

/// Renames a symbol wherever it is declared, used or given a value.
pub(super) fn rename(scene: &Scene<'_>, symbol: &Symbol, to: &str) -> Result<Planned, EditError> {
    let index = References::of(scene.all.iter().filter(|document| document.is_present()));
    let own = symbol.own_name();
    let declarations: Vec<&Reference> = index.declarations(symbol).collect();
    if declarations.is_empty() {
        return Err(EditError::Undeclared { kind: kind_name(symbol.kind), name: symbol.name.clone() });
    }
    check_name(scene, to)?;
    if to == own {
        return Ok(Planned::only(Vec::new()));
    }
    let new = match symbol.type_name() {
        Some(type_name) => Symbol::new(symbol.kind, format!("{type_name}.{to}")),
        None => Symbol::new(symbol.kind, to),
    };
    if index.declarations(&new).next().is_some() {
        return Err(EditError::NameTaken { kind: kind_name(symbol.kind), name: new.name });
    }
    let mut planned = Planned::only(uses(scene, &index, symbol, |_, reference| Some((reference.name, to))));
    for declaration in declarations {
        let Some(document) = document(scene, declaration.name) else { continue };
        if declaration.name.is_empty() {
            // A builder without a name of its own gets one.
            let unnamed = blocks::all(scene.templates())
                .into_iter()
                .find(|found| found.block.header == declaration.span && found.file == declaration.span.file);
            if let Some(found) = unnamed
                && let Some(named) = json::set_label(scene.templates(), &found.id, 1, to)?
            {
                planned.patches.extend(named.patches);
            }
            continue;
        }
        let text = written(document, declaration.name, to);
        planned.patches.push(RawPatch::new(document, declaration.name.start, declaration.name.end, text));
    }
    planned.about = about(scene, symbol, &planned.patches);
    Ok(planned)
}

/// A name as it stands in that place: a bare label that is no name any more gets quotes.
fn written(document: &Document, place: Span, name: &str) -> String {
    let before = document.text().get(..place.start as usize).unwrap_or("");
    let quoted = before.ends_with(['"', '`']) || document.language().is_json();
    if quoted || is_ident(name) { name.to_owned() } else { write::quoted(name) }
}

/// A name has to be one of the language; JSON templates take more, as long as it needs no escapes.
fn check_name(scene: &Scene<'_>, name: &str) -> Result<(), EditError> {
    let legacy = scene.templates().iter().any(|document| document.language() == Language::LegacyTemplate);
    let plain = |c: char| !c.is_control() && !"\"`\\{}".contains(c);
    let fine = if legacy { !name.is_empty() && name.chars().all(plain) } else { is_ident(name) };
    if fine { Ok(()) } else { Err(EditError::BadName { name: name.to_owned() }) }
}

/// The patches of every use: what `change` says of it. A place that also names something else stays.
fn uses<'t>(
    scene: &Scene<'_>,
    index: &References,
    symbol: &Symbol,
    change: impl Fn(&Document, &Reference) -> Option<(Span, &'t str)>,
) -> Vec<RawPatch> {
    let shared = |reference: &Reference| {
        index.iter().any(|other| other.name == reference.name && other.symbol != reference.symbol)
    };
    let patch = |reference: &Reference| {
        let document = document(scene, reference.name)?;
        let (place, text) = change(document, reference)?;
        Some(RawPatch::new(document, place.start, place.end, text))
    };
    index.uses(symbol).filter(|reference| !shared(reference)).filter_map(patch).collect()
}

/// The block that declares a symbol, in terms of the text after the patches.
fn about(scene: &Scene<'_>, symbol: &Symbol, patches: &[RawPatch]) -> Option<About> {
    let all = blocks::all(scene.templates());
    let found =
        all.into_iter().find(|found| References::declared_by(found.block).as_ref() == Some(symbol))?;
    let document = scene.all.get(found.file.0 as usize)?;
    let start = match document.language().is_json() {
        true => found.block.body.span.start.saturating_sub(1),
        false => found.block.header.start,
    };
    let file = found.file.0 as usize;
    let before = patches.iter().filter(|patch| patch.file == file && patch.end() <= start);
    let shift: i64 = before.map(|patch| patch.inserted.len() as i64 - patch.removed.len() as i64).sum();
    Some(About { file, offset: (i64::from(start) + shift) as u32 })
}

/// Changes a label that others refer to: the name or the type of what a block declares. `None` for any other.
pub(super) fn label(
    scene: &Scene<'_>,
    id: &str,
    index: usize,
    label: &str,
) -> Result<Option<Planned>, EditError> {
    let Some(found) = blocks::find(scene.templates(), id) else { return Ok(None) };
    let Some(symbol) = References::declared_by(found.block) else { return Ok(None) };
    let references = References::of(scene.all.iter().filter(|document| document.is_present()));
    let only = references.declarations(&symbol).count() == 1;
    if references.uses(&symbol).next().is_none() || !only {
        return Ok(None);
    }
    if index + 1 == found.block.labels.len() {
        return rename(scene, &symbol, label).map(Some);
    }
    // Its type: what stands before the name in a reference.
    let Some(type_name) = symbol.type_name() else { return Ok(None) };
    let own = match Target::find(scene.templates(), id) {
        Ok(target) => Some(block::set_label(&target, index, label)?),
        Err(_) => json::set_label(scene.templates(), id, index, label)?,
    };
    let Some(mut planned) = own else { return Ok(None) };
    check_name(scene, label)?;
    planned.patches.extend(uses(scene, &references, &symbol, |document, reference| {
        let head = Span { end: reference.name.start, ..reference.span };
        let at = document.slice(head).rfind(type_name)? as u32;
        let start = head.start + at;
        Some((Span { start, end: start + type_name.len() as u32, ..head }, label))
    }));
    planned.about = about(scene, &symbol, &planned.patches);
    Ok(Some(planned))
}

/// What is used, was declared before, and is declared no more: one warning for each.
pub(crate) fn left_undeclared(before: &References, documents: &[Document]) -> Vec<Diagnostic> {
    let after = References::of(documents.iter().filter(|document| document.is_present()));
    let mut gone: Vec<&Symbol> = before
        .iter()
        .filter(|reference| reference.role == Role::Declaration)
        .map(|reference| &reference.symbol)
        .filter(|symbol| after.declarations(symbol).next().is_none())
        .collect();
    gone.sort();
    gone.dedup();
    let place =
        |reference: &Reference| Some(documents.get(reference.span.file.0 as usize)?.place_of(reference.span));
    gone.into_iter()
        .filter_map(|symbol| {
            let mut uses = after.uses(symbol);
            let first = place(uses.next()?)?;
            let others: Vec<_> = uses.filter_map(place).collect();
            let count = match others.len() {
                0 => "in one place".to_owned(),
                more => format!("in {} places", more + 1),
            };
            let message = format!("the {} {} is still used {count}", kind_name(symbol.kind), symbol.name);
            let mut warning = Diagnostic::warning("reference.undeclared", message)
                .with_place(first)
                .with_help("undo, or change what uses it");
            for other in others {
                warning = warning.with_related("it is used here too", other);
            }
            Some(warning)
        })
        .collect()
}
