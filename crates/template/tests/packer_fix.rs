//! `fix` against the distribution's Packer: every JSON template of the corpus, and the same with old options put in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]
#![allow(clippy::disallowed_methods, reason = "the test looks for its corpus and runs Packer")]

#[path = "common/corpus.rs"]
mod common;

use common::{corpus, files, sample};
use goldsmith_template::fix;
use serde_json::{Value, json};
use std::process::Command;

/// The value with every number as Go reads it.
fn numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap()),
        Value::Array(all) => all.into_iter().map(numbers).collect(),
        Value::Object(all) => {
            Value::Object(all.into_iter().map(|(key, value)| (key, numbers(value))).collect())
        }
        other => other,
    }
}

/// A template with what every fix is for.
fn aged() -> Value {
    let builder = |name: &str, more: Value| {
        let mut builder =
            json!({ "type": name, "name": format!("b-{name}"), "vm_name": "x<y>&{{ clean_image_name }}" });
        builder.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        builder
    };
    json!({
        "builders": [
            builder("qemu", json!({ "iso_md5": "abc", "disk_size": 4000.7, "ssh_host_port_min": 1, "host_port_max": 2, "ssh_host_port_max": 3, "number": 1e22 })),
            builder("virtualbox", json!({ "guest_additions_attach": true, "ssh_skip_nat_mapping": true, "ssh_host_port_min": 5, "ssh_wait_timeout": "1s", "ssh_timeout": "2s" })),
            builder("vmware", json!({ "remote_type": "esx5", "ssh_wait_timeout": "1s", "ssh_disable_agent": true, "ssh_key_path": "k", "ssh_private_key_file": "j" })),
            builder("parallels-iso", json!({ "headless": true, "parallels_tools_host_path": "p", "guest_os_distribution": "d" })),
            builder("scaleway", json!({ "access_key": "a" })),
            builder("amazon-ebs", json!({ "ami_name": "a {{ .CreateTime }}", "shutdown_behaviour": "stop", "enhanced_networking": true, "ssh_private_ip": "true", "temporary_security_group_source_cidr": "0.0.0.0/0", "spot_price_auto_product": "x", "tags": { "a": "{{ clean_ami_name }}" } })),
            builder("hyperv-iso", json!({ "vhd_temp_path": "x", "cpu": 1, "ram_size": 2, "iso_checksum_url": "http://x/y", "iso_checksum_type": "sha1", "iso_checksum": "z" })),
            builder("hyperv-vmcx", json!({ "clone_from_vmxc_path": "x", "iso_checksum_type": "none" })),
            builder("vsphere-iso", json!({ "network": "n", "networkCard": "c", "disk_size": 1, "storage": [{ "a": 1 }], "iso_checksum": "q", "iso_checksum_type": "sha256" })),
            builder("azure-chroot", json!({ "shared_image_destination": { "exlude_from_latest": true } })),
            builder("proxmox", json!({ "login_email": "e" })),
        ],
        "provisioners": [
            { "type": "shell", "inline": ["a\u{2028}b\u{8}\u{1f}é"], "override": { "virtualbox": { "x": 1 } } },
            { "type": "powershell", "elevated_user": "`$u``", "elevated_password": "`x`'", "environment_vars": ["A=`\"", "B=``$"] },
            { "type": "ansible-local", "galaxycommand": "g" },
        ],
        "post-processors": [
            "compress",
            { "type": "vagrant", "virtualbox": { "a": 1 }, "aws": { "b": 2 } },
            [{ "type": "manifest", "filename": "m" }, { "type": "docker-tag", "tag": "a, b,a", "tags": ["c", "a"] }],
        ],
    })
}

#[test]
fn the_same_text_as_packer_over_the_corpus() {
    if Command::new("packer").arg("version").output().is_err() {
        return println!("skipped: the distribution's packer is not installed");
    }
    let Some(corpus) = corpus() else { return };
    let paths = files(&corpus, &|name| name.ends_with(".json") && !name.ends_with(".pkr.json"));
    let mut texts: Vec<(String, String)> = vec![("aged".to_owned(), aged().to_string())];
    // One start of Packer for each: a third of them, all with GOLDSMITH_SOAK.
    for path in sample(paths, 3) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        texts.push((path.display().to_string(), text));
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut same, mut refused, mut changed, mut wrong) = (0, 0, 0, Vec::new());
    for (index, (name, text)) in texts.iter().enumerate() {
        let file = folder.path().join(format!("{index}.json"));
        std::fs::write(&file, text).unwrap();
        let output = Command::new("packer")
            .args(["fix", "-validate=false"])
            .arg(&file)
            .env("CHECKPOINT_DISABLE", "1")
            // Where it writes its crash.log, too.
            .current_dir(folder.path())
            .output()
            .expect("packer was there before");
        let theirs = output.status.success().then(|| String::from_utf8(output.stdout).unwrap());
        match (fix::fix(text), theirs) {
            (Ok(fixed), Some(theirs)) => {
                let ours = fixed.packer_text() + "\n";
                if ours != theirs {
                    let at = ours.lines().zip(theirs.lines()).find(|(ours, theirs)| ours != theirs);
                    wrong.push(format!("{name}: {at:?}"));
                }
                same += 1;
                changed += usize::from(!fixed.applied().is_empty());
                // Written into the text, it means the same.
                let edited = fixed.edited(text);
                let mut meaning: Value =
                    serde_json::from_str(&edited).unwrap_or_else(|error| panic!("{name}: {error}\n{edited}"));
                meaning.as_object_mut().unwrap().entry("builders").or_insert(Value::Null);
                assert_eq!(numbers(meaning), numbers(serde_json::from_str(&ours).unwrap()), "{name}");
                let untouched =
                    text.lines().filter(|line| edited.lines().any(|other| other == *line)).count();
                if fixed.applied().is_empty() {
                    assert_eq!(edited, *text, "{name}");
                } else {
                    assert!(untouched * 2 >= text.lines().count() || name == "aged", "{name}\n{edited}");
                }
            }
            (Err(_), None) => refused += 1,
            // Its fix for ports breaks on a builder without a type.
            (Ok(_), None) if String::from_utf8_lossy(&output.stderr).contains("FixerCommConfig") => {
                refused += 1
            }
            (Ok(_), None) => wrong
                .push(format!("{name}: only Packer refuses: {}", String::from_utf8_lossy(&output.stderr))),
            // Packer reads the first value of the file and does not look at the rest.
            (Err(error), Some(_)) if error.to_string().contains("follows the end") => refused += 1,
            (Err(error), Some(_)) => wrong.push(format!("{name}: only we refuse: {error}")),
        }
    }
    println!(
        "{same} templates print as Packer's, {changed} of them were changed; {refused} files are refused by both"
    );
    assert!(same > 100, "only {same} templates");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
