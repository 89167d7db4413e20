//! Rules about the repository itself: who may depend on whom, what no file may contain, and that what the
//! documentation names exists.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use goldsmith_tests::root;

/// The direct workspace dependencies each package may have, by folder name. Anything else fails.
const ALLOWED: &[(&str, &[&str])] = &[
    ("process", &[]),
    ("template", &[]),
    ("machine", &["process"]),
    ("guest", &["process"]),
    ("library", &["process"]),
    ("libvirt", &["process", "machine"]),
    ("build", &["process", "template", "machine", "guest", "library"]),
    ("app", &["process", "template", "machine", "guest", "library", "build"]),
    ("cli", &["app"]),
    ("desktop", &["app"]),
    ("tests", &["process", "template", "machine", "guest", "library", "build", "app"]),
];

/// Packages that belong to the window alone; nothing under `crates/` may reach them.
const WINDOW_ONLY: &[&str] = &["tauri", "wry", "gtk", "webkit2gtk", "rfd", "virt"];

fn metadata() -> cargo_metadata::Metadata {
    cargo_metadata::MetadataCommand::new()
        .current_dir(root())
        .other_options(["--locked".to_owned(), "--offline".to_owned()])
        .exec()
        .or_else(|_| cargo_metadata::MetadataCommand::new().current_dir(root()).exec())
        .expect("cargo metadata describes the workspace")
}

fn short(name: &str) -> Option<&str> {
    name.strip_prefix("goldsmith-")
}

#[test]
fn dependencies_point_one_way() {
    let metadata = metadata();
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let name = short(&package.name).expect("workspace packages are named goldsmith-<folder>");
        let permitted = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in the dependency table"));
        for dependency in &package.dependencies {
            if let Some(target) = short(&dependency.name)
                && !permitted.contains(&target)
            {
                wrong.push(format!("{name} -> {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that the dependency table does not list: {wrong:?}");
}

#[test]
fn packages_are_named_after_their_folders() {
    for package in metadata().workspace_packages() {
        let folder = package.manifest_path.parent().and_then(|p| p.file_name()).expect("a folder").to_owned();
        let expected = if folder == "src-tauri" {
            "goldsmith-desktop".to_owned()
        } else {
            format!("goldsmith-{folder}")
        };
        assert_eq!(package.name.as_str(), expected);
    }
}

#[test]
fn the_core_reaches_no_window_library() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let names: BTreeMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p.name.as_str())).collect();
    let edges: BTreeMap<_, _> = resolve.nodes.iter().map(|n| (&n.id, &n.dependencies)).collect();
    for package in metadata.workspace_packages() {
        if package.name.as_str() == "goldsmith-desktop" {
            continue;
        }
        let mut seen = BTreeSet::new();
        let mut queue = vec![&package.id];
        while let Some(id) = queue.pop() {
            if seen.insert(id) {
                let name = names[id];
                assert!(!WINDOW_ONLY.contains(&name), "{} reaches {name}", package.name);
                queue.extend(edges[id].iter());
            }
        }
    }
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", package.name);
    }
}

/// The text files of the project, as git lists them; every file when this is not a git checkout.
fn text_files() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a readable folder").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if path.is_dir() {
                if !matches!(&*name, "target" | "node_modules" | "dist" | ".git" | "gen") {
                    walk(&path, found);
                }
            } else if !matches!(&*name, "package-lock.json" | "Cargo.lock") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found
}

#[test]
fn programs_are_started_by_process_alone() {
    let door = root().join("crates/process");
    let here = root().join("tests");
    let mut elsewhere = Vec::new();
    for path in text_files() {
        if path.extension().is_some_and(|e| e == "rs") && !path.starts_with(&door) && !path.starts_with(&here)
        {
            let text = std::fs::read_to_string(&path).expect("source is UTF-8");
            // The programs' entry points read the environment; nobody else steps around the lint.
            let entry = path.ends_with("main.rs");
            let steps_around = !entry && text.contains("allow(clippy::disallowed_methods)");
            let calls = text.contains("process::Command") || steps_around;
            let is_test = path.components().any(|c| c.as_os_str() == "tests") || path.ends_with("tests.rs");
            if calls && !is_test {
                elsewhere.push(path);
            }
        }
    }
    assert!(elsewhere.is_empty(), "only goldsmith-process starts programs: {elsewhere:?}");
}

#[test]
fn source_files_stay_readable_in_size() {
    const LINES: usize = 700;
    let mut large = Vec::new();
    for path in text_files() {
        let source =
            path.extension().is_some_and(|e| ["rs", "ts", "svelte", "css", "mjs"].iter().any(|s| e == *s));
        if source && !path.to_string_lossy().contains("bindings") {
            let lines = std::fs::read_to_string(&path).expect("source is UTF-8").lines().count();
            if lines > LINES {
                large.push((path, lines));
            }
        }
    }
    assert!(large.is_empty(), "files that have outgrown their shape: {large:?}");
}

#[test]
fn the_readme_names_commands_that_exist() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let package = std::fs::read_to_string(root().join("package.json")).expect("package.json");
    let package: serde_json::Value = serde_json::from_str(&package).expect("package.json is JSON");
    let mut named = 0;
    for line in readme.lines() {
        for word in ["npm run ", "npm "] {
            if let Some(rest) = line.trim().strip_prefix(word) {
                let script = rest.split_whitespace().next().unwrap_or_default();
                if script != "run" {
                    assert!(package["scripts"].get(script).is_some(), "README names `npm run {script}`");
                    named += 1;
                }
            }
        }
    }
    assert!(named >= 3, "the README shows the commands to type");
}

#[test]
fn npm_scripts_exist() {
    let package = std::fs::read_to_string(root().join("package.json")).expect("package.json");
    let package: serde_json::Value = serde_json::from_str(&package).expect("package.json is JSON");
    for (name, command) in package["scripts"].as_object().expect("scripts") {
        let file = command
            .as_str()
            .and_then(|c| c.strip_prefix("node "))
            .unwrap_or_else(|| panic!("{name} runs node"));
        assert!(root().join(file).is_file(), "`npm run {name}` runs {file}");
    }
}
