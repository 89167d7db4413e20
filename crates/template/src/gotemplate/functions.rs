//! The functions of Packer's template engine, and Go's own.

use super::Facts;
use super::exec::{GoValue, Stop};
use super::parse::Error;
use crate::functions::go_layout;
use crate::text::Hole;
use jiff::tz::TimeZone;
use std::cmp::Ordering;

/// Every function, for "did you mean".
pub(super) const NAMES: &[&str] = &[
    "build_name",
    "build_type",
    "env",
    "isotime",
    "strftime",
    "pwd",
    "split",
    "template_dir",
    "timestamp",
    "uuid",
    "user",
    "packer_version",
    "consul_key",
    "vault",
    "build",
    "aws_secretsmanager",
    "aws_secretsmanager_raw",
    "replace",
    "replace_all",
    "upper",
    "lower",
    "clean_resource_name",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "not",
    "len",
    "index",
    "print",
    "printf",
    "println",
];

fn wrong(message: impl Into<String>) -> Stop {
    Stop::Error(Error { offset: 0, message: message.into() })
}

fn text<'a>(args: &'a [GoValue], index: usize, name: &str) -> Result<&'a str, Stop> {
    match args.get(index) {
        Some(GoValue::Text(text)) => Ok(text),
        _ => Err(wrong(format!("{name}: argument {} must be text", index + 1))),
    }
}

fn count(args: &[GoValue], wanted: usize, name: &str) -> Result<(), Stop> {
    if args.len() == wanted {
        Ok(())
    } else {
        Err(wrong(format!("{name} needs {wanted} arguments, but there are {}", args.len())))
    }
}

/// How many bytes a call makes at most.
pub(super) fn most(name: &str, args: &[GoValue]) -> usize {
    let all: usize = args.iter().map(|arg| arg.size() + 24).sum();
    let found = |whole: usize, old: usize, new: usize| match (args.get(whole), args.get(old), args.get(new)) {
        (Some(GoValue::Text(whole)), Some(GoValue::Text(old)), Some(GoValue::Text(new))) => {
            whole.matches(old.as_str()).count().saturating_mul(new.len())
        }
        _ => 0,
    };
    let more = match (name, args) {
        ("replace_all", _) => found(2, 0, 1),
        ("replace", _) => found(3, 0, 1),
        // Every verb may be as wide as its digits say.
        ("printf", [GoValue::Text(pattern), ..]) => {
            pattern.split('%').skip(1).map(|verb| width(verb.trim_start_matches(['-', '0']))).sum()
        }
        _ => 0,
    };
    all.saturating_mul(2).saturating_add(more)
}

/// The number at the start of a verb, as wide as it is taken.
fn width(verb: &str) -> usize {
    let digits = verb.find(|c: char| !c.is_ascii_digit()).unwrap_or(verb.len());
    verb.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(0).min(10_000)
}

