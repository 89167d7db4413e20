//! Edits of real templates: the difference is the lines that were meant, undo gives the same bytes. Own text says the
//! same where there is no corpus.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]

#[path = "common/anything.rs"]
mod anything;
#[path = "common/corpus.rs"]
mod common;

use anything::{OWN, OWN_JSON, any_edit, assert_exact, assert_exact_or_broken};
use common::{corpus, files};
use std::path::{Path, PathBuf};

use goldsmith_template::blocks::{self, BlockRef};
use goldsmith_template::document::Language;
use goldsmith_template::edit::{AttributeValue as V, Destination, Edit, EditError};
use goldsmith_template::references::{References, Symbol, SymbolKind};
use goldsmith_template::syntax::Span;
use goldsmith_template::syntax::ast::ExprKind;
use goldsmith_template::{Document, MemoryFiles, Project};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

/// Every template below a folder, in order.
fn templates(folder: &Path) -> Vec<PathBuf> {
    files(folder, &|name| {
        name.ends_with(".pkr.hcl") || (name.ends_with(".json") && !name.ends_with("pkrvars.json"))
    })
}

fn open(name: &str, bytes: Vec<u8>) -> Option<Project> {
    let project = Project::open(&MemoryFiles::new().with(name, bytes), Path::new(name)).ok()?;
    project.syntax_diagnostics().is_empty().then_some(project)
}

fn bytes(project: &Project) -> &[u8] {
    project.documents()[0].bytes()
}

/// Lines taken out and put in, as `diff` shows them; numbers count from 1 in the text before.
#[derive(Debug, Default, PartialEq)]
struct Lines {
    removed: Vec<(usize, String)>,
    added: Vec<String>,
}

impl Lines {
    /// Whether only lines with these numbers were taken out. Of several lines that are the same, `diff` may name any.
    fn within(&self, document: &Document, numbers: &[usize]) -> bool {
        let meant = |text: &String| {
            let mut lines = numbers.iter().filter_map(|number| document.text().lines().nth(number - 1));
            lines.any(|line| line == text.trim_end_matches(['\n', '\r']))
        };
        self.removed.iter().all(|(number, text)| numbers.contains(number) || meant(text))
    }
}

fn difference(before: &str, after: &str) -> Lines {
    let mut options = diffy::DiffOptions::new();
    options.set_context_len(usize::MAX / 4);
    let mut out = Lines::default();
    let mut number = 0;
    for line in options.create_patch(before, after).hunks().iter().flat_map(|hunk| hunk.lines()) {
        match line {
            diffy::Line::Context(_) => number += 1,
            diffy::Line::Delete(line) => {
                number += 1;
                out.removed.push((number, (*line).to_owned()));
            }
            diffy::Line::Insert(line) => out.added.push((*line).to_owned()),
        }
    }
    out
}

/// Does an edit, checks everything that holds for any, and says which lines differ. `None` when it is refused.
fn lines_of(project: &mut Project, edit: &Edit) -> Option<Lines> {
    let before = project.documents()[0].text().to_owned();
    let original = bytes(project).to_vec();
    let change = match project.apply(project.revision(), edit) {
        Ok(change) => change,
        Err(error) => {
            assert_eq!(bytes(project), original, "{edit:?}: {error}");
            return None;
        }
    };
    let after = project.documents()[0].text().to_owned();
    let mut patched = before.clone();
    for patch in change.patches.iter().filter(|patch| patch.file == project.documents()[0].name()).rev() {
        patched.replace_range(patch.start as usize..patch.end as usize, &patch.text);
    }
    assert_eq!(patched, after, "{edit:?}: the patches describe the change");
    assert_exact(&project.documents()[0]);
    assert!(
        project.syntax_diagnostics().is_empty(),
        "{edit:?}: {}\n{after}",
        project.syntax_diagnostics()[0]
    );
    let windows = before.contains("\r\n") && !before.replace("\r\n", "").contains('\n');
    assert!(!windows || !after.replace("\r\n", "").contains('\n'), "{edit:?}: line breaks");
    if after != before {
        project.undo().unwrap();
        assert_eq!(bytes(project), original, "{edit:?}: undo");
        project.redo().unwrap();
        assert_eq!(project.documents()[0].text(), after, "{edit:?}: redo");
        project.undo().unwrap();
    }
    Some(difference(&before, &after))
}

