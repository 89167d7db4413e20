//! Messages on a stream: a header with their length, and JSON. What is no message is told, and the next one is read.

use std::io::{self, BufRead, Write};
use std::sync::mpsc::Sender;

use lsp_server::Message;
use serde_json::Value;

/// Longest message that is read.
const MAX_LENGTH: usize = 256 * 1024 * 1024;

/// What comes from the client.
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Something else, and why it is no message.
    Rubbish(String),
    /// The end of the stream, or what cannot be followed any more.
    Closed,
}

/// Hands on everything on a stream, until it ends.
pub(super) fn read_all(input: &mut impl BufRead, to: &Sender<Incoming>) {
    loop {
        let incoming = read(input).unwrap_or(Incoming::Closed);
        let last = matches!(incoming, Incoming::Closed)
            || matches!(&incoming, Incoming::Message(Message::Notification(note)) if note.method == "exit");
        if to.send(incoming).is_err() || last {
            return;
        }
    }
}

fn read(input: &mut impl BufRead) -> io::Result<Incoming> {
    let mut length = None;
    let mut lines = 0;
    loop {
        let mut line = Vec::new();
        if input.by_ref_limited(&mut line)? == 0 {
            return Ok(Incoming::Closed);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            if lines == 0 {
                continue;
            }
            break;
        }
        lines += 1;
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let Some(length) = length.filter(|length| *length <= MAX_LENGTH) else {
        return Ok(Incoming::Rubbish(
            "a message starts with Content-Length and its length in bytes".to_owned(),
        ));
    };
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(match serde_json::from_slice::<Message>(&body) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Rubbish(format!("this is no message: {error}")),
    })
}

/// Reading of one line of a header, which is never long.
trait Limited {
    fn by_ref_limited(&mut self, line: &mut Vec<u8>) -> io::Result<usize>;
}

impl<R: BufRead> Limited for R {
    fn by_ref_limited(&mut self, line: &mut Vec<u8>) -> io::Result<usize> {
        io::Read::take(self.by_ref(), 64 * 1024).read_until(b'\n', line)
    }
}

/// Writes a message.
pub(super) fn write(out: &mut impl Write, value: &Value) -> io::Result<()> {
    let text = value.to_string();
    write!(out, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    out.flush()
}
