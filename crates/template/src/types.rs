//! Types, and conversion between them as the `cty` library of HCL does it.

use crate::number::Number;
use crate::text::{Hole, Text};
use crate::value::{Unknown, Value};
use std::collections::BTreeMap;
use std::fmt;

/// A type or type constraint.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// No constraint (`any`), or not known yet.
    Any,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// `list(T)`
    List(Box<Type>),
    /// `set(T)`
    Set(Box<Type>),
    /// `map(T)`
    Map(Box<Type>),
    /// `tuple([..])`
    Tuple(Vec<Type>),
    /// `object({..})`
    Object(BTreeMap<String, Field>),
}

/// One attribute of an object type.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its type.
    pub ty: Type,
    /// True for `optional(T)`.
    pub optional: bool,
    /// The second argument of `optional(T, default)`.
    pub default: Option<Value>,
}

impl Field {
    /// An attribute that must be there.
    pub fn required(ty: Type) -> Field {
        Field { ty, optional: false, default: None }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("any"),
            Type::Bool => f.write_str("bool"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::List(inner) => write!(f, "list({inner})"),
            Type::Set(inner) => write!(f, "set({inner})"),
            Type::Map(inner) => write!(f, "map({inner})"),
            Type::Tuple(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "tuple([{}])", items.join(", "))
            }
            Type::Object(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, field)| match field.optional {
                        true => format!("{name} = optional({})", field.ty),
                        false => format!("{name} = {}", field.ty),
                    })
                    .collect();
                write!(f, "object({{{}}})", fields.join(", "))
            }
        }
    }
}

impl Type {
    /// "a string", "a list of string": how messages name what is needed.
    pub fn friendly(&self) -> String {
        match self {
            Type::Any => "any value".into(),
            Type::Bool => "a bool".into(),
            Type::Number => "a number".into(),
            Type::String => "a string".into(),
            Type::List(inner) => format!("a list of {}", inner.plain()),
            Type::Set(inner) => format!("a set of {}", inner.plain()),
            Type::Map(inner) => format!("a map of {}", inner.plain()),
            Type::Tuple(_) => "a tuple".into(),
            Type::Object(_) => "an object".into(),
        }
    }

    /// True for the words that name types.
    pub fn keyword(word: &str) -> bool {
        matches!(
            word,
            "string" | "number" | "bool" | "any" | "list" | "set" | "map" | "object" | "tuple" | "optional"
        )
    }

    fn plain(&self) -> String {
        let friendly = self.friendly();
        let bare = friendly.strip_prefix("a ").or_else(|| friendly.strip_prefix("an "));
        bare.unwrap_or(&friendly).to_owned()
    }
}

/// A value that does not fit a type, with the way to the part that does not.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}{reason}", path_text(.path))]
pub struct Mismatch {
    /// Steps into the value, outermost first: `[0]`, `.name`.
    pub path: Vec<String>,
    /// What is wrong there: "a number is required".
    pub reason: String,
}

fn path_text(path: &[String]) -> String {
    if path.is_empty() { String::new() } else { format!("{}: ", path.concat().trim_start_matches('.')) }
}

impl Mismatch {
    /// A mismatch of the value itself.
    pub fn here(reason: impl Into<String>) -> Mismatch {
        Mismatch { path: Vec::new(), reason: reason.into() }
    }

    /// The same mismatch, seen from one step further out.
    pub fn within(mut self, step: String) -> Mismatch {
        self.path.insert(0, step);
        self
    }
}

/// Converts a value to a type as cty does: numbers, bools and strings into each other where the text allows
/// it, sequences among themselves, maps and objects among themselves.
///
/// # Errors
/// What does not fit, and where in the value.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, Mismatch> {
    let required = || Mismatch::here(format!("{} is required", ty.friendly()));
    match (value, ty) {
        (Value::Object(_) | Value::Map(_), Type::Object(fields)) => to_object(value, fields),
        (_, Type::Any) | (Value::Null, _) => Ok(value.clone()),
        (Value::Unknown(unknown), _) => {
            let mut unknown = unknown.clone();
            unknown.ty = ty.clone();
            Ok(Value::Unknown(unknown))
        }
        (Value::Bool(_), Type::Bool)
        | (Value::Number(_), Type::Number)
        | (Value::String(_), Type::String) => Ok(value.clone()),
        (Value::Bool(_) | Value::Number(_), Type::String) => {
            value.to_text().map(Value::String).ok_or_else(required)
        }
        (Value::String(text), Type::Number) => string_to_number(text, value, ty).ok_or_else(required),
        (Value::String(text), Type::Bool) => match text.known() {
            Some("true" | "1") => Ok(Value::Bool(true)),
            Some("false" | "0") => Ok(Value::Bool(false)),
            Some("True" | "TRUE" | "False" | "FALSE") => Err(Mismatch::here(
                "a bool is required; to convert from string, use lowercase \"true\" or \"false\"",
            )),
            Some(_) => Err(required()),
            None => Ok(unknown_of(text, ty)),
        },
        (_, Type::List(inner)) => Ok(Value::List(elements(value, inner, ty)?)),
        (_, Type::Set(inner)) => Ok(Value::set(elements(value, inner, ty)?)),
        (_, Type::Tuple(types)) => {
            let items = value.as_elements().ok_or_else(required)?;
            if items.len() != types.len() {
                return Err(Mismatch::here(format!("a tuple of {} elements is required", types.len())));
            }
            let converted = items
                .iter()
                .zip(types)
                .enumerate()
                .map(|(index, (item, ty))| convert(item, ty).map_err(|m| m.within(format!("[{index}]"))));
            Ok(Value::Tuple(converted.collect::<Result<_, _>>()?))
        }
        (_, Type::Map(inner)) => {
            let entries = value.as_entries().ok_or_else(required)?;
            let converted = entries.iter().map(|(key, item)| {
                let item = convert(item, inner).map_err(|m| m.within(format!(".{key}")))?;
                Ok((key.clone(), item))
            });
            let mut map: BTreeMap<String, Value> = converted.collect::<Result<_, Mismatch>>()?;
            if **inner == Type::Any {
                unify_in_place(&mut map.values_mut().collect::<Vec<_>>());
            }
            Ok(Value::Map(map))
        }
        _ => Err(required()),
    }
}

