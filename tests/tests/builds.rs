//! Whole builds with the real program, real QEMU and a real guest.
#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use goldsmith_tests::goldsmith::{Home, files};
use goldsmith_tests::machine::Booted;
use goldsmith_tests::tiny;

/// The tiny guest with everything a template of this kind does.
fn template() -> String {
    let guest = tiny::guest();
    format!(
        r#"
variable "greeting" {{
  default = "hello"
}}

variable "token" {{
  default   = "wiederholungszeichen"
  sensitive = true
}}

locals {{
  note = "${{var.greeting}} from the template"
}}

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
    environment_vars = ["NOTE=${{local.note}}"]
    inline           = ["echo \"$NOTE\" > /root/note", "echo \"built as $PACKER_BUILD_NAME\"", "exit 7"]
    valid_exit_codes = [7]
  }}
  provisioner "file" {{
    source      = "motd"
    destination = "/etc/motd"
  }}
  provisioner "file" {{
    direction   = "download"
    source      = "/etc/os-release"
    destination = "fetched"
  }}
  provisioner "shell" {{
    script = "last.sh"
  }}

  post-processor "checksum" {{
    checksum_types = ["sha256"]
    output         = "out/tiny.{{{{.ChecksumType}}}}"
  }}
  post-processors {{
    post-processor "manifest" {{
      output = "manifest.json"
    }}
    post-processor "compress" {{
      output              = "tiny.tar.gz"
      keep_input_artifact = true
    }}
  }}
}}
"#,
        disk = guest.disk.display(),
        key = guest.key.display(),
    )
}

fn prepared() -> Home {
    let home = Home::new();
    home.write("t.pkr.hcl", template());
    home.write("motd", "made by the tests\n");
    home.write("last.sh", "#!/bin/sh\nset -e\ncat /etc/motd\ndf / > /dev/null\n");
    home
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap().to_owned()
}

#[test]
fn from_a_template_to_an_exported_image_that_boots() {
    let home = prepared();
    let built = home.run(&["build", "-var", "greeting=servus", "t.pkr.hcl"]).succeeded();
    let said = built.all();
    assert!(said.contains("built as tiny"), "the guest's output is shown:\n{said}");
    home.assert_nothing_left();

    // What Packer would leave, and nothing else.
    let mut left: Vec<_> = files(&home.work())
        .iter()
        .map(|path| path.strip_prefix(home.work()).unwrap().display().to_string())
        .collect();
    left.sort();
    let expected = [
        "fetched",
        "last.sh",
        "manifest.json",
        "motd",
        "out/tiny",
        "out/tiny.sha256",
        "t.pkr.hcl",
        "tiny.tar.gz",
    ];
    assert_eq!(left, expected);
    assert!(fs::read_to_string(home.work().join("fetched")).unwrap().contains("TinyTest"));
    let disk = home.work().join("out/tiny");
    let sums = fs::read_to_string(home.work().join("out/tiny.sha256")).unwrap();
    assert_eq!(sums, format!("{}\ttiny\n", sha256(&disk)));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(home.work().join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["builds"][0]["name"], "tiny");
    assert_eq!(manifest["builds"][0]["builder_type"], "qemu");
    let packed = Command::new("tar").args(["-tzf", "tiny.tar.gz"]).current_dir(home.work()).output().unwrap();
    assert!(packed.status.success(), "an independent tar reads the archive");

    // The library has it, verified, and gives it out again.
    let list = home.run(&["image", "list", "--json"]).succeeded().json();
    let text = list.to_string();
    assert!(text.contains("tiny"), "{text}");
    assert!(!text.contains("post-processor"), "a list holds no copies of templates: {text}");
    let shown = home.run(&["image", "show", "tiny", "--json"]).succeeded().stdout;
    assert!(shown.contains("post-processor"), "but the image has its own: {shown}");
    assert!(!shown.contains("wiederholungszeichen"), "without what is secret in it: {shown}");
    home.run(&["image", "verify", "tiny"]).succeeded();
    let place = home.path().join("exports");
    fs::create_dir(&place).unwrap();
    for format in ["qcow2", "raw", "vmdk", "vdi", "vhdx"] {
        let file = place.join(format!("tiny.{format}"));
        let to = file.display().to_string();
        home.run(&["image", "export", "tiny", "--format", format, "--output", &to]).succeeded();
        let compared = Command::new("qemu-img").arg("compare").args([&disk, &file]).output().unwrap();
        assert!(compared.status.success(), "{format}: {}", String::from_utf8_lossy(&compared.stdout));
    }
    assert_eq!(files(&place).len(), 5, "nothing but the exports: {:?}", files(&place));
    let again = home.run(&[
        "image",
        "export",
        "tiny",
        "--format",
        "vmdk",
        "--output",
        &place.join("tiny.vmdk").display().to_string(),
    ]);
    assert_ne!(again.code, 0, "an export never replaces a file unasked");

    // It boots in plain QEMU and has what was provisioned.
    let machine = Booted::start(&place.join("tiny.vmdk"), "vmdk", &tiny::guest().key);
    let note = machine.ssh("cat /root/note /etc/motd; dmesg | grep -i 'recovery\\|orphan' || true");
    assert_eq!(
        note, "servus from the template\nmade by the tests\n",
        "and its file system was closed cleanly"
    );
    home.assert_nothing_left();
}

#[test]
fn without_the_library_and_from_a_folder() {
    let home = prepared();
    home.run(&["build", "--no-library", "."]).succeeded();
    let list = home.run(&["image", "list", "--json"]).succeeded();
    assert!(!list.stdout.contains("tiny"), "{}", list.stdout);
    assert!(home.work().join("out/tiny").is_file());
    home.assert_nothing_left();
}

#[test]
fn the_plan_shows_what_a_build_will_do_and_touches_nothing() {
    let home = prepared();
    let before = files(&home.work());
    let plan = home.run(&["plan", "t.pkr.hcl"]).succeeded();
    for words in ["qemu-system-x86_64", "127.0.0.1", "out"] {
        assert!(plan.stdout.contains(words), "{words}:\n{}", plan.stdout);
    }
    let json = home.run(&["plan", "--json", "t.pkr.hcl"]).succeeded().json();
    assert!(json.to_string().contains("qemu-system-x86_64"));
    assert_eq!(files(&home.work()), before);
    home.assert_nothing_left();
}

#[test]
fn a_throw_away_copy_runs_and_is_gone_afterwards() {
    let home = prepared();
    home.run(&["build", "t.pkr.hcl"]).succeeded();
    let disk = files(&home.goldsmith_home().join("data"))
        .into_iter()
        .find(|path| path.to_string_lossy().contains("tiny") && fs::metadata(path).unwrap().len() > 1 << 20)
        .expect("the library's own copy of the disk");
    let before = sha256(&disk);
    let mut run = home.start(&["run", "tiny", "--json"]);
    home.wait("the copy's machine", std::time::Duration::from_secs(120), || {
        home.processes().iter().any(|(_, line)| line.contains("hostfwd")).then_some(())
    });
    let sent = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(sent.success());
    home.wait("the run to end", std::time::Duration::from_secs(60), || run.try_wait().unwrap());
    home.assert_nothing_left();
    assert_eq!(sha256(&disk), before, "the stored image was changed");
}
