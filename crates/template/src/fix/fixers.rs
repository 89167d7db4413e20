//! The fixes, in Packer's order and with its names and words. What each does is known from Packer 1.16 (`fix/`);
//! 1.6.6 has the same ones.

use serde_json::{Map, Value};

type Members = Map<String, Value>;
type Outcome = Result<(), String>;

/// One fix.
#[derive(Clone, Copy)]
pub struct Fixer {
    /// Packer's name for it.
    pub name: &'static str,
    /// What it does, as Packer says it.
    pub synopsis: &'static str,
    what: What,
}

/// What a fix goes through.
#[derive(Clone, Copy)]
enum What {
    /// Every builder.
    Builders(fn(&mut Members)),
    /// Every builder whose type fits.
    BuildersOf(fn(&str) -> bool, fn(&mut Members)),
    /// Every provisioner that is an object.
    Provisioners(fn(&mut Members)),
    /// Every post-processor that is an object, also in a chain.
    PostProcessors(fn(&mut Members)),
    /// Something else.
    Template(fn(&mut Members) -> Outcome),
}

impl Fixer {
    /// Changes a template.
    pub(super) fn run(&self, template: &mut Members) -> Outcome {
        match self.what {
            What::Builders(fix) => builders(template)?.into_iter().for_each(fix),
            What::BuildersOf(fits, fix) => {
                let all = builders(template)?.into_iter();
                all.filter(|builder| type_of(builder).is_some_and(fits)).for_each(fix);
            }
            What::Provisioners(fix) => {
                let all = template.get_mut("provisioners").and_then(Value::as_array_mut);
                all.into_iter().flatten().filter_map(Value::as_object_mut).for_each(fix);
            }
            What::PostProcessors(fix) => post_processors(template)?.into_iter().for_each(fix),
            What::Template(fix) => fix(template)?,
        }
        Ok(())
    }
}

fn builders(template: &mut Members) -> Result<Vec<&mut Members>, String> {
    match template.get_mut("builders") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(all)) => {
            let objects = all.iter_mut().map(|builder| builder.as_object_mut());
            objects.collect::<Option<_>>().ok_or_else(|| "an item of \"builders\" is no object".to_owned())
        }
        Some(_) => Err("\"builders\" must be an array: [ { \"type\": \"qemu\" } ]".to_owned()),
    }
}

fn post_processors(template: &mut Members) -> Result<Vec<&mut Members>, String> {
    let all = match template.get_mut("post-processors") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(all)) => all,
        Some(_) => return Err("\"post-processors\" must be an array".to_owned()),
    };
    let mut found = Vec::new();
    for item in all {
        match item {
            Value::Object(one) => found.push(one),
            Value::Array(chain) => found.extend(chain.iter_mut().filter_map(Value::as_object_mut)),
            _ => {}
        }
    }
    Ok(found)
}

fn type_of(component: &Members) -> Option<&str> {
    component.get("type").and_then(Value::as_str)
}

fn is_type(component: &Members, name: &str) -> bool {
    type_of(component) == Some(name)
}

/// Gives a member another name; one that has that name already is replaced.
fn rename(component: &mut Members, old: &str, new: &str) {
    if let Some(value) = component.shift_remove(old) {
        component.insert(new.to_owned(), value);
    }
}

/// Gives a member another name where its value is of the right kind; one that has that name already stays and the
/// old one goes.
fn rename_unless_there(component: &mut Members, old: &str, new: &str, right: fn(&Value) -> bool) {
    if component.get(old).is_some_and(right) {
        match component.contains_key(new) {
            true => drop(component.shift_remove(old)),
            false => rename(component, old, new),
        }
    }
}

fn remove(component: &mut Members, name: &str) {
    component.shift_remove(name);
}

fn is_amazon(name: &str) -> bool {
    name.starts_with("amazon-")
}

const fn fixer(name: &'static str, synopsis: &'static str, what: What) -> Fixer {
    Fixer { name, synopsis, what }
}

use What::{Builders, BuildersOf, PostProcessors, Provisioners, Template};

