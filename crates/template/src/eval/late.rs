//! Expressions over values of the running build: what is left of them when everything known is filled in.
//!
//! Packer evaluates the body of a provisioner again once the machine runs. A plan is made before that, so here
//! `upper(build.Host)` becomes a hole that carries the expression; [`finish`] computes it during the build.

use super::{Evaluator, Scope};
use crate::budget::Budget;
use crate::functions::Context;
use crate::references::paths;
use crate::syntax::ast::{Expr, StepKind};
use crate::syntax::{FileId, Span};
use crate::text::{Hole, Part, Text};
use crate::types::Type;
use crate::value::{Unknown, Value};
use std::collections::BTreeMap;

/// Characters an expression may have that is left for the build.
const MAX_EXPRESSION: usize = 256 << 10;

impl Evaluator<'_> {
    /// The value of something computed from values of which at least one is not known: what `write` makes of
    /// them as text, left for the build; unknown when nobody can ever supply one of them.
    pub(crate) fn late(
        &mut self,
        span: Span,
        ty: Type,
        values: &[&Value],
        write: impl FnOnce(&[String]) -> String,
    ) -> Value {
        if let Some(Hole::Unknown(what)) = values.iter().find_map(|value| unknowable(value)) {
            return Value::unknown(ty, what.clone());
        }
        let written: Option<Vec<String>> = values.iter().map(|value| literal(value)).collect();
        let expression = written.map(|written| write(&written));
        let Some(expression) = expression.filter(|expression| expression.len() <= MAX_EXPRESSION) else {
            return self.helped(
                "eval.late",
                span,
                "this is known only during the build, so nothing can be computed from it",
                "compute with it in a script that gets it as an environment variable",
            );
        };
        let hole = Hole::Late { expression, sensitive: values.iter().any(|value| value.is_sensitive()) };
        match ty {
            Type::String => Value::String(Text::from(hole)),
            ty => Value::Unknown(Unknown { ty, hole }),
        }
    }
}

/// The first hole nobody can fill.
fn unknowable(value: &Value) -> Option<&Hole> {
    match value {
        Value::Unknown(unknown) => Some(&unknown.hole).filter(|hole| matches!(hole, Hole::Unknown(_))),
        Value::String(text) => text.holes().find(|hole| matches!(hole, Hole::Unknown(_))),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.iter().find_map(unknowable),
        Value::Map(entries) | Value::Object(entries) => entries.values().find_map(unknowable),
        _ => None,
    }
}

/// A value as an expression; `None` when a part of it can be no part of one.
pub(crate) fn literal(value: &Value) -> Option<String> {
    let list = |items: &[Value]| -> Option<String> {
        let items: Option<Vec<String>> = items.iter().map(literal).collect();
        Some(format!("[{}]", items?.join(", ")))
    };
    Some(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text_literal(text)?,
        Value::Tuple(items) => list(items)?,
        Value::List(items) => format!("convert({}, list(any))", list(items)?),
        Value::Set(items) => format!("convert({}, set(any))", list(items)?),
        Value::Map(entries) | Value::Object(entries) => {
            let entries: Option<Vec<String>> = entries
                .iter()
                .map(|(key, item)| {
                    Some(format!("({}) = {}", text_literal(&Text::from(key.as_str()))?, literal(item)?))
                })
                .collect();
            format!("{{ {} }}", entries?.join(", "))
        }
        Value::Unknown(unknown) => hole_expression(&unknown.hole)?,
    })
}

fn hole_expression(hole: &Hole) -> Option<String> {
    match hole {
        Hole::Build(name) => {
            let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_')
                && name.starts_with(|c: char| c.is_alphabetic() || c == '_');
            Some(match plain {
                true => format!("build.{name}"),
                false => format!("build[{}]", text_literal(&Text::from(name.as_str()))?),
            })
        }
        Hole::Late { expression, .. } => Some(format!("({expression})")),
        Hole::Field(_) | Hole::Unknown(_) => None,
    }
}

pub(crate) fn text_literal(text: &Text) -> Option<String> {
    if let [Part::Hole(hole)] = text.parts.as_slice() {
        return hole_expression(hole);
    }
    let mut out = String::from("\"");
    for part in &text.parts {
        match part {
            Part::Hole(hole) => out.push_str(&format!("${{{}}}", hole_expression(hole)?)),
            Part::Known(known) => {
                let mut chars = known.chars().peekable();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => out.push_str("\\\""),
                        '\\' => out.push_str("\\\\"),
                        '\n' => out.push_str("\\n"),
                        '\r' => out.push_str("\\r"),
                        '\t' => out.push_str("\\t"),
                        // `$${` and `%%{` stand for `${` and `%{`; a text that ends here may get a hole next.
                        '$' | '%' if chars.peek().is_none_or(|next| *next == '{') => {
                            out.push_str(&format!("\\u{:04x}", u32::from(c)));
                        }
                        c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                        c => out.push(c),
                    }
                }
            }
        }
    }
    out.push('"');
    Some(out)
}

/// Computes an expression that was left for the build, now that `build` knows the values of `build.*`.
///
/// # Errors
/// What is wrong, in a sentence.
pub fn finish(expression: &str, build: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let (expr, errors) = crate::syntax::parse_expression(FileId::default(), expression);
    if let Some(error) = errors.first() {
        return Err(error.message.clone());
    }
    let mut names = Vec::new();
    build_names(&expr, &mut names);
    let known: BTreeMap<String, Value> =
        names.into_iter().filter_map(|name| Some((name.clone(), Value::from(build(&name)?)))).collect();
    let scope = Scope::new().with("build", "", known);
    let files = crate::files::MemoryFiles::new();
    let inputs = crate::config::Inputs::harmless("/");
    let drawn = std::cell::Cell::new(0);
    let root = std::path::Path::new("/");
    let budget = Budget::default();
    let context =
        Context { files: &files, root, inputs: &inputs, drawn: &drawn, budget: &budget, in_template: false };
    let mut evaluator = Evaluator::new(&scope, &context);
    let value = evaluator.eval(&expr);
    if let Some(fault) = evaluator.faults.first() {
        return Err(fault.message.clone());
    }
    let text = value.to_text();
    text.as_ref()
        .and_then(Text::known)
        .map(str::to_owned)
        .ok_or_else(|| format!("the result is {}, not text", super::describe(&value)))
}

/// The attributes of `build` an expression uses.
fn build_names(expr: &Expr, out: &mut Vec<String>) {
    paths(expr, &mut |_, root, steps| {
        if root == "build" {
            out.extend(match steps.first().map(|step| &step.kind) {
                Some(StepKind::Attr(name)) => Some(name.to_string()),
                Some(StepKind::Index(key)) => key.literal_string(),
                _ => None,
            });
        }
    });
}
