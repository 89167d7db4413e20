//! Templates of the corpus rewritten as HCL's JSON by rule: they must come to the same.
#![allow(clippy::disallowed_methods, reason = "the test looks for its corpus by an environment variable")]
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, reason = "these are tests")]

#[path = "common/corpus.rs"]
mod corpus;

use corpus::Disk;
use goldsmith_template::syntax::ast::{Body, Expr, ExprKind, Item};
use goldsmith_template::syntax::{FileId, parse};
use goldsmith_template::{Analysis, Diagnostic, Files, Inputs, Project, analyze};
use serde_json::{Map, Value, json};
use std::io;
use std::path::{Path, PathBuf};

/// The disk, with one more file in it.
struct With {
    path: PathBuf,
    text: String,
}

impl Files for With {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path == self.path { Ok(self.text.clone().into_bytes()) } else { Disk.read(path) }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        Disk.list(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path != self.path && Disk.is_dir(path)
    }

    fn exists(&self, path: &Path) -> bool {
        path == self.path || Disk.exists(path)
    }
}

fn expression(text: &str, expr: &Expr) -> Value {
    let source = &text[expr.span.start as usize..expr.span.end as usize];
    match &expr.kind {
        ExprKind::Null => Value::Null,
        ExprKind::Bool(value) => json!(value),
        ExprKind::Number(number) => {
            serde_json::from_str(number).unwrap_or_else(|_| json!(format!("${{{number}}}")))
        }
        ExprKind::List(items) => items.iter().map(|item| expression(text, item)).collect(),
        ExprKind::Template(template) if template.literal().is_some() => {
            let literal = template.literal().unwrap_or_default();
            json!(literal.replace("${", "$${").replace("%{", "%%{"))
        }
        _ => json!(format!("${{{source}}}")),
    }
}

fn body(text: &str, body: &Body, kind: &str) -> Value {
    let mut object = Map::new();
    for item in &body.items {
        match item {
            Item::Attribute(attribute) => {
                let name = attribute.name.as_str();
                let value = &attribute.value;
                let value = match (kind, name) {
                    // Types and names are written, not evaluated.
                    ("variable", "type") | ("dynamic", "iterator") => {
                        json!(&text[value.span.start as usize..value.span.end as usize])
                    }
                    _ => expression(text, value),
                };
                object.insert(name.to_owned(), value);
            }
            Item::Block(block) => {
                let mut value = self::body(text, &block.body, block.kind.as_str());
                for label in block.labels.iter().rev() {
                    value = json!({ label.text.as_str(): value });
                }
                let blocks = object.entry(block.kind.as_str()).or_insert_with(|| json!([]));
                if let Some(blocks) = blocks.as_array_mut() {
                    blocks.push(value);
                }
            }
        }
    }
    Value::Object(object)
}

/// What a template comes to, without places: a digest of its jobs, and what is wrong with it.
fn meaning(files: &dyn Files, path: &Path) -> (String, Vec<String>) {
    let project = Project::open(files, path).unwrap();
    let analysis: Analysis = analyze(&project, files, &Inputs::harmless(project.root()));
    let mut wrong: Vec<String> = analysis
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .map(|d: &Diagnostic| format!("{}: {}", d.code, d.message))
        .collect();
    wrong.sort();
    let mut jobs = format!("{:#?}", analysis.config.map(|config| config.jobs));
    while let Some(start) = jobs.find("Place {") {
        let end = jobs[start..].find('}').map_or(jobs.len(), |end| start + end + 1);
        jobs.replace_range(start..end, "_");
    }
    (jobs, wrong)
}

#[test]
fn templates_written_as_json_mean_the_same() {
    let Some(corpus) = corpus::corpus() else { return };
    let all = corpus::files(&corpus, &|name| name.ends_with(".pkr.hcl"));
    let (mut compared, mut wrong) = (0, Vec::new());
    for path in all.iter().step_by(3) {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let parsed = parse(&text);
        if !parsed.errors().is_empty() || text.contains("<<") {
            continue;
        }
        let json = body(&text, &parsed.lower(FileId::default()), "");
        let written = path.with_extension("json");
        let files = With { path: written.clone(), text: serde_json::to_string_pretty(&json).unwrap() };
        let (native, other) = (meaning(&Disk, path), meaning(&files, &written));
        compared += 1;
        if native != other {
            let difference = native.0.lines().zip(other.0.lines()).find(|(a, b)| a != b);
            wrong.push(format!("{}: {:?} / {:?} {difference:?}", path.display(), native.1, other.1));
        }
    }
    println!("{compared} templates compared");
    assert!(compared > 20, "only {compared} templates were compared");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}
