//! Talking to a Windows guest over WinRM: commands, and files by way of commands.
//!
//! Facts (packer.md 5): basic authentication, or NTLM with `winrm_use_ntlm`; the guest is ready when PowerShell has
//! answered once. Files go up through the standard input of a PowerShell that writes them, base64 in lines: one shell
//! for a whole file where Packer needs one for each 8 KB.

mod ntlm;
mod soap;
mod wire;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use ntlm::NtlmError;

use crate::exec::Stream;
use crate::lines::Lines;
use crate::secret::Secret;
use soap::{Answer, Ask};
use wire::Wire;

/// How to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// User and password with each request.
    Basic,
    /// NTLM; over plain HTTP every message is encrypted.
    Ntlm,
}

/// Whom to talk to and how.
#[derive(Clone, Debug)]
pub struct WinrmTarget {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// User; for NTLM it may be `DOMAIN\user` or `user@domain`.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// HTTPS.
    pub tls: bool,
    /// Accept any certificate.
    pub any_certificate: bool,
    /// Use no proxy of the environment.
    pub no_proxy: bool,
    /// How to log in.
    pub login: Login,
    /// How long one request may take; longer than the server's own 20 s for output that does not come.
    pub request_timeout: Duration,
    /// Seconds since 1970, for NTLM with a server that does not send its time.
    pub unix_time: u64,
}

impl WinrmTarget {
    /// `host:port`, for messages.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn url(&self) -> String {
        format!("{}://{}/wsman", if self.tls { "https" } else { "http" }, self.address())
    }
}

/// What goes wrong over WinRM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WinrmError {
    /// The HTTP client could not be made.
    #[error("no HTTP client: {cause}")]
    Client {
        /// Why.
        cause: String,
    },
    /// Nobody answered, or the connection broke.
    #[error("WinRM at {address} does not answer: {cause}")]
    Lost {
        /// Where.
        address: String,
        /// Why.
        cause: String,
    },
    /// User and password were not taken.
    #[error("WinRM refused the login of {user}{}", offers(.offered))]
    LoginRefused {
        /// Who.
        user: String,
        /// What the server would take.
        offered: Vec<String>,
    },
    /// NTLM failed.
    #[error(transparent)]
    Ntlm(#[from] NtlmError),
    /// A server that should encrypt does not.
    #[error("WinRM at {address} answered an encrypted request in the clear")]
    NotEncrypted {
        /// Where.
        address: String,
    },
    /// The server refused what was asked.
    #[error("WinRM refused {what}: {text} (code {code})")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// The server's words.
        text: String,
        /// Its code.
        code: String,
    },
    /// An answer that cannot be read.
    #[error("the WinRM server's answer cannot be read: {what}")]
    Malformed {
        /// What is wrong with it.
        what: String,
    },
    /// A file could not be transferred.
    #[error("cannot transfer {path}: {said}")]
    Transfer {
        /// Which, in the guest.
        path: String,
        /// What PowerShell said.
        said: String,
    },
    /// The connection broke while a command ran: a restart, for example.
    #[error("the connection to WinRM at {address} was lost while a command ran: {cause}")]
    Interrupted {
        /// Where.
        address: String,
        /// Why.
        cause: String,
    },
    /// Cancelled.
    #[error("cancelled")]
    Cancelled,
}

fn offers(offered: &[String]) -> String {
    match offered {
        [] => String::new(),
        offered => format!(" (it takes {})", offered.join(", ")),
    }
}

/// A Windows guest. Every command has a shell of its own; commands run one after another.
pub struct WinrmSession {
    target: WinrmTarget,
    wire: Mutex<Option<Wire>>,
}

impl std::fmt::Debug for WinrmSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WinrmSession({}@{})", self.target.username, self.target.address())
    }
}

/// A command on the server.
struct Running<'a> {
    wire: &'a mut Wire,
    to: String,
    shell: String,
    command: String,
}

async fn ask(wire: &mut Wire, to: &str, ask: &Ask<'_>, what: &'static str) -> Result<Answer, WinrmError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| WinrmError::Client { cause: error.to_string() })?;
    let hex: String = id.iter().map(|byte| format!("{byte:02X}")).collect();
    let id = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    let reply = wire.post(&ask.envelope(to, &id)).await?;
    let answer =
        soap::read(&reply.body).map_err(|error| WinrmError::Malformed { what: error.to_string() })?;
    match &answer.fault {
        Some(fault) if fault.is_time_out() => Ok(answer),
        Some(fault) => Err(WinrmError::Refused { what, text: fault.text.clone(), code: fault.code.clone() }),
        None if reply.status.is_success() => Ok(answer),
        None => Err(WinrmError::Malformed { what: format!("HTTP status {}", reply.status) }),
    }
}

