//! Edits of JSON documents: the same edits as patches with commas and indentation in the style of the file.

mod list;
mod place;
mod switch;
mod write;

use super::{About, AttributeValue, Destination, Edit, EditError, Planned, RawPatch, block::NewBlock, lines};
use crate::blocks::{self, BlockRef};
use crate::document::{Document, Language};
use crate::json::{Member, Node, NodeKind};
use crate::syntax::Span;
use place::Container;

/// Plans an edit when it is about a JSON document; `None` when it is about another one.
pub(super) fn plan(documents: &[Document], edit: &Edit) -> Result<Option<Planned>, EditError> {
    let target = |id: &str| Target::find(documents, id);
    let planned = match edit {
        Edit::SetAttribute { block, name, value } => {
            let Some(target) = target(block)? else { return Ok(None) };
            Planned::only(target.set(name, value)?)
        }
        Edit::UnsetAttribute { block, name } => {
            let Some(target) = target(block)? else { return Ok(None) };
            Planned::only(target.unset(name))
        }
        Edit::SetElement { block, name, index, value } => {
            let Some(target) = target(block)? else { return Ok(None) };
            Planned::only(list::set(&target, name, *index, value)?)
        }
        Edit::InsertElement { block, name, index, value } => {
            let Some(target) = target(block)? else { return Ok(None) };
            Planned::only(list::insert(&target, name, *index, value)?)
        }
        Edit::RemoveElement { block, name, index } => {
            let Some(target) = target(block)? else { return Ok(None) };
            Planned::only(list::remove(&target, name, *index)?)
        }
        Edit::AddBlock { parent, kind, labels, attributes, after } => {
            let new = NewBlock { kind, labels, attributes };
            let beside = match (after, parent) {
                (Some(id), _) | (None, Some(id)) => target(id)?,
                (None, None) => return place::add_at_top(documents, &new),
            };
            let Some(beside) = beside else { return Ok(None) };
            let after = after.as_ref().map(|_| &beside);
            place::add(&beside, parent.as_deref().map(target).transpose()?.flatten().as_ref(), &new, after)?
        }
        Edit::RemoveBlock { block } => {
            let Some(target) = target(block)? else { return Ok(None) };
            Planned::only(vec![place::remove(&target)?])
        }
        Edit::MoveBlock { block, to } => {
            let (Destination::Before(anchor) | Destination::After(anchor)) = to;
            match (target(block)?, target(anchor)?) {
                (Some(moved), Some(anchor)) => place::relocate(&moved, &anchor, to)?,
                (None, None) => return Ok(None),
                _ => return Err(not_here("moving a block between JSON and native syntax")),
            }
        }
        Edit::DuplicateBlock { block } => {
            let Some(target) = target(block)? else { return Ok(None) };
            place::duplicate(&target)?
        }
        Edit::SetLabel { block, index, label } => {
            let Some(target) = target(block)? else { return Ok(None) };
            target.set_label(*index, label)?
        }
        Edit::RenameAttribute { block, name, to } => {
            let Some(target) = target(block)? else { return Ok(None) };
            Planned::only(target.rename(name, to)?)
        }
        Edit::MoveElement { block, name, index, to } => {
            let Some(target) = target(block)? else { return Ok(None) };
            Planned::only(list::relocate(&target, name, *index, *to)?)
        }
        Edit::DisableAttribute { block, name } | Edit::EnableAttribute { block, name } => {
            let Some(_) = target(block)? else { return Ok(None) };
            return Err(EditError::NoComments { what: format!("`{name}`") });
        }
        Edit::DisableBlock { block } => {
            let Some(target) = target(block)? else { return Ok(None) };
            switch::disable(&target)?
        }
        Edit::EnableBlock { block } => {
            let Some(target) = target(block)? else { return Ok(None) };
            switch::enable(&target)?
        }
        Edit::ReplaceText { .. }
        | Edit::Rename { .. }
        | Edit::ExtractVariable { .. }
        | Edit::MoveScriptToFile { .. }
        | Edit::CreateFile { .. }
        | Edit::Several { .. } => return Ok(None),
    };
    Ok(Some(planned))
}

/// Changes a label in a JSON document, and nothing else; `None` when the block is in another one.
pub(super) fn set_label(
    documents: &[Document],
    id: &str,
    index: usize,
    label: &str,
) -> Result<Option<Planned>, EditError> {
    Target::find(documents, id)?.map(|target| target.set_label(index, label)).transpose()
}

fn not_here(what: &str) -> EditError {
    EditError::NotInJson { what: what.to_owned() }
}

/// A block of a JSON document.
struct Target<'a> {
    document: &'a Document,
    root: &'a Node,
    found: BlockRef<'a>,
    /// From the root to the value that is the block.
    path: Vec<&'a Node>,
    node: &'a Node,
}

