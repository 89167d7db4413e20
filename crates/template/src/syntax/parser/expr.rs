//! Expressions.

use super::*;

/// How tightly a binary operator binds; higher is tighter.
fn precedence(kind: SyntaxKind) -> Option<u8> {
    Some(match kind {
        OrOr => 1,
        AndAnd => 2,
        EqualEqual | NotEqual => 3,
        Less | LessEqual | Greater | GreaterEqual => 4,
        Plus | Minus => 5,
        Star | Slash | Percent => 6,
        _ => return None,
    })
}

impl Parser<'_> {
    /// An expression; when there is none, an error and no node.
    pub(super) fn expr(&mut self) {
        self.deeper(|parser| {
            let checkpoint = parser.checkpoint();
            if !parser.binary(1) {
                return;
            }
            if parser.peek() == Question {
                parser.start_at(checkpoint, Conditional);
                parser.bump();
                parser.expr();
                if parser.eat(Colon) {
                    parser.expr();
                } else {
                    parser.missing("syntax.missing-colon", "`:` and the value for the other case");
                }
                parser.finish_node();
            }
        });
    }

    /// Operators of at least this precedence, left to right. Returns whether there was an operand.
    fn binary(&mut self, minimum: u8) -> bool {
        let checkpoint = self.checkpoint();
        if !self.unary() {
            return false;
        }
        let before = self.depth;
        while let Some(precedence) = precedence(self.peek()).filter(|precedence| *precedence >= minimum) {
            if self.depth >= MAX_DEPTH {
                self.deeper(|_| {});
                break;
            }
            // Each further operand puts the ones before it one level deeper.
            self.depth += 1;
            self.start_at(checkpoint, Binary);
            self.bump();
            self.binary(precedence + 1);
            self.finish_node();
        }
        self.depth = before;
        true
    }

    fn unary(&mut self) -> bool {
        if !matches!(self.peek(), Minus | Bang) {
            return self.postfix();
        }
        self.start(Unary);
        self.bump();
        self.deeper(|parser| {
            parser.unary();
        });
        self.finish_node();
        true
    }

    /// A term and the accesses that follow it.
    fn postfix(&mut self) -> bool {
        let checkpoint = self.checkpoint();
        if !self.term() {
            return false;
        }
        if !matches!(self.peek(), Dot | LBrack) {
            return true;
        }
        self.start_at(checkpoint, Access);
        let mut splats = 0;
        loop {
            match self.peek() {
                Dot => match self.nth(1) {
                    Ident => self.step(AttrStep, 2),
                    Number => self.step(LegacyIndexStep, 2),
                    Star => {
                        self.step(SplatAttrStep, 2);
                        splats += 1;
                    }
                    _ => {
                        self.start(Error);
                        self.bump();
                        self.finish_node();
                        self.missing("syntax.missing-attribute", "an attribute name after the dot");
                        break;
                    }
                },
                LBrack if self.nth(1) == Star && self.nth(2) == RBrack => {
                    self.step(SplatFullStep, 3);
                    splats += 1;
                }
                LBrack => self.index_step(),
                _ => break,
            }
            if splats > MAX_DEPTH {
                let token = self.token();
                self.error_at("syntax.too-deep", token, "there are too many splats in one expression");
                self.skip_line();
                break;
            }
        }
        self.finish_node();
        true
    }

    fn step(&mut self, kind: SyntaxKind, tokens: usize) {
        self.start(kind);
        for _ in 0..tokens {
            self.bump();
        }
        self.finish_node();
    }

    fn index_step(&mut self) {
        self.start(IndexStep);
        let open = self.token();
        self.bump();
        self.with_newlines(false, |parser| {
            parser.expr();
            parser.close(open, RBrack, "syntax.unclosed-index");
        });
        self.finish_node();
    }

    /// The closing bracket of `open`; skips what stands before it.
    pub(super) fn close(&mut self, open: Token, closing: SyntaxKind, code: &'static str) {
        if self.eat(closing) {
            return;
        }
        self.missing(code, closing.describe()).related =
            Some((format!("to close this {}", open.kind.describe()), open.start..open.end));
        if self.on_new_line() || self.peek() == Eof {
            return;
        }
        self.skip_until(|kind| kind == Newline);
        self.eat(closing);
    }

    fn term(&mut self) -> bool {
        let token = self.token();
        match token.kind {
            Number => {
                self.start(Literal);
                self.bump();
                self.finish_node();
            }
            Ident => self.name(token),
            QuoteOpen => self.quoted(),
            HeredocOpen => self.heredoc(),
            LParen => {
                self.start(Parens);
                self.bump();
                self.with_newlines(false, |parser| {
                    parser.expr();
                    parser.close(token, RParen, "syntax.unclosed-parenthesis");
                });
                self.finish_node();
            }
            LBrack => self.tuple(),
            LBrace => self.object(),
            Newline | Eof => {
                self.missing("syntax.missing-value", "a value");
                return false;
            }
            Less if self.nth(1) == Less => {
                self.error_at(
                    "syntax.heredoc",
                    token,
                    "a heredoc starts with `<<NAME` or `<<-NAME` at the end of a line",
                )
                .help = Some("nothing may follow the name on that line, not even a space".to_owned());
                self.skip_line();
                return false;
            }
            _ => {
                self.unexpected("syntax.missing-value", "a value");
                // A character the language has no use for: leave it behind, so that what follows is read.
                if token.kind == Unknown {
                    self.start(Error);
                    self.bump();
                    self.finish_node();
                    self.skip_until(|kind| matches!(kind, Newline | Comma));
                }
                return false;
            }
        }
        true
    }

    /// A keyword, a function call or a variable.
    fn name(&mut self, token: Token) {
        let literal = matches!(self.text_of(token), "true" | "false" | "null");
        match self.nth(1) {
            LParen | ColonColon => self.call(),
            _ => {
                self.start(if literal { Literal } else { Variable });
                self.bump();
                self.finish_node();
            }
        }
    }

    fn call(&mut self) {
        self.start(Call);
        self.bump();
        while self.eat(ColonColon) {
            if !self.eat(Ident) {
                self.missing("syntax.missing-name", "a function name");
            }
        }
        let open = self.token();
        if !self.eat(LParen) {
            self.missing("syntax.missing-parenthesis", "`(`");
            self.finish_node();
            return;
        }
        self.with_newlines(false, |parser| {
            let ended = parser.elements(open, RParen, "syntax.unclosed-call");
            if !ended {
                parser.close(open, RParen, "syntax.unclosed-call");
            }
        });
        self.finish_node();
    }

    /// Expressions separated by commas, up to the closing bracket, which is consumed when there. Returns whether
    /// the matter is settled; otherwise the caller closes.
    fn elements(&mut self, open: Token, closing: SyntaxKind, code: &'static str) -> bool {
        loop {
            if self.eat(closing) {
                return true;
            }
            if self.starts_next_item() {
                return false;
            }
            self.trivia();
            let before = self.at;
            self.expr();
            if closing == RParen && self.eat(Ellipsis) && self.peek() != RParen {
                self.missing("syntax.expansion", "`)` (only the last argument can be expanded)");
            }
            match self.peek() {
                Comma => self.bump(),
                kind if kind == closing => {}
                Eof => return false,
                kind if is_closing(kind) => return false,
                _ if self.starts_next_item() => return false,
                _ => {
                    let token = self.token();
                    let end = self.last_end();
                    if self.at > before && starts_value(token.kind) {
                        let error =
                            self.error_in("syntax.missing-comma", end..end, "a comma is missing here");
                        error.related = Some((
                            format!("in what this {} opens", open.kind.describe()),
                            open.start..open.end,
                        ));
                        error.fix = Some(("Add a comma".to_owned(), end..end, ",".to_owned()));
                    } else {
                        if self.at > before {
                            self.unexpected(code, &format!("a comma or {}", closing.describe()));
                        }
                        if !self.skip_until(|kind| kind == Comma) {
                            return false;
                        }
                        self.eat(Comma);
                    }
                }
            }
        }
    }

    /// Inside brackets, where line breaks mean nothing: whether the next line looks like the next argument or
    /// block of the body around, so that the bracket is missing.
    fn starts_next_item(&self) -> bool {
        if !self.on_new_line() {
            return self.peek() == Eof;
        }
        match self.peek() {
            Ident => match self.nth(1) {
                Equal | LBrace => true,
                QuoteOpen => self.nth(2) == StringText && self.nth(3) == QuoteClose,
                _ => false,
            },
            Eof => true,
            _ => false,
        }
    }

    fn tuple(&mut self) {
        let checkpoint = self.checkpoint();
        let open = self.token();
        self.bump();
        self.with_newlines(false, |parser| {
            if parser.peek() == Ident && parser.peek_text() == "for" && parser.nth(1) == Ident {
                parser.start_at(checkpoint, ForTuple);
                parser.for_expr(open, RBrack);
            } else {
                parser.start_at(checkpoint, Tuple);
                if !parser.elements(open, RBrack, "syntax.unclosed-list") {
                    parser.close(open, RBrack, "syntax.unclosed-list");
                }
            }
        });
        self.finish_node();
    }

    fn object(&mut self) {
        let checkpoint = self.checkpoint();
        let open = self.token();
        self.bump();
        let before = std::mem::replace(&mut self.newlines, false);
        if self.peek() == Ident && self.peek_text() == "for" && self.nth(1) == Ident {
            self.start_at(checkpoint, ForObject);
            self.for_expr(open, RBrace);
            self.newlines = before;
        } else {
            self.newlines = true;
            self.start_at(checkpoint, Object);
            self.object_items(open);
            // The bracket is consumed before line breaks lose their meaning again.
            self.newlines = before;
        }
        self.finish_node();
    }

    fn object_items(&mut self, open: Token) {
        loop {
            match self.peek() {
                Newline => {
                    self.bump();
                    continue;
                }
                RBrace => {
                    self.bump();
                    return;
                }
                Eof => break,
                kind if is_closing(kind) => break,
                _ => {}
            }
            self.trivia();
            let before = self.at;
            self.object_item();
            match self.peek() {
                Comma | Newline => self.bump(),
                RBrace => {}
                Eof => break,
                kind if is_closing(kind) => break,
                kind => {
                    let end = self.last_end();
                    if self.at > before && starts_value(kind) {
                        self.error_in(
                            "syntax.missing-comma",
                            end..end,
                            "a comma or a line break is missing here",
                        )
                        .fix = Some(("Add a comma".to_owned(), end..end, ",".to_owned()));
                    } else {
                        self.unexpected("syntax.unexpected", "a comma or a line break");
                        if !self.skip_until(|kind| matches!(kind, Comma | Newline)) {
                            break;
                        }
                    }
                }
            }
        }
        self.missing("syntax.unclosed-object", "`}`").related =
            Some(("to close this `{`".to_owned(), open.start..open.end));
    }

    fn object_item(&mut self) {
        self.start(ObjectItem);
        let before = self.at;
        self.expr();
        if self.at == before {
            // Nothing was read: leave the rest of the item behind.
            self.skip_until(|kind| matches!(kind, Comma | Newline));
        } else if matches!(self.peek(), Equal | Colon) {
            self.bump();
            self.expr();
        } else if !is_closing(self.peek()) || self.peek() == RBrace {
            self.missing("syntax.missing-value", "`=` and a value");
            self.skip_until(|kind| matches!(kind, Comma | Newline));
        }
        self.finish_node();
    }

    /// After the opening bracket: `for k, v in collection : ...` and the closing bracket.
    fn for_expr(&mut self, open: Token, closing: SyntaxKind) {
        self.bump();
        self.for_head();
        if self.eat(Colon) {
            self.expr();
            if closing == RBrace {
                if self.eat(FatArrow) {
                    self.expr();
                } else {
                    self.missing("syntax.for", "`=>` and the value that belongs to the key");
                }
                self.eat(Ellipsis);
            } else if self.peek() == FatArrow {
                let token = self.token();
                self.error_at(
                    "syntax.for",
                    token,
                    "`key => value` makes an object, which is written with `{for ...}`, not `[for ...]`",
                );
                self.skip_until(|_| false);
            }
            if self.peek() == Ident && self.peek_text() == "if" {
                self.bump();
                self.expr();
            }
        } else {
            self.missing("syntax.for", "`:` and the value for each element");
        }
        self.close(open, closing, "syntax.unclosed-for");
    }

    /// `k, v in collection`
    pub(super) fn for_head(&mut self) {
        if !self.eat(Ident) {
            self.missing("syntax.for", "a variable name");
        }
        if self.eat(Comma) && !self.eat(Ident) {
            self.missing("syntax.for", "a second variable name");
        }
        if self.peek() == Ident && self.peek_text() == "in" {
            self.bump();
            self.expr();
        } else {
            self.missing("syntax.for", "`in` and what to go through");
        }
    }
}

fn starts_value(kind: SyntaxKind) -> bool {
    matches!(kind, Ident | Number | QuoteOpen | HeredocOpen | LBrack | LBrace | LParen)
}
