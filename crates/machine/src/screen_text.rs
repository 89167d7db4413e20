//! The text on a screen in text mode, read exactly: from the memory the graphics card shows, not from its picture.

/// Columns of a text screen.
const COLUMNS: usize = 80;
/// At least so many of the characters must be such as screens show, in percent, for the memory to be text.
const PLAUSIBLE: usize = 90;

/// What stands on a screen in text mode: its lines, and those that have scrolled out of sight but are still in the
/// graphics card's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenText {
    cells: Vec<u8>,
}

impl ScreenText {
    /// From the pairs of character and colour in a VGA card's text memory; `None` when they are no text: in graphics
    /// modes the same memory holds pixels.
    pub fn of_vga(memory: &[u8]) -> Option<Self> {
        let cells: Vec<u8> = memory.iter().step_by(2).copied().collect();
        // The screen itself; the memory behind it may never have been written.
        let shown = cells.get(..COLUMNS * 25)?;
        let usual = shown.iter().filter(|c| matches!(c, 0 | 0x20..=0x7e | 0xb0..=0xdf)).count();
        (usual * 100 >= shown.len() * PLAUSIBLE).then_some(Self { cells })
    }

    /// Whether the text stands on one of the lines.
    pub fn contains(&self, text: &str) -> bool {
        self.lines().any(|line| line.contains(text))
    }

    /// The lines, characters outside ASCII as `·`, blank ends cut off.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.cells.chunks(COLUMNS).map(|cells| {
            let line: String = cells
                .iter()
                .map(|c| match c {
                    0 => ' ',
                    0x20..=0x7e => char::from(*c),
                    _ => '·',
                })
                .collect();
            line.trim_end().to_owned()
        })
    }

    /// Whether typing the character is what made this screen of the one before: a few places changed, and one of
    /// them shows it, or a star where a password is asked for.
    pub fn echoes(&self, before: &Self, typed: char) -> bool {
        let changed: Vec<u8> = self
            .cells
            .iter()
            .zip(&before.cells)
            .filter(|(now, old)| now != old)
            .map(|(now, _)| *now)
            .collect();
        if changed.len() > 4 {
            // A line was added and all of them moved up: the character is on the last one with anything on it.
            return false;
        }
        // A space on blank memory becomes visible as a change of the cell from 0 to a space, or not at all.
        changed.iter().any(|now| u32::from(*now) == u32::from(typed) || *now == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(lines: &[&str]) -> ScreenText {
        let mut memory = vec![0; 0x8000];
        for (row, line) in lines.iter().enumerate() {
            for (column, c) in line.bytes().enumerate() {
                memory[(row * COLUMNS + column) * 2] = c;
                memory[(row * COLUMNS + column) * 2 + 1] = 7;
            }
        }
        ScreenText::of_vga(&memory).unwrap_or_else(|| panic!("{lines:?} is text"))
    }

    #[test]
    fn text_is_found_on_a_line() {
        let screen = screen(&["ISOLINUX 6.04", "boot: "]);
        assert!(screen.contains("boot:") && screen.contains("LINUX 6"));
        assert!(!screen.contains("6.04 boot"), "not over the end of a line");
        assert_eq!(screen.lines().nth(1).as_deref(), Some("boot:"));
    }

    #[test]
    fn pixels_are_no_text() {
        let pixels: Vec<u8> = (0..0x8000_u32).map(|n| (n * 7 % 251) as u8 | 0x80).collect();
        assert_eq!(ScreenText::of_vga(&pixels), None);
        assert_eq!(ScreenText::of_vga(&[0x20; 100]), None, "too little of it");
    }

    #[test]
    fn an_echo_is_told_from_other_changes() {
        let before = screen(&["boot: "]);
        assert!(screen(&["boot: i"]).echoes(&before, 'i'));
        assert!(screen(&["boot: *"]).echoes(&before, 'i'), "a password");
        assert!(!screen(&["boot: x"]).echoes(&before, 'i'));
        assert!(!before.echoes(&before, 'i'));
        assert!(!screen(&["boot: ", "Loading files i"]).echoes(&before, 'i'), "something else was written");
    }
}
