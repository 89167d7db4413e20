//! The HTTP server for the guest: `http_directory`, `http_content`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use goldsmith_template::options::MediaOptions;
use goldsmith_template::{Job, Text};
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::services::ServeDir;

use crate::error::{Context as _, StepError};
use crate::journal::{Evidence, Resource};
use crate::names::Names;
use crate::pipeline::{Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::steps::bridge::host_address;
use crate::steps::fields::{PORT_HOLE, fill_in};
use crate::steps::settings::known;
use crate::work::PlanRequest;

/// Serves files to the guest until the job ends.
pub(crate) struct ServeHttp {
    served: Served,
    ports: (u16, u16),
    address: IpAddr,
    machine: String,
    names: Names,
    bridge: Option<String>,
}

enum Served {
    Folder(PathBuf),
    /// Cleaned absolute path to content.
    Content(BTreeMap<String, Text>),
}

impl ServeHttp {
    /// None when the template serves nothing.
    pub(crate) fn new(
        job: &Job,
        media: &MediaOptions,
        names: &Names,
        machine: &str,
        bridge: Option<String>,
        request: &PlanRequest,
    ) -> Result<Option<Self>, PlanError> {
        let place = &job.place;
        let served = match &media.http_directory {
            Some(folder) if !folder.is_empty() => {
                Served::Folder(request.cwd.join(known(folder, "http_directory", place)?))
            }
            _ if media.http_content.is_empty() => return Ok(None),
            _ => {
                let entries = media.http_content.iter();
                Served::Content(entries.map(|(path, text)| (cleaned(path), text.clone())).collect())
            }
        };
        let protocol = media.http_network_protocol.as_str();
        if protocol.starts_with("unix") {
            return Err(PlanError::new(
                format!("`http_network_protocol` is \"{protocol}\", and a guest cannot reach such a socket."),
                place,
            )
            .hint("Leave it out, or use \"tcp\"."));
        }
        let address = match media.http_bind_address.as_deref() {
            None | Some("") if protocol == "tcp6" => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
            None | Some("") => IpAddr::from(Ipv4Addr::LOCALHOST),
            Some(text) => text.parse().map_err(|_| {
                PlanError::new(format!("`http_bind_address` is \"{text}\", which is no IP address."), place)
            })?,
        };
        let ports = (media.http_port_min, media.http_port_max);
        let (machine, names) = (machine.to_owned(), names.clone());
        // On a bridge our own address there serves, unless the template names another.
        let bridge = bridge.filter(|_| media.http_bind_address.is_none());
        Ok(Some(Self { served, ports, address, machine, names, bridge }))
    }

    /// What it listens on, as a plan shows it.
    fn bound(&self) -> String {
        match &self.bridge {
            Some(bridge) => format!("{{address:{bridge}}}"),
            None => self.address.to_string(),
        }
    }

    fn ip(&self) -> String {
        self.names.get("PackerHTTPIP").unwrap_or_default()
    }

    /// A listening socket on a port of the range. We hold it from here on: nobody can take it.
    async fn listen(&self, cx: &StepContext, address: IpAddr) -> Result<TcpListener, StepError> {
        let (min, max) = self.ports;
        let count = u32::from(max.saturating_sub(min).max(1));
        let mut bytes = [0; 4];
        cx.build().random.fill(&mut bytes);
        let start = u32::from_be_bytes(bytes) % count;
        let mut last = None;
        for step in 0..count {
            let port = min + ((start + step) % count) as u16;
            match TcpListener::bind(SocketAddr::new(address, port)).await {
                Ok(listener) => return Ok(listener),
                Err(error) => last = Some(error),
            }
        }
        let error = StepError::environment(format!(
            "No port between {min} and {max} of {address} is free for the HTTP server."
        ))
        .hint("Widen http_port_min and http_port_max.");
        Err(match last {
            Some(cause) => error.because(&cause),
            None => error,
        })
    }

    fn router(&self) -> Result<Router, StepError> {
        Ok(match &self.served {
            Served::Folder(folder) => {
                std::fs::read_dir(folder)
                    .input(|| format!("http_directory: cannot read the folder {}", folder.display()))?;
                Router::new().fallback_service(ServeDir::new(folder))
            }
            Served::Content(content) => {
                let filled = content
                    .iter()
                    .map(|(path, text)| Ok((path.clone(), fill_in(text, &self.names, &self.machine)?)))
                    .collect::<Result<BTreeMap<_, _>, StepError>>()?;
                let filled = Arc::new(filled);
                Router::new().fallback(move |request: Request| {
                    let filled = filled.clone();
                    async move { answer(&filled, &request) }
                })
            }
        })
    }
}

fn answer(content: &BTreeMap<String, String>, request: &Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy();
    match content.get(&cleaned(&path)) {
        Some(text) => {
            let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (plain, Body::from(text.clone())).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A path as Packer compares it: absolute, without `.`, `..` and doubled slashes.
fn cleaned(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// One line of the log for each request.
async fn logged(cx: StepContext, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status();
    let length = response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let size = length.map_or_else(String::new, |bytes| format!(", {bytes} bytes"));
    cx.say(format!("HTTP: {method} {path}: {}{size}", status.as_str()));
    response
}

#[async_trait]
impl Step for ServeHttp {
    type Output = SocketAddr;

    fn sketch(&self) -> Sketch {
        let url = format!("http://{}:{PORT_HOLE}", self.ip());
        let mut sketch = Sketch::new(format!("Serve files at {url}"), StepKind::Prepare);
        let inputs = match &self.served {
            Served::Folder(folder) => {
                sketch = sketch.command(format!("serve {} on {}", folder.display(), self.bound()));
                json!({ "folder": folder })
            }
            Served::Content(content) => {
                for path in content.keys() {
                    sketch = sketch.command(format!("serve {url}{path} on {}", self.bound()));
                }
                json!({ "content": content })
            }
        };
        if !self.address.is_loopback() || self.bridge.is_some() {
            sketch = sketch.warning(format!(
                "The HTTP server listens on {}: other computers may be able to read what it serves.",
                self.bound()
            ));
        }
        sketch.inputs(&inputs)
    }

    async fn run(&self, cx: &StepContext) -> Result<SocketAddr, StepError> {
        let (min, max) = self.ports;
        let bind = match &self.bridge {
            None => self.address,
            Some(bridge) => {
                let address = host_address(bridge)?;
                self.names.set("PackerHTTPIP", address.to_string());
                cx.hole_filled(&format!("address:{bridge}"), address.to_string());
                IpAddr::from(address)
            }
        };
        let holding = cx.intend(Resource::Listener { address: format!("{bind}:{min}-{max}") })?;
        let listener = self.listen(cx, bind).await?;
        let address =
            listener.local_addr().environment(|| "Cannot tell the HTTP server's port".to_owned())?;
        let (ip, port) = (self.ip(), address.port().to_string());
        self.names.set("PackerHTTPAddr", format!("{ip}:{port}"));
        self.names.set("PackerHTTPPort", port.clone());
        cx.hole_filled("port:http", port);
        let logging = cx.clone();
        let router = self
            .router()?
            .layer(middleware::from_fn(move |request, next| logged(logging.clone(), request, next)));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let serving = tokio::spawn(async move {
            let server = axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned());
            // It ends when it is told to; a connection that breaks is the guest's matter.
            let _ = server.await;
        });
        holding.acquired(Evidence::Plain)?;
        holding.on_release(move || async move {
            stop.cancel();
            serving.abort();
            Ok(())
        });
        cx.say(format!("The guest reaches the HTTP server at http://{ip}:{} ({address}).", address.port()));
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_cleaned() {
        for (path, expected) in [
            ("/a", "/a"),
            ("a", "/a"),
            ("//a/./b/../c", "/a/c"),
            ("/../../etc/passwd", "/etc/passwd"),
            ("/", "/"),
        ] {
            assert_eq!(cleaned(path), expected, "{path}");
        }
    }
}
