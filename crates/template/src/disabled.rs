//! Blocks and arguments that were turned into comments, and can be turned back.
//!
//! The file alone says it: lines of comments that would be exactly one block or argument without their `#` or `//`
//! are one that is disabled, whoever wrote them. A disabled block is named by its number among those of the block
//! it stands in: `build[0]/disabled[1]`, at the top `disabled[0]`, counting through the documents.
//!
//! JSON templates have no comments. There a step is disabled that is left out of every build by its `except`; it keeps
//! its name.

use std::collections::HashMap;

use smol_str::SmolStr;

use crate::blocks::{self, BlockRef};
use crate::document::{Document, Language};
use crate::lines as places;
use crate::syntax::ast::{Block, Expr, ExprKind, Item};
use crate::syntax::{self, FileId, Span, SyntaxKind, lexer};

/// Blocks that can stand at the top of a template, and in which other block each of the rest can.
const KINDS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "variable",
            "variables",
            "locals",
            "local",
            "data",
            "source",
            "build",
            "packer",
            "dynamic",
            "communicator",
            "hcp_packer_registry",
        ],
    ),
    (
        "build",
        &[
            "source",
            "provisioner",
            "error-cleanup-provisioner",
            "post-processor",
            "post-processors",
            "dynamic",
            "from",
            "hcp_packer_registry",
        ],
    ),
    ("post-processors", &["post-processor"]),
];

/// A block that was turned into comments.
#[derive(Debug, Clone, PartialEq)]
pub struct Disabled {
    /// Its name.
    pub id: String,
    /// The name of the block it stands in; none at the top of a file.
    pub parent: Option<String>,
    /// From its first comment mark to the end of its last line.
    pub span: Span,
    /// Its text without the comment marks.
    pub text: String,
}

/// Whether a name is that of a disabled block.
pub(crate) fn is_name(id: &str) -> bool {
    id.rsplit('/').next().is_some_and(|last| last.starts_with("disabled["))
}

/// The builds of a JSON template, by the names `only` and `except` know them by.
pub(crate) fn builds(document: &Document) -> Vec<&str> {
    document.body().blocks_of("source").filter_map(|source| source.label(1)).collect()
}

/// Whether a step of a JSON template is left out of every build: its `except` names them all.
pub(crate) fn left_out(document: &Document, block: &Block) -> bool {
    if document.language() != Language::LegacyTemplate || block.kind.as_str() == "source" {
        return false;
    }
    let Some(ExprKind::List(except)) = block.body.attribute("except").map(|except| &except.value.kind) else {
        return false;
    };
    let except: Vec<String> = except.iter().filter_map(Expr::literal_string).collect();
    let builds = builds(document);
    !builds.is_empty() && builds.iter().all(|build| except.iter().any(|name| name == build))
}

/// The disabled blocks of the documents, in order.
pub fn blocks(documents: &[Document]) -> Vec<Disabled> {
    let mut out = Vec::new();
    let mut counts: HashMap<Option<String>, usize> = HashMap::new();
    let mut all = None;
    for document in documents {
        for found in found(document) {
            let FoundItem::Block(kind) = &found.item else { continue };
            let all = all.get_or_insert_with(|| blocks::all(documents));
            let around = around(all, document, found.span.start);
            let parent = around.map(|around| around.block.kind.as_str());
            let kinds = KINDS.iter().find(|(outer, _)| *outer == parent.unwrap_or(""));
            if kinds.is_some_and(|(_, kinds)| !kinds.contains(&kind.as_str())) {
                continue;
            }
            let parent = around.map(|around| around.id.clone());
            let number = counts.entry(parent.clone()).or_default();
            let id = match &parent {
                Some(parent) => format!("{parent}/disabled[{number}]"),
                None => format!("disabled[{number}]"),
            };
            *number += 1;
            out.push(Disabled { id, parent, span: found.span, text: found.text });
        }
    }
    out
}

/// The disabled block of that name.
pub(crate) fn find(documents: &[Document], id: &str) -> Option<Disabled> {
    blocks(documents).into_iter().find(|disabled| disabled.id == id)
}

/// The disabled arguments directly in a block: their names and places.
pub(crate) fn attributes(document: &Document, block: &Block) -> Vec<(SmolStr, Span)> {
    let inside = |span: Span| block.body.span.start <= span.start && span.end <= block.body.span.end;
    let direct = |span: Span| {
        !block.body.blocks().any(|inner| inner.span.start <= span.start && span.end <= inner.span.end)
    };
    found(document)
        .into_iter()
        .filter(|found| inside(found.span) && direct(found.span))
        .filter_map(|found| match found.item {
            FoundItem::Attribute(name) => Some((name, found.span)),
            FoundItem::Block(_) => None,
        })
        .collect()
}

/// The places of everything disabled in a document.
pub(crate) fn spans(document: &Document) -> Vec<Span> {
    found(document).into_iter().map(|found| found.span).collect()
}

/// The innermost block around a place.
fn around<'b, 'd>(all: &'b [BlockRef<'d>], document: &Document, at: u32) -> Option<&'b BlockRef<'d>> {
    all.iter().rev().find(|found| {
        let body = found.block.body.span;
        found.file == document.id() && body.start <= at && at < body.end
    })
}

struct Found {
    span: Span,
    text: String,
    item: FoundItem,
}

enum FoundItem {
    /// Its kind.
    Block(SmolStr),
    Attribute(SmolStr),
}

