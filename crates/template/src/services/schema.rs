//! Which arguments and blocks a block can have.

use super::cursor::Header;
use crate::form::schema::{arguments, purpose};
use crate::options::{ComponentKind, OptionSpec, OptionType, lookup};

/// A kind of block with its labels.
pub(super) struct BlockKind {
    pub(super) name: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) help: Option<&'static str>,
}

const fn block(name: &'static str, labels: &'static [&'static str]) -> BlockKind {
    BlockKind { name, labels, help: None }
}

const TOP: &[BlockKind] = &[
    block("source", &["type", "name"]),
    block("build", &[]),
    block("variable", &["name"]),
    block("locals", &[]),
    block("local", &["name"]),
    block("data", &["type", "name"]),
    block("packer", &[]),
];

const IN_BUILD: &[BlockKind] = &[
    block("provisioner", &["type"]),
    block("post-processor", &["type"]),
    block("post-processors", &[]),
    block("source", &["source"]),
    block("error-cleanup-provisioner", &["type"]),
    block("dynamic", &["block"]),
];

const VALIDATION: BlockKind = block("validation", &[]);

const CHAINED: BlockKind = block("post-processor", &["type"]);

/// What a block can have in it.
#[derive(Default)]
pub(super) struct Shape {
    pub(super) options: Vec<&'static OptionSpec>,
    pub(super) blocks: Vec<BlockKind>,
}

/// The blocks with those that `dynamic` blocks make in place of their `content`.
fn expanded(blocks: &[Header]) -> Vec<Header> {
    let mut out: Vec<Header> = Vec::new();
    for block in blocks {
        let made = out.last().filter(|outer| outer.kind == "dynamic" && block.kind == "content");
        match made.and_then(|outer| Some((outer.labels.first()?.clone(), outer.makes.clone()))) {
            Some((kind, labels)) => {
                out.pop();
                out.push(Header { kind, labels, ..Header::default() });
            }
            None => out.push(block.clone()),
        }
    }
    out
}

/// The component a block declares, by the blocks it is in.
pub(super) fn component(blocks: &[Header]) -> Option<(ComponentKind, String)> {
    let blocks = expanded(blocks);
    let (block, outer) = blocks.split_last()?;
    let parent = outer.last().map(|parent| parent.kind.as_str());
    let label = block.labels.first().cloned();
    match (block.kind.as_str(), parent) {
        ("source", None) => Some((ComponentKind::Source, label?)),
        ("source", Some("build")) => {
            let label = label?;
            let path = label.strip_prefix("source.").unwrap_or(&label);
            Some((ComponentKind::Source, path.split('.').next().unwrap_or(path).to_owned()))
        }
        ("provisioner" | "error-cleanup-provisioner", Some("build")) => {
            Some((ComponentKind::Provisioner, label?))
        }
        ("post-processor", Some("build" | "post-processors")) => Some((ComponentKind::PostProcessor, label?)),
        _ => None,
    }
}

/// What fits into the innermost of these blocks; at the top of a file there is none.
pub(super) fn shape(blocks: &[Header]) -> Shape {
    let blocks = &expanded(blocks)[..];
    let Some((block, outer)) = blocks.split_last() else {
        return Shape { blocks: TOP.iter().map(described).collect(), ..Shape::default() };
    };
    if let Some((kind, type_name)) = component(blocks) {
        let Some(component) = lookup(kind, &type_name) else {
            return Shape {
                options: arguments(&block.kind, !outer.is_empty()).iter().collect(),
                ..Shape::default()
            };
        };
        let options: Vec<&OptionSpec> = component.all_options().collect();
        let nested = options.iter().filter(|spec| spec.ty == OptionType::Block);
        let blocks =
            nested.map(|spec| BlockKind { name: spec.name, labels: &[], help: Some(spec.help) }).collect();
        let options = options.into_iter().filter(|spec| spec.ty != OptionType::Block).collect();
        return Shape { options, blocks };
    }
    // A block of options in a component, as `qemu_img_args`.
    let nested = component(outer)
        .and_then(|(kind, type_name)| lookup(kind, &type_name))
        .and_then(|component| component.block_options(&block.kind));
    if let Some(options) = nested {
        return Shape { options: options.iter().collect(), ..Shape::default() };
    }
    let blocks = match (block.kind.as_str(), outer.len()) {
        ("build", 0) => IN_BUILD.iter().map(described).collect(),
        ("post-processors", 1) => vec![described(&CHAINED)],
        ("packer", 0) => vec![BlockKind {
            name: "required_plugins",
            labels: &[],
            help: Some("Plugins Packer must have; Goldsmith has its own."),
        }],
        ("variable", 0) => vec![described(&VALIDATION)],
        ("dynamic", _) => vec![BlockKind {
            name: "content",
            labels: &[],
            help: Some("The body of each block that is made."),
        }],
        _ => Vec::new(),
    };
    Shape { options: arguments(&block.kind, !outer.is_empty()).iter().collect(), blocks }
}

fn described(kind: &BlockKind) -> BlockKind {
    BlockKind { name: kind.name, labels: kind.labels, help: about(kind.name) }
}

/// What a kind of block is for.
pub(super) fn about(kind: &str) -> Option<&'static str> {
    purpose(kind).or(match kind {
        "source" => Some("What an image is made from, and how the machine is set up while it is made."),
        "provisioner" => Some("A step that changes the machine, run in the order of the file."),
        "post-processor" => Some("A step that works on what a build made."),
        "error-cleanup-provisioner" => {
            Some("A step that runs only when the build fails, before it clears up.")
        }
        "dynamic" => Some("Makes one block for each element of a list or map."),
        _ => None,
    })
}

/// The option of that name in the innermost of these blocks.
pub(super) fn option(blocks: &[Header], name: &str) -> Option<&'static OptionSpec> {
    if let Some((kind, type_name)) = component(blocks)
        && let Some(component) = lookup(kind, &type_name)
    {
        return component.option(name);
    }
    shape(blocks).options.into_iter().find(|spec| spec.name == name)
}