impl<'a> Target<'a> {
    fn find(documents: &'a [Document], id: &str) -> Result<Option<Self>, EditError> {
        let unknown = || EditError::UnknownBlock { block: id.to_owned() };
        let found = blocks::find(documents, id).ok_or_else(unknown)?;
        let document = documents.get(found.file.0 as usize).ok_or_else(unknown)?;
        let Some(json) = document.json() else { return Ok(None) };
        let path = json.root.path_to(found.block.body.span.start.saturating_sub(1));
        let node = path.last().copied().ok_or_else(unknown)?;
        Ok(Some(Self { document, root: &json.root, found, path, node }))
    }

    fn legacy(&self) -> bool {
        self.document.language() == Language::LegacyTemplate
    }

    fn kind(&self) -> &str {
        self.found.block.kind.as_str()
    }

    fn patch(&self, start: u32, end: u32, text: impl Into<String>) -> RawPatch {
        RawPatch::new(self.document, start, end, text)
    }

    fn replace(&self, span: Span, text: String) -> Vec<RawPatch> {
        vec![self.patch(span.start, span.end, text)]
    }

    /// The build of a JSON template has no object of its own.
    fn is_implied(&self) -> bool {
        self.legacy() && self.kind() == "build"
    }

    fn member(&self, name: &str) -> Option<&'a Member> {
        match self.is_implied() {
            true => None,
            false => self.node.member(name),
        }
    }

    fn set(&self, name: &str, value: &AttributeValue) -> Result<Vec<RawPatch>, EditError> {
        if name.is_empty() {
            return Err(EditError::BadName { name: name.to_owned() });
        }
        if self.is_implied() {
            return Err(not_here("setting an argument of the build"));
        }
        let writer = write::Writer::of(self.document, self.kind() == "variable" && name == "type");
        match &self.node.kind {
            NodeKind::Object(members) => match self.node.member(name) {
                Some(member) => {
                    if let (NodeKind::Array(_), AttributeValue::List(values)) = (&member.value.kind, value)
                        && let Some(patches) = list::update(self, &member.value, values)?
                    {
                        return Ok(patches);
                    }
                    let indent = lines::indentation(self.document, member.span.start);
                    let text = writer.value(value, indent)?;
                    Ok(self.replace(member.value.span, text))
                }
                None => {
                    let container = Container::of(self.document, self.node);
                    let patch = container.insert(members.len(), &|indent| {
                        Ok(format!("{}: {}", write::quoted(name), writer.value(value, indent)?))
                    })?;
                    Ok(vec![patch.0])
                }
            },
            // A post-processor that is only its type becomes an object.
            NodeKind::String(_) => {
                let written = lines::between(self.document, self.node.span.start, self.node.span.end);
                let indent = lines::indentation(self.document, self.node.span.start);
                let value = writer.value(value, indent)?;
                let text = format!("{{\"type\": {written}, {}: {value}}}", write::quoted(name));
                Ok(self.replace(self.node.span, text))
            }
            _ => Err(not_here("setting an argument of a chain")),
        }
    }

    fn unset(&self, name: &str) -> Vec<RawPatch> {
        let Some(member) = self.member(name) else { return Vec::new() };
        Container::of(self.document, self.node).remove(member.span).into_iter().collect()
    }

    fn rename(&self, name: &str, to: &str) -> Result<Vec<RawPatch>, EditError> {
        let none = || EditError::NoAttribute { block: self.found.id.clone(), name: name.to_owned() };
        let member = self.member(name).ok_or_else(none)?;
        if to.is_empty() {
            return Err(EditError::BadName { name: to.to_owned() });
        }
        if to != name && self.member(to).is_some() {
            return Err(EditError::NameTaken { kind: "argument", name: to.to_owned() });
        }
        Ok(self.replace(member.key_span, write::quoted(to)))
    }

    fn set_label(&self, index: usize, label: &str) -> Result<Planned, EditError> {
        let block = self.found.block;
        let Some(old) = block.labels.get(index) else {
            return Err(EditError::NoLabel { block: self.found.id.clone(), index });
        };
        let about = |offset| Some(About { file: self.document.id().0 as usize, offset });
        let start = self.node.span.start;
        if self.legacy() && index == 1 && self.node.member("name").is_none() {
            return Ok(Planned {
                patches: self.set("name", &AttributeValue::String(label.to_owned()))?,
                about: about(start),
            });
        }
        let text = write::quoted(label);
        let shared = blocks::all(std::slice::from_ref(self.document))
            .iter()
            .filter(|other| other.block.labels.get(index).is_some_and(|other| other.span == old.span))
            .count();
        if shared > 1 {
            return Err(not_here("renaming one of several blocks that share their label"));
        }
        let before = old.span.end <= start;
        let offset = if before { start + text.len() as u32 - old.span.len() } else { start };
        Ok(Planned { patches: self.replace(old.span, text), about: about(offset) })
    }
}
