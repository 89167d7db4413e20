//! Packer writes its options with one dash (`-var-file=a.hcl`); both spellings are understood.

use std::ffi::OsString;

/// Turns `-name` and `-name=value` into `--name` and `--name=value`.
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
            Some(text) if options && is_long(text) => out.push(OsString::from(format!("-{text}"))),
            _ => out.push(arg),
        }
    }
    out
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
    fn what_is_not_a_word_stays() {
        let same = ["goldsmith", "-h", "-", "-1", "--json", "-V=x", "--", "-var"];
        assert_eq!(normal(&same), same);
    }
}
