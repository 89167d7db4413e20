//! Vagrant boxes, and the catalogue (`<image>.json`) by which Vagrant finds their versions.

use std::fs::File;
use std::io;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{Parts, ovf, text};
use crate::version::Version;

pub(super) fn libvirt(parts: &Parts, to: &Path) -> io::Result<()> {
    let gib = parts.virtual_size.div_ceil(1 << 30);
    // `format` and `virtual_size` serve plugins that do not know `disks`.
    let metadata = json!({
        "provider": "libvirt", "architecture": "amd64", "format": "qcow2", "virtual_size": gib,
        "disks": [{ "format": "qcow2", "path": "box.img" }],
    });
    let firmware =
        if parts.is_efi() { "    libvirt.loader = \"/usr/share/OVMF/OVMF_CODE.fd\"\n" } else { "" };
    let settings = format!(
        "  config.vm.provider :libvirt do |libvirt|\n    libvirt.memory = {}\n    libvirt.cpus = {}\n{firmware}  end\n",
        parts.memory_mib(),
        parts.cpus()
    );
    boxed(parts, to, &metadata, &settings, None, "box.img")
}

pub(super) fn virtualbox(parts: &Parts, to: &Path) -> io::Result<()> {
    let metadata = json!({ "provider": "virtualbox", "architecture": "amd64" });
    let disk = "box-disk1.vmdk";
    let size = std::fs::metadata(&parts.image)?.len();
    let description = ovf::description(parts, disk, size);
    // The same for all machines of a box, as VirtualBox gives each import another one.
    let settings = "  config.vm.base_mac = \"080027D14C66\"\n";
    boxed(parts, to, &metadata, settings, Some(&description), disk)
}

fn boxed(
    parts: &Parts,
    to: &Path,
    metadata: &Value,
    settings: &str,
    ovf: Option<&str>,
    disk: &str,
) -> io::Result<()> {
    let user = parts.version.facts.ssh_user.as_deref().unwrap_or("vagrant");
    let user = if user == "vagrant" { String::new() } else { format!("  config.ssh.username = {user:?}\n") };
    let vagrantfile = format!("Vagrant.configure(\"2\") do |config|\n{user}{settings}end\n");
    let file = GzEncoder::new(File::create(to)?, Compression::default());
    let mut tar = tar::Builder::new(file);
    text(&mut tar, "Vagrantfile", &vagrantfile)?;
    text(&mut tar, "metadata.json", &format!("{metadata}\n"))?;
    if let Some(ovf) = ovf {
        text(&mut tar, "box.ovf", ovf)?;
    }
    parts.append(&mut tar, disk, &parts.image, 0o644)?;
    tar.into_inner()?.finish()?.sync_all()
}

/// The catalogue with a box in it: a box of the same version and provider is replaced, everything else stays. A file
/// that is no catalogue counts as none.
pub(super) fn catalogue(before: &str, version: &Version, provider: &str, file: &str, sha256: &str) -> String {
    let mut all: Value = serde_json::from_str(before)
        .ok()
        .filter(|value: &Value| value["versions"].is_array())
        .unwrap_or_else(|| json!({ "name": version.image, "versions": [] }));
    let number = format!("{}.0.0", version.number);
    let made = json!({
        "name": provider, "url": file, "checksum_type": "sha256", "checksum": sha256,
        "architecture": "amd64", "default_architecture": true,
    });
    if let Some(versions) = all["versions"].as_array_mut() {
        if !versions.iter().any(|known| known["version"] == number.as_str()) {
            versions.push(json!({ "version": number, "providers": [] }));
        }
        for known in versions.iter_mut().filter(|known| known["version"] == number.as_str()) {
            if let Some(providers) = known["providers"].as_array_mut() {
                providers.retain(|other| other["name"] != provider);
                providers.push(made.clone());
            }
        }
    }
    format!("{all:#}\n")
}
