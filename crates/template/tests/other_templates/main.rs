//! What templates hold that the collected ones may not: every block of the language and every way of writing it, as
//! Packer's documentation and its users write it. All of it is accepted.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod expressions;
mod json;

use goldsmith_template::{Diagnostic, Inputs, MemoryFiles, Project, analyze};
use std::path::Path;

fn errors_with(files: &[(&str, &str)], open: &str, set: impl FnOnce(&mut Inputs)) -> Vec<Diagnostic> {
    let mut all = MemoryFiles::new();
    for (name, text) in files {
        all = all.with(*name, *text);
    }
    let project = Project::open(&all, Path::new(open)).unwrap();
    let mut inputs = Inputs::harmless("/w");
    set(&mut inputs);
    let analysis = analyze(&project, &all, &inputs);
    let errors: Vec<Diagnostic> = analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    assert_eq!(errors.is_empty(), analysis.config.is_some());
    errors
}

#[track_caller]
fn accepted(text: &str) {
    let errors = errors_with(&[("t.pkr.hcl", text)], "t.pkr.hcl", |_| {});
    assert!(errors.is_empty(), "{}", errors.iter().map(ToString::to_string).collect::<String>());
}

/// With a source and a build around it.
#[track_caller]
fn step(text: &str) {
    accepted(&format!(
        "source \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"source.null.n\"]\n{text}\n}}\n"
    ));
}

#[test]
fn the_packer_block() {
    for version in [
        "\">= 1.7.0\"",
        "\">= 1.8, < 2.0\"",
        "\"~> 1.9\"",
        "\"!= 1.10.1\"",
        "\">=1.7.0, <2.0.0\"",
        "\"> 1.6\"",
    ] {
        accepted(&format!(
            "packer {{\n  required_version = {version}\n  required_plugins {{\n    amazon = {{\n      version = \">= 1.2.8\"\n      source  = \"github.com/hashicorp/amazon\"\n    }}\n    windows-update = {{\n      version = \"0.14.1\"\n      source = \"github.com/rgl/windows-update\"\n    }}\n    my-own = {{ source = \"example.com/me/own\", version = \"~> 1\" }}\n  }}\n}}\nsource \"my-own-thing\" \"x\" {{\n  anything = {{ goes = [1, \"2\"] }}\n}}\nbuild {{\n  sources = [\"source.my-own-thing.x\"]\n  provisioner \"windows-update\" {{\n    search_criteria = \"IsInstalled=0\"\n  }}\n}}\n"
        ));
    }
    // Several blocks add up, over files too.
    accepted(
        "packer {\n  required_plugins {\n    docker = { version = \">= 1.0.8\", source = \"github.com/hashicorp/docker\" }\n  }\n}\npacker {\n  required_version = \">= 1.8\"\n}\nsource \"docker\" \"x\" {\n  image = \"debian\"\n  commit = true\n}\nbuild {\n  sources = [\"docker.x\"]\n}\n",
    );
}

#[test]
fn variables_of_every_type() {
    accepted(
        r#"
variable "a" {}
variable "b" { default = null }
variable "c" { type = list(string) }
variable "d" {
  type    = map(object({ size = number, tags = optional(map(string), {}), more = optional(list(any)) }))
  default = { one = { size = 1 } }
}
variable "e" {
  type        = tuple([string, number, bool])
  default     = ["x", 1, true]
  description = <<-EOT
    Over
    lines.
  EOT
}
variable "f" {
  type      = set(string)
  default   = ["a", "b"]
  sensitive = true
}
variable "g" {
  type    = any
  default = { anything = [1, "a"] }
}
variable "h" { default = env("HOME") }
variable "i" {
  type    = string
  default = "ami-0123"
  validation {
    condition     = length(var.i) > 4 && substr(var.i, 0, 4) == "ami-"
    error_message = "The value must be a valid AMI id, starting with \"ami-\"."
  }
  validation {
    condition     = can(regex("^ami-", var.i))
    error_message = "It must start with ami-!"
  }
}
variable "j" {
  type = object({
    name = string
    disks = list(object({
      size = number
    }))
  })
  default = null
}
variables {
  k = "v"
  l = 5
  m = ["x"]
}
source "null" "n" {
  communicator = "none"
}
build {
  sources = ["null.n"]
  provisioner "shell-local" {
    inline = ["echo ${var.d["one"].size} ${var.e[0]} ${join(",", var.f)} ${var.k} ${var.l + 1} ${var.m[0]}"]
  }
}
"#
        .replace("variable \"a\" {}\n", "")
        .replace("variable \"c\" { type = list(string) }\n", "")
        .as_str(),
    );
}

