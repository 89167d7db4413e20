//! One file over HTTP: attempts, resumption, verification while it comes.

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_process::{durable, space};
use reqwest::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_RANGE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_RANGE, LAST_MODIFIED, RANGE,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio_util::sync::CancellationToken;

use super::{DownloadError, Event, Netrc, Retry, remove, without_login};
use crate::digest::{Algorithm, Digest, Hasher};

const WRITE_BUFFER: usize = 1 << 20;
/// Progress is told at most once per this many bytes.
const PROGRESS_STEP: u64 = 256 << 10;

/// How the file got to its place.
pub(super) enum Arrival {
    /// It came, with this digest.
    Fetched(Digest),
    /// What is there is still what the server has.
    Unchanged,
}

/// What a server said about a file, kept to ask whether it is still the same one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Validators {
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Validators {
    fn of(url: &str, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { url: fingerprint(url), etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
    }

    /// What `If-Range` may carry: weak entity tags may not.
    fn strong(&self) -> Option<&str> {
        self.etag.as_deref().filter(|tag| !tag.starts_with("W/")).or(self.last_modified.as_deref())
    }

    fn read(path: &Path, url: &str) -> Option<Self> {
        let found: Self = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        (found.url == fingerprint(url)).then_some(found)
    }

    fn write(&self, path: &Path) -> Result<(), DownloadError> {
        let failed = |source| DownloadError::File { path: path.to_owned(), source };
        durable::write(path, &serde_json::to_vec(self).map_err(|error| failed(error.into()))?).map_err(failed)
    }
}

/// An address may hold a password: only its digest is written down.
pub(super) fn fingerprint(url: &str) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(url.as_bytes());
    hasher.finish().hex
}

