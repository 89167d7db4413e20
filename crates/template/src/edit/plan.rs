//! From what is meant to the patches that do it.

use super::{Edit, EditError, EditRange, RawPatch, Scene};
use super::{attribute, block, json, list, rename, switch, write};
use crate::blocks::{self, BlockRef};
use crate::disabled;
use crate::document::Document;

/// The patches of an edit, per document in rising order, and the place where the block it is about starts after
/// the change: (document, byte).
pub(crate) struct Planned {
    pub(crate) patches: Vec<RawPatch>,
    pub(crate) about: Option<About>,
}

/// How to find the block an edit was about once the edit is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// Index of the document.
    pub(crate) file: usize,
    /// A byte of the header, in terms of the text after the change.
    pub(crate) offset: u32,
}

impl Planned {
    pub(super) fn only(patches: Vec<RawPatch>) -> Self {
        Self { patches, about: None }
    }
}

/// Plans one edit against the documents; what [`is_compound`] says is taken apart by the caller.
pub(crate) fn plan(scene: &Scene<'_>, edit: &Edit) -> Result<Planned, EditError> {
    let documents = scene.templates();
    match edit {
        Edit::Rename { symbol, to } => return rename::rename(scene, symbol, to),
        Edit::SetLabel { block, index, label } => {
            if let Some(planned) = rename::label(scene, block, *index, label)? {
                return Ok(planned);
            }
        }
        Edit::ReplaceText { file, range, text } => return replace_text(scene.all, file, *range, text),
        Edit::EnableBlock { block } if disabled::is_name(block) => {
            return switch::enable_block(documents, block);
        }
        Edit::RemoveBlock { block } if disabled::is_name(block) => {
            return switch::remove_block(documents, block);
        }
        _ => {}
    }
    if let Some(planned) = json::plan(documents, edit)? {
        return Ok(planned);
    }
    let target = |id: &str| Target::find(documents, id);
    match edit {
        Edit::SetAttribute { block, name, value } => {
            attribute::set(&target(block)?, name, value).map(Planned::only)
        }
        Edit::UnsetAttribute { block, name } => Ok(Planned::only(attribute::unset(&target(block)?, name))),
        Edit::SetElement { block, name, index, value } => {
            list::set(&target(block)?, name, *index, value).map(Planned::only)
        }
        Edit::InsertElement { block, name, index, value } => {
            list::insert(&target(block)?, name, *index, value).map(Planned::only)
        }
        Edit::RemoveElement { block, name, index } => {
            list::remove(&target(block)?, name, *index).map(Planned::only)
        }
        Edit::AddBlock { parent, kind, labels, attributes, after } => {
            let new = block::NewBlock { kind, labels, attributes };
            block::add(documents, parent.as_deref(), &new, after.as_deref())
        }
        Edit::RemoveBlock { block } => Ok(Planned::only(block::remove(&target(block)?))),
        Edit::MoveBlock { block, to } => block::relocate(documents, &target(block)?, to),
        Edit::DuplicateBlock { block } => Ok(block::duplicate(&target(block)?)),
        Edit::SetLabel { block, index, label } => block::set_label(&target(block)?, *index, label),
        Edit::RenameAttribute { block, name, to } => {
            attribute::rename(&target(block)?, name, to).map(Planned::only)
        }
        Edit::DisableAttribute { block, name } => {
            switch::disable_attribute(&target(block)?, name).map(Planned::only)
        }
        Edit::EnableAttribute { block, name } => {
            switch::enable_attribute(&target(block)?, name).map(Planned::only)
        }
        Edit::MoveElement { block, name, index, to } => {
            list::relocate(&target(block)?, name, *index, *to).map(Planned::only)
        }
        Edit::DisableBlock { block } => switch::disable_block(&target(block)?),
        Edit::EnableBlock { block } => switch::enable_block(documents, block),
        // Taken apart by the caller.
        Edit::ReplaceText { .. }
        | Edit::Rename { .. }
        | Edit::ExtractVariable { .. }
        | Edit::MoveScriptToFile { .. }
        | Edit::CreateFile { .. }
        | Edit::Several { .. } => Ok(Planned::only(Vec::new())),
    }
}

/// A block together with its document.
pub(crate) struct Target<'a> {
    pub(super) document: &'a Document,
    pub(super) found: BlockRef<'a>,
}

impl<'a> Target<'a> {
    pub(super) fn find(documents: &'a [Document], id: &str) -> Result<Self, EditError> {
        let unknown = || EditError::UnknownBlock { block: id.to_owned() };
        let found = blocks::find(documents, id).ok_or_else(unknown)?;
        let document = documents.get(found.file.0 as usize).ok_or_else(unknown)?;
        if document.language().is_json() {
            return Err(EditError::NotInJson { what: "this edit".to_owned() });
        }
        Ok(Self { document, found })
    }

    pub(super) fn patch(&self, start: u32, end: u32, text: impl Into<String>) -> RawPatch {
        RawPatch::new(self.document, start, end, text)
    }
}

fn replace_text(
    documents: &[Document],
    file: &str,
    range: EditRange,
    text: &str,
) -> Result<Planned, EditError> {
    let document = documents
        .iter()
        .find(|document| document.name() == file && document.is_present())
        .ok_or_else(|| EditError::UnknownFile { file: file.to_owned() })?;
    let (start, end) = match range {
        EditRange::Bytes { start, end } => (Some(start), Some(end)),
        EditRange::Utf16 { start, end } => (document.offset(start), document.offset(end)),
    };
    let (start, end) = (start.unwrap_or(u32::MAX), end.unwrap_or(u32::MAX));
    let whole = |at: u32| {
        let at = at as usize;
        let bytes = document.text().as_bytes();
        let splits_break = at > 0 && bytes.get(at - 1) == Some(&b'\r') && bytes.get(at) == Some(&b'\n');
        document.text().is_char_boundary(at) && !splits_break
    };
    if start > end || !whole(start) || !whole(end) {
        return Err(EditError::BadRange { file: file.to_owned(), start, end });
    }
    let text = write::with_line_ending(text, document.line_ending());
    Ok(Planned::only(vec![RawPatch::new(document, start, end, text)]))
}

/// The name of the block whose header starts at that place, or of the comments that a block was turned into.
pub(crate) fn block_at(documents: &[Document], about: About) -> Option<String> {
    let found = blocks::all(documents).into_iter().find(|found| {
        let document = documents.get(about.file);
        // In JSON, the labels may stand apart from the object that is the block.
        let start = match document.is_some_and(|document| document.language().is_json()) {
            true => found.block.body.span.start.saturating_sub(1),
            false => found.block.header.start,
        };
        found.file.0 as usize == about.file && start == about.offset
    });
    let disabled = || {
        let mut all = disabled::blocks(documents).into_iter();
        all.find(|one| one.span.file.0 as usize == about.file && one.span.start == about.offset)
    };
    found.map(|found| found.id).or_else(|| disabled().map(|found| found.id))
}
