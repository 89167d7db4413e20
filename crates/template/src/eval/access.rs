//! Names, attributes, indexes and splats.

use super::{Evaluator, Root, broken, describe};
use crate::options::nearest;
use crate::syntax::Span;
use crate::syntax::ast::{Expr, ExprKind, Step, StepKind};
use crate::text::{Hole, Text};
use crate::types::{Type, convert};
use crate::value::{Unknown, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Attributes of `build` in every job, for "did you mean".
const BUILD_VALUES: &[&str] = &[
    "name",
    "ID",
    "Host",
    "Port",
    "User",
    "Password",
    "ConnType",
    "PackerRunUUID",
    "PackerHTTPIP",
    "PackerHTTPPort",
    "PackerHTTPAddr",
    "SSHPublicKey",
    "SSHPrivateKey",
    "SSHPrivateKeyFile",
    "SSHAgentAuth",
    "WinRMPassword",
];

impl<'a> Evaluator<'a> {
    pub(super) fn variable(&mut self, name: &str, span: Span) -> Value {
        if let Some(value) = self.local(name) {
            return Value::clone(&value);
        }
        match self.scope.roots.get(name) {
            Some(Root::Object { entries, .. }) => Value::Object(BTreeMap::clone(entries)),
            Some(Root::Build) => {
                self.fault("eval.reference", span, "build must be followed by an attribute, as in build.Host")
            }
            Some(Root::Data { declared }) => Value::Object(
                declared.iter().map(|(ty, names)| (ty.clone(), Value::Object(names.clone()))).collect(),
            ),
            None => self.no_such_name(name, span),
        }
    }

    /// The value of a loop's variable.
    fn local(&self, name: &str) -> Option<Rc<Value>> {
        let found = self.locals.iter().rev().find(|(local, _)| local == name);
        found.map(|(_, value)| Rc::clone(value))
    }

    fn no_such_name(&mut self, name: &str, span: Span) -> Value {
        if let Some(why) = self.scope.absent.get(name) {
            return self.helped("eval.reference", span, format!("\"{name}\" does not exist here"), *why);
        }
        let roots: Vec<String> = self.scope.roots.keys().cloned().collect();
        let help = if Type::keyword(name) {
            format!("write {name} without quotes only as a type; here a value is needed")
        } else {
            match nearest(name, roots.iter().map(String::as_str)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("text must be in quotes: \"{name}\"; names start with {}", roots.join(", ")),
            }
        };
        self.helped("eval.reference", span, format!("there is no \"{name}\" here"), help)
    }

    pub(super) fn access(&mut self, base: &Expr, steps: &[Step], span: Span) -> Value {
        let mut rest = steps;
        let local;
        let mut value = match &base.kind {
            ExprKind::Variable(name) => match self.local(name) {
                Some(found) => {
                    local = found;
                    Cow::Borrowed(&*local)
                }
                None => {
                    let (value, used) = self.root_access(name, base.span, steps);
                    rest = steps.get(used..).unwrap_or(&[]);
                    value
                }
            },
            _ => Cow::Owned(self.eval(base)),
        };
        for step in rest {
            if self.exhausted.is_some() {
                return broken();
            }
            value = self.step(value, step, span);
        }
        value.into_owned()
    }

    /// The start of an access: the root with as many steps as belong to the name itself.
    fn root_access(&mut self, root: &str, span: Span, steps: &[Step]) -> (Cow<'a, Value>, usize) {
        let attr = |index: usize| match steps.get(index).map(|step| &step.kind) {
            Some(StepKind::Attr(name)) => Some(name.to_string()),
            Some(StepKind::Index(key)) => key.literal_string(),
            _ => None,
        };
        let at = |index: usize| steps.get(index).map_or(span, |step| span.to(step.span));
        let scope = self.scope;
        match scope.roots.get(root) {
            Some(Root::Build) => {
                let Some(name) = attr(0) else { return (Cow::Owned(self.variable(root, span)), 0) };
                if let Some(known) = scope.known_build.get(&name) {
                    return (Cow::Borrowed(known), 1);
                }
                if let Some(near) = nearest(&name, BUILD_VALUES.iter().copied())
                    && near != name
                    && near.eq_ignore_ascii_case(&name)
                {
                    let message = format!("build has no \"{name}\"");
                    let value =
                        self.helped("eval.reference", at(0), message, format!("did you mean build.{near}?"));
                    return (Cow::Owned(value), 1);
                }
                (Cow::Owned(Value::String(Text::from(Hole::Build(name)))), 1)
            }
            Some(Root::Object { entries, noun }) => {
                let Some(name) = attr(0) else { return (Cow::Owned(self.variable(root, span)), 0) };
                if let Some(value) = entries.get(&name) {
                    return (Cow::Borrowed(value), 1);
                }
                let message = match *noun {
                    "" => format!("{root} has no \"{name}\""),
                    noun => format!("the {noun} \"{name}\" is not declared"),
                };
                let near = nearest(&name, entries.keys().map(String::as_str)).map(str::to_owned);
                let help = match (&near, *noun) {
                    (Some(near), _) => format!("did you mean {root}.{near}?"),
                    (None, "variable") => format!("declare it: variable \"{name}\" {{ ... }}"),
                    (None, "local") => format!("declare it in a locals block: {name} = ..."),
                    (None, _) => {
                        format!("{root} has {}", some(entries.keys()))
                    }
                };
                let value = self.helped("eval.reference", at(0), message, help);
                if let (Some(near), Some(fault)) = (near, self.faults.last_mut()) {
                    fault.fix = Some((format!("Replace by `{root}.{near}`"), format!("{root}.{near}")));
                }
                (Cow::Owned(value), 1)
            }
            Some(Root::Data { declared }) => {
                let (Some(ty), Some(name)) = (attr(0), attr(1)) else {
                    return (Cow::Owned(self.variable(root, span)), 0);
                };
                if let Some(value) = declared.get(&ty).and_then(|names| names.get(&name)) {
                    return (Cow::Borrowed(value), 2);
                }
                let message = format!("the data source \"{ty}\" \"{name}\" is not declared");
                let help = format!("declare it: data \"{ty}\" \"{name}\" {{ ... }}");
                (Cow::Owned(self.helped("eval.reference", at(1), message, help)), 2)
            }
            None => (Cow::Owned(self.no_such_name(root, span)), steps.len()),
        }
    }

    /// One step into a value, without a copy where there is such a part.
    fn step<'v>(&mut self, value: Cow<'v, Value>, step: &Step, span: Span) -> Cow<'v, Value> {
        let (key, at) = match &step.kind {
            StepKind::Attr(name) => {
                if let Cow::Borrowed(whole) = value
                    && let Some(found) = whole.as_entries().and_then(|entries| entries.get(name.as_str()))
                {
                    return Cow::Borrowed(found);
                }
                return Cow::Owned(self.attribute(value.into_owned(), name, step.span));
            }
            StepKind::Index(key) => (self.eval(key), key.span),
            StepKind::LegacyIndex(digits) => (digits.parse().map_or(Value::Null, Value::Number), step.span),
            StepKind::Splat { each, .. } => return Cow::Owned(self.splat(value.into_owned(), each, span)),
        };
        if let Cow::Borrowed(whole) = value
            && let Some(found) = part(whole, &key)
        {
            return Cow::Borrowed(found);
        }
        Cow::Owned(self.index(value.into_owned(), &key, at))
    }

    fn attribute(&mut self, value: Value, name: &str, span: Span) -> Value {
        match &value {
            Value::Unknown(_) => self.unknown_part(&value, &format!(".{name}"), span),
            Value::Map(entries) | Value::Object(entries) => match entries.get(name) {
                Some(found) => found.clone(),
                None => {
                    let help = match nearest(name, entries.keys().map(String::as_str)) {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None if entries.is_empty() => "it is empty".to_owned(),
                        None => format!("it has {}", some(entries.keys())),
                    };
                    self.helped("eval.attribute", span, format!("there is no attribute \"{name}\""), help)
                }
            },
            Value::Null => self.fault("eval.attribute", span, "this is null and has no attributes"),
            other => {
                let message = format!("{} has no attributes", describe(other));
                self.fault("eval.attribute", span, message)
            }
        }
    }

    /// `value[key]`.
    pub(crate) fn index(&mut self, value: Value, key: &Value, span: Span) -> Value {
        if matches!(&value, Value::Unknown(unknown) if matches!(unknown.hole, Hole::Unknown(_))) {
            return self.unknown_part(&value, "[..]", span);
        }
        if matches!(value, Value::Unknown(_)) || !key.is_wholly_known() {
            return self.late(span, Type::Any, &[&value, key], |all| format!("{}[{}]", all[0], all[1]));
        }
        if let Some(items) = value.as_elements().filter(|_| !matches!(value, Value::Set(_))) {
            let Ok(Value::Number(number)) = convert(key, &Type::Number) else {
                return self.fault("eval.index", span, "the index of a list must be a number");
            };
            return match number.as_usize().and_then(|at| items.get(at)) {
                Some(item) => item.clone(),
                None => {
                    let count = items.len();
                    let message = format!("there is no element {number}: the list has {count} elements");
                    self.fault("eval.index", span, message)
                }
            };
        }
        if value.as_entries().is_some() {
            let Ok(Value::String(text)) = convert(key, &Type::String) else {
                return self.fault("eval.index", span, "the key of a map must be a string");
            };
            let key = text.known().unwrap_or_default().to_owned();
            return self.attribute(value, &key, span);
        }
        let message = format!("{} has no elements to take one of", describe(&value));
        self.fault("eval.index", span, message)
    }

    /// What an access into an unknown value gives.
    fn unknown_part(&mut self, value: &Value, step: &str, span: Span) -> Value {
        match value {
            Value::Unknown(Unknown { hole: Hole::Unknown(what), .. }) => {
                Value::unknown(Type::Any, format!("{what}{step}"))
            }
            other => self.late(span, Type::Any, &[other], |all| format!("{}{step}", all[0])),
        }
    }

    fn splat(&mut self, value: Value, each: &[Step], span: Span) -> Value {
        let items = match value {
            Value::Null => Vec::new(),
            Value::Unknown(_) => {
                let attributes = each.iter().map(|step| match &step.kind {
                    StepKind::Attr(name) => Some(format!(".{name}")),
                    StepKind::LegacyIndex(digits) => Some(format!("[{digits}]")),
                    _ => None,
                });
                return match attributes.collect::<Option<String>>() {
                    Some(attributes) => self.unknown_part(&value, &format!("[*]{attributes}"), span),
                    None => broken(),
                };
            }
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => items,
            single => vec![single],
        };
        let mut out = Vec::with_capacity(items.len());
        let before = self.faults.len();
        for item in items {
            if !self.spend(0, span) || self.faults.len() > before {
                return broken();
            }
            let mut item = Cow::Borrowed(&item);
            for step in each {
                item = self.step(item, step, span);
            }
            out.push(item.into_owned());
        }
        Value::Tuple(out)
    }
}

/// The element or entry that a known key names.
fn part<'v>(whole: &'v Value, key: &Value) -> Option<&'v Value> {
    match (whole, key) {
        (Value::List(items) | Value::Tuple(items), Value::Number(number)) => items.get(number.as_usize()?),
        (Value::Map(entries) | Value::Object(entries), Value::String(text)) => entries.get(text.known()?),
        _ => None,
    }
}

/// The first few names, for messages.
fn some<'n>(names: impl ExactSizeIterator<Item = &'n String>) -> String {
    let count = names.len();
    let shown: Vec<&str> = names.take(20).map(String::as_str).collect();
    match count.saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
