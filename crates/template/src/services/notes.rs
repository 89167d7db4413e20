//! What popups say about options, components and functions.

use super::Note;
use super::words::{function_help, go_function_help};
use crate::functions;
use crate::options::{Component, Constraint, OptionSpec};

/// Type, default and unit in one line.
pub(super) fn option_detail(spec: &OptionSpec) -> String {
    let mut parts = vec![spec.ty.name().to_owned()];
    if let Some(unit) = spec.unit {
        parts.push(format!("in {unit}"));
    }
    if let Some(default) = spec.default {
        parts.push(format!("default {default}"));
    }
    if spec.required {
        parts.push("required".to_owned());
    }
    parts.join(", ")
}

/// An option: help, what is allowed, and where that is known from.
pub(super) fn option(spec: &OptionSpec) -> Note {
    let mut note = Note::new(spec.name).say(spec.help);
    note.detail = Some(option_detail(spec));
    match spec.constraint {
        Constraint::None => {}
        Constraint::OneOf(choices) => {
            let choices: Vec<String> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
            note = note.say(format!("One of {}.", choices.join(", ")));
        }
        Constraint::Range(least, most) => note = note.say(format!("From {least} to {most}.")),
        Constraint::MaxLength(most) => note = note.say(format!("At most {most} characters.")),
    }
    if let Some(why) = spec.deprecated {
        note = note.say(format!("Deprecated: {why}."));
    }
    if spec.late {
        note = note.say("Go-template actions in it are filled in during the build.");
    }
    if !spec.source.is_empty() {
        note = note.say(format!("Known from {}.", spec.source));
    }
    note
}

/// A component.
pub(super) fn component(component: &Component) -> Note {
    let mut note = Note::new(component.type_name).say(component.help);
    note.detail = Some(format!("{}, {}", component.kind.block(), component.title));
    note
}

/// `join(string, list...)` and what it does; `None` when there is no such function.
pub(super) fn function(name: &str) -> Option<Note> {
    let signature = signature(name)?;
    let mut note = Note::new(signature);
    if let Some(help) = function_help(name) {
        note = note.say(help);
    }
    if let Some(why) = functions::unavailable(name) {
        note = note.say(format!("It is not computed here: {why}."));
    }
    Some(note)
}

/// A function of the Go-template layer.
pub(super) fn go_function(name: &str) -> Option<Note> {
    let mut note = Note::new(name).say(go_function_help(name)?);
    note.detail = Some("template function".to_owned());
    Some(note)
}

/// The special forms, whose arguments are not evaluated like those of functions.
pub(super) const SPECIAL: &[(&str, &str)] =
    &[("try", "try(any...)"), ("can", "can(any)"), ("convert", "convert(any, type)"), ("env", "env(string)")];

/// How a function is called.
pub(super) fn signature(name: &str) -> Option<String> {
    if let Some((_, signature)) = SPECIAL.iter().find(|(special, _)| *special == name) {
        return Some((*signature).to_owned());
    }
    match functions::find(name) {
        Some(function) => Some(function.signature().trim_start_matches("it is ").to_owned()),
        None => functions::unavailable(name).map(|_| format!("{name}(...)")),
    }
}