/// Every fix, in the order they are made.
pub const FIXERS: &[Fixer] = &[
    fixer(
        "iso-md5",
        "Replaces \"iso_md5\" in builders with \"iso_checksum\"",
        Builders(|builder| {
            if builder.get("iso_md5").is_some_and(Value::is_string) {
                rename(builder, "iso_md5", "iso_checksum");
                builder.insert("iso_checksum_type".to_owned(), "md5".into());
            }
        }),
    ),
    fixer(
        "createtime",
        "Replaces \".CreateTime\" in builder configs with \"{{timestamp}}\"",
        Builders(|builder| {
            for key in ["ami_name", "bundle_prefix", "snapshot_name"] {
                if let Some(Value::String(text)) = builder.get_mut(key) {
                    *text = without_create_time(text);
                }
            }
        }),
    ),
    fixer(
        "virtualbox-gaattach",
        "Updates VirtualBox builders using \"guest_additions_attach\" to use \"guest_additions_mode\"",
        BuildersOf(
            |name| name == "virtualbox",
            |builder| {
                if let Some(attach) = builder.get("guest_additions_attach").and_then(Value::as_bool) {
                    remove(builder, "guest_additions_attach");
                    let mode = if attach { "attach" } else { "upload" };
                    builder.insert("guest_additions_mode".to_owned(), mode.into());
                }
            },
        ),
    ),
    fixer(
        "pp-vagrant-override",
        "Fixes provider-specific overrides for Vagrant post-processor",
        PostProcessors(|step| {
            if !is_type(step, "vagrant") {
                return;
            }
            let providers = ["aws", "digitalocean", "virtualbox", "vmware"].into_iter();
            let overrides: Members =
                providers.filter_map(|name| Some((name.to_owned(), step.shift_remove(name)?))).collect();
            if !overrides.is_empty() {
                step.insert("override".to_owned(), Value::Object(overrides));
            }
        }),
    ),
    fixer(
        "virtualbox-rename",
        "Updates \"virtualbox\" builders to \"virtualbox-iso\"",
        Template(|template| {
            for builder in builders(template)? {
                retype(builder, "virtualbox", "virtualbox-iso");
            }
            let all = template.get_mut("provisioners").and_then(Value::as_array_mut);
            for provisioner in all.into_iter().flatten().filter_map(Value::as_object_mut) {
                match provisioner.get_mut("override") {
                    Some(Value::Object(overrides)) => rename(overrides, "virtualbox", "virtualbox-iso"),
                    None | Some(Value::Null) => {}
                    Some(_) => return Err("the \"override\" of a provisioner is no object".to_owned()),
                }
            }
            Ok(())
        }),
    ),
    fixer(
        "vmware-rename",
        "Updates \"vmware\" builders to \"vmware-iso\"",
        Builders(|builder| retype(builder, "vmware", "vmware-iso")),
    ),
    fixer(
        "parallels-headless",
        "Removes unused \"headless\" from Parallels builders",
        BuildersOf(is_parallels, |builder| remove(builder, "headless")),
    ),
    fixer(
        "parallels-deprecations",
        "Removes deprecated \"parallels_tools_host_path\" from Parallels builders and changes \"guest_os_distribution\" to \"guest_os_type\".",
        BuildersOf(is_parallels, |builder| {
            remove(builder, "parallels_tools_host_path");
            rename(builder, "guest_os_distribution", "guest_os_type");
        }),
    ),
    fixer(
        "sshkeypath",
        "Updates builders using \"ssh_key_path\" to use \"ssh_private_key_file\"",
        Builders(|builder| {
            rename_unless_there(builder, "ssh_key_path", "ssh_private_key_file", Value::is_string)
        }),
    ),
    fixer(
        "sshdisableagent",
        "Updates builders using \"ssh_disable_agent\" to use \"ssh_disable_agent_forwarding\"",
        Builders(|builder| {
            let (old, new) = ("ssh_disable_agent", "ssh_disable_agent_forwarding");
            rename_unless_there(builder, old, new, Value::is_boolean);
        }),
    ),
    fixer(
        "scaleway-access-key",
        "Updates builders using \"access_key\" to use \"organization_id\"",
        BuildersOf(
            |name| name == "scaleway",
            |builder| rename_unless_there(builder, "access_key", "organization_id", Value::is_string),
        ),
    ),
    fixer(
        "manifest-filename",
        "Updates \"manifest\" post-processor so any \"filename\" field is renamed to \"output\".",
        PostProcessors(|step| {
            if is_type(step, "manifest") && step.get("filename").is_some_and(Value::is_string) {
                rename(step, "filename", "output");
            }
        }),
    ),
    fixer(
        "amazon-shutdown_behavior",
        "Changes \"shutdown_behaviour\" to \"shutdown_behavior\" in Amazon builders.",
        BuildersOf(is_amazon, |builder| rename(builder, "shutdown_behaviour", "shutdown_behavior")),
    ),
    fixer(
        "amazon-enhanced-networking",
        "Replaces \"enhanced_networking\" in builders with \"ena_support\"",
        BuildersOf(is_amazon, |builder| {
            if builder.get("enhanced_networking").is_some_and(Value::is_boolean) {
                rename(builder, "enhanced_networking", "ena_support");
            }
        }),
    ),
    fixer(
        "amazon-private-ip",
        "Replaces `\"ssh_private_ip\": true` in amazon builders with `\"ssh_interface\": \"private_ip\"`",
        Template(amazon_private_ip),
    ),
    fixer(
        "amazon-temp-sec-cidrs",
        "Replaces \"temporary_security_group_source_cidr\" (string) with \"temporary_security_group_source_cidrs\" (list of strings)",
        BuildersOf(is_amazon, |builder| {
            let old = "temporary_security_group_source_cidr";
            if builder.get(old).is_some_and(Value::is_string)
                && let Some(cidr) = builder.shift_remove(old)
            {
                builder.insert("temporary_security_group_source_cidrs".to_owned(), Value::Array(vec![cidr]));
            }
        }),
    ),
    fixer(
        "docker-email",
        "Removes \"login_email\" from the Docker builder.",
        Template(|template| {
            // As Packer does: only where there are post-processors, but then from builders of any type.
            if template.get("post-processors").is_some_and(|all| !all.is_null()) {
                builders(template)?.into_iter().for_each(|builder| remove(builder, "login_email"));
                post_processors(template)?.into_iter().for_each(|step| remove(step, "login_email"));
            }
            Ok(())
        }),
    ),
    fixer(
        "docker-tag-tags",
        "Updates \"docker\" post-processor so any \"tag\" field is renamed to \"tags\".",
        PostProcessors(docker_tags),
    ),
    fixer(
        "powershell-escapes",
        "Removes PowerShell escapes from user env vars and elevated username and password strings",
        Provisioners(powershell_escapes),
    ),
    fixer(
        "vmware-compaction",
        "Adds \"skip_compaction = true\" to \"vmware-iso\" builders with incompatible disk_type_id",
        BuildersOf(|name| name == "vmware-iso", vmware_compaction),
    ),
    fixer(
        "hyperv-deprecations",
        "Removes the deprecated \"vhd_temp_path\" setting from Hyper-V ISO builder templates",
        BuildersOf(|name| name == "hyperv-iso", |builder| remove(builder, "vhd_temp_path")),
    ),
    fixer(
        "hyperv-vmxc-typo",
        "Fixes a typo replacing \"clone_from_vmxc_path\" with \"clone_from_vmcx_path\" in Hyper-V VMCX builder templates",
        BuildersOf(
            |name| name == "hyperv-vmcx",
            |builder| rename(builder, "clone_from_vmxc_path", "clone_from_vmcx_path"),
        ),
    ),
    fixer(
        "hyperv-cpu-and-ram",
        "Replaces \"cpu\" with \"cpus\" and \"ram_size\" with \"memory\"in Hyper-V VMCX builder templates",
        BuildersOf(
            |name| matches!(name, "hyperv-vmcx" | "hyperv-iso"),
            |builder| {
                rename(builder, "cpu", "cpus");
                rename(builder, "ram_size", "memory");
            },
        ),
    ),
    fixer(
        "clean-image-name",
        "Replaces /clean_(image|ami)_name/ in builder configs with \"clean_resource_name\"",
        Builders(|builder| {
            for value in builder.values_mut() {
                match value {
                    Value::String(text) => clean_name(text),
                    Value::Object(map) => map.values_mut().for_each(|value| {
                        if let Value::String(text) = value {
                            clean_name(text);
                        }
                    }),
                    _ => {}
                }
            }
        }),
    ),
    fixer(
        "spot-price-auto-product",
        "Removes the deprecated \"spot_price_auto_product\" setting from Amazon builder templates",
        BuildersOf(
            |name| {
                matches!(name, "amazon-ebs" | "amazon-ebssurrogate" | "amazon-ebsvolume" | "amazon-instance")
            },
            |builder| remove(builder, "spot_price_auto_product"),
        ),
    ),
    fixer(
        "qemu-disk-size",
        "Updates \"disk_size\" from int to string in QEMU builders.",
        BuildersOf(
            |name| name == "qemu",
            |builder| {
                if let Some(size) = builder.get("disk_size").and_then(Value::as_f64) {
                    // As in Go, what is behind the point is cut off.
                    builder.insert("disk_size".to_owned(), format!("{}M", size.trunc()).into());
                }
            },
        ),
    ),
    fixer(
        "galaxy-command",
        "Replaces \"galaxycommand\" in ansible-local provisioner configs with \"galaxy_command\"",
        Provisioners(|step| {
            if is_type(step, "ansible-local") {
                replaced_by(step, "galaxycommand", "galaxy_command", Value::is_string);
            }
        }),
    ),
    fixer(
        "comm-config",
        "Remove ssh prefixes from communicator port forwarding configuration (host_port_min, host_port_max, skip_nat_mapping)",
        BuildersOf(
            |name| name.starts_with("virtualbox"),
            |builder| {
                replaced_by(builder, "ssh_host_port_min", "host_port_min", |_| true);
                replaced_by(builder, "ssh_host_port_max", "host_port_max", |_| true);
                replaced_by(builder, "ssh_skip_nat_mapping", "skip_nat_mapping", Value::is_boolean);
            },
        ),
    ),
    fixer(
        "ssh-wait-timeout",
        "Replaces \"ssh_wait_timeout\" with \"ssh_timeout\"",
        Builders(|builder| replaced_by(builder, "ssh_wait_timeout", "ssh_timeout", Value::is_string)),
    ),
    fixer(
        "vsphere-iso-net-disk",
        "Removes deprecated network and disk fields from \"vsphere-iso\" builder",
        BuildersOf(
            |name| name == "vsphere-iso",
            |builder| {
                let network = [
                    ("network", "network"),
                    ("networkCard", "network_card"),
                    ("network_card", "network_card"),
                ];
                gather(builder, &network, "network_adapters");
                let disk = ["disk_size", "disk_thin_provisioned", "disk_eagerly_scrub"];
                gather(builder, &disk.map(|name| (name, name)), "storage");
            },
        ),
    ),
    fixer(
        "iso-checksum-type-and-url",
        "Puts content of potential \"iso_checksum_url\" and \"iso_checksum_url\" in \"iso_checksum\"",
        Builders(|builder| {
            let mut text = |name: &str, take: bool| {
                let value = if take { builder.shift_remove(name) } else { builder.get(name).cloned() };
                value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
            };
            let url = text("iso_checksum_url", true);
            let kind = text("iso_checksum_type", true);
            let sum = text("iso_checksum", false);
            let whole = match (url.as_str(), kind.as_str(), sum.as_str()) {
                ("", _, "") => return,
                ("", "", sum) => sum.to_owned(),
                ("", kind, sum) => format!("{kind}:{sum}"),
                (url, ..) => format!("file:{url}"),
            };
            builder.insert("iso_checksum".to_owned(), whole.into());
        }),
    ),
    fixer(
        "qemu-host-port",
        "Updates ssh_host_port_min and ssh_host_port_max to host_port_min and host_port_max",
        BuildersOf(
            |name| name == "qemu",
            |builder| {
                rename(builder, "ssh_host_port_min", "host_port_min");
                rename(builder, "ssh_host_port_max", "host_port_max");
            },
        ),
    ),
    fixer(
        "azure-exclude_from_latest",
        "Changes \"exlude_from_latest\" to \"exclude_from_latest\" in Azure builders.",
        BuildersOf(
            |name| name.starts_with("azure-chroot"),
            |builder| {
                if let Some(Value::Object(to)) = builder.get_mut("shared_image_destination") {
                    rename(to, "exlude_from_latest", "exclude_from_latest");
                }
            },
        ),
    ),
    fixer(
        "proxmox-type",
        "Updates the builder type proxmox to proxmox-iso",
        Builders(|builder| retype(builder, "proxmox", "proxmox-iso")),
    ),
];

