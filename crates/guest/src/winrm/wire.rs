//! One HTTP conversation with a WinRM server: login, and encryption where it is needed.
//!
//! Facts: [MS-WSMV] 2.2.9.1 (message encryption): over plain HTTP, Windows takes NTLM only with each body sealed, in a
//! `multipart/encrypted` of its own kind. Over HTTPS, and with basic authentication, bodies go as they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use reqwest::{Client, StatusCode};

use super::ntlm::{self, Fresh, Identity, Sealing};
use super::{Login, WinrmError, WinrmTarget};

const SOAP: &str = "application/soap+xml;charset=UTF-8";
const BOUNDARY: &str = "Encrypted Boundary";
const PROTOCOL: &str = "application/HTTP-SPNEGO-session-encrypted";

/// The conversation. NTLM logs in a connection, not a request: requests go one after another on the same one.
pub(super) struct Wire {
    target: WinrmTarget,
    client: Client,
    sealing: Option<Sealing>,
}

/// An answer's status and body, decrypted.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: String,
}

/// 100 ns since 1601 by this computer's clock, for a server that does not send its own.
fn now(target: &WinrmTarget) -> u64 {
    const TO_1970: u64 = 11_644_473_600;
    (target.unix_time.saturating_add(TO_1970)).saturating_mul(10_000_000)
}

impl Wire {
    pub(super) fn new(target: &WinrmTarget) -> Result<Self, WinrmError> {
        // The second caller finds one installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .http1_only()
            .pool_max_idle_per_host(1)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(target.request_timeout);
        if target.no_proxy {
            builder = builder.no_proxy();
        }
        if target.any_certificate {
            builder = builder.danger_accept_invalid_certs(true);
        }
        let client = builder.build().map_err(|error| WinrmError::Client { cause: innermost(&error) })?;
        Ok(Self { target: target.clone(), client, sealing: None })
    }

    /// Sends a message; logs in first when that is needed.
    pub(super) async fn post(&mut self, message: &str) -> Result<Reply, WinrmError> {
        match self.target.login {
            Login::Basic => self.basic(message).await,
            Login::Ntlm => self.ntlm(message).await,
        }
    }

    fn lost(&self, error: &reqwest::Error) -> WinrmError {
        WinrmError::Lost { address: self.target.address(), cause: innermost(error) }
    }

