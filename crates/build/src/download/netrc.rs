//! Logins for hosts out of `.netrc`, as curl and go-getter read it (the format is that of ftp(1)).

use std::collections::BTreeMap;
use std::fmt;

/// Logins by host.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Netrc {
    hosts: BTreeMap<String, (String, String)>,
    default: Option<(String, String)>,
}

/// Hosts only: the rest is secret.
impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Netrc({} hosts)", self.hosts.len())
    }
}

impl Netrc {
    /// Reads the file's text. What is no login is passed over: `account`, macros, words nobody knows.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        // The host, or none for `default`; then user and password.
        let mut entry: Option<(Option<String>, String, String)> = None;
        let mut macros = false;
        for line in text.lines() {
            // A macro ends with an empty line.
            if macros {
                macros = !line.trim().is_empty();
                continue;
            }
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                match word {
                    _ if word.starts_with('#') => break,
                    "machine" | "default" => {
                        found.take(entry.take());
                        let host = if word == "machine" { words.next().map(str::to_lowercase) } else { None };
                        entry = Some((host, String::new(), String::new()));
                    }
                    "login" | "password" | "account" => {
                        let value = words.next().unwrap_or_default().trim_matches('"').to_owned();
                        match (&mut entry, word) {
                            (Some(entry), "login") => entry.1 = value,
                            (Some(entry), "password") => entry.2 = value,
                            _ => {}
                        }
                    }
                    "macdef" => {
                        macros = true;
                        break;
                    }
                    _ => {}
                }
            }
        }
        found.take(entry);
        found
    }

    fn take(&mut self, entry: Option<(Option<String>, String, String)>) {
        match entry {
            // The first entry of a host counts, as in curl.
            Some((Some(host), user, password)) => {
                self.hosts.entry(host).or_insert((user, password));
            }
            Some((None, user, password)) => {
                self.default.get_or_insert((user, password));
            }
            None => {}
        }
    }

    /// User and password for a host; none for one that is not named when there is no `default`.
    #[must_use]
    pub fn login(&self, host: &str) -> Option<(&str, &str)> {
        let found = self.hosts.get(&host.to_lowercase()).or(self.default.as_ref())?;
        Some((&found.0, &found.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_found_by_host() {
        let text = "# comment\nmachine Mirror.example login joe password \"s3cret\"\n\
                    macdef init\nmachine evil login x password y\n\n\
                    machine two.example\n  login ann\n  account z\n  password pw\nmachine two.example login late password no\n";
        let netrc = Netrc::parse(text);
        assert_eq!(netrc.login("mirror.EXAMPLE"), Some(("joe", "s3cret")));
        assert_eq!(netrc.login("two.example"), Some(("ann", "pw")));
        assert_eq!((netrc.login("evil"), netrc.login("other")), (None, None));
        let with_default = Netrc::parse("default login anonymous password me@example\n");
        assert_eq!(with_default.login("other"), Some(("anonymous", "me@example")));
        assert!(!format!("{netrc:?}").contains("s3cret"));
    }
}
