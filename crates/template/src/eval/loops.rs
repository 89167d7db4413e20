//! `for` expressions.

use super::{Evaluator, broken, describe};
use crate::syntax::Span;
use crate::syntax::ast::ForExpr;
use crate::types::Type;
use crate::value::Value;
use std::collections::BTreeMap;

impl Evaluator<'_> {
    /// Keys and elements of what is iterated; `None` when it cannot be, after a fault where it is wrong.
    pub(crate) fn pairs(&mut self, value: &Value, span: Span) -> Option<Vec<(Value, Value)>> {
        match value {
            Value::List(items) | Value::Tuple(items) => Some(
                items.iter().enumerate().map(|(index, item)| (Value::from(index), item.clone())).collect(),
            ),
            Value::Set(items) => Some(items.iter().map(|item| (item.clone(), item.clone())).collect()),
            Value::Map(entries) | Value::Object(entries) => {
                Some(entries.iter().map(|(key, item)| (Value::from(key.as_str()), item.clone())).collect())
            }
            Value::Unknown(unknown) => {
                let hole = unknown.hole.clone();
                self.unknown_from(span, &hole, Type::Any);
                None
            }
            other => {
                self.fault("eval.for", span, format!("{} has no elements to go through", describe(other)));
                None
            }
        }
    }

    pub(super) fn for_expr(&mut self, expr: &ForExpr, span: Span) -> Value {
        let collection = self.eval(&expr.collection);
        if let Value::Unknown(unknown) = &collection {
            let hole = unknown.hole.clone();
            return self.unknown_from(span, &hole, Type::Any);
        }
        let Some(pairs) = self.pairs(&collection, expr.collection.span) else { return broken() };
        let mut list = Vec::new();
        let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let before = self.faults.len();
        for (key, item) in pairs {
            if !self.spend(0, span) {
                return broken();
            }
            let mark = self.locals.len();
            if let Some(name) = &expr.key_name {
                self.define(name.as_str(), key);
            }
            self.define(expr.value_name.as_str(), item);
            let wanted = expr.condition.as_ref().map_or(Some(true), |condition| self.condition(condition));
            if wanted == Some(true) {
                match &expr.key {
                    Some(key) => {
                        if let Some(name) = self.key(key) {
                            let value = self.eval(&expr.value);
                            let group = groups.entry(name.clone()).or_default();
                            group.push(value);
                            if group.len() > 1 && !expr.group {
                                let message = format!("the key \"{name}\" comes up more than once");
                                let help =
                                    "add ... after the value to collect the values of one key in a list";
                                self.helped("eval.for", key.span, message, help);
                            }
                        }
                    }
                    None => list.push(self.eval(&expr.value)),
                }
            }
            self.locals.truncate(mark);
            if self.faults.len() > before || wanted.is_none() {
                return broken();
            }
        }
        if !expr.object {
            return Value::Tuple(list);
        }
        let entries = groups.into_iter().filter_map(|(key, mut values)| {
            let value = if expr.group { Some(Value::Tuple(values)) } else { values.pop() };
            Some((key, value?))
        });
        Value::Object(entries.collect())
    }
}
