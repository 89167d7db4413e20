//! From the body of a component to its typed options.

use super::analyzer::{Analyzer, View};
use super::foreign::REMOVED;
use super::legacy::weak;
use crate::diagnostic::Severity;
use crate::eval::Scope;
use crate::gotemplate::{self, Facts};
use crate::options::{Component, ComponentKind, OptionSpec, OptionType, Settings, language_type, nearest};
use crate::syntax::Span;
use crate::syntax::ast::{Expr, ExprKind};
use crate::text::Text;
use crate::types::convert;
use crate::value::Value;
use std::collections::BTreeMap;

/// The options a component sets, with where each is written.
pub(super) struct Collected {
    pub(super) settings: Settings,
    pub(super) places: BTreeMap<String, Span>,
    /// The `override` argument, evaluated.
    pub(super) overrides: Option<(Value, Expr)>,
    header: Span,
}

impl Collected {
    /// Reports what decoding found wrong.
    pub(super) fn report(&mut self, a: &mut Analyzer<'_>, what: &str) {
        for problem in std::mem::take(&mut self.settings.problems) {
            let span = self.places.get(&problem.option).copied();
            let message = match span {
                Some(_) => problem.message,
                None => format!("{what}: {}", problem.message),
            };
            a.error(problem.code, span.unwrap_or(self.header), message).help = problem.help;
        }
    }
}

