//! What a build sees of QEMU: a control socket that speaks QMP, and a guest behind the forwarded port.
//!
//! The greeting and the answers have the form QEMU 10.0 gives them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::Notify;

use super::{guest, ordered};

/// Runs until the guest powers off or somebody says `quit`.
pub async fn qemu(arguments: &[String]) -> ExitCode {
    if ordered("no-machine") {
        eprintln!("qemu-system-x86_64: could not start the double");
        return ExitCode::from(1);
    }
    let uuid = after(arguments, "-uuid").to_owned();
    let socket = value_of(after(arguments, "-chardev"), "path");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let control = UnixListener::bind(&socket).expect("the control socket");
    let off = Arc::new(Notify::new());
    tokio::spawn(guest::serve(listener, off.clone()));
    let mut asker = None;
    loop {
        tokio::select! {
            accepted = control.accept() => {
                let Ok((mut stream, _)) = accepted else { break };
                // One at a time, as QEMU: whoever comes later is greeted when the earlier one has gone.
                let end = converse(&mut stream, &uuid, port, &off).await;
                asker = Some(stream);
                if end { break }
            }
            () = off.notified() => break,
        }
    }
    if let Some(mut stream) = asker {
        let event = json!({ "event": "SHUTDOWN", "data": { "guest": true, "reason": "guest-shutdown" } });
        let _ = stream.write_all(format!("{event}\n").as_bytes()).await;
    }
    let _ = std::fs::remove_file(&socket);
    ExitCode::SUCCESS
}

/// True when the machine is to end.
async fn converse(stream: &mut UnixStream, uuid: &str, port: u16, off: &Notify) -> bool {
    let version = json!({ "qemu": { "micro": 2, "minor": 0, "major": 10 }, "package": "double" });
    let greeting = json!({ "QMP": { "version": version, "capabilities": ["oob"] } });
    if stream.write_all(format!("{greeting}\n").as_bytes()).await.is_err() {
        return false;
    }
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line,
            () = off.notified() => return true,
        };
        let Ok(Some(line)) = line else { return false };
        let Ok(command) = serde_json::from_str::<Value>(&line) else { return false };
        let name = command["execute"].as_str().unwrap_or_default().to_owned();
        if name == "input-send-event" && ordered("break-on-key") {
            std::process::exit(1);
        }
        let mut answer = match name.as_str() {
            "query-uuid" => json!({ "return": { "UUID": uuid } }),
            "query-status" => json!({ "return": { "running": true, "status": "running" } }),
            "human-monitor-command" => json!({ "return": forwards(port) }),
            "qmp_capabilities" | "quit" | "system_powerdown" | "input-send-event" => json!({ "return": {} }),
            _ => {
                json!({ "error": { "class": "CommandNotFound", "desc": format!("no {name} in the double") } })
            }
        };
        answer["id"] = command["id"].clone();
        let _ = writer.write_all(format!("{answer}\r\n").as_bytes()).await;
        if name == "quit" || (name == "system_powerdown" && !ordered("stay-on")) {
            return true;
        }
    }
}

fn forwards(port: u16) -> String {
    format!(
        "Hub -1 (user.0):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n  TCP[HOST_FORWARD]   9       127.0.0.1 {port}       10.0.2.15    22     0     0\r\n"
    )
}

fn after<'a>(arguments: &'a [String], switch: &str) -> &'a str {
    let at = arguments.iter().position(|word| word == switch).expect("the switch");
    arguments.get(at + 1).expect("its value")
}

fn value_of(list: &str, key: &str) -> PathBuf {
    let pair = list.split(',').find_map(|pair| pair.strip_prefix(&format!("{key}=")));
    PathBuf::from(pair.expect("the key"))
}
