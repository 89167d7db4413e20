//! The index of who declares and who uses what.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::path::Path;

use goldsmith_template::document::Language;
use goldsmith_template::references::{References, Role, Symbol, SymbolKind};
use goldsmith_template::syntax::{FileId, Span};
use goldsmith_template::{Document, MemoryFiles, Project};

/// Role and line of each reference of a symbol, after a check that its name is exactly what is written there.
fn places(documents: &[Document], kind: SymbolKind, name: &str) -> Vec<(Role, String, u32)> {
    let index = References::of(documents);
    let symbol = Symbol::new(kind, name);
    let found = index.all(&symbol).map(|reference| {
        let document = &documents[reference.name.file.0 as usize];
        let written = document.slice(reference.name);
        assert!(written == symbol.own_name() || written.is_empty(), "{written} for {symbol:?}");
        (reference.role, document.slice(reference.span).to_owned(), document.place_of(reference.name).line)
    });
    found.collect()
}

fn native(files: &[(&str, &str)]) -> Vec<Document> {
    let documents = files.iter().enumerate();
    documents
        .map(|(n, (name, text))| Document::new(FileId(n as u32), *name, text.as_bytes().to_vec()))
        .collect()
}

#[test]
fn hcl_declarations_uses_and_values() {
    let documents = native(&[
        (
            "a.pkr.hcl",
            r#"variable "disk" { default = "1G" }
variables { ram = 1 }
locals {
  size = "${var.disk}-${ var["ram"] }"
  all  = [for var in local.size : var.disk]
}
data "http" "mirror" { url = "https://x/%{ if local.size == "" }${var . disk}%{ endif }" }
source "qemu" "web" { iso_url = data.http.mirror.body }
build {
  sources = ["source.qemu.web", "qemu.other"]
  source "qemu.web" { name = "again" }
  provisioner "shell" {
    only     = ["qemu.web"]
    override = { web = { inline = [<<EOT
      ${local.size}
      EOT
    ] } }
  }
  post-processors {
    post-processor "checksum" { except = ["qemu.web"] }
  }
}
"#,
        ),
        ("x.pkrvars.hcl", "disk = \"2G\"\n"),
        ("y.pkrvars.json", "{\"disk\": \"3G\"}\n"),
    ]);
    let disk = places(&documents, SymbolKind::Variable, "disk");
    let expected = [
        (Role::Declaration, "variable \"disk\"".to_owned(), 1),
        (Role::Use, "var.disk".to_owned(), 4),
        (Role::Use, "var . disk".to_owned(), 7),
        (Role::Value, "disk = \"2G\"".to_owned(), 1),
        (Role::Value, "\"disk\": \"3G\"".to_owned(), 1),
    ];
    assert_eq!(disk, expected);
    let ram = places(&documents, SymbolKind::Variable, "ram");
    assert_eq!(
        ram.iter().map(|(role, _, line)| (*role, *line)).collect::<Vec<_>>(),
        [(Role::Declaration, 2), (Role::Use, 4)]
    );
    let size: Vec<u32> =
        places(&documents, SymbolKind::Local, "size").into_iter().map(|(_, _, line)| line).collect();
    assert_eq!(size, [4, 5, 7, 15]);
    let mirror: Vec<_> = places(&documents, SymbolKind::Data, "http.mirror");
    assert_eq!(mirror[1].1, "data.http.mirror");
    let web: Vec<u32> =
        places(&documents, SymbolKind::Source, "qemu.web").into_iter().map(|(_, _, line)| line).collect();
    assert_eq!(web, [8, 10, 11, 13, 14, 20]);
}

#[test]
fn the_reference_at_a_place() {
    let documents = native(&[("a.pkr.hcl", "locals {\n  a = upper(var.disk)\n}\n")]);
    let index = References::of(&documents);
    let at =
        |offset: u32| index.at(Span::new(FileId(0), offset, offset)).map(|found| found.symbol.name.as_str());
    let text = documents[0].text();
    assert_eq!(at(text.find("disk").unwrap() as u32), Some("disk"));
    assert_eq!(at(text.find("var").unwrap() as u32), Some("disk"));
    assert_eq!(at(text.find("a =").unwrap() as u32), Some("a"));
    assert_eq!(at(text.find("upper").unwrap() as u32), None);
}

#[test]
fn json_of_both_languages() {
    let text = r#"{"variable": {"d\u0069sk": {"default": "1"}},
 "locals": {"size": "a\n${var.disk} ${local.other}"}}"#;
    let documents = native(&[("a.pkr.json", text)]);
    let index = References::of(&documents);
    let disk = Symbol::new(SymbolKind::Variable, "disk");
    let found: Vec<&str> = index.all(&disk).map(|reference| documents[0].slice(reference.name)).collect();
    assert_eq!(found, ["d\\u0069sk", "disk"]);

    let text = r#"{
  "variables": {"disk": "1", "name": "{{ user `disk` | upper }}"},
  "sensitive-variables": ["disk"],
  "builders": [
    {"type": "qemu", "size": "{{user \"disk\"}} and {{`{{user`}}", "vm": "user `disk`"},
    {"type": "qemu", "name": "web"}
  ],
  "provisioners": [
    {"type": "shell", "only": ["web"], "override": {"qemu": {"inline": ["{{if user `disk`}}x{{end}}"]}}}
  ]
}"#;
    let documents = native(&[("a.json", text)]);
    assert_eq!(documents[0].language(), Language::LegacyTemplate);
    let disk = places(&documents, SymbolKind::Variable, "disk");
    assert_eq!(
        disk.iter().map(|(role, _, line)| (*role, *line)).collect::<Vec<_>>(),
        [(Role::Declaration, 2), (Role::Use, 2), (Role::Use, 3), (Role::Use, 5), (Role::Use, 9),]
    );
    assert_eq!(places(&documents, SymbolKind::Source, "qemu.web").len(), 2);
    let unnamed = places(&documents, SymbolKind::Source, "qemu.qemu");
    assert_eq!(unnamed.len(), 2);
    assert_eq!(unnamed[0].0, Role::Declaration);
}

#[test]
fn broken_text_still_has_references() {
    let files = MemoryFiles::new().with("a.pkr.hcl", "locals { a = var.\n b = [var.x, ${ }\nsource \"q\" {");
    let project = Project::open(&files, Path::new("a.pkr.hcl")).unwrap();
    let index = References::of(project.documents());
    assert!(index.all(&Symbol::new(SymbolKind::Variable, "x")).next().is_some());
}