/// Evaluates the bodies of a component (a source has a second one in its build), checks the names, converts
/// the values to the options' shapes and fills in the Go templates.
pub(super) fn collect(
    a: &mut Analyzer<'_>,
    component: &Component,
    views: &[&View<'_>],
    scope: &Scope,
    facts: &Facts,
    ignored: &[&str],
) -> Collected {
    let what = format!("{} \"{}\"", component.kind.block(), component.type_name);
    let mut values = BTreeMap::new();
    let mut collected = Collected {
        settings: Settings::default(),
        places: BTreeMap::new(),
        overrides: None,
        header: views.first().map(|view| view.header).unwrap_or_default(),
    };
    for (index, view) in views.iter().enumerate() {
        for attribute in a.attributes(view.body) {
            let name = attribute.name.as_str();
            if index > 0 && ignored.contains(&name) {
                continue;
            }
            let Some(spec) = known(a, component, name, attribute.name.span, &what) else { continue };
            if a.legacy && collected.places.contains_key(spec.name) {
                let message = format!("\"{name}\" is \"{}\" a second time", spec.name);
                a.error("option.unknown", attribute.name.span, message);
                continue;
            }
            let name = spec.name;
            if let Some(first) = collected.places.get(name).copied() {
                let message = format!(
                    "\"{name}\" is already set in the source; a build can only add to it, not change it"
                );
                a.error("attribute.duplicate", attribute.name.span, message);
                a.relate("it is set here", first);
                continue;
            }
            if let Some(why) = spec.deprecated {
                let message = format!("\"{name}\" is outdated: {why}");
                a.report(Severity::Warning, "option.deprecated", attribute.name.span, message);
            }
            collected.places.insert(name.to_owned(), attribute.span);
            let (value, fine) = a.eval(&attribute.value, scope, &view.locals);
            if name == "override" {
                collected.overrides = fine.then(|| (value, attribute.value.clone()));
                continue;
            }
            let value = if fine {
                shape(a, spec, value, &attribute.value, facts)
            } else {
                Value::unknown(language_type(spec.ty), "a value with an error")
            };
            values.insert(name.to_owned(), value);
        }
        for block in a.blocks(view.body, scope, &view.locals) {
            let Some(spec) = known(a, component, &block.kind, block.kind_span, &what) else { continue };
            if spec.ty != OptionType::Block && spec.ty != OptionType::Map {
                let message = format!("\"{}\" is an argument: write {} = ...", block.kind, block.kind);
                a.error("body.form", block.kind_span, message);
                continue;
            }
            let nested = component.block_options(&block.kind);
            let mut entries = BTreeMap::new();
            for attribute in a.attributes(block.body) {
                let name = attribute.name.as_str();
                let spec = match nested {
                    Some(options) => options.iter().find(|spec| spec.name == name),
                    None => Some(spec),
                };
                let Some(spec) = spec else {
                    let near = nearest(name, nested.unwrap_or(&[]).iter().map(|spec| spec.name));
                    let message = format!("\"{}\" has no option \"{name}\"", block.kind);
                    a.misspelt("option.unknown", attribute.name.span, message, near);
                    continue;
                };
                let (value, fine) = a.eval(&attribute.value, scope, &block.locals);
                if fine {
                    let value = match nested {
                        Some(_) => shape(a, spec, value, &attribute.value, facts),
                        None => value,
                    };
                    entries.insert(name.to_owned(), value);
                }
            }
            collected.places.insert(block.kind.clone(), block.header);
            values.insert(block.kind.clone(), Value::Object(entries));
        }
    }
    collected.settings = Settings::new(values);
    collected
}

/// What Packer itself reads in a JSON template, exactly as it is written; the rest it hands to the component,
/// which does not look at the letter case.
const OWN: &[&str] =
    &["only", "except", "override", "pause_before", "max_retries", "timeout", "name", "keep_input_artifact"];

/// The option of that name.
fn option(a: &Analyzer<'_>, component: &Component, name: &str) -> Option<&'static OptionSpec> {
    let exact = component.option(name);
    let loose = || {
        let mut all = component.all_options();
        all.find(|spec| spec.name.eq_ignore_ascii_case(name) && !OWN.contains(&spec.name))
    };
    exact.or_else(|| a.legacy.then(loose).flatten())
}

fn known(
    a: &mut Analyzer<'_>,
    component: &Component,
    name: &str,
    span: Span,
    what: &str,
) -> Option<&'static OptionSpec> {
    if let Some(spec) = option(a, component, name) {
        return Some(spec);
    }
    let message = format!("{what} has no option \"{name}\"");
    match REMOVED.iter().find(|(removed, _)| *removed == name) {
        Some((_, instead)) => {
            a.error("option.removed", span, format!("{message} any more")).help = Some((*instead).to_owned());
        }
        None => {
            let near = nearest(name, component.all_options().map(|spec| spec.name));
            a.misspelt("option.unknown", span, message, near);
        }
    }
    None
}

/// Converts a value to the shape of its option and fills in Go templates.
pub(super) fn shape(
    a: &mut Analyzer<'_>,
    spec: &OptionSpec,
    value: Value,
    expr: &Expr,
    facts: &Facts,
) -> Value {
    let span = expr.span;
    if value.is_null() {
        return Value::Null;
    }
    let ty = language_type(spec.ty);
    let broken = Value::unknown(ty.clone(), "a value with an error");
    // What a JSON template writes as text gets its type only once the text is complete.
    let filled = if a.legacy { fill_in(a, spec, value, expr, facts) } else { Some(value) };
    let Some(value) = filled else { return broken };
    let converted = if a.legacy { weak(&value, spec.ty) } else { convert(&value, &ty) };
    let value = match converted {
        Ok(value) => value,
        Err(mismatch) => {
            let message = format!(
                "\"{}\" must be a {}, not {}: {mismatch}",
                spec.name,
                spec.ty.name(),
                crate::eval::describe(&value)
            );
            let single = value.as_str().is_some() && matches!(spec.ty, OptionType::List | OptionType::Rows);
            let diagnostic = a.error("option.type", span, message);
            if single {
                diagnostic.help = Some("put it in brackets: [\"...\"]".to_owned());
            }
            return broken;
        }
    };
    if a.legacy {
        return value;
    }
    fill_in(a, spec, value, expr, facts).unwrap_or(broken)
}

/// Fills in the Go templates of a value; `None` when that is not possible.
fn fill_in(
    a: &mut Analyzer<'_>,
    spec: &OptionSpec,
    value: Value,
    expr: &Expr,
    facts: &Facts,
) -> Option<Value> {
    let span = expr.span;
    let mut missing = Vec::new();
    let late = Facts { unknown: gotemplate::UnknownField::Late, ..facts.clone() };
    let facts = if spec.late { &late } else { facts };
    let secrets = if a.legacy { a.sensitive.clone() } else { Vec::new() };
    let mut source = String::new();
    if !a.afford(0, span) {
        return None;
    }
    let budget = &a.budget;
    let rendered = value.map_texts(&mut |text: Text| match gotemplate::render(&text, facts) {
        Ok(rendered) if !budget.take(rendered.text.size()) => {
            Err(gotemplate::Error { offset: 0, message: "it comes to too much text".to_owned() })
        }
        Ok(rendered) => {
            missing.extend(rendered.missing);
            let text = rendered.text;
            // Variables are inserted as text: what holds the text of a secret is one.
            let secret = text.sensitive || secrets.iter().any(|secret| text.reveal().contains(secret));
            Ok(text.with_sensitive(secret))
        }
        Err(error) => {
            source = gotemplate::source(&text);
            Err(error)
        }
    });
    if let Some(field) = missing.first() {
        let message =
            format!("{{{{.{field}}}}} has no value in \"{}\"; it is written as <no value>", spec.name);
        a.report(Severity::Warning, "gotemplate.no-value", span, message);
    }
    match rendered {
        Ok(value) => Some(value),
        Err(error) => {
            let message = format!("\"{}\" holds a Go template that cannot be read: {error}", spec.name);
            let at = locate(expr, &source, error.offset).unwrap_or(span);
            a.error("gotemplate.invalid", at, message).help =
                Some("to write {{ as it is, write {{ `{{` }}".to_owned());
            None
        }
    }
}

/// Where in the file a part of a Go template is written: the word or action at `offset` of the text `source` that
/// `expr` came to.
fn locate(expr: &Expr, source: &str, offset: usize) -> Option<Span> {
    let mut literals = Vec::new();
    expr.walk(&mut |expr| {
        if let ExprKind::Template(template) = &expr.kind {
            template.each_literal(&mut |literal| literals.push(literal));
        }
    });
    let rest = source.get(offset..)?;
    let length = match rest.find("}}") {
        Some(end) if rest.starts_with("{{") => end + 2,
        _ => rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len()).max(1),
    };
    let found = literals.iter().filter(|literal| !literal.text.is_empty()).find_map(|literal| {
        let starts = source.match_indices(literal.text.as_str()).map(|(at, _)| at);
        let at = starts.into_iter().find(|at| (*at..at + literal.text.len()).contains(&offset))?;
        let from = offset - at;
        Some((literal, from, (from + length).min(literal.text.len())))
    });
    let (literal, from, to) = found?;
    let place = |decoded: usize| u32::try_from(decoded).ok().map(|decoded| literal.map.source(decoded));
    let (start, end) = (place(from)?, place(to)?);
    Some(Span::new(literal.span.file, start, end.max(start + 1)))
}

