//! What makes a checkpoint fit, what keeps steps from being skipped, and how many are kept.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use goldsmith_machine::HostFacts;
use goldsmith_process::Dirs;
use goldsmith_template::{Inputs, MemoryFiles, Project, analyze};

use super::inputs::Chain;
use super::store::{Edge, Limits, Record, Store};
use super::{contents, mark};
use crate::plan::StepPlan;
use crate::work::{PlanRequest, Prepared};

/// A job that begins from `disk.qcow2` in `cwd`; `more` goes into its source, `build` into its build.
fn prepared(cwd: &Path, more: &str, build: &str) -> Prepared {
    let text = format!(
        r#"
source "qemu" "a" {{
  disk_image   = true
  iso_url      = "disk.qcow2"
  iso_checksum = "none"
  ssh_username = "root"
  ssh_password = "secret"
  {more}
}}
build {{
  sources = ["source.qemu.a"]
  {build}
}}
"#
    );
    let path = Path::new("/t/t.pkr.hcl");
    let files = MemoryFiles::new().with(path, text.into_bytes());
    let project = Project::open(&files, path).unwrap();
    let inputs = Inputs { external: true, ..Inputs::harmless("/t") };
    let analysis = analyze(&project, &files, &inputs);
    let config = analysis.config.unwrap_or_else(|| panic!("{:?}", analysis.diagnostics));
    let request = PlanRequest { cwd: cwd.to_owned(), template: "t".into(), ..PlanRequest::default() };
    crate::plan(&config, &HostFacts::default(), &Dirs::under(Path::new("/h")), &request).unwrap()
}

fn chain(cwd: &Path, more: &str, build: &str) -> Chain {
    prepared(cwd, more, build).inputs[0].as_ref().unwrap().inputs.chain()
}

fn shells(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("provisioner \"shell\" {{\n inline = [\"{line}\"]\n}}\n")).collect()
}

#[test]
fn a_step_depends_on_its_options_and_on_all_before_it() {
    let at = Path::new("/t");
    let base = chain(at, "", &shells(&["a", "b", "c"]));
    assert_eq!((base.links.len(), &base.end), (4, &None));
    let same = |other: &Chain| base.links.iter().zip(&other.links).take_while(|(a, b)| a == b).count();
    assert_eq!(same(&chain(at, "", &shells(&["a", "b", "x"]))), 3);
    assert_eq!(same(&chain(at, "", &shells(&["x", "b", "c"]))), 1);
    assert_eq!(same(&chain(at, "memory = 1024", &shells(&["a", "b", "c"]))), 0, "another machine");
}

#[test]
fn what_the_guest_cannot_notice_does_not_count() {
    let at = Path::new("/t");
    let base = chain(at, "", &shells(&["a"]));
    for option in [
        "output_directory = \"elsewhere\"",
        "vm_name = \"other\"",
        "headless = true",
        "shutdown_command = \"poweroff\"",
        "disk_compression = true",
    ] {
        assert_eq!(chain(at, option, &shells(&["a"])), base, "{option}");
    }
}

#[test]
fn a_step_depends_on_what_its_files_hold() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let build = "provisioner \"shell\" {\n script = \"s.sh\"\n}\nprovisioner \"file\" {\n source = \"tree\"\n destination = \"/x\"\n}";
    fs::create_dir(at.join("tree")).unwrap();
    fs::write(at.join("s.sh"), "true").unwrap();
    fs::write(at.join("tree/f"), "1").unwrap();
    let base = chain(at, "", build);
    assert_eq!(base.links.len(), 3);
    fs::write(at.join("tree/f"), "2").unwrap();
    let other = chain(at, "", build);
    assert_eq!((other.links[1] == base.links[1], other.links[2] == base.links[2]), (true, false));
    fs::write(at.join("s.sh"), "false").unwrap();
    assert_ne!(chain(at, "", build).links[1], base.links[1]);
    fs::remove_file(at.join("s.sh")).unwrap();
    let gone = chain(at, "", build);
    assert_eq!(gone.links.len(), 1);
    assert!(gone.end.unwrap().1.contains("s.sh"));
}

#[test]
fn what_must_happen_every_time_ends_the_chain_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("f"), "").unwrap();
    for (block, why) in [
        ("provisioner \"shell-local\" {\n inline = [\"true\"]\n}", "this computer"),
        (
            "provisioner \"file\" {\n direction = \"download\"\n source = \"/x\"\n destination = \"y\"\n}",
            "this computer",
        ),
        (
            "provisioner \"file\" {\n generated = true\n source = \"f\"\n destination = \"/y\"\n}",
            "during the build",
        ),
        ("provisioner \"shell\" {\n inline = [\"echo ${build.Port}\"]\n}", "build.Port"),
        ("provisioner \"shell\" {\n inline = [\"echo ${build.PackerRunUUID}\"]\n}", "build.PackerRunUUID"),
        ("provisioner \"generalize\" {\n}", "access"),
    ] {
        let build = format!("{}{block}\n{}", shells(&["a"]), shells(&["b"]));
        let found = chain(folder.path(), "", &build);
        assert_eq!(found.links.len(), 2, "{block}");
        let (at, said) = found.end.unwrap();
        assert!(at == 1 && said.contains(why), "{block}: {said}");
    }
    // The key travels with the checkpoint.
    let key =
        chain(Path::new("/t"), "", "provisioner \"shell\" {\n inline = [\"echo ${build.SSHPublicKey}\"]\n}");
    assert_eq!((key.links.len(), key.end), (2, None));
    let foreign = chain(Path::new("/t"), "qemuargs = [[\"-drive\", \"file=other.img\"]]", &shells(&["a"]));
    assert!(foreign.links.is_empty() && foreign.end.unwrap().1.contains("-drive"));
}

