//! What can be written at the cursor.

use std::collections::BTreeSet;

use super::cursor::{Cursor, Header, Site};
use super::schema::{self, BlockKind};
use super::words::fields;
use super::{CompletionItem, CompletionKind as Kind, Completions, Editor, Note, cursor, find, floor, notes};
use crate::blocks;
use crate::document::{Document, Language};
use crate::functions;
use crate::gotemplate;
use crate::json::legacy::ROOT_KEYS;
use crate::options::{ComponentKind, Constraint, OptionSpec, OptionType, lookup, types_of};
use crate::references::{Role, SymbolKind};
use crate::syntax::ast::Block;
use crate::syntax::{FileId, Span};

/// Types a variable can have, as one writes them.
const TYPES: &[(&str, &str)] = &[
    ("string", "string"),
    ("number", "number"),
    ("bool", "bool"),
    ("list(string)", "list(${1:string})"),
    ("set(string)", "set(${1:string})"),
    ("map(string)", "map(${1:string})"),
    ("object({...})", "object({ ${1:name} = ${2:string} })"),
    ("tuple([...])", "tuple([${1:string}])"),
    ("any", "any"),
];

impl Editor<'_> {
    /// What can be written at a byte of a document; empty where nothing is known.
    pub fn complete(&self, file: FileId, offset: u32) -> Option<Completions> {
        let document = self.document(file)?;
        let offset = floor(document.text(), offset);
        let cursor = self.cursor(document, offset);
        let mut list = List { editor: self, document, cursor: &cursor, offset, items: Vec::new() };
        list.fill();
        let replace = document.place_of(Span::new(file, cursor.start.min(offset), offset));
        Some(Completions { replace, items: list.items })
    }

    /// What can be written at a byte of the value of an argument, as a form field holds it: where the word starts
    /// that is replaced, and what it can be replaced by.
    pub fn complete_value(
        &self,
        block: &str,
        name: &str,
        text: &str,
        offset: u32,
    ) -> Option<(u32, Vec<CompletionItem>)> {
        let all = blocks::all(self.project.documents());
        let found = all.iter().find(|found| found.id == block)?;
        let document = self.document(found.file)?;
        let around = |outer: &&blocks::BlockRef<'_>| {
            block.strip_prefix(&outer.id).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let headers: Vec<&Block> = all.iter().filter(around).map(|outer| outer.block).collect();
        let lead = format!("{name} = ");
        let shift = lead.len() as u32;
        let offset = floor(text, offset);
        let mut cursor = cursor::native(&format!("{lead}{text}"), shift + offset);
        cursor.blocks = find::headers(&headers);
        let start = cursor.start.saturating_sub(shift).min(offset);
        let mut list = List {
            editor: self,
            document,
            cursor: &cursor,
            offset: found.block.span.start,
            items: Vec::new(),
        };
        list.fill();
        Some((start, list.items))
    }
}

struct List<'e, 'a> {
    editor: &'a Editor<'e>,
    document: &'a Document,
    cursor: &'a Cursor,
    offset: u32,
    items: Vec<CompletionItem>,
}

impl List<'_, '_> {
    fn push(&mut self, label: impl Into<String>, kind: Kind, rank: u32) -> &mut CompletionItem {
        let label = label.into();
        let item = CompletionItem {
            insert: label.clone(),
            label,
            kind,
            detail: None,
            note: None,
            snippet: false,
            rank,
        };
        self.items.push(item);
        let last = self.items.len() - 1;
        &mut self.items[last]
    }

    fn fill(&mut self) {
        let cursor = self.cursor;
        if matches!(self.document.language(), Language::VariableValues | Language::JsonVariableValues) {
            // The declarations are in the templates beside it.
            if cursor.site == Site::Item {
                self.declared(SymbolKind::Variable, |name| format!("{name} = "));
            }
            return;
        }
        match &cursor.site {
            Site::Nothing => {}
            Site::Item => self.item(),
            Site::Label { header, quoted } => self.label(header, *quoted),
            Site::Key { .. } => self.key(),
            Site::Expression { path } if path.is_empty() => self.expression(),
            Site::Expression { path } => self.path(path),
            Site::Text { before } => self.text(before),
            Site::Action { before } => self.action(before),
        }
    }

