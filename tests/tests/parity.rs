//! QEMU's command line is Packer's, but for the differences that `docs/design/packer-differences.md` names.
#![allow(clippy::disallowed_methods, reason = "tests start programs as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use goldsmith_process::find_program;
use goldsmith_tests::parity::{Bench, MEANT, Made, compare};
use goldsmith_tests::root;
use serde_json::{Map, Value, json};

/// Options one by one, and some together.
fn variations() -> Vec<Value> {
    let mut all = vec![
        json!({}),
        json!({ "disk_image": true, "iso_url": "base.qcow2", "disk_size": "16M" }),
        json!({ "disk_image": true, "iso_url": "base.qcow2", "skip_resize_disk": true, "disk_interface": "ide" }),
        json!({ "disk_image": true, "iso_url": "base.qcow2", "use_backing_file": true }),
        json!({ "cpus": 1 }),
        json!({ "cpus": 2 }),
        json!({ "cpus": 4, "memory": 2048 }),
        json!({ "memory": 1024 }),
        json!({ "memory": 5 }),
        json!({ "machine_type": "q35" }),
        json!({ "machine_type": "pc-i440fx-7.2" }),
        json!({ "accelerator": "kvm" }),
        json!({ "accelerator": "none" }),
        json!({ "accelerator": "hvf" }),
        json!({ "disk_discard": "unmap" }),
        json!({ "disk_detect_zeroes": "on" }),
        json!({ "disk_detect_zeroes": "unmap", "disk_discard": "unmap" }),
        json!({ "format": "raw" }),
        json!({ "disk_additional_size": ["8M"] }),
        json!({ "disk_additional_size": ["8M", "4M"], "disk_interface": "virtio-scsi" }),
        json!({ "disk_additional_size": ["8M"], "disk_interface": "ide" }),
        json!({ "net_device": "e1000" }),
        json!({ "net_device": "rtl8139" }),
        json!({ "net_device": "virtio-net-pci" }),
        json!({ "headless": false }),
        json!({ "headless": false, "display": "sdl" }),
        json!({ "headless": false, "display": "gtk" }),
        json!({ "headless": false, "use_default_display": true }),
        json!({ "vnc_bind_address": "0.0.0.0" }),
        json!({ "vnc_port_min": 5970, "vnc_port_max": 5990 }),
        json!({ "vm_name": "other name" }),
        json!({ "vm_name": "disk.qcow2", "output_directory": "out/deep" }),
        json!({ "floppy_files": ["floppy.txt"] }),
        json!({ "http_directory": "http" }),
        json!({ "communicator": "none", "shutdown_timeout": "1s" }),
        json!({ "ssh_port": 2200 }),
        json!({ "host_port_min": 3300, "host_port_max": 3300 }),
        json!({ "skip_nat_mapping": true }),
        json!({ "boot_command": ["<esc><wait>auto url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/p<enter>"], "http_directory": "http" }),
        json!({ "qemuargs": [["-m", "777M"]] }),
        json!({ "qemuargs": [["-m", "777M"], ["-smp", "cpus=3"]] }),
        json!({ "qemuargs": [["-display", "none"]], "headless": false }),
        json!({ "qemuargs": [["-drive", "file=extra.img,if=virtio"]] }),
        json!({ "qemuargs": [["--drive", "file=extra.img,if=virtio"]] }),
        json!({ "qemuargs": [["-device", "virtio-rng-pci"]] }),
        json!({ "qemuargs": [["-device", "virtio-rng-pci"]], "disk_interface": "virtio-scsi" }),
        json!({ "qemuargs": [["-device", "virtio-net,netdev=user.0,mac=52:54:00:00:00:01"]] }),
        json!({ "qemuargs": [["-netdev", "user,id=user.0"]] }),
        json!({ "qemuargs": [["-netdev", "user,id=user.0,", "hostfwd=tcp::2222-:22"]] }),
        json!({ "qemuargs": [["-cpu", "host", ",+vmx"], ["-nodefaults"]] }),
        json!({ "qemuargs": [["-no-reboot", ""]] }),
        json!({ "qemuargs": [["-boot", "c"]] }),
        json!({ "qemuargs": [["-name", "{{ .Name }}-x"], ["-fw_cfg", "name=opt/out,string={{ .OutputDir }}"]] }),
        json!({ "qemuargs": [["-fw_cfg", "name=opt/x,string=http=10.0.2.2:{{ .HTTPPort }}"]], "http_directory": "http" }),
        json!({ "qemuargs": [["-serial", "file:console.txt"]] }),
        json!({ "qemuargs": [["-machine", "type=q35,accel=tcg"]] }),
        json!({ "qemuargs": [["-vnc", "127.0.0.1:77"]] }),
        json!({ "qemuargs": [["-usb"], ["-device", "usb-tablet"], ["-device", "usb-kbd"]] }),
        json!({ "qemuargs": [["-chardev", "null,id=n"], ["-serial", "chardev:n"]] }),
        json!({ "qemuargs": [["-rtc", "base=localtime"], ["-vga", "qxl"]] }),
        json!({ "cdrom_interface": "ide" }),
        json!({ "cdrom_interface": "virtio" }),
        json!({ "cdrom_interface": "virtio-scsi" }),
        json!({ "cd_files": ["floppy.txt"] }),
        json!({ "firmware": "firmware.fd" }),
    ];
    for interface in ["ide", "scsi", "virtio", "virtio-scsi"] {
        all.push(json!({ "disk_interface": interface }));
    }
    for cache in ["writethrough", "none", "unsafe", "directsync"] {
        all.push(json!({ "disk_cache": cache }));
    }
    all
}

/// One template that was compared.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// The same but for what is meant.
    Same(Vec<&'static str>),
    /// The old Packer does not know an option of it.
    NotInPeer,
    /// Something else differs.
    Differs(String),
}

