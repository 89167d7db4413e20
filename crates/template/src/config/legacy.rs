//! Templates of Packer's first language: variables, the keys at the top, weak typing (packer.md 1.7).

use super::analyzer::{Analyzer, Locals};
use super::component::facts;
use super::model::{Origin, Variable};
use crate::budget::Budget;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::{Document, Language};
use crate::eval::Scope;
use crate::gotemplate;
use crate::json::legacy::ROOT_KEYS;
use crate::options::{OptionType, language_type, nearest};
use crate::syntax::ast::{Attribute, ExprKind};
use crate::syntax::{FileId, Span};
use crate::text::{Hole, Part, Text};
use crate::types::{Mismatch, convert};
use crate::value::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Checks the keys at the top, and that no two builders have one name.
pub(super) fn check(a: &mut Analyzer<'_>) {
    let project = a.project;
    for document in project.documents() {
        let body = document.body();
        for attribute in body.attributes() {
            let name = attribute.name.as_str();
            if name.starts_with('_') {
                if attribute.value.literal_string().is_none() {
                    a.error("root.comment", attribute.value.span, "a comment must be a string");
                }
            } else if !ROOT_KEYS.contains(&name) {
                let near = nearest(name, ROOT_KEYS.iter().copied());
                let message = format!("there is no key \"{name}\" at the top of a template");
                a.misspelt("root.unknown", attribute.name.span, message, near);
                if let (None, Some(last)) = (near, a.diagnostics.last_mut()) {
                    last.help = Some(format!(
                        "the keys there are {}; a key that starts with _ is a comment",
                        ROOT_KEYS.join(", ")
                    ));
                }
            }
        }
        if let Some(attribute) = body.attribute("min_packer_version") {
            minimum_version(a, attribute);
        }
        let mut names: Vec<(&str, Span)> = Vec::new();
        for block in body.blocks_of("source") {
            let Some(label) = block.labels.get(1) else { continue };
            match names.iter().find(|(name, _)| *name == label.text) {
                Some((_, first)) => {
                    let first = *first;
                    let message = format!("there are two builders with the name \"{}\"", label.text);
                    a.error("builder.duplicate", label.span, message).help =
                        Some("give one of them a \"name\"".to_owned());
                    a.relate("the first one is here", first);
                }
                None => names.push((label.text.as_str(), label.span)),
            }
        }
    }
}

fn minimum_version(a: &mut Analyzer<'_>, attribute: &Attribute) {
    let numbers = |text: &str| -> Option<Vec<u64>> {
        let parts: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
        parts.map(|mut parts| {
            parts.resize(parts.len().max(3), 0);
            parts
        })
    };
    let wanted = attribute.value.literal_string();
    match wanted.as_deref().map(|text| (text, numbers(text.trim_start_matches('v')))) {
        Some((text, Some(wanted))) => {
            if numbers(super::PACKER_VERSION).is_some_and(|have| have < wanted) {
                let message = format!(
                    "the template asks for Packer {text}, but what is built here is the language of Packer {}",
                    super::PACKER_VERSION
                );
                a.error("packer.version", attribute.value.span, message);
            }
        }
        _ => {
            let message = "\"min_packer_version\" must be a version such as \"1.5.0\"";
            a.error("packer.version", attribute.value.span, message);
        }
    }
}

struct Declared {
    name: String,
    span: Span,
    place: Span,
    /// The default as written; `None` when a value is required.
    default: Option<String>,
    given: Option<(String, Origin)>,
    sensitive: bool,
}

