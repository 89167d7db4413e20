//! What can be written where a value stands.

use super::super::words::fields;
use super::super::{CompletionKind as Kind, notes};
use super::List;
use crate::document::Language;
use crate::functions;
use crate::gotemplate;
use crate::options::{ComponentKind, Constraint, OptionType};
use crate::references::{Role, SymbolKind};
use std::collections::BTreeSet;

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

impl List<'_, '_> {
    /// Bare values: those of the option, names, functions.
    pub(super) fn expression(&mut self) {
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

    pub(super) fn sources(&mut self, quote: &str, prefix: &str) {
        for name in self.names(SymbolKind::Source) {
            let label = format!("{prefix}{name}");
            let item = self.push(label.clone(), Kind::Source, 10);
            item.insert = format!("{quote}{label}{quote}");
        }
    }

    pub(super) fn names(&self, kind: SymbolKind) -> BTreeSet<String> {
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
    pub(super) fn path(&mut self, path: &[String]) {
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

    pub(super) fn fixed(&mut self, names: &[(&str, &str)]) {
        for (name, help) in names {
            self.push(*name, Kind::Name, 5).detail = Some((*help).to_owned());
        }
    }

    /// Declared names, with what is known of each.
    pub(super) fn declared(&mut self, kind: SymbolKind, insert: impl Fn(&str) -> String) {
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
    pub(super) fn text(&mut self, _before: &str) {
        if self.cursor.direct && self.cursor.keys.is_empty() {
            self.values("");
        }
    }

    /// Inside `{{ }}`.
    pub(super) fn action(&mut self, before: &str) {
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
