/// Bytes after which a line without an end is given out anyway.
const LONGEST: usize = 64 * 1024;

/// Cuts a stream of bytes into lines: `\n`, `\r\n` and a lone `\r` (progress meters) end one.
#[derive(Default)]
pub(crate) struct Lines {
    pending: Vec<u8>,
    after_return: bool,
}

impl Lines {
    /// Takes bytes and gives out the lines they complete.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut out: impl FnMut(&str)) {
        while let Some((&first, _)) = bytes.split_first() {
            if std::mem::take(&mut self.after_return) && first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            match bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) {
                Some(end) => {
                    self.pending.extend_from_slice(&bytes[..end]);
                    self.after_return = bytes[end] == b'\r';
                    out(&String::from_utf8_lossy(&self.pending));
                    self.pending.clear();
                    bytes = &bytes[end + 1..];
                }
                None => {
                    let room = LONGEST - self.pending.len();
                    let (take, rest) = bytes.split_at(bytes.len().min(room));
                    self.pending.extend_from_slice(take);
                    bytes = rest;
                    if self.pending.len() == LONGEST {
                        out(&String::from_utf8_lossy(&self.pending));
                        self.pending.clear();
                    }
                }
            }
        }
    }

    /// Gives out what is left.
    pub(crate) fn finish(&mut self, mut out: impl FnMut(&str)) {
        if !self.pending.is_empty() {
            out(&String::from_utf8_lossy(&self.pending));
            self.pending.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut got) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |l| got.push(l.to_owned()));
        }
        lines.finish(|l| got.push(l.to_owned()));
        got
    }

    #[test]
    fn lines_are_cut_wherever_the_pieces_end() {
        assert_eq!(cut(&[b"a\nb", b"c\n", b"d"]), ["a", "bc", "d"]);
        assert_eq!(cut(&[b"a\r", b"\nb\r\n\n"]), ["a", "b", ""]);
        assert_eq!(cut(&[b"10%\r20%\r", b"done\n"]), ["10%", "20%", "done"]);
        assert_eq!(cut(&[b"\xc3", b"\xa4\n\xff\n"]), ["ä", "\u{fffd}"]);
        let long = vec![b'x'; LONGEST + 5];
        assert_eq!(cut(&[&long]).iter().map(String::len).collect::<Vec<_>>(), [LONGEST, 5]);
    }
}
