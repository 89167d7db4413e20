//! Locals: one graph over all files, evaluated in the order it gives.

use super::analyzer::Analyzer;
use crate::eval::Scope;
use crate::syntax::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectKey, Step, StepKind, TemplatePart};
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
    let mut needed = Vec::new();
    references(local.expr, &mut needed);
    for other in needed {
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
fn references(expr: &Expr, out: &mut Vec<String>) {
    match &expr.kind {
        ExprKind::Access { base, steps } => {
            match (&base.kind, steps.first().map(|step| &step.kind)) {
                (ExprKind::Variable(root), Some(StepKind::Attr(name))) if root == "local" => {
                    out.push(name.to_string());
                }
                (ExprKind::Variable(root), Some(StepKind::Index(key))) if root == "local" => {
                    out.extend(key.literal_string());
                }
                _ => references(base, out),
            }
            steps.iter().for_each(|step| in_step(step, out));
        }
        ExprKind::Template(template) => in_parts(&template.parts, out),
        ExprKind::Call { args, .. } => args.iter().for_each(|arg| references(arg, out)),
        ExprKind::Unary { operand, .. } => references(operand, out),
        ExprKind::Binary { left, right, .. } => {
            references(left, out);
            references(right, out);
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            references(condition, out);
            references(then, out);
            references(otherwise, out);
        }
        ExprKind::List(items) => items.iter().for_each(|item| references(item, out)),
        ExprKind::Object(items) => items.iter().for_each(|item| {
            if let ObjectKey::Expr(key) = &item.key {
                references(key, out);
            }
            references(&item.value, out);
        }),
        ExprKind::For(inner) => {
            references(&inner.collection, out);
            inner.key.iter().for_each(|key| references(key, out));
            references(&inner.value, out);
            inner.condition.iter().for_each(|condition| references(condition, out));
        }
        ExprKind::Parens(inner) => references(inner, out),
        ExprKind::Missing
        | ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Variable(_) => {}
    }
}

fn in_step(step: &Step, out: &mut Vec<String>) {
    match &step.kind {
        StepKind::Index(key) => references(key, out),
        StepKind::Splat { each, .. } => each.iter().for_each(|step| in_step(step, out)),
        StepKind::Attr(_) | StepKind::LegacyIndex(_) => {}
    }
}

fn in_parts(parts: &[TemplatePart], out: &mut Vec<String>) {
    for part in parts {
        match part {
            TemplatePart::Literal(_) => {}
            TemplatePart::Interpolation { expr, .. } => references(expr, out),
            TemplatePart::If { condition, then, otherwise, .. } => {
                references(condition, out);
                in_parts(then, out);
                in_parts(otherwise, out);
            }
            TemplatePart::For { collection, body, .. } => {
                references(collection, out);
                in_parts(body, out);
            }
        }
    }
}
