use goldsmith_template::options::{DistributionOptions, Settings};

use super::*;

fn options(change: impl FnOnce(&mut DistributionOptions)) -> DistributionOptions {
    let mut options = DistributionOptions::decode(&mut Settings::default());
    change(&mut options);
    options
}

fn spec(change: impl FnOnce(&mut DistributionOptions)) -> Result<ImageSpec, BootstrapError> {
    ImageSpec::new(&options(change), "qcow2", "root")
}

#[test]
fn the_defaults_are_the_current_stable_debian_for_both_firmwares() {
    let spec = spec(|_| {}).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(spec.rootfs.suite, "trixie");
    assert_eq!((spec.bios, spec.uefi, spec.cloud_init, spec.disk_size), (true, true, false, 8 << 30));
    for package in
        ["linux-image-cloud-amd64", "openssh-server", "systemd-sysv", "grub-pc-bin", "grub-efi-amd64-bin"]
    {
        assert!(spec.rootfs.packages.iter().any(|known| known == package), "{package}");
    }
}

#[test]
fn values_that_could_reach_a_shell_or_a_path_are_refused() {
    let refused = |change: fn(&mut DistributionOptions), option: &str| match spec(change) {
        Err(BootstrapError::Option { option: named, .. }) => assert_eq!(named, option),
        other => panic!("{option}: {other:?}"),
    };
    refused(|o| o.suite = Some("trixie;reboot".into()), "suite");
    refused(|o| o.suite = Some("-x".into()), "suite");
    refused(|o| o.locale = "de_CH.UTF-8 UTF-8\"".into(), "locale");
    refused(|o| o.timezone = "../../etc/passwd".into(), "timezone");
    refused(|o| o.hostname = Some("a b".into()), "hostname");
    refused(|o| o.packages = vec!["-o".into()], "packages");
    refused(|o| o.packages = vec!["a,b".into()], "packages");
    refused(|o| o.distribution = "arch".into(), "distribution");
}

#[test]
fn a_disk_no_system_fits_on_is_refused() {
    let small = spec(|o| o.disk_size = "100M".parse().unwrap_or_else(|e| panic!("{e}")));
    assert!(matches!(small, Err(BootstrapError::DiskTooSmall { .. })), "{small:?}");
}

#[test]
fn optional_parts_bring_their_packages() {
    let spec = spec(|o| {
        o.openssh = false;
        o.cloud_init = true;
        o.locale = "de_CH.UTF-8".into();
        o.timezone = "Europe/Zurich".into();
    })
    .unwrap_or_else(|e| panic!("{e}"));
    let has = |package: &str| spec.rootfs.packages.iter().any(|known| known == package);
    assert!(has("cloud-init") && has("locales") && has("tzdata") && !has("openssh-server"));
    assert!(spec.rootfs.hook().contains("locale-gen") && !spec.rootfs.hook().contains("ssh-keygen"));
}

#[test]
fn identities_are_proper_and_differ() {
    let mut bytes = [0; 84];
    for (at, byte) in (0_u8..84).zip(bytes.iter_mut()) {
        *byte = at;
    }
    let id = Identity::from_random(&bytes);
    assert_eq!(id.root_uuid().as_bytes()[14], b'4');
    assert_eq!(id.esp_serial_text(), "5352-5150");
    assert_eq!(id.esp_serial_hex(), "53525150");
    assert!(id.guids[0] != id.guids[1] && id.guids[3] != id.filesystem);
}

#[test]
fn what_went_wrong_in_mmdebstrap_comes_with_what_to_do() {
    for (said, hint) in [
        ("E: GPG error: http://m trixie InRelease: NO_PUBKEY 6ED0E7B82643E131", "keyring"),
        ("E: Unable to locate package nosuch", "components"),
        ("E: failed to unshare the user namespace", "uidmap"),
    ] {
        let text = BootstrapError::packages(vec![said.into()]).to_string();
        assert!(text.contains(said) && text.contains(hint), "{text}");
    }
}

