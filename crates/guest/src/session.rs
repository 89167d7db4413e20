use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use russh::client::Handle;
use russh::{Channel, ChannelMsg, ChannelReadHalf, Disconnect, Pty, Sig, client};
use russh_sftp::client::SftpSession;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::connect::wait_for;
use crate::error::{ConnectError, SessionError};
use crate::exec::{ExecExit, Stream};
use crate::handshake::{Client, HostPin};
use crate::lines::Lines;
use crate::target::{SshTarget, Stage};
use crate::tunnel;

/// One connection and what hangs on it.
pub(crate) struct Live {
    handle: Handle<Client>,
    pub(crate) sftp: OnceCell<SftpSession>,
}

impl Live {
    /// A connection from the guest's network.
    pub(crate) async fn open_to(
        &self,
        host: &str,
        port: u32,
        from: &str,
        from_port: u32,
    ) -> Result<Channel<client::Msg>, russh::Error> {
        self.handle.channel_open_direct_tcpip(host, port, from, from_port).await
    }

    /// One more channel over this connection.
    pub(crate) async fn channel(&self) -> Result<Channel<client::Msg>, russh::Error> {
        self.handle.channel_open_session().await
    }
}

/// A live SSH session. Cheap to share behind an `Arc`; commands and transfers may run at the same time.
pub struct Session {
    target: SshTarget,
    pin: Arc<HostPin>,
    live: Arc<Mutex<Arc<Live>>>,
    _tunnels: Vec<AbortOnDrop>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({}@{})", self.target.username, self.target.address())
    }
}

impl Session {
    pub(crate) fn new(target: SshTarget, pin: Arc<HostPin>, handle: Handle<Client>) -> Self {
        let live = Arc::new(Mutex::new(Arc::new(Live { handle, sftp: OnceCell::new() })));
        Self { target, pin, live, _tunnels: Vec::new() }
    }

    /// Opens the ports here that lead to the guest.
    pub(crate) async fn open_tunnels(mut self) -> Result<Self, String> {
        for tunnel in &self.target.local_tunnels {
            let listening = tunnel::listen(tunnel, Arc::clone(&self.live)).await;
            self._tunnels.push(
                listening
                    .map_err(|e| format!("the tunnel {tunnel} cannot be opened on this computer: {e}"))?,
            );
        }
        Ok(self)
    }

    /// Whom this session talks to.
    pub fn target(&self) -> &SshTarget {
        &self.target
    }

    /// The server's host key as `SHA256:...`, pinned by the first login.
    pub fn host_key(&self) -> String {
        self.pin.get().unwrap_or_default().to_owned()
    }

    /// Whether the connection is known to be gone.
    pub fn is_closed(&self) -> bool {
        self.live().handle.is_closed()
    }

    /// Runs `command` through the login shell of the guest's user and waits for its end.
    ///
    /// `stdin` is written and then closed; with `None` standard input is empty. Lines arrive without their
    /// line end, lossily decoded; a carriage return also ends a line. With `ssh_pty` set the command gets a
    /// terminal (xterm, 40x80, no echo) and standard error arrives as standard output.
    /// When the connection proves dead before the command started, one reconnect is tried, as in Packer.
    /// Cancelling sends the command TERM and closes its channel. OpenSSH passes no signals on to commands of
    /// root; such a command ends when it next writes.
    pub async fn exec(
        &self,
        command: &str,
        stdin: Option<&[u8]>,
        cancel: &CancellationToken,
        on_line: &mut (dyn FnMut(Stream, &str) + Send),
    ) -> Result<ExecExit, SessionError> {
        let work = async {
            let channel = self.open_channel("a command", cancel).await?;
            self.run(channel, command, stdin.map(Bytes::copy_from_slice), cancel, on_line).await
        };
        if cancel.is_cancelled() {
            return Err(SessionError::Cancelled);
        }
        work.await
    }

    /// Drops the connection and logs in again (after a reboot), with the patience of the target and the
    /// host key pinned by the first login.
    pub async fn reconnect(
        &self,
        cancel: &CancellationToken,
        on_stage: &mut (dyn FnMut(&Stage) + Send),
    ) -> Result<(), ConnectError> {
        let old = self.live();
        let _ = old.handle.disconnect(Disconnect::ByApplication, "", "en").await;
        drop(old);
        let logged_in = wait_for(&self.target, &self.pin, cancel, on_stage).await?;
        let live = Arc::new(Live { handle: logged_in.handle, sftp: OnceCell::new() });
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = live;
        Ok(())
    }

