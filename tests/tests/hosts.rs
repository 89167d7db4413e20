//! Sources that boot no machine: a host that runs already, and a file.
#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use goldsmith_guest::KeyKind;
use goldsmith_tests::goldsmith::Home;
use goldsmith_tests::sshd;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_runs_already_is_provisioned() {
    let Some(sshd) = sshd::start(KeyKind::Ed25519).await else { return };
    let home = Home::new();
    fs::write(sshd.path("key"), sshd.key.private_openssh().expose()).unwrap();
    home.write("note", "from here\n");
    let login = format!(
        "ssh_host = \"127.0.0.1\"\n  ssh_port = {}\n  ssh_username = \"{}\"\n  ssh_timeout = \"20s\"",
        sshd.port, sshd.user
    );
    let key = format!("ssh_private_key_file = \"{}\"", sshd.text("key"));
    let place = sshd.text("made");
    home.write(
        "t.pkr.hcl",
        format!(
            r#"
source "null" "host" {{
  {login}
  {key}
}}
build {{
  sources = ["null.host"]
  provisioner "shell" {{
    inline = ["mkdir {place}", "echo \"as $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE [$PACKER_HTTP_ADDR] on ${{build.Host}}:${{build.Port}}\""]
  }}
  provisioner "file" {{
    source      = "note"
    destination = "{place}/note"
  }}
  error-cleanup-provisioner "shell" {{
    inline = ["touch {place}/cleaned"]
  }}
  provisioner "shell" {{
    inline            = ["exit 3"]
    max_retries       = 1
    continue_on_error = true
  }}
  provisioner "shell-local" {{
    inline = ["echo here with $PACKER_BUILD_NAME"]
  }}
  post-processor "manifest" {{
    output = "m.json"
  }}
}}
"#
        ),
    );
    let built = home.run(&["build", "t.pkr.hcl"]).succeeded();
    let said = built.all();
    assert!(said.contains(&format!("as host null [] on 127.0.0.1:{}", sshd.port)), "{said}");
    assert!(said.contains("here with host") && said.contains("Trying again (1 of 1)"), "{said}");
    assert_eq!(fs::read_to_string(sshd.path("made/note")).unwrap(), "from here\n");
    assert!(!sshd.path("made/cleaned").exists(), "nothing failed in the end");
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(home.work().join("m.json")).unwrap()).unwrap();
    assert_eq!(manifest["builds"][0]["builder_type"], "null");
    assert_eq!(manifest["builds"][0]["artifact_id"], "Null");
    home.assert_nothing_left();

    // A failed provisioner runs the clean-up on the host, and the build says which step it was.
    let text = fs::read_to_string(home.work().join("t.pkr.hcl")).unwrap();
    home.write("bad.pkr.hcl", text.replace("continue_on_error = true", "").replace("mkdir", "test -d"));
    let failed = home.run(&["build", "bad.pkr.hcl"]);
    assert_eq!(failed.code, 1, "{}", failed.all());
    assert!(sshd.path("made/cleaned").exists(), "{}", failed.all());
    home.assert_nothing_left();

    // What Packer refuses is refused: no place, no way in, two ways in.
    for (without, word) in [
        ("ssh_username = \"x\"\n  ssh_password = \"y\"".to_owned(), "ssh_host"),
        (login.clone(), "ssh_agent_auth"),
        (format!("{login}\n  {key}\n  ssh_password = \"y\""), "only one of"),
    ] {
        home.write(
            "w.pkr.hcl",
            format!("source \"null\" \"h\" {{\n  {without}\n}}\nbuild {{\n  sources = [\"null.h\"]\n}}\n"),
        );
        let refused = home.run(&["validate", "w.pkr.hcl"]);
        assert!(refused.code == 1 && refused.all().contains(word), "{without}: {}", refused.all());
    }
}

