//! The outline and the form of a template as the window shows them.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests may fail loudly

use std::path::Path;

use goldsmith_template::syntax::ast::Expr;
use goldsmith_template::{Form, FormContext, MemoryFiles, Outline, OutlineNode, Project, blocks::BlockRef};
use serde_json::json;

const TEXT: &str = r#"packer {
  required_version = ">= 1.7"
}
variable "size" {
  default = "8G"
}
variable "token" {
  sensitive = true
  default   = "hunter2"
}
source "qemu" "web" {
  memory       = 2048
  disk_size    = var.size
  headless     = true
  boot_command = ["<esc>", "x"]
  memroy       = 1
}
source "amazon-ebs" "cloud" {
  region = "eu-west-1"
}
source "qemu" "web" {
}
build {
  name    = "all"
  sources = ["source.qemu.web", "source.amazon-ebs.cloud"]
  source "source.qemu.web" {
    name = "alias"
  }
  provisioner "shell" {
    inline = ["apt-get update", "true"]
  }
  provisioner "chef" {
  }
  provisioner "shell" {
    name   = "clean up"
    script = "x.sh"
  }
  post-processors {
    post-processor "checksum" {}
  }
}
"#;

fn project(text: &str) -> Project {
    Project::open(&MemoryFiles::new().with("t.pkr.hcl", text), Path::new("t.pkr.hcl")).unwrap()
}

fn lines(nodes: &[OutlineNode], depth: usize, out: &mut Vec<String>) {
    for node in nodes {
        let detail = node.detail.as_deref().unwrap_or("-");
        let foreign = if node.foreign { " foreign" } else { "" };
        let line = format!("{}{} | {} | {detail}{foreign}", "  ".repeat(depth), node.id, node.title);
        out.push(line);
        lines(&node.children, depth + 1, out);
    }
}

fn shown(outline: &Outline) -> Vec<String> {
    let mut out = Vec::new();
    lines(&outline.nodes, 0, &mut out);
    out
}

fn form(project: &Project, block: &str) -> Option<Form> {
    let resolve =
        |_: &BlockRef<'_>, expr: &Expr| expr.as_path().map(|path| format!("value of {}", path.join(".")));
    project.form_with(block, &FormContext { diagnostics: &project.syntax_diagnostics(), resolve: &resolve })
}

#[test]
fn the_outline_names_every_block() {
    assert_eq!(
        shown(&project(TEXT).outline()),
        [
            "packer[0] | packer | -",
            "variable.size | size | 8G",
            "variable.token | token | sensitive",
            "source.qemu.web | qemu.web | QEMU machine",
            "source.amazon-ebs.cloud | amazon-ebs.cloud | not built here foreign",
            "source.qemu.web#2 | qemu.web | QEMU machine",
            "build[0] | all | source.qemu.web +1",
            "  build[0]/source[0] | qemu.web | QEMU machine",
            "  build[0]/provisioner[0] | shell | apt-get update +1",
            "  build[0]/provisioner[1] | chef | not built here foreign",
            "  build[0]/provisioner[2] | shell | clean up",
            "  build[0]/post-processors[0] | post-processors | -",
            "    build[0]/post-processors[0]/post-processor[0] | checksum | -",
        ]
    );
}

#[test]
fn names_stay_while_other_blocks_change() {
    let mut project = project(TEXT);
    let edit = goldsmith_template::Edit::RemoveBlock { block: "variable.size".into() };
    project.apply(0, &edit).unwrap();
    assert!(project.block("source.qemu.web").is_some());
    assert!(project.block("variable.token").is_some());
    assert!(project.block("variable.size").is_none());
}

#[test]
fn problems_are_counted_where_they_are_and_around() {
    let broken = TEXT.replace("script = \"x.sh\"", "script = ");
    let project = project(&broken);
    let outline = project.outline();
    let build = outline.nodes.iter().find(|node| node.id == "build[0]").unwrap();
    assert_eq!((build.errors, build.children[3].errors, build.children[1].errors), (1, 1, 0));
    let form = form(&project, "build[0]/provisioner[2]").unwrap();
    let field =
        form.groups.iter().flat_map(|group| &group.fields).find(|field| field.name == "script").unwrap();
    assert_eq!(field.problems.len(), 1);
}

