//! Edits touch what they mean and nothing else, and undo takes them back byte for byte.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests may fail loudly

use std::path::Path;

use goldsmith_template::edit::{AttributeValue as V, Destination, Edit, EditError, EditRange};
use goldsmith_template::{MemoryFiles, Project, Utf16Position};
use proptest::prelude::*;

const NAME: &str = "t.pkr.hcl";

fn open(text: &str) -> Project {
    let files = MemoryFiles::new().with(NAME, text);
    Project::open(&files, Path::new(NAME)).unwrap()
}

fn text(project: &Project) -> &str {
    std::str::from_utf8(project.documents()[0].bytes()).unwrap()
}

fn set(block: &str, name: &str, value: V) -> Edit {
    Edit::SetAttribute { block: block.into(), name: name.into(), value }
}

fn unset(block: &str, name: &str) -> Edit {
    Edit::UnsetAttribute { block: block.into(), name: name.into() }
}

fn string(text: &str) -> V {
    V::String(text.into())
}

fn strings(texts: &[&str]) -> V {
    V::List(texts.iter().map(|text| string(text)).collect())
}

/// The text after one edit; undo and redo are checked on the way.
#[track_caller]
fn after(before: &str, edit: Edit) -> String {
    let mut project = open(before);
    let change = project.apply(0, &edit).unwrap();
    let result = text(&project).to_owned();
    assert_eq!(patched(before, &change.patches), result, "the patches describe the change");
    if result != before {
        project.undo().unwrap();
        assert_eq!(text(&project), before, "undo");
        project.redo().unwrap();
        assert_eq!(text(&project), result, "redo");
    }
    assert!(project.syntax_diagnostics().is_empty(), "{}\n{result}", project.syntax_diagnostics()[0]);
    result
}

/// What an editor makes of the patches, which are all in terms of the text before.
fn patched(before: &str, patches: &[goldsmith_template::Patch]) -> String {
    let mut out = before.to_owned();
    for patch in patches.iter().rev() {
        out.replace_range(patch.start as usize..patch.end as usize, &patch.text);
    }
    out
}

const SOURCE: &str = "# top\nsource \"qemu\" \"web\" {\n  memory    = 2048 # enough\n  disk_size = \"8G\"\n\n  // boot\n  boot_command = [\n    \"<esc>\", # first\n    \"linux<enter>\",\n  ]\n}\n";

#[test]
fn setting_replaces_exactly_the_value() {
    let result = after(SOURCE, set("source.qemu.web", "memory", V::Number(4096.0)));
    assert_eq!(result, SOURCE.replace("2048", "4096"));
    let result = after(SOURCE, set("source.qemu.web", "disk_size", V::Expression("var.size".into())));
    assert_eq!(result, SOURCE.replace("\"8G\"", "var.size"));
}

#[test]
fn adding_follows_indentation_alignment_and_line_endings() {
    let tidy = "source \"qemu\" \"web\" {\n  memory    = 2048\n  disk_size = \"8G\"\n}\n";
    assert_eq!(
        after(tidy, set("source.qemu.web", "cpus", V::Number(2.0))),
        tidy.replace("\"8G\"\n", "\"8G\"\n  cpus      = 2\n")
    );
    let windows = tidy.replace('\n', "\r\n");
    assert_eq!(
        after(&windows, set("source.qemu.web", "headless", V::Bool(true))),
        windows.replace("\"8G\"\r\n", "\"8G\"\r\n  headless  = true\r\n")
    );
    let tabs = "build {\n\tname = \"a\"\n}\n";
    assert_eq!(after(tabs, set("build[0]", "x", V::Number(1.5))), "build {\n\tname = \"a\"\n\tx = 1.5\n}\n");
    let ragged = "build {\n  a = 1\n  bbb = 2\n}\n";
    assert_eq!(
        after(ragged, set("build[0]", "cc", V::Number(3.0))),
        "build {\n  a = 1\n  bbb = 2\n  cc = 3\n}\n"
    );
    assert_eq!(after("build {}\n", set("build[0]", "a", V::Bool(true))), "build {\n  a = true\n}\n");
    assert_eq!(after("build {\n}\n", set("build[0]", "a", V::Bool(true))), "build {\n  a = true\n}\n");
    assert_eq!(after("b { a = 1 }\n", set("b[0]", "c", V::Number(2.0))), "b {\n  a = 1\n  c = 2\n}\n");
    assert_eq!(
        after("build {\n  # note\n  provisioner \"shell\" {\n  }\n}\n", set("build[0]", "name", string("n"))),
        "build {\n  name = \"n\"\n  # note\n  provisioner \"shell\" {\n  }\n}\n"
    );
}