/// The values of the variables by name, and their descriptions.
pub(super) fn variables(a: &mut Analyzer<'_>) -> (BTreeMap<String, Text>, Vec<Variable>) {
    let mut declared = declarations(a);
    from_files(a, &mut declared);
    let inputs = a.inputs;
    for (name, text) in &inputs.vars {
        give(a, &mut declared, name, text.clone(), Origin::CommandLine, None);
    }
    let mut resolver = Resolution {
        raw: BTreeMap::new(),
        done: BTreeMap::new(),
        open: Vec::new(),
        facts: facts(a, "", ""),
        budget: Rc::clone(&a.budget),
        problems: Vec::new(),
    };
    // What names the build exists only in a build.
    for name in ["build_name", "build_type"] {
        resolver.facts.constants.remove(name);
    }
    resolver.facts.env = Some(inputs.env.clone());
    for variable in &declared {
        let raw = variable.given.as_ref().map(|(text, _)| text).or(variable.default.as_ref());
        match raw {
            Some(raw) => {
                resolver.raw.insert(variable.name.clone(), raw.clone());
            }
            None => {
                let name = &variable.name;
                let message = format!("the variable \"{name}\" has no value");
                a.error("variable.unset", variable.span, message).help = Some(format!(
                    "give it one with -var '{name}=...' or a variable file; or give it a default"
                ));
                let unknown = Text::from(Hole::Unknown(format!("user `{name}`")));
                resolver.done.insert(name.clone(), unknown);
            }
        }
    }
    let mut described = Vec::new();
    for variable in &declared {
        let value = resolver.value(&variable.name).with_sensitive(variable.sensitive);
        for message in resolver.problems.drain(..) {
            let message = format!("the value of \"{}\" cannot be computed: {message}", variable.name);
            a.error("variable.value", variable.place, message);
        }
        if variable.sensitive {
            a.keep_secret(&Value::from(value.clone()));
        }
        let origin = match (&variable.given, &variable.default) {
            (Some((_, origin)), _) => origin.clone(),
            (None, Some(_)) => Origin::Default,
            (None, None) => Origin::Nowhere,
        };
        if let Some(place) = a.place(variable.span) {
            described.push(Variable {
                name: variable.name.clone(),
                ty: "string".to_owned(),
                description: None,
                sensitive: variable.sensitive,
                value: match origin {
                    Origin::Nowhere => serde_json::Value::Null,
                    _ if variable.sensitive => "<sensitive>".into(),
                    _ => value.display().into(),
                },
                origin,
                place,
            });
        }
        resolver.done.insert(variable.name.clone(), value);
    }
    (resolver.done, described)
}

fn declarations(a: &mut Analyzer<'_>) -> Vec<Declared> {
    let project = a.project;
    let mut declared = Vec::new();
    for document in project.documents() {
        let body = document.body();
        for attribute in body.blocks_of("variables").flat_map(|block| block.body.attributes()) {
            let default = match &attribute.value.kind {
                ExprKind::Null | ExprKind::Missing => None,
                _ => attribute.value.literal_string().or_else(|| {
                    let message = format!("the default of \"{}\" must be a string", attribute.name.as_str());
                    a.error("variable.default", attribute.value.span, message).help = Some(
                        "variables of JSON templates hold text: write it in quotes, a list as \"a,b\""
                            .to_owned(),
                    );
                    Some(String::new())
                }),
            };
            declared.push(Declared {
                name: attribute.name.name.to_string(),
                span: attribute.name.span,
                place: attribute.value.span,
                default,
                given: None,
                sensitive: false,
            });
        }
        for (name, span) in a.list_attribute(body, "sensitive-variables", &Scope::new(), &Locals::new()) {
            match declared.iter_mut().find(|variable| variable.name == name) {
                Some(variable) => variable.sensitive = true,
                None => {
                    let near = nearest(&name, declared.iter().map(|variable| variable.name.as_str()));
                    let near = near.map(str::to_owned);
                    let message = format!("the template declares no variable \"{name}\"");
                    a.misspelt("variable.undeclared", span, message, near.as_deref());
                    if let Some(last) = a.diagnostics.last_mut() {
                        last.severity = Severity::Warning;
                    }
                }
            }
        }
    }
    declared
}

