//! Type constraints as they are written: `list(string)`, `object({ a = optional(number, 1) })`.

use crate::eval::{Evaluator, Scope};
use crate::functions::Context;
use crate::syntax::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectKey};
use crate::types::{Field, Type};
use crate::value::Value;
use std::collections::BTreeMap;

/// Reads a type constraint.
///
/// # Errors
/// Where it is wrong, and how.
pub(crate) fn type_constraint(expr: &Expr) -> Result<Type, (Span, String)> {
    match &expr.kind {
        ExprKind::Variable(name) => match name.as_str() {
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            "any" => Ok(Type::Any),
            "list" | "set" | "map" => Ok(collection(name, Type::Any)),
            word @ ("object" | "tuple") => Err((expr.span, format!("{word} needs an argument"))),
            word => Err((expr.span, format!("\"{word}\" is not a type"))),
        },
        ExprKind::Parens(inner) => type_constraint(inner),
        // Packer before 1.5 and Terraform before 0.12 wrote types as strings.
        ExprKind::Template(template) => match template.literal() {
            Some("string") => Ok(Type::String),
            Some("list") => Ok(collection("list", Type::String)),
            Some("map") => Ok(collection("map", Type::String)),
            _ => Err((expr.span, "a type is written without quotes".to_owned())),
        },
        ExprKind::Call { name, args, .. } => {
            let [arg] = args.as_slice() else {
                return Err((expr.span, format!("{}() needs exactly one argument", name.as_str())));
            };
            match name.as_str() {
                "list" | "set" | "map" => Ok(collection(name.as_str(), type_constraint(arg)?)),
                "tuple" => match &arg.kind {
                    ExprKind::List(items) => {
                        Ok(Type::Tuple(items.iter().map(type_constraint).collect::<Result<_, _>>()?))
                    }
                    _ => Err((arg.span, "tuple() needs a list of types in [ ]".to_owned())),
                },
                "object" => object(arg),
                "optional" => Err((expr.span, "optional() can be used only inside object()".to_owned())),
                other => Err((name.span, format!("\"{other}\" is not a type"))),
            }
        }
        ExprKind::Missing => Ok(Type::Any),
        _ => Err((expr.span, "this is not a type".to_owned())),
    }
}

fn collection(name: &str, inner: Type) -> Type {
    let inner = Box::new(inner);
    match name {
        "list" => Type::List(inner),
        "set" => Type::Set(inner),
        _ => Type::Map(inner),
    }
}

fn object(arg: &Expr) -> Result<Type, (Span, String)> {
    let ExprKind::Object(items) = &arg.kind else {
        return Err((arg.span, "object() needs attributes in { }".to_owned()));
    };
    let mut fields = BTreeMap::new();
    for item in items {
        let name = match &item.key {
            ObjectKey::Name(name) => name.as_str().to_owned(),
            key => key.literal().ok_or_else(|| (key.span(), "an attribute name is needed".to_owned()))?,
        };
        fields.insert(name, field(&item.value)?);
    }
    Ok(Type::Object(fields))
}

fn field(expr: &Expr) -> Result<Field, (Span, String)> {
    match &expr.kind {
        ExprKind::Call { name, args, .. } if name.as_str() == "optional" => match args.as_slice() {
            [ty] => Ok(Field { ty: type_constraint(ty)?, optional: true, default: None }),
            [ty, default] => {
                let ty = type_constraint(ty)?;
                let value = constant(default)?;
                let value = crate::types::convert(&value, &ty)
                    .map_err(|mismatch| (default.span, format!("the default does not fit: {mismatch}")))?;
                Ok(Field { ty, optional: true, default: Some(value) })
            }
            _ => Err((expr.span, "optional() needs a type and possibly a default".to_owned())),
        },
        _ => type_constraint(expr).map(Field::required),
    }
}

/// The value of an expression that refers to nothing.
fn constant(expr: &Expr) -> Result<Value, (Span, String)> {
    let scope = Scope::new();
    let files = crate::files::MemoryFiles::new();
    let inputs = super::Inputs::harmless("/");
    let drawn = std::cell::Cell::new(0);
    let budget = crate::budget::Budget::default();
    let context = Context {
        files: &files,
        root: std::path::Path::new("."),
        inputs: &inputs,
        drawn: &drawn,
        budget: &budget,
        in_template: false,
    };
    let mut evaluator = Evaluator::new(&scope, &context);
    let value = evaluator.eval(expr);
    match evaluator.faults.into_iter().next() {
        Some(fault) => Err((fault.span, fault.message)),
        None => Ok(value),
    }
}
