//! QEMU's control protocol over a unix socket: the commands we use, typed, and the events that tell of a machine's
//! end. See the QMP reference of QEMU.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use goldsmith_process::Version;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{broadcast, oneshot, watch};
use uuid::Uuid;

use crate::keys::KeyStroke;
use crate::roles::ShutdownCause;

/// How long one command may take to be answered. A machine busy on a slow disk answers late, not never.
const ANSWER: Duration = Duration::from_secs(30);
/// One message; a longer one is not QMP.
const LONGEST: usize = 4 * 1024 * 1024;

/// What went wrong on a control connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QmpError {
    /// Nobody answers there.
    #[error("cannot connect to QEMU's control socket {socket}: {reason}")]
    Connect {
        /// The socket.
        socket: PathBuf,
        /// The system's answer.
        reason: String,
    },
    /// The connection ended: QEMU is gone, or is being told something by someone else.
    #[error("QEMU closed its control connection")]
    Closed,
    /// What came is not QMP.
    #[error("QEMU's control socket does not speak QMP: {reason}")]
    Protocol {
        /// What is wrong with it.
        reason: String,
    },
    /// QEMU refused a command.
    #[error("QEMU refuses `{command}`: {reason}")]
    Refused {
        /// The command.
        command: String,
        /// In QEMU's words.
        reason: String,
    },
    /// No answer in time.
    #[error("QEMU did not answer `{command}` within {} s", ANSWER.as_secs())]
    Late {
        /// The command.
        command: String,
    },
}

/// An event QEMU reported.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Event {
    /// Its name, such as `SHUTDOWN`.
    pub event: String,
    /// What comes with it.
    #[serde(default)]
    pub data: Value,
}

impl Event {
    /// Who turned the machine off, when this event says so.
    pub fn shutdown_cause(&self) -> Option<ShutdownCause> {
        if self.event != "SHUTDOWN" {
            return None;
        }
        Some(match self.data.get("reason").and_then(Value::as_str) {
            Some("guest-panic") => ShutdownCause::GuestPanic,
            Some(reason) if reason.starts_with("guest-") => ShutdownCause::Guest,
            Some(_) => ShutdownCause::Host,
            None if self.data.get("guest") == Some(&Value::Bool(true)) => ShutdownCause::Guest,
            None => ShutdownCause::Unknown,
        })
    }
}

/// Whether the machine runs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// Whether its processors run.
    pub running: bool,
    /// In QEMU's words: `running`, `paused`, `shutdown`...
    pub status: String,
}

type Answer = Result<Value, QmpError>;

#[derive(Default)]
struct Waiting {
    next: u64,
    closed: bool,
    answers: HashMap<u64, (String, oneshot::Sender<Answer>)>,
}

/// A control connection. Clones share it.
#[derive(Clone)]
pub struct Qmp {
    version: Version,
    writer: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
    waiting: Arc<Mutex<Waiting>>,
    events: broadcast::Sender<Event>,
    shutdown: watch::Receiver<Option<ShutdownCause>>,
    resets: watch::Receiver<u32>,
}

#[derive(Deserialize)]
struct Greeting {
    #[serde(rename = "QMP")]
    qmp: GreetingBody,
}

#[derive(Deserialize)]
struct GreetingBody {
    version: GreetingVersion,
}

#[derive(Deserialize)]
struct GreetingVersion {
    qemu: Numbers,
}

#[derive(Deserialize)]
struct Numbers {
    major: u32,
    minor: u32,
    micro: u32,
}

#[derive(Serialize)]
struct Command<'a> {
    execute: &'a str,
    id: u64,
    #[serde(skip_serializing_if = "Value::is_null")]
    arguments: Value,
}

