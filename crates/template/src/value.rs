//! Values of the template language.

use crate::number::Number;
use crate::text::{Hole, Text};
use crate::types::Type;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A value: what an expression evaluates to.
///
/// Sensitivity lives in the strings (as in Packer, where only strings are scrubbed); see
/// [`Value::mark_sensitive`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`: as an attribute, the same as not set.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, possibly with parts known only during the build.
    String(Text),
    /// A list: elements of one type.
    List(Vec<Value>),
    /// A tuple: what `[...]` writes; elements may differ in type.
    Tuple(Vec<Value>),
    /// A set: no duplicates, in the order [`Value::order`] gives.
    Set(Vec<Value>),
    /// A map: values of one type, keys sorted.
    Map(BTreeMap<String, Value>),
    /// An object: what `{...}` writes; keys sorted when iterated, as in HCL.
    Object(BTreeMap<String, Value>),
    /// A value not known now.
    Unknown(Unknown),
}

/// A value that is not known now.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// What is known of its type.
    pub ty: Type,
    /// What would fill it.
    pub hole: Hole,
}

impl Default for Value {
    /// `null`.
    fn default() -> Self {
        Value::Null
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(Text::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(Text::from(text))
    }
}

impl From<Text> for Value {
    /// A text that is one single hole becomes an unknown string.
    fn from(text: Text) -> Self {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Value::Number(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Value::Number(value.into())
    }
}

impl Value {
    /// A value nobody can supply here.
    pub fn unknown(ty: Type, what: impl Into<String>) -> Value {
        Value::Unknown(Unknown { ty, hole: Hole::Unknown(what.into()) })
    }

    /// The type, as precisely as it is known.
    pub fn type_of(&self) -> Type {
        let unify = |items: &mut dyn Iterator<Item = &Value>| {
            let mut types: Vec<Type> = items.map(Value::type_of).collect();
            types.dedup();
            match types.len() {
                1 => types.remove(0),
                _ => Type::Any,
            }
        };
        match self {
            Value::Null => Type::Any,
            Value::Bool(_) => Type::Bool,
            Value::Number(_) => Type::Number,
            Value::String(_) => Type::String,
            Value::List(items) => Type::List(Box::new(unify(&mut items.iter()))),
            Value::Set(items) => Type::Set(Box::new(unify(&mut items.iter()))),
            Value::Map(items) => Type::Map(Box::new(unify(&mut items.values()))),
            Value::Tuple(items) => Type::Tuple(items.iter().map(Value::type_of).collect()),
            Value::Object(items) => Type::Object(
                items
                    .iter()
                    .map(|(name, value)| (name.clone(), crate::types::Field::required(value.type_of())))
                    .collect(),
            ),
            Value::Unknown(unknown) => unknown.ty.clone(),
        }
    }

    /// The fully known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => text.known(),
            _ => None,
        }
    }

    /// The elements of a list, tuple or set.
    pub fn as_elements(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a map or object.
    pub fn as_entries(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Map(entries) | Value::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// True for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The first hole anywhere inside, which says why the value is not fully known.
    pub fn first_hole(&self) -> Option<&Hole> {
        match self {
            Value::Unknown(unknown) => Some(&unknown.hole),
            Value::String(text) => text.holes().next(),
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                items.iter().find_map(Value::first_hole)
            }
            Value::Map(entries) | Value::Object(entries) => entries.values().find_map(Value::first_hole),
            _ => None,
        }
    }

    /// About how many bytes it takes, and how deep its collections are inside each other.
    pub(crate) fn measure(&self) -> (usize, usize) {
        let own = size_of::<Value>();
        let all = |parts: &mut dyn Iterator<Item = (usize, usize)>| {
            let (size, depth) = parts.fold((0, 0), |(a, b), (size, depth)| (a + size, depth.max(b)));
            (own + size, depth + 1)
        };
        match self {
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                all(&mut items.iter().map(Value::measure))
            }
            Value::Map(entries) | Value::Object(entries) => all(&mut entries.iter().map(|(key, item)| {
                let (size, depth) = item.measure();
                (own + key.len() + size, depth)
            })),
            Value::String(text) => (own + text.size(), 0),
            Value::Unknown(unknown) => (own + unknown.hole.size(), 0),
            Value::Null | Value::Bool(_) | Value::Number(_) => (own, 0),
        }
    }

    /// True when no part of it waits for the build.
    pub fn is_wholly_known(&self) -> bool {
        self.first_hole().is_none()
    }

