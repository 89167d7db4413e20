//! What others write to use a version: configuration for Terraform, Vagrant, libvirt, VirtualBox and CI, pinned to the
//! digest of the bytes.

use std::fmt::Write as _;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::LibraryError;
use crate::life::ExportFact;
use crate::version::Version;

/// Where a version goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Deploy {
    /// `virt-install` on this computer.
    VirtInstall,
    /// A domain of libvirt as XML.
    LibvirtXml,
    /// Terraform with the provider dmacvicar/libvirt.
    TerraformLibvirt,
    /// Terraform: import into AWS as an AMI, with the role it needs.
    TerraformAws,
    /// Terraform: an image in an Azure compute gallery.
    TerraformAzure,
    /// A Vagrantfile.
    Vagrant,
    /// `VBoxManage import`.
    Virtualbox,
    /// A workflow of GitHub Actions that builds and tests the template.
    GithubActions,
    /// The same for GitLab CI.
    GitlabCi,
}

impl Deploy {
    /// All of them, in the order shown to people.
    pub const ALL: [Deploy; 9] = [
        Deploy::VirtInstall,
        Deploy::LibvirtXml,
        Deploy::TerraformLibvirt,
        Deploy::TerraformAws,
        Deploy::TerraformAzure,
        Deploy::Vagrant,
        Deploy::Virtualbox,
        Deploy::GithubActions,
        Deploy::GitlabCi,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Deploy::VirtInstall => "virt-install",
            Deploy::LibvirtXml => "libvirt-xml",
            Deploy::TerraformLibvirt => "terraform-libvirt",
            Deploy::TerraformAws => "terraform-aws",
            Deploy::TerraformAzure => "terraform-azure",
            Deploy::Vagrant => "vagrant",
            Deploy::Virtualbox => "virtualbox",
            Deploy::GithubActions => "github-actions",
            Deploy::GitlabCi => "gitlab-ci",
        }
    }

    /// The export it uses; none where the version itself is not part of it.
    fn needs(self) -> Option<&'static str> {
        match self {
            Deploy::VirtInstall | Deploy::LibvirtXml | Deploy::TerraformLibvirt => Some("qcow2"),
            Deploy::TerraformAws => Some("vmdk"),
            Deploy::TerraformAzure => Some("vhd"),
            Deploy::Vagrant => Some("vagrant-libvirt"),
            Deploy::Virtualbox => Some("ova"),
            Deploy::GithubActions | Deploy::GitlabCi => None,
        }
    }
}

impl FromStr for Deploy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Deploy::ALL.into_iter().find(|deploy| deploy.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Deploy::ALL.iter().map(|deploy| deploy.name()).collect();
            format!("\"{text}\" is no target; use one of {}", names.join(", "))
        })
    }
}

/// A file to be saved under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Snippet {
    /// The file's name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The snippets for a target. What it uses must have been exported: a path and a digest are only known then.
pub fn snippets(version: &Version, deploy: Deploy) -> Result<Vec<Snippet>, LibraryError> {
    let snippet = |name: &str, text: String| vec![Snippet { name: name.to_owned(), text }];
    let Some(format) = deploy.needs() else {
        return Ok(match deploy {
            Deploy::GitlabCi => snippet(".gitlab-ci.yml", gitlab(version)),
            _ => snippet("goldsmith.yml", github(version)),
        });
    };
    let export = version.life.exports.iter().rev().find(|export| export.format == format);
    let export = export.ok_or_else(|| LibraryError::Refused {
        what: format!("writing {} for {}", deploy.name(), version.display_name()),
        cause: format!("it was not exported as {format} yet"),
        remedy: format!("`goldsmith image export {} --format {format}` first", version.display_name()),
    })?;
    let of = Of { version, export };
    Ok(match deploy {
        Deploy::VirtInstall => snippet("install.sh", of.virt_install()),
        Deploy::LibvirtXml => snippet("domain.xml", of.libvirt()),
        Deploy::TerraformLibvirt => snippet("main.tf", of.terraform_libvirt()),
        Deploy::TerraformAws => snippet("main.tf", of.terraform_aws()),
        Deploy::TerraformAzure => snippet("main.tf", of.terraform_azure()),
        Deploy::Vagrant => snippet("Vagrantfile", of.vagrant()),
        Deploy::Virtualbox => snippet("import.sh", of.virtualbox()),
        Deploy::GithubActions | Deploy::GitlabCi => Vec::new(),
    })
}