#[test]
fn text_is_quoted_and_templates_keep_their_sequences() {
    let at = |value| after("b {\n  a = 1\n}\n", set("b[0]", "a", value));
    assert_eq!(at(string("a\"b\\c\n${x} %{y} $$z")), "b {\n  a = \"a\\\"b\\\\c\\n$${x} %%{y} $$z\"\n}\n");
    assert_eq!(at(V::Template("${var.a}/\"x\"\\".into())), "b {\n  a = \"${var.a}/\\\"x\\\"\\\\\"\n}\n");
    assert_eq!(at(V::Template("${f(\"q\")}".into())), "b {\n  a = \"${f(\"q\")}\"\n}\n");
    assert_eq!(at(V::Template("open ${".into())), "b {\n  a = \"open $${\"\n}\n");
    assert_eq!(
        at(V::Map(vec![("k".into(), string("v")), ("a b".into(), V::Bool(false))])),
        "b {\n  a = {\n    k     = \"v\"\n    \"a b\" = false\n  }\n}\n"
    );
}

#[test]
fn a_heredoc_stays_a_heredoc() {
    let before = "b {\n  a = <<-EOT\n    one\n      two\n  EOT\n  c = 1\n}\n";
    assert_eq!(
        after(before, set("b[0]", "a", string("x\n  $y\n\n${z}\n"))),
        "b {\n  a = <<-EOT\n    x\n      $y\n\n    $${z}\n  EOT\n  c = 1\n}\n"
    );
    assert_eq!(after(before, set("b[0]", "a", string("one\n  two\n"))), before);
    assert_eq!(
        after(before, set("b[0]", "a", string("x\nEOT\n"))),
        "b {\n  a = \"x\\nEOT\\n\"\n  c = 1\n}\n"
    );
}

#[test]
fn unsetting_removes_the_line_and_its_comment() {
    assert_eq!(
        after(SOURCE, unset("source.qemu.web", "memory")),
        SOURCE.replace("  memory    = 2048 # enough\n", "")
    );
    let spaced = "b {\n  a = 1\n\n  c = 2\n\n  d = 3\n}\n";
    assert_eq!(after(spaced, unset("b[0]", "c")), "b {\n  a = 1\n\n  d = 3\n}\n");
    assert_eq!(after("b { a = 1 }\n", unset("b[0]", "a")), "b {}\n");
    assert_eq!(after(SOURCE, unset("source.qemu.web", "nothing")), SOURCE);
    let list = after(SOURCE, unset("source.qemu.web", "boot_command"));
    assert!(list.ends_with("\"8G\"\n\n  // boot\n}\n"), "{list}");
}

