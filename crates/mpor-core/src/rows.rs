//! Where an instrument stands among those that are held: every position of every account is looked up here.

use crate::instrument::InstrumentIx;

/// Row by instrument of a matrix whose rows are some of the universe's instruments.
#[derive(Clone, Debug, Default)]
pub struct Rows(Vec<u32>);

const NOWHERE: u32 = u32::MAX;

impl Rows {
    /// The rows `held`, in any order, each instrument once.
    #[must_use]
    pub fn of(held: &[InstrumentIx]) -> Self {
        let last = held.iter().max().map_or(0, |ix| ix.0 + 1);
        let mut rows = vec![NOWHERE; last];
        for (row, ix) in held.iter().enumerate() {
            rows[ix.0] = row as u32;
        }
        Rows(rows)
    }

    /// The row of an instrument; `None` where it is not among them.
    #[must_use]
    pub fn find(&self, instrument: InstrumentIx) -> Option<usize> {
        self.0.get(instrument.0).filter(|&&row| row != NOWHERE).map(|&row| row as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_found_and_nothing_else() {
        let rows = Rows::of(&[3, 1, 7].map(InstrumentIx));
        let found: Vec<_> = (0..9).map(|ix| rows.find(InstrumentIx(ix))).collect();
        let (first, second, third) = (Some(0), Some(1), Some(2));
        assert_eq!(found, [None, second, None, first, None, None, None, third, None]);
        assert_eq!(Rows::of(&[]).find(InstrumentIx(0)), None);
    }
}