/// Calls a function.
pub(super) fn call(name: &str, args: &[GoValue], facts: &Facts) -> Result<GoValue, Stop> {
    if let Some(value) = facts.constants.get(name) {
        count(args, 0, name)?;
        return Ok(GoValue::Text(value.clone()));
    }
    let truth = |value: bool| Ok(GoValue::Bool(value));
    let written = |text: String| Ok(GoValue::Text(text));
    match name {
        "build" => {
            count(args, 1, name)?;
            let wanted = text(args, 0, name)?;
            match facts.build.get(wanted) {
                Some(value) => written(value.clone()),
                None => Err(Stop::Late(Some(Hole::Build(wanted.to_owned())))),
            }
        }
        "isotime" | "strftime" => {
            let Some(now) = facts.now else { return Err(Stop::Late(None)) };
            let now = now.to_zoned(TimeZone::UTC);
            match (args.len(), name) {
                (0, "isotime") => written(format!("{}Z", now.strftime("%Y-%m-%dT%H:%M:%S"))),
                (1, "isotime") => written(go_layout(text(args, 0, name)?, &now)),
                (1, _) => jiff::fmt::strtime::format(text(args, 0, name)?, &now)
                    .map(GoValue::Text)
                    .map_err(|error| wrong(error.to_string())),
                _ => Err(wrong(format!("{name} needs one argument"))),
            }
        }
        "user" => match (&facts.user, args.len()) {
            (Some(values), 1) => match values.get(text(args, 0, name)?) {
                None => written(String::new()),
                Some(value) => match (value.known(), value.holes().next()) {
                    (Some(known), _) => written(known.to_owned()),
                    (None, hole) => Err(Stop::Late(hole.cloned())),
                },
            },
            (None, _) => Err(wrong("{{user}} does not exist in HCL2 templates; write ${var.name}")),
            _ => count(args, 1, name).map(|()| GoValue::Nil),
        },
        "env" => match (&facts.env, &facts.user) {
            (Some(values), _) => {
                count(args, 1, name)?;
                written(values.get(text(args, 0, name)?).cloned().unwrap_or_default())
            }
            (None, Some(_)) => Err(wrong("{{env}} can be used in \"variables\" only")),
            (None, None) => {
                Err(wrong("{{env}} does not exist here; use a variable with default = env(\"NAME\")"))
            }
        },
        "consul_key" | "vault" | "aws_secretsmanager" | "aws_secretsmanager_raw" => {
            let shown: Vec<String> = args.iter().map(|arg| format!("`{}`", arg.print())).collect();
            Err(Stop::Late(Some(Hole::Unknown(format!("{name} {}", shown.join(" "))))))
        }
        "build_name" | "build_type" | "pwd" | "template_dir" | "timestamp" | "uuid" | "packer_version" => {
            Err(Stop::Late(None))
        }
        "upper" => written(text(args, 0, name)?.to_uppercase()),
        "lower" => written(text(args, 0, name)?.to_lowercase()),
        "replace_all" => {
            count(args, 3, name)?;
            written(text(args, 2, name)?.replace(text(args, 0, name)?, text(args, 1, name)?))
        }
        "replace" => {
            count(args, 4, name)?;
            let (old, new, source) = (text(args, 0, name)?, text(args, 1, name)?, text(args, 3, name)?);
            match args.get(2) {
                Some(GoValue::Number(n)) if *n < 0 => written(source.replace(old, new)),
                Some(GoValue::Number(n)) => {
                    written(source.replacen(old, new, usize::try_from(*n).unwrap_or(usize::MAX)))
                }
                _ => Err(wrong("replace: argument 3 must be a number")),
            }
        }
        "split" => {
            count(args, 3, name)?;
            let (source, separator) = (text(args, 0, name)?, text(args, 1, name)?);
            let Some(GoValue::Number(wanted)) = args.get(2) else {
                return Err(wrong("split: argument 3 must be a number"));
            };
            let found = usize::try_from(*wanted).ok().and_then(|wanted| source.split(separator).nth(wanted));
            match found {
                Some(piece) => written(piece.to_owned()),
                None => Err(wrong(format!("split: there is no part {wanted} in \"{source}\""))),
            }
        }
        "clean_resource_name" => written(
            text(args, 0, name)?
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
                .collect(),
        ),
        "sed" => Err(wrong("sed does not exist any more; use replace_all")),
        "eq" => {
            let first = args.first().ok_or_else(|| wrong("eq needs at least 2 arguments"))?;
            truth(args.iter().skip(1).any(|other| other == first))
        }
        "ne" => {
            count(args, 2, name)?;
            truth(args.first() != args.get(1))
        }
        "lt" | "le" | "gt" | "ge" => {
            let order = match args {
                [GoValue::Text(a), GoValue::Text(b)] => a.cmp(b),
                [GoValue::Number(a), GoValue::Number(b)] => a.cmp(b),
                _ => return Err(wrong(format!("{name} needs two texts or two numbers"))),
            };
            truth(match name {
                "lt" => order == Ordering::Less,
                "le" => order != Ordering::Greater,
                "gt" => order == Ordering::Greater,
                _ => order != Ordering::Less,
            })
        }
        "and" | "or" => {
            let stop = args.iter().find(|arg| arg.is_true() != (name == "and"));
            stop.or(args.last()).cloned().ok_or_else(|| wrong(format!("{name} needs an argument")))
        }
        "not" => {
            count(args, 1, name)?;
            truth(!args.first().is_some_and(GoValue::is_true))
        }
        "len" => match args {
            [GoValue::Text(text)] => Ok(GoValue::Number(text.len() as i64)),
            [GoValue::List(items)] => Ok(GoValue::Number(items.len() as i64)),
            _ => Err(wrong("len needs one text or list")),
        },
        "index" => match args {
            [GoValue::List(items), GoValue::Number(at)] => {
                let found = usize::try_from(*at).ok().and_then(|at| items.get(at));
                found.cloned().ok_or_else(|| wrong("index is outside the list"))
            }
            _ => Err(wrong("index needs a list and a number")),
        },
        "print" => written(args.iter().map(GoValue::print).collect()),
        "println" => {
            let shown: Vec<String> = args.iter().map(GoValue::print).collect();
            written(format!("{}\n", shown.join(" ")))
        }
        "printf" => written(printf(args)?),
        _ => {
            let hint = crate::options::nearest(name, NAMES.iter().copied())
                .map(|near| format!("; did you mean \"{near}\"?"))
                .unwrap_or_default();
            Err(wrong(format!("function \"{name}\" not defined{hint}")))
        }
    }
}

fn printf(args: &[GoValue]) -> Result<String, Stop> {
    let pattern = text(args, 0, "printf")?;
    let mut out = String::new();
    let mut values = args.iter().skip(1);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flags = String::new();
        let verb = loop {
            match chars.next() {
                Some(c) if c.is_ascii_digit() || c == '-' => flags.push(c),
                Some(c) => break c,
                None => return Err(wrong("printf: the text ends inside a verb")),
            }
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let shown = match (verb, values.next()) {
            (_, None) => format!("%!{verb}(MISSING)"),
            ('q', Some(value)) => serde_json::Value::from(value.print()).to_string(),
            ('s' | 'v' | 'd' | 't', Some(value)) => value.print(),
            (verb, Some(value)) => format!("%!{verb}({})", value.print()),
        };
        let left = flags.starts_with('-');
        let zero = flags.starts_with('0') && verb == 'd';
        let width = flags.trim_start_matches(['-', '0']).parse::<usize>().unwrap_or(0).min(10_000);
        let fill = width.saturating_sub(shown.chars().count());
        match (left, zero) {
            (true, _) => out.push_str(&format!("{shown}{}", " ".repeat(fill))),
            (false, true) => out.push_str(&format!("{}{shown}", "0".repeat(fill))),
            (false, false) => out.push_str(&format!("{}{shown}", " ".repeat(fill))),
        }
    }
    Ok(out)
}
