//! Adding, removing, moving and copying blocks.

use super::plan::Target;
use super::write::{self, Layout};
use super::{About, AttributeValue, Destination, EditError, Planned, RawPatch, lines};
use crate::blocks;
use crate::disabled;
use crate::document::Document;
use crate::syntax::ast::{Block, Item};
use crate::syntax::is_ident;

/// A block to write.
pub(super) struct NewBlock<'a> {
    pub(super) kind: &'a str,
    pub(super) labels: &'a [String],
    pub(super) attributes: &'a [(String, AttributeValue)],
}

impl NewBlock<'_> {
    /// The block as lines, without a line break at the end.
    fn text(&self, layout: Layout<'_>) -> Result<String, EditError> {
        let eol = layout.ending.as_str();
        let indent = layout.indent;
        let inner = format!("{indent}{}", layout.unit);
        let mut out = format!("{indent}{}", self.kind);
        for label in self.labels {
            out.push(' ');
            out.push_str(&write::quoted(label));
        }
        out.push_str(" {");
        out.push_str(eol);
        let width = self.attributes.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, value) in self.attributes {
            if !is_ident(name) {
                return Err(EditError::BadName { name: name.clone() });
            }
            let value = write::value(value, Layout { indent: &inner, ..layout })?;
            let space = " ".repeat(width - name.chars().count());
            out.push_str(&format!("{inner}{name}{space} = {value}{eol}"));
        }
        out.push_str(indent);
        out.push('}');
        Ok(out)
    }
}

/// The lines of a block: from the comments directly above it to the end of its last line.
struct Lines {
    start: u32,
    /// Before the line break.
    end: u32,
    /// After the line break.
    next: u32,
}

fn lines_of(document: &Document, block: &Block) -> Lines {
    let mut start = lines::start(document, block.span.start);
    // A disabled block above is no comment about this one.
    let disabled = disabled::spans(document);
    while let Some(above) = lines::previous(document, start) {
        let line = lines::between(document, above, start).trim();
        let other = disabled.iter().any(|span| span.start < start && above < span.end);
        if other || !(line.starts_with('#') || line.starts_with("//")) {
            break;
        }
        start = above;
    }
    // A comment at the very top, set apart from nothing above, is more likely about the file; it stays unless
    // the block is all there is. A licence header stands there too.
    let first = lines::previous(document, start).is_none();
    let own_start = lines::start(document, block.span.start);
    if first && start < own_start {
        start = own_start;
    }
    Lines { start, end: lines::end(document, block.span.end), next: lines::next(document, block.span.end) }
}

/// Adds a block.
pub(super) fn add(
    documents: &[Document],
    parent: Option<&str>,
    new: &NewBlock<'_>,
    after: Option<&str>,
) -> Result<Planned, EditError> {
    if !is_ident(new.kind) {
        return Err(EditError::BadName { name: new.kind.to_owned() });
    }
    let after = after.map(|id| Target::find(documents, id)).transpose()?;
    if let Some(after) = after {
        let document = after.document;
        let indent = lines::indentation(document, after.found.block.span.start);
        let layout = layout(document, indent);
        let at = lines::end(document, after.found.block.span.end);
        return insert_after_line(document, at, &new.text(layout)?);
    }
    match parent {
        Some(parent) => add_inside(&Target::find(documents, parent)?, new),
        None => {
            let same_kind = blocks::all(documents)
                .into_iter()
                .rev()
                .find(|b| b.parent.is_none() && b.block.kind.name == new.kind);
            let index = same_kind.map_or(0, |block| block.file.0 as usize);
            let Some(document) = documents.get(index) else {
                return Err(EditError::UnknownFile { file: String::new() });
            };
            add_at_end(document, new)
        }
    }
}

fn layout<'a>(document: &'a Document, indent: &'a str) -> Layout<'a> {
    Layout { indent, unit: lines::unit(document), ending: document.line_ending() }
}

/// After the line that ends at `at`, with a blank line between.
fn insert_after_line(document: &Document, at: u32, text: &str) -> Result<Planned, EditError> {
    let eol = document.line_ending().as_str();
    let lead = format!("{eol}{eol}");
    let indent = text.len() - text.trim_start().len();
    let about = About { file: document.id().0 as usize, offset: at + (lead.len() + indent) as u32 };
    Ok(Planned {
        patches: vec![RawPatch::new(document, at, at, format!("{lead}{text}"))],
        about: Some(about),
    })
}

