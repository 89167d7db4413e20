//! Elements of lists that are written out in the file.

use super::plan::Target;
use super::write;
use super::{AttributeValue, EditError, RawPatch, lines};
use crate::syntax::ast::{Attribute, Expr, ExprKind};
use crate::syntax::{Span, SyntaxKind, lexer};

/// A list argument and its elements.
struct List<'a> {
    target: &'a Target<'a>,
    span: Span,
    elements: &'a [Expr],
}

impl<'a> List<'a> {
    fn find(target: &'a Target<'a>, name: &str, index: usize) -> Result<Self, EditError> {
        let list = target.attribute(name).and_then(|attribute| Self::of(target, attribute));
        list.ok_or_else(|| EditError::NoElement {
            block: target.found.id.clone(),
            name: name.to_owned(),
            index,
        })
    }

    fn of(target: &'a Target<'a>, attribute: &'a Attribute) -> Option<Self> {
        match &attribute.value.kind {
            ExprKind::List(elements) => Some(Self { target, span: attribute.value.span, elements }),
            _ => None,
        }
    }

    fn text(&self, span: Span) -> &str {
        lines::between(self.target.document, span.start, span.end)
    }

    fn write(&self, value: &AttributeValue, at: u32) -> Result<String, EditError> {
        write::value(value, self.target.layout_at(at))
    }

    /// Whether the elements stand on lines of their own.
    fn is_tall(&self) -> bool {
        match self.elements.last() {
            Some(last) => lines::starts_line(self.target.document, last.span.start),
            None => false,
        }
    }

    /// Whether a comma follows this element, and the offset after it.
    fn comma_after(&self, element: &Expr) -> Option<u32> {
        let rest = lines::between(self.target.document, element.span.end, self.span.end);
        lexer::tokens(rest)
            .iter()
            .find(|token| !token.kind.is_trivia() && token.kind != SyntaxKind::Newline)
            .filter(|token| token.kind == SyntaxKind::Comma)
            .map(|token| element.span.end + token.end)
    }

    /// Inserts elements before the one at `index`, or at the end.
    fn insert(&self, index: usize, values: &[AttributeValue]) -> Result<Vec<RawPatch>, EditError> {
        let document = self.target.document;
        let eol = document.line_ending().as_str();
        let Some(last) = self.elements.last() else {
            let text = self.write(&AttributeValue::List(values.to_vec()), self.span.start)?;
            let inner = lines::between(document, self.span.start + 1, self.span.end.saturating_sub(1));
            if inner.trim().is_empty() {
                return Ok(vec![self.target.patch(self.span.start, self.span.end, text)]);
            }
            // Comments stay: the elements go in front of them.
            let elements = text.get(1..text.len() - 1).unwrap_or("").trim_end().to_owned();
            return Ok(vec![self.target.patch(self.span.start + 1, self.span.start + 1, elements)]);
        };
        let tall = self.is_tall();
        let beside = self.elements.get(index).unwrap_or(last);
        let texts = values.iter().map(|v| self.write(v, beside.span.start)).collect::<Result<Vec<_>, _>>()?;
        let indent = lines::indentation(document, beside.span.start);
        let separator = if tall { format!("{eol}{indent}") } else { " ".to_owned() };
        if index < self.elements.len() {
            let text: String = texts.iter().map(|text| format!("{text},{separator}")).collect();
            return Ok(vec![self.target.patch(beside.span.start, beside.span.start, text)]);
        }
        // A heredoc ends with its line, so the comma stands on the next one.
        let heredoc = last_line_is_heredoc(self.text(last.span));
        let joined = texts.join(&format!(",{separator}"));
        match self.comma_after(last) {
            Some(comma) if tall => {
                // After the line of the comma, so that a comment there stays where it is; with a comma as before.
                let at = lines::end(document, comma);
                Ok(vec![self.target.patch(at, at, format!("{separator}{joined},"))])
            }
            Some(comma) => Ok(vec![self.target.patch(comma, comma, format!("{separator}{joined}"))]),
            None if tall => {
                let comma = if heredoc { format!("{eol}{indent},") } else { ",".to_owned() };
                let at = lines::end(document, last.span.end);
                if at >= self.span.end {
                    let text = format!("{comma}{separator}{joined}");
                    return Ok(vec![self.target.patch(last.span.end, last.span.end, text)]);
                }
                Ok(vec![
                    self.target.patch(last.span.end, last.span.end, comma),
                    self.target.patch(at, at, format!("{separator}{joined}")),
                ])
            }
            None => {
                Ok(vec![self.target.patch(last.span.end, last.span.end, format!(",{separator}{joined}"))])
            }
        }
    }

