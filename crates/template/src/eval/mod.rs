//! The evaluator: expressions to values.
//!
//! Evaluation never stops at the first problem. A part that cannot be evaluated becomes an unknown value and
//! a [`Fault`]; what depends on it stays quiet.

mod access;
mod late;
mod loops;
mod operators;
mod scope;
#[cfg(test)]
mod tests;

use crate::functions::{self, Context};
use crate::syntax::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectKey, Template, TemplatePart};
use crate::text::{Hole, Text};
use crate::types::Type;
use crate::value::Value;
use std::collections::BTreeMap;

pub use late::finish;
pub(crate) use late::text_literal;
pub(crate) use operators::equal;
pub use scope::{Root, Scope};

/// Something that could not be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Stable code, `eval.something`.
    pub code: &'static str,
    /// The sentence.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
    /// Replacement for the span that would mend it, with its title.
    pub fix: Option<(String, String)>,
}

/// Expressions deeper than this are refused rather than exhausting the stack.
const MAX_DEPTH: usize = 200;

/// Evaluation steps of one expression; a template of any real size needs a small fraction.
const MAX_STEPS: usize = 500_000;

/// Characters one expression may produce.
const MAX_TEXT: usize = 32 << 20;

/// Evaluates expressions in one scope, collecting faults.
pub struct Evaluator<'a> {
    /// What names mean.
    pub scope: &'a Scope,
    /// What functions may use.
    pub context: &'a Context<'a>,
    /// The problems so far.
    pub faults: Vec<Fault>,
    /// True in the `default` of a variable: `env` exists there and nowhere else, and no other function does.
    pub only_env: bool,
    locals: Vec<(String, Value)>,
    depth: usize,
    steps: usize,
    produced: usize,
    exhausted: bool,
}

/// The value of what could not be evaluated.
pub(crate) fn broken() -> Value {
    Value::unknown(Type::Any, "a value with an error")
}

impl<'a> Evaluator<'a> {
    /// An evaluator with no faults.
    pub fn new(scope: &'a Scope, context: &'a Context<'a>) -> Self {
        Evaluator {
            scope,
            context,
            faults: Vec::new(),
            only_env: false,
            locals: Vec::new(),
            depth: 0,
            steps: 0,
            produced: 0,
            exhausted: false,
        }
    }

    /// Gives a name a value, as the variable of a loop or of `templatefile` has.
    pub fn define(&mut self, name: impl Into<String>, value: Value) {
        self.locals.push((name.into(), value));
    }