#[test]
fn an_unprivileged_user_prefers_what_can_always_be_cleaned_up() {
    assert_eq!(Ownership::choose(true, |_| false), Some(Ownership::Root));
    assert_eq!(Ownership::choose(false, |_| true), Some(Ownership::Fakeroot));
    assert_eq!(Ownership::choose(false, |name| name != "fakeroot"), Some(Ownership::Namespace));
    assert_eq!(Ownership::choose(false, |_| false), None);
}

/// What the build put in to get in, unpacked with the real tar.
#[tokio::test]
async fn the_overlay_lets_the_build_in_as_a_user_of_its_own() {
    let home = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let rootfs = home.path().join("rootfs.tar");
    let mut tar = tar::Builder::new(std::fs::File::create(&rootfs).unwrap_or_else(|e| panic!("{e}")));
    for (name, text) in [
        ("./etc/passwd", "root:x:0:0:root:/root:/bin/bash\nold:x:1000:1000::/home/old:/bin/sh\n"),
        ("./etc/shadow", "root:*:19000:0:99999:7:::\n"),
        ("./etc/group", "root:x:0:\nshadow:x:42:\nold:x:1000:\n"),
        ("./usr/share/keyrings/debian-archive-keyring.pgp", "k"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
    }
    tar.finish().unwrap_or_else(|e| panic!("{e}"));
    let taken = overlay::Taken::read(&rootfs, Distribution::Debian).unwrap_or_else(|e| panic!("{e}"));
    let access = BuildAccess {
        username: "builder".into(),
        authorized_key: "ssh-ed25519 AAAA x".into(),
        host_key: Some(HostKey { private: "private".into(), public: "public".into() }),
    };
    let mut out = Vec::new();
    let spec = spec(|o| o.hostname = Some("web.example".into())).unwrap_or_else(|e| panic!("{e}"));
    let identity = Identity::from_random(&[9; 84]);
    overlay::write(&mut out, &spec, &identity, Some(&access), &taken).unwrap_or_else(|e| panic!("{e}"));
    let mut archive = tar::Archive::new(out.as_slice());
    let mut found = std::collections::BTreeMap::new();
    for entry in archive.entries().unwrap_or_else(|e| panic!("{e}")) {
        let mut entry = entry.unwrap_or_else(|e| panic!("{e}"));
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap_or_else(|e| panic!("{e}"));
        let name = entry.path().map(|path| path.display().to_string()).unwrap_or_default();
        let facts = (entry.header().mode().unwrap_or(0), entry.header().uid().unwrap_or(0), text);
        found.insert(name, facts);
    }
    let text = |name: &str| found.get(name).map_or("", |facts| facts.2.as_str());
    assert!(text("etc/passwd").ends_with("builder:x:1001:1001::/home/builder:/bin/bash\n"), "{found:?}");
    assert!(text("etc/shadow").ends_with("builder:*:19000:0:99999:7:::\n"));
    assert_eq!(found["etc/shadow"].0, 0o640);
    assert_eq!(found["home/builder/.ssh/authorized_keys"], (0o600, 1001, "ssh-ed25519 AAAA x\n".into()));
    assert_eq!(found["etc/ssh/ssh_host_ed25519_key"].0, 0o600);
    assert_eq!(text("etc/hostname"), "web\n");
    assert!(text("etc/hosts").contains("127.0.1.1\tweb.example web\n"));
    assert!(text("etc/fstab").contains(&format!("UUID={} / ext4", identity.root_uuid())));
    assert!(
        text("etc/apt/sources.list.d/debian.sources")
            .contains("Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp")
    );
    assert_eq!(text("etc/machine-id"), "");
    // Without access there is no key and no user.
    let mut bare = Vec::new();
    overlay::write(&mut bare, &spec, &identity, None, &taken).unwrap_or_else(|e| panic!("{e}"));
    let bare = String::from_utf8_lossy(&bare).into_owned();
    assert!(!bare.contains("authorized_keys") && !bare.contains("etc/passwd"));
}
