//! Functions on lists, sets and maps.

use super::strings::all_elements;
use super::{Context, Failure, Function, P, elements, entries, number, text, whole};
use crate::eval::equal;
use crate::number::Number;
use crate::types::{Type, convert, unify_in_place};
use crate::value::Value;
use std::collections::BTreeMap;

/// What comparing two values counts for.
const COMPARISON: usize = 16;

pub(super) const TABLE: &[Function] = &[
    Function::new("length", &[P::Any], P::Num, length).passes_holes(),
    Function::new("concat", &[], P::Seq, |_, a| Ok(Value::Tuple(all_elements(a)?)))
        .rest(P::Seq)
        .passes_holes(),
    Function::new("coalesce", &[], P::Any, coalesce).rest(P::Any).passes_holes(),
    Function::new("coalescelist", &[], P::Seq, |_, a| {
        let found = a.iter().find(|list| list.as_elements().is_some_and(|items| !items.is_empty()));
        found.cloned().ok_or_else(|| Failure::new("every list is empty"))
    })
    .rest(P::Seq)
    .passes_holes(),
    Function::new("compact", &[P::Strs], P::Strs, |_, a| {
        let kept = elements(a, 0)?.iter().filter(|item| !item.is_null() && item.as_str() != Some(""));
        Ok(Value::List(kept.cloned().collect()))
    })
    .passes_holes(),
    Function::new("contains", &[P::Seq, P::Any], P::Bool, |_, a| {
        let wanted = a.get(1).cloned().unwrap_or_default();
        Ok(elements(a, 0)?.iter().any(|item| equal(item, &wanted)).into())
    }),
    Function::new("index", &[P::Any, P::Any], P::Num, |_, a| {
        let wanted = a.get(1).cloned().unwrap_or_default();
        let items = elements(a, 0)?;
        if items.is_empty() {
            return Err(Failure::arg(0, "the list is empty"));
        }
        let found = items.iter().position(|item| equal(item, &wanted));
        found.map(Value::from).ok_or_else(|| Failure::arg(1, "the list has no such element"))
    }),
    Function::new("element", &[P::Seq, P::Num], P::Any, |_, a| {
        let items = elements(a, 0)?;
        let index = whole(a, 1)?;
        if items.is_empty() {
            return Err(Failure::arg(0, "an empty list has no elements"));
        }
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at =
            usize::try_from(index % count).map_err(|_| Failure::arg(1, "the index must not be negative"))?;
        Ok(items.get(at).cloned().unwrap_or_default())
    })
    .passes_holes(),
    Function::new("slice", &[P::Seq, P::Num, P::Num], P::Seq, |_, a| {
        let items = elements(a, 0)?;
        let (from, to) = (whole(a, 1)?, whole(a, 2)?);
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let part = range.filter(|(from, to)| from <= to).and_then(|(from, to)| items.get(from..to));
        let part = part.ok_or_else(|| {
            Failure::arg(1, format!("from {from} to {to} is not inside a list of {} elements", items.len()))
        })?;
        Ok(same_kind(a.first(), part.to_vec()))
    })
    .passes_holes(),
    Function::new("reverse", &[P::Seq], P::Seq, |_, a| {
        Ok(same_kind(a.first(), elements(a, 0)?.iter().rev().cloned().collect()))
    })
    .passes_holes(),
    Function::new("sort", &[P::Strs], P::Strs, |_, a| {
        let mut items = elements(a, 0)?.to_vec();
        if items.iter().any(Value::is_null) {
            return Err(Failure::arg(0, "a list with null cannot be sorted"));
        }
        items.sort_by(Value::order);
        Ok(Value::List(items))
    }),
    Function::new("distinct", &[P::Seq], P::Seq, |context, a| {
        let mut kept: Vec<Value> = Vec::new();
        for item in one_type(elements(a, 0)?.to_vec())? {
            context.take(kept.len() * COMPARISON)?;
            if !kept.iter().any(|other| equal(other, &item)) {
                kept.push(item);
            }
        }
        Ok(Value::List(kept))
    }),
    Function::new("flatten", &[P::Seq], P::Seq, |_, a| {
        fn flatten(items: &[Value], out: &mut Vec<Value>) {
            for item in items {
                match item.as_elements() {
                    Some(inner) => flatten(inner, out),
                    None => out.push(item.clone()),
                }
            }
        }
        let mut out = Vec::new();
        flatten(elements(a, 0)?, &mut out);
        Ok(Value::Tuple(out))
    })
    .passes_holes(),
    Function::new("chunklist", &[P::Seq, P::Num], P::Seq, |_, a| {
        let items = one_type(elements(a, 0)?.to_vec())?;
        let size = usize::try_from(whole(a, 1)?).map_err(|_| Failure::arg(1, "must not be negative"))?;
        let size = if size == 0 { items.len().max(1) } else { size };
        Ok(Value::List(items.chunks(size).map(|chunk| Value::List(chunk.to_vec())).collect()))
    })
    .passes_holes(),
    Function::new("range", &[P::Num], P::Seq, range).rest(P::Num),
    Function::new("keys", &[P::Map], P::Strs, |_, a| {
        Ok(Value::List(entries(a, 0)?.keys().map(|key| Value::from(key.as_str())).collect()))
    })
    .passes_holes(),
    Function::new("values", &[P::Map], P::Seq, |_, a| {
        let values = entries(a, 0)?.values().cloned().collect();
        Ok(if matches!(a.first(), Some(Value::Map(_))) { Value::List(values) } else { Value::Tuple(values) })
    })
    .passes_holes(),
    Function::new("lookup", &[P::Map, P::Str, P::Any], P::Any, |_, a| {
        let key = text(a, 1)?;
        match (entries(a, 0)?.get(key), a.get(2)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => {
                Err(Failure::arg(1, format!("the map has no \"{key}\", and there is no default")))
            }
        }
    })
    .optional(1)
    .passes_holes(),
    Function::new("merge", &[], P::Map, |_, a| {
        let mut merged = BTreeMap::new();
        for arg in a.iter().filter(|arg| !arg.is_null()) {
            let more = arg.as_entries().ok_or_else(|| Failure::new("only maps and objects can be merged"))?;
            merged.extend(more.clone());
        }
        let maps = a.iter().all(|arg| matches!(arg, Value::Map(_)));
        Ok(if maps && !a.is_empty() { Value::Map(merged) } else { Value::Object(merged) })
    })
    .rest(P::Any)
    .passes_holes(),
    Function::new("zipmap", &[P::Strs, P::Seq], P::Map, |_, a| {
        let (keys, values) = (super::texts(a, 0)?, elements(a, 1)?);
        if keys.len() != values.len() {
            return Err(Failure::arg(
                1,
                format!("there are {} keys but {} values", keys.len(), values.len()),
            ));
        }
        let pairs =
            keys.iter().zip(values).filter_map(|(key, value)| Some((key.known()?.to_owned(), value.clone())));
        Ok(Value::Object(pairs.collect()))
    }),
    Function::new("setunion", &[P::Set], P::Set, |_, a| Ok(Value::set(unified(all_elements(a)?))))
        .rest(P::Set),
    Function::new("setintersection", &[P::Set], P::Set, |context, a| {
        let mut kept = elements(a, 0)?.to_vec();
        for index in 1..a.len() {
            let other = elements(a, index)?;
            // Each comparison copies both.
            let size: usize = other.iter().map(|item| item.measure().0).sum();
            context.take(kept.len().saturating_mul(size + other.len() * COMPARISON))?;
            kept.retain(|item| other.iter().any(|o| loosely_equal(o, item)));
        }
        Ok(Value::set(kept))
    })
    .rest(P::Set),
    Function::new("setproduct", &[P::Seq, P::Seq], P::Seq, set_product).rest(P::Seq),
    Function::new("alltrue", &[P::Seq], P::Bool, |_, a| {
        truths(a).map(|mut truths| truths.all(|truth| truth).into())
    }),
    Function::new("anytrue", &[P::Seq], P::Bool, |_, a| {
        truths(a).map(|mut truths| truths.any(|truth| truth).into())
    }),
];