fn add_inside(target: &Target<'_>, new: &NewBlock<'_>) -> Result<Planned, EditError> {
    let document = target.document;
    let block = target.found.block;
    let eol = document.line_ending().as_str();
    let outer = lines::indentation(document, block.span.start);
    let last = block.body.items.last().map(|item| match item {
        Item::Attribute(attribute) => attribute.span,
        Item::Block(block) => block.span,
    });
    let fresh = format!("{outer}{}", lines::unit(document));
    let indent = match last {
        Some(last) if lines::starts_line(document, last.start) => lines::indentation(document, last.start),
        _ => &fresh,
    };
    let text = new.text(layout(document, indent))?;
    let body = block.body.span;
    let file = document.id().0 as usize;
    let one_line = lines::end(document, block.span.start) >= body.end;
    match last {
        Some(last) if !one_line && lines::end(document, last.end) < body.end => {
            insert_after_line(document, lines::end(document, last.end), &text)
        }
        Some(_) => {
            // On one line with its argument: spread out.
            let content = lines::between(document, body.start, body.end);
            let start = body.start + (content.len() - content.trim_start().len()) as u32;
            let end = start + content.trim().len() as u32;
            let opening = format!("{eol}{indent}");
            let about_at =
                body.start as usize + opening.len() + content.trim().len() + 2 * eol.len() + indent.len();
            Ok(Planned {
                patches: vec![
                    target.patch(body.start, start, opening),
                    target.patch(end, body.end, format!("{eol}{eol}{text}{eol}{outer}")),
                ],
                about: Some(About { file, offset: about_at as u32 }),
            })
        }
        None => {
            let content = lines::between(document, body.start, body.end);
            let offset = |at: u32| Some(About { file, offset: at + (eol.len() + indent.len()) as u32 });
            if content.trim().is_empty() {
                let patch = target.patch(body.start, body.end, format!("{eol}{text}{eol}{outer}"));
                return Ok(Planned { patches: vec![patch], about: offset(body.start) });
            }
            // Only comments inside: after them.
            let at = body.start + content.trim_end().len() as u32;
            let patch = target.patch(at, body.end, format!("{eol}{text}{eol}{outer}"));
            Ok(Planned { patches: vec![patch], about: offset(at) })
        }
    }
}

fn add_at_end(document: &Document, new: &NewBlock<'_>) -> Result<Planned, EditError> {
    let eol = document.line_ending().as_str();
    let text = new.text(layout(document, ""))?;
    let content = document.text();
    let kept = content.trim_end();
    let start = kept.len() as u32;
    let lead =
        if kept.trim_start_matches('\u{feff}').is_empty() { String::new() } else { format!("{eol}{eol}") };
    let about = About { file: document.id().0 as usize, offset: start + lead.len() as u32 };
    // What the file ends with stays its end.
    let end = if lead.is_empty() { content.len() as u32 } else { start };
    let tail = if content.len() as u32 == end { eol } else { "" };
    let patch = RawPatch::new(document, start, end, format!("{lead}{text}{tail}"));
    Ok(Planned { patches: vec![patch], about: Some(about) })
}

/// Removes a block with the comments directly above it and one of the blank lines around it.
pub(super) fn remove(target: &Target<'_>) -> Vec<RawPatch> {
    let (start, end) = removal(target);
    vec![target.patch(start, end, "")]
}

/// The range that goes when a block is taken out.
fn removal(target: &Target<'_>) -> (u32, u32) {
    let document = target.document;
    let block = target.found.block;
    let line_end = lines::end(document, block.span.end);
    let alone = lines::starts_line(document, block.span.start)
        && lines::between(document, block.span.end, line_end)
            .trim_start()
            .chars()
            .next()
            .is_none_or(|c| c == '#' || c == '/');
    if !alone {
        return (block.span.start, block.span.end);
    }
    let Lines { start, end: _, next } = lines_of(document, block);
    if lines::is_blank(document, next) {
        return (start, lines::next(document, next));
    }
    match lines::previous(document, start) {
        Some(above) if lines::is_blank(document, above) => (above, next),
        _ => (start, next),
    }
}

