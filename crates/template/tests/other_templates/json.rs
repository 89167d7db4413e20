//! Templates written as JSON, of the second language and of the first.

use super::errors_with;

#[track_caller]
fn legacy(text: &str) {
    let errors = errors_with(&[("t.json", text)], "t.json", |_| {});
    assert!(errors.is_empty(), "{}", errors.iter().map(ToString::to_string).collect::<String>());
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
