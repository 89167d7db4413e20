//! The shape of a document: its symbols, and what can be folded.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Editor;
use crate::diagnostic::Place;
use crate::document::Document;
use crate::json::{Node, NodeKind};
use crate::outline;
use crate::syntax::ast::{Block, Body, Expr, ExprKind, Item};
use crate::syntax::kind::SyntaxKind;
use crate::syntax::{FileId, Span, lexer};

/// What a symbol is; decides its icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SymbolRole {
    /// A block.
    Block,
    /// A variable or a local.
    Value,
    /// A step of a build.
    Step,
}

/// Something a document declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DocumentSymbol {
    /// What to call it.
    pub name: String,
    /// The kind of block it is.
    pub detail: String,
    /// What it is.
    pub role: SymbolRole,
    /// All of it.
    pub place: Place,
    /// Its name, or the header of the block.
    pub name_place: Place,
    /// What is in it.
    pub children: Vec<DocumentSymbol>,
}

/// What a fold hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FoldKind {
    /// A block or a value.
    Region,
    /// Comments.
    Comment,
}

/// Lines that can be folded away; the first one stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Fold {
    /// First line, from 1.
    pub line: u32,
    /// Last line that is hidden, from 1.
    pub end_line: u32,
    /// What is hidden.
    pub kind: FoldKind,
}

impl Editor<'_> {
    /// What a document declares, in its order.
    pub fn symbols(&self, file: FileId) -> Vec<DocumentSymbol> {
        self.document(file).map(|document| symbols(document, document.body(), None)).unwrap_or_default()
    }

    /// What can be folded in a document, by line.
    pub fn folds(&self, file: FileId) -> Vec<Fold> {
        let Some(document) = self.document(file) else { return Vec::new() };
        let mut folds = Folds { document, list: Vec::new() };
        match document.json() {
            Some(json) => folds.node(&json.root),
            None => {
                folds.body(document.body());
                folds.comments();
            }
        }
        folds.list.sort_by_key(|fold| (fold.line, std::cmp::Reverse(fold.end_line)));
        folds.list.dedup_by_key(|fold| fold.line);
        folds.list
    }
}

fn symbols(document: &Document, body: &Body, parent: Option<&Block>) -> Vec<DocumentSymbol> {
    let values = parent.is_some_and(|parent| matches!(parent.kind.as_str(), "locals" | "variables"));
    let mut list = Vec::new();
    for item in &body.items {
        match item {
            Item::Attribute(attribute) if values => list.push(DocumentSymbol {
                name: attribute.name.name.to_string(),
                detail: parent
                    .map_or(String::new(), |parent| parent.kind.name.trim_end_matches('s').to_owned()),
                role: SymbolRole::Value,
                place: document.place_of(attribute.span),
                name_place: document.place_of(attribute.name.span),
                children: Vec::new(),
            }),
            Item::Attribute(_) => {}
            Item::Block(block) => list.push(DocumentSymbol {
                name: outline::title(block, parent),
                detail: block.kind.name.to_string(),
                role: match block.kind.as_str() {
                    "variable" | "local" => SymbolRole::Value,
                    "provisioner" | "post-processor" | "error-cleanup-provisioner" => SymbolRole::Step,
                    _ => SymbolRole::Block,
                },
                place: document.place_of(block.span),
                // Editors want the name inside the whole.
                name_place: document.place_of(inside(block.header, block.span)),
                children: symbols(document, &block.body, Some(block)),
            }),
        }
    }
    list
}

fn inside(part: Span, whole: Span) -> Span {
    let fits = whole.start <= part.start && part.end <= whole.end;
    if fits { part } else { Span { end: whole.start, ..whole } }
}

struct Folds<'a> {
    document: &'a Document,
    list: Vec<Fold>,
}

impl Folds<'_> {
    /// Folds from the first line to the line before the last one, which holds the closing bracket.
    fn add(&mut self, span: Span, keep_last: bool) {
        let place = self.document.place_of(span);
        let end_line = place.end_line.saturating_sub(u32::from(keep_last));
        if end_line > place.line {
            self.list.push(Fold { line: place.line, end_line, kind: FoldKind::Region });
        }
    }

    fn body(&mut self, body: &Body) {
        for item in &body.items {
            match item {
                Item::Attribute(attribute) => self.value(&attribute.value),
                Item::Block(block) => {
                    self.add(block.span, block.closed);
                    self.body(&block.body);
                }
            }
        }
    }

    fn value(&mut self, value: &Expr) {
        let lines = self.document.slice(value.span).contains('\n');
        if !lines {
            return;
        }
        self.add(value.span, true);
        match &value.kind {
            ExprKind::List(elements) => elements.iter().for_each(|element| self.value(element)),
            ExprKind::Object(items) => items.iter().for_each(|item| self.value(&item.value)),
            _ => {}
        }
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Array(elements) => {
                self.add(node.span, true);
                elements.iter().for_each(|element| self.node(element));
            }
            NodeKind::Object(members) => {
                self.add(node.span, true);
                members.iter().for_each(|member| self.node(&member.value));
            }
            _ => {}
        }
    }

    /// Comments over several lines: one block comment, or line comments with nothing between them.
    fn comments(&mut self) {
        let mut run: Option<(u32, u32)> = None;
        let mut blank = true;
        let mut runs = Vec::new();
        for token in lexer::tokens(self.document.text()) {
            match token.kind {
                SyntaxKind::Newline => blank = true,
                SyntaxKind::Whitespace | SyntaxKind::Bom => {}
                SyntaxKind::LineComment | SyntaxKind::BlockComment if blank => {
                    let place = self.document.place(token.start..token.end);
                    run = match run {
                        Some((first, last)) if last + 1 == place.line => Some((first, place.end_line)),
                        other => {
                            runs.extend(other);
                            Some((place.line, place.end_line))
                        }
                    };
                }
                _ => blank = false,
            }
        }
        runs.extend(run);
        let folds = runs.into_iter().filter(|(first, last)| last > first);
        self.list.extend(folds.map(|(line, end_line)| Fold { line, end_line, kind: FoldKind::Comment }));
    }
}
