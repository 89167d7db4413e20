//! An OCI image layout in one tar (`skopeo copy oci-archive:...`, `podman load`): one layer that holds the disk in
//! `/disk/`, owned by 107, where KubeVirt's containerDisk looks for it.
//!
//! OCI image-spec 1.0: `oci-layout`, `index.json`, blobs by digest.

use std::fs::File;
use std::io;
use std::path::Path;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Parts, header, hex, text};

/// The user KubeVirt runs QEMU as.
const QEMU: u64 = 107;

pub(super) fn write(parts: &Parts, to: &Path) -> io::Result<()> {
    let layer = parts.scratch.join("layer.tar");
    let mut tar = tar::Builder::new(File::create(&layer)?);
    let mut folder = header(0, 0o555, QEMU);
    folder.set_entry_type(tar::EntryType::Directory);
    tar.append_data(&mut folder, "disk/", io::empty())?;
    let image = File::open(&parts.image)?;
    let mut file = header(image.metadata()?.len(), 0o440, QEMU);
    let name = format!("disk/{}.qcow2", parts.name());
    tar.append_data(&mut file, name, super::Heeding { file: image, cancel: parts.cancel.clone() })?;
    tar.into_inner()?;
    let (layer_sum, layer_size) = parts.copy(&layer, &mut io::sink())?;

    let version = &parts.version;
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer_sum}")] },
        "history": [{ "created_by": format!("goldsmith, from {}", version.display_name()) }],
    })
    .to_string();
    let config_sum = hex(&Sha256::digest(config.as_bytes()));
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": format!("sha256:{config_sum}"), "size": config.len(),
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar",
            "digest": format!("sha256:{layer_sum}"), "size": layer_size,
        }],
        "annotations": {
            "org.opencontainers.image.title": version.image,
            "org.opencontainers.image.version": version.number.to_string(),
            "goldsmith.content": version.content.to_string(),
        },
    })
    .to_string();
    let manifest_sum = hex(&Sha256::digest(manifest.as_bytes()));
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": format!("sha256:{manifest_sum}"), "size": manifest.len(),
            "annotations": { "org.opencontainers.image.ref.name": format!("{}:{}", version.image, version.number) },
        }],
    });
    let mut out = tar::Builder::new(File::create(to)?);
    text(&mut out, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}")?;
    text(&mut out, "index.json", &index.to_string())?;
    text(&mut out, &format!("blobs/sha256/{manifest_sum}"), &manifest)?;
    text(&mut out, &format!("blobs/sha256/{config_sum}"), &config)?;
    parts.append(&mut out, &format!("blobs/sha256/{layer_sum}"), &layer, 0o644)?;
    out.into_inner()?.sync_all()
}
