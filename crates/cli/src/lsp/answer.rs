//! The requests of the protocol.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use goldsmith_app::language::{
    Colour, CompletionKind, Document, DocumentSymbol as Symbol, FoldKind, SymbolRole, Template, TextChange,
};
use lsp_server::{ErrorCode, Request, Response};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOptions, CodeActionOrCommand, CodeActionParams,
    CodeActionProviderCapability, CompletionItem, CompletionItemKind, CompletionOptions, CompletionParams,
    CompletionTextEdit, DocumentFormattingParams, DocumentHighlight, DocumentHighlightKind,
    DocumentHighlightParams, DocumentSymbol, DocumentSymbolParams, Documentation, FoldingRange,
    FoldingRangeKind, FoldingRangeParams, FoldingRangeProviderCapability, GotoDefinitionParams, Hover,
    HoverContents, HoverParams, HoverProviderCapability, InsertTextFormat, MarkupContent, MarkupKind, OneOf,
    ParameterInformation, ParameterLabel, PositionEncodingKind, PrepareRenameResponse, Range,
    ReferenceParams, RenameOptions, RenameParams, SemanticToken, SemanticTokenType, SemanticTokens,
    SemanticTokensFullOptions, SemanticTokensLegend, SemanticTokensOptions, SemanticTokensParams,
    SemanticTokensServerCapabilities, ServerCapabilities, SignatureHelp, SignatureHelpOptions,
    SignatureHelpParams, SignatureInformation, SymbolKind, TextDocumentPositionParams,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
    TextEdit, Uri, WorkspaceEdit,
};
use serde::Serialize;
use serde_json::Value;

use super::{Server, convert, read};

/// The colours in the order of the legend.
const COLOURS: &[(Colour, SemanticTokenType)] = &[
    (Colour::Block, SemanticTokenType::CLASS),
    (Colour::Label, SemanticTokenType::ENUM_MEMBER),
    (Colour::Property, SemanticTokenType::PROPERTY),
    (Colour::Variable, SemanticTokenType::VARIABLE),
    (Colour::Function, SemanticTokenType::FUNCTION),
    (Colour::String, SemanticTokenType::STRING),
    (Colour::Number, SemanticTokenType::NUMBER),
    (Colour::Keyword, SemanticTokenType::KEYWORD),
    (Colour::Comment, SemanticTokenType::COMMENT),
    (Colour::Operator, SemanticTokenType::OPERATOR),
];

