//! Cuts a text into tokens that tile it: every byte is in exactly one token, whatever the text is.
//!
//! Strings and heredocs contain expressions that contain strings, so the lexer keeps a stack of modes. It
//! does not recurse. Where a string is not closed on its line, the mode ends with the line: one missing quote
//! mark must not turn the rest of the file into a string.

use super::kind::SyntaxKind::{self, *};

/// A token: its kind and its byte range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: SyntaxKind,
    /// First byte.
    pub start: u32,
    /// Byte after.
    pub end: u32,
}

enum Mode<'a> {
    /// Inside `${` or `%{`, with the number of braces open within.
    Sequence { braces: u32 },
    /// Inside quotes.
    Quoted,
    /// Inside a heredoc that ends with a line that holds only the marker.
    Heredoc { marker: &'a str, line_start: bool },
}

/// The tokens of a text, in order, without gap or overlap.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, modes: Vec::new(), tokens: Vec::with_capacity(text.len() / 4) };
    lexer.run();
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    modes: Vec<Mode<'a>>,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        if self.rest().starts_with('\u{feff}') {
            self.push(Bom, 3);
        }
        while self.at < self.text.len() {
            match self.modes.last() {
                None | Some(Mode::Sequence { .. }) => self.normal(),
                Some(Mode::Quoted) => self.quoted(),
                Some(Mode::Heredoc { .. }) => self.heredoc(),
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn push(&mut self, kind: SyntaxKind, len: usize) {
        let start = self.at as u32;
        self.at = (self.at + len).min(self.text.len());
        self.tokens.push(Token { kind, start, end: self.at as u32 });
    }

    /// The next token of ordinary code.
    fn normal(&mut self) {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let Some(&first) = bytes.first() else { return };
        let second = bytes.get(1).copied().unwrap_or(0);
        match first {
            b' ' | b'\t' => self.push(Whitespace, rest.len() - rest.trim_start_matches([' ', '\t']).len()),
            b'\n' => self.newline(1),
            b'\r' if second == b'\n' => self.newline(2),
            b'#' => self.push(LineComment, line_length(rest)),
            b'/' if second == b'/' => self.push(LineComment, line_length(rest)),
            b'/' if second == b'*' => match rest.get(2..).and_then(|inner| inner.find("*/")) {
                Some(end) => self.push(BlockComment, end + 4),
                None => self.push(Unknown, rest.len()),
            },
            b'"' => {
                self.push(QuoteOpen, 1);
                self.modes.push(Mode::Quoted);
            }
            b'<' if second == b'<' && heredoc_marker(rest).is_some() => self.open_heredoc(rest),
            b'0'..=b'9' => {
                let after_dot = self.tokens.last().is_some_and(|token| token.kind == Dot);
                let len = if after_dot { digits(bytes) } else { number_length(bytes) };
                self.push(Number, len);
            }
            b'{' => {
                if let Some(Mode::Sequence { braces }) = self.modes.last_mut() {
                    *braces += 1;
                }
                self.push(LBrace, 1);
            }
            b'}' => self.close_brace(1),
            b'~' if second == b'}' && matches!(self.modes.last(), Some(Mode::Sequence { braces: 0 })) => {
                self.close_brace(2);
            }
            _ => match fixed_token(bytes) {
                Some((kind, len)) => self.push(kind, len),
                None => {
                    let word = ident_length(rest);
                    if word > 0 {
                        self.push(Ident, word);
                    } else {
                        self.push(Unknown, rest.chars().next().map_or(1, char::len_utf8));
                    }
                }
            },
        }
    }

    /// A line break in ordinary code. A line that holds only the marker of the heredoc around an interpolation
    /// ends that heredoc: the interpolation was not closed.
    fn newline(&mut self, len: usize) {
        self.push(Newline, len);
        let marker = match self.modes.as_slice() {
            [.., Mode::Heredoc { marker, .. }, Mode::Sequence { .. }] => *marker,
            _ => return,
        };
        let rest = self.rest();
        if rest.get(..line_length(rest)).is_some_and(|line| line.trim() == marker) {
            self.modes.pop();
            if let Some(Mode::Heredoc { line_start, .. }) = self.modes.last_mut() {
                *line_start = true;
            }
        }
    }

    fn close_brace(&mut self, len: usize) {
        match self.modes.last_mut() {
            Some(Mode::Sequence { braces: 0 }) => {
                self.modes.pop();
                self.push(TemplateClose, len);
            }
            Some(Mode::Sequence { braces }) => {
                *braces -= 1;
                self.push(RBrace, len);
            }
            _ => self.push(RBrace, len),
        }
    }

    fn open_heredoc(&mut self, rest: &'a str) {
        let Some((marker, len)) = heredoc_marker(rest) else { return };
        self.push(HeredocOpen, len);
        self.modes.push(Mode::Heredoc { marker, line_start: true });
    }

    /// The next token inside quotes.
    fn quoted(&mut self) {
        let bytes = self.rest().as_bytes();
        match bytes.first() {
            Some(b'"') => {
                self.modes.pop();
                self.push(QuoteClose, 1);
                return;
            }
            Some(b'\n' | b'\r') => {
                self.abandon_quotes();
                if bytes.first() == Some(&b'\r') && bytes.get(1) != Some(&b'\n') {
                    self.push(Unknown, 1);
                }
                return;
            }
            _ => {}
        }
        if self.open_sequence() {
            return;
        }
        let mut len = 0;
        while let Some(&byte) = bytes.get(len) {
            match byte {
                b'"' | b'\n' | b'\r' => break,
                b'\\' if bytes.get(len + 1).is_some_and(|next| !matches!(next, b'\n' | b'\r')) => len += 2,
                b'$' | b'%' => match escape_or_sequence(bytes.get(len..).unwrap_or_default()) {
                    Dollar::Sequence => break,
                    Dollar::Escape => len += 3,
                    Dollar::Plain => len += 1,
                },
                _ => len += 1,
            }
        }
        // A backslash before a wide character steps into it: go on to its end.
        while self.at + len < self.text.len() && !self.text.is_char_boundary(self.at + len) {
            len += 1;
        }
        self.push(StringText, len);
    }

    /// A quote mark is missing on this line. The strings around it that started an interpolation on the way are
    /// given up too, as it cannot be told which of them lacks the mark.
    fn abandon_quotes(&mut self) {
        self.modes.pop();
        while let [.., below, Mode::Sequence { .. }] = self.modes.as_slice() {
            match below {
                Mode::Quoted => {
                    self.modes.pop();
                    self.modes.pop();
                }
                Mode::Heredoc { .. } => {
                    self.modes.pop();
                    break;
                }
                Mode::Sequence { .. } => break,
            }
        }
    }

    /// The next token inside a heredoc: an opening sequence, the end, or text up to the end of the line.
    fn heredoc(&mut self) {
        let rest = self.rest();
        let line = line_length_with_break(rest);
        if let Some(Mode::Heredoc { marker, line_start: true }) = self.modes.last() {
            let content = rest.get(..line).unwrap_or("");
            if content.trim() == *marker {
                let indent = content.len() - content.trim_start().len();
                let len = indent + marker.len();
                self.modes.pop();
                self.push(HeredocClose, len);
                return;
            }
        }
        if let Some(Mode::Heredoc { line_start, .. }) = self.modes.last_mut() {
            *line_start = false;
        }
        if self.open_sequence() {
            return;
        }
        let bytes = rest.as_bytes();
        let mut len = 0;
        let mut ended = false;
        while let Some(&byte) = bytes.get(len) {
            match byte {
                b'\n' => {
                    len += 1;
                    ended = true;
                    break;
                }
                b'$' | b'%' => match escape_or_sequence(bytes.get(len..).unwrap_or_default()) {
                    Dollar::Sequence => break,
                    Dollar::Escape => len += 3,
                    Dollar::Plain => len += 1,
                },
                _ => len += 1,
            }
        }
        self.push(HeredocText, len);
        if ended && let Some(Mode::Heredoc { line_start, .. }) = self.modes.last_mut() {
            *line_start = true;
        }
    }

    /// `${` or `%{`, with its strip marker.
    fn open_sequence(&mut self) -> bool {
        let bytes = self.rest().as_bytes();
        let kind = match (bytes.first(), bytes.get(1)) {
            (Some(b'$'), Some(b'{')) => InterpOpen,
            (Some(b'%'), Some(b'{')) => ControlOpen,
            _ => return false,
        };
        self.push(kind, if bytes.get(2) == Some(&b'~') { 3 } else { 2 });
        self.modes.push(Mode::Sequence { braces: 0 });
        true
    }
}

enum Dollar {
    /// `${`, `%{`
    Sequence,
    /// `$${`, `%%{`
    Escape,
    Plain,
}

fn escape_or_sequence(bytes: &[u8]) -> Dollar {
    match bytes {
        [_, b'{', ..] => Dollar::Sequence,
        [first, second, b'{', ..] if first == second => Dollar::Escape,
        _ => Dollar::Plain,
    }
}

/// Length of the line without its line break.
fn line_length(rest: &str) -> usize {
    let line = rest.split('\n').next().unwrap_or("");
    if line.len() < rest.len() { line.strip_suffix('\r').unwrap_or(line).len() } else { line.len() }
}

fn line_length_with_break(rest: &str) -> usize {
    rest.find('\n').map_or(rest.len(), |at| at + 1)
}

/// The marker of `<<EOT` or `<<-EOT` and the length with the line break; the line must end there.
fn heredoc_marker(rest: &str) -> Option<(&str, usize)> {
    let after = rest.strip_prefix("<<")?;
    let after = after.strip_prefix('-').unwrap_or(after);
    let word = ident_length(after);
    let marker = after.get(..word)?;
    let tail = after.get(word..)?;
    let line_break = if tail.starts_with("\r\n") {
        2
    } else if tail.starts_with('\n') {
        1
    } else {
        return None;
    };
    (word > 0).then_some((marker, rest.len() - tail.len() + line_break))
}

/// Length of the name at the start of the text; 0 when there is none.
fn ident_length(rest: &str) -> usize {
    let mut chars = rest.char_indices();
    match chars.next() {
        Some((_, first)) if first == '_' || first.is_alphabetic() => {}
        _ => return 0,
    }
    chars
        .find(|(_, c)| !(*c == '_' || *c == '-' || c.is_alphanumeric() || is_combining(*c)))
        .map_or(rest.len(), |(at, _)| at)
}

/// Marks that continue a name in Unicode's definition of identifiers.
fn is_combining(c: char) -> bool {
    !c.is_ascii() && unicode_normalization::char::is_combining_mark(c)
}

/// Whether a text is a name of the language (an identifier).
pub fn is_ident(text: &str) -> bool {
    !text.is_empty() && ident_length(text) == text.len()
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// `12`, `1.5`, `1e9`, `1.5E-3`; a dot or exponent without digits is not part of the number.
fn number_length(bytes: &[u8]) -> usize {
    let mut len = digits(bytes);
    if bytes.get(len) == Some(&b'.') {
        let fraction = digits(bytes.get(len + 1..).unwrap_or_default());
        if fraction > 0 {
            len += 1 + fraction;
        }
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        let exponent = digits(bytes.get(len + 1 + sign..).unwrap_or_default());
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    len
}

fn fixed_token(bytes: &[u8]) -> Option<(SyntaxKind, usize)> {
    Some(match bytes {
        [b'.', b'.', b'.', ..] => (Ellipsis, 3),
        [b'=', b'=', ..] => (EqualEqual, 2),
        [b'=', b'>', ..] => (FatArrow, 2),
        [b'!', b'=', ..] => (NotEqual, 2),
        [b'<', b'=', ..] => (LessEqual, 2),
        [b'>', b'=', ..] => (GreaterEqual, 2),
        [b'&', b'&', ..] => (AndAnd, 2),
        [b'|', b'|', ..] => (OrOr, 2),
        [b':', b':', ..] => (ColonColon, 2),
        [b'[', ..] => (LBrack, 1),
        [b']', ..] => (RBrack, 1),
        [b'(', ..] => (LParen, 1),
        [b')', ..] => (RParen, 1),
        [b'=', ..] => (Equal, 1),
        [b'<', ..] => (Less, 1),
        [b'>', ..] => (Greater, 1),
        [b'!', ..] => (Bang, 1),
        [b'+', ..] => (Plus, 1),
        [b'-', ..] => (Minus, 1),
        [b'*', ..] => (Star, 1),
        [b'/', ..] => (Slash, 1),
        [b'%', ..] => (Percent, 1),
        [b'?', ..] => (Question, 1),
        [b':', ..] => (Colon, 1),
        [b',', ..] => (Comma, 1),
        [b'.', ..] => (Dot, 1),
        _ => return None,
    })
}
