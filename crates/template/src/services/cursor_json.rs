//! What can be written at a place of a JSON document, in the terms of the blocks it stands for.

use super::cursor::{self, Cursor, Header, Site, text_site};
use crate::document::{Document, Language};
use crate::json::Node;
use crate::json::hcl::{Schema, Shape};
use crate::json::legacy::STEPS;
use crate::json::lexer::{TokenKind as T, tokens};

enum Frame {
    Object { key: Option<String>, value: bool },
    Array,
}

/// What the cursor is in.
enum Within {
    /// Between tokens, or in a bare word.
    Bare,
    /// In a string, with its content before the cursor.
    String(String),
    Comment,
}

/// The cursor at a byte of a JSON document.
pub(super) fn json(document: &Document, offset: u32) -> Cursor {
    let text = document.text();
    let mut stack: Vec<Frame> = Vec::new();
    let mut within = Within::Bare;
    let mut start = offset;
    for token in tokens(text) {
        if token.start >= offset {
            break;
        }
        let source = text.get(token.start as usize..token.end as usize).unwrap_or("");
        let closed = token.kind == T::String && source.len() > 1 && source.ends_with('"');
        if offset < token.end || (offset == token.end && !closed) {
            let before = text.get(token.start as usize + 1..offset as usize).unwrap_or("");
            match token.kind {
                T::String => (start, within) = (token.start + 1, Within::String(before.to_owned())),
                T::Word | T::Number => start = token.start,
                T::Comment => within = Within::Comment,
                _ => feed(&mut stack, token.kind, source),
            }
            if !matches!(
                token.kind,
                T::LBrace | T::RBrace | T::LBrack | T::RBrack | T::Colon | T::Comma | T::Space
            ) {
                break;
            }
        } else {
            feed(&mut stack, token.kind, source);
        }
    }
    let at_key = match stack.last() {
        Some(Frame::Object { key, value: false }) => Some(key.is_none()),
        _ => None,
    };
    let path: Vec<String> = stack
        .iter()
        .filter_map(|frame| match frame {
            Frame::Object { key: Some(key), value: true } => Some(key.clone()),
            _ => None,
        })
        .collect();
    let quoted = matches!(within, Within::String(_));
    let mut cursor = Cursor {
        blocks: Vec::new(),
        attribute: None,
        keys: Vec::new(),
        direct: true,
        calls: Vec::new(),
        names: Vec::new(),
        site: Site::Nothing,
        start,
        json: true,
        quoted,
    };
    let label = match document.language() {
        Language::LegacyTemplate => legacy(&mut cursor, document, &path, offset),
        Language::JsonTemplate => template(&mut cursor, &path),
        _ => {
            cursor.attribute = path.first().cloned();
            None
        }
    };
    cursor.site = match (at_key, within) {
        (_, Within::Comment) | (Some(false), _) => Site::Nothing,
        (None, Within::Bare) if stack.is_empty() => Site::Nothing,
        (Some(true), _) => match label {
            Some(header) => Site::Label { header, quoted },
            None if cursor.attribute.is_some() => Site::Key { quoted },
            None => Site::Item,
        },
        (None, Within::Bare) => Site::Expression { path: Vec::new() },
        (None, Within::String(before)) => {
            string(&mut cursor, &before, offset, document.language() == Language::JsonTemplate);
            return cursor;
        }
    };
    cursor
}

fn feed(stack: &mut Vec<Frame>, kind: T, source: &str) {
    match kind {
        T::LBrace => stack.push(Frame::Object { key: None, value: false }),
        T::LBrack => stack.push(Frame::Array),
        T::RBrace | T::RBrack => {
            stack.pop();
        }
        T::Comma => {
            if let Some(Frame::Object { key, value }) = stack.last_mut() {
                (*key, *value) = (None, false);
            }
        }
        T::Colon => {
            if let Some(Frame::Object { value, .. }) = stack.last_mut() {
                *value = true;
            }
        }
        T::String => {
            if let Some(Frame::Object { key, value: false }) = stack.last_mut() {
                *key = Some(source.trim_matches('"').to_owned());
            }
        }
        _ => {}
    }
}

/// The blocks of a path in a template of HCL; the header of a block whose label is to be written.
fn template(cursor: &mut Cursor, path: &[String]) -> Option<Header> {
    let mut schema = Schema::Template;
    let mut keys = path.iter();
    while let Some(key) = keys.next() {
        let Shape::Block(labels, inner) = schema.shape(key) else {
            cursor.attribute = Some(key.clone());
            cursor.keys = keys.cloned().collect();
            return None;
        };
        let labels: Vec<String> = keys.by_ref().take(labels).cloned().collect();
        let missing = match schema.shape(key) {
            Shape::Block(wanted, _) => labels.len() < wanted,
            Shape::Argument => false,
        };
        let header = Header { kind: key.clone(), labels, ..Header::default() };
        if missing {
            return Some(header);
        }
        schema = match header.labels.first() {
            Some(label) => inner.labelled(label),
            None => inner,
        };
        cursor.blocks.push(header);
    }
    None
}

/// The blocks of a path in a template of the first language.
fn legacy(cursor: &mut Cursor, document: &Document, path: &[String], offset: u32) -> Option<Header> {
    let (first, rest) = path.split_first()?;
    let kind = match first.as_str() {
        "builders" => "source",
        key => STEPS.iter().find(|(step, _)| *step == key).map_or(key, |(_, kind)| kind),
    };
    let known = first == "builders" || STEPS.iter().any(|(step, _)| step == first);
    if !known && first != "variables" {
        cursor.attribute = Some(first.clone());
        cursor.keys = rest.to_vec();
        return None;
    }
    let type_name = document.json().and_then(|json| element(&json.root, first, offset));
    if known && first != "builders" {
        cursor.blocks.push(Header { kind: "build".to_owned(), ..Header::default() });
    }
    let labels = type_name.into_iter().collect();
    cursor.blocks.push(Header { kind: kind.to_owned(), labels, ..Header::default() });
    cursor.attribute = rest.first().cloned();
    cursor.keys = rest.get(1..).unwrap_or_default().to_vec();
    None
}

/// The type of the component around a place.
fn element(root: &Node, key: &str, offset: u32) -> Option<String> {
    let mut node = &root.member(key)?.value;
    // Chains of post-processors are arrays in the array.
    while let Some(elements) = node.elements() {
        node = elements.iter().find(|element| element.span.start < offset && offset <= element.span.end)?;
    }
    node.member("type")?.value.as_str().map(str::to_owned)
}

/// Text of a string; in a template of HCL, `${` starts an expression.
fn string(cursor: &mut Cursor, before: &str, offset: u32, expressions: bool) {
    let open =
        before.rfind("${").filter(|open| expressions && before.rfind('}').is_none_or(|close| close < *open));
    let Some(open) = open else { return text_site(cursor, before, offset) };
    let lead = "_ = ";
    let inner = format!("{lead}{}", before.get(open + 2..).unwrap_or(""));
    let found = cursor::native(&inner, inner.len() as u32);
    cursor.start = offset - (inner.len() as u32 - found.start);
    cursor.direct = false;
    (cursor.calls, cursor.names, cursor.site) = (found.calls, found.names, found.site);
}
