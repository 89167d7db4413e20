//! The control connection against a server that speaks the protocol line by line, misbehaviour included.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_machine::qemu::qmp::{Qmp, QmpError};
use goldsmith_machine::{KeyStroke, Reaped, ShutdownCause, keys, reap_qemu};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(10);
const GREETING: &str = r#"{"QMP": {"version": {"qemu": {"micro": 13, "minor": 2, "major": 7}, "package": "x"}, "capabilities": ["oob"]}}"#;

/// What the server does with one command: lines to send, or `None` to hang up.
type Reply = Box<dyn Fn(&str, &Value) -> Option<Vec<Value>> + Send + Sync>;

struct Fake {
    _folder: tempfile::TempDir,
    socket: PathBuf,
    commands: mpsc::UnboundedReceiver<Value>,
}

/// Answers capabilities itself; everything else is up to `reply`. In an answer, the id is filled in.
fn fake(reply: Reply) -> Fake {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("qmp.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let (sender, commands) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, &reply, &sender).await;
        }
    });
    Fake { _folder: folder, socket, commands }
}

async fn serve(stream: UnixStream, reply: &Reply, seen: &mpsc::UnboundedSender<Value>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(format!("{GREETING}\r\n").as_bytes()).await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let command: Value = serde_json::from_str(&line).unwrap();
        let name = command["execute"].as_str().unwrap().to_owned();
        let answers = match name.as_str() {
            "qmp_capabilities" => Some(vec![json!({ "return": {} })]),
            _ => {
                seen.send(command.clone()).unwrap();
                reply(&name, &command["arguments"])
            }
        };
        let Some(answers) = answers else { return };
        for mut answer in answers {
            if answer.get("event").is_none() {
                answer["id"] = command["id"].clone();
            }
            // In two pieces: a reader must not take a packet for a line.
            let text = format!("{answer}\r\n");
            let (a, b) = text.split_at(text.len() / 2);
            writer.write_all(a.as_bytes()).await.unwrap();
            tokio::task::yield_now().await;
            writer.write_all(b.as_bytes()).await.unwrap();
        }
    }
}

async fn connect(socket: &Path) -> Qmp {
    Qmp::connect(socket, PATIENCE).await.unwrap()
}

#[tokio::test]
async fn typed_answers() {
    let uuid = Uuid::new_v4();
    let fake = fake(Box::new(move |name, _| {
        Some(vec![match name {
            "query-uuid" => json!({ "return": { "UUID": uuid.to_string() } }),
            "query-status" => json!({ "return": { "status": "paused", "running": false } }),
            "human-monitor-command" => json!({ "return": "Hub -1\r\n" }),
            _ => json!({ "return": {} }),
        }])
    }));
    let qmp = connect(&fake.socket).await;
    assert_eq!(qmp.version().to_string(), "7.2.13");
    assert_eq!(qmp.uuid().await.unwrap(), uuid);
    let status = qmp.status().await.unwrap();
    assert!(!status.running && status.status == "paused");
    assert_eq!(qmp.human("info usernet").await.unwrap(), "Hub -1\r\n");
}

#[tokio::test]
async fn keys_are_sent_as_named_codes() {
    let mut fake = fake(Box::new(|_, _| Some(vec![json!({ "return": {} })])));
    let qmp = connect(&fake.socket).await;
    qmp.send_keys(&KeyStroke::press(keys::Key::Enter)).await.unwrap();
    let sent = fake.commands.recv().await.unwrap();
    let key = json!({ "type": "qcode", "data": "ret" });
    assert_eq!(
        sent["arguments"],
        json!({ "events": [
            { "type": "key", "data": { "down": true, "key": key } },
            { "type": "key", "data": { "down": false, "key": key } },
        ] })
    );
}

#[tokio::test]
async fn events_between_answers_reach_their_listeners() {
    let fake = fake(Box::new(|_, _| {
        Some(vec![
            json!({ "event": "POWERDOWN", "timestamp": { "seconds": 1, "microseconds": 2 } }),
            json!({ "event": "SHUTDOWN", "data": { "guest": true, "reason": "guest-shutdown" } }),
            json!({ "return": {} }),
        ])
    }));
    let qmp = connect(&fake.socket).await;
    let mut events = qmp.events();
    assert_eq!(qmp.shutdown_cause(), None);
    qmp.system_powerdown().await.unwrap();
    assert_eq!(events.recv().await.unwrap().event, "POWERDOWN");
    assert_eq!(events.recv().await.unwrap().shutdown_cause(), Some(ShutdownCause::Guest));
    assert_eq!(qmp.shutdown_cause(), Some(ShutdownCause::Guest));
}

