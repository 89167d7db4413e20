//! Templates with anything in them: no panic, no hang, no memory that runs away.
//!
//! Each kind runs for two seconds; `GOLDSMITH_FUZZ_SECONDS` sets another time (`npm run soak`: ten minutes each), and
//! `GOLDSMITH_FUZZ_SEED` another start. A case that fails is printed with what it was made of.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the test looks at its environment and says what it did"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

#[path = "common/anything.rs"]
mod anything;
#[path = "common/corpus.rs"]
mod corpus;
#[path = "common/usage.rs"]
mod usage;

use anything::{OWN, OWN_JSON, any_edit, assert_exact_or_broken};
use goldsmith_template::gotemplate::{Facts, render};
use goldsmith_template::{Inputs, MemoryFiles, Project, Text, analyze, fmt};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use usage::{Spent, peak};

/// A case may take as long on a processor: far above the slowest, far below a hang.
const SLOWEST: Duration = Duration::from_secs(60);

/// The most memory all cases together may need, in MiB.
const MOST: usize = 2_500;

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs cases until the time is over. One that never ends is printed by another thread, which ends the process.
fn fuzz(kind: &str, make: impl Fn(&mut Random) -> String, check: impl Fn(&mut Random, &str)) {
    let seconds = setting("GOLDSMITH_FUZZ_SECONDS", 2);
    let seed = setting("GOLDSMITH_FUZZ_SEED", 1);
    let current: Arc<Mutex<Option<(Spent, String)>>> = Arc::default();
    let watched = Arc::downgrade(&current);
    std::thread::spawn(move || {
        while let Some(current) = watched.upgrade() {
            if let Some((since, text)) = current.lock().unwrap().as_ref()
                && since.elapsed() > SLOWEST
            {
                println!("a case does not end:\n{text}");
                std::process::abort();
            }
            drop(current);
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let mut random = Random(seed);
    let (start, mut cases, mut slowest) = (Instant::now(), 0_u64, (Duration::ZERO, String::new()));
    while start.elapsed() < Duration::from_secs(seconds) || cases < 20 {
        let text = make(&mut random);
        let began = Spent::start();
        *current.lock().unwrap() = Some((began.clone(), text.clone()));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&mut random, &text)));
        if began.elapsed() > slowest.0 {
            slowest = (began.elapsed(), text.clone());
        }
        assert!(outcome.is_ok(), "{kind}, seed {seed}, case {cases}:\n{text}");
        assert!(peak().is_none_or(|most| most < MOST), "{kind}: {:?} MiB after\n{text}", peak());
        cases += 1;
    }
    *current.lock().unwrap() = None;
    println!(
        "{kind}: {cases} cases, the slowest took {:.1?}, at most {} MiB",
        slowest.0,
        peak().unwrap_or_default()
    );
    if slowest.0 > Duration::from_secs(5) {
        println!("the slowest:\n{}", slowest.1);
    }
}

/// What templates are made of.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "${",
    "%{",
    "{{",
    "}}",
    "<<EOT\n",
    "<<-EOT\n",
    "\nEOT\n",
    "\n",
    " ",
    ",",
    "=",
    "=>",
    ":",
    "?",
    ".",
    "...",
    "*",
    "[*]",
    ".*.",
    "#",
    "//",
    "/*",
    "*/",
    "\\",
    "\\u00e9",
    "\\U0001F600",
    "\r\n",
    "\t",
    "\u{feff}",
    "\u{e9}",
    "e\u{301}",
    "\u{0}",
    "for x in ",
    "if ",
    "else",
    "endif",
    "endfor",
    "~}",
    "null",
    "true",
    "1e400",
    "-",
    "0x1",
    "99999999999999999999",
    "var.size",
    "local.a",
    "build.ID",
    "source.name",
    "data.null.a",
    "each",
    "dynamic \"x\" {\n",
    "content {\n",
    "for_each = ",
    "source \"qemu\" \"a\" {\n",
    "build {\n",
    "provisioner \"shell\" {\n",
    "variable \"a\" {\n",
    "post-processors {\n",
    "sources = [\"source.qemu.a\"]\n",
    "inline = [\"a\"]\n",
    "{{ if .Vars }}",
    "{{ end }}",
    "{{ range 9 }}",
    "{{ user `a` }}",
    "{{ build `ID` }}",
    "\"builders\": [",
    "\"provisioners\": [",
    "\"type\": \"qemu\"",
    "\"except\": [\"qemu\"]",
    "validation {\n",
    "condition = ",
    "sensitive = true\n",
    "type = list(object({ a = optional(any) }))\n",
];

