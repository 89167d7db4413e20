//! `*.pkr.json` and `*.pkrvars.json`: HCL written as JSON. What is a block, Packer's schema says (packer.md 1.2,
//! 1.4); strings are templates; a key `//` is a comment.

use super::{Decoded, Json, Member, Node, NodeKind, error, inside, plain, relocate, scalar};
use crate::options::{ComponentKind, OptionType, lookup};
use crate::syntax::ast::{
    Attribute, Block, Body, Expr, ExprKind, Ident, Item, Label, ObjectItem, ObjectKey, TemplatePart,
    TemplateStyle,
};
use crate::syntax::{Span, SyntaxError, parse_expression};

/// What the members of an object can be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Schema {
    /// The top of a template.
    Template,
    /// Arguments only.
    Arguments,
    Packer,
    Variable,
    Build,
    PostProcessors,
    /// A component, with its type when that is known.
    Component(ComponentKind, Option<&'static crate::options::Component>),
    /// A `dynamic` block; the kind of component it makes, when it is known and it makes one.
    Dynamic(Option<ComponentKind>),
}

/// What a member is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Argument,
    /// A block with that many labels and this content.
    Block(usize, Schema),
}

impl Schema {
    /// What a member of that name is.
    pub(crate) fn shape(self, name: &str) -> Shape {
        use Schema::*;
        use Shape::{Argument, Block};
        match (self, name) {
            (Template, "packer") => Block(0, Packer),
            (Template, "variable") => Block(1, Variable),
            (Template, "variables" | "locals" | "hcp_packer_registry") => Block(0, Arguments),
            (Template, "local") => Block(1, Arguments),
            (Template, "data" | "communicator") => Block(2, Arguments),
            (Template, "source") => Block(2, Component(ComponentKind::Source, None)),
            (Template, "build") => Block(0, Build),
            (Packer, "required_plugins") | (Variable, "validation") => Block(0, Arguments),
            (Build, "source") => Block(1, Component(ComponentKind::Source, None)),
            (Build, "provisioner" | "error-cleanup-provisioner") => {
                Block(1, Component(ComponentKind::Provisioner, None))
            }
            (Build | PostProcessors, "post-processor") => {
                Block(1, Component(ComponentKind::PostProcessor, None))
            }
            (Build, "post-processors") => Block(0, PostProcessors),
            (Build, "hcp_packer_registry") => Block(0, Arguments),
            (Build, "from") => Block(1, Arguments),
            (Template | Build | PostProcessors | Component(..), "dynamic") => Block(1, Dynamic(None)),
            (Dynamic(Some(kind)), "content") => Block(0, Component(kind, None)),
            (Dynamic(None), "content") => Block(0, Arguments),
            (Component(_, Some(component)), name) => {
                match component.option(name).is_some_and(|spec| spec.ty == OptionType::Block) {
                    true => Block(0, Arguments),
                    false => Argument,
                }
            }
            _ => Argument,
        }
    }

    /// The schema once the first label is known.
    pub(crate) fn labelled(self, label: &str) -> Schema {
        match self {
            Schema::Component(kind, None) => {
                let path = label.strip_prefix("source.").unwrap_or(label);
                Schema::Component(kind, lookup(kind, path.split('.').next().unwrap_or(path)))
            }
            Schema::Dynamic(None) => Schema::Dynamic(match label {
                "source" => Some(ComponentKind::Source),
                "provisioner" | "error-cleanup-provisioner" => Some(ComponentKind::Provisioner),
                "post-processor" => Some(ComponentKind::PostProcessor),
                _ => None,
            }),
            other => other,
        }
    }
}

