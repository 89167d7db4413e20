//! Visiting every expression inside an expression.

use super::ast::{Expr, ExprKind, LiteralText, ObjectKey, Step, StepKind, Template, TemplatePart};

impl Expr {
    /// Calls `visit` for this expression and for every one inside it, outer ones first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        match &self.kind {
            ExprKind::Access { base, steps } => {
                base.walk(visit);
                steps.iter().for_each(|step| walk_step(step, visit));
            }
            ExprKind::Template(template) => walk_parts(&template.parts, visit),
            ExprKind::Call { args, .. } => args.iter().for_each(|arg| arg.walk(visit)),
            ExprKind::Unary { operand, .. } => operand.walk(visit),
            ExprKind::Binary { left, right, .. } => {
                left.walk(visit);
                right.walk(visit);
            }
            ExprKind::Conditional { condition, then, otherwise } => {
                condition.walk(visit);
                then.walk(visit);
                otherwise.walk(visit);
            }
            ExprKind::List(items) => items.iter().for_each(|item| item.walk(visit)),
            ExprKind::Object(items) => items.iter().for_each(|item| {
                if let ObjectKey::Expr(key) = &item.key {
                    key.walk(visit);
                }
                item.value.walk(visit);
            }),
            ExprKind::For(inner) => {
                inner.collection.walk(visit);
                inner.key.iter().for_each(|key| key.walk(visit));
                inner.value.walk(visit);
                inner.condition.iter().for_each(|condition| condition.walk(visit));
            }
            ExprKind::Parens(inner) => inner.walk(visit),
            ExprKind::Missing
            | ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Variable(_) => {}
        }
    }
}

impl Template {
    /// Calls `visit` for every literal text of this template, in order; not for those inside its expressions.
    pub fn each_literal<'a>(&'a self, visit: &mut dyn FnMut(&'a LiteralText)) {
        literals(&self.parts, visit);
    }
}

fn literals<'a>(parts: &'a [TemplatePart], visit: &mut dyn FnMut(&'a LiteralText)) {
    for part in parts {
        match part {
            TemplatePart::Literal(literal) => visit(literal),
            TemplatePart::Interpolation { .. } => {}
            TemplatePart::If { then, otherwise, .. } => {
                literals(then, visit);
                literals(otherwise, visit);
            }
            TemplatePart::For { body, .. } => literals(body, visit),
        }
    }
}

fn walk_step<'a>(step: &'a Step, visit: &mut dyn FnMut(&'a Expr)) {
    match &step.kind {
        StepKind::Index(key) => key.walk(visit),
        StepKind::Splat { each, .. } => each.iter().for_each(|step| walk_step(step, visit)),
        StepKind::Attr(_) | StepKind::LegacyIndex(_) => {}
    }
}

fn walk_parts<'a>(parts: &'a [TemplatePart], visit: &mut dyn FnMut(&'a Expr)) {
    for part in parts {
        match part {
            TemplatePart::Literal(_) => {}
            TemplatePart::Interpolation { expr, .. } => expr.walk(visit),
            TemplatePart::If { condition, then, otherwise, .. } => {
                condition.walk(visit);
                walk_parts(then, visit);
                walk_parts(otherwise, visit);
            }
            TemplatePart::For { collection, body, .. } => {
                collection.walk(visit);
                walk_parts(body, visit);
            }
        }
    }
}
