//! Builds side by side: what does not fit beside what runs waits, and says why.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use goldsmith_tests::goldsmith::Home;

#[test]
fn a_machine_that_does_not_fit_waits_for_its_turn() {
    if !std::path::Path::new("/usr/bin/qemu-system-x86_64").exists() {
        println!("skipped: QEMU (qemu-system-x86) is not installed");
        return;
    }
    let home = Home::new();
    home.write("disk.img", vec![0_u8; 1 << 20]);
    // More memory than any computer has: QEMU refuses the first at once, and then the second may try.
    let source = |name: &str| {
        format!(
            "source \"qemu\" \"{name}\" {{\n  disk_image = true\n  iso_url = \"disk.img\"\n  iso_checksum = \"none\"\n  memory = 900000000\n  communicator = \"none\"\n}}\n"
        )
    };
    let build = "build {\n  sources = [\"qemu.one\", \"qemu.two\"]\n}\n";
    home.write("t.pkr.hcl", format!("{}{}{build}", source("one"), source("two")));
    let ended = home.run(&["build", "t.pkr.hcl"]);
    let said = ended.all();
    assert_eq!(ended.code, 1, "{said}");
    let waited = said.find("Waiting for its turn. Its machine takes").unwrap_or_else(|| panic!("{said}"));
    let refused = said.find("failed after").unwrap_or_else(|| panic!("{said}"));
    let started = said.rfind("Find the disk image").unwrap_or_else(|| panic!("{said}"));
    assert!(waited < started, "it said so before it began: {said}");
    assert!(refused < started, "the second began when the first was over: {said}");
    home.assert_nothing_left();
}