    /// Arguments and blocks.
    fn item(&mut self) {
        let cursor = self.cursor;
        if cursor.blocks.is_empty() && self.document.language() == Language::LegacyTemplate {
            return self.legacy_top();
        }
        let shape = schema::shape(&cursor.blocks);
        let present = self.present();
        for spec in shape.options {
            if !present.contains(spec.name) {
                self.option(spec);
            }
        }
        if cursor.json && self.document.language() == Language::LegacyTemplate && cursor.blocks.len() <= 2 {
            for name in ["type", "name"] {
                let quoted = cursor.quoted;
                if !present.contains(name) && schema::component(&cursor.blocks).is_none_or(|_| name == "name")
                {
                    let item = self.push(name, Kind::Option, 5);
                    (item.insert, item.snippet) = key(name, "\"${1}\"", quoted);
                }
            }
            return;
        }
        for block in shape.blocks {
            self.block(&block);
        }
    }

    fn legacy_top(&mut self) {
        let quoted = self.cursor.quoted;
        for name in ROOT_KEYS.iter().filter(|name| **name != "push") {
            let value = match *name {
                "variables" => "{ ${1} }",
                "min_packer_version" | "description" => "\"${1}\"",
                "error-cleanup-provisioner" => "{ \"type\": \"${1}\" }",
                "sensitive-variables" => "[\"${1}\"]",
                _ => "[{ \"type\": \"${1}\" }]",
            };
            let item = self.push(*name, Kind::Block, 10);
            (item.insert, item.snippet) = key(name, value, quoted);
        }
    }

    /// The arguments that the block around the cursor has already.
    fn present(&self) -> BTreeSet<String> {
        let inside = |body: &crate::syntax::ast::Body| {
            let others = body.attributes().filter(|attribute| !attribute.name.span.touches(self.offset));
            others.map(|attribute| attribute.name.name.to_string()).collect()
        };
        let mut body = self.document.body();
        let mut depth = 0;
        while depth < self.cursor.blocks.len() {
            let around = |span: Span| span.start <= self.offset && self.offset <= span.end;
            match body.blocks().find(|block| around(block.body.span)) {
                Some(block) => body = &block.body,
                None => return BTreeSet::new(),
            }
            depth += 1;
        }
        inside(body)
    }

    fn option(&mut self, spec: &'static OptionSpec) {
        let rank = match (spec.deprecated, spec.required, spec.advanced) {
            (Some(_), ..) => 90,
            (_, true, _) => 10,
            (_, _, false) => 20,
            _ => 30,
        };
        let cursor = self.cursor;
        let item = self.push(spec.name, Kind::Option, rank);
        item.detail = Some(notes::option_detail(spec));
        item.note = Some(notes::option(spec));
        let value = placeholder(spec);
        (item.insert, item.snippet) = match cursor.json {
            true => key(spec.name, &value, cursor.quoted),
            false => (format!("{} = {value}", spec.name), true),
        };
    }

    fn block(&mut self, block: &BlockKind) {
        let cursor = self.cursor;
        let item = self.push(block.name, Kind::Block, 40);
        item.detail = Some("block".to_owned());
        item.note = block.help.map(|help| Note::new(block.name).say(help));
        let mut labels = String::new();
        for (index, label) in block.labels.iter().enumerate() {
            let number = index + 1;
            labels.push_str(&match cursor.json {
                true => format!("{{ \"${{{number}:{label}}}\": "),
                false => format!(" \"${{{number}:{label}}}\""),
            });
        }
        let last = block.labels.len() + 1;
        (item.insert, item.snippet) = match cursor.json {
            true => {
                let close = " }".repeat(block.labels.len());
                key(block.name, &format!("{labels}{{ ${{{last}}} }}{close}"), cursor.quoted)
            }
            false => (format!("{}{labels} {{\n  ${{{last}}}\n}}", block.name), true),
        };
    }

    fn label(&mut self, header: &Header, quoted: bool) {
        let in_build = self.cursor.blocks.last().is_some_and(|block| block.kind == "build");
        let kind = match (header.kind.as_str(), header.labels.len()) {
            ("source", 0) if in_build => return self.sources(if quoted { "" } else { "\"" }, "source."),
            ("source", 0) => ComponentKind::Source,
            ("provisioner" | "error-cleanup-provisioner", 0) => ComponentKind::Provisioner,
            ("post-processor", 0) => ComponentKind::PostProcessor,
            ("dynamic", 0) => {
                for block in schema::shape(&self.cursor.blocks).blocks {
                    if block.name != "dynamic" {
                        let item = self.push(block.name, Kind::Block, 10);
                        item.insert =
                            if quoted { block.name.to_owned() } else { format!("\"{}\"", block.name) };
                    }
                }
                return;
            }
            _ => return,
        };
        self.types(kind, quoted);
    }

