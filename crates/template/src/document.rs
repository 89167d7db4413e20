//! One open file: its bytes, its lines, and what the syntax made of it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::diagnostic::{Diagnostic, Place, Replacement};
use crate::json::{self, Json, hcl::Schema};
use crate::syntax::ast::{Body, Expr};
use crate::syntax::{self, FileId, Parse, Span};

/// Larger files are kept and shown but not read as a template.
pub const MAX_SYNTAX_BYTES: usize = 4 * 1024 * 1024;

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl LineEnding {
    /// The characters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// What language a file is in, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// A template in native syntax (`*.pkr.hcl`).
    Template,
    /// Variable values in native syntax (`*.pkrvars.hcl`, any other `*.hcl`).
    VariableValues,
    /// A template of HCL written as JSON (`*.pkr.json`).
    JsonTemplate,
    /// Variable values in JSON (`*.pkrvars.json`).
    JsonVariableValues,
    /// A template of Packer's first language (any other name).
    LegacyTemplate,
    /// A file that a template names, such as a script: not read, only kept.
    Text,
}

impl Language {
    /// The language of a file of that name (packer.md 1.1).
    pub fn of(name: &str) -> Self {
        let ends = |suffix| name.ends_with(suffix);
        match () {
            () if ends(".pkr.hcl") => Self::Template,
            () if ends(".hcl") => Self::VariableValues,
            () if ends(".pkr.json") => Self::JsonTemplate,
            () if ends(".pkrvars.json") => Self::JsonVariableValues,
            () => Self::LegacyTemplate,
        }
    }

    /// Whether it is written as JSON.
    pub fn is_json(self) -> bool {
        !matches!(self, Self::Template | Self::VariableValues | Self::Text)
    }
}

/// A position as a text editor counts it: lines from 0, columns in UTF-16 units from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Utf16Position {
    /// Line, from 0.
    pub line: u32,
    /// Column in UTF-16 code units, from 0.
    pub column: u32,
}

/// An open file.
#[derive(Debug, Clone)]
pub struct Document {
    id: FileId,
    path: PathBuf,
    name: String,
    bytes: Vec<u8>,
    /// The same length as `bytes`; bytes that are not UTF-8 are replaced one for one by U+001A.
    text: String,
    invalid_utf8: Option<u32>,
    line_starts: Vec<u32>,
    language: Language,
    /// Of a document in native syntax; opaque for JSON.
    parse: Parse,
    /// Of a JSON document.
    json: Option<Json>,
    body: Body,
    diagnostics: Vec<Diagnostic>,
    present: bool,
}

impl Document {
    /// Reads a document from its bytes. Never fails; problems are in [`Document::diagnostics`].
    pub fn new(id: FileId, path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        let path = path.into();
        let language = Language::of(&path.to_string_lossy());
        Self::with_language(id, path, bytes, language)
    }

    /// Reads a document whose language its name does not say.
    pub fn with_language(id: FileId, path: impl Into<PathBuf>, bytes: Vec<u8>, language: Language) -> Self {
        let path = path.into();
        let name = path.to_string_lossy().into_owned();
        let (text, invalid_utf8) = readable(&bytes);
        let too_large = bytes.len() > MAX_SYNTAX_BYTES;
        let native = !language.is_json();
        let plain = language == Language::Text;
        let parse = if too_large || !native || plain { Parse::opaque(&text) } else { syntax::parse(&text) };
        let mut json = (!native && !too_large).then(|| json::parse(id, &text));
        let body = match &mut json {
            None => parse.lower(id),
            Some(json) => {
                let mut errors = std::mem::take(&mut json.errors);
                let body = match language {
                    Language::LegacyTemplate => json::legacy::lower(json, &mut errors),
                    Language::JsonTemplate => json::hcl::lower(json, Schema::Template, &mut errors),
                    _ => json::hcl::lower(json, Schema::Arguments, &mut errors),
                };
                json.errors = errors;
                body
            }
        };
        let line_starts = line_starts(&text);
        let mut document = Self {
            id,
            path,
            name,
            bytes,
            text,
            invalid_utf8,
            line_starts,
            language,
            parse,
            json,
            body,
            diagnostics: Vec::new(),
            present: true,
        };
        document.diagnostics = document.collect_diagnostics(too_large);
        document
    }

    /// A file that does not exist yet.
    pub(crate) fn absent(id: FileId, path: PathBuf) -> Self {
        Self { present: false, ..Self::with_language(id, path, Vec::new(), Language::Text) }
    }

    /// The same file with another text; present or not.
    pub(crate) fn with_text(&self, text: String, present: bool) -> Self {
        let read = Self::with_language(self.id, self.path.clone(), text.into_bytes(), self.language);
        Self { present, ..read }
    }

    /// Whether the file exists. One that an edit made does until that edit is undone.
    pub fn is_present(&self) -> bool {
        self.present
    }

