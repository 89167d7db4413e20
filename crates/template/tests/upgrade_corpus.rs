//! `hcl2-upgrade` over the corpus: the HCL means what the JSON means, and has the blocks that Packer's own upgrade
//! makes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]
#![allow(clippy::disallowed_methods, reason = "the test looks for its corpus and runs Packer")]

#[path = "common/corpus.rs"]
mod common;

use common::{corpus, files, sample};
use goldsmith_template::document::Document;
use goldsmith_template::syntax::FileId;
use goldsmith_template::syntax::ast::Block;
use goldsmith_template::upgrade::upgrade;
use goldsmith_template::{Analysis, Files, Inputs, Project, analyze};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The disk, with one more file. Files a template refers to and the corpus does not hold read as some text.
struct Disk {
    extra: Option<(PathBuf, String)>,
}

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if let Some((there, text)) = &self.extra
            && there == path
        {
            return Ok(text.clone().into_bytes());
        }
        std::fs::read(path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(b"{}".to_vec()),
            _ => Err(error),
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn exists(&self, path: &Path) -> bool {
        self.extra.as_ref().is_some_and(|(there, _)| there == path) || path.exists()
    }
}

/// Every JSON template, a file with `"builders"`, and its text.
fn templates(folder: &Path) -> Vec<(PathBuf, String)> {
    let json = files(folder, &|name| name.ends_with(".json") && !name.ends_with(".pkr.json"));
    let texts = json.into_iter().filter_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)));
    texts.filter(|(_, text)| text.contains("\"builders\"")).collect()
}

/// The analysis with a value for each variable that has none.
fn analysis(files: &Disk, path: &Path, vars: &[(String, String)]) -> Analysis {
    let project = Project::open(files, path).unwrap();
    let mut inputs = Inputs::harmless(path.parent().unwrap());
    inputs.env.insert("HOME".to_owned(), "/home/somebody".to_owned());
    inputs.vars = vars.to_vec();
    analyze(&project, files, &inputs)
}

fn required(text: &str) -> Vec<(String, String)> {
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    let variables = json["variables"].as_object().cloned().unwrap_or_default();
    let unset = variables.into_iter().filter(|(_, value)| value.is_null());
    unset.map(|(name, _)| (name, "1".to_owned())).collect()
}

/// What the jobs of a template come to, without places and without what the two languages name differently.
fn meaning(analysis: &Analysis) -> Option<Vec<Value>> {
    fn strip(value: Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .into_iter()
                    .filter(|(key, _)| !matches!(key.as_str(), "place" | "build_name" | "source_name"))
                    .map(|(key, value)| (key, strip(value)))
                    .collect(),
            ),
            Value::Array(all) => all.into_iter().map(strip).collect(),
            other => other,
        }
    }
    let config = analysis.config.as_ref()?;
    let jobs = config.jobs.iter().map(|job| {
        let mut job = strip(serde_json::to_value(job).unwrap());
        let members = job.as_object_mut().unwrap();
        members.remove("name");
        let name = members.remove("packer_build_name").unwrap();
        // What is named after the build is the same when it is written out.
        if let Some(source) = members.get_mut("source") {
            named(source, name.as_str().unwrap());
        }
        if let Some(options) = members.get_mut("source").and_then(|source| source.get_mut("options"))
            && let Some(options) = options.as_object_mut()
        {
            // A source that is not built here carries its name.
            options.remove("name");
        }
        job
    });
    Some(jobs.collect())
}

/// Writes out the names that come from that of the build.
fn named(value: &mut Value, name: &str) {
    let Value::Object(members) = value else { return };
    for (key, value) in members {
        let prefix = match key.as_str() {
            "vm_name" => "packer-",
            "output_directory" => "output-",
            _ => "",
        };
        match value {
            Value::Null if !prefix.is_empty() => {
                *value = serde_json::json!({ "parts": [{ "known": format!("{prefix}{name}") }] });
            }
            other => named(other, name),
        }
    }
}

