//! From the lossless tree to the typed one.

mod template;

use smol_str::SmolStr;

use super::ast::*;
use super::kind::{SyntaxElement, SyntaxKind as K, SyntaxNode, SyntaxToken};
use super::span::{FileId, Span};

/// Lowers the nodes of one file.
pub(super) struct Lower {
    file: FileId,
}

impl Lower {
    pub(super) fn new(file: FileId) -> Self {
        Self { file }
    }

    fn range(&self, range: rowan::TextRange) -> Span {
        Span::new(self.file, range.start().into(), range.end().into())
    }

    fn span(&self, node: &SyntaxNode) -> Span {
        self.range(node.text_range())
    }

    fn token_span(&self, token: &SyntaxToken) -> Span {
        self.range(token.text_range())
    }

    fn ident(&self, token: &SyntaxToken) -> Ident {
        Ident { name: SmolStr::new(token.text()), span: self.token_span(token) }
    }

    /// Expression nodes directly below.
    fn exprs(&self, node: &SyntaxNode) -> impl Iterator<Item = Expr> {
        node.children().filter(|child| is_expr(child.kind())).map(|child| self.expr(&child))
    }

    fn missing(&self, at: u32) -> Expr {
        Expr { kind: ExprKind::Missing, span: Span::new(self.file, at, at) }
    }

    pub(super) fn root_expr(&self, root: &SyntaxNode) -> Expr {
        let end = root.text_range().end().into();
        self.exprs(root).next().unwrap_or_else(|| self.missing(end))
    }

    pub(super) fn body(&self, node: &SyntaxNode) -> Body {
        let items = node
            .children()
            .filter_map(|child| match child.kind() {
                K::Attribute => self.attribute(&child).map(Item::Attribute),
                K::Block => self.block(&child).map(Item::Block),
                _ => None,
            })
            .collect();
        Body { items, span: self.span(node) }
    }

    fn attribute(&self, node: &SyntaxNode) -> Option<Attribute> {
        let name = self.ident(&first_token(node, K::Ident)?);
        let value = self.exprs(node).next().unwrap_or_else(|| {
            let after = first_token(node, K::Equal).or_else(|| first_token(node, K::Colon));
            self.missing(after.map_or(name.span.end, |token| token.text_range().end().into()))
        });
        let span = name.span.to(value.span);
        Some(Attribute { name, value, span })
    }

    fn block(&self, node: &SyntaxNode) -> Option<Block> {
        let kind = self.ident(&first_token(node, K::Ident)?);
        let labels: Vec<_> =
            node.children().filter(|child| child.kind() == K::Label).map(|n| self.label(&n)).collect();
        let header = labels.last().map_or(kind.span, |last| kind.span.to(last.span));
        let open = first_token(node, K::LBrace);
        let close = node
            .children_with_tokens()
            .filter_map(SyntaxElement::into_token)
            .filter(|t| t.kind() == K::RBrace)
            .last();
        let node_span = self.span(node);
        let body_start = open.as_ref().map_or(header.end, |token| token.text_range().end().into());
        let body_end = close.as_ref().map_or(node_span.end, |token| token.text_range().start().into());
        let mut body = match node.children().find(|child| child.kind() == K::Body) {
            Some(body) => self.body(&body),
            None => Body { items: Vec::new(), span: header },
        };
        body.span = Span::new(self.file, body_start, body_end.max(body_start));
        Some(Block { span: node_span, closed: close.is_some(), kind, labels, header, body })
    }

    fn label(&self, node: &SyntaxNode) -> Label {
        let quoted = first_token(node, K::QuoteOpen).is_some();
        let text = if quoted {
            let mut text = String::new();
            for token in node.children_with_tokens().filter_map(SyntaxElement::into_token) {
                if token.kind() == K::StringText {
                    template::decode_quoted(token.text(), |decoded, _| text.push(decoded));
                }
            }
            SmolStr::new(text)
        } else {
            first_token(node, K::Ident).map(|token| SmolStr::new(token.text())).unwrap_or_default()
        };
        Label { text, quoted, span: self.span(node) }
    }

