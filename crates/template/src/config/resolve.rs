//! What single expressions come to, for reading in the form.

use super::analyzer::{Analyzer, Locals};
use super::{Inputs, graph, root_scope, variables};
use crate::blocks::BlockRef;
use crate::eval::{Root, Scope};
use crate::files::Files;
use crate::project::Project;
use crate::syntax::ast::Expr;
use crate::syntax::{self, FileId};
use crate::types::Type;
use crate::value::Value;
use std::collections::BTreeMap;

/// The values of a project's variables and locals, ready to evaluate expressions with.
pub struct Resolver<'a> {
    project: &'a Project,
    files: &'a dyn Files,
    inputs: &'a Inputs,
    scope: Scope,
}

impl<'a> Resolver<'a> {
    /// Evaluates variables and locals; what is wrong with them is [`super::analyze`]'s to say.
    pub fn new(project: &'a Project, files: &'a dyn Files, inputs: &'a Inputs) -> Self {
        let mut analyzer = Analyzer::new(project, files, inputs);
        if analyzer.legacy {
            // Every value is written out there: there are no expressions.
            return Self { project, files, inputs, scope: Scope::new() };
        }
        let (values, _) = variables::variables(&mut analyzer);
        let mut scope = root_scope(project, inputs, values);
        graph::evaluate(&mut analyzer, &mut scope);
        Self { project, files, inputs, scope }
    }

    /// What an expression of a block comes to, for people: secrets masked, values of the running build named
    /// (`{build.Host}`). `None` when it cannot be evaluated or nothing of it is known yet.
    pub fn resolve(&self, block: &BlockRef<'_>, expr: &Expr) -> Option<String> {
        shown(self.evaluate(expr, &self.scope_of(block))?)
    }

    /// What an expression at the top of a template comes to, such as `local.tags.owner`.
    pub(crate) fn value(&self, expression: &str) -> Option<Value> {
        let outside = FileId(u32::MAX);
        let (expr, errors) = syntax::parse_expression(outside, expression);
        errors.is_empty().then(|| self.evaluate(&expr, &self.scope)).flatten()
    }

    /// The same for people: secrets masked; `None` when nothing of it is known.
    pub fn shown(&self, expression: &str) -> Option<String> {
        shown(self.value(expression)?)
    }

    fn evaluate(&self, expr: &Expr, scope: &Scope) -> Option<Value> {
        let mut analyzer = Analyzer::new(self.project, self.files, self.inputs);
        let (value, fine) = analyzer.eval(expr, scope, &Locals::new());
        fine.then_some(value)
    }

    /// The names an expression in this block can use.
    fn scope_of(&self, block: &BlockRef<'_>) -> Scope {
        let kind = block.block.kind.as_str();
        let inside = |name: &str| block.id.starts_with(name);
        let unknown = |name: &str| Value::unknown(Type::String, format!("source.{name}"));
        let label = |index, name| block.block.label(index).map_or_else(|| unknown(name), Value::from);
        let source = match (kind, block.parent) {
            ("source", None) => {
                BTreeMap::from([("type".to_owned(), label(0, "type")), ("name".to_owned(), label(1, "name"))])
            }
            _ if inside("source.") || inside("build[") => {
                BTreeMap::from([("type".to_owned(), unknown("type")), ("name".to_owned(), unknown("name"))])
            }
            _ => return self.scope.clone(),
        };
        let scope = self.scope.clone().with("source", "", source);
        let step = matches!(kind, "provisioner" | "error-cleanup-provisioner" | "post-processor");
        if step { scope.with_root("build", Root::Build) } else { scope }
    }
}

/// A value for people.
fn shown(value: Value) -> Option<String> {
    match value {
        Value::Unknown(_) => None,
        Value::String(text) => Some(text.display()),
        other => serde_json::to_string(&other.display()).ok(),
    }
}
