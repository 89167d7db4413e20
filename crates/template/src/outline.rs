//! The tree of blocks that the window shows beside the text.
//!
//! It is made from whatever the parser understood, so that it stays useful while the text is broken.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::blocks;
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::disabled::{self, Disabled};
use crate::document::Document;
use crate::options::{ComponentKind, lookup};
use crate::project::Project;
use crate::syntax::FileId;
use crate::syntax::ast::{Block, Expr, ExprKind};

/// The blocks of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Outline {
    /// The blocks at the top of the files, in the order of the files.
    pub nodes: Vec<OutlineNode>,
}

/// One block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OutlineNode {
    /// Names it in forms and edits; see [`crate::blocks`].
    pub id: String,
    /// `source`, `build`, `provisioner` ...
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// What to call it: `qemu.web`, `shell`, the name of a variable.
    pub title: String,
    /// What sets it apart from its neighbours: a script, a name, a default.
    pub detail: Option<String>,
    /// From its first to its last character.
    pub place: Place,
    /// Errors in it, blocks inside it included.
    pub errors: u32,
    /// Warnings in it, blocks inside it included.
    pub warnings: u32,
    /// Whether it is a component that Goldsmith keeps but does not build.
    pub foreign: bool,
    /// Whether it is turned into comments, or in a JSON template left out of every build; see [`crate::disabled`].
    pub disabled: bool,
    /// The blocks in it.
    pub children: Vec<OutlineNode>,
}

impl Project {
    /// The tree of blocks, with the problems of syntax counted.
    pub fn outline(&self) -> Outline {
        self.outline_with(&self.syntax_diagnostics())
    }

    /// The tree of blocks, with these problems counted.
    pub fn outline_with(&self, diagnostics: &[Diagnostic]) -> Outline {
        let mut nodes: Vec<OutlineNode> = Vec::new();
        for found in blocks::all(self.documents()) {
            let Some(document) = self.document(found.file) else { continue };
            let node = node(document, found.id, found.block, found.parent, diagnostics);
            attach(&mut nodes, node);
        }
        for found in disabled::blocks(self.documents()) {
            let Some(document) = self.document(found.span.file) else { continue };
            let around = found.parent.as_deref().and_then(|id| self.block(id));
            if let Some(node) = disabled_node(document, &found, around.map(|around| around.block)) {
                insert(&mut nodes, found.parent.as_deref(), node, self.documents());
            }
        }
        Outline { nodes }
    }
}

/// Blocks come in order, each after the one it is in, whose name and a slash its own name starts with.
fn attach(nodes: &mut Vec<OutlineNode>, node: OutlineNode) {
    let inside =
        |outer: &OutlineNode| node.id.strip_prefix(&outer.id).is_some_and(|rest| rest.starts_with('/'));
    match nodes.last_mut() {
        Some(last) if inside(last) => attach(&mut last.children, node),
        _ => nodes.push(node),
    }
}

/// A disabled block as it would be shown, at the place of its comments.
fn disabled_node(document: &Document, found: &Disabled, parent: Option<&Block>) -> Option<OutlineNode> {
    let name = document.path().to_owned();
    let own = Document::with_language(FileId(0), name, found.text.clone().into_bytes(), document.language());
    let block = own.body().blocks().next()?;
    let node = node(&own, found.id.clone(), block, parent, &[]);
    Some(OutlineNode { place: document.place_of(found.span), disabled: true, ..node })
}