    fn types(&mut self, kind: ComponentKind, quoted: bool) {
        for type_name in types_of(kind) {
            let Some(component) = lookup(kind, type_name) else { continue };
            let item = self.push(type_name, Kind::Type, 10);
            item.detail = Some(component.title.to_owned());
            item.note = Some(notes::component(component));
            if !quoted {
                item.insert = format!("\"{type_name}\"");
            }
        }
    }

    /// Keys of objects whose keys are known.
    fn key(&mut self) {
        let cursor = self.cursor;
        if cursor.blocks.last().is_some_and(|block| block.kind == "required_plugins") {
            for (name, value) in
                [("version", "\"${1:>= 1.0.0}\""), ("source", "\"${1:github.com/hashicorp/qemu}\"")]
            {
                let item = self.push(name, Kind::Option, 10);
                (item.insert, item.snippet) = match cursor.json {
                    true => key(name, value, cursor.quoted),
                    false => (format!("{name} = {value}"), true),
                };
            }
        } else if cursor.attribute.as_deref() == Some("override") && cursor.keys.is_empty() {
            for name in self.names(SymbolKind::Source) {
                let own = name.split_once('.').map_or(name.as_str(), |(_, own)| own).to_owned();
                self.push(own, Kind::Source, 10);
            }
        } else if let Some(options) = self.nested() {
            for spec in options {
                self.option(spec);
            }
        }
    }

