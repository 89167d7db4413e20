//! Between places in files and the positions of the protocol.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use goldsmith_app::language::{Diagnostic, Document, Place, Template, Utf16Position};
use goldsmith_app::types::Severity;
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Position, Range,
    TextDocumentContentChangeEvent, Uri,
};

/// How columns are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// In bytes.
    Utf8,
    /// In UTF-16 units, as the protocol has it from its beginning.
    Utf16,
}

/// The path of a `file:` address.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    // An authority, as in file://localhost/, is skipped.
    let encoded = rest.get(rest.find('/')?..)?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut input = encoded.bytes();
    while let Some(byte) = input.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [input.next()?, input.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    Some(PathBuf::from(String::from_utf8(bytes).ok()?))
}

/// The `file:` address of a path.
pub(super) fn uri(path: &Path) -> Option<Uri> {
    let mut text = "file://".to_owned();
    for byte in path.to_str()?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                text.push(byte as char)
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    Uri::from_str(&text).ok()
}

/// The byte of a position.
pub(super) fn offset(document: &Document, at: Position, encoding: Encoding) -> Option<u32> {
    match encoding {
        Encoding::Utf16 => document.offset(Utf16Position { line: at.line, column: at.character }),
        Encoding::Utf8 => {
            let start = document.offset(Utf16Position { line: at.line, column: 0 })?;
            Some(start + in_line(document.text().get(start as usize..)?, at.character, Encoding::Utf8) as u32)
        }
    }
}

/// The position of a byte.
pub(super) fn position(document: &Document, offset: u32, encoding: Encoding) -> Position {
    let at = document.utf16(offset);
    match encoding {
        Encoding::Utf16 => Position::new(at.line, at.column),
        Encoding::Utf8 => {
            let start = document.offset(Utf16Position { line: at.line, column: 0 }).unwrap_or(offset);
            Position::new(at.line, offset.saturating_sub(start))
        }
    }
}

/// The range of a place.
pub(super) fn range(document: &Document, place: &Place, encoding: Encoding) -> Range {
    Range::new(position(document, place.start, encoding), position(document, place.end, encoding))
}

/// A place in any file of a template.
pub(super) fn location(
    template: &Template,
    place: &Place,
    encoding: Encoding,
    uris: &BTreeMap<PathBuf, Uri>,
) -> Option<Location> {
    let document = template.documents().iter().find(|document| document.name() == place.file)?;
    let uri = uris.get(document.path()).cloned().or_else(|| uri(document.path()))?;
    Some(Location::new(uri, range(document, place, encoding)))
}

/// A problem.
pub(super) fn diagnostic(
    diagnostic: &Diagnostic,
    document: &Document,
    template: &Template,
    encoding: Encoding,
    uris: &BTreeMap<PathBuf, Uri>,
) -> lsp_types::Diagnostic {
    let related = diagnostic.related.iter().filter_map(|related| {
        let location = location(template, &related.place, encoding, uris)?;
        Some(DiagnosticRelatedInformation { location, message: related.message.clone() })
    });
    let related: Vec<_> = related.collect();
    lsp_types::Diagnostic {
        range: diagnostic.place.as_ref().map(|place| range(document, place, encoding)).unwrap_or_default(),
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Info => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(diagnostic.code.clone())),
        source: Some("goldsmith".to_owned()),
        message: match &diagnostic.help {
            Some(help) => format!("{}\n{help}", diagnostic.message),
            None => diagnostic.message.clone(),
        },
        related_information: (!related.is_empty()).then_some(related),
        ..lsp_types::Diagnostic::default()
    }
}

/// Applies a change of the client's to a text.
pub(super) fn apply(text: &mut String, change: TextDocumentContentChangeEvent, encoding: Encoding) {
    let Some(range) = change.range else {
        *text = change.text;
        return;
    };
    let start = byte(text, range.start, encoding);
    let end = byte(text, range.end, encoding).max(start);
    text.replace_range(start..end, &change.text);
}

/// The byte of a position; beyond a line its end, beyond the text its end.
fn byte(text: &str, at: Position, encoding: Encoding) -> usize {
    let mut start = 0;
    for _ in 0..at.line {
        match text.get(start..).and_then(|rest| rest.find('\n')) {
            Some(newline) => start += newline + 1,
            None => return text.len(),
        }
    }
    start + in_line(text.get(start..).unwrap_or(""), at.character, encoding)
}

/// The byte of a column in the line a text starts with.
fn in_line(rest: &str, column: u32, encoding: Encoding) -> usize {
    let line = rest.split('\n').next().unwrap_or("");
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut left = column as usize;
    for (at, c) in line.char_indices() {
        let width = match encoding {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
        };
        if left < width {
            return at;
        }
        left -= width;
    }
    line.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "these are tests")]
    use super::*;

    #[test]
    fn addresses_and_paths() {
        for name in ["/tmp/a b/ü.pkr.hcl", "/x/#1?%.json"] {
            assert_eq!(path(&uri(Path::new(name)).unwrap()).unwrap(), Path::new(name));
        }
        assert_eq!(path(&Uri::from_str("file:///a%20b").unwrap()).unwrap(), Path::new("/a b"));
        assert_eq!(path(&Uri::from_str("untitled:one").unwrap()), None);
    }

    #[test]
    fn changes_count_as_the_client_does() {
        let edit = |start: (u32, u32), end: (u32, u32), encoding| {
            let mut text = "a = \"ä😀x\"\r\nb".to_owned();
            let range = Range::new(Position::new(start.0, start.1), Position::new(end.0, end.1));
            let change =
                TextDocumentContentChangeEvent { range: Some(range), range_length: None, text: "-".into() };
            apply(&mut text, change, encoding);
            text
        };
        assert_eq!(edit((0, 8), (0, 9), Encoding::Utf16), "a = \"ä😀-\"\r\nb");
        assert_eq!(edit((0, 11), (0, 12), Encoding::Utf8), "a = \"ä😀-\"\r\nb");
        assert_eq!(edit((0, 99), (0, 99), Encoding::Utf16), "a = \"ä😀x\"-\r\nb");
        assert_eq!(edit((9, 0), (9, 9), Encoding::Utf16), "a = \"ä😀x\"\r\nb-");
        assert_eq!(edit((1, 0), (0, 0), Encoding::Utf16), "a = \"ä😀x\"\r\n-b");
    }
}
