//! Consoles: a guest's screen is carried to the page that was given its address, once, and to no other.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use goldsmith_app::wire::*;
use goldsmith_app::{Core, Env, Setup};
use goldsmith_build::id::{SystemClock, SystemRandom};
use goldsmith_build::journal::{Fact, Journal, SCHEMA};
use goldsmith_build::plan::{JobPlan, Plan};
use goldsmith_build::redact::Redactor;
use goldsmith_build::{BuildId, SCREEN_SOCKET};
use goldsmith_process::lock::FileLock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixListener};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

const OURS: &str = "tauri://localhost";

struct Here {
    folder: tempfile::TempDir,
    core: Core,
    build: BuildId,
    /// Keeps the build from being taken for dead.
    _lock: FileLock,
}

impl Here {
    /// A build whose machine has a screen: whatever is sent there comes back.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let env = Env::new([("GOLDSMITH_HOME", home.to_str().unwrap()), ("PATH", "/usr/bin")]);
        let setup = Setup::new(env, folder.path().to_owned(), Path::new("/nowhere/goldsmith")).unwrap();
        let core = Core::new(setup);
        core.allow_origin(OURS);
        let build = BuildId::new(&SystemClock, &SystemRandom);
        let place = core.setup().dirs.builds().join(build.as_str());
        std::fs::create_dir_all(&place).unwrap();
        let lock = FileLock::try_exclusive(place.join("lock")).unwrap().unwrap();
        let journal = Journal::open(&place, Arc::new(SystemClock), Redactor::default()).unwrap();
        let jobs = vec![JobPlan { name: "qemu.a".to_owned(), ..JobPlan::default() }];
        journal
            .append(Fact::Opened {
                schema: SCHEMA,
                build: build.clone(),
                goldsmith: "test".to_owned(),
                control: folder.path().join("control").display().to_string(),
                runtime: folder.path().display().to_string(),
                plan: Box::new(Plan { jobs, ..Plan::default() }),
            })
            .unwrap();
        let socket = folder.path().join("vnc");
        let listener = UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let _ = stream.write_all(b"RFB 003.008\n").await;
                    let mut buffer = [0; 1024];
                    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                        let _ = stream.write_all(&buffer[..n]).await;
                    }
                });
            }
        });
        let value = socket.display().to_string();
        let told = Fact::HoleFilled { job: "qemu.a".to_owned(), name: SCREEN_SOCKET.to_owned(), value };
        journal.append(told).unwrap();
        Self { folder, core, build, _lock: lock }
    }

    async fn open(&self) -> String {
        let request =
            OpenConsole { build: self.build.to_string(), job: None, console: ConsoleKind::Screen {} };
        self.core.open_console(request).await.unwrap().address
    }
}

type Page = tokio_tungstenite::WebSocketStream<TcpStream>;

async fn connect(address: &str, origin: Option<&str>) -> Result<Page, Error> {
    let authority = address.strip_prefix("ws://").unwrap().split('/').next().unwrap();
    let stream = TcpStream::connect(authority).await?;
    let mut request = address.into_client_request()?;
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    Ok(tokio_tungstenite::client_async(request, stream).await?.0)
}

fn refused(result: Result<Page, Error>) -> bool {
    match result {
        Err(Error::Http(response)) => response.status() == 403,
        _ => false,
    }
}

#[tokio::test]
async fn a_page_of_ours_with_the_address_sees_the_screen_and_types() {
    let here = Here::new();
    let mut page = connect(&here.open().await, Some(OURS)).await.unwrap();
    assert_eq!(page.next().await.unwrap().unwrap(), Message::binary(b"RFB 003.008\n".to_vec()));
    page.send(Message::binary(b"key".to_vec())).await.unwrap();
    assert_eq!(page.next().await.unwrap().unwrap(), Message::binary(b"key".to_vec()));
}

#[tokio::test]
async fn other_pages_wrong_tokens_and_a_second_use_are_refused() {
    let here = Here::new();
    let address = here.open().await;
    assert!(refused(connect(&address, Some("https://example.org")).await), "another site's page");
    assert!(refused(connect(&address, None).await), "no page at all");
    let mut wrong = address.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    assert!(refused(connect(&wrong, Some(OURS)).await), "a token that is not the one");
    let page = connect(&address, Some(OURS)).await.unwrap();
    // The listener went with its one use: nobody answers there any more.
    let again = tokio::time::timeout(Duration::from_secs(5), async {
        while connect(&address, Some(OURS)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    again.await.expect("the address works once");
    drop(page);
    drop(here.folder);
}

#[tokio::test]
async fn a_machine_without_a_private_screen_says_so() {
    let here = Here::new();
    let other = OpenConsole {
        build: here.build.to_string(),
        job: Some("qemu.b".to_owned()),
        console: ConsoleKind::Screen {},
    };
    let error = here.core.open_console(other).await.unwrap_err();
    assert_eq!(error.code, "no_screen");
    std::fs::remove_file(here.folder.path().join("vnc")).unwrap();
    let gone = OpenConsole { build: here.build.to_string(), job: None, console: ConsoleKind::Screen {} };
    assert_eq!(here.core.open_console(gone).await.unwrap_err().code, "screen_gone");
}
