//! Single expressions with the values of a template: `console`, and what `inspect` prints of them.

use super::analyzer::Analyzer;
use super::component::facts;
use super::{Inputs, graph, legacy, root_scope, variables};
use crate::diagnostic::Diagnostic;
use crate::eval::{Evaluator, Root, Scope};
use crate::files::Files;
use crate::functions::Context;
use crate::gotemplate;
use crate::project::Project;
use crate::syntax::{self, FileId};
use crate::text::Text;
use crate::value::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Evaluates expressions with a template's variables and locals.
pub struct Console<'a> {
    analyzer: Analyzer<'a>,
    scope: Scope,
}

impl<'a> Console<'a> {
    /// For a template; what is wrong with it is [`super::analyze`]'s to say.
    pub fn new(project: &'a Project, files: &'a dyn Files, inputs: &'a Inputs) -> Self {
        let mut analyzer = Analyzer::new(project, files, inputs);
        if analyzer.legacy {
            let (values, _) = legacy::variables(&mut analyzer);
            analyzer.user = values.into();
            return Self { analyzer, scope: Scope::new() };
        }
        let (values, _) = variables::variables(&mut analyzer);
        let mut scope = root_scope(project, inputs, values);
        graph::evaluate(&mut analyzer, &mut scope);
        Self { analyzer, scope }
    }

    /// Whether lines are texts with `{{ }}`, as in JSON templates, and not expressions of HCL.
    pub fn is_legacy(&self) -> bool {
        self.analyzer.legacy
    }

    /// The value of one line.
    ///
    /// # Errors
    /// What is wrong with it; places are in the line.
    pub fn evaluate(&self, line: &str) -> Result<Value, Vec<Diagnostic>> {
        if self.analyzer.legacy {
            let mut facts = facts(&self.analyzer, "", "");
            facts.user = Some(self.analyzer.user.clone());
            let rendered = gotemplate::render(&Text::from(line), &facts);
            return match rendered {
                Ok(rendered) => Ok(Value::from(rendered.text)),
                Err(error) => Err(vec![Diagnostic::error("gotemplate", error.message)]),
            };
        }
        let (expr, errors) = syntax::parse_expression(FileId(u32::MAX), line);
        if !errors.is_empty() {
            let problem = |error: syntax::SyntaxError| Diagnostic::error(error.code, error.message);
            return Err(errors.into_iter().map(problem).collect());
        }
        self.analyzer.budget.begin();
        let context = Context {
            files: self.analyzer.files,
            root: self.analyzer.project.root(),
            inputs: self.analyzer.inputs,
            drawn: &self.analyzer.drawn,
            budget: &self.analyzer.budget,
            in_template: false,
        };
        let mut evaluator = Evaluator::new(&self.scope, &context);
        let value = evaluator.eval(&expr);
        if evaluator.faults.is_empty() {
            return Ok(value);
        }
        let problem = |fault: crate::eval::Fault| {
            let diagnostic = Diagnostic::error(fault.code, fault.message);
            match fault.help {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic,
            }
        };
        Err(evaluator.faults.into_iter().map(problem).collect())
    }

    /// The variables by name.
    pub fn variables(&self) -> BTreeMap<String, Value> {
        if self.analyzer.legacy {
            let values = self.analyzer.user.iter();
            return values.map(|(name, text)| (name.clone(), Value::from(text.clone()))).collect();
        }
        self.root("var")
    }

    /// The locals by name.
    pub fn locals(&self) -> BTreeMap<String, Value> {
        self.root("local")
    }

    fn root(&self, name: &str) -> BTreeMap<String, Value> {
        match self.scope.roots.get(name) {
            Some(Root::Object { entries, .. }) => BTreeMap::clone(entries),
            _ => BTreeMap::new(),
        }
    }

    /// Every variable and local as `variables` prints them.
    pub fn listing(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        if self.analyzer.legacy {
            out.push('\n');
            for (name, value) in self.variables() {
                let _ = writeln!(out, "{name}: {},", packer_text(&value));
            }
            return out;
        }
        out.push_str("> input-variables:\n\n");
        for (name, value) in self.variables() {
            let _ = writeln!(out, "var.{name}: {}", quoted(&packer_text(&value)));
        }
        out.push_str("\n> local-variables:\n\n");
        for (name, value) in self.locals() {
            let _ = writeln!(out, "local.{name}: {}", quoted(&packer_text(&value)));
        }
        out
    }
}

