//! One line at the bottom of a terminal that says how far something is.

use crate::output::Output;
use crate::text::size;

/// Draws a bar, where standard output is a terminal; elsewhere it does nothing.
pub struct Bar {
    output: Output,
    shown: bool,
}

impl Bar {
    /// Nothing is drawn yet.
    pub fn new(output: Output) -> Self {
        Bar { output, shown: false }
    }

    /// Draws it anew.
    pub fn draw(&mut self, title: &str, done: u64, total: Option<u64>, unit: &str) {
        if !self.output.terminal {
            return;
        }
        self.shown = true;
        self.output.text(&format!("\r\x1b[K{}", line(title, done, total, unit)));
    }

    /// Takes it away, so that other text can be printed.
    pub fn clear(&mut self) {
        if self.shown {
            self.shown = false;
            self.output.text("\r\x1b[K");
        }
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
