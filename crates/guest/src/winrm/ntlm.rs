//! NTLMv2 as a client: the three messages, and the sealing of what follows.
//!
//! Facts: [MS-NLMP] 2.2 (messages), 3.3.2 (NTLMv2), 3.4 (session security with extended session security, 128 bits and
//! key exchange, the only kind asked for here).

use hmac::{Hmac, Mac};
use md4::{Digest as _, Md4};
use md5::Md5;
use rc4::consts::U16;
use rc4::{KeyInit as _, Rc4, StreamCipher as _};

use crate::secret::Secret;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
const FLAGS: u32 = 0x0000_0001 // Unicode
    | 0x0000_0004 // the target's name is wanted
    | 0x0000_0010 // sign
    | 0x0000_0020 // seal
    | 0x0000_0200 // NTLM
    | 0x0000_8000 // always sign
    | 0x0008_0000 // extended session security
    | 0x0080_0000 // target information
    | 0x0200_0000 // version
    | 0x2000_0000 // 128 bits
    | 0x4000_0000 // key exchange
    | 0x8000_0000; // 56 bits
const VERSION: [u8; 8] = [10, 0, 0x61, 0x4a, 0, 0, 0, 15];
const AV_END: u16 = 0;
const AV_FLAGS: u16 = 6;
const AV_TIMESTAMP: u16 = 7;

/// Why a challenge could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NtlmError {
    /// The server's message is not what the protocol allows.
    #[error("the server's NTLM message is malformed: {0}")]
    Malformed(&'static str),
    /// The server does not offer to encrypt.
    #[error("the server does not offer NTLM with message encryption")]
    NoEncryption,
    /// A sealed message does not carry the right signature.
    #[error("a message of the server is not signed by it")]
    BadSignature,
}

/// Who logs in. A user name may be written `DOMAIN\user` or `user@domain`.
pub(crate) struct Identity<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a Secret,
}