    /// Removes the elements from `from` up to but not including `to`.
    fn remove(&self, from: usize, to: usize) -> Vec<RawPatch> {
        let document = self.target.document;
        let (Some(first), Some(last)) = (self.elements.get(from), self.elements.get(to.wrapping_sub(1)))
        else {
            return Vec::new();
        };
        let end = self.comma_after(last).unwrap_or(last.span.end);
        if lines::starts_line(document, first.span.start) {
            let line_end = lines::end(document, end);
            let rest = lines::between(document, end, line_end);
            if lexer::tokens(rest).iter().all(|token| token.kind.is_trivia()) {
                return vec![self.target.patch(
                    lines::start(document, first.span.start),
                    lines::next(document, line_end),
                    "",
                )];
            }
        }
        if let Some(next) = self.elements.get(to) {
            return vec![self.target.patch(first.span.start, next.span.start, "")];
        }
        match from.checked_sub(1).and_then(|before| self.elements.get(before)) {
            // The last ones go with the comma before them.
            Some(before) => vec![self.target.patch(before.span.end, last.span.end, "")],
            None => vec![self.target.patch(first.span.start, end, "")],
        }
    }
}

/// A heredoc's closing word must be alone on its line.
fn last_line_is_heredoc(text: &str) -> bool {
    lexer::tokens(text).last().is_some_and(|token| token.kind == SyntaxKind::HeredocClose)
}

/// Replaces one element.
pub(super) fn set(
    target: &Target<'_>,
    name: &str,
    index: usize,
    value: &AttributeValue,
) -> Result<Vec<RawPatch>, EditError> {
    let list = List::find(target, name, index)?;
    let Some(element) = list.elements.get(index) else {
        return Err(EditError::NoElement { block: target.found.id.clone(), name: name.to_owned(), index });
    };
    let text = list.write(value, element.span.start)?;
    Ok(vec![target.patch(element.span.start, element.span.end, text)])
}

/// Adds an element; to an argument that is not set, as its only one.
pub(super) fn insert(
    target: &Target<'_>,
    name: &str,
    index: usize,
    value: &AttributeValue,
) -> Result<Vec<RawPatch>, EditError> {
    if target.attribute(name).is_none() && index == 0 {
        return super::attribute::set(target, name, &AttributeValue::List(vec![value.clone()]));
    }
    let list = List::find(target, name, index)?;
    if index > list.elements.len() {
        return Err(EditError::NoElement { block: target.found.id.clone(), name: name.to_owned(), index });
    }
    list.insert(index, std::slice::from_ref(value))
}

/// Removes an element.
pub(super) fn remove(target: &Target<'_>, name: &str, index: usize) -> Result<Vec<RawPatch>, EditError> {
    let list = List::find(target, name, index)?;
    if index >= list.elements.len() {
        return Err(EditError::NoElement { block: target.found.id.clone(), name: name.to_owned(), index });
    }
    Ok(list.remove(index, index + 1))
}

/// Turns a list into another one by touching only the elements that differ. `None` when that is not possible.
pub(super) fn update(
    target: &Target<'_>,
    attribute: &Attribute,
    values: &[AttributeValue],
) -> Result<Option<Vec<RawPatch>>, EditError> {
    let Some(list) = List::of(target, attribute) else { return Ok(None) };
    if values.is_empty() || list.elements.is_empty() {
        return Ok(None);
    }
    let new =
        values.iter().map(|value| list.write(value, attribute.span.start)).collect::<Result<Vec<_>, _>>()?;
    let same = |index: usize, at: usize| {
        let (Some(element), Some(text), Some(value)) =
            (list.elements.get(index), new.get(at), values.get(at))
        else {
            return false;
        };
        list.text(element.span) == text
            || matches!(value, AttributeValue::String(plain) if element.literal_string().as_ref() == Some(plain))
    };
    let (old_len, new_len) = (list.elements.len(), new.len());
    let shorter = old_len.min(new_len);
    let head = (0..shorter).take_while(|i| same(*i, *i)).count();
    let tail = (0..shorter - head).take_while(|i| same(old_len - 1 - i, new_len - 1 - i)).count();
    let (old_end, new_end) = (old_len - tail, new_len - tail);
    let common = (old_end - head).min(new_end - head);
    let mut patches = Vec::new();
    for (element, text) in list.elements.iter().zip(&new).skip(head).take(common) {
        patches.push(target.patch(element.span.start, element.span.end, text.clone()));
    }
    let from = head + common;
    if new_end > from {
        patches.extend(list.insert(from, values.get(from..new_end).unwrap_or_default())?);
    }
    if old_end > from {
        patches.extend(list.remove(from, old_end));
    }
    // Replacing an element and removing what follows it must not meet.
    patches.sort_by_key(|patch| (patch.start, patch.end()));
    let apart = patches.windows(2).all(|pair| match pair {
        [a, b] => a.end() <= b.start,
        _ => true,
    });
    Ok(apart.then_some(patches))
}