#[test]
fn only_the_elements_that_differ_are_touched() {
    let to = |elements: &[&str]| after(SOURCE, set("source.qemu.web", "boot_command", strings(elements)));
    assert_eq!(to(&["<esc>", "auto<enter>"]), SOURCE.replace("linux<", "auto<"));
    assert_eq!(to(&["<esc>", "linux<enter>", "x"]), SOURCE.replace("enter>\",\n", "enter>\",\n    \"x\",\n"));
    assert_eq!(
        to(&["a", "<esc>", "linux<enter>"]),
        SOURCE.replace("    \"<esc>\"", "    \"a\",\n    \"<esc>\"")
    );
    assert_eq!(to(&["<esc>"]), SOURCE.replace("    \"linux<enter>\",\n", ""));
    assert_eq!(to(&["linux<enter>"]), SOURCE.replace("    \"<esc>\", # first\n", ""));
    let flat = "b {\n  a = [\"x\", \"y\"]\n}\n";
    let flat_to = |elements: &[&str]| after(flat, set("b[0]", "a", strings(elements)));
    assert_eq!(flat_to(&["x", "y", "z"]), flat.replace("\"y\"", "\"y\", \"z\""));
    assert_eq!(flat_to(&["y"]), flat.replace("\"x\", ", ""));
    assert_eq!(flat_to(&["x"]), flat.replace(", \"y\"", ""));
    assert_eq!(flat_to(&["p", "q", "r"]), flat.replace("\"x\", \"y\"", "\"p\", \"q\", \"r\""));
    let no_comma = "b {\n  a = [\n    \"x\" # one\n  ]\n}\n";
    assert_eq!(
        after(
            no_comma,
            Edit::InsertElement { block: "b[0]".into(), name: "a".into(), index: 1, value: string("y") }
        ),
        "b {\n  a = [\n    \"x\", # one\n    \"y\"\n  ]\n}\n"
    );
    let empty = "b {\n  a = []\n}\n";
    assert_eq!(
        after(
            empty,
            Edit::InsertElement { block: "b[0]".into(), name: "a".into(), index: 0, value: string("y") }
        ),
        "b {\n  a = [\"y\"]\n}\n"
    );
}

const BUILD: &str = "build {\n  sources = [\"source.qemu.web\"]\n\n  # installs\n  provisioner \"shell\" {\n    inline = [\"a\"]\n  }\n\n  provisioner \"file\" {\n    source = \"x\"\n  }\n\n  post-processor \"checksum\" {}\n}\n";

fn change_of(before: &str, edit: &Edit) -> (String, Option<String>) {
    let mut project = open(before);
    let change = project.apply(0, edit).unwrap();
    (text(&project).to_owned(), change.block)
}

#[test]
fn blocks_are_added_where_they_belong() {
    let edit = Edit::AddBlock {
        parent: Some("build[0]".into()),
        kind: "provisioner".into(),
        labels: vec!["shell".into()],
        attributes: vec![("inline".into(), strings(&["b"])), ("x".into(), V::Bool(true))],
        after: Some("build[0]/provisioner[0]".into()),
    };
    let (result, block) = change_of(BUILD, &edit);
    let added = "\n  provisioner \"shell\" {\n    inline = [\"b\"]\n    x      = true\n  }\n";
    assert_eq!(result, BUILD.replace("[\"a\"]\n  }\n", &format!("[\"a\"]\n  }}\n{added}")));
    assert_eq!(block.as_deref(), Some("build[0]/provisioner[1]"));
    after(BUILD, edit);

    let top = Edit::AddBlock {
        parent: None,
        kind: "source".into(),
        labels: vec!["null".into(), "n".into()],
        attributes: vec![],
        after: None,
    };
    let (result, block) = change_of(BUILD, &top);
    assert_eq!(result, format!("{BUILD}\nsource \"null\" \"n\" {{\n}}\n"));
    assert_eq!(block.as_deref(), Some("source.null.n"));
    assert_eq!(after("", top.clone()), "source \"null\" \"n\" {\n}\n");
    assert_eq!(after("a = 1", top), "a = 1\n\nsource \"null\" \"n\" {\n}\n");

    let inside = |parent: &str| Edit::AddBlock {
        parent: Some(parent.into()),
        kind: "k".into(),
        labels: vec![],
        attributes: vec![],
        after: None,
    };
    assert_eq!(after("b {}\n", inside("b[0]")), "b {\n  k {\n  }\n}\n");
    assert_eq!(after("b { a = 1 }\n", inside("b[0]")), "b {\n  a = 1\n\n  k {\n  }\n}\n");
    assert_eq!(after("b {\n  # c\n}\n", inside("b[0]")), "b {\n  # c\n  k {\n  }\n}\n");
}

