//! The options of a component as attributes and blocks.

use super::Upgrade;
use super::text::{Piece, identifier, literal, quoted};
use crate::json::{Decoded, Member, Node, NodeKind};
use crate::options::{ComponentKind, OptionSpec, OptionType, lookup};
use crate::syntax::is_ident;

impl Upgrade<'_> {
    /// Writes the members of a component, without those named in `hidden`.
    pub(super) fn component(
        &mut self,
        out: &mut String,
        node: &Node,
        kind: ComponentKind,
        type_name: &str,
        hidden: &[&str],
    ) {
        let known = lookup(kind, type_name);
        for member in node.members().unwrap_or_default() {
            let name = member.key.text.as_str();
            if hidden.contains(&name) {
                continue;
            }
            if !is_ident(name) {
                self.notes.push(format!("{type_name} has a key \"{name}\", which HCL cannot write"));
                continue;
            }
            match name {
                "only" | "except" if kind != ComponentKind::Source => self.selection(out, member),
                "override" if kind == ComponentKind::Provisioner => self.overrides(out, member, type_name),
                // By provider; an argument as well, though it looks like a block.
                "override" if kind == ComponentKind::PostProcessor => {
                    out.push_str(&format!("override = {}\n", self.value(&member.value, kind, None)));
                }
                _ => {
                    let spec = known.and_then(|component| component.option(name));
                    self.option(out, member, kind, spec.copied());
                }
            }
        }
    }

    /// `only` and `except`: builders, which are named by type and name in HCL.
    fn selection(&mut self, out: &mut String, member: &Member) {
        let names = member.value.elements().unwrap_or(std::slice::from_ref(&member.value));
        let names: Vec<String> =
            names.iter().filter_map(Node::as_str).map(|name| literal(&self.source_of(name))).collect();
        out.push_str(&format!("{} = [{}]\n", member.key.text, names.join(", ")));
    }

    /// `override`: by builder, which HCL names by the source's name alone.
    fn overrides(&mut self, out: &mut String, member: &Member, type_name: &str) {
        let known = lookup(ComponentKind::Provisioner, type_name);
        out.push_str("override = {\n");
        for builder in member.value.members().unwrap_or_default() {
            let source = self.source_of(&builder.key.text);
            let name = source.split_once('.').map_or(source.as_str(), |(_, label)| label);
            out.push_str(&format!("{} = {{\n", key(name)));
            for option in builder.value.members().unwrap_or_default() {
                let spec = known.and_then(|component| component.option(&option.key.text)).copied();
                let value = self.value(&option.value, ComponentKind::Provisioner, spec.map(|spec| spec.ty));
                out.push_str(&format!("{} = {value}\n", key(&option.key.text)));
            }
            out.push_str("}\n");
        }
        out.push_str("}\n");
    }

    fn option(&mut self, out: &mut String, member: &Member, kind: ComponentKind, spec: Option<OptionSpec>) {
        let name = &member.key.text;
        let block = match spec {
            Some(spec) => spec.ty == OptionType::Block,
            None => is_block(&member.value),
        };
        match &member.value.kind {
            // It is as if it were not set.
            NodeKind::Null | NodeKind::Missing => {}
            NodeKind::Object(_) if block => self.block(out, name, &member.value, kind),
            NodeKind::Array(all) if block => all.iter().for_each(|node| self.block(out, name, node, kind)),
            _ => {
                let value = self.value(&member.value, kind, spec.map(|spec| spec.ty));
                out.push_str(&format!("{name} = {value}\n"));
            }
        }
    }

    fn block(&mut self, out: &mut String, name: &str, node: &Node, kind: ComponentKind) {
        out.push_str(&format!("{name} {{\n"));
        for member in node.members().unwrap_or_default() {
            if is_ident(&member.key.text) {
                self.option(out, member, kind, None);
            } else {
                self.notes.push(format!("{name} has a key \"{}\", which HCL cannot write", member.key.text));
            }
        }
        out.push_str("}\n");
    }

    /// A value as an expression, in the shape of an option: JSON is read more loosely than HCL.
    fn value(&mut self, node: &Node, kind: ComponentKind, ty: Option<OptionType>) -> String {
        match (&node.kind, ty) {
            (NodeKind::String(text), Some(OptionType::List | OptionType::IntegerList)) => {
                self.split(text, kind)
            }
            (NodeKind::Array(rows), Some(OptionType::Rows)) => {
                let rows: Vec<String> =
                    rows.iter().map(|row| self.value(row, kind, Some(OptionType::List))).collect();
                list(&rows)
            }
            (NodeKind::Number(_) | NodeKind::Bool(_), Some(OptionType::List | OptionType::IntegerList)) => {
                format!("[{}]", self.value(node, kind, None))
            }
            (NodeKind::String(text), Some(OptionType::Bool)) => match text.text.as_str() {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => "true".to_owned(),
                "0" | "f" | "F" | "FALSE" | "false" | "False" | "" => "false".to_owned(),
                _ => quoted(&self.string(&text.text, kind)),
            },
            (NodeKind::Number(number), Some(OptionType::Bool)) => {
                (number.parse::<f64>() != Ok(0.0)).to_string()
            }
            (NodeKind::String(text), Some(OptionType::Integer)) if text.text.is_empty() => "0".to_owned(),
            (NodeKind::Bool(value), Some(OptionType::Integer)) => i32::from(*value).to_string(),
            (NodeKind::Bool(value), Some(OptionType::String | OptionType::Size)) => {
                format!("\"{}\"", i32::from(*value))
            }
            // A bare number is nanoseconds, as in Go.
            (NodeKind::Number(number), Some(OptionType::Duration)) => format!("\"{number}ns\""),
            (NodeKind::String(text), _) => quoted(&self.string(&text.text, kind)),
            (NodeKind::Number(number), _) => number.to_string(),
            (NodeKind::Bool(value), _) => value.to_string(),
            (NodeKind::Null | NodeKind::Missing, _) => "null".to_owned(),
            (NodeKind::Array(all), _) => {
                let all: Vec<String> = all.iter().map(|node| self.value(node, kind, None)).collect();
                list(&all)
            }
            (NodeKind::Object(members), _) if members.is_empty() => "{}".to_owned(),
            (NodeKind::Object(members), _) => {
                let mut text = String::from("{\n");
                for member in members {
                    let value = self.value(&member.value, kind, None);
                    text.push_str(&format!("{} = {value}\n", key(&member.key.text)));
                }
                text + "}"
            }
        }
    }

    /// A text with commas where a list is wanted.
    fn split(&mut self, text: &Decoded, kind: ComponentKind) -> String {
        if text.text.is_empty() {
            return "[]".to_owned();
        }
        let pieces = self.string(&text.text, kind);
        if pieces.iter().any(|piece| matches!(piece, Piece::Expr(_))) {
            return format!("split(\",\", {})", quoted(&pieces));
        }
        let items: Vec<String> = text.text.split(',').map(literal).collect();
        list(&items)
    }
}

/// A list: on one line when it is short.
fn list(items: &[String]) -> String {
    let length: usize = items.iter().map(|item| item.len() + 2).sum();
    if length <= 60 && !items.iter().any(|item| item.contains('\n')) {
        return format!("[{}]", items.join(", "));
    }
    format!("[\n{},\n]", items.join(",\n"))
}

/// The key of an object.
fn key(name: &str) -> String {
    if is_ident(name) { identifier(name) } else { literal(name) }
}

/// Whether an option nobody here knows is written as a block: Packer takes an object that holds more than plain
/// values for one, and a list of objects for several.
fn is_block(node: &Node) -> bool {
    let complex = |node: &Node| matches!(node.kind, NodeKind::Array(_) | NodeKind::Object(_));
    match &node.kind {
        NodeKind::Object(members) => {
            members.is_empty() || members.iter().any(|member| complex(&member.value))
        }
        NodeKind::Array(all) => !all.is_empty() && all.iter().all(|node| node.members().is_some()),
        _ => false,
    }
}
