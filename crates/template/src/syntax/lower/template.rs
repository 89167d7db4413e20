//! Strings: escapes, strip markers, heredoc dedentation, and the nesting of directives.

use smol_str::SmolStr;
use unicode_segmentation::UnicodeSegmentation;

use super::{Lower, first_token, is_expr};
use crate::syntax::ast::*;
use crate::syntax::kind::{SyntaxElement, SyntaxKind as K, SyntaxNode};
use crate::syntax::span::Span;

/// A part before directives are nested and literals merged.
enum Piece {
    /// Decoded characters, each with the source offset where it starts; the end of the token.
    Text {
        chars: Vec<(char, u32)>,
        start: u32,
        end: u32,
    },
    Interpolation(TemplatePart),
    If {
        condition: Expr,
        span: Span,
    },
    Else,
    EndIf(Span),
    For {
        key_name: Option<Ident>,
        value_name: Ident,
        collection: Expr,
        span: Span,
    },
    EndFor(Span),
}

/// An open directive and the parts collected for it.
struct Frame {
    head: Option<Piece>,
    parts: Vec<TemplatePart>,
    then: Option<Vec<TemplatePart>>,
}

impl Frame {
    fn new(head: Option<Piece>) -> Self {
        Self { head, parts: Vec::new(), then: None }
    }
}

impl Lower {
    pub(super) fn template(&self, node: &SyntaxNode) -> Template {
        let style = match first_token(node, K::HeredocOpen) {
            Some(open) => {
                let word = open.text().trim_end().trim_start_matches("<<");
                let marker = word.strip_prefix('-').unwrap_or(word);
                TemplateStyle::Heredoc { marker: SmolStr::new(marker), dedent: marker.len() < word.len() }
            }
            None => TemplateStyle::Quoted,
        };
        let mut pieces = self.pieces(node);
        if matches!(style, TemplateStyle::Heredoc { dedent: true, .. }) {
            dedent(&mut pieces);
        }
        Template { parts: self.nest(pieces), style }
    }

    /// The parts in order; strip markers are applied to the text beside them.
    fn pieces(&self, node: &SyntaxNode) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut strip_next = false;
        for element in node.children_with_tokens() {
            let strip = std::mem::take(&mut strip_next);
            match element {
                SyntaxElement::Token(token) if matches!(token.kind(), K::StringText | K::HeredocText) => {
                    let start = u32::from(token.text_range().start());
                    let mut chars = Vec::new();
                    let mut push = |c: char, at: usize| chars.push((c, start + at as u32));
                    if token.kind() == K::StringText {
                        decode_quoted(token.text(), &mut push);
                    } else {
                        decode_heredoc(token.text(), &mut push);
                    }
                    if strip {
                        let blank = chars.iter().take_while(|(c, _)| c.is_whitespace()).count();
                        chars.drain(..blank);
                    }
                    pieces.push(Piece::Text { chars, start, end: token.text_range().end().into() });
                }
                SyntaxElement::Token(_) => {}
                SyntaxElement::Node(child) => {
                    if starts_with_strip(&child)
                        && let Some(Piece::Text { chars, .. }) = pieces.last_mut()
                    {
                        let kept = chars.iter().rposition(|(c, _)| !c.is_whitespace()).map_or(0, |at| at + 1);
                        chars.truncate(kept);
                    }
                    strip_next =
                        first_token(&child, K::TemplateClose).is_some_and(|token| token.text().len() == 2);
                    pieces.extend(self.sequence(&child));
                }
            }
        }
        pieces
    }

    fn sequence(&self, node: &SyntaxNode) -> Option<Piece> {
        let span = self.span(node);
        let expr = || {
            node.children()
                .find(|child| is_expr(child.kind()))
                .map_or_else(|| self.missing(span.end), |child| self.expr(&child))
        };
        if node.kind() == K::Interpolation {
            return Some(Piece::Interpolation(TemplatePart::Interpolation { expr: expr(), span }));
        }
        if node.kind() != K::Directive {
            return None;
        }
        let mut words = node
            .children_with_tokens()
            .filter_map(SyntaxElement::into_token)
            .filter(|token| token.kind() == K::Ident);
        let word = words.next()?;
        Some(match word.text() {
            "if" => Piece::If { condition: expr(), span },
            "else" => Piece::Else,
            "endif" => Piece::EndIf(span),
            "endfor" => Piece::EndFor(span),
            "for" => {
                let mut names: Vec<Ident> = Vec::new();
                for word in words {
                    if word.text() == "in" && !names.is_empty() {
                        break;
                    }
                    names.push(self.ident(&word));
                }
                let value_name = names.pop()?;
                Piece::For { key_name: names.pop(), value_name, collection: expr(), span }
            }
            _ => return None,
        })
    }

    /// Puts the parts of directives into them and merges adjacent text.
    fn nest(&self, pieces: Vec<Piece>) -> Vec<TemplatePart> {
        let mut frames = vec![Frame::new(None)];
        for piece in pieces {
            match piece {
                Piece::Text { chars, start, end } => {
                    if let Some(frame) = frames.last_mut() {
                        self.append(&mut frame.parts, &chars, start, end);
                    }
                }
                Piece::Interpolation(part) => {
                    if let Some(frame) = frames.last_mut() {
                        frame.parts.push(part);
                    }
                }
                Piece::If { .. } | Piece::For { .. } => frames.push(Frame::new(Some(piece))),
                Piece::Else => {
                    if let Some(frame) = frames.last_mut() {
                        frame.then = Some(std::mem::take(&mut frame.parts));
                    }
                }
                Piece::EndIf(end) | Piece::EndFor(end) => close(&mut frames, Some(end)),
            }
        }
        while frames.len() > 1 {
            close(&mut frames, None);
        }
        frames.pop().map(|frame| frame.parts).unwrap_or_default()
    }

    fn append(&self, parts: &mut Vec<TemplatePart>, chars: &[(char, u32)], start: u32, end: u32) {
        if !matches!(parts.last(), Some(TemplatePart::Literal(_))) {
            let span = Span::new(self.file, start, end);
            parts.push(TemplatePart::Literal(LiteralText {
                text: String::new(),
                map: TextMap::default(),
                span,
            }));
        }
        if let Some(TemplatePart::Literal(literal)) = parts.last_mut() {
            for (c, at) in chars {
                literal.map.push(literal.text.len() as u32, *at);
                literal.text.push(*c);
            }
            literal.map.push(literal.text.len() as u32, end);
            literal.span.end = end;
        }
    }
}