/// Moves a block.
pub(super) fn relocate(
    documents: &[Document],
    target: &Target<'_>,
    to: &Destination,
) -> Result<Planned, EditError> {
    let (Destination::Before(anchor) | Destination::After(anchor)) = to;
    let anchor = Target::find(documents, anchor)?;
    let moved = target.found.block.span;
    let inside = anchor.found.file == target.found.file
        && moved.start <= anchor.found.block.span.start
        && anchor.found.block.span.end <= moved.end;
    if inside {
        if anchor.found.id == target.found.id {
            return Ok(Planned::only(Vec::new()));
        }
        return Err(EditError::IntoItself { block: target.found.id.clone() });
    }
    let own = lines_of(target.document, target.found.block);
    let text = lines::between(target.document, own.start, own.end);
    let eol = anchor.document.line_ending();
    let text = write::with_line_ending(text, eol);
    let eol = eol.as_str();
    let other = lines_of(anchor.document, anchor.found.block);
    if let Some(swapped) = swap(target, &anchor, &own, &other, to) {
        return Ok(swapped);
    }
    let (cut_start, cut_end) = removal(target);
    let blank = separated(target) || separated(&anchor);
    let gap = if blank { format!("{eol}{eol}") } else { eol.to_owned() };
    let (at, inserted, lead) = match to {
        Destination::Before(_) => (other.start, format!("{text}{gap}"), 0),
        Destination::After(_) => (other.end, format!("{gap}{text}"), gap.len()),
    };
    let same_file = anchor.found.file == target.found.file;
    // Already there: the cut would touch the place of insertion.
    if same_file && cut_start < at && at < cut_end {
        return Ok(Planned::only(Vec::new()));
    }
    let into_header = (moved.start - own.start) as usize;
    let shift = if same_file && cut_start < at { cut_end - cut_start } else { 0 };
    let offset = (at - shift) as usize + lead + into_header;
    Ok(Planned {
        patches: vec![target.patch(cut_start, cut_end, ""), RawPatch::new(anchor.document, at, at, inserted)],
        about: Some(About { file: anchor.found.file.0 as usize, offset: offset as u32 }),
    })
}

/// Neighbours change places, and what is between them stays between them.
fn swap(
    target: &Target<'_>,
    anchor: &Target<'_>,
    own: &Lines,
    other: &Lines,
    to: &Destination,
) -> Option<Planned> {
    let document = target.document;
    if anchor.found.file != target.found.file {
        return None;
    }
    let first_is_own = matches!(to, Destination::After(_));
    let (first, second) = if first_is_own { (own, other) } else { (other, own) };
    let between = lines::between(document, first.end, second.start);
    if second.start < first.next || !between.trim().is_empty() {
        return None;
    }
    let text = lines::between(document, own.start, own.end);
    let into_header = target.found.block.span.start - own.start;
    let (patches, offset) = match first_is_own {
        true => {
            let cut = target.patch(own.start, other.start, "");
            let put = target.patch(other.end, other.end, format!("{between}{text}"));
            let shift = own.start + between.len() as u32;
            (vec![cut, put], other.end - other.start + shift)
        }
        false => {
            let put = target.patch(other.start, other.start, format!("{text}{between}"));
            (vec![put, target.patch(other.end, own.end, "")], other.start)
        }
    };
    let about = About { file: target.found.file.0 as usize, offset: offset + into_header };
    Some(Planned { patches, about: Some(about) })
}

/// Whether a blank line stands beside the block.
fn separated(target: &Target<'_>) -> bool {
    let document = target.document;
    let own = lines_of(document, target.found.block);
    let above = lines::previous(document, own.start).is_some_and(|line| lines::is_blank(document, line));
    above || lines::is_blank(document, own.next)
}

/// Copies a block to directly after it.
pub(super) fn duplicate(target: &Target<'_>) -> Planned {
    let document = target.document;
    let own = lines_of(document, target.found.block);
    let eol = document.line_ending().as_str();
    let gap = if separated(target) { format!("{eol}{eol}") } else { eol.to_owned() };
    let text = lines::between(document, own.start, own.end);
    let into_header = target.found.block.span.start - own.start;
    let offset = own.end + gap.len() as u32 + into_header;
    Planned {
        patches: vec![target.patch(own.end, own.end, format!("{gap}{text}"))],
        about: Some(About { file: document.id().0 as usize, offset }),
    }
}

/// Changes a label, keeping its quotes; a bare label that is no name any more gets quotes.
pub(super) fn set_label(target: &Target<'_>, index: usize, label: &str) -> Result<Planned, EditError> {
    let Some(old) = target.found.block.labels.get(index) else {
        return Err(EditError::NoLabel { block: target.found.id.clone(), index });
    };
    let text = if !old.quoted && is_ident(label) { label.to_owned() } else { write::quoted(label) };
    Ok(Planned {
        patches: vec![target.patch(old.span.start, old.span.end, text)],
        about: Some(About { file: target.found.file.0 as usize, offset: target.found.block.span.start }),
    })
}
