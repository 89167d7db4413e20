//! The evaluator: expressions to values.
//!
//! Evaluation never stops at the first problem. A part that cannot be evaluated becomes an unknown value and
//! a [`Fault`]; what depends on it stays quiet.

mod access;
mod calls;
mod late;
mod loops;
mod operators;
mod scope;
mod templates;
#[cfg(test)]
mod tests;

use crate::functions::Context;
use crate::syntax::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectKey};
use crate::text::Hole;
use crate::types::Type;
use crate::value::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

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

/// Values deeper than this are refused: locals can wrap each other without end.
const MAX_VALUE_DEPTH: usize = 250;

/// What one step counts for, in bytes.
const STEP: usize = 64;

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
    locals: Vec<(String, Rc<Value>)>,
    depth: usize,
    /// Where the budget was used up.
    exhausted: Option<Span>,
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
            exhausted: None,
        }
    }

    /// Gives a name a value, as the variable of a loop or of `templatefile` has.
    pub fn define(&mut self, name: impl Into<String>, value: impl Into<Rc<Value>>) {
        self.locals.push((name.into(), value.into()));
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

    /// Pays for a step and the bytes it makes. False when the budget is used up, after a fault.
    fn spend(&mut self, bytes: usize, span: Span) -> bool {
        if self.exhausted.is_none() && !self.context.budget.take(STEP + bytes) {
            self.exhausted = Some(span);
            self.too_large();
        }
        self.exhausted.is_none()
    }

    fn too_large(&mut self) {
        if let Some(span) = self.exhausted {
            self.helped(
                "eval.too-large",
                span,
                "this makes too many values, or too long ones",
                "a loop in a loop, or a text made of long texts, grows faster than it looks",
            );
        }
    }

    /// Takes back the faults since there were `before` of them; what is used up stays used up.
    fn forgive(&mut self, before: usize) {
        self.faults.truncate(before);
        self.too_large();
    }

    /// The value of an expression.
    pub fn eval(&mut self, expr: &Expr) -> Value {
        if !self.spend(0, expr.span) {
            return broken();
        }
        if self.depth >= MAX_DEPTH {
            return self.fault("eval.too-deep", expr.span, "this expression is nested too deeply");
        }
        self.depth += 1;
        let value = self.eval_kind(expr);
        self.depth -= 1;
        // What is copied counts as what is made.
        if matches!(expr.kind, ExprKind::Variable(_) | ExprKind::Access { .. } | ExprKind::Call { .. }) {
            let (size, depth) = value.measure();
            if !self.spend(size, expr.span) {
                return broken();
            }
            if depth > MAX_VALUE_DEPTH {
                return self.fault("eval.too-deep", expr.span, "this value is nested too deeply");
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
