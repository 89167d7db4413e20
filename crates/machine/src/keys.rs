//! Keys and how text is typed with them.

/// Declares the keys with the names QEMU has for them (`QKeyCode` in its QMP reference).
macro_rules! keys {
    ($($(#[$doc:meta])* $key:ident = $code:literal),* $(,)?) => {
        /// One physical key of a PC keyboard.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the keys are named after what is printed on them")]
        pub enum Key { $($(#[$doc])* $key),* }

        impl Key {
            /// Every key.
            pub const ALL: &'static [Self] = &[$(Self::$key),*];

            /// Its name in QMP.
            pub fn qcode(self) -> &'static str {
                match self { $(Self::$key => $code),* }
            }
        }
    };
}

keys! {
    A = "a", B = "b", C = "c", D = "d", E = "e", F = "f", G = "g", H = "h", I = "i", J = "j", K = "k", L = "l",
    M = "m", N = "n", O = "o", P = "p", Q = "q", R = "r", S = "s", T = "t", U = "u", V = "v", W = "w", X = "x",
    Y = "y", Z = "z",
    Digit0 = "0", Digit1 = "1", Digit2 = "2", Digit3 = "3", Digit4 = "4", Digit5 = "5", Digit6 = "6",
    Digit7 = "7", Digit8 = "8", Digit9 = "9",
    Minus = "minus", Equal = "equal", LeftBracket = "bracket_left", RightBracket = "bracket_right",
    Semicolon = "semicolon", Apostrophe = "apostrophe", GraveAccent = "grave_accent", Backslash = "backslash",
    Comma = "comma", Dot = "dot", Slash = "slash", Less = "less",
    Space = "spc", Enter = "ret", Tab = "tab", Backspace = "backspace", Escape = "esc",
    F1 = "f1", F2 = "f2", F3 = "f3", F4 = "f4", F5 = "f5", F6 = "f6", F7 = "f7", F8 = "f8", F9 = "f9",
    F10 = "f10", F11 = "f11", F12 = "f12",
    Insert = "insert", Delete = "delete", Home = "home", End = "end", PageUp = "pgup", PageDown = "pgdn",
    Up = "up", Down = "down", Left = "left", Right = "right",
    LeftShift = "shift", RightShift = "shift_r", LeftCtrl = "ctrl", RightCtrl = "ctrl_r", LeftAlt = "alt",
    RightAlt = "alt_r", LeftSuper = "meta_l", RightSuper = "meta_r", Menu = "menu",
    CapsLock = "caps_lock", NumLock = "num_lock", ScrollLock = "scroll_lock", Print = "print", Pause = "pause",
}

/// One key going down or up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyStroke {
    /// Which key.
    pub key: Key,
    /// Down, or up again.
    pub down: bool,
}

impl KeyStroke {
    /// Down, then up.
    pub fn press(key: Key) -> [Self; 2] {
        [Self { key, down: true }, Self { key, down: false }]
    }
}

/// The key, and whether shift is held, that types a character on a US keyboard; `None` for one it does not have.
pub fn us_key(c: char) -> Option<(Key, bool)> {
    const DIGITS: [Key; 10] = [
        Key::Digit0,
        Key::Digit1,
        Key::Digit2,
        Key::Digit3,
        Key::Digit4,
        Key::Digit5,
        Key::Digit6,
        Key::Digit7,
        Key::Digit8,
        Key::Digit9,
    ];
    if c.is_ascii_alphabetic() {
        let at = usize::from(c.to_ascii_lowercase() as u8 - b'a');
        return Some((Key::ALL[at], c.is_ascii_uppercase()));
    }
    if let Some(digit) = c.to_digit(10) {
        return Some((DIGITS[digit as usize], false));
    }
    if let Some(at) = ")!@#$%^&*(".find(c) {
        return Some((DIGITS[at], true));
    }
    Some(match c {
        ' ' => (Key::Space, false),
        '\n' | '\r' => (Key::Enter, false),
        '\t' => (Key::Tab, false),
        '-' => (Key::Minus, false),
        '_' => (Key::Minus, true),
        '=' => (Key::Equal, false),
        '+' => (Key::Equal, true),
        '[' => (Key::LeftBracket, false),
        '{' => (Key::LeftBracket, true),
        ']' => (Key::RightBracket, false),
        '}' => (Key::RightBracket, true),
        ';' => (Key::Semicolon, false),
        ':' => (Key::Semicolon, true),
        '\'' => (Key::Apostrophe, false),
        '"' => (Key::Apostrophe, true),
        '`' => (Key::GraveAccent, false),
        '~' => (Key::GraveAccent, true),
        '\\' => (Key::Backslash, false),
        '|' => (Key::Backslash, true),
        ',' => (Key::Comma, false),
        '<' => (Key::Comma, true),
        '.' => (Key::Dot, false),
        '>' => (Key::Dot, true),
        '/' => (Key::Slash, false),
        '?' => (Key::Slash, true),
        _ => return None,
    })
}

/// The strokes that type a text on a US keyboard. Characters it does not have are returned instead, each once.
pub fn us_strokes(text: &str) -> Result<Vec<KeyStroke>, Vec<char>> {
    let mut strokes = Vec::with_capacity(text.len() * 2);
    let mut missing = Vec::new();
    for c in text.chars() {
        match us_key(c) {
            Some((key, false)) => strokes.extend(KeyStroke::press(key)),
            Some((key, true)) => {
                strokes.push(KeyStroke { key: Key::LeftShift, down: true });
                strokes.extend(KeyStroke::press(key));
                strokes.push(KeyStroke { key: Key::LeftShift, down: false });
            }
            None if !missing.contains(&c) => missing.push(c),
            None => {}
        }
    }
    if missing.is_empty() { Ok(strokes) } else { Err(missing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_ascii_character_has_its_own_stroke() {
        let mut seen = std::collections::HashSet::new();
        for c in (' '..='~').chain(['\n', '\t']) {
            let stroke = us_key(c).unwrap_or_else(|| panic!("no key for {c:?}"));
            assert!(seen.insert(stroke), "{c:?} shares {stroke:?}");
        }
        assert_eq!(us_key('z'), Some((Key::Z, false)));
        assert_eq!(us_key('A'), Some((Key::A, true)));
        assert_eq!(us_key('('), Some((Key::Digit9, true)));
        assert_eq!(us_key('é'), None);
    }

    #[test]
    fn text() {
        let strokes = us_strokes("aB").unwrap();
        let shown: Vec<_> = strokes.iter().map(|s| (s.key.qcode(), s.down)).collect();
        assert_eq!(
            shown,
            [("a", true), ("a", false), ("shift", true), ("b", true), ("b", false), ("shift", false)]
        );
        assert_eq!(us_strokes("für éé"), Err(vec!['ü', 'é']));
    }
}
