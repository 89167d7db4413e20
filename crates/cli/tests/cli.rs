//! The built program, and the core it is made of, in a home of its own.

#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::path::Path;
use std::process::Command;

use goldsmith_app::{Core, Env, Setup, WireError};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a home for the program and a template.
struct Place {
    folder: TempDir,
}

const GOOD: &str = r#"source "qemu" "web" {
  memory       = 512
  disk_image   = true
  iso_url      = "base.qcow2"
  iso_checksum = "none"
  communicator = "none"
}

build {
  sources = ["source.qemu.web"]
}
"#;

impl Place {
    fn new(template: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("web.pkr.hcl"), template).unwrap();
        Place { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, args: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_goldsmith"))
            .args(args)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path())
            .env("GOLDSMITH_HOME", self.path().join("home"))
            .current_dir(self.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn code(said: &Said) -> i32 {
    said.code.unwrap()
}

fn json_of(captured: &Said) -> Value {
    serde_json::from_str(&captured.stdout).unwrap_or_else(|error| panic!("{error}: {captured:?}"))
}

#[test]
fn an_unknown_key_is_shown_with_line_column_excerpt_and_a_suggestion() {
    let place = Place::new(&GOOD.replace("memory ", "memroy "));
    let said = place.run(&["validate", "web.pkr.hcl"]);
    assert_eq!(code(&said), 1);
    assert!(said.stdout.is_empty(), "{said:?}");
    for wanted in ["web.pkr.hcl:2:3", "memroy       = 512", "^^^^^^", "did you mean \"memory\"", "1 error"] {
        assert!(said.stderr.contains(wanted), "{wanted} is not in {}", said.stderr);
    }
    let said = place.run(&["validate", "--json", "web.pkr.hcl"]);
    assert_eq!(code(&said), 1);
    let found = json_of(&said);
    assert_eq!(found["valid"], json!(false));
    let problem = &found["diagnostics"][0];
    assert_eq!((&problem["place"]["line"], &problem["place"]["column"]), (&json!(2), &json!(3)));
    assert_eq!(problem["excerpt"], json!("memroy"));
}

#[test]
fn a_good_template_is_valid_in_packers_spelling_too() {
    let place = Place::new(GOOD);
    let said = place.run(&["validate", "-only=qemu.*", "-var-file", "x.pkrvars.hcl", "web.pkr.hcl"]);
    assert_eq!(code(&said), 1, "the variable file is missing: {said:?}");
    std::fs::write(place.path().join("x.pkrvars.hcl"), "").unwrap();
    let said = place.run(&["validate", "-only=qemu.*", "-var-file", "x.pkrvars.hcl", "web.pkr.hcl"]);
    assert_eq!((code(&said), said.stdout.as_str()), (0, "web.pkr.hcl is valid\n"), "{said:?}");
}

#[test]
fn what_is_missing_is_named() {
    let place = Place::new(GOOD);
    let said = place.run(&["validate", "nope.pkr.hcl"]);
    assert_eq!(code(&said), 1);
    assert!(
        said.stderr.starts_with("error: nope.pkr.hcl: there is no such file or folder"),
        "{}",
        said.stderr
    );
    let said = place.run(&["image", "show", "nope", "--json"]);
    assert_eq!(code(&said), 1);
    assert_eq!(json_of(&said)["error"]["code"], json!("image_not_found"));
    let said = place.run(&["docs", "qemu.disk_sise"]);
    assert_eq!(code(&said), 1);
    assert!(said.stderr.contains("Did you mean qemu.disk_size?"), "{}", said.stderr);
}

#[test]
fn wrong_usage_ends_with_2() {
    let place = Place::new(GOOD);
    for args in [&["validate", "-nonsense"][..], &["build", "-on-error=perhaps"], &["image"], &["frobnicate"]]
    {
        let said = place.run(args);
        assert_eq!(code(&said), 2, "{args:?}: {said:?}");
    }
}

#[test]
fn an_empty_library_says_so() {
    let place = Place::new(GOOD);
    let said = place.run(&["image", "list"]);
    assert_eq!(code(&said), 0);
    assert!(said.stdout.starts_with("The library is empty."), "{}", said.stdout);
    assert_eq!(json_of(&place.run(&["image", "list", "--json"])), json!({ "images": [] }));
    assert_eq!(json_of(&place.run(&["builds", "--json"])), json!({ "builds": [] }));
}

#[test]
fn completions_know_the_commands() {
    let place = Place::new(GOOD);
    for shell in ["bash", "zsh", "fish"] {
        let said = place.run(&["completion", shell]);
        assert_eq!(code(&said), 0);
        for wanted in ["validate", "doctor", "skip-foreign"] {
            assert!(said.stdout.contains(wanted), "{shell} does not know {wanted}");
        }
    }
    let help = place.run(&["build", "--help"]);
    assert!(help.stdout.contains("Examples:") && help.stdout.contains("--no-library"), "{}", help.stdout);
}

/// The core the program is made of.
fn core(place: &Place) -> Core {
    let env = Env::new([("GOLDSMITH_HOME", place.path().join("home").to_string_lossy().into_owned())]);
    Core::new(Setup::new(env, place.path().to_owned(), Path::new(env!("CARGO_BIN_EXE_goldsmith"))).unwrap())
}

async fn ask(core: &Core, name: &str, request: Value) -> Value {
    core.dispatch(name, request).await.unwrap_or_else(|error| panic!("{name}: {error}"))
}

async fn refuse(core: &Core, name: &str, request: Value) -> WireError {
    core.dispatch(name, request).await.expect_err("it should have been refused")
}

#[tokio::test]
async fn an_edit_is_a_minimal_patch_saved_unless_the_file_changed() {
    let place = Place::new(GOOD);
    let core = core(&place);
    let opened = ask(&core, "open_template", json!({ "path": "web.pkr.hcl" })).await;
    let session = &opened["session"];
    let block = opened["state"]["outline"]["nodes"][0]["id"].clone();
    let edit = json!({ "edit": "set_attribute", "block": block, "name": "memory", "value": { "kind": "number", "value": 2048.0 } });
    let changed = ask(&core, "apply_edit", json!({ "session": session, "base": 0, "edit": edit })).await;
    assert_eq!(changed["patches"].as_array().unwrap().len(), 1);
    assert_eq!(changed["patches"][0]["text"], json!("2048"));
    assert_eq!(changed["dirty"], json!(["web.pkr.hcl"]));
    let stale = refuse(&core, "apply_edit", json!({ "session": session, "base": 0, "edit": edit })).await;
    assert_eq!(stale.code, "stale_edit");

    // Somebody else writes to the file: nothing of theirs is lost without asking.
    let file = place.path().join("web.pkr.hcl");
    std::fs::write(&file, format!("# theirs\n{GOOD}")).unwrap();
    let refused = refuse(&core, "save", json!({ "session": session })).await;
    assert_eq!(refused.code, "file_changed");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("# theirs"));
    ask(&core, "save", json!({ "session": session, "overwrite": true })).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), GOOD.replace("= 512", "= 2048"));
    let undone = ask(&core, "undo", json!({ "session": session })).await;
    assert_eq!(undone["patches"][0]["text"], json!("512"));
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_by_name() {
    let place = Place::new(GOOD);
    let core = core(&place);
    assert_eq!(refuse(&core, "no_such_thing", Value::Null).await.code, "unknown_command");
    assert_eq!(refuse(&core, "open_template", json!({ "path": 7 })).await.code, "bad_request");
    assert_eq!(refuse(&core, "undo", json!({ "session": "t99" })).await.code, "no_such_session");
    assert_eq!(refuse(&core, "build_state", json!({ "build": "zz" })).await.code, "build_not_found");
    assert_eq!(
        refuse(&core, "pick_path", json!({ "purpose": "open_file", "title": "x" })).await.code,
        "no_dialogs"
    );
    assert!(core.subscribe("nonsense", 0).is_err());
    // An absent request is an empty one.
    assert_eq!(ask(&core, "list_builds", Value::Null).await, json!({ "builds": [] }));
}

#[tokio::test]
async fn settings_are_kept() {
    let place = Place::new(GOOD);
    let core = core(&place);
    let mut settings = ask(&core, "get_settings", Value::Null).await;
    assert_eq!(settings["theme"], json!("system"));
    settings["theme"] = json!("dark");
    ask(&core, "set_settings", settings.clone()).await;
    assert_eq!(ask(&core, "get_settings", json!({})).await, settings);
    std::fs::write(place.path().join("home/config/settings.json"), "{ not json").unwrap();
    assert_eq!(refuse(&core, "get_settings", json!({})).await.code, "damaged_settings");
}
