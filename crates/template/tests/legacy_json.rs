//! Templates of Packer's first language mean what Packer takes them to mean (packer.md 1.7).
#![allow(clippy::unwrap_used)] // helpers of tests may fail loudly

use goldsmith_template::config::{Origin, PostProcessor, Provisioner, Source};
use goldsmith_template::options::Communicator;
use goldsmith_template::{Analysis, Diagnostic, Inputs, MemoryFiles, Project, analyze};
use std::path::Path;

const QEMU: &str = r#"{
  "_comment": "a web server",
  "min_packer_version": "1.5.0",
  "variables": {
    "memory": "2{{user `zeros`}}", "zeros": "048", "home": "{{env `HOME`}}",
    "password": "s3cret", "needed": null
  },
  "sensitive-variables": ["password"],
  "builders": [
    {
      "type": "qemu", "name": "web",
      "iso_url": "file:///debian.iso", "iso_checksum": "none",
      "memory": "{{user `memory`}}", "cpus": "2", "headless": "true", "disk_size": 8192,
      "boot_command": "a,b{{.HTTPIP}}", "boot_wait": "5s",
      "qemuargs": [["-m", "{{user `memory`}}M"]],
      "ssh_username": "root", "ssh_password": "{{user `password`}}",
      "shutdown_command": "echo {{user `needed`}}{{user `undeclared`}}"
    },
    {"type": "vmware-iso", "iso_url": "x", "anything": {"goes": ["here"]}}
  ],
  "provisioners": [
    {"type": "shell", "inline": "true", "only": ["web"], "max_retries": "3",
     "environment_vars": ["NAME={{build_name}}"],
     "override": {"web": {"execute_command": "sudo {{.Path}}"}}},
    {"type": "shell", "script": "x.sh", "except": ["web"]},
    {"type": "serverspec", "source_path": "site"}
  ],
  "post-processors": [
    "vagrant",
    {"type": "checksum", "checksum_types": "md5,sha1"},
    [{"type": "compress", "output": "a.tar.gz"}, {"type": "manifest", "keep_input_artifact": true}]
  ]
}"#;

fn with(text: &str, change: impl FnOnce(&mut Inputs)) -> Analysis {
    let files = MemoryFiles::new()
        .with("t.json", text)
        .with("/w/v.json", r#"{"needed": "file", "zeros": "000"}"#)
        .with("/w/numbers.json", r#"{"needed": 5}"#);
    let project = Project::open(&files, Path::new("t.json")).unwrap();
    let mut inputs = Inputs::harmless("/w");
    change(&mut inputs);
    analyze(&project, &files, &inputs)
}

fn needed(inputs: &mut Inputs) {
    inputs.vars.push(("needed".to_owned(), "now".to_owned()));
}

fn errors(analysis: &Analysis) -> Vec<&Diagnostic> {
    analysis.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect()
}

#[test]
fn builders_become_jobs_with_typed_options() {
    let analysis = with(QEMU, |inputs| {
        needed(inputs);
        inputs.env.insert("HOME".to_owned(), "/home/x".to_owned());
        inputs.env.insert("PKR_VAR_zeros".to_owned(), "9".to_owned());
    });
    assert!(errors(&analysis).is_empty(), "{:?}", analysis.diagnostics);
    let config = analysis.config.unwrap();
    let names: Vec<_> = config.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["web", "vmware-iso"]);
    let web = &config.jobs[0];
    assert_eq!((web.source_type.as_str(), web.packer_build_name.as_str()), ("qemu", "web"));
    let Source::Qemu(qemu) = &web.source else { panic!("{:?}", web.source) };
    assert_eq!((qemu.machine.memory, qemu.machine.cpus, qemu.machine.headless), (2048, 2, true));
    assert_eq!(qemu.iso.disk_size.bytes, 8192 << 20);
    let commands: Vec<_> = qemu.boot.boot_command.iter().map(|text| text.display()).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert_eq!(qemu.boot.boot_command[1].holes().count(), 1);
    assert_eq!(qemu.machine.qemuargs[0][1].known(), Some("2048M"));
    let shutdown = serde_json::to_string(&qemu.shutdown.shutdown_command).unwrap();
    assert!(shutdown.contains("echo now"), "{shutdown}");
    let Communicator::Ssh { ssh, .. } = &web.communicator else { panic!("{:?}", web.communicator) };
    assert!(ssh.ssh_password.as_ref().unwrap().sensitive);
    assert_eq!(analysis.sensitive, ["s3cret"]);

    assert_eq!(web.provisioners.len(), 2);
    assert_eq!(web.provisioners[0].meta.max_retries, 3);
    let Provisioner::Shell(shell) = &web.provisioners[0].provisioner else { panic!() };
    assert_eq!(shell.inline.iter().map(|line| line.known().unwrap()).collect::<Vec<_>>(), ["true"]);
    assert_eq!(shell.environment_vars[0].known(), Some("NAME=web"));
    let command = serde_json::to_string(&shell.execute_command).unwrap();
    assert!(command.contains("sudo "), "{command}");
    assert_eq!(config.jobs[1].provisioners.len(), 2);

    let lengths: Vec<_> = web.post_processors.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 1, 2]);
    assert!(
        matches!(&web.post_processors[0][0].post_processor, PostProcessor::Vagrant(box_) if box_.compression_level == -1)
    );
    let PostProcessor::Checksum(checksum) = &web.post_processors[1][0].post_processor else { panic!() };
    assert_eq!(serde_json::to_value(&checksum.checksum_types).unwrap().as_array().unwrap().len(), 2);
    assert_eq!(web.post_processors[2][1].keep_input_artifact, Some(true));

    let value = |name: &str| config.variables.iter().find(|v| v.name == name).unwrap();
    assert_eq!(value("memory").value, "2048");
    assert_eq!(value("home").value, "/home/x");
    assert_eq!(value("password").value, "<sensitive>");
    assert_eq!(value("needed").origin, Origin::CommandLine);
}