impl Qmp {
    /// Connects, reads the greeting and leaves capabilities negotiation. `patience` bounds all of it: a socket that
    /// accepts may belong to a QEMU that is talking to someone else.
    pub async fn connect(socket: &Path, patience: Duration) -> Result<Self, QmpError> {
        let refused = |reason: String| QmpError::Connect { socket: socket.to_owned(), reason };
        let stream = UnixStream::connect(socket).await.map_err(|error| refused(error.to_string()))?;
        match tokio::time::timeout(patience, Self::open(stream)).await {
            Ok(opened) => opened,
            Err(_) => Err(refused(format!("no greeting within {} s", patience.as_secs_f32()))),
        }
    }

    async fn open(stream: UnixStream) -> Result<Self, QmpError> {
        let (reader, writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let line = next_message(&mut reader).await.map_err(|_| QmpError::Closed)?.ok_or(QmpError::Closed)?;
        let greeting: Greeting = serde_json::from_slice(&line)
            .map_err(|error| QmpError::Protocol { reason: format!("no greeting ({error})") })?;
        let Numbers { major, minor, micro } = greeting.qmp.version.qemu;
        let (events, _) = broadcast::channel(256);
        let (cause, shutdown) = watch::channel(None);
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let (counted, resets) = watch::channel(0);
        let told = Told { events: events.clone(), shutdown: cause, resets: counted };
        tokio::spawn(listen(reader, waiting.clone(), told));
        let qmp = Self {
            version: Version(vec![major, minor, micro]),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            waiting,
            events,
            shutdown,
            resets,
        };
        qmp.execute("qmp_capabilities", Value::Null).await?;
        Ok(qmp)
    }

    /// QEMU's version, from its greeting.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Events from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Who turned the machine off, once QEMU has said so.
    pub fn shutdown_cause(&self) -> Option<ShutdownCause> {
        *self.shutdown.borrow()
    }

    /// How often the guest has restarted the machine, to be watched.
    pub fn resets(&self) -> watch::Receiver<u32> {
        self.resets.clone()
    }

    /// Waits until QEMU has closed the connection, having said all it had to say.
    pub async fn closed(&self) {
        // The reading task owns the other end and ends with the connection.
        let mut shutdown = self.shutdown.clone();
        while shutdown.changed().await.is_ok() {}
    }

    /// Any command.
    pub async fn execute(&self, command: &str, arguments: Value) -> Answer {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut waiting = lock(&self.waiting);
            if waiting.closed {
                return Err(QmpError::Closed);
            }
            waiting.next += 1;
            let id = waiting.next;
            waiting.answers.insert(id, (command.to_owned(), answer));
            id
        };
        let sent = self.send(&Command { execute: command, id, arguments }).await;
        if sent.is_err() {
            lock(&self.waiting).answers.remove(&id);
            return Err(QmpError::Closed);
        }
        match tokio::time::timeout(ANSWER, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(QmpError::Closed),
            Err(_) => {
                lock(&self.waiting).answers.remove(&id);
                Err(QmpError::Late { command: command.to_owned() })
            }
        }
    }

    async fn send(&self, command: &Command<'_>) -> io::Result<()> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        self.writer.lock().await.write_all(&line).await
    }

    async fn query<T: DeserializeOwned>(&self, command: &str, arguments: Value) -> Result<T, QmpError> {
        let answer = self.execute(command, arguments).await?;
        serde_json::from_value(answer)
            .map_err(|error| QmpError::Protocol { reason: format!("the answer to `{command}`: {error}") })
    }

