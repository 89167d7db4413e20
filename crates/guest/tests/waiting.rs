//! The wait for a guest, against small servers of our own that behave as guests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use goldsmith_guest::{ConnectCause, KeyKind, KeyPair, Patience, SshTarget, Stage, connect};
use russh::keys::PrivateKey;
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Response, Session};
use russh::{Channel, ChannelId, MethodKind, MethodSet};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

#[derive(Clone, Copy, PartialEq)]
enum Login {
    Password,
    Interactive,
}

/// A guest that takes one password by one method and answers `hello` to every command, or hangs up.
#[derive(Clone)]
struct Guest {
    login: Login,
    prompted: bool,
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, word: &str) -> Result<Auth, Self::Error> {
        let right = self.login == Login::Password && user == "me" && word == "hunter2";
        Ok(if right { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        if self.login != Login::Interactive {
            return Ok(Auth::reject());
        }
        match response {
            None => {
                self.prompted = true;
                let prompts = vec![("Password: ".into(), false)];
                Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts: prompts.into() })
            }
            Some(mut words) => {
                let right = words.next().is_some_and(|w| w.as_ref() == b"hunter2");
                Ok(if right && self.prompted { Auth::Accept } else { Auth::reject() })
            }
        }
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        match command {
            b"refuse" => session.channel_failure(id)?,
            b"vanish" => {
                session.channel_success(id)?;
                session.close(id)?;
            }
            _ => {
                session.channel_success(id)?;
                session.data(id, bytes::Bytes::from_static(b"hello\n"))?;
                session.exit_status_request(id, 7)?;
                session.close(id)?;
            }
        }
        Ok(())
    }
}

fn config(key: &PrivateKey, login: Login) -> Arc<russh::server::Config> {
    let method =
        if login == Login::Password { MethodKind::Password } else { MethodKind::KeyboardInteractive };
    Arc::new(russh::server::Config {
        keys: vec![key.clone()],
        methods: MethodSet::from(&[method][..]),
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        ..Default::default()
    })
}

fn host_key() -> PrivateKey {
    let pair = KeyPair::generate(KeyKind::Ed25519, "host").unwrap();
    PrivateKey::from_openssh(pair.private_openssh().expose()).unwrap()
}

/// Serves connections; `treat` may keep one for itself.
async fn serve<F>(login: Login, keys: Vec<PrivateKey>, mut treat: F) -> u16
where
    F: FnMut(usize, TcpStream) -> Option<TcpStream> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut count = 0;
        while let Ok((stream, _)) = listener.accept().await {
            let key = &keys[count.min(keys.len() - 1)];
            count += 1;
            if let Some(stream) = treat(count, stream) {
                let guest = Guest { login, prompted: false };
                let config = config(key, login);
                tokio::spawn(async move {
                    if let Ok(running) = russh::server::run_stream(config, stream, guest).await {
                        let _ = running.await;
                    }
                });
            }
        }
    });
    port
}

fn target(port: u16, limit: Duration) -> SshTarget {
    let mut target = SshTarget::new("127.0.0.1", port, "me").with_password("hunter2".to_owned().into());
    target.patience = Patience { timeout: Some(limit), handshake_attempts: None };
    target
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn passwords_work_by_both_methods_and_odd_ends_are_told() {
    for login in [Login::Password, Login::Interactive] {
        let port = serve(login, vec![host_key()], |_, stream| Some(stream)).await;
        let cancel = CancellationToken::new();
        let session = connect(&target(port, LONG), &cancel, &mut |_| {}).await.unwrap();
        let mut lines = Vec::new();
        let exit = session.exec("x", None, &cancel, &mut |_, l| lines.push(l.to_owned())).await.unwrap();
        assert_eq!((exit.code, lines), (Some(7), vec!["hello".to_owned()]));
        let exit = session.exec("vanish", None, &cancel, &mut |_, _| {}).await.unwrap();
        assert!(exit.disconnected && exit.code.is_none(), "no exit status means disconnected");
        let refused = session.exec("refuse", None, &cancel, &mut |_, _| {}).await.unwrap_err();
        assert!(refused.to_string().contains("refused to start"), "{refused}");
    }
}

#[tokio::test]
async fn connections_lost_in_the_dark_do_not_delay_the_login() {
    // QEMU's user network: the first connections are accepted and never reach the guest.
    let held = Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = Arc::clone(&held);
    let port = serve(Login::Password, vec![host_key()], move |n, stream| {
        if n <= 3 {
            keep.lock().unwrap().push(stream);
            return None;
        }
        Some(stream)
    })
    .await;
    let mut stages = Vec::new();
    let began = Instant::now();
    connect(&target(port, LONG), &CancellationToken::new(), &mut |s| stages.push(s.clone())).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(held.lock().unwrap().len(), 3);
    assert_eq!(stages.iter().map(Stage::rank).collect::<Vec<_>>(), [0, 1, 2, 3, 5], "{stages:?}");
}

#[tokio::test]
async fn resets_before_the_server_listens_are_tried_again_at_once() {
    let port = serve(Login::Password, vec![host_key()], |n, stream| (n > 5).then_some(stream)).await;
    let began = Instant::now();
    connect(&target(port, LONG), &CancellationToken::new(), &mut |_| {}).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_slow_first_line_is_waited_for_on_its_own_connection() {
    // Every connection gets its first line only after two seconds, as from a server under emulation.
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    let key = host_key();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let config = config(&key, Login::Password);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(2)).await;
                let guest = Guest { login: Login::Password, prompted: false };
                if let Ok(running) = russh::server::run_stream(config, stream, guest).await {
                    let _ = running.await;
                }
            });
        }
    });
    let began = Instant::now();
    connect(&target(port, LONG), &CancellationToken::new(), &mut |_| {}).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert!(opened.load(Ordering::SeqCst) < 20, "{} connections", opened.load(Ordering::SeqCst));
}

