//! Variables: declarations, where their values come from, validation (packer.md 1.3).

use super::analyzer::Analyzer;
use super::model::{Origin, Variable};
use super::type_constraint;
use crate::diagnostic::Severity;
use crate::document::{Document, Language};
use crate::eval::Scope;
use crate::options::nearest;
use crate::syntax::ast::{Block, ExprKind};
use crate::syntax::{self, FileId, Span};
use crate::types::{Type, convert};
use crate::value::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

struct Declared<'b> {
    name: String,
    span: Span,
    ty: Option<Type>,
    type_text: Option<String>,
    default: Option<Value>,
    description: Option<String>,
    sensitive: bool,
    validations: Vec<&'b Block>,
    value: Option<(Value, Origin, Option<Span>)>,
}

impl Declared<'_> {
    /// Whether text from outside is taken as it is: `string`, `number` and what has no type. Anything else is
    /// read as an expression.
    fn takes_text(&self) -> bool {
        let inferred = self.default.as_ref().map(Value::type_of);
        match self.ty.as_ref().or(inferred.as_ref()) {
            None | Some(Type::Any | Type::String | Type::Number) => true,
            Some(Type::Tuple(items)) if self.ty.is_none() => items.is_empty(),
            Some(Type::Object(fields)) if self.ty.is_none() => fields.is_empty(),
            Some(_) => false,
        }
    }

    /// The type a value is converted to. A list or object without a declared type takes any of its kind.
    fn target(&self) -> Type {
        match (&self.ty, &self.default) {
            (Some(ty), _) => ty.clone(),
            (None, Some(default)) => match default.type_of() {
                simple @ (Type::Bool | Type::Number | Type::String) => simple,
                _ => Type::Any,
            },
            (None, None) => Type::Any,
        }
    }
}

/// Evaluates every variable: the values by name, and their descriptions.
pub(super) fn variables(a: &mut Analyzer<'_>) -> (BTreeMap<String, Value>, Vec<Variable>) {
    let project = a.project;
    let mut declared: Vec<Declared<'_>> = Vec::new();
    for document in project.documents() {
        for block in document.body().blocks() {
            match block.kind.as_str() {
                "variable" => declare(a, block, &mut declared),
                "variables" => declare_all(a, block, &mut declared),
                _ => {}
            }
        }
    }
    from_environment(a, &mut declared);
    from_files(a, &mut declared);
    from_command_line(a, &mut declared);
    let mut values = BTreeMap::new();
    let mut described = Vec::new();
    for variable in declared {
        let (value, origin, span) = match (variable.value.clone(), variable.default.clone()) {
            (Some(given), _) => given,
            (None, Some(default)) => (default, Origin::Default, None),
            (None, None) => {
                let name = &variable.name;
                a.error("variable.unset", variable.span, format!("the variable \"{name}\" has no value"))
                    .help = Some(format!(
                    "give it one with -var '{name}=...', a variable file, or PKR_VAR_{name} in the environment; or give it a default"
                ));
                let unknown = Value::unknown(variable.ty.clone().unwrap_or(Type::Any), format!("var.{name}"));
                (unknown, Origin::Nowhere, None)
            }
        };
        let value = if variable.sensitive { value.mark_sensitive() } else { value };
        if variable.sensitive {
            a.keep_secret(&value);
        }
        for block in &variable.validations {
            validate(a, block, &variable.name, &value, span.unwrap_or(variable.span));
        }
        if let Some(place) = a.place(variable.span) {
            described.push(Variable {
                name: variable.name.clone(),
                ty: variable.type_text.clone().unwrap_or_else(|| variable.target().to_string()),
                description: variable.description,
                sensitive: variable.sensitive,
                value: match origin {
                    Origin::Nowhere => serde_json::Value::Null,
                    _ if variable.sensitive => "<sensitive>".into(),
                    _ => value.display(),
                },
                origin,
                place,
            });
        }
        values.insert(variable.name, value);
    }
    (values, described)
}

fn duplicate(a: &mut Analyzer<'_>, declared: &[Declared<'_>], name: &str, span: Span) -> bool {
    let Some(first) = declared.iter().find(|other| other.name == name).map(|first| first.span) else {
        return false;
    };
    a.declared_twice("variable.duplicate", span, &format!("the variable \"{name}\""), first);
    true
}

