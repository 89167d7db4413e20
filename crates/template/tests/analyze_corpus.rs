//! Analysis of real templates: no panic, few refusals, and the rate printed.
//!
//! The templates are in the folder named by `GOLDSMITH_SHARED`, else in `shared` beside the workspace.
#![allow(clippy::disallowed_methods, reason = "the test looks for its corpus by an environment variable")]

use goldsmith_template::{Diagnostic, Files, Inputs, Project, analyze};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// The disk. Files a template refers to and the corpus does not hold read as some text.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(b"{}".to_vec()),
            _ => Err(error),
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        entries.sort();
        Ok(entries)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("GOLDSMITH_SHARED").map_or(beside, PathBuf::from);
    Some(shared.join("corpus")).filter(|corpus| corpus.is_dir())
}

fn folders(root: &Path, out: &mut BTreeSet<PathBuf>) {
    for entry in Disk.list(root).unwrap_or_default() {
        if entry.is_symlink() {
            continue;
        }
        if entry.is_dir() {
            folders(&entry, out);
        } else if entry.to_string_lossy().ends_with(".pkr.hcl") {
            out.insert(root.to_owned());
        }
    }
}

/// The errors of a template: with each variable file near it in turn until one leaves none, and with dummy
/// values for the variables that have none.
fn errors(path: &Path) -> Result<Vec<Diagnostic>, String> {
    let project = Project::open(&Disk, path).map_err(|error| error.to_string())?;
    let mut candidates = vec![None];
    let mut near = vec![project.root().to_owned(), project.root().join("..")];
    near.extend(Disk.list(project.root()).unwrap_or_default().into_iter().filter(|entry| entry.is_dir()));
    for folder in near {
        let files = Disk.list(&folder).unwrap_or_default();
        candidates
            .extend(files.into_iter().filter(|f| f.to_string_lossy().ends_with(".pkrvars.hcl")).map(Some));
    }
    let mut best: Option<Vec<Diagnostic>> = None;
    for var_file in candidates.into_iter().take(25) {
        let found = errors_with(&project, var_file);
        if best.as_ref().is_none_or(|best| found.len() < best.len()) {
            best = Some(found);
        }
        if best.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
    }
    Ok(best.unwrap_or_default())
}

fn errors_with(project: &Project, var_file: Option<PathBuf>) -> Vec<Diagnostic> {
    let mut inputs = Inputs::harmless(project.root());
    inputs.var_files.extend(var_file);
    let mut analysis = analyze(project, &Disk, &inputs);
    let named = |analysis: &goldsmith_template::Analysis, code: &str| -> Vec<String> {
        let found = analysis.diagnostics.iter().filter(|diagnostic| diagnostic.code == code);
        found.filter_map(|diagnostic| diagnostic.message.split('"').nth(1).map(str::to_owned)).collect()
    };
    let unset = named(&analysis, "variable.unset");
    if !unset.is_empty() {
        // Text first; what is no text says so and gets another kind of value.
        inputs.vars.extend(unset.into_iter().map(|name| (name, "1".to_owned())));
        analysis = analyze(project, &Disk, &inputs);
    }
    for dummy in ["true", "[]", "{}", "x86_64"] {
        let mut wrong = named(&analysis, "variable.value");
        wrong.extend(named(&analysis, "variable.invalid"));
        for (_, value) in inputs.vars.iter_mut().filter(|(name, _)| wrong.contains(name)) {
            *value = dummy.to_owned();
        }
        if !wrong.is_empty() {
            analysis = analyze(project, &Disk, &inputs);
        }
    }
    analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect()
}

#[test]
fn real_templates_are_understood() {
    let Some(corpus) = corpus() else {
        println!("skipped: there is no corpus folder (set GOLDSMITH_SHARED)");
        return;
    };
    let mut all = BTreeSet::new();
    folders(&corpus, &mut all);
    let (mut accepted, mut total) = (0, 0);
    let mut by_code: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in all {
        let found = errors(&folder).unwrap();
        let separate = found.iter().any(|d| {
            d.code.ends_with(".duplicate") && d.help.as_ref().is_some_and(|h| h.contains("separate"))
        });
        let results: Vec<Vec<Diagnostic>> = if separate {
            let files = Disk.list(&folder).unwrap();
            let files = files.iter().filter(|file| file.to_string_lossy().ends_with(".pkr.hcl"));
            files.map(|file| errors(file).unwrap()).collect()
        } else {
            vec![found]
        };
        for found in results {
            total += 1;
            accepted += usize::from(found.is_empty());
            for diagnostic in found {
                let shown = diagnostic.to_string();
                let shown = shown.strip_prefix(&*corpus.to_string_lossy()).unwrap_or(&shown).to_owned();
                by_code.entry(diagnostic.code).or_default().push(shown);
            }
        }
    }
    println!("{accepted} of {total} templates accepted");
    for (code, shown) in &by_code {
        println!("{code}: {}", shown.len());
        for line in shown.iter().take(12) {
            println!("    {line}");
        }
    }
    assert!(total > 50, "the corpus has only {total} templates");
    assert!(accepted * 100 >= total * 90, "only {accepted} of {total} templates are accepted");
}

