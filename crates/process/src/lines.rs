//! Output split into lines.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;
use ts_rs::TS;

/// Which of its two outputs a program wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line a program wrote, without its line ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it was written.
    pub stream: Stream,
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// When we read its end.
    pub at: SystemTime,
}

/// A line longer than this is handed on in pieces, so that memory stays bounded.
const LONGEST: usize = 64 * 1024;

/// Splits bytes at `\n`, `\r\n` and a lone `\r` (progress meters rewrite their line with it; an empty rewrite is
/// dropped).
#[derive(Default)]
pub(crate) struct Splitter {
    pending: Vec<u8>,
    after_return: bool,
}

impl Splitter {
    pub(crate) fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(String)) {
        for &byte in bytes {
            match byte {
                b'\n' => {
                    if !(self.after_return && self.pending.is_empty()) {
                        emit(self.take());
                    }
                    self.after_return = false;
                }
                b'\r' => {
                    if self.pending.is_empty() {
                        // "\r" at the start of a line only moves the cursor.
                        self.after_return = false;
                    } else {
                        emit(self.take());
                        self.after_return = true;
                    }
                }
                _ => {
                    self.after_return = false;
                    self.pending.push(byte);
                    if self.pending.len() >= LONGEST {
                        emit(self.take());
                    }
                }
            }
        }
    }

    pub(crate) fn finish(&mut self) -> Option<String> {
        (!self.pending.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        text
    }
}

/// Reads until the end, sending each line. When nobody listens any more it keeps reading, so that the program does
/// not stand still before a full pipe.
pub(crate) async fn pump(mut from: impl AsyncRead + Unpin, stream: Stream, to: mpsc::Sender<Line>) {
    let mut splitter = Splitter::default();
    let mut buffer = vec![0_u8; 16 * 1024];
    let mut ready = Vec::new();
    loop {
        let count = match from.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        splitter.push(&buffer[..count], |text| ready.push(text));
        for text in ready.drain(..) {
            let _ = to.send(Line { stream, text, at: SystemTime::now() }).await;
        }
    }
    if let Some(text) = splitter.finish() {
        let _ = to.send(Line { stream, text, at: SystemTime::now() }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&str]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.push(piece.as_bytes(), |line| lines.push(line));
        }
        lines.extend(splitter.finish());
        lines
    }

    #[test]
    fn ends_of_lines() {
        assert_eq!(split(&["a\nb\r\nc"]), ["a", "b", "c"]);
        assert_eq!(split(&["a\r", "\nb\n"]), ["a", "b"], "a pair cut in two is one ending");
        assert_eq!(split(&["\n\nx\n\r\n"]), ["", "", "x", ""], "empty lines are lines");
        assert_eq!(split(&[" (1.00/100%)\r (2.00/100%)\r"]), [" (1.00/100%)", " (2.00/100%)"]);
        assert_eq!(split(&["\ra\r\rb"]), ["a", "b"]);
    }

    #[test]
    fn an_endless_line_comes_in_pieces_and_bad_bytes_are_replaced() {
        let long = "x".repeat(LONGEST + 5);
        let lines = split(&[&long]);
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 5]);
        let mut splitter = Splitter::default();
        let mut out = Vec::new();
        splitter.push(b"a\xffb\n", |line| out.push(line));
        assert_eq!(out, ["a\u{fffd}b"]);
    }
}
