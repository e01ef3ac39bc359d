//! Which observations does a resampled series have, when neighbours belong together?
//!
//! Circular blocks: starts uniform over the series, each block `length` observations, wrapping at the end. Stationary: a block
//! ends after each observation with probability `1 / length`, so its length is geometric and the resample is stationary.
//! Source: Politis and Romano (1992), "A circular block-resampling procedure for stationary data"; (1994), "The stationary
//! bootstrap", Journal of the American Statistical Association 89(428), 1303-1313.

use crate::random::Stream;

/// Indices of a resample of `n` observations in circular blocks of `length`; of length 1 = independent draws.
#[must_use]
pub fn circular_blocks(stream: &mut Stream, n: usize, length: usize) -> Vec<usize> {
    let length = length.max(1);
    let mut indices = Vec::with_capacity(n + length);
    while indices.len() < n {
        let start = start(stream, n);
        indices.extend((0..length).map(|step| (start + step) % n));
    }
    indices.truncate(n);
    indices
}

/// Indices of a stationary resample of `n` observations with blocks of mean length `length`, at least 1.
#[must_use]
pub fn stationary_blocks(stream: &mut Stream, n: usize, length: f64) -> Vec<usize> {
    let ends = 1.0 / length.max(1.0);
    let mut indices = Vec::with_capacity(n);
    let mut at = 0;
    for step in 0..n {
        let fresh = stream.uniform() < ends;
        at = if step == 0 || fresh { start(stream, n) } else { (at + 1) % n };
        indices.push(at);
    }
    indices
}

fn start(stream: &mut Stream, n: usize) -> usize {
    ((stream.uniform() * n as f64) as usize).min(n.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;

    #[test]
    fn blocks_run_on_and_wrap() {
        let mut stream = Streams::new(1, "blocks", 0).path(0);
        let indices = circular_blocks(&mut stream, 10, 4);
        assert_eq!(indices.len(), 10);
        for block in indices.chunks(4) {
            assert!(block.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 10));
        }
    }

    #[test]
    fn the_mean_block_is_as_long_as_asked() {
        let mut stream = Streams::new(2, "blocks", 0).path(0);
        let indices = stationary_blocks(&mut stream, 50_000, 5.0);
        let breaks = indices.windows(2).filter(|pair| pair[1] != (pair[0] + 1) % 50_000).count();
        // 10,000 expected, standard deviation 89; a fresh start next to the old place is too rare to matter.
        assert!(breaks.abs_diff(10_000) < 400, "{breaks}");
    }

    #[test]
    fn nothing_resampled_is_nothing() {
        let mut stream = Streams::new(3, "blocks", 0).path(0);
        assert!(circular_blocks(&mut stream, 0, 3).is_empty());
        assert!(stationary_blocks(&mut stream, 0, 3.0).is_empty());
    }
}
