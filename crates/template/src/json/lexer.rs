//! Cuts a JSON text into tokens that tile it: every byte is in exactly one token, whatever the text is.

/// A token: its kind and its byte range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: u32,
    /// Byte after.
    pub end: u32,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A byte order mark at the very start.
    Bom,
    /// Space and line breaks.
    Space,
    /// `{`
    LBrace,
    /// `}`
    RBrace,
    /// `[`
    LBrack,
    /// `]`
    RBrack,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// A string with its quotes; it ends with its line when the closing quote is missing.
    String,
    /// Digits, sign, point, exponent.
    Number,
    /// `true`, `false`, `null`, and any other bare word.
    Word,
    /// `// ...`, `# ...` or `/* ... */`: JSON has no comments, but people write them.
    Comment,
    /// Anything else, one character.
    Unknown,
}

/// The tokens of a text, in order, without gap or overlap.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::with_capacity(text.len() / 6);
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = token(rest, at == 0);
        let end = at + length;
        out.push(Token { kind, start: at as u32, end: end as u32 });
        at = end;
    }
    out
}

fn token(rest: &str, first: bool) -> (TokenKind, usize) {
    let Some(c) = rest.chars().next() else { return (TokenKind::Unknown, rest.len()) };
    let run = |matches: &dyn Fn(char) -> bool| rest.find(|c| !matches(c)).unwrap_or(rest.len());
    let line = || rest.find(['\r', '\n']).unwrap_or(rest.len());
    match c {
        '\u{feff}' if first => (TokenKind::Bom, c.len_utf8()),
        ' ' | '\t' | '\r' | '\n' => (TokenKind::Space, run(&|c| matches!(c, ' ' | '\t' | '\r' | '\n'))),
        '{' => (TokenKind::LBrace, 1),
        '}' => (TokenKind::RBrace, 1),
        '[' => (TokenKind::LBrack, 1),
        ']' => (TokenKind::RBrack, 1),
        ':' => (TokenKind::Colon, 1),
        ',' => (TokenKind::Comma, 1),
        '"' => (TokenKind::String, string(rest)),
        '-' | '+' | '.' | '0'..='9' => {
            (TokenKind::Number, run(&|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')))
        }
        '#' => (TokenKind::Comment, line()),
        '/' if rest.starts_with("//") => (TokenKind::Comment, line()),
        '/' if rest.starts_with("/*") => {
            (TokenKind::Comment, rest.get(2..).and_then(|r| r.find("*/")).map_or(rest.len(), |end| end + 4))
        }
        c if c.is_alphabetic() || c == '_' => {
            (TokenKind::Word, run(&|c| c.is_alphanumeric() || matches!(c, '_' | '-')))
        }
        c => (TokenKind::Unknown, c.len_utf8()),
    }
}

/// Length of a string that starts at the start of `rest`, quotes included.
fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return rest.get(..at).map_or(at, |line| line.trim_end_matches('\r').len()),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
