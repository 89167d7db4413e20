//! Where values stand in JSON: putting them in, taking them out, moving them.

use super::super::{
    About, AttributeValue, Destination, EditError, Planned, RawPatch, block::NewBlock, lines,
};
use super::{Target, not_here, write};
use crate::document::{Document, Language};
use crate::json::{Node, NodeKind, legacy};
use crate::syntax::Span;

/// An object or array whose items can be put in and taken out.
pub(super) struct Container<'a> {
    document: &'a Document,
    node: &'a Node,
    /// Members or elements.
    items: Vec<Span>,
}

/// Writes an item for the indentation of its first line.
type Render<'r> = &'r dyn Fn(&str) -> Result<String, EditError>;

impl<'a> Container<'a> {
    pub(super) fn of(document: &'a Document, node: &'a Node) -> Self {
        let items = match &node.kind {
            NodeKind::Object(members) => members.iter().map(|member| member.span).collect(),
            NodeKind::Array(elements) => elements.iter().map(|element| element.span).collect(),
            _ => Vec::new(),
        };
        Container { document, node, items }
    }

    /// The position of the item that holds a place.
    fn index_of(&self, at: u32) -> Option<usize> {
        self.items.iter().position(|item| item.start <= at && at < item.end)
    }

    /// Whether the items stand on lines of their own.
    pub(super) fn is_tall(&self) -> bool {
        self.items.last().is_some_and(|item| lines::starts_line(self.document, item.start))
    }

    fn patch(&self, start: u32, end: u32, text: String) -> RawPatch {
        RawPatch::new(self.document, start, end, text)
    }

    /// Puts an item before the one at `index`, or at the end; with the offset of the item in the text after the
    /// change.
    pub(super) fn insert(&self, index: usize, render: Render<'_>) -> Result<(RawPatch, u32), EditError> {
        let eol = self.document.line_ending().as_str();
        let Some(last) = self.items.last() else {
            let outer = lines::indentation(self.document, self.node.span.start);
            let indent = format!("{outer}{}", write::Writer::of(self.document, false).unit());
            let lead = format!("{eol}{indent}");
            let text = format!("{lead}{}{eol}{outer}", render(&indent)?);
            let start = self.node.span.start + 1;
            let end = self.node.span.end.saturating_sub(1).max(start);
            return Ok((self.patch(start, end, text), start + lead.len() as u32));
        };
        let beside = self.items.get(index).unwrap_or(last);
        let indent = lines::indentation(self.document, beside.start);
        let gap = if self.is_tall() { format!("{eol}{indent}") } else { " ".to_owned() };
        let text = render(indent)?;
        if index < self.items.len() {
            return Ok((self.patch(beside.start, beside.start, format!("{text},{gap}")), beside.start));
        }
        let offset = last.end + 1 + gap.len() as u32;
        Ok((self.patch(last.end, last.end, format!(",{gap}{text}")), offset))
    }

    /// Takes out the item at a place, with its comma.
    pub(super) fn remove(&self, item: Span) -> Option<RawPatch> {
        let index = self.index_of(item.start)?;
        let item = self.items.get(index)?;
        let before = index.checked_sub(1).and_then(|before| self.items.get(before));
        Some(match (self.items.get(index + 1), before) {
            (Some(next), _) => self.patch(item.start, next.start, String::new()),
            (None, Some(before)) => self.patch(before.end, item.end, String::new()),
            (None, None) => {
                let start = self.node.span.start + 1;
                self.patch(start, self.node.span.end.saturating_sub(1).max(start), String::new())
            }
        })
    }
}

/// The item that goes when a block goes, and what it is in. In HCL, objects and arrays that hold nothing but the
/// block belong to it.
fn unit<'a>(target: &Target<'a>) -> Result<(&'a Node, &'a Node), EditError> {
    if target.is_implied() {
        return Err(not_here("taking the build out"));
    }
    let path = &target.path;
    let mut at = path.len().saturating_sub(1);
    let outer = target.found.parent.map_or(target.root.span.start, |parent| parent.body.span.start - 1);
    if !target.legacy() {
        while let Some(parent) = at.checked_sub(1).and_then(|at| path.get(at)) {
            let alone = Container::of(target.document, parent).items.len() == 1;
            if !alone || parent.span.start == outer || at < 2 {
                break;
            }
            at -= 1;
        }
    }
    match (at.checked_sub(1).and_then(|at| path.get(at)), path.get(at)) {
        (Some(parent), Some(item)) => Ok((parent, item)),
        _ => Err(not_here("taking the whole file out")),
    }
}

