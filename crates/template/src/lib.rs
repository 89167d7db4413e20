//! Goldsmith's template language: lossless documents, evaluation, option tables, diagnostics and edits.
//!
//! The text is the document. Trees are indexes over it, an edit is a minimal patch computed from spans, and
//! nothing is ever printed back from a tree. Nothing here fails on bad input: what was understood is returned
//! together with [`Diagnostic`]s that carry exact places. The crate does no input or output except through
//! [`Files`].

pub mod blocks;
pub mod budget;
pub mod config;
pub mod diagnostic;
pub mod disabled;
pub mod document;
pub mod edit;
pub mod eval;
pub mod files;
pub mod fix;
pub mod fmt;
pub mod form;
pub mod functions;
pub mod gotemplate;
pub mod inspect;
pub mod json;
mod lines;
pub mod number;
pub mod options;
pub mod outline;
pub mod project;
pub mod references;
pub mod services;
pub mod syntax;
pub mod text;
pub mod types;
pub mod upgrade;
pub mod value;

pub use config::{Analysis, Config, Inputs, Job, analyze};
pub use diagnostic::{Diagnostic, Fix, Place, Related, Replacement, Severity};
pub use document::{Document, LineEnding, Utf16Position};
pub use edit::{AttributeValue, Change, Destination, Edit, EditError, EditRange, Patch};
pub use files::{Files, MemoryFiles};
pub use form::{Field, Form, FormContext, FormGroup};
pub use outline::{Outline, OutlineNode};
pub use project::{OpenError, Project};
pub use text::{Hole, Part, Text, UnfilledHole};
pub use value::Value;