    /// The machine's identity.
    pub async fn uuid(&self) -> Result<Uuid, QmpError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "UUID")]
            uuid: Uuid,
        }
        Ok(self.query::<Answer>("query-uuid", Value::Null).await?.uuid)
    }

    /// Whether it runs.
    pub async fn status(&self) -> Result<Status, QmpError> {
        self.query("query-status", Value::Null).await
    }

    /// Presses the power button.
    pub async fn system_powerdown(&self) -> Result<(), QmpError> {
        self.execute("system_powerdown", Value::Null).await.map(drop)
    }

    /// Ends QEMU. The connection may close before the answer arrives; that is success.
    pub async fn quit(&self) -> Result<(), QmpError> {
        match self.execute("quit", Value::Null).await {
            Ok(_) | Err(QmpError::Closed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes the screen to a file as PNG (QEMU 7.1 and later).
    pub async fn screendump(&self, to: &Path) -> Result<(), QmpError> {
        let arguments = json!({ "filename": to, "format": "png" });
        self.execute("screendump", arguments).await.map(drop)
    }

    /// Sends key events, all at once.
    pub async fn send_keys(&self, strokes: &[KeyStroke]) -> Result<(), QmpError> {
        let events: Vec<Value> = strokes
            .iter()
            .map(|stroke| {
                let key = json!({ "type": "qcode", "data": stroke.key.qcode() });
                json!({ "type": "key", "data": { "down": stroke.down, "key": key } })
            })
            .collect();
        self.execute("input-send-event", json!({ "events": events })).await.map(drop)
    }

    /// Writes a piece of the machine's physical memory to a file.
    pub async fn save_memory(&self, address: u64, size: u64, to: &Path) -> Result<(), QmpError> {
        let arguments = json!({ "val": address, "size": size, "filename": to });
        self.execute("pmemsave", arguments).await.map(drop)
    }

    /// Where VNC is served: address and port.
    pub async fn vnc_address(&self) -> Result<String, QmpError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            host: String,
            #[serde(default)]
            service: String,
        }
        let Answer { host, service } = self.query("query-vnc", Value::Null).await?;
        Ok(format!("{host}:{service}"))
    }

    /// Sets the VNC password.
    pub async fn set_vnc_password(&self, password: &str) -> Result<(), QmpError> {
        let arguments = json!({ "protocol": "vnc", "password": password });
        self.execute("set_password", arguments).await.map(drop)
    }

    /// A command of the human monitor, for the few things QMP lacks.
    pub async fn human(&self, line: &str) -> Result<String, QmpError> {
        self.query("human-monitor-command", json!({ "command-line": line })).await
    }
}

fn lock(waiting: &Mutex<Waiting>) -> std::sync::MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who hears of events.
struct Told {
    events: broadcast::Sender<Event>,
    shutdown: watch::Sender<Option<ShutdownCause>>,
    resets: watch::Sender<u32>,
}

/// Hands answers to those who wait and events to those who listen, until the connection ends.
async fn listen(mut reader: BufReader<OwnedReadHalf>, waiting: Arc<Mutex<Waiting>>, told: Told) {
    while let Ok(Some(line)) = next_message(&mut reader).await {
        let Ok(message) = serde_json::from_slice::<Value>(&line) else { break };
        if message.get("event").is_some() {
            if let Ok(event) = serde_json::from_value::<Event>(message) {
                if let Some(cause) = event.shutdown_cause() {
                    told.shutdown.send_replace(Some(cause));
                }
                if event.event == "RESET" && event.data.get("guest") == Some(&Value::Bool(true)) {
                    told.resets.send_modify(|count| *count += 1);
                }
                let _ = told.events.send(event);
            }
            continue;
        }
        let Some(id) = message.get("id").and_then(Value::as_u64) else { continue };
        let Some((command, answer)) = lock(&waiting).answers.remove(&id) else { continue };
        let result = match (message.get("return"), message.get("error")) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(error)) => {
                let reason =
                    error.get("desc").and_then(Value::as_str).unwrap_or("no reason given").to_owned();
                Err(QmpError::Refused { command, reason })
            }
            (None, None) => Err(QmpError::Protocol { reason: format!("an empty answer to `{command}`") }),
        };
        let _ = answer.send(result);
    }
    let mut waiting = lock(&waiting);
    waiting.closed = true;
    waiting.answers.clear();
}

/// One line; `None` at the end.
async fn next_message(reader: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            return Ok(None);
        }
        let (taken, complete) = match available.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (available.len(), false),
        };
        line.extend_from_slice(&available[..taken]);
        reader.consume(taken);
        if line.len() > LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message without end"));
        }
        if complete {
            return Ok(Some(line));
        }
    }
}
