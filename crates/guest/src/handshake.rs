//! From an introduced server to a login.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use russh::client::{self, AuthResult, ChannelOpenHandle, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{Channel, ChannelOpenFailure, MethodKind, Preferred};
use tokio::sync::mpsc;

use crate::keys::PrivateKey;
use crate::knock::{CLIENT_ID, Introduced};
use crate::target::{Auth, SshTarget, Stage};
use crate::tunnel::{self, Tunnel};

/// Limit for key exchange and login after the first line (Packer's handshake limit).
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(60);

/// The host key of the first login; later ones must show the same.
#[derive(Debug, Default)]
pub(crate) struct HostPin(OnceLock<String>);

impl HostPin {
    pub(crate) fn set(&self, fingerprint: &str) {
        let _ = self.0.set(fingerprint.to_owned());
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Our side of the protocol's callbacks.
pub(crate) struct Client {
    pin: Arc<HostPin>,
    seen: Arc<Mutex<Option<String>>>,
    stages: mpsc::UnboundedSender<Stage>,
    remote: Vec<Tunnel>,
    agent: Option<PathBuf>,
}

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let fingerprint = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.fingerprint(HashAlg::Sha256),
            PublicKeyOrCertificate::Certificate(cert) => cert.public_key().fingerprint(HashAlg::Sha256),
        }
        .to_string();
        let known = self.pin.get().is_none_or(|pinned| pinned == fingerprint);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(fingerprint.clone());
        if known {
            let _ = self.stages.send(Stage::HostKey { fingerprint });
        }
        Ok(known)
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        channel: Channel<client::Msg>,
        _: &str,
        connected_port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Self::Error> {
        match self.remote.iter().find(|tunnel| u32::from(tunnel.listen) == connected_port) {
            Some(tunnel) => {
                reply.accept().await;
                tunnel::carry(channel, tunnel.host.clone(), tunnel.port);
            }
            None => reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await,
        }
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<client::Msg>,
        reply: ChannelOpenHandle,
        _: &mut client::Session,
    ) -> Result<(), Self::Error> {
        let Some(socket) = self.agent.clone() else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        };
        reply.accept().await;
        tokio::spawn(async move {
            if let Ok(stream) = tokio::net::UnixStream::connect(socket).await {
                tunnel::join(channel, stream).await;
            }
        });
        Ok(())
    }
}

/// Why a handshake failed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The key exchange failed or the connection broke.
    Broken(String),
    /// The host key is not the pinned one.
    HostKey { found: String },
    /// A port in the guest cannot be listened on.
    Tunnel(String),
    /// The login was refused.
    Auth { tried: Vec<String>, offered: Vec<String> },
}

/// A login that worked.
pub(crate) struct LoggedIn {
    pub(crate) handle: Handle<Client>,
    pub(crate) fingerprint: String,
}

/// Exchanges keys and logs in, within [`HANDSHAKE`].
pub(crate) async fn log_in(
    target: &SshTarget,
    stream: Introduced,
    pin: &Arc<HostPin>,
    stages: mpsc::UnboundedSender<Stage>,
) -> Result<LoggedIn, Refusal> {
    let work = async {
        let seen = Arc::new(Mutex::new(None));
        let (remote, agent) = (target.remote_tunnels.clone(), target.forward_agent.clone());
        let client = Client { pin: Arc::clone(pin), seen: Arc::clone(&seen), stages, remote, agent };
        let take = |seen: &Mutex<Option<String>>| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
        };
        let mut handle = match client::connect_stream(config(target), stream, client).await {
            Ok(handle) => handle,
            Err(russh::Error::UnknownKey) => return Err(Refusal::HostKey { found: take(&seen) }),
            Err(e) => return Err(Refusal::Broken(e.to_string())),
        };
        authenticate(&mut handle, target).await?;
        for tunnel in &target.remote_tunnels {
            handle
                .tcpip_forward("localhost", u32::from(tunnel.listen))
                .await
                .map_err(|e| Refusal::Tunnel(format!("the guest does not open the tunnel {tunnel}: {e}")))?;
        }
        Ok(LoggedIn { handle, fingerprint: take(&seen) })
    };
    match tokio::time::timeout(HANDSHAKE, work).await {
        Ok(done) => done,
        Err(_) => Err(Refusal::Broken(format!("it took longer than {} s", HANDSHAKE.as_secs()))),
    }
}

