//! The starters: each is read, checked and planned by the real program. Their media cannot be fetched here.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::fs;
use std::path::PathBuf;

use goldsmith_tests::goldsmith::Home;
use goldsmith_tests::root;
use serde_json::Value;

/// Systems a user finds a starter for.
const SYSTEMS: [&str; 13] = [
    "alma",
    "alpine",
    "arch",
    "debian",
    "fedora",
    "freebsd",
    "opensuse",
    "quickstart",
    "rocky",
    "ubuntu",
    "windows-11",
    "windows-server",
    "debian-cloud",
];

fn folders() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root().join("templates"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn name(folder: &std::path::Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_starter_is_valid_plans_and_says_what_it_fetches() {
    let home = Home::new();
    let names: Vec<String> = folders().iter().map(|folder| name(folder)).collect();
    for system in SYSTEMS {
        assert!(names.iter().any(|name| name.starts_with(system)), "no starter for {system}: {names:?}");
    }
    for folder in folders() {
        let name = name(&folder);
        let path = folder.display().to_string();
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(readme.starts_with("# "), "{name}: its README has a title");
        home.run(&["validate", &path]).succeeded();
        home.run(&["fmt", "-check", &path]).succeeded();
        if name.starts_with("windows-11") && !secure_firmware() {
            println!("skipped: planning {name}: UEFI firmware with Secure Boot (ovmf) is not installed");
            continue;
        }
        let key = "ssh_public_key=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl u@h";
        let args: Vec<&str> = match name.starts_with("windows") {
            true => vec!["plan", "--json", &path],
            false => vec!["plan", "--json", "-var", key, &path],
        };
        let planned = home.run(&args).succeeded().json();
        let plan = &planned["plan"];
        let steps = plan["jobs"][0]["steps"].as_array().unwrap();
        assert!(steps.iter().any(|step| step["kind"] == "provision"), "{name}: {steps:?}");
        assert_eq!(plan["skipped"], Value::Array(Vec::new()), "{name}");
        let warnings = plan["warnings"].to_string();
        assert!(!warnings.contains("not checked") && !warnings.contains("generalised"), "{name}: {warnings}");
        for download in plan["downloads"].as_array().unwrap() {
            let checksum = download["checksum"].as_str().unwrap();
            assert!(
                checksum.starts_with("file:https://") || checksum.starts_with("sha256:"),
                "{name}: {checksum}"
            );
            for url in download["urls"].as_array().unwrap() {
                assert!(url.as_str().unwrap().starts_with("https://"), "{name}: {url}");
            }
        }
        let installs = name.ends_with("-installer") || name.starts_with("windows");
        assert_eq!(installs, readme.contains("first real run is yours"), "{name}: says what was not run");
    }
}

/// Where a starter has a public key, the answers hold it; without one they are still whole.
#[test]
fn answers_for_installers_are_whole_with_and_without_a_key() {
    for folder in folders() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "pkrtpl") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains("${password}"), "{}: who may log in", path.display());
            if text.starts_with("<?xml") {
                let opened = text.matches("<component ").count();
                assert_eq!(opened, text.matches("</component>").count(), "{}", path.display());
                assert!(text.trim_end().ends_with('>'), "{}", path.display());
            } else {
                assert!(text.contains("${key}"), "{}: the user's key", path.display());
            }
        }
    }
}

fn secure_firmware() -> bool {
    [
        "/usr/share/OVMF/OVMF_CODE_4M.ms.fd",
        "/usr/share/OVMF/OVMF_CODE.secboot.fd",
        "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
    ]
    .iter()
    .any(|path| fs::metadata(path).is_ok())
}
