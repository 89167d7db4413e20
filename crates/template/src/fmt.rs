//! Packer's canonical format: what `fmt` makes of a file.
//!
//! Only spaces change. The rules are those of `hclwrite.Format` of HashiCorp's HCL library, version 2.24 (the file
//! `hclwrite/format.go`, told here in own words): a line is indented by two spaces for each bracket that an earlier
//! line left open; between two tokens stands one space or none; the `=` of neighbouring lines stand in one column,
//! and so do the comments at their ends. Lines are never joined or split, and what is inside quotes and heredocs
//! is left alone.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::syntax::SyntaxKind::{self, *};
use crate::syntax::lexer;

/// A token with the spaces before it.
#[derive(Clone, Copy)]
struct Piece<'a> {
    kind: SyntaxKind,
    text: &'a str,
    spaces: usize,
}

/// A line: its pieces, and where the parts that stand in columns begin.
///
/// A heredoc belongs to the line it starts on, up to the line break after its end.
struct Line {
    start: usize,
    /// The first piece of the assignment, or of the comment, or the end.
    assign: usize,
    /// The first piece of the comment, or the end.
    comment: usize,
    end: usize,
}

/// A native text in canonical format.
///
/// The text must be free of syntax errors: in any other, where an expression ends is a guess.
pub fn format(text: &str) -> String {
    let (mut pieces, trailing) = pieces(text);
    let lines = lines(&pieces);
    indent(&lines, &mut pieces);
    space(&lines, &mut pieces);
    align(&lines, &mut pieces, |line| (line.start, line.assign, line.comment));
    align(&lines, &mut pieces, |line| (line.start, line.comment, line.end));
    let mut out = String::with_capacity(text.len());
    for piece in &pieces {
        out.extend(std::iter::repeat_n(' ', piece.spaces));
        out.push_str(piece.text);
    }
    out.extend(std::iter::repeat_n(' ', trailing));
    out
}

/// Cuts the text as HCL's own scanner does: a comment takes its line break with it, the end of a heredoc the rest of
/// its line. Also the spaces at the very end of the text, which stay.
fn pieces(text: &str) -> (Vec<Piece<'_>>, usize) {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut starts: Vec<usize> = Vec::new();
    let mut spaces = 0;
    for token in lexer::tokens(text) {
        let (start, end) = (token.start as usize, token.end as usize);
        let joins = spaces == 0
            && pieces.last().is_some_and(|last| match token.kind {
                Newline => last.kind == LineComment && !ends_line(last),
                Whitespace => last.kind == HeredocClose,
                _ => false,
            });
        if joins {
            if let (Some(piece), Some(from)) = (pieces.last_mut(), starts.last()) {
                piece.text = text.get(*from..end).unwrap_or(piece.text);
            }
            continue;
        }
        match token.kind {
            Bom | Whitespace => spaces += end - start,
            kind => {
                pieces.push(Piece { kind, text: text.get(start..end).unwrap_or(""), spaces });
                starts.push(start);
                spaces = 0;
            }
        }
    }
    (pieces, spaces)
}

fn ends_line(piece: &Piece<'_>) -> bool {
    match piece.kind {
        Newline => true,
        LineComment => piece.text.ends_with('\n'),
        _ => false,
    }
}

/// How many brackets a token opens, less those it closes.
fn brackets(kind: SyntaxKind) -> i32 {
    match kind {
        LBrace | LBrack | LParen | InterpOpen | ControlOpen => 1,
        RBrace | RBrack | RParen | TemplateClose => -1,
        _ => 0,
    }
}