/// Random bytes and the time, handed in: 100 ns since 1601.
pub(crate) struct Fresh {
    pub(crate) client_challenge: [u8; 8],
    pub(crate) session_key: [u8; 16],
    pub(crate) time: u64,
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn hmac_md5(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    // A key of any length is allowed: this cannot fail.
    let Ok(mut mac) = <Hmac<Md5> as Mac>::new_from_slice(key) else { return [0; 16] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

fn cipher(key: &[u8; 16]) -> Rc4<U16> {
    Rc4::new(key.into())
}

/// NTOWFv2.
fn password_key(user: &str, domain: &str, password: &str) -> [u8; 16] {
    let hash = Md4::digest(utf16(password));
    hmac_md5(&hash, &[&utf16(&user.to_uppercase()), &utf16(domain)])
}

/// The first message.
pub(crate) fn negotiate() -> Vec<u8> {
    let mut out = SIGNATURE.to_vec();
    out.extend_from_slice(&1_u32.to_le_bytes());
    out.extend_from_slice(&FLAGS.to_le_bytes());
    out.extend_from_slice(&[0; 16]);
    out.extend_from_slice(&VERSION);
    out
}

struct Challenge {
    flags: u32,
    nonce: [u8; 8],
    target: Vec<u8>,
}

fn bytes<const N: usize>(message: &[u8], at: usize) -> Result<[u8; N], NtlmError> {
    let end = at.checked_add(N).ok_or(NtlmError::Malformed("a field lies outside"))?;
    message
        .get(at..end)
        .and_then(|slice| slice.try_into().ok())
        .ok_or(NtlmError::Malformed("it is too short"))
}

fn read(message: &[u8]) -> Result<Challenge, NtlmError> {
    if message.get(..8) != Some(SIGNATURE.as_slice()) || u32::from_le_bytes(bytes(message, 8)?) != 2 {
        return Err(NtlmError::Malformed("it is no challenge"));
    }
    let length = usize::from(u16::from_le_bytes(bytes(message, 40)?));
    let offset = u32::from_le_bytes(bytes(message, 44)?) as usize;
    let target = offset.checked_add(length).and_then(|end| message.get(offset..end));
    Ok(Challenge {
        flags: u32::from_le_bytes(bytes(message, 20)?),
        nonce: bytes(message, 24)?,
        target: target.ok_or(NtlmError::Malformed("its target information lies outside"))?.to_vec(),
    })
}

/// The pairs of a target information, without the end.
fn pairs(target: &[u8]) -> Result<Vec<(u16, Vec<u8>)>, NtlmError> {
    let mut pairs = Vec::new();
    let mut at = 0;
    loop {
        let id = u16::from_le_bytes(bytes(target, at)?);
        let length = usize::from(u16::from_le_bytes(bytes(target, at + 2)?));
        if id == AV_END {
            return Ok(pairs);
        }
        let value = target.get(at + 4..at + 4 + length).ok_or(NtlmError::Malformed("a pair lies outside"))?;
        pairs.push((id, value.to_vec()));
        at += 4 + length;
    }
}

/// Answers a challenge: the third message, and the security of what follows.
pub(crate) fn authenticate(
    negotiate: &[u8],
    challenge: &[u8],
    who: &Identity<'_>,
    fresh: &Fresh,
) -> Result<(Vec<u8>, Sealing), NtlmError> {
    let server = read(challenge)?;
    if server.flags & 0x4000_0020 != 0x4000_0020 || server.flags & 0x2008_0000 != 0x2008_0000 {
        return Err(NtlmError::NoEncryption);
    }
    let (domain, user) = who.user.split_once('\\').unwrap_or(("", who.user));
    let mut target = pairs(&server.target)?;
    let time = target.iter().find(|(id, _)| *id == AV_TIMESTAMP).map(|(_, value)| value.clone());
    // A server that sends its time wants the messages protected as a whole.
    let whole = time.is_some();
    if whole {
        target.retain(|(id, _)| *id != AV_FLAGS);
        target.push((AV_FLAGS, 2_u32.to_le_bytes().to_vec()));
    }
    let mut temp = vec![1, 1, 0, 0, 0, 0, 0, 0];
    temp.extend_from_slice(time.as_deref().unwrap_or(&fresh.time.to_le_bytes()));
    temp.extend_from_slice(&fresh.client_challenge);
    temp.extend_from_slice(&[0; 4]);
    for (id, value) in &target {
        temp.extend_from_slice(&id.to_le_bytes());
        temp.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
        temp.extend_from_slice(value);
    }
    temp.extend_from_slice(&[0; 8]);

    let key = password_key(user, domain, who.password.expose());
    let proof = hmac_md5(&key, &[&server.nonce, &temp]);
    let mut nt = proof.to_vec();
    nt.extend_from_slice(&temp);
    let lm = if whole {
        vec![0; 24]
    } else {
        let mut lm = hmac_md5(&key, &[&server.nonce, &fresh.client_challenge]).to_vec();
        lm.extend_from_slice(&fresh.client_challenge);
        lm
    };
    let exchange = hmac_md5(&key, &[&proof]);
    let mut encrypted = fresh.session_key;
    cipher(&exchange).apply_keystream(&mut encrypted);

    let mut out = SIGNATURE.to_vec();
    out.extend_from_slice(&3_u32.to_le_bytes());
    let (domain, user) = (utf16(domain), utf16(user));
    let fields: [&[u8]; 6] = [&lm, &nt, &domain, &user, &[], &encrypted];
    let mut offset = 88_u32;
    for field in fields {
        let length = u16::try_from(field.len()).map_err(|_| NtlmError::Malformed("a field is too long"))?;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&offset.to_le_bytes());
        offset += u32::from(length);
    }
    out.extend_from_slice(&(server.flags & FLAGS).to_le_bytes());
    out.extend_from_slice(&VERSION);
    out.extend_from_slice(&[0; 16]);
    for field in fields {
        out.extend_from_slice(field);
    }
    if whole {
        let code = hmac_md5(&fresh.session_key, &[negotiate, challenge, &out]);
        out[72..88].copy_from_slice(&code);
    }
    Ok((out, Sealing::new(&fresh.session_key)))
}

/// Seals what goes to the server and opens what comes from it, in order.
pub(crate) struct Sealing {
    ours: Direction,
    theirs: Direction,
}

struct Direction {
    sign: [u8; 16],
    cipher: Rc4<U16>,
    sequence: u32,
}

impl Direction {
    fn new(session: &[u8; 16], sign: &[u8], seal: &[u8]) -> Self {
        Self { sign: md5(&[session, sign]), cipher: cipher(&md5(&[session, seal])), sequence: 0 }
    }

    fn signature(&mut self, message: &[u8]) -> [u8; 16] {
        let sequence = self.sequence.to_le_bytes();
        let mut checksum = [0; 8];
        checksum.copy_from_slice(&hmac_md5(&self.sign, &[&sequence, message])[..8]);
        self.cipher.apply_keystream(&mut checksum);
        self.sequence = self.sequence.wrapping_add(1);
        let mut out = [0; 16];
        out[0] = 1;
        out[4..12].copy_from_slice(&checksum);
        out[12..].copy_from_slice(&sequence);
        out
    }
}

impl Sealing {
    fn new(session: &[u8; 16]) -> Self {
        Self {
            ours: Direction::new(
                session,
                b"session key to client-to-server signing key magic constant\0",
                b"session key to client-to-server sealing key magic constant\0",
            ),
            theirs: Direction::new(
                session,
                b"session key to server-to-client signing key magic constant\0",
                b"session key to server-to-client sealing key magic constant\0",
            ),
        }
    }

    /// The signature and the encrypted message.
    pub(crate) fn seal(&mut self, message: &[u8]) -> ([u8; 16], Vec<u8>) {
        let mut sealed = message.to_vec();
        self.ours.cipher.apply_keystream(&mut sealed);
        (self.ours.signature(message), sealed)
    }

    /// The message behind an encrypted one.
    pub(crate) fn open(&mut self, signature: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NtlmError> {
        let mut message = sealed.to_vec();
        self.theirs.cipher.apply_keystream(&mut message);
        if self.theirs.signature(&message) != signature {
            return Err(NtlmError::BadSignature);
        }
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "these are tests")]
    use super::*;

    // [MS-NLMP] 4.2.1 and 4.2.4: user "User", domain "Domain", password "Password", client challenge 0xaa..., server
    // challenge 0x0123456789abcdef, time 0.
    #[test]
    fn the_keys_are_those_of_the_specification() {
        let key = password_key("User", "Domain", "Password");
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "0c868a403bfd7a93a3001ef22ef02e3f");
        let nonce = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
        let lm = hmac_md5(&key, &[&nonce, &[0xaa; 8]]);
        let hex: String = lm.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "86c35097ac9cec102554764a57cccc19");
    }

    #[test]
    fn what_is_no_challenge_is_refused() {
        assert!(matches!(read(b"NTLMSSP\0\x01\0\0\0"), Err(NtlmError::Malformed(_))));
        assert!(matches!(read(b""), Err(NtlmError::Malformed(_))));
        assert!(matches!(pairs(&[1, 0, 200, 0]), Err(NtlmError::Malformed(_))));
    }
}