fn declare<'b>(a: &mut Analyzer<'_>, block: &'b Block, declared: &mut Vec<Declared<'b>>) {
    let Some(label) = block.labels.first() else { return };
    let name = label.text.to_string();
    let body = &block.body;
    a.expect(body, "a variable", &["type", "default", "description", "sensitive"], &["validation"]);
    a.attributes(body);
    if duplicate(a, declared, &name, block.header) {
        return;
    }
    let scope = Scope::new()
        .without("var", "a default cannot use other variables; compute it in a local instead")
        .without("local", "a default cannot use locals; use the local where the value is needed");
    let mut variable = Declared {
        name,
        span: block.header,
        ty: None,
        type_text: None,
        default: None,
        description: a.text_attribute(body, "description", &scope, &Vec::new()),
        sensitive: false,
        validations: body.blocks_of("validation").collect(),
        value: None,
    };
    if let Some(attribute) = body.attribute("type") {
        match type_constraint(&attribute.value) {
            Ok(ty) => {
                variable.ty = Some(ty);
                let text = a.source(attribute.value.span);
                variable.type_text = Some(text.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            Err((span, message)) => {
                a.error("variable.type", span, message).help = Some(
                    "types are string, number, bool, any, list(T), set(T), map(T), object({..}) and tuple([..])"
                        .to_owned(),
                );
            }
        }
    }
    if let Some(attribute) = body.attribute("sensitive") {
        let (value, fine) = a.eval(&attribute.value, &scope, &Vec::new());
        match convert(&value, &Type::Bool) {
            Ok(Value::Bool(sensitive)) => variable.sensitive = sensitive,
            Ok(Value::Null) => {}
            _ if !fine => {}
            _ => {
                a.error("attribute.type", attribute.value.span, "\"sensitive\" must be true or false");
            }
        }
    }
    if let Some(attribute) = body.attribute("default") {
        let (value, fine) = a.eval_with(&attribute.value, &scope, &Vec::new(), true);
        let ty = variable.ty.clone().unwrap_or(Type::Any);
        match convert(&value, &ty) {
            Ok(value) => variable.default = Some(value),
            Err(mismatch) => {
                if fine {
                    let message = format!(
                        "the default of \"{}\" does not fit its type {}: {mismatch}",
                        variable.name,
                        variable.type_text.clone().unwrap_or_default()
                    );
                    a.error("variable.default", attribute.value.span, message);
                }
                variable.default = Some(Value::unknown(ty, format!("var.{}", variable.name)));
            }
        }
    }
    declared.push(variable);
}

/// `variables { a = 1 }`
fn declare_all<'b>(a: &mut Analyzer<'_>, block: &'b Block, declared: &mut Vec<Declared<'b>>) {
    for item in block.body.blocks() {
        a.error("body.unknown", item.header, "a variables block holds only name = default");
    }
    for attribute in a.attributes(&block.body) {
        let name = attribute.name.name.to_string();
        if duplicate(a, declared, &name, attribute.name.span) {
            continue;
        }
        let (value, _) = a.eval_with(&attribute.value, &Scope::new(), &Vec::new(), true);
        declared.push(Declared {
            name,
            span: attribute.name.span,
            ty: None,
            type_text: None,
            default: Some(value),
            description: None,
            sensitive: false,
            validations: Vec::new(),
            value: None,
        });
    }
}

/// Gives a variable a value, converted to its type.
fn assign(
    a: &mut Analyzer<'_>,
    variable: &mut Declared<'_>,
    value: Value,
    origin: Origin,
    span: Option<Span>,
) {
    match convert(&value, &variable.target()) {
        Ok(value) => variable.value = Some((value, origin, span)),
        Err(mismatch) => {
            let from = match &origin {
                Origin::Environment => format!(" from PKR_VAR_{} in the environment", variable.name),
                Origin::CommandLine => " from -var".to_owned(),
                _ => String::new(),
            };
            let ty = variable.type_text.clone().unwrap_or_else(|| variable.target().to_string());
            let message =
                format!("the value of \"{}\"{from} does not fit its type {ty}: {mismatch}", variable.name);
            a.error("variable.value", span.unwrap_or(variable.span), message);
            if span.is_some() {
                a.relate("the variable is declared here", variable.span);
            }
            variable.value =
                Some((Value::unknown(variable.target(), format!("var.{}", variable.name)), origin, span));
        }
    }
}

/// A value given as text outside a file.
fn assign_text(a: &mut Analyzer<'_>, variable: &mut Declared<'_>, text: &str, origin: Origin) {
    if variable.takes_text() {
        return assign(a, variable, Value::from(text), origin, None);
    }
    let (expr, errors) = syntax::parse_expression(FileId(u32::MAX), text);
    let faults = a.diagnostics.len();
    let (value, fine) =
        if errors.is_empty() { a.eval(&expr, &Scope::new(), &Vec::new()) } else { (Value::Null, false) };
    if fine {
        return assign(a, variable, value, origin, None);
    }
    let why = match (errors.first(), a.diagnostics.get(faults)) {
        (Some(error), _) => error.message.clone(),
        (None, Some(diagnostic)) => diagnostic.message.clone(),
        (None, None) => "it cannot be read".to_owned(),
    };
    a.diagnostics.truncate(faults);
    let ty = variable.type_text.clone().unwrap_or_else(|| variable.target().to_string());
    a.error(
        "variable.value",
        variable.span,
        format!("the value given for \"{}\" is not an expression of type {ty}: {why}", variable.name),
    )
    .help = Some(
        "values of this type are written as in a template: [\"a\", \"b\"], true, { key = \"value\" }"
            .to_owned(),
    );
    variable.value =
        Some((Value::unknown(variable.target(), format!("var.{}", variable.name)), origin, None));
}

fn from_environment(a: &mut Analyzer<'_>, declared: &mut [Declared<'_>]) {
    let inputs = a.inputs;
    for variable in declared {
        if let Some(text) = inputs.env.get(&format!("PKR_VAR_{}", variable.name)) {
            assign_text(a, variable, text, Origin::Environment);
        }
    }
}

