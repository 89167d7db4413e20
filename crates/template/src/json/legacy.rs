//! Packer's first language: one JSON object with `builders`, `provisioners` and so on (packer.md 1.1, 1.7).
//!
//! It becomes the tree that the same template would have in HCL: each builder a `source` block with type and name
//! as labels, the steps in one `build` block, the variables in one `variables` block. Strings are kept as they
//! are; what is in `{{ }}` is evaluated later.

use super::{Json, Member, Node, NodeKind, duplicates, error, inside};
use crate::syntax::ast::{Attribute, Block, Body, Ident, Item, Label};
use crate::syntax::{Span, SyntaxError};

/// The keys at the top of a template; besides these, any key that starts with `_` is a comment.
pub(crate) const ROOT_KEYS: &[&str] = &[
    "min_packer_version",
    "description",
    "builders",
    "provisioners",
    "post-processors",
    "error-cleanup-provisioner",
    "variables",
    "sensitive-variables",
    "push",
];

/// The key and kind of the steps of a build.
pub(crate) const STEPS: &[(&str, &str)] = &[
    ("provisioners", "provisioner"),
    ("error-cleanup-provisioner", "error-cleanup-provisioner"),
    ("post-processors", "post-processor"),
];

/// Reads a template.
pub(crate) fn lower(json: &Json, errors: &mut Vec<SyntaxError>) -> Body {
    let span = json.root.span;
    let Some(members) = json.root.members() else {
        if json.root.kind != NodeKind::Missing {
            let message = "a template is one object: { \"builders\": [ ... ] }";
            errors.push(error("json.object", span, message, ""));
        }
        return Body { items: Vec::new(), span };
    };
    duplicates(&json.root, errors);
    let mut items = Vec::new();
    let mut steps = Vec::new();
    let mut hull: Option<Span> = None;
    for member in members {
        match member.key.text.as_str() {
            "variables" => match &member.value.kind {
                NodeKind::Object(_) => items.push(Item::Block(variables(member))),
                _ => wrong(member, "an object: { \"name\": \"default\" }", errors),
            },
            "builders" => match member.value.elements() {
                Some(elements) => {
                    items.extend(elements.iter().filter_map(|node| component(member, "source", node, errors)))
                }
                None => wrong(member, "an array: [ { \"type\": \"qemu\" } ]", errors),
            },
            "provisioners" | "post-processors" => {
                hull = Some(hull.map_or(member.span, |hull| hull.to(member.span)));
                match member.value.elements() {
                    Some(elements) => {
                        steps.extend(elements.iter().filter_map(|node| match member.key.text.as_str() {
                            "provisioners" => component(member, "provisioner", node, errors),
                            _ => post_processor(member, node, errors),
                        }))
                    }
                    None => wrong(member, "an array: [ { \"type\": \"shell\" } ]", errors),
                }
            }
            "error-cleanup-provisioner" => {
                hull = Some(hull.map_or(member.span, |hull| hull.to(member.span)));
                steps.extend(component(member, "error-cleanup-provisioner", &member.value, errors));
            }
            _ => items.push(Item::Attribute(attribute(member))),
        }
    }
    let start = Span::new(span.file, span.start, span.start + 1);
    items.push(Item::Block(Block {
        kind: Ident { name: "build".into(), span: start },
        labels: Vec::new(),
        body: Body { items: steps, span: inside(&json.root) },
        header: start,
        span: hull.unwrap_or(start),
        closed: true,
    }));
    Body { items, span: inside(&json.root) }
}

fn wrong(member: &Member, wanted: &str, errors: &mut Vec<SyntaxError>) {
    if member.value.kind != NodeKind::Missing {
        let message = format!("\"{}\" must be {wanted}", member.key.text);
        errors.push(error("json.block", member.value.span, message, ""));
    }
}

fn attribute(member: &Member) -> Attribute {
    Attribute {
        name: Ident { name: member.key.text.as_str().into(), span: member.key_span },
        value: member.value.to_plain_expr(),
        span: member.span,
    }
}