/// Moves an element. Where each stands on lines of its own, the comments of its lines go with it.
pub(super) fn relocate(
    target: &Target<'_>,
    name: &str,
    index: usize,
    to: usize,
) -> Result<Vec<RawPatch>, EditError> {
    let list = List::find(target, name, index)?;
    let none = |index| EditError::NoElement { block: target.found.id.clone(), name: name.to_owned(), index };
    for at in [index, to] {
        list.elements.get(at).ok_or_else(|| none(at))?;
    }
    let mut order: Vec<usize> = (0..list.elements.len()).collect();
    let moved = order.remove(index);
    order.insert(to, moved);
    let changed = index.min(to)..=index.max(to);
    if let Some(rows) = list.rows() {
        return Ok(changed.filter_map(|at| list.put_row(&rows, at, *order.get(at)?)).collect());
    }
    let heredoc = |at: usize| list.elements.get(at).is_some_and(|e| last_line_is_heredoc(list.text(e.span)));
    if changed.clone().any(heredoc) {
        return Err(EditError::Unsuitable {
            what: format!("this element of `{name}` cannot be moved"),
            why: "it shares lines with its neighbours and holds a heredoc; edit it as text".to_owned(),
        });
    }
    let put = |at: usize| {
        let (old, new) = (list.elements.get(at)?, list.elements.get(*order.get(at)?)?);
        Some(target.patch(old.span.start, old.span.end, list.text(new.span)))
    };
    Ok(changed.filter_map(put).collect())
}

/// The lines of an element, with full lines of comments above it.
struct Row {
    start: u32,
    /// Before the line break.
    end: u32,
    /// Where the comma stands, or would.
    comma: u32,
    has_comma: bool,
}

impl List<'_> {
    /// The rows of the elements, if each has lines of its own.
    fn rows(&self) -> Option<Vec<Row>> {
        let document = self.target.document;
        let mut rows: Vec<Row> = Vec::new();
        let mut free = lines::next(document, self.span.start);
        for element in self.elements {
            let comma = self.comma_after(element);
            let end = lines::end(document, comma.unwrap_or(element.span.end));
            let row_start = lines::start(document, element.span.start);
            let tail = lines::between(document, comma.unwrap_or(element.span.end), end);
            let trivia = |text: &str| lexer::tokens(text).iter().all(|token| token.kind.is_trivia());
            let heredoc = last_line_is_heredoc(self.text(element.span));
            if !lines::starts_line(document, element.span.start)
                || row_start < free
                || end >= self.span.end
                || heredoc
                || !trivia(tail)
            {
                return None;
            }
            // Comments directly above belong to the element; what is set apart stays.
            let mut start = row_start;
            while let Some(above) = lines::previous(document, start).filter(|above| *above >= free) {
                let line = lines::between(document, above, lines::end(document, above)).trim();
                if !(line.starts_with('#') || line.starts_with("//")) {
                    break;
                }
                start = above;
            }
            rows.push(Row {
                start,
                end,
                comma: comma.map_or(element.span.end, |after| after - 1),
                has_comma: comma.is_some(),
            });
            free = lines::next(document, end);
        }
        Some(rows)
    }

    /// Puts the row of one element where another one stands, with a comma as there.
    fn put_row(&self, rows: &[Row], at: usize, from: usize) -> Option<RawPatch> {
        let (place, row) = (rows.get(at)?, rows.get(from)?);
        let document = self.target.document;
        let head = lines::between(document, row.start, row.comma);
        let tail = lines::between(document, row.comma + u32::from(row.has_comma), row.end);
        let comma = if place.has_comma { "," } else { "" };
        Some(self.target.patch(place.start, place.end, format!("{head}{comma}{tail}")))
    }
}
