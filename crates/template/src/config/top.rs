//! The blocks at the top of a template (packer.md 1.2).

use super::analyzer::{Analyzer, Locals, View};
use super::uses::Sources;
use crate::eval::Scope;
use crate::options::nearest;
use crate::syntax::ast::Attribute;
use std::collections::BTreeMap;

/// Top-level blocks with the names of their labels.
const BLOCKS: &[(&str, &[&str])] = &[
    ("packer", &[]),
    ("variable", &["name"]),
    ("variables", &[]),
    ("locals", &[]),
    ("local", &["name"]),
    ("data", &["type", "name"]),
    ("source", &["type", "name"]),
    ("build", &[]),
    ("hcp_packer_registry", &[]),
    ("communicator", &["type", "name"]),
];

/// Blocks inside `build` and the number of their labels.
const INNER: &[(&str, &[&str])] = &[
    ("source", &["source"]),
    ("provisioner", &["type"]),
    ("error-cleanup-provisioner", &["type"]),
    ("post-processor", &["type"]),
    ("post-processors", &[]),
    ("hcp_packer_registry", &[]),
    ("from", &["type"]),
];

/// Checks kinds and labels of all blocks whose shape is fixed.
pub(super) fn check(a: &mut Analyzer<'_>) {
    let project = a.project;
    for document in project.documents() {
        for attribute in document.body().attributes() {
            let name = attribute.name.as_str();
            let message = format!("\"{name}\" stands outside of any block");
            a.error("body.unknown", attribute.name.span, message).help =
                Some("values belong into a block; variables get values in a *.pkrvars.hcl file".to_owned());
        }
        for block in document.body().blocks() {
            let kind = block.kind.as_str();
            if kind == "dynamic" {
                continue;
            }
            match BLOCKS.iter().find(|(known, _)| *known == kind) {
                Some((_, labels)) => check_labels(a, kind, labels, &block.labels, block.header),
                None => {
                    let near = nearest(kind, BLOCKS.iter().map(|(known, _)| *known));
                    let message = format!("there is no block \"{kind}\" at the top of a template");
                    a.misspelt("block.unknown", block.kind.span, message, near);
                    if let (None, Some(last)) = (near, a.diagnostics.last_mut()) {
                        last.help = match INNER.iter().any(|(inner, _)| *inner == kind) {
                            true => Some("it belongs into a build block".to_owned()),
                            false => {
                                let known: Vec<&str> = BLOCKS.iter().map(|(known, _)| *known).collect();
                                Some(format!("the blocks there are {}", known.join(", ")))
                            }
                        };
                    }
                }
            }
            if kind == "build" {
                for inner in block.body.blocks() {
                    if let Some((_, labels)) = INNER.iter().find(|(known, _)| *known == inner.kind.as_str()) {
                        check_labels(a, inner.kind.as_str(), labels, &inner.labels, inner.header);
                    }
                    for innermost in inner.body.blocks_of("post-processor") {
                        check_labels(a, "post-processor", &["type"], &innermost.labels, innermost.header);
                    }
                }
            }
        }
    }
}

fn check_labels(
    a: &mut Analyzer<'_>,
    kind: &str,
    names: &[&str],
    labels: &[crate::syntax::ast::Label],
    header: crate::syntax::Span,
) {
    if labels.len() == names.len() {
        let named = matches!(kind, "variable" | "local" | "data" | "source") && names.len() != 1
            || matches!(kind, "variable" | "local");
        for label in labels.iter().filter(|_| named) {
            let valid = label.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && label.text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
            if !valid {
                let message = format!("\"{}\" is not a name", label.text);
                a.error("block.name", label.span, message).help = Some(
                    "a name starts with a letter or _ and goes on with letters, digits, _ and -".to_owned(),
                );
            }
        }
        return;
    }
    let wanted: String = names.iter().map(|name| format!(" \"{name}\"")).collect();
    let message = match names.len() {
        0 => format!("a {kind} block has no labels"),
        1 => format!("a {kind} block has exactly one label"),
        count => format!("a {kind} block has exactly {count} labels"),
    };
    a.error("block.labels", header, message).help = Some(format!("write {kind}{wanted} {{ ... }}"));
}

/// Notes the plugins the template requires and checks the version of Packer it asks for.
pub(super) fn packer(a: &mut Analyzer<'_>) {
    let project = a.project;
    let blocks = project.documents().iter().flat_map(|document| document.body().blocks_of("packer"));
    for block in blocks {
        a.expect(&block.body, "a packer block", &["required_version"], &["required_plugins"]);
        if let Some(attribute) = block.body.attribute("required_version") {
            let constraint = a.text_attribute(&block.body, "required_version", &Scope::new(), &Locals::new());
            if let Some(constraint) = constraint {
                match satisfies(super::PACKER_VERSION, &constraint) {
                    Some(true) => {}
                    Some(false) => {
                        let message = format!(
                            "the template asks for Packer {constraint}, but what is built here is the language of Packer {}",
                            super::PACKER_VERSION
                        );
                        a.error("packer.version", attribute.value.span, message);
                    }
                    None => {
                        let message = format!("\"{constraint}\" is not a version constraint");
                        a.error("packer.version", attribute.value.span, message).help =
                            Some("write it like \">= 1.7.0\" or \"~> 1.9\"".to_owned());
                    }
                }
            }
        }
        for plugins in block.body.blocks_of("required_plugins") {
            for attribute in a.attributes(&plugins.body) {
                a.plugins.push(attribute.name.name.to_string());
                required_plugin(a, attribute);
            }
        }
    }
}

