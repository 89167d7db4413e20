//! The language of `boot_command` (packer.md 4): at every place a wait, then a held character, then a special key is
//! tried, and what fits none of them is typed as it stands.

use std::time::Duration;

use crate::keys::Key;

/// Pressed, or only held down or let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toggle {
    /// Down and up.
    Press,
    /// `<...On>`
    On,
    /// `<...Off>`
    Off,
}

/// One piece of a boot command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `<wait>`, `<wait5>`, `<wait1m30s>`
    Wait(Duration),
    /// `<waitForText "boot:" 60s>`: Goldsmith's own.
    WaitForText {
        /// What must be on the screen.
        text: String,
        /// How long to look for it.
        within: Duration,
    },
    /// `<enter>`, `<leftShiftOn>`
    Key(Key, Toggle),
    /// A character.
    Char(char, Toggle),
}

/// Something that can be meant in no way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{excerpt}`: {reason}")]
pub struct ParseError {
    /// The piece.
    pub excerpt: String,
    /// What is wrong with it, and what to write.
    pub reason: String,
}

/// Time given to `<waitForText ...>` without one.
const LOOK: Duration = Duration::from_secs(60);

/// Names of keys, in lower case. Command and Option are what Packer's VNC driver makes of them.
const KEYS: &[(&str, Key)] = &[
    ("bs", Key::Backspace),
    ("del", Key::Delete),
    ("enter", Key::Enter),
    ("return", Key::Enter),
    ("esc", Key::Escape),
    ("tab", Key::Tab),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("spacebar", Key::Space),
    ("insert", Key::Insert),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("menu", Key::Menu),
    ("f1", Key::F1),
    ("f2", Key::F2),
    ("f3", Key::F3),
    ("f4", Key::F4),
    ("f5", Key::F5),
    ("f6", Key::F6),
    ("f7", Key::F7),
    ("f8", Key::F8),
    ("f9", Key::F9),
    ("f10", Key::F10),
    ("f11", Key::F11),
    ("f12", Key::F12),
    ("leftalt", Key::LeftAlt),
    ("rightalt", Key::RightAlt),
    ("leftctrl", Key::LeftCtrl),
    ("rightctrl", Key::RightCtrl),
    ("leftshift", Key::LeftShift),
    ("rightshift", Key::RightShift),
    ("leftsuper", Key::LeftSuper),
    ("rightsuper", Key::RightSuper),
    ("leftcommand", Key::LeftAlt),
    ("rightcommand", Key::RightAlt),
    ("leftoption", Key::LeftSuper),
    ("rightoption", Key::RightSuper),
];

/// Reads a boot command.
///
/// # Errors
/// A wait that is no time to wait, and a broken `<waitForText ...>`. Anything else is a key, a pause, or text.
pub fn parse(text: &str) -> Result<Vec<Item>, ParseError> {
    let mut items = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (item, length) = match piece(rest)? {
            Some(found) => found,
            None => (Item::Char(first, Toggle::Press), first.len_utf8()),
        };
        items.push(item);
        rest = &rest[length..];
    }
    Ok(items)
}

/// Pieces such as `<entr>` that look like keys and are typed letter by letter.
pub fn lookalikes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let length = match piece(rest) {
            Ok(Some((_, length))) => length,
            _ => {
                let name: String = rest.chars().skip(1).take_while(|c| c.is_ascii_alphanumeric()).collect();
                if !name.is_empty()
                    && rest[1 + name.len()..].starts_with('>')
                    && !found.contains(&format!("<{name}>"))
                {
                    found.push(format!("<{name}>"));
                }
                1
            }
        };
        rest = &rest[length..];
    }
    found
}

fn piece(rest: &str) -> Result<Option<(Item, usize)>, ParseError> {
    let Some(inner) = rest.strip_prefix('<') else { return Ok(None) };
    if let Some(found) = wait_for_text(rest, inner)? {
        return Ok(Some(found));
    }
    if let Some(after) = inner.strip_prefix("wait")
        && let Some(end) = after.find('>')
        && let Some(seconds) = time(&after[..end])
    {
        if seconds <= 0.0 {
            return Err(ParseError {
                excerpt: rest[..end + 6].to_owned(),
                reason: "a wait must be longer than nothing".to_owned(),
            });
        }
        let time = Duration::try_from_secs_f64(seconds).map_err(|_| ParseError {
            excerpt: rest[..end + 6].to_owned(),
            reason: "nobody waits so long".to_owned(),
        })?;
        return Ok(Some((Item::Wait(time), end + 6)));
    }
    // Any single character, also `<` and `>`, with On or Off.
    if let Some(character) = inner.chars().next() {
        let after = &inner[character.len_utf8()..];
        for (word, toggle) in [("on>", Toggle::On), ("off>", Toggle::Off)] {
            if starts_with(after, word) {
                let length = 1 + character.len_utf8() + word.len();
                return Ok(Some((Item::Char(character, toggle), length)));
            }
        }
    }
    let Some(end) = inner.find('>') else { return Ok(None) };
    let name = inner[..end].to_ascii_lowercase();
    let known = |name: &str| KEYS.iter().find(|(known, _)| *known == name).map(|(_, key)| *key);
    let found = known(&name)
        .map(|key| (key, Toggle::Press))
        .or_else(|| Some((known(name.strip_suffix("on")?)?, Toggle::On)))
        .or_else(|| Some((known(name.strip_suffix("off")?)?, Toggle::Off)));
    Ok(found.map(|(key, toggle)| (Item::Key(key, toggle), end + 2)))
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// What follows `<wait`: nothing is a second, a number without leading zero is seconds, else a Go duration. Seconds.
fn time(text: &str) -> Option<f64> {
    if text.is_empty() {
        return Some(1.0);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return if text.len() > 1 && text.starts_with('0') { None } else { text.parse().ok() };
    }
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))?;
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, factor) =
            [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)]
                .into_iter()
                .find(|(unit, _)| rest.starts_with(unit))?;
        sum += amount * factor;
        rest = &rest[unit.len()..];
    }
    Some(sum)
}

fn wait_for_text(rest: &str, inner: &str) -> Result<Option<(Item, usize)>, ParseError> {
    let Some(after) = inner.strip_prefix("waitForText") else { return Ok(None) };
    let wrong = |reason: &str| ParseError {
        excerpt: rest.chars().take(40).collect(),
        reason: format!("{reason}; write <waitForText \"boot:\" 60s>"),
    };
    let quoted =
        after.trim_start().strip_prefix('"').ok_or_else(|| wrong("the text stands in double quotes"))?;
    let close = quoted.find('"').ok_or_else(|| wrong("the text has no closing quote"))?;
    let text = &quoted[..close];
    if text.trim().is_empty() {
        return Err(wrong("there is no text to wait for"));
    }
    let tail = &quoted[close + 1..];
    let end = tail.find('>').ok_or_else(|| wrong("the closing `>` is missing"))?;
    let limit = tail[..end].trim();
    let within = if limit.is_empty() {
        LOOK
    } else {
        time(limit)
            .filter(|seconds| *seconds > 0.0)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| wrong("the time is none"))?
    };
    let length = rest.len() - tail.len() + end + 1;
    Ok(Some((Item::WaitForText { text: text.to_owned(), within }, length)))
}
