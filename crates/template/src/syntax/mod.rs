//! HCL's native syntax: a lossless tree that tolerates errors, and the typed tree lowered from it.
//!
//! [`parse`] cuts the text into tokens that tile it, builds a tree over them and says what is wrong. The tree is
//! an index over the text: edits are computed from its spans and it is never printed back.

pub mod ast;
pub mod kind;
pub mod lexer;
mod lower;
mod parser;
pub mod span;
mod walk;

use std::ops::Range;

use rowan::GreenNode;

pub use kind::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
pub use lexer::is_ident;
pub use parser::MAX_DEPTH;
pub use span::{FileId, Span};

/// A problem found while reading the syntax, in terms of bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Stable short name, such as `syntax.unclosed-block`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// First byte and byte after.
    pub range: Range<u32>,
    /// What to do.
    pub help: Option<String>,
    /// A place that explains this one, with what is there.
    pub related: Option<(String, Range<u32>)>,
    /// A change that removes the problem: title, what is replaced, and by what.
    pub fix: Option<(String, Range<u32>, String)>,
}

/// A parsed text.
#[derive(Debug, Clone)]
pub struct Parse {
    green: GreenNode,
    errors: Vec<SyntaxError>,
}

/// Parses the text of a file. Never fails and never panics, whatever the text.
pub fn parse(text: &str) -> Parse {
    let (green, errors) = parser::parse(text);
    Parse { green, errors }
}

/// Parses one expression, as `-var` values, the console and form fields hold it. Spans count from the start of
/// the text and carry the file id given.
pub fn parse_expression(file: FileId, text: &str) -> (ast::Expr, Vec<SyntaxError>) {
    let (green, errors) = parser::parse_expression(text);
    let root = SyntaxNode::new_root(green);
    (lower::Lower::new(file).root_expr(&root), errors)
}

impl Parse {
    /// A text that is kept but not understood.
    pub fn opaque(text: &str) -> Parse {
        Parse { green: parser::opaque(text), errors: Vec::new() }
    }

    /// The root of the lossless tree.
    pub fn syntax(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// What is wrong, in source order.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// The typed tree, its spans marked with `file`.
    pub fn lower(&self, file: FileId) -> ast::Body {
        lower::Lower::new(file).body(&self.syntax())
    }
}
