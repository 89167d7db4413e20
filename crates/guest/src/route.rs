//! How a connection gets to the guest's SSH server: directly, through a SOCKS proxy, or through a bastion.

use std::fmt;
use std::io;
use std::sync::Arc;

use russh::ChannelOpenFailure;
use russh::client::Handle;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio_socks::tcp::Socks5Stream;

use crate::handshake::{Client, HostPin, Refusal, log_in};
use crate::knock::{knock, plain};
use crate::secret::Secret;
use crate::target::SshTarget;

/// How the host is reached.
#[derive(Clone, Debug, Default)]
pub enum Route {
    /// From here.
    #[default]
    Direct,
    /// Through a SOCKS5 proxy (`ssh_proxy_*`).
    Socks5(Arc<Proxy>),
    /// Through another SSH server (`ssh_bastion_*`), logged in to once for all connections.
    Bastion(Arc<Bastion>),
}

/// A SOCKS5 proxy.
#[derive(Debug)]
pub struct Proxy {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password, where it wants them.
    pub login: Option<(String, Secret)>,
}

/// An SSH server on the way.
pub struct Bastion {
    target: SshTarget,
    pin: Arc<HostPin>,
    live: Mutex<Option<Arc<Handle<Client>>>>,
}

impl fmt::Debug for Bastion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bastion({}@{})", self.target.username, self.target.address())
    }
}

/// A connection, whatever it runs over.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NoWay {
    /// The host does not answer.
    Host(String),
    /// What lies on the way does not answer: it may yet.
    Way(String),
    /// What lies on the way refuses us: it will again.
    Refused(String),
}

impl Route {
    pub(crate) async fn open(&self, host: &str, port: u16) -> Result<Box<dyn Wire>, NoWay> {
        match self {
            Route::Direct => direct(host, port).await.map_err(|e| NoWay::Host(plain(&e))),
            Route::Socks5(proxy) => proxy.open(host, port).await,
            Route::Bastion(bastion) => bastion.open(host, port).await,
        }
    }
}

async fn direct(host: &str, port: u16) -> io::Result<Box<dyn Wire>> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

impl Proxy {
    async fn open(&self, host: &str, port: u16) -> Result<Box<dyn Wire>, NoWay> {
        use tokio_socks::Error;
        let via = |cause: String| format!("the proxy {}:{}: {cause}", self.host, self.port);
        let stream =
            TcpStream::connect((&*self.host, self.port)).await.map_err(|e| NoWay::Way(via(plain(&e))))?;
        stream.set_nodelay(true).map_err(|e| NoWay::Way(via(plain(&e))))?;
        let opened = match &self.login {
            Some((user, password)) => {
                Socks5Stream::connect_with_password_and_socket(stream, (host, port), user, password.expose())
                    .await
            }
            None => Socks5Stream::connect_with_socket(stream, (host, port)).await,
        };
        match opened {
            Ok(stream) => Ok(Box::new(stream)),
            Err(Error::ConnectionRefused) => Err(NoWay::Host("connection refused".to_owned())),
            Err(Error::HostUnreachable | Error::NetworkUnreachable | Error::TtlExpired) => {
                Err(NoWay::Host("no answer".to_owned()))
            }
            Err(error @ (Error::Io(_) | Error::GeneralSocksServerFailure)) => {
                Err(NoWay::Way(via(error.to_string())))
            }
            Err(error) => Err(NoWay::Refused(via(error.to_string()))),
        }
    }
}

impl Bastion {
    /// One that is logged in to as this target says; its own route counts, its patience does not.
    pub fn new(target: SshTarget) -> Self {
        Self { target, pin: Arc::default(), live: Mutex::default() }
    }

    /// Whom the bastion is.
    pub fn target(&self) -> &SshTarget {
        &self.target
    }

    async fn open(&self, host: &str, port: u16) -> Result<Box<dyn Wire>, NoWay> {
        let handle = self.handle().await?;
        match handle.channel_open_direct_tcpip(host, u32::from(port), "127.0.0.1", 0).await {
            Ok(channel) => Ok(Box::new(channel.into_stream())),
            Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed)) => {
                Err(NoWay::Host("connection refused, says the bastion".to_owned()))
            }
            Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited)) => {
                Err(NoWay::Refused(self.named("it forbids forwarding (AllowTcpForwarding, PermitOpen)")))
            }
            Err(error) => {
                *self.live.lock().await = None;
                Err(NoWay::Way(self.named(&error.to_string())))
            }
        }
    }

    fn named(&self, cause: &str) -> String {
        format!("the bastion {}@{}: {cause}", self.target.username, self.target.address())
    }

    async fn handle(&self) -> Result<Arc<Handle<Client>>, NoWay> {
        let mut live = self.live.lock().await;
        if let Some(handle) = live.as_ref().filter(|handle| !handle.is_closed()) {
            return Ok(Arc::clone(handle));
        }
        let target = &self.target;
        let knocked = Box::pin(knock(&target.route, &target.host, target.port, || {}))
            .await
            .map_err(|none| NoWay::Way(self.named(&none.cause)))?;
        let (stages, _) = mpsc::unbounded_channel();
        let logged_in =
            log_in(target, knocked.stream, &self.pin, stages).await.map_err(|refusal| match refusal {
                Refusal::Broken(cause) => NoWay::Way(self.named(&cause)),
                Refusal::HostKey { found } => {
                    NoWay::Refused(self.named(&format!("its host key changed to {found}")))
                }
                Refusal::Tunnel(cause) => NoWay::Refused(self.named(&cause)),
                Refusal::Auth { tried, offered } => NoWay::Refused(self.named(&format!(
                    "the login was refused; tried {}; it offers {}",
                    tried.join(", "),
                    offered.join(", ")
                ))),
            })?;
        self.pin.set(&logged_in.fingerprint);
        let handle = Arc::new(logged_in.handle);
        *live = Some(Arc::clone(&handle));
        Ok(handle)
    }
}
