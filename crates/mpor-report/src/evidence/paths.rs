//! Where on its path did a requirement swing most: the trough and the later peak with the largest ratio.

/// The trough and peak of the largest relative rise of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swing {
    /// Step of the trough.
    pub trough: usize,
    /// Step of the peak, at or after the trough.
    pub peak: usize,
    /// Peak over trough, at least 1.
    pub ratio: f64,
}

/// The largest ratio of a value to an earlier (or the same) one; `None` when a value is not positive.
#[must_use]
pub fn swing(path: &[f64]) -> Option<Swing> {
    let mut lowest = 0;
    let mut best: Option<Swing> = None;
    for (step, &value) in path.iter().enumerate() {
        if value <= 0.0 {
            return None;
        }
        if value < path[lowest] {
            lowest = step;
        }
        let ratio = value / path[lowest];
        if best.is_none_or(|best| ratio > best.ratio) {
            best = Some(Swing { trough: lowest, peak: step, ratio });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_comes_after_the_trough() {
        // By hand: 2 -> 6 is 3x; the earlier 10 does not count against the later 2.
        let found = swing(&[10.0, 2.0, 3.0, 6.0, 5.0]).unwrap();
        assert_eq!((found.trough, found.peak, found.ratio), (1, 3, 3.0));
    }

    #[test]
    fn a_path_that_touches_zero_has_no_ratio() {
        assert_eq!(swing(&[1.0, 0.0, 2.0]), None);
        assert_eq!(swing(&[]), None);
        assert_eq!(swing(&[3.0, 2.0]).unwrap().ratio, 1.0);
    }
}
