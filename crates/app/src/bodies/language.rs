//! Completion, hover, declarations and references in an open template.

use goldsmith_template::services::Editor;
use goldsmith_template::syntax::FileId;
use goldsmith_template::{Document, Utf16Position};

use crate::bodies::template::with_session;
use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;

/// Asks about a place of a session. A file or place that is gone is no failure: the text went on meanwhile.
async fn ask<T: Send + Default + 'static>(
    core: &Core,
    request: AtPlace,
    question: impl FnOnce(&Editor<'_>, FileId, u32) -> T + Send + 'static,
) -> Result<T, WireError> {
    with_session(core, &request.session, move |core, session| {
        let inputs = session.read_with(core, false);
        let project = session.project();
        let document = project.documents().iter().find(|document| document.name() == request.file);
        let Some((document, offset)) = document.and_then(|found| Some((found, found.offset(request.at)?)))
        else {
            return Ok(T::default());
        };
        let files = session.files();
        Ok(question(&Editor::new(project, &files, &inputs), document.id(), offset))
    })
    .await
}

pub(crate) async fn complete(core: &Core, request: AtPlace) -> Result<CompletionAnswer, WireError> {
    let completions = ask(core, request, |editor, file, offset| editor.complete(file, offset)).await?;
    Ok(CompletionAnswer { completions })
}

pub(crate) async fn complete_value(core: &Core, request: InValue) -> Result<ValueCompletions, WireError> {
    with_session(core, &request.session, move |core, session| {
        let inputs = session.read_with(core, false);
        let files = session.files();
        let editor = Editor::new(session.project(), &files, &inputs);
        let text = Document::new(FileId(0), "value.hcl", request.text.clone().into_bytes());
        let offset = byte_of(&request.text, request.at);
        let found = editor.complete_value(&request.block, &request.name, &request.text, offset);
        let (from, items) = found.unwrap_or((offset, Vec::new()));
        let before = text.text().get(..from as usize).unwrap_or("");
        Ok(ValueCompletions { from: before.encode_utf16().count() as u32, items })
    })
    .await
}

fn byte_of(text: &str, units: u32) -> u32 {
    let mut left = units as usize;
    let mut at = 0;
    for c in text.chars() {
        if left < c.len_utf16() {
            break;
        }
        left -= c.len_utf16();
        at += c.len_utf8();
    }
    at as u32
}

pub(crate) async fn hover(core: &Core, request: AtPlace) -> Result<HoverAnswer, WireError> {
    let hover = ask(core, request, |editor, file, offset| editor.hover(file, offset)).await?;
    Ok(HoverAnswer { hover })
}

pub(crate) async fn signature(core: &Core, request: AtPlace) -> Result<SignatureAnswer, WireError> {
    let signature = ask(core, request, |editor, file, offset| editor.signature(file, offset)).await?;
    Ok(SignatureAnswer { signature })
}

pub(crate) async fn usages(core: &Core, request: AtPlace) -> Result<Usages, WireError> {
    let (found, usages) = ask(core, request, |editor, file, offset| {
        (editor.symbol_at(file, offset), editor.usages(file, offset))
    })
    .await?;
    let (symbol, place) = found.unzip();
    Ok(Usages { symbol, place, usages })
}

pub(crate) async fn file_shape(core: &Core, request: OfFile) -> Result<FileShape, WireError> {
    let request =
        AtPlace { session: request.session, file: request.file, at: Utf16Position { line: 0, column: 0 } };
    let (symbols, folds) =
        ask(core, request, |editor, file, _| (editor.symbols(file), editor.folds(file))).await?;
    Ok(FileShape { symbols, folds })
}
