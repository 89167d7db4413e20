//! The arguments of blocks that are no component (reference: packer.md 1.2 to 1.4).

use crate::options::{OptionSpec, OptionType};
use crate::syntax::ast::Block;

const fn spec(name: &'static str, ty: OptionType, title: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec::new("General", name, ty, title, help).basic()
}

use OptionType::{Bool, List, String};

const VARIABLE: &[OptionSpec] = &[
    spec(
        "type",
        String,
        "Type",
        "What values it takes: string, number, bool, list(string), map(string), object({...}) or any.",
    ),
    spec("default", String, "Default", "The value when none is given. Without it, a value must be given."),
    spec("description", String, "Description", "What it is for."),
    spec("sensitive", Bool, "Sensitive", "Whether its value is hidden wherever it would be shown.")
        .default("false"),
];

const VALIDATION: &[OptionSpec] = &[
    spec("condition", String, "Condition", "Must be true of the value; names only this variable.").required(),
    spec(
        "error_message",
        String,
        "Message",
        "What to say when it is not: a sentence with a capital and a full stop.",
    )
    .required(),
];

const LOCAL: &[OptionSpec] = &[
    spec("expression", String, "Value", "What it stands for.").required(),
    spec("sensitive", Bool, "Sensitive", "Whether its value is hidden wherever it would be shown.")
        .default("false"),
];

const BUILD: &[OptionSpec] = &[
    spec("name", String, "Name", "Stands before the names of its sources, as in name.qemu.web."),
    spec("description", String, "Description", "What it makes."),
    spec("sources", List, "Sources", "What it starts from, as \"source.type.name\"; each makes one image."),
];

const PACKER: &[OptionSpec] = &[spec(
    "required_version",
    String,
    "Required version",
    "Which versions of Packer the template is written for.",
)];

const NESTED_SOURCE: &[OptionSpec] =
    &[spec("name", String, "Alias", "What to call the source in this build.")];

/// The arguments of a block that is no built-in component. A foreign component has none that are known.
pub(super) fn options(block: &Block, parent: Option<&Block>, foreign: bool) -> &'static [OptionSpec] {
    match (block.kind.as_str(), parent) {
        ("source", Some(_)) if !foreign => &[],
        (kind, parent) => arguments(kind, parent.is_some()),
    }
}

/// The arguments of a block of that kind that is no built-in component, at the top or in another block.
pub(crate) fn arguments(kind: &str, nested: bool) -> &'static [OptionSpec] {
    match (kind, nested) {
        ("variable", false) => VARIABLE,
        ("validation", true) => VALIDATION,
        ("local", false) => LOCAL,
        ("build", false) => BUILD,
        ("packer", false) => PACKER,
        ("source", true) => NESTED_SOURCE,
        _ => &[],
    }
}

/// What a block that is no component is for.
pub(super) fn help(block: &Block) -> Option<&'static str> {
    purpose(block.kind.as_str())
}

/// What a block of that kind is for, when it is no component.
pub(crate) fn purpose(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "variable" => "A value that can be given from outside when building.",
        "variables" => "Values that can be given from outside when building, with their defaults.",
        "locals" => "Named values, computed once and used as local.name.",
        "local" => "A named value, computed once and used as local.name.",
        "build" => "What is done to the machines of its sources, in order, and to what they become.",
        "packer" => "Which version and plugins the template is written for.",
        "validation" => "A condition that the value of the variable must meet.",
        "data" => "Something looked up outside before the build.",
        "post-processors" => "A chain: each step works on what the one before it made.",
        _ => return None,
    })
}

/// Whether an argument takes a value of any kind, so that its text is edited as an expression.
pub(crate) fn is_expression(spec: &OptionSpec) -> bool {
    let any = ["type", "default", "expression", "condition"];
    let tables = [VARIABLE, VALIDATION, LOCAL];
    any.contains(&spec.name) && tables.iter().any(|table| table.iter().any(|own| own.help == spec.help))
}
