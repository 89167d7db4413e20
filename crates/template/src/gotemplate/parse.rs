//! Reading Go templates.

use std::fmt;
use std::ops::Range;

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Byte offset in the template.
    pub offset: usize,
    /// The sentence.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A piece of a template. Ranges are where it is written, delimiters included.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    Action { pipe: Pipe, range: Range<usize> },
    Branch { kind: Branch, pipe: Pipe, then: Vec<Node>, otherwise: Vec<Node>, range: Range<usize> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Branch {
    If,
    Range,
    With,
}

/// `$x := command | command`
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pipe {
    pub(super) variables: Vec<String>,
    pub(super) commands: Vec<Vec<Operand>>,
    pub(super) offset: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Dot,
    /// `.A.B`
    Field(Vec<String>),
    /// `$x.A`
    Variable(String, Vec<String>),
    Function(String, usize),
    Text(String),
    Number(i64),
    Bool(bool),
    Nil,
    Pipe(Box<Pipe>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Field(Vec<String>),
    Variable(String, Vec<String>),
    Text(String),
    Number(i64),
    Dot,
    Pipe,
    Open,
    Close,
    Comma,
    Declare,
}

/// Structures inside each other.
const MAX_DEPTH: usize = 100;

pub(super) fn parse(source: &str) -> Result<Vec<Node>, Error> {
    let mut parser = Parser { source, at: 0, trim_next: false };
    let (nodes, end) = parser.nodes(0)?;
    match end {
        Stop::Eof => Ok(nodes),
        Stop::Else(at, _) => Err(error(at, "unexpected {{else}}")),
        Stop::End(at) => Err(error(at, "unexpected {{end}}")),
    }
}

fn error(offset: usize, message: impl Into<String>) -> Error {
    Error { offset, message: message.into() }
}

enum Stop {
    Eof,
    /// Where it starts, and the words after `else`.
    Else(usize, Vec<(Token, usize)>),
    End(usize),
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
    trim_next: bool,
}

impl Parser<'_> {
    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, Stop), Error> {
        if depth > MAX_DEPTH {
            return Err(error(self.at, "too many structures inside each other"));
        }
        let mut nodes = Vec::new();
        loop {
            let rest = self.source.get(self.at..).unwrap_or("");
            let open = rest.find("{{");
            let mut text = open.and_then(|open| rest.get(..open)).unwrap_or(rest);
            if std::mem::take(&mut self.trim_next) {
                text = text.trim_start();
            }
            let Some(open) = open else {
                push_text(&mut nodes, text);
                self.at = self.source.len();
                return Ok((nodes, Stop::Eof));
            };
            let start = self.at + open;
            let mut inner = start + 2;
            let after = self.source.get(inner..).unwrap_or("");
            if after.starts_with("- ") || after.starts_with("-\n") || after.starts_with("-\t") {
                text = text.trim_end();
                inner += 1;
            }
            push_text(&mut nodes, text);
            let body = self.source.get(inner..).unwrap_or("").trim_start();
            if body.starts_with("/*") {
                let close = body.find("*/").ok_or_else(|| error(start, "this comment is not closed"))?;
                let tail = body.get(close + 2..).unwrap_or("");
                let end =
                    tail.find("}}").ok_or_else(|| error(start, "this comment is not closed by */}}"))?;
                self.trim_next = tail.get(..end).is_some_and(|tail| tail.contains('-'));
                self.at = self.source.len() - tail.len() + end + 2;
                continue;
            }
            let tokens = self.tokens(inner, start)?;
            let range_end = self.at;
            let word = match tokens.first() {
                Some((Token::Word(word), _)) => word.as_str(),
                _ => "",
            };
            match word {
                "end" if tokens.len() == 1 => return Ok((nodes, Stop::End(start))),
                "else" => return Ok((nodes, Stop::Else(start, tokens.get(1..).unwrap_or(&[]).to_vec()))),
                "if" | "range" | "with" => {
                    let kind = branch_kind(word);
                    let rest = tokens.get(1..).unwrap_or(&[]).to_vec();
                    nodes.push(self.branch(kind, rest, start, depth)?);
                }
                "define" | "template" | "block" | "break" | "continue" => {
                    return Err(error(start, format!("{{{{{word}}}}} is not possible here")));
                }
                _ => {
                    let pipe = parse_pipe(&tokens, start)?;
                    nodes.push(Node::Action { pipe, range: start..range_end });
                }
            }
        }
    }

    fn branch(
        &mut self,
        kind: Branch,
        tokens: Vec<(Token, usize)>,
        start: usize,
        depth: usize,
    ) -> Result<Node, Error> {
        let pipe = parse_pipe(&tokens, start)?;
        let (then, end) = self.nodes(depth + 1)?;
        let unclosed = || error(start, "this structure has no {{end}}");
        let otherwise = match end {
            Stop::Eof => return Err(unclosed()),
            Stop::End(_) => Vec::new(),
            Stop::Else(at, rest) => match rest.first() {
                None => match self.nodes(depth + 1)? {
                    (nodes, Stop::End(_)) => nodes,
                    (_, Stop::Else(at, _)) => return Err(error(at, "a second {{else}}")),
                    (_, Stop::Eof) => return Err(unclosed()),
                },
                Some((Token::Word(word), _)) if matches!(word.as_str(), "if" | "with") => {
                    let kind = branch_kind(word);
                    // {{else if}} shares the one {{end}}.
                    vec![self.branch(kind, rest.get(1..).unwrap_or(&[]).to_vec(), at, depth + 1)?]
                }
                Some((_, at)) => return Err(error(*at, "unexpected text after else")),
            },
        };
        Ok(Node::Branch { kind, pipe, then, otherwise, range: start..self.at })
    }

    /// The tokens of an action, up to and over its `}}`.
    fn tokens(&mut self, from: usize, start: usize) -> Result<Vec<(Token, usize)>, Error> {
        let mut tokens = Vec::new();
        let mut at = from;
        loop {
            let rest = self.source.get(at..).unwrap_or("");
            let Some(c) = rest.chars().next() else { return Err(error(start, "this action has no }}")) };
            if let Some(after) = rest.strip_prefix("}}") {
                self.at = self.source.len() - after.len();
                return Ok(tokens);
            }
            if rest.starts_with("-}}") {
                self.trim_next = true;
                self.at = at + 3;
                return Ok(tokens);
            }
            if c.is_whitespace() {
                at += c.len_utf8();
                continue;
            }
            let (token, length) = token(rest).map_err(|message| error(at, message))?;
            tokens.push((token, at));
            at += length;
        }
    }
}