/// The lines of the text that a span is on, from 1.
fn numbers(document: &Document, span: Span) -> Vec<usize> {
    let place = document.place_of(span);
    (place.line as usize..=place.end_line as usize).collect()
}

/// The script: every operation once where it fits the file, each with the lines it may touch. The number of edits.
fn script(project: &mut Project) -> usize {
    let snapshot = project.clone();
    let document = &snapshot.documents()[0];
    let native = document.language() == Language::Template;
    let all = blocks::all(snapshot.documents());
    let mut edits = 0;
    let component = |found: &&BlockRef<'_>| {
        matches!(found.block.kind.as_str(), "source" | "provisioner" | "post-processor")
            && found.block.labels.iter().any(|l| !l.text.is_empty())
    };
    for found in all.iter().filter(component).step_by(3).take(6) {
        let (id, block) = (found.id.clone(), found.block);
        // One value.
        let plain = |expr: &goldsmith_template::syntax::ast::Expr| {
            matches!(expr.kind, ExprKind::Template(_) | ExprKind::Number(_) | ExprKind::Bool(_))
        };
        if let Some(attribute) = block.body.attributes().find(|attribute| plain(&attribute.value)) {
            let name = attribute.name.name.to_string();
            let value = V::String("golden value".into());
            let edit = Edit::SetAttribute { block: id.clone(), name: name.clone(), value };
            let lines = lines_of(project, &edit).unwrap();
            let meant = numbers(document, attribute.value.span);
            assert!(lines.within(document, &meant), "{edit:?}: {lines:?}");
            assert!(
                lines.added.len() <= meant.len()
                    && lines.added.iter().all(|line| line.contains("golden value") || meant.len() > 1),
                "{lines:?}"
            );
            edits += 1;
            if native {
                let edit = Edit::DisableAttribute { block: id.clone(), name: name.clone() };
                if let Some(lines) = lines_of(project, &edit) {
                    assert_eq!(
                        lines.removed.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
                        numbers(document, attribute.span)
                    );
                    assert_eq!(lines.added.len(), lines.removed.len());
                    assert!(lines.added.iter().all(|line| line.trim_start().starts_with('#')));
                    edits += 1;
                }
            }
            let edit = Edit::ExtractVariable {
                block: id.clone(),
                name: name.clone(),
                index: None,
                variable: "golden_name".into(),
            };
            if let Some(lines) = lines_of(project, &edit) {
                let used =
                    |line: &String| line.contains("var.golden_name") || line.contains("user `golden_name`");
                assert!(lines.added.iter().any(used), "{lines:?}");
                edits += 1;
            }
            let edit = Edit::UnsetAttribute { block: id.clone(), name };
            let lines = lines_of(project, &edit).unwrap();
            assert!(!lines.removed.is_empty());
            edits += 1;
        }
        // One element of a list.
        let lists = block.body.attributes().filter_map(|attribute| match &attribute.value.kind {
            ExprKind::List(elements) if elements.len() > 1 && plain(&elements[1]) && plain(&elements[0]) => {
                Some((attribute, elements))
            }
            _ => None,
        });
        for (attribute, elements) in lists.take(2) {
            let name = attribute.name.name.to_string();
            let edit = Edit::SetElement {
                block: id.clone(),
                name: name.clone(),
                index: 1,
                value: V::String("golden".into()),
            };
            let lines = lines_of(project, &edit).unwrap();
            let meant = numbers(document, elements[1].span);
            assert!(lines.within(document, &meant), "{edit:?}: {lines:?}");
            let inside = numbers(document, attribute.span);
            for edit in [
                Edit::MoveElement { block: id.clone(), name: name.clone(), index: 0, to: 1 },
                Edit::InsertElement {
                    block: id.clone(),
                    name: name.clone(),
                    index: elements.len(),
                    value: V::String("golden".into()),
                },
                Edit::RemoveElement { block: id.clone(), name: name.clone(), index: 0 },
            ] {
                if let Some(lines) = lines_of(project, &edit) {
                    assert!(lines.within(document, &inside), "{edit:?}: {lines:?}");
                    edits += 1;
                }
            }
            edits += 1;
        }
        // The whole block.
        if native {
            let edit = Edit::DisableBlock { block: id.clone() };
            let lines = lines_of(project, &edit).expect("a block of a real template has lines of its own");
            assert_eq!(
                lines.removed.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
                numbers(document, block.span)
            );
            assert_eq!(lines.added.len(), lines.removed.len());
            let off = project
                .apply(project.revision(), &edit)
                .unwrap()
                .block
                .expect("it is in the outline, as disabled");
            let on = Edit::EnableBlock { block: off };
            project.apply(project.revision(), &on).unwrap();
            assert_eq!(bytes(project), document.bytes(), "on again");
            project.undo().unwrap();
            project.undo().unwrap();
            edits += 2;
        }
        if let Some(lines) = lines_of(project, &Edit::DuplicateBlock { block: id.clone() }) {
            assert!(lines.removed.len() <= 1, "{id}: {lines:?}");
            edits += 1;
        }
        if let Some(lines) = lines_of(project, &Edit::RemoveBlock { block: id.clone() }) {
            assert!(!native || lines.added.is_empty(), "{id}: {lines:?}");
            edits += 1;
        }
    }
    // A step changes places with the next one, and back.
    let steps: Vec<&BlockRef<'_>> =
        all.iter().filter(|found| found.block.kind.name == "provisioner").collect();
    if let [first, second, ..] = steps.as_slice() {
        let down = Edit::MoveBlock { block: first.id.clone(), to: Destination::After(second.id.clone()) };
        if first.parent.map(|p| p.span) == second.parent.map(|p| p.span) {
            let lines = lines_of(project, &down).unwrap();
            let mut moved: Vec<&str> =
                lines.removed.iter().map(|(_, line)| line.trim_end().trim_end_matches(',')).collect();
            let mut put: Vec<&str> =
                lines.added.iter().map(|line| line.trim_end().trim_end_matches(',')).collect();
            moved.sort_unstable();
            put.sort_unstable();
            assert_eq!(moved, put, "the same lines in another place");
            edits += 1;
        }
    }
    // A variable gets another name: only lines that name it.
    let references = References::of([document]);
    let symbols: Vec<Symbol> = references
        .iter()
        .map(|reference| reference.symbol.clone())
        .filter(|symbol| references.declarations(symbol).count() == 1)
        .collect();
    for symbol in symbols.iter().step_by(4).take(4) {
        let edit = Edit::Rename { symbol: symbol.clone(), to: "golden_new_name".into() };
        let Some(lines) = lines_of(project, &edit) else { continue };
        // A builder that is named by its type gets a line with its name, after another one.
        let source = symbol.kind == SymbolKind::Source;
        assert!(source || lines.added.iter().all(|line| line.contains("golden_new_name")), "{lines:?}");
        let named = lines.removed.iter().all(|(_, line)| line.contains(symbol.own_name()));
        assert!(named || source, "{lines:?}");
        edits += 1;
    }
    assert_eq!(bytes(project), document.bytes());
    edits
}

