//! Ports that are carried over the session (`ssh_local_tunnels`, `ssh_remote_tunnels`).

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use russh::{Channel, client};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::session::{AbortOnDrop, Live};

/// `port:host:port`: a port that listens, and where its connections lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The port that listens, on the loopback address of its side.
    pub listen: u16,
    /// Where connections lead, as the other side names it.
    pub host: String,
    /// And to which port.
    pub port: u16,
}

impl FromStr for Tunnel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no tunnel; write it as port:host:port");
        let (listen, rest) = text.split_once(':').ok_or_else(wrong)?;
        let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(Self { listen: number(listen)?, host: host.to_owned(), port: number(port)? })
    }
}

impl fmt::Display for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.listen, self.host, self.port)
    }
}

/// Listens here for a session, until the result is dropped.
pub(crate) async fn listen(tunnel: &Tunnel, live: Arc<Mutex<Arc<Live>>>) -> std::io::Result<AbortOnDrop> {
    let listener = TcpListener::bind(("127.0.0.1", tunnel.listen)).await?;
    let tunnel = tunnel.clone();
    let serving = tokio::spawn(async move {
        // Dropped with the listener, and then ended.
        let mut carried = JoinSet::new();
        loop {
            let Ok((mut stream, from)) = listener.accept().await else { continue };
            let live = Arc::clone(&live.lock().unwrap_or_else(PoisonError::into_inner));
            let tunnel = tunnel.clone();
            carried.spawn(async move {
                let (port, from_port) = (u32::from(tunnel.port), u32::from(from.port()));
                let opened = live.open_to(&tunnel.host, port, &from.ip().to_string(), from_port).await;
                if let Ok(channel) = opened {
                    // Either side hanging up ends it; nobody is to be told.
                    let _ = copy_bidirectional(&mut stream, &mut channel.into_stream()).await;
                }
            });
            while carried.try_join_next().is_some() {}
        }
    });
    Ok(AbortOnDrop(serving.abort_handle()))
}

/// Carries a connection the guest opened to where it leads from here.
pub(crate) fn carry(channel: Channel<client::Msg>, host: String, port: u16) {
    tokio::spawn(async move {
        if let Ok(stream) = TcpStream::connect((&*host, port)).await {
            join(channel, stream).await;
        }
    });
}

/// Joins a channel and a stream until one of them ends.
pub(crate) async fn join(channel: Channel<client::Msg>, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let _ = copy_bidirectional(&mut stream, &mut channel.into_stream()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_are_read_and_refused() {
        let tunnel: Tunnel = "8080:[::1]:80".parse().unwrap();
        assert_eq!(tunnel, Tunnel { listen: 8080, host: "::1".into(), port: 80 });
        assert_eq!("1:host:2".parse::<Tunnel>().unwrap().to_string(), "1:host:2");
        for bad in ["", "80", "80:host", "x:host:80", "80::80", "0:host:80", "80:host:99999"] {
            assert!(bad.parse::<Tunnel>().is_err(), "{bad}");
        }
    }
}