    pub(crate) fn fault(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> Value {
        self.faults.push(Fault { code, message: message.into(), span, help: None, fix: None });
        broken()
    }

    pub(crate) fn helped(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Value {
        let help = Some(help.into()).filter(|help| !help.is_empty());
        self.faults.push(Fault { code, message: message.into(), span, help, fix: None });
        broken()
    }

    /// The value of something that what is not known decides: unknown, and a fault when it is a value of the
    /// running build, since the plan depends on it.
    pub(crate) fn unknown_from(&mut self, span: Span, hole: &Hole, ty: Type) -> Value {
        match hole {
            Hole::Unknown(what) => Value::unknown(ty, what.clone()),
            Hole::Build(_) | Hole::Field(_) | Hole::Late { .. } => self.helped(
                "eval.late",
                span,
                format!("{hole} is known only during the build, so it cannot be used here"),
                "insert it in text (\"${build.Host}\"), or compute with it in a script that gets it as an environment variable",
            ),
        }
    }

    fn spend(&mut self, span: Span) -> bool {
        self.steps += 1;
        if self.steps > MAX_STEPS && !self.exhausted {
            self.exhausted = true;
            self.fault("eval.too-long", span, "this expression takes too long to evaluate");
        }
        !self.exhausted
    }

    fn spend_text(&mut self, length: usize, span: Span) -> bool {
        self.produced += length;
        if self.produced > MAX_TEXT && !self.exhausted {
            self.exhausted = true;
            self.fault("eval.too-large", span, "this expression produces too much text");
        }
        !self.exhausted
    }

    /// The value of an expression.
    pub fn eval(&mut self, expr: &Expr) -> Value {
        if !self.spend(expr.span) {
            return broken();
        }
        if self.depth >= MAX_DEPTH {
            return self.fault("eval.too-deep", expr.span, "this expression is nested too deeply");
        }
        self.depth += 1;
        let value = self.eval_kind(expr);
        self.depth -= 1;
        // Values are copied: a large one counts for more than one step.
        if matches!(expr.kind, ExprKind::Variable(_) | ExprKind::Access { .. } | ExprKind::Call { .. }) {
            self.steps += value.weight() / 2;
            if !self.spend(expr.span) {
                return broken();
            }
        }
        value
    }

    fn eval_kind(&mut self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Missing => broken(),
            ExprKind::Null => Value::Null,
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Number(text) => match text.parse() {
                Ok(number) => Value::Number(number),
                Err(_) => self.fault("eval.number", expr.span, format!("\"{text}\" is not a number")),
            },
            ExprKind::Template(template) => self.template(template, expr.span),
            ExprKind::Variable(name) => self.variable(name, expr.span),
            ExprKind::Access { base, steps } => self.access(base, steps, expr.span),
            ExprKind::Call { name, args, expand } => self.call(name, args, *expand, expr.span),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, expr.span),
            ExprKind::Binary { op, left, right, .. } => self.binary(*op, left, right, expr.span),
            ExprKind::Conditional { condition, then, otherwise } => {
                self.conditional(condition, then, otherwise, expr.span)
            }
            ExprKind::List(items) => Value::Tuple(items.iter().map(|item| self.eval(item)).collect()),
            ExprKind::Object(items) => {
                let mut entries = BTreeMap::new();
                for item in items {
                    let key = match &item.key {
                        ObjectKey::Name(name) => Some(name.name.to_string()),
                        ObjectKey::Expr(key) => self.key(key),
                    };
                    let value = self.eval(&item.value);
                    match key {
                        Some(key) => {
                            entries.insert(key, value);
                        }
                        None => return broken(),
                    }
                }
                Value::Object(entries)
            }
            ExprKind::For(expr_for) => self.for_expr(expr_for, expr.span),
            ExprKind::Parens(inner) => self.eval(inner),
        }
    }

    /// A key of an object: a known string, number or bool. `None` when it is not, after a fault.
    fn key(&mut self, key: &Expr) -> Option<String> {
        let value = self.eval(key);
        if let Some(hole) = value.first_hole() {
            let hole = hole.clone();
            self.unknown_from(key.span, &hole, Type::String);
            return None;
        }
        match value.to_text() {
            Some(text) => text.known().map(str::to_owned),
            None => {
                self.fault("eval.key", key.span, format!("a key must be a string, not {}", describe(&value)));
                None
            }
        }
    }

    fn template(&mut self, template: &Template, span: Span) -> Value {
        if let Some(inner) = template.wrapped() {
            return self.eval(inner);
        }
        let mut text = Text::default();
        match self.template_parts(&template.parts, &mut text, span) {
            true => Value::String(text.normal()),
            false => broken(),
        }
    }

