//! Builds that begin where an earlier one was, with real QEMU and a real guest.
#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::fs;

use goldsmith_tests::goldsmith::{Home, Output, files};
use goldsmith_tests::machine::Booted;
use goldsmith_tests::tiny;
use serde_json::Value;

/// Three steps; the first leaves a random mark that tells whether it ran again, and one that lives in memory only.
fn template(last: &str) -> String {
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
  vm_name              = "tiny"
  output_directory     = "out"
  ssh_username         = "root"
  ssh_private_key_file = "{key}"
  ssh_timeout          = "2m"
  shutdown_command     = "poweroff"
}}

build {{
  sources = ["source.qemu.tiny"]
  provisioner "shell" {{
    inline = ["cat /proc/sys/kernel/random/uuid | tee /root/first", "sleep 10000 > /dev/null 2>&1 < /dev/null & echo $! > /root/pid"]
  }}
  provisioner "shell" {{
    script = "second.sh"
  }}
  provisioner "shell" {{
    inline = ["{last}", "kill -0 $(cat /root/pid) && echo it lives", "date -u +%s > /root/date"]
  }}
}}
"#,
        disk = guest.disk.display(),
        key = guest.key.display(),
    )
}

/// A home where a checkpoint is taken at every edge.
fn prepared() -> Home {
    let home = Home::new();
    let settings = home.goldsmith_home().join("config");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("settings.json"), r#"{ "checkpoints": { "after_seconds": 0 } }"#).unwrap();
    home.write("second.sh", "#!/bin/sh\ncat /proc/sys/kernel/random/uuid > /root/second\n");
    home.write("t.pkr.hcl", template("echo one > /root/last"));
    home
}

fn build(home: &Home, more: &[&str]) -> Output {
    let args: Vec<&str> =
        ["build", "--json", "--force"].iter().chain(more).chain(&["t.pkr.hcl"]).copied().collect();
    let output = home.run(&args).succeeded();
    home.assert_nothing_left();
    output
}

fn facts(output: &Output, name: &str) -> Vec<Value> {
    let lines = output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|entry| entry["fact"] == name).collect()
}

fn reused(output: &Output) -> Vec<String> {
    facts(output, "StepReused").iter().map(|fact| fact["step"].as_str().unwrap().to_owned()).collect()
}

/// What the image holds, by a machine that is not Goldsmith's.
fn in_image(home: &Home, command: &str) -> String {
    Booted::start(&home.work().join("out/tiny"), "qcow2", &tiny::guest().key).ssh(command)
}

#[test]
fn a_rebuild_begins_after_the_last_step_that_did_not_change() {
    let home = prepared();
    let first = build(&home, &[]);
    assert_eq!(reused(&first), [] as [&str; 0]);
    let taken = facts(&first, "CheckpointTaken");
    assert_eq!(taken.len(), 4, "after the login and after each step: {taken:?}");
    for fact in &taken {
        println!("checkpoint after {}: {} bytes in {} ms", fact["after"], fact["size"], fact["duration_ms"]);
    }
    let marks = in_image(&home, "cat /root/first /root/second /root/last");

    home.write("t.pkr.hcl", template("echo two > /root/last"));
    let plan = home.run(&["plan", "--json", "t.pkr.hcl"]).succeeded().json();
    let steps = plan["plan"]["jobs"][0]["steps"].as_array().unwrap();
    let planned: Vec<&str> =
        steps.iter().filter(|step| step["cached"] == true).map(|step| step["id"].as_str().unwrap()).collect();
    assert_eq!(planned, ["disk", "start", "connect", "shell", "shell-2"]);
    let fresh = home.run(&["plan", "--json", "--no-cache", "t.pkr.hcl"]).succeeded().json();
    assert!(fresh["plan"]["jobs"][0]["steps"].as_array().unwrap().iter().all(|step| step["cached"] == false));

    let second = build(&home, &[]);
    assert_eq!(reused(&second), planned);
    assert!(second.stdout.contains("it lives"), "the process of the first step runs on: {}", second.stdout);
    let again = in_image(&home, "cat /root/first /root/second /root/last /root/date");
    let (before, after): (Vec<&str>, Vec<&str>) = (marks.lines().collect(), again.lines().collect());
    assert_eq!(before[..2], after[..2], "the first two steps were not run again");
    assert_eq!((before[2], after[2]), ("one", "two"));
    let clock: i64 = after[3].parse().unwrap();
    let now = jiff::Timestamp::now().as_second();
    assert!((now - clock).abs() < 300, "the guest's clock was set: {clock}, now {now}");

    // A changed script in the middle: from there on.
    home.write("second.sh", "#!/bin/sh\necho changed > /root/second\n");
    let third = build(&home, &[]);
    assert_eq!(reused(&third), ["disk", "start", "connect", "shell"]);

    // Nothing remembered is looked at.
    let fresh = build(&home, &["--no-cache"]);
    assert_eq!((reused(&fresh), facts(&fresh, "CheckpointTaken")), (Vec::new(), Vec::new()));
    assert_ne!(in_image(&home, "cat /root/first").trim(), before[0]);

    let list = home.run(&["cache", "list", "--json"]).succeeded().json();
    assert!(list["entries"].as_array().unwrap().len() >= 4 && list["bytes"].as_u64() > Some(0), "{list}");
    let pruned = home.run(&["cache", "prune", "--all", "--json"]).succeeded().json();
    assert_eq!(pruned["bytes"], list["bytes"]);
    assert_eq!(files(&home.goldsmith_home().join("cache/checkpoints")), [] as [std::path::PathBuf; 0]);
}

#[test]
fn one_that_cannot_be_used_is_thrown_away_and_the_build_begins_at_the_start() {
    let home = prepared();
    build(&home, &[]);
    let kept = home.goldsmith_home().join("cache/checkpoints");
    let memories: Vec<_> = files(&kept).into_iter().filter(|path| path.ends_with("memory")).collect();
    assert_eq!(memories.len(), 4);
    for memory in &memories {
        fs::write(memory, "this is no machine").unwrap();
    }
    let again = build(&home, &[]);
    let warned = facts(&again, "Warned");
    assert!(
        warned.iter().any(|fact| fact["text"].as_str().unwrap().contains("begins at the start")),
        "{warned:?}"
    );
    assert!(!reused(&again).contains(&"shell".to_owned()));
    assert_eq!(in_image(&home, "cat /root/last").trim(), "one");
    // It made new ones, which are of use.
    assert!(reused(&build(&home, &[])).contains(&"shell-3".to_owned()));
}

#[test]
fn a_build_that_failed_goes_on_from_the_step_that_failed() {
    let home = prepared();
    home.write("t.pkr.hcl", template("exit 9"));
    let failed = home.run(&["build", "--json", "t.pkr.hcl"]);
    assert_eq!(failed.code, 1, "{}", failed.all());
    home.assert_nothing_left();
    home.write("t.pkr.hcl", template("echo mended > /root/last"));
    assert_eq!(reused(&build(&home, &[])), ["disk", "start", "connect", "shell", "shell-2"]);
    assert_eq!(in_image(&home, "cat /root/last").trim(), "mended");
}
