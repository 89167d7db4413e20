//! Where a URL of a template leads.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::DownloadError;

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file of this machine.
    Local(PathBuf),
    /// An `http:` or `https:` URL.
    Http(String),
}

impl Location {
    /// Reads a URL or path; a relative path starts in `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, DownloadError> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Local(base.join(text.strip_prefix("file:").unwrap_or(text))));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {
                reqwest::Url::parse(text).map_err(|error| DownloadError::BadUrl {
                    url: text.to_owned(),
                    cause: error.to_string(),
                })?;
                Ok(Self::Http(text.to_owned()))
            }
            "file" => {
                // file:///absolute, file://localhost/absolute, and, as Packer allows, file://relative
                let path = rest
                    .strip_prefix("localhost/")
                    .map_or_else(|| rest.to_owned(), |path| format!("/{path}"));
                let path = percent_decode_str(&path).decode_utf8_lossy().into_owned();
                Ok(Self::Local(base.join(path)))
            }
            other => Err(DownloadError::Scheme { url: text.to_owned(), scheme: other.to_owned() }),
        }
    }
}

/// The address without user name and password.
#[must_use]
pub fn without_login(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => uri.to_owned(),
    }
}

/// The names a file may have in a list of digests: its path relative to the list, then its base name.
pub(super) fn names_in_list(url: &str, list: &str) -> Vec<String> {
    let plain = |text: &str| {
        let text = text.split(['?', '#']).next().unwrap_or(text);
        percent_decode_str(text).decode_utf8_lossy().into_owned()
    };
    let (url, list) = (plain(url), plain(list));
    let mut names = Vec::new();
    if let Some((folder, _)) = list.rsplit_once('/')
        && let Some(relative) = url.strip_prefix(&format!("{folder}/"))
    {
        names.push(relative.to_owned());
    }
    if let Some(base) = url.rsplit('/').next().filter(|base| !base.is_empty())
        && !names.iter().any(|name| name == base)
    {
        names.push(base.to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        let base = Path::new("/w");
        let local = |text: &str| Location::parse(text, base).ok();
        assert_eq!(local("a/b.img"), Some(Location::Local("/w/a/b.img".into())));
        assert_eq!(local("/a/b.img"), Some(Location::Local("/a/b.img".into())));
        assert_eq!(local("file:///a/b%20c.img"), Some(Location::Local("/a/b c.img".into())));
        assert_eq!(local("file://b.img"), Some(Location::Local("/w/b.img".into())));
        assert_eq!(local("HTTP://h/x"), Some(Location::Http("HTTP://h/x".into())));
        assert!(matches!(Location::parse("s3://b/x", base), Err(DownloadError::Scheme { .. })));
        assert!(matches!(Location::parse("http://", base), Err(DownloadError::BadUrl { .. })));
    }

    #[test]
    fn names_relative_to_the_list_come_first() {
        assert_eq!(names_in_list("https://h/d/x/a.img?y=1", "https://h/d/SUMS"), ["x/a.img", "a.img"]);
        assert_eq!(names_in_list("https://h/d/a.img", "https://h/d/SUMS"), ["a.img"]);
        assert_eq!(names_in_list("a.img", "/tmp/SUMS"), ["a.img"]);
    }
}
