//! The paths of an expression: `var.disk`, `local.sizes["big"]`.

use smol_str::SmolStr;

use crate::syntax::ast::{Expr, ExprKind, ObjectKey, Step, StepKind, TemplatePart};

/// Gets the whole expression, the bare name it starts from, and the accesses; none for a name alone.
type Found<'f, 'e> = &'f mut dyn FnMut(&'e Expr, &'e str, &'e [Step]);

/// Calls `found` for every path in an expression. Names that a `for` around them gives are none.
pub(crate) fn paths<'e>(expr: &'e Expr, found: Found<'_, 'e>) {
    Walk { bound: Vec::new(), found }.expr(expr);
}

struct Walk<'f, 'e> {
    bound: Vec<&'e SmolStr>,
    found: Found<'f, 'e>,
}

impl<'e> Walk<'_, 'e> {
    fn path(&mut self, expr: &'e Expr, root: &'e SmolStr, steps: &'e [Step]) {
        if !self.bound.contains(&root) {
            (self.found)(expr, root, steps);
        }
    }

    fn all(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &'e Expr) {
        match &expr.kind {
            ExprKind::Missing | ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => {}
            ExprKind::Variable(root) => self.path(expr, root, &[]),
            ExprKind::Access { base, steps } => {
                match &base.kind {
                    ExprKind::Variable(root) => self.path(expr, root, steps),
                    _ => self.expr(base),
                }
                steps.iter().for_each(|step| self.step(step));
            }
            ExprKind::Template(template) => self.parts(&template.parts),
            ExprKind::Call { args, .. } => self.all(args),
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { left, right, .. } => self.all([&**left, right]),
            ExprKind::Conditional { condition, then, otherwise } => self.all([&**condition, then, otherwise]),
            ExprKind::List(items) => self.all(items),
            ExprKind::Object(items) => {
                for item in items {
                    if let ObjectKey::Expr(key) = &item.key {
                        self.expr(key);
                    }
                    self.expr(&item.value);
                }
            }
            ExprKind::For(inner) => {
                self.expr(&inner.collection);
                let before = self.bound.len();
                self.bound.extend(inner.key_name.iter().chain([&inner.value_name]).map(|name| &name.name));
                self.all(inner.key.iter().chain([&inner.value]).chain(&inner.condition));
                self.bound.truncate(before);
            }
            ExprKind::Parens(inner) => self.expr(inner),
        }
    }

    fn step(&mut self, step: &'e Step) {
        match &step.kind {
            StepKind::Index(key) => self.expr(key),
            StepKind::Splat { each, .. } => each.iter().for_each(|step| self.step(step)),
            StepKind::Attr(_) | StepKind::LegacyIndex(_) => {}
        }
    }

    fn parts(&mut self, parts: &'e [TemplatePart]) {
        for part in parts {
            match part {
                TemplatePart::Literal(_) => {}
                TemplatePart::Interpolation { expr, .. } => self.expr(expr),
                TemplatePart::If { condition, then, otherwise, .. } => {
                    self.expr(condition);
                    self.parts(then);
                    self.parts(otherwise);
                }
                TemplatePart::For { key_name, value_name, collection, body, .. } => {
                    self.expr(collection);
                    let before = self.bound.len();
                    self.bound.extend(key_name.iter().chain([value_name]).map(|name| &name.name));
                    self.parts(body);
                    self.bound.truncate(before);
                }
            }
        }
    }
}
