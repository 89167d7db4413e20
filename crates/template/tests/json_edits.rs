//! Edits of JSON templates touch what they mean, keep the JSON valid, and are taken back to the same bytes.
#![allow(clippy::unwrap_used)] // helpers of tests may fail loudly

#[path = "common/corpus.rs"]
mod common;

use common::{corpus, files};
use goldsmith_template::{AttributeValue, Destination, Edit, EditError, MemoryFiles, Project, blocks};
use proptest::prelude::*;
use std::path::Path;

const LEGACY: &str = r#"{
    "variables": {
        "memory": "1024"
    },
    "builders": [
        {
            "type": "qemu",
            "iso_url": "x.iso",
            "boot_command": [
                "<esc>",
                "auto<enter>"
            ]
        },
        {"type": "null", "name": "host"}
    ],
    "provisioners": [
        {
            "type": "shell",
            "inline": ["a", "b"]
        },
        {
            "type": "file",
            "source": "a",
            "destination": "b"
        }
    ],
    "post-processors": [
        "vagrant",
        [
            {
                "type": "checksum"
            },
            {
                "type": "manifest"
            }
        ]
    ]
}
"#;

fn open(name: &str, text: &str) -> Project {
    Project::open(&MemoryFiles::new().with(name, text), Path::new(name)).unwrap()
}

fn text(project: &Project) -> String {
    project.documents()[0].text().to_owned()
}