const VALUES: &[&str] = &[
    "1",
    "-2",
    "0.5",
    "\"a\"",
    "\"\"",
    "\"a,b\"",
    "null",
    "true",
    "[]",
    "[1, 2]",
    "[\"a\", \"b\"]",
    "{}",
    "{ a = 1 }",
    "{ a = [1], b = { c = null } }",
    "range(9)",
    "build.ID",
    "\"${build.Host}-x\"",
    "var.a",
    "var.nope",
    "local.b",
    "path.root",
    "1e300",
    "99999999999999999999999",
    "\"{{ .Name }}\"",
    "\"%{ if true }a%{ endif }\"",
    "\"\u{1F600}e\u{301}\"",
    "\"10.0.0.0/8\"",
    "\"2020-01-01T00:00:00Z\"",
    "\"[a-z]+\"",
    "\"(\"",
    "\"YQ==\"",
    "\"{\\\"a\\\": 1}\"",
    "\"a: &x [1]\\nb: *x\"",
    "\"h1,h2\\n1,2\"",
];

/// An expression that may mean anything.
fn expression(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return random.pick(VALUES).to_owned();
    }
    let mut inner = || expression(random, depth - 1);
    let (a, b, c) = (inner(), inner(), inner());
    match random.below(13) {
        0..5 => {
            let all: Vec<_> = goldsmith_template::functions::all().collect();
            let name = all[random.below(all.len())].name();
            // Slow by intention.
            let name = if name == "bcrypt" { "upper" } else { name };
            let all = [a, b, c];
            let expand = if random.below(6) == 0 { "..." } else { "" };
            format!("{name}({}{expand})", all[..1 + random.below(3)].join(", "))
        }
        5 => format!("[for x in {a} : {b}]"),
        6 => format!("{{ for k, v in {a} : \"${{k}}\" => v... if {b} != {c} }}"),
        7 => format!("{a} == {b} ? {a} : {c}"),
        8 => format!("\"${{{a}}}%{{ for x in {b} }}${{x}}%{{ endfor }}\""),
        9 => format!("try({a}, {b}, can({c}))"),
        10 => format!(
            "convert({a}, {})",
            random.pick(&[
                "string",
                "number",
                "list(any)",
                "set(string)",
                "map(any)",
                "object({ a = optional(number, 1) })"
            ])
        ),
        11 => format!("({a}){}", random.pick(&[".a", "[0]", "[*]", ".*.a", "[\"a\"]", "[*].a[0]"])),
        _ => format!("{a} {} {b}", random.pick(&["+", "-", "*", "/", "%", "<", ">=", "&&", "||", "!="])),
    }
}

fn seeds() -> Vec<String> {
    let mut all = vec![OWN.to_owned(), OWN_JSON.to_owned()];
    if let Some(corpus) = corpus::folder() {
        let wanted = |name: &str| {
            name.ends_with(".pkr.hcl") || name.ends_with(".json") || name.ends_with(".pkrvars.hcl")
        };
        let files = corpus::files(&corpus, &wanted).into_iter().step_by(13);
        all.extend(
            files.filter_map(|path| std::fs::read_to_string(path).ok()).filter(|text| text.len() < 30_000),
        );
    }
    all
}

/// A text with some of it taken out, put in, doubled or moved.
fn mutated(random: &mut Random, seeds: &[String]) -> String {
    let mut text = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(8) {
        let place = |random: &mut Random, text: &str| {
            let mut at = random.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (a, b) = (place(random, &text), place(random, &text));
        let range = a.min(b)..a.max(b).min(a.min(b) + 400);
        let range = range.start
            ..(range.start..=range.end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(range.start);
        match random.below(6) {
            0 => text.replace_range(range, ""),
            1 => text.insert_str(a, random.pick(PIECES)),
            2 => {
                let part = text[range].to_owned();
                text.insert_str(b, &part);
            }
            3 => text.insert_str(a, &expression(random, 2)),
            4 => text.replace_range(range, random.pick(PIECES)),
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let (from, to) = (place(random, other), place(random, other));
                let part = other.get(from..to.min(from + 400)).unwrap_or_default().to_owned();
                text.insert_str(a, &part);
            }
        }
    }
    text
}

fn name(random: &mut Random, text: &str) -> &'static str {
    match (text.trim_start().starts_with('{'), random.below(8)) {
        (_, 0) => "t.pkr.json",
        (true, 1..7) | (false, 1) => "t.json",
        _ => "t.pkr.hcl",
    }
}