    /// Appends what the parts of a template make. False when a part could not be evaluated.
    pub(crate) fn template_parts(&mut self, parts: &[TemplatePart], text: &mut Text, span: Span) -> bool {
        let mut whole = true;
        for part in parts {
            if !self.spend(span) {
                return false;
            }
            match part {
                TemplatePart::Literal(literal) => {
                    whole &= self.spend_text(literal.text.len(), span);
                    text.push_str(&literal.text);
                }
                TemplatePart::Interpolation { expr, .. } => {
                    let before = self.faults.len();
                    let value = self.eval(expr);
                    match value.to_text() {
                        Some(piece) if self.faults.len() == before => {
                            let known = piece.known().map_or(0, str::len);
                            whole &= self.spend_text(known, span);
                            text.push_text(&piece);
                        }
                        Some(_) => whole = false,
                        None if value.is_null() => {
                            self.helped(
                                "eval.null-in-text",
                                expr.span,
                                "this is null, and null cannot be inserted in text",
                                "give it a value, or use coalesce(.., \"\")",
                            );
                            whole = false;
                        }
                        None => {
                            let message = format!("{} cannot be inserted in text", describe(&value));
                            self.helped(
                                "eval.not-text",
                                expr.span,
                                message,
                                "use jsonencode or join to make a string of it",
                            );
                            whole = false;
                        }
                    }
                }
                TemplatePart::If { condition, then, otherwise, .. } => match self.decide(condition) {
                    Decision::Yes => whole &= self.template_parts(then, text, span),
                    Decision::No => whole &= self.template_parts(otherwise, text, span),
                    Decision::Wrong => whole = false,
                    Decision::Late(value) => {
                        let (mut yes, mut no) = (Text::default(), Text::default());
                        whole &= self.template_parts(then, &mut yes, span);
                        whole &= self.template_parts(otherwise, &mut no, span);
                        let (yes, no) = (Value::String(yes), Value::String(no));
                        let chosen = self.late(condition.span, Type::String, &[&value, &yes, &no], |all| {
                            format!("{} ? {} : {}", all[0], all[1], all[2])
                        });
                        match chosen.to_text() {
                            Some(piece) => text.push_text(&piece),
                            None => whole = false,
                        }
                    }
                },
                TemplatePart::For { key_name, value_name, collection, body, .. } => {
                    let value = self.eval(collection);
                    let Some(pairs) = self.pairs(&value, collection.span) else {
                        return false;
                    };
                    for (key, item) in pairs {
                        let mark = self.locals.len();
                        if let Some(name) = key_name {
                            self.define(name.as_str(), key);
                        }
                        self.define(value_name.as_str(), item);
                        whole &= self.template_parts(body, text, span);
                        self.locals.truncate(mark);
                        if self.exhausted {
                            return false;
                        }
                    }
                }
            }
        }
        whole
    }

    /// A condition that must be known; `None` when it is not or is no bool, after a fault where it is wrong.
    fn condition(&mut self, condition: &Expr) -> Option<bool> {
        match self.decide(condition) {
            Decision::Yes => Some(true),
            Decision::No => Some(false),
            Decision::Wrong => None,
            Decision::Late(value) => {
                if let Some(hole) = value.first_hole() {
                    self.unknown_from(condition.span, hole, Type::Bool);
                }
                None
            }
        }
    }

    /// What a condition says; a fault where it is no bool.
    fn decide(&mut self, condition: &Expr) -> Decision {
        let before = self.faults.len();
        let value = self.eval(condition);
        if self.faults.len() > before {
            return Decision::Wrong;
        }
        if !value.is_wholly_known() {
            return Decision::Late(value);
        }
        match crate::types::convert(&value, &Type::Bool) {
            Ok(Value::Bool(true)) => Decision::Yes,
            Ok(Value::Bool(false)) => Decision::No,
            _ => {
                let message = format!("a condition must be true or false, not {}", describe(&value));
                self.fault("eval.condition", condition.span, message);
                Decision::Wrong
            }
        }
    }