    /// The options of a block that is written as an object.
    fn nested(&self) -> Option<&'static [OptionSpec]> {
        let (kind, type_name) = schema::component(&self.cursor.blocks)?;
        lookup(kind, &type_name)?.block_options(self.cursor.attribute.as_deref()?)
    }

    fn spec(&self) -> Option<&'static OptionSpec> {
        schema::option(&self.cursor.blocks, self.cursor.attribute.as_deref()?)
    }

    /// Bare values: those of the option, names, functions.
    fn expression(&mut self) {
        let cursor = self.cursor;
        let in_variable = cursor.blocks.last().is_some_and(|block| block.kind == "variable");
        if in_variable && cursor.attribute.as_deref() == Some("type") && !cursor.json {
            for (label, insert) in TYPES {
                let item = self.push(*label, Kind::Type, 10);
                (item.insert, item.snippet) = ((*insert).to_owned(), insert.contains("${"));
            }
            return;
        }
        if cursor.direct && cursor.keys.is_empty() {
            self.values("\"");
        }
        // Outside of strings, JSON has no expressions.
        if !cursor.json || !cursor.direct {
            self.roots();
            self.functions();
        }
    }

    /// The values that the argument at the cursor may have.
    fn values(&mut self, quote: &str) {
        let cursor = self.cursor;
        let attribute = cursor.attribute.as_deref().unwrap_or("");
        let block = cursor.blocks.last().map_or("", |block| block.kind.as_str());
        match (block, attribute) {
            ("build", "sources") => return self.sources(quote, "source."),
            ("provisioner" | "post-processor" | "error-cleanup-provisioner", "only" | "except") => {
                return self.sources(quote, "");
            }
            (_, "type") if cursor.json && self.document.language() == Language::LegacyTemplate => {
                let kind = match block {
                    "source" => ComponentKind::Source,
                    "post-processor" => ComponentKind::PostProcessor,
                    _ => ComponentKind::Provisioner,
                };
                return self.types(kind, quote.is_empty());
            }
            _ => {}
        }
        let Some(spec) = self.spec() else { return };
        if let Constraint::OneOf(choices) = spec.constraint {
            for choice in choices {
                let item = self.push(*choice, Kind::Value, 5);
                item.insert = format!("{quote}{choice}{quote}");
                if spec.default == Some(*choice) {
                    item.detail = Some("default".to_owned());
                }
            }
        } else if spec.ty == OptionType::Bool && !quote.is_empty() {
            for value in ["true", "false"] {
                let is_default = spec.default == Some(value);
                let item = self.push(value, Kind::Value, 5);
                item.detail = is_default.then(|| "default".to_owned());
            }
        } else if let Some(default) = spec.default.filter(|default| !default.contains(['"', '\\', '$', '%']))
        {
            let bare = matches!(spec.ty, OptionType::Integer | OptionType::Bool | OptionType::IntegerList);
            let text = matches!(spec.ty, OptionType::String | OptionType::Duration | OptionType::Size);
            if (bare && !quote.is_empty()) || text {
                let item = self.push(default, Kind::Value, 8);
                item.detail = Some("default".to_owned());
                if text {
                    item.insert = format!("{quote}{default}{quote}");
                }
            }
        }
    }

    fn sources(&mut self, quote: &str, prefix: &str) {
        for name in self.names(SymbolKind::Source) {
            let label = format!("{prefix}{name}");
            let item = self.push(label.clone(), Kind::Source, 10);
            item.insert = format!("{quote}{label}{quote}");
        }
    }

    fn names(&self, kind: SymbolKind) -> BTreeSet<String> {
        let references = self.editor.references().iter();
        let declared =
            references.filter(|found| found.role == Role::Declaration && found.symbol.kind == kind);
        declared.map(|found| found.symbol.name.clone()).collect()
    }

    /// The first names of paths.
    fn roots(&mut self) {
        let cursor = self.cursor;
        let has = |kind: &str| cursor.blocks.iter().any(|block| block.kind == kind);
        let step =
            ["provisioner", "post-processor", "error-cleanup-provisioner"].iter().any(|kind| has(kind));
        for name in &cursor.names {
            self.push(name.clone(), Kind::Variable, 12);
        }
        if has("dynamic") {
            let iterators: Vec<String> = cursor
                .blocks
                .iter()
                .filter(|block| block.kind == "dynamic")
                .filter_map(|b| b.labels.first().cloned())
                .collect();
            for name in iterators {
                self.push(name, Kind::Name, 13).detail = Some("element of for_each".to_owned());
            }
        }
        for (name, help, here) in [
            ("var", "variables", true),
            ("local", "locals", true),
            ("data", "data sources", !self.names(SymbolKind::Data).is_empty()),
            ("build", "values of the running build", step),
            ("source", "name and type of the source", has("source") || has("build")),
            ("path", "folders", true),
            ("packer", "the program", true),
        ] {
            if here {
                self.push(name, Kind::Name, 15).detail = Some(help.to_owned());
            }
        }
        // Whole names too, so that one need not know which root a name is under.
        if !cursor.json {
            for (kind, root, item_kind) in
                [(SymbolKind::Variable, "var", Kind::Variable), (SymbolKind::Local, "local", Kind::Local)]
            {
                for name in self.names(kind) {
                    self.push(format!("{root}.{name}"), item_kind, 18);
                }
            }
        }
    }

    fn functions(&mut self) {
        let names = functions::all()
            .map(functions::Function::name)
            .chain(notes::SPECIAL.iter().map(|(name, _)| *name));
        for name in names {
            if name == "env" && !self.cursor.blocks.iter().any(|block| block.kind.starts_with("variable")) {
                continue;
            }
            let note = notes::function(name);
            let item = self.push(name, Kind::Function, 50);
            item.detail = note.as_ref().map(|note| note.title.clone());
            item.note = note;
            (item.insert, item.snippet) = match name {
                "timestamp" | "uuidv4" => (format!("{name}()"), false),
                _ => (format!("{name}(${{1}})"), true),
            };
        }
    }

    /// What follows a dot.
    fn path(&mut self, path: &[String]) {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["var"] => self.declared(SymbolKind::Variable, str::to_owned),
            ["local"] => self.declared(SymbolKind::Local, str::to_owned),
            ["path"] => self.fixed(&[("root", "folder of the template"), ("cwd", "working folder")]),
            ["packer"] => self.fixed(&[("version", "version of the language")]),
            ["source"] => self.fixed(&[("name", "name of the source"), ("type", "type of the source")]),
            ["build"] => {
                self.fixed(&[("name", "name of the source")]);
                for name in gotemplate::BUILD_FIELDS {
                    self.push(*name, Kind::Field, 10).detail = Some("known during the build".to_owned());
                }
            }
            ["data"] => {
                let types = self.names(SymbolKind::Data);
                let types: BTreeSet<&str> = types.iter().filter_map(|name| name.split('.').next()).collect();
                for name in types {
                    self.push(name, Kind::Type, 10);
                }
            }
            ["data", type_name] => {
                for name in self.names(SymbolKind::Data) {
                    if let Some(own) = name.strip_prefix(type_name).and_then(|rest| rest.strip_prefix('.')) {
                        self.push(own, Kind::Name, 10);
                    }
                }
            }
            // The attributes of a value.
            _ => {
                let value = self.editor.resolver().value(&path.join("."));
                for (name, inner) in value.as_ref().and_then(|value| value.as_entries()).into_iter().flatten()
                {
                    if crate::syntax::is_ident(name) {
                        self.push(name.clone(), Kind::Field, 10).detail = Some(inner.type_of().to_string());
                    }
                }
            }
        }
    }

    fn fixed(&mut self, names: &[(&str, &str)]) {
        for (name, help) in names {
            self.push(*name, Kind::Name, 5).detail = Some((*help).to_owned());
        }
    }

    /// Declared names, with what is known of each.
    fn declared(&mut self, kind: SymbolKind, insert: impl Fn(&str) -> String) {
        let item_kind = if kind == SymbolKind::Local { Kind::Local } else { Kind::Variable };
        for name in self.names(kind) {
            let note = self.editor.symbol_note(&crate::references::Symbol::new(kind, name.clone()));
            let inserted = insert(&name);
            let item = self.push(name, item_kind, 10);
            item.insert = inserted;
            if let Some(note) = note {
                item.detail = note.value.as_deref().map(short).or(note.detail.clone());
                item.note = Some(note);
            }
        }
    }

    /// Inside quotes: the values the option may have.
    fn text(&mut self, _before: &str) {
        if self.cursor.direct && self.cursor.keys.is_empty() {
            self.values("");
        }
    }

    /// Inside `{{ }}`.
    fn action(&mut self, before: &str) {
        let cursor = self.cursor;
        let trimmed = before.trim_start_matches('-').trim_start();
        let open_quote = before.matches('`').count() % 2 == 1;
        if open_quote {
            if trimmed.starts_with("user") {
                self.declared(SymbolKind::Variable, str::to_owned);
            } else if trimmed.starts_with("build") {
                for name in gotemplate::BUILD_FIELDS {
                    self.push(*name, Kind::Field, 10);
                }
            }
            return;
        }
        let word = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        let known = fields(cursor.attribute.as_deref().unwrap_or(""));
        if word.ends_with('.') {
            for (name, help) in known {
                self.push(*name, Kind::Field, 5).detail = Some((*help).to_owned());
            }
            return;
        }
        for (name, help) in known {
            self.push(format!(".{name}"), Kind::Field, 5).detail = Some((*help).to_owned());
        }
        let legacy = self.document.language() == Language::LegacyTemplate;
        for name in gotemplate::function_names() {
            // The variables of JSON templates do not exist in HCL.
            if !legacy && matches!(*name, "user" | "env") {
                continue;
            }
            let Some(note) = notes::go_function(name) else { continue };
            let item = self.push(*name, Kind::Function, 20);
            item.detail = note.text.first().cloned();
            item.note = Some(note);
            if matches!(*name, "user" | "build" | "env") {
                (item.insert, item.snippet) = (format!("{name} `${{1}}`"), true);
            }
        }
    }
}