/// What the server can do.
pub(super) fn capabilities(encoding: convert::Encoding) -> ServerCapabilities {
    let characters = |list: &[&str]| Some(list.iter().map(|one| (*one).to_owned()).collect());
    ServerCapabilities {
        position_encoding: Some(match encoding {
            convert::Encoding::Utf8 => PositionEncodingKind::UTF8,
            convert::Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: characters(&[".", "\"", "{", "`"]),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: characters(&["(", ","]),
            ..SignatureHelpOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        document_formatting_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        semantic_tokens_provider: Some(SemanticTokensServerCapabilities::SemanticTokensOptions(
            SemanticTokensOptions {
                legend: SemanticTokensLegend {
                    token_types: COLOURS.iter().map(|(_, kind)| kind.clone()).collect(),
                    token_modifiers: Vec::new(),
                },
                full: Some(SemanticTokensFullOptions::Bool(true)),
                ..SemanticTokensOptions::default()
            },
        )),
        ..ServerCapabilities::default()
    }
}

/// Why a request has no answer.
enum Refusal {
    /// The parameters are not understood.
    Parameters(String),
    /// There is no such request.
    Unknown,
    /// It cannot be done, and why.
    Impossible(String),
}

type Answer = Result<Value, Refusal>;

/// Answers a request.
pub(super) fn answer(server: &mut Server, request: Request) -> Response {
    let Request { id, method, params } = request;
    let answered = match method.as_str() {
        "textDocument/completion" => {
            of(&params, |p: CompletionParams| complete(server, &p.text_document_position))
        }
        "textDocument/hover" => of(&params, |p: HoverParams| hover(server, &p.text_document_position_params)),
        "textDocument/signatureHelp" => {
            of(&params, |p: SignatureHelpParams| signature(server, &p.text_document_position_params))
        }
        "textDocument/definition" => {
            of(&params, |p: GotoDefinitionParams| definition(server, &p.text_document_position_params))
        }
        "textDocument/references" => {
            let declarations = |p: &ReferenceParams| p.context.include_declaration;
            of(&params, |p: ReferenceParams| references(server, &p.text_document_position, declarations(&p)))
        }
        "textDocument/documentHighlight" => {
            of(&params, |p: DocumentHighlightParams| highlights(server, &p.text_document_position_params))
        }
        "textDocument/prepareRename" => {
            of(&params, |p: TextDocumentPositionParams| prepare_rename(server, &p))
        }
        "textDocument/rename" => match read::<RenameParams>(&params) {
            Ok(params) => rename(server, &params),
            Err(why) => Err(Refusal::Parameters(why)),
        },
        "textDocument/documentSymbol" => {
            of(&params, |p: DocumentSymbolParams| symbols(server, &p.text_document.uri))
        }
        "textDocument/foldingRange" => {
            of(&params, |p: FoldingRangeParams| folds(server, &p.text_document.uri))
        }
        "textDocument/codeAction" => of(&params, |p: CodeActionParams| actions(server, &p)),
        "textDocument/semanticTokens/full" => {
            of(&params, |p: SemanticTokensParams| colours(server, &p.text_document.uri))
        }
        "textDocument/formatting" => {
            of(&params, |p: DocumentFormattingParams| format(server, &p.text_document.uri))
        }
        _ => Err(Refusal::Unknown),
    };
    let refused = |code: ErrorCode, message: String| Response::new_err(id.clone(), code as i32, message);
    match answered {
        Ok(value) => Response::new_ok(id, value),
        Err(Refusal::Parameters(why)) => refused(ErrorCode::InvalidParams, why),
        Err(Refusal::Unknown) => refused(ErrorCode::MethodNotFound, format!("there is no request {method}")),
        Err(Refusal::Impossible(why)) => refused(ErrorCode::RequestFailed, why),
    }
}

/// Reads parameters and answers; nothing known is `null`.
fn of<P: serde::de::DeserializeOwned, T: Serialize>(
    params: &Value,
    answer: impl FnOnce(P) -> Option<T>,
) -> Answer {
    let params = read::<P>(params).map_err(Refusal::Parameters)?;
    serde_json::to_value(answer(params)).map_err(|error| Refusal::Impossible(error.to_string()))
}

/// What a request is about.
struct Subject {
    path: PathBuf,
    template: Arc<Template>,
}

impl Subject {
    fn document(&self) -> Option<(goldsmith_app::language::FileId, &Document)> {
        self.template.document(&self.path)
    }
}

fn subject(server: &mut Server, uri: &Uri) -> Option<Subject> {
    let path = convert::path(uri)?;
    let template = server.workspace.template(&path)?;
    Some(Subject { path, template })
}

fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

fn complete(server: &mut Server, at: &TextDocumentPositionParams) -> Option<Vec<CompletionItem>> {
    let subject = subject(server, &at.text_document.uri)?;
    let (file, document) = subject.document()?;
    let offset = convert::offset(document, at.position, server.encoding)?;
    let found = subject.template.editor().complete(file, offset)?;
    let range = convert::range(document, &found.replace, server.encoding);
    let items = found.items.into_iter().map(|item| CompletionItem {
        kind: Some(match item.kind {
            CompletionKind::Block => CompletionItemKind::MODULE,
            CompletionKind::Option => CompletionItemKind::PROPERTY,
            CompletionKind::Type => CompletionItemKind::CLASS,
            CompletionKind::Value => CompletionItemKind::VALUE,
            CompletionKind::Variable | CompletionKind::Local => CompletionItemKind::VARIABLE,
            CompletionKind::Source => CompletionItemKind::REFERENCE,
            CompletionKind::Function => CompletionItemKind::FUNCTION,
            CompletionKind::Name => CompletionItemKind::KEYWORD,
            CompletionKind::Field => CompletionItemKind::FIELD,
        }),
        detail: item.detail,
        documentation: item.note.map(|note| Documentation::MarkupContent(markdown(note.markdown()))),
        sort_text: Some(format!("{:03}{}", item.rank, item.label)),
        filter_text: Some(
            item.insert.trim_start_matches('"').split(['"', ' ', '(']).next().unwrap_or("").to_owned(),
        )
        .filter(|text| item.snippet && !text.is_empty() && item.label.starts_with(text.as_str()))
        .or_else(|| Some(item.label.clone())),
        insert_text_format: Some(if item.snippet {
            InsertTextFormat::SNIPPET
        } else {
            InsertTextFormat::PLAIN_TEXT
        }),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text: item.insert })),
        label: item.label,
        ..CompletionItem::default()
    });
    Some(items.collect())
}

fn hover(server: &mut Server, at: &TextDocumentPositionParams) -> Option<Hover> {
    let subject = subject(server, &at.text_document.uri)?;
    let (file, document) = subject.document()?;
    let found =
        subject.template.editor().hover(file, convert::offset(document, at.position, server.encoding)?)?;
    Some(Hover {
        contents: HoverContents::Markup(markdown(found.note.markdown())),
        range: Some(convert::range(document, &found.place, server.encoding)),
    })
}