    fn call(&mut self, name: &crate::syntax::ast::Ident, args: &[Expr], expand: bool, span: Span) -> Value {
        match name.as_str() {
            "try" => return self.try_call(args, span),
            "can" => return self.can_call(args, span),
            "convert" => return self.convert_call(args, span),
            "env" if !self.only_env => {
                return self.helped(
                    "eval.env",
                    name.span,
                    "env() can be used only in the default of a variable",
                    "declare a variable with default = env(\"NAME\") and use that",
                );
            }
            other if self.only_env && other != "env" => {
                let message = format!("{other}() cannot be called here: a default can call only env()");
                return self.helped("eval.default", name.span, message, "compute it in a local instead");
            }
            "env" => return self.env_call(args, span),
            _ => {}
        }
        if let Some(why) = functions::unavailable(name.as_str()) {
            args.iter().for_each(|arg| drop(self.eval(arg)));
            if self.context.inputs.external {
                let message = format!("{}() is not computed here: {why}", name.as_str());
                let help = "pass the value as a variable (-var, or PKR_VAR_name in the environment)";
                return self.helped("eval.unavailable", name.span, message, help);
            }
            return Value::unknown(Type::String, format!("{}(..)", name.as_str()));
        }
        let Some(function) = functions::find(name.as_str()) else {
            let (message, help) = functions::unknown_function(name.as_str());
            let near = functions::nearest(name.as_str());
            self.helped("eval.unknown-function", name.span, message, help);
            if let (Some(near), Some(fault)) = (near, self.faults.last_mut()) {
                fault.fix = Some((format!("Replace by `{near}`"), near.to_owned()));
            }
            return broken();
        };
        let before = self.faults.len();
        let mut values: Vec<Value> = args.iter().map(|arg| self.eval(arg)).collect();
        if self.faults.len() > before {
            return broken();
        }
        if expand {
            let last = values.pop().unwrap_or_default();
            match last.as_elements() {
                Some(items) => values.extend(items.iter().cloned()),
                None if matches!(last, Value::Unknown(_)) => {
                    values.push(last);
                    let all: Vec<&Value> = values.iter().collect();
                    return self.late(span, function.returns(), &all, |all| {
                        format!("{}({}...)", name.as_str(), all.join(", "))
                    });
                }
                None => {
                    let at = args.last().map_or(span, |arg| arg.span);
                    return self.fault("eval.expand", at, "only a list can be expanded with ...");
                }
            }
        }
        let late: Vec<Value> = match values.iter().all(Value::is_wholly_known) {
            true => Vec::new(),
            false => values.clone(),
        };
        let left = |this: &mut Self| {
            let all: Vec<&Value> = late.iter().collect();
            this.late(span, function.returns(), &all, |all| format!("{}({})", name.as_str(), all.join(", ")))
        };
        match functions::call(function, self.context, values) {
            Ok(functions::Outcome::Value(value)) => {
                let mut length = 0;
                value.each_text(&mut |text| length += text.known().map_or(0, str::len));
                if self.spend_text(length, span) { value } else { broken() }
            }
            Ok(functions::Outcome::Unknown(_)) => left(self),
            // What does not fit yet may fit once it is known.
            Err(failure) if failure.arg.is_some() && !late.is_empty() => left(self),
            Err(failure) => {
                let at = failure.arg.and_then(|index| args.get(index)).map_or(span, |arg| arg.span);
                let message = format!("{}(): {}", name.as_str(), failure.message);
                self.helped("eval.call", at, message, function.signature())
            }
        }
    }

    /// `env("NAME")`: empty when it is not set.
    fn env_call(&mut self, args: &[Expr], span: Span) -> Value {
        let [arg] = args else { return self.fault("eval.call", span, "env(): exactly one name is required") };
        let value = self.eval(arg);
        match value.as_str() {
            Some(name) => Value::from(self.context.inputs.env.get(name).cloned().unwrap_or_default()),
            None => self.fault("eval.call", arg.span, "env(): the name must be a string"),
        }
    }

    fn try_call(&mut self, args: &[Expr], span: Span) -> Value {
        let before = self.faults.len();
        for arg in args {
            self.faults.truncate(before);
            let value = self.eval(arg);
            if self.faults.len() == before {
                return value;
            }
        }
        if args.is_empty() {
            return self.fault("eval.call", span, "try(): at least one argument is required");
        }
        broken()
    }

    fn can_call(&mut self, args: &[Expr], span: Span) -> Value {
        let [arg] = args else {
            return self.fault("eval.call", span, "can(): exactly one argument is required");
        };
        let before = self.faults.len();
        let value = self.eval(arg);
        let fine = self.faults.len() == before;
        self.faults.truncate(before);
        match fine && !value.is_wholly_known() {
            true => self.late(span, Type::Bool, &[&value], |all| format!("can({})", all[0])),
            false => Value::Bool(fine),
        }
    }

    fn convert_call(&mut self, args: &[Expr], span: Span) -> Value {
        let [arg, ty] = args else {
            return self.helped(
                "eval.call",
                span,
                "convert(): exactly two arguments are required",
                "convert(value, type), for example convert([1, 2], list(string))",
            );
        };
        let value = self.eval(arg);
        match crate::config::type_constraint(ty) {
            Err((at, message)) => self.fault("eval.type", at, message),
            Ok(ty) => match crate::types::convert(&value, &ty) {
                Ok(value) => value,
                Err(mismatch) => self.fault("eval.call", arg.span, format!("convert(): {mismatch}")),
            },
        }
    }
}

/// How messages name a value: "a string", "a list of string", "null".
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Tuple(_) | Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        Value::Set(_) => "a set".to_owned(),
        other => other.type_of().friendly(),
    }
}

/// What a condition says.
enum Decision {
    Yes,
    No,
    /// It is not known yet.
    Late(Value),
    /// It is no condition; a fault says so.
    Wrong,
}
