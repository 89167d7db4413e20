//! The keys of a PC keyboard.

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
