//! Writes values in the language.

use super::{AttributeValue, EditError};
use crate::document::LineEnding;
use crate::syntax::ast::{ExprKind, Item};
use crate::syntax::{self, FileId, SyntaxKind, is_ident, lexer};

/// Lists longer than this many characters get a line per element.
const LINE_WIDTH: usize = 80;

/// How the text around a value is laid out.
#[derive(Clone, Copy)]
pub(super) struct Layout<'a> {
    /// Indentation of the line the value starts on.
    pub(super) indent: &'a str,
    /// One level of indentation.
    pub(super) unit: &'a str,
    /// The line break of the file.
    pub(super) ending: LineEnding,
}

/// A value as text.
pub(super) fn value(value: &AttributeValue, layout: Layout<'_>) -> Result<String, EditError> {
    Ok(match value {
        AttributeValue::Expression(text) => expression(text, layout.ending)?,
        AttributeValue::String(text) => quoted(text),
        AttributeValue::Template(text) => quoted_template(text),
        AttributeValue::Number(number) => number_text(*number)?,
        AttributeValue::Bool(flag) => flag.to_string(),
        AttributeValue::List(elements) => list(elements, layout)?,
        AttributeValue::Map(entries) => map(entries, layout)?,
    })
}

fn list(elements: &[AttributeValue], layout: Layout<'_>) -> Result<String, EditError> {
    let inner = format!("{}{}", layout.indent, layout.unit);
    let nested = Layout { indent: &inner, ..layout };
    let texts = elements.iter().map(|element| value(element, nested)).collect::<Result<Vec<_>, _>>()?;
    let one_line = format!("[{}]", texts.join(", "));
    if one_line.chars().count() <= LINE_WIDTH && !one_line.contains('\n') {
        return Ok(one_line);
    }
    let eol = layout.ending.as_str();
    let lines: Vec<String> = texts.iter().map(|text| format!("{inner}{text}")).collect();
    Ok(format!("[{eol}{}{eol}{}]", lines.join(&format!(",{eol}")), layout.indent))
}

fn map(entries: &[(String, AttributeValue)], layout: Layout<'_>) -> Result<String, EditError> {
    if entries.is_empty() {
        return Ok("{}".to_owned());
    }
    let eol = layout.ending.as_str();
    let inner = format!("{}{}", layout.indent, layout.unit);
    let nested = Layout { indent: &inner, ..layout };
    let keys: Vec<String> = entries.iter().map(|(key, _)| key_text(key)).collect();
    let width = keys.iter().map(|key| key.chars().count()).max().unwrap_or(0);
    let mut out = format!("{{{eol}");
    for (key, (_, entry)) in keys.iter().zip(entries) {
        let space = " ".repeat(width - key.chars().count());
        out.push_str(&format!("{inner}{key}{space} = {}{eol}", value(entry, nested)?));
    }
    out.push_str(layout.indent);
    out.push('}');
    Ok(out)
}

fn key_text(key: &str) -> String {
    let keyword = matches!(key, "for" | "if" | "in" | "null" | "true" | "false");
    if is_ident(key) && !keyword { key.to_owned() } else { quoted(key) }
}

/// A number as the language writes it.
pub(super) fn number_text(number: f64) -> Result<String, EditError> {
    if number.is_finite() {
        // Rust's shortest form is plain decimal, without an exponent.
        return Ok(number.to_string());
    }
    Err(EditError::BadExpression {
        text: number.to_string(),
        message: "it is not a finite number".to_owned(),
    })
}

/// An expression that can stand after `name =`: one that is complete and ends with its line.
fn expression(text: &str, ending: LineEnding) -> Result<String, EditError> {
    let text = text.trim();
    let bad = |message: String| EditError::BadExpression { text: text.to_owned(), message };
    let (_, errors) = syntax::parse_expression(FileId(0), text);
    if let Some(error) = errors.first() {
        return Err(bad(error.message.clone()));
    }
    let parse = syntax::parse(&format!("x = {text}\n"));
    let body = parse.lower(FileId(0));
    let whole = match body.items.as_slice() {
        [Item::Attribute(attribute)] => {
            attribute.value.span.range() == (4..4 + text.len())
                && !matches!(attribute.value.kind, ExprKind::Missing)
        }
        _ => false,
    };
    if let Some(error) = parse.errors().first() {
        return Err(bad(format!("{}; put it in parentheses to go on on another line", error.message)));
    }
    if !whole {
        return Err(bad("there is a comment or something else beside it".to_owned()));
    }
    Ok(with_line_ending(text, ending))
}

/// Plain text in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    escape_into(&mut out, text);
    // `${` and `%{` begin sequences; doubling the first character makes them text.
    let body = out.split_off(1);
    out.push_str(&body.replace("${", "$${").replace("%{", "%%{"));
    out.push('"');
    out
}

/// Text with sequences in quotes: `${...}` and `%{...}` stay, everything else is escaped.
fn quoted_template(text: &str) -> String {
    // Within a heredoc nothing but sequences is special, so its tokens tell text and sequences apart.
    const MARKER: &str = "GOLDSMITH_TEMPLATE_END";
    let heredoc = format!("<<{MARKER}\n{text}\n{MARKER}\n");
    let start = MARKER.len() + 3;
    let end = start + text.len();
    let mut out = String::from("\"");
    let mut depth = 0usize;
    for token in lexer::tokens(&heredoc) {
        let (from, to) = ((token.start as usize).max(start), (token.end as usize).min(end));
        if from >= to {
            continue;
        }
        let piece = heredoc.get(from..to).unwrap_or("");
        match token.kind {
            SyntaxKind::InterpOpen | SyntaxKind::ControlOpen => depth += 1,
            SyntaxKind::TemplateClose => depth = depth.saturating_sub(1),
            SyntaxKind::HeredocText if depth == 0 => {
                escape_into(&mut out, piece);
                continue;
            }
            _ => {}
        }
        out.push_str(piece);
    }
    out.push('"');
    let (_, errors) = syntax::parse_expression(FileId(0), &out);
    // A sequence that is not closed cannot be kept: then the text is plain.
    if errors.is_empty() { out } else { quoted(text) }
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
}

/// A heredoc with this text, which must end with a line break; `None` when the marker is a line of the text.
pub(super) fn heredoc(text: &str, marker: &str, dedent: bool, layout: Layout<'_>) -> Option<String> {
    let content = text.strip_suffix('\n')?;
    if text.contains('\r') || content.split('\n').any(|line| line.trim() == marker) {
        return None;
    }
    let indented = |line: &str| line.starts_with(char::is_whitespace);
    let lines = || content.split('\n').filter(|line| !line.trim().is_empty());
    // Removing the common indentation must give back the text, so some line must have none of its own.
    let dedent = dedent && lines().next().is_some() && !lines().all(indented);
    let eol = layout.ending.as_str();
    let inner = if dedent { format!("{}{}", layout.indent, layout.unit) } else { String::new() };
    let mut out = format!("<<{}{marker}{eol}", if dedent { "-" } else { "" });
    for line in content.split('\n') {
        if !line.is_empty() {
            out.push_str(&inner);
            out.push_str(&line.replace("${", "$${").replace("%{", "%%{"));
        }
        out.push_str(eol);
    }
    if dedent {
        out.push_str(layout.indent);
    }
    out.push_str(marker);
    Some(out)
}

/// The text with the line breaks of the file.
pub(super) fn with_line_ending(text: &str, ending: LineEnding) -> String {
    let unix = text.replace("\r\n", "\n");
    match ending {
        LineEnding::Lf => unix,
        LineEnding::CrLf => unix.replace('\n', "\r\n"),
    }
}