/// Checks `name = { version = "..", source = ".." }`.
fn required_plugin(a: &mut Analyzer<'_>, attribute: &Attribute) {
    let name = attribute.name.as_str();
    let (value, fine) = a.eval(&attribute.value, &Scope::new(), &Locals::new());
    // A version alone is the way of Packer before 1.7.
    let Some(entries) = value.as_entries().filter(|_| fine) else {
        if fine && value.as_str().is_none() {
            let message = format!("the plugin \"{name}\" must be an object with version and source");
            a.error("packer.plugin", attribute.value.span, message).help = Some(format!(
                "write {name} = {{ version = \">= 1.0.0\", source = \"github.com/owner/{name}\" }}"
            ));
        }
        return;
    };
    for (key, value) in entries {
        match (key.as_str(), value.as_str()) {
            ("version", Some(text)) if satisfies("1.0.0", text).is_some() => {}
            ("source", Some(text)) if text.split('/').count() >= 2 => {}
            ("version" | "source", text) => {
                let message = format!(
                    "the plugin \"{name}\" has no valid {key}: {}",
                    text.unwrap_or("a string is needed")
                );
                a.error("packer.plugin", attribute.value.span, message);
            }
            _ => {
                let near = nearest(key, ["version", "source"]);
                let help = near.map(|near| format!("did you mean \"{near}\"?"));
                let message = format!("a required plugin has no \"{key}\"; it has version and source");
                a.error("packer.plugin", attribute.value.span, message).help = help;
            }
        }
    }
}

/// Whether a version satisfies a constraint such as `>= 1.7.0, < 2.0.0`; `None` when it cannot be read.
fn satisfies(version: &str, constraint: &str) -> Option<bool> {
    let numbers = |text: &str| -> Option<Vec<u64>> {
        let core = text.split(['-', '+']).next().unwrap_or(text);
        let parts: Option<Vec<u64>> =
            core.trim_start_matches('v').split('.').map(|n| n.parse().ok()).collect();
        parts.filter(|parts| parts.len() <= 3)
    };
    let padded = |mut parts: Vec<u64>| {
        parts.resize(3, 0);
        parts
    };
    let have = padded(numbers(version)?);
    let mut all = true;
    for part in constraint.split(',') {
        let part = part.trim();
        let at = part.find(|c: char| c.is_ascii_digit() || c == 'v')?;
        let (operator, wanted) = (part.get(..at)?.trim(), numbers(part.get(at..)?.trim())?);
        let exact = wanted.len();
        let full = padded(wanted.clone());
        all &= match operator {
            "" | "=" => have == full,
            "!=" => have != full,
            ">" => have > full,
            ">=" => have >= full,
            "<" => have < full,
            "<=" => have <= full,
            "~>" => {
                let fixed = exact.saturating_sub(1).max(1);
                have >= full && have.iter().take(fixed).eq(full.iter().take(fixed))
            }
            _ => return None,
        };
    }
    Some(all)
}

/// The source blocks by type and name, and the build blocks in order.
pub(super) fn blocks<'b>(a: &mut Analyzer<'b>, scope: &Scope) -> (Sources<'b>, Vec<View<'b>>) {
    let project = a.project;
    let mut sources: Sources<'b> = BTreeMap::new();
    let mut builds = Vec::new();
    for document in project.documents() {
        for view in a.blocks(document.body(), scope, &Locals::new()) {
            match view.kind.as_str() {
                "source" => {
                    let (Some(ty), Some(name)) = (view.label(0), view.label(1)) else { continue };
                    let key = (ty.to_owned(), name.to_owned());
                    if let Some(first) = sources.get(&key).map(|first| first.header) {
                        let what = format!("the source \"{ty}\" \"{name}\"");
                        a.declared_twice("source.duplicate", view.header, &what, first);
                    } else {
                        sources.insert(key, view);
                    }
                }
                "build" => builds.push(view),
                _ => {}
            }
        }
    }
    (sources, builds)
}

#[cfg(test)]
mod tests {
    use super::satisfies;

    #[test]
    fn version_constraints_as_packer_reads_them() {
        for (constraint, expected) in [
            (">= 1.7.0", Some(true)),
            ("~> 1.9", Some(true)),
            ("~> 1.9.0", Some(false)),
            (">= 1.7, < 1.8", Some(false)),
            ("1.16.0", Some(true)),
            (">= 2", Some(false)),
            ("latest", None),
        ] {
            assert_eq!(satisfies("1.16.0", constraint), expected, "{constraint}");
        }
    }
}
