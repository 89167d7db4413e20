//! HCL's native syntax: a lossless tree that tolerates errors, and the typed tree lowered from it.

pub mod ast;
pub mod span;

pub use span::{FileId, Span};

/// A problem found while reading the syntax, in terms of bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Stable short name, such as `syntax.unclosed-block`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// First byte and byte after.
    pub range: std::ops::Range<u32>,
    /// What to do.
    pub help: Option<String>,
    /// A place that explains this one.
    pub related: Option<(String, std::ops::Range<u32>)>,
    /// A replacement of the range that removes the problem: title, range, text.
    pub fix: Option<(String, std::ops::Range<u32>, String)>,
}

/// A parsed text.
#[derive(Debug, Clone)]
pub struct Parse {
    errors: Vec<SyntaxError>,
    length: u32,
}

/// Parses a text. Never fails and never panics.
pub fn parse(text: &str) -> Parse {
    Parse { errors: Vec::new(), length: text.len() as u32 }
}

impl Parse {
    /// A text that is kept but not understood.
    pub fn opaque(text: &str) -> Parse {
        parse(text)
    }

    /// What is wrong, in source order.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// The typed tree.
    pub fn lower(&self, file: FileId) -> ast::Body {
        ast::Body { items: Vec::new(), span: Span::new(file, 0, self.length) }
    }
}
