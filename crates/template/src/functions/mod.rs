//! The functions of Packer's HCL2 (packer.md 1.6).
//!
//! Every function is one row of a table: name, parameters, result, body. The caller has already converted the
//! arguments to the parameters' types and refused `null` and unknown values, so that bodies see known values
//! of the right type only.

mod collections;
mod crypt;
mod dates;
mod encoding;
mod files;
mod network;
mod numbers;
mod regexes;
mod strings;
mod yaml;

use crate::budget::Budget;
use crate::config::Inputs;
use crate::files::Files;
use crate::text::{Hole, Text};
use crate::types::{Type, convert};
use crate::value::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use dates::go_layout;
pub(crate) use encoding::to_json as json;
pub(crate) use files::clean;
pub(crate) use strings::normal;

/// What functions may use besides their arguments.
pub struct Context<'a> {
    /// The only way to files.
    pub files: &'a dyn Files,
    /// The template's folder, the base of relative paths in functions.
    pub root: &'a Path,
    /// Everything else from outside.
    pub inputs: &'a Inputs,
    /// How many random values were drawn.
    pub drawn: &'a Cell<u64>,
    /// What may still be made.
    pub budget: &'a Budget,
    /// True inside `templatefile`, which cannot call itself.
    pub in_template: bool,
}

impl Context<'_> {
    /// Pays for a result, or for work, before it is made: bytes.
    pub(crate) fn take(&self, amount: usize) -> Result<(), Failure> {
        match self.budget.take(amount) {
            true => Ok(()),
            false => Err(Failure::new("the result is too long, or takes too long to find")),
        }
    }
}

/// A parameter's type. All refuse `null` unless they say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum P {
    /// A string.
    Str,
    /// A number.
    Num,
    /// A bool.
    Bool,
    /// Anything, `null` too.
    Any,
    /// A list, tuple or set of anything.
    Seq,
    /// A list of strings.
    Strs,
    /// A set of anything; lists are taken as sets.
    Set,
    /// A map or object.
    Map,
}

impl P {
    fn name(self) -> &'static str {
        match self {
            P::Str => "string",
            P::Num => "number",
            P::Bool => "bool",
            P::Any => "any",
            P::Seq => "list",
            P::Strs => "list of strings",
            P::Set => "set",
            P::Map => "map",
        }
    }
}