#[test]
fn a_form_has_every_option_and_everything_set() {
    let project = project(TEXT);
    let form = form(&project, "source.qemu.web").unwrap();
    assert_eq!((form.title.as_str(), form.kind.as_str(), form.foreign), ("qemu.web", "source", false));
    let fields: Vec<_> = form.groups.iter().flat_map(|group| &group.fields).collect();
    let field = |name: &str| *fields.iter().find(|field| field.name == name).unwrap();
    assert!(fields.len() > 60, "{}", fields.len());
    let memory = field("memory");
    assert_eq!(
        (memory.set, memory.text.as_deref(), memory.literal.clone()),
        (true, Some("2048"), Some(json!(2048)))
    );
    assert_eq!((memory.ty.as_str(), memory.resolved.clone()), ("integer", None));
    assert_eq!(memory.place.as_ref().unwrap().line, 12);
    let disk = field("disk_size");
    assert_eq!((disk.text.as_deref(), disk.literal.clone()), (Some("var.size"), None));
    assert_eq!(disk.resolved.as_deref(), Some("value of var.size"));
    assert_eq!(field("boot_command").literal, Some(json!(["<esc>", "x"])));
    assert_eq!(field("headless").literal, Some(json!(true)));
    let cpus = field("cpus");
    assert_eq!((cpus.set, cpus.text.clone(), cpus.place.clone()), (false, None, None));
    let other = form.groups.last().unwrap();
    assert_eq!((other.name.as_str(), other.fields[0].name.as_str()), ("Other", "memroy"));
    assert!(field("disk_cache").choices.contains(&"writeback".to_owned()));
}

#[test]
fn blocks_that_are_no_component_have_forms_too() {
    let project = project(TEXT);
    let variable = form(&project, "variable.size").unwrap();
    let names: Vec<_> =
        variable.groups[0].fields.iter().map(|field| (field.name.as_str(), field.ty.as_str())).collect();
    assert_eq!(
        names,
        [("type", "expression"), ("default", "expression"), ("description", "string"), ("sensitive", "bool")]
    );
    let build = form(&project, "build[0]").unwrap();
    assert_eq!(build.nested.len(), 5);
    let cloud = form(&project, "source.amazon-ebs.cloud").unwrap();
    assert!(cloud.foreign);
    assert_eq!(cloud.groups[0].fields[0].literal, Some(json!("eu-west-1")));
    assert!(form(&project, "build[7]").is_none());
}

#[test]
fn a_folder_is_one_project_with_places_in_each_file() {
    let files = MemoryFiles::new()
        .with("d/b.pkr.hcl", "build {\n}\n")
        .with("d/a.pkr.hcl", "build {\n}\nlocals {\n}\n")
        .with("d/sub/c.pkr.hcl", "build {\n}\n")
        .with("d/x.auto.pkrvars.hcl", "a = 1\n");
    let project = Project::open(&files, Path::new("d")).unwrap();
    assert!(project.is_folder());
    let nodes = project.outline().nodes;
    let ids: Vec<_> = nodes.iter().map(|node| (node.id.as_str(), node.place.file.as_str())).collect();
    assert_eq!(ids, [("build[0]", "d/a.pkr.hcl"), ("locals[0]", "d/a.pkr.hcl"), ("build[1]", "d/b.pkr.hcl")]);
    assert!(Project::open(&files, Path::new("d/sub/none")).is_err());
    assert!(Project::open(&files, Path::new("nowhere")).unwrap_err().to_string().contains("nowhere"));
}

#[test]
fn a_field_says_what_its_expression_comes_to() {
    let text = r#"
variable "size" {
  default = "8G"
}
variable "token" {
  sensitive = true
  default   = "hunter2"
}
locals {
  name = "img-${var.size}"
}
source "qemu" "web" {
  disk_size    = var.size
  vm_name      = "${local.name}-${source.name}"
  ssh_password = var.token
  memory       = var.nothing
}
build {
  sources = ["source.qemu.web"]
  provisioner "shell" {
    inline = ["echo ${build.Host} ${var.size}"]
  }
}
"#;
    let project = project(text);
    let files = MemoryFiles::new();
    let inputs = goldsmith_template::Inputs::harmless("/");
    let analysis = goldsmith_template::analyze(&project, &files, &inputs);
    let resolved = |block: &str, name: &str| {
        let form = project.form(block, &files, &inputs, &analysis.diagnostics).unwrap();
        let field = form.groups.into_iter().flat_map(|g| g.fields).find(|field| field.name == name).unwrap();
        (field.resolved, field.problems.len())
    };
    assert_eq!(resolved("source.qemu.web", "disk_size"), (Some("8G".into()), 0));
    assert_eq!(resolved("source.qemu.web", "vm_name"), (Some("img-8G-web".into()), 0));
    assert_eq!(resolved("source.qemu.web", "ssh_password"), (Some("<sensitive>".into()), 0));
    assert_eq!(resolved("source.qemu.web", "memory"), (None, 1));
    let inline = resolved("build[0]/provisioner[0]", "inline").0.unwrap();
    assert_eq!(inline, r#"["echo {build.Host} 8G"]"#);
}
