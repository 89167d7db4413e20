//! Hostile input: no panic, no hang, no exhausted memory, and a clear error where a limit is.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

#[path = "common/usage.rs"]
mod usage;

use goldsmith_template::gotemplate::{Facts, render};
use goldsmith_template::{Inputs, MemoryFiles, Project, Text, analyze};
use proptest::prelude::*;
use std::path::Path;
use std::time::Duration;
use usage::Spent;

/// The codes of the errors of a text, however it is broken.
fn codes(name: &str, text: &str) -> Vec<String> {
    let files = MemoryFiles::new().with(name, text);
    let project = Project::open(&files, Path::new(name)).unwrap();
    let analysis = analyze(&project, &files, &Inputs::harmless("/"));
    for diagnostic in &analysis.diagnostics {
        if let Some(place) = &diagnostic.place {
            assert!(place.start <= place.end && place.end as usize <= text.len(), "{diagnostic}");
        }
    }
    let errors = analysis.diagnostics.into_iter().filter(|diagnostic| diagnostic.is_error());
    errors.map(|diagnostic| diagnostic.code).collect()
}

fn local(expression: &str) -> Vec<String> {
    codes("t.pkr.hcl", &format!("locals {{\n  x = {expression}\n}}\n"))
}

/// Runs within a time that is long enough for the slowest machine and short beside a hang.
fn soon<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let start = Spent::start();
    let result = run();
    assert!(start.elapsed() < Duration::from_secs(60), "{what} took {:?}", start.elapsed());
    result
}

#[test]
fn ten_thousand_levels_are_refused_and_not_followed() {
    let deep = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(10_000), close.repeat(10_000))
    };
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{ a = ", "1", "}"),
        ("\"${", "1", "}\""),
        ("upper(", "1", ")"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("true ? ", "1", " : 2"),
        ("[for x in ", "[]", " : x]"),
        ("1 + (", "1", ")"),
        ("x[", "0", "]"),
        ("\"%{ if true }", "", "%{ endif }\""),
    ] {
        let found = soon(open, || local(&deep(open, inner, close)));
        assert!(!found.is_empty(), "{open}");
    }
    let blocks = deep("a {\n", "", "}\n");
    assert!(!soon("blocks", || codes("t.pkr.hcl", &blocks)).is_empty());
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!("{{\"builders\": {}}}", deep(open, "1", close));
        assert!(!soon("json", || codes("t.json", &text)).is_empty());
        assert!(!soon("json", || codes("t.pkr.json", &text)).is_empty());
    }
    let go = deep("{{ if true }}", "", "{{ end }}");
    assert!(soon("go", || render(&Text::from(go), &Facts::default())).is_err());
    let go = format!("{{{{ {} }}}}", deep("(", "1", ")"));
    assert!(soon("go", || render(&Text::from(go), &Facts::default())).is_err());
    // Long is not deep.
    let long = format!("[{}]", "1, ".repeat(20_000));
    assert_eq!(local(&long), ["build.none"]);
    let sum = format!("1{}", " + 1".repeat(3_000));
    soon("a long sum", || local(&sum));
}

/// Texts made of what the language is made of, put together without sense.
fn nonsense(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => proptest::sample::select(words).prop_map(str::to_owned),
        1 => "[a-z]{1,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

const HCL: &[&str] = &[
    "a",
    "var.",
    "local.x",
    "build.ID",
    "data.null.x",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "=",
    "==",
    "?",
    ":",
    ",",
    ".",
    "...",
    "\"",
    "${",
    "%{",
    "~}",
    "if ",
    "for ",
    " in ",
    "else",
    "endif",
    "endfor",
    "<<EOT\n",
    "\nEOT\n",
    "<<-E\n",
    "\n",
    " ",
    "=>",
    "1",
    "-1e9",
    "0.5",
    "true",
    "null",
    "upper",
    "format(\"%s\"",
    "range(9)",
    "[*]",
    ".*",
    "\\u00e9",
    "\\",
    "#",
    "//",
    "/*",
    "*/",
    "é",
    "try(",
    "can(",
    "convert(",
    "yamldecode(",
    "jsondecode(",
    "regex(",
    "!",
    "&&",
    "||",
    "+",
    "*",
    "/",
    "%",
];

const TEMPLATE: &[&str] = &[
    "variable ",
    "\"a\" ",
    "{\n",
    "}\n",
    "default = ",
    "type = ",
    "list(string)",
    "locals ",
    "source ",
    "\"null\" ",
    "build ",
    "sources = ",
    "[\"null.a\"]",
    "provisioner ",
    "\"shell-local\" ",
    "inline = ",
    "[\"x\"]",
    "dynamic ",
    "for_each = ",
    "content ",
    "labels = ",
    "validation ",
    "condition = ",
    "error_message = ",
    "data ",
    "input = ",
    "packer ",
    "required_plugins ",
    "\n",
    "= ",
    "post-processors ",
    "post-processor ",
    "\"manifest\" ",
    "override = ",
    "only = ",
    "1",
    "true",
    "\"${build.ID}\"",
    "{{ build `x` }}",
];

const GO: &[&str] = &[
    "{{", "}}", "{{-", "-}}", " if ", " else ", " end ", " range ", " with ", ".Name", ".", "$", "$x", ":=",
    "|", "(", ")", "`", "\"", "user", "build", "printf", "split", "isotime", "1", "true", "nil", "text",
    "/*", "*/", "upper", "\\", "é", "\n", " ", ",", "index",
];

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"builders\"",
    "\"provisioners\"",
    "\"type\"",
    "\"null\"",
    "\"variables\"",
    "\"a\"",
    "\"\\u00",
    "\\",
    "\"",
    "1",
    "-",
    "1e5",
    "true",
    "null",
    "\"{{user `a`}}\"",
    "\"source\"",
    "\"build\"",
    "\"${var.a}\"",
    "//",
    "\n",
    " ",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(20_000), ..ProptestConfig::default() })]

    #[test]
    fn prop_no_expression_brings_it_down(text in nonsense(HCL)) {
        local(&text);
    }

    #[test]
    fn prop_no_template_brings_it_down(text in nonsense(TEMPLATE)) {
        codes("t.pkr.hcl", &text);
    }

    #[test]
    fn prop_no_json_brings_it_down(text in nonsense(JSON)) {
        codes("t.json", &text);
        codes("t.pkr.json", &text);
    }

    #[test]
    fn prop_no_go_template_brings_it_down(text in nonsense(GO)) {
        let _ = render(&Text::from(text), &Facts::default());
    }
}