#[test]
fn the_command_line_beats_files_and_required_values_are_asked_for() {
    let value = |analysis: &Analysis, name: &str| {
        let config = analysis.config.as_ref().unwrap_or_else(|| panic!("{:?}", analysis.diagnostics));
        config.variables.iter().find(|v| v.name == name).unwrap().value.clone()
    };
    let file = with(QEMU, |inputs| inputs.var_files.push("v.json".into()));
    assert_eq!(value(&file, "needed"), "file");
    assert_eq!(value(&file, "memory"), "2000");
    let both = with(QEMU, |inputs| {
        inputs.var_files.push("v.json".into());
        needed(inputs);
    });
    assert_eq!(value(&both, "needed"), "now");
    let none = with(QEMU, |_| {});
    let found = errors(&none);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, "variable.unset");
    assert_eq!(found[0].excerpt.as_deref(), Some("\"needed\""));
    let number = with(QEMU, |inputs| inputs.var_files.push("numbers.json".into()));
    assert!(errors(&number).iter().any(|d| d.code == "variable.value" && d.excerpt.as_deref() == Some("5")));
}

#[test]
fn only_and_except_are_exact_names() {
    let selected = |only: &str| {
        let analysis = with(QEMU, |inputs| {
            needed(inputs);
            inputs.only.push(only.to_owned());
        });
        analysis.config.map(|config| config.jobs.into_iter().map(|job| job.name).collect::<Vec<_>>())
    };
    assert_eq!(selected("web"), Some(vec!["web".to_owned()]));
    assert_eq!(selected("*"), None);
}

