//! What templates hold that the collected ones may not: every block of the language and every way of writing it, as
//! Packer's documentation and its users write it. All of it is accepted.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

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

#[track_caller]
fn legacy(text: &str) {
    let errors = errors_with(&[("t.json", text)], "t.json", |_| {});
    assert!(errors.is_empty(), "{}", errors.iter().map(ToString::to_string).collect::<String>());
}

/// With a source and a build around it.
#[track_caller]
fn step(text: &str) {
    accepted(&format!(
        "source \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"source.null.n\"]\n{text}\n}}\n"
    ));
}

#[track_caller]
fn expression(text: &str) {
    let text = format!(
        "locals {{\n  x = {text}\n}}\nsource \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"null.n\"]\n}}\n"
    );
    let errors = errors_with(&[("f/t.pkr.hcl", &text), ("f/x.txt", "x")], "f/t.pkr.hcl", |_| {});
    assert!(errors.is_empty(), "{text}: {}", errors.iter().map(ToString::to_string).collect::<String>());
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
    let types = [
        "amazon-ebs",
        "amazon-chroot",
        "amazon-instance",
        "amazon-ebssurrogate",
        "amazon-ebsvolume",
        "azure-arm",
        "azure-chroot",
        "azure-dtl",
        "alicloud-ecs",
        "anka-vm-clone",
        "arm",
        "arm-image",
        "cloudstack",
        "cross",
        "digitalocean",
        "docker",
        "googlecompute",
        "hcloud",
        "huaweicloud-ecs",
        "hyperv-iso",
        "hyperv-vmcx",
        "incus",
        "ibmcloud-vpc",
        "jdcloud",
        "kubevirt-iso",
        "libvirt",
        "linode",
        "lxc",
        "lxd",
        "ncloud",
        "nutanix",
        "oneandone",
        "openstack",
        "oracle-classic",
        "oracle-oci",
        "outscale-bsu",
        "parallels-ipsw",
        "parallels-iso",
        "parallels-macvm",
        "parallels-pvm",
        "profitbricks",
        "proxmox",
        "proxmox-clone",
        "proxmox-iso",
        "scaleway",
        "tart-cli",
        "tencentcloud-cvm",
        "triton",
        "ucloud-uhost",
        "upcloud",
        "utm-iso",
        "vagrant",
        "virtualbox-iso",
        "virtualbox-ovf",
        "virtualbox-vm",
        "vmware-iso",
        "vmware-vmx",
        "vsphere-clone",
        "vsphere-iso",
        "vsphere-supervisor",
        "vultr",
        "xenserver-iso",
        "xcp",
        "yandex",
        "null",
    ];
    for name in types {
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
    for name in [
        "ansible",
        "ansible-local",
        "chef-client",
        "chef-solo",
        "converge",
        "inspec",
        "puppet-masterless",
        "puppet-server",
        "salt-masterless",
        "goss",
        "windows-restart",
        "powershell",
        "windows-shell",
        "hcp-sbom",
        "windows-update",
        "cinc-client",
        "testinfra",
    ] {
        let inner = match name {
            "ansible" | "ansible-local" => "playbook_file = \"x.yml\"",
            "powershell" | "windows-shell" => "inline = [\"x\"]",
            "puppet-masterless" => "manifest_file = \"x.pp\"",
            "puppet-server" => "puppet_server = \"x\"",
            "salt-masterless" => "local_state_tree = \"x\"",
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
    for name in [
        "amazon-import",
        "alicloud-import",
        "digitalocean-import",
        "docker-import",
        "docker-push",
        "docker-save",
        "docker-tag",
        "exoscale-import",
        "googlecompute-export",
        "googlecompute-import",
        "ucloud-import",
        "vagrant-cloud",
        "vsphere",
        "vsphere-template",
        "yandex-export",
        "yandex-import",
        "hcp-vagrant-registry",
        "provenance",
    ] {
        let inner = if name == "vagrant-cloud" { "box_tag = \"a/b\"\n    version = \"1\"" } else { "x = 1" };
        step(&format!("  post-processor \"{name}\" {{\n    {inner}\n  }}\n"));
    }
}

#[test]
fn every_function_of_today() {
    for call in [
        "abs(-1)",
        "abspath(\".\")",
        "alltrue([true])",
        "anytrue([false])",
        "aws_secretsmanager(\"a\", \"k\")",
        "aws_secretsmanager_raw(\"a\")",
        "basename(\"a/b\")",
        "base64decode(\"YQ==\")",
        "base64encode(\"a\")",
        "base64gzip(\"a\")",
        "bcrypt(\"a\", 4)",
        "can(1)",
        "ceil(1.5)",
        "chomp(\"a\\n\")",
        "chunklist([1, 2], 1)",
        "cidrhost(\"10.0.0.0/8\", 1)",
        "cidrnetmask(\"10.0.0.0/8\")",
        "cidrsubnet(\"10.0.0.0/8\", 8, 1)",
        "cidrsubnets(\"10.0.0.0/8\", 8, 8)",
        "coalesce(\"\", \"a\")",
        "coalescelist([], [1])",
        "compact([\"\", \"a\"])",
        "concat([1], [2])",
        "consul_key(\"a\")",
        "contains([1], 1)",
        "convert(\"1\", number)",
        "csvdecode(\"a\\n1\")",
        "dirname(\"a/b\")",
        "distinct([1, 1])",
        "element([1], 3)",
        "endswith(\"ab\", \"b\")",
        "fileexists(\"x.txt\")",
        "file(\"x.txt\")",
        "filebase64(\"x.txt\")",
        "fileset(\".\", \"*\")",
        "flatten([[1]])",
        "floor(1.5)",
        "format(\"%s\", \"a\")",
        "formatdate(\"YYYY\", timestamp())",
        "formatlist(\"%s\", [1])",
        "indent(2, \"a\")",
        "index([1], 1)",
        "join(\",\", [\"a\"])",
        "jsondecode(\"{}\")",
        "jsonencode({})",
        "keys({ a = 1 })",
        "legacy_isotime(\"20060102\")",
        "legacy_strftime(\"%Y\")",
        "length(\"a\")",
        "log(8, 2)",
        "lookup({ a = 1 }, \"a\", 2)",
        "lower(\"A\")",
        "max(1, 2)",
        "md5(\"a\")",
        "merge({}, { a = 1 })",
        "min(1, 2)",
        "parseint(\"ff\", 16)",
        "pathexpand(\"a\")",
        "pow(2, 3)",
        "range(3)",
        "regex(\"a\", \"a\")",
        "regexall(\"a\", \"aa\")",
        "regex_replace(\"a\", \"a\", \"b\")",
        "replace(\"a\", \"a\", \"b\")",
        "reverse([1])",
        "rfc3339_parse(\"2020-01-01T00:00:00Z\")",
        "setintersection([1], [1])",
        "setproduct([1], [2])",
        "setunion([1], [2])",
        "sha1(\"a\")",
        "sha256(\"a\")",
        "sha512(\"a\")",
        "signum(-1)",
        "slice([1], 0, 1)",
        "sort([\"b\", \"a\"])",
        "split(\",\", \"a\")",
        "startswith(\"ab\", \"a\")",
        "strcontains(\"ab\", \"a\")",
        "strrev(\"ab\")",
        "substr(\"ab\", 0, 1)",
        "sum([1])",
        "textdecodebase64(\"YQ==\", \"UTF-8\")",
        "textencodebase64(\"a\", \"UTF-8\")",
        "timestamp()",
        "timeadd(timestamp(), \"1h\")",
        "title(\"a\")",
        "trim(\"a\", \"b\")",
        "trimprefix(\"a\", \"b\")",
        "trimspace(\" a\")",
        "trimsuffix(\"a\", \"b\")",
        "try(1)",
        "unix_timestamp_parse(0)",
        "upper(\"a\")",
        "urlencode(\"a b\")",
        "uuidv4()",
        "uuidv5(\"dns\", \"a\")",
        "values({ a = 1 })",
        "vault(\"secret/data/a\", \"k\")",
        "yamldecode(\"a: 1\")",
        "yamlencode({ a = 1 })",
        "zipmap([\"a\"], [1])",
    ] {
        expression(call);
    }
}

#[test]
fn ways_of_writing() {
    for text in [
        "<<EOT\n  a ${1 + 1}\n%{ if true ~}\n  b\n%{ else }\n  c\n%{ endif }\nEOT\n",
        "<<-EOT\n    a\n      %{ for x in [1, 2] ~}\n      ${x}\n      %{ endfor ~}\n    EOT\n",
        "\"a $${b} %%{c} \\\"d\\\" \\u00e9 \\U0001F600 \\t\"",
        "{ a : 1, \"b\" = 2, (\"c${1}\") = 3\n d = 4 }",
        "[\n    1, # one\n    2, // two\n    /* three */ 3,\n  ]",
        "true && !false || 1 < 2 && \"a\" != \"b\"",
        "-(1 + 2) * 3 % 4 / 5",
        "(1 == 1\n    ? \"a\"\n    : \"b\")",
        "[for i, v in [\"a\"] : { i = i, v = v }][0].v",
        "{ for k, v in { a = 1 } : upper(k) => v if v > 0 }",
        "[[1, 2], [3]][*][0]",
        "null",
        "1e3 + 1.5E-2",
        "length([for x in fileset(\".\", \"*\") : x])",
        "try(jsondecode(\"x\"), \"fallback\")",
        "max([1, 2, 3]...)",
        "format(\"%05d %-5s| %5.2f %t %q %v %#v %%\", 1, \"a\", 1.5, true, \"x\", [1], { a = 1 })",
    ] {
        expression(text);
    }
    for text in [
        "  provisioner \"shell-local\" {\n    inline = [\"{{ timestamp }} {{ isotime }} {{ isotime `2006` }} {{ build_name }} {{ uuid }} {{ upper `a` }} {{ split `a-b` `-` 0 }}\"]\n  }\n",
        "  provisioner \"shell-local\" {\n    inline = [\"docker inspect -f '{{`{{.Id}}`}}' {{ \\\"{{\\\" }}\"]\n  }\n",
        "  provisioner \"shell-local\" {\n    environment_vars = [\"A=${build.Host}\", \"B=${try(build.SSHPrivateKeyFile, \"\")}\"]\n    inline = [\"x\"]\n  }\n",
        "  provisioner \"shell-local\" {\n    inline = [for word in [\"a\", \"b\"] : \"echo ${word} ${build.ID}\"]\n  }\n",
        "  provisioner \"shell-local\" {\n    inline = concat([\"a\"], [\"echo ${build.User}\"], [for n in range(2) : \"${n}\"])\n  }\n",
    ] {
        step(text);
    }
    // A comment at the end, no line break after it; a byte order mark; line ends of Windows.
    let plain =
        "source \"null\" \"n\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = [\"null.n\"]\n} # end";
    accepted(plain);
    accepted(&plain.replace('\n', "\r\n"));
    accepted(&format!("\u{feff}{plain}"));
}

#[test]
fn json_of_the_second_language() {
    let errors = errors_with(
        &[(
            "t.pkr.json",
            r#"{
  "//": "a comment",
  "packer": { "required_version": ">= 1.7", "required_plugins": { "docker": { "version": ">= 1.0", "source": "github.com/hashicorp/docker" } } },
  "variable": { "a": { "type": "string", "default": "x" }, "b": { "type": "list(string)", "default": ["y"] } },
  "locals": { "c": "${upper(var.a)}", "d": ["${var.b[0]}", 1] },
  "local": { "e": { "expression": "${local.c}", "sensitive": true } },
  "data": { "null": { "n": { "input": "x" } } },
  "source": { "null": { "n": { "communicator": "none" } }, "docker": { "m": { "image": "debian", "commit": true } } },
  "build": [
    { "sources": ["source.null.n", "docker.m"],
      "provisioner": [
        { "shell-local": { "inline": ["echo ${local.c}"] } },
        { "shell-local": { "inline": ["x"], "only": ["null.n"] } }
      ],
      "post-processors": [ { "post-processor": [ { "manifest": {} } ] } ],
      "post-processor": { "checksum": { "checksum_types": ["sha256"] } } }
  ]
}"#,
        )],
        "t.pkr.json",
        |_| {},
    );
    assert!(errors.is_empty(), "{}", errors.iter().map(ToString::to_string).collect::<String>());
}

#[test]
fn templates_of_the_first_language() {
    legacy(
        r#"{
  "_comment": "kept",
  "_author": "me",
  "min_packer_version": "1.6.0",
  "description": "d",
  "variables": {
    "a": "x",
    "b": "{{env `HOME`}}/{{user `a`}}",
    "c": "{{isotime \"2006-01-02\"}}",
    "d": "{{ timestamp }}-{{ uuid }}",
    "e": "{{ template_dir }}/{{ pwd }}",
    "key": "{{ vault `secret/data/x` `k` }}",
    "con": "{{ consul_key `x` }}",
    "aws": "{{ aws_secretsmanager `x` `k` }}",
    "low": "{{ user `a` | lower }}",
    "rep": "{{ replace_all `-` `/` `a-b` }}{{ replace `a` `b` 1 `aaa` }}{{ split `a-b` `-` 1 }}"
  },
  "sensitive-variables": ["key"],
  "builders": [
    { "type": "qemu", "name": "one", "iso_url": "{{user `a`}}", "iso_checksum": "none", "ssh_username": "root",
      "disk_size": "20480", "headless": "true", "memory": "1024", "vm_name": "{{ build_name }}-{{ build_type }}",
      "boot_command": ["<wait>{{ .HTTPIP }}:{{ .HTTPPort }} {{ user `a` }}", "{{ if eq `a` `b` }}x{{ else }}y{{ end }}"],
      "qemuargs": [["-m", "1024"], ["-name", "{{ .Name }}"]], "accelerator": "tcg",
      "shutdown_command": "echo {{ user `a` }} | sudo -S poweroff" },
    { "type": "amazon-ebs", "ami_name": "x {{ clean_resource_name `a b` }}", "tags": { "a": "b" } },
    { "type": "docker", "image": "debian", "commit": true, "changes": ["ENV A=b"] },
    { "type": "null", "communicator": "none" }
  ],
  "provisioners": [
    { "type": "shell", "script": "x.sh", "execute_command": "{{.Vars}} sudo -E -S bash '{{.Path}}'", "only": ["one"],
      "override": { "one": { "execute_command": "x {{.Path}}" } }, "pause_before": "10s", "max_retries": "2" },
    { "type": "shell", "inline": "echo {{ build `ID` }}", "except": ["docker", "null"] },
    { "type": "file", "source": "x", "destination": "/tmp/", "direction": "upload" },
    { "type": "breakpoint", "note": "x", "disable": true },
    { "type": "shell-local", "command": "echo {{ user `b` }} {{ printf `%s-%s` (user `a`) build_name }}" }
  ],
  "error-cleanup-provisioner": { "type": "shell-local", "inline": ["x"] },
  "post-processors": [
    "compress",
    { "type": "manifest", "only": ["one"], "keep_input_artifact": true, "custom_data": { "a": "{{ user `c` }}" } },
    [ { "type": "vagrant", "output": "{{.Provider}}-{{.BuildName}}.box" }, { "type": "vagrant-cloud", "box_tag": "a/b", "version": "1", "access_token": "x" } ],
    [ { "type": "docker-tag", "repository": "x" }, "docker-push" ]
  ],
  "push": { "name": "a/b" }
}"#,
    );
    // Strings where the option is a number, a truth, a list; one value for a list of one.
    legacy(
        r#"{ "builders": [ { "type": "qemu", "iso_urls": "x.iso", "iso_checksum": "none", "cpus": "2", "headless": "false",
  "boot_command": "<enter>", "floppy_files": "a,b", "ssh_username": "x", "ssh_port": "22", "boot_wait": "5s",
  "http_port_min": "8000", "ssh_pty": "true", "disk_additional_size": "10G" } ] }"#,
    );
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

/// Packer looks at values of the running build only when it runs; a plan is made before. What it would need to know is
/// refused in a sentence.
#[test]
fn lists_that_only_the_running_build_knows_are_refused_with_a_reason() {
    for inline in [
        "build.Host == \"\" ? [\"a\"] : [\"b\"]",
        "[for word in split(\",\", build.Host) : \"echo ${word}\"]",
    ] {
        let text = format!(
            "source \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"null.n\"]\n  provisioner \"shell-local\" {{\n    inline = {inline}\n  }}\n}}\n"
        );
        let errors = errors_with(&[("t.pkr.hcl", &text)], "t.pkr.hcl", |_| {});
        assert!(
            errors.iter().any(|error| error.message.contains("known only during the build")),
            "{errors:?}"
        );
    }
}
