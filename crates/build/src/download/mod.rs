//! Fetching what a template names by URL: into a cache addressed by content, checked while it comes.
//!
//! A file is known by its digest, or with `none` by its URL and the server's validators. What is being fetched lives
//! beside the final name as `.part`; a broken transfer goes on from there when the server can (`Range`), and the name
//! without `.part` only ever holds a whole, verified file. Two processes wanting the same file wait for each other.

mod error;
mod location;
mod netrc;
mod network;
mod transfer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_process::durable;
use goldsmith_process::lock::FileLock;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

pub use error::DownloadError;
pub use location::{Location, without_login};
pub use netrc::Netrc;
pub use network::{Network, Proxies};

use crate::digest::{self, Algorithm, ChecksumSpec, Digest, Hasher};
use transfer::{Arrival, Transfer};

/// Digest lists beyond this size are refused (bytes).
const LIST_LIMIT: u64 = 16 << 20;
/// How often a lock held by another process is tried.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// What to fetch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    /// URLs or paths, tried in this order until one gives the file.
    pub urls: Vec<String>,
    /// What it must be.
    pub checksum: ChecksumSpec,
    /// Extension of the cached file, without the dot; Packer's `iso_target_extension`.
    pub extension: Option<String>,
    /// Relative paths start here.
    pub base: PathBuf,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where the file is. A local file is used in place.
    pub path: PathBuf,
    /// Which of the URLs gave it.
    pub url: String,
    /// The digest that was checked; with `none` the SHA-256 of what came over the network.
    pub digest: Option<Digest>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether nothing had to be fetched.
    pub cached: bool,
}

/// What happens on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Another process is fetching the same file.
    WaitingForOther,
    /// The transfer starts, or goes on from byte `from`.
    Started {
        /// The URL asked.
        url: String,
        /// First byte asked for.
        from: u64,
    },
    /// Bytes that are here, of how many when the server says.
    Progress {
        /// Bytes here.
        done: u64,
        /// Bytes in all.
        total: Option<u64>,
    },
    /// A passing trouble; tried again after this pause.
    Retrying {
        /// What went wrong.
        cause: String,
        /// How long it waits.
        pause: Duration,
    },
    /// The server does not answer; the copy of an earlier run, unchecked since, is used.
    Stale {
        /// Why the server could not be asked.
        cause: String,
    },
    /// This URL does not give the file; the next one is tried.
    NextUrl {
        /// Why not.
        cause: String,
    },
}

/// Patience with passing troubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all; a transfer that got further starts counting anew.
    pub attempts: u32,
    /// Pause before the second attempt; doubled before each further one.
    pub first_pause: Duration,
    /// A server that sends nothing for this long is given up for this attempt.
    pub silence: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 5, first_pause: Duration::from_secs(1), silence: Duration::from_secs(60) }
    }
}

/// The cache of downloads.
pub struct Downloads {
    folder: PathBuf,
    client: reqwest::Client,
    network: Network,
    retry: Retry,
}

