//! Patches, their inverse, and the steps of undo.

use crate::document::Document;

/// A patch of one document, by its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawPatch {
    pub(crate) file: usize,
    pub(crate) start: u32,
    pub(crate) removed: String,
    pub(crate) inserted: String,
    /// Whether the file begins to exist with it, or ceases to.
    pub(crate) existence: Option<bool>,
}

impl RawPatch {
    pub(crate) fn new(document: &Document, start: u32, end: u32, text: impl Into<String>) -> Self {
        let removed = document.text().get(start as usize..end as usize).unwrap_or("").to_owned();
        Self { file: document.id().0 as usize, start, removed, inserted: text.into(), existence: None }
    }

    pub(crate) fn end(&self) -> u32 {
        self.start + self.removed.len() as u32
    }

    fn is_nothing(&self) -> bool {
        self.removed == self.inserted && self.existence.is_none()
    }

    fn delta(&self) -> i64 {
        self.inserted.len() as i64 - self.removed.len() as i64
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
pub(crate) fn inverse(patches: &[RawPatch]) -> Vec<RawPatch> {
    let mut shift = 0i64;
    let mut file = usize::MAX;
    patches
        .iter()
        .map(|patch| {
            if patch.file != file {
                (shift, file) = (0, patch.file);
            }
            let start = (i64::from(patch.start) + shift) as u32;
            shift += patch.delta();
            RawPatch {
                file,
                start,
                removed: patch.inserted.clone(),
                inserted: patch.removed.clone(),
                existence: patch.existence.map(|exists| !exists),
            }
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
        let present = mine.iter().rev().find_map(|patch| patch.existence).unwrap_or(document.is_present());
        let mut text = String::with_capacity(document.text().len());
        let mut at = 0;
        for patch in mine {
            text.push_str(document.text().get(at..patch.start as usize).unwrap_or(""));
            text.push_str(&patch.inserted);
            at = patch.end() as usize;
        }
        text.push_str(document.text().get(at..).unwrap_or(""));
        *document = document.with_text(text, present);
    }
}

/// The patches that lead from `before` to `after`, line by line. Documents that `after` has besides are new files.
pub(crate) fn difference(before: &[Document], after: &[Document]) -> Vec<RawPatch> {
    let mut out = Vec::new();
    for (old, new) in before.iter().zip(after) {
        let existence = (old.is_present() != new.is_present()).then_some(new.is_present());
        if let Some(existence) = existence {
            let whole = RawPatch::new(old, 0, old.text().len() as u32, new.text());
            out.push(RawPatch { existence: Some(existence), ..whole });
        } else if old.bytes() != new.bytes() {
            out.extend(line_patches(old, new.text()));
        }
    }
    out
}

/// The patches that turn a document into that text: changed lines, without what they begin and end with alike.
pub(crate) fn line_patches(document: &Document, text: &str) -> Vec<RawPatch> {
    let mut options = diffy::DiffOptions::new();
    // All in one hunk.
    options.set_context_len(usize::MAX / 4);
    let patch = options.create_patch(document.text(), text);
    let mut out = Vec::new();
    let (mut at, mut start) = (0usize, None);
    let mut inserted = String::new();
    for line in patch.hunks().iter().flat_map(|hunk| hunk.lines()) {
        match line {
            diffy::Line::Context(line) => {
                if let Some(start) = start.take() {
                    out.push(trimmed(document, start, at, &std::mem::take(&mut inserted)));
                }
                at += line.len();
            }
            diffy::Line::Delete(line) => {
                start.get_or_insert(at);
                at += line.len();
            }
            diffy::Line::Insert(line) => {
                start.get_or_insert(at);
                inserted.push_str(line);
            }
        }
    }
    if let Some(start) = start {
        out.push(trimmed(document, start, at, &inserted));
    }
    out
}

fn trimmed(document: &Document, start: usize, end: usize, new: &str) -> RawPatch {
    let old = document.text().get(start..end).unwrap_or("");
    let width = |(a, b): (char, char)| (a == b).then(|| a.len_utf8());
    let mut head: usize = old.chars().zip(new.chars()).map_while(width).sum();
    // A line break of two characters is replaced as a whole.
    if old.get(..head).is_some_and(|same| same.ends_with('\r')) {
        head -= 1;
    }
    let (old_tail, new_tail) = (old.get(head..).unwrap_or(""), new.get(head..).unwrap_or(""));
    let mut tail: usize = old_tail.chars().rev().zip(new_tail.chars().rev()).map_while(width).sum();
    if old_tail.get(old_tail.len() - tail..).is_some_and(|same| same.starts_with('\n')) {
        let whole = |text: &str| text.get(..text.len() - tail).is_some_and(|rest| rest.ends_with('\r'));
        if whole(old_tail) || whole(new_tail) {
            tail -= 1;
        }
    }
    let text = new_tail.get(..new_tail.len() - tail).unwrap_or("");
    RawPatch::new(document, (start + head) as u32, (end - tail) as u32, text)
}

/// Patches for an older text in terms of a newer one, and how far a place moved; `None` when a change in between
/// touches one of their places.
pub(crate) fn rebase(mut patches: Vec<RawPatch>, changes: &[&[RawPatch]]) -> Option<Vec<RawPatch>> {
    for change in changes {
        for patch in &mut patches {
            let mut shift = 0;
            for other in change.iter().filter(|other| other.file == patch.file) {
                let apart = other.end() < patch.start || patch.end() < other.start;
                if !apart || other.existence.is_some() || patch.existence.is_some() {
                    return None;
                }
                if other.end() < patch.start {
                    shift += other.delta();
                }
            }
            patch.start = u32::try_from(i64::from(patch.start) + shift).ok()?;
        }
    }
    Some(patches)
}

/// Where a place of an older text is now; `None` when a change in between touches it.
pub(crate) fn place_now(file: usize, at: u32, changes: &[&[RawPatch]]) -> Option<u32> {
    let place =
        RawPatch { file, start: at, removed: String::new(), inserted: String::new(), existence: None };
    rebase(vec![place], changes)?.first().map(|place| place.start)
}
