//! JSON: a lossless reader that tolerates errors, and what its objects mean as blocks and arguments.
//!
//! [`parse`] cuts the text into tokens that tile it and reads a tree whose nodes know their exact places. The tree
//! is an index over the text, as that of the native syntax is: edits are computed from its spans and it is never
//! printed back. What is an argument and what is a block, JSON does not say; `legacy` and `hcl` know it from
//! Packer's schema and make the same typed tree ([`crate::syntax::ast`]) that the native syntax becomes.

pub(crate) mod hcl;
pub(crate) mod legacy;
pub mod lexer;
mod parser;
mod relocate;

use crate::syntax::Span;
use crate::syntax::ast::{Expr, ExprKind, LiteralText, ObjectItem, ObjectKey, Template, TemplatePart};
use crate::syntax::ast::{TemplateStyle, TextMap};
use crate::syntax::{FileId, SyntaxError};
use smol_str::SmolStr;

/// Deepest nesting that is read; deeper text is one error.
pub const MAX_DEPTH: usize = 128;

/// A JSON text that was read.
#[derive(Debug, Clone)]
pub struct Json {
    /// Its value; [`NodeKind::Missing`] when there is none.
    pub root: Node,
    /// What is wrong with it, in source order.
    pub errors: Vec<SyntaxError>,
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its place, quotes and brackets included.
    pub span: Span,
}

/// The kinds of value.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// Nothing usable is there; an error says so.
    Missing,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written.
    Number(SmolStr),
    /// A string.
    String(Decoded),
    /// `[a, b]`
    Array(Vec<Node>),
    /// `{ "key": value }`, duplicates included.
    Object(Vec<Member>),
}

/// A decoded string with the way back to its source.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// The text after escapes.
    pub text: String,
    /// Decoded offset to source offset.
    pub map: TextMap,
}

/// One `"key": value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The key.
    pub key: Decoded,
    /// Its place, quotes included.
    pub key_span: Span,
    /// The value.
    pub value: Node,
    /// From the key to the end of the value.
    pub span: Span,
}

/// Reads a JSON text. Never fails and never panics, whatever the text.
pub fn parse(file: FileId, text: &str) -> Json {
    parser::parse(file, text)
}

impl Node {
    /// The members of an object, in source order.
    pub fn members(&self) -> Option<&[Member]> {
        match &self.kind {
            NodeKind::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn elements(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::String(text) => Some(&text.text),
            _ => None,
        }
    }

    /// The first member of that name of an object.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members()?.iter().find(|member| member.key.text == name)
    }

    /// The nodes from this one down to the innermost object, array or value whose first byte is `start`; empty when
    /// there is none.
    pub fn path_to(&self, start: u32) -> Vec<&Node> {
        let mut path = vec![self];
        let mut node = self;
        while node.span.start != start {
            let holds = |child: &&Node| child.span.start <= start && start < child.span.end;
            let next = match &node.kind {
                NodeKind::Array(elements) => elements.iter().find(holds),
                NodeKind::Object(members) => members.iter().map(|member| &member.value).find(holds),
                _ => None,
            };
            match next {
                Some(next) => {
                    path.push(next);
                    node = next;
                }
                None => return Vec::new(),
            }
        }
        path
    }

    /// The value as an expression in which nothing is interpolated.
    pub(crate) fn to_plain_expr(&self) -> Expr {
        let kind = match &self.kind {
            NodeKind::String(text) => ExprKind::Template(plain(text, self.span)),
            NodeKind::Array(elements) => ExprKind::List(elements.iter().map(Node::to_plain_expr).collect()),
            NodeKind::Object(members) => ExprKind::Object(
                members
                    .iter()
                    .map(|member| ObjectItem {
                        key: ObjectKey::Expr(Expr {
                            kind: ExprKind::Template(plain(&member.key, member.key_span)),
                            span: member.key_span,
                        }),
                        value: member.value.to_plain_expr(),
                        span: member.span,
                    })
                    .collect(),
            ),
            other => scalar(other),
        };
        Expr { kind, span: self.span }
    }
}

/// The expression of a value that is no string and no collection.
fn scalar(kind: &NodeKind) -> ExprKind {
    match kind {
        NodeKind::Null => ExprKind::Null,
        NodeKind::Bool(value) => ExprKind::Bool(*value),
        NodeKind::Number(text) => ExprKind::Number(text.clone()),
        _ => ExprKind::Missing,
    }
}

/// A template that is only text.
fn plain(decoded: &Decoded, span: Span) -> Template {
    let inner = Span::new(span.file, span.start + 1, span.end.saturating_sub(1).max(span.start + 1));
    let literal = LiteralText { text: decoded.text.clone(), map: decoded.map.clone(), span: inner };
    let parts = if decoded.text.is_empty() { Vec::new() } else { vec![TemplatePart::Literal(literal)] };
    Template { parts, style: TemplateStyle::Quoted }
}

/// The place inside the braces or brackets of a collection.
pub(crate) fn inside(node: &Node) -> Span {
    Span::new(node.span.file, node.span.start + 1, node.span.end.saturating_sub(1).max(node.span.start + 1))
}

/// An error of the meaning of a JSON text.
pub(crate) fn error(code: &'static str, span: Span, message: impl Into<String>, help: &str) -> SyntaxError {
    SyntaxError {
        code,
        message: message.into(),
        range: span.start..span.end,
        help: (!help.is_empty()).then(|| help.to_owned()),
        related: None,
        fix: None,
    }
}

/// The errors of keys that stand twice in one object, anywhere below this node. Packer refuses them.
pub(crate) fn duplicates(node: &Node, errors: &mut Vec<SyntaxError>) {
    match &node.kind {
        NodeKind::Array(elements) => elements.iter().for_each(|element| duplicates(element, errors)),
        NodeKind::Object(members) => {
            let mut seen = std::collections::HashMap::new();
            for member in members {
                if let Some(first) = seen.insert(member.key.text.as_str(), member.key_span) {
                    let message = format!("the key \"{}\" stands twice in this object", member.key.text);
                    let mut twice =
                        error("json.duplicate-key", member.key_span, message, "keep one of the two");
                    twice.related = Some(("it stands here first".to_owned(), first.start..first.end));
                    errors.push(twice);
                }
                duplicates(&member.value, errors);
            }
        }
        _ => {}
    }
}
