//! Lines of a document, as edits see them.

use crate::document::Document;

/// Start of the line that holds `offset`; after a byte order mark on the first line.
pub(crate) fn start(document: &Document, offset: u32) -> u32 {
    let text = document.text();
    let before = text.get(..offset as usize).unwrap_or(text);
    match before.rfind('\n') {
        Some(at) => at as u32 + 1,
        None if document.has_bom() => 3,
        None => 0,
    }
}

/// End of the line that holds `offset`, before its line break.
pub(crate) fn end(document: &Document, offset: u32) -> u32 {
    let text = document.text();
    let rest = text.get(offset as usize..).unwrap_or("");
    match rest.find('\n') {
        Some(at) => {
            let has_return = at > 0 && rest.as_bytes().get(at - 1) == Some(&b'\r');
            offset + at as u32 - u32::from(has_return)
        }
        None => text.len() as u32,
    }
}

/// Start of the line after the one that holds `offset`, or the end of the text.
pub(crate) fn next(document: &Document, offset: u32) -> u32 {
    let text = document.text();
    let rest = text.get(offset as usize..).unwrap_or("");
    rest.find('\n').map_or(text.len() as u32, |at| offset + at as u32 + 1)
}

/// The text between two offsets.
pub(crate) fn between(document: &Document, start: u32, end: u32) -> &str {
    document.text().get(start as usize..end as usize).unwrap_or("")
}

/// The space at the start of the line that holds `offset`.
pub(crate) fn indentation(document: &Document, offset: u32) -> &str {
    let line = between(document, start(document, offset), end(document, offset));
    let content = line.trim_start_matches([' ', '\t']);
    line.get(..line.len() - content.len()).unwrap_or("")
}

/// Whether only space stands before `offset` on its line.
pub(crate) fn starts_line(document: &Document, offset: u32) -> bool {
    between(document, start(document, offset), offset).trim().is_empty()
}

/// Whether the line that starts at `offset` is there and holds only space.
pub(crate) fn is_blank(document: &Document, offset: u32) -> bool {
    (offset as usize) < document.text().len()
        && between(document, offset, end(document, offset)).trim().is_empty()
}

/// Start of the line before the one that starts at `offset`; `None` on the first.
pub(crate) fn previous(document: &Document, offset: u32) -> Option<u32> {
    let first = start(document, 0).max(if document.has_bom() { 3 } else { 0 });
    (offset > first).then(|| start(document, offset - 1))
}

/// One level of indentation, as the document does it: that of its first indented line.
pub(crate) fn unit(document: &Document) -> &str {
    for block in document.body().blocks() {
        for item in &block.body.items {
            let at = match item {
                crate::syntax::ast::Item::Attribute(attribute) => attribute.span.start,
                crate::syntax::ast::Item::Block(block) => block.span.start,
            };
            let outer = indentation(document, block.span.start);
            if starts_line(document, at)
                && let Some(unit) = indentation(document, at).strip_prefix(outer)
                && !unit.is_empty()
            {
                return unit;
            }
        }
    }
    "  "
}
