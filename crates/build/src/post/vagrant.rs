//! `vagrant`: the artifact as a Vagrant box.
//!
//! Facts (packer.md 7; plugin vagrant, post-processor/vagrant): a box is a tar of plain entries in the order of their
//! names, in gzip unless `compression_level = 0`. libvirt: the disks whose name begins with the machine's become
//! `box_N.img`. virtualbox: an OVA is unpacked, its OVF is called `box.ovf`, and the address of its first network
//! card goes into the Vagrantfile. `metadata.json` of an `include` wins over the one made here. The artifact the box
//! was made of goes unless `keep_input_artifact = true`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::VagrantOptions;
use serde_json::json;

use super::compress::{Algorithm, Container, Input, write};
use super::{Artifact, Keep, PostContext, PostProcessor, Processed};
use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::pipeline::StepContext;
use crate::plan::{Sketch, StepKind};

/// Packer's id of an artifact this made.
pub(super) const BUILDER_ID: &str = "mitchellh.post-processor.vagrant";

/// The artifact as a box.
pub struct Vagrant {
    options: VagrantOptions,
}

/// What goes into a box.
#[derive(Default)]
struct Contents {
    /// Path on this computer by name in the box.
    files: BTreeMap<String, PathBuf>,
    metadata: serde_json::Map<String, serde_json::Value>,
    vagrantfile: String,
}

impl Contents {
    fn put(&mut self, folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StepError> {
        let path = folder.join(format!("made-{name}"));
        std::fs::write(&path, bytes).environment(|| format!("Cannot write {}", path.display()))?;
        self.files.insert(name.to_owned(), path);
        Ok(())
    }
}

/// This computer's architecture in Go's words, as Vagrant takes it.
pub(super) fn host_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "i386",
        other => other,
    }
}

/// The file's name, for an entry of the box.
fn base_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What the format of a disk is by its first bytes.
fn disk_format(path: &Path) -> io::Result<&'static str> {
    let mut magic = [0_u8; 4];
    let read = File::open(path)?.read(&mut magic)?;
    Ok(match &magic[..read] {
        b"QFI\xfb" => "qcow2",
        b"KDMV" => "vmdk",
        _ => "raw",
    })
}

impl Vagrant {
    /// With these options.
    #[must_use]
    pub fn new(options: VagrantOptions) -> Self {
        Self { options }
    }

    fn provider(&self, artifact: &Artifact) -> Result<String, StepError> {
        if let Some(provider) = &self.options.provider_override {
            return Ok(provider.clone());
        }
        let provider = match artifact.builder_id.as_str() {
            "transcend.qemu" | "goldsmith.bootstrap" => "libvirt",
            "mitchellh.virtualbox" => "virtualbox",
            "mitchellh.vmware" | "mitchellh.vmware-esx" | "vmware.desktop" => "vmware",
            "packer.parallels" => "parallels",
            "packer.file" => "file",
            super::artifice::BUILDER_ID => {
                return Err(StepError::input("Which provider the box is for cannot be known: its files come from the post-processor `artifice`.")
                    .hint("Set provider_override, for example to \"virtualbox\" or \"libvirt\"."));
            }
            other => {
                return Err(StepError::input(format!(
                    "No Vagrant box can be made from an artifact of `{other}`."
                ))
                .hint("`vagrant` must come first in its sequence, or directly after `artifice`."));
            }
        };
        Ok(provider.to_owned())
    }

    /// The files, metadata and Vagrantfile of the provider.
    fn contents(&self, provider: &str, artifact: &Artifact, folder: &Path) -> Result<Contents, StepError> {
        let mut contents = Contents::default();
        match provider {
            "libvirt" => libvirt(&mut contents, artifact)?,
            "virtualbox" => virtualbox(&mut contents, artifact, folder)?,
            "vmware" | "parallels" | "file" => {
                let name = if provider == "vmware" { "vmware_desktop" } else { provider };
                contents.metadata.insert("provider".into(), json!(name));
                for file in &artifact.files {
                    contents.files.insert(base_name(file), file.clone());
                }
            }
            other => {
                return Err(StepError::input(format!("Boxes for the provider `{other}` are not made here."))
                    .hint("libvirt, virtualbox, vmware, parallels and file are."));
            }
        }
        Ok(contents)
    }

