//! What the parts of the analysis share: documents, evaluation with places, and the list of problems.

use super::Inputs;
use crate::budget::Budget;
use crate::diagnostic::{Diagnostic, Replacement, Severity};
use crate::document::Document;
use crate::eval::{Evaluator, Fault, Scope};
use crate::files::Files;
use crate::functions::Context;
use crate::options::nearest;
use crate::project::Project;
use crate::syntax::ast::{Attribute, Block, Body, Expr, Item, Label};
use crate::syntax::{FileId, Span};
use crate::text::Text;
use crate::value::Value;
use std::cell::Cell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// The state of one analysis.
pub(super) struct Analyzer<'a> {
    pub(super) project: &'a Project,
    pub(super) files: &'a dyn Files,
    pub(super) inputs: &'a Inputs,
    /// Variable files, numbered after the project's documents.
    pub(super) extra: Vec<Document>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) sensitive: Vec<String>,
    pub(super) drawn: Cell<u64>,
    /// What may still be made.
    pub(super) budget: Rc<Budget>,
    /// Whether it was said that nothing is left.
    over: bool,
    /// Local names of the plugins the template requires.
    pub(super) plugins: Vec<String>,
    /// Whether it is a template of Packer's first language.
    pub(super) legacy: bool,
    /// The variables of such a template.
    pub(super) user: Arc<BTreeMap<String, Text>>,
}

/// Names that a `dynamic` block gives values to, inside its content.
pub(super) type Locals = Vec<(String, Rc<Value>)>;

/// A block after expansion of `dynamic`.
#[derive(Clone, Debug)]
pub(super) struct View<'a> {
    pub(super) kind: String,
    pub(super) kind_span: Span,
    pub(super) labels: Vec<Label>,
    pub(super) body: &'a Body,
    pub(super) locals: Locals,
    /// From the kind to the last label.
    pub(super) header: Span,
}

impl View<'_> {
    pub(super) fn label(&self, index: usize) -> Option<&str> {
        self.labels.get(index).map(|label| label.text.as_str())
    }
}

/// Generated blocks of one template.
const MAX_GENERATED: usize = 2_000;

/// What a block counts for, in bytes.
pub(super) const BLOCK: usize = 1 << 10;

impl<'a> Analyzer<'a> {
    pub(super) fn new(project: &'a Project, files: &'a dyn Files, inputs: &'a Inputs) -> Self {
        Analyzer {
            project,
            files,
            inputs,
            extra: Vec::new(),
            diagnostics: Vec::new(),
            sensitive: Vec::new(),
            drawn: Cell::new(0),
            budget: Rc::default(),
            over: false,
            plugins: Vec::new(),
            legacy: project.is_legacy(),
            user: Arc::default(),
        }
    }

    fn document(&self, file: FileId) -> Option<&Document> {
        let own = self.project.documents().len();
        self.project.document(file).or_else(|| self.extra.get((file.0 as usize).checked_sub(own)?))
    }

    /// The place of a span; a place at the start of the template for text that is in no file.
    pub(super) fn place(&self, span: Span) -> Option<crate::diagnostic::Place> {
        self.document(span.file).map(|document| document.place_of(span))
    }

    pub(super) fn source(&self, span: Span) -> String {
        self.document(span.file).map(|document| document.slice(span).to_owned()).unwrap_or_default()
    }

    /// Adds a diagnostic with its place and the offending text, and gives it back for more to be said.
    pub(super) fn report(
        &mut self,
        severity: Severity,
        code: &str,
        span: Span,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let mut diagnostic = Diagnostic::new(severity, code, message);
        if let Some(document) = self.document(span.file) {
            diagnostic.place = Some(document.place_of(span));
            diagnostic.excerpt = Some(document.excerpt(span.start..span.end));
        }
        let index = self.diagnostics.len();
        self.diagnostics.push(diagnostic);
        &mut self.diagnostics[index]
    }

    pub(super) fn error(&mut self, code: &str, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        self.report(Severity::Error, code, span, message)
    }

