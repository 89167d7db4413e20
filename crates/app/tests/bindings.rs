//! The committed TypeScript types are what the Rust types say now.

use std::path::Path;

use goldsmith_app::bindings;

#[test]
fn the_committed_bindings_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bindings");
    let different = bindings::differences(&folder).unwrap();
    assert!(different.is_empty(), "run `npm run bindings`: {different:?} differ from the Rust types");
}

#[test]
fn every_command_is_in_the_map_with_its_types() {
    let files = bindings::files().unwrap();
    let map = &files[Path::new("commands.ts")];
    for command in goldsmith_app::commands::COMMANDS {
        assert!(map.contains(&format!("  {}: {{ request: ", command.name)), "{} is missing", command.name);
    }
    // Every type that is mentioned is declared, so that the front end compiles.
    for (name, text) in &files {
        for import in text.lines().filter(|line| line.starts_with("import type")) {
            let target = import.split('"').nth(1).unwrap_or_default().trim_start_matches("./");
            assert!(
                files.contains_key(Path::new(&format!("{target}.ts"))),
                "{} imports {target}",
                name.display()
            );
        }
    }
}

#[test]
fn writing_removes_types_that_are_gone_and_leaves_other_files() {
    let folder = tempfile::tempdir().unwrap();
    bindings::write(folder.path()).unwrap();
    let map = std::fs::read_to_string(folder.path().join("commands.ts")).unwrap();
    std::fs::write(folder.path().join("Gone.ts"), &map).unwrap();
    std::fs::write(folder.path().join("mine.ts"), "export {};\n").unwrap();
    assert_eq!(bindings::differences(folder.path()).unwrap(), [folder.path().join("Gone.ts")]);
    bindings::write(folder.path()).unwrap();
    assert!(!folder.path().join("Gone.ts").exists() && folder.path().join("mine.ts").exists());
    assert!(bindings::differences(folder.path()).unwrap().is_empty());
}