#[test]
fn blocks_go_with_their_comments_and_one_blank_line() {
    let removed = after(BUILD, Edit::RemoveBlock { block: "build[0]/provisioner[0]".into() });
    assert_eq!(
        removed,
        BUILD.replace("  # installs\n  provisioner \"shell\" {\n    inline = [\"a\"]\n  }\n\n", "")
    );
    let last = after(BUILD, Edit::RemoveBlock { block: "build[0]/post-processor[0]".into() });
    assert_eq!(last, BUILD.replace("\n  post-processor \"checksum\" {}\n", ""));
    assert_eq!(after(BUILD, Edit::RemoveBlock { block: "build[0]".into() }), "");
}

#[test]
fn moving_swaps_and_moves_back() {
    let down = Edit::MoveBlock {
        block: "build[0]/provisioner[0]".into(),
        to: Destination::After("build[0]/provisioner[1]".into()),
    };
    let (result, block) = change_of(BUILD, &down);
    assert_eq!(block.as_deref(), Some("build[0]/provisioner[1]"));
    let shell = "  # installs\n  provisioner \"shell\" {\n    inline = [\"a\"]\n  }\n";
    let file = "  provisioner \"file\" {\n    source = \"x\"\n  }\n";
    assert_eq!(result, BUILD.replace(&format!("{shell}\n{file}"), &format!("{file}\n{shell}")));
    let up = Edit::MoveBlock {
        block: "build[0]/provisioner[1]".into(),
        to: Destination::Before("build[0]/provisioner[0]".into()),
    };
    assert_eq!(after(&result, up.clone()), BUILD);
    assert_eq!(after(BUILD, up), result);
    let into_itself = Edit::MoveBlock {
        block: "build[0]".into(),
        to: Destination::Before("build[0]/provisioner[0]".into()),
    };
    let error = open(BUILD).apply(0, &into_itself).unwrap_err();
    assert!(matches!(error, EditError::IntoItself { .. }));
}

#[test]
fn labels_copies_and_several_edits_at_once() {
    let edit = Edit::Several {
        edits: vec![
            Edit::SetLabel { block: "source.qemu.web".into(), index: 1, label: "app".into() },
            set("source.qemu.app", "memory", V::Number(1.0)),
            Edit::DuplicateBlock { block: "source.qemu.app".into() },
        ],
    };
    let mut project = open(SOURCE);
    let change = project.apply(0, &edit).unwrap();
    assert_eq!(change.block.as_deref(), Some("source.qemu.app_2"));
    assert_eq!(patched(SOURCE, &change.patches), text(&project));
    for name in ["app", "app_2"] {
        assert!(text(&project).contains(&format!("source \"qemu\" \"{name}\" {{\n  memory    = 1 # enough")));
    }
    project.undo().unwrap();
    assert_eq!(text(&project), SOURCE);
    assert!(project.undo().is_none());
}

#[test]
fn stale_broken_and_impossible_edits_are_refused_and_change_nothing() {
    let mut project = open(SOURCE);
    let memory = |n| set("source.qemu.web", "memory", V::Number(n));
    project.apply(0, &memory(1.0)).unwrap();
    assert_eq!(project.apply(0, &memory(2.0)).unwrap_err(), EditError::Stale { base: 0, current: 1 });
    let before = text(&project).to_owned();
    let expression = |text: &str| set("source.qemu.web", "memory", V::Expression(text.into()));
    for bad in ["", "1 +", "1\nx = 2", "a\n+ b", "1 # c", "[1", "\"a", "}"] {
        let error = project.apply(1, &expression(bad)).unwrap_err();
        assert!(matches!(error, EditError::BadExpression { .. }), "{bad:?}: {error}");
    }
    let error = project.apply(1, &set("source.qemu.gone", "a", V::Bool(true))).unwrap_err();
    assert!(matches!(error, EditError::UnknownBlock { .. }));
    let error = project.apply(1, &set("source.qemu.web", "a b", V::Bool(true))).unwrap_err();
    assert!(matches!(error, EditError::BadName { .. }));
    assert_eq!(text(&project), before);
    assert_eq!(project.revision(), 1);
}

