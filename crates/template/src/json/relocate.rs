//! Gives every node of an expression its place in the file, when the expression was read from decoded text.

use crate::syntax::Span;
use crate::syntax::ast::{
    Expr, ExprKind, Ident, LiteralText, ObjectKey, Step, StepKind, TemplatePart, TextMap,
};

/// Replaces every span by what `place` makes of it.
pub(super) fn expr(e: &mut Expr, place: &dyn Fn(Span) -> Span) {
    e.span = place(e.span);
    match &mut e.kind {
        ExprKind::Missing
        | ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Variable(_) => {}
        ExprKind::Template(template) => parts(&mut template.parts, place),
        ExprKind::Access { base, steps: list } => {
            expr(base, place);
            steps(list, place);
        }
        ExprKind::Call { name, args, .. } => {
            ident(name, place);
            args.iter_mut().for_each(|arg| expr(arg, place));
        }
        ExprKind::Unary { operand, .. } => expr(operand, place),
        ExprKind::Binary { op_span, left, right, .. } => {
            *op_span = place(*op_span);
            expr(left, place);
            expr(right, place);
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            expr(condition, place);
            expr(then, place);
            expr(otherwise, place);
        }
        ExprKind::List(items) => items.iter_mut().for_each(|item| expr(item, place)),
        ExprKind::Object(items) => {
            for item in items {
                item.span = place(item.span);
                match &mut item.key {
                    ObjectKey::Name(name) => ident(name, place),
                    ObjectKey::Expr(key) => expr(key, place),
                }
                expr(&mut item.value, place);
            }
        }
        ExprKind::For(inner) => {
            if let Some(name) = &mut inner.key_name {
                ident(name, place);
            }
            ident(&mut inner.value_name, place);
            expr(&mut inner.collection, place);
            expr(&mut inner.value, place);
            for optional in [&mut inner.key, &mut inner.condition].into_iter().flatten() {
                expr(optional, place);
            }
        }
        ExprKind::Parens(inner) => expr(inner, place),
    }
}

fn ident(name: &mut Ident, place: &dyn Fn(Span) -> Span) {
    name.span = place(name.span);
}

fn steps(list: &mut [Step], place: &dyn Fn(Span) -> Span) {
    for step in list {
        step.span = place(step.span);
        match &mut step.kind {
            StepKind::Attr(_) | StepKind::LegacyIndex(_) => {}
            StepKind::Index(key) => expr(key, place),
            StepKind::Splat { each, .. } => steps(each, place),
        }
    }
}

fn parts(list: &mut [TemplatePart], place: &dyn Fn(Span) -> Span) {
    for part in list {
        match part {
            TemplatePart::Literal(text) => literal(text, place),
            TemplatePart::Interpolation { expr: inner, span } => {
                *span = place(*span);
                expr(inner, place);
            }
            TemplatePart::If { condition, then, otherwise, span } => {
                *span = place(*span);
                expr(condition, place);
                parts(then, place);
                parts(otherwise, place);
            }
            TemplatePart::For { key_name, value_name, collection, body, span } => {
                *span = place(*span);
                if let Some(name) = key_name {
                    ident(name, place);
                }
                ident(value_name, place);
                expr(collection, place);
                parts(body, place);
            }
        }
    }
}

fn literal(text: &mut LiteralText, place: &dyn Fn(Span) -> Span) {
    text.span = place(text.span);
    let mut map = TextMap::default();
    let mut offsets: Vec<usize> = text.text.char_indices().map(|(at, _)| at).collect();
    offsets.push(text.text.len());
    for at in offsets {
        let source = text.map.source(at as u32);
        map.push(at as u32, place(Span::new(text.span.file, source, source)).start);
    }
    text.map = map;
}
