//! What goes wrong for users: each a sentence that says what, where, why and what to do; an exit code that is not
//! 0; and nothing left behind.
#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use goldsmith_tests::goldsmith::{Home, program};
use goldsmith_tests::tiny;

/// A template that builds the tiny guest, with lines added to its source and to its build.
fn template(source: &str, build: &str) -> String {
    let guest = tiny::guest();
    format!(
        r#"
source "qemu" "tiny" {{
  disk_image           = true
  iso_url              = "{disk}"
  iso_checksum         = "none"
  skip_resize_disk     = true
  headless             = true
  memory               = 256
  ssh_username         = "root"
  ssh_private_key_file = "{key}"
  ssh_timeout          = "2m"
  shutdown_command     = "poweroff"
{source}
}}
build {{
  sources = ["source.qemu.tiny"]
{build}
}}
"#,
        disk = guest.disk.display(),
        key = guest.key.display(),
    )
}

#[track_caller]
fn refused(home: &Home, args: &[&str], says: &[&str]) {
    let output = home.run(args);
    let text = output.all();
    assert_ne!(output.code, 0, "{text}");
    assert!(output.code > 0, "ended by a signal: {text}");
    for words in says {
        assert!(text.contains(words), "does not say {words:?}:\n{text}");
    }
    home.assert_nothing_left();
}

#[test]
fn qemu_is_missing() {
    let home = Home::new();
    home.write("t.pkr.hcl", template("  qemu_binary = \"/nowhere/qemu-system-x86_64\"", ""));
    refused(&home, &["build", "t.pkr.hcl"], &["/nowhere/qemu-system-x86_64", "install"]);
    assert!(!home.work().join("output-tiny").exists());
}

#[test]
fn an_unknown_key_gets_its_likely_name() {
    let home = Home::new();
    home.write("t.pkr.hcl", template("  memroy = 512", ""));
    refused(&home, &["build", "t.pkr.hcl"], &["t.pkr.hcl:13:3", "memroy", "memory"]);
    refused(&home, &["validate", "t.pkr.hcl"], &["t.pkr.hcl:13:3", "memroy", "memory"]);
}

#[test]
fn the_checksum_is_wrong() {
    let home = Home::new();
    let wrong = "0".repeat(64);
    home.write("t.pkr.hcl", template("", "").replace("\"none\"", &format!("\"sha256:{wrong}\"")));
    refused(&home, &["build", "t.pkr.hcl"], &["checksum", "tiny.qcow2", &wrong]);
    assert!(!home.work().join("output-tiny").exists());
}

#[test]
fn the_address_does_not_answer() {
    let home = Home::new();
    let guest = tiny::guest();
    let text = template("", "").replace(&guest.disk.display().to_string(), "http://127.0.0.1:9/disk.qcow2");
    home.write("t.pkr.hcl", text);
    refused(&home, &["build", "t.pkr.hcl"], &["http://127.0.0.1:9/disk.qcow2"]);
}

#[test]
fn the_guest_never_answers() {
    let home = Home::new();
    let empty = home.write("empty.raw", vec![0; 1 << 20]);
    let guest = tiny::guest();
    let text = template("", "")
        .replace(&guest.disk.display().to_string(), &empty.display().to_string())
        .replace("\"2m\"", "\"3s\"");
    home.write("t.pkr.hcl", text);
    refused(&home, &["build", "t.pkr.hcl"], &["SSH", "3"]);
    assert!(!home.work().join("output-tiny").exists());
}

#[test]
fn a_script_ends_with_3() {
    let home = Home::new();
    home.write(
        "t.pkr.hcl",
        template("", "  provisioner \"shell\" {\n    inline = [\"echo before\", \"exit 3\"]\n  }"),
    );
    refused(&home, &["build", "t.pkr.hcl"], &["exit", "3"]);
    assert!(!home.work().join("output-tiny").exists());
    let listed = home.run(&["image", "list", "--json"]).succeeded();
    assert!(!listed.stdout.contains("tiny"), "a failed build made a version: {}", listed.stdout);
}

#[test]
fn the_output_folder_exists() {
    let home = Home::new();
    home.write("t.pkr.hcl", template("", ""));
    let kept = home.write("output-tiny/precious.txt", "mine");
    refused(&home, &["build", "t.pkr.hcl"], &["output-tiny", "-force"]);
    assert_eq!(fs::read_to_string(kept).unwrap(), "mine");
}

#[test]
fn the_library_cannot_be_written() {
    if rustix_is_root() {
        println!("skipped: root may write everywhere; run as another user");
        return;
    }
    let home = Home::new();
    home.write("t.pkr.hcl", template("", ""));
    let library = home.goldsmith_home().join("data/library");
    fs::create_dir_all(&library).unwrap();
    fs::set_permissions(&library, fs::Permissions::from_mode(0o555)).unwrap();
    refused(&home, &["build", "t.pkr.hcl"], &["library", "permission"]);
}

fn rustix_is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0)
}

