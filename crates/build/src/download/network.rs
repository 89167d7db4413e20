//! How the network is reached: proxies, logins, or not at all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Client;

use super::transfer::innermost;
use super::{DownloadError, Netrc};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How the network is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Proxies.
    pub proxies: Proxies,
    /// Logins.
    pub netrc: Netrc,
    /// Nothing is fetched; what the cache holds is used.
    pub offline: bool,
}

impl Network {
    /// Proxies as curl reads them, and the logins of `$NETRC`, else of `.netrc` in the home. A file that cannot be
    /// read counts as none: where a login was needed the server says so.
    pub fn from_env(get: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Self {
        let file = get("NETRC").filter(|path| !path.is_empty()).map(PathBuf::from);
        let file = file.or_else(|| home.map(|home| home.join(".netrc")));
        let netrc = file.and_then(|file| std::fs::read_to_string(file).ok());
        Self {
            proxies: Proxies::from_env(get),
            netrc: netrc.as_deref().map(Netrc::parse).unwrap_or_default(),
            offline: false,
        }
    }

    /// The same, offline or not.
    #[must_use]
    pub fn offline(self, offline: bool) -> Self {
        Self { offline, ..self }
    }
}

/// Proxies, from the environment `main` read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `http:` URLs.
    pub http: Option<String>,
    /// For `https:` URLs.
    pub https: Option<String>,
    /// Hosts reached without one, comma separated.
    pub none_for: Option<String>,
}

impl Proxies {
    /// Reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, in lower case first, as curl does.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Self {
        let either =
            |name: &str| get(name).or_else(|| get(&name.to_uppercase())).filter(|value| !value.is_empty());
        // HTTP_PROXY in upper case can be forged through a CGI header; curl ignores it, and so do we.
        let http = get("http_proxy").filter(|value| !value.is_empty()).or_else(|| either("all_proxy"));
        Self {
            http,
            https: either("https_proxy").or_else(|| either("all_proxy")),
            none_for: either("no_proxy"),
        }
    }
}

pub(super) fn client(proxies: &Proxies, silence: Duration) -> Result<Client, DownloadError> {
    // An error means that somebody in this process has installed one already: just as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |error: reqwest::Error| DownloadError::Client { cause: innermost(&error) };
    let except = proxies.none_for.as_deref().and_then(reqwest::NoProxy::from_string);
    let mut builder = Client::builder()
        .no_proxy()
        .user_agent(concat!("goldsmith/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(silence);
    if let Some(proxy) = &proxies.http {
        builder = builder.proxy(reqwest::Proxy::http(proxy).map_err(failed)?.no_proxy(except.clone()));
    }
    if let Some(proxy) = &proxies.https {
        builder = builder.proxy(reqwest::Proxy::https(proxy).map_err(failed)?.no_proxy(except));
    }
    builder.build().map_err(failed)
}
