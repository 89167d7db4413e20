//! What a template is said to be wrong about, given the variable files and values it needs.

use crate::corpus::{Disk, files};
use goldsmith_template::{Analysis, Diagnostic, Inputs, Project, analyze};
use std::path::{Path, PathBuf};

/// Diagnostics that Packer gives too, with the rule of the language they apply.
pub const RULES: &[(&str, &str)] = &[
    ("build.no-source", "a build block needs at least one source"),
    ("build.none", "a folder without a build block has nothing to build"),
    ("eval.attribute", "an attribute that an object does not have"),
    ("eval.call", "an argument a function does not take"),
    ("eval.null-in-text", "null cannot be inserted in text"),
    ("eval.reference", "every variable and local must be declared"),
    ("json.duplicate-key", "duplicate JSON keys are rejected"),
    ("option.missing", "an option without which the builder cannot be prepared"),
    ("option.removed", "an option Packer removed; it says to run `packer fix`"),
    ("option.value", "a value the option cannot have: a duration is never empty"),
    ("variable.default", "defaults of JSON templates are strings"),
    ("variable.value", "a variable cannot need itself, or a variable nobody declares"),
];

/// Keys no component of Packer's has, which templates set all the same.
const NOBODYS_KEYS: &[&str] = &["\"keep_artifact\""];

pub fn rule(diagnostic: &Diagnostic) -> Option<&'static str> {
    if diagnostic.code == "option.unknown" && NOBODYS_KEYS.iter().any(|key| diagnostic.message.contains(key))
    {
        return Some("a key that the component does not have is an error");
    }
    RULES.iter().find(|(known, _)| *known == diagnostic.code).map(|(_, rule)| *rule)
}

/// The errors of a template: with each variable file near it in turn until one leaves none, and with dummy
/// values for the variables that have none.
pub fn errors(path: &Path, repository: &Path) -> Vec<Diagnostic> {
    let project = Project::open(&Disk, path).unwrap();
    let mut found = errors_with(&project, None);
    if found.is_empty() {
        return found;
    }
    let suffix = if project.is_legacy() { ".json" } else { ".pkrvars.hcl" };
    let mut candidates = files(repository, &|name| name.ends_with(suffix));
    // The nearest first.
    let shared = |file: &PathBuf| file.components().zip(path.components()).filter(|(a, b)| a == b).count();
    candidates.sort_by_key(|file| std::cmp::Reverse(shared(file)));
    let limit = if project.is_legacy() { 0 } else { 8 };
    for file in candidates.into_iter().take(limit) {
        let now = errors_with(&project, Some(file));
        if now.len() < found.len() {
            found = now;
        }
        if found.is_empty() {
            break;
        }
    }
    found
}

fn errors_with(project: &Project, var_file: Option<PathBuf>) -> Vec<Diagnostic> {
    let mut inputs = Inputs::harmless(project.root());
    inputs.env.insert("HOME".to_owned(), "/home/someone".to_owned());
    inputs.var_files.extend(var_file);
    let mut analysis = analyze(project, &Disk, &inputs);
    let unset = named(&analysis, "variable.unset");
    if !unset.is_empty() {
        // Text first; what is no text says so and gets another kind of value.
        inputs.vars.extend(unset.into_iter().map(|name| (name, "1".to_owned())));
        analysis = analyze(project, &Disk, &inputs);
    }
    for dummy in ["true", "[]", "{}", "x86_64"] {
        let mut wrong = named(&analysis, "variable.value");
        wrong.extend(named(&analysis, "variable.invalid"));
        for (_, value) in inputs.vars.iter_mut().filter(|(name, _)| wrong.contains(name)) {
            *value = dummy.to_owned();
        }
        if !wrong.is_empty() {
            analysis = analyze(project, &Disk, &inputs);
        }
    }
    for _ in 0..8 {
        let more = guesses(project, &analysis, &inputs);
        if more.is_empty() {
            break;
        }
        inputs.vars.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        inputs.vars.extend(more);
        analysis = analyze(project, &Disk, &inputs);
    }
    analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect()
}

fn named(analysis: &Analysis, code: &str) -> Vec<String> {
    let found = analysis.diagnostics.iter().filter(|diagnostic| diagnostic.code == code);
    found.filter_map(|diagnostic| diagnostic.message.split('"').nth(1).map(str::to_owned)).collect()
}

/// Values the author gives on the command line: text for a variable that is null, one of the names there are for
/// a variable that picks one.
fn guesses(project: &Project, analysis: &Analysis, inputs: &Inputs) -> Vec<(String, String)> {
    let given = |name: &str| inputs.vars.iter().find(|(var, _)| var == name).map(|(_, value)| value.clone());
    let mut defaults: Vec<(String, Option<String>)> = Vec::new();
    for block in project.documents().iter().flat_map(|document| document.body().blocks_of("variable")) {
        let default = block.body.attribute("default").and_then(|default| default.value.literal_string());
        let name = block.label(0).unwrap_or_default();
        defaults.push((name.to_owned(), given(name).or(default)));
    }
    let mut out = Vec::new();
    for diagnostic in analysis.diagnostics.iter().filter(|d| d.is_error()) {
        let excerpt = diagnostic.excerpt.as_deref().unwrap_or_default();
        if diagnostic.code == "eval.null-in-text"
            && let Some(name) = excerpt.strip_prefix("var.").filter(|name| given(name).is_none())
        {
            out.push((name.to_owned(), "1".to_owned()));
        }
        if diagnostic.message.contains("it needs itself")
            && let Some(name) = diagnostic.message.split('"').nth(1).filter(|name| given(name).is_none())
        {
            out.push((name.to_owned(), "1".to_owned()));
        }
        let wanted = diagnostic.message.split('"').nth(1);
        let names = diagnostic.help.as_deref().and_then(|help| help.strip_prefix("it has "));
        if let (Some(wanted), Some(first)) = (wanted, names.and_then(|names| names.split(", ").next())) {
            let picks = defaults.iter().filter(|(_, value)| value.as_deref() == Some(wanted));
            out.extend(picks.map(|(name, _)| (name.clone(), first.to_owned())));
        }
    }
    out.sort();
    out.dedup();
    out
}
