//! Operators and conditionals.

use super::{Evaluator, broken, describe};
use crate::number::Number;
use crate::syntax::Span;
use crate::syntax::ast::{BinaryOp, Expr, UnaryOp};
use crate::types::{Type, convert, unify_in_place};
use crate::value::Value;

impl Evaluator<'_> {
    /// An operand converted to a type. `Err` carries the value to return instead.
    fn operand(&mut self, expr: &Expr, ty: &Type) -> Result<Value, Value> {
        let before = self.faults.len();
        let value = self.eval(expr);
        if self.faults.len() > before {
            return Err(broken());
        }
        if let Some(hole) = value.first_hole().cloned() {
            return Err(self.unknown_from(expr.span, &hole, ty.clone()));
        }
        match convert(&value, ty) {
            Ok(Value::Null) | Err(_) => {
                let message = format!("{} is needed here, not {}", ty.friendly(), describe(&value));
                Err(self.fault("eval.operand", expr.span, message))
            }
            Ok(value) => Ok(value),
        }
    }

    fn number(&mut self, expr: &Expr) -> Result<Number, Value> {
        match self.operand(expr, &Type::Number)? {
            Value::Number(number) => Ok(number),
            other => Err(other),
        }
    }

    fn bool(&mut self, expr: &Expr) -> Result<bool, Value> {
        match self.operand(expr, &Type::Bool)? {
            Value::Bool(value) => Ok(value),
            other => Err(other),
        }
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Value {
        let result = match op {
            UnaryOp::Negate => self.number(operand).map(|number| Value::Number(number.neg())),
            UnaryOp::Not => self.bool(operand).map(|value| Value::Bool(!value)),
        };
        result.unwrap_or_else(|instead| instead)
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Value {
        let result = match op {
            BinaryOp::Or | BinaryOp::And => self.logical(op, left, right),
            BinaryOp::Equal | BinaryOp::NotEqual => Ok(self.equality(op, left, right, span)),
            _ => self.arithmetic(op, left, right, span),
        };
        result.unwrap_or_else(|instead| instead)
    }

    fn logical(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<Value, Value> {
        let decided = op == BinaryOp::Or;
        match self.bool(left) {
            Ok(value) if value == decided => Ok(Value::Bool(decided)),
            Ok(_) => self.bool(right).map(Value::Bool),
            Err(instead) => {
                // The right side decides alone where it can; its own faults are reported either way.
                match self.bool(right) {
                    Ok(value) if value == decided => Ok(Value::Bool(decided)),
                    _ => Err(instead),
                }
            }
        }
    }

    fn equality(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Value {
        let before = self.faults.len();
        let (a, b) = (self.eval(left), self.eval(right));
        if self.faults.len() > before {
            return broken();
        }
        // A value that is still to come is never null.
        if a.is_null() || b.is_null() {
            let equal = a.is_null() && b.is_null();
            if !matches!((&a, &b), (Value::Unknown(_), _) | (_, Value::Unknown(_))) {
                return Value::Bool(equal == (op == BinaryOp::Equal));
            }
        }
        if let Some(hole) = a.first_hole().or(b.first_hole()).cloned() {
            return self.unknown_from(span, &hole, Type::Bool);
        }
        Value::Bool(equal(&a, &b) == (op == BinaryOp::Equal))
    }

    fn arithmetic(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Result<Value, Value> {
        let a = self.number(left);
        let b = self.number(right);
        let (a, b) = (a?, b?);
        let by_zero = |this: &mut Self| this.fault("eval.division", span, "division by zero");
        Ok(match op {
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
        })
    }

    pub(super) fn conditional(
        &mut self,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        span: Span,
    ) -> Value {
        let decision = match self.operand(condition, &Type::Bool) {
            Ok(Value::Bool(value)) => value,
            Ok(other) | Err(other) => return other,
        };
        let (chosen, other) = if decision { (then, otherwise) } else { (otherwise, then) };
        let value = self.eval(chosen);
        // The other branch counts for its type only; what is wrong in it does not matter.
        let before = self.faults.len();
        let mut other = self.eval(other);
        if self.faults.len() > before {
            self.faults.truncate(before);
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
