use super::*;
use crate::files::MemoryFiles;
use crate::options::Communicator;
use std::path::Path;
use std::time::Duration;

fn run_with(template: &str, change: impl FnOnce(&mut Inputs), extra: &[(&str, &str)]) -> Analysis {
    let mut files = MemoryFiles::new().with("/t/a.pkr.hcl", template);
    for (path, content) in extra {
        files = files.with(*path, *content);
    }
    let project = Project::open(&files, Path::new("/t")).unwrap();
    let mut inputs = Inputs::harmless("/cwd");
    change(&mut inputs);
    analyze(&project, &files, &inputs)
}

fn run(template: &str) -> Analysis {
    run_with(template, |_| {}, &[])
}

/// `line:column code` of every error and warning.
fn problems(analysis: &Analysis) -> Vec<String> {
    let shown = analysis.diagnostics.iter().filter(|d| d.severity != crate::diagnostic::Severity::Info);
    shown
        .map(|d| match &d.place {
            Some(place) => format!("{}:{} {}", place.line, place.column, d.code),
            None => d.code.clone(),
        })
        .collect()
}

fn config(analysis: Analysis) -> Config {
    let shown: Vec<String> = analysis.diagnostics.iter().map(ToString::to_string).collect();
    analysis.config.unwrap_or_else(|| panic!("refused: {shown:#?}"))
}

const NULL: &str = "source \"null\" \"n\" {\n  communicator = \"none\"\n}\n";