fn retype(builder: &mut Members, old: &str, new: &str) {
    if is_type(builder, old) {
        builder.insert("type".to_owned(), new.into());
    }
}

fn is_parallels(name: &str) -> bool {
    matches!(name, "parallels-iso" | "parallels-pvm")
}

/// Removes the old member where the new one is there, else gives it the new name if its value is of the right kind.
fn replaced_by(component: &mut Members, old: &str, new: &str, right: fn(&Value) -> bool) {
    if component.contains_key(new) {
        remove(component, old);
    } else if component.get(old).is_some_and(right) {
        rename(component, old, new);
    }
}

/// Moves members into one object, the first element of a list.
fn gather(builder: &mut Members, from: &[(&str, &str)], to: &str) {
    let mut one = Members::new();
    for (old, new) in from {
        if let Some(value) = builder.shift_remove(*old) {
            one.insert((*new).to_owned(), value);
        }
    }
    if one.is_empty() {
        return;
    }
    let mut all = vec![Value::Object(one)];
    if let Some(Value::Array(there)) = builder.get(to) {
        all.extend(there.iter().cloned());
    }
    builder.insert(to.to_owned(), Value::Array(all));
}

fn clean_name(text: &mut String) {
    *text = text.replace("clean_image_name", "clean_resource_name");
    *text = text.replace("clean_ami_name", "clean_resource_name");
}

