use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server of one file. Its first `torn` answers break off in the middle; it understands `Range` when told to.
#[derive(Clone)]
struct Server {
    body: Arc<Vec<u8>>,
    status: u16,
    ranges: bool,
    torn: usize,
    etag: &'static str,
    quirk: Quirk,
}

/// What is wrong with the server.
#[derive(Clone, PartialEq, Eq)]
enum Quirk {
    None,
    /// Its first answer stops in the middle, and the connection stays open.
    Stalls,
    /// It promises one byte more than there are, every time.
    Lies,
    /// It sends one on to itself.
    Loops,
    /// It wants this login.
    Login(&'static str),
}

struct Running {
    url: String,
    asked: Arc<AtomicUsize>,
    ranged: Arc<AtomicUsize>,
}

impl Server {
    fn of(body: Vec<u8>) -> Self {
        Self { body: Arc::new(body), status: 200, ranges: true, torn: 0, etag: "\"one\"", quirk: Quirk::None }
    }

    async fn start(self) -> Running {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap_or_else(|e| panic!("{e}"));
        let port = listener.local_addr().map_or(0, |address| address.port());
        let (asked, ranged) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let running = Running {
            url: format!("http://127.0.0.1:{port}/d/disk.img"),
            asked: asked.clone(),
            ranged: ranged.clone(),
        };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let number = asked.fetch_add(1, Ordering::SeqCst);
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => request.push(byte),
                        Err(_) => break,
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let refused = match &self.quirk {
                    Quirk::Loops => {
                        Some(format!("302 Found\r\nLocation: http://127.0.0.1:{port}/d/disk.img"))
                    }
                    Quirk::Login(login) if !request.contains(&format!("Basic {login}\r\n")) => {
                        Some("401 Unauthorized".to_owned())
                    }
                    _ => None,
                };
                if let Some(refused) = refused {
                    let answer =
                        format!("HTTP/1.1 {refused}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    let _ = stream.write_all(answer.as_bytes()).await;
                    continue;
                }
                let request = request.to_lowercase();
                let from = request
                    .split("range: bytes=")
                    .nth(1)
                    .and_then(|rest| rest.split('-').next()?.parse::<usize>().ok())
                    .filter(|_| self.ranges);
                let etag = self.etag;
                if request.contains(&format!("if-none-match: {etag}")) {
                    let _ = stream.write_all(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n").await;
                    continue;
                }
                ranged.fetch_add(usize::from(from.is_some()), Ordering::SeqCst);
                let start = from.unwrap_or(0).min(self.body.len());
                let rest = &self.body[start..];
                let status = if from.is_some() { 206 } else { self.status };
                let mut head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nETag: {etag}\r\nConnection: close\r\n",
                    rest.len() + usize::from(self.quirk == Quirk::Lies)
                );
                if from.is_some() {
                    head += &format!(
                        "Content-Range: bytes {start}-{}/{}\r\n",
                        self.body.len() - 1,
                        self.body.len()
                    );
                }
                let stalls = self.quirk == Quirk::Stalls && number == 0;
                let sent = if number < self.torn || stalls { rest.len() / 2 } else { rest.len() };
                let _ = stream.write_all(format!("{head}\r\n").as_bytes()).await;
                let _ = stream.write_all(&rest[..sent]).await;
                if stalls {
                    tokio::spawn(async move {
                        std::future::pending::<()>().await;
                        drop(stream);
                    });
                    continue;
                }
                let _ = stream.shutdown().await;
            }
        });
        running
    }
}

struct Cache {
    home: tempfile::TempDir,
    downloads: Downloads,
}

impl Cache {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let downloads = opened(&home, &Network::default());
        Self { home, downloads }
    }

    /// The same cache, with another network.
    fn with(self, network: &Network) -> Self {
        Self { downloads: opened(&self.home, network), ..self }
    }

    async fn fetch(&self, url: &str, checksum: ChecksumSpec) -> Result<Fetched, DownloadError> {
        self.fetch_any(&[url], checksum).await
    }

    async fn fetch_any(&self, urls: &[&str], checksum: ChecksumSpec) -> Result<Fetched, DownloadError> {
        let want = Want {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            checksum,
            extension: Some("img".into()),
            base: self.home.path().into(),
        };
        self.downloads.fetch(&want, &CancellationToken::new(), &mut |_| {}).await
    }

    /// Names in the cache without the locks.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.home.path().join("c")).unwrap_or_else(|e| panic!("{e}"));
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        names.sort();
        names
    }
}

