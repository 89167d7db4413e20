//! The command line QEMU gets, from Packer and from us: written down by a recorder in QEMU's place, then compared.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use crate::goldsmith::Home;

/// Values by switch, in order of appearance; a bare switch has an empty value.
pub type Switches = BTreeMap<String, Vec<String>>;

/// What one of the two made of a template.
#[derive(Debug)]
pub enum Made {
    /// It started QEMU like this.
    Started(Switches),
    /// It did not; the end of what it said.
    Refused(String),
}

/// A folder where both work on the same files.
pub struct Bench {
    home: Home,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// With an image, a disk and a folder to serve.
    pub fn new() -> Self {
        let home = Home::new();
        home.write("installer.iso", vec![0; 64 * 1024]);
        let made = Command::new("qemu-img")
            .args(["create", "-q", "-f", "qcow2", "base.qcow2", "8M"])
            .current_dir(home.work())
            .status();
        assert!(made.expect("qemu-img").success());
        home.write("http/preseed.cfg", "x");
        home.write("floppy.txt", "x");
        home.write("firmware.fd", vec![0; 64 * 1024]);
        Self { home }
    }

    /// A machine that installs itself, with the least Packer accepts.
    pub fn plain(&self) -> Map<String, Value> {
        let value = json!({
            "type": "qemu", "accelerator": "tcg", "iso_url": "installer.iso", "iso_checksum": "none",
            "disk_size": "16M", "headless": true, "vm_name": "machine", "output_directory": "out",
            "ssh_username": "root", "ssh_password": "x", "boot_wait": "1s",
        });
        value.as_object().expect("an object").clone()
    }

    /// Lets both start the machine, one after the other.
    pub fn both(&self, builder: &Map<String, Value>, variables: &Value) -> (Made, Made) {
        let record = self.home.path().join("recorded");
        let recorder = self.recorder(&record);
        let mut builder = builder.clone();
        builder.insert("qemu_binary".into(), json!(recorder));
        let template = json!({ "variables": variables, "builders": [builder] });
        self.home.write("t.json", serde_json::to_vec_pretty(&template).expect("JSON"));
        let out = self.home.work().join(builder["output_directory"].as_str().unwrap_or("out"));
        let packer = self.run(&record, &out, &mut self.packer());
        let mut ours = Command::new(crate::goldsmith::program());
        ours.env("GOLDSMITH_HOME", self.home.goldsmith_home()).env("XDG_RUNTIME_DIR", "");
        ours.args(["build", "--no-library", "t.json"]);
        let ours = self.run(&record, &out, &mut ours);
        (ours, packer)
    }

    fn packer(&self) -> Command {
        let mut packer = Command::new("packer");
        let home = self.home.path().join("home");
        packer.env("HOME", &home).env("PACKER_CACHE_DIR", home.join("packer_cache"));
        packer.env("CHECKPOINT_DISABLE", "1").env("PACKER_NO_COLOR", "1");
        packer.args(["build", "-color=false", "t.json"]);
        packer
    }

    fn run(&self, record: &Path, out: &Path, command: &mut Command) -> Made {
        let _ = fs::remove_file(record);
        let _ = fs::remove_dir_all(out);
        let done = command
            .current_dir(self.home.work())
            .env("TMPDIR", self.home.path().join("tmp"))
            .stdin(Stdio::null())
            .output()
            .expect("the program starts");
        let _ = fs::remove_dir_all(out);
        let Ok(text) = fs::read_to_string(record) else {
            let said =
                format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
            return Made::Refused(lines[lines.len().saturating_sub(8)..].join("\n"));
        };
        Made::Started(self.switches(&text))
    }

