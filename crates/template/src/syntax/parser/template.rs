//! Quoted strings and heredocs.

use super::*;

/// A directive that waits for its end.
struct Open {
    is_if: bool,
    has_else: bool,
    token: Token,
}

impl Parser<'_> {
    pub(super) fn quoted(&mut self) {
        self.start(Template);
        let open = self.token();
        let errors = self.errors.len();
        self.bump();
        self.parts();
        let explained = |error: &SyntaxError| error.code == "syntax.unclosed-interpolation";
        if self.tokens.get(self.at).is_some_and(|token| token.kind == QuoteClose) {
            self.push_token();
        } else if !self.errors.iter().skip(errors).any(explained) {
            let end = self.last_end();
            self.error_in(
                "syntax.unclosed-string",
                open.start..end,
                "this string is not closed on its line",
            )
            .help = Some(
                "add the missing quote mark; text of several lines is written as a heredoc (`<<EOT`)"
                    .to_owned(),
            );
        }
        self.finish_node();
    }

    pub(super) fn heredoc(&mut self) {
        self.start(Heredoc);
        let open = self.token();
        self.bump();
        self.parts();
        if self.tokens.get(self.at).is_some_and(|token| token.kind == HeredocClose) {
            self.push_token();
        } else {
            let start = self.text_of(open).trim_end();
            let marker = start.trim_start_matches("<<").trim_start_matches('-');
            let message = format!("this heredoc is never ended by a line that holds only `{marker}`");
            self.error_in("syntax.unclosed-heredoc", open.start..open.start + start.len() as u32, message);
        }
        self.finish_node();
    }

    /// Text, interpolations and directives up to whatever ends the template.
    fn parts(&mut self) {
        let depth = self.depth;
        let mut open: Vec<Open> = Vec::new();
        while let Some(token) = self.tokens.get(self.at).copied() {
            match token.kind {
                StringText => {
                    self.check_escapes(token);
                    self.push_token();
                }
                HeredocText => self.push_token(),
                InterpOpen => {
                    self.start(Interpolation);
                    self.push_token();
                    self.with_newlines(false, |parser| {
                        parser.expr();
                        parser.close_sequence(token);
                    });
                    self.finish_node();
                }
                ControlOpen => self.directive(token, &mut open),
                _ => break,
            }
        }
        for directive in open {
            let (word, end) = if directive.is_if { ("if", "endif") } else { ("for", "endfor") };
            let message = format!("this `%{{{word}}}` has no `%{{{end}}}` in the same string");
            self.error_at("syntax.unclosed-directive", directive.token, message);
        }
        self.depth = depth;
    }

    fn directive(&mut self, token: Token, open: &mut Vec<Open>) {
        let checkpoint = self.checkpoint();
        self.push_token();
        let before = std::mem::replace(&mut self.newlines, false);
        let word = if self.peek() == Ident { self.peek_text() } else { "" };
        let mut kind = Directive;
        match word {
            "if" | "for" => {
                if self.depth >= MAX_DEPTH {
                    self.deeper(|_| {});
                    kind = Error;
                } else {
                    self.bump();
                    if word == "if" {
                        self.expr();
                    } else {
                        self.for_head();
                    }
                    self.depth += 1;
                    open.push(Open { is_if: word == "if", has_else: false, token });
                }
            }
            "else" => {
                self.bump();
                match open.last_mut() {
                    Some(directive) if directive.is_if && !directive.has_else => directive.has_else = true,
                    _ => {
                        kind = Error;
                        self.error_at("syntax.directive", token, "this `%{else}` belongs to no open `%{if}`");
                    }
                }
            }
            "endif" | "endfor" => {
                self.bump();
                if open.last().is_some_and(|directive| directive.is_if == (word == "endif")) {
                    open.pop();
                    self.depth -= 1;
                } else {
                    kind = Error;
                    let wanted = if word == "endif" { "if" } else { "for" };
                    let message = match open.last() {
                        Some(_) => format!(
                            "`%{{{word}}}` cannot end a `%{{{}}}`",
                            if wanted == "if" { "for" } else { "if" }
                        ),
                        None => format!("this `%{{{word}}}` belongs to no open `%{{{wanted}}}`"),
                    };
                    self.error_at("syntax.directive", token, message);
                }
            }
            _ => {
                kind = Error;
                self.missing("syntax.directive", "`if`, `else`, `endif`, `for` or `endfor`").help =
                    Some("to have `%{` in the text itself, write `%%{`".to_owned());
            }
        }
        self.close_sequence(token);
        self.newlines = before;
        self.start_at(checkpoint, kind);
        self.finish_node();
    }

    /// The `}` of `${` or `%{`.
    fn close_sequence(&mut self, open: Token) {
        if self.eat(TemplateClose) {
            return;
        }
        let sequence = self.text_of(open).trim_end_matches('~');
        let token = self.token();
        let unclosed =
            matches!(token.kind, Eof | Newline | QuoteOpen | QuoteClose | HeredocClose) || self.on_new_line();
        if unclosed {
            self.error_at(
                "syntax.unclosed-interpolation",
                open,
                format!("this `{sequence}` is never closed by `}}`"),
            );
        } else {
            self.missing("syntax.extra-characters", "`}`").help = Some(format!(
                "to have `{sequence}` in the text itself, as shell scripts need it, write `{}{sequence}`",
                sequence.get(..1).unwrap_or("")
            ));
        }
        if token.kind == Eof {
            return;
        }
        self.with_newlines(true, |parser| {
            parser.skip_until(|kind| kind == Newline);
        });
        self.eat_here(TemplateClose);
    }

    fn eat_here(&mut self, kind: SyntaxKind) {
        if self.tokens.get(self.at).is_some_and(|token| token.kind == kind) {
            self.push_token();
        }
    }

    /// Backslashes in quoted text.
    fn check_escapes(&mut self, token: Token) {
        let text = self.text_of(token);
        if !text.contains('\\') {
            return;
        }
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            if c != '\\' {
                continue;
            }
            let after = text.get(at + 1..).unwrap_or("");
            let digits = match after.chars().next() {
                Some('n' | 'r' | 't' | '"' | '\\') => {
                    chars.next();
                    continue;
                }
                Some('u') => 4,
                Some('U') => 8,
                _ => 0,
            };
            let code = after.get(1..1 + digits).filter(|_| digits > 0).and_then(|hex| {
                u32::from_str_radix(hex, 16).ok().filter(|_| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            });
            if code.and_then(char::from_u32).is_some() {
                continue;
            }
            let len = after.chars().next().map_or(0, char::len_utf8);
            let start = token.start + at as u32;
            let shown = text.get(at..at + 1 + len).unwrap_or("\\");
            let message = if digits > 0 {
                format!("`{shown}` needs {digits} hexadecimal digits that name a character")
            } else {
                format!(
                    "`{shown}` is not an escape sequence; there are \\n \\r \\t \\\" \\\\ \\uNNNN \\UNNNNNNNN"
                )
            };
            let fix = ("Double the backslash".to_owned(), start..start + 1, "\\\\".to_owned());
            let error = self.error_in("syntax.escape", start..start + 1 + len as u32, message);
            if digits == 0 {
                error.help = Some("for a backslash, write two".to_owned());
                error.fix = Some(fix);
            }
            chars.next();
        }
    }
}
