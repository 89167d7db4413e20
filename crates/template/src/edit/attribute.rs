//! Setting and unsetting arguments.

use super::plan::Target;
use super::write::{self, Layout};
use super::{AttributeValue, EditError, RawPatch, lines, list};
use crate::syntax::ast::{Attribute, ExprKind, Item, TemplateStyle};
use crate::syntax::{is_ident, lexer};

impl Target<'_> {
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.found.block.body.attribute(name)
    }

    /// The layout of a value on the line that holds `offset`.
    pub(super) fn layout_at(&self, offset: u32) -> Layout<'_> {
        Layout {
            indent: lines::indentation(self.document, offset),
            unit: lines::unit(self.document),
            ending: self.document.line_ending(),
        }
    }
}

/// Sets an argument.
pub(super) fn set(
    target: &Target<'_>,
    name: &str,
    value: &AttributeValue,
) -> Result<Vec<RawPatch>, EditError> {
    if !is_ident(name) {
        return Err(EditError::BadName { name: name.to_owned() });
    }
    match target.attribute(name) {
        Some(attribute) => replace(target, attribute, value),
        None => add(target, &[(name.to_owned(), value.clone())]),
    }
}

fn replace(
    target: &Target<'_>,
    attribute: &Attribute,
    value: &AttributeValue,
) -> Result<Vec<RawPatch>, EditError> {
    let layout = target.layout_at(attribute.span.start);
    let span = attribute.value.span;
    match (&attribute.value.kind, value) {
        (ExprKind::List(_), AttributeValue::List(elements)) => {
            if let Some(patches) = list::update(target, attribute, elements)? {
                return Ok(patches);
            }
        }
        (ExprKind::Template(template), AttributeValue::String(text)) => {
            if template.literal() == Some(text) {
                return Ok(Vec::new());
            }
            if let TemplateStyle::Heredoc { marker, dedent } = &template.style
                && let Some(heredoc) = write::heredoc(text, marker, *dedent, layout)
            {
                return Ok(vec![target.patch(span.start, span.end, heredoc)]);
            }
        }
        _ => {}
    }
    let mut text = write::value(value, layout)?;
    if matches!(attribute.value.kind, ExprKind::Missing) {
        text.insert(0, ' ');
    }
    Ok(vec![target.patch(span.start, span.end, text)])
}

/// Adds arguments after those the block has, in the style of the lines above.
pub(super) fn add(target: &Target<'_>, new: &[(String, AttributeValue)]) -> Result<Vec<RawPatch>, EditError> {
    let document = target.document;
    let block = target.found.block;
    let body = block.body.span;
    let ending = document.line_ending();
    let eol = ending.as_str();
    let unit = lines::unit(document);
    let outer = lines::indentation(document, block.span.start);
    let one_line = lines::end(document, block.span.start) >= body.end;
    let last = block.body.attributes().last();
    let indent = match last {
        Some(last) if lines::starts_line(document, last.span.start) => {
            lines::indentation(document, last.span.start).to_owned()
        }
        _ => block
            .body
            .blocks()
            .next()
            .filter(|first| lines::starts_line(document, first.span.start))
            .map_or_else(
                || format!("{outer}{unit}"),
                |first| lines::indentation(document, first.span.start).to_owned(),
            ),
    };
    let layout = Layout { indent: &indent, unit, ending };
    let column = if one_line { None } else { equals_column(target) };
    let rows = new
        .iter()
        .map(|(name, value)| {
            if !is_ident(name) {
                return Err(EditError::BadName { name: name.clone() });
            }
            let width = indent.chars().count() + name.chars().count();
            let space = column.map_or(1, |column| column.saturating_sub(width)).max(1);
            Ok(format!("{indent}{name}{}= {}", " ".repeat(space), write::value(value, layout)?))
        })
        .collect::<Result<Vec<String>, EditError>>()?;
    let rows = rows.join(eol);
    if one_line {
        return Ok(open_up(target, &rows, &indent, outer));
    }
    let at = match last {
        Some(last) => lines::end(document, last.span.end),
        None => lines::end(document, body.start),
    };
    if at >= body.end && block.closed {
        return Ok(vec![target.patch(body.end, body.end, format!("{eol}{rows}{eol}{outer}"))]);
    }
    Ok(vec![target.patch(at, at, format!("{eol}{rows}"))])
}

/// Spreads a block written on one line over several, and adds lines.
fn open_up(target: &Target<'_>, rows: &str, indent: &str, outer: &str) -> Vec<RawPatch> {
    let document = target.document;
    let body = target.found.block.body.span;
    let eol = document.line_ending().as_str();
    let content = lines::between(document, body.start, body.end);
    let kept = content.trim();
    if kept.is_empty() {
        return vec![target.patch(body.start, body.end, format!("{eol}{rows}{eol}{outer}"))];
    }
    let start = body.start + (content.len() - content.trim_start().len()) as u32;
    let end = start + kept.len() as u32;
    vec![
        target.patch(body.start, start, format!("{eol}{indent}")),
        target.patch(end, body.end, format!("{eol}{rows}{eol}{outer}")),
    ]
}

