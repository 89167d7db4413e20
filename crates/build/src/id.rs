//! Names we give to builds and to what they acquire.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Crockford's base 32 in small letters: no letter that reads like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A source of random numbers. Handed in, so that tests are the same each time.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // Fails only where the system has no source of random numbers at all; then the names would not be
        // unique, and going on would be worse than stopping.
        assert!(getrandom::fill(bytes).is_ok(), "the system gives no random numbers");
    }
}

/// What time it is. Handed in, so that tests have their own.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Now, in milliseconds since 1970.
    fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// One build: `20261122t170501-4k9m2xqz`. Sorts by time; the eight characters after the dash are random and name
/// its folder of sockets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, TS)]
#[ts(type = "string")]
pub struct BuildId(String);

/// A text that is no [`BuildId`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no build id; one looks like 20261122t170501-4k9m2xqz (`goldsmith builds` lists them)")]
pub struct NotABuildId(pub String);

impl BuildId {
    /// A new one.
    pub fn new(clock: &dyn Clock, random: &dyn Random) -> Self {
        let now = clock.now().to_zoned(jiff::tz::TimeZone::UTC);
        Self(format!("{}-{}", now.strftime("%Y%m%dt%H%M%S"), letters(random)))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The eight random characters.
    pub fn short(&self) -> &str {
        self.0.get(16..).unwrap_or(&self.0)
    }
}

fn letters(random: &dyn Random) -> String {
    let mut bytes = [0u8; 8];
    random.fill(&mut bytes);
    bytes.iter().map(|b| char::from(ALPHABET[usize::from(b & 31)])).collect()
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BuildId {
    type Err = NotABuildId;
    fn from_str(text: &str) -> Result<Self, NotABuildId> {
        let b = text.as_bytes();
        let well = b.len() == 24
            && b.iter().enumerate().all(|(i, c)| match i {
                8 => *c == b't',
                15 => *c == b'-',
                0..=14 => c.is_ascii_digit(),
                _ => ALPHABET.contains(c),
            });
        if well { Ok(Self(text.to_owned())) } else { Err(NotABuildId(text.to_owned())) }
    }
}

impl Serialize for BuildId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BuildId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An intent within one build's journal: 1, 2, 3 in the order they were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct IntentId(pub u32);

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "intent {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(1_795_367_101).unwrap()
        }
    }
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            for (i, b) in bytes.iter_mut().enumerate() {
                *b = (i * 37) as u8;
            }
        }
    }

    #[test]
    fn reads_back_what_it_makes() {
        let id = BuildId::new(&Fixed, &Fixed);
        assert_eq!(id.as_str().parse::<BuildId>().unwrap(), id);
        assert_eq!(id.short().len(), 8);
        for bad in ["", "../../etc", "20261122t170501-4k9m2xq", "20261122t170501-4k9m2xqu"] {
            assert!(bad.parse::<BuildId>().is_err(), "{bad}");
        }
    }
}