/// The cached file's name with a suffix.
pub(super) fn beside(target: &Path, suffix: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) struct Transfer<'a> {
    client: &'a Client,
    netrc: &'a Netrc,
    retry: Retry,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(client: &'a Client, netrc: &'a Netrc, retry: Retry) -> Self {
        Self { client, netrc, retry }
    }

    /// A request with the login of `.netrc`, where the address holds none. A redirect to another host leaves the
    /// login behind.
    fn get(&self, url: &str) -> RequestBuilder {
        let request = self.client.get(url);
        let Ok(parsed) = reqwest::Url::parse(url) else { return request };
        if !parsed.username().is_empty() {
            return request;
        }
        match parsed.host_str().and_then(|host| self.netrc.login(host)) {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        }
    }

    /// A small text, whole in memory.
    pub(super) async fn small(
        &self,
        url: &str,
        limit: u64,
        cancel: &CancellationToken,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Vec<u8>, DownloadError> {
        let mut attempt = 1;
        loop {
            let got = tokio::select! {
                () = cancel.cancelled() => return Err(DownloadError::Cancelled),
                got = self.small_once(url, limit) => got,
            };
            match got {
                Err(error) if error.passing() && attempt < self.retry.attempts => {
                    self.pause(attempt, &error, cancel, on).await?;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    async fn small_once(&self, url: &str, limit: u64) -> Result<Vec<u8>, DownloadError> {
        let mut response = checked(url, self.get(url).send().await)?;
        let mut text = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| broken(url, text.len() as u64, &error))?
        {
            text.extend_from_slice(&chunk);
            if text.len() as u64 > limit {
                return Err(DownloadError::ListTooLarge { list: without_login(url), limit });
            }
        }
        Ok(text)
    }

    /// Whether the file can be read in pieces where it is.
    pub(super) async fn probe(&self, url: &str) -> Result<(), DownloadError> {
        let response = checked(url, self.client.head(url).send().await)?;
        let ranges = response.headers().get(ACCEPT_RANGES).and_then(|value| value.to_str().ok());
        if ranges.is_some_and(|ranges| ranges.trim().eq_ignore_ascii_case("bytes")) {
            return Ok(());
        }
        Err(DownloadError::NoRanges { url: without_login(url) })
    }

    /// Brings the file to `target`. The caller holds its lock.
    pub(super) async fn run(
        &self,
        url: &str,
        target: &Path,
        expected: Option<&Digest>,
        cancel: &CancellationToken,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Arrival, DownloadError> {
        let mut part = Part::new(url, target, expected);
        let mut attempt = 1;
        loop {
            let before = part.size();
            let got = tokio::select! {
                () = cancel.cancelled() => Err(DownloadError::Cancelled),
                got = self.attempt(&mut part, on) => got,
            };
            match got {
                Ok(arrival) => return Ok(arrival),
                Err(error @ DownloadError::Checksum { .. }) => {
                    let resumed = part.resumed;
                    part.restart()?;
                    // The beginning may have been of another file: once more from there.
                    if !resumed {
                        return Err(error);
                    }
                }
                Err(error) if error.passing() => {
                    if part.size() > before {
                        attempt = 1;
                    }
                    if attempt >= self.retry.attempts {
                        part.give_up()?;
                        return part.or_stale(error, on);
                    }
                    self.pause(attempt, &error, cancel, on).await.inspect_err(|_| drop(part.give_up()))?;
                    attempt += 1;
                }
                Err(error) => {
                    part.give_up()?;
                    return Err(error);
                }
            }
        }
    }

    async fn attempt(
        &self,
        part: &mut Part<'_>,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Arrival, DownloadError> {
        let (mut hasher, from) = part.resume().await?;
        // The bytes as they are on the server, whatever it would like to do to them on the way.
        let mut request = self.get(part.url).header(ACCEPT_ENCODING, "identity");
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
            if let Some(validator) = part.validators.as_ref().and_then(Validators::strong) {
                request = request.header(IF_RANGE, validator);
            }
        } else if let Some(known) = part.known() {
            if let Some(etag) = known.etag {
                request = request.header(IF_NONE_MATCH, etag);
            } else if let Some(date) = known.last_modified {
                request = request.header(IF_MODIFIED_SINCE, date);
            }
        }
        let response = request.send().await;
        if let Ok(response) = &response {
            match response.status() {
                StatusCode::NOT_MODIFIED => return Ok(Arrival::Unchanged),
                // All of it is here already, or the file is another one now: the digest decides.
                StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => {
                    if part.expected.is_some_and(|expected| hasher.clone().finish() == *expected) {
                        return part.finish(hasher);
                    }
                    part.restart()?;
                    return Err(DownloadError::Broken {
                        url: without_login(part.url),
                        bytes: from,
                        cause: "the server has another file now".into(),
                    });
                }
                _ => {}
            }
        }
        let mut response = checked(part.url, response)?;
        let from = if response.status() == StatusCode::PARTIAL_CONTENT && range_start(&response) == Some(from)
        {
            from
        } else {
            hasher = Hasher::new(part.algorithm());
            0
        };
        part.resumed = from > 0;
        part.validators = Some(Validators::of(part.url, response.headers()));
        part.note()?;
        let total = response.content_length().map(|rest| rest + from);
        if let Some(total) = total {
            part.room(total - from)?;
        }
        on(Event::Started { url: without_login(part.url), from });
        part.receive(&mut response, &mut hasher, from, total, on).await?;
        part.finish(hasher)
    }

    async fn pause(
        &self,
        attempt: u32,
        error: &DownloadError,
        cancel: &CancellationToken,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<(), DownloadError> {
        let pause = self.retry.first_pause * 2_u32.saturating_pow(attempt.saturating_sub(1).min(6));
        on(Event::Retrying { cause: error.to_string(), pause });
        tokio::select! {
            () = cancel.cancelled() => Err(DownloadError::Cancelled),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }
}

/// The file on its way.
struct Part<'a> {
    url: &'a str,
    target: &'a Path,
    expected: Option<&'a Digest>,
    path: PathBuf,
    notes: PathBuf,
    validators: Option<Validators>,
    resumed: bool,
}

impl<'a> Part<'a> {
    fn new(url: &'a str, target: &'a Path, expected: Option<&'a Digest>) -> Self {
        let notes = beside(target, ".part.json");
        let validators = Validators::read(&notes, url);
        Self { url, target, expected, path: beside(target, ".part"), notes, validators, resumed: false }
    }

    fn algorithm(&self) -> Algorithm {
        self.expected.map_or(Algorithm::Sha256, |digest| digest.algorithm)
    }

    fn size(&self) -> u64 {
        self.path.metadata().map_or(0, |meta| meta.len())
    }

    /// Whether what is here can be gone on from: the digest will tell, or the server's validator does.
    fn resumable(&self) -> bool {
        self.validators.as_ref().is_some_and(|known| self.expected.is_some() || known.strong().is_some())
    }

    /// What the server said of the whole file that is in place, when no digest tells.
    fn known(&self) -> Option<Validators> {
        if self.expected.is_some() || !self.target.exists() {
            return None;
        }
        Validators::read(&beside(self.target, ".json"), self.url)
    }

    /// The digest of what is here, and how much that is.
    async fn resume(&mut self) -> Result<(Hasher, u64), DownloadError> {
        let mut hasher = Hasher::new(self.algorithm());
        if self.size() == 0 || !self.resumable() {
            return Ok((hasher, 0));
        }
        let failed = |source| DownloadError::File { path: self.path.clone(), source };
        let mut file = tokio::fs::File::open(&self.path).await.map_err(failed)?;
        let mut buffer = vec![0_u8; WRITE_BUFFER];
        let mut done = 0_u64;
        loop {
            let got = file.read(&mut buffer).await.map_err(failed)?;
            if got == 0 {
                return Ok((hasher, done));
            }
            hasher.update(&buffer[..got]);
            done += got as u64;
        }
    }

    async fn receive(
        &self,
        response: &mut Response,
        hasher: &mut Hasher,
        from: u64,
        total: Option<u64>,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<(), DownloadError> {
        let mut options = tokio::fs::OpenOptions::new();
        options.create(true).write(true).append(from > 0).truncate(from == 0);
        let file = options.open(&self.path).await.map_err(|source| self.written(source, None))?;
        let mut file = BufWriter::with_capacity(WRITE_BUFFER, file);
        let (mut done, mut told) = (from, from);
        on(Event::Progress { done, total });
        let ended = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    hasher.update(&chunk);
                    done += chunk.len() as u64;
                    file.write_all(&chunk)
                        .await
                        .map_err(|source| self.written(source, total.map(|all| all - done)))?;
                    if done - told >= PROGRESS_STEP {
                        told = done;
                        on(Event::Progress { done, total });
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(broken(self.url, done, &error)),
            }
        };
        file.flush().await.map_err(|source| self.written(source, None))?;
        file.get_ref().sync_all().await.map_err(|source| self.written(source, None))?;
        on(Event::Progress { done, total });
        match (ended, total) {
            (Ok(()), Some(total)) if done != total => Err(DownloadError::Broken {
                url: without_login(self.url),
                bytes: done,
                cause: format!("the server promised {total} bytes"),
            }),
            (ended, _) => ended,
        }
    }

    /// Verified, it gets its name.
    fn finish(&self, hasher: Hasher) -> Result<Arrival, DownloadError> {
        let found = hasher.finish();
        if let Some(expected) = self.expected
            && found != *expected
        {
            return Err(DownloadError::Checksum {
                what: without_login(self.url),
                expected: expected.clone(),
                found,
            });
        }
        let failed = |source| DownloadError::File { path: self.target.to_owned(), source };
        let notes = beside(self.target, ".json");
        match (&self.validators, self.expected) {
            // First the old notes go: never new notes with an old file.
            (Some(validators), None) => {
                remove(&notes)?;
                std::fs::rename(&self.path, self.target).map_err(failed)?;
                validators.write(&notes)?;
            }
            _ => std::fs::rename(&self.path, self.target).map_err(failed)?,
        }
        remove(&self.notes)?;
        durable::sync_dir(self.target.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        Ok(Arrival::Fetched(found))
    }

    fn note(&self) -> Result<(), DownloadError> {
        match &self.validators {
            Some(validators) => validators.write(&self.notes),
            None => Ok(()),
        }
    }

    fn room(&self, needed: u64) -> Result<(), DownloadError> {
        match space::free(&self.path) {
            Ok(free) if free < needed => {
                Err(DownloadError::NoSpace { path: self.target.to_owned(), needed: Some(needed), free })
            }
            _ => Ok(()),
        }
    }

    fn written(&self, source: io::Error, needed: Option<u64>) -> DownloadError {
        if source.kind() == io::ErrorKind::StorageFull {
            let free = space::free(&self.path).unwrap_or(0);
            return DownloadError::NoSpace { path: self.target.to_owned(), needed, free };
        }
        DownloadError::File { path: self.path.clone(), source }
    }

    fn restart(&mut self) -> Result<(), DownloadError> {
        self.resumed = false;
        self.validators = None;
        remove(&self.path)?;
        remove(&self.notes)
    }

    /// After a failure: what another run can go on from stays, all else goes.
    fn give_up(&mut self) -> Result<(), DownloadError> {
        if self.size() > 0 && self.resumable() { Ok(()) } else { self.restart() }
    }

    /// With no digest to check and the server away, an earlier copy serves.
    fn or_stale(
        &self,
        error: DownloadError,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Arrival, DownloadError> {
        if self.known().is_some() {
            on(Event::Stale { cause: error.to_string() });
            return Ok(Arrival::Unchanged);
        }
        Err(error)
    }
}

fn checked(url: &str, response: Result<Response, reqwest::Error>) -> Result<Response, DownloadError> {
    let response = response.map_err(|error| {
        let (url, cause) = (without_login(url), innermost(&error));
        if error.is_redirect() {
            DownloadError::Redirected { url, cause }
        } else {
            DownloadError::Unreachable { url, cause }
        }
    })?;
    if response.status().is_success() {
        Ok(response)
    } else {
        Err(DownloadError::Status { url: without_login(url), status: response.status().as_u16() })
    }
}

fn broken(url: &str, bytes: u64, error: &reqwest::Error) -> DownloadError {
    DownloadError::Broken { url: without_login(url), bytes, cause: innermost(error) }
}

fn range_start(response: &Response) -> Option<u64> {
    let text = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    text.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(next) = at.source() {
        at = next;
    }
    at.to_string()
}