/// A value in a few words.
fn short(value: &str) -> String {
    let line = value.lines().next().unwrap_or("");
    if line.chars().count() > 40 { line.chars().take(39).chain(['…']).collect() } else { line.to_owned() }
}

/// A JSON member; only the key when its quotes are there already.
fn key(name: &str, value: &str, quoted: bool) -> (String, bool) {
    match quoted {
        true => (name.to_owned(), false),
        false => (format!("\"{name}\": {value}"), true),
    }
}

/// What stands for the value of an option until it is written.
fn placeholder(spec: &OptionSpec) -> String {
    let default = spec.default.filter(|default| !default.contains(['$', '{', '}', '\\', '"', '[']));
    let default = default.map_or_else(|| "${1}".to_owned(), |default| format!("${{1:{default}}}"));
    match spec.ty {
        OptionType::Integer => default,
        OptionType::Bool => match spec.default {
            Some("true") => "${1:false}".to_owned(),
            _ => "${1:true}".to_owned(),
        },
        OptionType::List => "[\"${1}\"]".to_owned(),
        OptionType::IntegerList => "[${1}]".to_owned(),
        OptionType::Rows => "[[\"${1}\"]]".to_owned(),
        OptionType::Map | OptionType::Block => "{ ${1} }".to_owned(),
        _ if crate::form::schema::is_expression(spec) || spec.name == "type" => "${1}".to_owned(),
        OptionType::String | OptionType::Duration | OptionType::Size => format!("\"{default}\""),
    }
}
