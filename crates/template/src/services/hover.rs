//! What is known about what stands at a place, and the signature of the call around it.

use super::find::{self, Found, headers};
use super::{Editor, Hover, Note, Signature, floor, notes, schema};
use crate::blocks::{self, BlockRef};
use crate::document::{Document, Language};
use crate::options::lookup;
use crate::outline;
use crate::references::{Role, Symbol, SymbolKind};
use crate::syntax::ast::{Block, Expr, ExprKind};
use crate::syntax::{FileId, Span};

/// Longest value that is shown.
const MAX_VALUE: usize = 600;

impl Editor<'_> {
    /// What is known about a byte of a document.
    pub fn hover(&self, file: FileId, offset: u32) -> Option<Hover> {
        let document = self.document(file)?;
        let offset = floor(document.text(), offset);
        let hover = |note: Note, span: Span| Hover { note, place: document.place_of(span) };
        if let Some((note, span)) = action_word(document, offset) {
            return Some(hover(note, span));
        }
        if let Some(found) = self.references().at(Span::new(file, offset, offset))
            && (found.name.touches(offset) || found.role == Role::Use)
            && let Some(note) = self.symbol_note(&found.symbol)
        {
            return Some(hover(note, if found.name.is_empty() { found.span } else { found.name }));
        }
        let (around, found) = find::at(document.body(), offset)?;
        match found {
            Found::Kind(block) => {
                let note = Note::new(block.kind.as_str()).say(schema::about(block.kind.as_str())?);
                Some(hover(note, block.kind.span))
            }
            Found::Label(block, index) => {
                let (kind, type_name) = schema::component(&headers(&around))?;
                if index > 0 {
                    return None;
                }
                let label = block.labels.first()?;
                let note = match lookup(kind, &type_name) {
                    Some(component) => notes::component(component),
                    None => Note::new(type_name).say(
                        "Goldsmith does not build this type. It is kept as it is, and can be edited as plain arguments.",
                    ),
                };
                Some(hover(note, label.span))
            }
            Found::Name(attribute) => {
                let spec = schema::option(&headers(&around), attribute.name.as_str());
                let mut note = match spec {
                    Some(spec) => notes::option(spec),
                    None => Note::new(attribute.name.as_str()),
                };
                note.value = match spec.is_some_and(|spec| spec.sensitive) {
                    true => None,
                    false => self.value(document, &around, &attribute.value),
                };
                let bare = spec.is_none() && note.value.is_none();
                (!bare).then(|| hover(note, attribute.name.span))
            }
            Found::Value(attribute, path) => {
                let innermost = path.last()?;
                if let ExprKind::Call { name, .. } = &innermost.kind
                    && name.span.touches(offset)
                {
                    let mut note = notes::function(name.as_str())?;
                    note.value = self.value(document, &around, innermost);
                    return Some(hover(note, name.span));
                }
                let expr = path.iter().rev().find(|expr| tells(expr))?;
                let secret = schema::option(&headers(&around), attribute.name.as_str());
                if secret.is_some_and(|spec| spec.sensitive) {
                    return None;
                }
                let mut note = Note::new(short(document.source(expr)));
                note.value = Some(self.value(document, &around, expr)?);
                Some(hover(note, expr.span))
            }
        }
    }

    /// What an expression of a block comes to, secrets masked.
    fn value(&self, document: &Document, around: &[&Block], expr: &Expr) -> Option<String> {
        if matches!(expr.kind, ExprKind::Missing) || is_literal(expr) {
            return None;
        }
        let value = match around.first() {
            Some(_) => self.resolver().resolve(&self.block_of(document, around)?, expr)?,
            None => return None,
        };
        Some(match value.char_indices().nth(MAX_VALUE) {
            Some((end, _)) => format!("{}…", value.get(..end).unwrap_or("")),
            None => value,
        })
    }

    fn block_of<'b>(&'b self, document: &Document, around: &[&Block]) -> Option<BlockRef<'b>> {
        let innermost = around.last()?;
        blocks::all(self.project.documents()).into_iter().find(|found| {
            found.file == document.id()
                && found.block.span == innermost.span
                && found.block.header == innermost.header
        })
    }

    /// What is known about a variable, a local, a source or a data source.
    pub(super) fn symbol_note(&self, symbol: &Symbol) -> Option<Note> {
        let declared = self.references().declarations(symbol).next()?;
        let document = self.document(declared.span.file)?;
        let (around, _) = find::at(document.body(), declared.span.start)?;
        let block = around.last();
        let path = match symbol.kind {
            SymbolKind::Variable => format!("var.{}", symbol.name),
            SymbolKind::Local => format!("local.{}", symbol.name),
            SymbolKind::Data => format!("data.{}", symbol.name),
            SymbolKind::Source => format!("source.{}", symbol.name),
        };
        let mut note = Note::new(path.clone());
        note.declared = Some(document.place_of(declared.span));
        match symbol.kind {
            SymbolKind::Variable | SymbolKind::Local if document.language() == Language::LegacyTemplate => {
                note.title = symbol.name.clone();
                note.detail = Some("variable".to_owned());
                let attribute = block?.body.attribute(&symbol.name)?;
                let hidden = self.is_sensitive_in_json(document, &symbol.name);
                note.value = Some(match &attribute.value.kind {
                    _ if hidden => "<sensitive>".to_owned(),
                    ExprKind::Null => "no value; it must be given".to_owned(),
                    _ => document.source(&attribute.value).to_owned(),
                });
            }
            SymbolKind::Variable => {
                let attribute = |name: &str| block.and_then(|block| block.body.attribute(name));
                let kind =
                    attribute("type").map(|ty| document.source(&ty.value).trim_matches('"').to_owned());
                note.detail =
                    Some(format!("variable{}", kind.map_or(String::new(), |kind| format!(", {kind}"))));
                note.text.extend(attribute("description").and_then(|text| text.value.literal_string()));
                note.value = self.resolver().shown(&path);
            }
            SymbolKind::Local => {
                note.detail = Some("local".to_owned());
                note.value = self.resolver().shown(&path);
            }
            SymbolKind::Source => {
                let found = outline::component(block?, None);
                let component = found.and_then(|(kind, type_name)| lookup(kind, type_name));
                note.detail = component.map(|component| component.title.to_owned());
                note.text.extend(component.map(|component| component.help.to_owned()));
            }
            SymbolKind::Data => {
                note.detail = Some("data source".to_owned());
                note.text.push("It is asked when a build starts, never while a template is open.".to_owned());
            }
        }
        Some(note)
    }

    fn is_sensitive_in_json(&self, document: &Document, name: &str) -> bool {
        let list = document.json().and_then(|json| json.root.member("sensitive-variables"));
        let names = list.and_then(|member| member.value.elements()).unwrap_or_default();
        names.iter().any(|node| node.as_str() == Some(name))
    }

    /// The call the cursor is in.
    pub fn signature(&self, file: FileId, offset: u32) -> Option<Signature> {
        let document = self.document(file)?;
        let cursor = self.cursor(document, floor(document.text(), offset));
        let call = cursor.calls.last()?;
        let label = notes::signature(&call.name)?;
        let open = label.find('(')? + 1;
        let inner = label.get(open..label.rfind(')')?)?;
        let mut parameters = Vec::new();
        let mut at = open;
        for part in inner.split(", ").filter(|part| !part.is_empty()) {
            parameters.push((at as u32, (at + part.len()) as u32));
            at += part.len() + 2;
        }
        let last = parameters.len().checked_sub(1);
        let repeats = inner.ends_with("...");
        let active = match last {
            Some(last) if repeats => Some(call.argument.min(last)),
            Some(last) if call.argument <= last => Some(call.argument),
            _ => None,
        };
        let help = notes::function(&call.name).and_then(|note| note.text.first().cloned());
        Some(Signature { label, help, parameters, active: active.map(|index| index as u32) })
    }
}

