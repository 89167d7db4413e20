//! What can be written at a place of a text.
//!
//! It is read from the tokens before the place alone, not from the tree, so that it works in the middle of a line
//! that is being typed, whatever is wrong with the text around it.

use crate::syntax::kind::SyntaxKind as K;
use crate::syntax::lexer::{Token, tokens};

/// A block around the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Header {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    /// The labels of what a `dynamic` block makes, as far as they are written out.
    pub(super) makes: Vec<String>,
}

/// A call around the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: String,
    /// Which argument the cursor is in, from 0.
    pub(super) argument: usize,
}

/// What can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Site {
    /// Nothing that is known here: a comment, the name of something new.
    Nothing,
    /// An argument or a block.
    Item,
    /// A label of a block that is being written.
    Label { header: Header, quoted: bool },
    /// A key of an object.
    Key { quoted: bool },
    /// An expression; the names before the dot, as `var` in `var.disk`.
    Expression { path: Vec<String> },
    /// Text of a string, with what stands before the cursor.
    Text { before: String },
    /// A Go-template action, with what stands between `{{` and the cursor.
    Action { before: String },
}

/// Where the cursor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The blocks around it, outermost first.
    pub(super) blocks: Vec<Header>,
    /// The argument whose value it is in.
    pub(super) attribute: Option<String>,
    /// The keys of the objects around it, within the argument.
    pub(super) keys: Vec<String>,
    /// Whether the value starts here, so that the values an option may have fit.
    pub(super) direct: bool,
    /// The calls around it, within the argument, outermost first.
    pub(super) calls: Vec<Call>,
    /// Names that a `for` around it declares.
    pub(super) names: Vec<String>,
    /// What can be written.
    pub(super) site: Site,
    /// First byte of what is being typed; a completion replaces from there to the cursor.
    pub(super) start: u32,
    /// Whether the text is JSON.
    pub(super) json: bool,
    /// Whether the cursor is in quotes, in JSON.
    pub(super) quoted: bool,
}

#[derive(Debug)]
enum Frame {
    Body { header: Option<Header>, words: Vec<String>, value: bool },
    Object { key: Option<String>, value: bool },
    List,
    Parens,
    Call(Call),
    Text { start: usize, heredoc: bool },
    Sequence,
}

impl Frame {
    fn is_body(&self) -> bool {
        matches!(self, Frame::Body { .. })
    }
}

/// Blocks that stand at the top only: in the first column they end whatever was not closed before.
const TOP_LEVEL: &[&str] = &["packer", "variable", "variables", "locals", "local", "data", "source", "build"];

/// The cursor at a byte of a text in native syntax.
pub(super) fn native(text: &str, offset: u32) -> Cursor {
    let all = tokens(text);
    let before = all.partition_point(|token| token.start < offset);
    let all = all.get(..before).unwrap_or_default();
    let mut scan = Scan {
        text,
        stack: vec![Frame::Body { header: None, words: Vec::new(), value: false }],
        names: Vec::new(),
    };
    // The token the cursor is in, or at the end of.
    let (done, touched) = match all.split_last() {
        Some((last, rest)) if last.end >= offset && is_word(last.kind) => (rest, Some(*last)),
        Some((last, rest)) if last.end > offset => (rest, Some(*last)),
        // A line comment goes on to the end of its line; text goes on to its end.
        Some((last, rest))
            if matches!(last.kind, K::LineComment | K::StringText | K::HeredocText) && last.end == offset =>
        {
            // At the start of the next line of a heredoc there is another token, and no text yet.
            (rest, Some(*last))
        }
        _ => (all, None),
    };
    for (index, token) in done.iter().enumerate() {
        scan.feed(done, index, *token);
    }
    scan.cursor(done, touched, offset)
}

fn is_word(kind: K) -> bool {
    matches!(kind, K::Ident | K::Number)
}

struct Scan<'a> {
    text: &'a str,
    stack: Vec<Frame>,
    names: Vec<String>,
}