/// Elements brought to one type, as those of a list have it.
fn one_type(items: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let items = unified(items);
    let kind = |value: &Value| match value {
        Value::Bool(_) => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        Value::Map(_) | Value::Object(_) => 3,
        _ => 4,
    };
    let mut known = items.iter().filter(|item| !matches!(item, Value::Null | Value::Unknown(_))).map(kind);
    match known.next() {
        Some(first) if known.any(|other| other != first) => {
            Err(Failure::arg(0, "all elements must be of one type"))
        }
        _ => Ok(items),
    }
}

fn unified(mut items: Vec<Value>) -> Vec<Value> {
    unify_in_place(&mut items.iter_mut().collect::<Vec<_>>());
    items
}

/// Equality after bringing primitives to one type, as a list of one type would have them.
fn loosely_equal(a: &Value, b: &Value) -> bool {
    if equal(a, b) {
        return true;
    }
    let pair = unified(vec![a.clone(), b.clone()]);
    matches!(pair.as_slice(), [Value::String(x), Value::String(y)] if x.parts == y.parts)
}

fn same_kind(original: Option<&Value>, items: Vec<Value>) -> Value {
    if matches!(original, Some(Value::Tuple(_))) { Value::Tuple(items) } else { Value::List(items) }
}

fn length(_: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    match a.first() {
        Some(Value::String(text)) => match text.known() {
            Some(known) => Ok(super::strings::length(known).into()),
            None => Err(Failure::arg(0, "its length is known only during the build")),
        },
        Some(value) => match (value.as_elements(), value.as_entries()) {
            (Some(items), _) => Ok(items.len().into()),
            (_, Some(entries)) => Ok(entries.len().into()),
            _ => Err(Failure::arg(0, "a string or a collection is required")),
        },
        None => Err(Failure::arg(0, "a string or a collection is required")),
    }
}

