//! Elements of array arguments.

use super::place::Container;
use super::{Target, write};
use crate::edit::{AttributeValue, EditError, RawPatch, lines};
use crate::json::{Node, NodeKind};

fn find<'a>(target: &Target<'a>, name: &str, index: usize) -> Result<(&'a Node, &'a [Node]), EditError> {
    let array = target.member(name).map(|member| &member.value);
    array.and_then(|node| Some((node, node.elements()?))).ok_or_else(|| none(target, name, index))
}

fn none(target: &Target<'_>, name: &str, index: usize) -> EditError {
    EditError::NoElement { block: target.found.id.clone(), name: name.to_owned(), index }
}

pub(super) fn set(
    target: &Target<'_>,
    name: &str,
    index: usize,
    value: &AttributeValue,
) -> Result<Vec<RawPatch>, EditError> {
    let (_, elements) = find(target, name, index)?;
    let element = elements.get(index).ok_or_else(|| none(target, name, index))?;
    let indent = lines::indentation(target.document, element.span.start);
    let text = write::Writer::of(target.document, false).value(value, indent)?;
    Ok(target.replace(element.span, text))
}

pub(super) fn insert(
    target: &Target<'_>,
    name: &str,
    index: usize,
    value: &AttributeValue,
) -> Result<Vec<RawPatch>, EditError> {
    if target.member(name).is_none() && index == 0 {
        return target.set(name, &AttributeValue::List(vec![value.clone()]));
    }
    let (node, elements) = find(target, name, index)?;
    if index > elements.len() {
        return Err(none(target, name, index));
    }
    let writer = write::Writer::of(target.document, false);
    let patch = Container::of(target.document, node).insert(index, &|indent| writer.value(value, indent))?;
    Ok(vec![patch.0])
}

pub(super) fn remove(target: &Target<'_>, name: &str, index: usize) -> Result<Vec<RawPatch>, EditError> {
    let (node, elements) = find(target, name, index)?;
    let element = elements.get(index).ok_or_else(|| none(target, name, index))?;
    Ok(Container::of(target.document, node).remove(element.span).into_iter().collect())
}

pub(super) fn relocate(
    target: &Target<'_>,
    name: &str,
    index: usize,
    to: usize,
) -> Result<Vec<RawPatch>, EditError> {
    let (_, elements) = find(target, name, index)?;
    for at in [index, to] {
        elements.get(at).ok_or_else(|| none(target, name, at))?;
    }
    let mut order: Vec<&Node> = elements.iter().collect();
    let moved = order.remove(index);
    order.insert(to, moved);
    let places = elements.iter().zip(order).skip(index.min(to)).take(index.abs_diff(to) + 1);
    let text = |node: &Node| lines::between(target.document, node.span.start, node.span.end).to_owned();
    Ok(places.flat_map(|(place, node)| target.replace(place.span, text(node))).collect())
}

/// Turns an array into another one by touching only the elements that differ. `None` when that is not possible.
pub(super) fn update(
    target: &Target<'_>,
    node: &Node,
    values: &[AttributeValue],
) -> Result<Option<Vec<RawPatch>>, EditError> {
    let NodeKind::Array(elements) = &node.kind else { return Ok(None) };
    if elements.is_empty() || values.is_empty() {
        return Ok(None);
    }
    let document = target.document;
    let writer = write::Writer::of(document, false);
    let indent = lines::indentation(document, elements.first().map_or(node.span, |e| e.span).start);
    let new: Vec<String> =
        values.iter().map(|value| writer.value(value, indent)).collect::<Result<_, _>>()?;
    let same = |old: usize, at: usize| match (elements.get(old), new.get(at)) {
        (Some(element), Some(text)) => {
            lines::between(document, element.span.start, element.span.end) == text
                || matches!(values.get(at), Some(AttributeValue::String(plain)) if element.as_str() == Some(plain))
        }
        _ => false,
    };
    let (old_len, new_len) = (elements.len(), new.len());
    let shorter = old_len.min(new_len);
    let head = (0..shorter).take_while(|i| same(*i, *i)).count();
    let tail = (0..shorter - head).take_while(|i| same(old_len - 1 - i, new_len - 1 - i)).count();
    let (removed, added) = (old_len - tail - head, new_len - tail - head);
    let container = Container::of(document, node);
    Ok(match (removed, added) {
        _ if removed == added => Some(
            elements
                .iter()
                .zip(&new)
                .skip(head)
                .take(removed)
                .map(|(element, text)| target.patch(element.span.start, element.span.end, text.clone()))
                .collect(),
        ),
        (0, 1) => {
            let text = new.get(head).cloned().unwrap_or_default();
            Some(vec![container.insert(head, &|_| Ok(text.clone()))?.0])
        }
        (1, 0) => {
            elements.get(head).and_then(|element| container.remove(element.span)).map(|patch| vec![patch])
        }
        // A longer change is written in the layout the array has.
        _ if container.is_tall() => {
            let outer = lines::indentation(document, node.span.start);
            Some(target.replace(node.span, writer.tall('[', &new, ']', outer)))
        }
        _ => None,
    })
}
