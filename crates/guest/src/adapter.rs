//! An SSH server on 127.0.0.1 whose commands run in the guest: what Ansible talks to.
//!
//! Facts (plugin ansible, adapter): one user with one key; `exec` and the subsystem `sftp` are passed on, nothing else
//! is. Here every channel becomes one of the session to the guest, with its bytes passed both ways.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use russh::server::{
    Auth, ChannelOpenHandle, Config, Handler, Msg, Session as ServerSession, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, ChannelMsg, client};
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::session::Session;

/// The keys of an adapter.
pub struct AdapterKeys {
    /// Its private host key, in any armour.
    pub host_private: String,
    /// The public key that may log in, as a line of `authorized_keys`.
    pub client_public: String,
}

/// A running adapter; it stops when it is dropped.
pub struct Adapter {
    port: u16,
    accepting: AbortHandle,
}

impl Drop for Adapter {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Adapter {
    /// Starts one on this port, or the next nine when it is taken; on any free one for 0. `sftp` is the command that
    /// serves SFTP in the guest.
    pub async fn start(
        guest: Arc<Session>,
        port: u16,
        user: &str,
        keys: &AdapterKeys,
        sftp: &str,
    ) -> io::Result<Self> {
        let invalid =
            |error: russh::keys::Error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string());
        let host = russh::keys::decode_secret_key(&keys.host_private, None).map_err(invalid)?;
        let client = russh::keys::PublicKey::from_openssh(keys.client_public.trim())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
        let listener = listen(port).await?;
        let port = listener.local_addr()?.port();
        let config = Arc::new(Config {
            keys: vec![host],
            auth_rejection_time: std::time::Duration::from_millis(200),
            auth_rejection_time_initial: Some(std::time::Duration::ZERO),
            window_size: 8 * 1024 * 1024,
            maximum_packet_size: 32 * 1024,
            ..Config::default()
        });
        let made = Connection {
            guest,
            user: user.to_owned(),
            client,
            sftp: sftp.to_owned(),
            channels: HashMap::new(),
        };
        let accepting = tokio::spawn(accept(listener, config, made)).abort_handle();
        Ok(Self { port, accepting })
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    let last = if port == 0 { 0 } else { port.saturating_add(9) };
    for port in port..=last {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && port < last => {}
            other => return other,
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no port is free"))
}

/// Takes connections for as long as it is not aborted; those that are open end with it.
async fn accept(listener: TcpListener, config: Arc<Config>, made: Connection) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            taken = listener.accept() => {
                let Ok((stream, _)) = taken else { return };
                let (config, connection) = (Arc::clone(&config), made.fresh());
                open.spawn(async move {
                    if let Ok(running) = russh::server::run_stream(config, stream, connection).await {
                        // A client that hangs up is the usual end.
                        let _ = running.await;
                    }
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

/// One client.
struct Connection {
    guest: Arc<Session>,
    user: String,
    client: russh::keys::PublicKey,
    sftp: String,
    /// Open channels that have not asked for anything yet.
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Connection {
    fn fresh(&self) -> Self {
        Self {
            guest: Arc::clone(&self.guest),
            user: self.user.clone(),
            client: self.client.clone(),
            sftp: self.sftp.clone(),
            channels: HashMap::new(),
        }
    }

    fn run(
        &mut self,
        id: ChannelId,
        command: Vec<u8>,
        session: &mut ServerSession,
    ) -> Result<(), russh::Error> {
        let Some(channel) = self.channels.remove(&id) else { return session.channel_failure(id) };
        session.channel_success(id)?;
        let guest = Arc::clone(&self.guest);
        tokio::spawn(async move {
            let done = match guest.open_channel("a command", &CancellationToken::new()).await {
                Ok(inner) => pass(channel, inner, command).await,
                Err(error) => {
                    let told = channel.extended_data_bytes(1, Bytes::from(format!("{error}\n"))).await;
                    let told = told.and(channel.exit_status(255).await);
                    told.and(channel.close().await)
                }
            };
            // Whoever asked has gone.
            drop(done);
        });
        Ok(())
    }
}

/// Runs a command in the guest with the bytes of both channels passed on.
async fn pass(
    outer: Channel<Msg>,
    inner: Channel<client::Msg>,
    command: Vec<u8>,
) -> Result<(), russh::Error> {
    inner.exec(true, command).await?;
    let (mut from_client, to_client) = outer.split();
    let (mut from_guest, to_guest) = inner.split();
    let feeding = tokio::spawn(async move {
        while let Some(message) = from_client.wait().await {
            match message {
                ChannelMsg::Data { data } => to_guest.data_bytes(data).await?,
                ChannelMsg::Eof => to_guest.eof().await?,
                ChannelMsg::Signal { signal } => to_guest.signal(signal).await?,
                ChannelMsg::Close => break,
                _ => {}
            }
        }
        // The client has gone: so does its command.
        to_guest.close().await
    });
    let _feeding = crate::session::AbortOnDrop(feeding.abort_handle());
    while let Some(message) = from_guest.wait().await {
        match message {
            ChannelMsg::Data { data } => to_client.data_bytes(data).await?,
            ChannelMsg::ExtendedData { data, ext } => to_client.extended_data_bytes(ext, data).await?,
            ChannelMsg::ExitStatus { exit_status } => to_client.exit_status(exit_status).await?,
            ChannelMsg::Eof => to_client.eof().await?,
            ChannelMsg::Close => break,
            _ => {}
        }
    }
    to_client.close().await
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let known = user == self.user && key.public_key.key_data() == self.client.key_data();
        Ok(if known { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut ServerSession,
    ) -> Result<(), Self::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut ServerSession,
    ) -> Result<(), Self::Error> {
        self.run(channel, command.to_vec(), session)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut ServerSession,
    ) -> Result<(), Self::Error> {
        if name != "sftp" {
            return session.channel_failure(channel);
        }
        self.run(channel, self.sftp.clone().into_bytes(), session)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        _: &str,
        session: &mut ServerSession,
    ) -> Result<(), Self::Error> {
        // As most servers do: taken and forgotten.
        session.channel_success(channel)
    }
}
