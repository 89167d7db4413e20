//! What stands at a place of the typed tree.

use super::cursor::Header;
use crate::syntax::ast::{
    Attribute, Block, Body, Expr, ExprKind, Item, ObjectKey, Step, StepKind, TemplatePart,
};

/// What stands at a place.
pub(super) enum Found<'a> {
    /// The kind of a block.
    Kind(&'a Block),
    /// A label of a block.
    Label(&'a Block, usize),
    /// The name of an argument.
    Name(&'a Attribute),
    /// An expression in an argument; from the whole value to the innermost expression.
    Value(&'a Attribute, Vec<&'a Expr>),
}

/// What stands at a place, and the blocks around it, outermost first. The block that is `Kind` or `Label` itself is
/// the last of them.
pub(super) fn at(body: &Body, offset: u32) -> Option<(Vec<&Block>, Found<'_>)> {
    let mut blocks = Vec::new();
    let mut body = body;
    'down: loop {
        for item in &body.items {
            match item {
                Item::Attribute(attribute) if attribute.name.span.touches(offset) => {
                    return Some((blocks, Found::Name(attribute)));
                }
                Item::Attribute(attribute) if attribute.value.span.touches(offset) => {
                    let mut path = Vec::new();
                    descend(&attribute.value, offset, &mut path);
                    return Some((blocks, Found::Value(attribute, path)));
                }
                Item::Block(block) => {
                    let label = block.labels.iter().position(|label| label.span.touches(offset));
                    let kind = block.kind.span.touches(offset);
                    // In JSON the kind and the labels may stand apart from the body.
                    if !(kind || label.is_some() || block.body.span.touches(offset)) {
                        continue;
                    }
                    blocks.push(block);
                    if let Some(index) = label {
                        return Some((blocks, Found::Label(block, index)));
                    }
                    if kind && !block.body.span.touches(offset) {
                        return Some((blocks, Found::Kind(block)));
                    }
                    body = &block.body;
                    continue 'down;
                }
                Item::Attribute(_) => {}
            }
        }
        return None;
    }
}

fn descend<'a>(expr: &'a Expr, offset: u32, path: &mut Vec<&'a Expr>) {
    path.push(expr);
    let mut inner = Vec::new();
    children(expr, &mut inner);
    if let Some(child) = inner.into_iter().find(|child| child.span.touches(offset)) {
        descend(child, offset, path);
    }
}

/// The expressions directly in an expression.
pub(super) fn children<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    match &expr.kind {
        ExprKind::Missing
        | ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Variable(_) => {}
        ExprKind::Template(template) => parts(&template.parts, out),
        ExprKind::Access { base, steps: after } => {
            out.push(base);
            steps(after, out);
        }
        ExprKind::Call { args, .. } => out.extend(args),
        ExprKind::Unary { operand, .. } => out.push(operand),
        ExprKind::Binary { left, right, .. } => out.extend([&**left, &**right]),
        ExprKind::Conditional { condition, then, otherwise } => {
            out.extend([&**condition, &**then, &**otherwise]);
        }
        ExprKind::List(elements) => out.extend(elements),
        ExprKind::Object(items) => {
            for item in items {
                if let ObjectKey::Expr(key) = &item.key {
                    out.push(key);
                }
                out.push(&item.value);
            }
        }
        ExprKind::For(inner) => {
            out.push(&inner.collection);
            out.extend(inner.key.iter().chain([&inner.value]).chain(&inner.condition));
        }
        ExprKind::Parens(inner) => out.push(inner),
    }
}

fn steps<'a>(list: &'a [Step], out: &mut Vec<&'a Expr>) {
    for step in list {
        match &step.kind {
            StepKind::Index(key) => out.push(key),
            StepKind::Splat { each, .. } => steps(each, out),
            StepKind::Attr(_) | StepKind::LegacyIndex(_) => {}
        }
    }
}

fn parts<'a>(list: &'a [TemplatePart], out: &mut Vec<&'a Expr>) {
    for part in list {
        match part {
            TemplatePart::Literal(_) => {}
            TemplatePart::Interpolation { expr, .. } => out.push(expr),
            TemplatePart::If { condition, then, otherwise, .. } => {
                out.push(condition);
                parts(then, out);
                parts(otherwise, out);
            }
            TemplatePart::For { collection, body, .. } => {
                out.push(collection);
                parts(body, out);
            }
        }
    }
}

/// The headers of blocks, as the option tables are asked.
pub(super) fn headers(blocks: &[&Block]) -> Vec<Header> {
    blocks.iter().map(|block| header(block)).collect()
}

fn header(block: &Block) -> Header {
    Header {
        kind: block.kind.name.to_string(),
        labels: block.labels.iter().map(|label| label.text.to_string()).collect(),
        makes: makes(block),
    }
}

/// The labels of the blocks that a `dynamic` block makes, where they are written out.
fn makes(block: &Block) -> Vec<String> {
    let labels = block.body.attribute("labels").filter(|_| block.kind.as_str() == "dynamic");
    match labels.map(|labels| &labels.value.kind) {
        Some(ExprKind::List(labels)) => labels.iter().map_while(Expr::literal_string).collect(),
        _ => Vec::new(),
    }
}

/// Tells the `dynamic` blocks around a place what they make; the text there need not be complete.
pub(super) fn tell(headers: &mut [Header], body: &Body, offset: u32) {
    let mut body = body;
    for header in headers {
        let inside = |block: &&Block| block.kind.as_str() == header.kind && block.body.span.touches(offset);
        let Some(block) = body.blocks().find(inside) else { return };
        header.makes = makes(block);
        body = &block.body;
    }
}
