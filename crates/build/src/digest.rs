//! Digests as Packer names them, and the ways an `iso_checksum` can be written.
//!
//! Facts about the forms: `none`; a bare hexadecimal digest whose length tells its type; `type:hex` with md5, sha1,
//! sha256 or sha512 (we take sha224 and sha384 too, as the checksum post-processor does); `file:` followed by a path
//! or URL of a list of digests in GNU or BSD style.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use tokio_util::sync::CancellationToken;

/// A digest function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// 128 bits; broken, only for what exists.
    Md5,
    /// 160 bits; broken, only for what exists.
    Sha1,
    /// 224 bits.
    Sha224,
    /// 256 bits.
    Sha256,
    /// 384 bits.
    Sha384,
    /// 512 bits.
    Sha512,
}

impl Algorithm {
    /// Every one we know.
    pub const ALL: [Self; 6] =
        [Self::Md5, Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name as templates and digest lists write it, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// By its name in any case; `sha-256` is taken for `sha256`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase().replace('-', "");
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Hexadecimal digits of its digest.
    #[must_use]
    pub fn hex_len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha224 => 56,
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }

    /// The one whose digest has this many hexadecimal digits.
    #[must_use]
    pub fn by_hex_len(len: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.hex_len() == len)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A digest and what it is of. Printed as `sha256:0123…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest {
    /// Which function.
    pub algorithm: Algorithm,
    /// Lower-case hexadecimal, of the right length.
    pub hex: String,
}

impl Digest {
    /// Checked and in lower case; `None` when the length or a character is wrong.
    #[must_use]
    pub fn new(algorithm: Algorithm, hex: &str) -> Option<Self> {
        let hex = hex.trim().to_ascii_lowercase();
        (hex.len() == algorithm.hex_len() && hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .then_some(Self { algorithm, hex })
    }

    /// From bare hexadecimal, the function told by the length.
    #[must_use]
    pub fn guess(hex: &str) -> Option<Self> {
        Self::new(Algorithm::by_hex_len(hex.trim().len())?, hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.hex)
    }
}

/// A digest in the making.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Md5(Md5),
    Sha1(Sha1),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// Of nothing yet.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Md5 => State::Md5(Md5::new()),
            Algorithm::Sha1 => State::Sha1(Sha1::new()),
            Algorithm::Sha224 => State::Sha224(Sha224::new()),
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha384 => State::Sha384(Sha384::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Md5(h) => h.update(bytes),
            State::Sha1(h) => h.update(bytes),
            State::Sha224(h) => h.update(bytes),
            State::Sha256(h) => h.update(bytes),
            State::Sha384(h) => h.update(bytes),
            State::Sha512(h) => h.update(bytes),
        }
    }

    /// The digest of all that was added.
    #[must_use]
    pub fn finish(self) -> Digest {
        let (algorithm, bytes) = match self.0 {
            State::Md5(h) => (Algorithm::Md5, h.finalize().to_vec()),
            State::Sha1(h) => (Algorithm::Sha1, h.finalize().to_vec()),
            State::Sha224(h) => (Algorithm::Sha224, h.finalize().to_vec()),
            State::Sha256(h) => (Algorithm::Sha256, h.finalize().to_vec()),
            State::Sha384(h) => (Algorithm::Sha384, h.finalize().to_vec()),
            State::Sha512(h) => (Algorithm::Sha512, h.finalize().to_vec()),
        };
        Digest { algorithm, hex: hex(&bytes) }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Several digests of one file in one reading. Blocks the thread: from async code use `spawn_blocking`. `progress`
/// gets bytes done. A fired `cancel` gives an `Interrupted` error.
pub fn of_file(
    path: &Path,
    algorithms: &[Algorithm],
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Vec<Digest>> {
    let mut hashers: Vec<Hasher> = algorithms.iter().copied().map(Hasher::new).collect();
    let mut file = std::fs::File::open(path)?;
    let mut buffer = vec![0_u8; 1 << 20];
    let mut done = 0_u64;
    loop {
        if cancel.is_cancelled() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "cancelled"));
        }
        let got = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        for hasher in &mut hashers {
            hasher.update(&buffer[..got]);
        }
        done += got as u64;
        progress(done);
    }
    Ok(hashers.into_iter().map(Hasher::finish).collect())
}

/// What an `iso_checksum` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumSpec {
    /// `none`: nothing is checked.
    Unchecked,
    /// The digest itself.
    Digest(Digest),
    /// `file:`: a list of digests at this path or URL.
    List(String),
}

/// Why a checksum text is none of the known forms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChecksumTextError {
    /// Nothing there.
    #[error("the checksum is empty; give one (for example `sha256:…`), a list (`file:URL`), or `none`")]
    Empty,
    /// `name:` is no digest function.
    #[error(
        "`{0}` is no known checksum type; known are md5, sha1, sha224, sha256, sha384, sha512, `file:` and `none`"
    )]
    UnknownType(String),
    /// Digits are missing, too many, or not hexadecimal.
    #[error("`{text}` is no {algorithm} digest: that has {} hexadecimal digits", .algorithm.hex_len())]
    BadDigest {
        /// The function it should be of.
        algorithm: Algorithm,
        /// As written.
        text: String,
    },
    /// A bare text with no digest's length.
    #[error(
        "cannot tell the type of the checksum `{0}` by its length; write it as `sha256:…`, or as `file:URL`"
    )]
    UnknownLength(String),
}

impl ChecksumSpec {
    /// Reads the text of an `iso_checksum`.
    pub fn parse(text: &str) -> Result<Self, ChecksumTextError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ChecksumTextError::Empty);
        }
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self::Unchecked);
        }
        if let Some((kind, rest)) = text.split_once(':') {
            if kind.eq_ignore_ascii_case("file") {
                return Ok(Self::List(rest.trim().to_owned()));
            }
            let algorithm =
                Algorithm::parse(kind).ok_or_else(|| ChecksumTextError::UnknownType(kind.to_owned()))?;
            return Digest::new(algorithm, rest)
                .map(Self::Digest)
                .ok_or_else(|| ChecksumTextError::BadDigest { algorithm, text: rest.trim().to_owned() });
        }
        Digest::guess(text).map(Self::Digest).ok_or_else(|| ChecksumTextError::UnknownLength(text.to_owned()))
    }
}

/// Finds a file's digest in a list. `names` are the names it may go by there, best first: usually its path relative to
/// the list and its base name. Understands GNU lines (`hex  name`, `hex *name`), BSD lines (`SHA256 (name) = hex`) and
/// a list that is a single bare digest. Signature armour and comments around the lines do not disturb. When several
/// lines fit one name, the strongest digest is taken.
#[must_use]
pub fn find_in_list(list: &str, names: &[String]) -> Option<Digest> {
    let entries: Vec<(Digest, Option<&str>)> = list.lines().filter_map(list_line).collect();
    for name in names {
        let fits = |listed: &&str| {
            let listed = listed.strip_prefix("./").unwrap_or(listed);
            listed == name || listed.ends_with(&format!("/{name}"))
        };
        let best = entries
            .iter()
            .filter(|(_, listed)| listed.as_ref().is_some_and(fits))
            .map(|(digest, _)| digest)
            .max_by_key(|digest| digest.algorithm);
        if let Some(best) = best {
            return Some(best.clone());
        }
    }
    match entries.as_slice() {
        [(only, None)] => Some(only.clone()),
        _ => None,
    }
}

fn list_line(line: &str) -> Option<(Digest, Option<&str>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    if let Some((kind, rest)) = line.split_once(" (") {
        let (name, hex) = rest.rsplit_once(')')?;
        let hex = hex.trim_start().strip_prefix('=')?;
        return Some((Digest::new(Algorithm::parse(kind)?, hex)?, Some(name)));
    }
    match line.split_once(char::is_whitespace) {
        None => Digest::guess(line).map(|digest| (digest, None)),
        Some((hex, name)) => {
            let name = name.trim_start();
            Some((Digest::guess(hex)?, Some(name.strip_prefix('*').unwrap_or(name))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY_256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn digests_of_nothing_are_the_published_ones() {
        let of = |algorithm| Hasher::new(algorithm).finish().hex;
        assert_eq!(of(Algorithm::Md5), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(of(Algorithm::Sha1), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(of(Algorithm::Sha256), EMPTY_256);
        for algorithm in Algorithm::ALL {
            assert_eq!(of(algorithm).len(), algorithm.hex_len());
        }
    }

    #[test]
    fn every_form_of_a_checksum_is_read() {
        let digest = Digest::guess(EMPTY_256).unwrap_or_else(|| unreachable!());
        for text in [
            EMPTY_256.to_owned(),
            format!("sha256:{EMPTY_256}"),
            format!(" SHA256:{} ", EMPTY_256.to_uppercase()),
        ] {
            assert_eq!(ChecksumSpec::parse(&text), Ok(ChecksumSpec::Digest(digest.clone())));
        }
        assert_eq!(ChecksumSpec::parse("none"), Ok(ChecksumSpec::Unchecked));
        assert_eq!(ChecksumSpec::parse("file:./SUMS"), Ok(ChecksumSpec::List("./SUMS".into())));
        assert_eq!(ChecksumSpec::parse("file:https://x/y"), Ok(ChecksumSpec::List("https://x/y".into())));
    }

    #[test]
    fn a_wrong_checksum_text_says_what_is_wrong() {
        assert_eq!(ChecksumSpec::parse(""), Err(ChecksumTextError::Empty));
        assert_eq!(ChecksumSpec::parse("crc:12"), Err(ChecksumTextError::UnknownType("crc".into())));
        let short = ChecksumSpec::parse("sha256:abcd").map_err(|e| e.to_string());
        assert_eq!(short, Err("`abcd` is no sha256 digest: that has 64 hexadecimal digits".into()));
        assert_eq!(ChecksumSpec::parse("abcd"), Err(ChecksumTextError::UnknownLength("abcd".into())));
    }

    #[test]
    fn lists_in_both_styles_are_read() {
        let other = "0".repeat(64);
        let name = vec!["a.qcow2".to_owned()];
        let gnu = format!("{other}  b.qcow2\n{EMPTY_256}  a.qcow2\n");
        let starred = format!("{other} *xa.qcow2\n{EMPTY_256} *./sub/a.qcow2\n");
        let bsd = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# a.qcow2: 12 bytes\nSHA256 (a.qcow2) = {EMPTY_256}\n"
        );
        let bare = format!("{EMPTY_256}\n");
        for list in [gnu, starred, bsd, bare] {
            assert_eq!(find_in_list(&list, &name).map(|d| d.hex).as_deref(), Some(EMPTY_256), "{list}");
        }
        assert_eq!(find_in_list(&format!("{other}  b.qcow2\n"), &name), None);
    }
}