/// `{{ .CreateTime }}` becomes `{{timestamp}}`.
fn without_create_time(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find("{{") {
        let (before, tail) = rest.split_at(open);
        out.push_str(before);
        let inner = tail.get(2..).unwrap_or("");
        let found = inner
            .trim_start()
            .strip_prefix(".CreateTime")
            .and_then(|tail| tail.trim_start().strip_prefix("}}"));
        match found {
            Some(after) => {
                out.push_str("{{timestamp}}");
                rest = after;
            }
            None => {
                // The next pair may begin with the second of these braces.
                out.push('{');
                rest = tail.get(1..).unwrap_or("");
            }
        }
    }
    out + rest
}

fn amazon_private_ip(template: &mut Members) -> Outcome {
    for builder in builders(template)? {
        if !type_of(builder).is_some_and(is_amazon) || builder.contains_key("ssh_interface") {
            continue;
        }
        let private = match builder.get("ssh_private_ip") {
            None => continue,
            Some(Value::Bool(private)) => Some(*private),
            Some(Value::String(text)) => match text.as_str() {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
                _ => None,
            },
            Some(_) => None,
        };
        let Some(private) = private else {
            return Err("ssh_private_ip is neither true nor false".to_owned());
        };
        let interface = if private { "private_ip" } else { "public_ip" };
        rename(builder, "ssh_private_ip", "ssh_interface");
        builder.insert("ssh_interface".to_owned(), interface.into());
    }
    Ok(())
}