#[test]
fn a_file_is_written_and_kept_or_not() {
    let home = Home::new();
    home.write("from", "copied\n");
    fs::set_permissions(home.work().join("from"), fs::Permissions::from_mode(0o640)).unwrap();
    home.write(
        "t.pkr.hcl",
        r#"
source "file" "written" {
  content = "hello"
  target  = "deep/a.txt"
}
source "file" "copied" {
  source = "from"
  target = "b.txt"
}
build {
  sources = ["file.written", "file.copied"]
  provisioner "shell-local" {
    inline = ["test -e deep/a.txt || test -e b.txt"]
  }
  post-processor "checksum" {
    checksum_types = ["md5"]
    output         = "{{.BuildName}}.{{.ChecksumType}}"
  }
}
"#,
    );
    let built = home.run(&["build", "-machine-readable", "t.pkr.hcl"]).succeeded();
    assert!(built.stdout.contains("artifact,0,builder-id,packer.file"), "{}", built.stdout);
    assert!(built.stdout.contains("Stored file: "), "{}", built.stdout);
    assert_eq!(fs::read_to_string(home.work().join("deep/a.txt")).unwrap(), "hello");
    let mode = fs::metadata(home.work().join("deep/a.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "its content may be a secret");
    assert_eq!(fs::read_to_string(home.work().join("b.txt")).unwrap(), "copied\n");
    let sum = fs::read_to_string(home.work().join("written.md5")).unwrap();
    assert_eq!(sum, "5d41402abc4b2a76b9719d911017c592\ta.txt\n");
    home.assert_nothing_left();

    // A post-processor that does not keep it takes it away; what stood there before a failed copy stays.
    home.write(
        "u.pkr.hcl",
        "source \"file\" \"x\" {\n  content = \"z\"\n  target = \"c.txt\"\n}\nbuild {\n  sources = [\"file.x\"]\n  post-processor \"compress\" {\n    output = \"c.zip\"\n  }\n}\n",
    );
    home.run(&["build", "u.pkr.hcl"]).succeeded();
    assert!(home.work().join("c.zip").exists() && !home.work().join("c.txt").exists());
    home.write("keep.txt", "before");
    home.write(
        "v.pkr.hcl",
        "source \"file\" \"x\" {\n  source = \"absent\"\n  target = \"keep.txt\"\n}\nbuild {\n  sources = [\"file.x\"]\n}\n",
    );
    let failed = home.run(&["build", "v.pkr.hcl"]);
    assert!(failed.code != 0 && failed.all().contains("absent"), "{}", failed.all());
    assert_eq!(fs::read_to_string(home.work().join("keep.txt")).unwrap(), "before");
    home.assert_nothing_left();
}

/// InSpec is not to be had here: in its place stands a program that takes InSpec's arguments and looks into the guest
/// the way InSpec does, by SSH with the key it is given.
const INSPEC: &str = r#"#!/bin/sh
set -eu
[ "$1" = exec ]; profile=$2; shift 2
while [ $# -gt 0 ]; do
  case $1 in
    --backend) backend=$2;; --host) host=$2;; --user) user=$2;; --key-files) key=$2;; --port) port=$2;;
    --input-file) inputs=$2; cat "$inputs"; shift 2; continue;;
    --reporter) reporter=$2;;
    *) inputs=$1; cat "$inputs"; shift; continue;;
  esac
  shift 2
done
echo "profile $profile by $backend on $host with $reporter and $TOKEN_NAME"
ssh -i "$key" -p "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes \
  "$user@$host" "test -e PLACE && echo seen in the guest" || exit 100
