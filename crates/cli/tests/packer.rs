//! The built program in the place of `packer`: the same commands, spellings, answers and exit codes.

#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a home for the program.
struct Place {
    folder: TempDir,
}

/// What a program said, and how it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Place {
    fn new() -> Self {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn run(&self, args: &[&str]) -> Said {
        self.ask(args, "")
    }

    /// With something on standard input, through a pipe.
    fn ask(&self, args: &[&str], input: &str) -> Said {
        self.start(env!("CARGO_BIN_EXE_goldsmith"), args, input).unwrap()
    }

    fn start(&self, program: &str, args: &[&str], input: &str) -> std::io::Result<Said> {
        let mut child = Command::new(program)
            .args(args)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.path())
            .env("CHECKPOINT_DISABLE", "1")
            .env("GOLDSMITH_HOME", self.path().join("home"))
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // A program that does not read its input ends before it is written.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output()?;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ok(Said {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        })
    }
}

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

const UNFORMATTED: &str = "variable \"a\" {\n default=1\n}\n";
const FORMATTED: &str = "variable \"a\" {\n  default = 1\n}\n";

const HCL: &str = r#"variable "a" {
  default = "x"
}
locals {
  z = "${var.a}y"
}
source "null" "n" {
  communicator = "none"
}
build {
  sources = ["source.null.n"]
}
"#;

const OLD: &str = r#"{
    "variables": { "size": "5000", "must": null },
    "builders": [{
        "type": "qemu",
        "iso_url": "x.iso",   "iso_md5": "d41d8cd98f00b204e9800998ecf8427e",
        "disk_size": 4000, "ssh_username": "u"
    }]
}
"#;

#[test]
fn fmt_writes_checks_and_shows() {
    let place = Place::new();
    place.write("a.pkr.hcl", UNFORMATTED);
    place.write("b.pkrvars.hcl", "a=1\n");
    place.write("c.json", "{ }");
    std::fs::create_dir(place.path().join("sub")).unwrap();
    place.write("sub/d.pkr.hcl", UNFORMATTED);
    let said = place.run(&["fmt", "-check", "."]);
    assert_eq!((said.code, said.stdout.as_str()), (3, "./a.pkr.hcl\n./b.pkrvars.hcl\n"), "{said:?}");
    assert_eq!(place.read("a.pkr.hcl"), UNFORMATTED, "-check writes nothing");
    let said = place.run(&["fmt", "-write=false", "-diff", "a.pkr.hcl"]);
    let wanted = "a.pkr.hcl\n--- old/a.pkr.hcl\n+++ new/a.pkr.hcl\n@@ -1,3 +1,3 @@\n variable \"a\" {\n- default=1\n+  default = 1\n }\n";
    assert_eq!((said.code, said.stdout.as_str()), (0, wanted), "{said:?}");
    assert_eq!(place.read("a.pkr.hcl"), UNFORMATTED);
    let said = place.run(&["fmt"]);
    assert_eq!((said.code, place.read("a.pkr.hcl").as_str()), (0, FORMATTED), "{said:?}");
    assert_eq!(place.read("sub/d.pkr.hcl"), UNFORMATTED, "folders below only with -recursive");
    assert_eq!(json_of(&place.run(&["fmt", "--json", "-recursive", "."]))["looked_at"], json!(3));
    assert_eq!(place.read("sub/d.pkr.hcl"), FORMATTED);
    assert_eq!(place.run(&["fmt", "-check", "-recursive", "."]).code, 0);

    let said = place.ask(&["fmt", "-"], UNFORMATTED);
    assert_eq!((said.code, said.stdout.as_str()), (0, FORMATTED));
    assert_eq!(place.ask(&["fmt", "-check", "-"], UNFORMATTED).code, 3);
    place.write("broken.pkr.hcl", "variable \"a\" {\n");
    let said = place.run(&["fmt", "broken.pkr.hcl"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("broken.pkr.hcl:1"), "{said:?}");
    assert_eq!(place.run(&["fmt", "c.json"]).code, 1);
}

#[test]
fn console_answers_through_a_pipe() {
    let place = Place::new();
    place.write("t.pkr.hcl", HCL);
    let said = place.ask(&["console", "-var", "a=b", "t.pkr.hcl"], "local.z\nupper(local.z)\n");
    assert_eq!((said.code, said.stdout.as_str()), (0, "BY\n"), "only the last value: {said:?}");
    let said = place.ask(&["console", "-config-type=hcl2"], "{a=[1]}\n");
    assert_eq!(said.stdout, "{\n  \"a\" = [\n    1,\n  ]\n}\n");
    let said = place.ask(&["console", "t.pkr.hcl"], "nope\n");
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("nope"), "{said:?}");
    let said = place.ask(&["console", "t.pkr.hcl"], "variables\nexit\n");
    assert_eq!(
        said.stdout,
        "> input-variables:\n\nvar.a: \"x\"\n\n> local-variables:\n\nlocal.z: \"xy\"\n\n"
    );
    let said = place.ask(&["console", "--json", "t.pkr.hcl"], "local.z\n1 +\n");
    let lines: Vec<Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["value"], lines.len()), (&json!("xy"), 2));
    assert!(!lines[1]["diagnostics"].as_array().unwrap().is_empty());
    place.write("t.json", OLD);
    let said = place.ask(&["console", "-var", "must=1", "t.json"], "{{user `size`}}M\n");
    assert_eq!(said.stdout, "5000M\n", "{said:?}");
    assert!(place.ask(&["console"], "help\n").stdout.contains("variables"));
}

