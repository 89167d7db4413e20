//! Edits that reach further than one value: switching off and on, renaming, extracting, moving to a file, edits for
//! an older text, and changes by other programs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::path::{Path, PathBuf};

use goldsmith_template::edit::{AttributeValue as V, Destination, Edit, EditError, EditRange};
use goldsmith_template::project::Merged;
use goldsmith_template::references::{Symbol, SymbolKind};
use goldsmith_template::{Files, MemoryFiles, Project};

fn open(files: &[(&str, &str)]) -> Project {
    let disk =
        files.iter().fold(MemoryFiles::new(), |disk, (name, text)| disk.with(format!("t/{name}"), *text));
    let mut project = Project::open(&disk, Path::new("t")).unwrap();
    project.attend(&disk, &[]);
    project
}

fn one(name: &str, text: &str) -> Project {
    Project::open(&MemoryFiles::new().with(name, text), Path::new(name)).unwrap()
}

fn text<'p>(project: &'p Project, name: &str) -> &'p str {
    let path = if project.is_folder() { PathBuf::from("t").join(name) } else { name.into() };
    std::str::from_utf8(project.bytes(&path).unwrap()).unwrap()
}

/// Does an edit; undo gives the bytes back, redo the result.
#[track_caller]
fn done(project: &mut Project, edit: &Edit) -> Option<String> {
    let all = |project: &Project| -> Vec<(PathBuf, Vec<u8>)> {
        let open = project.documents().iter().chain(project.beside());
        open.map(|document| (document.path().to_owned(), document.bytes().to_vec())).collect()
    };
    let before = all(project);
    let change = project.apply(project.revision(), edit).unwrap();
    let after = all(project);
    if before != after {
        project.undo().unwrap();
        assert_eq!(all(project), before, "undo");
        project.redo().unwrap();
        assert_eq!(all(project), after, "redo");
    }
    change.block
}

fn refused(project: &mut Project, edit: &Edit) -> String {
    let before = project.revision();
    let error = project.apply(before, edit).unwrap_err().to_string();
    assert_eq!(project.revision(), before);
    error
}

const BUILD: &str = r#"source "qemu" "web" {
  memory   = 512 # MiB
  iso_url  = "x"
}

build {
  sources = ["source.qemu.web"]

  # Installs.
  provisioner "shell" {
    inline = [<<EOT
one
    two

EOT
    ]

      # odd
  }
  provisioner "file" { # why
    source = "x"
  }
  post-processors {
    post-processor "checksum" {}
  }
}
"#;

fn disable(block: &str) -> Edit {
    Edit::DisableBlock { block: block.into() }
}

fn enable(block: &str) -> Edit {
    Edit::EnableBlock { block: block.into() }
}

#[test]
fn a_block_is_switched_off_and_on_again() {
    for eol in ["\n", "\r\n"] {
        let before = BUILD.replace('\n', eol);
        let mut project = one("a.pkr.hcl", &before);
        let block = done(&mut project, &disable("build[0]/provisioner[0]")).unwrap();
        assert_eq!(block, "build[0]/disabled[0]");
        let expected = BUILD.replace(
            "  provisioner \"shell\" {\n    inline = [<<EOT\none\n    two\n\nEOT\n    ]\n\n      # odd\n  }\n",
            "  # provisioner \"shell\" {\n  #   inline = [<<EOT\n# one\n  #   two\n  #\n# EOT\n  #   ]\n  #\n  #     # odd\n  # }\n",
        );
        assert_eq!(text(&project, "a.pkr.hcl"), expected.replace('\n', eol));
        let outline = project.outline();
        let build = outline.nodes.iter().find(|node| node.kind == "build").unwrap();
        let shown: Vec<_> = build
            .children
            .iter()
            .map(|node| (node.id.as_str(), node.disabled, node.title.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("build[0]/disabled[0]", true, "shell"),
                ("build[0]/provisioner[0]", false, "file"),
                ("build[0]/post-processors[0]", false, "post-processors"),
            ]
        );
        // A disabled block above is no comment of the next one.
        done(&mut project, &Edit::RemoveBlock { block: "build[0]/provisioner[0]".into() });
        assert!(text(&project, "a.pkr.hcl").contains("# provisioner \"shell\" {"));
        project.undo().unwrap();
        let block = done(&mut project, &enable("build[0]/disabled[0]")).unwrap();
        assert_eq!(block, "build[0]/provisioner[0]");
        assert_eq!(text(&project, "a.pkr.hcl"), before);
    }
}

