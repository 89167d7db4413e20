//! The language server as an editor's program drives it: the built program, over its standard input and output, by a
//! client written here.

#![allow(clippy::disallowed_methods, reason = "tests start the program as an editor does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

const WEB: &str = r#"source "qemu" "web" {
  disk_size    = var.size
  disk_image   = true
  iso_url      = "ä😀.qcow2"
  iso_checksum = "none"
  communicator = "none"
}
build {
  sources = ["source.qemu.web"]
}
"#;
const VARIABLES: &str = "variable \"size\" {\n  default = \"8G\"\n}\n";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

struct Client {
    folder: TempDir,
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    told: Vec<Value>,
    next: i64,
}

fn read(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("the server writes JSON"))
}

impl Client {
    /// Starts the server in a folder with two files; it has said nothing and was asked nothing yet.
    fn start() -> Client {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        std::fs::write(folder.path().join("shop/web.pkr.hcl"), WEB).unwrap();
        std::fs::write(folder.path().join("shop/variables.pkr.hcl"), VARIABLES).unwrap();
        std::fs::write(folder.path().join("shop/prod.pkrvars.hcl"), "size = \"20G\"\n").unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_goldsmith"))
            .arg("lsp")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder.path())
            .env("GOLDSMITH_HOME", folder.path().join("home"))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Client { folder, child, input, messages, told: Vec::new(), next: 1 }
    }

    /// Starts it and says hello, with these ways to count columns on offer.
    fn ready(encodings: &[&str]) -> Client {
        let mut client = Client::start();
        let capabilities = json!({ "general": { "positionEncodings": encodings } });
        let answer = client
            .ask("initialize", json!({ "capabilities": capabilities, "processId": null, "rootUri": null }));
        let chosen = if encodings.contains(&"utf-8") { "utf-8" } else { "utf-16" };
        assert_eq!(answer["capabilities"]["positionEncoding"], chosen);
        client.tell("initialized", json!({}));
        client
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("shop").join(name)
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    fn raw(&mut self, text: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text).unwrap();
        input.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request without waiting for its answer.
    fn request(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The answer to a request; what the server tells meanwhile is kept.
    fn answer(&mut self, id: i64) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("an answer");
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.told.push(message);
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        self.tell(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "packer", "version": 1, "text": text } }),
        );
    }

    fn change(&mut self, name: &str, changes: Value) {
        let uri = self.uri(name);
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": changes }),
        );
    }

    /// The next problems told of a file.
    fn problems(&mut self, name: &str) -> Vec<Value> {
        let uri = self.uri(name);
        loop {
            let at = self.told.iter().position(|message| {
                message["method"] == "textDocument/publishDiagnostics"
                    && message["params"]["uri"] == uri.as_str()
            });
            if let Some(at) = at {
                return self.told.remove(at)["params"]["diagnostics"].as_array().unwrap().clone();
            }
            let message = self.messages.recv_timeout(PATIENCE).expect("problems");
            self.told.push(message);
        }
    }

    fn at(&self, name: &str, line: u32, character: u32) -> Value {
        json!({ "textDocument": { "uri": self.uri(name) }, "position": { "line": line, "character": character } })
    }

    /// Ends the server in order, and gives its exit code.
    fn quit(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.wait()
    }

    /// Waits for the end; the input is closed.
    fn wait(mut self) -> i32 {
        self.input.take();
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn codes(problems: &[Value]) -> Vec<&str> {
    problems.iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

#[test]
fn a_folder_is_checked_as_it_is_typed_and_fixes_are_offered() {
    let mut client = Client::ready(&[]);
    client.open("web.pkr.hcl", WEB);
    assert_eq!(codes(&client.problems("web.pkr.hcl")), Vec::<&str>::new());
    // The declaration goes away in a buffer that is not saved: the other file is told at once.
    client.open("variables.pkr.hcl", VARIABLES);
    client.change("variables.pkr.hcl", json!([{ "text": "" }]));
    while codes(&client.problems("web.pkr.hcl")).is_empty() {}
    client.change("variables.pkr.hcl", json!([{ "text": VARIABLES }]));
    while !codes(&client.problems("web.pkr.hcl")).is_empty() {}
    // Typed letter by letter, after characters that count differently in UTF-8, UTF-16 and for people.
    client.change(
        "web.pkr.hcl",
        json!([
            { "range": { "start": { "line": 3, "character": 28 }, "end": { "line": 3, "character": 28 } }, "text": "\n" },
            { "range": { "start": { "line": 4, "character": 0 }, "end": { "line": 4, "character": 0 } }, "text": "  memroy = 1" },
        ]),
    );
    let problems = loop {
        let problems = client.problems("web.pkr.hcl");
        if !problems.is_empty() {
            break problems;
        }
    };
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["range"]["start"], json!({ "line": 4, "character": 2 }));
    assert!(problems[0]["message"].as_str().unwrap().contains("memory"));
    let uri = client.uri("web.pkr.hcl");
    let actions = client.ask(
        "textDocument/codeAction",
        json!({ "textDocument": { "uri": uri }, "range": problems[0]["range"], "context": { "diagnostics": [] } }),
    );
    assert_eq!(actions[0]["kind"], "quickfix");
    let edit = &actions[0]["edit"]["changes"][&uri][0];
    assert_eq!(edit["newText"], "memory");
    assert_eq!(edit["range"], problems[0]["range"]);
    // Closing gives the file on disk its say again.
    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    while !codes(&client.problems("web.pkr.hcl")).is_empty() {}
    // Nothing was written, and no folder was made.
    assert_eq!(std::fs::read_to_string(client.path("web.pkr.hcl")).unwrap(), WEB);
    assert!(!client.folder.path().join("home").exists(), "the server keeps nothing");
    assert_eq!(client.quit(), 0);
}

#[test]
fn questions_are_answered_across_the_files_of_a_folder() {
    let mut client = Client::ready(&["utf-8", "utf-16"]);
    client.open("web.pkr.hcl", WEB);
    let hover = client.at("web.pkr.hcl", 1, 22);
    let hover = client.ask("textDocument/hover", hover);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("var.size") && text.contains("8G"), "{text}");
    assert_eq!(hover["range"]["start"]["character"], 21);

    let at = client.at("web.pkr.hcl", 1, 22);
    let definition = client.ask("textDocument/definition", at.clone());
    assert_eq!(definition[0]["uri"], client.uri("variables.pkr.hcl"));
    assert_eq!(definition[0]["range"]["start"], json!({ "line": 0, "character": 10 }));

    let mut query = at.clone();
    query["context"] = json!({ "includeDeclaration": true });
    assert_eq!(client.ask("textDocument/references", query).as_array().unwrap().len(), 2);

    let prepared = client.ask("textDocument/prepareRename", at.clone());
    assert_eq!(prepared["placeholder"], "size");
    let mut rename = at;
    rename["newName"] = "disk".into();
    let changes = client.ask("textDocument/rename", rename.clone())["changes"].clone();
    for name in ["web.pkr.hcl", "variables.pkr.hcl", "prod.pkrvars.hcl"] {
        let uri = client.uri(name);
        assert_eq!(changes[&uri][0]["newText"], "disk", "{name} in {changes}");
    }
    rename["newName"] = "not a name".into();
    let id = client.request("textDocument/rename", rename);
    let refused = client.answer(id);
    assert!(refused["error"]["message"].as_str().unwrap().contains("not a name"), "{refused}");

    // Completion where somebody types, in the middle of a line that is not finished, behind wide characters.
    client.change(
        "web.pkr.hcl",
        json!([{ "range": { "start": { "line": 3, "character": 28 }, "end": { "line": 3, "character": 30 } }, "text": "x-${var." }]),
    );
    let at = client.at("web.pkr.hcl", 3, 36);
    let items = client.ask("textDocument/completion", at);
    let labels: Vec<&str> =
        items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["size"], "{items}");
    assert_eq!(items[0]["textEdit"]["range"]["start"]["character"], 36);

    let document = json!({ "textDocument": { "uri": client.uri("web.pkr.hcl") } });
    let symbols = client.ask("textDocument/documentSymbol", document.clone());
    assert_eq!(symbols[0]["name"], "qemu.web");
    let folds = client.ask("textDocument/foldingRange", document.clone());
    assert_eq!(folds[0]["startLine"], 0);
    let tokens = client.ask("textDocument/semanticTokens/full", document.clone());
    assert_eq!(tokens["data"].as_array().unwrap().len() % 5, 0);
    let at = client.at("variables.pkr.hcl", 0, 12);
    client.change("web.pkr.hcl", json!([{ "text": WEB }]));
    let marks = client.ask("textDocument/documentHighlight", at);
    assert_eq!(marks.as_array().unwrap().len(), 1);
    client.change("web.pkr.hcl", json!([{ "text": "locals {\n x=1\n}\n" }]));
    let options = json!({ "textDocument": document["textDocument"], "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = client.ask("textDocument/formatting", options.clone());
    assert_eq!(edits[0]["newText"], "locals {\n  x = 1\n}\n");
    client.change("web.pkr.hcl", json!([{ "text": "locals {\n x=" }]));
    assert_eq!(client.ask("textDocument/formatting", options), Value::Null, "broken text is left alone");
    client.change("web.pkr.hcl", json!([{ "text": "locals {\n  x = join(\",\", \n}\n" }]));
    let at = client.at("web.pkr.hcl", 1, 16);
    let help = client.ask("textDocument/signatureHelp", at);
    assert_eq!(help["activeParameter"], 1);
    assert_eq!(client.quit(), 0);
}

#[test]
fn rubbish_is_told_and_the_next_message_is_answered() {
    let mut client = Client::start();
    let early = client.request("textDocument/hover", json!({}));
    assert_eq!(client.answer(early)["error"]["code"], -32002);
    client.raw(b"Content-Length: 5\r\n\r\n{\"a\":");
    client.raw(b"Something: else\r\n\r\n");
    client.raw(b"content-length:2\r\nContent-Type: x\r\n\r\n[]");
    let id = client.request("initialize", json!({ "capabilities": {} }));
    assert!(client.answer(id)["result"]["capabilities"].is_object());
    assert_eq!(client.told.iter().filter(|message| message["error"]["code"] == -32700).count(), 3);
    client.tell("initialized", json!({}));
    for (method, params, code) in [
        ("textDocument/hover", json!({ "textDocument": 7 }), -32602),
        ("no/such", json!(null), -32601),
        ("initialize", json!({ "capabilities": {} }), -32600),
    ] {
        let id = client.request(method, params);
        assert_eq!(client.answer(id)["error"]["code"], code, "{method}");
    }
    client.tell("textDocument/didChange", json!({ "rubbish": true }));
    client.tell("no/such", json!({}));
    // Files that are not there, no files at all, and positions beyond every end.
    for uri in ["file:///no/such.pkr.hcl", "untitled:One", "http://example.org/a.pkr.hcl"] {
        let at = json!({ "textDocument": { "uri": uri }, "position": { "line": 4_000_000, "character": 4_000_000 } });
        assert_eq!(client.ask("textDocument/completion", at), Value::Null);
    }
    client.open("web.pkr.hcl", "source \"qemu\" {{{ \"${");
    let at = client.at("web.pkr.hcl", 4_000_000, 1);
    assert_eq!(client.ask("textDocument/completion", at), Value::Null);
    assert_eq!(client.quit(), 0);
}

#[test]
fn a_cancelled_request_is_not_answered_with_a_result() {
    let mut client = Client::ready(&[]);
    client.open("web.pkr.hcl", WEB);
    // All in one write: the server has read the cancellation before it comes to the request.
    let mut text = String::new();
    for number in 0..20 {
        let at = client.at("web.pkr.hcl", 1, 22);
        let request = json!({ "jsonrpc": "2.0", "id": format!("q{number}"), "method": "textDocument/hover", "params": at });
        let cancel = json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": format!("q{number}") } });
        for message in [request, cancel] {
            let message = message.to_string();
            text.push_str(&format!("Content-Length: {}\r\n\r\n{message}", message.len()));
        }
    }
    client.raw(text.as_bytes());
    let mut cancelled = 0;
    for _ in 0..20 {
        let message = loop {
            let message = client.messages.recv_timeout(PATIENCE).expect("an answer");
            if message["id"].is_string() {
                break message;
            }
        };
        cancelled += u32::from(message["error"]["code"] == -32800);
        assert!(message["error"]["code"] == -32800 || message["result"].is_object(), "{message}");
    }
    assert!(cancelled > 0, "no cancellation was seen in time");
    assert_eq!(client.quit(), 0);
}

#[test]
fn exit_codes_tell_an_orderly_end_from_any_other() {
    let mut client = Client::ready(&[]);
    client.ask("shutdown", Value::Null);
    let id = client.request("textDocument/hover", json!({}));
    assert_eq!(client.answer(id)["error"]["code"], -32600);
    client.tell("exit", Value::Null);
    assert_eq!(client.wait(), 0);

    let mut client = Client::ready(&[]);
    client.tell("exit", Value::Null);
    assert_eq!(client.wait(), 1);

    assert_eq!(Client::ready(&[]).wait(), 1, "a client that goes away without a word");
}

#[test]
fn values_json_and_foreign_files() {
    let mut client = Client::ready(&[]);
    client.open("prod.pkrvars.hcl", "size = \n");
    assert!(!client.problems("prod.pkrvars.hcl").is_empty());
    client.open("other.json", "{\"name\": \"no template\"");
    let at = client.at("other.json", 0, 2);
    assert_eq!(client.ask("textDocument/hover", at), Value::Null);
    client.open("old.json", "{\"builders\": [{\"type\": \"qemu\", \"\"}]}");
    let at = client.at("old.json", 0, 32);
    let items = client.ask("textDocument/completion", at);
    assert!(items.as_array().unwrap().iter().any(|item| item["label"] == "disk_size"), "{items}");
    // A folder whose files declare the same things holds several templates: each is its own.
    std::fs::write(client.path("variables2.pkr.hcl"), VARIABLES).unwrap();
    client.open("variables.pkr.hcl", VARIABLES);
    let problems = client.problems("variables.pkr.hcl");
    assert!(!codes(&problems).contains(&"variable.duplicate"), "{problems:?}");
    assert_eq!(client.quit(), 0);
}