#[test]
fn an_editor_replaces_text_by_lines_and_utf16_columns() {
    let mut project = open("a = \"é😀\"\r\nb = 2\r\n");
    let at = |line, column| Utf16Position { line, column };
    let range = EditRange::Utf16 { start: at(0, 8), end: at(1, 5) };
    let edit = Edit::ReplaceText { file: NAME.into(), range, text: "x\"\nc = 3".into() };
    let change = project.apply(0, &edit).unwrap();
    assert_eq!(text(&project), "a = \"é😀x\"\r\nc = 3\r\n");
    assert_eq!((change.patches[0].from, change.patches[0].to), (at(0, 8), at(1, 5)));
    let split = EditRange::Bytes { start: 6, end: 6 };
    let error = project.apply(1, &Edit::ReplaceText { file: NAME.into(), range: split, text: "".into() });
    assert!(matches!(error, Err(EditError::BadRange { .. })));
}

#[test]
fn typing_is_undone_by_the_word() {
    let mut project = open("a = 1\n# \n");
    for (index, key) in ["o", "n", "e", " ", "t", "w", "o"].into_iter().enumerate() {
        let at = 8 + index as u32;
        let range = EditRange::Bytes { start: at, end: at };
        let edit = Edit::ReplaceText { file: NAME.into(), range, text: key.into() };
        project.apply(project.revision(), &edit).unwrap();
    }
    assert_eq!(text(&project), "a = 1\n# one two\n");
    project.undo().unwrap();
    assert_eq!(text(&project), "a = 1\n# one \n");
    project.undo().unwrap();
    assert_eq!(text(&project), "a = 1\n# \n");
    project.redo().unwrap();
    assert_eq!(text(&project), "a = 1\n# one \n");
}

#[test]
fn what_differs_from_the_disk_is_dirty() {
    let mut project = open(SOURCE);
    assert!(project.dirty().is_empty());
    project.apply(0, &unset("source.qemu.web", "memory")).unwrap();
    assert_eq!(project.dirty(), [Path::new(NAME)]);
    project.mark_saved(Path::new(NAME));
    assert!(project.dirty().is_empty());
    project.undo().unwrap();
    assert_eq!(project.dirty(), [Path::new(NAME)]);
}

#[test]
fn text_that_is_not_utf8_is_read_only() {
    let files = MemoryFiles::new().with(NAME, b"# caf\xe9\nb {\n}\n".to_vec());
    let mut project = Project::open(&files, Path::new(NAME)).unwrap();
    assert_eq!(project.syntax_diagnostics()[0].code, "file.not-utf8");
    assert_eq!(project.syntax_diagnostics().len(), 1);
    let error = project.apply(0, &set("b[0]", "a", V::Bool(true))).unwrap_err();
    assert!(matches!(error, EditError::ReadOnly { .. }));
}

