//! What the words of a document are, for editors that colour by meaning.

use super::Editor;
use crate::syntax::ast::{Body, Expr, ExprKind, Item, ObjectKey, StepKind};
use crate::syntax::kind::SyntaxKind;
use crate::syntax::{FileId, Span, lexer};

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// The kind of a block.
    Block,
    /// A label of a block.
    Label,
    /// The name of an argument or a key.
    Property,
    /// The first name of a path, or a name of a `for`.
    Variable,
    /// The called function.
    Function,
    /// Text in quotes or a heredoc.
    String,
    /// A number.
    Number,
    /// `true`, `false`, `null`, `for`, `in`, `if`.
    Keyword,
    /// A comment.
    Comment,
    /// An operator.
    Operator,
}

/// A word with what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coloured {
    /// Where it is; on one line unless it is a comment or a heredoc's line break.
    pub span: Span,
    /// What it is.
    pub colour: Colour,
}

impl Editor<'_> {
    /// The coloured words of a document in native syntax, in order and without overlap; none of a JSON document,
    /// which editors know.
    pub fn colours(&self, file: FileId) -> Vec<Coloured> {
        let Some(document) = self.document(file) else { return Vec::new() };
        if document.language().is_json() {
            return Vec::new();
        }
        let mut named = Vec::new();
        body(document.body(), &mut named);
        named.sort_by_key(|word| word.span.start);
        let mut out = Vec::new();
        for token in lexer::tokens(document.text()) {
            let span = Span::new(file, token.start, token.end);
            let colour = match token.kind {
                SyntaxKind::LineComment | SyntaxKind::BlockComment => Colour::Comment,
                SyntaxKind::Number => Colour::Number,
                SyntaxKind::QuoteOpen | SyntaxKind::QuoteClose | SyntaxKind::StringText => {
                    string(&named, span)
                }
                SyntaxKind::HeredocOpen | SyntaxKind::HeredocText | SyntaxKind::HeredocClose => {
                    Colour::String
                }
                SyntaxKind::Ident => match covering(&named, span) {
                    Some(colour) => colour,
                    None if is_word(document.slice(span)) => Colour::Keyword,
                    None => Colour::Property,
                },
                kind if is_operator(kind) => Colour::Operator,
                _ => continue,
            };
            out.push(Coloured { span, colour });
        }
        out
    }
}

fn covering(named: &[Coloured], span: Span) -> Option<Colour> {
    let after = named.partition_point(|word| word.span.start <= span.start);
    let word = after.checked_sub(1).and_then(|index| named.get(index))?;
    (span.end <= word.span.end).then_some(word.colour)
}

fn string(named: &[Coloured], span: Span) -> Colour {
    match covering(named, span) {
        Some(Colour::Label) => Colour::Label,
        _ => Colour::String,
    }
}

fn is_word(text: &str) -> bool {
    matches!(text, "true" | "false" | "null" | "for" | "in" | "if" | "else" | "endif" | "endfor")
}

fn is_operator(kind: SyntaxKind) -> bool {
    use SyntaxKind::*;
    matches!(
        kind,
        Equal
            | EqualEqual
            | NotEqual
            | Less
            | LessEqual
            | Greater
            | GreaterEqual
            | AndAnd
            | OrOr
            | Bang
            | Plus
            | Minus
            | Star
            | Slash
            | Percent
            | Question
            | FatArrow
            | Ellipsis
    )
}

fn body(found: &Body, out: &mut Vec<Coloured>) {
    for item in &found.items {
        match item {
            Item::Attribute(attribute) => {
                out.push(Coloured { span: attribute.name.span, colour: Colour::Property });
                expr(&attribute.value, out);
            }
            Item::Block(block) => {
                out.push(Coloured { span: block.kind.span, colour: Colour::Block });
                out.extend(
                    block.labels.iter().map(|label| Coloured { span: label.span, colour: Colour::Label }),
                );
                body(&block.body, out);
            }
        }
    }
}

fn expr(found: &Expr, out: &mut Vec<Coloured>) {
    match &found.kind {
        ExprKind::Variable(_) => out.push(Coloured { span: found.span, colour: Colour::Variable }),
        ExprKind::Call { name, .. } => out.push(Coloured { span: name.span, colour: Colour::Function }),
        ExprKind::Access { steps, .. } => {
            let names = steps.iter().filter(|step| matches!(step.kind, StepKind::Attr(_)));
            out.extend(names.map(|step| Coloured { span: step.span, colour: Colour::Property }));
        }
        ExprKind::Object(items) => {
            for item in items {
                if let ObjectKey::Name(name) = &item.key {
                    out.push(Coloured { span: name.span, colour: Colour::Property });
                }
            }
        }
        ExprKind::For(inner) => {
            let names = inner.key_name.iter().chain([&inner.value_name]);
            out.extend(names.map(|name| Coloured { span: name.span, colour: Colour::Variable }));
        }
        _ => {}
    }
    let mut inner = Vec::new();
    super::find::children(found, &mut inner);
    inner.into_iter().for_each(|child| expr(child, out));
}
