//! Options in a market: their value under a shock, sums over a book, naked shorts, and the tenor's multiple of a shock.

use std::borrow::Cow;

use mpor_core::Right;
use mpor_pricing::{Black76, PricingError};
use smallvec::{SmallVec, smallvec};

use super::market::{DeriveExpiry, DeriveOption};
use super::sum;

/// At this deviation and above a call is worth its forward and a put its strike.
const MAX_DEVIATION: f64 = 24.0;

/// Days at which the tenor's multiple is one.
const PIVOT_DAYS: f64 = 30.0;

/// Columns before those of the scenarios: base value, basis up, basis down.
const BASE: usize = 0;
const BASIS_UP: usize = 1;
const BASIS_DOWN: usize = 2;
const SCENARIOS: usize = 3;

/// Value of one option in USD per coin, with spot multiplied by `shock`, Black volatility `vol` and discount rate `rate`.
pub(crate) fn value(
    option: &DeriveOption,
    expiry: &DeriveExpiry,
    shock: f64,
    vol: f64,
    rate: f64,
) -> Result<f64, PricingError> {
    let years = expiry.years();
    let forward = expiry.forward(shock);
    if vol * years.sqrt() >= MAX_DEVIATION {
        let bound = match option.right {
            Right::Call => forward,
            Right::Put => option.strike,
        };
        return Ok(bound * libm::exp(-rate * years));
    }
    Ok(Black76::new(forward, option.strike, years, vol, rate, option.right)?.price())
}

/// `(30 / max(days, floor))^p`. The power goes by the days to expiry themselves, the ratio by the floored ones.
pub(crate) fn tenor_multiple(
    seconds: f64,
    floor_seconds: f64,
    short_term_power: f64,
    long_term_power: f64,
) -> f64 {
    let days = seconds / 86_400.0;
    let power = if days <= PIVOT_DAYS { short_term_power } else { long_term_power };
    libm::pow(PIVOT_DAYS / days.max(floor_seconds / 86_400.0), power)
}

/// One row an option: base, basis up, basis down, then the scenarios; USD per coin.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    columns: usize,
    values: Vec<f64>,
}

impl Values {
    /// Room for `options` rows of `scenarios`, to be filled row by row.
    pub fn with_capacity(options: usize, scenarios: usize) -> Self {
        let columns = SCENARIOS + scenarios;
        Values { columns, values: Vec::with_capacity(options * columns) }
    }

    pub fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    pub fn row(&self, option: usize) -> &[f64] {
        &self.values[option * self.columns..(option + 1) * self.columns]
    }

    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// Values of the options of one expiry together, in the columns of [`Values`].
#[derive(Clone, Debug)]
pub(crate) struct Shocked(SmallVec<[f64; 64]>);

impl Shocked {
    pub fn zero(columns: usize) -> Self {
        Shocked(smallvec![0.0; columns])
    }

    pub fn clear(&mut self) {
        self.0.fill(0.0);
    }

    pub fn add(&mut self, amount: f64, row: &[f64]) {
        for (sum, unit) in self.0.iter_mut().zip(row) {
            *sum += amount * unit;
        }
    }

    pub fn base(&self) -> f64 {
        self.0[BASE]
    }

    pub fn basis_up_pnl(&self) -> f64 {
        self.0[BASIS_UP] - self.base()
    }

    pub fn basis_down_pnl(&self) -> f64 {
        self.0[BASIS_DOWN] - self.base()
    }

    pub fn scenarios(&self) -> &[f64] {
        &self.0[SCENARIOS..]
    }
}

/// The positions in a market's options by expiry and strike, so that sums over them have one order.
pub(crate) fn in_order<'h>(
    options: &[DeriveOption],
    held: &'h [(usize, f64)],
) -> Cow<'h, [(usize, f64)]> {
    let order = |&(a, _): &(usize, f64), &(b, _): &(usize, f64)| {
        let (of_a, of_b) = (&options[a], &options[b]);
        of_a.expiry.cmp(&of_b.expiry).then(of_a.strike.total_cmp(&of_b.strike)).then(a.cmp(&b))
    };
    // As a universe lists them, they mostly are.
    if held.is_sorted_by(|a, b| order(a, b).is_le()) {
        return Cow::Borrowed(held);
    }
    let mut held = held.to_vec();
    held.sort_by(order);
    Cow::Owned(held)
}

/// Naked short options of one expiry, whose positions are ordered by strike: at each strike the net short where call and
/// put have opposite signs, otherwise all that is short. Coins.
pub(crate) fn naked_shorts(options: &[DeriveOption], positions: &[(usize, f64)]) -> f64 {
    let same_strike =
        |a: &(usize, f64), b: &(usize, f64)| options[a.0].strike == options[b.0].strike;
    sum(positions.chunk_by(same_strike).map(|strike| {
        let side = |right: Right| {
            let legs = strike.iter().filter(|(option, _)| options[*option].right == right);
            sum(legs.map(|(_, amount)| *amount))
        };
        let (calls, puts) = (side(Right::Call), side(Right::Put));
        if calls * puts < 0.0 {
            (-(calls + puts)).max(0.0)
        } else {
            (-calls).max(0.0) + (-puts).max(0.0)
        }
    }))
}