#[test]
fn the_hcl_means_what_the_json_means() {
    let Some(corpus) = corpus() else { return };
    let paths = templates(&corpus);
    assert!(paths.len() > 200, "only {} templates", paths.len());
    let (mut same, mut both, mut fields, mut wrong) = (0, 0, 0, Vec::new());
    for (path, text) in &paths {
        let upgraded = match upgrade(text, true) {
            Ok(upgraded) => upgraded,
            Err(error) => {
                let files = Disk { extra: None };
                if meaning(&analysis(&files, path, &required(text))).is_some() {
                    wrong.push(format!("{}: {error}", path.display()));
                }
                continue;
            }
        };
        let hcl = path.with_extension("upgraded.pkr.hcl");
        let document = Document::new(FileId(0), &hcl, upgraded.text.clone().into_bytes());
        assert!(
            document.diagnostics().is_empty(),
            "{}: {}\n{}",
            path.display(),
            document.diagnostics()[0],
            upgraded.text
        );
        let vars = required(text);
        let files = Disk { extra: Some((hcl.clone(), upgraded.text.clone())) };
        let before = meaning(&analysis(&files, path, &vars));
        let after = analysis(&files, &hcl, &vars);
        match (before, meaning(&after)) {
            (None, None) => both += 1,
            (None, Some(_)) => both += 1,
            (Some(before), Some(after)) if before == after => same += 1,
            // A field in the default of a variable is nothing there; in HCL it means what its author meant.
            (Some(before), Some(_)) if serde_json::to_string(&before).unwrap().contains("<no value>") => {
                fields += 1
            }
            (Some(before), Some(after)) => {
                let at = before.iter().zip(&after).find(|(before, after)| before != after);
                let at = at.map(|(before, after)| difference(before, after));
                wrong.push(format!("{}: {at:?}", path.display()));
            }
            (Some(_), None) => {
                let errors: Vec<String> = after
                    .diagnostics
                    .iter()
                    .filter(|d| d.is_error())
                    .map(ToString::to_string)
                    .take(2)
                    .collect();
                wrong.push(format!("{}: {}", path.display(), errors.join("; ")));
            }
        }
    }
    println!(
        "{same} of {} templates mean the same; {both} have errors as JSON, {fields} have fields in variables or names made by templates",
        paths.len()
    );
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(same > 250, "only {same}");
}

/// The blocks of a template in HCL: sources in order of their types, then the steps of the build in theirs, each
/// with the names of its arguments and blocks.
fn shape(text: &str) -> Vec<String> {
    let document = Document::new(FileId(0), "t.pkr.hcl", text.as_bytes().to_vec());
    assert!(document.diagnostics().is_empty(), "{}\n{text}", document.diagnostics()[0]);
    let describe = |block: &Block| {
        let attributes = block.body.attributes().map(|attribute| attribute.name.as_str().to_owned());
        let mut names: Vec<String> =
            attributes.chain(block.body.blocks().map(|inner| inner.kind.as_str().to_owned())).collect();
        names.sort();
        names.dedup();
        format!("{} {} {}", block.kind.as_str(), block.label(0).unwrap_or(""), names.join(" "))
    };
    let mut shape: Vec<String> = document.body().blocks_of("source").map(describe).collect();
    shape.sort();
    for build in document.body().blocks_of("build") {
        for step in build.body.blocks() {
            match step.kind.as_str() {
                "post-processors" => shape.extend(step.body.blocks().map(describe)),
                _ => shape.push(describe(step)),
            }
        }
    }
    shape
}

#[test]
fn the_blocks_are_those_of_packers_upgrade() {
    if Command::new("packer").arg("version").output().is_err() {
        return println!("skipped: the distribution's packer is not installed");
    }
    let Some(corpus) = corpus() else { return };
    let paths = templates(&corpus);
    let folder = tempfile::tempdir().unwrap();
    let (mut same, mut unable, mut wrong) = (0, 0, Vec::new());
    for (index, (path, text)) in sample(paths, 5).iter().enumerate() {
        let Ok(ours) = upgrade(text, false) else { continue };
        let (from, to) = (folder.path().join("t.json"), folder.path().join(format!("{index}.pkr.hcl")));
        std::fs::write(&from, text).unwrap();
        let output = Command::new("packer")
            .arg("hcl2_upgrade")
            .arg(format!("-output-file={}", to.display()))
            .arg(&from)
            .env("CHECKPOINT_DISABLE", "1")
            // Where it writes its crash.log, too.
            .current_dir(folder.path())
            .output()
            .unwrap();
        let theirs = std::fs::read_to_string(&to).unwrap_or_default();
        let document = Document::new(FileId(0), "t.pkr.hcl", theirs.clone().into_bytes());
        // It refuses builders it does not have, and writes HCL that is none where a template has escapes.
        if !output.status.success() || !document.diagnostics().is_empty() {
            unable += 1;
            continue;
        }
        let (ours, theirs) = (known(shape(&ours.text)), known(shape(&theirs)));
        if ours == theirs {
            same += 1;
        } else {
            let at = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
            wrong.push(format!("{}: {at:?}", path.display()));
        }
    }
    println!("{same} templates have the blocks of Packer's upgrade; it cannot do {unable}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(same > 20, "only {same}");
}

/// Without what Packer 1.6.6 is known to do otherwise: it loses `pause_before`, leaves out empty lists, and does not
/// know the names that are kept by writing them out.
fn known(shape: Vec<String>) -> Vec<String> {
    let dropped = ["pause_before", "vm_name", "output_directory", "override"];
    let kept =
        |line: String| line.split(' ').filter(|word| !dropped.contains(word)).collect::<Vec<_>>().join(" ");
    shape.into_iter().map(kept).collect()
}

/// The first place where two values differ.
fn difference(before: &Value, after: &Value) -> String {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            for (key, value) in one {
                match other.get(key) {
                    Some(there) if there == value => {}
                    Some(there) => return format!("{key}.{}", difference(value, there)),
                    None => return format!("{key} is missing"),
                }
            }
            "more keys".to_owned()
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find(|(_, (one, other))| one != other)
            .map_or_else(String::new, |(at, (one, other))| format!("{at}.{}", difference(one, other))),
        _ => format!(" {before} != {after}"),
    }
}
