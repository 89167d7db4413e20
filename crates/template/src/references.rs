//! Who declares and who uses a variable, a local, a source or a data source.
//!
//! One index for everything that needs it: going to a declaration, finding references, renaming, and saying what
//! would be left without its declaration. It is made from the text as it stands, so it works while there are
//! errors in it.

mod paths;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::document::{Document, Language};
use crate::gotemplate;
use crate::json::{Node, NodeKind};
use crate::syntax::Span;
use crate::syntax::ast::{Attribute, Block, Body, Expr, ExprKind, LiteralText, ObjectKey, Step, StepKind};

pub(crate) use paths::paths;

/// What a name can stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SymbolKind {
    /// `var.disk`; in JSON templates ``{{user `disk`}}``.
    Variable,
    /// `local.disk`
    Local,
    /// `source.qemu.web`; in JSON templates a builder.
    Source,
    /// `data.http.mirror`
    Data,
}

/// Something with a name that other places refer to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct Symbol {
    /// What it is.
    pub kind: SymbolKind,
    /// The name; of sources and data sources with the type before it: `qemu.web`.
    pub name: String,
}

impl Symbol {
    /// A symbol of that kind and name.
    pub fn new(kind: SymbolKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// The part of the name that can be changed: without the type.
    pub fn own_name(&self) -> &str {
        match self.kind {
            SymbolKind::Variable | SymbolKind::Local => &self.name,
            SymbolKind::Source | SymbolKind::Data => {
                self.name.split_once('.').map_or(&self.name, |(_, name)| name)
            }
        }
    }

    /// The type before the name, of sources and data sources.
    pub fn type_name(&self) -> Option<&str> {
        match self.kind {
            SymbolKind::Variable | SymbolKind::Local => None,
            SymbolKind::Source | SymbolKind::Data => {
                self.name.split_once('.').map(|(type_name, _)| type_name)
            }
        }
    }
}

/// What a place does with a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It says that the symbol exists.
    Declaration,
    /// It uses its value, or names it.
    Use,
    /// A file with values of variables gives it a value.
    Value,
}

/// One place that is about a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The symbol.
    pub symbol: Symbol,
    /// What the place does with it.
    pub role: Role,
    /// Exactly the name that a renaming replaces: without quotes and without the type. Empty, at the place, where
    /// the name is not written out (a builder without a `name`).
    pub name: Span,
    /// The whole reference: `var.disk`, the header of the block that declares.
    pub span: Span,
}

/// Every reference of some documents, in their order.
#[derive(Debug, Clone, Default)]
pub struct References {
    list: Vec<Reference>,
}

