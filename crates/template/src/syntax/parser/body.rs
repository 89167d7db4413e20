//! Files, blocks and attributes.

use super::*;

/// Blocks that Packer has at the top of a file only. Seen in the first column inside an unclosed block, they
/// show where the missing brace belongs.
const TOP_LEVEL: &[&str] = &["packer", "variable", "variables", "locals", "local", "data", "source", "build"];

impl Parser<'_> {
    pub(super) fn file(&mut self) {
        self.builder.start_node(Hcl::kind_to_raw(Root));
        self.trivia();
        self.items(None);
        self.trivia();
        self.finish_node();
    }

    /// A file that is one expression; anything after it is an error.
    pub(super) fn lone_expression(&mut self) {
        self.builder.start_node(Hcl::kind_to_raw(Root));
        self.newlines = false;
        if self.peek() == Eof {
            self.missing("syntax.missing-value", "an expression");
        } else {
            self.expr();
        }
        while self.peek() != Eof {
            self.unexpected("syntax.extra-characters", "the end of the expression");
            if !self.skip_until(|_| false) {
                self.bump();
            }
        }
        self.trivia();
        self.finish_node();
    }

    /// Items up to the end of the file, or up to the `}` of the block with the header `block` (not consumed).
    /// Returns false when the block is not closed.
    fn items(&mut self, block: Option<Token>) -> bool {
        loop {
            let token = self.token();
            match token.kind {
                Eof => return false,
                Newline => self.bump(),
                RBrace if block.is_some() => {
                    return !block
                        .is_some_and(|header| self.balance > 0 && self.closes_an_outer_block(header, token));
                }
                Ident => {
                    if block.is_some() && self.balance > 0 && self.looks_like_top_level(token) {
                        return false;
                    }
                    self.item();
                }
                QuoteOpen if self.quoted_name() => {
                    self.error_at(
                        "syntax.quoted-name",
                        token,
                        "argument names stand without quotes; quotes belong around values and block labels",
                    );
                    self.skip_line();
                }
                RBrace => {
                    self.error_at("syntax.stray-brace", token, "this `}` closes nothing").help =
                        Some("remove it, or look above for a block whose `{` is missing".to_owned());
                    self.balance += 1;
                    self.start(Error);
                    self.bump();
                    self.finish_node();
                }
                _ => {
                    self.unexpected("syntax.unexpected", "an argument or a block");
                    if !self.skip_line() {
                        self.start(Error);
                        self.bump();
                        self.finish_node();
                    }
                }
            }
        }
    }

    /// `"name" =`
    fn quoted_name(&self) -> bool {
        self.nth(1) == StringText && self.nth(2) == QuoteClose && matches!(self.nth(3), Equal | Colon)
    }

    fn looks_like_top_level(&self, token: Token) -> bool {
        let first_column =
            token.start == 0 || self.text.as_bytes().get(token.start as usize - 1) == Some(&b'\n');
        first_column
            && TOP_LEVEL.contains(&self.text_of(token))
            && matches!(self.nth(1), LBrace | QuoteOpen | Ident)
    }

    /// Whether the `}` stands further left than the header of the block it would close. Asked only when a `}`
    /// is missing somewhere.
    fn closes_an_outer_block(&self, header: Token, brace: Token) -> bool {
        match (self.indentation(header), self.indentation(brace)) {
            (Some(header), Some(brace)) => brace < header,
            _ => false,
        }
    }

    /// How far a token that is the first of its line is indented.
    fn indentation(&self, token: Token) -> Option<usize> {
        let before = self.text.get(..token.start as usize)?;
        let line = before.rsplit('\n').next().unwrap_or(before);
        line.chars().all(|c| c == ' ' || c == '\t').then_some(line.len())
    }

    fn item(&mut self) {
        match self.nth(1) {
            Equal => self.attribute(),
            Colon => {
                let colon = self.tokens.get(self.index(1)).copied().unwrap_or_else(|| self.token());
                let tight = self.tokens.iter().any(|token| token.end == colon.start && token.kind == Ident);
                let replacement = if tight { " =" } else { "=" }.to_owned();
                self.error_at("syntax.colon", colon, "an argument is set with `=`, not with `:`").fix =
                    Some(("Replace `:` by `=`".to_owned(), colon.start..colon.end, replacement));
                self.attribute();
            }
            LBrace | QuoteOpen | Ident => self.block(),
            _ => {
                let name = self.token();
                let word = shorten(self.text_of(name));
                self.error_at(
                    "syntax.unexpected-name",
                    name,
                    format!(
                        "`{word}` is neither an argument (`{word} = ...`) nor a block (`{word} {{ ... }}`)"
                    ),
                );
                self.skip_line();
            }
        }
    }

    fn attribute(&mut self) {
        self.attribute_itself();
        self.end_of_item("syntax.missing-newline", "a line break after the argument");
    }

    fn attribute_itself(&mut self) {
        self.start(Attribute);
        self.bump();
        self.bump();
        self.expr();
        self.finish_node();
    }

    /// The line break after an item.
    fn end_of_item(&mut self, code: &'static str, expected: &str) {
        let token = self.token();
        match token.kind {
            Newline => self.bump(),
            Eof => {}
            Comma => {
                self.error_at(
                    "syntax.comma",
                    token,
                    "arguments of a block are separated by line breaks, not commas",
                )
                .fix = Some(("Remove the comma".to_owned(), token.start..token.end, String::new()));
                self.start(Error);
                self.bump();
                self.finish_node();
                if self.peek() == Newline {
                    self.bump();
                }
            }
            _ => {
                self.unexpected(code, expected);
                self.skip_line();
            }
        }
    }

    fn block(&mut self) {
        self.deeper(|parser| parser.block_itself());
    }

    fn block_itself(&mut self) {
        self.start(Block);
        let header = self.token();
        self.bump();
        loop {
            match self.peek() {
                Ident => {
                    self.start(Label);
                    self.bump();
                    self.finish_node();
                }
                QuoteOpen => self.label(),
                _ => break,
            }
        }
        let open = self.token();
        if !self.eat(LBrace) {
            let word = shorten(self.text_of(header));
            if self.peek() == Equal {
                self.unexpected("syntax.label-before-equal", "`{`");
                self.skip_line();
                self.finish_node();
                return;
            }
            let opens_anyway = self.peek() == Newline && self.balance < 0;
            self.missing("syntax.missing-brace", "`{`").help =
                Some(format!("a block is written `{word} \"label\" {{`, the brace on the same line"));
            if !opens_anyway {
                self.skip_line();
                self.finish_node();
                if self.peek() == Newline {
                    self.bump();
                }
                return;
            }
            self.balance += 1;
        }
        self.start(Body);
        let closed = match self.peek() {
            Newline | Eof | RBrace => self.items(Some(header)),
            _ => self.single_line_items(header),
        };
        self.trivia();
        self.finish_node();
        if closed {
            self.bump();
        } else {
            self.balance -= 1;
            let word = shorten(self.text_of(header));
            let end = self.last_end();
            self.error_in(
                "syntax.unclosed-block",
                header.start..open.end.max(header.end),
                format!("the block `{word}` is never closed"),
            )
            .related = Some(("a `}` is missing, at the latest, here".to_owned(), end..end));
        }
        self.finish_node();
        if closed {
            self.end_of_item("syntax.missing-newline", "a line break after the block");
        }
    }

    /// The content of a block that goes on after `{` on the same line: exactly one argument, and the `}` on that
    /// line too. Returns whether the block is closed.
    fn single_line_items(&mut self, header: Token) -> bool {
        if self.peek() == Ident && self.nth(1) == Equal {
            self.attribute_itself();
            let token = self.token();
            match token.kind {
                RBrace => return true,
                Comma => {
                    self.error_at(
                        "syntax.single-line-block",
                        token,
                        "a block on one line can hold one argument only; write several on lines of their own",
                    );
                }
                Newline | Eof => {
                    self.missing("syntax.single-line-block", "`}`").help = Some(
                        "either close the block on this line, or start the argument on a new line".to_owned(),
                    );
                }
                _ => self.unexpected("syntax.missing-newline", "`}`"),
            }
        } else {
            let token = self.token();
            self.error_at(
                "syntax.single-line-block",
                token,
                "after `{`, a line break or one argument and `}` is expected",
            );
        }
        self.skip_line();
        match self.peek() {
            RBrace => true,
            _ => self.items(Some(header)),
        }
    }

    /// A label in quotes: text without interpolation.
    fn label(&mut self) {
        self.start(Label);
        let open = self.token();
        self.bump();
        while let Some(token) = self.tokens.get(self.at).copied() {
            match token.kind {
                StringText => self.push_token(),
                QuoteClose => {
                    self.push_token();
                    self.finish_node();
                    return;
                }
                InterpOpen | ControlOpen => {
                    self.error_at(
                        "syntax.label-template",
                        token,
                        "a label is plain text; nothing is inserted into it",
                    );
                    self.start(Error);
                    self.push_token();
                    self.skip_until(|_| false);
                    if self.peek() == TemplateClose {
                        self.push_token();
                    }
                    self.finish_node();
                }
                _ => break,
            }
        }
        let end = self.last_end();
        self.error_in("syntax.unclosed-string", open.start..end, "this string is not closed on its line")
            .help = Some("add the missing quote mark".to_owned());
        self.finish_node();
    }
}
