//! Packer's second pass: Go's text/template inside strings (packer.md 1.5, 1.7).
//!
//! What is known now is filled in now. A field that only the running build knows stays a [`Hole`] with the
//! action as written; when it decides a control structure, the whole structure stays one hole.

mod exec;
mod functions;
mod parse;
mod settle;
#[cfg(test)]
mod tests;

use crate::text::{Hole, Part, Text};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub use exec::GoValue;
pub use parse::Error;

/// What a template may use.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Fields of the dot that are known now.
    pub fields: BTreeMap<String, String>,
    /// What an unknown field means.
    pub unknown: UnknownField,
    /// Values of functions without arguments: `build_name`, `timestamp` ...
    pub constants: BTreeMap<&'static str, String>,
    /// The start of the run, for `isotime` and `strftime`.
    pub now: Option<jiff::Timestamp>,
    /// What `user` gives; `None` where it does not exist, as in HCL2.
    pub user: Option<Arc<BTreeMap<String, Text>>>,
    /// What `build` gives, as far as it is known.
    pub build: BTreeMap<String, String>,
    /// What `env` gives; `None` where it does not exist: it does in the variables of JSON templates only.
    pub env: Option<BTreeMap<String, String>>,
}

/// What a field that is not known now means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownField {
    /// It is filled in during the build.
    #[default]
    Late,
    /// There is none; Go writes `<no value>`. Values of the running build are filled in during the build.
    NoValue,
}

/// The functions of templates.
pub(crate) fn function_names() -> &'static [&'static str] {
    functions::NAMES
}

/// Values every builder hands to later parts under these names.
pub(crate) const BUILD_FIELDS: &[&str] = &[
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

/// The first of the characters that stand for holes while a text is rendered (a private area of Unicode).
const STAND_IN: u32 = 0xF_0000;

/// Fills in a text. Texts without `{{` come back as they are.
///
/// # Errors
/// What is wrong with the template; the offset is in the text as [`source`] gives it.
pub fn render(text: &Text, facts: &Facts) -> Result<Rendered, Error> {
    let holes: Vec<&Hole> = text.holes().collect();
    let contains = text.parts.iter().any(|part| matches!(part, Part::Known(known) if known.contains("{{")));
    if !contains {
        return Ok(Rendered { text: text.clone(), missing: Vec::new() });
    }
    let source = source(text);
    let nodes = parse::parse(&source)?;
    let mut exec = exec::Exec::new(&source, facts);
    exec.run(&nodes)?;
    let (rendered, missing) = exec.finish();
    // Put the holes back where their stand-ins are, also inside actions that stay late.
    let mut out = Text::default().with_sensitive(text.sensitive);
    for part in rendered.parts {
        match part {
            Part::Hole(hole) => out.push_hole(hole),
            Part::Known(known) => {
                let mut rest = known.as_str();
                while let Some(at) = rest.find(|c: char| u32::from(c) >= STAND_IN) {
                    let stand_in = rest.get(at..).and_then(|tail| tail.chars().next()).unwrap_or(' ');
                    out.push_str(rest.get(..at).unwrap_or(""));
                    match holes.get((u32::from(stand_in) - STAND_IN) as usize) {
                        Some(hole) => out.push_hole((*hole).clone()),
                        None => out.push_str(&stand_in.to_string()),
                    }
                    rest = rest.get(at + stand_in.len_utf8()..).unwrap_or("");
                }
                out.push_str(rest);
            }
        }
    }
    Ok(Rendered { text: out, missing })
}

/// The variables that a text names in ``{{user `name`}}``, with the place of each name.
pub(crate) fn users(source: &str) -> Vec<(Range<usize>, &str)> {
    used(source, "user")
}

/// The names that a text gives to a function inside `{{ }}`, with the place of each.
fn used<'a>(source: &'a str, function: &str) -> Vec<(Range<usize>, &'a str)> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut inside = false;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let width = rest.chars().next().map_or(1, char::len_utf8);
        if !inside {
            inside = rest.starts_with("{{");
            at += if inside { 2 } else { width };
        } else if rest.starts_with("}}") {
            (inside, at) = (false, at + 2);
        } else if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '`' | '"')) {
            let Some(length) = rest.get(1..).and_then(|text| text.find(quote)) else { break };
            let name = at + 1..at + 1 + length;
            let before = source.get(..at).unwrap_or("").trim_end();
            let word =
                before.len() - before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
            if word == function.len() && before.ends_with(function) {
                found.push((name.clone(), source.get(name.clone()).unwrap_or("")));
            }
            at = name.end + 1;
        } else {
            at += width;
        }
    }
    found
}

/// The text that is read as a template, to which the offsets of errors belong: a character stands for each hole.
pub(crate) fn source(text: &Text) -> String {
    let mut source = String::new();
    let mut next = 0;
    for part in &text.parts {
        match part {
            Part::Known(known) => source.push_str(known),
            Part::Hole(_) => {
                source.extend(char::from_u32(STAND_IN + next));
                next += 1;
            }
        }
    }
    source
}

/// A rendered text.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The text.
    pub text: Text,
    /// Fields that were written as `<no value>`.
    pub missing: Vec<String>,
}

/// Fills in one late action, once its fields and the values of `build` are known: what the build does with a
/// [`Hole::Field`].
///
/// # Errors
/// What is wrong with the action, and a value of the build that is not there.
pub fn fill(
    action: &str,
    fields: &BTreeMap<String, String>,
    build: &dyn Fn(&str) -> Option<String>,
) -> Result<String, Error> {
    let mut facts = Facts { fields: fields.clone(), unknown: UnknownField::NoValue, ..Facts::default() };
    for (_, name) in used(action, "build") {
        let value = build(name);
        facts.build.extend(value.map(|value| (name.to_owned(), value)));
    }
    let nodes = parse::parse(action)?;
    let mut exec = exec::Exec::new(action, &facts);
    exec.run(&nodes)?;
    let text = exec.finish().0;
    text.known().map(str::to_owned).ok_or_else(|| {
        let holes: Vec<String> = text.holes().map(ToString::to_string).collect();
        Error { offset: 0, message: format!("{} is not known", holes.join(", ")) }
    })
}
