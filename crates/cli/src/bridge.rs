//! The development bridge: the core's commands and streams over HTTP on the loopback, for a browser.
//!
//! Builds without debug assertions have none. Whoever shows the token may do what the user may; the token is
//! random, in a file only the user can read, and a page of another site cannot come by it: requests must name
//! the loopback as their host, and their origin, where they have one, must be this server.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use goldsmith_app::{Core, WireError};
use serde::Deserialize;
use serde_json::Value;
use tokio_stream::wrappers::ReceiverStream;

use crate::args::Bridge;
use crate::output::Output;

/// The port of the front end's development server (`ui/vite.config.ts`).
const DEVELOPMENT: u16 = 1420;

struct Served {
    core: Core,
    token: String,
    port: u16,
    ui: PathBuf,
}

/// Serves until Ctrl-C.
pub async fn serve(core: Core, output: &Output, args: Bridge) -> Result<u8, WireError> {
    let failed =
        |what: String| move |error: std::io::Error| WireError::environment("bridge", what).because(&error);
    let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)))
        .await
        .map_err(failed(format!("cannot listen on 127.0.0.1:{}", args.port)))?;
    let port = listener.local_addr().map_err(failed("the socket has no address".to_owned()))?.port();
    let token = token(&core);
    goldsmith_app::write_private(&args.token_file, token.as_bytes())
        .map_err(failed(format!("cannot write {}", args.token_file.display())))?;
    core.start().await?;
    for port in [port, DEVELOPMENT] {
        core.allow_origin(format!("http://127.0.0.1:{port}"));
        core.allow_origin(format!("http://localhost:{port}"));
    }
    let served = Arc::new(Served { core, token: token.clone(), port, ui: args.ui });
    let guarded = Router::new()
        .route("/call/{name}", post(call))
        .route("/subscribe/{*topic}", get(subscribe))
        .layer(middleware::from_fn_with_state(served.clone(), known));
    let router = guarded
        .fallback(page)
        .layer(middleware::from_fn_with_state(served.clone(), local))
        .with_state(served);
    output.line(&format!("http://127.0.0.1:{port}/?token={token}"));
    let end = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    tokio::select! {
        result = async { axum::serve(listener, router).await } => {
            result.map_err(failed("the bridge stopped".to_owned()))?;
        }
        () = end => {}
    }
    Ok(0)
}

fn token(core: &Core) -> String {
    let mut bytes = [0; 24];
    core.setup().random.fill(&mut bytes);
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Lets only requests to the loopback pass, from pages of the loopback or from no page at all.
async fn local(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    match strange(request.headers(), served.port) {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    }
}

/// Why a request is refused. Another site's page reaches the loopback under that site's name or as its origin.
fn strange(headers: &HeaderMap, port: u16) -> Option<&'static str> {
    let loopback = |authority: &str| {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        host == "127.0.0.1" || host == "localhost"
    };
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let here = |host: &str| loopback(host) && host.ends_with(&format!(":{port}"));
    if !text(header::HOST).is_some_and(here) {
        return Some("this server answers only under its loopback address\n");
    }
    // The development server is another port of the loopback.
    let origin = text(header::ORIGIN)?;
    let ours = origin.strip_prefix("http://").is_some_and(loopback);
    (!ours).then_some("requests of other sites are refused\n")
}

#[derive(Deserialize)]
struct Shown {
    token: Option<String>,
    #[serde(default)]
    since: u64,
}

/// Lets only requests with the token pass.
async fn known(
    State(served): State<Arc<Served>>,
    Query(shown): Query<Shown>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = bearer.and_then(|value| value.strip_prefix("Bearer ")).or(shown.token.as_deref());
    if !given.is_some_and(|given| same(given.as_bytes(), served.token.as_bytes())) {
        let error = WireError::input("no_token", "the token is missing or wrong");
        return (StatusCode::UNAUTHORIZED, axum::Json(error)).into_response();
    }
    next.run(request).await
}

/// Compares without telling by its duration where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y)) == 0
}

async fn call(State(served): State<Arc<Served>>, UrlPath(name): UrlPath<String>, body: String) -> Response {
    let request: Value = match serde_json::from_str(if body.trim().is_empty() { "null" } else { &body }) {
        Ok(request) => request,
        Err(error) => {
            return refusal(WireError::input("bad_request", "the body is not JSON").because(&error));
        }
    };
    match served.core.dispatch(&name, request).await {
        Ok(response) => axum::Json(response).into_response(),
        Err(error) => refusal(error),
    }
}

fn refusal(error: WireError) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(error)).into_response()
}

async fn subscribe(
    State(served): State<Arc<Served>>,
    UrlPath(topic): UrlPath<String>,
    Query(shown): Query<Shown>,
) -> Response {
    let mut subscription = match served.core.subscribe(&topic, shown.since) {
        Ok(subscription) => subscription,
        Err(error) => return refusal(error),
    };
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Event, Infallible>>(4);
    tokio::spawn(async move {
        while let Some(message) = subscription.next().await {
            let Ok(event) = Event::default().json_data(&message) else { return };
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
        }
    });
    Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::default()).into_response()
}

/// A file of the built front end; any other path is a place of the window, which the page itself finds.
async fn page(State(served): State<Arc<Served>>, request: Request) -> Response {
    let wanted = Path::new(request.uri().path().trim_start_matches('/'));
    let inside = wanted.components().all(|part| matches!(part, Component::Normal(_)));
    let path = served.ui.join(wanted);
    let path = if inside && path.is_file() { path } else { served.ui.join("index.html") };
    match tokio::fs::read(&path).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, kind(&path))], Body::from(bytes)).into_response(),
        Err(_) => {
            let text = format!("{} is not there; `npm run build --workspace ui` makes it\n", path.display());
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
