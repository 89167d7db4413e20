//! Names for blocks that the window can hold on to while the text changes.
//!
//! A labelled block at the top of a file is named by kind and labels (`source.qemu.web`, `variable.disk`),
//! every other one by kind and number among its kind (`build[0]`, `build[0]/provisioner[2]`), top-level numbers
//! counting through the documents in order. A second block with the same labels gets `#2` behind its name.

use std::collections::HashMap;

use crate::document::Document;
use crate::syntax::ast::{Block, Body};
use crate::syntax::{FileId, is_ident};

/// A block of a project with its name.
#[derive(Debug, Clone)]
pub struct BlockRef<'a> {
    /// Its name.
    pub id: String,
    /// The document it is in.
    pub file: FileId,
    /// The block.
    pub block: &'a Block,
    /// The block directly around it; `None` at the top of a file.
    pub parent: Option<&'a Block>,
}

/// Every block of the documents, nested ones after the one they are in.
pub fn all(documents: &[Document]) -> Vec<BlockRef<'_>> {
    let mut out = Vec::new();
    let mut seen = HashMap::new();
    for document in documents {
        collect(document.id(), document.body(), None, "", &mut seen, &mut out);
    }
    out
}

/// The block of that name.
pub fn find<'a>(documents: &'a [Document], id: &str) -> Option<BlockRef<'a>> {
    all(documents).into_iter().find(|block| block.id == id)
}

fn collect<'a>(
    file: FileId,
    body: &'a Body,
    parent: Option<&'a Block>,
    prefix: &str,
    seen: &mut HashMap<String, usize>,
    out: &mut Vec<BlockRef<'a>>,
) {
    for block in body.blocks() {
        let id = format!("{prefix}{}", segment(block, parent.is_none(), seen));
        let inner = format!("{id}/");
        out.push(BlockRef { id, file, block, parent });
        collect(file, &block.body, Some(block), &inner, &mut HashMap::new(), out);
    }
}

fn segment(block: &Block, top_level: bool, seen: &mut HashMap<String, usize>) -> String {
    let kind = block.kind.as_str();
    let mut next = |key: String| {
        let count = seen.entry(key).or_default();
        *count += 1;
        *count - 1
    };
    let number = next(kind.to_owned());
    let named =
        top_level && !block.labels.is_empty() && block.labels.iter().all(|label| is_ident(&label.text));
    if !named {
        return format!("{kind}[{number}]");
    }
    let mut name = kind.to_owned();
    for label in &block.labels {
        name.push('.');
        name.push_str(&label.text);
    }
    match next(name.clone()) {
        0 => name,
        earlier => format!("{name}#{}", earlier + 1),
    }
}
