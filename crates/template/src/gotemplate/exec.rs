//! Running Go templates.

use super::parse::{Branch, Error, Node, Operand, Pipe};
use super::settle::settle;
use super::{BUILD_FIELDS, Facts, UnknownField, functions};
use crate::text::{Hole, Text};

/// A value inside a Go template.
#[derive(Clone, Debug, PartialEq)]
pub enum GoValue {
    /// Nothing: what a missing field gives.
    Nil,
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A truth.
    Bool(bool),
    /// A list.
    List(Vec<GoValue>),
}

impl GoValue {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        match self {
            GoValue::Text(text) => text.len(),
            GoValue::List(items) => items.iter().map(|item| size_of::<GoValue>() + item.size()).sum(),
            GoValue::Nil | GoValue::Number(_) | GoValue::Bool(_) => 0,
        }
    }

    /// The value as it is written out.
    pub fn print(&self) -> String {
        match self {
            GoValue::Nil => "<no value>".to_owned(),
            GoValue::Text(text) => text.clone(),
            GoValue::Number(number) => number.to_string(),
            GoValue::Bool(value) => value.to_string(),
            GoValue::List(items) => {
                let items: Vec<String> = items.iter().map(GoValue::print).collect();
                format!("[{}]", items.join(" "))
            }
        }
    }

    /// Whether `if` takes it for true.
    pub fn is_true(&self) -> bool {
        match self {
            GoValue::Nil => false,
            GoValue::Text(text) => !text.is_empty(),
            GoValue::Number(number) => *number != 0,
            GoValue::Bool(value) => *value,
            GoValue::List(items) => !items.is_empty(),
        }
    }
}

/// Why a value is not there.
pub(super) enum Stop {
    /// It is known only during the build; when that is all the action is, this is the hole.
    Late(Option<Hole>),
    /// It is wrong.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Error(error)
    }
}

/// What one rendering may make: bytes of text, and steps.
const MOST: usize = 16 << 20;

/// What one step counts for.
const STEP: usize = 32;

pub(super) struct Exec<'a> {
    source: &'a str,
    facts: &'a Facts,
    out: Text,
    produced: usize,
    variables: Vec<(String, GoValue)>,
    dots: Vec<GoValue>,
    missing: Vec<String>,
}

