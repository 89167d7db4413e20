use super::*;
use crate::config::Inputs;
use crate::files::MemoryFiles;
use crate::syntax::{FileId, parse_expression};
use crate::text::Part;
use std::cell::Cell;
use std::path::Path;

/// Evaluates one expression where `var.name`, `local.list` and `build` exist.
fn eval(source: &str) -> Result<Value, String> {
    let (expr, errors) = parse_expression(FileId::default(), source);
    if let Some(error) = errors.first() {
        return Err(error.message.clone());
    }
    let files = MemoryFiles::new()
        .with("t/greeting.tpl", "Hello ${name}!\n%{ for x in list ~}\n- ${x}\n%{ endfor ~}\n")
        .with("t/a.txt", "content\n")
        .with("secret.txt", "outside");
    let mut inputs = Inputs::harmless("/cwd");
    inputs.now = "2020-09-13T12:26:40Z".parse().map_err(|_| "time")?;
    let drawn = Cell::new(0);
    let budget = crate::budget::Budget::default();
    let context = Context {
        files: &files,
        root: Path::new("t"),
        inputs: &inputs,
        drawn: &drawn,
        budget: &budget,
        in_template: false,
    };
    let secret = Value::from("hunter2").mark_sensitive();
    let scope = Scope::new()
        .with("var", "variable", BTreeMap::from([("name".into(), "ada".into()), ("secret".into(), secret)]))
        .with("local", "local", BTreeMap::from([("list".into(), Value::Tuple(vec!["a".into()]))]))
        .with_root("build", Root::Build)
        .with_root(
            "data",
            Root::Data {
                declared: BTreeMap::from([(
                    "http".into(),
                    BTreeMap::from([("x".into(), Value::unknown(Type::Any, "data.http.x"))]),
                )]),
            },
        );
    let mut evaluator = Evaluator::new(&scope, &context);
    let value = evaluator.eval(&expr);
    match evaluator.faults.first() {
        Some(fault) => {
            let help = fault.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            Err(format!("{}: {}{help}", fault.code, fault.message))
        }
        None => Ok(value),
    }
}

/// A value as `packer console` 1.6 prints it: numbers as 64-bit floats, null entries of objects left out.
fn console(value: &Value, indent: usize, top: bool) -> String {
    let pad = "  ".repeat(indent + 1);
    let end = "  ".repeat(indent);
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => go_float(number.as_f64()),
        Value::String(text) if top => text.reveal(),
        Value::String(text) => format!("\"{}\"", text.reveal()),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) if items.is_empty() => "[]".into(),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            let lines: String =
                items.iter().map(|item| format!("{pad}{},\n", console(item, indent + 1, false))).collect();
            format!("[\n{lines}{end}]")
        }
        Value::Map(entries) | Value::Object(entries) => {
            let lines: Vec<String> = entries
                .iter()
                .filter(|(_, item)| !item.is_null())
                .map(|(key, item)| format!("{pad}\"{key}\" = {}\n", console(item, indent + 1, false)))
                .collect();
            if lines.is_empty() { "{}".into() } else { format!("{{\n{}{end}}}", lines.concat()) }
        }
        Value::Unknown(unknown) => unknown.hole.to_string(),
    }
}

fn go_float(value: f64) -> String {
    if value != 0.0 && (value.abs() >= 1e21 || value.abs() < 1e-4) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap();
        let exponent: i32 = exponent.parse().unwrap();
        return format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    format!("{value}")
}

/// Expressions where today's Packer, or we on purpose, differ from Packer 1.6.6.
const DIFFERENT: &[&str] = &[
    // The 155th digit is rounded there and cut here.
    "\"x${1/3}\"",
    // Infinity there; an error in today's HCL and here.
    "1/0",
    // Unknown there; an empty list in today's HCL and here.
    "null[*]",
];

