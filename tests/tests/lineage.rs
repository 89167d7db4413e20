//! Images made from images of the library: recorded, behind when their parent moves, rebuilt in order.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::path::Path;
use std::sync::Arc;

use goldsmith_library::{DiskFormat, Facts, ImageName, ImageTool, Library, NewVersion, SystemClock};
use goldsmith_process::System;
use goldsmith_tests::goldsmith::Home;
use goldsmith_tests::tiny;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

fn add_base(home: &Home) {
    let guest = tiny::guest();
    let dir = home.goldsmith_home().join("data").join("library");
    let library = Library::open(&dir, Arc::new(SystemClock)).unwrap();
    let facts = Facts { memory_mib: Some(256), ..Facts::default() };
    let new = NewVersion::disk(ImageName::new("base").unwrap(), &guest.disk, DiskFormat::Qcow2, facts);
    let tool = ImageTool { launch: &System, qemu_img: Path::new("qemu-img") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(library.add(new, &tool, &CancellationToken::new(), &mut |_| {})).unwrap();
}

fn template(name: &str, from: &str) -> String {
    format!(
        r#"
variable "mark" {{
  type    = string
  default = "first"
}}

source "qemu" "{name}" {{
  disk_image           = true
  iso_url              = "library://{from}"
  iso_checksum         = "none"
  skip_resize_disk     = true
  headless             = true
  memory               = 256
  output_directory     = "out-{name}"
  ssh_username         = "root"
  ssh_private_key_file = "key"
  ssh_timeout          = "2m"
  shutdown_command     = "poweroff"
}}

build {{
  sources = ["source.qemu.{name}"]
  provisioner "shell" {{
    inline = ["echo ${{var.mark}} >> /root/{name}"]
  }}
}}
"#
    )
}

fn suites(command: &str) -> String {
    format!("login {{\n  key = \"../key\"\n}}\ntest \"smoke\" {{\n  command = \"{command}\"\n}}\n")
}

fn shown(home: &Home, image: &str) -> Value {
    home.run(&["image", "show", image, "--json"]).succeeded().json()["version"].clone()
}

#[test]
fn a_child_is_behind_when_its_parent_moves_and_is_rebuilt_tested_and_promoted() {
    let home = Home::new();
    std::fs::copy(&tiny::guest().key, home.work().join("key")).unwrap();
    add_base(&home);
    home.write("web/web.pkr.hcl", template("web", "base/production"));
    home.write("app/app.pkr.hcl", template("app", "web/production"));
    let early = home.run(&["plan", "web"]);
    assert!(early.code == 1 && early.all().contains("no image \"base@production\""), "{}", early.all());
    home.run(&["promote", "base@1"]).succeeded();
    home.run(&["build", "-var", "mark=mine", "web"]).succeeded();
    let web = shown(&home, "web");
    let parent = &web["facts"]["sources"][0];
    assert_eq!(
        (parent["kind"].as_str(), parent["name"].as_str()),
        (Some("version"), Some("base@1")),
        "{web:#}"
    );
    assert_eq!(parent["channel"], "production");
    assert_eq!(parent["content"], shown(&home, "base")["content"]);
    home.run(&["promote", "web"]).succeeded();
    home.run(&["build", "app"]).succeeded();
    home.run(&["outdated"]).succeeded();

    add_base(&home);
    home.run(&["promote", "base@2"]).succeeded();
    let behind = home.run(&["outdated"]);
    assert!(behind.code == 1 && behind.stdout.contains("web@1: it was made from base@1"), "{}", behind.all());

    // A red suite stops the branch: web@2 is made and not promoted, app is left.
    home.write("web/tests.goldsmith.hcl", suites("exit 3"));
    let red = home.run(&["rebuild", "--outdated", "--force", "--json"]);
    let report = red.json();
    assert_eq!(red.code, 1, "{report:#}");
    assert_eq!(report["images"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["images"][0]["to"], "web@2");
    assert!(report["images"][0]["failure"].as_str().unwrap().contains("did not pass"), "{report:#}");
    assert_eq!(shown(&home, "web@production")["number"], 1);
    assert_eq!(shown(&home, "web@2")["state"], "quarantined");

    home.run(&["image", "delete", "web@2"]).succeeded();
    home.write("web/tests.goldsmith.hcl", suites("exit 0"));
    let green = home.run(&["rebuild", "--outdated", "--force"]).succeeded();
    for words in ["web@1 -> web@3", "web@production points to it", "app@1 -> app@2"] {
        assert!(green.stdout.contains(words), "{words}: {}", green.all());
    }
    let web = shown(&home, "web@production");
    assert_eq!((web["number"].as_u64(), web["state"].as_str()), (Some(3), Some("released")));
    assert_eq!(web["facts"]["variables"]["mark"], "mine", "built with the values it was built with");
    assert_eq!(shown(&home, "app")["facts"]["sources"][0]["name"], "web@3");
    home.run(&["outdated"]).succeeded();

    let compared = home.run(&["compare", "web@1", "web@3", "--json"]);
    let differences = compared.json()["comparison"]["differences"].clone();
    let source = differences.as_array().unwrap().iter().find(|row| row["about"] == "source").unwrap().clone();
    assert_eq!(
        (&source["left"], &source["right"]),
        (&"base@1, as production".into(), &"base@2, as production".into())
    );
    assert_eq!(compared.code, 1, "each build writes to the disk");

    home.run(&["image", "revoke", "base@2", "--move-channels", "--reason", "CVE-1"]).succeeded();
    home.run(&["rollback", "base", "--to", "1"]);
    home.write("late/late.pkr.hcl", template("late", "base/2"));
    let revoked = home.run(&["plan", "late"]);
    assert!(revoked.code == 1 && revoked.all().contains("it is revoked"), "{}", revoked.all());
    home.assert_nothing_left();
}

#[test]
fn a_schedule_is_printed_before_it_is_installed() {
    let mut home = Home::new();
    home.set("HOME", home.path().join("home"));
    home.set("XDG_CONFIG_HOME", "");
    let shown = home.run(&["schedule", "--at", "Mon 03:00"]).succeeded();
    for words in ["goldsmith-rebuild.timer", "OnCalendar=Mon 03:00", "rebuild --outdated", "GOLDSMITH_HOME="]
    {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.all());
    }
    assert!(!home.path().join("home/.config").exists(), "only printed");
    let line = home.run(&["schedule", "--cron", "--at", "0 3 * * 1"]).succeeded();
    assert!(line.stdout.starts_with("0 3 * * 1 GOLDSMITH_HOME="), "{}", line.stdout);
    let wrong = home.run(&["schedule", "--cron", "--at", "Mon 03:00"]);
    assert!(wrong.code == 1 && wrong.all().contains("five fields"), "{}", wrong.all());
}