impl Running<'_> {
    /// Base64 for the command's standard input, in pieces a server takes (150 KB are allowed for a message).
    async fn feed(&mut self, bytes: &[u8]) -> Result<(), WinrmError> {
        let mut rest = bytes.chunks(96 * 1024).peekable();
        while let Some(piece) = rest.next() {
            let base64 = STANDARD.encode(piece);
            let send = Ask::Send {
                shell: &self.shell,
                command: &self.command,
                base64: &base64,
                end: rest.peek().is_none(),
            };
            ask(self.wire, &self.to, &send, "the standard input of a command").await?;
        }
        Ok(())
    }

    async fn follow(&mut self, on_output: &mut (dyn FnMut(Stream, &[u8]) + Send)) -> Result<u32, WinrmError> {
        let mut exit = None;
        loop {
            let receive = Ask::Receive { shell: &self.shell, command: &self.command };
            let answer = ask(self.wire, &self.to, &receive, "the output of a command").await?;
            for piece in answer.pieces {
                let bytes = STANDARD
                    .decode(piece.base64.as_bytes())
                    .map_err(|error| WinrmError::Malformed { what: error.to_string() })?;
                on_output(if piece.stderr { Stream::Stderr } else { Stream::Stdout }, &bytes);
            }
            exit = answer.exit.or(exit);
            if answer.done {
                // Windows' codes are 32 bits; some servers print them as negative numbers.
                return Ok(exit.map_or(0, |code| (code & 0xffff_ffff) as u32));
            }
        }
    }
}

impl WinrmSession {
    /// A session that connects when it is first used.
    pub fn new(target: WinrmTarget) -> Self {
        Self { target, wire: Mutex::new(None) }
    }

    /// Whom it talks to.
    pub fn target(&self) -> &WinrmTarget {
        &self.target
    }

    /// Forgets the connection; the next command makes a new one.
    pub async fn reconnect(&self) {
        *self.wire.lock().await = None;
    }

    /// Runs a command line through `cmd.exe` and waits for its end; gives its exit code. Lines come without their
    /// ends. Cancelling leaves the connection, whereupon the server ends the command with its shell.
    pub async fn exec(
        &self,
        line: &str,
        cancel: &CancellationToken,
        on_line: &mut (dyn FnMut(Stream, &str) + Send),
    ) -> Result<u32, WinrmError> {
        let (mut out, mut err) = (Lines::default(), Lines::default());
        let code = {
            let mut lines = |stream: Stream, bytes: &[u8]| match stream {
                Stream::Stdout => out.push(bytes, |l| on_line(Stream::Stdout, l)),
                Stream::Stderr => err.push(bytes, |l| on_line(Stream::Stderr, l)),
            };
            self.run(line, &[], cancel, &mut lines).await?
        };
        out.finish(|l| on_line(Stream::Stdout, l));
        err.finish(|l| on_line(Stream::Stderr, l));
        Ok(code)
    }

