//! Environment variables for scripts, as Packer writes them.

use std::collections::BTreeMap;

use goldsmith_template::Text;

use crate::error::StepError;
use crate::holes::fill;
use crate::names::Names;

/// All variables of a script, sorted: Packer's own, `environment_vars`, and `env`, the later winning.
pub(crate) fn variables(
    names: &Names,
    list: &[Text],
    map: &BTreeMap<String, Text>,
) -> Result<BTreeMap<String, String>, StepError> {
    let mut all = names.packer_env();
    for pair in list {
        let pair = fill(pair, names, &[])?;
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            StepError::input("An entry of environment_vars is not written as NAME=value.".to_owned())
        })?;
        all.insert(key.to_owned(), value.to_owned());
    }
    for (key, value) in map {
        all.insert(key.clone(), fill(value, names, &[])?);
    }
    Ok(all)
}

/// As they stand before a command: each by `format` (two `%s`, key and value; Packer's default is `%s='%s' `),
/// quotes in values escaped for a shell.
pub(crate) fn flat(variables: &BTreeMap<String, String>, format: &str) -> String {
    variables.iter().map(|(key, value)| formatted(format, key, &value.replace('\'', r#"'"'"'"#))).collect()
}

/// The first `%s` is the key, the second the value; `%[1]s` and `%[2]s` name them; `%%` is a percent sign.
pub(crate) fn formatted(format: &str, key: &str, value: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    let mut next = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (taken, what) = if rest.starts_with('s') {
            next += 1;
            (1, if next == 1 { key } else { value })
        } else if rest.starts_with("[1]s") {
            (4, key)
        } else if rest.starts_with("[2]s") {
            (4, value)
        } else if rest.starts_with('%') {
            (1, "%")
        } else {
            (0, "%")
        };
        out.push_str(what);
        rest = &rest[taken..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_packer_writes_them() {
        let vars = BTreeMap::from([("B".to_owned(), "it's".to_owned()), ("A".to_owned(), "1 2".to_owned())]);
        assert_eq!(flat(&vars, "%s='%s' "), r#"A='1 2' B='it'"'"'s' "#);
        assert_eq!(flat(&vars, "export %[1]s=\"%[2]s\"\n").lines().count(), 2);
        assert_eq!(formatted("100%% %s", "k", "v"), "100% k");
    }

    #[test]
    fn a_map_wins_over_the_list() {
        let names = Names::default();
        let map = BTreeMap::from([("X".to_owned(), Text::from("map"))]);
        let all = variables(&names, &[Text::from("X=list"), Text::from("Y=a=b")], &map).unwrap();
        assert_eq!(all["X"], "map");
        assert_eq!(all["Y"], "a=b");
        assert!(all.contains_key("PACKER_BUILD_NAME"));
    }
}