impl Downloads {
    /// Opens (and makes) the cache folder.
    pub fn open(folder: &Path, network: &Network, retry: Retry) -> Result<Self, DownloadError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| DownloadError::Folder { path: folder.to_owned(), source })?;
        let client = network::client(&network.proxies, retry.silence)?;
        Ok(Self { folder: folder.to_owned(), client, network: network.clone(), retry })
    }

    /// The name a file has in the cache: by digest, else by URL.
    #[must_use]
    pub fn cached_name(checksum: Option<&Digest>, url: &str, extension: Option<&str>) -> String {
        let stem = match checksum {
            Some(digest) => format!("{}-{}", digest.algorithm, digest.hex),
            None => {
                let mut hasher = Hasher::new(Algorithm::Sha256);
                hasher.update(url.as_bytes());
                format!("url-{}", hasher.finish().hex)
            }
        };
        match extension.map(|text| text.trim_start_matches('.')).filter(|text| !text.is_empty()) {
            Some(extension) => format!("{stem}.{extension}"),
            None => stem,
        }
    }

    /// Brings the file here, or says why not. Whatever is returned has been checked just now.
    pub async fn fetch(
        &self,
        want: &Want,
        cancel: &CancellationToken,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Fetched, DownloadError> {
        let expected = self.expected(want, cancel, on).await?;
        let mut first: Option<DownloadError> = None;
        let mut left = want.urls.len();
        for url in &want.urls {
            left -= 1;
            let tried = match Location::parse(url, &want.base) {
                Ok(Location::Local(path)) => local(url, path, expected.as_ref(), cancel, on).await,
                Ok(Location::Http(_)) => self.remote(url, want, expected.as_ref(), cancel, on).await,
                Err(error) => Err(error),
            };
            match tried {
                Ok(fetched) => return Ok(fetched),
                Err(error @ (DownloadError::Cancelled | DownloadError::NoSpace { .. })) => return Err(error),
                Err(error) => {
                    if left > 0 {
                        on(Event::NextUrl { cause: error.to_string() });
                    }
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.unwrap_or(DownloadError::NoUrl))
    }

    /// A small text, asked for every time: an index, a list. Troubles that may pass are met with one more attempt.
    pub async fn text(
        &self,
        url: &str,
        limit: u64,
        cancel: &CancellationToken,
    ) -> Result<String, DownloadError> {
        let retry = Retry { attempts: self.retry.attempts.min(2), ..self.retry };
        let bytes = self.small(url, limit, retry, cancel, &mut |_| {}).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether nothing may be fetched.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.network.offline
    }

    /// The first of the URLs that can be read in pieces where it is, without fetching it: the server answers `HEAD`
    /// and takes ranges, as QEMU's curl driver needs it.
    pub async fn readable_in_place(
        &self,
        urls: &[String],
        cancel: &CancellationToken,
    ) -> Result<String, DownloadError> {
        let (mut first, transfer) = (None, self.transfer(self.retry));
        for url in urls {
            let probed = if self.network.offline {
                Err(DownloadError::Offline { url: without_login(url) })
            } else {
                tokio::select! {
                    () = cancel.cancelled() => return Err(DownloadError::Cancelled),
                    probed = transfer.probe(url) => probed,
                }
            };
            match probed {
                Ok(()) => return Ok(url.clone()),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or(DownloadError::NoUrl))
    }

    /// The digest the file must have, as written or found in the list, without fetching the file.
    pub async fn checksum(
        &self,
        want: &Want,
        cancel: &CancellationToken,
    ) -> Result<Option<Digest>, DownloadError> {
        self.expected(want, cancel, &mut |_| {}).await
    }

    /// The digest the file must have: as written, or found in the list.
    async fn expected(
        &self,
        want: &Want,
        cancel: &CancellationToken,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Option<Digest>, DownloadError> {
        let list = match &want.checksum {
            ChecksumSpec::Unchecked => return Ok(None),
            ChecksumSpec::Digest(digest) => return Ok(Some(digest.clone())),
            ChecksumSpec::List(list) => list,
        };
        let text = match Location::parse(list, &want.base)? {
            Location::Local(path) => tokio::fs::read(&path)
                .await
                .map_err(|source| DownloadError::ListFile { path: path.clone(), source })?,
            Location::Http(url) => self.small(&url, LIST_LIMIT, self.retry, cancel, on).await?,
        };
        let text = String::from_utf8_lossy(&text);
        let names: Vec<String> =
            want.urls.iter().flat_map(|url| location::names_in_list(url, list)).collect();
        digest::find_in_list(&text, &names)
            .map(Some)
            .ok_or_else(|| DownloadError::NotListed { list: list.clone(), names })
    }

    /// A small text. It is kept for builds without a network, and for nothing else.
    async fn small(
        &self,
        url: &str,
        limit: u64,
        retry: Retry,
        cancel: &CancellationToken,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Vec<u8>, DownloadError> {
        let kept = self.folder.join(format!("text-{}", transfer::fingerprint(url)));
        if self.network.offline {
            return std::fs::read(&kept).map_err(|_| DownloadError::Offline { url: without_login(url) });
        }
        let text = self.transfer(retry).small(url, limit, cancel, on).await?;
        durable::write(&kept, &text).map_err(|source| DownloadError::File { path: kept, source })?;
        Ok(text)
    }

    fn transfer(&self, retry: Retry) -> Transfer<'_> {
        Transfer::new(&self.client, &self.network.netrc, retry)
    }

    async fn remote(
        &self,
        url: &str,
        want: &Want,
        expected: Option<&Digest>,
        cancel: &CancellationToken,
        on: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Fetched, DownloadError> {
        let target = self.folder.join(Self::cached_name(expected, url, want.extension.as_deref()));
        let _lock = lock(&target, cancel, on).await?;
        if let (Some(digest), Ok(_)) = (expected, target.metadata()) {
            match local(url, target.clone(), Some(digest), cancel, on).await {
                Ok(found) => return Ok(Fetched { cached: true, ..found }),
                Err(DownloadError::Cancelled) => return Err(DownloadError::Cancelled),
                // The cached copy has rotted: fetched anew below.
                Err(_) => remove(&target)?,
            }
        }
        let arrival = if self.network.offline {
            if expected.is_some() || !target.exists() {
                return Err(DownloadError::Offline { url: without_login(url) });
            }
            on(Event::Stale { cause: "--offline was asked for".to_owned() });
            Arrival::Unchanged
        } else {
            self.transfer(self.retry).run(url, &target, expected, cancel, on).await?
        };
        let bytes =
            target.metadata().map_err(|source| DownloadError::File { path: target.clone(), source })?.len();
        let (digest, cached) = match arrival {
            Arrival::Fetched(digest) => (Some(digest), false),
            Arrival::Unchanged => (None, true),
        };
        Ok(Fetched { path: target, url: without_login(url), digest, bytes, cached })
    }
}

/// A file of this machine, checked in place.
async fn local(
    url: &str,
    path: PathBuf,
    expected: Option<&Digest>,
    cancel: &CancellationToken,
    on: &mut (dyn FnMut(Event) + Send),
) -> Result<Fetched, DownloadError> {
    let total = tokio::fs::metadata(&path)
        .await
        .map_err(|source| DownloadError::Local { path: path.clone(), source })?
        .len();
    if let Some(expected) = expected {
        let (report, mut reports) = tokio::sync::mpsc::channel::<u64>(8);
        let (file, algorithm, token) = (path.clone(), expected.algorithm, cancel.clone());
        let hashing = tokio::task::spawn_blocking(move || {
            digest::of_file(&file, &[algorithm], &token, &mut |done| {
                let _ = report.try_send(done);
            })
        });
        while let Some(done) = reports.recv().await {
            on(Event::Progress { done, total: Some(total) });
        }
        let found = match hashing.await {
            Ok(Ok(mut found)) => found.remove(0),
            Ok(Err(_)) if cancel.is_cancelled() => return Err(DownloadError::Cancelled),
            Ok(Err(source)) => return Err(DownloadError::Local { path, source }),
            Err(_) => return Err(DownloadError::Cancelled),
        };
        if found != *expected {
            return Err(DownloadError::Checksum {
                what: path.display().to_string(),
                expected: expected.clone(),
                found,
            });
        }
    }
    Ok(Fetched { path, url: without_login(url), digest: expected.cloned(), bytes: total, cached: true })
}

async fn lock(
    target: &Path,
    cancel: &CancellationToken,
    on: &mut (dyn FnMut(Event) + Send),
) -> Result<FileLock, DownloadError> {
    let path = transfer::beside(target, ".lock");
    let mut told = false;
    loop {
        match FileLock::try_exclusive(&path) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) => {}
            Err(source) => return Err(DownloadError::File { path, source }),
        }
        if !std::mem::replace(&mut told, true) {
            on(Event::WaitingForOther);
        }
        tokio::select! {
            () = cancel.cancelled() => return Err(DownloadError::Cancelled),
            () = tokio::time::sleep(LOCK_POLL) => {}
        }
    }
}

fn remove(path: &Path) -> Result<(), DownloadError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(DownloadError::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