/// A checkpoint of `bytes` bytes, last used so long ago.
fn put(store: &Store, record: &Record, bytes: usize, ago: Duration) {
    store.make_folder().unwrap();
    let part = store.folder().join(".part-x");
    fs::create_dir(&part).unwrap();
    fs::write(part.join("memory"), vec![1; bytes]).unwrap();
    store.publish(&part, record).unwrap();
    let entry = store.list().into_iter().find(|entry| entry.record == *record).unwrap();
    store.touch(&entry, SystemTime::now() - ago);
}

fn record(edge: Edge, base: &str, links: &[String]) -> Record {
    let mut record = Record::new(edge, "a step".into(), base.into(), links.to_vec());
    record.template = "t".into();
    record.job = "qemu.a".into();
    record
}

#[test]
fn the_furthest_that_fits_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&Dirs::under(folder.path()));
    let mine = chain(Path::new("/t"), "", &shells(&["a", "b"]));
    let other = chain(Path::new("/t"), "", &shells(&["a", "x"]));
    assert!(store.usable(Some("base"), &mine).is_empty());
    for done in 0..=1 {
        put(&store, &record(Edge::Machine(done), "base", &mine.links[..=done]), 10, Duration::ZERO);
    }
    put(&store, &record(Edge::Machine(2), "base", &other.links[..=2]), 10, Duration::ZERO);
    let edges = |base: Option<&str>| -> Vec<Edge> {
        store.usable(base, &mine).into_iter().map(|entry| entry.record.edge).collect()
    };
    assert_eq!(edges(Some("base")), [Edge::Machine(1), Edge::Machine(0)]);
    assert_eq!(edges(None), [Edge::Machine(1), Edge::Machine(0)]);
    assert!(edges(Some("another image")).is_empty());
    assert!(store.knows("t", "qemu.a") && !store.knows("t", "qemu.b"));
}

#[test]
fn only_the_owner_may_look_inside() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&Dirs::under(folder.path()));
    store.make_folder().unwrap();
    assert_eq!(fs::metadata(store.folder()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn old_ones_go_and_then_the_longest_unused_until_the_rest_fits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&Dirs::under(folder.path()));
    let day = Duration::from_secs(24 * 3600);
    for (name, ago) in [("a", day), ("b", day * 2), ("c", day * 3), ("d", day * 40)] {
        put(&store, &record(Edge::Disk, name, &[name.to_owned()]), 1 << 20, ago);
    }
    let limits = Limits { bytes: (2 << 20) + (200 << 10), age: day * 30 };
    let gone: Vec<String> =
        store.prune(&limits, SystemTime::now()).into_iter().map(|entry| entry.record.base).collect();
    assert_eq!(gone, ["c", "d"]);
    assert_eq!(store.list().len(), 2);
    assert_eq!(store.prune(&Limits { bytes: 0, age: day }, SystemTime::now()).len(), 2);
    assert_eq!(fs::read_dir(store.folder()).unwrap().count(), 0);
}

#[test]
fn a_plan_says_what_is_remembered_and_from_where_on_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let dirs = Dirs::under(&at.join("home"));
    fs::write(at.join("disk.qcow2"), "x").unwrap();
    let build = format!("{}provisioner \"shell-local\" {{\n inline = [\"true\"]\n}}", shells(&["a", "b"]));
    let base = contents::identity(&at.join("disk.qcow2")).unwrap();
    let links = chain(at, "", &build).links;
    put(&Store::new(&dirs), &record(Edge::Machine(1), &base, &links[..=1]), 10, Duration::ZERO);
    let mut prepared = prepared(at, "", &build);
    mark(&mut prepared, &dirs);
    let steps = &prepared.plan.jobs[0].steps;
    let cached: Vec<&str> = steps.iter().filter(|step| step.cached).map(|step| step.id.as_str()).collect();
    assert_eq!(cached, ["disk", "start", "connect", "shell"]);
    let stops: Vec<(&str, bool)> = steps
        .iter()
        .filter(|step| step.not_cached.is_some())
        .map(|step: &StepPlan| (step.id.as_str(), step.cached))
        .collect();
    assert_eq!(stops, [("shell-local", false)]);
    // Another image under the same name is another machine.
    fs::write(at.join("disk.qcow2"), "yy").unwrap();
    let mut prepared = self::prepared(at, "", &build);
    mark(&mut prepared, &dirs);
    assert!(prepared.plan.jobs[0].steps.iter().all(|step| !step.cached));
}
