//! Keeping sensitive values out of everything that is shown, logged or written down.
//!
//! Works on whole lines: whoever calls it puts the pieces of a line together first, so that no value hides in a
//! break between two reads. Finds a value as it is, URL-encoded, and in base64 at any of the three places it can
//! fall to within a longer encoded text (as in `Authorization: Basic`).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;
use serde_json::Value;

/// What stands in a value's place: Packer's own word.
pub const MASK: &str = "<sensitive>";

/// RFC 3986's unreserved characters stay.
const URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Shorter pieces of a value (its lines, its base64 form within a longer text) are left alone: they would match
/// words that have nothing to do with it.
const SHORTEST_PIECE: usize = 6;

/// Replaces sensitive values in text. Cheap to clone; values can be added while it is in use (a key made during
/// the build), and all clones know them from then on.
#[derive(Clone, Default)]
pub struct Redactor {
    inner: Arc<RwLock<Inner>>,
}

#[derive(Default)]
struct Inner {
    needles: BTreeSet<String>,
    pattern: Option<Regex>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(..)")
    }
}

impl Redactor {
    /// Knows the given values. Empty ones are left out, as Packer does.
    pub fn new<I, S>(values: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let redactor = Self::default();
        redactor.add(values);
        redactor
    }

    /// Learns more values.
    pub fn add<I, S>(&self, values: I)
    where
        I: IntoIterator<Item = S>,
        S: AsRef<str>,
    {
        let mut inner = match self.inner.write() {
            Ok(inner) => inner,
            Err(poisoned) => poisoned.into_inner(),
        };
        let before = inner.needles.len();
        for value in values {
            needles(value.as_ref(), &mut inner.needles);
        }
        if inner.needles.len() != before {
            // The longest first: of two values that begin alike, the whole longer one must go.
            let mut sorted: Vec<&String> = inner.needles.iter().collect();
            sorted.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
            let alternatives: Vec<String> = sorted.into_iter().map(|n| regex::escape(n)).collect();
            inner.pattern = Regex::new(&alternatives.join("|")).ok();
        }
    }

    /// The text with every known value masked.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let inner = match self.inner.read() {
            Ok(inner) => inner,
            Err(poisoned) => poisoned.into_inner(),
        };
        match &inner.pattern {
            Some(pattern) => pattern.replace_all(text, MASK),
            None => Cow::Borrowed(text),
        }
    }

    /// Masks within every string of a JSON value, keys too.
    pub fn redact_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(masked) = self.redact(text) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_json(item)),
            Value::Object(map) => {
                let keys: Vec<String> =
                    map.keys().filter(|key| matches!(self.redact(key), Cow::Owned(_))).cloned().collect();
                for key in keys {
                    if let Some(inner) = map.remove(&key) {
                        map.insert(self.redact(&key).into_owned(), inner);
                    }
                }
                map.values_mut().for_each(|item| self.redact_json(item));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn needles(value: &str, into: &mut BTreeSet<String>) {
    if value.is_empty() {
        return;
    }
    encodings(value, into);
    let trimmed = value.trim();
    if trimmed.len() != value.len() && trimmed.len() >= SHORTEST_PIECE {
        encodings(trimmed, into);
    }
    if trimmed.contains('\n') {
        for line in trimmed.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_PIECE) {
            // The frame of a key says nothing, and masking it would hide that it was a key.
            if !line.starts_with("-----") {
                into.insert(line.to_owned());
            }
        }
    }
    // As it stands inside JSON and debug output.
    if let Ok(quoted) = serde_json::to_string(value) {
        let inner = quoted.trim_matches('"');
        if inner != value && !inner.is_empty() {
            into.insert(inner.to_owned());
        }
    }
}

fn encodings(value: &str, into: &mut BTreeSet<String>) {
    into.insert(value.to_owned());
    let url = utf8_percent_encode(value, URL).to_string();
    into.insert(url.replace("%20", "+"));
    into.insert(url.to_lowercase().replace("%20", "+"));
    into.insert(url);
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for lead in 0..3usize {
            let mut bytes = vec![0u8; lead];
            bytes.extend_from_slice(value.as_bytes());
            let encoded = engine.encode(&bytes);
            // Characters that also hold bits of a neighbour say nothing certain: they are cut.
            let from = [0, 2, 3][lead];
            let to = if bytes.len() % 3 == 0 { encoded.len() } else { encoded.len() - 1 };
            if let Some(middle) = encoded.get(from..to)
                && middle.len() >= SHORTEST_PIECE
            {
                into.insert(middle.to_owned());
            }
            if lead == 0 && encoded.len() >= 4 {
                into.insert(encoded);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn finds_every_form() {
        let r = Redactor::new(["s3cr t/pa&ss", ""]);
        assert_eq!(r.redact("login s3cr t/pa&ss ok"), "login <sensitive> ok");
        assert_eq!(r.redact("u=s3cr%20t%2Fpa%26ss&x"), "u=<sensitive>&x");
        assert_eq!(r.redact("u=s3cr+t%2fpa%26ss"), "u=<sensitive>");
        for user in ["a", "ab", "abc", ""] {
            let line = format!("Basic {}", STANDARD.encode(format!("{user}:s3cr t/pa&ss")));
            let out = r.redact(&line).into_owned();
            assert!(out.contains(MASK), "{out}");
            let tail = STANDARD.encode("s3cr t/pa&ss");
            assert!(!out.contains(tail.get(4..10).unwrap()), "{out}");
        }
        assert_eq!(r.redact("nothing here"), "nothing here");
    }

    #[test]
    fn longest_wins_and_values_may_come_late() {
        let r = Redactor::new(["hunter"]);
        let clone = r.clone();
        r.add(["hunter22"]);
        assert_eq!(clone.redact("x hunter22 hunter"), "x <sensitive> <sensitive>");
    }

    #[test]
    fn a_key_is_masked_line_by_line() {
        let r = Redactor::new(["-----BEGIN X-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n-----END X-----\n"]);
        assert_eq!(r.redact("AAAABBBBCCCC"), MASK);
        assert_eq!(r.redact("-----BEGIN X-----"), "-----BEGIN X-----");
    }

    #[test]
    fn json_keys_and_values() {
        let r = Redactor::new(["topsecret"]);
        let mut v = serde_json::json!({"a topsecret": ["x topsecret y", 3], "b": {"c": "topsecret"}});
        r.redact_json(&mut v);
        assert!(!v.to_string().contains("topsecret"), "{v}");
        assert_eq!(v["b"]["c"], MASK);
    }
}
