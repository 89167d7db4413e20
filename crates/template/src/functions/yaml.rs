//! Reading YAML: the scalars of YAML 1.1 that Packer knows, anchors, merge keys; one document.

use super::{Context, Failure};
use crate::value::Value;
use std::collections::BTreeMap;
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

/// Collections inside each other.
const DEEPEST: usize = 200;

/// The value of a YAML document.
pub(super) fn decode(context: &Context<'_>, text: &str) -> Result<Value, Failure> {
    let wrong = |message: String| Failure::arg(0, format!("no valid YAML: {message}"));
    let mut reader = Reader {
        context,
        open: Vec::new(),
        anchors: BTreeMap::new(),
        result: None,
        documents: 0,
        problem: None,
    };
    Parser::new_from_str(text).load(&mut reader, true).map_err(|error| wrong(error.to_string()))?;
    match (reader.problem, reader.documents, reader.result) {
        (Some(problem), ..) => Err(wrong(problem)),
        (None, 1, Some(value)) => Ok(value),
        (None, 0 | 1, _) => Err(wrong("the text is empty".to_owned())),
        (None, count, _) => Err(wrong(format!("there are {count} documents, and only one is possible"))),
    }
}

struct Reader<'a> {
    context: &'a Context<'a>,
    open: Vec<Open>,
    /// What an anchor names.
    anchors: BTreeMap<usize, Value>,
    result: Option<Value>,
    documents: usize,
    problem: Option<String>,
}

/// A collection that is being read, and its anchor.
struct Open {
    kind: Kind,
    anchor: usize,
}

enum Kind {
    List(Vec<Value>),
    /// The entries, those of merged maps (which lose), and the key that waits for its value.
    Map(BTreeMap<String, Value>, BTreeMap<String, Value>, Option<Key>),
}

enum Key {
    Name(String),
    Merge,
}

impl MarkedEventReceiver for Reader<'_> {
    fn on_event(&mut self, event: Event, at: Marker) {
        if self.problem.is_some() {
            return;
        }
        let line = at.line();
        match event {
            Event::DocumentStart => self.documents += 1,
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(value) if self.context.take(value.measure().0).is_ok() => {
                    let value = value.clone();
                    self.put(value, false, line);
                }
                Some(_) => self.fail(line, "with its aliases written out it is too long"),
                None => self.fail(line, "an alias to something that is not complete"),
            },
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == TScalarStyle::Plain;
                match scalar(&text, plain, tag.as_ref()) {
                    Ok(value) => {
                        if anchor > 0 {
                            self.anchors.insert(anchor, value.clone());
                        }
                        self.put(value, plain && text == "<<", line);
                    }
                    Err(message) => self.fail(line, &message),
                }
            }
            Event::SequenceStart(anchor, _) => self.start(Kind::List(Vec::new()), anchor, line),
            Event::MappingStart(anchor, _) => {
                self.start(Kind::Map(BTreeMap::new(), BTreeMap::new(), None), anchor, line);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return };
                let value = match open.kind {
                    Kind::List(items) => Value::Tuple(items),
                    Kind::Map(entries, mut merged, _) => {
                        merged.extend(entries);
                        Value::Object(merged)
                    }
                };
                if open.anchor > 0 {
                    // A copy at every level that has a name.
                    if self.context.take(value.measure().0).is_err() {
                        return self.fail(line, "it is too long");
                    }
                    self.anchors.insert(open.anchor, value.clone());
                }
                self.put(value, false, line);
            }
            _ => {}
        }
    }
}

