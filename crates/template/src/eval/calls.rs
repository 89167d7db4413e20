//! Calls of functions, and the forms that look like calls.

use super::{Evaluator, broken};
use crate::functions;
use crate::syntax::Span;
use crate::syntax::ast::{Expr, Ident};
use crate::types::Type;
use crate::value::Value;

impl Evaluator<'_> {
    pub(super) fn call(&mut self, name: &Ident, args: &[Expr], expand: bool, span: Span) -> Value {
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
        // Secrets are nobody's business while a template is read; a build that needs one is refused by its plan.
        if functions::unavailable(name.as_str()).is_some() {
            args.iter().for_each(|arg| drop(self.eval(arg)));
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
            Ok(functions::Outcome::Value(value)) => value,
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
            self.forgive(before);
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
        self.forgive(before);
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