#[test]
fn values_from_everywhere() {
    let template = "variable \"a\" {}\nvariable \"b\" {\n  type = list(string)\n}\nvariable \"c\" {\n  type = number\n}\nvariable \"d\" {\n  type = bool\n}\nvariable \"e\" {\n  type = map(string)\n}\nsource \"null\" \"n\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.n\"]\n}\n";
    let files = [
        ("f/t.pkr.hcl", template),
        ("f/x.auto.pkrvars.hcl", "a = \"x\"\n# comment\nb = [\n  \"y\",\n]\n"),
        ("f/y.auto.pkrvars.json", "{\"c\": \"5\"}"),
        ("w/z.pkrvars.hcl", "e = { k = \"v\" }\nundeclared = 1\n"),
    ];
    let errors = errors_with(&files, "f", |inputs| {
        inputs.cwd = "w".into();
        inputs.var_files.push("z.pkrvars.hcl".into());
        inputs.vars.push(("d".into(), "true".into()));
    });
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn locals_and_data_sources() {
    accepted(
        r#"
packer {
  required_plugins {
    git = { version = ">= 0.6.2", source = "github.com/ethanmdavidson/git" }
    sshkey = { version = ">= 1.0.1", source = "github.com/ivoronin/sshkey" }
    mine = { version = ">= 1.0.1", source = "github.com/me/mine" }
  }
}
data "amazon-ami" "ubuntu" {
  filters = {
    virtualization-type = "hvm"
    name                = "ubuntu/images/*ubuntu-jammy-22.04-amd64-server-*"
    root-device-type    = "ebs"
  }
  owners      = ["099720109477"]
  most_recent = true
}
data "amazon-secretsmanager" "s" { name = "s" }
data "amazon-parameterstore" "p" { name = "p" }
data "http" "example" {
  url             = "https://checkpoint-api.hashicorp.com/v1/check/terraform"
  request_headers = { Accept = "application/json" }
}
data "hcp-packer-version" "v" {
  bucket_name  = "b"
  channel_name = "latest"
}
data "hcp-packer-artifact" "a" {
  bucket_name         = "b"
  version_fingerprint = data.hcp-packer-version.v.fingerprint
  platform            = "aws"
  region              = "us-east-1"
}
data "hcp-packer-iteration" "i" {
  bucket_name = "b"
  channel     = "c"
}
data "hcp-packer-image" "m" {
  bucket_name    = "b"
  iteration_id   = data.hcp-packer-iteration.i.id
  cloud_provider = "aws"
  region         = "r"
}
data "null" "n" { input = "x" }
data "git-commit" "head" {}
data "git-repository" "cwd" { path = "." }
data "sshkey" "install" {}
data "mine-thing" "t" {}
data "external" "e" { program = ["sh"] }
locals {
  stamp    = regex_replace(timestamp(), "[- TZ:]", "")
  owner    = data.http.example.body
  both     = "${local.stamp}-${substr(data.git-commit.head.hash, 0, 8)}"
  settings = jsondecode(data.null.n.output == "x" ? "{\"a\": [1]}" : "{}")
  picked   = [for name, size in { a = 1, b = 2 } : "${name}${size}" if size > 1]
  grouped  = { for word in ["ab", "ac", "bd"] : substr(word, 0, 1) => word... }
  nested   = { a = { b = [{ c = 1 }] } }
  splat    = local.nested.a.b[*].c
  legacy   = local.nested.a.b.*.c
  index    = local.nested.a.b.0.c
  secret   = jsondecode(data.amazon-secretsmanager.s.value)["k"]
}
local "password" {
  expression = "x${local.stamp}"
  sensitive  = true
}
locals {
  more = upper(local.password)
}
source "amazon-ebs" "x" {
  ami_name      = "x-${local.both}"
  instance_type = "t3.micro"
  source_ami    = data.amazon-ami.ubuntu.id
  ssh_username  = "ubuntu"
  launch_block_device_mappings {
    device_name = "/dev/sda1"
    volume_size = 40
  }
  tag {
    key   = "Name"
    value = local.more
  }
  dynamic "tag" {
    for_each = { a = "b" }
    content {
      key   = tag.key
      value = tag.value
    }
  }
}
build {
  hcp_packer_registry {
    bucket_name   = "b"
    description   = "d"
    bucket_labels = { os = "ubuntu" }
    build_labels  = { "build-time" = timestamp() }
  }
  sources = ["source.amazon-ebs.x"]
}
"#,
    );
    accepted(
        "hcp_packer_registry {\n  bucket_name = \"b\"\n  channels = [\"dev\"]\n}\nsource \"null\" \"n\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.n\"]\n}\n",
    );
}

#[test]
fn builders_of_many_plugins() {
    let types = "
        amazon-ebs amazon-chroot amazon-instance amazon-ebssurrogate amazon-ebsvolume azure-arm azure-chroot
        azure-dtl alicloud-ecs anka-vm-clone arm arm-image cloudstack cross digitalocean docker googlecompute
        hcloud huaweicloud-ecs hyperv-iso hyperv-vmcx incus ibmcloud-vpc jdcloud kubevirt-iso libvirt linode
        lxc lxd ncloud nutanix oneandone openstack oracle-classic oracle-oci outscale-bsu parallels-ipsw
        parallels-iso parallels-macvm parallels-pvm profitbricks proxmox proxmox-clone proxmox-iso scaleway
        tart-cli tencentcloud-cvm triton ucloud-uhost upcloud utm-iso vagrant virtualbox-iso virtualbox-ovf
        virtualbox-vm vmware-iso vmware-vmx vsphere-clone vsphere-iso vsphere-supervisor vultr xenserver-iso
        xcp yandex null
    ";
    for name in types.split_whitespace() {
        accepted(&format!(
            "source \"{name}\" \"x\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"source.{name}.x\"]\n}}\n"
        )
        .replace(
            "source \"virtualbox-iso\" \"x\" {\n",
            "source \"virtualbox-iso\" \"x\" {\n  iso_url = \"x\"\n  iso_checksum = \"none\"\n",
        )
        .replace("source \"virtualbox-ovf\" \"x\" {\n", "source \"virtualbox-ovf\" \"x\" {\n  source_path = \"x\"\n")
        .replace("source \"virtualbox-vm\" \"x\" {\n", "source \"virtualbox-vm\" \"x\" {\n  vm_name = \"x\"\n  attach_snapshot = \"x\"\n"));
    }
}

#[test]
fn the_build_block() {
    accepted(
        r#"
source "qemu" "base" {
  iso_url          = "x.iso"
  iso_checksum     = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  ssh_username     = "root"
  shutdown_command = "poweroff"
}
source "null" "n" { communicator = "none" }
build {
  name        = "first"
  description = "What it is."
  source "source.qemu.base" {
    name             = "small"
    output_directory = "out-${source.name}"
    disk_size        = "10G"
  }
  source "qemu.base" {
    name             = "large"
    output_directory = "out-large"
    disk_size        = 20480
    boot_command     = ["<enter>"]
  }
  source "null.n" {}
  provisioner "shell" {
    only            = ["qemu.small", "qemu.large"]
    name            = "install"
    pause_before    = "1s"
    max_retries     = 2
    timeout         = "5m"
    inline          = ["echo ${build.ID} ${source.type} ${build.PackerRunUUID}"]
    inline_shebang  = "/bin/sh -e"
    execute_command = "chmod +x {{ .Path }}; {{ .Vars }} {{ .Path }}"
    environment_vars = ["A=${upper("b")}"]
    override = {
      small = { inline = ["x"] }
    }
  }
  provisioner "file" {
    except      = ["null.n"]
    content     = templatefile("/no/such/file.tpl", { a = 1 })
    destination = "/tmp/x"
  }
  dynamic "provisioner" {
    for_each = ["a", "b"]
    iterator = word
    labels   = ["shell-local"]
    content {
      inline = ["echo ${word.value} ${word.key}"]
    }
  }
  provisioner "breakpoint" {
    disable = true
    note    = "here"
  }
  provisioner "sleep" { duration = "1s" }
  error-cleanup-provisioner "shell-local" {
    inline = ["echo failed"]
  }
  post-processor "manifest" {
    output     = "m.json"
    strip_path = true
    custom_data = {
      name = "${build.name}"
      made = timestamp()
    }
  }
  post-processors {
    post-processor "artifice" {
      files = ["out-${source.name}/x"]
    }
    post-processor "compress" {
      keep_input_artifact = false
      output              = "x-{{.BuildName}}.tar.gz"
    }
    post-processor "checksum" {
      checksum_types = ["sha1", "sha256"]
      output         = "x_{{.ChecksumType}}.checksum"
    }
  }
  post-processors {
    post-processor "vagrant" {
      output = "x_{{.Provider}}.box"
      only   = ["qemu.small"]
    }
    post-processor "vagrant-cloud" {
      box_tag      = "a/b"
      version      = "1"
      access_token = "x"
    }
  }
  post-processor "shell-local" {
    inline = ["echo ${build.ID}"]
  }
}
build {
  sources = ["null.n", "source.qemu.base"]
}
"#,
    );
}

#[test]
fn steps_of_many_plugins() {
    let names = "
        ansible ansible-local chef-client chef-solo converge inspec puppet-masterless puppet-server
        salt-masterless goss windows-restart powershell windows-shell hcp-sbom windows-update cinc-client
        testinfra
    ";
    for name in names.split_whitespace() {
        let inner = match name {
            "ansible" | "ansible-local" => "playbook_file = \"x.yml\"",
            "powershell" | "windows-shell" => "inline = [\"x\"]",
            "puppet-masterless" => "manifest_file = \"x.pp\"",
            "puppet-server" => "puppet_server = \"x\"",
            "salt-masterless" => "local_state_tree = \"x\"",
            "chef-client" => "server_url = \"x\"",
            "inspec" => "profile = \"x\"",
            "goss" => "tests = [\"x.yml\"]",
            _ => "",
        };
        let plugin = match name {
            "windows-update" => {
                "packer {\n  required_plugins {\n    windows-update = { source = \"github.com/rgl/windows-update\", version = \"0.1.0\" }\n  }\n}\n"
            }
            _ => "",
        };
        accepted(&format!(
            "{plugin}source \"amazon-ebs\" \"n\" {{\n  x = 1\n}}\nbuild {{\n  sources = [\"amazon-ebs.n\"]\n  provisioner \"{name}\" {{\n    {inner}\n  }}\n}}\n"
        ));
    }
    let names = "
        amazon-import alicloud-import digitalocean-import docker-import docker-push docker-save docker-tag
        exoscale-import googlecompute-export googlecompute-import ucloud-import vagrant-cloud vsphere
        vsphere-template yandex-export yandex-import hcp-vagrant-registry
    ";
    for name in names.split_whitespace() {
        let inner = if name == "vagrant-cloud" { "box_tag = \"a/b\"\n    version = \"1\"" } else { "x = 1" };
        step(&format!("  post-processor \"{name}\" {{\n    {inner}\n  }}\n"));
    }
}

/// What is refused, and by which rule.
#[test]
fn what_packer_refuses_is_refused() {
    for (text, code) in [
        (
            "packer {\n  required_plugins {\n    a = { version = \"1\", source = \"github.com/x/a\" }\n    a = { version = \"1\", source = \"github.com/x/a\" }\n  }\n}\n",
            "attribute.duplicate",
        ),
        ("variable \"a\" {\n  default = var.b\n}\n", "eval.reference"),
        ("source \"qemu\" \"x\" {\n  iso_url = \"x\"\n  iso_url = \"y\"\n}\n", "attribute.duplicate"),
        ("build {\n  sources = [\"source.qemu.nope\"]\n}\n", "build.unknown-source"),
        ("source \"qemu\" \"a\" \"b\" {\n}\n", "block.labels"),
        ("locals {\n  a = local.b\n  b = local.a\n}\n", "local.cycle"),
    ] {
        let errors = errors_with(&[("t.pkr.hcl", text)], "t.pkr.hcl", |_| {});
        assert!(errors.iter().any(|error| error.code == code), "{text}: {errors:?}");
    }
}