#[test]
fn mistakes_are_refused_where_they_are() {
    let base = r#"{"variables": {"a": "x"}, "builders": [{"type": "null", "ssh_host": "h", "ssh_username": "u", "ssh_password": "p"}],
        "provisioners": [{"type": "shell", "inline": ["{{user `a`}}"]}]}"#;
    assert!(errors(&with(base, |_| {})).is_empty());
    for (from, to, code, excerpt) in [
        (r#""variables""#, r#""varibles""#, "root.unknown", r#""varibles""#),
        (r#""ssh_host""#, r#""ssh_hots""#, "option.unknown", r#""ssh_hots""#),
        (r#""shell""#, r#""shel""#, "component.unknown", r#""shel""#),
        (r#"["{{user `a`}}"]"#, r#"["{{user `a}}"]"#, "gotemplate.invalid", "`"),
        (r#"["{{user `a`}}"]"#, r#"["{{env `a`}}"]"#, "gotemplate.invalid", "env"),
        (r#""inline""#, r#""only": ["nul"], "inline""#, "step.unknown-source", r#""nul""#),
        (r#""a": "x""#, r#""a": "{{user `b`}}", "b": "{{user `a`}}""#, "variable.value", r#""{{user `b`}}""#),
        (r#""a": "x""#, r#""a": 5"#, "variable.default", "5"),
        (r#""ssh_host""#, r#""SSH_Host": "h", "ssh_host""#, "option.unknown", r#""ssh_host""#),
        (r#""inline""#, r#""Only": ["null"], "inline""#, "option.unknown", r#""Only""#),
        (r#""a": "x""#, r#""a": ["x"]"#, "variable.default", r#"["x"]"#),
        (r#"[{"type": "null""#, r#"[{"type": "null"}, {"type": "null""#, "builder.duplicate", r#""null""#),
        (r#"{"variables""#, r#"{"min_packer_version": "2.0", "variables""#, "packer.version", r#""2.0""#),
        (r#""ssh_host": "h""#, r#""ssh_host": "h", "ssh_port": "x""#, "option.type", r#""x""#),
    ] {
        let text = base.replacen(from, to, 1);
        assert_ne!(text, base);
        let analysis = with(&text, |_| {});
        let found = errors(&analysis);
        assert!(
            found.iter().any(|d| d.code == code && d.excerpt.as_deref() == Some(excerpt)),
            "{to}: {found:?}"
        );
        assert!(analysis.config.is_none());
    }
}

#[test]
fn hcl_written_as_json_means_the_same_as_hcl() {
    let text = r#"{
  "variable": {"size": {"type": "number", "default": 1024}, "names": {"default": ["a", "b"]}},
  "locals": {"twice": "${var.size * 2}"},
  "source": {"qemu": {"web": {
    "iso_url": "file:///x.iso", "iso_checksum": "none", "memory": "${local.twice}", "ssh_username": "root",
    "qemu_img_args": {"create": ["-o", "x"]}
  }}},
  "build": {"sources": ["source.qemu.web"], "provisioner": [
    {"shell": {"inline": ["echo ${join(\",\", var.names)}", "echo ${build.Host}"]}}
  ]}
}"#;
    let files = MemoryFiles::new().with("t.pkr.json", text);
    let project = Project::open(&files, Path::new("t.pkr.json")).unwrap();
    let analysis = analyze(&project, &files, &Inputs::harmless("/w"));
    assert!(errors(&analysis).is_empty(), "{:?}", analysis.diagnostics);
    let config = analysis.config.unwrap();
    assert_eq!(config.jobs[0].name, "qemu.web");
    let Source::Qemu(qemu) = &config.jobs[0].source else { panic!() };
    assert_eq!(qemu.machine.memory, 2048);
    let Provisioner::Shell(shell) = &config.jobs[0].provisioners[0].provisioner else { panic!() };
    assert_eq!(shell.inline[0].known(), Some("echo a,b"));
    assert_eq!(shell.inline[1].holes().count(), 1);

    let wrong = text.replace("var.size * 2", "var.sise * 2");
    let files = MemoryFiles::new().with("t.pkr.json", wrong);
    let project = Project::open(&files, Path::new("t.pkr.json")).unwrap();
    let analysis = analyze(&project, &files, &Inputs::harmless("/w"));
    assert!(
        errors(&analysis).iter().any(|d| d.excerpt.as_deref() == Some("var.sise")),
        "{:?}",
        analysis.diagnostics
    );
}

#[test]
fn a_folder_loads_both_kinds_of_hcl() {
    let files = MemoryFiles::new()
        .with("/f/a.pkr.json", r#"{"source": {"null": {"x": {"communicator": "none"}}}}"#)
        .with(
            "/f/z.pkr.hcl",
            "variable \"v\" { type = string }\nbuild {\n  name = var.v\n  sources = [\"null.x\"]\n}\n",
        )
        .with("/f/v.auto.pkrvars.json", r#"{"v": "n"}"#)
        .with("/f/other.json", "{");
    let project = Project::open(&files, Path::new("/f")).unwrap();
    let names: Vec<_> = project.documents().iter().map(|document| document.name().to_owned()).collect();
    assert_eq!(names, ["/f/z.pkr.hcl", "/f/a.pkr.json"]);
    let analysis = analyze(&project, &files, &Inputs::harmless("/f"));
    assert_eq!(
        analysis.config.unwrap_or_else(|| panic!("{:?}", analysis.diagnostics)).jobs[0].name,
        "n.null.x"
    );
}
