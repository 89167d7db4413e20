//! From values to typed options.

use super::spec::{Constraint, OptionSpec, OptionType, parse_duration};
use crate::gotemplate::{self, Facts};
use crate::text::{Hole, Text};
use crate::types::{Mismatch, Type, convert};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The size of a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DiskSize {
    /// As `qemu-img` takes it: digits and one of `b k m g t`, for example `40960M`.
    pub text: String,
    /// In bytes.
    pub bytes: u64,
}

impl fmt::Display for DiskSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for DiskSize {
    type Err = String;

    /// Digits and optionally one of `b k m g t` in either case; a bare number is MiB (packer.md 2.1).
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is not a disk size; write digits and one of b, k, m, g, t, for example \"8G\" (a bare number is MiB)"
            )
        };
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let amount: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let (suffix, shift) = match text[digits..].to_ascii_lowercase().as_str() {
            "" => ("M", 20),
            "b" => ("", 0),
            "k" => ("", 10),
            "m" => ("", 20),
            "g" => ("", 30),
            "t" => ("", 40),
            _ => return Err(wrong()),
        };
        let bytes = amount.checked_mul(1_u64 << shift).ok_or_else(wrong)?;
        Ok(DiskSize { text: format!("{text}{suffix}"), bytes })
    }
}

/// A value of any shape, written as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Json(pub Text);

/// A Rust type an option can have.
pub trait OptionValue: Sized + Default {
    /// The shape of its value in a template.
    const TYPE: OptionType;

    /// Reads it from a value already converted to the shape's type. `Null` never comes here.
    ///
    /// # Errors
    /// What is wrong with the value.
    fn read(value: &Value) -> Result<Self, Mismatch>;
}

/// The language type an option's shape is converted to first.
pub fn language_type(ty: OptionType) -> Type {
    let list = |inner| Type::List(Box::new(inner));
    match ty {
        OptionType::String | OptionType::Duration | OptionType::Size => Type::String,
        OptionType::Integer => Type::Number,
        OptionType::Bool => Type::Bool,
        OptionType::List => list(Type::String),
        OptionType::IntegerList => list(Type::Number),
        OptionType::Rows => list(list(Type::String)),
        OptionType::Map => Type::Map(Box::new(Type::String)),
        OptionType::Block => Type::Any,
    }
}

fn must_be_known(value: &Value) -> Mismatch {
    match value.first_hole() {
        Some(hole) => Mismatch::here(format!(
            "the value depends on {hole}, which is known only during the build; this option must be known before it starts"
        )),
        None => Mismatch::here("the value has the wrong type"),
    }
}

fn known_str(value: &Value) -> Result<&str, Mismatch> {
    value.as_str().ok_or_else(|| must_be_known(value))
}

impl OptionValue for Text {
    const TYPE: OptionType = OptionType::String;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        value.to_text().ok_or_else(|| must_be_known(value))
    }
}

impl OptionValue for String {
    const TYPE: OptionType = OptionType::String;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        known_str(value).map(str::to_owned)
    }
}

impl OptionValue for bool {
    const TYPE: OptionType = OptionType::Bool;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(value) => Ok(*value),
            _ => Err(must_be_known(value)),
        }
    }
}

impl OptionValue for Json {
    const TYPE: OptionType = OptionType::Block;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        let text = crate::functions::json(value).map_err(|_| must_be_known(value))?;
        Ok(Json(Text::from(text).with_sensitive(value.is_sensitive())))
    }
}

macro_rules! integers {
    ($($t:ty),*) => {$(
        impl OptionValue for $t {
            const TYPE: OptionType = OptionType::Integer;

            fn read(value: &Value) -> Result<Self, Mismatch> {
                let Value::Number(number) = value else { return Err(must_be_known(value)) };
                number.as_i128().and_then(|n| <$t>::try_from(n).ok()).ok_or_else(|| {
                    Mismatch::here(format!(
                        "{number} is not a whole number between {} and {}", <$t>::MIN, <$t>::MAX
                    ))
                })
            }
        }
    )*};
}
integers!(i64, u64, u32, u16);

impl OptionValue for Duration {
    const TYPE: OptionType = OptionType::Duration;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        parse_duration(known_str(value)?).map_err(Mismatch::here)
    }
}

impl OptionValue for DiskSize {
    const TYPE: OptionType = OptionType::Size;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        known_str(value)?.parse().map_err(Mismatch::here)
    }
}

