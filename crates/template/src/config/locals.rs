//! Locals: one graph over all files, evaluated in the order it gives.

use super::analyzer::Analyzer;
use crate::eval::Scope;
use crate::references::paths;
use crate::syntax::Span;
use crate::syntax::ast::{Expr, StepKind};
use crate::types::{Type, convert};
use crate::value::Value;
use std::collections::BTreeMap;

struct Local<'b> {
    expr: &'b Expr,
    span: Span,
    sensitive: bool,
}

/// Evaluates every local. `scope` gets their values under `local`.
pub(super) fn locals(a: &mut Analyzer<'_>, scope: &mut Scope) {
    let project = a.project;
    let mut all: BTreeMap<String, Local<'_>> = BTreeMap::new();
    let mut add = |a: &mut Analyzer<'_>, name: String, local| {
        let Local { span, .. } = local;
        if let Some(first) = all.get(&name).map(|first: &Local<'_>| first.span) {
            a.error("local.duplicate", span, format!("the local \"{name}\" is declared a second time"))
                .help = Some("if these files are separate templates, open each on its own".to_owned());
            a.relate("it is declared here first", first);
        } else {
            all.insert(name, local);
        }
    };
    for document in project.documents() {
        for block in document.body().blocks() {
            match block.kind.as_str() {
                "locals" => {
                    for inner in block.body.blocks() {
                        a.error("body.unknown", inner.header, "a locals block holds only name = value");
                    }
                    for attribute in block.body.attributes() {
                        let local =
                            Local { expr: &attribute.value, span: attribute.name.span, sensitive: false };
                        add(a, attribute.name.name.to_string(), local);
                    }
                }
                "local" => {
                    let Some(label) = block.labels.first() else { continue };
                    a.expect(&block.body, "a local", &["expression", "sensitive"], &[]);
                    let sensitive = block.body.attribute("sensitive").is_some_and(|attribute| {
                        let (value, _) = a.eval(&attribute.value, &Scope::new(), &Vec::new());
                        matches!(convert(&value, &Type::Bool), Ok(Value::Bool(true)))
                    });
                    match block.body.attribute("expression") {
                        Some(attribute) => {
                            let local = Local { expr: &attribute.value, span: block.header, sensitive };
                            add(a, label.text.to_string(), local);
                        }
                        None => {
                            a.error("local.expression", block.header, "a local needs an \"expression\"");
                        }
                    }
                }
                _ => {}
            }
        }
    }
    // Every name exists from the start, so that a reference in a cycle is not also "not declared".
    for name in all.keys() {
        scope.set("local", name, Value::unknown(Type::Any, format!("local.{name}")));
    }
    let mut state: BTreeMap<&str, State> = BTreeMap::new();
    for name in all.keys() {
        visit(a, scope, &all, name, &mut state, &mut Vec::new());
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    Done,
}

/// Locals may build on each other this deep.
const MAX_CHAIN: usize = 500;

fn visit<'n>(
    a: &mut Analyzer<'_>,
    scope: &mut Scope,
    all: &'n BTreeMap<String, Local<'_>>,
    name: &'n str,
    state: &mut BTreeMap<&'n str, State>,
    path: &mut Vec<&'n str>,
) {
    let Some(local) = all.get(name) else { return };
    match state.get(name) {
        Some(State::Done) => return,
        Some(State::Open) => {
            let start = path.iter().position(|other| *other == name).unwrap_or(0);
            let mut chain: Vec<&str> = path.get(start..).unwrap_or(&[]).to_vec();
            chain.push(name);
            let message = format!("the locals {} need each other: a cycle", chain.join(" -> "));
            a.error("local.cycle", local.span, message);
            return;
        }
        None => {}
    }
    if path.len() >= MAX_CHAIN {
        a.error("local.cycle", local.span, "locals build on each other too deeply");
        return;
    }
    state.insert(name, State::Open);
    path.push(name);
    for other in needed(local.expr) {
        if let Some((key, _)) = all.get_key_value(&other) {
            visit(a, scope, all, key, state, path);
        }
    }
    path.pop();
    state.insert(name, State::Done);
    let (value, _) = a.eval(local.expr, scope, &Vec::new());
    let value = if local.sensitive { value.mark_sensitive() } else { value };
    if local.sensitive {
        a.keep_secret(&value);
    }
    scope.set("local", name, value);
}

/// The names of the locals an expression uses.
fn needed(expr: &Expr) -> Vec<String> {
    let mut out = Vec::new();
    paths(expr, &mut |_, root, steps| match steps.first().map(|step| &step.kind) {
        Some(StepKind::Attr(name)) if root == "local" => out.push(name.to_string()),
        Some(StepKind::Index(key)) if root == "local" => out.extend(key.literal_string()),
        _ => {}
    });
    out
}