impl References {
    /// The references of these documents: templates, and files with values of variables.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        let documents: Vec<&Document> = documents.into_iter().collect();
        let mut index = References::default();
        for document in &documents {
            match document.language() {
                Language::VariableValues | Language::JsonVariableValues => index.values(document),
                Language::LegacyTemplate => index.legacy(document),
                Language::Template | Language::JsonTemplate => index.template(document),
                Language::Text => {}
            }
        }
        index.list.sort_by_key(|reference| {
            (reference.span.file, reference.name.start, reference.name.end, reference.symbol.clone())
        });
        index.list.dedup();
        index
    }

    /// All of them, by file and place.
    pub fn iter(&self) -> impl Iterator<Item = &Reference> {
        self.list.iter()
    }

    /// Those of one symbol.
    pub fn all<'a>(&'a self, symbol: &'a Symbol) -> impl Iterator<Item = &'a Reference> {
        self.list.iter().filter(move |reference| reference.symbol == *symbol)
    }

    /// Where a symbol is declared; several times in a template with that error.
    pub fn declarations<'a>(&'a self, symbol: &'a Symbol) -> impl Iterator<Item = &'a Reference> {
        self.all(symbol).filter(|reference| reference.role == Role::Declaration)
    }

    /// Where a symbol is used or given a value.
    pub fn uses<'a>(&'a self, symbol: &'a Symbol) -> impl Iterator<Item = &'a Reference> {
        self.all(symbol).filter(|reference| reference.role != Role::Declaration)
    }

    /// The reference at a place: one whose name is there, else the smallest around it.
    pub fn at(&self, place: Span) -> Option<&Reference> {
        let here = |span: Span| span.file == place.file && span.touches(place.start);
        let named = self.list.iter().find(|reference| here(reference.name) && !reference.name.is_empty());
        named.or_else(|| {
            let around = self.list.iter().filter(|reference| here(reference.span));
            around.min_by_key(|reference| reference.span.len())
        })
    }

    /// The symbol that a block declares.
    pub fn declared_by(block: &Block) -> Option<Symbol> {
        let kind = match block.kind.as_str() {
            "variable" => SymbolKind::Variable,
            "local" => SymbolKind::Local,
            "source" => SymbolKind::Source,
            "data" => SymbolKind::Data,
            _ => return None,
        };
        match (kind, block.labels.as_slice()) {
            (SymbolKind::Variable | SymbolKind::Local, [name]) => Some(Symbol::new(kind, name.text.clone())),
            (SymbolKind::Source | SymbolKind::Data, [type_name, name]) => {
                Some(Symbol::new(kind, format!("{}.{}", type_name.text, name.text)))
            }
            _ => None,
        }
    }

    fn push(&mut self, kind: SymbolKind, name: impl Into<String>, role: Role, place: Span, span: Span) {
        self.list.push(Reference { symbol: Symbol::new(kind, name), role, name: place, span });
    }

    /// A file with values: every argument is a variable.
    fn values(&mut self, document: &Document) {
        for attribute in document.body().attributes() {
            let name = attribute.name.name.clone();
            let place = unquoted(document, attribute.name.span);
            self.push(SymbolKind::Variable, name, Role::Value, place, attribute.span);
        }
    }

    fn template(&mut self, document: &Document) {
        for block in document.body().blocks() {
            if let (Some(symbol), Some(label)) = (Self::declared_by(block), block.labels.last()) {
                let name = unquoted(document, label.span);
                self.list.push(Reference { symbol, role: Role::Declaration, name, span: block.header });
            }
            match block.kind.as_str() {
                "variables" => self.declare_all(document, block, SymbolKind::Variable),
                "locals" => self.declare_all(document, block, SymbolKind::Local),
                "build" => self.build(document, block),
                _ => {}
            }
        }
        self.expressions(document, document.body());
    }

    fn declare_all(&mut self, document: &Document, block: &Block, kind: SymbolKind) {
        for attribute in block.body.attributes() {
            let place = unquoted(document, attribute.name.span);
            self.push(kind, attribute.name.name.clone(), Role::Declaration, place, attribute.name.span);
        }
    }

    /// The sources that a build names: in `sources`, as labels, and in `only`, `except` and `override`.
    fn build(&mut self, document: &Document, build: &Block) {
        let mut used: Vec<String> = Vec::new();
        if let Some(list) = build.body.attribute("sources") {
            for (text, literal) in strings(&list.value) {
                used.extend(self.source(text, source_text(literal, 0)));
            }
        }
        for block in build.body.blocks_of("source") {
            if let Some(label) = block.labels.first() {
                let inner = unquoted(document, label.span);
                used.extend(self.source(&label.text, |from, to| {
                    let exact = document.slice(inner) == label.text;
                    let at = |offset: usize| inner.start + offset as u32;
                    if exact { Span::new(inner.file, at(from), at(to)) } else { inner }
                }));
            }
        }
        let chains = build.body.blocks_of("post-processors").flat_map(|chain| chain.body.blocks());
        for block in build.body.blocks().filter(|block| block.kind.name != "source").chain(chains) {
            for name in ["only", "except"] {
                let Some(list) = block.body.attribute(name) else { continue };
                for (text, literal) in strings(&list.value) {
                    self.source(text, source_text(literal, 0));
                }
            }
            self.overrides(document, block, &used);
        }
    }

    /// The keys of `override`: names without a type.
    fn overrides(&mut self, document: &Document, block: &Block, sources: &[String]) {
        let Some(Attribute { value: Expr { kind: ExprKind::Object(items), .. }, .. }) =
            block.body.attribute("override")
        else {
            return;
        };
        for item in items {
            let Some(key) = item.key.literal() else { continue };
            let place = match &item.key {
                ObjectKey::Name(name) => unquoted(document, name.span),
                ObjectKey::Expr(expr) => unquoted(document, expr.span),
            };
            let named = |symbol: &&String| symbol.split_once('.').is_some_and(|(_, name)| name == key);
            for symbol in sources.iter().filter(named) {
                self.push(SymbolKind::Source, symbol.clone(), Role::Use, place, place);
            }
        }
    }

    /// Notes `source.type.name` or `type.name`; the symbol's name.
    fn source(&mut self, text: &str, place: impl Fn(usize, usize) -> Span) -> Option<String> {
        let path = text.strip_prefix("source.").unwrap_or(text);
        let (type_name, name) = path.split_once('.')?;
        if type_name.is_empty() || name.is_empty() || name.contains('.') {
            return None;
        }
        let name_at = place(text.len() - name.len(), text.len());
        self.push(SymbolKind::Source, path, Role::Use, name_at, place(0, text.len()));
        Some(path.into())
    }

    fn expressions(&mut self, document: &Document, body: &Body) {
        for attribute in body.attributes() {
            paths(&attribute.value, &mut |expr, root, steps| self.path(document, expr, root, steps));
        }
        for block in body.blocks() {
            self.expressions(document, &block.body);
        }
    }

    fn path(&mut self, document: &Document, expr: &Expr, root: &str, steps: &[Step]) {
        let kind = match root {
            "var" => SymbolKind::Variable,
            "local" => SymbolKind::Local,
            "data" => SymbolKind::Data,
            _ => return,
        };
        let step = |index: usize| steps.get(index).and_then(|step| named(document, step));
        let Some((first, first_at)) = step(0) else { return };
        let start = expr.span.start;
        if kind != SymbolKind::Data {
            let span = Span::new(expr.span.file, start, end_of(steps, 0));
            self.push(kind, first, Role::Use, first_at, span);
        } else if let Some((second, second_at)) = step(1) {
            let span = Span::new(expr.span.file, start, end_of(steps, 1));
            self.push(kind, format!("{first}.{second}"), Role::Use, second_at, span);
        }
    }

    /// A template of the first language: variables in `{{user}}`, builders by their name.
    fn legacy(&mut self, document: &Document) {
        let body = document.body();
        for block in body.blocks_of("variables") {
            self.declare_all(document, block, SymbolKind::Variable);
        }
        let mut builders: Vec<(String, Symbol)> = Vec::new();
        for block in body.blocks_of("source") {
            let (Some(symbol), [type_name, label]) = (Self::declared_by(block), block.labels.as_slice())
            else {
                continue;
            };
            let written = unquoted(document, label.span);
            // Without a name of its own, the type is the name.
            let own = type_name.span != label.span;
            let name = if own { written } else { Span { end: written.start, ..written } };
            builders.push((label.text.to_string(), symbol.clone()));
            self.list.push(Reference { symbol, role: Role::Declaration, name, span: block.header });
        }
        let Some(json) = document.json() else { return };
        self.users(&json.root);
        let steps = ["provisioners", "post-processors", "error-cleanup-provisioner"];
        for step in steps.iter().filter_map(|key| json.root.member(key)) {
            self.builder_names(document, &step.value, &builders);
        }
        let sensitive = json.root.member("sensitive-variables").and_then(|member| member.value.elements());
        for node in sensitive.unwrap_or_default() {
            if let Some(name) = node.as_str() {
                let place = unquoted(document, node.span);
                self.push(SymbolKind::Variable, name, Role::Use, place, node.span);
            }
        }
    }

    /// ``{{user `name`}}`` in every string below a node.
    fn users(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::String(text) => {
                for (range, name) in gotemplate::users(&text.text) {
                    let at = |offset: usize| text.map.source(offset as u32);
                    let place = Span::new(node.span.file, at(range.start), at(range.end));
                    self.push(SymbolKind::Variable, name, Role::Use, place, place);
                }
            }
            NodeKind::Array(elements) => elements.iter().for_each(|element| self.users(element)),
            NodeKind::Object(members) => members.iter().for_each(|member| self.users(&member.value)),
            _ => {}
        }
    }

    fn builder_names(&mut self, document: &Document, node: &Node, builders: &[(String, Symbol)]) {
        if let Some(elements) = node.elements() {
            elements.iter().for_each(|element| self.builder_names(document, element, builders));
        }
        let lists = ["only", "except"].into_iter().filter_map(|key| node.member(key)?.value.elements());
        let listed = lists.flatten().filter_map(|node| Some((node.as_str()?, node.span)));
        let overrides = node.member("override").and_then(|member| member.value.members());
        let keys = overrides.unwrap_or_default().iter();
        for (name, span) in listed.chain(keys.map(|member| (member.key.text.as_str(), member.key_span))) {
            if let Some((_, symbol)) = builders.iter().find(|(builder, _)| builder == name) {
                let place = unquoted(document, span);
                self.list.push(Reference { symbol: symbol.clone(), role: Role::Use, name: place, span });
            }
        }
    }
}

