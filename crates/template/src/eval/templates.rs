//! Texts with interpolations and directives.

use super::{Decision, Evaluator, broken, describe};
use crate::syntax::Span;
use crate::syntax::ast::{Template, TemplatePart};
use crate::text::Text;
use crate::types::Type;
use crate::value::Value;

impl Evaluator<'_> {
    pub(super) fn template(&mut self, template: &Template, span: Span) -> Value {
        if let Some(inner) = template.wrapped() {
            return self.eval(inner);
        }
        let mut text = Text::default();
        match self.template_parts(&template.parts, &mut text, span) {
            true => Value::String(text.normal()),
            false => broken(),
        }
    }

    /// Appends what the parts of a template make. False when a part could not be evaluated.
    pub(crate) fn template_parts(&mut self, parts: &[TemplatePart], text: &mut Text, span: Span) -> bool {
        let mut whole = true;
        for part in parts {
            if !self.spend(0, span) {
                return false;
            }
            match part {
                TemplatePart::Literal(literal) => {
                    whole &= self.spend(literal.text.len(), span);
                    text.push_str(&literal.text);
                }
                TemplatePart::Interpolation { expr, .. } => {
                    let before = self.faults.len();
                    let value = self.eval(expr);
                    match value.to_text() {
                        Some(piece) if self.faults.len() == before => {
                            whole &= self.spend(piece.size(), span);
                            text.push_text(&piece);
                        }
                        Some(_) => whole = false,
                        None if value.is_null() => {
                            self.helped(
                                "eval.null-in-text",
                                expr.span,
                                "this is null, and null cannot be inserted in text",
                                "give it a value, or use coalesce(.., \"\")",
                            );
                            whole = false;
                        }
                        None => {
                            let message = format!("{} cannot be inserted in text", describe(&value));
                            self.helped(
                                "eval.not-text",
                                expr.span,
                                message,
                                "use jsonencode or join to make a string of it",
                            );
                            whole = false;
                        }
                    }
                }
                TemplatePart::If { condition, then, otherwise, .. } => match self.decide(condition) {
                    Decision::Yes => whole &= self.template_parts(then, text, span),
                    Decision::No => whole &= self.template_parts(otherwise, text, span),
                    Decision::Wrong => whole = false,
                    Decision::Late(value) => {
                        let (mut yes, mut no) = (Text::default(), Text::default());
                        whole &= self.template_parts(then, &mut yes, span);
                        whole &= self.template_parts(otherwise, &mut no, span);
                        let (yes, no) = (Value::String(yes), Value::String(no));
                        let chosen = self.late(condition.span, Type::String, &[&value, &yes, &no], |all| {
                            format!("{} ? {} : {}", all[0], all[1], all[2])
                        });
                        match chosen.to_text() {
                            Some(piece) => text.push_text(&piece),
                            None => whole = false,
                        }
                    }
                },
                TemplatePart::For { key_name, value_name, collection, body, .. } => {
                    let value = self.eval(collection);
                    let Some(pairs) = self.pairs(&value, collection.span) else {
                        return false;
                    };
                    for (key, item) in pairs {
                        let mark = self.locals.len();
                        if let Some(name) = key_name {
                            self.define(name.as_str(), key);
                        }
                        self.define(value_name.as_str(), item);
                        whole &= self.template_parts(body, text, span);
                        self.locals.truncate(mark);
                        // What is wrong once is wrong again.
                        if !whole {
                            return false;
                        }
                    }
                }
            }
        }
        whole
    }
}