    async fn basic(&self, message: &str) -> Result<Reply, WinrmError> {
        let sent = self
            .client
            .post(self.target.url())
            .basic_auth(&self.target.username, Some(self.target.password.expose()))
            .header(CONTENT_TYPE, SOAP)
            .body(message.to_owned())
            .send();
        let response = sent.await.map_err(|error| self.lost(&error))?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            return Err(self.refused(&response));
        }
        let body = response.text().await.map_err(|error| self.lost(&error))?;
        Ok(Reply { status, body })
    }

    fn refused(&self, response: &reqwest::Response) -> WinrmError {
        let offered = response
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(' ').next().map(str::to_owned))
            .collect();
        WinrmError::LoginRefused { user: self.target.username.clone(), offered }
    }

    /// Whether bodies are sealed: Windows demands it over plain HTTP.
    fn seals(&self) -> bool {
        !self.target.tls
    }

    async fn ntlm(&mut self, message: &str) -> Result<Reply, WinrmError> {
        if self.sealing.is_some() {
            let reply = self.send_sealed(message, None).await?;
            if reply.status != StatusCode::UNAUTHORIZED {
                return Ok(reply);
            }
            // The connection was another one: log in again.
            self.sealing = None;
        }
        let negotiate = ntlm::negotiate();
        let asked = self
            .client
            .post(self.target.url())
            .header(AUTHORIZATION, format!("Negotiate {}", STANDARD.encode(&negotiate)))
            .header(CONTENT_TYPE, SOAP)
            .body("")
            .send();
        let response = asked.await.map_err(|error| self.lost(&error))?;
        let challenge =
            response.headers().get_all(WWW_AUTHENTICATE).iter().find_map(|value| {
                STANDARD.decode(value.to_str().ok()?.strip_prefix("Negotiate ")?.trim()).ok()
            });
        let Some(challenge) = challenge else { return Err(self.refused(&response)) };
        // To the end, so that the connection is used again.
        response.bytes().await.map_err(|error| self.lost(&error))?;
        let mut random = [0; 24];
        getrandom::fill(&mut random).map_err(|error| WinrmError::Client { cause: error.to_string() })?;
        let mut fresh = Fresh { client_challenge: [0; 8], session_key: [0; 16], time: now(&self.target) };
        fresh.client_challenge.copy_from_slice(&random[..8]);
        fresh.session_key.copy_from_slice(&random[8..]);
        let who = Identity { user: &self.target.username, password: &self.target.password };
        let (answer, sealing) = ntlm::authenticate(&negotiate, &challenge, &who, &fresh)?;
        self.sealing = Some(sealing);
        let authorization = format!("Negotiate {}", STANDARD.encode(answer));
        let reply = self.send_sealed(message, Some(authorization)).await?;
        if reply.status == StatusCode::UNAUTHORIZED {
            self.sealing = None;
            return Err(WinrmError::LoginRefused { user: self.target.username.clone(), offered: Vec::new() });
        }
        Ok(reply)
    }

    async fn send_sealed(
        &mut self,
        message: &str,
        authorization: Option<String>,
    ) -> Result<Reply, WinrmError> {
        let mut request = self.client.post(self.target.url());
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request = match &mut self.sealing {
            Some(sealing) if !self.target.tls => request
                .header(
                    CONTENT_TYPE,
                    format!("multipart/encrypted;protocol=\"{PROTOCOL}\";boundary=\"{BOUNDARY}\""),
                )
                .body(pack(sealing, message)),
            _ => request.header(CONTENT_TYPE, SOAP).body(message.to_owned()),
        };
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                self.sealing = None;
                return Err(self.lost(&error));
            }
        };
        let status = response.status();
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = response.bytes().await.map_err(|error| self.lost(&error))?;
        if status == StatusCode::UNAUTHORIZED {
            return Ok(Reply { status, body: String::new() });
        }
        let sealed = kind.to_ascii_lowercase().contains("multipart/encrypted");
        if !sealed && self.seals() && !body.is_empty() {
            self.sealing = None;
            return Err(WinrmError::NotEncrypted { address: self.target.address() });
        }
        let plain = match &mut self.sealing {
            Some(sealing) if sealed => unpack(sealing, &body)?,
            _ => body.to_vec(),
        };
        Ok(Reply { status, body: String::from_utf8_lossy(&plain).into_owned() })
    }
}

/// A sealed body.
fn pack(sealing: &mut Sealing, message: &str) -> Vec<u8> {
    let (signature, sealed) = sealing.seal(message.as_bytes());
    let mut out = format!(
        "--{BOUNDARY}\r\n\tContent-Type: {PROTOCOL}\r\n\tOriginalContent: type={SOAP};Length={}\r\n--{BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n",
        message.len()
    )
    .into_bytes();
    out.extend_from_slice(&16_u32.to_le_bytes());
    out.extend_from_slice(&signature);
    out.extend_from_slice(&sealed);
    out.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    out
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// The message of a sealed body; it may come in several parts.
fn unpack(sealing: &mut Sealing, body: &[u8]) -> Result<Vec<u8>, WinrmError> {
    const OCTETS: &[u8] = b"Content-Type: application/octet-stream\r\n";
    let malformed =
        || WinrmError::Malformed { what: "an encrypted answer is not put together as it should be".into() };
    let mut out = Vec::new();
    let mut rest = body;
    while let Some(at) = find(rest, b"Length=") {
        let digits: String =
            rest[at + 7..].iter().take_while(|b| b.is_ascii_digit()).map(|b| char::from(*b)).collect();
        let length: usize = digits.parse().map_err(|_| malformed())?;
        let start = find(rest, OCTETS).ok_or_else(malformed)? + OCTETS.len();
        let header = rest.get(start..start + 4).and_then(|b| b.try_into().ok()).ok_or_else(malformed)?;
        let size = u32::from_le_bytes(header) as usize;
        let signature = rest.get(start + 4..start + 4 + size).ok_or_else(malformed)?;
        let from = start + 4 + size;
        let sealed = rest.get(from..from + length).ok_or_else(malformed)?;
        out.extend(sealing.open(signature, sealed)?);
        rest = &rest[from + length..];
    }
    if out.is_empty() { Err(malformed()) } else { Ok(out) }
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
