//! The scp protocol's records, and remote paths as words for the guest's shell.

/// A record of the source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Record {
    File { mode: u32, size: u64, name: String },
    Enter { name: String },
    Leave,
    Times,
    Error(String),
}

/// Reads a record. A name that leaves the target folder is refused.
pub(crate) fn record(line: &str) -> Result<Record, String> {
    let bad = || format!("the record \"{}\"", line.escape_debug());
    let mut chars = line.chars();
    let kind = chars.next().ok_or_else(bad)?;
    let rest = chars.as_str();
    match kind {
        'C' | 'D' => {
            let mut parts = rest.splitn(3, ' ');
            let mode = parts.next().and_then(|m| u32::from_str_radix(m, 8).ok()).ok_or_else(bad)?;
            let size = parts.next().and_then(|s| s.parse().ok()).ok_or_else(bad)?;
            let name = parts.next().ok_or_else(bad)?.to_owned();
            let leaves = name.is_empty() || name == ".." || name.contains('/') || name.contains('\0');
            if leaves || (name == "." && kind == 'C') {
                return Err(format!("the name \"{}\" leaves the target folder", name.escape_debug()));
            }
            Ok(if kind == 'C' { Record::File { mode, size, name } } else { Record::Enter { name } })
        }
        'E' => Ok(Record::Leave),
        'T' => Ok(Record::Times),
        '\u{1}' | '\u{2}' => Ok(Record::Error(rest.to_owned())),
        _ => Err(bad()),
    }
}

/// Folder and name of a remote path.
pub(crate) fn split(remote: &str) -> (&str, &str) {
    match remote.rsplit_once('/') {
        None => (".", remote),
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
    }
}

/// One word for the guest's shell; a leading `~` or `~user` stays meaningful.
pub(crate) fn quote(path: &str) -> String {
    quote_but(path, |c| c.is_ascii_alphanumeric() || "/._-+,:@%=".contains(c))
}

/// As [`quote`], with `*`, `?`, `[` and `]` left to the guest's shell.
pub(crate) fn quote_pattern(path: &str) -> String {
    quote_but(path, |c| c.is_ascii_alphanumeric() || "/._-+,:@%=*?[]".contains(c))
}

fn quote_but(path: &str, bare: impl Fn(char) -> bool) -> String {
    let home = if path.starts_with('~') { path.find('/').unwrap_or(path.len()) } else { 0 };
    let home_is_plain = path[..home].chars().skip(1).all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let (home, rest) = if home_is_plain { path.split_at(home) } else { ("", path) };
    let mut word = home.to_owned();
    // A name that begins with a dash would be taken for an option.
    if rest.starts_with('-') {
        word.push_str("./");
    }
    for c in rest.chars() {
        if bare(c) {
            word.push(c);
        } else if c == '\'' {
            word.push_str("\"'\"");
        } else {
            word.push('\'');
            word.push(c);
            word.push('\'');
        }
    }
    if word.is_empty() { "''".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_checked() {
        let file = Record::File { mode: 0o644, size: 12, name: "a b".to_owned() };
        assert_eq!(record("C0644 12 a b").unwrap(), file);
        assert_eq!(record("D0755 0 .").unwrap(), Record::Enter { name: ".".to_owned() });
        assert_eq!(record("\u{1}scp: no").unwrap(), Record::Error("scp: no".to_owned()));
        for hostile in [
            "C0644 1 ../x",
            "C0644 1 ..",
            "C0644 1 a/b",
            "D0755 0 /etc",
            "C0644 1 .",
            "C0644 -1 x",
            "C 1 x",
            "",
            "Xyz",
        ] {
            assert!(record(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn remote_paths_become_one_word() {
        assert_eq!(quote("/tmp/script_1.sh"), "/tmp/script_1.sh");
        assert_eq!(quote("~/my dir/it's"), "~/my' 'dir/it\"'\"s");
        assert_eq!(quote("$HOME;x"), "'$'HOME';'x");
        assert_eq!(quote("~a b/x"), "'~'a' 'b/x");
        assert_eq!(quote("-rf"), "./-rf");
        assert_eq!(quote_pattern("/var/log/*.log x"), "/var/log/*.log' 'x");
        assert_eq!((split("/a"), split("a"), split("/t/b")), (("/", "a"), (".", "a"), ("/t", "b")));
    }
}