struct Of<'a> {
    version: &'a Version,
    export: &'a ExportFact,
}

/// In single quotes of a shell.
fn sh(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// In double quotes of HCL, Ruby and YAML, without anything those would fill in.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}

impl Of<'_> {
    fn name(&self) -> String {
        format!("{}-{}", self.version.image, self.version.number)
    }

    fn memory(&self) -> u64 {
        self.version.facts.memory_mib.unwrap_or(1024)
    }

    fn cpus(&self) -> u32 {
        self.version.facts.cpus.unwrap_or(1)
    }

    fn is_efi(&self) -> bool {
        self.version.facts.firmware.as_deref() == Some("efi")
    }

    /// What the file is, as a comment.
    fn told(&self, comment: &str) -> String {
        let Of { version, export } = self;
        format!("{comment} {}, content {}\n", version.display_name(), version.content)
            + &format!("{comment} {} as {}, sha256 {}\n", export.path, export.format, export.sha256)
    }

    /// Refuses to go on with other bytes.
    fn check(&self) -> String {
        format!(
            "echo {} | sha256sum --check --quiet -\n",
            sh(&format!("{}  {}", self.export.sha256, self.export.path))
        )
    }

    fn virt_install(&self) -> String {
        let (name, path) = (self.name(), sh(&self.export.path));
        let boot = if self.is_efi() { " \\\n  --boot uefi" } else { "" };
        format!(
            "#!/bin/sh -e\n{}{}virt-install --name {name} --memory {} --vcpus {} --import --osinfo detect=on,require=off \\\n  \
             --disk size={},backing_store={path},backing_format=qcow2,bus=virtio --network default,model=virtio \\\n  \
             --graphics none --noautoconsole{boot}\n",
            self.told("#"),
            self.check(),
            self.memory(),
            self.cpus(),
            self.version.virtual_size.div_ceil(1 << 30),
        )
    }

    fn libvirt(&self) -> String {
        let xml = |text: &str| quick_xml::escape::escape(text).into_owned();
        let firmware = if self.is_efi() { " firmware='efi'" } else { "" };
        let Of { version, export } = self;
        format!(
            "<!-- {}, content {}\n     {}, sha256 {}\n     The disk is written to: define a copy or an overlay of it, not the export itself. -->\n\
             <domain type='kvm'>\n  <name>{}</name>\n  <memory unit='MiB'>{}</memory>\n  <vcpu>{}</vcpu>\n  <os{firmware}>\n    <type arch='x86_64' machine='q35'>hvm</type>\n  </os>\n  \
             <features><acpi/><apic/></features>\n  <cpu mode='host-passthrough'/>\n  <devices>\n    <disk type='file' device='disk'>\n      <driver name='qemu' type='qcow2' discard='unmap'/>\n      \
             <source file='{}'/>\n      <target dev='vda' bus='virtio'/>\n    </disk>\n    <interface type='network'>\n      <source network='default'/>\n      <model type='virtio'/>\n    </interface>\n    \
             <console type='pty'/>\n    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\n  </devices>\n</domain>\n",
            version.display_name(),
            version.content,
            xml(&export.path).replace("--", "- -"),
            export.sha256,
            self.name(),
            self.memory(),
            self.cpus(),
            xml(&export.path),
        )
    }

    /// A resource that fails when the bytes are not those that were exported.
    fn pinned(&self) -> String {
        let (path, sum) = (quoted(&self.export.path), quoted(&self.export.sha256));
        format!(
            "locals {{\n  image  = {path}\n  sha256 = {sum}\n}}\n\n\
             resource \"terraform_data\" \"pinned\" {{\n  input = local.sha256\n\n  lifecycle {{\n    precondition {{\n      condition     = filesha256(local.image) == local.sha256\n      \
             error_message = \"The image is not the one that was exported.\"\n    }}\n  }}\n}}\n\n"
        )
    }

    fn terraform_libvirt(&self) -> String {
        let (name, told, pinned) = (quoted(&self.name()), self.told("#"), self.pinned());
        let (memory, cpus) = (self.memory(), self.cpus());
        format!(
            r#"{told}
terraform {{
  required_version = ">= 1.4"
  required_providers {{
    libvirt = {{
      source  = "dmacvicar/libvirt"
      version = "~> 0.8.0"
    }}
  }}
}}

provider "libvirt" {{
  uri = "qemu:///system"
}}

{pinned}resource "libvirt_volume" "base" {{
  name       = "{}.qcow2"
  source     = local.image
  depends_on = [terraform_data.pinned]
}}

resource "libvirt_volume" "disk" {{
  name           = {name}
  base_volume_id = libvirt_volume.base.id
}}

resource "libvirt_domain" "machine" {{
  name   = {name}
  memory = {memory}
  vcpu   = {cpus}

  disk {{
    volume_id = libvirt_volume.disk.id
  }}

  network_interface {{
    network_name   = "default"
    wait_for_lease = true
  }}
}}
"#,
            self.name()
        )
    }

    fn terraform_aws(&self) -> String {
        let (name, told, pinned) = (quoted(&self.name()), self.told("#"), self.pinned());
        let boot = if self.is_efi() { "uefi" } else { "legacy-bios" };
        let boot = quoted(boot);
        format!(
            r#"{told}
terraform {{
  required_version = ">= 1.4"
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }}
  }}
}}