    fn expr(&self, node: &SyntaxNode) -> Expr {
        let span = self.span(node);
        let kind = match node.kind() {
            K::Literal => literal(node),
            K::Variable => ExprKind::Variable(
                first_token(node, K::Ident).map(|t| SmolStr::new(t.text())).unwrap_or_default(),
            ),
            K::Template | K::Heredoc => ExprKind::Template(self.template(node)),
            K::Parens => {
                let inner = self.exprs(node).next().unwrap_or_else(|| self.missing(span.start + 1));
                ExprKind::Parens(Box::new(inner))
            }
            K::Tuple => ExprKind::List(self.exprs(node).collect()),
            K::Object => ExprKind::Object(self.object(node)),
            K::ForTuple | K::ForObject => match self.for_expr(node) {
                Some(for_expr) => ExprKind::For(Box::new(for_expr)),
                None => ExprKind::Missing,
            },
            K::Call => self.call(node),
            K::Unary => self.unary(node),
            K::Binary => self.binary(node),
            K::Conditional => {
                let mut exprs = self.exprs(node);
                let mut next = || Box::new(exprs.next().unwrap_or_else(|| self.missing(span.end)));
                let (condition, then, otherwise) = (next(), next(), next());
                ExprKind::Conditional { condition, then, otherwise }
            }
            K::Access => self.access(node),
            _ => ExprKind::Missing,
        };
        Expr { kind, span }
    }

    fn object(&self, node: &SyntaxNode) -> Vec<ObjectItem> {
        node.children()
            .filter(|child| child.kind() == K::ObjectItem)
            .filter_map(|item| {
                let mut exprs = self.exprs(&item);
                let key = exprs.next()?;
                let value = exprs.next().unwrap_or_else(|| self.missing(self.span(&item).end));
                let key = match key.kind {
                    ExprKind::Variable(name) => ObjectKey::Name(Ident { name, span: key.span }),
                    ExprKind::Bool(value) => {
                        let name = SmolStr::new_static(if value { "true" } else { "false" });
                        ObjectKey::Name(Ident { name, span: key.span })
                    }
                    ExprKind::Null => {
                        ObjectKey::Name(Ident { name: SmolStr::new_static("null"), span: key.span })
                    }
                    kind => ObjectKey::Expr(Expr { kind, span: key.span }),
                };
                let span = key.span().to(value.span);
                Some(ObjectItem { key, value, span })
            })
            .collect()
    }

    fn for_expr(&self, node: &SyntaxNode) -> Option<ForExpr> {
        let object = node.kind() == K::ForObject;
        let end = self.span(node).end;
        // Names and expressions in the order of the text, told apart by the punctuation before them.
        let mut names = Vec::new();
        let (mut collection, mut first, mut second, mut condition) = (None, None, None, None);
        let (mut group, mut after) = (false, At::Names);
        for element in node.children_with_tokens() {
            match element {
                SyntaxElement::Token(token) => match (token.kind(), token.text()) {
                    (K::Ident, "for") if names.is_empty() && after == At::Names => after = At::NamesAfterWord,
                    (K::Ident, "in") if after == At::NamesAfterWord && !names.is_empty() => {
                        after = At::Collection
                    }
                    (K::Ident, "if") if after != At::NamesAfterWord => after = At::Condition,
                    (K::Ident, _) if after == At::NamesAfterWord => names.push(self.ident(&token)),
                    (K::Colon, _) => after = At::First,
                    (K::FatArrow, _) => after = At::Second,
                    (K::Ellipsis, _) => group = true,
                    _ => {}
                },
                SyntaxElement::Node(child) if is_expr(child.kind()) => {
                    let slot = match after {
                        At::Collection => &mut collection,
                        At::First => &mut first,
                        At::Second => &mut second,
                        At::Condition => &mut condition,
                        At::Names | At::NamesAfterWord => continue,
                    };
                    if slot.is_none() {
                        *slot = Some(self.expr(&child));
                    }
                }
                SyntaxElement::Node(_) => {}
            }
        }
        let value_name = names.pop()?;
        let or_missing = |expr: Option<Expr>| expr.unwrap_or_else(|| self.missing(end));
        let (key, value) =
            if object { (Some(or_missing(first)), or_missing(second)) } else { (None, or_missing(first)) };
        Some(ForExpr {
            object,
            key_name: names.pop(),
            value_name,
            collection: or_missing(collection),
            key,
            value,
            group,
            condition,
        })
    }

    fn call(&self, node: &SyntaxNode) -> ExprKind {
        let mut name = String::new();
        let mut name_span: Option<Span> = None;
        let mut expand = false;
        for token in node.children_with_tokens().filter_map(SyntaxElement::into_token) {
            match token.kind() {
                K::LParen => {}
                K::Ident | K::ColonColon => {
                    name.push_str(token.text());
                    let span = self.token_span(&token);
                    name_span = Some(name_span.map_or(span, |before| before.to(span)));
                }
                K::Ellipsis => expand = true,
                _ => {}
            }
        }
        let span = name_span.unwrap_or_else(|| self.span(node));
        let name = Ident { name: SmolStr::new(name), span };
        ExprKind::Call { name, args: self.exprs(node).collect(), expand }
    }