    /// Calls `visit` for every string inside, with the value itself first.
    pub fn each_text(&self, visit: &mut dyn FnMut(&Text)) {
        match self {
            Value::String(text) => visit(text),
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                items.iter().for_each(|item| item.each_text(visit));
            }
            Value::Map(entries) | Value::Object(entries) => {
                entries.values().for_each(|item| item.each_text(visit));
            }
            _ => {}
        }
    }

    /// Replaces every string inside by what `change` makes of it.
    pub fn map_texts<E>(self, change: &mut dyn FnMut(Text) -> Result<Text, E>) -> Result<Value, E> {
        fn all<E>(
            items: Vec<Value>,
            change: &mut dyn FnMut(Text) -> Result<Text, E>,
        ) -> Result<Vec<Value>, E> {
            items.into_iter().map(|item| item.map_texts(change)).collect()
        }
        Ok(match self {
            Value::String(text) => Value::String(change(text)?),
            Value::List(items) => Value::List(all(items, change)?),
            Value::Tuple(items) => Value::Tuple(all(items, change)?),
            Value::Set(items) => Value::set(all(items, change)?),
            Value::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, item)| Ok((key, item.map_texts(change)?)))
                    .collect::<Result<_, E>>()?,
            ),
            Value::Object(entries) => Value::Object(
                entries
                    .into_iter()
                    .map(|(key, item)| Ok((key, item.map_texts(change)?)))
                    .collect::<Result<_, E>>()?,
            ),
            other => other,
        })
    }

    /// True when a sensitive string is anywhere inside.
    pub fn is_sensitive(&self) -> bool {
        match self {
            Value::String(text) => text.sensitive,
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                items.iter().any(Value::is_sensitive)
            }
            Value::Map(entries) | Value::Object(entries) => entries.values().any(Value::is_sensitive),
            Value::Unknown(unknown) => matches!(unknown.hole, Hole::Late { sensitive: true, .. }),
            _ => false,
        }
    }

    /// Marks every string inside as sensitive.
    pub fn mark_sensitive(self) -> Value {
        let marked = self.map_texts::<std::convert::Infallible>(&mut |text| Ok(text.with_sensitive(true)));
        match marked {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// A set of these elements: sorted, without duplicates.
    pub fn set(mut items: Vec<Value>) -> Value {
        items.sort_by(Value::order);
        items.dedup_by(|a, b| a.order(b) == Ordering::Equal);
        Value::Set(items)
    }

    /// A total order over values: numbers by size, strings by code point, then by structure. This is the
    /// order in which a set is iterated.
    pub fn order(&self, other: &Value) -> Ordering {
        fn rank(value: &Value) -> u8 {
            match value {
                Value::Bool(_) => 0,
                Value::Number(_) => 1,
                Value::String(_) => 2,
                Value::List(_) | Value::Tuple(_) | Value::Set(_) => 3,
                Value::Map(_) | Value::Object(_) => 4,
                Value::Unknown(_) => 5,
                Value::Null => 6,
            }
        }
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Number(a), Value::Number(b)) => a.cmp(b),
            (Value::String(a), Value::String(b)) => a.parts.cmp(&b.parts),
            (Value::Unknown(a), Value::Unknown(b)) => a.hole.cmp(&b.hole),
            _ => {
                if let (Some(a), Some(b)) = (self.as_elements(), other.as_elements()) {
                    let unequal = a.iter().zip(b).map(|(a, b)| a.order(b)).find(|o| o.is_ne());
                    return unequal.unwrap_or_else(|| a.len().cmp(&b.len()));
                }
                if let (Some(a), Some(b)) = (self.as_entries(), other.as_entries()) {
                    let pairs = a.iter().zip(b).map(|(a, b)| a.0.cmp(b.0).then_with(|| a.1.order(b.1)));
                    return pairs.into_iter().find(|o| o.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()));
                }
                rank(self).cmp(&rank(other))
            }
        }
    }

    /// The text of a primitive value as interpolation writes it; `None` for collections and `null`.
    pub fn to_text(&self) -> Option<Text> {
        match self {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(Text::from(number.to_string())),
            Value::Bool(value) => Some(Text::from(if *value { "true" } else { "false" })),
            Value::Unknown(unknown) => Some(Text::from(unknown.hole.clone())),
            _ => None,
        }
    }

    /// The value for people and for JSON output: holes named, sensitive strings as `<sensitive>`.
    pub fn display(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => number_to_json(*number),
            Value::String(text) => text.display().into(),
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                items.iter().map(Value::display).collect()
            }
            Value::Map(entries) | Value::Object(entries) => serde_json::Value::Object(
                entries.iter().map(|(key, item)| (key.clone(), item.display())).collect(),
            ),
            Value::Unknown(unknown) => unknown.hole.to_string().into(),
        }
    }

    /// Reads a JSON value: arrays become tuples, objects become objects.
    pub fn from_json(json: &serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => {
                number.to_string().parse().map_or(Value::Null, Value::Number)
            }
            serde_json::Value::String(text) => Value::from(text.as_str()),
            serde_json::Value::Array(items) => Value::Tuple(items.iter().map(Value::from_json).collect()),
            serde_json::Value::Object(entries) => Value::Object(
                entries.iter().map(|(key, item)| (key.clone(), Value::from_json(item))).collect(),
            ),
        }
    }
}

/// A number as JSON: whole where it is whole.
fn number_to_json(number: Number) -> serde_json::Value {
    number.as_i64().map_or_else(
        || serde_json::from_str(&number.to_string()).unwrap_or(serde_json::Value::Null),
        Into::into,
    )
}