#[test]
fn fix_prints_as_packer_or_changes_only_what_it_fixes() {
    let place = Place::new();
    place.write("old.json", OLD);
    let said = place.run(&["fix", "old.json"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.stdout.starts_with("{\n  \"builders\": [\n    {\n      \"disk_size\": \"4000M\",\n"),
        "{said:?}"
    );
    assert!(said.stdout.ends_with("}\n\n"), "Packer ends it with an empty line");
    assert_eq!(place.read("old.json"), OLD);
    assert_eq!(place.ask(&["fix", "-"], OLD).stdout, said.stdout);
    let said = place.run(&["fix", "--write", "old.json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let wanted =
        OLD.replace("\"iso_md5\": \"d41", "\"iso_checksum\": \"md5:d41").replace("4000", "\"4000M\"");
    assert_eq!(place.read("old.json"), wanted);
    assert_eq!(json_of(&place.run(&["fix", "--json", "old.json"]))["applied"], json!([]));
    assert_eq!(place.ask(&["fix", "-"], "{\"provisioners\": []}").code, 1, "no builders");
    assert_eq!(place.ask(&["fix", "-validate=false", "-"], "{\"provisioners\": []}").code, 0);
    assert_eq!(place.ask(&["fix", "-"], "{").code, 1);
    assert_eq!(place.run(&["fix", "nope.json"]).code, 1);
}

#[test]
fn an_upgraded_template_is_valid() {
    let place = Place::new();
    place.write("old.json", OLD);
    place.run(&["fix", "--write", "old.json"]);
    let said = place.run(&["hcl2_upgrade", "-with-annotations", "-output-file=out/new.pkr.hcl", "old.json"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, "Successfully created out/new.pkr.hcl\n"), "{said:?}");
    let text = place.read("out/new.pkr.hcl");
    assert!(text.starts_with("# ") && text.contains("source \"qemu\" \"qemu\""), "{text}");
    let said = place.run(&["validate", "-var", "must=1", "out/new.pkr.hcl"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(place.run(&["fmt", "-check", "out"]).code, 0, "it is in canonical format");
    assert_eq!(place.run(&["hcl2-upgrade", "old.json"]).code, 0);
    assert_eq!(
        place.read("old.json.pkr.hcl"),
        place.run(&["hcl2-upgrade", "-output-file=-", "old.json"]).stdout
    );
    assert_eq!(place.run(&["hcl2_upgrade", "out/new.pkr.hcl"]).code, 1, "HCL is no JSON template");
}

#[test]
fn validate_takes_packers_switches_and_leaves_nothing_behind() {
    let place = Place::new();
    place.write("t.pkr.hcl", HCL);
    place.write("v.pkrvars.hcl", "b = 1\n");
    let before: Vec<_> =
        std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let said = place.run(&["validate", "-syntax-only=true", "-use-sequential-evaluation", "t.pkr.hcl"]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = place.run(&["validate", "-var-file=v.pkrvars.hcl", "t.pkr.hcl"]);
    assert!(said.stdout.contains("1 warning"), "{said:?}");
    let said = place.run(&["validate", "-no-warn-undeclared-var", "-var-file=v.pkrvars.hcl", "t.pkr.hcl"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, "t.pkr.hcl is valid\n"), "{said:?}");
    let said = place.ask(&["validate", "-"], HCL);
    assert_eq!((said.code, said.stdout.as_str()), (0, "stdin.pkr.hcl is valid\n"), "{said:?}");
    let json = r#"{"builders": [{"type": "null", "communicator": "none"}]}"#;
    assert_eq!(place.ask(&["validate", "-"], json).stdout, "stdin.json is valid\n");
    let said = place.run(&["validate", "-machine-readable", "t.pkr.hcl"]);
    assert!(said.stdout.ends_with(",,ui,say,The configuration is valid.\n"), "{said:?}");
    let after: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(before.len(), after.len(), "{after:?}");
}

#[test]
fn checksum_lists_are_looked_up_when_asked() {
    let place = Place::new();
    let template = r#"source "qemu" "web" {
  disk_image   = true
  iso_url      = "base.qcow2"
  iso_checksum = "file:SUMS"
  communicator = "none"
}
build {
  sources = ["source.qemu.web"]
}
"#;
    place.write("t.pkr.hcl", template);
    assert_eq!(place.run(&["validate", "t.pkr.hcl"]).code, 0, "it looks nothing up by itself");
    let said = place.run(&["validate", "--online", "t.pkr.hcl"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("SUMS"), "{said:?}");
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    place.write("SUMS", &format!("{digest}  base.qcow2\n"));
    let said = place.run(&["validate", "--online", "t.pkr.hcl"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains(&format!("sha256:{digest}")), "{said:?}");
    place.write("SUMS", &format!("{digest}  other.qcow2\n"));
    assert_eq!(place.run(&["validate", "--online", "t.pkr.hcl"]).code, 1);
}

#[test]
fn inspect_init_plugins_and_version_answer() {
    let place = Place::new();
    let plugins = "packer {\n  required_plugins {\n    qemu = {\n      source  = \"github.com/hashicorp/qemu\"\n      version = \"~> 1\"\n    }\n    amazon = {\n      source  = \"github.com/hashicorp/amazon\"\n      version = \">= 1\"\n    }\n  }\n}\n";
    place.write("t.pkr.hcl", &format!("{plugins}{HCL}"));
    let said = place.run(&["-machine-readable", "inspect", "t.pkr.hcl"]);
    let lines: Vec<&str> = said.stdout.lines().map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(lines[0], ",ui,say,Packer Inspect: HCL2 mode\\n", "{said:?}");
    assert!(lines[1].contains("var.a: \"x\"\\n\\n> local-variables:"), "{said:?}");
    let said = place.run(&["init", "-upgrade", "t.pkr.hcl"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("amazon") && said.stdout.contains("not built here"), "{said:?}");
    let said = place.run(&["plugins", "required", "--json", "t.pkr.hcl"]);
    assert_eq!(json_of(&said)[0]["built_in"], json!(true));
    assert_eq!(json_of(&said)[1]["built_in"], json!(false));
    assert!(place.run(&["plugins", "installed"]).stdout.contains("github.com/hashicorp/qemu"));
    assert_eq!(place.run(&["plugins", "install", "github.com/hashicorp/qemu"]).code, 0);
    assert_eq!(place.run(&["plugins", "install", "github.com/hashicorp/amazon", "v1.2.3"]).code, 1);
    assert_eq!(place.run(&["plugins", "remove", "github.com/hashicorp/qemu"]).code, 1);
    for spelling in ["-v", "-version", "--version"] {
        assert!(place.run(&[spelling]).stdout.starts_with("goldsmith "), "{spelling}");
    }
    let said = place.run(&["version", "-machine-readable"]);
    assert!(said.stdout.lines().next().unwrap().ends_with(",,version,1.16.0"), "{said:?}");
    for command in
        ["build", "validate", "fmt", "console", "fix", "hcl2_upgrade", "inspect", "init", "plugins"]
    {
        for help in ["-h", "-help", "--help"] {
            let said = place.run(&[command, help]);
            assert!(said.code == 0 && said.stdout.contains("Usage:"), "{command} {help}: {said:?}");
        }
    }
}

/// The installed Packer is asked the same.
#[test]
fn the_same_answers_as_packer() {
    let place = Place::new();
    if place.start("packer", &["version"], "").is_err() {
        return println!("skipped: the distribution's packer is not installed");
    }
    place.write("t.pkr.hcl", HCL);
    place.write("old.json", OLD);
    place.write("u.pkr.hcl", UNFORMATTED);
    let without_time = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split_once(',').map_or(line, |(_, rest)| rest).to_owned()).collect()
    };
    for args in
        [&["inspect", "-machine-readable", "t.pkr.hcl"][..], &["inspect", "-machine-readable", "old.json"]]
    {
        let (ours, theirs) = (place.run(args), place.start("packer", args, "").unwrap());
        assert_eq!(
            (ours.code, without_time(&ours.stdout)),
            (theirs.code, without_time(&theirs.stdout)),
            "{args:?}"
        );
    }
    for args in
        [&["fix", "old.json"][..], &["fmt", "-check", "u.pkr.hcl"], &["fmt", "-check", "-diff", "u.pkr.hcl"]]
    {
        let (ours, theirs) = (place.run(args), place.start("packer", args, "").unwrap());
        assert_eq!((ours.code, &ours.stdout), (theirs.code, &theirs.stdout), "{args:?}");
    }
    for line in [
        "local.z",
        "[1, \"a\", null]",
        "{ a = { b = [true] } }",
        "1/3",
        "[]",
        "\"${var.a}-${1 + 1}\"",
        "upper(var.a)",
        "split(\",\", \"a,b\")",
        "merge({ a = 1 }, { b = 2 })",
        "100000000.5",
        "[for x in [1, 2] : x * 2]",
        "variables",
        "cidrhost(\"10.0.0.0/8\", 5)",
        "jsonencode({ a = [1, \"<\"] })",
        "max(1, 2.5)",
        "format(\"%05.1f|%q\", 3.14159, \"x\")",
    ] {
        let input = format!("{line}\n");
        let ours = place.ask(&["console", "t.pkr.hcl"], &input);
        let theirs = place.start("packer", &["console", "t.pkr.hcl"], &input).unwrap();
        assert_eq!((ours.code, &ours.stdout), (theirs.code, &theirs.stdout), "{line}");
    }
}

#[test]
fn the_reference_is_up_to_date() {
    let place = Place::new();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    let said = place.run(&["docs", "--write", reference.to_str().unwrap(), "--check"]);
    assert_eq!(said.code, 0, "npm run reference writes these pages anew:\n{}", said.stdout);
    place.run(&["docs", "--write", "pages"]);
    let qemu = place.read("pages/sources/qemu.md");
    assert!(qemu.contains("| `disk_size` | size | `40960M` |"), "{qemu}");
    assert!(place.read("pages/commands.md").contains("## goldsmith hcl2-upgrade"));
    place.write("pages/sources/gone.md", "");
    let said = place.run(&["docs", "--write", "pages", "--check"]);
    assert_eq!((said.code, said.stdout.as_str()), (1, "pages/sources/gone.md\n"));
}