#[test]
fn own_templates_take_the_whole_script() {
    for (name, text) in [("own.pkr.hcl", OWN), ("own.json", OWN_JSON)] {
        for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
            if name.ends_with("json") && text.starts_with('\u{feff}') {
                continue;
            }
            let edits = script(&mut open(name, text.into_bytes()).unwrap());
            assert!(edits >= 12, "{name}: only {edits} edits");
        }
    }
}

#[test]
fn real_templates_take_the_whole_script() {
    let Some(corpus) = corpus() else { return };
    let paths = templates(&corpus);
    let mut edits = 0;
    let mut read = [0, 0];
    for path in paths.iter().step_by(6) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(mut project) = open(&name, std::fs::read(path).unwrap()) else { continue };
        let builds = blocks::all(project.documents()).iter().any(|found| found.block.kind.name == "source");
        if !builds {
            continue;
        }
        let count = script(&mut project);
        if count > 0 {
            edits += count;
            read[usize::from(name.ends_with(".json"))] += 1;
        }
    }
    println!("{edits} edits in {} native and {} JSON templates", read[0], read[1]);
    assert!(read[0] >= 25 && read[1] >= 25 && edits > 1000, "{read:?} {edits}");
}

/// A disk size, a provisioner, a post-processor; then nothing.
#[test]
fn a_disk_size_a_provisioner_and_a_post_processor_in_three_known_repositories() {
    let Some(corpus) = corpus() else { return };
    for repository in ["chef+bento", "gusztavvargadr+packer", "kaorimatz+packer-templates"] {
        let paths = templates(&corpus.join(repository));
        let mut done = [0; 4];
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some(mut project) = open(&name, std::fs::read(&path).unwrap()) else { continue };
            let original = bytes(&project).to_vec();
            let snapshot = project.clone();
            let document = &snapshot.documents()[0];
            let all = blocks::all(snapshot.documents());
            let mut applied = 0;
            let mut apply = |project: &mut Project, edit: &Edit| {
                project.apply(project.revision(), edit).unwrap();
                applied += 1;
            };
            let sized = all.iter().find(|found| {
                found.block.kind.name == "source" && found.block.body.attribute("disk_size").is_some()
            });
            let steps: Vec<_> = all.iter().filter(|found| found.block.kind.name == "provisioner").collect();
            let post = all.iter().find(|found| found.block.kind.name == "post-processor");
            if let Some(found) = sized {
                let value = found.block.body.attribute("disk_size").unwrap().value.span;
                let edit = Edit::SetAttribute {
                    block: found.id.clone(),
                    name: "disk_size".into(),
                    value: V::String("64G".into()),
                };
                let lines = lines_of(&mut project, &edit).unwrap();
                assert_eq!(lines.removed.len(), 1);
                assert_eq!(lines.removed[0].0, numbers(document, value)[0]);
                assert_eq!(lines.added, [lines.removed[0].1.replacen(document.slice(value), "\"64G\"", 1)]);
                apply(&mut project, &edit);
                done[0] += 1;
            }
            if let [first, second, ..] = steps.as_slice() {
                let edit =
                    Edit::MoveBlock { block: second.id.clone(), to: Destination::Before(first.id.clone()) };
                let lines = lines_of(&mut project, &edit).unwrap();
                assert!(!lines.removed.is_empty() && lines.removed.len() == lines.added.len(), "{lines:?}");
                apply(&mut project, &edit);
                done[1] += 1;
            }
            if let Some(found) = post {
                let edit = Edit::DisableBlock { block: found.id.clone() };
                let before_switch = project.documents()[0].text().to_owned();
                match document.language() {
                    Language::Template => {
                        let lines = lines_of(&mut project, &edit).unwrap();
                        assert_eq!(lines.removed.len(), document.slice(found.block.span).lines().count());
                        assert!(
                            lines
                                .added
                                .iter()
                                .zip(&lines.removed)
                                .all(|(new, (_, old))| new.replacen("# ", "", 1) == *old
                                    || new.replacen('#', "", 1).trim() == old.trim())
                        );
                        apply(&mut project, &edit);
                        done[2] += 1;
                    }
                    // JSON has no comments: it is left out of every build, and stays what it is.
                    _ => match project.apply(project.revision(), &edit) {
                        Ok(change) => {
                            let off = change.block.unwrap();
                            assert_eq!(off, found.id);
                            assert!(project.outline().nodes.iter().any(|node| {
                                node.children.iter().any(|child| child.id == off && child.disabled)
                            }));
                            project.undo().unwrap();
                            let lines = lines_of(&mut project, &edit).unwrap();
                            assert!(lines.added.iter().any(|line| line.contains("\"except\"")), "{lines:?}");
                            assert!(lines.removed.len() <= 1, "{lines:?}");
                            apply(&mut project, &edit);
                            let text = project.documents()[0].text().to_owned();
                            apply(&mut project, &Edit::EnableBlock { block: off });
                            let on = project.documents()[0].text();
                            let bare = !document.slice(found.block.span).starts_with('{');
                            assert!(bare || on == before_switch, "{on}");
                            assert_ne!(on, text);
                            done[2] += 1;
                        }
                        // A chain has no `except` of its own, and a step may have one already.
                        Err(error) => {
                            let expected =
                                matches!(error, EditError::NoComments { .. } | EditError::Unsuitable { .. });
                            assert!(expected, "{error}");
                            done[3] += 1;
                        }
                    },
                }
            }
            for _ in 0..applied {
                project.undo().unwrap();
            }
            assert!(project.undo().is_none());
            assert_eq!(bytes(&project), original, "{}", path.display());
            assert!(project.dirty().is_empty());
        }
        println!(
            "{repository}: {} disk sizes, {} provisioners moved, {} post-processors disabled, {} refused in JSON",
            done[0], done[1], done[2], done[3]
        );
        assert!(done[0] + done[1] > 0 && done[1] + done[2] + done[3] > 0, "{repository}: {done:?}");
    }
}