fn from_command_line(a: &mut Analyzer<'_>, declared: &mut [Declared<'_>]) {
    let inputs = a.inputs;
    for (name, text) in &inputs.vars {
        if let Some(variable) = declared.iter_mut().find(|variable| variable.name == *name) {
            assign_text(a, variable, text, Origin::CommandLine);
            continue;
        }
        let near = nearest(name, declared.iter().map(|variable| variable.name.as_str())).map(str::to_owned);
        let mut diagnostic = crate::diagnostic::Diagnostic::error(
            "variable.undeclared",
            format!("-var sets \"{name}\", but the template declares no such variable"),
        )
        .with_excerpt(format!("-var {name}=..."));
        diagnostic.help = Some(match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("declare it with variable \"{name}\" {{}}, or leave the -var out"),
        });
        a.diagnostics.push(diagnostic);
    }
}

fn from_files(a: &mut Analyzer<'_>, declared: &mut [Declared<'_>]) {
    let mut paths: Vec<PathBuf> = Vec::new();
    if a.project.is_folder() {
        let mut entries = a.files.list(a.project.root()).unwrap_or_default();
        entries.sort();
        for suffix in [".auto.pkrvars.hcl", ".auto.pkrvars.json"] {
            paths.extend(entries.iter().filter(|path| path.to_string_lossy().ends_with(suffix)).cloned());
        }
    }
    paths.extend(a.inputs.var_files.iter().cloned());
    for path in paths {
        let given = a.inputs.var_files.contains(&path);
        let full = if given { a.inputs.cwd.join(&path) } else { path.clone() };
        let bytes = match a.files.read(&full) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("the variable file {} cannot be read: {error}", path.display());
                a.diagnostics.push(
                    crate::diagnostic::Diagnostic::error("variable.file", message)
                        .with_help("check the path given with -var-file"),
                );
                continue;
            }
        };
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => from_file(a, declared, &path, bytes, Language::JsonVariableValues),
            Some("hcl") => from_file(a, declared, &path, bytes, Language::VariableValues),
            _ => {
                let message = format!("the variable file {} must end in .hcl or .json", path.display());
                a.diagnostics.push(crate::diagnostic::Diagnostic::error("variable.file", message));
            }
        }
    }
}