fn coalesce(_: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    // Packer's coalesce skips null only for other types, and empty strings too.
    let found =
        one_type(a.to_vec())?.into_iter().find(|value| !value.is_null() && value.as_str() != Some(""));
    found.ok_or_else(|| Failure::new("every argument is null or empty"))
}

fn range(_: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let (start, end, step) = match a.len() {
        1 => (Number::ZERO, number(a, 0)?, None),
        2 => (number(a, 0)?, number(a, 1)?, None),
        3 => (number(a, 0)?, number(a, 1)?, Some(number(a, 2)?)),
        _ => return Err(Failure::arg(3, "one to three numbers are possible")),
    };
    let down = end < start;
    let step = step.unwrap_or(if down { (-1).into() } else { 1.into() });
    if step == Number::ZERO {
        return Err(Failure::arg(2, "the step must not be 0"));
    }
    if step.is_negative() != down && start != end {
        return Err(Failure::arg(2, "the step goes away from the end"));
    }
    let mut items = Vec::new();
    let mut at = start;
    while if down { at > end } else { at < end } {
        if items.len() >= 1024 {
            return Err(Failure::new("more than 1024 elements are not possible"));
        }
        items.push(Value::Number(at));
        at = at.add(step);
    }
    Ok(Value::List(items))
}

fn set_product(context: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for index in 0..a.len() {
        let items = elements(a, index)?;
        let size = items.iter().map(|item| item.measure().0).sum::<usize>();
        let before = rows.len().saturating_mul(items.len()).saturating_mul((index + 1) * size_of::<Value>());
        context.take(before.saturating_add(rows.len().saturating_mul(size)))?;
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(move |item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
            })
            .collect();
    }
    let rows: Vec<Value> = rows.into_iter().map(Value::Tuple).collect();
    let sets = a.iter().all(|arg| matches!(arg, Value::Set(_)));
    Ok(if sets { Value::set(rows) } else { Value::List(rows) })
}

fn truths(a: &[Value]) -> Result<impl Iterator<Item = bool>, Failure> {
    let truths = elements(a, 0)?.iter().map(|item| match item {
        Value::Null => Ok(false),
        item => match convert(item, &Type::Bool) {
            Ok(Value::Bool(truth)) => Ok(truth),
            _ => Err(Failure::arg(0, "every element must be true or false")),
        },
    });
    Ok(truths.collect::<Result<Vec<bool>, _>>()?.into_iter())
}