    fn unary(&self, node: &SyntaxNode) -> ExprKind {
        let op = if first_token(node, K::Bang).is_some() { UnaryOp::Not } else { UnaryOp::Negate };
        let operand = self.exprs(node).next().unwrap_or_else(|| self.missing(self.span(node).end));
        ExprKind::Unary { op, operand: Box::new(operand) }
    }

    fn binary(&self, node: &SyntaxNode) -> ExprKind {
        let operator = node
            .children_with_tokens()
            .filter_map(SyntaxElement::into_token)
            .find_map(|token| Some((binary_op(token.kind())?, self.token_span(&token))));
        let Some((op, op_span)) = operator else { return ExprKind::Missing };
        let mut exprs = self.exprs(node);
        let mut next = || Box::new(exprs.next().unwrap_or_else(|| self.missing(op_span.end)));
        let (left, right) = (next(), next());
        ExprKind::Binary { op, op_span, left, right }
    }

    fn access(&self, node: &SyntaxNode) -> ExprKind {
        let Some(base) = self.exprs(node).next() else { return ExprKind::Missing };
        let mut steps: Vec<_> = node.children().filter_map(|child| self.step(&child)).collect();
        if steps.is_empty() {
            return base.kind;
        }
        // Splats take what follows them: `.*` the attribute names, `[*]` everything. Starting at the end puts a
        // later splat into an earlier one.
        for at in (0..steps.len()).rev() {
            let StepKind::Splat { full, .. } = steps[at].kind else { continue };
            let taken = steps[at + 1..]
                .iter()
                .take_while(|step| full || matches!(step.kind, StepKind::Attr(_)))
                .count();
            let rest: Vec<_> = steps.drain(at + 1..at + 1 + taken).collect();
            if let (Some(last), Some(splat)) = (rest.last().map(|step| step.span), steps.get_mut(at)) {
                splat.span = splat.span.to(last);
                splat.kind = StepKind::Splat { full, each: rest };
            }
        }
        ExprKind::Access { base: Box::new(base), steps }
    }

    fn step(&self, node: &SyntaxNode) -> Option<Step> {
        let kind = match node.kind() {
            K::AttrStep => StepKind::Attr(SmolStr::new(first_token(node, K::Ident)?.text())),
            K::LegacyIndexStep => StepKind::LegacyIndex(SmolStr::new(first_token(node, K::Number)?.text())),
            K::SplatAttrStep => StepKind::Splat { full: false, each: Vec::new() },
            K::SplatFullStep => StepKind::Splat { full: true, each: Vec::new() },
            K::IndexStep => {
                let key = self.exprs(node).next().unwrap_or_else(|| self.missing(self.span(node).end));
                StepKind::Index(key)
            }
            _ => return None,
        };
        Some(Step { kind, span: self.span(node) })
    }
}

/// Where in a `for` expression the reader is.
#[derive(PartialEq, Eq, Clone, Copy)]
enum At {
    Names,
    NamesAfterWord,
    Collection,
    First,
    Second,
    Condition,
}

fn first_token(node: &SyntaxNode, kind: K) -> Option<SyntaxToken> {
    node.children_with_tokens().filter_map(SyntaxElement::into_token).find(|token| token.kind() == kind)
}

fn is_expr(kind: K) -> bool {
    matches!(
        kind,
        K::Literal
            | K::Template
            | K::Heredoc
            | K::Variable
            | K::Access
            | K::Call
            | K::Unary
            | K::Binary
            | K::Conditional
            | K::Tuple
            | K::Object
            | K::ForTuple
            | K::ForObject
            | K::Parens
    )
}

fn literal(node: &SyntaxNode) -> ExprKind {
    match node.first_token() {
        Some(token) if token.kind() == K::Number => ExprKind::Number(SmolStr::new(token.text())),
        Some(token) => match token.text() {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            _ => ExprKind::Null,
        },
        None => ExprKind::Missing,
    }
}

fn binary_op(kind: K) -> Option<BinaryOp> {
    Some(match kind {
        K::OrOr => BinaryOp::Or,
        K::AndAnd => BinaryOp::And,
        K::EqualEqual => BinaryOp::Equal,
        K::NotEqual => BinaryOp::NotEqual,
        K::Less => BinaryOp::Less,
        K::LessEqual => BinaryOp::LessEqual,
        K::Greater => BinaryOp::Greater,
        K::GreaterEqual => BinaryOp::GreaterEqual,
        K::Plus => BinaryOp::Add,
        K::Minus => BinaryOp::Subtract,
        K::Star => BinaryOp::Multiply,
        K::Slash => BinaryOp::Divide,
        K::Percent => BinaryOp::Modulo,
        _ => return None,
    })
}