/// Does an edit; gives the lines that went and the lines that came, and takes it back.
fn changed(name: &str, before: &str, edit: Edit) -> (Vec<String>, Vec<String>, Option<String>) {
    let mut project = open(name, before);
    let change = project.apply(0, &edit).unwrap_or_else(|error| panic!("{edit:?}: {error}"));
    let after = text(&project);
    assert!(project.syntax_diagnostics().is_empty(), "{edit:?}\n{after}\n{:?}", project.syntax_diagnostics());
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let cut = |lines: &[&str]| {
        lines[head..lines.len() - tail].iter().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let result = (cut(&old), cut(&new), change.block);
    project.undo().unwrap();
    assert_eq!(text(&project), before);
    result
}

fn legacy(edit: Edit) -> (Vec<String>, Vec<String>, Option<String>) {
    changed("t.json", LEGACY, edit)
}

fn set(block: &str, name: &str, value: AttributeValue) -> Edit {
    Edit::SetAttribute { block: block.to_owned(), name: name.to_owned(), value }
}

fn string(text: &str) -> AttributeValue {
    AttributeValue::String(text.to_owned())
}

fn add(parent: Option<&str>, kind: &str, labels: &[&str], after: Option<&str>) -> Edit {
    Edit::AddBlock {
        parent: parent.map(str::to_owned),
        kind: kind.to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        attributes: Vec::new(),
        after: after.map(str::to_owned),
    }
}

#[test]
fn arguments_are_set_and_unset() {
    let (old, new, _) = legacy(set("source.qemu.qemu", "iso_url", string("say \"${x}\"")));
    assert_eq!(old, [r#""iso_url": "x.iso","#]);
    assert_eq!(new, [r#""iso_url": "say \"${x}\"","#]);
    let (old, new, _) = legacy(set("source.qemu.qemu", "headless", AttributeValue::Bool(true)));
    assert_eq!((old, new), (vec!["]".to_owned()], vec!["],".to_owned(), r#""headless": true"#.to_owned()]));
    let (_, new, _) = legacy(set("source.null.host", "ssh_port", AttributeValue::Number(22.0)));
    assert_eq!(new, [r#"{"type": "null", "name": "host", "ssh_port": 22}"#]);
    let (_, new, _) = legacy(set("build[0]/post-processor[0]", "output", string("x.box")));
    assert_eq!(new, [r#"{"type": "vagrant", "output": "x.box"},"#]);
    let (old, new, _) =
        legacy(Edit::UnsetAttribute { block: "source.qemu.qemu".to_owned(), name: "iso_url".to_owned() });
    assert_eq!((old, new), (vec![r#""iso_url": "x.iso","#.to_owned()], vec![]));
    let (_, new, _) = legacy(set("variables[0]", "cpus", string("2")));
    assert_eq!(new, [r#""memory": "1024","#, r#""cpus": "2""#]);
    let (_, new, _) =
        legacy(set("source.qemu.qemu", "iso_url", AttributeValue::Expression("[1]".to_owned())));
    assert_eq!(new, [r#""iso_url": [1],"#]);
    let error = open("t.json", LEGACY)
        .apply(0, &set("source.qemu.qemu", "iso_url", AttributeValue::Expression("var.x".to_owned())));
    assert!(matches!(error, Err(EditError::BadExpression { .. })), "{error:?}");
    let error = open("t.json", LEGACY).apply(0, &set("build[0]", "name", string("x")));
    assert!(matches!(error, Err(EditError::NotInJson { .. })), "{error:?}");
}

#[test]
fn lists_change_element_by_element() {
    let list = |texts: &[&str]| AttributeValue::List(texts.iter().map(|text| string(text)).collect());
    let name = "boot_command";
    let (old, new, _) = legacy(set("source.qemu.qemu", name, list(&["<esc>", "b<wait>"])));
    assert_eq!((old, new), (vec![r#""auto<enter>""#.to_owned()], vec![r#""b<wait>""#.to_owned()]));
    let (old, new, _) = legacy(set("source.qemu.qemu", name, list(&["<esc>", "x", "auto<enter>"])));
    assert_eq!((old, new), (vec![], vec![r#""x","#.to_owned()]));
    let (old, new, _) = legacy(set("source.qemu.qemu", name, list(&["auto<enter>"])));
    assert_eq!((old, new), (vec![r#""<esc>","#.to_owned()], vec![]));
    let block = "build[0]/provisioner[0]".to_owned();
    let edit =
        Edit::InsertElement { block: block.clone(), name: "inline".to_owned(), index: 2, value: string("c") };
    assert_eq!(legacy(edit).1, [r#""inline": ["a", "b", "c"]"#]);
    let edit = Edit::RemoveElement { block: block.clone(), name: "inline".to_owned(), index: 1 };
    assert_eq!(legacy(edit).1, [r#""inline": ["a"]"#]);
    let edit = Edit::SetElement { block, name: "inline".to_owned(), index: 0, value: string("z") };
    assert_eq!(legacy(edit).1, [r#""inline": ["z", "b"]"#]);
}

#[test]
fn blocks_are_added_removed_moved_and_renamed() {
    let (old, new, block) =
        legacy(add(Some("build[0]"), "provisioner", &["shell-local"], Some("build[0]/provisioner[0]")));
    assert_eq!(old, [""; 0]);
    assert_eq!(new, ["\"type\": \"shell-local\"", "},", "{"]);
    assert_eq!(block.as_deref(), Some("build[0]/provisioner[1]"));
    let (_, new, block) = legacy(add(None, "source", &["qemu", "second"], None));
    assert_eq!(new.concat(), r#"{"type": "null", "name": "host"},{"type": "qemu","name": "second"}"#);
    assert_eq!(block.as_deref(), Some("source.qemu.second"));
    let (_, new, block) = legacy(add(Some("build[0]"), "error-cleanup-provisioner", &["shell"], None));
    assert_eq!(new.concat(), r#"],"error-cleanup-provisioner": {"type": "shell"}"#);
    assert_eq!(block.as_deref(), Some("build[0]/error-cleanup-provisioner[0]"));
    let (_, _, block) =
        legacy(add(Some("build[0]/post-processors[0]"), "post-processor", &["compress"], None));
    assert_eq!(block.as_deref(), Some("build[0]/post-processors[0]/post-processor[2]"));
    let (_, new, _) = legacy(add(None, "variable", &["name"], None));
    assert_eq!(new, ["\"memory\": \"1024\",", "\"name\": null"]);

    let (old, new, _) = legacy(Edit::RemoveBlock { block: "build[0]/provisioner[1]".to_owned() });
    assert_eq!((old.len(), new), (5, vec![]));
    let step = |n: usize| format!("build[0]/provisioner[{n}]");
    let (_, _, block) = legacy(Edit::MoveBlock { block: step(1), to: Destination::Before(step(0)) });
    assert_eq!(block, Some(step(0)));
    let (_, _, block) = legacy(Edit::MoveBlock { block: step(0), to: Destination::After(step(1)) });
    assert_eq!(block, Some(step(1)));
    let chained = "build[0]/post-processors[0]/post-processor[1]".to_owned();
    let to = Destination::Before("build[0]/post-processor[0]".to_owned());
    let (_, new, block) = legacy(Edit::MoveBlock { block: chained.clone(), to });
    assert_eq!(new.first().map(String::as_str), Some("{"));
    assert_eq!(block.as_deref(), Some("build[0]/post-processor[0]"));
    let refused = Edit::MoveBlock { block: step(0), to: Destination::After("source.null.host".to_owned()) };
    assert!(matches!(open("t.json", LEGACY).apply(0, &refused), Err(EditError::NotInJson { .. })));
    let (_, _, block) = legacy(Edit::DuplicateBlock { block: step(0) });
    assert_eq!(block, Some(step(1)));

    let rename = |block: &str, index, label: &str| {
        legacy(Edit::SetLabel { block: block.to_owned(), index, label: label.to_owned() })
    };
    assert_eq!(
        rename("source.null.host", 1, "b").1,
        [r#"{"type": "null", "name": "b"},"#.trim_end_matches(',')]
    );
    assert_eq!(rename("source.qemu.qemu", 1, "web").2.as_deref(), Some("source.qemu.web"));
    assert_eq!(rename("build[0]/post-processor[0]", 0, "compress").1, ["\"compress\","]);
}

#[test]
fn hcl_in_json_is_edited_in_its_own_shape() {
    let before = r#"{
  "source": {"null": {"x": {"ssh_host": "h"}}},
  "build": {
    "sources": ["null.x"],
    "provisioner": [
      {
        "shell": {"inline": ["a"]}
      }
    ],
    "post-processor": {"manifest": {}}
  }
}
"#;
    let hcl = |edit| changed("t.pkr.json", before, edit);
    let (_, new, _) =
        hcl(set("source.null.x", "ssh_host", AttributeValue::Expression("var.host".to_owned())));
    assert_eq!(new, [r#""source": {"null": {"x": {"ssh_host": "${var.host}"}}},"#]);
    let (_, new, _) = hcl(set("source.null.x", "ssh_host", string("${x}")));
    assert_eq!(new, [r#""source": {"null": {"x": {"ssh_host": "$${x}"}}},"#]);
    let (_, new, block) = hcl(add(Some("build[0]"), "provisioner", &["file"], None));
    assert_eq!(new.concat(), r#"},{"file": {}"#);
    assert_eq!(block.as_deref(), Some("build[0]/provisioner[1]"));
    let (_, _, block) = hcl(add(None, "source", &["null", "y"], None));
    assert_eq!(block.as_deref(), Some("source.null.y"));
    let (_, _, block) = hcl(add(None, "source", &["qemu", "y"], None));
    assert_eq!(block.as_deref(), Some("source.qemu.y"));
    let (_, _, block) = hcl(add(None, "variable", &["v"], None));
    assert_eq!(block.as_deref(), Some("variable.v"));
    let (_, new, block) = hcl(add(Some("build[0]"), "post-processor", &["manifest"], None));
    assert_eq!(new, [r#""post-processor": {"manifest": [{}, {}]}"#]);
    assert_eq!(block.as_deref(), Some("build[0]/post-processor[1]"));
    let (old, new, _) = hcl(Edit::RemoveBlock { block: "build[0]/provisioner[0]".to_owned() });
    assert_eq!((old.len(), new.len()), (5, 0), "{old:?} {new:?}");
    let (_, new, _) = hcl(Edit::RemoveBlock { block: "source.null.x".to_owned() });
    assert_eq!(new, [""; 0]);
    let (_, _, block) =
        hcl(Edit::SetLabel { block: "source.null.x".to_owned(), index: 1, label: "z".to_owned() });
    assert_eq!(block.as_deref(), Some("source.null.z"));
}

/// Any edit of any block of a template.
fn any_edit(project: &Project, choice: usize, salt: usize) -> Option<Edit> {
    let all = blocks::all(project.documents());
    let found = all.get(salt % all.len().max(1))?;
    let other = &all[(salt / 7) % all.len()];
    let id = found.id.clone();
    let name = found.block.body.attributes().nth(salt % 3).map(|attribute| attribute.name.name.to_string());
    let name = name.unwrap_or_else(|| "fresh".to_owned());
    let value = match salt % 5 {
        0 => string("a \"b\" \\ \u{fc}\n"),
        1 => AttributeValue::Bool(false),
        2 => AttributeValue::List(vec![string("x"), string("y"), string("z")]),
        3 => AttributeValue::Map(vec![("k".to_owned(), AttributeValue::Number(1.5))]),
        _ => AttributeValue::List(Vec::new()),
    };
    let to = match salt % 2 {
        0 => Destination::Before(other.id.clone()),
        _ => Destination::After(other.id.clone()),
    };
    Some(match choice % 8 {
        0 | 1 => set(&id, &name, value),
        2 => Edit::UnsetAttribute { block: id, name },
        3 => Edit::RemoveBlock { block: id },
        4 => Edit::DuplicateBlock { block: id },
        5 => add(Some("build[0]"), ["provisioner", "post-processor"][salt % 2], &["shell-local"], None),
        6 => Edit::InsertElement { block: id, name, index: 0, value: string("e") },
        _ => Edit::MoveBlock { block: id, to },
    })
}

/// Does edits in a row and takes all of them back. What cannot be done must leave the text alone.
fn there_and_back(name: &str, before: &str, choices: &[(usize, usize)]) -> usize {
    let mut project = open(name, before);
    let fine = project.syntax_diagnostics().is_empty();
    let mut done = 0;
    for (choice, salt) in choices {
        let Some(edit) = any_edit(&project, *choice, *salt) else { continue };
        let at = text(&project);
        match project.apply(project.revision(), &edit) {
            Ok(_) => {
                let after = text(&project);
                let broken = project.syntax_diagnostics();
                let json = |d: &goldsmith_template::Diagnostic| d.code.starts_with("json.");
                assert!(!fine || !broken.iter().any(json), "{edit:?}\n{at}\n{after}\n{broken:?}");
                done += usize::from(at != after);
            }
            Err(_) => assert_eq!(text(&project), at),
        }
    }
    while project.undo().is_some() {}
    assert_eq!(project.documents()[0].bytes(), before.as_bytes());
    done
}

const HCL: &str = r#"{"variable": {"v": {"type": "string"}}, "build": [{"sources": ["null.x"],
  "provisioner": [{"shell": [{"inline": ["a"]}, {"inline": ["b"]}]}, {"file": {}}]}],
  "source": {"null": {"x": {}, "y": {"ssh_host": "${var.v}"}}}}"#;

proptest! {
    #[test]
    fn edits_in_any_order_are_taken_back(choices in prop::collection::vec((0..8_usize, 0..500_usize), 1..12)) {
        there_and_back("t.json", LEGACY, &choices);
        there_and_back("t.json", &LEGACY.replace('\n', "\r\n"), &choices);
        there_and_back("t.pkr.json", HCL, &choices);
    }
}

#[test]
fn edits_of_real_files_are_taken_back_to_the_same_bytes() {
    let Some(corpus) = corpus() else { return };
    let paths = files(&corpus, &|name| name.ends_with(".json"));
    assert!(paths.len() > 400, "only {} files", paths.len());
    let (mut done, mut read) = (0, 0);
    for (number, path) in paths.iter().enumerate().step_by(5) {
        let Ok(before) = std::fs::read_to_string(path) else { continue };
        let choices: Vec<_> = (0..24).map(|n| (n, number * 31 + n * 17)).collect();
        // One at a time, and all in a row.
        for one in choices.chunks(1) {
            done += there_and_back("t.json", &before, one);
        }
        done += there_and_back("t.json", &before, &choices);
        read += 1;
    }
    println!("{done} edits in {read} files");
    assert!(done > 500, "only {done} edits");
}