fn config(target: &SshTarget) -> Arc<client::Config> {
    let mut preferred = Preferred::default();
    if let Some(ciphers) = &target.algorithms.ciphers {
        preferred.cipher = ciphers.clone();
    }
    if let Some(exchanges) = &target.algorithms.exchanges {
        preferred.kex = exchanges.clone();
    }
    Arc::new(client::Config {
        preferred,
        client_id: russh::SshId::Standard(CLIENT_ID.into()),
        // Large enough to keep a fast link busy in both directions.
        window_size: 8 * 1024 * 1024,
        maximum_packet_size: 32 * 1024,
        channel_buffer_size: 256,
        inactivity_timeout: target.idle_timeout,
        keepalive_interval: target.keep_alive,
        // A guest may be stopped for a while (a checkpoint, a busy host); a minute of silence is death.
        keepalive_max: target
            .keep_alive
            .map_or(0, |every| usize::try_from(60_000 / every.as_millis().max(1)).unwrap_or(12).clamp(3, 60)),
        nodelay: true,
        ..client::Config::default()
    })
}

/// What has been tried, and what the server still offers.
struct Login<'a> {
    handle: &'a mut Handle<Client>,
    user: &'a str,
    tried: Vec<String>,
    /// `None` until the server has said it.
    offered: Option<Vec<MethodKind>>,
}

async fn authenticate(handle: &mut Handle<Client>, target: &SshTarget) -> Result<(), Refusal> {
    let mut login = Login { handle, user: &target.username, tried: Vec::new(), offered: None };
    match login.all(&target.auth).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(login.refusal()),
        // A server that hangs up after too many attempts has refused as well.
        Err(_) if login.offered.is_some() => Err(login.refusal()),
        Err(e) => Err(Refusal::Broken(e.to_string())),
    }
}

