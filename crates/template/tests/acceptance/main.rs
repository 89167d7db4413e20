//! Real templates are accepted, broken ones are refused where they are broken; both rates are written to
//! `target/corpus-report.md`.
#![allow(clippy::disallowed_methods, reason = "the test looks for its corpus by an environment variable")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]

#[path = "../common/corpus.rs"]
mod corpus;
mod judge;
mod mutants;

use corpus::{Disk, corpus, each, folders, json_templates};
use goldsmith_template::{Diagnostic, Files};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// One template and what is said to be wrong with it.
struct Case {
    path: PathBuf,
    errors: Vec<Diagnostic>,
}

/// The native templates. Folders whose files are separate templates count file by file.
fn native(corpus: &Path) -> Vec<Case> {
    let folders: Vec<PathBuf> = folders(corpus).into_iter().collect();
    let cases = each(&folders, |folder| {
        let repository = corpus.join(folder.strip_prefix(corpus).unwrap().components().next().unwrap());
        let errors = judge::errors(folder, &repository);
        let separate = errors.iter().any(|d| {
            d.code.ends_with(".duplicate") && d.help.as_ref().is_some_and(|h| h.contains("separate"))
        });
        if !separate {
            return vec![Case { path: folder.clone(), errors }];
        }
        let mut files = Disk.list(folder).unwrap();
        files.retain(|file| file.to_string_lossy().ends_with(".pkr.hcl"));
        let case = |path: PathBuf| Case { errors: judge::errors(&path, &repository), path };
        files.into_iter().map(case).collect()
    });
    cases.into_iter().flatten().collect()
}

fn legacy(corpus: &Path) -> Vec<Case> {
    let all = json_templates(corpus);
    each(&all, |path| Case { errors: judge::errors(path, corpus), path: path.clone() })
}

/// Writes a section of the report; gives the numbers accepted, refused with a rule, and all.
fn section(title: &str, corpus: &Path, cases: &[Case], report: &mut String) -> (usize, usize, usize) {
    let accepted = cases.iter().filter(|case| case.errors.is_empty()).count();
    let ruled = |case: &&Case| {
        !case.errors.is_empty() && case.errors.iter().all(|error| judge::rule(error).is_some())
    };
    let refused = cases.iter().filter(ruled).count();
    let total = cases.len();
    writeln!(
        report,
        "## {title}\n\n{accepted} of {total} accepted, {refused} refused by a rule of Packer's.\n"
    )
    .unwrap();
    for case in cases.iter().filter(|case| !case.errors.is_empty()) {
        let name = case.path.strip_prefix(corpus).unwrap().display();
        let mut by_code: BTreeMap<&str, &Diagnostic> = BTreeMap::new();
        for error in &case.errors {
            by_code.entry(&error.code).or_insert(error);
        }
        for (code, error) in by_code {
            let rule = judge::rule(error).unwrap_or("NO RULE OF PACKER'S");
            let line = error.place.as_ref().map(|place| format!(":{}", place.line)).unwrap_or_default();
            writeln!(report, "- `{name}`{line}: {} [{code}: {rule}]", error.message).unwrap();
        }
    }
    report.push('\n');
    (accepted, refused, total)
}

#[test]
fn real_templates_are_accepted() {
    let Some(corpus) = corpus() else { return };
    let mut report = String::from("# What the templates of the corpus are judged to be\n\n");
    let native = section("HCL templates", &corpus, &native(&corpus), &mut report);
    let legacy = section("JSON templates", &corpus, &legacy(&corpus), &mut report);
    let rates = refusals(&corpus, &mut report);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    std::fs::write(target.join("corpus-report.md"), &report).unwrap();
    println!("{report}");
    for ((accepted, refused, total), floor) in [(native, 93), (legacy, 88)] {
        assert!(total > 50, "the corpus has only {total} templates");
        assert!(accepted * 100 >= total * floor, "only {accepted} of {total} templates are accepted");
        assert_eq!(accepted + refused, total, "templates are refused without a rule of Packer's");
    }
    for (kind, (refused, placed, total)) in rates {
        let floor = FLOORS.iter().find(|(known, _)| *known == kind).map_or(98, |(_, floor)| *floor);
        assert!(total > 0 && refused * 100 >= total * floor, "{kind}: only {refused} of {total} are refused");
        assert!(
            placed * 100 >= total * floor,
            "{kind}: only {placed} of {total} are refused where the mistake is"
        );
    }
}

/// Mistakes that cannot all be seen in one file alone, in percent: builders that are not built in take any key, and a
/// file that is one part of a folder fails before its mistake is reached.
const FLOORS: &[(&str, usize)] = &[("unknown key", 50), ("undeclared variable", 85), ("type changed", 85)];

/// Puts mistakes into the templates of the corpus: how many are refused, how many at the right place, and of how
/// many, by kind.
fn refusals(corpus: &Path, report: &mut String) -> BTreeMap<&'static str, (usize, usize, usize)> {
    let all = corpus::files(corpus, &|name| name.ends_with(".pkr.hcl"));
    let all: Vec<PathBuf> = all.into_iter().step_by(9).collect();
    let mut rates: BTreeMap<&'static str, (usize, usize, usize)> = BTreeMap::new();
    let mut missed = Vec::new();
    for (kind, new, miss) in each(&all, |path| told(path)).into_iter().flatten() {
        let rate = rates.entry(kind).or_default();
        rate.0 += usize::from(new);
        rate.1 += usize::from(miss.is_none());
        rate.2 += 1;
        missed.extend(miss);
    }
    report.push_str("## Templates with one mistake put in\n\n| mistake | refused | at its place | templates |\n| --- | --- | --- | --- |\n");
    for (kind, (refused, placed, total)) in &rates {
        writeln!(report, "| {kind} | {refused} | {placed} | {total} |").unwrap();
    }
    for line in missed.iter().take(40) {
        println!("missed: {line}");
    }
    rates
}

/// For each mistake put into one template: its kind, whether it is refused, and a line about it when it is not refused
/// where the mistake is.
fn told(path: &Path) -> Vec<(&'static str, bool, Option<String>)> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let text = text.replace("\r\n", "\n");
    let parsed = goldsmith_template::syntax::parse(&text);
    let body = parsed.lower(goldsmith_template::syntax::FileId::default());
    if !parsed.errors().is_empty() || body.items.is_empty() {
        return Vec::new();
    }
    let before = mutants::errors(&text);
    let told = |mutant: mutants::Mutant| {
        let errors = mutants::errors(&mutant.text);
        let new = errors.iter().any(|error| !before.iter().any(|old| old.message == error.message));
        let first = errors.first().map(ToString::to_string);
        let miss = format!("{} in {}: {first:?}", mutant.kind, path.display());
        (mutant.kind, new, (!mutants::placed(&mutant, &before, &errors)).then_some(miss))
    };
    mutants::of(&text, &body).into_iter().map(told).collect()
}