fn signature(server: &mut Server, at: &TextDocumentPositionParams) -> Option<SignatureHelp> {
    let subject = subject(server, &at.text_document.uri)?;
    let (file, document) = subject.document()?;
    let found = subject
        .template
        .editor()
        .signature(file, convert::offset(document, at.position, server.encoding)?)?;
    let parameters = found.parameters.iter().map(|(from, to)| ParameterInformation {
        label: ParameterLabel::LabelOffsets([*from, *to]),
        documentation: None,
    });
    Some(SignatureHelp {
        signatures: vec![SignatureInformation {
            parameters: Some(parameters.collect()),
            documentation: found.help.map(Documentation::String),
            active_parameter: found.active,
            label: found.label,
        }],
        active_signature: Some(0),
        active_parameter: found.active,
    })
}

fn definition(server: &mut Server, at: &TextDocumentPositionParams) -> Option<Vec<lsp_types::Location>> {
    let subject = subject(server, &at.text_document.uri)?;
    let (file, document) = subject.document()?;
    let places =
        subject.template.editor().definition(file, convert::offset(document, at.position, server.encoding)?);
    let locations = places
        .iter()
        .filter_map(|place| convert::location(&subject.template, place, server.encoding, &server.uris));
    Some(locations.collect())
}

fn references(
    server: &mut Server,
    at: &TextDocumentPositionParams,
    declarations: bool,
) -> Option<Vec<lsp_types::Location>> {
    let subject = subject(server, &at.text_document.uri)?;
    let (file, document) = subject.document()?;
    let usages =
        subject.template.editor().usages(file, convert::offset(document, at.position, server.encoding)?);
    let wanted = usages.iter().filter(|usage| declarations || !usage.declaration);
    let locations = wanted.filter_map(|usage| {
        convert::location(&subject.template, &usage.place, server.encoding, &server.uris)
    });
    Some(locations.collect())
}

fn highlights(server: &mut Server, at: &TextDocumentPositionParams) -> Option<Vec<DocumentHighlight>> {
    let subject = subject(server, &at.text_document.uri)?;
    let (file, document) = subject.document()?;
    let usages =
        subject.template.editor().usages(file, convert::offset(document, at.position, server.encoding)?);
    let here = usages.iter().filter(|usage| usage.place.file == document.name());
    let marks = here.map(|usage| DocumentHighlight {
        range: convert::range(document, &usage.place, server.encoding),
        kind: Some(if usage.declaration {
            DocumentHighlightKind::WRITE
        } else {
            DocumentHighlightKind::READ
        }),
    });
    Some(marks.collect())
}

fn prepare_rename(server: &mut Server, at: &TextDocumentPositionParams) -> Option<PrepareRenameResponse> {
    let subject = subject(server, &at.text_document.uri)?;
    let (file, document) = subject.document()?;
    let offset = convert::offset(document, at.position, server.encoding)?;
    let (symbol, place) = subject.template.editor().symbol_at(file, offset)?;
    Some(PrepareRenameResponse::RangeWithPlaceholder {
        range: convert::range(document, &place, server.encoding),
        placeholder: symbol.own_name().to_owned(),
    })
}

fn rename(server: &mut Server, params: &RenameParams) -> Answer {
    let at = &params.text_document_position;
    let nothing = || Refusal::Impossible("there is nothing here that can be renamed".to_owned());
    let subject = subject(server, &at.text_document.uri).ok_or_else(nothing)?;
    let (file, document) = subject.document().ok_or_else(nothing)?;
    let offset = convert::offset(document, at.position, server.encoding).ok_or_else(nothing)?;
    let (symbol, _) = subject.template.editor().symbol_at(file, offset).ok_or_else(nothing)?;
    let changes = subject.template.rename(&symbol, &params.new_name);
    let changes = changes.map_err(|error| Refusal::Impossible(error.title.clone()))?;
    serde_json::to_value(edit(server, &subject.template, &changes))
        .map_err(|e| Refusal::Impossible(e.to_string()))
}

/// Changes as the client makes them.
#[allow(clippy::mutable_key_type, reason = "addresses as keys are the protocol's own type")]
fn edit(server: &Server, template: &Template, changes: &[TextChange]) -> WorkspaceEdit {
    let mut all: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for change in changes {
        let beside;
        let document = match template.documents().iter().find(|document| document.name() == change.place.file)
        {
            Some(document) => document,
            None => match template.beside(&change.place.file) {
                Some(document) => {
                    beside = document;
                    &beside
                }
                None => continue,
            },
        };
        let uri = server.uris.get(document.path()).cloned().or_else(|| convert::uri(document.path()));
        let Some(uri) = uri else { continue };
        let range = convert::range(document, &change.place, server.encoding);
        all.entry(uri).or_default().push(TextEdit { range, new_text: change.text.clone() });
    }
    WorkspaceEdit { changes: Some(all), ..WorkspaceEdit::default() }
}