impl Login<'_> {
    fn refusal(&mut self) -> Refusal {
        let offered = self.offered.take().unwrap_or_default();
        Refusal::Auth {
            tried: std::mem::take(&mut self.tried),
            offered: offered.iter().map(|m| <&str>::from(m).to_owned()).collect(),
        }
    }

    fn may(&self, method: MethodKind) -> bool {
        self.offered.as_ref().is_none_or(|offered| offered.contains(&method))
    }

    /// Packer's order: the agent, keys, password, keyboard-interactive.
    async fn all(&mut self, auth: &[Auth]) -> Result<bool, russh::Error> {
        for socket in
            auth.iter().filter_map(|a| if let Auth::Agent(socket) = a { Some(socket) } else { None })
        {
            if self.may(MethodKind::PublicKey) && self.agent(socket).await? {
                return Ok(true);
            }
        }
        for key in auth.iter().filter_map(|a| if let Auth::Key(key) = a { Some(key) } else { None }) {
            if self.may(MethodKind::PublicKey) && self.key(key).await? {
                return Ok(true);
            }
        }
        for word in auth.iter().filter_map(|a| if let Auth::Password(word) = a { Some(word) } else { None }) {
            if self.may(MethodKind::Password) {
                self.tried.push("password".to_owned());
                let result = self.handle.authenticate_password(self.user, word.expose()).await?;
                if self.judge(result) {
                    return Ok(true);
                }
            }
            if self.may(MethodKind::KeyboardInteractive) && self.interactive(word.expose()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every key of an agent, until one is taken. An agent that is not there is no way in.
    async fn agent(&mut self, socket: &Path) -> Result<bool, russh::Error> {
        let mut agent = match AgentClient::connect_uds(socket).await {
            Ok(agent) => agent,
            Err(e) => {
                self.tried.push(format!("the agent at {} ({e})", socket.display()));
                return Ok(false);
            }
        };
        let identities = match agent.request_identities().await {
            Ok(identities) => identities,
            Err(e) => {
                self.tried.push(format!("the agent at {} ({e})", socket.display()));
                return Ok(false);
            }
        };
        if identities.is_empty() {
            self.tried.push(format!("the agent at {} (it holds no key)", socket.display()));
        }
        for identity in identities {
            if !self.may(MethodKind::PublicKey) {
                return Ok(false);
            }
            let (rsa, fingerprint) = match &identity {
                AgentIdentity::PublicKey { key, .. } => {
                    (key.algorithm().is_rsa(), key.fingerprint(HashAlg::Sha256).to_string())
                }
                AgentIdentity::Certificate { certificate, .. } => (
                    certificate.algorithm().is_rsa(),
                    certificate.public_key().fingerprint(HashAlg::Sha256).to_string(),
                ),
            };
            self.tried.push(format!("publickey (agent, {fingerprint})"));
            let hash = if rsa {
                self.handle.best_supported_rsa_hash().await?.unwrap_or(Some(HashAlg::Sha256))
            } else {
                None
            };
            let user = self.user;
            let result = match identity {
                AgentIdentity::PublicKey { key, .. } => {
                    self.handle.authenticate_publickey_with(user, key, hash, &mut agent).await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    self.handle.authenticate_certificate_with(user, certificate, hash, &mut agent).await
                }
            };
            match result {
                Ok(result) => {
                    if self.judge(result) {
                        return Ok(true);
                    }
                }
                // A key the agent will not sign with (it asks its owner, or needs a token): the next one may do.
                Err(e) => self.tried.push(format!("which the agent did not sign with ({e})")),
            }
        }
        Ok(false)
    }

    async fn key(&mut self, key: &PrivateKey) -> Result<bool, russh::Error> {
        self.tried.push(format!("publickey ({} {})", key.algorithm(), key.fingerprint()));
        if let Some(certificate) = &key.certificate {
            self.tried.push("its certificate".to_owned());
            let certificate = certificate.as_ref().clone();
            let result =
                self.handle.authenticate_openssh_cert(self.user, Arc::clone(&key.key), certificate).await?;
            if self.judge(result) {
                return Ok(true);
            }
        }
        let hashes = if key.key.algorithm().is_rsa() {
            match self.handle.best_supported_rsa_hash().await? {
                Some(best) => vec![best],
                None => vec![Some(HashAlg::Sha256), None],
            }
        } else {
            vec![None]
        };
        for hash in hashes {
            let key = PrivateKeyWithHashAlg::new(Arc::clone(&key.key), hash);
            let result = self.handle.authenticate_publickey(self.user, key).await?;
            if self.judge(result) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn interactive(&mut self, word: &str) -> Result<bool, russh::Error> {
        self.tried.push("keyboard-interactive".to_owned());
        let mut answer = self.handle.authenticate_keyboard_interactive_start(self.user, None).await?;
        // A server may ask several times; one that asks for ever is refused.
        for _ in 0..8 {
            match answer {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
                    self.offered = Some(remaining_methods.to_vec());
                    return Ok(false);
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                    let words = prompts.iter().map(|_| word.to_owned()).collect();
                    answer = self.handle.authenticate_keyboard_interactive_respond(words).await?;
                }
            }
        }
        Ok(false)
    }

    fn judge(&mut self, result: AuthResult) -> bool {
        match result {
            AuthResult::Success => true,
            AuthResult::Failure { remaining_methods, .. } => {
                self.offered = Some(remaining_methods.to_vec());
                false
            }
        }
    }
}