fn give(
    a: &mut Analyzer<'_>,
    declared: &mut Vec<Declared>,
    name: &str,
    text: String,
    origin: Origin,
    span: Option<Span>,
) {
    if let Some(variable) = declared.iter_mut().find(|variable| variable.name == name) {
        variable.given = Some((text, origin));
        return;
    }
    // As in Packer: it is no error, and `{{user}}` sees it.
    let near = nearest(name, declared.iter().map(|variable| variable.name.as_str())).map(str::to_owned);
    let message = format!("the template declares no variable \"{name}\"");
    let diagnostic = match span {
        Some(span) => a.report(Severity::Warning, "variable.undeclared", span, message),
        None => {
            a.diagnostics.push(Diagnostic::warning("variable.undeclared", format!("-var: {message}")));
            let last = a.diagnostics.len() - 1;
            &mut a.diagnostics[last]
        }
    };
    diagnostic.help = near.map(|near| format!("did you mean \"{near}\"?"));
    let span = span.unwrap_or(Span::new(FileId(u32::MAX), 0, 0));
    declared.push(Declared {
        name: name.to_owned(),
        span,
        place: span,
        default: None,
        given: Some((text, origin)),
        sensitive: false,
    });
}

fn from_files(a: &mut Analyzer<'_>, declared: &mut Vec<Declared>) {
    let inputs = a.inputs;
    for path in &inputs.var_files {
        let bytes = match a.files.read(&inputs.cwd.join(path)) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("the variable file {} cannot be read: {error}", path.display());
                let help = "check the path given with -var-file";
                a.diagnostics.push(Diagnostic::error("variable.file", message).with_help(help));
                continue;
            }
        };
        let id = FileId((a.project.documents().len() + a.extra.len()) as u32);
        let document = Document::with_language(id, path, bytes, Language::JsonVariableValues);
        let json = document.json().cloned();
        // Strings are text here: what the HCL reading says of `${` does not matter.
        let broken =
            json.as_ref().is_some_and(|json| json.errors.iter().any(|e| e.code.starts_with("json.")));
        if broken {
            a.diagnostics.extend(document.diagnostics().iter().cloned());
        }
        a.extra.push(document);
        let Some(json) = json else { continue };
        for member in json.root.members().unwrap_or_default() {
            let name = member.key.text.as_str();
            match member.value.as_str() {
                Some(text) => {
                    let origin = Origin::File(path.display().to_string());
                    give(a, declared, name, text.to_owned(), origin, Some(member.key_span));
                }
                None => {
                    let message = format!("the value of \"{name}\" must be a string");
                    a.error("variable.value", member.value.span, message).help =
                        Some("variable files of JSON templates hold text only: put it in quotes".to_owned());
                }
            }
        }
    }
}

/// Variables may use each other in any order.
struct Resolution {
    raw: BTreeMap<String, String>,
    done: BTreeMap<String, Text>,
    /// Names on the way to the one asked for.
    open: Vec<String>,
    facts: gotemplate::Facts,
    budget: Rc<Budget>,
    problems: Vec<String>,
}

/// Variables that use each other further than this are refused (Packer makes 100 passes).
const MAX_CHAIN: usize = 100;

impl Resolution {
    fn value(&mut self, name: &str) -> Text {
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        let Some(raw) = self.raw.get(name).cloned() else { return Text::default() };
        if self.open.iter().any(|open| open == name) || self.open.len() >= MAX_CHAIN {
            let chain: Vec<&str> = self.open.iter().map(String::as_str).chain([name]).collect();
            self.problems.push(format!("it needs itself: {}", chain.join(" needs ")));
            return Text::default();
        }
        self.open.push(name.to_owned());
        let mut user = BTreeMap::new();
        for (_, used) in gotemplate::users(&raw) {
            let value = self.value(used);
            user.insert(used.to_owned(), value);
        }
        self.open.pop();
        self.facts.user = Some(user.into());
        let value = match gotemplate::render(&Text::from(raw.as_str()), &self.facts) {
            Ok(rendered) if self.budget.begin() && self.budget.take(rendered.text.size()) => rendered.text,
            Ok(_) => {
                self.problems.push("with it the variables come to too much text".to_owned());
                Text::from(Hole::Unknown("a value with an error".to_owned()))
            }
            Err(error) => {
                self.problems.push(error.to_string());
                Text::from(Hole::Unknown("a value with an error".to_owned()))
            }
        };
        self.done.insert(name.to_owned(), value.clone());
        value
    }
}