/// Any operations in any order, then everything undone. `typing` lets text be inserted anywhere.
fn any_order(
    project: &mut Project,
    picks: &[(u8, usize, usize, String)],
    typing: bool,
) -> Result<usize, TestCaseError> {
    let original = bytes(project).to_vec();
    let mut done = 0;
    let mut broken = false;
    for (kind, a, b, word) in picks {
        let kind = if typing { *kind } else { kind % 19 };
        let Some(edit) = any_edit(project, kind, *a, *b, word) else { continue };
        let before = bytes(project).to_vec();
        let revision = project.revision();
        match project.apply(revision, &edit) {
            Ok(_) => done += usize::from(project.revision() != revision),
            Err(_) => prop_assert_eq!(bytes(project), before.as_slice()),
        }
        assert_exact_or_broken(&project.documents()[0]);
        broken |= kind == 19;
        let diagnostics = project.syntax_diagnostics();
        // Two builders of a name and the like are errors of the template, not of its syntax.
        let wrong = diagnostics.iter().find(|d| d.code.starts_with("syntax.") || d.code.starts_with("json."));
        prop_assert!(
            broken || wrong.is_none(),
            "{:?}\n{}\nbefore:\n{}\nafter:\n{}",
            edit,
            wrong.unwrap(),
            String::from_utf8_lossy(&before),
            project.documents()[0].text()
        );
    }
    while project.undo().is_some() {}
    prop_assert_eq!(bytes(project), original.as_slice());
    prop_assert!(project.dirty().is_empty());
    while project.redo().is_some() {}
    while project.undo().is_some() {}
    prop_assert_eq!(bytes(project), original.as_slice());
    Ok(done)
}