impl<'a> Exec<'a> {
    pub(super) fn new(source: &'a str, facts: &'a Facts) -> Self {
        Exec {
            source,
            facts,
            out: Text::default(),
            produced: 0,
            variables: Vec::new(),
            dots: Vec::new(),
            missing: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Text, Vec<String>) {
        (self.out, self.missing)
    }

    /// Pays for something before it is made.
    fn spend(&mut self, amount: usize, offset: usize) -> Result<(), Error> {
        self.produced = self.produced.saturating_add(STEP).saturating_add(amount);
        match self.produced <= MOST {
            true => Ok(()),
            false => Err(Error { offset, message: "the template makes too much text".to_owned() }),
        }
    }

    fn write(&mut self, text: &str, offset: usize) -> Result<(), Error> {
        self.spend(text.len(), offset)?;
        self.out.push_str(text);
        Ok(())
    }

    pub(super) fn run(&mut self, nodes: &[Node]) -> Result<(), Error> {
        for node in nodes {
            match node {
                Node::Text(text) => self.write(text, 0)?,
                Node::Action { pipe, range } => match self.pipe(pipe) {
                    Ok(value) if pipe.variables.is_empty() => self.write(&value.print(), range.start)?,
                    Ok(_) => {}
                    Err(Stop::Error(error)) => return Err(error),
                    Err(Stop::Late(hole)) => {
                        let left = || Hole::Field(settle(self.source, range, node, self.facts));
                        let hole = hole.unwrap_or_else(left);
                        self.spend(hole.size(), range.start)?;
                        self.out.push_hole(hole);
                    }
                },
                Node::Branch { kind, pipe, then, otherwise, range } => {
                    let mark = self.variables.len();
                    let result = self.branch(*kind, pipe, then, otherwise);
                    self.variables.truncate(mark);
                    match result {
                        Ok(()) => {}
                        Err(Stop::Error(error)) => return Err(error),
                        Err(Stop::Late(_)) => {
                            let hole = Hole::Field(settle(self.source, range, node, self.facts));
                            self.spend(hole.size(), range.start)?;
                            self.out.push_hole(hole);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn branch(&mut self, kind: Branch, pipe: &Pipe, then: &[Node], otherwise: &[Node]) -> Result<(), Stop> {
        let missing = self.missing.len();
        let value = self.pipe(pipe)?;
        // A missing field that only decides is not written out.
        self.missing.truncate(missing);
        match kind {
            Branch::If => self.run(if value.is_true() { then } else { otherwise })?,
            Branch::With if !value.is_true() => self.run(otherwise)?,
            Branch::With => self.with_dot(value, then)?,
            Branch::Range => {
                let items = match value {
                    GoValue::List(items) => items,
                    GoValue::Nil => Vec::new(),
                    GoValue::Number(count) => {
                        (0..count.clamp(0, 1 + (MOST / STEP) as i64)).map(GoValue::Number).collect()
                    }
                    GoValue::Text(_) | GoValue::Bool(_) => {
                        let message = "range needs a list".to_owned();
                        return Err(Error { offset: pipe.offset, message }.into());
                    }
                };
                if items.is_empty() {
                    self.run(otherwise)?;
                }
                for (index, item) in items.into_iter().enumerate() {
                    self.spend(0, pipe.offset)?;
                    let mark = self.variables.len();
                    match pipe.variables.as_slice() {
                        [one] => self.variables.push((one.clone(), item.clone())),
                        [key, value] => {
                            let position = i64::try_from(index).unwrap_or(i64::MAX);
                            self.variables.push((key.clone(), GoValue::Number(position)));
                            self.variables.push((value.clone(), item.clone()));
                        }
                        _ => {}
                    }
                    self.with_dot(item, then)?;
                    self.variables.truncate(mark);
                }
            }
        }
        Ok(())
    }

    fn with_dot(&mut self, dot: GoValue, nodes: &[Node]) -> Result<(), Error> {
        self.dots.push(dot);
        let result = self.run(nodes);
        self.dots.pop();
        result
    }

    fn pipe(&mut self, pipe: &Pipe) -> Result<GoValue, Stop> {
        let mut piped: Option<GoValue> = None;
        let single = pipe.commands.len() == 1;
        for command in &pipe.commands {
            piped = Some(self.command(command, piped, pipe.offset).map_err(|stop| match stop {
                Stop::Late(hole) => Stop::Late(hole.filter(|_| single)),
                error => error,
            })?);
        }
        let value = piped.unwrap_or(GoValue::Nil);
        if let [name] = pipe.variables.as_slice() {
            self.variables.push((name.clone(), value.clone()));
        }
        Ok(value)
    }

    fn command(
        &mut self,
        command: &[Operand],
        piped: Option<GoValue>,
        offset: usize,
    ) -> Result<GoValue, Stop> {
        let wrong = |message: String| Stop::Error(Error { offset, message });
        match command {
            [Operand::Function(name, at), args @ ..] => {
                let mut values = Vec::with_capacity(args.len() + 1);
                for arg in args {
                    values.push(self.operand(arg, offset)?);
                }
                values.extend(piped);
                self.spend(functions::most(name, &values), *at)?;
                functions::call(name, &values, self.facts).map_err(|stop| match stop {
                    Stop::Error(error) => Stop::Error(Error { offset: *at, ..error }),
                    late => late,
                })
            }
            [only] if piped.is_none() => self.operand(only, offset),
            [_, ..] => Err(wrong("only a function can be given arguments".to_owned())),
            [] => Err(wrong("nothing stands in this action".to_owned())),
        }
    }

    fn operand(&mut self, operand: &Operand, offset: usize) -> Result<GoValue, Stop> {
        match operand {
            Operand::Dot => {
                let value = self.dots.last().cloned().unwrap_or(GoValue::Nil);
                self.spend(value.size(), offset)?;
                Ok(value)
            }
            Operand::Field(names) => self.field(names, offset),
            Operand::Variable(name, fields) if name.is_empty() => {
                let dots = std::mem::take(&mut self.dots);
                let value = self.field(fields, offset);
                self.dots = dots;
                value
            }
            Operand::Variable(name, _) => {
                let found = self.variables.iter().rev().find(|(variable, _)| variable == name);
                let value = found.map(|(_, value)| value.clone()).ok_or_else(|| {
                    Stop::Error(Error { offset, message: format!("the variable ${name} is not defined") })
                })?;
                self.spend(value.size(), offset)?;
                Ok(value)
            }
            Operand::Function(name, at) => {
                functions::call(name, &[], self.facts).map_err(|stop| match stop {
                    Stop::Error(error) => Stop::Error(Error { offset: *at, ..error }),
                    late => late,
                })
            }
            Operand::Text(text) => Ok(GoValue::Text(text.clone())),
            Operand::Number(number) => Ok(GoValue::Number(*number)),
            Operand::Bool(value) => Ok(GoValue::Bool(*value)),
            Operand::Nil => Ok(GoValue::Nil),
            Operand::Pipe(pipe) => self.pipe(pipe),
        }
    }

    fn field(&mut self, names: &[String], offset: usize) -> Result<GoValue, Stop> {
        let [name] = names else {
            let message = format!("there is no field .{}", names.join("."));
            return Err(Error { offset, message }.into());
        };
        if !self.dots.is_empty() {
            let message =
                format!("there is no field .{name} inside this structure; $.{name} is the outer one");
            return Err(Error { offset, message }.into());
        }
        if let Some(value) = self.facts.fields.get(name) {
            return Ok(GoValue::Text(value.clone()));
        }
        match self.facts.unknown {
            UnknownField::Late => Err(Stop::Late(None)),
            UnknownField::NoValue if BUILD_FIELDS.contains(&name.as_str()) && self.facts.now.is_some() => {
                Err(Stop::Late(Some(Hole::Build(name.clone()))))
            }
            UnknownField::NoValue => {
                self.missing.push(name.clone());
                Ok(GoValue::Nil)
            }
        }
    }
}