exit 101
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inspec_tests_a_guest_through_the_adapter() {
    let Some(sshd) = sshd::start(KeyKind::Ed25519).await else { return };
    let home = Home::new();
    fs::write(sshd.path("key"), sshd.key.private_openssh().expose()).unwrap();
    fs::write(sshd.path("there"), "").unwrap();
    let program = home.write("inspec", INSPEC.replace("PLACE", &sshd.text("there")));
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    home.write("inputs.yml", "own: input\n");
    home.write(
        "t.pkr.hcl",
        format!(
            r#"
source "null" "host" {{
  ssh_host             = "127.0.0.1"
  ssh_port             = {}
  ssh_username         = "{}"
  ssh_private_key_file = "{}"
  ssh_timeout          = "20s"
}}
build {{
  sources = ["null.host"]
  provisioner "inspec" {{
    command         = "{}"
    profile         = "linux-baseline"
    attributes      = ["inputs.yml"]
    extra_arguments = ["--reporter", "cli"]
    inspec_env_vars = ["TOKEN_NAME=a"]
  }}
}}
"#,
            sshd.port,
            sshd.user,
            sshd.text("key"),
            program.display()
        ),
    );
    let said = home.run(&["build", "t.pkr.hcl"]).succeeded().all();
    for part in [
        "profile linux-baseline by ssh on 127.0.0.1 with cli and a",
        "seen in the guest",
        "own: input",
        "packer_build_name: \"host\"",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    home.assert_nothing_left();
    fs::remove_file(sshd.path("there")).unwrap();
    let failed = home.run(&["build", "t.pkr.hcl"]);
    assert!(failed.code == 1 && failed.all().contains("exit code 100"), "{}", failed.all());
    home.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bill_of_materials_lists_the_packages_of_the_guest() {
    let Some(sshd) = sshd::start(KeyKind::Ed25519).await else { return };
    let Ok(asked) =
        std::process::Command::new("dpkg-query").args(["-W", "-f=${db:Status-Abbrev}\\n"]).output()
    else {
        println!("skipped: dpkg, whose database is read, is not installed");
        return;
    };
    let installed =
        String::from_utf8_lossy(&asked.stdout).lines().filter(|line| line.starts_with("ii")).count();
    let home = Home::new();
    fs::write(sshd.path("key"), sshd.key.private_openssh().expose()).unwrap();
    home.write(
        "t.pkr.hcl",
        format!(
            r#"
source "null" "host" {{
  ssh_host             = "127.0.0.1"
  ssh_port             = {}
  ssh_username         = "{}"
  ssh_private_key_file = "{}"
  ssh_timeout          = "20s"
}}
build {{
  sources = ["null.host"]
  provisioner "sbom" {{
    destination = "lists/host"
  }}
}}
"#,
            sshd.port,
            sshd.user,
            sshd.text("key")
        ),
    );
    home.run(&["build", "t.pkr.hcl"]).succeeded();
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(home.work().join("lists").join(name)).unwrap()).unwrap()
    };
    let (spdx, cyclone) = (read("host.spdx.json"), read("host.cdx.json"));
    // The system itself is one more package there.
    assert_eq!(spdx["packages"].as_array().unwrap().len(), installed + 1);
    assert_eq!(cyclone["components"].as_array().unwrap().len(), installed);
    assert_eq!((&spdx["spdxVersion"], &cyclone["specVersion"]), (&"SPDX-2.3".into(), &"1.5".into()));
    let bash =
        cyclone["components"].as_array().unwrap().iter().find(|entry| entry["name"] == "bash").unwrap();
    assert!(bash["purl"].as_str().unwrap().starts_with("pkg:deb/debian/bash@"), "{bash}");
    let references: std::collections::BTreeSet<&str> = cyclone["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["bom-ref"].as_str().unwrap())
        .collect();
    assert_eq!(references.len(), installed, "every component has a reference of its own");
    home.assert_nothing_left();
}

#[test]
fn provenance_names_the_artifact_the_template_and_no_secret() {
    let home = Home::new();
    home.write("sbom.json", "{}");
    home.write(
        "t.pkr.hcl",
        r#"
variable "flavour" {
  default = "plain"
}
variable "token" {
  default   = "wiederholungszeichen"
  sensitive = true
}
source "file" "x" {
  content = "hello"
  target  = "a.txt"
}
build {
  sources = ["file.x"]
  post-processor "provenance" {
    output = "{{.BuildName}}.intoto.json"
    sbom   = ["sbom.json"]
  }
}
"#,
    );
    home.run(&["build", "-var", "flavour=salted", "t.pkr.hcl"]).succeeded();
    let text = fs::read_to_string(home.work().join("x.intoto.json")).unwrap();
    assert!(!text.contains("wiederholungszeichen"), "{text}");
    let statement: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    assert_eq!(
        statement["subject"],
        serde_json::json!([{
            "name": "a.txt",
            "digest": { "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" },
        }])
    );
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["variables"]["flavour"], "salted");
    assert_eq!(definition["externalParameters"]["secretVariables"], serde_json::json!(["token"]));
    let run = &statement["predicate"]["runDetails"];
    assert_eq!(run["byproducts"][0]["name"], "sbom.json");
    assert!(run["metadata"]["finishedOn"].as_str().unwrap().ends_with('Z'));
    home.assert_nothing_left();
}