    /// A program that says it is QEMU, writes down its arguments and ends.
    fn recorder(&self, record: &Path) -> PathBuf {
        let path = self.home.path().join("qemu-recorder");
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in *version*) echo 'QEMU emulator version 7.2.0'; exit 0;; esac\nfor a in \"$@\"; do printf '%s\\n' \"$a\"; done > '{}'\nexit 1\n",
            record.display()
        );
        fs::write(&path, script).expect("the recorder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the recorder");
        path
    }

    /// The recorded arguments, with paths as the template writes them and chosen numbers as names.
    fn switches(&self, text: &str) -> Switches {
        let work = format!("{}/", self.home.work().display());
        let words: Vec<String> = text.lines().map(|word| word.replace(&work, "")).collect();
        let mut found = Switches::new();
        let mut at = 0;
        while let Some(switch) = words.get(at) {
            at += 1;
            let value = words.get(at).filter(|next| !next.starts_with('-'));
            at += usize::from(value.is_some());
            found.entry(switch.clone()).or_default().push(value.cloned().unwrap_or_default());
        }
        found
    }
}

/// A difference that is meant: its name in `docs/design/packer-differences.md`, and how to take it out of both.
pub struct Meant {
    /// The name.
    pub name: &'static str,
    /// Removes or evens out the difference; true when there was one.
    pub settle: fn(&mut Switches, &mut Switches) -> bool,
}

fn drop_ours(ours: &mut Switches, switch: &str, is: impl Fn(&str) -> bool) -> bool {
    let Some(values) = ours.get_mut(switch) else { return false };
    let before = values.len();
    values.retain(|value| !is(value));
    let changed = values.len() != before;
    if values.is_empty() {
        ours.remove(switch);
    }
    changed
}

fn change(switches: &mut Switches, switch: &str, by: impl Fn(&str) -> String) -> bool {
    let mut changed = false;
    for value in switches.get_mut(switch).into_iter().flatten() {
        let new = by(value);
        changed |= new != *value;
        *value = new;
    }
    changed
}

/// Without a part `name=...` or `name` of a comma-separated list.
fn without(list: &str, part: impl Fn(&str) -> bool) -> String {
    list.split(',').filter(|piece| !part(piece)).collect::<Vec<_>>().join(",")
}