fn branch_kind(word: &str) -> Branch {
    match word {
        "range" => Branch::Range,
        "with" => Branch::With,
        _ => Branch::If,
    }
}

fn push_text(nodes: &mut Vec<Node>, text: &str) {
    if !text.is_empty() {
        nodes.push(Node::Text(text.to_owned()));
    }
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// `.A.B` at the start of a text: the names and the length.
fn fields(text: &str) -> (Vec<String>, usize) {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).and_then(|rest| rest.strip_prefix('.')) {
        let length = word_length(rest);
        if length == 0 {
            break;
        }
        names.push(rest.get(..length).unwrap_or("").to_owned());
        at += 1 + length;
    }
    (names, at)
}

fn token(rest: &str) -> Result<(Token, usize), String> {
    let first = rest.chars().next().unwrap_or(' ');
    match first {
        '|' => Ok((Token::Pipe, 1)),
        '(' => Ok((Token::Open, 1)),
        ')' => Ok((Token::Close, 1)),
        ',' => Ok((Token::Comma, 1)),
        '=' => Ok((Token::Declare, 1)),
        ':' if rest.starts_with(":=") => Ok((Token::Declare, 2)),
        '.' => match fields(rest) {
            (_, 0) => Ok((Token::Dot, 1)),
            (names, length) => Ok((Token::Field(names), length)),
        },
        '$' => {
            let tail = rest.get(1..).unwrap_or("");
            let length = word_length(tail);
            let (names, more) = fields(tail.get(length..).unwrap_or(""));
            Ok((Token::Variable(tail.get(..length).unwrap_or("").to_owned(), names), 1 + length + more))
        }
        '`' => {
            let tail = rest.get(1..).unwrap_or("");
            let end = tail.find('`').ok_or("this text has no closing `")?;
            Ok((Token::Text(tail.get(..end).unwrap_or("").to_owned()), end + 2))
        }
        '"' => {
            let mut text = String::new();
            let mut chars = rest.char_indices().skip(1);
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => return Ok((Token::Text(text), at + 1)),
                    '\\' => match chars.next().map(|(_, c)| c) {
                        Some('n') => text.push('\n'),
                        Some('t') => text.push('\t'),
                        Some('r') => text.push('\r'),
                        Some(c @ ('"' | '\\' | '\'')) => text.push(c),
                        _ => return Err("this escape is not known".to_owned()),
                    },
                    c => text.push(c),
                }
            }
            Err("this text has no closing \"".to_owned())
        }
        '\'' => Err("a single character cannot be used here; write text in \" or `".to_owned()),
        '0'..='9' | '-' | '+' => {
            let length = rest
                .char_indices()
                .skip(1)
                .find(|(_, c)| !c.is_ascii_digit())
                .map_or(rest.len(), |(at, _)| at);
            let number = rest.get(..length).unwrap_or("");
            number
                .parse()
                .map(|number| (Token::Number(number), length))
                .map_err(|_| format!("unexpected \"{number}\""))
        }
        c if c.is_alphabetic() || c == '_' => {
            let length = word_length(rest);
            Ok((Token::Word(rest.get(..length).unwrap_or("").to_owned()), length))
        }
        c => Err(format!("unexpected \"{c}\" in an action")),
    }
}