fn net(pieces: &[Piece<'_>]) -> i32 {
    pieces.iter().map(|piece| brackets(piece.kind)).sum()
}

fn lines(pieces: &[Piece<'_>]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for index in 0..pieces.len() {
        let last = index + 1 == pieces.len();
        if !ends_line(&pieces[index]) && !last {
            continue;
        }
        let end = index + 1;
        let alone = end - start == 1;
        let comment = match pieces[index].kind {
            LineComment | BlockComment if !alone => index,
            _ => end,
        };
        let equal = (start + 1..comment).find(|at| pieces[*at].kind == Equal);
        // An assignment that leaves a bracket open goes on below and stands in no column.
        let assign = equal.filter(|at| net(&pieces[*at..comment]) == 0).unwrap_or(comment);
        lines.push(Line { start, assign, comment, end });
        start = end;
    }
    lines
}

fn indent(lines: &[Line], pieces: &mut [Piece<'_>]) {
    // For each level of indentation, how many brackets its line opened.
    let mut levels: Vec<i32> = Vec::new();
    for line in lines {
        if pieces[line.start].kind == Newline {
            pieces[line.start].spaces = 0;
            continue;
        }
        let lead = &pieces[line.start..line.assign];
        let heredoc = lead.iter().position(|piece| piece.kind == HeredocOpen);
        let counted = heredoc.map_or(lead, |at| &lead[..at]);
        let net = net(counted) + net(&pieces[line.assign..line.comment]);
        if net > 0 {
            pieces[line.start].spaces = 2 * levels.len();
            levels.push(net);
            continue;
        }
        let mut closed = -net;
        while closed > 0 {
            let Some(open) = levels.last_mut() else { break };
            if *open > closed {
                *open -= closed;
                break;
            }
            closed -= *open;
            levels.pop();
        }
        pieces[line.start].spaces = 2 * levels.len();
    }
}

fn space(lines: &[Line], pieces: &mut [Piece<'_>]) {
    for line in lines {
        for (from, to) in [(line.start, line.assign), (line.assign, line.comment)] {
            for at in from..to.saturating_sub(1) {
                let before = (at > from).then(|| pieces[at - 1].kind);
                let wanted = space_between(before, &pieces[at], pieces[at + 1].kind);
                pieces[at + 1].spaces = usize::from(wanted);
            }
        }
    }
}

/// Whether a space stands between a token and the next one.
fn space_between(before: Option<SyntaxKind>, subject: &Piece<'_>, after: SyntaxKind) -> bool {
    let kind = subject.kind;
    let text = |kind| matches!(kind, StringText | HeredocText);
    match (kind, after) {
        (_, Newline) | (Ident, LParen | ColonColon) | (ColonColon, Ident) => false,
        (Dot, _) | (_, Dot | Comma | Ellipsis) => false,
        (Comma, _) => true,
        // Inside quotes and heredocs.
        (QuoteOpen | HeredocOpen, _) | (_, QuoteClose | HeredocClose) => false,
        _ if text(kind) || text(after) => false,
        // `for x in [a]`: not an index.
        (Ident, _) if subject.text == "in" && before == Some(Ident) => true,
        (Ident | Number, LBrack) => false,
        (_, LBrack) if brackets(kind) < 0 => false,
        (Bang, _) => false,
        (Minus, _) => !before.is_none_or(starts_operand),
        (LBrace, RBrace) => false,
        (LBrace, _) | (_, RBrace) => true,
        (InterpOpen | ControlOpen, LBrace) | (RBrace, TemplateClose) => true,
        (TemplateClose, InterpOpen | ControlOpen) => false,
        _ => brackets(kind) <= 0 && brackets(after) >= 0,
    }
}

/// Whether a minus after this token is a sign, not an operator.
fn starts_operand(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        LParen
            | LBrace
            | LBrack
            | Equal
            | Colon
            | Comma
            | Question
            | Plus
            | Star
            | Slash
            | Percent
            | Minus
            | EqualEqual
            | NotEqual
            | Greater
            | GreaterEqual
            | Less
            | LessEqual
            | AndAnd
            | OrOr
            | Bang
    )
}

/// Puts the second part of neighbouring lines that have one into one column. `parts` gives where the first part
/// begins, where the second begins, and where that ends.
fn align(lines: &[Line], pieces: &mut [Piece<'_>], parts: impl Fn(&Line) -> (usize, usize, usize)) {
    let mut chain: Vec<(usize, usize)> = Vec::new();
    let close = |chain: &mut Vec<(usize, usize)>, pieces: &mut [Piece<'_>]| {
        let widest = chain.iter().map(|(_, width)| *width).max().unwrap_or(0);
        for (at, width) in chain.drain(..) {
            pieces[at].spaces = widest - width + 1;
        }
    };
    for line in lines {
        let (start, second, end) = parts(line);
        if second == end {
            close(&mut chain, pieces);
        } else {
            chain.push((second, columns(&pieces[start..second])));
        }
    }
    close(&mut chain, pieces);
}

fn columns(pieces: &[Piece<'_>]) -> usize {
    pieces.iter().map(|piece| piece.spaces + width(piece.text)).sum()
}

/// Columns as HCL counts them: what a reader sees as one character.
fn width(text: &str) -> usize {
    if text.is_ascii() && !text.contains('\r') { text.len() } else { text.graphemes(true).count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_columns_and_indentation() {
        let text = "a=1\n bcd =  [1,2 , - 3]# x\n\nsource \"a\" \"b\"{\n x=[\n{a= 1},\n  {}\n]\n y = !  a ? f (1 , x ...): b [ 0 ]\n}\n";
        let wanted = "a   = 1\nbcd = [1, 2, -3] # x\n\nsource \"a\" \"b\" {\n  x = [\n    { a = 1 },\n    {}\n  ]\n  y = !a ? f(1, x...) : b[0]\n}\n";
        assert_eq!(format(text), wanted);
        assert_eq!(format(wanted), wanted);
    }

    #[test]
    fn quotes_and_heredocs_are_left_alone() {
        let text = "a = \"  ${ b+ 1 }  \"\nlong=<<-EOT\n\t  x  =  ${ y }\n   EOT  \nb = 1\n  # c\n";
        let wanted = "a    = \"  ${b + 1}  \"\nlong = <<-EOT\n\t  x  =  ${y}\n   EOT  \nb    = 1\n# c\n";
        assert_eq!(format(text), wanted);
    }

    #[test]
    fn line_ends_stay() {
        assert_eq!(format("a=1 # x\n\nbb=2\n"), "a = 1 # x\n\nbb = 2\n");
        assert_eq!(format("a=1\r\nbb=2 # x\r\n\r\n\t"), "a  = 1\r\nbb = 2 # x\r\n\r\n ");
        assert_eq!(format(""), "");
        assert_eq!(format("\u{feff}a=1"), "a = 1");
    }
}