type Body = fn(&Context<'_>, &[Value]) -> Result<Value, Failure>;

/// A function of the language.
pub struct Function {
    pub(crate) name: &'static str,
    pub(crate) params: &'static [P],
    /// The type of any further arguments.
    pub(crate) rest: Option<P>,
    /// How many of `params` may be left out at the end.
    pub(crate) optional: usize,
    /// True when strings that are still to be filled can pass through it.
    pub(crate) passes_holes: bool,
    pub(crate) result: P,
    pub(crate) body: Body,
}

impl Function {
    /// A function with fixed parameters.
    pub(crate) const fn new(name: &'static str, params: &'static [P], result: P, body: Body) -> Function {
        Function { name, params, rest: None, optional: 0, passes_holes: false, result, body }
    }

    /// Takes any number of further arguments.
    pub(crate) const fn rest(mut self, rest: P) -> Function {
        self.rest = Some(rest);
        self
    }

    /// The last `count` parameters may be left out.
    pub(crate) const fn optional(mut self, count: usize) -> Function {
        self.optional = count;
        self
    }

    /// Strings that are still to be filled can pass through it.
    pub(crate) const fn passes_holes(mut self) -> Function {
        self.passes_holes = true;
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// `name(string, number...)`, as help for people.
    pub fn signature(&self) -> String {
        let required = self.params.len() - self.optional;
        let mut params: Vec<String> = Vec::new();
        for (index, param) in self.params.iter().enumerate() {
            params.push(if index < required {
                param.name().to_owned()
            } else {
                format!("[{}]", param.name())
            });
        }
        if let Some(rest) = self.rest {
            params.push(format!("{}...", rest.name()));
        }
        format!("it is {}({})", self.name, params.join(", "))
    }

    pub(crate) fn returns(&self) -> Type {
        match self.result {
            P::Str => Type::String,
            P::Num => Type::Number,
            P::Bool => Type::Bool,
            _ => Type::Any,
        }
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Which argument is at fault, from 0; `None` for the call as a whole.
    pub arg: Option<usize>,
    /// The sentence, without the function's name.
    pub message: String,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure { arg: None, message: message.into() }
    }

    pub(crate) fn arg(index: usize, message: impl Into<String>) -> Failure {
        Failure { arg: Some(index), message: message.into() }
    }
}

/// What a call gives.
pub enum Outcome {
    /// A value.
    Value(Value),
    /// Nothing yet, because of this hole in the arguments.
    Unknown(Hole),
}

const TABLES: &[&[Function]] = &[
    strings::TABLE,
    numbers::TABLE,
    collections::TABLE,
    encoding::TABLE,
    crypt::TABLE,
    dates::TABLE,
    regexes::TABLE,
    files::TABLE,
    network::TABLE,
];

/// Functions Packer has and that are not computed here, and why.
const UNAVAILABLE: &[(&str, &str)] = &[
    ("aws_secretsmanager", "it reads a secret from AWS"),
    ("aws_secretsmanager_raw", "it reads a secret from AWS"),
    ("consul_key", "it reads from Consul"),
    ("vault", "it reads a secret from Vault"),
];

/// Functions of Terraform that Packer does not have, and what to write instead.
const TERRAFORM: &[(&str, &str)] = &[
    ("tostring", "convert(value, string)"),
    ("tonumber", "convert(value, number)"),
    ("tobool", "convert(value, bool)"),
    ("tolist", "convert(value, list(string))"),
    ("toset", "convert(value, set(string))"),
    ("tomap", "convert(value, map(string))"),
    ("one", "element(list, 0)"),
    ("sensitive", "sensitive = true in the variable or local"),
    ("nonsensitive", "the value itself"),
    ("filesha256", "sha256(file(path))"),
    ("filemd5", "md5(file(path))"),
    ("filesha1", "sha1(file(path))"),
    ("plantimestamp", "timestamp()"),
    ("setsubtract", "[for x in a : x if !contains(b, x)]"),
    ("matchkeys", "a for expression with if"),
    ("transpose", "a for expression with ..."),
    ("timecmp", "a comparison of formatdate results"),
];

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    TABLES.iter().flat_map(|table| table.iter()).find(|function| function.name == name)
}

/// Every function that can be called, besides the special forms `try`, `can`, `convert` and `env`.
pub fn all() -> impl Iterator<Item = &'static Function> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The function most like a word.
pub fn nearest(name: &str) -> Option<&'static str> {
    if TERRAFORM.iter().chain(UNAVAILABLE).any(|(known, _)| *known == name) {
        return None;
    }
    let special = ["try", "can", "convert"];
    crate::options::nearest(name, all().map(|function| function.name).chain(special))
}

/// The message and the remedy for a function that cannot be called.
pub fn unknown_function(name: &str) -> (String, String) {
    if let Some((_, instead)) = TERRAFORM.iter().find(|(known, _)| *known == name) {
        return (
            format!("Packer has no function \"{name}\"; it is one of Terraform's"),
            format!("write {instead}"),
        );
    }
    let help = nearest(name).map_or_else(String::new, |near| format!("did you mean \"{near}\"?"));
    (format!("there is no function \"{name}\""), help)
}

/// Why a function of Packer's is not computed here.
pub(crate) fn unavailable(name: &str) -> Option<&'static str> {
    UNAVAILABLE.iter().find(|(known, _)| *known == name).map(|(_, why)| *why)
}