pub(super) fn remove(target: &Target<'_>) -> Result<RawPatch, EditError> {
    let (parent, item) = unit(target)?;
    let patch = Container::of(target.document, parent).remove(item.span);
    patch.ok_or_else(|| EditError::UnknownBlock { block: target.found.id.clone() })
}

/// Blocks of one family can stand in one array.
fn family(kind: &str) -> &str {
    if kind == "post-processors" { "post-processor" } else { kind }
}

pub(super) fn relocate(
    moved: &Target<'_>,
    anchor: &Target<'_>,
    to: &Destination,
) -> Result<Planned, EditError> {
    if moved.found.id == anchor.found.id {
        return Ok(Planned::only(Vec::new()));
    }
    let within =
        moved.node.span.start <= anchor.node.span.start && anchor.node.span.end <= moved.node.span.end;
    if within && moved.found.file == anchor.found.file {
        return Err(EditError::IntoItself { block: moved.found.id.clone() });
    }
    let kinds = (family(moved.kind()), family(anchor.kind()));
    let in_chain = anchor.found.parent.is_some_and(|parent| parent.kind.name == "post-processors");
    let ((from, item), (into, beside)) = (unit(moved)?, unit(anchor)?);
    let arrays = from.elements().is_some() && into.elements().is_some();
    let same = from.span == into.span && moved.found.file == anchor.found.file;
    let nested = moved.kind() == "post-processors" && in_chain;
    // In another array of HCL, an item means the same only if it holds all of its labels.
    let whole = |target: &Target<'_>, item: &Node| {
        let labels = &target.found.block.labels;
        target.legacy() || labels.iter().all(|label| item.span.start <= label.span.start)
    };
    let fits = same || (arrays && whole(moved, item) && whole(anchor, beside));
    if kinds.0 != kinds.1 || nested || !fits || moved.legacy() != anchor.legacy() {
        return Err(not_here("moving this block there"));
    }
    let (from, into) = (Container::of(moved.document, from), Container::of(anchor.document, into));
    let unknown = || EditError::UnknownBlock { block: moved.found.id.clone() };
    let own = from.index_of(item.span.start).ok_or_else(unknown)?;
    let other = into.index_of(beside.span.start).ok_or_else(unknown)?;
    let index = if matches!(to, Destination::Before(_)) { other } else { other + 1 };
    if same && (index == own || index == own + 1) {
        return Ok(Planned::only(Vec::new()));
    }
    let span = from.items.get(own).copied().ok_or_else(unknown)?;
    let old = lines::indentation(moved.document, span.start);
    let text = lines::between(moved.document, span.start, span.end);
    let (put, offset) = match (index == into.items.len(), into.items.last()) {
        _ if !same || index < into.items.len() => {
            into.insert(index, &|indent| Ok(shifted(text, old, indent)))?
        }
        _ => into.insert(index, &|_| Ok(text.to_owned()))?,
    };
    let cut = from.remove(span).ok_or_else(unknown)?;
    let before = moved.found.file == anchor.found.file && cut.start < put.start;
    let shift = if before { cut.end() - cut.start } else { 0 };
    let about = About {
        file: anchor.document.id().0 as usize,
        offset: offset - shift + (moved.node.span.start - span.start),
    };
    Ok(Planned { patches: vec![cut, put], about: Some(about) })
}

/// Lines after the first moved from one indentation to another; strings of JSON do not go over lines.
fn shifted(text: &str, from: &str, to: &str) -> String {
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or("").to_owned();
    for line in lines {
        out.push('\n');
        match line.strip_prefix(from) {
            Some(rest) => {
                out.push_str(to);
                out.push_str(rest);
            }
            None => out.push_str(line),
        }
    }
    out
}

pub(super) fn duplicate(target: &Target<'_>) -> Result<Planned, EditError> {
    let (parent, item) = unit(target)?;
    let document = target.document;
    let file = document.id().0 as usize;
    if parent.elements().is_none() {
        if target.legacy() {
            return Err(not_here("a second block of this kind"));
        }
        return Ok(wrap(target.document, target.node, None));
    }
    let container = Container::of(document, parent);
    let index = container.index_of(item.span.start).map_or(container.items.len(), |index| index + 1);
    let text = lines::between(document, item.span.start, item.span.end).to_owned();
    let (patch, offset) = container.insert(index, &|_| Ok(text.clone()))?;
    let about = About { file, offset: offset + (target.node.span.start - item.span.start) };
    Ok(Planned { patches: vec![patch], about: Some(about) })
}

