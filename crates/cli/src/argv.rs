//! Packer writes its options with one dash (`-var-file=a.hcl`), gives switches values (`-force=false`), and has a few
//! that mean nothing here; all of that is understood.

use std::ffi::OsString;

/// Switches, which Packer takes values for: `-force=true` is `-force`, `-force=false` is nothing.
const SWITCHES: &[&str] = &[
    "check",
    "debug",
    "diff",
    "evaluate-datasources",
    "force",
    "machine-readable",
    "no-warn-undeclared-var",
    "online",
    "recursive",
    "syntax-only",
    "timestamp-ui",
    "upgrade",
    "warn-on-undeclared-var",
    "with-annotations",
];

/// Switches of Packer that change nothing here: no plugin is loaded, the order of evaluation is by need, and there is
/// no registry that could enforce anything.
const WITHOUT_MEANING: &[&str] =
    &["ignore-prerelease-plugins", "skip-enforcement", "use-sequential-evaluation"];

/// Turns `-name` and `-name=value` into `--name` and `--name=value`, and a first `-v` into `--version`.
///
/// Left alone: the program's own name, single letters (`-h`), numbers (`-1`), a lone `-`, and all after `--`.
/// Nothing else is lost by it: no option of ours bundles single letters.
pub fn normalise(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let mut out: Vec<OsString> = args.next().into_iter().collect();
    let mut options = true;
    for arg in args {
        if arg == "--" {
            options = false;
        }
        match arg.to_str() {
            Some("-v") if out.len() == 1 => out.push(OsString::from("--version")),
            Some(text) if options && is_long(text.strip_prefix('-').unwrap_or(text)) => {
                out.extend(option(text))
            }
            Some(text) if options && is_long(text) => out.extend(option(text)),
            _ => out.push(arg),
        }
    }
    out
}

/// An option with one or two dashes in our spelling; nothing when it asks for nothing.
fn option(text: &str) -> Option<OsString> {
    let name = text.trim_start_matches('-');
    let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
    if WITHOUT_MEANING.contains(&name) {
        return None;
    }
    match value {
        Some("true" | "1" | "t" | "T" | "TRUE" | "True") if SWITCHES.contains(&name) => {
            Some(OsString::from(format!("--{name}")))
        }
        Some("false" | "0" | "f" | "F" | "FALSE" | "False") if SWITCHES.contains(&name) => None,
        Some(value) => Some(OsString::from(format!("--{name}={value}"))),
        None => Some(OsString::from(format!("--{name}"))),
    }
}

/// Whether it is a word after exactly one dash.
fn is_long(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('-') else { return false };
    let name = rest.split('=').next().unwrap_or(rest);
    name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(args: &[&str]) -> Vec<String> {
        normalise(args.iter().map(OsString::from)).into_iter().map(|arg| arg.into_string().unwrap()).collect()
    }

    #[test]
    fn packers_spelling_becomes_ours() {
        assert_eq!(
            normal(&[
                "goldsmith",
                "build",
                "-var",
                "a=-b",
                "-var-file=x",
                "-on-error=abort",
                "-force",
                "t.pkr.hcl"
            ]),
            [
                "goldsmith",
                "build",
                "--var",
                "a=-b",
                "--var-file=x",
                "--on-error=abort",
                "--force",
                "t.pkr.hcl"
            ]
        );
    }

    #[test]
    fn switches_take_values_and_some_mean_nothing() {
        assert_eq!(
            normal(&[
                "goldsmith",
                "build",
                "-force=true",
                "-debug=false",
                "--timestamp-ui=1",
                "-skip-enforcement",
                "-use-sequential-evaluation=true",
                "-write=false",
                "-color=false",
                "t.json",
                "-",
            ]),
            [
                "goldsmith",
                "build",
                "--force",
                "--timestamp-ui",
                "--write=false",
                "--color=false",
                "t.json",
                "-"
            ]
        );
        assert_eq!(normal(&["goldsmith", "-v"]), ["goldsmith", "--version"]);
        assert_eq!(
            normal(&["goldsmith", "-machine-readable", "version"]),
            ["goldsmith", "--machine-readable", "version"]
        );
    }

    #[test]
    fn what_is_not_a_word_stays() {
        let same = ["goldsmith", "-h", "-", "-1", "--json", "-V=x", "--", "-var"];
        assert_eq!(normal(&same), same);
    }
}
