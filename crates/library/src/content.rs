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

/// Computes an identity from chunks given in order.
pub(crate) struct ContentHasher {
    hasher: blake3::Hasher,
    chunks: u64,
}

impl ContentHasher {
    /// Begins with the virtual size.
    pub(crate) fn new(virtual_size: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("goldsmith image content v1");
        hasher.update(&virtual_size.to_le_bytes());
        Self { hasher, chunks: 0 }
    }

    /// Takes a whole chunk; one of zeros changes nothing.
    pub(crate) fn chunk(&mut self, index: u64, bytes: &[u8]) {
        if is_zero(bytes) {
            return;
        }
        self.hasher.update(&index.to_le_bytes());
        self.hasher.update(blake3::hash(bytes).as_bytes());
        self.chunks += 1;
    }

    /// The identity, and the number of chunks that were not zero.
    pub(crate) fn finish(self) -> (ContentId, u64) {
        (ContentId(*self.hasher.finalize().as_bytes()), self.chunks)
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    static ZEROS: [u8; 4096] = [0; 4096];
    bytes.chunks(ZEROS.len()).all(|piece| piece == &ZEROS[..piece.len()])
}

/// The identity of a version: that of its disk, or of the list of its disks.
pub(crate) fn of_disks(disks: &[ContentId]) -> ContentId {
    if let [one] = disks {
        return *one;
    }
    let mut hasher = blake3::Hasher::new_derive_key("goldsmith disks content v1");
    for disk in disks {
        hasher.update(&disk.0);
    }
    ContentId(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_fixed() {
        // Computed here a second time, word for word from the definition above.
        let mut chunk = vec![0; CHUNK];
        chunk[7] = 9;
        let mut whole = Vec::new();
        whole.extend_from_slice(&(3 * CHUNK as u64).to_le_bytes());
        whole.extend_from_slice(&2u64.to_le_bytes());
        whole.extend_from_slice(blake3::hash(&chunk).as_bytes());
        let expected = blake3::derive_key("goldsmith image content v1", &whole);

        let mut hasher = ContentHasher::new(3 * CHUNK as u64);
        hasher.chunk(0, &vec![0; CHUNK]);
        hasher.chunk(2, &chunk);
        let (id, chunks) = hasher.finish();
        assert_eq!((id.0, chunks), (expected, 1));
        assert_eq!(id.to_string().parse::<ContentId>().unwrap(), id);
        assert_ne!(ContentHasher::new(1).finish().0, ContentHasher::new(2).finish().0);
        assert!("blake3:12".parse::<ContentId>().is_err());
        assert_eq!(of_disks(&[id]), id);
        assert_ne!(of_disks(&[id, id]), id);
    }
}
