//! Consoles: a guest's screen or a shell in it, carried to the window over a websocket of this process.
//!
//! QEMU serves the screen on a unix socket in a private folder, the worker a shell on its control socket; a page can
//! open neither. So a listener on the loopback is opened for one connection: its address holds a token that nobody
//! can guess and that works once, the page's origin must be ours, and after a moment without a guest's viewer the
//! listener is gone. QEMU's own websocket takes any page and is not used.

use std::fmt::Write as _;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt as _, StreamExt as _};
use goldsmith_build::control::ShellSays;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::core::Core;
use crate::error::WireError;

/// The address is good for so long.
const OPEN_FOR: Duration = Duration::from_secs(20);
/// Whoever connects has so long to say what it wants.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// The most that is handed on in one piece.
const PIECE: usize = 64 * 1024;

/// What is carried.
pub(crate) enum Carried {
    /// Bytes as they are: the RFB protocol of a screen.
    Screen(UnixStream),
    /// A shell: bytes each way, and a text message `{"columns":..,"rows":..}` when the terminal changes its size.
    Shell(BufReader<UnixStream>),
}

/// Opens the way; the address works once.
pub(crate) async fn open(core: &Core, carried: Carried) -> Result<String, WireError> {
    let failed = |error: io::Error| {
        WireError::environment("console", "no port of this computer can be opened for the console")
            .because(&error)
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let mut bytes = [0; 24];
    core.setup().random.fill(&mut bytes);
    let mut path = "/".to_owned();
    for byte in bytes {
        let _ = write!(path, "{byte:02x}");
    }
    let address = format!("ws://127.0.0.1:{port}{path}");
    let origins = core.origins();
    tokio::spawn(async move {
        // Whatever ends it, the page sees its connection close and says so.
        if let Ok(Ok(page)) = tokio::time::timeout(OPEN_FOR, admit(listener, &path, &origins)).await {
            let _ = match carried {
                Carried::Screen(socket) => screen(page, socket).await,
                Carried::Shell(socket) => shell(page, socket).await,
            };
        }
    });
    Ok(address)
}

type Page = WebSocketStream<TcpStream>;

/// Waits for the one connection that may come in. The listener is closed when this returns.
async fn admit(listener: TcpListener, path: &str, origins: &[String]) -> io::Result<Page> {
    loop {
        let (stream, _) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        let judge = |request: &Request, response: Response| judge(request, response, path, origins);
        let shaken =
            tokio::time::timeout(HANDSHAKE, tokio_tungstenite::accept_hdr_async(stream, judge)).await;
        if let Ok(Ok(page)) = shaken {
            return Ok(page);
        }
    }
}

#[expect(clippy::result_large_err, reason = "the websocket library wants the whole refusal")]
fn judge(
    request: &Request,
    response: Response,
    path: &str,
    origins: &[String],
) -> Result<Response, ErrorResponse> {
    let origin = request.headers().get("origin").and_then(|origin| origin.to_str().ok());
    let ours = origin.is_some_and(|origin| origins.iter().any(|known| known == origin));
    if ours && same(request.uri().path().as_bytes(), path.as_bytes()) {
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("this console is another page's\n".to_owned()));
    *refusal.status_mut() = StatusCode::FORBIDDEN;
    Err(refusal)
}

/// Compares without telling by its duration where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y)) == 0
}

async fn screen(page: Page, socket: UnixStream) -> Result<(), Error> {
    let (mut to_page, mut from_page) = page.split();
    let (mut from_guest, mut to_guest) = socket.into_split();
    let down = async {
        let mut buffer = vec![0; PIECE];
        loop {
            let n = from_guest.read(&mut buffer).await?;
            if n == 0 {
                return to_page.close().await;
            }
            to_page.send(Message::binary(buffer[..n].to_vec())).await?;
        }
    };
    let up = async {
        while let Some(message) = from_page.next().await {
            match message? {
                Message::Binary(bytes) => to_guest.write_all(&bytes).await?,
                Message::Close(_) => break,
                _ => {}
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = down => ended,
        ended = up => ended,
    }
}

#[derive(Deserialize)]
struct Size {
    columns: u16,
    rows: u16,
}

async fn shell(page: Page, socket: BufReader<UnixStream>) -> Result<(), Error> {
    let (mut to_page, mut from_page) = page.split();
    let (from_guest, mut to_guest) = tokio::io::split(socket);
    let down = async {
        let mut lines = BufReader::new(from_guest).lines();
        while let Some(line) = lines.next_line().await? {
            let Ok(ShellSays::Bytes { base64 }) = serde_json::from_str(&line) else { continue };
            let bytes = STANDARD.decode(base64).map_err(|error| Error::Io(io::Error::other(error)))?;
            to_page.send(Message::binary(bytes)).await?;
        }
        to_page.close().await
    };
    let up = async {
        while let Some(message) = from_page.next().await {
            let says = match message? {
                Message::Binary(bytes) => ShellSays::Bytes { base64: STANDARD.encode(&bytes) },
                Message::Text(text) => match serde_json::from_str(text.as_str()) {
                    Ok(Size { columns, rows }) => ShellSays::Size { columns, rows },
                    Err(_) => continue,
                },
                Message::Close(_) => break,
                _ => continue,
            };
            let mut line = serde_json::to_vec(&says).map_err(|error| Error::Io(error.into()))?;
            line.push(b'\n');
            to_guest.write_all(&line).await?;
        }
        Ok(())
    };
    tokio::select! {
        ended = down => ended,
        ended = up => ended,
    }
}