fn variables(member: &Member) -> Block {
    let attributes = member.value.members().unwrap_or_default().iter();
    Block {
        kind: Ident { name: "variables".into(), span: member.key_span },
        labels: Vec::new(),
        body: Body {
            items: attributes.map(|member| Item::Attribute(attribute(member))).collect(),
            span: inside(&member.value),
        },
        header: member.key_span,
        span: member.span,
        closed: true,
    }
}

/// A builder, provisioner or post-processor written as an object.
fn component(holder: &Member, kind: &str, node: &Node, errors: &mut Vec<SyntaxError>) -> Option<Item> {
    let Some(members) = node.members() else {
        if node.kind != NodeKind::Missing {
            let message = format!("an item of \"{}\" must be an object", holder.key.text);
            errors.push(error("json.block", node.span, message, "write { \"type\": \"...\" }"));
        }
        return None;
    };
    let start = Span::new(node.span.file, node.span.start, node.span.start + 1);
    let Some(type_member) = node.member("type") else {
        let message = format!("this item of \"{}\" has no \"type\"", holder.key.text);
        errors.push(error("component.no-type", start, message, "add \"type\": \"...\""));
        return Some(block(holder, kind, Vec::new(), node, start, &[]));
    };
    let Some(type_name) = type_member.value.as_str() else {
        errors.push(error("component.no-type", type_member.value.span, "\"type\" must be a string", ""));
        return Some(block(holder, kind, Vec::new(), node, start, &[]));
    };
    let label = |text: &str, span| Label { text: text.into(), quoted: true, span };
    let mut labels = vec![label(type_name, type_member.value.span)];
    let mut header = type_member.span;
    let mut hidden = vec!["type"];
    if kind == "source" {
        hidden.push("name");
        match node.member("name").map(|name| (name, name.value.as_str())) {
            Some((name, Some(text))) if !text.is_empty() => {
                labels.push(label(text, name.value.span));
                header = name.span;
            }
            Some((name, None)) if !matches!(name.value.kind, NodeKind::Missing | NodeKind::Null) => {
                errors.push(error("component.name", name.value.span, "\"name\" must be a string", ""));
                labels.push(label(type_name, type_member.value.span));
            }
            _ => labels.push(label(type_name, type_member.value.span)),
        }
    }
    debug_assert!(!members.is_empty());
    Some(block(holder, kind, labels, node, header, &hidden))
}

fn block(
    holder: &Member,
    kind: &str,
    labels: Vec<Label>,
    node: &Node,
    header: Span,
    hidden: &[&str],
) -> Item {
    let members = node.members().unwrap_or_default().iter();
    let shown = members.filter(|member| !hidden.contains(&member.key.text.as_str()));
    Item::Block(Block {
        kind: Ident { name: kind.into(), span: holder.key_span },
        labels,
        body: Body {
            items: shown.map(|member| Item::Attribute(attribute(member))).collect(),
            span: inside(node),
        },
        header,
        span: node.span,
        closed: true,
    })
}

/// A post-processor: its type alone, an object, or an array that is a chain.
fn post_processor(holder: &Member, node: &Node, errors: &mut Vec<SyntaxError>) -> Option<Item> {
    match &node.kind {
        NodeKind::String(text) => Some(Item::Block(Block {
            kind: Ident { name: "post-processor".into(), span: holder.key_span },
            labels: vec![Label { text: text.text.as_str().into(), quoted: true, span: node.span }],
            body: Body { items: Vec::new(), span: inside(node) },
            header: node.span,
            span: node.span,
            closed: true,
        })),
        NodeKind::Array(elements) => {
            let mut items = Vec::new();
            for element in elements {
                match element.elements() {
                    Some(_) => errors.push(error(
                        "json.block",
                        element.span,
                        "a chain of post-processors cannot hold another chain",
                        "",
                    )),
                    None => items.extend(post_processor(holder, element, errors)),
                }
            }
            let start = Span::new(node.span.file, node.span.start, node.span.start + 1);
            Some(Item::Block(Block {
                kind: Ident { name: "post-processors".into(), span: holder.key_span },
                labels: Vec::new(),
                body: Body { items, span: inside(node) },
                header: start,
                span: node.span,
                closed: true,
            }))
        }
        _ => component(holder, "post-processor", node, errors),
    }
}
