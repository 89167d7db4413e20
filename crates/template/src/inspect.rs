//! What Packer's `inspect` says of a template, in its words and order (`hcl2template` and `packer/core.go` of 1.16).

use crate::config::{Console, Inputs};
use crate::files::Files;
use crate::json::Node;
use crate::project::Project;
use crate::syntax::ast::{Block, Body, ExprKind};
use std::fmt::Write as _;

/// Something it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `ui` for what people see, else the category of a line for programs.
    pub category: &'static str,
    /// What it says; of `ui`, the kind comes first.
    pub values: Vec<String>,
}

fn say(out: &mut Vec<Line>, text: impl Into<String>) {
    out.push(Line { category: "ui", values: vec!["say".to_owned(), text.into()] });
}

fn machine(out: &mut Vec<Line>, category: &'static str, values: &[&str]) {
    out.push(Line { category, values: values.iter().map(|value| (*value).to_owned()).collect() });
}

/// Everything it says, in order.
pub fn inspect(project: &Project, files: &dyn Files, inputs: &Inputs) -> Vec<Line> {
    let mut out = Vec::new();
    if project.is_legacy() {
        let root = project.documents().iter().find_map(|document| Some(&document.json()?.root));
        if let Some(root) = root {
            json_template(&mut out, root);
        }
        return out;
    }
    say(&mut out, "Packer Inspect: HCL2 mode\n");
    say(&mut out, Console::new(project, files, inputs).listing());
    say(&mut out, builds(project));
    out
}

fn builds(project: &Project) -> String {
    let mut out = String::from("> builds:\n");
    let documents = project.documents().iter();
    let blocks = documents.flat_map(|document| document.body().blocks_of("build"));
    for (index, build) in blocks.enumerate() {
        // Writing to a string cannot fail.
        let text =
            |name: &str| build.body.attribute(name).and_then(|attribute| attribute.value.literal_string());
        let name = text("name").unwrap_or_else(|| format!("<unnamed build {index}>"));
        let _ = write!(out, "\n  > {name}:\n");
        if let Some(description) = text("description").filter(|text| !text.is_empty()) {
            let _ = write!(out, "\n  > Description: {description}\n");
        }
        out.push_str("\n    sources:\n");
        let sources = sources(&build.body);
        if sources.is_empty() {
            out.push_str("\n      <no source>\n");
        }
        for source in sources {
            let _ = write!(out, "\n      {source}\n");
        }
        out.push_str("\n    provisioners:\n\n");
        let mut steps = build.body.blocks_of("provisioner").peekable();
        if steps.peek().is_none() {
            out.push_str("      <no provisioner>\n");
        }
        for step in steps {
            let _ = writeln!(out, "      {}", step_name(step));
        }
        out.push_str("\n    post-processors:\n");
        let chains: Vec<Vec<&Block>> = build
            .body
            .blocks()
            .filter_map(|block| match block.kind.as_str() {
                "post-processor" => Some(vec![block]),
                "post-processors" => Some(block.body.blocks_of("post-processor").collect()),
                _ => None,
            })
            .collect();
        if chains.is_empty() {
            out.push_str("\n      <no post-processor>\n");
        }
        for (index, chain) in chains.iter().enumerate() {
            let _ = write!(out, "\n      {index}:\n");
            for step in chain {
                let _ = writeln!(out, "        {}", step_name(step));
            }
        }
    }
    out
}

/// The sources of a build: `type.name`, with the alias where a source has one.
fn sources(build: &Body) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(listed) = build.attribute("sources")
        && let ExprKind::List(items) = &listed.value.kind
    {
        out.extend(items.iter().filter_map(|item| item.literal_string()));
    }
    for block in build.blocks_of("source") {
        let Some(source) = block.label(0) else { continue };
        let alias = block.body.attribute("name").and_then(|attribute| attribute.value.literal_string());
        out.push(match (alias, source.rsplit_once('.')) {
            (Some(alias), Some((kind, _))) => format!("{kind}.{alias}"),
            _ => source.to_owned(),
        });
    }
    out.iter().map(|source| source.strip_prefix("source.").unwrap_or(source).to_owned()).collect()
}

fn step_name(block: &Block) -> String {
    let kind = block.label(0).unwrap_or("");
    match block.body.attribute("name").and_then(|attribute| attribute.value.literal_string()) {
        Some(name) if !name.is_empty() => format!("{kind}.{name}"),
        _ => kind.to_owned(),
    }
}

