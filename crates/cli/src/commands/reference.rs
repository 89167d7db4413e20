//! `docs --write`: the whole reference as pages.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command, CommandFactory as _};
use goldsmith_app::{WireError, reference};

use crate::args::Cli;
use crate::output::Output;

/// Writes the pages, or with `check` only says which differ.
pub fn write(output: &Output, folder: &Path, check: bool) -> Result<u8, WireError> {
    let mut pages = reference::pages();
    pages.insert("commands.md".to_owned(), commands());
    let differ: Vec<&String> = pages
        .iter()
        .filter(|(name, text)| std::fs::read_to_string(folder.join(name)).ok().as_ref() != Some(*text))
        .map(|(name, _)| name)
        .collect();
    let stale = stale(folder, &pages);
    if output.json {
        let mut all: Vec<&String> = differ.clone();
        all.extend(&stale);
        output.json_value(&all)?;
    } else {
        for name in differ.iter().copied().chain(&stale) {
            output.line(&folder.join(name).display().to_string());
        }
    }
    if check {
        return Ok(u8::from(!differ.is_empty() || !stale.is_empty()));
    }
    let failed = |path: &Path, error: &std::io::Error| {
        WireError::environment("unwritable", format!("cannot write {}", path.display())).because(error)
    };
    for name in differ {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        std::fs::write(&path, &pages[name]).map_err(|error| failed(&path, &error))?;
    }
    for name in stale {
        let path = folder.join(name);
        std::fs::remove_file(&path).map_err(|error| failed(&path, &error))?;
    }
    Ok(0)
}

/// Pages of components that are not there any more.
fn stale(folder: &Path, pages: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for kind in ["sources", "communicators", "provisioners", "post-processors"] {
        for entry in std::fs::read_dir(folder.join(kind)).into_iter().flatten().flatten() {
            let name = format!("{kind}/{}", entry.file_name().to_string_lossy());
            if name.ends_with(".md") && !pages.contains_key(&name) {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

/// The commands, from what the argument parser knows.
fn commands() -> String {
    let mut program = Cli::command();
    program.build();
    let mut page = String::from(
        "<!-- Made by `goldsmith docs --write docs/reference` from the program's own tables; changes belong there. -->\n\n# Commands\n\n",
    );
    paragraph(&mut page, program.get_about().map(ToString::to_string));
    page.push_str("\nEvery command takes:\n\n");
    for arg in program.get_arguments().filter(|arg| arg.is_global_set()) {
        argument(&mut page, arg);
    }
    if let Some(text) = program.get_after_help() {
        let _ = write!(page, "\n```text\n{text}\n```\n");
    }
    for command in program.get_subcommands() {
        subcommand(&mut page, command, "goldsmith");
    }
    page
}

fn subcommand(page: &mut String, command: &Command, before: &str) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = format!("{before} {}", command.get_name());
    let _ = write!(page, "\n## {name}\n\n");
    paragraph(page, command.get_about().map(ToString::to_string));
    let aliases: Vec<String> = command.get_visible_aliases().map(|alias| format!("`{alias}`")).collect();
    if !aliases.is_empty() {
        let _ = write!(page, "\nAlso {}.\n", aliases.join(", "));
    }
    let shown = |arg: &&Arg| {
        !arg.is_hide_set() && !arg.is_global_set() && !matches!(arg.get_id().as_str(), "help" | "version")
    };
    let mut any = false;
    for arg in command.get_arguments().filter(shown) {
        if !std::mem::replace(&mut any, true) {
            page.push('\n');
        }
        argument(page, arg);
    }
    if let Some(text) = command.get_after_help() {
        let _ = write!(page, "\n```text\n{text}\n```\n");
    }
    for inner in command.get_subcommands() {
        subcommand(page, inner, &name);
    }
}

fn paragraph(page: &mut String, text: Option<String>) {
    if let Some(text) = text {
        let _ = writeln!(page, "{text}.");
    }
}

/// One line for an argument: how it is written, what it does, what it may be.
fn argument(page: &mut String, arg: &Arg) {
    let values: Vec<&str> =
        arg.get_value_names().unwrap_or_default().iter().map(|name| name.as_str()).collect();
    let takes = arg.get_action().takes_values();
    let value = values.first().copied().unwrap_or("VALUE");
    let written = match (arg.get_long(), takes) {
        (Some(long), false) => format!("--{long}"),
        (Some(long), true) if arg.is_require_equals_set() => format!("--{long}[={value}]"),
        (Some(long), true) => format!("--{long} {value}"),
        (None, _) => value.to_owned(),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let _ = write!(page, "- `{written}`: {help}");
    if takes {
        let choices: Vec<String> = arg
            .get_possible_values()
            .iter()
            .filter(|choice| !choice.is_hide_set())
            .map(|choice| format!("`{}`", choice.get_name()))
            .collect();
        if !choices.is_empty() {
            let _ = write!(page, " (one of {})", choices.join(", "));
        }
        let defaults: Vec<String> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        if !defaults.is_empty() {
            let _ = write!(page, " (default `{}`)", defaults.join(","));
        }
    }
    page.push('\n');
}
