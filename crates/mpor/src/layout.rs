//! How a run is cut so that memory is bounded: margin dates into shards, accounts into blocks.
//!
//! A shard is a range of margin dates, replayed at once; its tables are kept by block of accounts. The assembly then takes
//! block by block over all dates. So a run holds two shards while it replays and one block while it assembles, however many
//! accounts and dates there are. The result is the same bits for any sizes.

use std::ops::Range;

use mpor_backtest::tables;

use crate::loaded::Loaded;

/// Most margin dates a shard.
const MOST_DATES: usize = 32;
/// Figures (an account's under one model on one date, and its loss as two more) that a shard is to hold.
const SHARD: usize = 1 << 23;
/// The same of a block.
const BLOCK: usize = 1 << 21;

/// Sizes of shards and blocks; those of the study's own extent where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Margin dates a shard.
    pub dates: Option<usize>,
    /// Accounts a block, made a multiple of the accounts of one piece of the long tables.
    pub accounts: Option<usize>,
}

/// The shards and blocks of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Steps of each shard, in order.
    pub shards: Vec<Range<usize>>,
    /// Accounts of each block, in order.
    pub blocks: Vec<Range<usize>>,
}

impl Layout {
    pub fn of(loaded: &Loaded, sizes: Sizes) -> Self {
        let (accounts, models) = (loaded.books.accounts.len(), loaded.models.len());
        Layout::new(loaded.steps.clone(), accounts, models, sizes)
    }

    fn new(steps: Range<usize>, accounts: usize, models: usize, sizes: Sizes) -> Self {
        let wide = models + 2;
        let dates = (SHARD / (accounts * wide).max(1)).clamp(1, MOST_DATES);
        // Row groups of the long tables are cut by pieces: a block is a number of whole ones.
        let piece = tables::accounts_a_piece(models, steps.len());
        let block = sizes.accounts.unwrap_or(BLOCK / (steps.len() * wide).max(1));
        Layout {
            shards: pieces(steps, sizes.dates.unwrap_or(dates).max(1)),
            blocks: pieces(0..accounts, (block / piece).max(1) * piece),
        }
    }
}

/// Ranges of at most `size` that cover `all`.
fn pieces(all: Range<usize>, size: usize) -> Vec<Range<usize>> {
    let end = all.end;
    all.step_by(size).map(|start| start..(start + size).min(end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_one_piece_and_none_is_too_large() {
        for accounts in [1, 100, 10_000, 100_000] {
            let layout = Layout::new(365..615, accounts, 3, Sizes::default());
            let steps: Vec<usize> = layout.shards.iter().cloned().flatten().collect();
            assert_eq!(steps, (365..615).collect::<Vec<_>>());
            let all: Vec<usize> = layout.blocks.iter().cloned().flatten().collect();
            assert_eq!(all, (0..accounts).collect::<Vec<_>>());
            assert!(layout.shards.iter().all(|steps| steps.len() * accounts * 5 <= SHARD));
            assert!(layout.blocks.iter().all(|block| block.len() * 250 * 5 <= BLOCK));
        }
        // hand: 2^23 / (100,000 x 5) dates, 2^17 / (2 x 3 x 250) accounts a piece, 19 pieces a block
        let layout = Layout::new(365..615, 100_000, 3, Sizes::default());
        assert_eq!((layout.shards[0].clone(), layout.blocks[0].clone()), (365..381, 0..1653));
    }

    #[test]
    fn blocks_are_whole_pieces() {
        let sizes = Sizes { dates: Some(7), accounts: Some(100) };
        let layout = Layout::new(0..250, 1_000, 3, sizes);
        assert_eq!((layout.shards[1].clone(), layout.blocks[1].clone()), (7..14, 87..174));
    }
}
