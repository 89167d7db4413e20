//! The language as a whole: late values, data sources, foreign bodies, and where diagnostics point.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use goldsmith_template::config::Provisioner;
use goldsmith_template::{Analysis, Hole, Inputs, MemoryFiles, Project, analyze};
use std::path::Path;

fn run(name: &str, template: &str) -> Analysis {
    let files = MemoryFiles::new().with(name, template);
    let project = Project::open(&files, Path::new(name)).unwrap();
    analyze(&project, &files, &Inputs::harmless("/cwd"))
}

/// `code: excerpt` of every error.
fn errors(name: &str, template: &str) -> Vec<String> {
    let analysis = run(name, template);
    let errors = analysis.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.map(|d| format!("{}: {}", d.code, d.excerpt.clone().unwrap_or_default())).collect()
}

const NULL: &str = "source \"null\" \"n\" {\n  communicator = \"none\"\n}\n";

fn build(steps: &str) -> String {
    format!("{NULL}build {{\n  name = \"b\"\n  sources = [\"null.n\"]\n{steps}\n}}\n")
}

#[test]
fn values_of_the_running_build_can_be_computed_with() {
    let template = build(
        "  provisioner \"shell-local\" {\n    inline = [\"echo ${upper(build.ID)} ${build.name} ${split(\"/\", build.Host)[0]}\"]\n  }",
    );
    let analysis = run("t.pkr.hcl", &template);
    let config = analysis.config.unwrap_or_else(|| panic!("{:?}", analysis.diagnostics));
    let Provisioner::ShellLocal(options) = &config.jobs[0].provisioners[0].provisioner else { panic!() };
    let filled = options.inline[0].resolve(&|hole| match hole {
        Hole::Late { expression, .. } => goldsmith_template::eval::finish(expression, &|name| match name {
            "ID" => Some("vm-1".to_owned()),
            "Host" => Some("10.0.0.1/24".to_owned()),
            _ => None,
        })
        .ok(),
        _ => None,
    });
    assert_eq!(filled.unwrap(), "echo VM-1 b 10.0.0.1");
}

#[test]
fn a_secret_in_a_late_expression_is_never_shown() {
    let template = format!(
        "variable \"key\" {{\n  default = \"hunter2\"\n  sensitive = true\n}}\n{}",
        build("  provisioner \"shell-local\" {\n    inline = [upper(\"${var.key}${build.ID}\")]\n  }")
    );
    let config = run("t.pkr.hcl", &template).config.unwrap();
    let Provisioner::ShellLocal(options) = &config.jobs[0].provisioners[0].provisioner else { panic!() };
    assert_eq!(options.inline[0].display(), "<sensitive>");
    assert!(!format!("{:?}", options.inline).contains("hunter2"));
}

#[test]
fn the_null_data_source_gives_back_its_input_and_locals_and_data_form_one_graph() {
    let template = format!(
        "locals {{\n  b = \"${{data.null.x.output}}!\"\n  a = \"in\"\n}}\ndata \"null\" \"x\" {{\n  input = local.a\n}}\n{}",
        build("  provisioner \"shell-local\" {\n    inline = [local.b]\n  }")
    );
    let config = run("t.pkr.hcl", &template).config.unwrap();
    let Provisioner::ShellLocal(options) = &config.jobs[0].provisioners[0].provisioner else { panic!() };
    assert_eq!(options.inline[0].known(), Some("in!"));
    assert!(config.foreign_data.is_empty());
    let cycle = format!(
        "data \"null\" \"x\" {{\n  input = data.null.y.output\n}}\ndata \"null\" \"y\" {{\n  input = local.l\n}}\nlocals {{\n  l = data.null.x.output\n}}\n{}",
        build("")
    );
    assert_eq!(errors("t.pkr.hcl", &cycle), ["local.cycle: data \"null\" \"x\""]);
    let unknown = format!("data \"nobody\" \"x\" {{}}\n{}", build(""));
    assert_eq!(errors("t.pkr.hcl", &unknown), ["component.unknown: \"nobody\""]);
}

#[test]
fn names_are_checked_in_parts_that_are_not_built_here() {
    let template = "source \"vmware-iso\" \"v\" {\n  vm_name = var.nmae\n  disk {\n    size = nofunc(1)\n    size = 2\n  }\n}\nbuild {\n  sources = [\"vmware-iso.v\"]\n  provisioner \"converge\" {\n    user = local.nope\n  }\n}\n";
    assert_eq!(
        errors("t.pkr.hcl", template),
        [
            "eval.reference: var.nmae",
            "eval.unknown-function: nofunc",
            "attribute.duplicate: size",
            "eval.reference: local.nope"
        ]
    );
}

#[test]
fn a_step_for_other_sources_is_not_looked_at() {
    let template = r#"{"builders": [{"type": "null", "communicator": "none", "name": "a"}],
        "provisioners": [{"type": "shell-local", "inline": "echo {{split build_name `-` 3}}", "except": "a"}]}"#;
    assert!(errors("t.json", template).is_empty());
    assert_eq!(errors("t.json", &template.replace(r#", "except": "a""#, "")), ["gotemplate.invalid: split"]);
}

#[test]
fn go_template_diagnostics_point_into_the_literal() {
    for (written, excerpt) in [
        (r#""plain {{ nope }} x""#, "nope"),
        (r#""\u00e9\t\"q\" {{ nope }} x""#, "nope"),
        (r#""${upper("é")} \\ {{ nope }} x""#, "nope"),
        (r#""{{ if .A }} no end""#, "{{ if .A }}"),
        ("<<EOT\nline\n\té {{ nope }}\nEOT\n", "nope"),
        ("<<-EOT\n      line\n        é {{ nope }} x\n      EOT\n", "nope"),
        (r#""%{ if true }{{ nope }}%{ endif }""#, "nope"),
    ] {
        let steps = format!("  provisioner \"shell-local\" {{\n    inline = [\"first\", {written}]\n  }}");
        let found = errors("t.pkr.hcl", &build(&steps));
        assert_eq!(found, [format!("gotemplate.invalid: {excerpt}")], "{written}");
    }
    for written in
        [r#""\u00e9\t\"q\" {{ nope }} x""#, r#""\ud83d\ude00 é {{nope}}""#, r#""a\/b\\ {{ nope }}""#]
    {
        let legacy = format!(
            r#"{{"builders": [{{"type": "null", "communicator": "none"}}], "provisioners": [{{"type": "shell-local", "inline": ["x", {written}]}}]}}"#
        );
        assert_eq!(errors("t.json", &legacy), ["gotemplate.invalid: nope"], "{written}");
        let hcl = format!(
            r#"{{"source": {{"null": {{"n": {{"communicator": "none"}}}}}}, "build": {{"sources": ["null.n"], "provisioner": {{"shell-local": {{"inline": ["x", {written}]}}}}}}}}"#
        );
        assert_eq!(errors("t.pkr.json", &hcl), ["gotemplate.invalid: nope"], "{written}");
    }
}