fn string_to_number(text: &Text, value: &Value, ty: &Type) -> Option<Value> {
    match text.known() {
        Some(known) => known.parse::<Number>().ok().map(Value::Number),
        None => value.first_hole().map(|_| unknown_of(text, ty)),
    }
}

/// What a text with holes comes to as another type.
fn unknown_of(text: &Text, ty: &Type) -> Value {
    let unknowable = text.holes().any(|hole| matches!(hole, Hole::Unknown(_)));
    match crate::eval::text_literal(text).filter(|_| !unknowable) {
        Some(written) => {
            let hole =
                Hole::Late { expression: format!("convert({written}, {ty})"), sensitive: text.sensitive };
            Value::Unknown(Unknown { ty: ty.clone(), hole })
        }
        None => Value::unknown(ty.clone(), text.display()),
    }
}

fn elements(value: &Value, inner: &Type, ty: &Type) -> Result<Vec<Value>, Mismatch> {
    let items =
        value.as_elements().ok_or_else(|| Mismatch::here(format!("{} is required", ty.friendly())))?;
    let converted = items
        .iter()
        .enumerate()
        .map(|(index, item)| convert(item, inner).map_err(|m| m.within(format!("[{index}]"))));
    let mut list: Vec<Value> = converted.collect::<Result<_, _>>()?;
    if *inner == Type::Any {
        unify_in_place(&mut list.iter_mut().collect::<Vec<_>>());
    }
    Ok(list)
}

fn to_object(value: &Value, fields: &BTreeMap<String, Field>) -> Result<Value, Mismatch> {
    let Some(entries) = value.as_entries() else { return Err(Mismatch::here("an object is required")) };
    let mut object = BTreeMap::new();
    for (name, field) in fields {
        let given = match entries.get(name) {
            Some(Value::Null) if field.default.is_some() => field.default.clone(),
            Some(value) => Some(value.clone()),
            None if field.optional => Some(field.default.clone().unwrap_or(Value::Null)),
            None => None,
        };
        let Some(given) = given else {
            return Err(Mismatch::here(format!("attribute \"{name}\" is required")));
        };
        object.insert(name.clone(), convert(&given, &field.ty).map_err(|m| m.within(format!(".{name}")))?);
    }
    Ok(Value::Object(object))
}

/// Brings values to one type where they have one in common: primitives become strings when they differ, as
/// in `[1, "a"]`. Values that have nothing in common are left as they are.
pub fn unify_in_place(values: &mut [&mut Value]) {
    let primitive = |value: &Value| matches!(value, Value::Bool(_) | Value::Number(_) | Value::String(_));
    let known = || values.iter().filter(|v| !matches!(v, Value::Null | Value::Unknown(_)));
    let all_primitive = known().all(|v| primitive(v));
    let mut kinds: Vec<_> = known().map(|v| std::mem::discriminant::<Value>(v)).collect();
    kinds.dedup();
    let strings = known().any(|v| matches!(v, Value::String(_)));
    if all_primitive && strings && kinds.len() > 1 {
        for value in values.iter_mut() {
            if let (true, Some(text)) = (primitive(value), value.to_text()) {
                **value = Value::String(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(inner: Type) -> Type {
        Type::List(Box::new(inner))
    }

    #[test]
    fn primitives_convert_as_in_cty() {
        assert_eq!(convert(&"512".into(), &Type::Number), Ok(Value::Number(512.into())));
        assert_eq!(convert(&"true".into(), &Type::Bool), Ok(Value::Bool(true)));
        assert_eq!(convert(&Value::Number(5.into()), &Type::String), Ok("5".into()));
        assert_eq!(convert(&Value::Bool(false), &Type::String), Ok("false".into()));
        assert!(convert(&Value::Number(1.into()), &Type::Bool).is_err());
        assert!(convert(&"x".into(), &Type::Number).is_err());
        assert!(convert(&"x".into(), &list(Type::String)).is_err());
    }

    #[test]
    fn collections_convert_and_say_where_they_do_not() {
        let tuple = Value::Tuple(vec![1_usize.into(), "a".into()]);
        assert_eq!(convert(&tuple, &list(Type::String)), Ok(Value::List(vec!["1".into(), "a".into()])));
        let error = convert(&tuple, &list(Type::Number)).unwrap_err();
        assert_eq!(error.to_string(), "[1]: a number is required");
        assert_eq!(convert(&tuple, &list(Type::Any)), Ok(Value::List(vec!["1".into(), "a".into()])));
    }

    #[test]
    fn objects_take_defaults_and_drop_what_is_not_declared() {
        let ty = Type::Object(BTreeMap::from([
            ("a".into(), Field::required(Type::Number)),
            ("b".into(), Field { ty: Type::String, optional: true, default: Some("x".into()) }),
        ]));
        let value = Value::Object(BTreeMap::from([("a".into(), "1".into()), ("z".into(), Value::Null)]));
        let expected = BTreeMap::from([("a".into(), Value::Number(1.into())), ("b".into(), "x".into())]);
        assert_eq!(convert(&value, &ty), Ok(Value::Object(expected)));
        let missing = convert(&Value::Object(BTreeMap::new()), &ty).unwrap_err();
        assert_eq!(missing.reason, "attribute \"a\" is required");
    }
}
