//! The reference as pages: one for each component and communicator, one for the functions. They come from the
//! tables that decoding and checks read, so that they cannot say anything else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use goldsmith_template::functions;
use goldsmith_template::options::{
    CommonOptions, Component, ComponentKind, Constraint, OptionSpec, OptionType, SshOptions, WinrmOptions,
    tables,
};
use goldsmith_template::services::function_help;

/// What each page begins with.
const MADE: &str = "<!-- Made by `goldsmith docs --write docs/reference` from the program's own tables; changes belong there. -->\n\n";

/// The pages by their path in the folder of the reference, except that of the commands.
pub fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for component in tables() {
        pages.insert(path(component), component_page(component));
    }
    let communicators: [(&str, &str, &[&[OptionSpec]]); 3] = [
        ("ssh", "A guest reached by SSH.", &[CommonOptions::OPTIONS, SshOptions::OPTIONS]),
        (
            "winrm",
            "A Windows guest reached by WinRM. Such templates are read and checked, but not built yet.",
            &[CommonOptions::OPTIONS, WinrmOptions::OPTIONS],
        ),
        ("none", "A guest that is not reached: nothing can be done in it.", &[CommonOptions::OPTIONS]),
    ];
    for (name, help, options) in communicators {
        let mut page = format!("{MADE}# communicator = \"{name}\"\n\n{help}\n");
        groups(&mut page, options.iter().flat_map(|table| table.iter()));
        pages.insert(format!("communicators/{name}.md"), page);
    }
    pages.insert("functions.md".to_owned(), functions_page());
    pages.insert("README.md".to_owned(), index(&pages));
    pages
}

fn path(component: &Component) -> String {
    format!("{}s/{}.md", component.kind.block(), component.type_name)
}

fn component_page(component: &Component) -> String {
    let (kind, name) = (component.kind.block(), component.type_name);
    let label = if component.kind == ComponentKind::Source { " \"name\"" } else { "" };
    let mut page = format!("{MADE}# {kind} \"{name}\"\n\n{}: {}\n\n", component.title, component.help);
    let _ = writeln!(page, "```hcl\n{kind} \"{name}\"{label} {{");
    let needed = component.all_options().filter(|spec| spec.required);
    for spec in needed {
        let _ = writeln!(page, "  {} = {}", spec.name, placeholder(spec));
    }
    page.push_str("}\n```\n");
    if component.communicator {
        page.push_str("\nIt also takes the options of a communicator: [ssh](../communicators/ssh.md), [winrm](../communicators/winrm.md), [none](../communicators/none.md).\n");
    }
    let own = component.options.iter().flat_map(|table| table.iter());
    if component.kind == ComponentKind::Source {
        groups(&mut page, own);
    } else {
        groups(&mut page, component.all_options());
    }
    let blocks = component.all_options().filter(|spec| spec.ty == OptionType::Block);
    for block in blocks {
        if let Some(options) = component.block_options(block.name) {
            let _ = write!(page, "\n## The block `{}`\n\n{}\n\n", block.name, block.help);
            table(&mut page, options.iter());
        }
    }
    page
}

fn placeholder(spec: &OptionSpec) -> &'static str {
    match spec.ty {
        OptionType::Integer => "0",
        OptionType::Bool => "true",
        OptionType::List | OptionType::IntegerList | OptionType::Rows => "[]",
        OptionType::Map | OptionType::Block => "{}",
        OptionType::String | OptionType::Duration | OptionType::Size => "\"...\"",
    }
}

/// A table for each group, in the order they come.
fn groups<'a>(page: &mut String, options: impl Iterator<Item = &'a OptionSpec>) {
    let mut groups: Vec<(&str, Vec<&OptionSpec>)> = Vec::new();
    for spec in options {
        match groups.iter_mut().find(|(name, _)| *name == spec.group) {
            Some((_, specs)) => specs.push(spec),
            None => groups.push((spec.group, vec![spec])),
        }
    }
    for (name, specs) in groups {
        let _ = write!(page, "\n## {name}\n\n");
        table(page, specs.into_iter());
    }
}

fn table<'a>(page: &mut String, options: impl Iterator<Item = &'a OptionSpec>) {
    page.push_str("| option | type | default | what it does |\n|---|---|---|---|\n");
    for spec in options {
        let mut kind = spec.ty.name().to_owned();
        if let Some(unit) = spec.unit {
            let _ = write!(kind, ", in {unit}");
        }
        let default = match spec.default {
            _ if spec.required => "required".to_owned(),
            Some("") | None => String::new(),
            Some(default) => format!("`{}`", cell(default)),
        };
        let mut help = cell(spec.help);
        match spec.constraint {
            Constraint::None => {}
            Constraint::OneOf(choices) => {
                let choices: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
                let _ = write!(help, " One of {}.", choices.join(", "));
            }
            Constraint::Range(from, to) => {
                let _ = write!(help, " From {from} to {to}.");
            }
            Constraint::MaxLength(most) => {
                let _ = write!(help, " At most {most} characters.");
            }
        }
        if spec.sensitive {
            help.push_str(" A secret: it is never shown.");
        }
        if let Some(why) = spec.deprecated {
            let _ = write!(help, " **Deprecated**: {}.", cell(why));
        }
        let _ = writeln!(page, "| `{}` | {kind} | {default} | {help} |", spec.name);
    }
}

/// A text that stays in its cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<").replace('\n', " ")
}

fn functions_page() -> String {
    let mut page = format!(
        "{MADE}# Functions\n\nWhat an expression can call. `try`, `can` and `convert` take expressions as they are; `env` exists in the\ndefault of a variable only.\n\n| function | what it gives |\n|---|---|\n"
    );
    let mut all: Vec<(&str, String)> = functions::all()
        .map(|function| {
            let signature = function.signature();
            (function.name(), signature.trim_start_matches("it is ").to_owned())
        })
        .collect();
    for special in ["try(any...)", "can(any)", "convert(any, type)", "env(string)"] {
        all.push((special.split('(').next().unwrap_or(special), special.to_owned()));
    }
    all.sort();
    for (name, signature) in all {
        let help = function_help(name).map(cell).unwrap_or_default();
        let _ = writeln!(page, "| `{signature}` | {help} |");
    }
    page
}

fn index(pages: &BTreeMap<String, String>) -> String {
    let mut index = format!(
        "{MADE}# Reference\n\nEvery component, option, function and command. `goldsmith docs qemu.disk_size` prints one of them.\n\n- [Commands](commands.md)\n- [Functions](functions.md)\n"
    );
    for (title, folder) in [
        ("Sources", "sources/"),
        ("Communicators", "communicators/"),
        ("Provisioners", "provisioners/"),
        ("Post-processors", "post-processors/"),
    ] {
        let _ = write!(index, "\n## {title}\n\n");
        for (path, page) in pages.iter().filter(|(path, _)| path.starts_with(folder)) {
            let name = path.trim_start_matches(folder).trim_end_matches(".md");
            let help = page.lines().skip_while(|line| !line.starts_with("# ")).nth(2).unwrap_or("");
            let _ = writeln!(index, "- [{name}]({path}): {help}");
        }
    }
    index
}
