//! Locals and data sources: one graph over all files, evaluated in the order it gives (packer.md 1.3).

use super::analyzer::{Analyzer, Locals};
use super::builds::check_foreign;
use super::foreign::data_exists_elsewhere;
use super::model::Foreign;
use crate::diagnostic::Severity;
use crate::eval::{Root, Scope};
use crate::references::paths;
use crate::syntax::Span;
use crate::syntax::ast::{Block, Body, Expr, StepKind};
use crate::types::{Type, convert};
use crate::value::Value;
use std::collections::BTreeMap;

/// A name of the graph: `local.name` or `data.type.name`.
type Key = Vec<String>;

enum Node<'b> {
    Local { expr: &'b Expr, sensitive: bool },
    Data(&'b Block),
}

struct Graph<'b> {
    nodes: BTreeMap<Key, (Node<'b>, Span)>,
    done: BTreeMap<Key, bool>,
    foreign: Vec<Foreign>,
}

/// Evaluates every local and data source; `scope` gets their values under `local` and `data`. Gives the data
/// sources nothing here can ask.
pub(super) fn evaluate(a: &mut Analyzer<'_>, scope: &mut Scope) -> Vec<Foreign> {
    let mut graph = Graph { nodes: BTreeMap::new(), done: BTreeMap::new(), foreign: Vec::new() };
    let project = a.project;
    for document in project.documents() {
        for block in document.body().blocks() {
            match block.kind.as_str() {
                "locals" => {
                    for inner in block.body.blocks() {
                        a.error("body.unknown", inner.header, "a locals block holds only name = value");
                    }
                    for attribute in a.attributes(&block.body) {
                        let node = Node::Local { expr: &attribute.value, sensitive: false };
                        let key = vec!["local".to_owned(), attribute.name.name.to_string()];
                        add(a, &mut graph, key, node, attribute.name.span);
                    }
                }
                "local" => local(a, &mut graph, block),
                "data" => {
                    let (Some(ty), Some(name)) = (block.label(0), block.label(1)) else { continue };
                    let key = vec!["data".to_owned(), ty.to_owned(), name.to_owned()];
                    add(a, &mut graph, key, Node::Data(block), block.header);
                }
                _ => {}
            }
        }
    }
    // Every name exists from the start, so that a reference in a cycle is not also "not declared".
    let keys: Vec<Key> = graph.nodes.keys().cloned().collect();
    scope.roots.insert("data".to_owned(), Root::Data { declared: BTreeMap::new() });
    for key in &keys {
        set(scope, key, Value::unknown(Type::Any, key.join(".")));
    }
    for key in &keys {
        visit(a, scope, &mut graph, key, &mut Vec::new());
    }
    graph.foreign
}

fn set(scope: &mut Scope, key: &Key, value: Value) {
    match key.as_slice() {
        [_, name] => scope.set("local", name, value),
        [_, ty, name] => {
            if let Some(Root::Data { declared }) = scope.roots.get_mut("data") {
                declared.entry(ty.clone()).or_default().insert(name.clone(), value);
            }
        }
        _ => {}
    }
}

fn add<'b>(a: &mut Analyzer<'_>, graph: &mut Graph<'b>, key: Key, node: Node<'b>, span: Span) {
    let Some((_, first)) = graph.nodes.get(&key) else {
        graph.nodes.insert(key, (node, span));
        return;
    };
    let first = *first;
    let (code, what) = match key.as_slice() {
        [_, ty, name] => ("data.duplicate", format!("the data source \"{ty}\" \"{name}\"")),
        _ => ("local.duplicate", format!("the local \"{}\"", key.last().map_or("", String::as_str))),
    };
    a.declared_twice(code, span, &what, first);
}

fn local<'b>(a: &mut Analyzer<'_>, graph: &mut Graph<'b>, block: &'b Block) {
    let Some(label) = block.labels.first() else { return };
    a.expect(&block.body, "a local", &["expression", "sensitive"], &[]);
    a.attributes(&block.body);
    let sensitive = block.body.attribute("sensitive").is_some_and(|attribute| {
        let (value, _) = a.eval(&attribute.value, &Scope::new(), &Locals::new());
        matches!(convert(&value, &Type::Bool), Ok(Value::Bool(true)))
    });
    match block.body.attribute("expression") {
        Some(attribute) => {
            let key = vec!["local".to_owned(), label.text.to_string()];
            add(a, graph, key, Node::Local { expr: &attribute.value, sensitive }, block.header);
        }
        None => {
            a.error("local.expression", block.header, "a local needs an \"expression\"");
        }
    }
}

/// Locals may build on each other this deep.
const MAX_CHAIN: usize = 500;

