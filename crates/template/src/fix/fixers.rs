//! The fixes, in Packer's order and with its names and words. What each does is known from Packer 1.16 (`fix/`);
//! 1.6.6 has the same ones.

use super::change::*;
use serde_json::Value;

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