#[test]
fn every_kind_of_block_can_be_off_and_is_found_in_the_text_alone() {
    let mut project = one("a.pkr.hcl", BUILD);
    for (block, off) in [
        ("build[0]/post-processors[0]/post-processor[0]", "build[0]/post-processors[0]/disabled[0]"),
        ("build[0]/provisioner[1]", "build[0]/disabled[0]"),
        ("source.qemu.web", "disabled[0]"),
        ("build[0]", "disabled[1]"),
    ] {
        assert_eq!(done(&mut project, &disable(block)).as_deref(), Some(off));
    }
    assert!(project.blocks_are_gone());
    let again = one("a.pkr.hcl", text(&project, "a.pkr.hcl"));
    assert!(again.outline().nodes.iter().all(|node| node.disabled));
    for off in
        ["disabled[1]", "disabled[0]", "build[0]/disabled[0]", "build[0]/post-processors[0]/disabled[0]"]
    {
        done(&mut project, &enable(off)).unwrap();
    }
    assert_eq!(text(&project, "a.pkr.hcl"), BUILD);
    // Written by hand, with another mark.
    let mut project = one(
        "a.pkr.hcl",
        "build {\n  # Prose: see source { } below.\n  //provisioner \"shell\" { # x\n  //  a = 1\n  //}\n  # more\n}\n",
    );
    done(&mut project, &enable("build[0]/disabled[0]")).unwrap();
    assert_eq!(
        text(&project, "a.pkr.hcl"),
        "build {\n  # Prose: see source { } below.\n  provisioner \"shell\" { # x\n   a = 1\n  }\n  # more\n}\n"
    );
}

trait Gone {
    fn blocks_are_gone(&self) -> bool;
}

impl Gone for Project {
    fn blocks_are_gone(&self) -> bool {
        goldsmith_template::blocks::all(self.documents()).is_empty()
    }
}

