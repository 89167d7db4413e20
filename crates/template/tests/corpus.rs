//! Real templates: every file of the corpus is read without a false error, and its tokens tile it.

use std::path::{Path, PathBuf};

use goldsmith_template::document::Document;
use goldsmith_template::syntax::FileId;
use goldsmith_template::syntax::ast::{Body, Expr, ExprKind, Item};

/// The corpus folder, from `GOLDSMITH_SHARED` or beside the workspace.
#[allow(clippy::disallowed_methods)] // a test reads its own environment
fn corpus() -> Option<PathBuf> {
    let shared = match std::env::var("GOLDSMITH_SHARED") {
        Ok(path) => PathBuf::from(path),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let corpus = shared.join("corpus");
    if corpus.is_dir() {
        return Some(corpus);
    }
    println!("skipped: no corpus at {} (set GOLDSMITH_SHARED)", corpus.display());
    None
}

fn files(folder: &Path, wanted: &dyn Fn(&str) -> bool, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            files(&path, wanted, out);
        } else if wanted(&path.to_string_lossy()) {
            out.push(path);
        }
    }
}

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
    let mut paths = Vec::new();
    files(&corpus, &|name| name.ends_with(".hcl"), &mut paths);
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
