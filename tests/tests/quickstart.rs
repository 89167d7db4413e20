//! The quick start as a new user gets it: built from packages, found in the library, and clean. Two machines made
//! from the one image have nothing of the build in them and nothing in common that should be a machine's own.
#![allow(clippy::disallowed_methods, reason = "tests start the program as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::fs;
use std::process::Command;

use goldsmith_tests::goldsmith::Home;
use goldsmith_tests::machine::Booted;
use goldsmith_tests::root;

/// What a machine should have for itself alone.
const IDENTITY: &str = "cat /etc/machine-id; cat /etc/ssh/ssh_host_ed25519_key.pub | cut -d' ' -f2";

#[test]
fn the_quick_start_boots_on_bios_and_uefi_and_carries_nothing_of_its_build() {
    if !std::path::Path::new("/usr/bin/mmdebstrap").exists() {
        println!("skipped: mmdebstrap, which makes the image, is not installed");
        return;
    }
    let home = Home::new();
    let key = home.work().join("id");
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status().unwrap();
    assert!(made.success());
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let template = root().join("templates/quickstart").display().to_string();
    let variable = format!("ssh_public_key={}", public.trim());
    let built = home.run(&["build", "-var", &variable, "-var", "greeting=Grüß Gott", &template]).succeeded();
    assert!(!built.all().contains("PRIVATE KEY"));
    home.assert_nothing_left();

    let out = home.work().join("output-quickstart");
    let disk = out.join("quickstart.qcow2");
    let checked = Command::new("qemu-img").arg("check").arg(&disk).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let sums = fs::read_to_string(out.join("quickstart.sha256")).unwrap();
    let again = Command::new("sha256sum").arg(&disk).output().unwrap();
    assert_eq!(
        sums.split_whitespace().next(),
        String::from_utf8_lossy(&again.stdout).split_whitespace().next()
    );
    let list = home.run(&["image", "list", "--json"]).succeeded();
    assert!(list.stdout.contains("quickstart"), "{}", list.stdout);

    let firmware = ["/usr/share/ovmf/OVMF.fd", "/usr/share/OVMF/OVMF_CODE.fd"]
        .into_iter()
        .find(|path| fs::metadata(path).is_ok())
        .expect("UEFI firmware is among the packages that the set-up installs");
    let (bios, uefi) = std::thread::scope(|scope| {
        let bios = scope.spawn(|| Booted::start(&disk, "qcow2", &key));
        let uefi = scope.spawn(|| Booted::with(&disk, "qcow2", &key, &["-bios", firmware]));
        (bios.join().expect("boots with BIOS"), uefi.join().expect("boots with UEFI"))
    });
    let mut identities = Vec::new();
    for (machine, name) in [(&bios, "BIOS"), (&uefi, "UEFI")] {
        let ask = |command: &str| {
            let output = machine.try_ssh("gold", command, &[]);
            assert!(
                output.status.success(),
                "{name}: {command}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        assert!(
            ask("curl -s http://127.0.0.1/ || wget -qO- http://127.0.0.1/ || cat /var/www/html/index.html")
                .contains("Grüß Gott")
        );
        identities.push(ask(IDENTITY));
        let leftovers = ask(
            "sudo -n sh -c 'cat /root/.ssh/authorized_keys 2>/dev/null; grep -E \"^root:[^*!]\" /etc/shadow; \
             ls -A /var/lib/apt/lists 2>/dev/null | grep -v -E \"^(lock|partial|auxfiles)$\"; find /root /home -name \"*history\"; true'",
        );
        assert_eq!(leftovers, "", "{name}: left from the build");
        let sources = ask("cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null; true");
        assert!(sources.contains("debian") && !sources.contains('@'), "{name}: public sources: {sources}");
        let root_login = machine.try_ssh("root", "true", &[]);
        assert!(!root_login.status.success(), "{name}: root may log in");
    }
    assert_ne!(identities[0], identities[1], "two machines share an identity");
    assert_eq!(identities[0].lines().count(), 2, "{identities:?}");
}
