//! Why a file could not be had.

use std::io;
use std::path::PathBuf;

use crate::digest::Digest;

/// Why a file could not be had: what, where, why, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// Neither URL nor path.
    #[error("there is nothing to fetch: no URL is given")]
    NoUrl,
    /// A protocol we do not speak.
    #[error("cannot fetch {url}: the protocol `{scheme}` is not supported; use http, https, file or a path")]
    Scheme {
        /// As given.
        url: String,
        /// Its protocol.
        scheme: String,
    },
    /// No URL at all.
    #[error("`{url}` is not a valid URL: {cause}")]
    BadUrl {
        /// As given.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The server does not answer.
    #[error("cannot reach {url}: {cause}; check the address, the network and the proxy settings")]
    Unreachable {
        /// As asked.
        url: String,
        /// The innermost cause.
        cause: String,
    },
    /// It leads elsewhere, again and again or to nowhere.
    #[error("{url} does not lead to a file: {cause}; check the address, or use another mirror")]
    Redirected {
        /// As asked.
        url: String,
        /// The innermost cause.
        cause: String,
    },
    /// It cannot be read where it is.
    #[error(
        "the server of {url} gives the file only as a whole (no `Accept-Ranges: bytes`), so QEMU cannot read it there; leave iso_skip_cache out"
    )]
    NoRanges {
        /// As asked.
        url: String,
    },
    /// Nothing may be fetched.
    #[error(
        "{url} is not in the cache, and --offline was asked for; build once with a network, or name a local file"
    )]
    Offline {
        /// As given.
        url: String,
    },
    /// The server answers, but not with the file.
    #[error("{url} answers {status}{}", remedy(*.status))]
    Status {
        /// As asked.
        url: String,
        /// The HTTP status code.
        status: u16,
    },
    /// The transfer broke off again and again.
    #[error("the download of {url} broke off after {bytes} bytes: {cause}; start again to go on from there")]
    Broken {
        /// As asked.
        url: String,
        /// Bytes that were here.
        bytes: u64,
        /// The innermost cause.
        cause: String,
    },
    /// The content is another one.
    #[error(
        "{what} is not what the template expects: its {} is {}, expected {}; \
         either the file was changed or the checksum is outdated. It was not used",
        .found.algorithm, .found.hex, .expected.hex
    )]
    Checksum {
        /// URL or path.
        what: String,
        /// As the template or the list says.
        expected: Digest,
        /// As computed.
        found: Digest,
    },
    /// The list has no line for the file.
    #[error("{list} has no digest for {}; check the name, or give the checksum itself", .names.first().map_or("the file", String::as_str))]
    NotListed {
        /// The list.
        list: String,
        /// The names looked for.
        names: Vec<String>,
    },
    /// The list is far too big to be one.
    #[error("{list} is larger than {limit} bytes: this is no list of digests")]
    ListTooLarge {
        /// The list.
        list: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The list cannot be read.
    #[error("cannot read the list of digests {path}: {source}")]
    ListFile {
        /// Its path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A local file cannot be read.
    #[error("cannot read {path}: {source}; relative paths start in the folder the command was started in")]
    Local {
        /// Its path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The disk is full, or would be.
    #[error("no space left for {path}: {}{free} bytes are free; make room or move the cache (GOLDSMITH_HOME)", needed_text(.needed))]
    NoSpace {
        /// What was to be written.
        path: PathBuf,
        /// Bytes it still needs, when known.
        needed: Option<u64>,
        /// Bytes free.
        free: u64,
    },
    /// The cache folder cannot be made.
    #[error("cannot make the download cache {path}: {source}")]
    Folder {
        /// Its path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file of the cache cannot be read or written.
    #[error("cannot write {path}: {source}")]
    File {
        /// Its path.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The HTTP client could not be made (proxy, certificates).
    #[error("cannot set up downloads: {cause}; check the proxy settings and the machine's certificates")]
    Client {
        /// What is wrong.
        cause: String,
    },
    /// It was cancelled.
    #[error("the download was cancelled")]
    Cancelled,
}

impl DownloadError {
    /// Whether trying again may help.
    pub(super) fn passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

fn remedy(status: u16) -> &'static str {
    match status {
        401 | 403 => " (access refused): the address needs a login or is not public",
        404 | 410 => " (not found): the file was moved or removed; check the address",
        407 => " (proxy login needed): check the proxy settings",
        429 => " (too many requests): try again later",
        500..=599 => " (the server is in trouble): try again later or use another mirror",
        _ => "",
    }
}

fn needed_text(needed: &Option<u64>) -> String {
    needed.map(|bytes| format!("{bytes} bytes are needed, ")).unwrap_or_default()
}