fn judge(bench: &Bench, builder: &Map<String, Value>, variables: &Value) -> Verdict {
    match bench.both(builder, variables) {
        (Made::Started(ours), Made::Started(theirs)) => match compare(ours, theirs) {
            (differences, used) if differences.is_empty() => Verdict::Same(used),
            (differences, _) => Verdict::Differs(differences.join("\n  ")),
        },
        (_, Made::Refused(_)) => Verdict::NotInPeer,
        (Made::Refused(said), _) => Verdict::Differs(format!("we refuse it: {said}")),
    }
}

fn no_packer() -> bool {
    let old = find_program("packer", "").is_none();
    if old {
        println!("skipped: no packer here to compare with");
    }
    old
}

fn summary(what: &str, verdicts: &[(String, Verdict)], least: usize) {
    let page = fs::read_to_string(root().join("docs/design/packer-differences.md")).unwrap();
    let mut same = 0;
    let mut wrong = Vec::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (name, verdict) in verdicts {
        match verdict {
            Verdict::Same(names) => {
                same += 1;
                used.extend(names);
            }
            Verdict::NotInPeer => {}
            Verdict::Differs(how) => wrong.push(format!("{name}\n  {how}")),
        }
    }
    println!("{what}: {same} of {} the same but for {used:?}", verdicts.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    for name in used {
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
    }
    assert!(same >= least, "only {same} could be compared");
}

#[test]
fn every_meant_difference_is_on_the_page() {
    let page = fs::read_to_string(root().join("docs/design/packer-differences.md")).unwrap();
    for meant in MEANT {
        assert!(page.contains(&format!("`{}`", meant.name)), "{}", meant.name);
    }
}

#[test]
fn every_tenth_option() {
    options(10, 5);
}

#[test]
#[ignore = "npm run soak"]
fn every_option() {
    options(1, 60);
}

/// Compares one in so many.
fn options(every: usize, least: usize) {
    if no_packer() {
        return;
    }
    let bench = Bench::new();
    let mut verdicts = Vec::new();
    for options in variations().into_iter().step_by(every) {
        let mut builder = bench.plain();
        builder.extend(options.as_object().unwrap().clone());
        verdicts.push((options.to_string(), judge(&bench, &builder, &json!({}))));
    }
    summary("options", &verdicts, least);
}

fn corpus() -> Option<PathBuf> {
    let given = std::env::var_os("GOLDSMITH_SHARED").map(PathBuf::from);
    let shared = given.unwrap_or_else(|| root().parent().unwrap_or(Path::new("/")).join("shared"));
    Some(shared.join("corpus")).filter(|folder| folder.is_dir())
}

/// The qemu builders of other people's JSON templates, with the files they need put in place of theirs.
fn borrowed(folder: &Path) -> Vec<(String, Map<String, Value>, Value)> {
    let mut found = Vec::new();
    for path in goldsmith_tests::goldsmith::files(folder) {
        if path.extension().is_none_or(|ext| ext != "json") {
            continue;
        }
        let Ok(template) = serde_json::from_slice::<Value>(&fs::read(&path).unwrap()) else { continue };
        let mut variables = template["variables"].clone();
        if let Some(map) = variables.as_object_mut() {
            for value in map.values_mut() {
                if value.is_null() || value == "" {
                    *value = json!("1");
                }
            }
        } else {
            variables = json!({});
        }
        for builder in template["builders"].as_array().into_iter().flatten() {
            if builder["type"] == "qemu"
                && let Some(builder) = builder.as_object()
            {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, adapted(builder), variables.clone()));
            }
        }
    }
    found
}

fn adapted(builder: &Map<String, Value>) -> Map<String, Value> {
    let mut builder = builder.clone();
    for gone in [
        "iso_urls",
        "iso_checksum_type",
        "iso_checksum_url",
        "iso_target_path",
        "iso_target_extension",
        "ssh_private_key_file",
        "floppy_dirs",
        "cd_files",
        "name",
    ] {
        builder.remove(gone);
    }
    builder.retain(|name, _| !name.starts_with("winrm_") && !name.starts_with("ssh_bastion"));
    let disk = builder.get("disk_image").is_some_and(|value| value == &json!(true) || value == "true");
    builder.insert("iso_url".into(), json!(if disk { "base.qcow2" } else { "installer.iso" }));
    builder.insert("iso_checksum".into(), json!("none"));
    builder.insert("output_directory".into(), json!("out"));
    builder.insert("ssh_username".into(), json!("root"));
    builder.insert("disk_size".into(), json!("16M"));
    if builder.get("communicator").is_some_and(|value| value != "none") {
        builder.remove("communicator");
    }
    // What is measured is measured for KVM and TCG alike.
    builder.entry("accelerator").or_insert(json!("tcg"));
    for (name, value) in [("http_directory", json!("http")), ("floppy_files", json!(["floppy.txt"]))] {
        if let Some(there) = builder.get_mut(name) {
            *there = value;
        }
    }
    builder
}

#[test]
fn some_templates_of_other_people() {
    templates(20, 2);
}

#[test]
#[ignore = "npm run soak"]
fn all_templates_of_other_people() {
    templates(1, 60);
}

/// Compares one in so many.
fn templates(every: usize, least: usize) {
    let Some(folder) = corpus() else {
        println!("skipped: the collection of templates is not here (GOLDSMITH_SHARED)");
        return;
    };
    if no_packer() {
        return;
    }
    let bench = Bench::new();
    let mut verdicts = Vec::new();
    for (name, builder, variables) in borrowed(&folder).into_iter().step_by(every) {
        verdicts.push((name, judge(&bench, &builder, &variables)));
    }
    summary("templates of other people", &verdicts, least);
}