/// Every difference that is meant.
pub const MEANT: &[Meant] = &[
    Meant {
        name: "control-socket",
        settle: |ours, _| {
            let chardev = drop_ours(ours, "-chardev", |value| value.contains("id=goldsmith.qmp"));
            drop_ours(ours, "-mon", |value| value.contains("goldsmith.qmp")) | chardev
        },
    },
    Meant {
        name: "uuid",
        settle: |ours, theirs| !theirs.contains_key("-uuid") && ours.remove("-uuid").is_some(),
    },
    Meant {
        name: "serial-log",
        settle: |ours, _| drop_ours(ours, "-serial", |value| value.ends_with("/log/serial.txt")),
    },
    Meant {
        name: "forward-on-loopback",
        settle: |ours, theirs| {
            let plain = |line: &str| {
                line.split(',')
                    .map(|piece| match piece.strip_prefix("hostfwd=tcp:") {
                        Some(rest) => {
                            let guest = rest.rsplit(':').next().unwrap_or_default();
                            format!("hostfwd=*:{guest}")
                        }
                        None => piece.to_owned(),
                    })
                    .collect::<Vec<_>>()
                    .join(",")
            };
            change(ours, "-netdev", plain) | change(theirs, "-netdev", plain)
        },
    },
    Meant {
        name: "screen-on-private-socket",
        settle: |ours, theirs| {
            let private = |value: &str| value.starts_with("unix:") && value.ends_with("/vnc");
            let usual = |value: &str| value.starts_with("127.0.0.1:");
            if !ours.get("-vnc").is_some_and(|values| values.iter().all(|value| private(value)))
                || !theirs.get("-vnc").is_some_and(|values| values.iter().all(|value| usual(value)))
            {
                return false;
            }
            ours.remove("-vnc");
            theirs.remove("-vnc").is_some()
        },
    },
    Meant {
        name: "vnc-range",
        settle: |ours, theirs| {
            // QEMU looks for the free display itself, which nobody can take in between.
            let plain = |value: &str| {
                let value =
                    without(value, |piece| piece.starts_with("to=")).replace("password=on", "password");
                let (address, rest) = value.split_once(':').unwrap_or((&value, ""));
                let flags = rest.split_once(',').map_or("", |(_, flags)| flags);
                format!("{address}:*,{flags}")
            };
            let both = ours.contains_key("-vnc") && theirs.contains_key("-vnc");
            both && (change(ours, "-vnc", plain) | change(theirs, "-vnc", plain))
        },
    },
    Meant {
        name: "no-window-unasked",
        settle: |ours, theirs| {
            let unasked = |switches: &Switches, value: &str| {
                switches.get("-display").is_none_or(|values| values.iter().all(|other| other == value))
            };
            if !unasked(ours, "none")
                || !unasked(theirs, "gtk")
                || ours.get("-display") == theirs.get("-display")
            {
                return false;
            }
            ours.remove("-display");
            theirs.remove("-display");
            true
        },
    },
    Meant {
        name: "one-processor-said",
        settle: |ours, theirs| !theirs.contains_key("-smp") && drop_ours(ours, "-smp", |value| value == "1"),
    },
    Meant {
        name: "smp-form",
        settle: |ours, theirs| {
            // 1.6.6 writes cpus=N,sockets=N; the plugin of today writes N.
            let number = |value: &String| value.bytes().all(|b| b.is_ascii_digit());
            ours.get("-smp").is_some_and(|values| values.iter().all(number))
                && change(theirs, "-smp", |value| {
                    let cpus = value.split(',').find_map(|piece| piece.strip_prefix("cpus="));
                    cpus.map_or_else(|| value.to_owned(), str::to_owned)
                })
        },
    },
    Meant {
        name: "floppy-and-cd-in-private-folder",
        settle: |ours, theirs| {
            let made = |value: &str| {
                let name = value.rsplit('/').next().unwrap_or_default();
                if value.starts_with('/') && name.contains("floppy") || value.contains("/packer") {
                    "{floppy}".to_owned()
                } else {
                    value.to_owned()
                }
            };
            change(ours, "-fda", made) | change(theirs, "-fda", made)
        },
    },
    Meant {
        name: "http-port",
        settle: |ours, theirs| {
            let numbers = |switches: &Switches| {
                switches.values().flatten().find_map(|value| {
                    let at = value.find("http=10.0.2.2:")? + "http=10.0.2.2:".len();
                    let port: String = value[at..].chars().take_while(char::is_ascii_digit).collect();
                    Some(port)
                })
            };
            let (Some(mine), Some(other)) = (numbers(ours), numbers(theirs)) else { return false };
            let switches: Vec<String> = ours.keys().cloned().collect();
            for switch in switches {
                change(ours, &switch, |value| value.replace(&mine, "{http}"));
            }
            let switches: Vec<String> = theirs.keys().cloned().collect();
            for switch in switches {
                change(theirs, &switch, |value| value.replace(&other, "{http}"));
            }
            true
        },
    },
    Meant {
        name: "ssh-port-in-qemuargs",
        settle: |ours, theirs| {
            let plain = |value: &str| {
                let digits = value.strip_prefix("name=ssh").unwrap_or_default();
                if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
                    "name=ssh*".to_owned()
                } else {
                    value.to_owned()
                }
            };
            change(ours, "-fw_cfg", plain) | change(theirs, "-fw_cfg", plain)
        },
    },
];

/// What differs once everything that is meant has been settled, and the names of what was.
pub fn compare(mut ours: Switches, mut theirs: Switches) -> (Vec<String>, Vec<&'static str>) {
    let used =
        MEANT.iter().filter(|meant| (meant.settle)(&mut ours, &mut theirs)).map(|meant| meant.name).collect();
    let mut differences = Vec::new();
    let mut switches: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
    switches.sort();
    switches.dedup();
    for switch in switches {
        let sorted = |values: Option<&Vec<String>>| {
            let mut values = values.cloned().unwrap_or_default();
            values.sort();
            values
        };
        let (mine, other) = (sorted(ours.get(switch)), sorted(theirs.get(switch)));
        if mine != other {
            differences.push(format!("{switch}: ours {mine:?}, Packer's {other:?}"));
        }
    }
    (differences, used)
}