/// A value becomes an array of itself and another one; without another one, of itself twice.
fn wrap(document: &Document, node: &Node, other: Option<String>) -> Planned {
    let other = other.unwrap_or_else(|| lines::between(document, node.span.start, node.span.end).to_owned());
    Planned {
        patches: vec![
            RawPatch::new(document, node.span.start, node.span.start, "["),
            RawPatch::new(document, node.span.end, node.span.end, format!(", {other}]")),
        ],
        about: Some(About { file: document.id().0 as usize, offset: node.span.end + 3 }),
    }
}

/// Adds a block at the top of the project; `None` when it goes into a document in native syntax.
pub(super) fn add_at_top(documents: &[Document], new: &NewBlock<'_>) -> Result<Option<Planned>, EditError> {
    let holds = |document: &&Document| document.body().blocks_of(new.kind).next().is_some();
    let document = documents.iter().rev().find(holds).or(documents.first());
    let Some((document, json)) = document.and_then(|document| Some((document, document.json()?))) else {
        return Ok(None);
    };
    match document.language() {
        Language::LegacyTemplate => legacy_block(document, &json.root, None, new, None),
        Language::JsonTemplate => hcl_block(document, &json.root, new, None),
        _ => Err(not_here("adding a block to variable values")),
    }
    .map(Some)
}

/// Adds a block inside another one or after one.
pub(super) fn add(
    beside: &Target<'_>,
    parent: Option<&Target<'_>>,
    new: &NewBlock<'_>,
    after: Option<&Target<'_>>,
) -> Result<Planned, EditError> {
    let document = beside.document;
    if beside.legacy() {
        let chain = match (parent, after) {
            (Some(parent), _) if parent.kind() == "post-processors" => Some(parent.node),
            (None, Some(after)) if after.found.parent.is_some_and(|p| p.kind.name == "post-processors") => {
                after.path.iter().rev().nth(1).copied()
            }
            _ => None,
        };
        return legacy_block(document, beside.root, chain, new, after);
    }
    let holder = match (parent, after) {
        (Some(parent), _) => parent.node,
        (None, Some(after)) => {
            let start = after.found.parent.map_or(after.root.span.start, |p| p.body.span.start - 1);
            after.path.iter().copied().find(|node| node.span.start == start).unwrap_or(after.root)
        }
        (None, None) => beside.root,
    };
    hcl_block(document, holder, new, after)
}

/// Adds a builder, a step or a variable to a template of the first language.
fn legacy_block(
    document: &Document,
    root: &Node,
    chain: Option<&Node>,
    new: &NewBlock<'_>,
    after: Option<&Target<'_>>,
) -> Result<Planned, EditError> {
    let writer = write::Writer::of(document, false);
    let file = document.id().0 as usize;
    let done = |(patch, offset): (RawPatch, u32)| Planned {
        patches: vec![patch],
        about: Some(About { file, offset }),
    };
    let kind = new.kind;
    if kind == "variable" {
        let name = new.labels.first().map_or("", String::as_str);
        let default = new.attributes.iter().find(|(key, _)| key == "default");
        let value = match default {
            Some((_, value)) => writer.value(value, "")?,
            None => "null".to_owned(),
        };
        let entry = format!("{}: {value}", write::quoted(name));
        let patch = match root.member("variables").map(|member| &member.value) {
            Some(node) => {
                let container = Container::of(document, node);
                container.insert(container.items.len(), &|_| Ok(entry.clone()))?
            }
            None => Container::of(document, root).insert(usize::MAX, &|indent| {
                Ok(format!("\"variables\": {}", writer.tall('{', std::slice::from_ref(&entry), '}', indent)))
            })?,
        };
        return Ok(Planned::only(vec![patch.0]));
    }
    let key = match kind {
        "source" => "builders",
        "post-processors" => "post-processors",
        _ => legacy::STEPS
            .iter()
            .find(|(_, step)| *step == kind)
            .map(|(key, _)| *key)
            .ok_or_else(|| not_here(&format!("adding a {kind} block")))?,
    };
    let mut entries = Vec::new();
    if let Some(type_name) = new.labels.first() {
        entries.push(("type".to_owned(), AttributeValue::String(type_name.clone())));
        if let Some(name) = new.labels.get(1).filter(|name| kind == "source" && *name != type_name) {
            entries.push(("name".to_owned(), AttributeValue::String(name.clone())));
        }
    }
    entries.extend(new.attributes.iter().cloned());
    let render = |indent: &str| match kind {
        "post-processors" => Ok("[]".to_owned()),
        _ => writer.object(&entries, indent),
    };
    let array = chain.or_else(|| root.member(key).map(|member| &member.value));
    match array {
        Some(node) if node.elements().is_some() => {
            let container = Container::of(document, node);
            let index = match after {
                Some(after) => container
                    .index_of(after.node.span.start)
                    .map(|index| index + 1)
                    .ok_or_else(|| not_here("adding this block there"))?,
                None => container.items.len(),
            };
            container.insert(index, &render).map(done)
        }
        Some(_) => Err(not_here(&format!("a second {kind}"))),
        None => {
            let lead = format!("\"{key}\": ");
            let single = key == "error-cleanup-provisioner";
            let root = Container::of(document, root);
            let (patch, offset) = root.insert(root.items.len(), &|indent| {
                let inner = format!("{indent}{}", writer.unit());
                Ok(match single {
                    true => format!("{lead}{}", render(indent)?),
                    false => format!("{lead}{}", writer.tall('[', &[render(&inner)?], ']', indent)),
                })
            })?;
            let first = patch.inserted.get(..).and_then(|text| {
                let from = text.find(&lead)? + lead.len();
                let opening =
                    if single || kind == "post-processors" { 0 } else { text.get(from..)?.find('{')? };
                let chain = if kind == "post-processors" { text.get(from + 1..)?.find('[')? + 1 } else { 0 };
                Some((lead.len() + opening + chain) as u32)
            });
            Ok(done((patch, offset + first.unwrap_or(0))))
        }
    }
}

