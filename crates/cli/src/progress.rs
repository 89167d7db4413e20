//! One line at the bottom of a terminal that says how far something is.

use std::time::{Duration, Instant};

use crate::output::Output;
use crate::text::{duration, size};

/// Draws a bar, where standard output is a terminal; elsewhere it does nothing.
pub struct Bar {
    output: Output,
    shown: bool,
    /// What is drawn, since when, and how far it was then.
    since: Option<(String, Instant, u64)>,
}

impl Bar {
    /// Nothing is drawn yet.
    pub fn new(output: Output) -> Self {
        Bar { output, shown: false, since: None }
    }

    /// Draws it anew.
    pub fn draw(&mut self, title: &str, done: u64, total: Option<u64>, unit: &str) {
        if !self.output.terminal {
            return;
        }
        self.shown = true;
        let since = match self.since.take() {
            Some(since) if since.0 == title && since.2 <= done => since,
            _ => (title.to_owned(), Instant::now(), done),
        };
        let pace = match unit {
            "bytes" => pace(done - since.2, since.1.elapsed(), total.map(|total| total.saturating_sub(done))),
            _ => String::new(),
        };
        self.since = Some(since);
        self.output.text(&format!("\r\x1b[K{}{pace}", line(title, done, total, unit)));
    }

    /// Takes it away, so that other text can be printed.
    pub fn clear(&mut self) {
        if self.shown {
            self.shown = false;
            self.output.text("\r\x1b[K");
        }
    }
}

/// How fast it is and how long the rest may take; nothing before a second has passed.
fn pace(came: u64, within: Duration, left: Option<u64>) -> String {
    if within < Duration::from_secs(1) || came == 0 {
        return String::new();
    }
    let a_second = u64::try_from(u128::from(came) * 1000 / within.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = format!("  {}/s", size(a_second));
    match left.filter(|left| *left > 0) {
        Some(left) => format!("{rate}, {} left", duration(left.saturating_mul(1000) / a_second)),
        None => rate,
    }
}

fn line(title: &str, done: u64, total: Option<u64>, unit: &str) -> String {
    const WIDTH: u64 = 24;
    let figure = |n: u64| match unit {
        "bytes" => size(n),
        _ => n.to_string(),
    };
    match total.filter(|total| *total > 0) {
        Some(total) => {
            let done = done.min(total);
            let share =
                |of: u64| u64::try_from(u128::from(done) * u128::from(of) / u128::from(total)).unwrap_or(of);
            let full = share(WIDTH) as usize;
            let bar = format!("{}{}", "#".repeat(full), "-".repeat(WIDTH as usize - full));
            let figures = match unit {
                "percent" => String::new(),
                _ => format!("  {} of {}", figure(done), figure(total)),
            };
            format!("{title}  [{bar}] {:>3} %{figures}", share(100))
        }
        None => format!("{title}  {}", figure(done)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_has_a_rate_and_an_end() {
        let two = Duration::from_secs(2);
        assert_eq!(pace(20 << 20, two, Some(100 << 20)), "  10 MiB/s, 0:10 left");
        assert_eq!(pace(20 << 20, two, None), "  10 MiB/s");
        assert_eq!(pace(20 << 20, Duration::from_millis(10), Some(1)), "");
        assert_eq!(pace(0, two, Some(5)), "");
    }

    #[test]
    fn a_bar_has_figures() {
        assert_eq!(line("x", 0, Some(10), "items"), format!("x  [{}]   0 %  0 of 10", "-".repeat(24)));
        assert_eq!(
            line("x", 512 << 20, Some(1 << 30), "bytes"),
            "x  [############------------]  50 %  512 MiB of 1 GiB"
        );
        assert_eq!(line("x", 70, Some(50), "percent"), format!("x  [{}] 100 %", "#".repeat(24)));
        assert_eq!(line("x", 2048, None, "bytes"), "x  2 KiB");
    }
}
