//! What can be written at the cursor.

mod expression;

use std::collections::BTreeSet;

use super::cursor::{Cursor, Header, Site};
use super::schema::{self, BlockKind};
use super::{CompletionItem, CompletionKind as Kind, Completions, Editor, Note, cursor, find, floor, notes};
use crate::blocks;
use crate::document::{Document, Language};
use crate::json::legacy::ROOT_KEYS;
use crate::options::{ComponentKind, OptionSpec, OptionType, lookup, types_of};
use crate::references::SymbolKind;
use crate::syntax::ast::Block;
use crate::syntax::{FileId, Span};

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
