//! Patches, their inverse, and the steps of undo.

use crate::document::Document;

/// A patch of one document, by its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawPatch {
    pub(crate) file: usize,
    pub(crate) start: u32,
    pub(crate) removed: String,
    pub(crate) inserted: String,
}

impl RawPatch {
    pub(crate) fn new(document: &Document, start: u32, end: u32, text: impl Into<String>) -> Self {
        let removed = document.text().get(start as usize..end as usize).unwrap_or("").to_owned();
        Self { file: document.id().0 as usize, start, removed, inserted: text.into() }
    }

    pub(crate) fn end(&self) -> u32 {
        self.start + self.removed.len() as u32
    }

    fn is_nothing(&self) -> bool {
        self.removed == self.inserted
    }
}

/// One step of undo: patches in terms of the text before, sorted by file and place.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    patches: Vec<RawPatch>,
    /// Typed text, which a following keystroke may extend.
    typing: bool,
}

/// What was done and what was undone.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
}

impl History {
    /// Remembers a step. Keystrokes that follow each other become one step up to the end of a word or line.
    pub(crate) fn record(&mut self, patches: Vec<RawPatch>, typing: bool) {
        self.undone.clear();
        if let ([patch], true) = (patches.as_slice(), typing)
            && let Some(Step { patches: last, typing: true }) = self.done.last_mut()
            && let [last] = last.as_mut_slice()
            && continues(last, patch)
        {
            last.inserted.push_str(&patch.inserted);
            return;
        }
        self.done.push(Step { patches, typing });
    }

    /// The patches that take back the last step, in terms of the text as it is.
    pub(crate) fn undo(&mut self) -> Option<Vec<RawPatch>> {
        let mut step = self.done.pop()?;
        let inverse = inverse(&step.patches);
        step.typing = false;
        self.undone.push(step);
        if let Some(before) = self.done.last_mut() {
            before.typing = false;
        }
        Some(inverse)
    }

    /// The patches that do the last undone step again.
    pub(crate) fn redo(&mut self) -> Option<Vec<RawPatch>> {
        let step = self.undone.pop()?;
        let patches = step.patches.clone();
        self.done.push(step);
        Some(patches)
    }

    pub(crate) fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    pub(crate) fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }
}

fn continues(last: &RawPatch, next: &RawPatch) -> bool {
    let typed = |patch: &RawPatch| patch.removed.is_empty() && !patch.inserted.contains('\n');
    let new_word =
        last.inserted.ends_with(char::is_whitespace) && !next.inserted.starts_with(char::is_whitespace);
    last.file == next.file
        && next.start as usize == last.start as usize + last.inserted.len()
        && typed(last)
        && typed(next)
        && !new_word
}

/// The patches that undo these, in terms of the text after them.
fn inverse(patches: &[RawPatch]) -> Vec<RawPatch> {
    let mut shift = 0i64;
    let mut file = usize::MAX;
    patches
        .iter()
        .map(|patch| {
            if patch.file != file {
                (shift, file) = (0, patch.file);
            }
            let start = (i64::from(patch.start) + shift) as u32;
            shift += patch.inserted.len() as i64 - patch.removed.len() as i64;
            RawPatch { file, start, removed: patch.inserted.clone(), inserted: patch.removed.clone() }
        })
        .collect()
}

/// Sorts patches and leaves out those that change nothing.
pub(crate) fn tidy(mut patches: Vec<RawPatch>) -> Vec<RawPatch> {
    patches.retain(|patch| !patch.is_nothing());
    patches.sort_by_key(|patch| (patch.file, patch.start, patch.end()));
    patches
}

/// Applies tidy patches that are in terms of the documents as they are.
pub(crate) fn apply_patches(documents: &mut [Document], patches: &[RawPatch]) {
    for (index, document) in documents.iter_mut().enumerate() {
        let mine: Vec<_> = patches.iter().filter(|patch| patch.file == index).collect();
        if mine.is_empty() {
            continue;
        }
        let mut text = String::with_capacity(document.text().len());
        let mut at = 0;
        for patch in mine {
            text.push_str(document.text().get(at..patch.start as usize).unwrap_or(""));
            text.push_str(&patch.inserted);
            at = patch.end() as usize;
        }
        text.push_str(document.text().get(at..).unwrap_or(""));
        *document = Document::new(document.id(), document.path().to_owned(), text.into_bytes());
    }
}

/// One patch per changed document that leads from `before` to `after`.
pub(crate) fn difference(before: &[Document], after: &[Document]) -> Vec<RawPatch> {
    before
        .iter()
        .zip(after)
        .filter(|(old, new)| old.bytes() != new.bytes())
        .map(|(old, new)| {
            let (old_text, new_text) = (old.text(), new.text());
            let mut start: usize = old_text
                .chars()
                .zip(new_text.chars())
                .take_while(|(a, b)| a == b)
                .map(|(a, _)| a.len_utf8())
                .sum();
            // A line break of two characters is replaced as a whole.
            if old_text.get(..start).is_some_and(|same| same.ends_with('\r')) {
                start -= 1;
            }
            let tail = |text: &'_ str| text.get(start..).unwrap_or("").to_owned();
            let (old_tail, new_tail) = (tail(old_text), tail(new_text));
            let same: usize = old_tail
                .chars()
                .rev()
                .zip(new_tail.chars().rev())
                .take_while(|(a, b)| a == b)
                .map(|(a, _)| a.len_utf8())
                .sum();
            let end = old_text.len() - same;
            let text = new_tail.get(..new_tail.len() - same).unwrap_or("");
            RawPatch::new(old, start as u32, end as u32, text)
        })
        .collect()
}
