//! Operators and conditionals.

use super::{Decision, Evaluator, broken, describe};
use crate::number::Number;
use crate::syntax::Span;
use crate::syntax::ast::{BinaryOp, Expr, UnaryOp};
use crate::types::{Type, convert, unify_in_place};
use crate::value::Value;

impl Evaluator<'_> {
    /// An operand's value converted to a type. `Err` carries the value to return instead.
    fn operand(&mut self, value: Value, span: Span, ty: &Type) -> Result<Value, Value> {
        match convert(&value, ty) {
            Ok(Value::Null) | Err(_) => {
                let message = format!("{} is needed here, not {}", ty.friendly(), describe(&value));
                Err(self.fault("eval.operand", span, message))
            }
            Ok(value) => Ok(value),
        }
    }

    fn number(&mut self, value: Value, span: Span) -> Result<Number, Value> {
        match self.operand(value, span, &Type::Number)? {
            Value::Number(number) => Ok(number),
            other => Err(other),
        }
    }

    fn bool(&mut self, value: Value, span: Span) -> Result<bool, Value> {
        match self.operand(value, span, &Type::Bool)? {
            Value::Bool(value) => Ok(value),
            other => Err(other),
        }
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Expr, span: Span) -> Value {
        let before = self.faults.len();
        let value = self.eval(operand);
        if self.faults.len() > before {
            return broken();
        }
        if !value.is_wholly_known() {
            let (sign, ty) = match op {
                UnaryOp::Negate => ("-", Type::Number),
                UnaryOp::Not => ("!", Type::Bool),
            };
            return self.late(span, ty, &[&value], |all| format!("{sign}({})", all[0]));
        }
        let result = match op {
            UnaryOp::Negate => self.number(value, operand.span).map(|number| Value::Number(number.neg())),
            UnaryOp::Not => self.bool(value, operand.span).map(|value| Value::Bool(!value)),
        };
        result.unwrap_or_else(|instead| instead)
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Value {
        let before = self.faults.len();
        let logical = matches!(op, BinaryOp::Or | BinaryOp::And);
        let a = self.eval(left);
        if logical && self.faults.len() == before && a.is_wholly_known() {
            // The left side may decide alone.
            match self.bool(a.clone(), left.span) {
                Ok(value) if value == (op == BinaryOp::Or) => return Value::Bool(value),
                Ok(_) => {}
                Err(instead) => return instead,
            }
        }
        let b = self.eval(right);
        if self.faults.len() > before {
            return broken();
        }
        if logical
            && b.is_wholly_known()
            && matches!(self.bool(b.clone(), right.span), Ok(value) if value == (op == BinaryOp::Or))
        {
            return Value::Bool(op == BinaryOp::Or);
        }
        if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual)
            && let Some(equal) = self.equality(&a, &b)
        {
            return Value::Bool(equal == (op == BinaryOp::Equal));
        }
        if !a.is_wholly_known() || !b.is_wholly_known() {
            let ty = match op {
                BinaryOp::Add
                | BinaryOp::Subtract
                | BinaryOp::Multiply
                | BinaryOp::Divide
                | BinaryOp::Modulo => Type::Number,
                _ => Type::Bool,
            };
            let symbol = symbol(op);
            return self.late(span, ty, &[&a, &b], |all| format!("{} {symbol} {}", all[0], all[1]));
        }
        let result = match op {
            _ if logical => self.bool(b, right.span).map(Value::Bool),
            _ => {
                let a = self.number(a, left.span);
                let b = self.number(b, right.span);
                match (a, b) {
                    (Ok(a), Ok(b)) => Ok(self.arithmetic(op, a, b, span)),
                    (Err(instead), _) | (_, Err(instead)) => Err(instead),
                }
            }
        };
        result.unwrap_or_else(|instead| instead)
    }

    /// Whether two values are equal; `None` while that is not known.
    fn equality(&mut self, a: &Value, b: &Value) -> Option<bool> {
        // A value that is still to come is never null, unless nothing at all is known of it.
        let open = |value: &Value| matches!(value, Value::Unknown(_));
        if (a.is_null() || b.is_null()) && !open(a) && !open(b) {
            return Some(a.is_null() && b.is_null());
        }
        (a.is_wholly_known() && b.is_wholly_known()).then(|| equal(a, b))
    }

    fn arithmetic(&mut self, op: BinaryOp, a: Number, b: Number, span: Span) -> Value {
        let by_zero = |this: &mut Self| this.fault("eval.division", span, "division by zero");
        match op {
            BinaryOp::Add => Value::Number(a.add(b)),
            BinaryOp::Subtract => Value::Number(a.sub(b)),
            BinaryOp::Multiply => Value::Number(a.mul(b)),
            BinaryOp::Divide => a.div(b).map_or_else(|| by_zero(self), Value::Number),
            BinaryOp::Modulo => a.rem(b).map_or_else(|| by_zero(self), Value::Number),
            BinaryOp::Less => Value::Bool(a < b),
            BinaryOp::LessEqual => Value::Bool(a <= b),
            BinaryOp::Greater => Value::Bool(a > b),
            BinaryOp::GreaterEqual => Value::Bool(a >= b),
            BinaryOp::Or | BinaryOp::And | BinaryOp::Equal | BinaryOp::NotEqual => broken(),
        }
    }

    pub(super) fn conditional(
        &mut self,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        span: Span,
    ) -> Value {
        let decision = match self.decide(condition) {
            Decision::Yes => true,
            Decision::No => false,
            Decision::Wrong => return broken(),
            Decision::Late(value) => {
                let before = self.faults.len();
                let (yes, no) = (self.eval(then), self.eval(otherwise));
                if self.faults.len() > before {
                    return broken();
                }
                let string = matches!((&yes, &no), (Value::String(_), _) | (_, Value::String(_)));
                let ty = if string { Type::String } else { yes.type_of() };
                return self.late(span, ty, &[&value, &yes, &no], |all| {
                    format!("{} ? {} : {}", all[0], all[1], all[2])
                });
            }
        };
        let (chosen, other) = if decision { (then, otherwise) } else { (otherwise, then) };
        let value = self.eval(chosen);
        // The other branch counts for its type only; what is wrong in it does not matter.
        let before = self.faults.len();
        let mut other = self.eval(other);
        if self.faults.len() > before {
            self.forgive(before);
            return value;
        }
        let mut value = value;
        match shape(&value).zip(shape(&other)) {
            None => {}
            Some((a, b)) if a == b => {
                if let (Value::Tuple(left), Value::Tuple(right)) = (&value, &other) {
                    if left.len() != right.len() {
                        value = convert(&value, &Type::List(Box::new(Type::Any))).unwrap_or(value);
                    }
                } else if a == Shape::Primitive {
                    let strings = matches!((&value, &other), (Value::String(_), _) | (_, Value::String(_)));
                    if strings {
                        unify_in_place(&mut [&mut value, &mut other]);
                    }
                }
            }
            Some(_) => {
                let message = format!(
                    "the two results of a conditional must be of one type, but they are {} and {}",
                    describe(&value),
                    describe(&other)
                );
                return self.fault("eval.conditional", span, message);
            }
        }
        value
    }
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}

#[derive(PartialEq)]
enum Shape {
    Primitive,
    Sequence,
    Entries,
}

fn shape(value: &Value) -> Option<Shape> {
    match value {
        Value::Null | Value::Unknown(_) => None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(Shape::Primitive),
        Value::List(_) | Value::Tuple(_) | Value::Set(_) => Some(Shape::Sequence),
        Value::Map(_) | Value::Object(_) => Some(Shape::Entries),
    }
}

/// Equality as cty has it: values of different types are never equal; sensitivity plays no part.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::String(a), Value::String(b)) => a.parts == b.parts,
        (Value::List(a), Value::List(b))
        | (Value::Tuple(a), Value::Tuple(b))
        | (Value::Set(a), Value::Set(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Map(a), Value::Map(b)) | (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && equal(a.1, b.1))
        }
        _ => false,
    }
}