impl Scan<'_> {
    fn word(&self, token: Token) -> &str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    fn feed(&mut self, all: &[Token], index: usize, token: Token) {
        match token.kind {
            K::Newline => self.line_break(),
            K::Comma => match self.stack.last_mut() {
                Some(Frame::Object { key, value }) => (*key, *value) = (None, false),
                Some(Frame::Call(call)) => call.argument += 1,
                _ => {}
            },
            K::Ident => {
                self.restart(all, index, token);
                let word = self.word(token).to_owned();
                if word == "for" {
                    self.names.extend(self.declared(all, index));
                }
                self.name(word);
            }
            K::Equal | K::Colon => match self.stack.last_mut() {
                Some(Frame::Body { value, words, .. }) => *value |= !words.is_empty(),
                Some(Frame::Object { value, .. }) => *value = true,
                _ => {}
            },
            K::LBrace => {
                let frame = match self.stack.last_mut() {
                    Some(Frame::Body { words, value: false, .. }) if !words.is_empty() => {
                        let labels = words.split_off(1);
                        let kind = words.pop().unwrap_or_default();
                        Frame::Body {
                            header: Some(Header { kind, labels, ..Header::default() }),
                            words: Vec::new(),
                            value: false,
                        }
                    }
                    _ => Frame::Object { key: None, value: false },
                };
                self.stack.push(frame);
            }
            K::RBrace => self
                .close(|frame| matches!(frame, Frame::Body { header: Some(_), .. } | Frame::Object { .. })),
            K::LBrack => self.stack.push(Frame::List),
            K::RBrack => self.close_within(|frame| matches!(frame, Frame::List)),
            K::LParen => {
                let called =
                    index.checked_sub(1).and_then(|at| all.get(at)).filter(|before| before.kind == K::Ident);
                let frame = match called {
                    Some(name) => Frame::Call(Call { name: self.word(*name).to_owned(), argument: 0 }),
                    None => Frame::Parens,
                };
                self.stack.push(frame);
            }
            K::RParen => self.close_within(|frame| matches!(frame, Frame::Call(_) | Frame::Parens)),
            K::QuoteOpen => self.stack.push(Frame::Text { start: token.end as usize, heredoc: false }),
            K::HeredocOpen => self.stack.push(Frame::Text { start: token.end as usize, heredoc: true }),
            K::QuoteClose | K::HeredocClose => {
                let at = self.stack.iter().rposition(|frame| matches!(frame, Frame::Text { .. }));
                if let Some(Frame::Text { start, .. }) = at.and_then(|at| self.stack.drain(at..).next()) {
                    let content = self.text.get(start..token.start as usize).unwrap_or("").to_owned();
                    self.name(content);
                }
            }
            K::InterpOpen | K::ControlOpen => self.stack.push(Frame::Sequence),
            K::TemplateClose => self.close_within(|frame| matches!(frame, Frame::Sequence)),
            _ => {}
        }
    }

    /// A word or a finished string.
    fn name(&mut self, word: String) {
        match self.stack.last_mut() {
            Some(Frame::Body { words, value: false, .. }) => words.push(word),
            Some(Frame::Object { key, value: false }) => *key = Some(word),
            _ => {}
        }
    }

    /// A block that stands at the top only, in the first column: what is open above it was never closed.
    fn restart(&mut self, all: &[Token], index: usize, token: Token) {
        let first_column =
            token.start == 0 || self.text.as_bytes().get(token.start as usize - 1) == Some(&b'\n');
        let header = all.get(index + 2).is_none_or(|next| matches!(next.kind, K::QuoteOpen | K::LBrace));
        if first_column && header && TOP_LEVEL.contains(&self.word(token)) {
            self.stack.truncate(1);
            self.end_item();
        }
    }

    fn line_break(&mut self) {
        // A quote mark is missing on this line; the lexer gives up the strings around it too.
        if matches!(self.stack.last(), Some(Frame::Text { heredoc: false, .. })) {
            self.stack.pop();
            let open = |frame: &Frame| matches!(frame, Frame::Text { heredoc: false, .. });
            if let Some(at) = self.stack.iter().position(open) {
                self.stack.truncate(at);
            }
        }
        self.end_item();
    }

    fn end_item(&mut self) {
        match self.stack.last_mut() {
            Some(Frame::Body { words, value, .. }) => {
                words.clear();
                *value = false;
                self.names.clear();
            }
            Some(Frame::Object { key, value }) => (*key, *value) = (None, false),
            _ => {}
        }
    }

    fn close(&mut self, what: impl Fn(&Frame) -> bool) {
        let Some(at) = self.stack.iter().rposition(what) else { return };
        let was_body = self.stack.drain(at..).next().is_some_and(|frame| frame.is_body());
        if was_body {
            self.end_item();
        }
    }

    /// Closes what is open in the innermost body.
    fn close_within(&mut self, what: impl Fn(&Frame) -> bool) {
        let at = self.stack.iter().rposition(|frame| what(frame) || frame.is_body());
        if let Some(at) = at.filter(|at| self.stack.get(*at).is_some_and(&what)) {
            self.stack.truncate(at);
        }
    }

    /// The names after `for`.
    fn declared(&self, all: &[Token], index: usize) -> Vec<String> {
        let after = all.get(index + 1..).unwrap_or_default().iter();
        let names = after.take_while(|token| !(token.kind == K::Ident && self.word(**token) == "in")).take(8);
        names.filter(|token| token.kind == K::Ident).map(|token| self.word(*token).to_owned()).collect()
    }

    fn cursor(self, done: &[Token], touched: Option<Token>, offset: u32) -> Cursor {
        let word = touched.filter(|token| is_word(token.kind));
        let start = word.map_or(offset, |token| token.start);
        let innermost = self.stack.iter().rposition(Frame::is_body).unwrap_or(0);
        let within = self.stack.get(innermost + 1..).unwrap_or_default();
        let (attribute, words, in_value) = match self.stack.get(innermost) {
            Some(Frame::Body { words, value, .. }) => {
                (words.first().filter(|_| *value).cloned(), words.clone(), *value)
            }
            _ => (None, Vec::new(), false),
        };
        let blocks = self.stack.iter().filter_map(|frame| match frame {
            Frame::Body { header: Some(header), .. } => Some(header.clone()),
            _ => None,
        });
        let keys = within.iter().filter_map(|frame| match frame {
            Frame::Object { key: Some(key), value: true } => Some(key.clone()),
            _ => None,
        });
        let calls = within.iter().filter_map(|frame| match frame {
            Frame::Call(call) => Some(call.clone()),
            _ => None,
        });
        let last = done.iter().rev().find(|token| !token.kind.is_trivia());
        let plain = within
            .iter()
            .all(|frame| matches!(frame, Frame::Object { .. } | Frame::List | Frame::Text { .. }));
        let mut cursor = Cursor {
            blocks: blocks.collect(),
            attribute,
            keys: keys.collect(),
            direct: plain && last.is_some_and(|token| starts_value(token.kind)),
            calls: calls.collect(),
            names: self.names.clone(),
            site: Site::Nothing,
            start,
            json: false,
            quoted: false,
        };
        if touched.is_some_and(|token| token.kind.is_comment() || token.kind == K::Number) {
            return cursor;
        }
        let header = |words: &[String]| match words.split_first() {
            Some((kind, labels)) => {
                Header { kind: kind.clone(), labels: labels.to_vec(), ..Header::default() }
            }
            None => Header::default(),
        };
        match self.stack.last() {
            Some(Frame::Body { words, value: false, .. }) if words.is_empty() => cursor.site = Site::Item,
            Some(Frame::Body { words, value: false, .. }) => {
                cursor.site = Site::Label { header: header(words), quoted: false };
            }
            Some(Frame::Object { key: None, value: false }) => cursor.site = Site::Key { quoted: false },
            Some(Frame::Object { value: false, .. }) => {}
            Some(Frame::Text { start: content, .. }) => {
                let before = self.text.get(*content..offset as usize).unwrap_or("");
                let in_body = self.stack.len() == innermost + 2;
                let in_object = matches!(within, [.., Frame::Object { value: false, .. }, _]);
                cursor.start = *content as u32;
                if in_body && !in_value {
                    cursor.site = Site::Label { header: header(&words), quoted: true };
                } else if in_object {
                    cursor.site = Site::Key { quoted: true };
                } else {
                    let quote = done.iter().rev().find(|token| token.end as usize == *content);
                    let opening =
                        quote.map_or(0, |quote| done.partition_point(|token| token.start < quote.start));
                    let before_quote = done.get(..opening).unwrap_or_default();
                    let last = before_quote.iter().rev().find(|token| !token.kind.is_trivia());
                    cursor.direct = plain && last.is_some_and(|token| starts_value(token.kind));
                    text_site(&mut cursor, before, offset);
                }
            }
            _ => {
                if let Some(path) = self.path(done) {
                    cursor.site = Site::Expression { path };
                }
            }
        }
        cursor
    }

    /// The names before the word: `Some([])` where an expression starts, `None` where none can be.
    fn path(&self, done: &[Token]) -> Option<Vec<String>> {
        let mut rest: Vec<Token> = done
            .iter()
            .filter(|token| !token.kind.is_trivia() && token.kind != K::Newline)
            .copied()
            .collect();
        let mut path = Vec::new();
        while rest.last().is_some_and(|token| token.kind == K::Dot) {
            rest.pop();
            let name = rest.pop().filter(|token| token.kind == K::Ident)?;
            path.insert(0, self.word(name).to_owned());
        }
        let value_before = rest.last().is_some_and(|token| match token.kind {
            K::Ident => !matches!(self.word(*token), "in" | "if" | "for"),
            K::Number | K::QuoteClose | K::RBrack | K::RParen | K::HeredocClose | K::RBrace => true,
            _ => false,
        });
        // After a value comes an operator, unless a line break lies between, as in a list.
        let same_line = !done
            .iter()
            .rev()
            .take_while(|token| token.kind != K::Comma)
            .any(|token| token.kind == K::Newline);
        (!(value_before && path.is_empty() && same_line)).then_some(path)
    }
}