impl Reader<'_> {
    fn fail(&mut self, line: usize, message: &str) {
        self.problem.get_or_insert_with(|| format!("line {line}: {message}"));
    }

    fn start(&mut self, kind: Kind, anchor: usize, line: usize) {
        if self.open.len() >= DEEPEST {
            self.fail(line, "it is nested too deeply");
        }
        self.open.push(Open { kind, anchor });
    }

    fn put(&mut self, value: Value, merge: bool, line: usize) {
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.result = Some(value),
            Some(Kind::List(items)) => items.push(value),
            Some(Kind::Map(entries, merged, key)) => match (key.take(), value) {
                (None, _) if merge => *key = Some(Key::Merge),
                (None, value) => match value.to_text().and_then(|text| text.known().map(str::to_owned)) {
                    Some(name) => *key = Some(Key::Name(name)),
                    None => self.fail(line, "a key must be text, a number or a truth"),
                },
                (Some(Key::Name(name)), value) => {
                    entries.insert(name, value);
                }
                (Some(Key::Merge), value) => {
                    let maps = match value.as_elements() {
                        Some(items) => items.to_vec(),
                        None => vec![value],
                    };
                    // Merging copies.
                    let size = maps.iter().map(|map| map.measure().0).sum();
                    if self.context.take(size).is_err() {
                        return self.fail(line, "with what is merged written out it is too long");
                    }
                    for map in maps {
                        match map.as_entries() {
                            Some(more) => {
                                for (name, value) in more {
                                    merged.entry(name.clone()).or_insert_with(|| value.clone());
                                }
                            }
                            None => return self.fail(line, "only maps can be merged with <<"),
                        }
                    }
                }
            },
        }
    }
}

fn scalar(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Value, String> {
    let core = tag.filter(|tag| tag.handle == "tag:yaml.org,2002:").map(|tag| tag.suffix.as_str());
    let wanted = |value: Option<Value>, what: &str| value.ok_or_else(|| format!("\"{text}\" is not {what}"));
    match (tag, core) {
        (Some(tag), None) if tag.suffix != "!" && !tag.handle.is_empty() => {
            Err(format!("the tag {}{} is not known", tag.handle, tag.suffix))
        }
        (_, Some("str" | "binary" | "timestamp")) => Ok(Value::from(text)),
        (_, Some("null")) => wanted(null(text), "null"),
        (_, Some("bool")) => wanted(truth(text), "a truth"),
        (_, Some("int" | "float")) => wanted(number(text), "a number"),
        (_, Some(other)) => Err(format!("the tag !!{other} is not known")),
        _ if !plain => Ok(Value::from(text)),
        _ if text.eq_ignore_ascii_case(".nan") => Err("there is no number for .nan".to_owned()),
        _ => {
            let known = null(text).or_else(|| truth(text)).or_else(|| number(text)).or_else(|| day(text));
            Ok(known.unwrap_or_else(|| Value::from(text)))
        }
    }
}

fn null(text: &str) -> Option<Value> {
    matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Value::Null)
}

fn truth(text: &str) -> Option<Value> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Value::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Value::Bool(false))
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<Value> {
    let digits = text.replace('_', "");
    let (sign, magnitude) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits.strip_prefix('+').unwrap_or(&digits)),
    };
    if let Some(bits) = magnitude.strip_prefix("0b") {
        let value = i128::from_str_radix(bits, 2).ok()?;
        return format!("{sign}{value}").parse().ok().map(Value::Number);
    }
    let starts = magnitude.strip_prefix('.').unwrap_or(magnitude).starts_with(|c: char| c.is_ascii_digit());
    let only = magnitude.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if !starts || !only {
        return None;
    }
    let whole =
        if magnitude.starts_with('.') { format!("{sign}0{magnitude}") } else { format!("{sign}{magnitude}") };
    whole.parse().ok().map(Value::Number)
}

/// A date alone is the start of that day.
fn day(text: &str) -> Option<Value> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let number = |text: &str, most: usize| -> Option<i8> {
        (text.len() <= most && text.chars().all(|c| c.is_ascii_digit())).then(|| text.parse().ok()).flatten()
    };
    let year: i16 = (year.len() == 4).then(|| year.parse().ok()).flatten()?;
    let date = jiff::civil::Date::new(year, number(month, 2)?, number(day, 2)?).ok()?;
    Some(Value::from(format!("{date}T00:00:00Z")))
}