/// Reads the content of a file.
pub(crate) fn lower(json: &Json, schema: Schema, errors: &mut Vec<SyntaxError>) -> Body {
    let mut lower = Lower { errors };
    match &json.root.kind {
        NodeKind::Object(_) => lower.body(&json.root, schema),
        // Several objects in an array make one body.
        NodeKind::Array(elements) => {
            let mut body = Body { items: Vec::new(), span: inside(&json.root) };
            for element in elements {
                lower.object(element, schema, &mut body.items);
            }
            body
        }
        NodeKind::Missing => Body { items: Vec::new(), span: json.root.span },
        _ => {
            lower.errors.push(error(
                "json.object",
                json.root.span,
                "the file must be an object: { ... }",
                "",
            ));
            Body { items: Vec::new(), span: json.root.span }
        }
    }
}

struct Lower<'e> {
    errors: &'e mut Vec<SyntaxError>,
}

impl Lower<'_> {
    fn body(&mut self, node: &Node, schema: Schema) -> Body {
        let mut items = Vec::new();
        self.object(node, schema, &mut items);
        Body { items, span: inside(node) }
    }

    fn object(&mut self, node: &Node, schema: Schema, items: &mut Vec<Item>) {
        let Some(members) = node.members() else { return };
        for member in members.iter().filter(|member| member.key.text != "//") {
            let unknown_block = matches!(schema, Schema::Template) && member.value.members().is_some();
            match schema.shape(&member.key.text) {
                Shape::Block(labels, inner) => {
                    self.blocks(member, &member.value, (labels, inner), &[], items);
                }
                Shape::Argument if unknown_block => {
                    self.blocks(member, &member.value, (0, Schema::Arguments), &[], items);
                }
                Shape::Argument => items.push(Item::Attribute(self.attribute(member, schema))),
            }
        }
    }

    fn blocks(
        &mut self,
        kind: &Member,
        node: &Node,
        (wanted, schema): (usize, Schema),
        labels: &[Label],
        items: &mut Vec<Item>,
    ) {
        match &node.kind {
            NodeKind::Missing | NodeKind::Null => {}
            NodeKind::Array(elements) => {
                for element in elements {
                    self.blocks(kind, element, (wanted, schema), labels, items);
                }
            }
            NodeKind::Object(members) if wanted > 0 => {
                for member in members {
                    let mut labels = labels.to_vec();
                    let text = member.key.text.as_str();
                    labels.push(Label { text: text.into(), quoted: true, span: member.key_span });
                    let schema = if labels.len() == 1 { schema.labelled(text) } else { schema };
                    self.blocks(kind, &member.value, (wanted - 1, schema), &labels, items);
                }
            }
            NodeKind::Object(_) => {
                let own = node.span.start..node.span.start + 1;
                let header = match labels.last() {
                    Some(label) => label.span,
                    None if kind.value.span == node.span => kind.key_span,
                    None => Span::new(node.span.file, own.start, own.end),
                };
                // Two blocks may share a label, which then stands before both.
                let first = lower_is_directly_after(header, node);
                items.push(Item::Block(Block {
                    kind: Ident { name: kind.key.text.as_str().into(), span: kind.key_span },
                    labels: labels.to_vec(),
                    body: self.body(node, schema),
                    header,
                    span: if first { header.to(node.span) } else { node.span },
                    closed: true,
                }));
            }
            _ => {
                let message = match wanted {
                    0 => format!("\"{}\" must be an object: {{ ... }}", kind.key.text),
                    _ => format!("\"{}\" must be an object with its label as key", kind.key.text),
                };
                self.errors.push(error("json.block", node.span, message, ""));
            }
        }
    }

    fn attribute(&mut self, member: &Member, schema: Schema) -> Attribute {
        let word = matches!((schema, member.key.text.as_str()), (Schema::Variable, "type"))
            || matches!((schema, member.key.text.as_str()), (Schema::Dynamic(_), "iterator"));
        let value = match &member.value.kind {
            NodeKind::String(text) if word => self.expression(text, member.value.span),
            _ => self.value(&member.value),
        };
        let name = Ident { name: member.key.text.as_str().into(), span: member.key_span };
        Attribute { name, value, span: member.span }
    }

    fn value(&mut self, node: &Node) -> Expr {
        let kind = match &node.kind {
            NodeKind::String(text) => return self.template(text, node.span),
            NodeKind::Array(elements) => {
                ExprKind::List(elements.iter().map(|element| self.value(element)).collect())
            }
            NodeKind::Object(members) => ExprKind::Object(
                members
                    .iter()
                    .filter(|member| member.key.text != "//")
                    .map(|member| ObjectItem {
                        key: ObjectKey::Expr(self.template(&member.key, member.key_span)),
                        value: self.value(&member.value),
                        span: member.span,
                    })
                    .collect(),
            ),
            other => scalar(other),
        };
        Expr { kind, span: node.span }
    }

    /// A string as a template: `${...}` and `%{...}` are evaluated.
    fn template(&mut self, decoded: &Decoded, span: Span) -> Expr {
        let text = &decoded.text;
        if !text.contains("${") && !text.contains("%{") {
            return Expr { kind: ExprKind::Template(plain(decoded, span)), span };
        }
        // Within a heredoc nothing but the sequences is special.
        let mut marker = "END".to_owned();
        while text.contains(&marker) {
            marker.push('_');
        }
        let wrapped = format!("<<{marker}\n{text}\n{marker}\n");
        let lead = marker.len() as u32 + 3;
        let mut expr = self.read(&wrapped, lead, decoded, span);
        if let ExprKind::Template(template) = &mut expr.kind {
            template.style = TemplateStyle::Quoted;
            // The line break before the marker is not of the text.
            if let Some(TemplatePart::Literal(last)) = template.parts.last_mut() {
                if last.text.ends_with('\n') {
                    last.text.pop();
                }
                if last.text.is_empty() {
                    template.parts.pop();
                }
            }
        }
        expr
    }

    /// A string that holds an expression, as the type of a variable does.
    fn expression(&mut self, decoded: &Decoded, span: Span) -> Expr {
        self.read(&decoded.text, 0, decoded, span)
    }

    /// Reads an expression of which the text from `lead` on is the decoded text.
    fn read(&mut self, source: &str, lead: u32, decoded: &Decoded, span: Span) -> Expr {
        let (mut expr, errors) = parse_expression(span.file, source);
        let length = decoded.text.len() as u32;
        let offset = |at: u32| {
            let mapped = decoded.map.source(at.saturating_sub(lead).min(length));
            mapped.clamp(span.start, span.end)
        };
        let place = |of: Span| Span::new(span.file, offset(of.start), offset(of.end).max(offset(of.start)));
        for mut error in errors {
            let at = |range: std::ops::Range<u32>| {
                let placed = place(Span::new(span.file, range.start, range.end));
                placed.start..placed.end
            };
            error.range = at(error.range.clone());
            error.related = error.related.map(|(message, range)| (message, at(range)));
            // A replacement would have to be escaped for JSON.
            error.fix = None;
            self.errors.push(error);
        }
        relocate::expr(&mut expr, &place);
        expr.span = span;
        expr
    }
}

/// Whether nothing but a colon and space can stand between a key and an object.
fn lower_is_directly_after(key: Span, node: &Node) -> bool {
    key.end <= node.span.start && node.span.start - key.end <= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::FileId;

    #[test]
    fn interpolations_know_their_place_behind_escapes() {
        let text = r#"{"locals": {"a": "\u0041\n${var.name}!"}}"#;
        let json = super::super::parse(FileId(0), text);
        let mut errors = json.errors.clone();
        let body = lower(&json, Schema::Template, &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        let value = &body.blocks().next().unwrap().body.attributes().next().unwrap().value;
        let ExprKind::Template(template) = &value.kind else { panic!("{value:?}") };
        let [_, TemplatePart::Interpolation { expr, .. }, TemplatePart::Literal(last)] =
            template.parts.as_slice()
        else {
            panic!("{template:?}")
        };
        assert_eq!(&text[expr.span.range()], "var.name");
        assert_eq!(&text[last.span.range()], "!");
    }
}
