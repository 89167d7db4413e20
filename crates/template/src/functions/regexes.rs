//! Regular expressions (RE2, as Go has them).

use super::{Context, Failure, Function, P, text};
use crate::value::Value;
use regex::{Captures, Regex, RegexBuilder};

pub(super) const TABLE: &[Function] = &[
    Function::new("regex", &[P::Str, P::Str], P::Any, |_, a| {
        let regex = compile(a, 0)?;
        match regex.captures(text(a, 1)?) {
            Some(captures) => Ok(result(&regex, &captures)),
            None => Err(Failure::arg(1, "the pattern does not match")),
        }
    }),
    Function::new("regexall", &[P::Str, P::Str], P::Seq, |_, a| {
        let regex = compile(a, 0)?;
        Ok(Value::List(regex.captures_iter(text(a, 1)?).map(|captures| result(&regex, &captures)).collect()))
    }),
    Function::new("regex_replace", &[P::Str, P::Str, P::Str], P::Str, regex_replace),
];

fn compile(a: &[Value], index: usize) -> Result<Regex, Failure> {
    let pattern = text(a, index)?;
    // Go's \z and \Q..\E are the only common forms that differ; the former is the same here.
    RegexBuilder::new(pattern)
        .size_limit(1 << 22)
        .build()
        .map_err(|error| Failure::arg(index, format!("no valid regular expression: {error}")))
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

fn regex_replace(_: &Context<'_>, a: &[Value]) -> Result<Value, Failure> {
    let regex = compile(a, 1)?;
    let (whole, new) = (text(a, 0)?, text(a, 2)?);
    let found = regex.find_iter(whole).count();
    let references = new.matches('$').count().saturating_mul(whole.len());
    super::strings::room(
        whole.len().saturating_add(found.saturating_mul(new.len())).saturating_add(references),
    )?;
    Ok(regex.replace_all(whole, new).into_owned().into())
}
