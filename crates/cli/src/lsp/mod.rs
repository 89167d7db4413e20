//! `goldsmith lsp`: the language server, over standard input and output.
//!
//! One thread reads messages, this one answers them in order. What is wrong with a folder is said once nothing more
//! waits to be read, so that fast typing is not answered letter by letter. Opening a template is harmless: no
//! program is run, nothing is contacted, no file is written.

mod answer;
mod convert;
mod frame;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, TryRecvError};

use goldsmith_app::language::Workspace;
use goldsmith_app::{Core, WireError};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{InitializeParams, PositionEncodingKind, PublishDiagnosticsParams, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use convert::Encoding;
use frame::Incoming;

/// Serves one client until it says `exit` or goes away; gives the exit code: 0 after an orderly shutdown, else 1.
pub fn serve(core: &Core) -> Result<u8, WireError> {
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("lsp-reader".to_owned())
        .spawn(move || frame::read_all(&mut io::stdin().lock(), &sender))
        .map_err(|error| WireError::environment("no_threads", "cannot start threads").because(&error))?;
    let mut server = Server {
        workspace: Workspace::new(core),
        incoming: receiver,
        waiting: VecDeque::new(),
        cancelled: BTreeSet::new(),
        state: State::New,
        encoding: Encoding::Utf16,
        uris: BTreeMap::new(),
        stale: false,
        shown: BTreeSet::new(),
    };
    Ok(server.run())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Running,
    ShutDown,
}

struct Server {
    workspace: Workspace,
    incoming: Receiver<Incoming>,
    waiting: VecDeque<Incoming>,
    cancelled: BTreeSet<String>,
    state: State,
    encoding: Encoding,
    /// Open files as the client names them.
    uris: BTreeMap<PathBuf, Uri>,
    /// Whether text changed since the problems were told.
    stale: bool,
    /// Files whose problems the client shows.
    shown: BTreeSet<PathBuf>,
}

impl Server {
    fn run(&mut self) -> u8 {
        loop {
            match self.next() {
                None => return 1,
                Some(Incoming::Closed) => return u8::from(self.state != State::ShutDown),
                Some(Incoming::Rubbish(why)) => {
                    // There is no id to answer to.
                    self.send_value(&json!({
                        "jsonrpc": "2.0", "id": null,
                        "error": { "code": ErrorCode::ParseError as i32, "message": why },
                    }));
                }
                Some(Incoming::Message(Message::Notification(note))) if note.method == "exit" => {
                    return u8::from(self.state != State::ShutDown);
                }
                Some(Incoming::Message(Message::Notification(note))) => self.notified(note),
                Some(Incoming::Message(Message::Request(request))) => {
                    let response = self.requested(request);
                    self.send(&Message::Response(response));
                }
                // Nothing is asked of the client that needs its answer.
                Some(Incoming::Message(Message::Response(_))) => {}
            }
        }
    }

    /// The next message; the problems are told before it is waited for.
    fn next(&mut self) -> Option<Incoming> {
        loop {
            match self.incoming.try_recv() {
                Ok(Incoming::Message(Message::Notification(note))) if note.method == "$/cancelRequest" => {
                    if let Some(id) = note.params.get("id") {
                        self.cancelled.insert(id.to_string());
                    }
                }
                Ok(message) => self.waiting.push_back(message),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        if let Some(message) = self.waiting.pop_front() {
            return Some(message);
        }
        // What was cancelled has been answered, or never was asked.
        self.cancelled.clear();
        if self.stale {
            self.stale = false;
            self.tell_problems();
        }
        self.incoming.recv().ok()
    }

    fn send(&self, message: &Message) {
        // Where the client is gone, the reader says so.
        let _ = message.write(&mut io::stdout().lock());
    }

    fn send_value(&self, value: &Value) {
        let _ = frame::write(&mut io::stdout().lock(), value);
    }

    fn requested(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let refused =
            |code: ErrorCode, message: &str| Response::new_err(id.clone(), code as i32, message.to_owned());
        if self.cancelled.remove(&id_text(&id)) {
            return refused(ErrorCode::RequestCanceled, "cancelled");
        }
        match (self.state, request.method.as_str()) {
            (State::New, "initialize") => match read::<InitializeParams>(&request.params) {
                Ok(params) => self.initialize(id, &params),
                Err(why) => refused(ErrorCode::InvalidParams, &why),
            },
            (State::New, _) => {
                refused(ErrorCode::ServerNotInitialized, "the first request must be initialize")
            }
            (State::ShutDown, _) => refused(ErrorCode::InvalidRequest, "the server was shut down"),
            (State::Running, "initialize") => {
                refused(ErrorCode::InvalidRequest, "initialize was sent before")
            }
            (State::Running, "shutdown") => {
                self.state = State::ShutDown;
                Response::new_ok(id, ())
            }
            (State::Running, _) => answer::answer(self, request),
        }
    }

    fn initialize(&mut self, id: RequestId, params: &InitializeParams) -> Response {
        self.state = State::Running;
        let offered =
            params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        if offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
            self.encoding = Encoding::Utf8;
        }
        Response::new_ok(
            id,
            json!({
                "capabilities": answer::capabilities(self.encoding),
                "serverInfo": { "name": "goldsmith", "version": env!("CARGO_PKG_VERSION") },
            }),
        )
    }

    fn notified(&mut self, note: Notification) {
        if self.state != State::Running {
            return;
        }
        match note.method.as_str() {
            "textDocument/didOpen" => {
                if let Ok(params) = read::<lsp_types::DidOpenTextDocumentParams>(&note.params)
                    && let Some(path) = convert::path(&params.text_document.uri)
                {
                    self.uris.insert(path.clone(), params.text_document.uri);
                    self.workspace.set(path, params.text_document.text);
                    self.stale = true;
                }
            }
            "textDocument/didChange" => {
                if let Ok(params) = read::<lsp_types::DidChangeTextDocumentParams>(&note.params)
                    && let Some(path) = convert::path(&params.text_document.uri)
                    && let Some(text) = self.workspace.text(&path)
                {
                    let mut text = text.to_owned();
                    for change in params.content_changes {
                        convert::apply(&mut text, change, self.encoding);
                    }
                    self.workspace.set(path, text);
                    self.stale = true;
                }
            }
            "textDocument/didClose" => {
                if let Ok(params) = read::<lsp_types::DidCloseTextDocumentParams>(&note.params)
                    && let Some(path) = convert::path(&params.text_document.uri)
                {
                    self.workspace.close(&path);
                    self.uris.remove(&path);
                    self.stale = true;
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                self.workspace.refresh();
                self.stale = true;
            }
            _ => {}
        }
    }

    /// Tells the problems of every template with an open file, for all its files, and that those of others are gone.
    fn tell_problems(&mut self) {
        let mut problems: BTreeMap<PathBuf, Vec<lsp_types::Diagnostic>> = BTreeMap::new();
        let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
        for path in self.workspace.open_files() {
            if seen.contains(&path) {
                continue;
            }
            let Some(template) = self.workspace.template(&path) else { continue };
            for document in template.documents() {
                seen.insert(document.path().to_owned());
                problems.entry(document.path().to_owned()).or_default();
            }
            for diagnostic in template.diagnostics() {
                let place = diagnostic.place.as_ref();
                let document =
                    place.and_then(|place| template.documents().iter().find(|d| d.name() == place.file));
                // What is nowhere, as "there is nothing to build", is said at the start of the file at hand.
                let Some(document) =
                    document.or_else(|| template.document(&path).map(|(_, document)| document))
                else {
                    continue;
                };
                let told = convert::diagnostic(&diagnostic, document, &template, self.encoding, &self.uris);
                problems.entry(document.path().to_owned()).or_default().push(told);
            }
        }
        for path in std::mem::take(&mut self.shown) {
            problems.entry(path).or_default();
        }
        for (path, diagnostics) in problems {
            if !diagnostics.is_empty() {
                self.shown.insert(path.clone());
            }
            let Some(uri) = self.uris.get(&path).cloned().or_else(|| convert::uri(&path)) else { continue };
            let params = PublishDiagnosticsParams { uri, diagnostics, version: None };
            self.send(&Message::Notification(Notification::new(
                "textDocument/publishDiagnostics".to_owned(),
                params,
            )));
        }
    }
}

/// An id as it appears in `$/cancelRequest`.
fn id_text(id: &RequestId) -> String {
    serde_json::to_string(id).unwrap_or_default()
}

/// Reads parameters; says why they cannot be read.
fn read<T: DeserializeOwned>(params: &Value) -> Result<T, String> {
    T::deserialize(params).map_err(|error| format!("the parameters are not understood: {error}"))
}