fn parse_pipe(tokens: &[(Token, usize)], start: usize) -> Result<Pipe, Error> {
    let mut at = 0;
    let pipe = pipe_until(tokens, &mut at, start, 0)?;
    match tokens.get(at) {
        None => Ok(pipe),
        Some((_, offset)) => Err(error(*offset, "unexpected )")),
    }
}

fn pipe_until(tokens: &[(Token, usize)], at: &mut usize, start: usize, depth: usize) -> Result<Pipe, Error> {
    if depth > MAX_DEPTH {
        return Err(error(start, "too many parentheses inside each other"));
    }
    let mut pipe = Pipe { offset: start, ..Pipe::default() };
    if let Some(declare) = tokens.iter().skip(*at).position(|(token, _)| *token == Token::Declare) {
        for (token, offset) in tokens.iter().skip(*at).take(declare) {
            match token {
                Token::Variable(name, fields) if fields.is_empty() => pipe.variables.push(name.clone()),
                Token::Comma => {}
                _ => return Err(error(*offset, "only a variable such as $x can be given a value")),
            }
        }
        *at += declare + 1;
    }
    let mut command = Vec::new();
    while let Some((token, offset)) = tokens.get(*at) {
        let operand = match token {
            Token::Close => break,
            Token::Pipe => {
                if command.is_empty() {
                    return Err(error(*offset, "nothing stands before |"));
                }
                pipe.commands.push(std::mem::take(&mut command));
                *at += 1;
                continue;
            }
            Token::Open => {
                *at += 1;
                let inner = pipe_until(tokens, at, *offset, depth + 1)?;
                if !matches!(tokens.get(*at), Some((Token::Close, _))) {
                    return Err(error(*offset, "this ( has no )"));
                }
                Operand::Pipe(Box::new(inner))
            }
            Token::Word(word) => match word.as_str() {
                "true" => Operand::Bool(true),
                "false" => Operand::Bool(false),
                "nil" => Operand::Nil,
                _ => Operand::Function(word.clone(), *offset),
            },
            Token::Field(names) => Operand::Field(names.clone()),
            Token::Variable(name, names) => Operand::Variable(name.clone(), names.clone()),
            Token::Text(text) => Operand::Text(text.clone()),
            Token::Number(number) => Operand::Number(*number),
            Token::Dot => Operand::Dot,
            Token::Comma | Token::Declare => return Err(error(*offset, "unexpected , or =")),
        };
        command.push(operand);
        *at += 1;
    }
    if command.is_empty() {
        let message =
            if pipe.commands.is_empty() { "nothing stands in this action" } else { "nothing follows |" };
        return Err(error(start, message));
    }
    pipe.commands.push(command);
    Ok(pipe)
}