#[test]
fn fuzz_parse() {
    let seeds = seeds();
    fuzz(
        "parse",
        |random| mutated(random, &seeds),
        |random, text| {
            let name = name(random, text);
            let project = Project::open(&MemoryFiles::new().with(name, text), Path::new(name)).unwrap();
            assert_exact_or_broken(&project.documents()[0]);
            for diagnostic in project.syntax_diagnostics() {
                let place = diagnostic.place.unwrap();
                assert!(place.start <= place.end && place.end as usize <= text.len());
            }
            project.outline();
            if name == "t.pkr.hcl" {
                let once = fmt::format(text);
                assert_eq!(fmt::format(&once), once, "formatting twice");
            }
        },
    );
}

#[test]
fn fuzz_evaluate() {
    let seeds = seeds();
    let make = |random: &mut Random| match random.below(3) {
        0 => mutated(random, &seeds),
        _ => format!(
            "variable \"a\" {{\n  default = \"x\"\n}}\nlocals {{\n  b = {}\n  c = {}\n}}\nsource \"null\" \"n\" {{\n  communicator = \"none\"\n}}\nbuild {{\n  sources = [\"null.n\"]\n  provisioner \"shell-local\" {{\n    inline = {}\n  }}\n}}\n",
            expression(random, 3),
            expression(random, 4),
            expression(random, 3)
        ),
    };
    fuzz("evaluate", make, |random, text| {
        let name = name(random, text);
        let files = MemoryFiles::new().with(name, text);
        let project = Project::open(&files, Path::new(name)).unwrap();
        let analysis = analyze(&project, &files, &Inputs::harmless("/"));
        for place in analysis.diagnostics.iter().filter_map(|diagnostic| diagnostic.place.as_ref()) {
            assert!(place.start <= place.end && place.end as usize <= text.len());
        }
        let wrong = analysis.diagnostics.iter().any(goldsmith_template::Diagnostic::is_error);
        assert_eq!(wrong, analysis.config.is_none(), "a template is refused with a reason");
    });
}

#[test]
fn fuzz_edit() {
    let seeds = seeds();
    let make = |random: &mut Random| match random.below(2) {
        0 => seeds[random.below(seeds.len())].clone(),
        _ => mutated(random, &seeds),
    };
    fuzz("edit", make, |random, text| {
        let name = name(random, text);
        let mut project = Project::open(&MemoryFiles::new().with(name, text), Path::new(name)).unwrap();
        for _ in 0..6 {
            let kind = random.below(20) as u8;
            let (a, b) = (random.below(10_000), random.below(10_000));
            let Some(edit) = any_edit(&project, kind, a, b, random.pick(PIECES)) else { continue };
            let before = project.documents()[0].bytes().to_vec();
            if project.apply(project.revision(), &edit).is_err() {
                assert_eq!(project.documents()[0].bytes(), before, "{edit:?}");
            }
            assert_exact_or_broken(&project.documents()[0]);
        }
        while project.undo().is_some() {}
        assert_eq!(project.documents()[0].bytes(), text.as_bytes());
    });
}

const GO: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    "-}}",
    " if ",
    " else ",
    "{{ end }}",
    "{{ range 9 }}",
    "{{ with .Name }}",
    ".Name",
    ".",
    "$",
    "$x",
    " := ",
    "|",
    "(",
    ")",
    "`a`",
    "\"a\"",
    "user",
    "build",
    "printf",
    "split",
    "isotime",
    "replace_all",
    "strftime",
    "1",
    "99999999999",
    "true",
    "nil",
    "text",
    "{{/* x */}}",
    "upper",
    "\\",
    "\u{e9}",
    "\n",
    " ",
    ",",
    "index",
    "%s",
    "%9999d",
    "len",
    "eq",
    "and",
    "or",
    "not",
    "{{ $x := printf `%s%s` $x $x }}",
    "{{ if .Vars }}{{ .Path }}{{ end }}",
];

#[test]
fn fuzz_go_template() {
    let make = |random: &mut Random| (0..random.below(40)).map(|_| random.pick(GO)).collect::<String>();
    fuzz("Go template", make, |_, text| {
        let _ = render(&Text::from(text), &Facts::default());
    });
}