/// Templates cut off at many places: always diagnostics, never a panic, and a refusal while a block is open.
#[test]
fn broken_templates_are_refused_with_places() {
    let Some(corpus) = corpus() else {
        println!("skipped: there is no corpus folder (set GOLDSMITH_SHARED)");
        return;
    };
    let mut all = BTreeSet::new();
    folders(&corpus, &mut all);
    let (mut refused, mut total) = (0, 0);
    for folder in all.into_iter().step_by(6) {
        let files = Disk.list(&folder).unwrap();
        let Some(path) = files.iter().find(|file| file.to_string_lossy().ends_with(".pkr.hcl")) else {
            continue;
        };
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        for part in 1..12 {
            let mut cut = text.len() * part / 12;
            while !text.is_char_boundary(cut) {
                cut -= 1;
            }
            let kept = &text[..cut];
            let files = goldsmith_template::MemoryFiles::new().with("t.pkr.hcl", kept);
            let project = Project::open(&files, Path::new("t.pkr.hcl")).unwrap();
            let analysis = analyze(&project, &files, &Inputs::harmless("/"));
            for diagnostic in &analysis.diagnostics {
                if let Some(place) = &diagnostic.place {
                    assert!(place.end as usize <= kept.len() && place.start <= place.end, "{diagnostic}");
                }
            }
            total += 1;
            refused += usize::from(analysis.config.is_none());
            assert_eq!(analysis.config.is_none(), analysis.diagnostics.iter().any(Diagnostic::is_error));
        }
    }
    println!("{refused} of {total} cut templates refused");
    assert!(refused * 10 >= total * 9, "only {refused} of {total} cut templates are refused");
}

/// The JSON files of the corpus that mean to be templates: an object with builders.
fn json_templates(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in Disk.list(folder).unwrap_or_default() {
        if entry.is_symlink() {
            continue;
        }
        if entry.is_dir() {
            json_templates(&entry, out);
        } else if entry.to_string_lossy().ends_with(".json") {
            let Ok(bytes) = std::fs::read(&entry) else { continue };
            let read = serde_json::from_slice::<serde_json::Value>(&bytes);
            if read.is_ok_and(|json| json.get("builders").is_some()) {
                out.push(entry);
            }
        }
    }
}

#[test]
fn real_json_templates_are_understood() {
    let Some(corpus) = corpus() else {
        println!("skipped: there is no corpus folder (set GOLDSMITH_SHARED)");
        return;
    };
    let mut all = Vec::new();
    json_templates(&corpus, &mut all);
    // Fixtures of a test suite are wrong on purpose.
    all.retain(|path| !path.to_string_lossy().contains("test-fixtures"));
    // What Packer refuses too: a key that stands twice, and options it removed (it says to run `packer fix`).
    const REFUSED_BY_PACKER: &[&str] = &["json.duplicate-key", "option.removed"];
    let (mut accepted, mut rightly, mut qemu, mut built) = (0, 0, 0, 0);
    let mut by_code: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in &all {
        let project = Project::open(&Disk, path).unwrap();
        // Another reader takes every one of them; Packer refuses a key that stands twice, and so is it here.
        let syntax = project.syntax_diagnostics();
        assert!(syntax.iter().all(|d| d.code == "json.duplicate-key"), "{}: {syntax:?}", path.display());
        let mut inputs = Inputs::harmless(project.root());
        let mut analysis = analyze(&project, &Disk, &inputs);
        let unset = analysis.diagnostics.iter().filter(|diagnostic| diagnostic.code == "variable.unset");
        let unset = unset.filter_map(|diagnostic| diagnostic.message.split('"').nth(1)).map(str::to_owned);
        inputs.vars.extend(unset.map(|name| (name, "1".to_owned())).collect::<Vec<_>>());
        if !inputs.vars.is_empty() {
            analysis = analyze(&project, &Disk, &inputs);
        }
        let text = std::fs::read_to_string(path).unwrap();
        let wants = text.contains("\"type\": \"qemu\"");
        qemu += usize::from(wants);
        let found: Vec<Diagnostic> = analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        accepted += usize::from(found.is_empty());
        let known = found.iter().all(|diagnostic| REFUSED_BY_PACKER.contains(&diagnostic.code.as_str()));
        rightly += usize::from(known && !found.is_empty());
        if let Some(config) = analysis.config {
            assert!(!config.jobs.is_empty(), "{}", path.display());
            let is_qemu = |job: &goldsmith_template::Job| {
                matches!(job.source, goldsmith_template::config::Source::Qemu(_))
            };
            built += usize::from(wants && config.jobs.iter().any(is_qemu));
        }
        for diagnostic in found {
            let shown = diagnostic.to_string();
            let shown = shown.strip_prefix(&*corpus.to_string_lossy()).unwrap_or(&shown).to_owned();
            by_code.entry(diagnostic.code).or_default().push(shown);
        }
    }
    let total = all.len();
    println!("{accepted} of {total} JSON templates accepted, {rightly} refused as Packer does");
    println!("{built} of {qemu} templates with a QEMU machine can be built");
    for (code, shown) in &by_code {
        println!("{code}: {}", shown.len());
        for line in shown.iter().take(12) {
            println!("    {line}");
        }
    }
    assert!(total > 300, "the corpus has only {total} JSON templates");
    let right = accepted + rightly;
    assert!(right * 100 >= total * 99, "only {right} of {total} JSON templates are judged as Packer does");
}
