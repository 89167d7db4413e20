//! A WinRM server: HTTP, basic authentication, NTLM with encrypted messages (and only so, as Windows), shells and
//! a few commands. Written on its own: it shares no code with the client.

mod ntlm;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub const USER: &str = "vagrant";
pub const PASSWORD: &str = "vagrant+1";

/// A command that runs.
#[derive(Default)]
struct Command {
    line: String,
    stdin: Vec<u8>,
    fed: bool,
    waits: u32,
}

#[derive(Default)]
struct State {
    next: u32,
    shells: BTreeMap<String, Option<Command>>,
    files: BTreeMap<String, Vec<u8>>,
    logins: usize,
}

pub struct Double {
    pub port: u16,
    state: Arc<Mutex<State>>,
    serving: tokio::task::AbortHandle,
}

impl Drop for Double {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Double {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, serving: serving.abort_handle() }
    }

    pub fn open_shells(&self) -> usize {
        self.state.lock().unwrap().shells.len()
    }

    pub fn logins(&self) -> usize {
        self.state.lock().unwrap().logins
    }

    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.state.lock().unwrap().files.get(path).cloned()
    }
}

/// What a connection has proved.
#[derive(Default)]
struct Connection {
    challenge: Option<ntlm::Challenge>,
    sealing: Option<ntlm::Sealing>,
}

struct Request {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    assert!(line.starts_with("POST /wsman "), "{line}");
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { headers, body })
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let mut connection = Connection::default();
    while let Some(request) = read(&mut stream).await {
        let (status, headers, body) = answer(&request, &mut connection, &state).await;
        let mut out = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        out.push_str("\r\n");
        let mut out = out.into_bytes();
        out.extend(body);
        if stream.get_mut().write_all(&out).await.is_err() {
            return;
        }
    }
}

type Reply = (&'static str, Vec<(&'static str, String)>, Vec<u8>);
const SOAP: &str = "application/soap+xml;charset=UTF-8";

fn refused() -> Reply {
    let offers = vec![
        ("WWW-Authenticate", "Negotiate".to_owned()),
        ("WWW-Authenticate", "Basic realm=\"WSMAN\"".to_owned()),
    ];
    ("401 Unauthorized", offers, Vec::new())
}

async fn answer(request: &Request, connection: &mut Connection, state: &Arc<Mutex<State>>) -> Reply {
    let kind = request.headers.get("content-type").cloned().unwrap_or_default();
    let authorization = request.headers.get("authorization").cloned().unwrap_or_default();
    if let Some(token) = authorization.strip_prefix("Basic ") {
        let expected = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        if token != expected {
            return refused();
        }
        let (status, body) = soap(&String::from_utf8(request.body.clone()).unwrap(), state).await;
        return (status, vec![("Content-Type", SOAP.to_owned())], body.into_bytes());
    }
    if let Some(token) = authorization.strip_prefix("Negotiate ") {
        let token = STANDARD.decode(token).unwrap();
        if token[8] == 1 {
            let challenge = ntlm::Challenge::new(token);
            let text = format!("Negotiate {}", STANDARD.encode(&challenge.message));
            connection.challenge = Some(challenge);
            connection.sealing = None;
            return ("401 Unauthorized", vec![("WWW-Authenticate", text)], Vec::new());
        }
        let Some(challenge) = connection.challenge.take() else { return refused() };
        match challenge.accept(&token, USER, PASSWORD) {
            Some(sealing) => {
                connection.sealing = Some(sealing);
                state.lock().unwrap().logins += 1;
            }
            None => return refused(),
        }
        if request.body.is_empty() {
            return ("200 OK", Vec::new(), Vec::new());
        }
    }
    let Some(sealing) = &mut connection.sealing else { return refused() };
    // As Windows with AllowUnencrypted = false: NTLM in the clear is not taken over HTTP.
    if !kind.starts_with("multipart/encrypted") {
        return ("500 Internal Server Error", Vec::new(), Vec::new());
    }
    let message = sealing.unpack(&request.body);
    let (status, body) = soap(&message, state).await;
    let boundary = "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";boundary=\"Encrypted Boundary\"";
    (status, vec![("Content-Type", boundary.to_owned())], sealing.pack(&body))
}

/// The text between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inner, _)| inner)
}

/// The content of the first element with this local name.
fn element(xml: &str, name: &str) -> Option<String> {
    let opening = xml.split('<').find(|tag| {
        let head = tag.split(['>', ' ']).next().unwrap_or_default();
        head.rsplit(':').next() == Some(name) && !head.starts_with('/')
    })?;
    let inner = opening.split_once('>')?.1;
    let plain =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(inner.to_owned(), |text, (entity, plain)| text.replace(entity, plain)))
}