/// Calls a function: checks the number of arguments, converts them, keeps what is not known away from the
/// body, and marks the result sensitive when an argument was.
pub fn call(function: &Function, context: &Context<'_>, args: Vec<Value>) -> Result<Outcome, Failure> {
    let least = function.params.len() - function.optional;
    if args.len() < least {
        let plural = if least == 1 { "argument is" } else { "arguments are" };
        let more = if function.rest.is_some() || function.optional > 0 { "at least " } else { "" };
        return Err(Failure::new(format!("{more}{least} {plural} required, but there are {}", args.len())));
    }
    if function.rest.is_none() && args.len() > function.params.len() {
        return Err(Failure::arg(
            function.params.len(),
            format!("at most {} arguments are possible, but there are {}", function.params.len(), args.len()),
        ));
    }
    let sensitive = args.iter().any(Value::is_sensitive);
    let mut converted = Vec::with_capacity(args.len());
    for (index, arg) in args.into_iter().enumerate() {
        let Some(param) = function.params.get(index).copied().or(function.rest) else { continue };
        if let Value::Unknown(unknown) = &arg {
            return Ok(Outcome::Unknown(unknown.hole.clone()));
        }
        if !function.passes_holes
            && let Some(hole) = arg.first_hole()
        {
            return Ok(Outcome::Unknown(hole.clone()));
        }
        if arg.is_null() && param != P::Any {
            return Err(Failure::arg(index, format!("argument {} must not be null", index + 1)));
        }
        converted.push(prepare(arg, param).map_err(|reason| Failure::arg(index, reason))?);
    }
    let value = (function.body)(context, &converted)?;
    Ok(Outcome::Value(if sensitive { value.mark_sensitive() } else { value }))
}

fn prepare(arg: Value, param: P) -> Result<Value, String> {
    let ty = match param {
        P::Str => Type::String,
        P::Num => Type::Number,
        P::Bool => Type::Bool,
        P::Any => return Ok(arg),
        P::Seq => {
            return match arg.as_elements() {
                Some(_) => Ok(arg),
                None => Err(format!("a list is required, not {}", crate::eval::describe(&arg))),
            };
        }
        P::Map => {
            return match arg.as_entries() {
                Some(_) => Ok(arg),
                None => Err(format!("a map is required, not {}", crate::eval::describe(&arg))),
            };
        }
        P::Strs => Type::List(Box::new(Type::String)),
        P::Set => Type::Set(Box::new(Type::Any)),
    };
    convert(&arg, &ty).map_err(|mismatch| mismatch.to_string())
}

fn wrong(index: usize) -> Failure {
    Failure::arg(index, format!("argument {} has the wrong type", index + 1))
}

pub(crate) fn text(args: &[Value], index: usize) -> Result<&str, Failure> {
    args.get(index).and_then(Value::as_str).ok_or_else(|| wrong(index))
}

pub(crate) fn texts(args: &[Value], index: usize) -> Result<Vec<Text>, Failure> {
    let items = args.get(index).and_then(Value::as_elements).ok_or_else(|| wrong(index))?;
    items
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.clone()),
            _ => Err(Failure::arg(index, "every element must be a string, and none may be null")),
        })
        .collect()
}

pub(crate) fn number(args: &[Value], index: usize) -> Result<crate::number::Number, Failure> {
    match args.get(index) {
        Some(Value::Number(number)) => Ok(*number),
        _ => Err(wrong(index)),
    }
}

pub(crate) fn whole(args: &[Value], index: usize) -> Result<i64, Failure> {
    let number = number(args, index)?;
    number.as_i64().ok_or_else(|| Failure::arg(index, format!("{number} is not a whole number")))
}

pub(crate) fn elements(args: &[Value], index: usize) -> Result<&[Value], Failure> {
    args.get(index).and_then(Value::as_elements).ok_or_else(|| wrong(index))
}

pub(crate) fn entries(args: &[Value], index: usize) -> Result<&BTreeMap<String, Value>, Failure> {
    args.get(index).and_then(Value::as_entries).ok_or_else(|| wrong(index))
}
