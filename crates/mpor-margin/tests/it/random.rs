//! Numbers that are the same on every run, and pieces of text taken apart by them.

/// Knuth's linear congruential generator, MMIX constants.
pub struct Random(pub u64);

impl Random {
    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// One of several.
    pub fn of<'t, T: ?Sized>(&mut self, all: &[&'t T]) -> &'t T {
        all[self.below(all.len())]
    }

    /// Changes, takes out, doubles or moves a few bytes.
    pub fn mutate(&mut self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let at = self.below(bytes.len());
        let end = (at + 1 + self.below(40)).min(bytes.len());
        match self.below(6) {
            0 => bytes[at] = b"<>/&;\"' -.0e\x00\xff"[self.below(14)],
            1 => bytes[at] = self.below(256) as u8,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            4 => bytes[at] = b'0' + self.below(10) as u8,
            _ => bytes.truncate(bytes.len() - self.below(bytes.len()) / 8),
        }
    }

    /// Puts something extreme in the place of one number of a text.
    pub fn extreme_number(&mut self, text: &str) -> String {
        let digit = |c: char| c.is_ascii_digit();
        let starts: Vec<usize> = text.match_indices(digit).map(|(at, _)| at).collect();
        if starts.is_empty() {
            return text.to_owned();
        }
        let at = starts[self.below(starts.len())];
        let rest = &text[at..];
        let end = rest.find(|c: char| !(digit(c) || c == '.' || c == '_')).unwrap_or(rest.len());
        let all = ["nan", "inf", "-inf", "0", "0.0", "-1.0", "1e308", "-1e308", "1e-320"];
        let whole = ["9223372036854775807", "4294967295", "65536", "1000000.0", "-0.0", "\"1\""];
        let extreme = self.of(&[&all[..], &whole[..]].concat());
        format!("{}{extreme}{}", &text[..at], &rest[end..])
    }

    /// Takes out, doubles or moves one line of a text.
    pub fn move_line(&mut self, text: &str) -> String {
        let mut lines: Vec<&str> = text.lines().collect();
        let at = self.below(lines.len().max(1)).min(lines.len().saturating_sub(1));
        if lines.is_empty() {
            return String::new();
        }
        match self.below(3) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at]),
            _ => {
                let to = self.below(lines.len());
                lines.swap(at, to);
            }
        }
        lines.join("\n")
    }
}
