//! Functions that encrypt.

use super::encoding::random_uuid;
use super::{Failure, Function, P, text, whole};
use crate::value::Value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};

pub(super) const TABLE: &[Function] = &[
    Function::new("bcrypt", &[P::Str, P::Num], P::Str, |context, a| {
        let cost = if a.len() > 1 { whole(a, 1)? } else { 10 };
        let cost = u32::try_from(cost).ok().filter(|cost| (4..=31).contains(cost));
        let cost = cost.ok_or_else(|| Failure::arg(1, "the cost must be between 4 and 31"))?;
        if cost > 14 {
            return Err(Failure::arg(1, "a cost above 14 takes too long each time the template is read"));
        }
        let secret = text(a, 0)?;
        if secret.len() > 72 {
            return Err(Failure::arg(0, "more than 72 bytes cannot be hashed"));
        }
        let salt = *random_uuid(context).as_bytes();
        let hash = bcrypt::hash_with_salt(secret, cost, salt);
        let hash = hash.map_err(|error| Failure::new(error.to_string()))?;
        Ok(Value::from(hash.format_for_version(bcrypt::Version::TwoA)))
    })
    .optional(1),
    Function::new("rsadecrypt", &[P::Str, P::Str], P::Str, |_, a| {
        let bytes = STANDARD
            .decode(text(a, 0)?)
            .map_err(|error| Failure::arg(0, format!("no valid base64: {error}")))?;
        let pem = text(a, 1)?;
        let key = RsaPrivateKey::from_pkcs1_pem(pem).ok().or_else(|| RsaPrivateKey::from_pkcs8_pem(pem).ok());
        let key =
            key.ok_or_else(|| Failure::arg(1, "this is no RSA private key in PEM form without a password"))?;
        let plain = key
            .decrypt(Pkcs1v15Encrypt, &bytes)
            .map_err(|_| Failure::arg(0, "the text cannot be decrypted with this key"))?;
        String::from_utf8(plain)
            .map(Value::from)
            .map_err(|_| Failure::arg(0, "what was decrypted is not UTF-8 text"))
    }),
];