/// The column (from 0, in characters) at which the lines directly above the insertion align their `=`; `None`
/// when they do not align.
fn equals_column(target: &Target<'_>) -> Option<usize> {
    let document = target.document;
    let mut column = None;
    let mut below = None;
    let mut aligned = false;
    let attributes: Vec<_> = target.found.block.body.attributes().collect();
    for attribute in attributes.iter().rev() {
        let line = lines::start(document, attribute.span.start);
        let single = lines::end(document, attribute.span.start) >= attribute.span.end;
        let adjacent = below.is_none_or(|below| lines::next(document, attribute.span.end) == below);
        if !single || !adjacent || !lines::starts_line(document, attribute.span.start) {
            break;
        }
        let between = lines::between(document, attribute.name.span.end, attribute.value.span.start);
        let equals = attribute.name.span.end + between.find('=')? as u32;
        let here = lines::between(document, line, equals).chars().count();
        if column.is_some_and(|column| column != here) {
            return None;
        }
        aligned |= !lines::between(document, attribute.name.span.end, equals).eq(" ");
        aligned |= column.is_some();
        column = Some(here);
        below = Some(line);
    }
    column.filter(|_| aligned)
}

/// Removes an argument with its line, or from between its neighbours on one line.
pub(super) fn unset(target: &Target<'_>, name: &str) -> Vec<RawPatch> {
    target
        .found
        .block
        .body
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Attribute(attribute) if attribute.name.name == name => Some(attribute),
            _ => None,
        })
        .map(|attribute| remove_lines(target, attribute))
        .collect()
}

fn remove_lines(target: &Target<'_>, attribute: &Attribute) -> RawPatch {
    let document = target.document;
    let body = target.found.block.body.span;
    let line_start = lines::start(document, attribute.span.start);
    let line_end = lines::end(document, attribute.span.end);
    let tail = lines::between(document, attribute.span.end, line_end);
    let alone =
        lines::starts_line(document, attribute.span.start) && line_end <= body.end && only_comment(tail);
    if !alone {
        let rest = lines::between(document, body.start, body.end).trim();
        if rest == lines::between(document, attribute.span.start, attribute.span.end) {
            return target.patch(body.start, body.end, "");
        }
        let space = tail.len() - tail.trim_start_matches([' ', '\t']).len();
        return target.patch(attribute.span.start, attribute.span.end + space as u32, "");
    }
    let mut end = lines::next(document, attribute.span.end);
    // Of two blank lines around the removed one, one goes too.
    let blank_before =
        lines::previous(document, line_start).is_some_and(|line| lines::is_blank(document, line));
    if blank_before && lines::is_blank(document, end) {
        end = lines::next(document, end);
    }
    target.patch(line_start, end, "")
}

/// Whether a rest of a line holds nothing but space and comments.
pub(super) fn only_comment(text: &str) -> bool {
    lexer::tokens(text).iter().all(|token| token.kind.is_trivia())
}

/// Changes the name of an argument; where its `=` stands under others, it stays there if there is room.
pub(super) fn rename(target: &Target<'_>, name: &str, to: &str) -> Result<Vec<RawPatch>, EditError> {
    if !is_ident(to) {
        return Err(EditError::BadName { name: to.to_owned() });
    }
    let none = || EditError::NoAttribute { block: target.found.id.clone(), name: name.to_owned() };
    let attribute = target.attribute(name).ok_or_else(none)?;
    if to != name && target.attribute(to).is_some() {
        return Err(EditError::NameTaken { kind: "argument", name: to.to_owned() });
    }
    let document = target.document;
    let between = lines::between(document, attribute.name.span.end, attribute.value.span.start);
    let space = between.len() - between.trim_start_matches(' ').len();
    let column = |other: &Attribute| {
        let between = lines::between(document, other.name.span.end, other.value.span.start);
        let equals = other.name.span.end + between.find('=')? as u32;
        Some(equals - lines::start(document, other.span.start))
    };
    let start = lines::start(document, attribute.span.start);
    let beside = target.found.block.body.attributes().find(|other| {
        lines::next(document, other.span.end) == start
            || lines::next(document, attribute.span.end) == lines::start(document, other.span.start)
    });
    let aligned = beside.is_some_and(|beside| column(beside) == column(attribute));
    let (old, new) = (name.chars().count(), to.chars().count());
    let kept = if aligned || space > 1 { (old + space).saturating_sub(new).max(1) } else { space };
    let end = attribute.name.span.end + space as u32;
    Ok(vec![target.patch(attribute.name.span.start, end, format!("{to}{}", " ".repeat(kept)))])
}