/// Replaces options by those the `override` argument gives for a source.
pub(super) fn apply_override(
    a: &mut Analyzer<'_>,
    component: &Component,
    collected: &mut Collected,
    source_name: &str,
    all_sources: &[String],
    facts: &Facts,
) {
    let Some((value, expr)) = collected.overrides.clone() else { return };
    let span = expr.span;
    let Some(entries) = value.as_entries() else {
        if !matches!(value, Value::Unknown(_)) {
            a.error("option.type", span, "\"override\" must be an object: { name = { option = value } }");
        }
        return;
    };
    for name in entries.keys().filter(|name| !all_sources.contains(name)) {
        let near = nearest(name, all_sources.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if component.kind == ComponentKind::PostProcessor => {
                "the keys of override are names of providers, such as virtualbox".to_owned()
            }
            None => "the keys of override are names of sources, without their type".to_owned(),
        };
        let what = match component.kind {
            ComponentKind::PostProcessor => "no provider of boxes",
            _ => "no source of this build",
        };
        let message = format!("\"override\" names \"{name}\", which is {what}");
        a.report(Severity::Warning, "override.unknown", span, message).help = Some(help);
    }
    let Some(inner) = entries.get(source_name).and_then(Value::as_entries) else { return };
    let mut values = BTreeMap::new();
    for spec in component.all_options() {
        if let Some(value) = collected.settings.value(spec.name) {
            values.insert(spec.name.to_owned(), value.clone());
        }
    }
    for (name, value) in inner {
        match option(a, component, name) {
            Some(spec) => {
                let value = shape(a, spec, value.clone(), &expr, facts);
                collected.places.entry(spec.name.to_owned()).or_insert(span);
                values.insert(spec.name.to_owned(), value);
            }
            None => {
                let near = nearest(name, component.all_options().map(|spec| spec.name)).map(str::to_owned);
                let message = format!("\"{}\" has no option \"{name}\"", component.type_name);
                a.error("option.unknown", span, message).help =
                    near.map(|near| format!("did you mean \"{near}\"?"));
            }
        }
    }
    collected.settings = Settings::new(values);
}

/// The facts of one job for its Go templates.
pub(super) fn facts(a: &Analyzer<'_>, build_name: &str, build_type: &str) -> Facts {
    let inputs = a.inputs;
    let root = crate::functions::clean(&inputs.cwd.join(a.project.root()));
    let constants = BTreeMap::from([
        ("build_name", build_name.to_owned()),
        ("build_type", build_type.to_owned()),
        ("timestamp", inputs.now.as_second().to_string()),
        ("pwd", inputs.cwd.to_string_lossy().into_owned()),
        ("template_dir", root.to_string_lossy().into_owned()),
        ("packer_version", super::PACKER_VERSION.to_owned()),
        ("uuid", inputs.run_uuid.to_string()),
    ]);
    Facts {
        fields: BTreeMap::new(),
        build: BTreeMap::new(),
        unknown: gotemplate::UnknownField::NoValue,
        constants,
        now: Some(inputs.now),
        user: a.legacy.then(|| a.user.clone()),
        env: None,
    }
}
