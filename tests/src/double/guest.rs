//! An SSH server that takes every key, keeps nothing and runs nothing: `scp` is played, of a script only its words
//! `exit N` are heeded.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use goldsmith_guest::{KeyKind, KeyPair};

use super::ordered;

/// Serves until the process ends.
pub(super) async fn serve(listener: TcpListener, off: Arc<Notify>) {
    let pair = KeyPair::generate(KeyKind::Ed25519, "double").expect("a key");
    let key = PrivateKey::from_openssh(pair.private_openssh().expose()).expect("a key");
    let config = Arc::new(russh::server::Config {
        keys: vec![key],
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        ..Default::default()
    });
    let script = Arc::new(Mutex::new(Vec::new()));
    while let Ok((stream, _)) = listener.accept().await {
        let guest = Guest { off: off.clone(), script: script.clone(), channels: Vec::new() };
        let config = config.clone();
        tokio::spawn(async move {
            if let Ok(running) = russh::server::run_stream(config, stream, guest).await {
                let _ = running.await;
            }
        });
    }
}

struct Guest {
    off: Arc<Notify>,
    /// What was uploaded last.
    script: Arc<Mutex<Vec<u8>>>,
    channels: Vec<Channel<Msg>>,
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _: &str, _: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(if ordered("refuse-login") { Auth::reject() } else { Auth::Accept })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.push(channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(id)?;
        let at = self.channels.iter().position(|channel| channel.id() == id);
        let channel = self.channels.remove(at.expect("the channel was opened"));
        let command = String::from_utf8_lossy(command).into_owned();
        let (off, script, handle) = (self.off.clone(), self.script.clone(), session.handle());
        tokio::spawn(async move {
            let status = run(&command, channel, &script, &off).await.unwrap_or(1);
            let _ = handle.exit_status_request(id, status).await;
            let _ = handle.eof(id).await;
            let _ = handle.close(id).await;
        });
        Ok(())
    }
}

async fn run(
    command: &str,
    channel: Channel<Msg>,
    script: &Mutex<Vec<u8>>,
    off: &Notify,
) -> std::io::Result<u32> {
    if command.contains("scp ") && command.contains(" -t ") {
        let bytes = sink(channel).await?;
        *script.lock().expect("nobody panics") = bytes;
        return Ok(0);
    }
    if command.contains("scp ") && command.contains("-f ") {
        source(channel).await?;
        return Ok(0);
    }
    if command == "poweroff" {
        if !ordered("stay-on") {
            off.notify_one();
        }
        return Ok(0);
    }
    if !command.starts_with("chmod ") {
        return Ok(0);
    }
    let _ = channel.data(&b"hello from the double\n"[..]).await;
    let text = String::from_utf8_lossy(&script.lock().expect("nobody panics")).into_owned();
    let status = text.lines().find_map(|line| line.strip_prefix("exit ")?.trim().parse().ok());
    Ok(status.unwrap_or(0))
}

/// `scp -t`: takes one file.
async fn sink(channel: Channel<Msg>) -> std::io::Result<Vec<u8>> {
    let (reader, mut writer) = tokio::io::split(channel.into_stream());
    let mut reader = BufReader::new(reader);
    let mut taken = Vec::new();
    writer.write_all(&[0]).await?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).await? == 0 {
            return Ok(taken);
        }
        writer.write_all(&[0]).await?;
        if line.starts_with('C') {
            let size = line.split(' ').nth(1).and_then(|size| size.parse().ok()).unwrap_or(0);
            taken = vec![0; size];
            reader.read_exact(&mut taken).await?;
            reader.read_u8().await?;
            writer.write_all(&[0]).await?;
        }
    }
}

/// `scp -f`: gives one file.
async fn source(channel: Channel<Msg>) -> std::io::Result<()> {
    let (mut reader, mut writer) = tokio::io::split(channel.into_stream());
    reader.read_u8().await?;
    writer.write_all(b"C0644 6 double\n").await?;
    reader.read_u8().await?;
    writer.write_all(b"hello\n\0").await?;
    reader.read_u8().await?;
    Ok(())
}