/// Whether the value of an expression says more than its text.
fn tells(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Access { .. } | ExprKind::Call { .. } | ExprKind::Conditional { .. } | ExprKind::For(_) => {
            true
        }
        ExprKind::Template(template) => template.literal().is_none(),
        ExprKind::Binary { .. } | ExprKind::Unary { .. } => true,
        _ => false,
    }
}

/// Whether an expression is written out, so that its text says it all.
fn is_literal(expr: &Expr) -> bool {
    let mut inner = Vec::new();
    find::children(expr, &mut inner);
    match &expr.kind {
        ExprKind::Template(template) => template.literal().is_some(),
        ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => true,
        ExprKind::List(_) | ExprKind::Object(_) | ExprKind::Parens(_) | ExprKind::Unary { .. } => {
            inner.into_iter().all(is_literal)
        }
        _ => false,
    }
}

fn short(source: &str) -> String {
    let line = source.lines().next().unwrap_or("");
    if line.chars().count() > 60 { line.chars().take(59).chain(['…']).collect() } else { line.to_owned() }
}

/// The function under the cursor, inside `{{ }}`.
fn action_word(document: &Document, offset: u32) -> Option<(Note, Span)> {
    let text = document.text();
    let at = offset as usize;
    let line = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let before = text.get(line..at)?;
    let open = before.rfind("{{").filter(|open| before.rfind("}}").is_none_or(|close| close < *open))?;
    if before.get(open..)?.matches('`').count() % 2 == 1 {
        return None;
    }
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let start = line + before.trim_end_matches(word).len();
    let rest = text.get(at..)?;
    let end = at + rest.find(|c| !word(c)).unwrap_or(rest.len());
    if text.get(..start)?.ends_with('.') {
        return None;
    }
    Some((notes::go_function(text.get(start..end)?)?, Span::new(document.id(), start as u32, end as u32)))
}
