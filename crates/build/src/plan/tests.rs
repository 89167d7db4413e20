//! What a plan refuses, in whose name, and what it leaves out.

use std::path::Path;

use goldsmith_machine::HostFacts;
use goldsmith_process::Dirs;
use goldsmith_template::{Inputs, MemoryFiles, Project, analyze};

use super::{PlanError, plan};
use crate::work::{PlanRequest, Prepared};

const SOURCES: &str = r#"
source "qemu" "ours" {
  disk_image   = true
  iso_url      = "disk.qcow2"
  iso_checksum = "none"
  ssh_username = "root"
  ssh_password = "secret"
}
source "amazon-ebs" "theirs" {
  region = "eu-central-1"
}
"#;

fn planned(build: &str, skip_foreign: bool) -> Result<Prepared, PlanError> {
    let path = Path::new("/t/t.pkr.hcl");
    let files = MemoryFiles::new().with(path, format!("{SOURCES}build {{\n{build}\n}}\n").into_bytes());
    let project = Project::open(&files, path).unwrap();
    let inputs = Inputs { external: true, ..Inputs::harmless("/t") };
    let analysis = analyze(&project, &files, &inputs);
    let config = analysis.config.unwrap_or_else(|| panic!("{:?}", analysis.diagnostics));
    let request = PlanRequest { cwd: "/t".into(), skip_foreign, ..PlanRequest::default() };
    plan(&config, &HostFacts::default(), &Dirs::under(Path::new("/h")), &request)
}

const BOTH: &str = r#"sources = ["source.qemu.ours", "source.amazon-ebs.theirs"]"#;

#[test]
fn a_foreign_source_stops_it_with_the_only_that_would_work() {
    let error = planned(BOTH, false).unwrap_err();
    assert!(
        error.message.contains("amazon-ebs.theirs") && error.message.contains("`amazon-ebs`"),
        "{error:?}"
    );
    assert!(error.hints.iter().any(|hint| hint.contains("-only 'qemu.ours'")), "{error:?}");
    assert!(error.hints.iter().any(|hint| hint.contains("--skip-foreign")), "{error:?}");
    assert!(error.place.is_some());
}

#[test]
fn skipping_leaves_out_sources_and_says_so() {
    let plan = planned(BOTH, true).unwrap().plan;
    let names: Vec<&str> = plan.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["qemu.ours"]);
    assert!(plan.partial);
    assert_eq!(plan.skipped.len(), 1);
    assert_eq!(plan.skipped[0].job, "amazon-ebs.theirs");
    assert!(plan.skipped[0].reason.contains("amazon-ebs"));
    let whole = planned(r#"sources = ["source.qemu.ours"]"#, true).unwrap().plan;
    assert!(!whole.partial && whole.skipped.is_empty());
    assert!(planned(r#"sources = ["source.amazon-ebs.theirs"]"#, true).is_err(), "nothing would be built");
}

#[test]
fn foreign_provisioners_and_post_processors_are_never_skipped() {
    for (block, kind, name) in [
        ("provisioner \"serverspec\" {\n source_path = \"x\"\n}", "provisioner", "`serverspec`"),
        ("post-processor \"docker-tag\" {\n}", "post-processor", "`docker-tag`"),
    ] {
        for skip in [false, true] {
            let error = planned(&format!("sources = [\"source.qemu.ours\"]\n{block}"), skip).unwrap_err();
            assert!(error.message.contains(kind) && error.message.contains(name), "{error:?}");
            assert!(!error.hints.iter().any(|hint| hint.contains("--skip-foreign")), "{error:?}");
        }
    }
}

#[test]
fn a_provisioner_of_another_source_does_not_matter() {
    let block = "provisioner \"ansible\" {\n only = [\"amazon-ebs.theirs\"]\n playbook_file = \"x\"\n}";
    assert_eq!(planned(&format!("{BOTH}\n{block}"), true).unwrap().plan.jobs.len(), 1);
}

#[test]
fn nothing_is_said_to_be_remembered_and_fingerprints_cover_what_came_before() {
    let script = |text: &str| {
        let block = format!(
            "provisioner \"shell\" {{\n inline = [\"{text}\"]\n}}\nprovisioner \"shell\" {{\n inline = [\"b\"]\n}}"
        );
        planned(&format!("sources = [\"source.qemu.ours\"]\n{block}"), false)
            .unwrap()
            .plan
            .jobs
            .remove(0)
            .steps
    };
    let (one, other) = (script("a"), script("c"));
    assert!(one.iter().all(|step| !step.cached));
    let at = one.iter().position(|step| step.id == "shell").unwrap();
    for (n, (a, b)) in one.iter().zip(&other).enumerate() {
        assert_eq!(a.fingerprint == b.fingerprint, n < at, "step {}", a.id);
    }
}