fn shell(job: &Job, index: usize) -> &crate::options::ShellOptions {
    match &job.provisioners[index].provisioner {
        Provisioner::Shell(options) => options,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whole_template_becomes_jobs() {
    let template = r#"
packer {
  required_version = ">= 1.7.0"
  required_plugins {
    qemu = { version = ">= 1.0.0", source = "github.com/hashicorp/qemu" }
  }
}
variable "memory" {
  type    = number
  default = 1024
}
locals {
  out  = "out-${local.name}"
  name = "web"
}
source "qemu" "debian" {
  disk_image       = true
  iso_url          = "base.qcow2"
  iso_checksum     = "none"
  disk_size        = "8G"
  memory           = var.memory
  output_directory = local.out
  ssh_username     = "root"
  ssh_timeout      = "10m"
  boot_command     = ["{{ .HTTPIP }}:{{ .HTTPPort }}<enter>", "{{ build_name }}"]
  qemuargs         = [["-device", "virtio-rng-pci"]]
  qemu_img_args {
    convert = ["-o", "x"]
  }
}
build {
  name    = "all"
  sources = ["source.qemu.debian"]
  source "qemu.debian" {
    name = "other"
    headless = true
  }
  provisioner "shell" {
    inline           = ["echo ${build.Host} ${source.name}"]
    environment_vars = ["A=1"]
    pause_before     = "5s"
    timeout          = "1m"
    max_retries      = 2
    override = {
      other = { inline = ["echo other"] }
    }
  }
  provisioner "file" {
    only        = ["qemu.other"]
    source      = "a"
    destination = "/tmp/a"
  }
  post-processors {
    post-processor "checksum" {
      checksum_types = ["sha256"]
    }
    post-processor "manifest" {}
  }
}
"#;
    let config = config(run(template));
    let names: Vec<&str> = config.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["all.qemu.debian", "all.qemu.other"]);
    let Source::Qemu(qemu) = &config.jobs[0].source else { panic!() };
    assert_eq!(qemu.machine.memory, 1024);
    assert_eq!(qemu.iso.disk_size.bytes, 8 << 30);
    assert_eq!(qemu.machine.output_directory.as_ref().unwrap().known(), Some("out-web"));
    assert_eq!(qemu.boot.boot_command[0].display(), "{{ .HTTPIP }}:{{ .HTTPPort }}<enter>");
    assert_eq!(qemu.boot.boot_command[1].known(), Some("debian"));
    assert_eq!(qemu.qemu_img_args.convert.len(), 2);
    assert!(!qemu.machine.headless);
    let Source::Qemu(other) = &config.jobs[1].source else { panic!() };
    assert!(other.machine.headless);
    // The alias names the job; the source's own name is what Packer hands to plugins.
    assert_eq!(config.jobs[1].packer_build_name, "debian");
    let Communicator::Ssh { ssh, .. } = &config.jobs[0].communicator else { panic!() };
    assert_eq!((ssh.ssh_timeout, ssh.ssh_handshake_attempts), (Some(Duration::from_secs(600)), None));
    assert_eq!(shell(&config.jobs[0], 0).inline[0].display(), "echo {build.Host} debian");
    assert_eq!(shell(&config.jobs[1], 0).inline[0].display(), "echo other");
    let meta = &config.jobs[0].provisioners[0].meta;
    assert_eq!((meta.pause_before, meta.timeout, meta.max_retries), (Duration::from_secs(5), None, 2));
    assert_eq!((config.jobs[0].provisioners.len(), config.jobs[1].provisioners.len()), (1, 2));
    assert_eq!(config.jobs[0].post_processors[0].len(), 2);
    // The plan embeds all of it.
    let json = serde_json::to_string(&config).unwrap();
    assert!(serde_json::from_str::<Config>(&json).is_ok());
}

#[test]
fn all_problems_at_once_each_at_its_place() {
    let template = r#"source "qemu" "a" {
  iso_url      = "x"
  iso_checksum = "none"
  memroy       = 5
  cpus         = "many"
  disk_size    = "8GB"
  boot_command = "one"
  format       = "qcow"
  ssh_username = var.user
}
build {
  sources = ["qemu.b", "qemu.a"]
  provisioner "shel" {}
  provisioner "shell" {
    inline = ["{{ nope }}"]
    script = "x"
    max_retries = "few"
  }
}
biuld {}
locals {
  a = local.b
  b = local.a
}
variable "v" {}
"#;
    let analysis = run(template);
    assert!(analysis.config.is_none());
    assert_eq!(
        problems(&analysis),
        [
            "4:3 option.unknown",
            "5:18 option.type",
            "6:3 option.value",
            "7:18 option.type",
            "8:3 option.value",
            "9:18 eval.reference",
            "12:14 build.unknown-source",
            "13:15 component.unknown",
            "15:19 gotemplate.invalid",
            "16:5 option.conflict",
            "17:19 option.type",
            "20:1 block.unknown",
            "22:3 local.cycle",
            "25:1 variable.unset",
        ],
        "{:#?}",
        analysis.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
    let unknown = &analysis.diagnostics[0];
    assert_eq!(unknown.help.as_deref(), Some("did you mean \"memory\"?"));
    assert_eq!(unknown.excerpt.as_deref(), Some("memroy"));
    assert_eq!(unknown.fix.as_ref().unwrap().replacements[0].text, "memory");
}

#[test]
fn precedence_of_variables() {
    let template = format!(
        "variable \"v\" {{\n  default = \"default\"\n}}\n{NULL}build {{\n  sources = [\"null.n\"]\n  provisioner \"shell-local\" {{\n    inline = [var.v]\n  }}\n}}\n"
    );
    let files = [
        ("/t/x.auto.pkrvars.hcl", "v = \"auto hcl\""),
        ("/t/a.auto.pkrvars.json", "{\"v\": \"auto json\"}"),
        ("/cwd/one.pkrvars.hcl", "v = \"one\""),
        ("/cwd/two.json", "{\"v\": \"two\"}"),
    ];
    let value = |change: &dyn Fn(&mut Inputs), files: &[(&str, &str)]| {
        let config = config(run_with(&template, change, files));
        (config.variables[0].value.as_str().unwrap().to_owned(), config.variables[0].origin.clone())
    };
    let env = |inputs: &mut Inputs| drop(inputs.env.insert("PKR_VAR_v".into(), "env".into()));
    assert_eq!(value(&|_| {}, &[]), ("default".into(), Origin::Default));
    assert_eq!(value(&env, &[]), ("env".into(), Origin::Environment));
    assert_eq!(value(&env, &files).0, "auto json");
    let given = |inputs: &mut Inputs| {
        env(inputs);
        inputs.var_files = vec!["two.json".into(), "one.pkrvars.hcl".into()];
    };
    assert_eq!(value(&given, &files).0, "one");
    let line = |inputs: &mut Inputs| {
        given(inputs);
        inputs.vars = vec![("v".into(), "first".into()), ("v".into(), "${last}".into())];
    };
    assert_eq!(value(&line, &files), ("${last}".into(), Origin::CommandLine));
}

#[test]
fn text_from_outside_is_literal_or_an_expression_by_type() {
    let template = format!(
        "variable \"l\" {{\n  type = list(string)\n}}\nvariable \"b\" {{\n  default = true\n}}\nvariable \"n\" {{\n  type = number\n}}\n{NULL}build {{\n  sources = [\"null.n\"]\n}}\n"
    );
    let set = |l: &str, n: &str| {
        let vars =
            vec![("l".to_owned(), l.to_owned()), ("b".into(), "false".into()), ("n".into(), n.to_owned())];
        run_with(&template, |inputs| inputs.vars = vars, &[])
    };
    let good = config(set("[\"a\", 1]", "12"));
    let shown: Vec<String> = good.variables.iter().map(|v| v.value.to_string()).collect();
    assert_eq!(shown, ["[\"a\",\"1\"]", "false", "12"]);
    assert_eq!(problems(&set("a", "x")), ["1:1 variable.value", "7:1 variable.value"]);
    let undeclared = run_with(&template, |inputs| inputs.vars = vec![("nope".into(), "1".into())], &[]);
    assert!(problems(&undeclared).contains(&"variable.undeclared".to_owned()));
}

#[test]
fn sensitive_values_are_collected_and_not_shown() {
    let template = format!(
        "variable \"p\" {{\n  default = \"hunter2\"\n  sensitive = true\n}}\nlocal \"q\" {{\n  expression = \"s3cret\"\n  sensitive = true\n}}\n{NULL}build {{\n  sources = [\"null.n\"]\n  provisioner \"shell-local\" {{\n    inline = [\"login ${{var.p}} ${{local.q}}\"]\n  }}\n}}\n"
    );
    let analysis = run(&template);
    assert_eq!(analysis.sensitive, ["hunter2", "s3cret"]);
    let config = config(analysis);
    assert_eq!(config.variables[0].value, "<sensitive>");
    let Provisioner::ShellLocal(options) = &config.jobs[0].provisioners[0].provisioner else { panic!() };
    assert_eq!(options.inline[0].display(), "<sensitive>");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn validation_blocks_refuse_values() {
    let template = format!(
        "variable \"v\" {{\n  default = \"abc\"\n  validation {{\n    condition     = length(var.v) > 5\n    error_message = \"Too short.\"\n  }}\n}}\n{NULL}build {{\n  sources = [\"null.n\"]\n}}\n"
    );
    let analysis = run(&template);
    assert_eq!(problems(&analysis), ["1:1 variable.invalid"]);
    assert!(analysis.diagnostics[0].message.ends_with("Too short."));
}

#[test]
fn only_and_except_select_by_pattern() {
    let template = format!(
        "{NULL}source \"null\" \"m\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  name = \"b\"\n  sources = [\"null.n\", \"null.m\"]\n}}\n"
    );
    let select = |only: &[&str], except: &[&str]| {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        run_with(&template, |inputs| (inputs.only, inputs.except) = (own(only), own(except)), &[])
    };
    let names =
        |analysis: Analysis| config(analysis).jobs.into_iter().map(|job| job.name).collect::<Vec<_>>();
    assert_eq!(names(select(&["*.m"], &[])), ["b.null.m"]);
    assert_eq!(names(select(&[], &["b.null.m"])), ["b.null.n"]);
    assert_eq!(problems(&select(&["null.n"], &[])), ["selection.unmatched", "selection.nothing"]);
}

#[test]
fn foreign_parts_are_kept_and_reported() {
    let template = "source \"amazon-ebs\" \"x\" {\n  region = \"eu\"\n}\ndata \"http\" \"d\" {\n  url = \"x\"\n}\nbuild {\n  sources = [\"amazon-ebs.x\"]\n  provisioner \"serverspec\" {\n    source_path = \"p\"\n  }\n  provisioner \"shell\" {\n    inline = [data.http.d.body]\n  }\n}\n";
    let analysis = run(template);
    assert!(problems(&analysis).is_empty(), "{:?}", problems(&analysis));
    let codes: Vec<&str> = analysis.diagnostics.iter().map(|d| d.code.as_str()).collect();
    assert_eq!(codes, ["foreign.source", "foreign.data", "foreign.provisioner"]);
    let config = config(analysis);
    let foreign: Vec<&str> = config.jobs[0].foreign().iter().map(|f| f.type_name.as_str()).collect();
    assert_eq!(foreign, ["amazon-ebs", "serverspec"]);
    assert_eq!(config.foreign_data.len(), 1);
}

#[test]
fn dynamic_blocks_expand() {
    let template = format!(
        "{NULL}build {{\n  sources = [\"null.n\"]\n  dynamic \"provisioner\" {{\n    for_each = [\"a\", \"b\"]\n    labels   = [\"shell-local\"]\n    content {{\n      inline = [\"echo ${{provisioner.value}}\"]\n    }}\n  }}\n}}\n"
    );
    let config = config(run(&template));
    assert_eq!(config.jobs[0].provisioners.len(), 2);
    let Provisioner::ShellLocal(options) = &config.jobs[0].provisioners[1].provisioner else { panic!() };
    assert_eq!(options.inline[0].known(), Some("echo b"));
}

#[test]
fn a_build_adds_to_a_source_and_does_not_change_it() {
    let template = "source \"null\" \"n\" {\n  communicator = \"none\"\n}\nbuild {\n  source \"null.n\" {\n    communicator = \"ssh\"\n  }\n}\n";
    assert_eq!(problems(&run(template)), ["6:5 attribute.duplicate"]);
}

#[test]
fn bootstrap_needs_nothing_but_its_name() {
    let config = config(run("source \"bootstrap\" \"d\" {}\nbuild {\n  sources = [\"bootstrap.d\"]\n}\n"));
    let Source::Bootstrap(options) = &config.jobs[0].source else { panic!() };
    assert_eq!((options.system.distribution.as_str(), options.system.disk_size.bytes), ("debian", 8 << 30));
    assert!(options.system.generalize && options.system.openssh && !options.system.cloud_init);
    let Communicator::Ssh { ssh, .. } = &config.jobs[0].communicator else { panic!() };
    assert_eq!(ssh.ssh_username.as_ref().and_then(|user| user.known()), Some("root"));
}

#[test]
fn the_tiny_guest_template_of_the_fixtures_is_understood() {
    let template = r#"
variable "tiny" {
  type = string
}
source "qemu" "tiny" {
  accelerator          = "tcg"
  disk_image           = true
  iso_url              = "${var.tiny}/tiny.qcow2"
  iso_checksum         = "none"
  disk_size            = "64M"
  skip_resize_disk     = true
  ssh_username         = "root"
  ssh_private_key_file = "${var.tiny}/id_ed25519"
  boot_wait            = "1s"
  shutdown_command     = "poweroff"
}
build {
  sources = ["source.qemu.tiny"]
  post-processor "checksum" {
    checksum_types = ["sha256"]
    output         = "out-disk/tiny.{{.ChecksumType}}"
  }
  post-processor "compress" {
    output              = "tiny.tar.gz"
    keep_input_artifact = true
  }
}
"#;
    let analysis = run_with(template, |inputs| inputs.vars = vec![("tiny".into(), "/g".into())], &[]);
    let job = config(analysis).jobs.remove(0);
    let Source::Qemu(qemu) = &job.source else { panic!() };
    assert_eq!(qemu.iso.iso_url.as_ref().and_then(|url| url.known()), Some("/g/tiny.qcow2"));
    assert_eq!(qemu.boot.boot_wait, Duration::from_secs(1));
    let PostProcessor::Checksum(checksum) = &job.post_processors[0][0].post_processor else { panic!() };
    assert_eq!(checksum.output.display(), "out-disk/tiny.{{.ChecksumType}}");
    assert_eq!(job.post_processors[1][0].keep_input_artifact, Some(true));
}

/// What the build fills in is a hole in a default, too, as in a text of the user's.
#[test]
fn defaults_that_are_filled_in_late_have_holes() {
    let steps = "  post-processor \"checksum\" {}\n  post-processor \"compress\" {}\n";
    let config = config(run(&format!("{NULL}build {{\n  sources = [\"source.null.n\"]\n{steps}}}\n")));
    let job = &config.jobs[0];
    let PostProcessor::Checksum(checksum) = &job.post_processors[0][0].post_processor else { panic!() };
    assert_eq!(
        checksum.output.display(),
        "packer_{{.BuildName}}_{{.BuilderType}}_{{.ChecksumType}}.checksum"
    );
    assert_eq!(checksum.output.holes().count(), 3);
    let PostProcessor::Compress(compress) = &job.post_processors[1][0].post_processor else { panic!() };
    assert_eq!(compress.output.holes().count(), 2);
}