/// Converts a value to the shape of an option as Packer's decoder of JSON templates does: `"512"` is a number,
/// `"true"` a truth, `"a,b"` and a single value are lists.
///
/// # Errors
/// What does not fit.
pub(super) fn weak(value: &Value, ty: OptionType) -> Result<Value, Mismatch> {
    let loose = match ty {
        OptionType::List => Value::Tuple(elements(value).iter().map(text).collect()),
        OptionType::IntegerList => Value::Tuple(elements(value).iter().map(number).collect()),
        OptionType::Rows => {
            let single = || vec![value.clone()];
            let rows = value.as_elements().map_or_else(single, <[Value]>::to_vec);
            Value::Tuple(
                rows.iter().map(|row| Value::Tuple(elements(row).iter().map(text).collect())).collect(),
            )
        }
        OptionType::Map => {
            let mut all = BTreeMap::new();
            let parts = value.as_elements().unwrap_or(std::slice::from_ref(value));
            for part in parts {
                let entries = part.as_entries().ok_or_else(|| Mismatch::here("a map is required"))?;
                all.extend(entries.iter().map(|(key, item)| (key.clone(), text(item))));
            }
            Value::Object(all)
        }
        OptionType::Bool => truth(value)?,
        OptionType::Integer => number(value),
        OptionType::String | OptionType::Size => text(value),
        // A bare number is nanoseconds, as in Go.
        OptionType::Duration => match value {
            Value::Number(number) => Value::from(format!("{number}ns")),
            other => other.clone(),
        },
        OptionType::Block => return Ok(value.clone()),
    };
    convert(&loose, &language_type(ty))
}

fn elements(value: &Value) -> Vec<Value> {
    match value {
        Value::String(written) if written.known() == Some("") => Vec::new(),
        Value::String(written) => {
            let mut pieces = vec![Text::default().with_sensitive(written.sensitive)];
            for part in &written.parts {
                match part {
                    Part::Known(known) => {
                        for (index, piece) in known.split(',').enumerate() {
                            if index > 0 {
                                pieces.push(Text::default().with_sensitive(written.sensitive));
                            }
                            if let Some(last) = pieces.last_mut() {
                                last.push_str(piece);
                            }
                        }
                    }
                    Part::Hole(hole) => {
                        if let Some(last) = pieces.last_mut() {
                            last.push_hole(hole.clone());
                        }
                    }
                }
            }
            pieces.into_iter().map(Value::from).collect()
        }
        _ => value.as_elements().map_or_else(|| vec![value.clone()], <[Value]>::to_vec),
    }
}

fn text(value: &Value) -> Value {
    match value {
        Value::Bool(value) => Value::from(if *value { "1" } else { "0" }),
        other => other.clone(),
    }
}

fn number(value: &Value) -> Value {
    match value {
        Value::Bool(value) => Value::from(usize::from(*value)),
        Value::String(written) if written.known() == Some("") => Value::from(0_usize),
        other => other.clone(),
    }
}

fn truth(value: &Value) -> Result<Value, Mismatch> {
    Ok(match value {
        Value::Number(number) => Value::Bool(number.as_i64() != Some(0)),
        Value::String(written) => match written.known() {
            Some("1" | "t" | "T" | "TRUE" | "true" | "True") => Value::Bool(true),
            Some("0" | "f" | "F" | "FALSE" | "false" | "False" | "") => Value::Bool(false),
            Some(other) => return Err(Mismatch::here(format!("\"{other}\" is neither true nor false"))),
            None => value.clone(),
        },
        other => other.clone(),
    })
}
