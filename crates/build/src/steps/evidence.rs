//! What the guest itself shows when a wait for it comes to nothing: its screen and its serial console, and what is
//! known of the words on them.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use goldsmith_machine::qemu::QemuMachine;
use goldsmith_machine::{Serial as _, TextScreen as _};

use crate::error::StepError;
use crate::pipeline::StepContext;
use crate::steps::typist::plain;

/// So many lines of each are told.
const LINES: usize = 4;
/// Rows of a text screen; the memory behind them may hold anything.
const ROWS: usize = 25;
/// So much of the serial console is read (bytes).
const TAIL: u64 = 8 * 1024;

/// Words on a console, and what they mean for a build. The first that is found counts.
const CAUSES: &[(&[&str], &str)] = &[
    (
        &["Kernel panic"],
        "The guest's kernel panicked: the lines before it say why. A guest that needs a newer processor wants cpu_model = \"max\".",
    ),
    (
        &["No bootable device", "not a bootable disk", "Boot failed", "Shell> "],
        "The firmware found nothing to start: check that the image has a boot loader for it (efi_boot or not), and the boot order.",
    ),
    (&["grub rescue>", "grub>"], "GRUB runs and finds no system: the image or the boot_command is wrong."),
    (
        &["(initramfs)", "dracut:/#", "emergency mode", "Cannot open access to console"],
        "The guest stands in an emergency shell: it did not find or could not mount its disk. Check disk_interface.",
    ),
    (
        &[
            "No root file system is defined",
            "Failed to retrieve the preconfiguration",
            "Bad archive mirror",
            "Installation step failed",
            "An error has occurred",
        ],
        "The installer stopped with an error: its answers or the network are wrong.",
    ),
    (
        &[
            "Select a language",
            "Choose language",
            "Please choose your preferred language",
            "Select the language",
        ],
        "The installer waits for answers: the boot_command did not tell it where they are.",
    ),
    (
        &["boot:", "Press ENTER to boot"],
        "The boot menu still waits: the boot_command was not typed in time. Check boot_wait.",
    ),
    (
        &["login:"],
        "The guest is up and shows a login: its SSH server does not run, listens elsewhere, or the network is down.",
    ),
];

/// What the words on a console mean, as far as that is known.
fn cause(text: &str) -> Option<&'static str> {
    CAUSES.iter().find(|(words, _)| words.iter().any(|word| text.contains(word))).map(|(_, cause)| *cause)
}

/// The last lines with something on them.
fn last(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join(" / ")
}

/// The end of the serial console, without control sequences.
fn serial(path: &Path) -> String {
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    plain(&String::from_utf8_lossy(&read.unwrap_or_default()))
}

/// The error with what the guest shows: a cause where one is known, the last lines of its screen and its console.
pub(crate) async fn joined(cx: &StepContext, machine: &QemuMachine, error: StepError) -> StepError {
    if error.is_cancelled() {
        return error;
    }
    let scratch = cx.runtime().join(format!("screen-{}", cx.fresh()));
    let screen = match machine.text(&scratch).await {
        Ok(Some(screen)) => screen.lines().take(ROWS).collect::<Vec<_>>().join("\n"),
        // A picture, or a machine that is just stopping.
        _ => String::new(),
    };
    let _ = std::fs::remove_file(&scratch);
    let console = machine.serial_log().map(serial).unwrap_or_default();
    told(error, &screen, &console)
}

fn told(mut error: StepError, screen: &str, console: &str) -> StepError {
    // The screen is what stands there now; the console may end with what is long past.
    if let Some(cause) = cause(screen).or_else(|| cause(&last(console))) {
        error = error.hint(cause);
    }
    for (what, text) in
        [("The guest's screen shows", last(screen)), ("The serial console ends with", last(console))]
    {
        if !text.is_empty() {
            error = error.hint(format!("{what}: {text}"));
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_came_to_nothing_names_what_the_guest_shows() {
        let hints = |screen: &str, console: &str| {
            told(StepError::guest("No SSH session."), screen, console).failure().hints.join("\n")
        };
        let full = hints("Booting from Hard Disk...\nBoot failed: not a bootable disk\n\n\n", "");
        assert!(full.contains("found nothing to start") && full.contains("not a bootable disk"), "{full}");
        // What the console says last counts, not what it said long ago.
        let console = "boot: \nstarting\n[ok]\n[ok]\n[ok]\nDebian GNU/Linux 13 tiny ttyS0\n\ntiny login: ";
        let full = hints("", console);
        assert!(full.contains("shows a login") && full.contains("tiny login:"), "{full}");
        let full = hints("", "[ 1.2] Kernel panic - not syncing: VFS\n---[ end ]---\n");
        assert!(full.contains("kernel panicked"), "{full}");
        assert_eq!(hints("", ""), "");
    }
}