/// Text of a string: an action when `{{` is open before the cursor.
pub(super) fn text_site(cursor: &mut Cursor, before: &str, offset: u32) {
    let open = before.rfind("{{").filter(|open| before.rfind("}}").is_none_or(|close| close < *open));
    match open {
        Some(open) => {
            let action = before.get(open + 2..).unwrap_or("");
            let typed =
                action.len() - action.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
            cursor.start = offset - typed as u32;
            cursor.site = Site::Action { before: action.to_owned() };
        }
        None => cursor.site = Site::Text { before: before.to_owned() },
    }
}

fn starts_value(kind: K) -> bool {
    matches!(kind, K::Equal | K::LBrack | K::Comma | K::Colon | K::Newline)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cursor at `|`.
    fn at(text: &str) -> Cursor {
        let offset = text.find('|').expect("a cursor");
        native(&text.replacen('|', "", 1), offset as u32)
    }

    fn expression(path: &[&str]) -> Site {
        Site::Expression { path: path.iter().map(|part| (*part).to_owned()).collect() }
    }

    #[test]
    fn items_labels_and_values_are_told_apart() {
        assert_eq!(at("|").site, Site::Item);
        assert_eq!(at("sou|").site, Site::Item);
        let inside = at("source \"qemu\" \"web\" {\n  me|\n}\n");
        assert_eq!(inside.site, Site::Item);
        assert_eq!(inside.blocks[0].labels, ["qemu", "web"]);
        let label = at("source \"q|\" {");
        assert!(matches!(label.site, Site::Label { ref header, quoted: true } if header.kind == "source"));
        assert!(matches!(at("provisioner |").site, Site::Label { quoted: false, .. }));
        let value = at("source \"qemu\" \"web\" {\n  memory = |\n}\n");
        assert_eq!(value.site, expression(&[]));
        assert_eq!(value.attribute.as_deref(), Some("memory"));
        assert!(value.direct);
        assert_eq!(at("x = 1 # |").site, Site::Nothing);
        assert_eq!(at("x = 5 |").site, Site::Nothing);
        assert_eq!(at("x = 5|").site, Site::Nothing);
    }

    #[test]
    fn paths_calls_and_strings() {
        let cursor = at("a {\n x = upper(join(\",\", var.na|\n}");
        assert_eq!(cursor.site, expression(&["var"]));
        assert_eq!(cursor.calls.last().map(|call| (call.name.as_str(), call.argument)), Some(("join", 1)));
        assert!(!cursor.direct);
        assert_eq!(at("x = \"a-${local.|}\"").site, expression(&["local"]));
        assert_eq!(at("x = data.http.|").site, expression(&["data", "http"]));
        assert_eq!(at("x = \"na|\"").site, Site::Text { before: "na".into() });
        assert_eq!(at("x = \"{{ .Pa|}}\"").site, Site::Action { before: " .Pa".into() });
        assert_eq!(at("x = \"{{ a }} b|\"").site, Site::Text { before: "{{ a }} b".into() });
        assert_eq!(at("x = <<EOT\nhello {{ us|\nEOT\n").site, Site::Action { before: " us".into() });
        let list = at("build {\n  sources = [\"a\", \"so|\"]");
        assert_eq!(list.site, Site::Text { before: "so".into() });
        assert!(list.direct);
        assert_eq!(at("x = [for k, v in var.m : |]").names, ["k", "v"]);
    }

    #[test]
    fn objects_and_broken_text() {
        let key = at("x = {\n  a = 1\n  b|\n}");
        assert_eq!(key.site, Site::Key { quoted: false });
        let value = at("x = {\n  a = { b = |");
        assert_eq!(value.keys, ["a", "b"]);
        // An unclosed block above does not swallow the next one.
        let next = at("source \"qemu\" \"a\" {\n  x = [\n\nbuild {\n  |\n}\n");
        assert_eq!(next.blocks.len(), 1);
        assert_eq!(next.blocks[0].kind, "build");
        // A missing quote mark ends with its line.
        assert_eq!(at("a {\n  x = \"abc\n  y|\n}").site, Site::Item);
        assert_eq!(at("x = \"${f(\"a\n|").site, Site::Item);
    }

    #[test]
    fn any_place_of_any_text_is_answered() {
        let text = "build {\n sources=[\"a.${b(\"{{c}}\")}\"] \n x = <<E\n a ${ d\nE\n y = {a: [1,(2)]}}\n}";
        for offset in 0..=text.len() {
            native(text, offset as u32);
        }
    }
}