/// Ends the innermost directive.
fn close(frames: &mut Vec<Frame>, end: Option<Span>) {
    if frames.len() < 2 {
        return;
    }
    let Some(frame) = frames.pop() else { return };
    let upto = |span: Span| end.map_or(span, |end| span.to(end));
    let part = match frame.head {
        Some(Piece::If { condition, span }) => {
            let (then, otherwise) = match frame.then {
                Some(then) => (then, frame.parts),
                None => (frame.parts, Vec::new()),
            };
            TemplatePart::If { condition, then, otherwise, span: upto(span) }
        }
        Some(Piece::For { key_name, value_name, collection, span }) => {
            TemplatePart::For { key_name, value_name, collection, body: frame.parts, span: upto(span) }
        }
        _ => return,
    };
    if let Some(outer) = frames.last_mut() {
        outer.parts.push(part);
    }
}

fn starts_with_strip(node: &SyntaxNode) -> bool {
    let opens = |kind: K| matches!(kind, K::InterpOpen | K::ControlOpen);
    node.first_token().is_some_and(|token| opens(token.kind()) && token.text().len() == 3)
}

/// Removes the smallest common indentation, as `<<-` asks for. Counted in characters as people see them; lines
/// that hold only space do not count, a line that starts with `${` counts as not indented.
fn dedent(pieces: &mut [Piece]) {
    let mut line_start = true;
    let mut smallest = usize::MAX;
    let mut adjust = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        if line_start {
            line_start = false;
            match piece {
                Piece::Text { chars, .. } => {
                    let blank = chars.iter().take_while(|(c, _)| c.is_whitespace()).count();
                    let only_blank = blank == chars.len() && chars.last().is_some_and(|(c, _)| *c == '\n');
                    if !only_blank {
                        let indent: String = chars.iter().take(blank).map(|(c, _)| *c).collect();
                        smallest = smallest.min(indent.graphemes(true).count());
                        adjust.push(index);
                    }
                }
                _ => smallest = 0,
            }
        }
        if let Piece::Text { chars, .. } = piece {
            line_start = chars.last().is_some_and(|(c, _)| *c == '\n');
        }
    }
    if smallest == 0 || smallest == usize::MAX {
        return;
    }
    for index in adjust {
        if let Some(Piece::Text { chars, .. }) = pieces.get_mut(index) {
            let text: String = chars.iter().map(|(c, _)| *c).collect();
            let removed: usize =
                text.graphemes(true).take(smallest).map(|grapheme| grapheme.chars().count()).sum();
            chars.drain(..removed);
        }
    }
}

/// Decodes quoted text: `\n \r \t \" \\ \uNNNN \UNNNNNNNN`, `$${` and `%%{`. Unknown escapes stay as they are.
pub(super) fn decode_quoted(text: &str, mut push: impl FnMut(char, usize)) {
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        if c == '\\' {
            let (decoded, len) = escape(rest);
            push(decoded, at);
            at += len;
        } else if rest.starts_with("$${") || rest.starts_with("%%{") {
            push(c, at);
            push('{', at + 2);
            at += 3;
        } else {
            push(c, at);
            at += c.len_utf8();
        }
    }
}

/// Decodes heredoc text, where only `$${` and `%%{` are special.
fn decode_heredoc(text: &str, mut push: impl FnMut(char, usize)) {
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        push(c, at);
        if rest.starts_with("$${") || rest.starts_with("%%{") {
            push('{', at + 2);
            at += 3;
        } else {
            at += c.len_utf8();
        }
    }
}

/// The character of an escape sequence and its length.
fn escape(rest: &str) -> (char, usize) {
    let hex = |digits: usize| {
        let code = rest.get(2..2 + digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        char::from_u32(u32::from_str_radix(code, 16).ok()?)
    };
    match rest.chars().nth(1) {
        Some('n') => ('\n', 2),
        Some('r') => ('\r', 2),
        Some('t') => ('\t', 2),
        Some('"') => ('"', 2),
        Some('\\') => ('\\', 2),
        Some('u') => hex(4).map_or(('\\', 1), |c| (c, 6)),
        Some('U') => hex(8).map_or(('\\', 1), |c| (c, 10)),
        _ => ('\\', 1),
    }
}
