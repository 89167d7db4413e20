//! Builds the lossless tree. Every token ends up in it; what is not understood is put into error nodes.
//!
//! Recursion is bounded by [`MAX_DEPTH`]: whatever is nested deeper becomes one flat error node.

mod body;
mod expr;
mod template;

use rowan::{Checkpoint, GreenNode, GreenNodeBuilder, Language};

use super::SyntaxError;
use super::kind::Hcl;
use super::kind::SyntaxKind::{self, *};
use super::lexer::{self, Token};

/// How deep blocks, expressions and template directives may nest together.
pub const MAX_DEPTH: u32 = 128;

/// The tree of a text and what is wrong with it.
pub(super) fn parse(text: &str) -> (GreenNode, Vec<SyntaxError>) {
    let mut parser = Parser::new(text);
    parser.file();
    parser.finish()
}

/// The tree of a text that holds one expression.
pub(super) fn parse_expression(text: &str) -> (GreenNode, Vec<SyntaxError>) {
    let mut parser = Parser::new(text);
    parser.lone_expression();
    parser.finish()
}

/// A tree of one unexplained token.
pub(super) fn opaque(text: &str) -> GreenNode {
    let mut builder = GreenNodeBuilder::new();
    builder.start_node(Hcl::kind_to_raw(Root));
    builder.token(Hcl::kind_to_raw(Unknown), text);
    builder.finish_node();
    builder.finish()
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    builder: GreenNodeBuilder<'static>,
    errors: Vec<SyntaxError>,
    /// Whether line breaks end things here, or are mere space (inside brackets).
    newlines: bool,
    depth: u32,
    /// Opening minus closing braces of blocks and objects in the whole file: above zero when a `}` is missing,
    /// below when a `{` is. Only then are the guesses made that place the error well.
    balance: i64,
    too_deep_reported: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let tokens = lexer::tokens(text);
        let balance = tokens
            .iter()
            .map(|token| match token.kind {
                LBrace => 1,
                RBrace => -1,
                _ => 0,
            })
            .sum();
        Self {
            text,
            tokens,
            at: 0,
            builder: GreenNodeBuilder::new(),
            errors: Vec::new(),
            newlines: true,
            depth: 0,
            balance,
            too_deep_reported: false,
        }
    }

    fn finish(mut self) -> (GreenNode, Vec<SyntaxError>) {
        // Of several complaints about one place, the first is the cause.
        self.errors.sort_by_key(|error| error.range.start);
        self.errors.dedup_by_key(|error| error.range.start);
        (self.builder.finish(), self.errors)
    }

    // Looking.

    fn skipped(&self, kind: SyntaxKind) -> bool {
        kind.is_trivia() || (kind == Newline && !self.newlines)
    }

    /// Index of the token `n` places ahead that means something here.
    fn index(&self, n: usize) -> usize {
        let mut left = n;
        let mut index = self.at;
        while let Some(token) = self.tokens.get(index) {
            if !self.skipped(token.kind) {
                if left == 0 {
                    break;
                }
                left -= 1;
            }
            index += 1;
        }
        index
    }

    fn peek(&self) -> SyntaxKind {
        self.nth(0)
    }

    fn nth(&self, n: usize) -> SyntaxKind {
        self.tokens.get(self.index(n)).map_or(Eof, |token| token.kind)
    }

    /// The next token; at the end an empty one.
    fn token(&self) -> Token {
        let end = self.text.len() as u32;
        self.tokens.get(self.index(0)).copied().unwrap_or(Token { kind: Eof, start: end, end })
    }

    fn text_of(&self, token: Token) -> &'a str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    fn peek_text(&self) -> &'a str {
        self.text_of(self.token())
    }

    /// Whether a line break stands before the next token, for guesses about what is missing.
    fn on_new_line(&self) -> bool {
        let end = self.index(0);
        self.tokens.get(self.at..end).is_some_and(|skipped| skipped.iter().any(|token| token.kind == Newline))
    }

    /// End of the last token consumed that was not space.
    fn last_end(&self) -> u32 {
        self.tokens
            .get(..self.at)
            .and_then(|before| {
                before.iter().rev().find(|token| !token.kind.is_trivia() && token.kind != Newline)
            })
            .map_or(0, |token| token.end)
    }

    // Consuming.

    fn push_token(&mut self) {
        if let Some(token) = self.tokens.get(self.at).copied() {
            let text = self.text_of(token);
            self.builder.token(Hcl::kind_to_raw(token.kind), text);
            self.at += 1;
        }
    }

    fn trivia(&mut self) {
        while self.tokens.get(self.at).is_some_and(|token| self.skipped(token.kind)) {
            self.push_token();
        }
    }

    fn bump(&mut self) {
        self.trivia();
        self.push_token();
    }

    fn eat(&mut self, kind: SyntaxKind) -> bool {
        let found = self.peek() == kind;
        if found {
            self.bump();
        }
        found
    }

    fn start(&mut self, kind: SyntaxKind) {
        self.trivia();
        self.builder.start_node(Hcl::kind_to_raw(kind));
    }

    fn start_at(&mut self, checkpoint: Checkpoint, kind: SyntaxKind) {
        self.builder.start_node_at(checkpoint, Hcl::kind_to_raw(kind));
    }

    fn checkpoint(&mut self) -> Checkpoint {
        self.trivia();
        self.builder.checkpoint()
    }

    fn finish_node(&mut self) {
        self.builder.finish_node();
    }

    // Complaining.

    fn error_at(&mut self, code: &'static str, token: Token, message: impl Into<String>) -> &mut SyntaxError {
        self.error_in(code, token.start..token.end, message)
    }

    fn error_in(
        &mut self,
        code: &'static str,
        range: std::ops::Range<u32>,
        message: impl Into<String>,
    ) -> &mut SyntaxError {
        self.errors.push(SyntaxError {
            code,
            message: message.into(),
            range,
            help: None,
            related: None,
            fix: None,
        });
        let last = self.errors.len() - 1;
        &mut self.errors[last]
    }

    /// Something is missing just before the next token. When that stands on a later line, the place is the end
    /// of what was read last.
    fn missing(&mut self, code: &'static str, what: &str) -> &mut SyntaxError {
        let token = self.token();
        let found = self.describe(token);
        let range = if token.kind == Newline || token.kind == Eof || self.on_new_line() {
            let end = self.last_end();
            end..end
        } else {
            token.start..token.end
        };
        self.error_in(code, range, format!("{what} is expected here, not {found}"))
    }

    fn describe(&self, token: Token) -> String {
        match token.kind {
            Ident | Number => format!("`{}`", shorten(self.text_of(token))),
            Unknown => format!("`{}`", shorten(self.text_of(token))),
            kind => kind.describe().to_owned(),
        }
    }

    // Skipping.

    /// Puts tokens into an error node until `stop` says so at bracket level zero, or a bracket closes that was
    /// not opened here. Returns whether anything was skipped.
    fn skip_until(&mut self, stop: impl Fn(SyntaxKind) -> bool) -> bool {
        self.trivia();
        let from = self.at;
        let mut open: Vec<SyntaxKind> = Vec::new();
        let mut started = false;
        while let Some(token) = self.tokens.get(self.at).copied() {
            if token.kind == Newline && self.ends_broken_string(self.at) {
                abandon_quotes(&mut open);
            }
            if open.is_empty() && (stop(token.kind) || is_closing(token.kind)) {
                break;
            }
            if !started {
                self.builder.start_node(Hcl::kind_to_raw(Error));
                started = true;
            }
            if is_opening(token.kind) {
                open.push(token.kind);
            } else if is_closing(token.kind) {
                open.pop();
            }
            self.push_token();
        }
        if started {
            self.finish_node();
        }
        self.at > from
    }

    /// Whether the line break at `index` follows text that was opened by a quote mark and never closed.
    fn ends_broken_string(&self, index: usize) -> bool {
        index
            .checked_sub(1)
            .and_then(|i| self.tokens.get(i))
            .is_some_and(|t| matches!(t.kind, StringText | QuoteOpen))
    }

    /// Skips the rest of the line, brackets that it opens included.
    fn skip_line(&mut self) -> bool {
        self.skip_until(|kind| kind == Newline)
    }

    /// Runs `inner` one level deeper; at the limit the content is skipped to the end of its brackets instead.
    fn deeper(&mut self, inner: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_DEPTH {
            if !self.too_deep_reported {
                self.too_deep_reported = true;
                let token = self.token();
                self.error_at(
                    "syntax.too-deep",
                    token,
                    format!("this is nested more than {MAX_DEPTH} levels deep and is not read any further"),
                )
                .help = Some("split the expression up, for example into `locals`".to_owned());
            }
            self.skip_until(|_| false);
            return;
        }
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }

    /// Runs `inner` with line breaks meaning something or nothing.
    fn with_newlines(&mut self, newlines: bool, inner: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.newlines, newlines);
        inner(self);
        self.newlines = before;
    }

    /// An unknown character, or something else where it cannot be; says why when the reason is a common one.
    fn unexpected(&mut self, code: &'static str, expected: &str) {
        let token = self.token();
        let text = self.text_of(token);
        let found = self.describe(token);
        let hint = match text.chars().next() {
            Some('\'') if token.kind == Unknown => Some("strings are written in double quotes"),
            Some('\u{2018}'..='\u{201f}') => Some("use plain double quotes, not typographic ones"),
            Some(';') if token.kind == Unknown => Some("arguments are separated by line breaks"),
            Some('`') if token.kind == Unknown => Some("back quotes mean something only inside a string"),
            Some('\u{a0}') if token.kind == Unknown => {
                Some("this is a no-break space; replace it by a plain one")
            }
            Some('&' | '|' | '^') if token.kind == Unknown => {
                Some("there are no bitwise operators; the logical ones are `&&`, `||` and `!`")
            }
            _ => None,
        };
        let unclosed_comment = token.kind == Unknown && text.starts_with("/*");
        let message = if unclosed_comment {
            "this comment is never closed by `*/`".to_owned()
        } else if expected.is_empty() {
            format!("{found} cannot stand here")
        } else {
            format!("{expected} is expected here, not {found}")
        };
        let range = if unclosed_comment {
            token.start..token.start + 2
        } else if matches!(token.kind, Newline | Eof) {
            let end = self.last_end();
            end..end
        } else {
            token.start..token.end
        };
        let code = if unclosed_comment { "syntax.unclosed-comment" } else { code };
        self.error_in(code, range, message).help = hint.map(str::to_owned);
    }
}

fn is_opening(kind: SyntaxKind) -> bool {
    matches!(kind, LBrace | LBrack | LParen | QuoteOpen | HeredocOpen | InterpOpen | ControlOpen)
}

fn is_closing(kind: SyntaxKind) -> bool {
    matches!(kind, RBrace | RBrack | RParen | QuoteClose | HeredocClose | TemplateClose)
}

/// What the lexer does at the end of a line with an open string, done to a list of open brackets.
fn abandon_quotes(open: &mut Vec<SyntaxKind>) {
    while open.last().is_some_and(|kind| *kind != QuoteOpen) {
        open.pop();
    }
    open.pop();
    while let [.., QuoteOpen, InterpOpen | ControlOpen] = open.as_slice() {
        open.truncate(open.len() - 2);
    }
}

/// At most 40 characters of a text.
fn shorten(text: &str) -> String {
    if text.chars().count() > 40 { text.chars().take(39).chain(['…']).collect() } else { text.to_owned() }
}