variable "bucket" {{
  type        = string
  description = "An S3 bucket the image is put into on its way."
}}

{pinned}# The role under which AWS reads the bucket (its name is fixed by AWS).
resource "aws_iam_role" "import" {{
  name = "vmimport"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ Service = "vmie.amazonaws.com" }}
      Action    = "sts:AssumeRole"
      Condition = {{ StringEquals = {{ "sts:Externalid" = "vmimport" }} }}
    }}]
  }})
}}

resource "aws_iam_role_policy" "import" {{
  role = aws_iam_role.import.id
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [
      {{
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"]
        Resource = ["arn:aws:s3:::${{var.bucket}}", "arn:aws:s3:::${{var.bucket}}/*"]
      }},
      {{
        Effect   = "Allow"
        Action   = ["ec2:ModifySnapshotAttribute", "ec2:CopySnapshot", "ec2:RegisterImage", "ec2:Describe*"]
        Resource = "*"
      }},
    ]
  }})
}}

resource "aws_s3_object" "image" {{
  bucket     = var.bucket
  key        = "goldsmith/${{local.sha256}}.vmdk"
  source     = local.image
  depends_on = [terraform_data.pinned]
}}

resource "aws_ebs_snapshot_import" "image" {{
  role_name = aws_iam_role.import.name
  disk_container {{
    format = "VMDK"
    user_bucket {{
      s3_bucket = aws_s3_object.image.bucket
      s3_key    = aws_s3_object.image.key
    }}
  }}
  tags       = {{ sha256 = local.sha256 }}
  depends_on = [aws_iam_role_policy.import]
}}

