//! Turning blocks and arguments into comments and back.

use super::plan::Target;
use super::{About, EditError, Planned, RawPatch, lines};
use crate::disabled::{self, Disabled};
use crate::document::Document;
use crate::syntax::{Span, lexer};

/// Puts a comment mark on each line.
fn disable(document: &Document, span: Span, what: &str) -> Result<Vec<RawPatch>, EditError> {
    let tail = lines::between(document, span.end, lines::end(document, span.end));
    // A comment that goes on on the next line would lose its beginning.
    let goes_on = tail.contains("/*") && !tail.contains("*/");
    let trivia = lexer::tokens(tail).iter().all(|token| token.kind.is_trivia());
    if !lines::starts_line(document, span.start) || !trivia || goes_on {
        return Err(EditError::SharedLine { what: what.to_owned() });
    }
    let indent = lines::indentation(document, span.start);
    let mut out = Vec::new();
    let mut start = lines::start(document, span.start);
    while start < span.end {
        let end = lines::end(document, start);
        let line = lines::between(document, start, end);
        let (at, mark) = match line.strip_prefix(indent) {
            _ if line.is_empty() => (start, format!("{indent}#")),
            Some(_) => (start + indent.len() as u32, "# ".to_owned()),
            // Less indented: the mark stands before the first character, so that taking it away gives the line back.
            None => {
                let own = line.len() - line.trim_start_matches([' ', '\t']).len();
                (start + own as u32, "# ".to_owned())
            }
        };
        out.push(RawPatch::new(document, at, at, mark));
        start = lines::next(document, end);
    }
    Ok(out)
}

/// Takes the comment marks away.
fn enable(document: &Document, span: Span) -> Vec<RawPatch> {
    let patch = |line: &disabled::CommentLine<'_>| {
        let empty = line.content == line.end && line.content - line.mark < 2;
        let start = if empty { line.start } else { line.mark };
        RawPatch::new(document, start, line.content, "")
    };
    disabled::lines(document, span).iter().map(patch).collect()
}

pub(super) fn disable_block(target: &Target<'_>) -> Result<Planned, EditError> {
    let span = target.found.block.span;
    let patches = disable(target.document, span, &format!("`{}`", target.found.id))?;
    let about = About { file: target.found.file.0 as usize, offset: span.start };
    Ok(Planned { patches, about: Some(about) })
}

pub(super) fn disable_attribute(target: &Target<'_>, name: &str) -> Result<Vec<RawPatch>, EditError> {
    let attribute = target
        .attribute(name)
        .ok_or_else(|| EditError::NoAttribute { block: target.found.id.clone(), name: name.to_owned() })?;
    disable(target.document, attribute.span, &format!("`{name}`"))
}

pub(super) fn enable_attribute(target: &Target<'_>, name: &str) -> Result<Vec<RawPatch>, EditError> {
    if target.attribute(name).is_some() {
        return Err(EditError::Unsuitable {
            what: format!("`{name}` cannot be switched on again"),
            why: "it is set already; remove the other one first".to_owned(),
        });
    }
    let found = disabled::attributes(target.document, target.found.block);
    match found.iter().rev().find(|(own, _)| own == name) {
        Some((_, span)) => Ok(enable(target.document, *span)),
        None => Err(EditError::NoAttribute { block: target.found.id.clone(), name: name.to_owned() }),
    }
}

fn find<'a>(documents: &'a [Document], id: &str) -> Result<(&'a Document, Disabled), EditError> {
    let found = disabled::find(documents, id);
    let found = found.and_then(|found| Some((documents.get(found.span.file.0 as usize)?, found)));
    found.ok_or_else(|| EditError::UnknownBlock { block: id.to_owned() })
}

pub(super) fn enable_block(documents: &[Document], id: &str) -> Result<Planned, EditError> {
    let (document, found) = find(documents, id)?;
    let lines = disabled::lines(document, found.span);
    let lead = lines.first().map_or(0, |first| {
        let text = lines::between(document, first.content, first.end);
        text.len() - text.trim_start().len()
    });
    let about = About { file: found.span.file.0 as usize, offset: found.span.start + lead as u32 };
    Ok(Planned { patches: enable(document, found.span), about: Some(about) })
}

/// Removes a disabled block, with one of the blank lines around it.
pub(super) fn remove_block(documents: &[Document], id: &str) -> Result<Planned, EditError> {
    let (document, found) = find(documents, id)?;
    let (start, next) = (lines::start(document, found.span.start), lines::next(document, found.span.end));
    let above = lines::previous(document, start).filter(|line| lines::is_blank(document, *line));
    let (start, end) = match above {
        _ if lines::is_blank(document, next) => (start, lines::next(document, next)),
        Some(above) => (above, next),
        None => (start, next),
    };
    Ok(Planned::only(vec![RawPatch::new(document, start, end, "")]))
}