#[tokio::test]
async fn each_way_to_fail_has_its_words() {
    let cancel = CancellationToken::new();
    let short = Duration::from_millis(900);
    let fails = async |port: u16| {
        let began = Instant::now();
        let error = connect(&target(port, short), &cancel, &mut |_| {}).await.unwrap_err();
        assert!(began.elapsed() < short + Duration::from_secs(5), "{:?}", began.elapsed());
        error
    };

    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = fails(free).await;
    assert!(matches!(error.cause, ConnectCause::NothingListened { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains(&free.to_string()) && text.contains("refused") && text.contains("screen"),
        "{text}"
    );

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = fails(silent.local_addr().unwrap().port()).await;
    assert!(matches!(error.cause, ConnectCause::NoBanner { .. }), "{error}");
    assert_eq!(error.furthest, Stage::PortOpen);

    let web = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = web.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = web.accept().await {
            let _ = stream.read(&mut [0; 64]).await;
            let _ =
                tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = fails(port).await;
    assert!(error.to_string().contains("another protocol"), "{error}");

    let junk = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = junk.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = junk.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"SSH-2.0-broken\r\n").await;
        }
    });
    let error = fails(port).await;
    assert!(
        matches!(&error.cause, ConnectCause::Handshake { banner, .. } if banner == "SSH-2.0-broken"),
        "{error}"
    );

    let port = serve(Login::Password, vec![host_key()], |_, stream| Some(stream)).await;
    let mut wrong = SshTarget::new("127.0.0.1", port, "you").with_password("hunter2".to_owned().into());
    wrong.patience = Patience { timeout: None, handshake_attempts: Some(2) };
    let error = connect(&wrong, &cancel, &mut |_| {}).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error.cause, ConnectCause::AuthRefused { attempts: 2, .. }), "{text}");
    assert!(
        text.contains("tried password")
            && text.contains("offers no further method")
            && !text.contains("hunter2"),
        "{text}"
    );

    let nothing = SshTarget::new("127.0.0.1", port, "me");
    let error = connect(&nothing, &cancel, &mut |_| {}).await.unwrap_err();
    assert_eq!(error.cause, ConnectCause::NothingToTry);

    let token = CancellationToken::new();
    let late = token.clone();
    let cancelled = connect(&target(free, LONG), &token, &mut |_| late.cancel()).await.unwrap_err();
    assert!(cancelled.is_cancelled());
}

#[tokio::test]
async fn another_host_key_is_refused_on_reconnect() {
    let port = serve(Login::Password, vec![host_key(), host_key()], |_, stream| Some(stream)).await;
    let cancel = CancellationToken::new();
    let session = connect(&target(port, LONG), &cancel, &mut |_| {}).await.unwrap();
    let pinned = session.host_key();
    let error = session.reconnect(&cancel, &mut |_| {}).await.unwrap_err();
    assert!(
        matches!(&error.cause, ConnectCause::HostKeyChanged { pinned: p, .. } if *p == pinned),
        "{error}"
    );
    assert!(error.to_string().contains("host key changed"), "{error}");
}