#[test]
fn an_argument_is_switched_off_and_on_again() {
    let mut project = one("a.pkr.hcl", BUILD);
    let at = |name: &str| (("source.qemu.web").to_owned(), name.to_owned());
    let (block, name) = at("memory");
    done(&mut project, &Edit::DisableAttribute { block: block.clone(), name: name.clone() });
    assert_eq!(text(&project, "a.pkr.hcl"), BUILD.replace("  memory ", "  # memory "));
    let form = project
        .form_with(
            "source.qemu.web",
            &goldsmith_template::FormContext { diagnostics: &[], resolve: &|_, _| None },
        )
        .unwrap();
    let field =
        form.groups.iter().flat_map(|group| &group.fields).find(|field| field.name == "memory").unwrap();
    assert!(field.disabled && !field.set);
    done(&mut project, &Edit::EnableAttribute { block: block.clone(), name: name.clone() });
    assert_eq!(text(&project, "a.pkr.hcl"), BUILD);
    assert!(refused(&mut project, &Edit::EnableAttribute { block, name }).contains("set already"));
    let (block, name) = at("cpus");
    assert!(refused(&mut project, &Edit::DisableAttribute { block, name }).contains("no argument `cpus`"));
    let mut flat = one("a.pkr.hcl", "b { a = 1 }\n");
    assert!(
        refused(&mut flat, &Edit::DisableAttribute { block: "b[0]".into(), name: "a".into() })
            .contains("shares a line")
    );
    let mut json = one("a.json", r#"{"builders": [{"type": "null"}]}"#);
    assert!(refused(&mut json, &disable("source.null.null")).contains("JSON has no comments"));
}

#[test]
fn an_argument_gets_another_name_and_keeps_its_column() {
    let mut project = one("a.pkr.hcl", BUILD);
    let rename = |name: &str, to: &str| Edit::RenameAttribute {
        block: "source.qemu.web".into(),
        name: name.into(),
        to: to.into(),
    };
    done(&mut project, &rename("memory", "cpus"));
    assert_eq!(text(&project, "a.pkr.hcl"), BUILD.replace("memory   =", "cpus     ="));
    assert!(refused(&mut project, &rename("cpus", "iso_url")).contains("already"));
    let mut json = one("a.json", r#"{"builders": [{"type": "null", "a": 1}]}"#);
    done(
        &mut json,
        &Edit::RenameAttribute { block: "source.null.null".into(), name: "a".into(), to: "b".into() },
    );
    assert_eq!(text(&json, "a.json"), r#"{"builders": [{"type": "null", "b": 1}]}"#);
}

#[test]
fn elements_move_with_their_comments() {
    let list = "b {\n  a = [\n    \"one\", # 1\n    # about two\n    \"two\",\n\n    \"three\" // 3\n  ]\n  c = [\"x\", \"y\", \"z\"]\n}\n";
    let shift =
        |name: &str, index, to| Edit::MoveElement { block: "b[0]".into(), name: name.into(), index, to };
    let mut project = one("a.pkr.hcl", list);
    done(&mut project, &shift("a", 0, 2));
    assert_eq!(
        text(&project, "a.pkr.hcl"),
        "b {\n  a = [\n    # about two\n    \"two\",\n    \"three\", // 3\n\n    \"one\" # 1\n  ]\n  c = [\"x\", \"y\", \"z\"]\n}\n"
    );
    done(&mut project, &shift("a", 2, 0));
    assert_eq!(text(&project, "a.pkr.hcl"), list);
    done(&mut project, &shift("c", 2, 0));
    assert_eq!(text(&project, "a.pkr.hcl"), list.replace("\"x\", \"y\", \"z\"", "\"z\", \"x\", \"y\""));
    refused(&mut project, &shift("c", 3, 0));
    let mut json = one("a.json", "{\"builders\": [{\"type\": \"null\", \"a\": [1,\n 2, 3]}]}");
    done(
        &mut json,
        &Edit::MoveElement { block: "source.null.null".into(), name: "a".into(), index: 0, to: 1 },
    );
    assert_eq!(text(&json, "a.json"), "{\"builders\": [{\"type\": \"null\", \"a\": [2,\n 1, 3]}]}");
}

#[test]
fn a_renaming_reaches_every_file() {
    let mut project = open(&[
        (
            "a.pkr.hcl",
            "# disk here stays\nvariable \"disk\" {\n  default = \"8G\"\n}\nlocals {\n  disk = \"${var.disk}-x\"\n}\n",
        ),
        ("b.pkr.json", "{\"source\": {\"qemu\": {\"web\": {\"disk_size\": \"\\u0041 ${ var.disk }\"}}}}"),
        (
            "c.pkr.hcl",
            "build {\n  sources = [\"source.qemu.web\"]\n  provisioner \"shell\" {\n    only = [\"qemu.web\"]\n    inline = [\"echo ${local.disk}\", \"var.disk\"]\n  }\n}\n",
        ),
        ("x.pkrvars.hcl", "disk = \"2G\" # two\r\n"),
        ("y.auto.pkrvars.json", "{\"disk\": \"3G\"}"),
    ]);
    let rename = |kind, name: &str, to: &str| Edit::Rename { symbol: Symbol::new(kind, name), to: to.into() };
    let block = done(&mut project, &rename(SymbolKind::Variable, "disk", "disk_size"));
    assert_eq!(block.as_deref(), Some("variable.disk_size"));
    assert_eq!(
        text(&project, "a.pkr.hcl"),
        "# disk here stays\nvariable \"disk_size\" {\n  default = \"8G\"\n}\nlocals {\n  disk = \"${var.disk_size}-x\"\n}\n"
    );
    assert!(text(&project, "b.pkr.json").contains("\"\\u0041 ${ var.disk_size }\""));
    assert!(text(&project, "c.pkr.hcl").contains("\"var.disk\""), "text is no reference");
    assert_eq!(text(&project, "x.pkrvars.hcl"), "disk_size = \"2G\" # two\r\n");
    assert_eq!(text(&project, "y.auto.pkrvars.json"), "{\"disk_size\": \"3G\"}");
    assert_eq!(project.dirty().len(), 4);
    project.undo().unwrap();
    assert!(project.dirty().is_empty());

    let block = done(&mut project, &rename(SymbolKind::Source, "qemu.web", "app"));
    assert_eq!(block.as_deref(), Some("source.qemu.app"));
    assert!(text(&project, "b.pkr.json").contains("{\"app\": {"));
    assert!(
        text(&project, "c.pkr.hcl")
            .contains("[\"source.qemu.app\"]\n  provisioner \"shell\" {\n    only = [\"qemu.app\"]")
    );
    // The label of its type, through the ordinary edit.
    done(&mut project, &Edit::SetLabel { block: "source.qemu.app".into(), index: 0, label: "null".into() });
    assert!(
        text(&project, "c.pkr.hcl")
            .contains("[\"source.null.app\"]\n  provisioner \"shell\" {\n    only = [\"null.app\"]")
    );
    done(&mut project, &rename(SymbolKind::Local, "disk", "size"));
    assert!(text(&project, "c.pkr.hcl").contains("echo ${local.size}"));
    assert!(refused(&mut project, &rename(SymbolKind::Local, "size", "a b")).contains("cannot be a name"));
    assert!(refused(&mut project, &rename(SymbolKind::Local, "gone", "x")).contains("declares no local"));
    let both = "variable \"a\" {}\nvariable \"b\" {}\n";
    assert!(
        refused(&mut one("a.pkr.hcl", both), &rename(SymbolKind::Variable, "a", "b")).contains("already")
    );
}

#[test]
fn renaming_in_json_templates() {
    let before = "{\n  \"variables\": {\"size\": \"1\", \"all\": \"{{user `size`}}\"},\n  \"builders\": [{\"type\": \"qemu\", \"disk\": \"{{ user \\\"size\\\" }} user `size`\"}],\n  \"provisioners\": [{\"type\": \"shell\", \"only\": [\"qemu\"], \"override\": {\"qemu\": {}}}]\n}\n";
    let mut project = one("a.json", before);
    let symbol = Symbol::new(SymbolKind::Variable, "size");
    done(&mut project, &Edit::Rename { symbol, to: "disk-size".into() });
    assert_eq!(
        text(&project, "a.json"),
        before
            .replace("\"size\": \"1\"", "\"disk-size\": \"1\"")
            .replace("{{user `size`}}", "{{user `disk-size`}}")
            .replace("{{ user \\\"size\\\" }}", "{{ user \\\"disk-size\\\" }}")
    );
    project.undo().unwrap();
    // A builder that is named by its type gets a name.
    let symbol = Symbol::new(SymbolKind::Source, "qemu.qemu");
    done(&mut project, &Edit::Rename { symbol, to: "web".into() });
    assert!(
        text(&project, "a.json").contains("user `size`\", \"name\": \"web\"}"),
        "{}",
        text(&project, "a.json")
    );
    assert!(text(&project, "a.json").contains("\"only\": [\"web\"], \"override\": {\"web\": {}}"));
}

#[test]
fn removing_what_is_used_warns() {
    let mut project = one("a.pkr.hcl", BUILD);
    let change = project.apply(0, &Edit::RemoveBlock { block: "source.qemu.web".into() }).unwrap();
    assert_eq!(change.warnings.len(), 1);
    assert_eq!(change.warnings[0].message, "the source qemu.web is still used in one place");
    assert_eq!(change.warnings[0].place.as_ref().unwrap().line, 2);
    project.undo().unwrap();
    let change = project.apply(2, &disable("source.qemu.web")).unwrap();
    assert_eq!(change.warnings.len(), 1);
    let change = project.apply(3, &enable("disabled[0]")).unwrap();
    assert!(change.warnings.is_empty());
}

#[test]
fn a_value_becomes_a_variable() {
    let extract = |block: &str, name: &str, index, variable: &str| Edit::ExtractVariable {
        block: block.into(),
        name: name.into(),
        index,
        variable: variable.into(),
    };
    let mut project = one("a.pkr.hcl", BUILD);
    done(&mut project, &extract("source.qemu.web", "memory", None, "ram"));
    assert_eq!(
        text(&project, "a.pkr.hcl"),
        format!("variable \"ram\" {{\n  default = 512\n}}\n\n{}", BUILD.replace("= 512 #", "= var.ram #"))
    );
    done(&mut project, &extract("build[0]/provisioner[0]", "inline", Some(0), "script"));
    assert!(
        text(&project, "a.pkr.hcl")
            .contains("}\n\nvariable \"script\" {\n  default = <<EOT\none\n    two\n\nEOT\n}\n\nsource")
    );
    assert!(text(&project, "a.pkr.hcl").contains("inline = [var.script\n    ]"));
    assert!(project.syntax_diagnostics().is_empty());
    assert!(
        refused(&mut project, &extract("source.qemu.web", "memory", None, "x")).contains("not written out")
    );
    assert!(refused(&mut project, &extract("source.qemu.web", "iso_url", None, "ram")).contains("already"));
    assert!(
        refused(&mut project, &extract("variable.ram", "default", None, "x")).contains("cannot use another")
    );

    let mut secret = one("a.pkr.hcl", "source \"qemu\" \"a\" {\n  ssh_password = \"p\"\n}\n");
    done(&mut secret, &extract("source.qemu.a", "ssh_password", None, "password"));
    assert!(
        text(&secret, "a.pkr.hcl")
            .starts_with("variable \"password\" {\n  default   = \"p\"\n  sensitive = true\n}\n\n")
    );

    let mut json = one("a.json", "{\n  \"builders\": [{\"type\": \"null\", \"a\": 5}]\n}\n");
    done(&mut json, &extract("source.null.null", "a", None, "n"));
    assert_eq!(
        text(&json, "a.json"),
        "{\n  \"builders\": [{\"type\": \"null\", \"a\": \"{{user `n`}}\"}],\n  \"variables\": {\n    \"n\": \"5\"\n  }\n}\n"
    );
    let mut json = one("a.pkr.json", "{\n  \"source\": {\"null\": {\"x\": {\"a\": [\"v\"]}}}\n}\n");
    done(&mut json, &extract("source.null.x", "a", None, "n"));
    assert!(text(&json, "a.pkr.json").contains("{\"a\": \"${var.n}\"}"));
    assert!(text(&json, "a.pkr.json").contains("\"default\": [\"v\"]"));
}

#[test]
fn commands_move_to_a_file_of_their_own() {
    let template = "build {\n  provisioner \"shell\" {\n    inline = [\n      \"apt-get update\", # first\n      \"echo \\\"a\\\"\"\n    ]\n    pause_before = \"1s\"\n  }\n}\n";
    let mut project = open(&[("a.pkr.hcl", template)]);
    let edit =
        |file: &str| Edit::MoveScriptToFile { block: "build[0]/provisioner[0]".into(), file: file.into() };
    let original = project.dirty();
    done(&mut project, &edit("scripts/install.sh"));
    assert_eq!(
        text(&project, "a.pkr.hcl"),
        "build {\n  provisioner \"shell\" {\n    script = \"${path.root}/scripts/install.sh\"\n    pause_before = \"1s\"\n  }\n}\n"
    );
    assert_eq!(text(&project, "scripts/install.sh"), "#!/bin/sh -e\napt-get update\necho \"a\"\n");
    assert_eq!(project.dirty(), [Path::new("t/a.pkr.hcl"), Path::new("t/scripts/install.sh")]);
    // What reads files sees it before it is saved.
    let disk = MemoryFiles::new();
    assert!(project.overlay(&disk, Path::new("/w")).exists(Path::new("/w/t/scripts/install.sh")));
    // The new file can be edited like any other; undone, it is gone.
    let range = EditRange::Bytes { start: 0, end: 12 };
    let change = Edit::ReplaceText { file: "t/scripts/install.sh".into(), range, text: "#!/bin/bash".into() };
    done(&mut project, &change);
    assert!(
        refused(&mut project, &Edit::CreateFile { file: "scripts/install.sh".into(), text: String::new() })
            .contains("exists")
    );
    project.undo().unwrap();
    project.undo().unwrap();
    assert_eq!(project.dirty(), original);
    assert!(project.bytes(Path::new("t/scripts/install.sh")).is_none());
    for outside in ["/etc/x", "../x.sh", "", "a/"] {
        assert!(refused(&mut project, &edit(outside)).contains("not a path inside"));
    }
    // Undone after it was saved: it is to be removed from disk.
    done(&mut project, &edit("x.sh"));
    for path in project.dirty() {
        project.mark_saved(&path);
    }
    assert!(project.dirty().is_empty());
    project.undo().unwrap();
    assert_eq!(project.dirty(), [Path::new("t/a.pkr.hcl"), Path::new("t/x.sh")]);

    let uses = template.replace("apt-get update", "echo ${var.x}");
    assert!(
        refused(&mut open(&[("a.pkr.hcl", &uses)]), &edit("x.sh"))
            .contains("command 1 uses values of the template")
    );
    let mut json = one(
        "a.json",
        "{\"provisioners\": [{\"type\": \"shell\", \"inline\": [\"a\"], \"inline_shebang\": \"/bin/bash\"}]}",
    );
    done(&mut json, &edit("x.sh"));
    assert_eq!(
        text(&json, "a.json"),
        "{\"provisioners\": [{\"type\": \"shell\", \"script\": \"{{template_dir}}/x.sh\"}]}"
    );
    assert_eq!(text(&json, "./x.sh"), "#!/bin/bash\na\n");
}

#[test]
fn an_edit_for_an_older_text_is_done_or_refused() {
    let mut project = one("a.pkr.hcl", BUILD);
    let set = |block: &str, name: &str, value: f64| Edit::SetAttribute {
        block: block.into(),
        name: name.into(),
        value: V::Number(value),
    };
    project.apply(0, &disable("build[0]/provisioner[0]")).unwrap();
    project
        .apply(
            1,
            &Edit::AddBlock {
                parent: None,
                kind: "variable".into(),
                labels: vec!["a".into()],
                attributes: vec![],
                after: None,
            },
        )
        .unwrap();
    // Made for revision 0, elsewhere in the text.
    let moved = Edit::MoveBlock {
        block: "build[0]/provisioner[1]".into(),
        to: Destination::After("build[0]/post-processors[0]".into()),
    };
    let change = project.apply(0, &moved).unwrap();
    assert_eq!(change.block.as_deref(), Some("build[0]/provisioner[0]"));
    project.apply(0, &set("source.qemu.web", "memory", 1024.0)).unwrap();
    assert_eq!(project.revision(), 4);
    assert!(text(&project, "a.pkr.hcl").contains("memory   = 1024 # MiB"));
    assert!(text(&project, "a.pkr.hcl").ends_with("post-processor \"checksum\" {}\n  }\n  provisioner \"file\" { # why\n    source = \"x\"\n  }\n}\n\nvariable \"a\" {\n}\n"));
    // In the place that has changed meanwhile.
    let stale = project.apply(0, &set("source.qemu.web", "memory", 2.0)).unwrap_err();
    assert_eq!(stale, EditError::Stale { base: 0, current: 4 });
    let stale = project.apply(0, &set("build[0]/provisioner[0]", "x", 1.0)).unwrap_err();
    assert!(matches!(stale, EditError::Stale { .. }));
    assert!(matches!(project.apply(9, &set("build[0]", "x", 1.0)), Err(EditError::Stale { .. })));
    for _ in 0..4 {
        project.undo().unwrap();
    }
    assert_eq!(text(&project, "a.pkr.hcl"), BUILD);
}

#[test]
fn changes_by_another_program_are_merged_or_offered() {
    let name = Path::new("a.pkr.hcl");
    let mut project = one("a.pkr.hcl", BUILD);
    let set = |value: f64| Edit::SetAttribute {
        block: "source.qemu.web".into(),
        name: "memory".into(),
        value: V::Number(value),
    };
    project.apply(0, &set(1.0)).unwrap();
    let theirs = BUILD.replace("\"file\"", "\"breakpoint\"");
    let Some(Merged::Done(change)) = project.merge(name, Some(theirs.as_bytes())) else { panic!() };
    assert_eq!(change.patches.len(), 1);
    assert_eq!(text(&project, "a.pkr.hcl"), theirs.replace("= 512", "= 1"));
    assert_eq!(project.saved_bytes(name), Some(theirs.as_bytes()));
    // Undo goes back over the merge.
    project.undo().unwrap();
    assert_eq!(text(&project, "a.pkr.hcl"), BUILD.replace("= 512", "= 1"));
    project.undo().unwrap();
    assert_eq!(text(&project, "a.pkr.hcl"), BUILD);
    assert_eq!(project.dirty(), [name], "the disk holds something else");
    project.redo().unwrap();
    project.redo().unwrap();

    let both = theirs.replace("= 512", "= 9");
    let Some(Merged::Conflict(conflict)) = project.merge(name, Some(both.as_bytes())) else { panic!() };
    assert!(
        conflict.difference.contains("-  memory   = 9 # MiB\n+  memory   = 1 # MiB\n"),
        "{}",
        conflict.difference
    );
    assert_eq!(text(&project, "a.pkr.hcl"), theirs.replace("= 512", "= 1"), "nothing happens by itself");
    let mut other = project.clone();
    other.keep_mine(name, Some(both.as_bytes()));
    assert_eq!(other.dirty(), [name]);
    project.take_theirs(name, both.as_bytes()).unwrap();
    assert_eq!(text(&project, "a.pkr.hcl"), both);
    assert!(project.dirty().is_empty());
    project.undo().unwrap();
    assert_eq!(text(&project, "a.pkr.hcl"), theirs.replace("= 512", "= 1"));

    let mut untouched = one("a.pkr.hcl", BUILD);
    assert!(matches!(untouched.merge(name, Some(theirs.as_bytes())), Some(Merged::Done(_))));
    assert!(untouched.dirty().is_empty());
    let Some(Merged::Conflict(gone)) = untouched.merge(name, None) else { panic!() };
    assert!(gone.deleted);
    let Some(Merged::Conflict(_)) = untouched.merge(name, Some(b"\xff")) else { panic!() };
}

#[test]
fn unsaved_texts_come_back() {
    let mut project = open(&[("a.pkr.hcl", BUILD)]);
    assert!(project.unsaved().is_empty());
    let edit =
        Edit::SetAttribute { block: "source.qemu.web".into(), name: "memory".into(), value: V::Number(1.0) };
    project.apply(0, &edit).unwrap();
    project.apply(1, &Edit::CreateFile { file: "x.sh".into(), text: "echo\n".into() }).unwrap();
    let unsaved = project.unsaved();
    assert_eq!(unsaved.len(), 2);
    // The disk went on meanwhile.
    let later = BUILD.replace("\"file\"", "\"breakpoint\"");
    let mut again = open(&[("a.pkr.hcl", &later)]);
    again.restore(&unsaved);
    assert_eq!(text(&again, "a.pkr.hcl"), later.replace("= 512", "= 1"));
    assert_eq!(text(&again, "x.sh"), "echo\n");
    again.undo().unwrap();
    assert!(again.dirty().is_empty());
}