    /// Says that something is declared twice. In two files of a folder, these are often templates of their own.
    pub(super) fn declared_twice(&mut self, code: &str, span: Span, what: &str, first: Span) {
        let help = match self.place(first).zip(self.place(span)) {
            Some((first, second)) if first.file != second.file => format!(
                "if these files are separate templates, open each on its own: {} or {}",
                first.file, second.file
            ),
            _ => "keep one of the two".to_owned(),
        };
        self.error(code, span, format!("{what} is declared a second time")).help = Some(help);
        self.relate("it is declared here first", first);
    }

    /// Adds an error with a remedy, and with a replacement when the remedy is a word to write instead.
    pub(super) fn misspelt(
        &mut self,
        code: &str,
        span: Span,
        message: impl Into<String>,
        near: Option<&str>,
    ) {
        let place = self.place(span);
        let diagnostic = self.error(code, span, message);
        if let Some(near) = near {
            diagnostic.help = Some(format!("did you mean \"{near}\"?"));
            if let Some(place) = place {
                let quoted = diagnostic.excerpt.as_ref().is_some_and(|text| text.starts_with('"'));
                let text = if quoted { format!("\"{near}\"") } else { near.to_owned() };
                *diagnostic = diagnostic
                    .clone()
                    .with_fix(format!("Replace by `{near}`"), vec![Replacement { place, text }]);
            }
        }
    }

    pub(super) fn relate(&mut self, message: &str, span: Span) {
        let place = self.place(span);
        if let (Some(place), Some(last)) = (place, self.diagnostics.last_mut()) {
            *last = last.clone().with_related(message, place);
        }
    }

    /// Evaluates an expression and reports what is wrong in it. `true` when nothing was.
    pub(super) fn eval(&mut self, expr: &Expr, scope: &Scope, locals: &Locals) -> (Value, bool) {
        self.eval_with(expr, scope, locals, false)
    }

    pub(super) fn eval_with(
        &mut self,
        expr: &Expr,
        scope: &Scope,
        locals: &Locals,
        only_env: bool,
    ) -> (Value, bool) {
        if !self.afford(0, expr.span) {
            return (crate::eval::broken(), false);
        }
        let context = Context {
            files: self.files,
            root: self.project.root(),
            inputs: self.inputs,
            drawn: &self.drawn,
            budget: &self.budget,
            in_template: false,
        };
        let mut evaluator = Evaluator::new(scope, &context);
        evaluator.only_env = only_env;
        for (name, value) in locals {
            evaluator.define(name.clone(), Rc::clone(value));
        }
        let value = evaluator.eval(expr);
        let faults = std::mem::take(&mut evaluator.faults);
        let fine = faults.is_empty();
        for fault in faults {
            self.fault(fault);
        }
        (value, fine)
    }

    /// Pays for what is made outside of expressions. False, with an error the first time, when nothing is left for it.
    pub(super) fn afford(&mut self, amount: usize, span: Span) -> bool {
        if self.budget.begin() && self.budget.take(amount) {
            return true;
        }
        if !self.over {
            self.over = true;
            let message = "with this the template comes to too much; the rest is not evaluated";
            self.error("template.too-large", span, message).help =
                Some("generate fewer blocks, or shorter values".to_owned());
        }
        false
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        let place = self.place(fault.span);
        let diagnostic = self.error(fault.code, fault.span, fault.message);
        diagnostic.help = fault.help;
        if let (Some((title, text)), Some(place)) = (fault.fix, place) {
            *diagnostic = diagnostic.clone().with_fix(title, vec![Replacement { place, text }]);
        }
    }

    /// Notes the strings in a sensitive value for scrubbing.
    pub(super) fn keep_secret(&mut self, value: &Value) {
        value.each_text(&mut |text| {
            if let Some(known) = text.known().filter(|known| !known.is_empty())
                && !self.sensitive.iter().any(|other| other == known)
            {
                self.sensitive.push(known.to_owned());
            }
        });
    }

