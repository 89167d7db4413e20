//! Who sits at the keyboard: types what is to be typed and looks at the screen and the serial console meanwhile.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use goldsmith_machine::qemu::QemuMachine;
use goldsmith_machine::qemu::qmp::QmpError;
use goldsmith_machine::typing::Action;
use goldsmith_machine::{KeyStroke, Keyboard as _, MachineError, ScreenText, Serial as _, TextScreen as _};

use crate::error::StepError;
use crate::pipeline::StepContext;
use crate::provision::meta::{pause, seconds};
use crate::provision::sentence;

/// Packer's pause after each key event over VNC.
const PACE: Duration = Duration::from_millis(100);
/// Between the events of one character whose echo is awaited.
const CLOSE: Duration = Duration::from_millis(2);
/// How often the screen is looked at for an echo, and for a text.
const GLANCE: Duration = Duration::from_millis(3);
const LOOK: Duration = Duration::from_millis(100);
/// After so many characters without an echo the screen is not asked again until something else was typed.
const PATIENCE: u32 = 4;
/// So many bytes of the serial console are looked at.
const MOST: u64 = 256 * 1024;

/// Who sits at the keyboard.
pub(crate) struct Typist<'a> {
    cx: &'a StepContext,
    machine: &'a QemuMachine,
    /// Kept exactly when the template sets it.
    interval: Option<Duration>,
    scratch: PathBuf,
    /// Characters in a row that were not seen to appear.
    unseen: u32,
    echoed: u64,
    /// The serial console's file, and how much of it was written when a key was typed last.
    serial: Option<PathBuf>,
    heard: u64,
}

impl<'a> Typist<'a> {
    /// With nothing typed yet. `scratch` is a file nobody else uses.
    pub(crate) fn new(
        cx: &'a StepContext,
        machine: &'a QemuMachine,
        interval: Option<Duration>,
        scratch: PathBuf,
    ) -> Self {
        let serial = machine.serial_log().map(Path::to_owned);
        Self { cx, machine, interval, scratch, unseen: 0, echoed: 0, serial, heard: 0 }
    }

    /// How many characters were seen to appear.
    pub(crate) fn echoed(&self) -> u64 {
        self.echoed
    }

    /// Does one thing.
    pub(crate) async fn act(&mut self, action: &Action) -> Result<(), StepError> {
        match action {
            Action::Wait(time) => {
                self.unseen = 0;
                pause(self.cx, *time).await
            }
            Action::WaitForText { text, within } => {
                self.unseen = 0;
                self.wait_for(text, *within).await
            }
            Action::Keys { strokes, echo: Some(typed) } if self.interval.is_none() => {
                self.type_watching(strokes, *typed).await
            }
            Action::Keys { strokes, .. } => {
                self.unseen = 0;
                self.type_plainly(strokes).await
            }
        }
    }

    async fn type_plainly(&mut self, strokes: &[KeyStroke]) -> Result<(), StepError> {
        let interval = self.interval.unwrap_or(PACE);
        self.heard = self.said();
        for stroke in strokes {
            self.cx.check_cancel()?;
            self.machine.strokes(std::slice::from_ref(stroke), Duration::ZERO).await.map_err(unreachable)?;
            pause(self.cx, interval).await?;
        }
        Ok(())
    }

    /// Goes on as soon as the screen shows the character, and after the plain pace when it does not.
    async fn type_watching(&mut self, strokes: &[KeyStroke], typed: char) -> Result<(), StepError> {
        if self.unseen >= PATIENCE {
            return self.type_plainly(strokes).await;
        }
        let before = self.screen().await?;
        self.heard = self.said();
        if before.is_none() && self.heard == 0 {
            return self.type_plainly(strokes).await;
        }
        let limit = PACE * u32::try_from(strokes.len()).unwrap_or(2);
        let began = Instant::now();
        self.machine.strokes(strokes, CLOSE).await.map_err(unreachable)?;
        if typed == ' ' && self.echoed > 0 && self.unseen == 0 {
            // A blank cannot be seen; the guest reads its keys, and one more fits into the smallest buffer.
            return Ok(());
        }
        while began.elapsed() < limit {
            if self.appears(before.as_ref(), typed).await? {
                self.unseen = 0;
                self.echoed += 1;
                return Ok(());
            }
            pause(self.cx, GLANCE).await?;
        }
        self.unseen += 1;
        Ok(())
    }

    /// Whether the character has appeared, on the screen or on the serial console.
    async fn appears(&self, before: Option<&ScreenText>, typed: char) -> Result<bool, StepError> {
        if let Some(before) = before
            && self.screen().await?.is_some_and(|now| now.echoes(before, typed))
        {
            return Ok(true);
        }
        // Only the character itself: a guest that writes lines of its own is not echoing.
        let serial = self.serial();
        Ok(serial.chars().count() <= 2 && (serial.contains(typed) || serial.contains('*')))
    }

    /// Bytes the serial console has written.
    fn said(&self) -> u64 {
        let length = self.serial.as_ref().and_then(|path| std::fs::metadata(path).ok());
        length.map_or(0, |meta| meta.len())
    }

    /// What the serial console wrote since a key was typed last, without control sequences.
    fn serial(&self) -> String {
        let Some(path) = &self.serial else { return String::new() };
        let read = File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.heard))?;
            let mut bytes = Vec::new();
            file.take(MOST).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        plain(&String::from_utf8_lossy(&read.unwrap_or_default()))
    }

    async fn wait_for(&self, text: &str, within: Duration) -> Result<(), StepError> {
        self.cx.waiting(
            "screen_text",
            format!("Waiting up to {} for \"{text}\" on the screen.", seconds(within)),
        );
        let began = Instant::now();
        let mut last = None;
        loop {
            let now = self.screen().await?;
            if now.as_ref().is_some_and(|screen| screen.contains(text)) || self.serial().contains(text) {
                return Ok(());
            }
            last = now.or(last);
            if began.elapsed() >= within {
                break;
            }
            pause(self.cx, LOOK).await?;
        }
        let error = StepError::guest(format!(
            "\"{text}\" did not appear on the guest's screen within {}.",
            seconds(within)
        ));
        Err(match last {
            None => error
                .hint("The screen shows a picture, not text; and the serial console did not write it either. Use <wait10s>."),
            Some(screen) => {
                let lines: Vec<String> = screen.lines().take(25).filter(|line| !line.is_empty()).collect();
                error.hint(format!("What it shows: {}", lines.join(" / ")))
            }
        })
    }

    async fn screen(&self) -> Result<Option<ScreenText>, StepError> {
        match self.machine.text(&self.scratch).await {
            // A machine without such memory shows no text.
            Err(MachineError::Qmp(QmpError::Refused { .. })) => Ok(None),
            other => other.map_err(unreachable),
        }
    }
}

fn unreachable(error: MachineError) -> StepError {
    StepError::environment(sentence(&format!("the machine's keyboard cannot be reached: {error}")))
}

/// The text without escape sequences and other control characters but line ends.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            // ESC [ numbers letter; any other is one character long.
            '\u{1b}' => {
                if chars.next() == Some('[') {
                    for c in chars.by_ref() {
                        if c.is_ascii_alphabetic() {
                            break;
                        }
                    }
                }
            }
            '\n' => out.push('\n'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_text_without_its_colours() {
        assert_eq!(plain("\u{1b}[2J\u{1b}[01;01HShell> \u{1b}[0m\r\nx\u{8}"), "Shell> \nx");
        assert_eq!(plain("a\u{1b}cb\u{1b}["), "ab");
    }
}
