//! Identity of an image: what a guest sees on its disk, whatever the file's format, compression or holes.
//!
//! Definition (version 1). Let `V` be the virtual size in bytes. The guest-visible bytes `0..V` are cut
//! into chunks of 262,144 bytes; the last one is filled up with zeros. Then
//!
//! ```text
//! identity = BLAKE3 in derive-key mode, context "goldsmith image content v1", over
//!     le64(V)
//!     for each chunk, in order, that has any byte that is not zero:
//!         le64(index of the chunk)  ||  BLAKE3(chunk)          (8 + 32 bytes)
//! ```
//!
//! A hole, an explicit zero cluster and written zeros are thus the same, and cost nothing to hash. The
//! chunk hashes are those a chunk store of the same chunk size uses. For a version with several disks,
//!
//! ```text
//! identity = BLAKE3 in derive-key mode, context "goldsmith disks content v1", over
//!     the 32-byte identities of the disks in the order of the version's files
//! ```
//!
//! It is written as `blake3:` and 64 hexadecimal digits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Size of a chunk in bytes.
pub const CHUNK: usize = 256 * 1024;

/// The identity of an image's content; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(as = "String")]
pub struct ContentId(pub [u8; 32]);

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blake3:")?;
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl FromStr for ContentId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = text.strip_prefix("blake3:").and_then(|hex| blake3::Hash::from_hex(hex).ok()).ok_or_else(
            || format!("\"{text}\" is no content identity (blake3: and 64 hexadecimal digits)"),
        )?;
        Ok(Self(*hash.as_bytes()))
    }
}

impl TryFrom<String> for ContentId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ContentId> for String {
    fn from(id: ContentId) -> String {
        id.to_string()
    }
}