resource "aws_ami" "image" {{
  name                = {name}
  virtualization_type = "hvm"
  ena_support         = true
  boot_mode           = {boot}
  root_device_name    = "/dev/xvda"
  ebs_block_device {{
    device_name = "/dev/xvda"
    snapshot_id = aws_ebs_snapshot_import.image.id
  }}
}}
"#
        )
    }

    fn terraform_azure(&self) -> String {
        let (told, pinned) = (self.told("#"), self.pinned());
        let generation = quoted(if self.is_efi() { "V2" } else { "V1" });
        let (image, number) = (quoted(self.version.image.as_str()), self.version.number);
        format!(
            r#"{told}
terraform {{
  required_version = ">= 1.4"
  required_providers {{
    azurerm = {{
      source  = "hashicorp/azurerm"
      version = "~> 4.0"
    }}
  }}
}}

provider "azurerm" {{
  features {{}}
}}

variable "resource_group" {{ type = string }}
variable "location" {{ type = string }}
variable "gallery" {{ type = string }}
variable "storage_account_id" {{ type = string }}
variable "storage_account" {{ type = string }}
variable "container" {{ type = string }}

{pinned}resource "azurerm_storage_blob" "image" {{
  name                   = "${{local.sha256}}.vhd"
  storage_account_name   = var.storage_account
  storage_container_name = var.container
  type                   = "Page"
  source                 = local.image
  depends_on             = [terraform_data.pinned]
}}

resource "azurerm_shared_image" "image" {{
  name                = {image}
  gallery_name        = var.gallery
  resource_group_name = var.resource_group
  location            = var.location
  os_type             = "Linux"
  hyper_v_generation  = {generation}
  identifier {{
    publisher = "goldsmith"
    offer     = {image}
    sku       = {image}
  }}
}}

resource "azurerm_shared_image_version" "image" {{
  name                = "{number}.0.0"
  gallery_name        = var.gallery
  image_name          = azurerm_shared_image.image.name
  resource_group_name = var.resource_group
  location            = var.location
  blob_uri            = azurerm_storage_blob.image.url
  storage_account_id  = var.storage_account_id
  target_region {{
    name                   = var.location
    regional_replica_count = 1
  }}
  tags = {{ sha256 = local.sha256 }}
}}
"#
        )
    }

    fn vagrant(&self) -> String {
        let Of { version, export } = self;
        let (image, number) = (quoted(version.image.as_str()), version.number);
        format!(
            "{}Vagrant.configure(\"2\") do |config|\n  config.vm.box = {image}\n  config.vm.box_version = \"{number}.0.0\"\n  config.vm.box_url = {}\n  \
             config.vm.box_download_checksum_type = \"sha256\"\n  config.vm.box_download_checksum = {}\n  config.vm.synced_folder \".\", \"/vagrant\", disabled: true\nend\n",
            self.told("#"),
            quoted(&format!("file://{}", catalogue_of(&export.path, version))),
            quoted(&export.sha256),
        )
    }

    fn virtualbox(&self) -> String {
        format!(
            "#!/bin/sh -e\n{}{}VBoxManage import {} --vsys 0 --vmname {}\n",
            self.told("#"),
            self.check(),
            sh(&self.export.path),
            sh(&self.name()),
        )
    }
}

/// Where the catalogue of a box is: beside it.
fn catalogue_of(path: &str, version: &Version) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{folder}/{}.json", version.image)
}

/// The template as a workflow can name it: by its file, as the folder of a checkout is another.
fn template_name(version: &Version) -> String {
    let path = version.facts.template_path.as_deref().unwrap_or(".");
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(".").to_owned()
}

const PACKAGES: &str = "qemu-system-x86 qemu-utils ovmf xorriso";

fn steps(version: &Version, indent: &str) -> String {
    let (template, image) = (sh(&template_name(version)), &version.image);
    let mut out = String::new();
    for line in [
        format!("sudo apt-get update && sudo apt-get install --yes --no-install-recommends {PACKAGES}"),
        format!("goldsmith validate {template}"),
        format!("goldsmith build {template}"),
        format!("goldsmith test {image} --junit junit.xml"),
        format!("goldsmith image export {image} --format qcow2 --compress --output image/"),
    ] {
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{indent}{line}");
    }
    out
}

fn github(version: &Version) -> String {
    format!(
        "name: image\non: [push, workflow_dispatch]\n\njobs:\n  image:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      \
         - name: Let builds use KVM\n        run: echo 'KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0666\"' | sudo tee /etc/udev/rules.d/99-kvm.rules && sudo udevadm control --reload-rules && sudo udevadm trigger --name-match=kvm\n      \
         # goldsmith must be in PATH: install your release of it before this step.\n      - name: Build and test\n        run: |\n{}      \
         - uses: actions/upload-artifact@v4\n        if: always()\n        with:\n          name: image\n          path: |\n            junit.xml\n            image/\n",
        steps(version, "          ")
    )
}

fn gitlab(version: &Version) -> String {
    let script: String = steps(version, "")
        .lines()
        .map(|line| format!("    - {}\n", quoted(&line.replace("sudo ", ""))))
        .collect();
    format!(
        "# The runner needs /dev/kvm and goldsmith in PATH.\nimage:\n  image: debian:trixie\n  stage: build\n  tags: [kvm]\n  script:\n{script}  artifacts:\n    when: always\n    \
         reports:\n      junit: junit.xml\n    paths:\n      - image/\n"
    )
}