/// Adds a block to an object of HCL in JSON.
fn hcl_block(
    document: &Document,
    holder: &Node,
    new: &NewBlock<'_>,
    after: Option<&Target<'_>>,
) -> Result<Planned, EditError> {
    let writer = write::Writer::of(document, false);
    let file = document.id().0 as usize;
    let NodeKind::Object(_) = &holder.kind else { return Err(not_here("adding a block to an array")) };
    // Marks where the object of the block starts; no text of a template holds it.
    const MARK: char = '\u{f8ff}';
    let nest = |labels: &[String], indent: &str| -> Result<String, EditError> {
        let mut inner = indent.to_owned();
        labels.iter().for_each(|_| inner.push_str(writer.unit()));
        let mut text = format!("{MARK}{}", writer.object(new.attributes, &inner)?);
        for label in labels.iter().rev() {
            inner.truncate(inner.len().saturating_sub(writer.unit().len()));
            text = writer.tall('{', &[format!("{}: {text}", write::quoted(label))], '}', &inner);
        }
        Ok(text)
    };
    let marked = |(mut patch, offset): (RawPatch, u32)| {
        let lead = patch.inserted.find(MARK).unwrap_or(0) as u32;
        patch.inserted = patch.inserted.replace(MARK, "");
        let _ = offset;
        let about = About { file, offset: patch.start + lead };
        Planned { patches: vec![patch], about: Some(about) }
    };
    let Some(member) = holder.member(new.kind) else {
        let container = Container::of(document, holder);
        let ordered = matches!(new.kind, "provisioner" | "post-processor" | "post-processors");
        let added = container.insert(container.items.len(), &|indent| {
            let inner = format!("{indent}{}", writer.unit());
            Ok(match ordered {
                true => {
                    let text = nest(new.labels, &inner)?;
                    format!("{}: {}", write::quoted(new.kind), writer.tall('[', &[text], ']', indent))
                }
                false => format!("{}: {}", write::quoted(new.kind), nest(new.labels, indent)?),
            })
        })?;
        return Ok(marked(added));
    };
    let mut node = &member.value;
    let mut labels = new.labels;
    loop {
        if node.elements().is_some() {
            let container = Container::of(document, node);
            let index = after.and_then(|after| container.index_of(after.node.span.start));
            let index = index.map_or(container.items.len(), |index| index + 1);
            return container.insert(index, &|indent| nest(labels, indent)).map(marked);
        }
        let inside = labels.first().and_then(|label| node.member(label));
        match (labels, inside) {
            ([_, rest @ ..], Some(member)) => {
                labels = rest;
                node = &member.value;
            }
            ([label, rest @ ..], None) if node.members().is_some() => {
                let container = Container::of(document, node);
                let added = container.insert(container.items.len(), &|indent| {
                    Ok(format!("{}: {}", write::quoted(label), nest(rest, indent)?))
                })?;
                return Ok(marked(added));
            }
            _ => {
                let indent = lines::indentation(document, node.span.start);
                return Ok(wrap(document, node, Some(nest(labels, indent)?.replace(MARK, ""))));
            }
        }
    }
}