    fn own_vagrantfile(&self, cx: &PostContext<'_>, fields: &[(&str, &str)]) -> Result<String, StepError> {
        let Some(template) = &self.options.vagrantfile_template else { return Ok(String::new()) };
        let path = cx.step.absolute(fill(template, cx.names, &[])?);
        let text = std::fs::read_to_string(&path)
            .input(|| format!("Cannot read vagrantfile_template {}", path.display()))?;
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        goldsmith_template::gotemplate::fill(&text, &fields, &|name| cx.names.get(name)).map_err(|error| {
            StepError::input(format!("vagrantfile_template {} cannot be filled in: {error}.", path.display()))
        })
    }
}

/// libvirt: qcow2 or raw disks, `box_0.img` the first.
fn libvirt(contents: &mut Contents, artifact: &Artifact) -> Result<(), StepError> {
    let prefix = artifact.state.get("diskName").map_or("", String::as_str);
    let mut disks = Vec::new();
    for file in artifact.files.iter().filter(|file| base_name(file).starts_with(prefix)) {
        let format = match artifact.state.get("diskType") {
            Some(format) => format.clone(),
            // Files that `artifice` brought in.
            None => disk_format(file).input(|| format!("Cannot read {}", file.display()))?.to_owned(),
        };
        let name = format!("box_{}.img", disks.len());
        disks.push(json!({ "format": format, "path": name }));
        contents.files.insert(name, file.clone());
    }
    if disks.is_empty() {
        return Err(StepError::input("The artifact has no disk for a Vagrant box.")
            .hint("`vagrant` must get the files of the source, or those `artifice` names."));
    }
    contents.metadata.insert("disks".into(), disks.into());
    contents.metadata.insert("provider".into(), json!("libvirt"));
    let driver = match artifact.state.get("domainType").map(String::as_str) {
        Some("none" | "tcg" | "hvf") => "qemu",
        Some("kvm") | None => "kvm",
        Some(other) => {
            return Err(StepError::input(format!("libvirt has no driver for the accelerator `{other}`."))
                .hint("Use kvm or tcg for a build that becomes a Vagrant box."));
        }
    };
    contents.vagrantfile = format!(
        "\nVagrant.configure(\"2\") do |config|\n  config.vm.provider :libvirt do |libvirt|\n    libvirt.driver = \"{driver}\"\n  end\nend\n"
    );
    Ok(())
}

/// virtualbox: the OVF and its disks.
fn virtualbox(contents: &mut Contents, artifact: &Artifact, folder: &Path) -> Result<(), StepError> {
    contents.metadata.insert("provider".into(), json!("virtualbox"));
    for file in &artifact.files {
        if file.extension().is_some_and(|extension| extension == "ova") {
            unpack(file, folder, contents).input(|| format!("Cannot unpack {}", file.display()))?;
        } else {
            contents.files.insert(base_name(file), file.clone());
        }
    }
    let descriptions: Vec<String> =
        contents.files.keys().filter(|name| name.ends_with(".ovf")).cloned().collect();
    let [description] = descriptions.as_slice() else {
        return Err(StepError::input(format!(
            "A box for VirtualBox needs exactly one OVF file, and the artifact has {}.",
            descriptions.len()
        )));
    };
    let path = contents.files.remove(description).unwrap_or_default();
    let bytes = std::fs::read(&path).input(|| format!("Cannot read {}", path.display()))?;
    contents.files.insert("box.ovf".into(), path);
    let address = first_address(&String::from_utf8_lossy(&bytes)).ok_or_else(|| {
        StepError::input(format!("{description} has no network card in slot 0 with an address (MACAddress)."))
            .hint("Export the machine from VirtualBox with its own settings included, which is the default.")
    })?;
    contents.vagrantfile =
        format!("\nVagrant.configure(\"2\") do |config|\n  config.vm.base_mac = \"{address}\"\nend\n");
    Ok(())
}

/// `MACAddress` of the adapter in slot 0; both are on one line.
fn first_address(ovf: &str) -> Option<String> {
    let line = ovf.lines().find_map(|line| line.split_once("<Adapter slot=\"0\"").map(|(_, rest)| rest))?;
    let (address, _) = line.split_once("MACAddress=\"")?.1.split_once('"')?;
    (!address.is_empty()).then(|| address.to_owned())
}

/// The members of an OVA by their base names.
fn unpack(ova: &Path, folder: &Path, contents: &mut Contents) -> io::Result<()> {
    let mut archive = tar::Archive::new(File::open(ova)?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = base_name(&entry.path()?);
        let path = folder.join(format!("ova-{name}"));
        io::copy(&mut entry, &mut File::create(&path)?)?;
        contents.files.insert(name, path);
    }
    Ok(())
}