fn json_template(out: &mut Vec<Line>, root: &Node) {
    say(out, "Packer Inspect: JSON mode");
    let member = |name: &str| root.member(name).map(|member| &member.value);
    if let Some(description) = member("description").and_then(Node::as_str).filter(|text| !text.is_empty()) {
        say(out, "Description:\n");
        say(out, format!("{description}\n"));
    }
    variables(out, root);
    say(out, "");
    say(out, "Builders:\n");
    let text = |node: &Node, name: &str| {
        node.member(name).and_then(|member| member.value.as_str()).unwrap_or("").to_owned()
    };
    let all = member("builders").and_then(Node::elements).unwrap_or_default().iter();
    let mut builders: Vec<(String, String)> = all
        .map(|node| {
            let (name, kind) = (text(node, "name"), text(node, "type"));
            (if name.is_empty() { kind.clone() } else { name }, kind)
        })
        .collect();
    builders.sort();
    let widest = builders.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    if builders.is_empty() {
        say(out, "  <No builders>");
    }
    for (name, kind) in &builders {
        machine(out, "template-builder", &[name, kind]);
        let kind = if name == kind { String::new() } else { format!(" ({kind})") };
        say(out, format!("  {name:widest$}{kind}"));
    }
    say(out, "");
    say(out, "Provisioners:\n");
    let provisioners = member("provisioners").and_then(Node::elements).unwrap_or_default();
    if provisioners.is_empty() {
        say(out, "  <No provisioners>");
    }
    for node in provisioners {
        let kind = text(node, "type");
        machine(out, "template-provisioner", &[&kind]);
        say(out, format!("  {kind}"));
    }
    say(
        out,
        "\nNote: If your build names contain user variables or template\nfunctions such as 'timestamp', these are processed at build time,\nand therefore only show in their raw form here.",
    );
}

fn variables(out: &mut Vec<Line>, root: &Node) {
    let declared = root.member("variables").and_then(|member| member.value.members()).unwrap_or_default();
    let secret = root.member("sensitive-variables").and_then(|member| member.value.elements());
    let secret: Vec<&str> = secret.unwrap_or_default().iter().filter_map(Node::as_str).collect();
    if declared.is_empty() {
        say(out, "Variables:\n");
        say(out, "  <No variables>");
        return;
    }
    let mut all: Vec<(&str, Option<String>)> = declared
        .iter()
        .map(|member| {
            let name = member.key.text.as_str();
            let default = crate::upgrade::default_text(&member.value);
            let hidden = secret.contains(&name) && default.is_some();
            (name, if hidden { Some("<sensitive>".to_owned()) } else { default })
        })
        .collect();
    all.sort();
    let mut required = all.iter().filter(|(_, default)| default.is_none()).peekable();
    if required.peek().is_some() {
        say(out, "Required variables:\n");
        for (name, _) in required {
            machine(out, "template-variable", &[name, "", "1"]);
            say(out, format!("  {name}"));
        }
        say(out, "");
    }
    say(out, "Optional variables and their defaults:\n");
    let widest = all.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, default) in &all {
        if let Some(default) = default {
            machine(out, "template-variable", &[name, default, "0"]);
            say(out, format!("  {name:widest$} = {default}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;
    use std::path::Path;

    fn said(name: &str, text: &str) -> String {
        let files = MemoryFiles::new().with(name, text);
        let project = Project::open(&files, Path::new(name)).unwrap();
        let lines = inspect(&project, &files, &Inputs::harmless("/"));
        lines.iter().map(|line| format!("{},{}\n", line.category, line.values.join(","))).collect()
    }

    /// As Packer 1.6.6 printed it, but for the secret, which that shows.
    #[test]
    fn a_json_template_as_packer_lists_it() {
        let text = r#"{"variables": {"a": "1", "bb": null, "s": "x"}, "sensitive-variables": ["s"],
            "builders": [{"type": "qemu", "name": "x"}, {"type": "null"}], "provisioners": [{"type": "shell"}]}"#;
        let wanted = "ui,say,Packer Inspect: JSON mode\nui,say,Required variables:\n\ntemplate-variable,bb,,1\nui,say,  bb\nui,say,\nui,say,Optional variables and their defaults:\n\ntemplate-variable,a,1,0\nui,say,  a  = 1\ntemplate-variable,s,<sensitive>,0\nui,say,  s  = <sensitive>\nui,say,\nui,say,Builders:\n\ntemplate-builder,null,null\nui,say,  null\ntemplate-builder,x,qemu\nui,say,  x    (qemu)\nui,say,\nui,say,Provisioners:\n\ntemplate-provisioner,shell\nui,say,  shell\n";
        let found = said("t.json", text);
        assert!(found.starts_with(wanted), "{found}");
    }

    /// As Packer 1.6.6 printed it.
    #[test]
    fn an_hcl_template_as_packer_lists_it() {
        let text = "build {\n  name = \"bb\"\n  description = \"hello\"\n  sources = [\"source.null.n\", \"source.qemu.q\"]\n  provisioner \"shell-local\" {}\n  post-processor \"manifest\" { name = \"foo\" }\n  post-processors {\n    post-processor \"compress\" {}\n    post-processor \"checksum\" {}\n  }\n}\n";
        let wanted = "ui,say,> builds:\n\n  > bb:\n\n  > Description: hello\n\n    sources:\n\n      null.n\n\n      qemu.q\n\n    provisioners:\n\n      shell-local\n\n    post-processors:\n\n      0:\n        manifest.foo\n\n      1:\n        compress\n        checksum\n\n";
        let found = said("t.pkr.hcl", text);
        assert!(found.ends_with(wanted), "{found}");
    }
}
