//! Differential tests against Packer 1.6.6, the one Linux distributions carry: what `packer console` says to
//! thousands of generated expressions. Packer 1.6.6 is old; where it differs from today's Packer is listed in
//! [`KNOWN`], and in docs/packer-differences.md.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the test runs the oracle")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]

mod generate;

use generate::{FUNCTIONS, Generator};
use goldsmith_template::eval::{Evaluator, Scope};
use goldsmith_template::functions::Context;
use goldsmith_template::syntax::{FileId, parse_expression};
use goldsmith_template::{Inputs, MemoryFiles};
use std::cell::Cell;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where 1.6.6 and today's Packer differ, or where we refuse what can only be a mistake: a part of the expression,
/// and why.
const KNOWN: &[(&str, &str)] = &[
    ("index(", "1.6.6 takes the element at a position; today it gives the position of an element"),
    ("cidrsubnet(", "1.6.6 computes nonsense from negative numbers"),
    ("jsonencode(null)", "1.6.6 has no JSON for null alone"),
    ("||", "1.6.6 evaluates the right side even when the left decides"),
    ("&&", "1.6.6 evaluates the right side even when the left decides"),
    ("chunklist([], -1)", "a negative size is refused even for an empty list"),
    ("setintersection(", "1.6.6 has no common type for an empty list and another"),
    ("% ", "a remainder by zero is refused; Packer gives the number back"),
    ("/ ", "a division by zero is refused; Packer gives infinity"),
    ("log(", "a logarithm that is no number is refused; 1.6.6 panics"),
    ("pow(", "a division by zero is refused; Packer gives infinity"),
];

/// The installed Packer, when it is the version the tables here were made with.
fn packer() -> Result<&'static str, String> {
    let version = Command::new("packer").arg("version").env("CHECKPOINT_DISABLE", "1").output();
    match version {
        Err(_) => Err("packer is not installed".to_owned()),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            if text.contains("v1.6.6") {
                Ok("packer")
            } else {
                Err(format!("the oracle is Packer 1.6.6, not {}", text.trim()))
            }
        }
    }
}

/// What `packer console` makes of one line.
fn console(packer: &str, line: &str) -> String {
    let mut child = Command::new(packer)
        .args(["console", "--config-type=hcl2"])
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The values of many expressions in as few processes as possible; `None` for one that fails.
fn ask(packer: &str, expressions: &[String]) -> Vec<Option<serde_json::Value>> {
    let line =
        format!("jsonencode([{}])", expressions.iter().map(|e| guarded(e)).collect::<Vec<_>>().join(", "));
    // Packer reads lines of at most 64 KiB.
    if line.len() < 40_000 {
        match serde_json::from_str::<Vec<String>>(&console(packer, &line)) {
            Ok(values) if values.len() == expressions.len() => {
                return values.iter().map(|value| serde_json::from_str(value).ok()).collect();
            }
            _ if expressions.len() == 1 => return vec![None],
            _ => {}
        }
    }
    let (left, right) = expressions.split_at(expressions.len() / 2);
    [ask(packer, left), ask(packer, right)].concat()
}

fn guarded(expression: &str) -> String {
    format!("try(jsonencode([{expression}]), \"!error\")")
}

/// What we make of one expression.
fn ours(expression: &str) -> Option<serde_json::Value> {
    let source = guarded(expression);
    let (expr, errors) = parse_expression(FileId::default(), &source);
    assert!(errors.is_empty(), "{source}: {errors:?}");
    let (files, inputs, drawn) = (MemoryFiles::new(), Inputs::harmless("/cwd"), Cell::new(0));
    let scope = Scope::new();
    let budget = goldsmith_template::budget::Budget::default();
    let context = Context {
        files: &files,
        root: Path::new("/t"),
        inputs: &inputs,
        drawn: &drawn,
        budget: &budget,
        in_template: false,
    };
    let mut evaluator = Evaluator::new(&scope, &context);
    let value = evaluator.eval(&expr);
    assert!(evaluator.faults.is_empty(), "{source}: {:?}", evaluator.faults);
    let text = value.as_str().unwrap();
    (text != "!error").then(|| serde_json::from_str(text).unwrap_or_else(|_| panic!("{source}: {text}")))
}

/// Equality up to the last digits of fractions.
fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a == b || (a - b).abs() <= a.abs().max(b.abs()) * 1e-12,
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn compare(packer: &str, expressions: &[String]) -> usize {
    let theirs = ask(packer, expressions);
    let mut wrong = Vec::new();
    let mut known = 0;
    for (expression, theirs) in expressions.iter().zip(theirs) {
        let ours = ours(expression);
        let agree = match (&ours, &theirs) {
            (Some(ours), Some(theirs)) => same(ours, theirs),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        if agree {
            continue;
        }
        match KNOWN.iter().find(|(part, _)| expression.contains(part)) {
            Some(_) => known += 1,
            None => {
                let shown = |value: &Option<serde_json::Value>| {
                    value.as_ref().map_or("an error".to_owned(), ToString::to_string)
                };
                wrong.push(format!(
                    "{expression}\n    packer: {}\n    here:   {}",
                    shown(&theirs),
                    shown(&ours)
                ));
            }
        }
    }
    println!(
        "{} of {} expressions agree, {known} differ as listed",
        expressions.len() - known - wrong.len(),
        expressions.len()
    );
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
    known
}

/// How many expressions: `GOLDSMITH_SOAK` makes it a long campaign.
fn amount(usual: usize) -> (u64, usize) {
    match std::env::var("GOLDSMITH_SOAK") {
        Ok(seconds) => (seconds.parse().unwrap_or(1), usual * 20),
        Err(_) => (1, usual),
    }
}

#[test]
fn functions_do_what_packer_does() {
    let packer = match packer() {
        Ok(packer) => packer,
        Err(why) => return println!("skipped: {why}"),
    };
    let (seed, count) = amount(25);
    let mut generator = Generator::new(seed);
    let mut expressions = Vec::new();
    for index in 0..FUNCTIONS.len() {
        for round in 0..count {
            expressions.push(generator.call(index, round % 3));
        }
    }
    compare(packer, &expressions);
}

#[test]
fn nested_expressions_come_to_what_packer_makes_of_them() {
    let packer = match packer() {
        Ok(packer) => packer,
        Err(why) => return println!("skipped: {why}"),
    };
    let (seed, count) = amount(1500);
    let mut generator = Generator::new(seed + 1_000_003);
    let expressions: Vec<String> = (0..count).map(|round| generator.expression(round % 5)).collect();
    compare(packer, &expressions);
}