    /// Says goodbye and closes the connection.
    pub async fn close(self) {
        let _ = self.live().handle.disconnect(Disconnect::ByApplication, "", "en").await;
    }

    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens a channel; when that fails, reconnects once and tries again.
    pub(crate) async fn open_channel(
        &self,
        what: &str,
        cancel: &CancellationToken,
    ) -> Result<Channel<client::Msg>, SessionError> {
        let live = self.live();
        let first = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(SessionError::Cancelled),
            opened = live.handle.channel_open_session() => opened,
        };
        let refused = match first {
            Ok(channel) => return Ok(channel),
            Err(russh::Error::ChannelOpenFailure(reason)) => {
                SessionError::Refused { what: what.to_owned(), cause: format!("{reason:?}") }
            }
            Err(e) => SessionError::Lost { what: what.to_owned(), cause: e.to_string() },
        };
        drop(live);
        match self.reconnect(cancel, &mut |_| {}).await {
            Ok(()) => {}
            Err(e) if e.is_cancelled() => return Err(SessionError::Cancelled),
            // A server that refuses channels and is there: its refusal says more.
            Err(e) if matches!(refused, SessionError::Lost { .. }) => return Err(e.into()),
            Err(_) => return Err(refused),
        }
        let live = self.live();
        live.handle.channel_open_session().await.map_err(|e| match e {
            russh::Error::ChannelOpenFailure(reason) => {
                SessionError::Refused { what: what.to_owned(), cause: format!("{reason:?}") }
            }
            e => SessionError::Lost { what: what.to_owned(), cause: e.to_string() },
        })
    }

    async fn run(
        &self,
        channel: Channel<client::Msg>,
        command: &str,
        stdin: Option<Bytes>,
        cancel: &CancellationToken,
        on_line: &mut (dyn FnMut(Stream, &str) + Send),
    ) -> Result<ExecExit, SessionError> {
        let lost =
            |e: russh::Error| SessionError::Lost { what: "a command".to_owned(), cause: e.to_string() };
        if self.target.forward_agent.is_some() {
            // A server that does not forward agents says nothing, and the command runs without one.
            channel.agent_forward(false).await.map_err(lost)?;
        }
        if self.target.pty {
            let modes = [(Pty::ECHO, 0), (Pty::TTY_OP_ISPEED, 14_400), (Pty::TTY_OP_OSPEED, 14_400)];
            channel.request_pty(false, "xterm", 80, 40, 0, 0, &modes).await.map_err(lost)?;
        }
        channel.exec(true, command).await.map_err(lost)?;
        let (mut read, write) = channel.split();
        let write = Arc::new(write);
        // Input is fed while output is read: the command may want both.
        let feed = Arc::clone(&write);
        let feeder = tokio::spawn(async move {
            if let Some(bytes) = stdin {
                feed.data_bytes(bytes).await?;
            }
            feed.eof().await
        });
        let _abort = AbortOnDrop(feeder.abort_handle());

        let (mut out, mut err) = (Lines::default(), Lines::default());
        let mut exit = ExecExit { code: None, signal: None, disconnected: false };
        loop {
            let message = tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    let _ = write.signal(Sig::TERM).await;
                    if !closed_within(&mut read, Duration::from_millis(300)).await {
                        let _ = write.close().await;
                    }
                    return Err(SessionError::Cancelled);
                }
                message = read.wait() => message,
            };
            match message {
                Some(ChannelMsg::Data { data }) => out.push(&data, |l| on_line(Stream::Stdout, l)),
                Some(ChannelMsg::ExtendedData { data, ext: 1 }) => {
                    err.push(&data, |l| on_line(Stream::Stderr, l))
                }
                Some(ChannelMsg::ExitStatus { exit_status }) => exit.code = Some(exit_status),
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => exit.signal = Some(signal(signal_name)),
                Some(ChannelMsg::Failure) if exit.code.is_none() => {
                    return Err(SessionError::Refused {
                        what: "a command".to_owned(),
                        cause: "the request was denied".to_owned(),
                    });
                }
                Some(ChannelMsg::Close) | None => break,
                Some(_) => {}
            }
        }
        out.finish(|l| on_line(Stream::Stdout, l));
        err.finish(|l| on_line(Stream::Stderr, l));
        exit.disconnected = exit.code.is_none() && exit.signal.is_none();
        Ok(exit)
    }
}

/// Whether the server closes a channel by itself within a time. What it still sends is dropped.
pub(crate) async fn closed_within(read: &mut ChannelReadHalf, limit: Duration) -> bool {
    let closed = async {
        loop {
            if matches!(read.wait().await, None | Some(ChannelMsg::Close)) {
                return;
            }
        }
    };
    tokio::time::timeout(limit, closed).await.is_ok()
}

/// Ends a task with its owner.
pub(crate) struct AbortOnDrop(pub(crate) tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn signal(name: Sig) -> String {
    match name {
        Sig::Custom(name) => name,
        known => format!("{known:?}"),
    }
}