impl Vagrant {
    async fn make(
        &self,
        cx: PostContext<'_>,
        artifact: &Artifact,
        folder: &Path,
    ) -> Result<Artifact, StepError> {
        let provider = self.provider(artifact)?;
        let architecture = match &self.options.architecture {
            Some(architecture) if !architecture.is_empty() => fill(architecture, cx.names, &[])?,
            _ => host_architecture().to_owned(),
        };
        let fields = [
            ("ArtifactId", artifact.id.as_str()),
            ("BuildName", cx.names.fixed().build_name.as_str()),
            ("Provider", provider.as_str()),
            ("Architecture", architecture.as_str()),
        ];
        let shown = fill(&self.options.output, cx.names, &fields)?;
        let custom = self.own_vagrantfile(&cx, &fields)?;

        let mut included = BTreeMap::new();
        for file in &self.options.include {
            let path = cx.step.absolute(fill(file, cx.names, &[])?);
            std::fs::metadata(&path).input(|| format!("Cannot include {}", path.display()))?;
            included.insert(base_name(&path), path);
        }
        let has_metadata = included.contains_key("metadata.json");
        let mut contents = self.gather(cx.step, &provider, artifact, folder).await?;
        for (name, path) in included {
            contents.files.entry(name).or_insert(path);
        }
        if !has_metadata {
            contents.metadata.insert("architecture".into(), json!(architecture));
            let sorted: BTreeMap<_, _> = std::mem::take(&mut contents.metadata).into_iter().collect();
            let text = serde_json::to_string(&sorted).map_err(|e| StepError::internal(e.to_string()))?;
            contents.put(folder, "metadata.json", format!("{text}\n").as_bytes())?;
        }
        let text = format!(
            "\n# The contents below were provided by the Packer Vagrant post-processor\n{}\n\n# The contents below (if any) are custom contents provided by the\n# Packer template during image build.\n{custom}\n",
            contents.vagrantfile
        );
        contents.put(folder, "Vagrantfile", text.as_bytes())?;

        let inputs = contents
            .files
            .into_iter()
            .map(|(name, path)| Input { path, shown: name.clone(), name })
            .collect();
        let path = cx.step.absolute(&shown);
        let (algorithm, level) = match self.options.compression_level {
            0 => (Algorithm::None, 0),
            level => (Algorithm::Gzip, u32::try_from(level).unwrap_or(6)),
        };
        write(cx.step, inputs, &path, (Container::Tar, algorithm), level).await?;
        cx.step.say(format!("The box for {provider} is {}.", path.display()));
        Ok(Artifact {
            builder_id: BUILDER_ID.into(),
            id: provider,
            files: vec![path],
            shown: vec![shown],
            ..Artifact::default()
        })
    }

    async fn gather(
        &self,
        cx: &StepContext,
        provider: &str,
        artifact: &Artifact,
        folder: &Path,
    ) -> Result<Contents, StepError> {
        let (this, provider) = (Self::new(self.options.clone()), provider.to_owned());
        let (artifact, folder) = (artifact.clone(), folder.to_owned());
        cx.blocking(move |_| this.contents(&provider, &artifact, &folder)).await
    }
}

#[async_trait]
impl PostProcessor for Vagrant {
    fn sketch(&self) -> Sketch {
        let mut sketch = Sketch::new(
            format!("Make the Vagrant box {}", self.options.output.display()),
            StepKind::PostProcess,
        )
        .inputs(&self.options);
        if let Some(template) = &self.options.vagrantfile_template {
            sketch = sketch.command(format!("with {} in its Vagrantfile", Text::display(template)));
        }
        sketch
    }

    fn is_independent(&self) -> bool {
        true
    }

    async fn run(&self, cx: PostContext<'_>, artifact: &Artifact) -> Result<Processed, StepError> {
        let shown = fill(&self.options.output, cx.names, &[])?;
        let target = cx.step.absolute(&shown);
        // Beside the box: what an OVA unpacks to may be too large for the temporary folder.
        let beside =
            target.parent().unwrap_or(Path::new("/")).join(format!(".goldsmith-{}", cx.step.fresh()));
        let holding = cx.step.make_directory(&beside)?;
        let made = self.make(cx, artifact, &beside).await;
        holding.release().await?;
        Ok(Processed { artifact: Some(made?), keep: Keep::No })
    }
}

#[cfg(test)]
mod tests;
