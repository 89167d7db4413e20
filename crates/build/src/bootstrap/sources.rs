//! Where the packages come from: the host's apt sources, the template's mirror, the public archive.

use goldsmith_template::text::Text;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use crate::download::without_login;

/// One archive and suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// Its address without a trailing slash. May hold credentials: only for mmdebstrap's standard input.
    pub uri: String,
    /// The suite.
    pub suite: String,
    /// The components.
    pub components: Vec<String>,
}

impl Archive {
    /// As a line of `sources.list`.
    #[must_use]
    pub fn line(&self) -> String {
        format!("deb {} {} {}", self.uri, self.suite, self.components.join(" "))
    }

    /// As it may be shown: credentials in the address left out.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("deb {} {} {}", without_login(&self.uri), self.suite, self.components.join(" "))
    }

    /// Where its signed index is.
    #[must_use]
    pub fn in_release(&self) -> String {
        format!("{}/dists/{}/InRelease", self.uri, self.suite)
    }
}

/// What the host says about itself, read by the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostApt {
    /// `ID` of `/etc/os-release`.
    pub distribution: Option<String>,
    /// The text of `/etc/apt/sources.list` and of every `/etc/apt/sources.list.d/*.list`.
    pub one_line: Vec<String>,
    /// The text of every `/etc/apt/sources.list.d/*.sources`.
    pub deb822: Vec<String>,
}

impl HostApt {
    /// Reads them below `root` (`/` in earnest). What is absent or unreadable is left out: then the public archive
    /// serves.
    #[must_use]
    pub fn read(root: &std::path::Path) -> Self {
        let text = |path: &str| std::fs::read_to_string(root.join(path)).ok();
        let distribution = text("etc/os-release").and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix("ID=").map(|id| id.trim_matches('"').to_owned()))
        });
        let mut found = Self { distribution, ..Self::default() };
        found.one_line.extend(text("etc/apt/sources.list"));
        let mut files: Vec<_> = std::fs::read_dir(root.join("etc/apt/sources.list.d"))
            .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
            .unwrap_or_default();
        files.sort();
        for file in files {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("list") => found.one_line.push(text),
                Some("sources") => found.deb822.push(text),
                _ => {}
            }
        }
        found
    }

    /// Every (URI, suite) pair that is in force.
    fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> =
            self.one_line.iter().flat_map(|text| one_line_pairs(text)).collect();
        pairs.extend(self.deb822.iter().flat_map(|text| deb822_pairs(text)));
        pairs
    }
}

fn one_line_pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some(rest) = line.strip_prefix("deb").filter(|rest| rest.starts_with(char::is_whitespace)) else {
            continue;
        };
        let mut rest = rest.trim_start();
        if let Some(options) = rest.strip_prefix('[') {
            let Some((_, after)) = options.split_once(']') else { continue };
            rest = after;
        }
        let mut words = rest.split_whitespace();
        if let (Some(uri), Some(suite)) = (words.next(), words.next()) {
            pairs.push((uri.trim_end_matches('/').to_owned(), suite.to_owned()));
        }
    }
    pairs
}

fn deb822_pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for stanza in lines.split(|line| line.trim().is_empty()) {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in stanza {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        let field = |name: &str| {
            fields
                .iter()
                .find(|(known, _)| known == name)
                .map_or("", |(_, value)| value.as_str())
                .split_whitespace()
        };
        let off = field("enabled").next().is_some_and(|value| matches!(value, "no" | "false" | "0" | "off"));
        if off || !field("types").any(|kind| kind == "deb") {
            continue;
        }
        for uri in field("uris") {
            pairs.extend(
                field("suites").map(|suite| (uri.trim_end_matches('/').to_owned(), suite.to_owned())),
            );
        }
    }
    pairs
}

/// The archives to try, in groups: of each group the first that answers is taken. The first group must answer, the
/// others (updates, security) may be absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidates {
    /// The suite itself.
    pub main: Vec<Archive>,
    /// Its updates.
    pub updates: Vec<Archive>,
    /// Its security updates.
    pub security: Vec<Archive>,
}

impl Candidates {
    /// In the order template's mirror, else the host's own, else the public archive. Only an unreachable security
    /// archive falls back further, because few mirrors carry it.
    #[must_use]
    pub fn choose(
        distribution: Distribution,
        suite: &str,
        components: &[String],
        mirror: Option<&str>,
        host: &HostApt,
    ) -> Self {
        let archive = |uri: &str, suite: String| Archive {
            uri: uri.trim_end_matches('/').to_owned(),
            suite,
            components: components.to_vec(),
        };
        let own = host.distribution.as_deref() == Some(distribution.name());
        let official: Vec<(String, String)> = host
            .pairs()
            .into_iter()
            .filter(|(uri, suite)| own && fetchable(uri) && distribution.official_suite(suite))
            .collect();
        let is_security = |suite: &str| suite.contains("-security") || suite.ends_with("/updates");
        let host_main = official.iter().find(|(_, suite)| !is_security(suite)).map(|(uri, _)| uri.clone());
        let host_security = official.iter().find(|(_, suite)| is_security(suite)).map(|(uri, _)| uri.clone());
        let main = mirror.map(str::to_owned).or(host_main);
        let main = main.unwrap_or_else(|| distribution.public_mirror().to_owned());
        let mut security = Vec::new();
        if let Some(name) = distribution.security_suite(suite) {
            if mirror.is_some() {
                // A full mirror of Debian has the security archive as its neighbour, one of Ubuntu as a suite.
                let beside = match distribution {
                    Distribution::Debian => main
                        .trim_end_matches('/')
                        .strip_suffix("/debian")
                        .map(|base| format!("{base}/debian-security")),
                    Distribution::Ubuntu => Some(main.clone()),
                };
                security.extend(beside.map(|uri| archive(&uri, name.clone())));
            }
            security.extend(host_security.map(|uri| archive(&uri, name.clone())));
            security.push(archive(distribution.public_security_mirror(), name));
            security.dedup();
        }
        Self {
            main: vec![archive(&main, suite.to_owned())],
            updates: distribution.updates_suite(suite).map(|name| archive(&main, name)).into_iter().collect(),
            security,
        }
    }