#[tokio::test]
async fn who_turned_it_off() {
    for (data, cause) in [
        (json!({ "guest": true, "reason": "guest-shutdown" }), ShutdownCause::Guest),
        (json!({ "guest": true, "reason": "guest-panic" }), ShutdownCause::GuestPanic),
        (json!({ "guest": false, "reason": "host-qmp-quit" }), ShutdownCause::Host),
        (json!({ "guest": false, "reason": "host-signal" }), ShutdownCause::Host),
        (json!({}), ShutdownCause::Unknown),
    ] {
        let fake = fake(Box::new(move |_, _| {
            Some(vec![json!({ "event": "SHUTDOWN", "data": data }), json!({ "return": {} })])
        }));
        let qmp = connect(&fake.socket).await;
        qmp.status().await.unwrap_err();
        assert_eq!(qmp.shutdown_cause(), Some(cause));
    }
}

#[tokio::test]
async fn answers_out_of_order_find_their_question() {
    let fake = fake(Box::new(|name, arguments| {
        // The first question is never answered; the second one is.
        match name {
            "stop" => Some(vec![]),
            _ => Some(vec![json!({ "return": arguments["command-line"] })]),
        }
    }));
    let qmp = connect(&fake.socket).await;
    let unanswered = tokio::spawn({
        let qmp = qmp.clone();
        async move { qmp.execute("stop", Value::Null).await }
    });
    assert_eq!(qmp.human("a").await.unwrap(), "a");
    assert_eq!(qmp.human("b").await.unwrap(), "b");
    unanswered.abort();
}

#[tokio::test]
async fn a_refusal_is_in_qemu_s_words() {
    let fake = fake(Box::new(|_, _| {
        Some(vec![json!({ "error": { "class": "GenericError", "desc": "there is no screen" } })])
    }));
    let error = connect(&fake.socket).await.screendump(Path::new("/x.png")).await.unwrap_err();
    assert_eq!(error.to_string(), "QEMU refuses `screendump`: there is no screen");
}

#[tokio::test]
async fn a_hang_up_ends_every_question_and_is_how_quit_may_answer() {
    let fake = fake(Box::new(|_, _| None));
    let qmp = connect(&fake.socket).await;
    assert!(matches!(qmp.status().await, Err(QmpError::Closed)));
    tokio::time::timeout(PATIENCE, qmp.closed()).await.unwrap();
    assert!(matches!(qmp.status().await, Err(QmpError::Closed)), "and later ones at once");
    let qmp = connect(&fake.socket).await;
    qmp.quit().await.unwrap();
}

#[tokio::test]
async fn what_is_not_qmp_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let absent = Qmp::connect(&socket, PATIENCE).await.err().unwrap();
    assert!(matches!(&absent, QmpError::Connect { .. }) && absent.to_string().contains("/s"), "{absent}");

    let listener = UnixListener::bind(&socket).unwrap();
    let silent = Qmp::connect(&socket, Duration::from_millis(50)).await.err().unwrap();
    assert!(silent.to_string().contains("no greeting"), "{silent}");

    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The silent connection above is accepted first; nobody reads from it any more.
            let _ = stream.write_all(b"SSH-2.0-x\r\n").await;
        }
    });
    let wrong = Qmp::connect(&socket, PATIENCE).await.err().unwrap();
    assert!(matches!(wrong, QmpError::Protocol { .. }), "{wrong}");
}

#[tokio::test]
async fn the_reaper_leaves_a_stranger_alone() {
    let (ours, theirs) = (Uuid::new_v4(), Uuid::new_v4());
    let mut fake =
        fake(Box::new(move |_, _| Some(vec![json!({ "return": { "UUID": theirs.to_string() } })])));
    assert_eq!(reap_qemu(&fake.socket, &ours, None).await, Reaped::Absent);
    assert_eq!(fake.commands.recv().await.unwrap()["execute"], "query-uuid");
    assert!(fake.commands.try_recv().is_err(), "nothing but the question was sent");
    assert!(fake.socket.exists(), "its socket is its own");
}
