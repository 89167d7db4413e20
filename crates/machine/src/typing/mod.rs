//! Typing into a machine: the language of `boot_command`, keyboard layouts, and what comes of both.

mod layout;
mod parse;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use layout::Layout;
pub use parse::{Item, ParseError, Toggle, lookalikes, parse};

use crate::keys::{Key, KeyStroke};

/// One thing to do at the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Key events that belong together. `echo` is the character that is expected to appear on the screen.
    Keys {
        /// In order.
        strokes: Vec<KeyStroke>,
        /// Set for a character typed plainly.
        echo: Option<char>,
    },
    /// Nothing for this long.
    Wait(Duration),
    /// Nothing until the text is on the screen.
    WaitForText {
        /// What to look for.
        text: String,
        /// How long to look.
        within: Duration,
    },
}

/// A character that the layout has no key for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a keyboard with layout \"{layout}\" has no key for `{character}`")]
pub struct NoKey {
    /// Which.
    pub character: char,
    /// The layout's name.
    pub layout: &'static str,
}

/// What is done at a keyboard of this layout to type the items.
///
/// # Errors
/// The first character the layout cannot type.
pub fn actions(items: &[Item], layout: &Layout) -> Result<Vec<Action>, NoKey> {
    items.iter().map(|item| action(item, layout)).collect()
}

fn action(item: &Item, layout: &Layout) -> Result<Action, NoKey> {
    Ok(match item {
        Item::Wait(time) => Action::Wait(*time),
        Item::WaitForText { text, within } => Action::WaitForText { text: text.clone(), within: *within },
        Item::Key(key, toggle) => Action::Keys { strokes: toggled(*key, *toggle), echo: None },
        Item::Char(character, toggle) => {
            let typed =
                layout.key(*character).ok_or(NoKey { character: *character, layout: layout.name() })?;
            let mut strokes: Vec<KeyStroke> = Vec::new();
            if *toggle != Toggle::Off {
                strokes.extend(typed.held().map(|key| KeyStroke { key, down: true }));
            }
            strokes.extend(toggled(typed.key, *toggle));
            if *toggle != Toggle::On {
                strokes.extend(typed.held().map(|key| KeyStroke { key, down: false }));
            }
            if typed.dead && *toggle == Toggle::Press {
                // An accent waits for a letter; with a space it stands alone.
                strokes.extend(KeyStroke::press(Key::Space));
            }
            let echo = (*toggle == Toggle::Press && !character.is_control()).then_some(*character);
            Action::Keys { strokes, echo }
        }
    })
}

fn toggled(key: Key, toggle: Toggle) -> Vec<KeyStroke> {
    match toggle {
        Toggle::Press => KeyStroke::press(key).to_vec(),
        Toggle::On => vec![KeyStroke { key, down: true }],
        Toggle::Off => vec![KeyStroke { key, down: false }],
    }
}
