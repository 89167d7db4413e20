//! The server's half of NTLMv2 ([MS-NLMP] 3.2.5), for one user.

use hmac::{Hmac, Mac};
use md4::{Digest as _, Md4};
use md5::Md5;
use rc4::consts::U16;
use rc4::{KeyInit as _, Rc4, StreamCipher as _};

fn mac(key: &[u8], data: &[u8]) -> [u8; 16] {
    let mut mac = <Hmac<Md5> as Mac>::new_from_slice(key).unwrap();
    mac.update(data);
    mac.finalize().into_bytes().into()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn field(message: &[u8], at: usize) -> Vec<u8> {
    let length = usize::from(u16::from_le_bytes([message[at], message[at + 1]]));
    let offset = u32::from_le_bytes(message[at + 4..at + 8].try_into().unwrap()) as usize;
    message[offset..offset + length].to_vec()
}

/// What a client was asked.
pub struct Challenge {
    negotiate: Vec<u8>,
    pub message: Vec<u8>,
}

const NONCE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

impl Challenge {
    pub fn new(negotiate: Vec<u8>) -> Self {
        let mut target = Vec::new();
        for (id, value) in [
            (2_u16, wide("BOX")),
            (1, wide("BOX")),
            (7, 133_000_000_000_000_000_u64.to_le_bytes().to_vec()),
            (0, vec![]),
        ] {
            target.extend(id.to_le_bytes());
            target.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
            target.extend(value);
        }
        let name = wide("BOX");
        let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
        let length = u16::try_from(name.len()).unwrap();
        message.extend(length.to_le_bytes());
        message.extend(length.to_le_bytes());
        message.extend(56_u32.to_le_bytes());
        message.extend(0xe289_8235_u32.to_le_bytes());
        message.extend(NONCE);
        message.extend([0; 8]);
        let size = u16::try_from(target.len()).unwrap();
        message.extend(size.to_le_bytes());
        message.extend(size.to_le_bytes());
        message.extend((56 + u32::from(length)).to_le_bytes());
        message.extend([10, 0, 0x63, 0x45, 0, 0, 0, 15]);
        message.extend(name);
        message.extend(target);
        Self { negotiate, message }
    }

    /// The security of the connection when the answer is this user's.
    pub fn accept(&self, answer: &[u8], user: &str, password: &str) -> Option<Sealing> {
        let (nt, domain, name) = (field(answer, 20), field(answer, 28), field(answer, 36));
        if name != wide(user) || nt.len() < 16 {
            return None;
        }
        let mut identity = wide(&user.to_uppercase());
        identity.extend(domain);
        let key = mac(&Md4::digest(wide(password)), &identity);
        let (proof, temp) = nt.split_at(16);
        let mut asked = NONCE.to_vec();
        asked.extend(temp);
        if mac(&key, &asked) != *proof {
            return None;
        }
        let exchange = mac(&key, proof);
        let mut session: [u8; 16] = field(answer, 52).try_into().unwrap();
        Rc4::<U16>::new(&exchange.into()).apply_keystream(&mut session);
        // The time is in the challenge: the three messages must be whole.
        let mut blank = answer.to_vec();
        blank[72..88].fill(0);
        let all = [self.negotiate.as_slice(), &self.message, &blank].concat();
        (mac(&session, &all) == answer[72..88]).then(|| Sealing::new(&session))
    }
}

struct Way {
    sign: [u8; 16],
    seal: Rc4<U16>,
    count: u32,
}

impl Way {
    fn new(session: &[u8; 16], way: &str) -> Self {
        let key = |what: &str| -> [u8; 16] {
            let magic = format!("session key to {way} {what} key magic constant\0");
            Md5::digest([session.as_slice(), magic.as_bytes()].concat()).into()
        };
        Self { sign: key("signing"), seal: Rc4::new(&key("sealing").into()), count: 0 }
    }

    fn sign(&mut self, message: &[u8]) -> Vec<u8> {
        let count = self.count.to_le_bytes();
        let mut sum = mac(&self.sign, &[count.as_slice(), message].concat())[..8].to_vec();
        self.seal.apply_keystream(&mut sum);
        self.count += 1;
        [&[1, 0, 0, 0], sum.as_slice(), &count].concat()
    }
}

pub struct Sealing {
    client: Way,
    server: Way,
}

impl Sealing {
    fn new(session: &[u8; 16]) -> Self {
        Self { client: Way::new(session, "client-to-server"), server: Way::new(session, "server-to-client") }
    }

    /// The message of a sealed body, which must be signed.
    pub fn unpack(&mut self, body: &[u8]) -> String {
        let marker = b"Content-Type: application/octet-stream\r\n";
        let at = body.windows(marker.len()).position(|window| window == marker).unwrap() + marker.len();
        let end = body.len() - b"--Encrypted Boundary--\r\n".len();
        let size = u32::from_le_bytes(body[at..at + 4].try_into().unwrap()) as usize;
        let mut message = body[at + 4 + size..end].to_vec();
        self.client.seal.apply_keystream(&mut message);
        assert_eq!(self.client.sign(&message), body[at + 4..at + 4 + size], "the signature");
        String::from_utf8(message).unwrap()
    }

    pub fn pack(&mut self, message: &str) -> Vec<u8> {
        let mut sealed = message.as_bytes().to_vec();
        self.server.seal.apply_keystream(&mut sealed);
        let signature = self.server.sign(message.as_bytes());
        let mut out = format!("--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={}\r\n--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n", message.len()).into_bytes();
        out.extend(u32::try_from(signature.len()).unwrap().to_le_bytes());
        out.extend(signature);
        out.extend(sealed);
        out.extend(b"--Encrypted Boundary--\r\n");
        out
    }
}