fn read_all<T: OptionValue>(value: &Value) -> Result<Vec<T>, Mismatch> {
    let items = value.as_elements().ok_or_else(|| must_be_known(value))?;
    let read = items.iter().enumerate().map(|(index, item)| match item {
        Value::Null => Ok(T::default()),
        item => T::read(item).map_err(|m| m.within(format!("[{index}]"))),
    });
    read.collect()
}

impl OptionValue for Vec<Text> {
    const TYPE: OptionType = OptionType::List;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        read_all(value)
    }
}

impl OptionValue for Vec<String> {
    const TYPE: OptionType = OptionType::List;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        read_all(value)
    }
}

impl OptionValue for Vec<DiskSize> {
    const TYPE: OptionType = OptionType::List;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        read_all(value)
    }
}

impl OptionValue for Vec<i64> {
    const TYPE: OptionType = OptionType::IntegerList;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        read_all(value)
    }
}

impl OptionValue for Vec<Vec<Text>> {
    const TYPE: OptionType = OptionType::Rows;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        read_all(value)
    }
}

impl OptionValue for BTreeMap<String, Text> {
    const TYPE: OptionType = OptionType::Map;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        let entries = value.as_entries().ok_or_else(|| must_be_known(value))?;
        let read = entries
            .iter()
            .filter(|(_, item)| !item.is_null())
            .map(|(key, item)| Ok((key.clone(), Text::read(item).map_err(|m| m.within(format!(".{key}")))?)));
        read.collect()
    }
}

impl<T: OptionValue> OptionValue for Option<T> {
    const TYPE: OptionType = T::TYPE;

    fn read(value: &Value) -> Result<Self, Mismatch> {
        T::read(value).map(Some)
    }
}

/// The options a block sets, handed to the typed structs one by one.
///
/// The values are already converted to the shape of their option ([`language_type`]) and rendered; problems
/// are collected, never thrown, so that all of them are seen at once.
#[derive(Debug, Default)]
pub struct Settings {
    values: BTreeMap<String, Value>,
    /// What was wrong, by option name, in the order found.
    pub problems: Vec<Problem>,
}

/// What is wrong with one option.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The option.
    pub option: String,
    /// Stable code: `option.missing`, `option.type`, `option.value`, `option.conflict`.
    pub code: &'static str,
    /// The sentence.
    pub message: String,
    /// What to do about it, when there is something to say.
    pub help: Option<String>,
}

impl Settings {
    /// The options set in one block.
    pub fn new(values: BTreeMap<String, Value>) -> Settings {
        Settings { values, problems: Vec::new() }
    }

    /// True when the option is set to something other than `null`.
    pub fn is_set(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// The value of an option as it was set.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// Notes a problem.
    pub fn problem(&mut self, option: &str, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem { option: option.to_owned(), code, message: message.into(), help: None });
    }

    /// Notes that an option is missing, and what to write.
    pub fn missing_with_help(&mut self, option: &str, message: &str, help: &str) {
        self.problems.push(Problem {
            option: option.to_owned(),
            code: "option.missing",
            message: message.to_owned(),
            help: Some(help.to_owned()),
        });
    }

    /// Reads one option, falling back to its default; a problem is noted and a blank value returned when
    /// neither serves.
    pub fn take<T: OptionValue>(&mut self, spec: &OptionSpec) -> T {
        let given = self.value(spec.name).cloned();
        let value = match (given, spec.default) {
            (Some(value), _) => value,
            (None, Some(default)) => late_default(spec, default),
            (None, None) => {
                if spec.required {
                    let problem = Problem {
                        option: spec.name.to_owned(),
                        code: "option.missing",
                        message: format!("\"{}\" must be set", spec.name),
                        help: Some(spec.help.to_owned()),
                    };
                    self.problems.push(problem);
                }
                return T::default();
            }
        };
        if let Some(message) = violation(spec, &value) {
            self.problem(spec.name, "option.value", format!("\"{}\": {message}", spec.name));
            return T::default();
        }
        match T::read(&value) {
            Ok(read) => read,
            // Nobody knows it here: a foreign data source, or a part that already has an error of its own.
            Err(_) if matches!(value.first_hole(), Some(Hole::Unknown(_))) => T::default(),
            Err(mismatch) => {
                self.problem(spec.name, "option.value", format!("\"{}\": {mismatch}", spec.name));
                T::default()
            }
        }
    }
}

