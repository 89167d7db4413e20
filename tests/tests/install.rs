//! Installations from an image, with the real program, real QEMU and a real installer.
#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::fs;

use goldsmith_tests::goldsmith::Home;
use goldsmith_tests::{root, tiny};

/// The template of a machine that the tiny installer installs.
fn template(options: &str, provisioning: &str) -> String {
    let guest = tiny::guest();
    format!(
        r#"
source "qemu" "tiny" {{
  iso_url              = "{installer}"
  iso_checksum         = "none"
  disk_size            = "256M"
  headless             = true
  output_directory     = "out"
  vm_name              = "tiny"
  ssh_username         = "root"
  ssh_private_key_file = "{key}"
  ssh_timeout          = "4m"
  shutdown_command     = "poweroff"
{options}
}}

build {{
  sources = ["source.qemu.tiny"]
  provisioner "shell" {{
    inline = [{provisioning}]
  }}
}}
"#,
        installer = guest.installer.display(),
        key = guest.key.display(),
    )
}

fn home(options: &str, provisioning: &str) -> Home {
    let home = Home::new();
    home.write("t.pkr.hcl", template(options, provisioning));
    let script = root().join("tests/fixtures/tiny-guest/install.sh");
    home.write("http/install.sh", fs::read(script).unwrap());
    home
}

#[test]
fn typed_to_and_served_over_http() {
    let home = home(
        r#"
  http_directory = "http"
  boot_wait      = "0s"
  boot_command   = [
    "<waitForText \"boot:\" 60s>",
    "install inst=http://{{ .HTTPIP }}:{{ .HTTPPort }}/install.sh by={{ .Name }}<enter>",
  ]
  vtpm         = true
  machine_type = "pc"
"#,
        r#""cat /etc/installed", "echo address $PACKER_HTTP_ADDR", "ls -d /sys/class/tpm/tpm0 || ls /sys/bus/acpi/devices | grep -i -e MSFT0101 -e PNP0C31""#,
    );
    let built = home.run(&["build", "t.pkr.hcl"]).succeeded().all();
    assert!(built.contains("HTTP: GET /install.sh: 200"), "the access is logged:\n{built}");
    assert!(built.contains("The machine restarted; waiting for the installed system."), "{built}");
    assert!(built.contains("by=tiny"), "what was typed reached the installer:\n{built}");
    assert!(built.contains("address 10.0.2.2:8"), "{built}");
    // Letters whose echo the screen shows are not waited for.
    let typed = built.lines().find(|line| line.contains("the screen confirmed")).unwrap();
    let confirmed = typed.split("confirmed ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(confirmed.parse::<u32>().unwrap() > 40, "{typed}");
    home.assert_nothing_left();
}

#[test]
fn answers_on_a_second_cd() {
    let home = home(
        r#"
  cd_files         = ["http/install.sh"]
  cd_label         = "cidata"
  boot_wait        = "0s"
  boot_command     = ["<waitForText \"boot:\" 60s>", "install inst=cd<enter>"]
  disk_compression = true
"#,
        r#""cat /etc/installed""#,
    );
    let built = home.run(&["build", "t.pkr.hcl"]).succeeded().all();
    assert!(built.contains("inst=cd"), "{built}");
    home.assert_nothing_left();
}

/// GRUB's command line is typed to on UEFI, without a text screen: its echo is read from the serial console.
#[test]
#[ignore = "npm run soak"]
fn typed_to_under_uefi() {
    let home = home(
        r#"
  efi_boot       = true
  http_directory = "http"
  boot_wait      = "0s"
  boot_command   = [
    "<waitForText \"waiting to be typed to\" 120s>c<waitForText \"grub>\" 30s>",
    "linux /vmlinuz console=ttyS0 inst=http://{{ .HTTPIP }}:{{ .HTTPPort }}/install.sh<enter>",
    "initrd /initrd.img<enter>boot<enter>",
  ]
"#,
        r#""cat /etc/installed", "ls /sys/firmware/efi""#,
    );
    let built = home.run(&["build", "t.pkr.hcl"]).succeeded().all();
    assert!(built.contains("inst=http") && built.contains("fw_platform_size"), "{built}");
    assert!(home.work().join("out/efivars.fd").is_file(), "the variables are kept with the disk");
    home.assert_nothing_left();
}

/// The further ways to attach disks and CDs boot and install as well.
#[test]
#[ignore = "npm run soak"]
fn other_controllers() {
    for options in [
        "disk_interface = \"ide\"",
        "disk_interface = \"virtio-scsi\"",
        "disk_detect_zeroes = \"unmap\"\n  disk_discard = \"unmap\"\n  disk_additional_size = [\"8M\"]",
    ] {
        let device = if options.contains("additional") { "vda" } else { "sda" };
        let home = home(
            &format!(
                r#"
  {options}
  http_directory = "http"
  boot_wait      = "0s"
  boot_command   = ["<waitForText \"boot:\" 60s>install inst=http://{{{{ .HTTPIP }}}}:{{{{ .HTTPPort }}}}/install.sh<enter>"]
"#
            ),
            r#""cat /etc/installed""#,
        );
        let script = root().join("tests/fixtures/tiny-guest/install.sh");
        let script = fs::read_to_string(script).unwrap().replace("/dev/vda", &format!("/dev/{device}"));
        home.write("http/install.sh", script);
        home.run(&["build", "t.pkr.hcl"]).succeeded();
        home.assert_nothing_left();
    }
}