/// The strings of a list that are written out.
fn strings(list: &Expr) -> impl Iterator<Item = (&str, &LiteralText)> {
    let elements = match &list.kind {
        ExprKind::List(elements) => elements.as_slice(),
        _ => &[],
    };
    elements.iter().filter_map(|element| {
        let ExprKind::Template(template) = &element.kind else { return None };
        match template.parts.as_slice() {
            [crate::syntax::ast::TemplatePart::Literal(literal)] => Some((literal.text.as_str(), literal)),
            _ => None,
        }
    })
}

/// Places in a literal by its decoded offsets.
fn source_text(literal: &LiteralText, base: usize) -> impl Fn(usize, usize) -> Span + '_ {
    move |from, to| {
        let at = |offset: usize| literal.map.source((base + offset) as u32);
        Span::new(literal.span.file, at(from), at(to))
    }
}

/// The name that an access asks for, and exactly where it stands.
fn named(document: &Document, step: &Step) -> Option<(String, Span)> {
    match &step.kind {
        StepKind::Attr(name) => {
            let text = document.slice(step.span);
            let start = step.span.start + text.rfind(name.as_str()).unwrap_or(1) as u32;
            Some((name.to_string(), Span { start, ..step.span }))
        }
        StepKind::Index(key) => {
            let ExprKind::Template(template) = &key.kind else { return None };
            let [crate::syntax::ast::TemplatePart::Literal(literal)] = template.parts.as_slice() else {
                return None;
            };
            Some((literal.text.as_str().into(), literal.span))
        }
        StepKind::LegacyIndex(_) | StepKind::Splat { .. } => None,
    }
}

fn end_of(steps: &[Step], index: usize) -> u32 {
    steps.get(index).map_or(0, |step| step.span.end)
}

/// A place without the quotes around it.
fn unquoted(document: &Document, span: Span) -> Span {
    let text = document.slice(span);
    match text.len() >= 2 && text.starts_with('"') && text.ends_with('"') {
        true => Span { start: span.start + 1, end: span.end - 1, ..span },
        false => span,
    }
}