fn picks() -> impl Strategy<Value = Vec<(u8, usize, usize, String)>> {
    prop::collection::vec((0..20u8, 0..10_000usize, 0..10_000usize, "[a-z\"{}$#\n =\\[]{0,6}"), 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_operations_undo_to_the_same_bytes(picks in picks(), json in any::<bool>(), windows in any::<bool>(), typing in any::<bool>()) {
        let (name, text) = if json { ("own.json", OWN_JSON) } else { ("own.pkr.hcl", OWN) };
        let text = if windows { text.replace('\n', "\r\n") } else { text.to_owned() };
        any_order(&mut open(name, text.into_bytes()).unwrap(), &picks, typing)?;
    }

    #[test]
    fn any_operations_on_any_text_undo_to_the_same_bytes(text in "([a-z]{1,3}|[ \n\t\"{}=#\\[\\],$]|source \"a\" \"b\" \\{\n|\n\\}\n|# |x = 1\n){0,40}", picks in picks()) {
        let project = Project::open(&MemoryFiles::new().with("a.pkr.hcl", text.as_str()), Path::new("a.pkr.hcl"));
        let mut project = project.unwrap();
        for (kind, a, b, word) in &picks {
            if let Some(edit) = any_edit(&project, *kind, *a, *b, word) {
                let _ = project.apply(project.revision(), &edit);
            }
            assert_exact_or_broken(&project.documents()[0]);
        }
        while project.undo().is_some() {}
        prop_assert_eq!(bytes(&project), text.as_bytes());
    }
}

#[test]
fn any_operations_on_real_templates_undo_to_the_same_bytes() {
    let Some(corpus) = corpus() else { return };
    let paths = templates(&corpus);
    let paths: Vec<PathBuf> = paths.into_iter().step_by(11).collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut files, mut edits) = (0, 0);
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(mut project) = open(&name, std::fs::read(path).unwrap()) else { continue };
        for _ in 0..2 {
            let picks = picks().new_tree(&mut runner).unwrap().current();
            let done = any_order(&mut project, &picks, false)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            edits += done;
        }
        files += 1;
    }
    println!("{edits} edits in {files} files");
    assert!(files > 60 && edits > 300);
}