/// Reads the default of an option, converted to its shape.
pub fn default_value(ty: OptionType, text: &str) -> Value {
    let language = language_type(ty);
    let raw = match ty {
        OptionType::List | OptionType::IntegerList | OptionType::Rows | OptionType::Map => {
            serde_json::from_str(text).map_or(Value::Null, |json| Value::from_json(&json))
        }
        _ => Value::from(text),
    };
    convert(&raw, &language).unwrap_or(Value::Null)
}

/// A default as the build gets it: the actions of one that is filled in late are holes, as in a value of the user's.
fn late_default(spec: &OptionSpec, text: &str) -> Value {
    let value = default_value(spec.ty, text);
    if !spec.late {
        return value;
    }
    value
        .clone()
        .map_texts(&mut |text: Text| {
            gotemplate::render(&text, &Facts::default()).map(|rendered| rendered.text)
        })
        .unwrap_or(value)
}

/// What a value violates of its option's constraint. Unknown values violate nothing.
pub fn violation(spec: &OptionSpec, value: &Value) -> Option<String> {
    match spec.constraint {
        Constraint::None => None,
        Constraint::OneOf(choices) => {
            let texts: Vec<&Value> = match value.as_elements() {
                Some(items) => items.iter().collect(),
                None => vec![value],
            };
            let wrong = texts.into_iter().filter_map(Value::as_str).find(|text| !choices.contains(text))?;
            let near = super::nearest(wrong, choices.iter().copied());
            let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
            let choices: Vec<&str> = choices.iter().copied().filter(|choice| !choice.is_empty()).collect();
            Some(format!("\"{wrong}\" is not one of {}{hint}", choices.join(", ")))
        }
        Constraint::Range(least, most) => {
            let Value::Number(number) = value else { return None };
            let inside = number.as_i64().is_none_or(|n| (least..=most).contains(&n));
            (!inside).then(|| format!("{number} is not between {least} and {most}"))
        }
        Constraint::MaxLength(most) => {
            let length = value.as_str()?.chars().count();
            (length > most).then(|| format!("{length} characters, but at most {most} are possible"))
        }
    }
}

/// Declares an options struct and its table in one place.
///
/// ```text
/// options! {
///     /// What the struct is.
///     pub struct Name;
///     "Group" {
///         memory: u64, "Memory", "How much memory the machine has." => default("512").unit("MiB").basic();
///     }
/// }
/// ```
macro_rules! options {
    (
        $(#[$meta:meta])*
        pub struct $name:ident;
        $( $group:literal { $(
            $field:ident : $ty:ty, $title:literal, $help:literal
            $( => $( $method:ident ( $( $arg:expr ),* ) ).+ )? ;
        )* } )*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $( $( #[doc = $help] pub $field: $ty, )* )*
        }

        impl $name {
            /// The declaration of every option.
            pub const OPTIONS: &'static [$crate::options::OptionSpec] = &[
                $( $(
                    $crate::options::OptionSpec::new(
                        $group,
                        stringify!($field),
                        <$ty as $crate::options::OptionValue>::TYPE,
                        $title,
                        $help,
                    ) $( $( .$method($($arg),*) )+ )?,
                )* )*
            ];

            /// Reads the options, noting what is wrong in `settings`.
            pub fn decode(settings: &mut $crate::options::Settings) -> Self {
                let mut specs = Self::OPTIONS.iter();
                let mut decoded = Self::default();
                $( $(
                    if let Some(spec) = specs.next() {
                        decoded.$field = settings.take(spec);
                    }
                )* )*
                decoded
            }
        }
    };
}
pub(crate) use options;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_sizes_as_packer_takes_them() {
        let size = |text: &str| text.parse::<DiskSize>();
        assert_eq!(size("40960").unwrap(), DiskSize { text: "40960M".into(), bytes: 40960 << 20 });
        assert_eq!(size("8G").unwrap().bytes, 8 << 30);
        assert_eq!(size("512k").unwrap().bytes, 512 << 10);
        assert_eq!(size("100b").unwrap().bytes, 100);
        for bad in ["", "G", "8GB", "1.5G", "8 G", "-1"] {
            assert!(size(bad).is_err(), "{bad:?}");
        }
    }
}
