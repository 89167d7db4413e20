//! Declarations and references.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Editor, floor};
use crate::diagnostic::Place;
use crate::references::{Reference, Role, Symbol};
use crate::syntax::{FileId, Span};

/// One place where something is declared or used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Usage {
    /// Where its name stands.
    pub place: Place,
    /// Whether it is declared there.
    pub declaration: bool,
    /// The line, without the space around it.
    pub text: String,
}

impl Editor<'_> {
    fn reference_at(&self, file: FileId, offset: u32) -> Option<&Reference> {
        let offset = floor(self.document(file)?.text(), offset);
        self.references().at(Span::new(file, offset, offset))
    }

    /// The symbol whose name or use is at a byte, and where its name stands there.
    pub fn symbol_at(&self, file: FileId, offset: u32) -> Option<(Symbol, Place)> {
        let found = self.reference_at(file, offset)?;
        Some((found.symbol.clone(), self.project.place(name_of(found))?))
    }

    /// Where what is used at a byte is declared.
    pub fn definition(&self, file: FileId, offset: u32) -> Vec<Place> {
        let Some(found) = self.reference_at(file, offset) else { return Vec::new() };
        let declarations = self.references().declarations(&found.symbol);
        declarations.filter_map(|declared| self.project.place(name_of(declared))).collect()
    }

    /// Every place that declares or uses what is at a byte, by file and place.
    pub fn usages(&self, file: FileId, offset: u32) -> Vec<Usage> {
        let Some(found) = self.reference_at(file, offset) else { return Vec::new() };
        let all = self.references().all(&found.symbol);
        all.filter_map(|reference| {
            let place = self.project.place(name_of(reference))?;
            let document = self.document(reference.span.file)?;
            let line = document.text().lines().nth(place.line as usize - 1).unwrap_or("").trim();
            let text = line.chars().take(120).collect();
            Some(Usage { place, declaration: reference.role == Role::Declaration, text })
        })
        .collect()
    }
}

/// Where the name stands; the whole reference where it is not written out.
fn name_of(reference: &Reference) -> Span {
    if reference.name.is_empty() { reference.span } else { reference.name }
}