fn opened(home: &tempfile::TempDir, network: &Network) -> Downloads {
    let silence = Duration::from_millis(300);
    let retry = Retry { attempts: 3, first_pause: Duration::from_millis(1), silence };
    Downloads::open(&home.path().join("c"), network, retry).unwrap_or_else(|e| panic!("{e}"))
}

fn body() -> Vec<u8> {
    (0..900_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn sha256(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(bytes);
    hasher.finish()
}

#[tokio::test]
async fn a_file_comes_once_and_is_verified_again_from_the_cache() {
    let (cache, server) = (Cache::new(), Server::of(body()).start().await);
    let wanted = ChecksumSpec::Digest(sha256(&body()));
    let first = cache.fetch(&server.url, wanted.clone()).await.unwrap_or_else(|e| panic!("{e}"));
    let second = cache.fetch(&server.url, wanted.clone()).await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((first.cached, second.cached, server.asked.load(Ordering::SeqCst)), (false, true, 1));
    assert!(std::fs::read(&second.path).is_ok_and(|bytes| bytes == body()));
    // A copy that has rotted is fetched anew.
    std::fs::write(&second.path, b"rot").unwrap_or_else(|e| panic!("{e}"));
    let third = cache.fetch(&server.url, wanted).await.unwrap_or_else(|e| panic!("{e}"));
    assert!(!third.cached && std::fs::read(&third.path).is_ok_and(|bytes| bytes == body()));
}

#[tokio::test]
async fn a_torn_transfer_goes_on_where_it_broke() {
    let cache = Cache::new();
    let server = Server { torn: 2, ..Server::of(body()) }.start().await;
    let got = cache
        .fetch(&server.url, ChecksumSpec::Digest(sha256(&body())))
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(std::fs::read(&got.path).is_ok_and(|bytes| bytes == body()));
    assert_eq!((server.asked.load(Ordering::SeqCst), server.ranged.load(Ordering::SeqCst)), (3, 2));
    assert_eq!(cache.names().len(), 1, "{:?}", cache.names());
}

#[tokio::test]
async fn a_server_without_ranges_is_asked_for_everything_again() {
    let cache = Cache::new();
    let server = Server { torn: 1, ranges: false, ..Server::of(body()) }.start().await;
    let got = cache
        .fetch(&server.url, ChecksumSpec::Digest(sha256(&body())))
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    assert!(std::fs::read(&got.path).is_ok_and(|bytes| bytes == body()));
    assert_eq!(server.ranged.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_part_of_another_file_is_given_up_for_the_whole() {
    let cache = Cache::new();
    let server = Server::of(body()).start().await;
    let digest = sha256(&body());
    let target =
        cache.home.path().join("c").join(Downloads::cached_name(Some(&digest), &server.url, Some("img")));
    // What an earlier run got from this URL before the file was replaced.
    let broken = Server { torn: 9, ..Server::of(vec![7; 900_000]) };
    std::fs::write(transfer::beside(&target, ".part"), vec![7_u8; 1000]).unwrap_or_else(|e| panic!("{e}"));
    drop(broken);
    let got = cache.fetch(&server.url, ChecksumSpec::Digest(digest)).await.unwrap_or_else(|e| panic!("{e}"));
    assert!(std::fs::read(&got.path).is_ok_and(|bytes| bytes == body()));
}

#[tokio::test]
async fn a_wrong_checksum_is_named_and_nothing_stays() {
    let (cache, server) = (Cache::new(), Server::of(body()).start().await);
    let error = cache.fetch(&server.url, ChecksumSpec::Digest(sha256(b"other"))).await.map(drop);
    let Err(error @ DownloadError::Checksum { .. }) = error else { panic!("{error:?}") };
    assert!(
        error.to_string().contains(&sha256(&body()).hex) && error.to_string().contains(&sha256(b"other").hex)
    );
    assert_eq!(cache.names(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_not_there_says_so_without_trying_again() {
    let cache = Cache::new();
    let server = Server { status: 404, ..Server::of(b"gone".to_vec()) }.start().await;
    let error = cache.fetch(&server.url, ChecksumSpec::Unchecked).await.map(drop);
    assert!(matches!(error, Err(DownloadError::Status { status: 404, .. })), "{error:?}");
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap_or_else(|e| panic!("{e}"));
    let port = listener.local_addr().map_or(0, |address| address.port());
    drop(listener);
    let url = format!("http://joe:secret@127.0.0.1:{port}/x");
    let error = cache.fetch(&url, ChecksumSpec::Unchecked).await.map(drop);
    let Err(error @ DownloadError::Unreachable { .. }) = error else { panic!("{error:?}") };
    assert!(!error.to_string().contains("secret"), "{error}");
    assert_eq!(cache.names(), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_checksum_the_server_is_asked_whether_it_changed() {
    let (cache, server) = (Cache::new(), Server::of(body()).start().await);
    let first = cache.fetch(&server.url, ChecksumSpec::Unchecked).await.unwrap_or_else(|e| panic!("{e}"));
    let second = cache.fetch(&server.url, ChecksumSpec::Unchecked).await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((first.cached, second.cached, server.asked.load(Ordering::SeqCst)), (false, true, 2));
    assert_eq!(first.path, second.path);
}

#[tokio::test]
async fn a_list_beside_the_file_gives_the_digest() {
    let cache = Cache::new();
    let file = cache.home.path().join("disk.img");
    std::fs::write(&file, b"local").unwrap_or_else(|e| panic!("{e}"));
    let line = format!("{}  disk.img\n", sha256(b"local").hex);
    std::fs::write(cache.home.path().join("SUMS"), line).unwrap_or_else(|e| panic!("{e}"));
    let spec = ChecksumSpec::List("SUMS".into());
    let got = cache.fetch("disk.img", spec.clone()).await.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((got.path, got.digest), (file, Some(sha256(b"local"))));
    let error = cache.fetch("absent.img", spec).await.map(drop);
    assert!(matches!(error, Err(DownloadError::NotListed { .. })), "{error:?}");
}

#[tokio::test]
async fn cancelling_keeps_only_what_can_be_gone_on_from() {
    let cache = Cache::new();
    let server = Server::of(body()).start().await;
    let cancel = CancellationToken::new();
    let want = Want {
        urls: vec![server.url.clone()],
        checksum: ChecksumSpec::Digest(sha256(&body())),
        extension: None,
        base: cache.home.path().into(),
    };
    let token = cancel.clone();
    let ended = cache
        .downloads
        .fetch(&want, &cancel, &mut |event| {
            if matches!(event, Event::Started { .. }) {
                token.cancel();
            }
        })
        .await
        .map(drop);
    assert!(matches!(ended, Err(DownloadError::Cancelled)), "{ended:?}");
    assert!(cache.names().iter().all(|name| name.contains(".part")), "{:?}", cache.names());
}

#[tokio::test]
async fn a_stalled_transfer_goes_on_where_it_stood() {
    let cache = Cache::new();
    let server = Server { quirk: Quirk::Stalls, ..Server::of(body()) }.start().await;
    let wanted = ChecksumSpec::Digest(sha256(&body()));
    let got = cache.fetch(&server.url, wanted).await.unwrap_or_else(|e| panic!("{e}"));
    assert!(std::fs::read(&got.path).is_ok_and(|bytes| bytes == body()));
    assert_eq!(server.ranged.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_that_lies_about_the_length_gives_no_file() {
    let cache = Cache::new();
    let server = Server { quirk: Quirk::Lies, ranges: false, ..Server::of(body()) }.start().await;
    let error = cache.fetch(&server.url, ChecksumSpec::Unchecked).await.map(drop);
    assert!(matches!(error, Err(DownloadError::Broken { .. })), "{error:?}");
    assert!(cache.names().iter().all(|name| name.contains(".part")), "{:?}", cache.names());
}

#[tokio::test]
async fn a_loop_of_redirects_ends_at_once_and_the_next_url_is_tried() {
    let cache = Cache::new();
    let looping = Server { quirk: Quirk::Loops, ..Server::of(body()) }.start().await;
    let error = cache.fetch(&looping.url, ChecksumSpec::Unchecked).await.map(drop);
    assert!(matches!(error, Err(DownloadError::Redirected { .. })), "{error:?}");
    assert!(looping.asked.load(Ordering::SeqCst) <= 11, "the loop is followed once, not for every attempt");
    // In order: the second has another file, the third the right one; the fourth is not asked.
    let (wrong, right, spare) = (
        Server::of(b"another".to_vec()).start().await,
        Server::of(body()).start().await,
        Server::of(body()).start().await,
    );
    let urls = [&*looping.url, &*wrong.url, &*right.url, &*spare.url];
    let got = cache.fetch_any(&urls, ChecksumSpec::Digest(sha256(&body()))).await;
    let got = got.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(got.url, right.url);
    assert_eq!((wrong.asked.load(Ordering::SeqCst), spare.asked.load(Ordering::SeqCst)), (1, 0));
    assert!(std::fs::read(&got.path).is_ok_and(|bytes| bytes == body()));
}

#[tokio::test]
async fn offline_only_what_is_here_is_used() {
    let (cache, server) = (Cache::new(), Server::of(body()).start().await);
    let sums = Server::of(format!("{}  disk.img\n", sha256(&body()).hex).into_bytes()).start().await;
    let list = ChecksumSpec::List(sums.url.clone());
    cache.fetch(&server.url, list.clone()).await.unwrap_or_else(|e| panic!("{e}"));
    cache.fetch(&server.url, ChecksumSpec::Unchecked).await.unwrap_or_else(|e| panic!("{e}"));
    let asked = server.asked.load(Ordering::SeqCst) + sums.asked.load(Ordering::SeqCst);
    let cache = cache.with(&Network::default().offline(true));
    for spec in [list, ChecksumSpec::Unchecked, ChecksumSpec::Digest(sha256(&body()))] {
        let got = cache.fetch(&server.url, spec).await.unwrap_or_else(|e| panic!("{e}"));
        assert!(got.cached && std::fs::read(&got.path).is_ok_and(|bytes| bytes == body()));
    }
    for spec in [ChecksumSpec::Digest(sha256(b"other")), ChecksumSpec::List(format!("{}x", sums.url))] {
        let error = cache.fetch(&server.url, spec).await.map(drop);
        assert!(matches!(error, Err(DownloadError::Offline { .. })), "{error:?}");
    }
    assert_eq!(server.asked.load(Ordering::SeqCst) + sums.asked.load(Ordering::SeqCst), asked);
}

#[tokio::test]
async fn logins_come_from_netrc() {
    // joe:secret
    let quirk = Quirk::Login("am9lOnNlY3JldA==");
    let server = Server { quirk, ..Server::of(body()) }.start().await;
    let cache = Cache::new();
    let error = cache.fetch(&server.url, ChecksumSpec::Unchecked).await.map(drop);
    assert!(matches!(error, Err(DownloadError::Status { status: 401, .. })), "{error:?}");
    let netrc = Netrc::parse("machine 127.0.0.1 login joe password secret");
    let cache = cache.with(&Network { netrc, ..Network::default() });
    cache.fetch(&server.url, ChecksumSpec::Unchecked).await.unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn proxies_come_from_the_variables_curl_reads() {
    let env = |pairs: &'static [(&str, &str)]| {
        Proxies::from_env(move |name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(env(&[("HTTP_PROXY", "http://p")]).http, None);
    assert_eq!(env(&[("http_proxy", "http://p")]).http.as_deref(), Some("http://p"));
    assert_eq!(env(&[("ALL_PROXY", "http://p")]).https.as_deref(), Some("http://p"));
    assert_eq!(env(&[("NO_PROXY", "x")]).none_for.as_deref(), Some("x"));
}