/// Puts a node among those of its parent, where its text stands.
fn insert(nodes: &mut Vec<OutlineNode>, parent: Option<&str>, node: OutlineNode, documents: &[Document]) {
    if let Some(parent) = parent {
        let inside = |outer: &&mut OutlineNode| {
            parent.strip_prefix(&outer.id).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(outer) = nodes.iter_mut().find(inside) {
            let deeper = (outer.id != parent).then_some(parent);
            insert(&mut outer.children, deeper, node, documents);
        }
        return;
    }
    let order = |node: &OutlineNode| {
        let file = documents.iter().position(|document| document.name() == node.place.file);
        (file, node.place.start)
    };
    let at = nodes.iter().position(|other| order(other) > order(&node)).unwrap_or(nodes.len());
    nodes.insert(at, node);
}

fn node(
    document: &Document,
    id: String,
    block: &Block,
    parent: Option<&Block>,
    diagnostics: &[Diagnostic],
) -> OutlineNode {
    let place = document.place_of(block.span);
    let inside = |severity: Severity| {
        let within = |at: &Place| at.file == place.file && place.start <= at.start && at.start < place.end;
        let found =
            diagnostics.iter().filter(|d| d.severity == severity && d.place.as_ref().is_some_and(within));
        found.count() as u32
    };
    let (errors, warnings) = (inside(Severity::Error), inside(Severity::Warning));
    OutlineNode {
        id,
        kind: block.kind.name.to_string(),
        labels: block.labels.iter().map(|label| label.text.to_string()).collect(),
        title: title(block, parent),
        detail: detail(document, block, parent),
        place,
        errors,
        warnings,
        foreign: is_foreign(block, parent),
        disabled: disabled::left_out(document, block),
        children: Vec::new(),
    }
}

/// The kind of component a block declares and its type; `None` for blocks that are no component.
pub(crate) fn component<'a>(block: &'a Block, parent: Option<&Block>) -> Option<(ComponentKind, &'a str)> {
    let label = block.label(0)?;
    let in_build = parent.is_some_and(|parent| parent.kind.name == "build");
    let in_chain = parent.is_some_and(|parent| parent.kind.name == "post-processors");
    Some(match block.kind.as_str() {
        "source" if parent.is_none() => (ComponentKind::Source, label),
        // `source "source.qemu.web"` or `source "qemu.web"` in a build adds to that source.
        "source" if in_build => {
            let path = label.strip_prefix("source.").unwrap_or(label);
            (ComponentKind::Source, path.split('.').next().unwrap_or(path))
        }
        "provisioner" | "error-cleanup-provisioner" if in_build => (ComponentKind::Provisioner, label),
        "post-processor" if in_build || in_chain => (ComponentKind::PostProcessor, label),
        _ => return None,
    })
}

/// Whether the block is a component that is not built here.
pub(crate) fn is_foreign(block: &Block, parent: Option<&Block>) -> bool {
    component(block, parent).is_some_and(|(kind, type_name)| lookup(kind, type_name).is_none())
}

/// What to call a block.
pub(crate) fn title(block: &Block, parent: Option<&Block>) -> String {
    let labels: Vec<&str> = block.labels.iter().map(|label| label.text.as_str()).collect();
    let name =
        |attribute: &str| block.body.attribute(attribute).and_then(|found| found.value.literal_string());
    match block.kind.as_str() {
        "build" => name("name").unwrap_or_else(|| "build".to_owned()),
        "source" if parent.is_some() => {
            let label = labels.first().copied().unwrap_or("source");
            label.strip_prefix("source.").unwrap_or(label).to_owned()
        }
        kind if labels.is_empty() => kind.to_owned(),
        _ => labels.join("."),
    }
}

fn detail(document: &Document, block: &Block, parent: Option<&Block>) -> Option<String> {
    let attribute = |name: &str| block.body.attribute(name).map(|found| &found.value);
    let count = |noun: &str| match block.body.attributes().count() {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    };
    match block.kind.as_str() {
        "variable" => {
            let secret =
                attribute("sensitive").is_some_and(|value| matches!(value.kind, ExprKind::Bool(true)));
            match attribute("default") {
                Some(_) if secret => Some("sensitive".to_owned()),
                Some(value) => Some(short(document, value)),
                None => Some("required".to_owned()),
            }
        }
        "locals" | "variables" => Some(count("value")),
        "build" => attribute("sources").map(|value| short(document, value)),
        _ if is_foreign(block, parent) => Some("not built here".to_owned()),
        "provisioner" | "error-cleanup-provisioner" | "post-processor" => {
            if let Some(name) = attribute("name").and_then(Expr::literal_string) {
                return Some(name);
            }
            const TELLING: &[&str] = &[
                "script",
                "scripts",
                "inline",
                "command",
                "destination",
                "source",
                "output",
                "playbook_file",
            ];
            TELLING.iter().find_map(|name| attribute(name)).map(|value| short(document, value))
        }
        "source" => {
            let (kind, type_name) = component(block, parent)?;
            lookup(kind, type_name).map(|component| component.title.to_owned())
        }
        _ => None,
    }
}

/// A value in a few words: a string without its quotes, the first element of a list, else its text.
fn short(document: &Document, value: &Expr) -> String {
    let text = match &value.kind {
        ExprKind::List(elements) => match elements.as_slice() {
            [] => "[]".to_owned(),
            [only] => short(document, only),
            [first, rest @ ..] => format!("{} +{}", short(document, first), rest.len()),
        },
        _ => value.literal_string().unwrap_or_else(|| document.source(value).to_owned()),
    };
    let line = text.trim().lines().next().unwrap_or("").trim_end().to_owned();
    if line.chars().count() > 60 { line.chars().take(59).chain(['…']).collect() } else { line }
}
