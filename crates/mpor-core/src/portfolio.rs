//! Who holds what: positions of one account at one time.

use std::sync::Arc;

use crate::instrument::InstrumentIx;

/// A signed number of contracts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// What is held.
    pub instrument: InstrumentIx,
    /// Contracts, short negative.
    pub quantity: f64,
}

/// The positions of one account at one margin date, at most one entry an instrument, in instrument order.
///
/// Quantities are static over the margin period of risk. Cash does not enter the requirement: every model here states
/// its requirement on top of the mark-to-market value of the positions. A copy shares the positions: most accounts hold the
/// same from one margin date to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portfolio {
    positions: Arc<[Position]>,
}

impl Portfolio {
    /// Nets the entries of each instrument, drops what nets to zero and sorts by instrument.
    #[must_use]
    pub fn new(mut entries: Vec<Position>) -> Self {
        entries.sort_by_key(|position| position.instrument);
        let mut positions: Vec<Position> = Vec::with_capacity(entries.len());
        for entry in entries {
            match positions.last_mut() {
                Some(last) if last.instrument == entry.instrument => {
                    last.quantity += entry.quantity
                }
                _ => positions.push(entry),
            }
        }
        positions.retain(|position| position.quantity != 0.0);
        Portfolio { positions: positions.into() }
    }

    /// The positions in instrument order.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}

/// The portfolios of all accounts through time.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Account names, in the order of `portfolios`' inner index.
    pub accounts: Vec<String>,
    /// `portfolios[step][account]`, one entry a margin date of the study's calendar.
    pub portfolios: Vec<Vec<Portfolio>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_net_and_sort() {
        let position = |ix, quantity| Position { instrument: InstrumentIx(ix), quantity };
        let portfolio = Portfolio::new(vec![
            position(3, 1.0),
            position(1, 2.0),
            position(3, -1.0),
            position(1, 0.5),
        ]);
        assert_eq!(portfolio.positions(), [position(1, 2.5)]);
    }
}