fn symbols(server: &mut Server, uri: &Uri) -> Option<Vec<DocumentSymbol>> {
    let subject = subject(server, uri)?;
    let (file, document) = subject.document()?;
    let found = subject.template.editor().symbols(file);
    Some(found.into_iter().map(|one| symbol(one, document, server.encoding)).collect())
}

fn symbol(found: Symbol, document: &Document, encoding: convert::Encoding) -> DocumentSymbol {
    let children: Vec<_> =
        found.children.into_iter().map(|child| symbol(child, document, encoding)).collect();
    #[allow(deprecated, reason = "the struct cannot be made without this field")]
    DocumentSymbol {
        name: found.name,
        detail: Some(found.detail),
        kind: match found.role {
            SymbolRole::Block => SymbolKind::CLASS,
            SymbolRole::Value => SymbolKind::VARIABLE,
            SymbolRole::Step => SymbolKind::METHOD,
        },
        tags: None,
        deprecated: None,
        range: convert::range(document, &found.place, encoding),
        selection_range: convert::range(document, &found.name_place, encoding),
        children: (!children.is_empty()).then_some(children),
    }
}

fn folds(server: &mut Server, uri: &Uri) -> Option<Vec<FoldingRange>> {
    let subject = subject(server, uri)?;
    let (file, _) = subject.document()?;
    let found = subject.template.editor().folds(file).into_iter().map(|fold| FoldingRange {
        start_line: fold.line - 1,
        end_line: fold.end_line - 1,
        kind: match fold.kind {
            FoldKind::Comment => Some(FoldingRangeKind::Comment),
            FoldKind::Region => None,
        },
        ..FoldingRange::default()
    });
    Some(found.collect())
}

/// The fixes of the problems in a range.
fn actions(server: &mut Server, params: &CodeActionParams) -> Option<Vec<CodeActionOrCommand>> {
    let subject = subject(server, &params.text_document.uri)?;
    let (_, document) = subject.document()?;
    let touches = |range: Range| range.start <= params.range.end && params.range.start <= range.end;
    let mut actions = Vec::new();
    for diagnostic in subject.template.diagnostics() {
        let (Some(fix), Some(place)) = (&diagnostic.fix, &diagnostic.place) else { continue };
        if place.file != document.name() || !touches(convert::range(document, place, server.encoding)) {
            continue;
        }
        let changes: Vec<TextChange> = fix
            .replacements
            .iter()
            .map(|one| TextChange { place: one.place.clone(), text: one.text.clone() })
            .collect();
        let told =
            convert::diagnostic(&diagnostic, document, &subject.template, server.encoding, &server.uris);
        actions.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: fix.title.clone(),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![told]),
            edit: Some(edit(server, &subject.template, &changes)),
            is_preferred: Some(true),
            ..CodeAction::default()
        }));
    }
    Some(actions)
}

fn colours(server: &mut Server, uri: &Uri) -> Option<SemanticTokens> {
    let subject = subject(server, uri)?;
    let (file, document) = subject.document()?;
    let mut data = Vec::new();
    let (mut line, mut column) = (0, 0);
    for word in subject.template.editor().colours(file) {
        let Some(kind) = COLOURS.iter().position(|(colour, _)| *colour == word.colour) else { continue };
        // Clients want words that end on their line.
        let text = document.slice(word.span);
        let mut at = word.span.start;
        for part in text.split_inclusive('\n') {
            let visible = part.trim_end_matches(['\r', '\n']);
            let start = convert::position(document, at, server.encoding);
            let end = convert::position(document, at + visible.len() as u32, server.encoding);
            at += part.len() as u32;
            if visible.is_empty() {
                continue;
            }
            let delta_line = start.line - line;
            let delta_start = if delta_line == 0 { start.character - column } else { start.character };
            (line, column) = (start.line, start.character);
            let length = end.character.saturating_sub(start.character);
            data.push(SemanticToken {
                delta_line,
                delta_start,
                length,
                token_type: kind as u32,
                token_modifiers_bitset: 0,
            });
        }
    }
    Some(SemanticTokens { result_id: None, data })
}

fn format(server: &mut Server, uri: &Uri) -> Option<Vec<TextEdit>> {
    let subject = subject(server, uri)?;
    let (_, document) = subject.document()?;
    let formatted = subject.template.formatted(&subject.path)?;
    if formatted == document.text() {
        return Some(Vec::new());
    }
    let end = convert::position(document, document.text().len() as u32, server.encoding);
    Some(vec![TextEdit { range: Range::new(lsp_types::Position::new(0, 0), end), new_text: formatted }])
}