    /// One line per group, as a plan prints them.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        [&self.main, &self.updates, &self.security]
            .into_iter()
            .filter_map(|group| group.first())
            .map(Archive::shown)
            .collect()
    }
}

fn fetchable(uri: &str) -> bool {
    uri.starts_with("http://") || uri.starts_with("https://")
}

/// The image's own `/etc/apt/sources.list.d/<distribution>.sources`: public archives, no credentials, keys named.
#[must_use]
pub fn image_sources(
    distribution: Distribution,
    suite: &str,
    components: &[String],
    keyring: &str,
) -> String {
    let (main, security) = distribution.image_mirrors();
    let components = components.join(" ");
    let suites = match distribution.updates_suite(suite) {
        Some(updates) => format!("{suite} {updates}"),
        None => suite.to_owned(),
    };
    let stanza = |uri: &str, suites: &str| {
        format!("Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: {components}\nSigned-By: {keyring}\n")
    };
    let mut text = stanza(main, &suites);
    if let Some(name) = distribution.security_suite(suite) {
        text.push('\n');
        text.push_str(&stanza(security, &name));
    }
    text
}

/// A mirror option's text, when it is known before the build.
#[must_use]
pub fn mirror_text(mirror: Option<&Text>) -> Option<String> {
    mirror.and_then(|text| text.known().map(str::to_owned)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn debian_host(deb822: &str, one_line: &str) -> HostApt {
        HostApt {
            distribution: Some("debian".into()),
            one_line: vec![one_line.into()],
            deb822: vec![deb822.into()],
        }
    }

    fn uris(archives: &[Archive]) -> Vec<&str> {
        archives.iter().map(|archive| archive.uri.as_str()).collect()
    }

    const MAIN: &[&str] = &["main"];

    fn choose(mirror: Option<&str>, host: &HostApt) -> Candidates {
        let components: Vec<String> = MAIN.iter().map(|part| (*part).to_owned()).collect();
        Candidates::choose(Distribution::Debian, "trixie", &components, mirror, host)
    }

    #[test]
    fn the_hosts_own_archives_serve_any_suite_of_its_distribution() {
        let host = debian_host(
            "# comment\nTypes: deb deb-src\nURIs: http://mirror.example/debian/\nSuites: bookworm\n bookworm-updates\n\
             Components: main\n\nTypes: deb\nURIs: http://mirror.example/sec\nSuites: bookworm-security\n",
            "",
        );
        let found = choose(None, &host);
        assert_eq!(uris(&found.main), ["http://mirror.example/debian"]);
        assert_eq!(found.main[0].line(), "deb http://mirror.example/debian trixie main");
        assert_eq!(found.updates[0].suite, "trixie-updates");
        assert_eq!(uris(&found.security)[0], "http://mirror.example/sec");
        assert_eq!(found.security[0].suite, "trixie-security");
    }

    #[test]
    fn third_parties_disabled_and_foreign_entries_are_not_taken() {
        let host = debian_host(
            "Types: deb\nURIs: https://deb.example/node\nSuites: nodistro\nComponents: main\n\n\
             Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\n\n\
             Types: deb-src\nURIs: http://src.example/debian\nSuites: bookworm\n",
            "deb [arch=amd64 signed-by=/x y] cdrom:[Debian]/ bookworm main\n#deb http://no.example/debian bookworm main\n",
        );
        assert_eq!(uris(&choose(None, &host).main), ["http://ftp.debian.org/debian"]);
        let ubuntu = HostApt {
            distribution: Some("ubuntu".into()),
            one_line: vec!["deb http://u.example/ubuntu noble main".into()],
            ..HostApt::default()
        };
        assert_eq!(uris(&choose(None, &ubuntu).main), ["http://ftp.debian.org/debian"]);
    }

    #[test]
    fn one_line_sources_with_options_are_read() {
        let host = debian_host("", "deb [arch=amd64] http://one.example/debian bookworm main contrib # x\n");
        assert_eq!(uris(&choose(None, &host).main), ["http://one.example/debian"]);
    }

    #[test]
    fn the_templates_mirror_wins() {
        let host = debian_host("", "deb http://one.example/debian bookworm main\n");
        let found = choose(Some("http://m.example/debian/"), &host);
        assert_eq!(uris(&found.main), ["http://m.example/debian"]);
        assert_eq!(uris(&found.security)[0], "http://m.example/debian-security");
    }

    #[test]
    fn credentials_are_never_shown_and_never_in_the_image() {
        let host = debian_host("", "deb http://joe:secret@one.example/debian bookworm main\n");
        let found = choose(None, &host);
        assert!(found.main[0].line().contains("joe:secret@"));
        assert!(!found.shown().join("\n").contains("secret"));
        let components = vec!["main".to_owned()];
        let image = image_sources(Distribution::Debian, "trixie", &components, "/k.gpg");
        assert!(
            image.starts_with(
                "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: trixie trixie-updates\n"
            )
        );
        assert!(image.contains("Suites: trixie-security\n"));
    }

    #[test]
    fn sid_has_neither_updates_nor_security() {
        let found = Candidates::choose(Distribution::Debian, "sid", &[], None, &HostApt::default());
        assert!(found.updates.is_empty() && found.security.is_empty());
    }
}