fn docker_tags(step: &mut Members) {
    if !is_type(step, "docker-tag") {
        return;
    }
    let mut tags: Vec<Value> = Vec::new();
    for name in ["tag", "tags"] {
        let found: Vec<String> = match step.get(name) {
            Some(Value::Array(all)) => all.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
            Some(Value::String(text)) => text.split(',').map(|tag| tag.trim().to_owned()).collect(),
            _ => Vec::new(),
        };
        for tag in found {
            if !tags.iter().any(|there| *there == tag) {
                tags.push(tag.into());
            }
        }
    }
    remove(step, "tag");
    step.insert("tags".to_owned(), Value::Array(tags));
}

fn powershell_escapes(step: &mut Members) {
    if !is_type(step, "powershell") {
        return;
    }
    // As in Packer, variables that are no list of strings keep everything as it is.
    let plain = match step.get("environment_vars") {
        None => true,
        Some(Value::Array(all)) => all.iter().all(Value::is_string),
        Some(_) => false,
    };
    if !plain {
        return;
    }
    for name in ["elevated_user", "elevated_password"] {
        if let Some(Value::String(text)) = step.get_mut(name) {
            *text = without_backticks(text);
        }
    }
    if let Some(Value::Array(all)) = step.get_mut("environment_vars") {
        for value in all {
            if let Value::String(text) = value {
                *text = without_backticks(text);
            }
        }
    }
}

/// PowerShell's escape character goes from before `$`, quotes and itself.
fn without_backticks(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = (c == '`').then(|| chars.next_if(|next| matches!(next, '$' | '"' | '`' | '\'')));
        out.push(escaped.flatten().unwrap_or(c));
    }
    out
}

fn vmware_compaction(builder: &mut Members) {
    if builder.get("remote_type").and_then(Value::as_str) != Some("esx5") {
        return;
    }
    match builder.get("disk_type_id") {
        None => {
            builder.insert("disk_type_id".to_owned(), "zeroedthick".into());
        }
        Some(Value::String(disk)) if disk != "thin" => {}
        Some(_) => return,
    }
    match builder.get("skip_compaction") {
        None | Some(Value::Bool(_)) => {
            builder.insert("skip_compaction".to_owned(), true.into());
        }
        Some(_) => {}
    }
}
