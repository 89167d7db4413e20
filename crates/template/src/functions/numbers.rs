//! Functions on numbers.

use super::{Context, Failure, Function, P, number, text, whole};
use crate::number::Number;
use crate::value::Value;
use std::cmp::Ordering;

pub(super) const TABLE: &[Function] = &[
    Function::new("abs", &[P::Num], P::Num, |_, a| Ok(number(a, 0)?.abs().into())),
    Function::new("ceil", &[P::Num], P::Num, |_, a| Ok(number(a, 0)?.ceil().into())),
    Function::new("floor", &[P::Num], P::Num, |_, a| Ok(number(a, 0)?.floor().into())),
    Function::new("log", &[P::Num, P::Num], P::Num, |_, a| {
        float(number(a, 0)?.as_f64().ln() / number(a, 1)?.as_f64().ln())
    }),
    Function::new("pow", &[P::Num, P::Num], P::Num, |_, a| {
        float(number(a, 0)?.as_f64().powf(number(a, 1)?.as_f64()))
    }),
    Function::new("signum", &[P::Num], P::Num, |_, a| {
        whole(a, 0)?;
        Ok(Value::Number(match number(a, 0)?.cmp(&Number::ZERO) {
            Ordering::Less => (-1).into(),
            Ordering::Equal => Number::ZERO,
            Ordering::Greater => 1.into(),
        }))
    }),
    Function::new("max", &[], P::Num, |_, a| extreme(a, Ordering::Greater)).rest(P::Num),
    Function::new("min", &[], P::Num, |_, a| extreme(a, Ordering::Less)).rest(P::Num),
    Function::new("parseint", &[P::Any, P::Num], P::Num, parse_int),
    Function::new("sum", &[P::Seq], P::Num, |_, a| {
        let items = super::elements(a, 0)?;
        if items.is_empty() {
            return Err(Failure::arg(0, "an empty list has no sum"));
        }
        let mut total = Number::ZERO;
        for item in items {
            match crate::types::convert(item, &crate::types::Type::Number) {
                Ok(Value::Number(number)) => total = total.add(number),
                _ => return Err(Failure::arg(0, "every element must be a number")),
            }
        }
        Ok(total.into())
    }),
];

fn float(value: f64) -> Result<Value, Failure> {
    Number::from_f64(value).map(Value::Number).ok_or_else(|| Failure::new("the result is not a number"))
}

fn extreme(a: &[Value], wanted: Ordering) -> Result<Value, Failure> {
    let mut best: Option<Number> = None;
    for index in 0..a.len() {
        let candidate = number(a, index)?;
        if best.is_none_or(|best| candidate.cmp(&best) == wanted) {
            best = Some(candidate);
        }
    }
    best.map(Value::Number).ok_or_else(|| Failure::new("at least one number is required"))
}

fn parse_int(_: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let base = whole(a, 1)?;
    let base = u32::try_from(base)
        .ok()
        .filter(|base| (2..=62).contains(base))
        .ok_or_else(|| Failure::arg(1, format!("the base must be between 2 and 62, not {base}")))?;
    let digits = text(a, 0).map_err(|_| Failure::arg(0, "a string is required"))?;
    let (negative, body) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let wrong = || Failure::arg(0, format!("\"{digits}\" is not a whole number in base {base}"));
    if body.is_empty() {
        return Err(wrong());
    }
    let mut total: i128 = 0;
    for c in body.chars() {
        let digit = match c {
            '0'..='9' => c as u32 - '0' as u32,
            'a'..='z' => c as u32 - 'a' as u32 + 10,
            'A'..='Z' if base <= 36 => c as u32 - 'A' as u32 + 10,
            'A'..='Z' => c as u32 - 'A' as u32 + 36,
            _ => return Err(wrong()),
        };
        if digit >= base {
            return Err(wrong());
        }
        total = total
            .checked_mul(i128::from(base))
            .and_then(|n| n.checked_add(i128::from(digit)))
            .ok_or_else(wrong)?;
    }
    Ok(Value::Number(Number::Ratio(if negative { -total } else { total }, 1)))
}