/// A value as Packer's console prints it; what is not wholly known is `<unknown>`, secrets are `<sensitive>`.
pub fn packer_text(value: &Value) -> String {
    let mut known = true;
    value.each_text(&mut |text| known &= text.known().is_some());
    if !known || !value.is_wholly_known() {
        return "<unknown>".to_owned();
    }
    match value {
        Value::String(text) => text.display(),
        other => nested(other),
    }
}

fn nested(value: &Value) -> String {
    match value {
        Value::Null | Value::Unknown(_) => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_text(number.as_i64(), number.as_f64()),
        Value::String(text) => quoted(&text.display()),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            let lines =
                items.iter().map(|item| format!("{},\n", indented(&nested(item)))).collect::<String>();
            if lines.is_empty() { "[]".to_owned() } else { format!("[\n{lines}]") }
        }
        Value::Map(entries) | Value::Object(entries) => {
            // Of an object, Packer does not show what is not set.
            let set = entries.iter().filter(|(_, item)| !item.is_null());
            let line = |(key, item): (&String, &Value)| {
                format!("{}\n", indented(&format!("{} = {}", quoted(key), nested(item))))
            };
            let lines = set.map(line).collect::<String>();
            if lines.is_empty() { "{}".to_owned() } else { format!("{{\n{lines}}}") }
        }
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// A number as Go prints it: whole ones plainly, others with `%g`.
fn number_text(whole: Option<i64>, number: f64) -> String {
    if let Some(whole) = whole {
        return whole.to_string();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{number}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A text in quotes as Go's `%q` writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;
    use std::path::Path;

    /// What Packer 1.6.6 prints, asked once.
    #[test]
    fn values_as_packer_prints_them() {
        let files = MemoryFiles::new()
            .with("t.pkr.hcl", "variable \"a\" { default = \"x\" }\nlocals { z = \"${var.a}y\" }");
        let project = Project::open(&files, Path::new("t.pkr.hcl")).unwrap();
        let inputs = Inputs::harmless("/");
        let console = Console::new(&project, &files, &inputs);
        for (line, wanted) in [
            ("{a=null,b=1}", "{\n  \"b\" = 1\n}"),
            ("[{}]", "[\n  {},\n]"),
            ("{a={b=null}}", "{\n  \"a\" = {}\n}"),
            ("[null, []]", "[\n  null,\n  [],\n]"),
            ("1/3", "0.3333333333333333"),
            ("1e30", "1e+30"),
            ("100000000.5", "1.000000005e+08"),
            ("12345678901234567890", "1.2345678901234567e+19"),
            ("\"a\\tb\"", "a\tb"),
            ("[\"a\\u0001\\u00e9\\\"\\\\\"]", "[\n  \"a\\x01é\\\"\\\\\",\n]"),
            ("upper(local.z)", "XY"),
        ] {
            assert_eq!(packer_text(&console.evaluate(line).unwrap()), wanted, "{line}");
        }
        assert_eq!(
            console.listing(),
            "> input-variables:\n\nvar.a: \"x\"\n\n> local-variables:\n\nlocal.z: \"xy\"\n"
        );
        assert!(console.evaluate("nope").unwrap_err()[0].message.contains("nope"));
        assert!(console.evaluate("1 +").is_err());
    }

    #[test]
    fn lines_of_json_templates_are_texts() {
        let files = MemoryFiles::new().with("t.json", "{\"variables\": {\"a\": \"x\"}}");
        let project = Project::open(&files, Path::new("t.json")).unwrap();
        let inputs = Inputs::harmless("/");
        let console = Console::new(&project, &files, &inputs);
        assert_eq!(packer_text(&console.evaluate("{{user `a`}} {{timestamp}}").unwrap()), "x 0");
        assert_eq!(console.listing(), "\na: x,\n");
        assert!(console.evaluate("{{nope}}").is_err());
    }
}