/// A line that holds only a comment.
pub(crate) struct CommentLine<'a> {
    /// Where the line starts.
    pub(crate) start: u32,
    /// Where the mark starts.
    pub(crate) mark: u32,
    /// After the mark and the space after it.
    pub(crate) content: u32,
    /// Before the line break.
    pub(crate) end: u32,
    indent: &'a str,
    text: &'a str,
}

/// The line that starts there, when a comment is all it can be.
fn comment_line(document: &Document, start: u32) -> Option<CommentLine<'_>> {
    let end = places::end(document, start);
    let line = places::between(document, start, end);
    let text = line.trim_start_matches([' ', '\t']);
    let mark = start + (line.len() - text.len()) as u32;
    let width = if text.starts_with('#') {
        1
    } else if text.starts_with("//") {
        2
    } else {
        return None;
    };
    let rest = text.get(width..)?;
    let content = mark + width as u32 + u32::from(rest.starts_with(' '));
    let indent = line.get(..line.len() - text.len())?;
    Some(CommentLine { start, mark, content, end, indent, text: places::between(document, content, end) })
}

/// The lines of a disabled block or argument.
pub(crate) fn lines(document: &Document, span: Span) -> Vec<CommentLine<'_>> {
    let indent = places::indentation(document, span.start).len() as u32;
    let mut start = span.start.saturating_sub(indent);
    let mut out = Vec::new();
    while start < span.end
        && let Some(line) = comment_line(document, start)
    {
        start = next(document, line.end);
        out.push(line);
    }
    out
}

fn next(document: &Document, end: u32) -> u32 {
    let rest = document.text().get(end as usize..).unwrap_or("");
    rest.find('\n').map_or(document.text().len() as u32, |at| end + at as u32 + 1)
}

/// Everything disabled in a document, in order.
fn found(document: &Document) -> Vec<Found> {
    let mut out = Vec::new();
    let text = document.text();
    if document.language().is_json() || document.parse().syntax().first_token().is_none() {
        return out;
    }
    let elsewhere = not_comments(document);
    let mut at = if document.has_bom() { 3 } else { 0 };
    while (at as usize) < text.len() {
        let mut run = Vec::new();
        while let Some(line) = comment_line(document, at) {
            if elsewhere.iter().any(|span| span.start < line.mark && line.mark < span.end) {
                break;
            }
            at = next(document, line.end);
            run.push(line);
            if at as usize >= text.len() {
                break;
            }
        }
        let mut rest = run.as_slice();
        while let Some(first) = rest.first() {
            let taken = match item(rest) {
                Some((count, item, text)) => {
                    let end = rest.get(count - 1).map_or(first.end, |last| last.end);
                    out.push(Found { span: Span::new(document.id(), first.mark, end), text, item });
                    count
                }
                None => 1,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        if run.is_empty() {
            at = next(document, places::end(document, at));
        }
    }
    out
}

/// Where `#` begins no comment of its own: in values, and in comments over several lines.
fn not_comments(document: &Document) -> Vec<Span> {
    fn values(items: &[Item], out: &mut Vec<Span>) {
        for item in items {
            match item {
                Item::Attribute(attribute) => out.push(attribute.span),
                Item::Block(block) => values(&block.body.items, out),
            }
        }
    }
    let mut out = Vec::new();
    values(&document.body().items, &mut out);
    if document.text().contains("/*") {
        let tokens = lexer::tokens(document.text());
        let comments = tokens.iter().filter(|token| token.kind == SyntaxKind::BlockComment);
        out.extend(comments.map(|token| Span::new(document.id(), token.start, token.end)));
    }
    out
}

/// The block or argument that the first of these lines would be, and of how many lines.
fn item(lines: &[CommentLine<'_>]) -> Option<(usize, FoundItem, String)> {
    let head = lines.first()?.text.trim_start();
    let name = head.len() - head.trim_start_matches(|c: char| c.is_alphanumeric() || "_-".contains(c)).len();
    let rest = head.get(name..)?.trim_start();
    let is_block = rest.contains('{');
    let is_attribute = rest.starts_with('=') && !rest.starts_with("==") && !rest.starts_with("=>");
    if name == 0 || !(is_block || is_attribute) {
        return None;
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(line.indent);
        text.push_str(line.text);
        text.push('\n');
    }
    // It ends with the first line at whose end nothing is open.
    let mut depth = 0i32;
    let end = lexer::tokens(&text).into_iter().find_map(|token| {
        match token.kind {
            SyntaxKind::LBrace | SyntaxKind::LBrack | SyntaxKind::LParen => depth += 1,
            SyntaxKind::RBrace | SyntaxKind::RBrack | SyntaxKind::RParen => depth -= 1,
            SyntaxKind::Newline if depth <= 0 => return Some(token.end),
            _ => {}
        }
        None
    })?;
    let own = text.get(..end as usize)?;
    let parse = syntax::parse(own);
    if !parse.errors().is_empty() {
        return None;
    }
    let mut body = parse.lower(FileId(0));
    let item = match (body.items.pop()?, body.items.is_empty()) {
        (Item::Block(block), true) if block.closed => FoundItem::Block(block.kind.name),
        (Item::Attribute(attribute), true) => FoundItem::Attribute(attribute.name.name),
        _ => return None,
    };
    Some((own.matches('\n').count(), item, own.to_owned()))
}