fn from_file(
    a: &mut Analyzer<'_>,
    declared: &mut [Declared<'_>],
    path: &Path,
    bytes: Vec<u8>,
    language: Language,
) {
    let id = FileId((a.project.documents().len() + a.extra.len()) as u32);
    let document = Document::with_language(id, path, bytes, language);
    a.diagnostics.extend(document.diagnostics().iter().cloned());
    let body = document.body().clone();
    a.extra.push(document);
    a.duplicates(&body);
    for block in body.blocks() {
        let message = match block.kind.as_str() {
            "variable" => {
                "a variable file gives values (name = value); declare variables in a *.pkr.hcl file"
            }
            _ => "a variable file holds only name = value",
        };
        a.error("variable.file", block.header, message);
    }
    for attribute in a.attributes(&body) {
        let (value, fine) = a.eval(&attribute.value, &Scope::new(), &Vec::new());
        let name = attribute.name.as_str();
        match declared.iter_mut().find(|variable| variable.name == name) {
            Some(variable) if fine => {
                assign(
                    a,
                    variable,
                    value,
                    Origin::File(path.display().to_string()),
                    Some(attribute.value.span),
                );
            }
            Some(variable) => variable.value = Some((value, Origin::File(path.display().to_string()), None)),
            None => {
                let near = nearest(name, declared.iter().map(|variable| variable.name.as_str()));
                let help = near.map(|near| format!("did you mean \"{near}\"?"));
                let message = format!("the template declares no variable \"{name}\"");
                a.report(Severity::Warning, "variable.undeclared", attribute.name.span, message).help = help;
            }
        }
    }
}

/// Checks one `validation` block against the value finally chosen.
fn validate(a: &mut Analyzer<'_>, block: &Block, name: &str, value: &Value, at: Span) {
    a.expect(&block.body, "a validation", &["condition", "error_message"], &[]);
    let entries = BTreeMap::from([(name.to_owned(), value.clone())]);
    let scope = Scope::new()
        .with("var", "variable", entries)
        .without("local", "a validation can use only the variable it belongs to");
    let message = a.text_attribute(&block.body, "error_message", &scope, &Vec::new());
    if let (Some(message), Some(attribute)) = (&message, block.body.attribute("error_message")) {
        let lower = message.chars().next().is_some_and(char::is_lowercase);
        if lower || !message.trim_end().ends_with(['.', '?', '!']) {
            a.error(
                "variable.error-message",
                attribute.value.span,
                "an error_message must be a full sentence: it starts with a capital letter and ends with . ? or !",
            );
        }
    }
    let Some(condition) = block.body.attribute("condition") else {
        a.error("variable.validation", block.header, "a validation needs a \"condition\"");
        return;
    };
    if message.is_none() && block.body.attribute("error_message").is_none() {
        a.error("variable.validation", block.header, "a validation needs an \"error_message\"");
    }
    if !mentions(&a.source(condition.value.span), name) {
        a.error(
            "variable.validation",
            condition.value.span,
            format!("the condition must use the variable it belongs to, var.{name}"),
        );
        return;
    }
    if matches!(condition.value.kind, ExprKind::Missing) {
        return;
    }
    let (result, fine) = a.eval(&condition.value, &scope, &Vec::new());
    match convert(&result, &Type::Bool) {
        _ if !fine => {}
        Ok(Value::Bool(true) | Value::Unknown(_)) => {}
        Ok(Value::Bool(false)) => {
            let message = message.unwrap_or_else(|| "the value is not valid".to_owned());
            a.error("variable.invalid", at, format!("the value of \"{name}\" is refused: {message}"));
            a.relate("by this validation", condition.value.span);
        }
        _ => {
            a.error("variable.validation", condition.value.span, "a condition must be true or false");
        }
    }
}

fn mentions(source: &str, name: &str) -> bool {
    source.match_indices("var.").any(|(at, _)| {
        let rest = source.get(at + 4..).unwrap_or("");
        rest.strip_prefix(name)
            .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-'))
    })
}
