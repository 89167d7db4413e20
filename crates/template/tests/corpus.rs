//! Real templates: every file of the corpus is read without a false error, and its tokens tile it.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests may fail loudly

#[path = "common/corpus.rs"]
mod common;

use common::{corpus, files, sample};
use std::path::Path;

use goldsmith_template::document::Document;
use goldsmith_template::syntax::ast::{Body, Expr, ExprKind, Item};
use goldsmith_template::syntax::{FileId, SyntaxKind, lexer};
use goldsmith_template::{AttributeValue, Destination, Edit, MemoryFiles, Project, blocks};

fn missing(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Missing)
}

fn count(body: &Body, items: &mut usize) {
    for item in &body.items {
        *items += 1;
        match item {
            Item::Attribute(attribute) => assert!(!missing(&attribute.value), "{attribute:?}"),
            Item::Block(block) => count(&block.body, items),
        }
    }
}

#[test]
fn every_native_file_is_read_whole_and_without_a_false_error() {
    let Some(corpus) = corpus() else { return };
    let paths = files(&corpus, &|name| name.ends_with(".hcl"));
    assert!(paths.len() > 200, "only {} files found", paths.len());
    let (mut items, mut wrong) = (0, Vec::new());
    for path in &paths {
        let document = Document::new(FileId(0), path, std::fs::read(path).unwrap());
        let tiled: String = document.parse().syntax().text().to_string();
        assert_eq!(tiled, document.text(), "{}", path.display());
        if document.diagnostics().is_empty() {
            count(document.body(), &mut items);
        } else {
            wrong.push(document.diagnostics().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        }
    }
    println!("{} files, {items} items", paths.len());
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
    assert!(items > 5_000, "only {items} items");
}

/// Applies an edit, checks that exactly these lines are added and removed, and takes it back.
fn check_edit(project: &mut Project, edit: &Edit, added: usize, removed: usize) {
    let lines = |project: &Project| -> Vec<String> {
        project.documents()[0].text().split_inclusive('\n').map(str::to_owned).collect()
    };
    let before = lines(project);
    project.apply(project.revision(), edit).unwrap_or_else(|error| panic!("{edit:?}: {error}"));
    let after = lines(project);
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let tail =
        before[head..].iter().rev().zip(after[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    assert_eq!(
        (after.len() - head - tail, before.len() - head - tail),
        (added, removed),
        "{edit:?}\n{}",
        after.concat()
    );
    assert!(project.syntax_diagnostics().is_empty(), "{edit:?}\n{}", project.syntax_diagnostics()[0]);
    project.undo().unwrap();
    assert_eq!(lines(project), before, "{edit:?}");
}

#[test]
fn edits_of_real_files_touch_only_the_lines_they_mean() {
    let Some(corpus) = corpus() else { return };
    let paths = files(&corpus, &|name| name.ends_with(".pkr.hcl"));
    let paths = sample(paths, 30);
    let mut edits = 0;
    for path in &paths {
        let files = MemoryFiles::new().with("t.pkr.hcl", std::fs::read(path).unwrap());
        let mut project = Project::open(&files, Path::new("t.pkr.hcl")).unwrap();
        let text = project.documents()[0].text().to_owned();
        let blocks: Vec<_> = blocks::all(project.documents())
            .into_iter()
            .map(|found| {
                let one_line = !project.documents()[0].slice(found.block.span).contains('\n');
                let set = found.block.body.attributes().find(|attribute| {
                    let value = project.documents()[0].source(&attribute.value);
                    !value.contains('\n')
                        && value != "1234.5"
                        && !matches!(attribute.value.kind, ExprKind::List(_))
                });
                (found.id, one_line, set.map(|attribute| attribute.name.name.to_string()))
            })
            .collect();
        for (block, one_line, set) in blocks {
            let attribute =
                |name: &str, value| Edit::SetAttribute { block: block.clone(), name: name.to_owned(), value };
            if !one_line {
                check_edit(&mut project, &attribute("zz_fresh", AttributeValue::Bool(true)), 1, 0);
                edits += 1;
            }
            if let Some(name) = set {
                let new = attribute(&name, AttributeValue::Number(1234.5));
                check_edit(&mut project, &new, 1, 1);
                edits += 1;
            }
            let once = project.revision();
            project.apply(once, &attribute("zz_fresh", AttributeValue::Bool(true))).unwrap();
            let unset = Edit::UnsetAttribute { block: block.clone(), name: "zz_fresh".to_owned() };
            project.apply(once + 1, &unset).unwrap();
            if !one_line {
                assert_eq!(
                    project.documents()[0].text(),
                    text,
                    "set and unset of {block} in {}",
                    path.display()
                );
            }
            project.undo().unwrap();
            project.undo().unwrap();
            assert_eq!(project.documents()[0].text(), text);
        }
    }
    println!("{edits} edits in {} files", paths.len());
    assert!(edits > 100, "only {edits} edits");
}

#[test]
fn every_block_of_real_files_can_be_taken_out_and_every_step_moved() {
    let Some(corpus) = corpus() else { return };
    let paths = files(&corpus, &|name| name.ends_with(".pkr.hcl"));
    let paths = sample(paths, 30);
    let mut moves = 0;
    for path in &paths {
        let files = MemoryFiles::new().with("t.pkr.hcl", std::fs::read(path).unwrap());
        let mut project = Project::open(&files, Path::new("t.pkr.hcl")).unwrap();
        let text = project.documents()[0].text().to_owned();
        let ids: Vec<String> = blocks::all(project.documents()).into_iter().map(|found| found.id).collect();
        for (index, id) in ids.iter().enumerate() {
            let mut all =
                vec![Edit::RemoveBlock { block: id.clone() }, Edit::DuplicateBlock { block: id.clone() }];
            let folder = id.rsplit_once('/').map_or("", |(folder, _)| folder);
            let next =
                ids[index + 1..].iter().find(|other| other.rsplit_once('/').map_or("", |(f, _)| f) == folder);
            if let Some(next) = next {
                all.push(Edit::MoveBlock { block: id.clone(), to: Destination::After(next.clone()) });
                all.push(Edit::MoveBlock { block: next.clone(), to: Destination::Before(id.clone()) });
            }
            for edit in all {
                let change = project.apply(project.revision(), &edit).unwrap();
                let broken = project.syntax_diagnostics();
                assert!(broken.is_empty(), "{edit:?} in {}: {}", path.display(), broken[0]);
                if matches!(edit, Edit::MoveBlock { .. }) {
                    let sorted = |text: &str| {
                        let mut lines: Vec<_> =
                            text.lines().filter(|l| !l.trim().is_empty()).map(str::to_owned).collect();
                        lines.sort();
                        lines
                    };
                    let moved = project.documents()[0].text();
                    assert_eq!(sorted(moved), sorted(&text), "{edit:?} in {}", path.display());
                    assert_ne!(moved, text, "{edit:?} in {}", path.display());
                    assert!(change.block.is_some(), "{edit:?} in {}", path.display());
                    moves += 1;
                }
                project.undo().unwrap();
                assert_eq!(project.documents()[0].text(), text, "{edit:?} in {}", path.display());
            }
        }
    }
    println!("{moves} moves in {} files", paths.len());
    assert!(moves > 50, "only {moves} moves");
}

/// Leaves out one brace, bracket, quote mark or heredoc end at a time: each such file is refused, and an error
/// points near the place.
#[test]
fn files_with_a_dropped_bracket_are_refused_near_the_place() {
    let Some(corpus) = corpus() else { return };
    let paths = files(&corpus, &|name| name.ends_with(".pkr.hcl"));
    let paths = sample(paths, 16);
    let (mut all, mut near, mut accepted) = (0, 0, Vec::new());
    for (number, path) in paths.iter().enumerate() {
        let Ok(text) = String::from_utf8(std::fs::read(path).unwrap()) else { continue };
        let tokens = lexer::tokens(&text);
        let wanted = |kind: SyntaxKind| {
            use SyntaxKind::*;
            matches!(
                kind,
                LBrace
                    | RBrace
                    | LBrack
                    | RBrack
                    | LParen
                    | RParen
                    | QuoteOpen
                    | QuoteClose
                    | HeredocClose
                    | TemplateClose
            )
        };
        // Without its quote mark, text that starts like a comment is one.
        let comment = |at: u32| {
            text.get(at as usize..).is_some_and(|rest| rest.starts_with('#') || rest.starts_with("//"))
        };
        let candidates: Vec<_> =
            tokens.iter().filter(|token| wanted(token.kind) && !comment(token.end)).collect();
        for token in candidates.iter().skip(number % 7).step_by(23) {
            let mut mutant = text.clone();
            mutant.replace_range(token.start as usize..token.end as usize, "");
            let document = Document::new(FileId(0), path, mutant.into_bytes());
            let line = document.line_column(token.start).0;
            all += 1;
            if document.diagnostics().is_empty() {
                accepted.push(format!("{}:{line} {:?}", path.display(), token.kind));
            }
            let close = |place: &goldsmith_template::Place| place.line.abs_diff(line) <= 1;
            let hit = document.diagnostics().iter().any(|diagnostic| {
                let related = diagnostic.related.iter().any(|related| close(&related.place));
                related || diagnostic.place.as_ref().is_some_and(close)
            });
            near += usize::from(hit);
        }
    }
    println!("{all} mutants, {near} with an error within a line of the place, {} accepted", accepted.len());
    assert!(all > 100, "only {all} mutants");
    assert!(accepted.is_empty(), "{accepted:#?}");
    assert!(near * 100 >= all * 85, "{near} of {all}");
}