    fn collect_diagnostics(&self, too_large: bool) -> Vec<Diagnostic> {
        let mut out = Vec::new();
        if let Some(at) = self.invalid_utf8 {
            out.push(
                Diagnostic::error(
                    "file.not-utf8",
                    format!("{} is not UTF-8 text, so it is open read-only", self.name),
                )
                .with_place(self.place(at..at + 1))
                .with_help(
                    "convert the file to UTF-8 (for example `iconv -f latin1 -t utf-8`) and open it again",
                ),
            );
        }
        if too_large {
            out.push(
                Diagnostic::error(
                    "file.too-large",
                    format!(
                        "{} is larger than {} MiB and is not read as a template",
                        self.name,
                        MAX_SYNTAX_BYTES >> 20
                    ),
                )
                .with_place(self.place(0..0)),
            );
        }
        let errors = self.json.as_ref().map_or(self.parse.errors(), |json| &json.errors);
        for error in errors {
            let mut diagnostic = Diagnostic::error(error.code, error.message.clone())
                .with_place(self.place(error.range.clone()))
                .with_excerpt(self.excerpt(error.range.clone()));
            diagnostic.help = error.help.clone();
            if let Some((message, range)) = &error.related {
                diagnostic = diagnostic.with_related(message.clone(), self.place(range.clone()));
            }
            if let Some((title, range, text)) = &error.fix {
                let replacement = Replacement { place: self.place(range.clone()), text: text.clone() };
                diagnostic = diagnostic.with_fix(title.clone(), vec![replacement]);
            }
            out.push(diagnostic);
        }
        out
    }

    /// Its number.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// Its path as it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path as text, as it appears in places.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The exact bytes of the file, byte order mark included.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, one byte of text for each byte of the file; bytes that are not UTF-8 show as U+001A.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why the document refuses edits: it is not UTF-8.
    pub fn is_read_only(&self) -> bool {
        self.invalid_utf8.is_some()
    }

    /// Whether the file starts with a byte order mark.
    pub fn has_bom(&self) -> bool {
        self.bytes.starts_with(b"\xef\xbb\xbf")
    }

    /// The language it is read in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The tree of a JSON document.
    pub fn json(&self) -> Option<&Json> {
        self.json.as_ref()
    }

    /// How the lines end: as the first line does.
    pub fn line_ending(&self) -> LineEnding {
        match self.text.find('\n') {
            Some(at) if at > 0 && self.text.as_bytes().get(at - 1) == Some(&b'\r') => LineEnding::CrLf,
            _ => LineEnding::Lf,
        }
    }

    /// The lossless tree of native syntax; one opaque token for a JSON document.
    pub fn parse(&self) -> &Parse {
        &self.parse
    }

    /// The typed tree.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Problems of encoding and syntax.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The source text of a span of this document; empty for a span that is not in it.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The source text of an expression.
    pub fn source(&self, expr: &Expr) -> &str {
        self.slice(expr.span)
    }

    /// A span of this document as a place with lines and columns.
    pub fn place_of(&self, span: Span) -> Place {
        self.place(span.start..span.end)
    }

    /// A byte range as a place with lines and columns. Offsets beyond the end are moved to the end, offsets
    /// inside a character to its start.
    pub fn place(&self, range: std::ops::Range<u32>) -> Place {
        let (line, column) = self.line_column(range.start);
        let (end_line, end_column) = self.line_column(range.end);
        Place {
            file: self.name.clone(),
            line,
            column,
            end_line,
            end_column,
            start: range.start,
            end: range.end,
        }
    }

    /// Line and column of an offset, both from 1, the column in characters. A byte order mark has no width.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let (line, before) = self.line_prefix(offset);
        (line + 1, before.chars().count() as u32 + 1)
    }

    /// Line and column of an offset as a text editor counts them.
    pub fn utf16(&self, offset: u32) -> Utf16Position {
        let (line, before) = self.line_prefix(offset);
        Utf16Position { line, column: before.encode_utf16().count() as u32 }
    }

    /// The byte offset of a text editor's position. A column beyond the line is its end, before the line break.
    pub fn offset(&self, position: Utf16Position) -> Option<u32> {
        let start = *self.line_starts.get(position.line as usize)?;
        let end =
            self.line_starts.get(position.line as usize + 1).map_or(self.text.len(), |next| *next as usize);
        let line = self.text.get(start as usize..end)?;
        let content = line.strip_suffix('\n').unwrap_or(line);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let mut at = start;
        let mut content = content;
        if start == 0
            && let Some(rest) = content.strip_prefix('\u{feff}')
        {
            at += 3;
            content = rest;
        }
        let mut column = 0;
        for c in content.chars() {
            if column >= position.column {
                break;
            }
            column += c.len_utf16() as u32;
            at += c.len_utf8() as u32;
        }
        Some(at)
    }

    /// Number of lines; an empty file has one.
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }

    /// Line from 0 and the text of that line before the offset, byte order mark left out.
    fn line_prefix(&self, offset: u32) -> (u32, &str) {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|start| *start as usize <= offset).saturating_sub(1);
        let start = self.line_starts.get(line).copied().unwrap_or(0) as usize;
        let before = self.text.get(start..offset).unwrap_or("");
        (line as u32, before.strip_prefix('\u{feff}').unwrap_or(before))
    }

    /// The text of a range on one line, at most 80 characters.
    pub fn excerpt(&self, range: std::ops::Range<u32>) -> String {
        let text = self.text.get(range.start as usize..range.end as usize).unwrap_or("");
        let line = text.lines().next().unwrap_or("").trim();
        if line.chars().count() > 80 {
            line.chars().take(79).chain(std::iter::once('…')).collect()
        } else {
            line.to_owned()
        }
    }
}

/// Text of the same byte length, and the offset of the first byte that is not UTF-8.
fn readable(bytes: &[u8]) -> (String, Option<u32>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(error) => {
            let mut text = String::with_capacity(bytes.len());
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| '\u{1a}'));
            }
            (text, Some(error.valid_up_to() as u32))
        }
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    std::iter::once(0)
        .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at as u32 + 1))
        .collect()
}
