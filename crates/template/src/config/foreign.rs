//! Components that Packer or its plugins have and that are not built here.

use crate::options::ComponentKind;

/// Types that belong to Packer or to well-known plugins, by prefix: `vmware-iso`, `amazon-ebs` ...
const SOURCES: &[&str] = &[
    "alicloud",
    "amazon",
    "anka",
    "arm",
    "arm-image",
    "azure",
    "bhyve",
    "cloudstack",
    "cross",
    "digitalocean",
    "docker",
    "ebs",
    "exoscale",
    "git",
    "googlecompute",
    "hcloud",
    "huaweicloud",
    "hyperone",
    "hyperv",
    "ibmcloud",
    "jdcloud",
    "libvirt",
    "linode",
    "lxc",
    "lxd",
    "incus",
    "ncloud",
    "nutanix",
    "oneandone",
    "openstack",
    "oracle",
    "osc",
    "ovhcloud",
    "outscale",
    "parallels",
    "podman",
    "profitbricks",
    "proxmox",
    "rpi",
    "scaleway",
    "tart",
    "tencentcloud",
    "triton",
    "ucloud",
    "upcloud",
    "utm",
    "vagrant",
    "veertu",
    "virtualbox",
    "vmware",
    "vsphere",
    "vultr",
    "xenserver",
    "yandex",
];

const PROVISIONERS: &[&str] = &[
    "ansible",
    "ansible-local",
    "chef-client",
    "chef-solo",
    "comment",
    "converge",
    "cinc-client",
    "goss",
    "hcp-sbom",
    "inspec",
    "itamae",
    "mondoo",
    "powershell",
    "puppet-masterless",
    "puppet-server",
    "salt-masterless",
    "serverspec",
    "sshkey",
    "trivy",
    "windows-restart",
    "windows-shell",
    "windows-update",
];

const POST_PROCESSORS: &[&str] = &[
    "alicloud-import",
    "amazon-import",
    "amazon-ami-management",
    "atlas",
    "digitalocean-import",
    "docker-import",
    "docker-push",
    "docker-save",
    "docker-tag",
    "exoscale-import",
    "googlecompute-export",
    "googlecompute-import",
    "hcp-vagrant-registry",
    "proxmox-import",
    "provenance",
    "scaleway-import",
    "tencentcloud-import",
    "ucloud-import",
    "vagrant",
    "vagrant-cloud",
    "vhd",
    "virtualbox-to-hyperv",
    "vsphere",
    "vsphere-template",
    "yandex-export",
    "yandex-import",
];

/// Whether a type is known to exist elsewhere: in Packer, in a well-known plugin, or in a plugin the template
/// requires under that name.
pub(super) fn exists_elsewhere(kind: ComponentKind, type_name: &str, plugins: &[String]) -> bool {
    let of = |name: &str| {
        type_name == name
            || type_name.strip_prefix(name).is_some_and(|rest| rest.starts_with('-') && rest.len() > 1)
    };
    if plugins.iter().any(|plugin| of(plugin)) {
        return true;
    }
    match kind {
        ComponentKind::Source => SOURCES.iter().any(|name| of(name)),
        ComponentKind::Provisioner => PROVISIONERS.contains(&type_name),
        ComponentKind::PostProcessor => POST_PROCESSORS.contains(&type_name),
    }
}

/// Options that Packer once had, and what is written today.
pub(super) const REMOVED: &[(&str, &str)] = &[
    ("iso_md5", "write iso_checksum = \"md5:<digest>\""),
    ("iso_checksum_type", "write the type before the digest: iso_checksum = \"sha256:<digest>\""),
    ("iso_checksum_url", "write iso_checksum = \"file:<URL>\""),
    ("ssh_key_path", "write ssh_private_key_file"),
    ("ssh_disable_agent", "write ssh_disable_agent_forwarding"),
    ("ssh_skip_nat_mapping", "write skip_nat_mapping"),
    ("filename", "write output"),
];
