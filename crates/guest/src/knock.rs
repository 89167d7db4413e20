//! One TCP connection, up to the server's first line.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::attempts::SILENCE;
use crate::route::{NoWay, Route, Wire};

/// How we introduce ourselves.
pub(crate) const CLIENT_ID: &str = concat!("SSH-2.0-Goldsmith_", env!("CARGO_PKG_VERSION"));

/// Bytes a server may send before its identification line (RFC 4253 4.2 allows other lines first).
const PREAMBLE: usize = 16 * 1024;

/// A server that has introduced itself.
pub(crate) struct Knocked {
    pub(crate) stream: Introduced,
    pub(crate) banner: String,
}

/// Why a connection came to nothing.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    /// Whether the port accepted the connection.
    pub(crate) accepted: bool,
    pub(crate) cause: String,
    /// What lies on the way is to blame, and whether for good.
    pub(crate) way: Option<bool>,
}

/// Connects and waits for the first line. `accepted` is called when the connection is open.
pub(crate) async fn knock(
    route: &Route,
    host: &str,
    port: u16,
    accepted: impl FnOnce(),
) -> Result<Knocked, NoAnswer> {
    let mut stream = route.open(host, port).await.map_err(|none| {
        let (cause, way) = match none {
            NoWay::Host(cause) => (cause, None),
            NoWay::Way(cause) => (cause, Some(false)),
            NoWay::Refused(cause) => (cause, Some(true)),
        };
        NoAnswer { accepted: false, cause, way }
    })?;
    accepted();
    let silent = |cause: String| NoAnswer { accepted: true, cause, way: None };
    let talk = async {
        // Our own line goes out at once: that saves a round trip over waiting for the server's.
        stream.write_all(format!("{CLIENT_ID}\r\n").as_bytes()).await.map_err(|e| silent(plain(&e)))?;
        let mut head = Vec::with_capacity(512);
        loop {
            if let Some(banner) = identification(&head) {
                return Ok((head, banner));
            }
            if head.len() > PREAMBLE {
                return Err(silent("the port speaks another protocol than SSH".to_owned()));
            }
            match stream.read_buf(&mut head).await {
                Ok(0) if head.is_empty() => return Err(silent("the connection was closed".to_owned())),
                Ok(0) => return Err(silent("the port speaks another protocol than SSH".to_owned())),
                Ok(_) => {}
                Err(e) => return Err(silent(plain(&e))),
            }
        }
    };
    let (head, banner) = tokio::time::timeout(SILENCE, talk)
        .await
        .unwrap_or_else(|_| Err(silent(format!("silence for {} s", SILENCE.as_secs()))))?;
    Ok(Knocked {
        stream: Introduced { head: Bytes::from(head), unsent: CLIENT_ID.len() + 2, inner: stream },
        banner,
    })
}

/// The identification line once it is complete.
fn identification(head: &[u8]) -> Option<String> {
    let mut rest = head;
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let line = &rest[..end];
        if line.starts_with(b"SSH-") {
            let text: String = String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).collect();
            return Some(text.trim_end().to_owned());
        }
        rest = &rest[end + 1..];
    }
    None
}

/// An error without the operating system's number.
pub(crate) fn plain(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        io::ErrorKind::TimedOut => "no answer".to_owned(),
        _ => e.to_string(),
    }
}

/// A stream on which both identification lines have passed: the server's is given to the reader again, ours
/// is taken from the writer and not sent twice.
pub(crate) struct Introduced {
    head: Bytes,
    unsent: usize,
    inner: Box<dyn Wire>,
}

impl AsyncRead for Introduced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.head.has_remaining() {
            let n = self.head.len().min(buf.remaining());
            buf.put_slice(&self.head.split_to(n));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Introduced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.unsent > 0 {
            let n = self.unsent.min(buf.len());
            self.unsent -= n;
            return Poll::Ready(Ok(n));
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identification_may_follow_other_lines() {
        assert_eq!(identification(b"SSH-2.0-x"), None);
        assert_eq!(identification(b"SSH-2.0-dropbear\r\n\0\0").as_deref(), Some("SSH-2.0-dropbear"));
        assert_eq!(identification(b"hello\nSSH-2.0-y z\nmore").as_deref(), Some("SSH-2.0-y z"));
        assert_eq!(identification(b"HTTP/1.1 400\r\n\r\n"), None);
    }
}