fn visit(a: &mut Analyzer<'_>, scope: &mut Scope, graph: &mut Graph<'_>, key: &Key, path: &mut Vec<Key>) {
    let Some((node, span)) = graph.nodes.get(key) else { return };
    let span = *span;
    match graph.done.get(key) {
        Some(true) => return,
        Some(false) => {
            let start = path.iter().position(|other| other == key).unwrap_or(0);
            let chain = path.get(start..).unwrap_or(&[]).iter().chain([key]);
            let names: Vec<String> = chain.map(shown).collect();
            let kind =
                if names.iter().any(|name| name.starts_with("data.")) { "these" } else { "the locals" };
            let message = format!("{kind} {} need each other: a cycle", names.join(" -> "));
            a.error("local.cycle", span, message);
            return;
        }
        None => {}
    }
    if path.len() >= MAX_CHAIN {
        a.error("local.cycle", span, "locals build on each other too deeply");
        return;
    }
    let mut needed = Vec::new();
    match node {
        Node::Local { expr, .. } => references(expr, &mut needed),
        Node::Data(block) => body_references(&block.body, &mut needed),
    }
    graph.done.insert(key.clone(), false);
    path.push(key.clone());
    for other in needed {
        visit(a, scope, graph, &other, path);
    }
    path.pop();
    graph.done.insert(key.clone(), true);
    let Some((node, _)) = graph.nodes.get(key) else { return };
    let value = match node {
        Node::Local { expr, sensitive } => {
            let (value, _) = a.eval(expr, scope, &Locals::new());
            let value = if *sensitive { value.mark_sensitive() } else { value };
            if *sensitive {
                a.keep_secret(&value);
            }
            value
        }
        Node::Data(block) => data(a, scope, block, &mut graph.foreign),
    };
    set(scope, key, value);
}

fn shown(key: &Key) -> String {
    match key.as_slice() {
        [_, name] => name.clone(),
        _ => key.join("."),
    }
}

/// What a data source gives: `null` gives back its input; no other is asked, so what it gives is not known.
fn data(a: &mut Analyzer<'_>, scope: &Scope, block: &Block, foreign: &mut Vec<Foreign>) -> Value {
    let (ty, name) = (block.label(0).unwrap_or_default(), block.label(1).unwrap_or_default());
    let unknown = Value::unknown(Type::Any, format!("data.{ty}.{name}"));
    if ty == "null" {
        a.expect(&block.body, "the data source \"null\"", &["input"], &[]);
        a.attributes(&block.body);
        let Some(input) = block.body.attribute("input") else {
            a.error("option.missing", block.header, "data source null: \"input\" must be set");
            return unknown;
        };
        let (value, fine) = a.eval(&input.value, scope, &Locals::new());
        return match convert(&value, &Type::String) {
            Ok(Value::Unknown(_)) => unknown,
            Ok(output) if fine => Value::Object(BTreeMap::from([("output".to_owned(), output)])),
            _ if !fine => unknown,
            _ => {
                a.error("option.type", input.value.span, "\"input\" must be a string");
                unknown
            }
        };
    }
    if data_exists_elsewhere(ty, &a.plugins) {
        let message = format!("the data source \"{ty}\" is kept as it is; what it gives is not known here");
        a.report(Severity::Info, "foreign.data", block.header, message);
    } else {
        let span = block.labels.first().map_or(block.header, |label| label.span);
        a.error("component.unknown", span, format!("there is no data source \"{ty}\"")).help = Some(
            "if it comes from a plugin, name the plugin under packer { required_plugins { ... } }".to_owned(),
        );
    }
    check_foreign(a, &block.body, scope, &Locals::new());
    if let Some(place) = a.place(block.header) {
        foreign.push(Foreign { type_name: format!("data.{ty}"), name: Some(name.to_owned()), place });
    }
    unknown
}

fn body_references(body: &Body, out: &mut Vec<Key>) {
    body.attributes().for_each(|attribute| references(&attribute.value, out));
    body.blocks().for_each(|block| body_references(&block.body, out));
}

/// The locals and data sources an expression uses.
fn references(expr: &Expr, out: &mut Vec<Key>) {
    paths(expr, &mut |_, root, steps| {
        let words = match root {
            "local" => 1,
            "data" => 2,
            _ => return,
        };
        let names = steps.iter().take(words).map_while(|step| match &step.kind {
            StepKind::Attr(name) => Some(name.to_string()),
            StepKind::Index(key) => key.literal_string(),
            _ => None,
        });
        let key: Key = std::iter::once(root.to_owned()).chain(names).collect();
        if key.len() == words + 1 {
            out.push(key);
        }
    });
}