fn envelope(to: &str, body: &str) -> String {
    let related = element(to, "MessageID").unwrap();
    format!(
        "<s:Envelope xml:lang=\"en-US\" xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" xmlns:rsp=\"http://schemas.microsoft.com/wbem/wsman/1/windows/shell\"><s:Header><a:RelatesTo>{related}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

async fn soap(message: &str, state: &Arc<Mutex<State>>) -> (&'static str, String) {
    let action = element(message, "Action").unwrap();
    let shell = between(message, "Name=\"ShellId\">", "<").map(str::to_owned);
    if action.ends_with("/Receive") {
        if let Some(reply) = receive(shell.unwrap(), state).await {
            return ("200 OK", envelope(message, &reply));
        }
        let fault = "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang=\"en-US\">The WS-Management service cannot complete the operation within the time specified in OperationTimeout.</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" Code=\"2150858793\" Machine=\"double\"><f:Message>time-out</f:Message></f:WSManFault></s:Detail></s:Fault>";
        return ("500 Internal Server Error", envelope(message, fault));
    }
    let mut state = state.lock().unwrap();
    state.next += 1;
    let id = format!("{:08X}-0000-0000-0000-000000000000", state.next);
    let body = match action.rsplit('/').next().unwrap() {
        "Create" => {
            state.shells.insert(id.clone(), None);
            format!(
                "<x:ResourceCreated xmlns:x=\"http://schemas.xmlsoap.org/ws/2004/09/transfer\"><w:SelectorSet><w:Selector Name=\"ShellId\">{id}</w:Selector></w:SelectorSet></x:ResourceCreated><rsp:Shell><rsp:ShellId>{id}</rsp:ShellId></rsp:Shell>"
            )
        }
        "Command" => {
            let mut line = element(message, "Command").unwrap();
            for argument in message.split(":Arguments>").skip(1).step_by(2) {
                line.push(' ');
                line.push_str(argument.split('<').next().unwrap());
            }
            state.shells.insert(shell.unwrap(), Some(Command { line, ..Command::default() }));
            format!("<rsp:CommandResponse><rsp:CommandId>{id}</rsp:CommandId></rsp:CommandResponse>")
        }
        "Send" => {
            let stream = element(message, "Stream").unwrap_or_default();
            let end = message.contains("End=\"TRUE\"");
            let command = state.shells.get_mut(&shell.unwrap()).unwrap().as_mut().unwrap();
            command.stdin.extend(STANDARD.decode(stream).unwrap());
            command.fed |= end;
            "<rsp:SendResponse/>".to_owned()
        }
        "Signal" => "<rsp:SignalResponse/>".to_owned(),
        "Delete" => {
            state.shells.remove(&shell.unwrap()).unwrap();
            String::new()
        }
        other => panic!("{other}"),
    };
    ("200 OK", envelope(message, &body))
}

/// Output, or nothing when none came in time.
async fn receive(shell: String, state: &Arc<Mutex<State>>) -> Option<String> {
    let line = {
        let mut state = state.lock().unwrap();
        let command = state.shells.get_mut(&shell).unwrap().as_mut().unwrap();
        command.waits += 1;
        if command.line == "slow" && command.waits == 1 {
            return None;
        }
        command.line.clone()
    };
    if line == "hang" {
        std::future::pending::<()>().await;
    }
    let (out, err, code) = run(&line, &shell, state);
    let mut body = String::new();
    let mut pieces: VecDeque<(&str, String)> = VecDeque::new();
    for piece in out.chunks(50_000) {
        pieces.push_back(("stdout", STANDARD.encode(piece)));
    }
    if !err.is_empty() {
        pieces.push_back(("stderr", STANDARD.encode(err)));
    }
    for (name, text) in pieces {
        body.push_str(&format!("<rsp:Stream Name=\"{name}\" CommandId=\"C\">{text}</rsp:Stream>"));
    }
    Some(format!(
        "<rsp:ReceiveResponse>{body}<rsp:CommandState CommandId=\"C\" State=\"http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done\"><rsp:ExitCode>{code}</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>"
    ))
}

/// What the double's commands do; a PowerShell is known by what it does to files.
fn run(line: &str, shell: &str, state: &Arc<Mutex<State>>) -> (Vec<u8>, Vec<u8>, i64) {
    let mut state = state.lock().unwrap();
    if let Some(text) = line.strip_prefix("say ") {
        return (format!("{text}\r\n").into_bytes(), Vec::new(), 0);
    }
    if let Some(text) = line.strip_prefix("complain ") {
        return (Vec::new(), format!("{text}\r\n").into_bytes(), 7);
    }
    if let Some(code) = line.strip_prefix("exit ") {
        return (Vec::new(), Vec::new(), code.parse().unwrap());
    }
    if line == "slow" {
        return (b"after a time-out\r\n".to_vec(), Vec::new(), 0);
    }
    let Some((_, encoded)) = line.split_once("-EncodedCommand ") else {
        return (Vec::new(), b"unknown command\r\n".to_vec(), 1);
    };
    let bytes = STANDARD.decode(encoded).unwrap();
    let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let script = String::from_utf16(&units).unwrap();
    let literal = between(&script, "ExpandEnvironmentVariables('", "'))").unwrap();
    let path = literal.replace("''", "'");
    if script.contains("[IO.File]::Create") {
        let command = state.shells.get(shell).unwrap().as_ref().unwrap();
        assert!(command.fed, "standard input was closed");
        let text = String::from_utf8(command.stdin.clone()).unwrap();
        let content = text.lines().flat_map(|line| STANDARD.decode(line).unwrap()).collect();
        state.files.insert(path, content);
        return (Vec::new(), Vec::new(), 0);
    }
    match state.files.get(&path) {
        Some(content) => {
            let mut out = Vec::new();
            for piece in content.chunks(24_576) {
                out.extend(STANDARD.encode(piece).into_bytes());
                out.extend(b"\r\n");
            }
            (out, Vec::new(), 0)
        }
        None => (Vec::new(), b"Could not find file\r\n".to_vec(), 1),
    }
}
