//! Regular expressions (RE2, as Go has them).

use super::{Context, Failure, Function, P, text};
use crate::value::Value;
use regex::{Captures, Regex, RegexBuilder};

pub(super) const TABLE: &[Function] = &[
    Function::new("regex", &[P::Str, P::Str], P::Any, |context, a| {
        let regex = compile(context, a, 0, 1)?;
        match regex.captures(text(a, 1)?) {
            Some(captures) => Ok(result(&regex, &captures)),
            None => Err(Failure::arg(1, "the pattern does not match")),
        }
    }),
    Function::new("regexall", &[P::Str, P::Str], P::Seq, |context, a| {
        let regex = compile(context, a, 0, 1)?;
        let found = regex.captures_iter(text(a, 1)?).map(|captures| {
            let length = captures.get(0).map_or(0, |whole| whole.len());
            // Every group may hold all of it.
            context.take(captures.len().saturating_mul(length + size_of::<Value>()))?;
            Ok(result(&regex, &captures))
        });
        Ok(Value::List(found.collect::<Result<_, Failure>>()?))
    }),
    Function::new("regex_replace", &[P::Str, P::Str, P::Str], P::Str, regex_replace),
];

/// Sizes of a compiled pattern in bytes, and what a byte of text costs with one up to that size: how many steps at
/// most it takes to look at it, somewhat less for patterns as people write them.
const SIZES: &[(usize, usize)] = &[(1 << 16, 32), (1 << 19, 512), (1 << 22, 8192)];

/// Compiles the pattern of an argument, to be used on the text of another one.
fn compile(context: &Context<'_>, a: &[Value], index: usize, on: usize) -> Result<Regex, Failure> {
    let pattern = text(a, index)?;
    let mut refused = None;
    for (size, cost) in SIZES {
        // Go's \z and \Q..\E are the only common forms that differ; the former is the same here.
        match RegexBuilder::new(pattern).size_limit(*size).build() {
            Ok(regex) => {
                context.take((size / 16).saturating_add(text(a, on)?.len().saturating_mul(*cost)))?;
                return Ok(regex);
            }
            Err(error) => refused = Some(error),
        }
    }
    let why = refused.map_or_else(String::new, |error| error.to_string());
    Err(Failure::arg(index, format!("no valid regular expression: {why}")))
}

fn result(regex: &Regex, captures: &Captures<'_>) -> Value {
    let group = |index: usize| captures.get(index).map_or(Value::Null, |found| found.as_str().into());
    if regex.captures_len() == 1 {
        return group(0);
    }
    let named = regex.capture_names().skip(1).flatten().count();
    if named == 0 {
        return Value::Tuple((1..regex.captures_len()).map(group).collect());
    }
    let entries =
        regex.capture_names().enumerate().filter_map(|(index, name)| Some((name?.to_owned(), group(index))));
    Value::Object(entries.collect())
}

fn regex_replace(context: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let regex = compile(context, a, 1, 0)?;
    let (whole, new) = (text(a, 0)?, text(a, 2)?);
    let found = regex.find_iter(whole).count();
    let references = new.matches('$').count().saturating_mul(whole.len());
    context.take(whole.len().saturating_add(found.saturating_mul(new.len())).saturating_add(references))?;
    Ok(regex.replace_all(whole, new).into_owned().into())
}