#[test]
fn expressions_give_what_packer_console_prints() {
    #[derive(serde::Deserialize)]
    struct Case {
        expression: String,
        output: Option<String>,
    }
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../testdata/packer-1.6.6/console.json")).unwrap();
    assert!(cases.len() > 200);
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| !DIFFERENT.contains(&case.expression.as_str())) {
        let ours = eval(&case.expression);
        let agree = match (&ours, &case.output) {
            (Ok(value), Some(output)) => console(value, 0, true).trim_end_matches('\n') == output,
            (Err(_), None) => true,
            _ => false,
        };
        if !agree {
            let shown = ours.map(|value| console(&value, 0, true));
            wrong.push(format!("{}\n    ours: {shown:?}\n  packer: {:?}", case.expression, case.output));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn functions_newer_than_the_oracle() {
    for (source, expected) in [
        ("regex(\"[a-z]+\", \"12abc34\")", "abc"),
        ("regex(\"(\\\\d+)-(\\\\d+)\", \"2019-02\")", "[\n  \"2019\",\n  \"02\",\n]"),
        ("regexall(\"[a-z]+\", \"12ab34cd\")", "[\n  \"ab\",\n  \"cd\",\n]"),
        ("index([\"a\", \"b\"], \"b\")", "1"),
        ("sum([1, 2, 3.5])", "6.5"),
        ("alltrue([true, \"true\"])", "true"),
        ("anytrue([false, false])", "false"),
        ("startswith(\"abc\", \"ab\") && endswith(\"abc\", \"bc\") && strcontains(\"abc\", \"b\")", "true"),
        ("textencodebase64(\"Hi\", \"UTF-16LE\")", "SABpAA=="),
        ("textdecodebase64(\"SABpAA==\", \"UTF-16LE\")", "Hi"),
        ("timestamp()", "2020-09-13T12:26:40Z"),
        ("formatdate(\"YYYYMMDD\", timestamp())", "20200913"),
        ("legacy_isotime(\"2006-01-02 Jan Mon 03:04PM\")", "2020-09-13 Sep Sun 12:26PM"),
        ("abspath(\"../x\")", "/x"),
    ] {
        assert_eq!(eval(source).map(|value| console(&value, 0, true)), Ok(expected.to_owned()), "{source}");
    }
}

#[test]
fn files_are_read_beside_the_template_and_nowhere_else() {
    let shown = |source: &str| eval(source).map(|value| console(&value, 0, true));
    assert_eq!(shown("file(\"a.txt\")"), Ok("content\n".into()));
    assert_eq!(shown("fileexists(\"b.txt\")"), Ok("false".into()));
    assert_eq!(shown("fileset(\".\", \"*.t?t\")"), Ok("[\n  \"a.txt\",\n]".into()));
    assert_eq!(
        shown("templatefile(\"greeting.tpl\", { name = \"x\", list = [1, 2] })"),
        Ok("Hello x!\n- 1\n- 2\n".into())
    );
    assert!(shown("file(\"nope.txt\")").unwrap_err().contains("there is no such file"));
    // Opening is harmless: what is outside stays unread, and unknown.
    assert!(matches!(eval("file(\"../secret.txt\")"), Ok(Value::Unknown(_))));
    assert!(matches!(eval("vault(\"secret\", \"key\")"), Ok(Value::Unknown(_))));
}

#[test]
fn values_of_the_build_stay_holes_and_what_is_computed_from_them_too() {
    let text = |source: &str| eval(source).map(|value| value.to_text().unwrap().display());
    assert_eq!(text("\"ssh ${build.Host}:${build.Port}\""), Ok("ssh {build.Host}:{build.Port}".into()));
    assert_eq!(text("join(\" \", [\"a\", build.ID])"), Ok("a {build.ID}".into()));
    assert_eq!(text("format(\"%s@%s\", build.User, var.name)"), Ok("{build.User}@ada".into()));
    let late = |source: &str| match eval(source).unwrap().to_text().unwrap().parts.as_slice() {
        [Part::Hole(Hole::Late { expression, .. })] => expression.clone(),
        other => panic!("{source}: {other:?}"),
    };
    let build = |name: &str| match name {
        "Host" => Some("Example.Org".to_owned()),
        "ID" => Some("vm:42".to_owned()),
        "Port" => Some("2222".to_owned()),
        _ => None,
    };
    for (source, expected) in [
        ("upper(build.Host)", "EXAMPLE.ORG"),
        ("split(\":\", build.ID)[1]", "42"),
        ("build.Host == \"x\" ? var.name : \"q$\\\"${build.ID}\"", "q$\"vm:42"),
        ("build.Port + 1", "2223"),
        ("length(build.ID)", "5"),
        ("!(build.Host != \"Example.Org\") && true", "true"),
        ("format(\"%05d\", build.Port)", "02222"),
        ("join(\",\", [for part in [build.ID, \"x\"] : upper(part)])", "VM:42,X"),
        ("\"${upper(\"<${build.ID}>\")}\"", "<VM:42>"),
        ("\"%{ if build.ID == \"vm:42\" }yes ${build.Host}%{ else }no%{ endif }\"", "yes Example.Org"),
        ("jsonencode({ id = build.ID, n = [1, null] })", "{\"id\":\"vm:42\",\"n\":[1,null]}"),
        ("try(split(\":\", build.ID)[1], \"none\")", "42"),
        ("can(split(\":\", build.ID)[7])", "false"),
        ("contains([\"a\", build.Host], \"a\")", "true"),
        ("lookup({ \"vm:42\" = \"found\" }, build.ID, \"\")", "found"),
    ] {
        let text = eval(source).unwrap().to_text().unwrap();
        let filled = text.resolve(&|hole| match hole {
            Hole::Build(name) => build(name),
            Hole::Late { expression, .. } => super::finish(expression, &build).ok(),
            _ => None,
        });
        assert_eq!(filled.as_deref(), Ok(expected), "{source} is left as {text:?}");
    }
    assert_eq!(late("upper(build.Host)"), "upper(build.Host)");
    assert!(super::finish("upper(build.Nothing)", &build).is_err());
    assert!(eval("[for part in split(\",\", build.Host) : part]").unwrap_err().starts_with("eval.late"));
    assert!(eval("build.host").unwrap_err().contains("did you mean build.Host?"));
    assert!(matches!(eval("data.http.x.body"), Ok(Value::Unknown(_))));
    assert!(matches!(eval("jsondecode(data.http.x.body)[\"a\"]"), Ok(Value::Unknown(_))));
}

#[test]
fn what_is_wrong_says_what_to_do() {
    for (source, expected) in [
        ("var.nmae", "eval.reference: the variable \"nmae\" is not declared (did you mean var.name?)"),
        (
            "local.other",
            "eval.reference: the local \"other\" is not declared (declare it in a locals block: other = ...)",
        ),
        ("nmae", "eval.reference: there is no \"nmae\" here"),
        ("uper(\"x\")", "eval.unknown-function: there is no function \"uper\" (did you mean \"upper\"?)"),
        (
            "tostring(1)",
            "eval.unknown-function: Packer has no function \"tostring\"; it is one of Terraform's (write convert(value, string))",
        ),
        ("env(\"HOME\")", "eval.env: env() can be used only in the default of a variable"),
        ("1 / 0", "eval.division: division by zero"),
        ("range(100000)", "eval.call: range(): more than 1024 elements are not possible"),
        ("[\"a\"][3]", "eval.index: there is no element 3: the list has 1 elements"),
        ("upper()", "eval.call: upper(): 1 argument is required, but there are 0 (it is upper(string))"),
    ] {
        let error = eval(source).unwrap_err();
        assert!(error.starts_with(expected), "{source}\n  {error}\n  {expected}");
    }
}

#[test]
fn sensitive_marks_follow_the_value() {
    for source in [
        "var.secret",
        "\"x${var.secret}\"",
        "upper(var.secret)",
        "{ a = [var.secret] }",
        "split(\"\", var.secret)",
    ] {
        assert!(eval(source).unwrap().is_sensitive(), "{source}");
    }
    assert!(!eval("var.name").unwrap().is_sensitive());
    assert!(!format!("{:?}", eval("\"x${var.secret}\"").unwrap()).contains("hunter2"));
}

#[test]
fn runaway_expressions_end() {
    let nested = format!("{}1{}", "[for x in range(1000) : ".repeat(3), "]".repeat(3));
    assert!(eval(&nested).unwrap_err().starts_with("eval.too-large"));
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(eval(&nested(100)).is_ok());
    assert!(eval(&nested(250)).is_err());
    assert!(eval(&nested(5_000)).is_err());
    let calls = |depth: usize| format!("{}\"a\"{}", "upper(".repeat(depth), ")".repeat(depth));
    assert!(eval(&calls(100)).is_ok());
    assert!(eval(&calls(250)).is_err());
    let long = format!(
        "join(\"\", [for x in range(1000) : join(\"\", [for y in range(1000) : \"{}\"])])",
        "x".repeat(5_000)
    );
    assert!(eval(&long).unwrap_err().starts_with("eval.too-large"));
}
