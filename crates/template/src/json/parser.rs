//! Reads JSON, going on after mistakes.

use super::lexer::{Token, TokenKind as T, tokens};
use super::{Decoded, Json, MAX_DEPTH, Member, Node, NodeKind};
use crate::syntax::{FileId, Span, SyntaxError};

pub(super) fn parse(file: FileId, text: &str) -> Json {
    let mut parser =
        Parser { file, text, tokens: Vec::new(), at: 0, arrays: 0, depth: 0, errors: Vec::new() };
    for token in tokens(text) {
        match token.kind {
            T::Bom | T::Space => {}
            T::Comment => parser.error(
                "json.comment",
                token.start..token.end,
                "JSON has no comments",
                "write it as a key that starts with _ at the top, such as \"_comment\": \"...\"",
            ),
            _ => parser.tokens.push(token),
        }
    }
    let root = match parser.peek() {
        None => {
            let end = text.len() as u32;
            parser.error("json.empty", end..end, "the file is empty", "a template is one object: { ... }");
            Node { kind: NodeKind::Missing, span: Span::new(file, end, end) }
        }
        Some(_) => parser.value(),
    };
    if let Some(token) = parser.peek() {
        let help = "the file is one value: remove what follows it, or a bracket too many before it";
        parser.error("json.trailing", token.start..token.end, "something follows the end of the value", help);
    }
    parser.errors.sort_by_key(|error| error.range.start);
    Json { root, errors: parser.errors }
}

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    /// Arrays open around the place.
    arrays: usize,
    depth: usize,
    errors: Vec<SyntaxError>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    fn second(&self) -> Option<T> {
        self.tokens.get(self.at + 1).map(|token| token.kind)
    }

    fn slice(&self, token: Token) -> &'a str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    /// End of the token before the place.
    fn before(&self) -> u32 {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.end)
    }

    fn span(&self, start: u32, end: u32) -> Span {
        Span::new(self.file, start, end.max(start))
    }

    fn error(&mut self, code: &'static str, range: std::ops::Range<u32>, message: &str, help: &str) {
        self.errors.push(SyntaxError {
            code,
            message: message.to_owned(),
            range,
            help: (!help.is_empty()).then(|| help.to_owned()),
            related: None,
            fix: None,
        });
    }

    /// The last error is mended by replacing a range.
    fn fix(&mut self, title: &str, range: std::ops::Range<u32>, text: impl Into<String>) {
        if let Some(last) = self.errors.last_mut() {
            last.fix = Some((title.to_owned(), range, text.into()));
        }
    }

    fn value(&mut self) -> Node {
        let Some(token) = self.peek() else {
            let end = self.before();
            self.error("json.missing-value", end..end, "a value is missing here", "");
            return Node { kind: NodeKind::Missing, span: self.span(end, end) };
        };
        let range = token.start..token.end;
        let kind = match token.kind {
            T::LBrace | T::LBrack if self.depth >= MAX_DEPTH => {
                self.error("json.too-deep", range, "this nests more than 128 levels deep", "");
                self.at = self.tokens.len();
                NodeKind::Missing
            }
            T::LBrace => return self.collection(token, Self::members, T::RBrace, '}'),
            T::LBrack => return self.collection(token, Self::elements, T::RBrack, ']'),
            T::String => {
                self.at += 1;
                NodeKind::String(self.string(token))
            }
            T::Number => {
                self.at += 1;
                let text = self.slice(token);
                if !is_number(text) {
                    self.error("json.number", range.clone(), &format!("\"{text}\" is not a number"), "");
                    self.fix("Put it in quotes", range, format!("\"{text}\""));
                }
                NodeKind::Number(text.into())
            }
            T::Word => {
                self.at += 1;
                match self.slice(token) {
                    "true" => NodeKind::Bool(true),
                    "false" => NodeKind::Bool(false),
                    "null" => NodeKind::Null,
                    word => {
                        let message = format!("\"{word}\" must stand in quotes");
                        self.error("json.word", range.clone(), &message, "");
                        self.fix("Put it in quotes", range, format!("\"{word}\""));
                        NodeKind::Missing
                    }
                }
            }
            _ => {
                let end = self.before();
                self.error("json.missing-value", end..token.start.max(end), "a value is missing here", "");
                return Node { kind: NodeKind::Missing, span: self.span(end, end) };
            }
        };
        let end = if matches!(token.kind, T::LBrace | T::LBrack) { self.before() } else { token.end };
        Node { kind, span: self.span(token.start, end) }
    }

    fn collection(&mut self, open: Token, read: fn(&mut Self) -> NodeKind, close: T, bracket: char) -> Node {
        self.at += 1;
        self.depth += 1;
        self.arrays += usize::from(close == T::RBrack);
        let kind = read(self);
        self.arrays -= usize::from(close == T::RBrack);
        self.depth -= 1;
        if self.peek().is_some_and(|token| token.kind == close) {
            self.at += 1;
        } else {
            let end = self.before();
            let message = format!("the closing {bracket} is missing");
            self.error("json.unclosed", end..end, &message, "");
            if let Some(last) = self.errors.last_mut() {
                last.related = Some(("it is opened here".to_owned(), open.start..open.end));
            }
            self.fix(&format!("Insert {bracket}"), end..end, bracket.to_string());
        }
        let end = self.before();
        Node { kind, span: self.span(open.start, end) }
    }

    /// After an item: a comma, or the end of the collection. False when the collection is over.
    fn comma(&mut self, close: T) -> bool {
        let Some(token) = self.peek() else { return false };
        if token.kind == T::Comma {
            self.at += 1;
            if self.peek().is_some_and(|next| next.kind == close) {
                let message = "there is a comma after the last item";
                self.error("json.trailing-comma", token.start..token.end, message, "");
                self.fix("Remove the comma", token.start..token.end, "");
            }
            return true;
        }
        let starts = matches!(token.kind, T::String | T::LBrace | T::LBrack | T::Number | T::Word);
        if starts {
            let end = self.before();
            self.error("json.comma", end..end, "a comma is missing here", "");
            self.fix("Insert a comma", end..end, ",");
        }
        true
    }

    /// A token that cannot stand here. False when it closes something further out.
    fn stray(&mut self, token: Token, close: T, wanted: &str) -> bool {
        let other = match token.kind {
            T::RBrack if close == T::RBrace => self.arrays > 0,
            T::RBrace if close == T::RBrack => true,
            _ => false,
        };
        if other {
            return false;
        }
        self.at += 1;
        let message = format!("\"{}\" cannot stand here; {wanted}", self.slice(token));
        self.error("json.unexpected", token.start..token.end, &message, "");
        true
    }

    fn members(&mut self) -> NodeKind {
        let mut members = Vec::new();
        while let Some(token) = self.peek() {
            let bare = token.kind == T::Word && self.second() == Some(T::Colon);
            if token.kind == T::RBrace {
                break;
            }
            if token.kind != T::String && !bare {
                if !self.stray(token, T::RBrace, "an object holds \"key\": value") {
                    break;
                }
                continue;
            }
            self.at += 1;
            let key = if bare {
                let word = self.slice(token);
                let range = token.start..token.end;
                self.error("json.word", range.clone(), &format!("the key {word} must stand in quotes"), "");
                self.fix("Put it in quotes", range, format!("\"{word}\""));
                Decoded { text: word.to_owned(), map: Default::default() }
            } else {
                self.string(token)
            };
            let key_span = self.span(token.start, token.end);
            if self.peek().is_some_and(|next| next.kind == T::Colon) {
                self.at += 1;
            } else {
                let message = format!("a colon and a value are missing after \"{}\"", key.text);
                self.error("json.colon", token.end..token.end, &message, "");
                if self.peek().is_some_and(|next| matches!(next.kind, T::Comma | T::RBrace)) {
                    let value = Node { kind: NodeKind::Missing, span: self.span(token.end, token.end) };
                    members.push(Member { key, key_span, value, span: key_span });
                    self.comma(T::RBrace);
                    continue;
                }
                self.fix("Insert a colon", token.end..token.end, ":");
            }
            let value = self.value();
            let span = key_span.to(value.span);
            members.push(Member { key, key_span, value, span });
            if !self.comma(T::RBrace) {
                break;
            }
        }
        NodeKind::Object(members)
    }

    fn elements(&mut self) -> NodeKind {
        let mut elements = Vec::new();
        while let Some(token) = self.peek() {
            match token.kind {
                T::RBrack => break,
                T::String | T::LBrace | T::LBrack | T::Number | T::Word => {
                    elements.push(self.value());
                    if !self.comma(T::RBrack) {
                        break;
                    }
                }
                _ => {
                    if !self.stray(token, T::RBrack, "an array holds values with commas between") {
                        break;
                    }
                }
            }
        }
        NodeKind::Array(elements)
    }

    /// Decodes a string token.
    fn string(&mut self, token: Token) -> Decoded {
        let source = self.slice(token);
        let inner = source.get(1..).unwrap_or("");
        let mut decoded = Decoded::default();
        let mut chars = inner.char_indices().peekable();
        let mut closed = false;
        while let Some((at, c)) = chars.next() {
            let from = token.start + 1 + at as u32;
            decoded.map.push(decoded.text.len() as u32, from);
            match c {
                '"' => {
                    closed = true;
                    break;
                }
                '\\' => {
                    let (c, length) = escape(inner.get(at..).unwrap_or(""));
                    match c {
                        Some(c) => decoded.text.push(c),
                        None => {
                            let written = inner.get(at..at + length).unwrap_or("\\");
                            let message = format!("{written} is not an escape of JSON");
                            let help = "to write a backslash, write \\\\";
                            self.error("json.escape", from..from + length as u32, &message, help);
                            self.fix("Double the backslash", from..from + 1, "\\\\");
                            decoded.text.push_str(written);
                        }
                    }
                    while chars.peek().is_some_and(|(next, _)| *next < at + length) {
                        chars.next();
                    }
                }
                c if (c as u32) < 0x20 => {
                    let written = match c {
                        '\t' => "\\t".to_owned(),
                        c => format!("\\u{:04x}", c as u32),
                    };
                    let message = format!("this character must be written as {written} in JSON");
                    self.error("json.control", from..from + 1, &message, "");
                    self.fix("Write it as an escape", from..from + 1, written);
                    decoded.text.push(c);
                }
                c => decoded.text.push(c),
            }
        }
        if !closed {
            decoded.map.push(decoded.text.len() as u32, token.end);
            self.error(
                "json.unclosed-string",
                token.start..token.end,
                "the closing quote mark is missing",
                "",
            );
            self.fix("Insert a quote mark", token.end..token.end, "\"");
        }
        decoded
    }
}

/// What an escape at the start of `text` stands for, and its length.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(c) = text.chars().nth(1) else { return (None, text.len()) };
    let simple = |c| (Some(c), 2);
    match c {
        '"' | '\\' | '/' => simple(c),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'u' => {
            let unit = |from: usize| {
                let digits = text.get(from..from + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                digits.and_then(|digits| u32::from_str_radix(digits, 16).ok())
            };
            let Some(first) = unit(2) else { return (None, 2) };
            if let Some(c) = char::from_u32(first) {
                return (Some(c), 6);
            }
            let low = text.get(6..8).filter(|u| *u == "\\u").and_then(|_| unit(8));
            match low {
                Some(low) if first < 0xdc00 && (0xdc00..0xe000).contains(&low) => {
                    let c = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
                    (char::from_u32(c), 12)
                }
                // Half of a pair alone stands for the replacement character, as in Go.
                _ => (Some('\u{fffd}'), 6),
            }
        }
        c => (None, 1 + c.len_utf8()),
    }
}

/// Whether a text is a number of JSON.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at).unwrap_or(""), text.get(at + 1..)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent = exponent.map(|text| text.strip_prefix(['-', '+']).unwrap_or(text));
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}