#[test]
fn the_disk_is_full() {
    let home = Home::new();
    home.write("t.pkr.hcl", template("", ""));
    // A small file system of its own over the working folder, seen by this build alone.
    let small = "mount -t tmpfs -o size=8m,mode=777 none \"$PWD\" && cd \"$PWD\" && cp ../t.pkr.hcl .";
    fs::rename(home.work().join("t.pkr.hcl"), home.path().join("t.pkr.hcl")).unwrap();
    let namespace = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command.current_dir(home.work());
        command
    };
    if !namespace(small).output().is_ok_and(|output| output.status.success()) {
        println!("skipped: this system allows no mount in a user namespace");
        return;
    }
    let output = namespace(&format!("{small} && \"$0\" build t.pkr.hcl; code=$?; ls -A; exit $code"))
        .arg(goldsmith_tests::goldsmith::program())
        .env("GOLDSMITH_HOME", home.goldsmith_home())
        .env("TMPDIR", home.path().join("tmp"))
        .env("XDG_RUNTIME_DIR", "")
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("space") && text.contains("output-tiny"), "does not say what and where:\n{text}");
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!(listed.trim_end().ends_with("t.pkr.hcl") && !listed.contains("\noutput-tiny\n"), "left:\n{text}");
    home.assert_nothing_left();
}

#[test]
fn what_is_not_built_here_is_named_before_anything_starts() {
    let home = Home::new();
    let foreign = "source \"amazon-ebs\" \"cloud\" {\n  region = \"eu-central-1\"\n}\n";
    let text = template("", "")
        .replace("[\"source.qemu.tiny\"]", "[\"source.qemu.tiny\", \"source.amazon-ebs.cloud\"]");
    home.write("t.pkr.hcl", format!("{foreign}{text}"));
    refused(&home, &["build", "t.pkr.hcl"], &["amazon-ebs", "-only", "qemu.tiny"]);
    assert!(!home.work().join("output-tiny").exists());
}

#[test]
fn a_template_that_is_not_there() {
    let home = Home::new();
    refused(&home, &["build", "no-such.pkr.hcl"], &["no-such.pkr.hcl"]);
    refused(&home, &["validate", "no-such.pkr.hcl"], &["no-such.pkr.hcl"]);
}

#[test]
fn cancelled_while_the_machine_runs() {
    let home = Home::new();
    home.write("t.pkr.hcl", template("", "  provisioner \"shell\" {\n    inline = [\"sleep 600\"]\n  }"));
    let mut build = home.start(&["build", "t.pkr.hcl"]);
    home.wait("QEMU to run", Duration::from_secs(60), || {
        home.processes().iter().any(|(_, line)| line.contains("hostfwd")).then_some(())
    });
    let sent = std::process::Command::new("kill").args(["-INT", &build.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let code = home.wait("the build to end", Duration::from_secs(60), || build.try_wait().unwrap());
    assert!(!code.success());
    home.assert_nothing_left();
    assert!(!home.work().join("output-tiny").exists());
}

#[test]
fn the_worker_is_killed_and_the_next_command_cleans_up() {
    let home = Home::new();
    home.write("t.pkr.hcl", template("", "  provisioner \"shell\" {\n    inline = [\"sleep 600\"]\n  }"));
    let mut build = home.start(&["build", "t.pkr.hcl"]);
    let qemu = |home: &Home| home.processes().into_iter().find(|(_, line)| line.contains("hostfwd"));
    home.wait("QEMU to run", Duration::from_secs(60), || qemu(&home));
    let worker = home.processes().into_iter().find(|(_, line)| line.contains(" worker")).expect("a worker");
    let sent = std::process::Command::new("kill").args(["-9", &worker.0.to_string()]).status().unwrap();
    assert!(sent.success());
    let code = home.wait("the build command to end", Duration::from_secs(60), || build.try_wait().unwrap());
    assert!(!code.success());
    home.run(&["image", "list"]).succeeded();
    home.assert_nothing_left();
    assert!(!home.work().join("output-tiny").exists());
}

/// Types on the terminal a build of a template without its image asks on.
fn on_a_terminal(home: &Home, typed: &str) -> (i32, String) {
    use std::io::Write as _;
    home.write(
        "t.pkr.hcl",
        "source \"qemu\" \"a\" {\n disk_image = true\n iso_url = \"absent.qcow2\"\n iso_checksum = \"none\"\n ssh_username = \"root\"\n ssh_password = \"x\"\n output_directory = \"out\"\n}\nbuild {\n sources = [\"source.qemu.a\"]\n}\n",
    );
    let command = format!("{} build -on-error=ask t.pkr.hcl", program().display());
    let mut script = Command::new("script")
        .args(["-qefc", &command, "/dev/null"])
        .env("GOLDSMITH_HOME", home.goldsmith_home())
        .env("TMPDIR", home.path().join("tmp"))
        .env("XDG_RUNTIME_DIR", "")
        .current_dir(home.work())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    script.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let done = script.wait_with_output().unwrap();
    (done.status.code().unwrap_or(-1), String::from_utf8_lossy(&done.stdout).into_owned())
}

#[test]
fn asked_on_a_terminal_what_to_do_about_a_failure() {
    const QUESTION: &str = "[c] clean up and exit";
    let home = Home::new();
    let (code, said) = on_a_terminal(&home, "what?\nr\nc\n");
    assert_eq!(code, 1, "{said}");
    // Once more for what was no answer, once more after the retry.
    assert_eq!(said.matches(QUESTION).count(), 3, "{said}");
    assert!(said.contains("absent.qcow2"), "{said}");
    assert!(!home.work().join("out").exists(), "cleaned up");
    home.assert_nothing_left();

    let (code, said) = on_a_terminal(&home, "a\n");
    assert_eq!((code, said.matches(QUESTION).count()), (1, 1), "{said}");
    assert!(home.work().join("out").is_dir(), "left as it is: {said}");
    home.assert_nothing_left();
}