/// Edits over blocks and arguments that may or may not be there.
fn edits() -> impl Strategy<Value = Edit> {
    let block = prop::sample::select(vec![
        "source.qemu.web",
        "source.null.n",
        "build[0]",
        "build[0]/provisioner[0]",
        "build[0]/provisioner[1]",
        "build[0]/post-processor[0]",
        "locals[0]",
        "one[0]",
        "build[0]/provisioner[2]",
    ]);
    let name = prop::sample::select(vec!["memory", "boot_command", "inline", "text", "fresh", "a", "b"]);
    let value = prop_oneof![
        any::<bool>().prop_map(V::Bool),
        (-1.0e6..1.0e6f64).prop_map(V::Number),
        "[a-z\"\\\\\n${}%é]{0,12}".prop_map(V::String),
        "[a-z\"\\\\\n${}%é]{0,12}".prop_map(V::Template),
        prop::collection::vec("[a-c]{0,2}".prop_map(V::String), 0..5).prop_map(V::List),
        prop::sample::select(vec!["var.x", "[for x in y : x]", "{ a = 1 }"])
            .prop_map(|e| V::Expression(e.into())),
    ];
    let id = block.prop_map(str::to_owned);
    let name = name.prop_map(str::to_owned);
    prop_oneof![
        4 => (id.clone(), name.clone(), value.clone()).prop_map(|(block, name, value)| Edit::SetAttribute { block, name, value }),
        2 => (id.clone(), name.clone()).prop_map(|(block, name)| Edit::UnsetAttribute { block, name }),
        2 => (id.clone(), name.clone(), 0..4usize, value).prop_map(|(block, name, index, value)| Edit::InsertElement { block, name, index, value }),
        2 => (id.clone(), name, 0..4usize).prop_map(|(block, name, index)| Edit::RemoveElement { block, name, index }),
        1 => (prop::option::of(id.clone()), prop::option::of(id.clone())).prop_map(|(parent, after)| Edit::AddBlock {
            parent, kind: "extra".into(), labels: vec!["l".into()], attributes: vec![("a".into(), V::Bool(true))], after }),
        1 => id.clone().prop_map(|block| Edit::RemoveBlock { block }),
        1 => id.clone().prop_map(|block| Edit::DuplicateBlock { block }),
        2 => (id.clone(), id, any::<bool>()).prop_map(|(block, anchor, before)| Edit::MoveBlock {
            block, to: if before { Destination::Before(anchor) } else { Destination::After(anchor) } }),
    ]
}

const MIXED: &str = "locals {\n\ta   = 1 # x\n\tb = [ \"p\", # q\n\t\t\"r\" ]\n}\n\n\none { a = 1 }\nsource \"null\" \"n\" {}\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_edits_keep_the_syntax_whole_and_undo_to_the_same_bytes(
        edits in prop::collection::vec(edits(), 1..8),
        windows in any::<bool>(),
        bom in any::<bool>(),
    ) {
        let mut before = format!("{SOURCE}{BUILD}{MIXED}b {{\n  text = <<-EOT\n    hey\n  EOT\n}}\n");
        if windows { before = before.replace('\n', "\r\n"); }
        if bom { before.insert(0, '\u{feff}'); }
        let mut project = open(&before);
        let mut states = vec![before.clone()];
        for edit in &edits {
            let revision = project.revision();
            let old = text(&project).to_owned();
            match project.apply(revision, edit) {
                Ok(change) => prop_assert_eq!(patched(&old, &change.patches), text(&project)),
                Err(_) => prop_assert_eq!(&old, text(&project)),
            }
            let diagnostics = project.syntax_diagnostics();
            prop_assert!(diagnostics.is_empty(), "{:?}\n{}\n{}", edit, diagnostics[0], text(&project));
            if windows {
                prop_assert!(!text(&project).replace("\r\n", "").contains('\n'), "{:?} {:?}", edit, text(&project));
            }
            if project.revision() != revision { states.push(text(&project).to_owned()); }
        }
        while states.len() > 1 {
            states.pop();
            let undone = project.undo().unwrap();
            prop_assert_eq!(undone.revision, project.revision());
            prop_assert_eq!(text(&project), states.last().unwrap());
        }
        prop_assert!(project.undo().is_none());
        prop_assert!(project.dirty().is_empty());
        while project.redo().is_some() {}
        while project.undo().is_some() {}
        prop_assert_eq!(text(&project), before);
    }
}
