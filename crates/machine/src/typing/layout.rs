//! Keyboard layouts: which key, with what held, types a character.

use crate::keys::Key;

/// The keys of the four rows that hold characters, left to right. The last row begins with the key beside the left
/// shift that US keyboards lack.
const ROWS: [&[Key]; 4] = [
    &[
        Key::GraveAccent,
        Key::Digit1,
        Key::Digit2,
        Key::Digit3,
        Key::Digit4,
        Key::Digit5,
        Key::Digit6,
        Key::Digit7,
        Key::Digit8,
        Key::Digit9,
        Key::Digit0,
        Key::Minus,
        Key::Equal,
    ],
    &[
        Key::Q,
        Key::W,
        Key::E,
        Key::R,
        Key::T,
        Key::Y,
        Key::U,
        Key::I,
        Key::O,
        Key::P,
        Key::LeftBracket,
        Key::RightBracket,
    ],
    &[
        Key::A,
        Key::S,
        Key::D,
        Key::F,
        Key::G,
        Key::H,
        Key::J,
        Key::K,
        Key::L,
        Key::Semicolon,
        Key::Apostrophe,
        Key::Backslash,
    ],
    &[Key::Less, Key::Z, Key::X, Key::C, Key::V, Key::B, Key::N, Key::M, Key::Comma, Key::Dot, Key::Slash],
];

/// A keyboard layout. In its rows a space means that the key types nothing of interest there.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    name: &'static str,
    plain: [&'static str; 4],
    shift: [&'static str; 4],
    alt_gr: [&'static str; 4],
    both: [&'static str; 4],
    /// Characters whose key waits for a letter to put them on, by level: plain and shift, then AltGr.
    dead: &'static str,
}

/// How a character is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typed {
    /// The key.
    pub key: Key,
    /// With shift held.
    pub shift: bool,
    /// With AltGr held.
    pub alt_gr: bool,
    /// The key waits for another: a space after it gives the character itself.
    pub dead: bool,
}

impl Typed {
    /// The keys held meanwhile.
    pub fn held(self) -> impl Iterator<Item = Key> {
        [(self.shift, Key::LeftShift), (self.alt_gr, Key::RightAlt)]
            .into_iter()
            .filter_map(|(held, key)| held.then_some(key))
    }
}

const NONE: [&str; 4] = ["", "", "", ""];

static LAYOUTS: [Layout; 8] = [
    Layout {
        name: "us",
        plain: ["`1234567890-=", "qwertyuiop[]", "asdfghjkl;'\\", " zxcvbnm,./"],
        shift: ["~!@#$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:\"|", " ZXCVBNM<>?"],
        alt_gr: NONE,
        both: NONE,
        dead: "",
    },
    Layout {
        name: "gb",
        plain: ["`1234567890-=", "qwertyuiop[]", "asdfghjkl;'#", "\\zxcvbnm,./"],
        shift: ["¬!\"£$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:@~", "|ZXCVBNM<>?"],
        alt_gr: ["    €", "", "", ""],
        both: NONE,
        dead: "",
    },
    Layout {
        name: "de",
        plain: ["^1234567890ß´", "qwertzuiopü+", "asdfghjklöä#", "<yxcvbnm,.-"],
        shift: ["°!\"§$%&/()=?`", "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ'", ">YXCVBNM;:_"],
        alt_gr: ["  ²³   {[]}\\", "@ €        ~", "", "|      µ"],
        both: NONE,
        dead: "^´`",
    },
    Layout {
        name: "ch",
        plain: ["§1234567890'^", "qwertzuiopü¨", "asdfghjklöä$", "<yxcvbnm,.-"],
        shift: ["°+\"*ç%&/()=?`", "QWERTZUIOPè!", "ASDFGHJKLéà£", ">YXCVBNM;:_"],
        alt_gr: [" ¦@#  ¬|¢  ´~", "  €       []", "          {}", "\\"],
        both: NONE,
        dead: "^`¨´~",
    },
    Layout {
        name: "fr",
        plain: ["²&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù*", "<wxcvbn,;:!"],
        shift: [" 1234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%µ", ">WXCVBN?./§"],
        alt_gr: ["  ~#{[|`\\ @]}", "  €", "", ""],
        both: NONE,
        dead: "^¨",
    },
    Layout {
        name: "es",
        plain: ["º1234567890'¡", "qwertyuiop`+", "asdfghjklñ´ç", "<zxcvbnm,.-"],
        shift: ["ª!\"·$%&/()=?¿", "QWERTYUIOP^*", "ASDFGHJKLÑ¨Ç", ">ZXCVBNM;:_"],
        alt_gr: ["\\|@#~ ¬", "  €       []", "          {}", ""],
        both: NONE,
        dead: "`^´¨",
    },
    Layout {
        name: "it",
        plain: ["\\1234567890'ì", "qwertyuiopè+", "asdfghjklòàù", "<zxcvbnm,.-"],
        shift: ["|!\"£$%&/()=?^", "QWERTYUIOPé*", "ASDFGHJKLç°§", ">ZXCVBNM;:_"],
        alt_gr: ["           `~", "  €       []", "         @#", ""],
        both: ["", "          {}", "", ""],
        dead: "",
    },
    Layout {
        name: "se",
        plain: ["§1234567890+´", "qwertyuiopå¨", "asdfghjklöä'", "<zxcvbnm,.-"],
        shift: ["½!\"#¤%&/()=?`", "QWERTYUIOPÅ^", "ASDFGHJKLÖÄ*", ">ZXCVBNM;:_"],
        alt_gr: ["  @£$€ {[]}\\", "  €        ~", "", "|      µ"],
        both: NONE,
        dead: "´`¨^~",
    },
];

impl Layout {
    /// Names of all layouts.
    pub const NAMES: &'static [&'static str] = &["us", "gb", "de", "ch", "fr", "es", "it", "se"];

    /// The one of that name.
    pub fn named(name: &str) -> Option<&'static Layout> {
        LAYOUTS.iter().find(|layout| layout.name == name)
    }

    /// The layout of keyboards sold in the United States, which nearly every boot loader assumes.
    pub fn us() -> &'static Layout {
        &LAYOUTS[0]
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How a character is typed; `None` when it cannot be.
    pub fn key(&self, character: char) -> Option<Typed> {
        let plain = |key| Some(Typed { key, shift: false, alt_gr: false, dead: false });
        match character {
            ' ' => return plain(Key::Space),
            '\n' | '\r' => return plain(Key::Enter),
            '\t' => return plain(Key::Tab),
            _ => {}
        }
        let levels = [
            (&self.plain, false, false),
            (&self.shift, true, false),
            (&self.alt_gr, false, true),
            (&self.both, true, true),
        ];
        for (rows, shift, alt_gr) in levels {
            for (keys, row) in ROWS.iter().zip(rows) {
                if let Some(key) = row.chars().position(|c| c == character).and_then(|at| keys.get(at)) {
                    let dead = self.dead.contains(character);
                    return Some(Typed { key: *key, shift, alt_gr, dead });
                }
            }
        }
        None
    }
}