    /// The attributes of a body, each name once: the first one counts.
    pub(super) fn attributes<'b>(&mut self, body: &'b Body) -> Vec<&'b Attribute> {
        let mut seen = HashSet::new();
        body.attributes().filter(|attribute| seen.insert(attribute.name.name.clone())).collect()
    }

    /// Reports what is set twice in a body or in a block inside it, whether the block is used or not: to HCL that is
    /// an error of syntax.
    pub(super) fn duplicates(&mut self, body: &Body) {
        let mut first: HashMap<&str, Span> = HashMap::new();
        for item in &body.items {
            match item {
                Item::Block(block) => self.duplicates(&block.body),
                Item::Attribute(attribute) => match first.entry(attribute.name.as_str()) {
                    Entry::Vacant(entry) => {
                        entry.insert(attribute.name.span);
                    }
                    Entry::Occupied(entry) => {
                        let first = *entry.get();
                        let message = format!("\"{}\" is set a second time", attribute.name.as_str());
                        self.error("attribute.duplicate", attribute.name.span, message).help =
                            Some("keep one of the two".to_owned());
                        self.relate("it is set here first", first);
                    }
                },
            }
        }
    }

    /// Checks that a body has no attributes and blocks but these.
    pub(super) fn expect(&mut self, body: &Body, what: &str, attributes: &[&str], blocks: &[&str]) {
        for item in &body.items {
            let (name, known, other, form) = match item {
                Item::Attribute(attribute) => (&attribute.name, attributes, blocks, "argument"),
                Item::Block(block) => (&block.kind, blocks, attributes, "block"),
            };
            let word = name.as_str();
            if known.contains(&word) || (form == "block" && word == "dynamic") {
                continue;
            }
            if other.contains(&word) {
                let message = match form {
                    "argument" => format!("\"{word}\" is a block: write {word} {{ ... }} without ="),
                    _ => format!("\"{word}\" is an argument: write {word} = ..."),
                };
                self.error("body.form", name.span, message);
                continue;
            }
            let near = nearest(word, known.iter().copied());
            self.misspelt("body.unknown", name.span, format!("{what} has no {form} \"{word}\""), near);
        }
    }

    /// The blocks of a body, with `dynamic` blocks expanded.
    pub(super) fn blocks<'b>(&mut self, body: &'b Body, scope: &Scope, locals: &Locals) -> Vec<View<'b>> {
        let mut views = Vec::new();
        for block in body.blocks() {
            if !self.afford(BLOCK, block.header) {
                break;
            }
            if block.kind.as_str() == "dynamic" && !block.labels.is_empty() {
                self.expand(block, scope, locals, &mut views);
            } else {
                views.push(View {
                    kind: block.kind.name.to_string(),
                    kind_span: block.kind.span,
                    labels: block.labels.clone(),
                    body: &block.body,
                    locals: locals.clone(),
                    header: block.header,
                });
            }
        }
        views
    }

    fn expand<'b>(&mut self, block: &'b Block, scope: &Scope, locals: &Locals, views: &mut Vec<View<'b>>) {
        let Some(kind) = block.labels.first() else { return };
        self.expect(&block.body, "a dynamic block", &["for_each", "iterator", "labels"], &["content"]);
        let Some(for_each) = block.body.attribute("for_each") else {
            self.error("dynamic.for-each", block.header, "a dynamic block needs \"for_each\"");
            return;
        };
        let Some(content) = block.body.blocks_of("content").next() else {
            self.error("dynamic.content", block.header, "a dynamic block needs a block \"content\"");
            return;
        };
        let iterator = match block.body.attribute("iterator").map(|attribute| &attribute.value) {
            Some(expr) => expr.as_path().and_then(|path| path.first().map(|name| (*name).to_owned())),
            None => Some(kind.text.to_string()),
        };
        let iterator = iterator.unwrap_or_else(|| kind.text.to_string());
        let (collection, fine) = self.eval(&for_each.value, scope, locals);
        if !fine || matches!(collection, Value::Unknown(_)) {
            return;
        }
        let pairs: Vec<(Value, Value)> = match (&collection, collection.as_entries()) {
            (_, Some(entries)) => {
                entries.iter().map(|(key, value)| (key.as_str().into(), value.clone())).collect()
            }
            (Value::Set(items), None) => items.iter().map(|item| (item.clone(), item.clone())).collect(),
            (value, None) => match value.as_elements() {
                Some(items) => items.iter().enumerate().map(|(n, item)| (n.into(), item.clone())).collect(),
                None => {
                    let message =
                        format!("for_each needs a list or a map, not {}", crate::eval::describe(value));
                    self.error("dynamic.for-each", for_each.value.span, message);
                    return;
                }
            },
        };
        let before = views.len();
        for (key, value) in pairs {
            if !self.afford(BLOCK, block.header) {
                return;
            }
            if views.len() - before >= MAX_GENERATED {
                self.error("dynamic.too-many", block.header, "this makes more than 2000 blocks");
                views.truncate(before);
                return;
            }
            let mut inner = locals.clone();
            let entries = [("key".to_owned(), key), ("value".to_owned(), value)];
            inner.push((iterator.clone(), Rc::new(Value::Object(entries.into_iter().collect()))));
            let mut labels = Vec::new();
            if let Some(attribute) = block.body.attribute("labels") {
                let (value, _) = self.eval(&attribute.value, scope, &inner);
                for label in value.as_elements().unwrap_or_default() {
                    if let Some(text) = label.as_str() {
                        labels.push(Label { text: text.into(), quoted: true, span: attribute.value.span });
                    }
                }
            }
            views.push(View {
                kind: kind.text.to_string(),
                kind_span: kind.span,
                labels,
                body: &content.body,
                locals: inner,
                header: block.header,
            });
        }
    }

    /// A constant string of an attribute, such as `name` or `description`.
    pub(super) fn text_attribute(
        &mut self,
        body: &Body,
        name: &str,
        scope: &Scope,
        locals: &Locals,
    ) -> Option<String> {
        let attribute = body.attribute(name)?;
        let (value, fine) = self.eval(&attribute.value, scope, locals);
        if !fine || value.is_null() || matches!(value, Value::Unknown(_)) {
            return None;
        }
        match value.to_text().and_then(|text| text.known().map(str::to_owned)) {
            Some(text) => Some(text),
            None => {
                let message = format!("\"{name}\" must be a string, not {}", crate::eval::describe(&value));
                self.error("attribute.type", attribute.value.span, message);
                None
            }
        }
    }

    /// A list of constant strings of an attribute, with the place of each where it is written out.
    pub(super) fn list_attribute(
        &mut self,
        body: &Body,
        name: &str,
        scope: &Scope,
        locals: &Locals,
    ) -> Vec<(String, Span)> {
        let Some(attribute) = body.attribute(name) else { return Vec::new() };
        let (value, fine) = self.eval(&attribute.value, scope, locals);
        if !fine || value.is_null() || matches!(value, Value::Unknown(_)) {
            return Vec::new();
        }
        // Packer's reader of JSON templates takes a single value for a list of one.
        let single = self.legacy.then(|| std::slice::from_ref(&value)).filter(|_| value.as_str().is_some());
        let Some(items) = value.as_elements().or(single) else {
            let message =
                format!("\"{name}\" must be a list of strings, not {}", crate::eval::describe(&value));
            self.error("attribute.type", attribute.value.span, message).help =
                Some(format!("write {name} = [...]"));
            return Vec::new();
        };
        let spans: Vec<Span> = match &attribute.value.kind {
            crate::syntax::ast::ExprKind::List(exprs) => exprs.iter().map(|expr| expr.span).collect(),
            _ => Vec::new(),
        };
        let mut out = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let span = spans.get(index).copied().unwrap_or(attribute.value.span);
            match item.as_str() {
                Some(text) => out.push((text.to_owned(), span)),
                None => {
                    self.error(
                        "attribute.type",
                        span,
                        format!("every element of \"{name}\" must be a string"),
                    );
                }
            }
        }
        out
    }
}