    async fn run(
        &self,
        line: &str,
        stdin: &[u8],
        cancel: &CancellationToken,
        on_output: &mut (dyn FnMut(Stream, &[u8]) + Send),
    ) -> Result<u32, WinrmError> {
        let mut held = self.wire.lock().await;
        if held.is_none() {
            *held = Some(Wire::new(&self.target)?);
        }
        let Some(wire) = held.as_mut() else { return Err(WinrmError::Cancelled) };
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(WinrmError::Cancelled),
            ended = self.conversation(wire, line, stdin, on_output) => ended,
        };
        if matches!(
            ended,
            Err(WinrmError::Cancelled | WinrmError::Lost { .. } | WinrmError::Interrupted { .. })
        ) {
            *held = None;
        }
        ended
    }

    async fn conversation(
        &self,
        wire: &mut Wire,
        line: &str,
        stdin: &[u8],
        on_output: &mut (dyn FnMut(Stream, &[u8]) + Send),
    ) -> Result<u32, WinrmError> {
        let to = self.target.url();
        let missing = |what: &str| WinrmError::Malformed { what: format!("it names no {what}") };
        let created = ask(wire, &to, &Ask::Create, "a shell").await?;
        let shell = created.shell.ok_or_else(|| missing("shell"))?;
        let started = ask(wire, &to, &Ask::Command { shell: &shell, line }, "a command").await?;
        let command = started.command.ok_or_else(|| missing("command"))?;
        let mut running = Running { wire, to: to.clone(), shell: shell.clone(), command: command.clone() };
        if !stdin.is_empty() {
            running.feed(stdin).await?;
        }
        let code = running.follow(on_output).await.map_err(|error| match error {
            WinrmError::Lost { address, cause } => WinrmError::Interrupted { address, cause },
            other => other,
        })?;
        // A guest that has just gone down has ended both by itself.
        let terminate = Ask::Terminate { shell: &shell, command: &command };
        if ask(wire, &to, &terminate, "the end of a command").await.is_ok() {
            let _ = ask(wire, &to, &Ask::Delete { shell: &shell }, "the end of a shell").await;
        }
        Ok(code)
    }

    /// Runs a PowerShell script with bytes on its standard input; its output.
    async fn powershell(
        &self,
        script: &str,
        stdin: &[u8],
        path: &str,
        cancel: &CancellationToken,
    ) -> Result<Vec<u8>, WinrmError> {
        let script =
            format!("$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; {script}");
        let utf16: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let line = format!(
            "powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand {}",
            STANDARD.encode(utf16)
        );
        let (mut out, mut said) = (Vec::new(), Vec::new());
        let code = self
            .run(&line, stdin, cancel, &mut |stream, bytes| match stream {
                Stream::Stdout => out.extend_from_slice(bytes),
                Stream::Stderr => said.extend_from_slice(bytes),
            })
            .await?;
        if code != 0 {
            let said = String::from_utf8_lossy(&said).trim().to_owned();
            let said = if said.is_empty() { format!("PowerShell ended with exit code {code}") } else { said };
            return Err(WinrmError::Transfer { path: path.to_owned(), said });
        }
        Ok(out)
    }

    /// Writes a file in the guest; its folder is made when it is not there.
    pub async fn upload(&self, bytes: &[u8], to: &str, cancel: &CancellationToken) -> Result<(), WinrmError> {
        let script = format!(
            "$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath([Environment]::ExpandEnvironmentVariables({})); $folder = Split-Path -Parent $path; if ($folder -and -not (Test-Path $folder)) {{ [void](New-Item -ItemType Directory -Force $folder) }}; $file = [IO.File]::Create($path); try {{ while ($null -ne ($line = [Console]::In.ReadLine())) {{ if ($line) {{ $bytes = [Convert]::FromBase64String($line); $file.Write($bytes, 0, $bytes.Length) }} }} }} finally {{ $file.Dispose() }}",
            quoted(to)
        );
        let mut lines = Vec::with_capacity(bytes.len() / 3 * 4 + 1024);
        for piece in bytes.chunks(3 * 1024) {
            lines.extend_from_slice(STANDARD.encode(piece).as_bytes());
            lines.extend_from_slice(b"\r\n");
        }
        if lines.is_empty() {
            lines.extend_from_slice(b"\r\n");
        }
        self.powershell(&script, &lines, to, cancel).await.map(drop)
    }

    /// Reads a file of the guest.
    pub async fn download(&self, from: &str, cancel: &CancellationToken) -> Result<Vec<u8>, WinrmError> {
        let script = format!(
            "$file = [IO.File]::OpenRead($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath([Environment]::ExpandEnvironmentVariables({}))); try {{ $bytes = New-Object byte[] 24576; while (($read = $file.Read($bytes, 0, $bytes.Length)) -gt 0) {{ [Console]::Out.WriteLine([Convert]::ToBase64String($bytes, 0, $read)) }} }} finally {{ $file.Dispose() }}",
            quoted(from)
        );
        let lines = self.powershell(&script, &[], from, cancel).await?;
        let mut out = Vec::new();
        for line in lines.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty()) {
            let piece = STANDARD.decode(line);
            out.extend(piece.map_err(|error| WinrmError::Malformed { what: error.to_string() })?);
        }
        Ok(out)
    }
}

/// A text as a PowerShell literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
