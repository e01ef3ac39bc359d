//! The grid of TIMS: gains and losses of one contract at ten points, and what classes and product groups make of them.
//!
//! ```text
//! points   x_p = -down (1, .8, .6, .4, .2), +up (.2, .4, .6, .8, 1);   PL_p = V(S (1 + x_p)) - V(S)
//! minimum  sum |q| min_per_unit multiplier over options, for a long one at most its market value
//! class    max( -min_p PL_p, minimum, 0 )
//! group    PL_p = sum of class losses + offset sum of class gains, point by point
//!          max( -min_p PL_p, sum of minimums, 0 )
//! ```
//!
//! P&L gain positive. Volatility and time do not move; the forward moves with the spot.

use mpor_core::Right;
use mpor_pricing::{Black76, PricingError};

/// Points of the grid.
pub const POINTS: usize = 10;

/// Shares of the down or up move, in the order of the grid.
const SHARES: [f64; POINTS] = [-1.0, -0.8, -0.6, -0.4, -0.2, 0.2, 0.4, 0.6, 0.8, 1.0];

/// All instruments on one underlying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimsClass {
    /// Price of the underlying.
    pub spot: f64,
    /// Largest fall, share of spot.
    pub down_move: f64,
    /// Largest rise, share of spot.
    pub up_move: f64,
    /// Smallest requirement of an option, money a unit of its multiplier.
    pub minimum_per_unit: f64,
}

/// An option of a class, per unit of the underlying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimsOption {
    /// Forward of its expiry.
    pub forward: f64,
    /// Strike.
    pub strike: f64,
    /// Years to expiry.
    pub years: f64,
    /// Volatility per year.
    pub vol: f64,
    /// Discount rate per year.
    pub rate: f64,
    /// Call or put.
    pub right: Right,
}

/// One long contract. Money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimsUnit {
    /// P&L at each point, gain positive.
    pub pnl: [f64; POINTS],
    /// Minimum of one long contract.
    pub minimum_long: f64,
    /// Minimum of one short contract.
    pub minimum_short: f64,
}

/// A class of one account. Money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassAssessment {
    /// P&L at each point, gain positive.
    pub pnl: [f64; POINTS],
    /// Sum of the contracts' minimums.
    pub minimum: f64,
}

/// A product group of one account. Money.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupAssessment {
    /// Its classes.
    pub classes: Vec<ClassAssessment>,
    /// Share of gains that are set against losses of other classes.
    pub offset: f64,
    /// P&L at each point after the offset.
    pub pnl: [f64; POINTS],
    /// Sum of the classes' minimums.
    pub minimum: f64,
}

impl TimsClass {
    /// The ten moves, shares of spot.
    #[must_use]
    pub fn moves(&self) -> [f64; POINTS] {
        SHARES.map(|share| share * if share < 0.0 { self.down_move } else { self.up_move })
    }

    /// A contract that moves with the spot, on `units` of it.
    #[must_use]
    pub fn linear(&self, units: f64) -> TimsUnit {
        let pnl = self.moves().map(|move_| units * self.spot * move_);
        TimsUnit { pnl, minimum_long: 0.0, minimum_short: 0.0 }
    }

    /// An option on `units` of the underlying, worth `rate` times its Black value in money.
    ///
    /// # Errors
    /// [`PricingError::Input`] for inputs that admit no value.
    pub fn option(
        &self,
        option: &TimsOption,
        units: f64,
        rate: f64,
    ) -> Result<TimsUnit, PricingError> {
        let value = option.value(0.0)?;
        let mut pnl = [0.0; POINTS];
        for (pnl, move_) in pnl.iter_mut().zip(self.moves()) {
            *pnl = (option.value(move_)? - value) * rate * units;
        }
        let minimum_short = self.minimum_per_unit * units;
        Ok(TimsUnit { pnl, minimum_long: minimum_short.min(value * rate * units), minimum_short })
    }
}

impl TimsOption {
    /// Value per unit after a move of the underlying.
    fn value(&self, move_: f64) -> Result<f64, PricingError> {
        let TimsOption { forward, strike, years, vol, rate, right } = *self;
        let forward = forward * (1.0 + move_);
        Ok(Black76::new(forward, strike, years, vol, rate, right)?.price())
    }
}

impl ClassAssessment {
    /// Adds up positions: quantities of `units` by their position.
    #[must_use]
    pub fn new(units: &[TimsUnit], positions: &[(usize, f64)]) -> Self {
        let (mut pnl, mut minimum) = ([0.0; POINTS], 0.0);
        for &(unit, quantity) in positions {
            let unit = &units[unit];
            pnl.iter_mut().zip(&unit.pnl).for_each(|(sum, pnl)| *sum += quantity * pnl);
            let of_one = if quantity > 0.0 { unit.minimum_long } else { unit.minimum_short };
            minimum += quantity.abs() * of_one;
        }
        ClassAssessment { pnl, minimum }
    }

    /// What the class needs on its own.
    #[must_use]
    pub fn requirement(&self) -> f64 {
        (-self.pnl[worst(&self.pnl)]).max(self.minimum).max(0.0)
    }
}

impl GroupAssessment {
    /// Puts classes together: losses in full, gains by `offset`.
    #[must_use]
    pub fn new(classes: Vec<ClassAssessment>, offset: f64) -> Self {
        let mut pnl = [0.0; POINTS];
        for (point, sum) in pnl.iter_mut().enumerate() {
            *sum = classes.iter().fold(0.0, |sum, class| sum + counted(class.pnl[point], offset));
        }
        let minimum = classes.iter().fold(0.0, |sum, class| sum + class.minimum);
        GroupAssessment { classes, offset, pnl, minimum }
    }

    /// The first point with the largest loss.
    #[must_use]
    pub fn worst_point(&self) -> usize {
        worst(&self.pnl)
    }

    /// What a class contributes to the loss at a point: its loss, or less than nothing.
    #[must_use]
    pub fn loss_of(&self, class: usize, point: usize) -> f64 {
        0.0 - counted(self.classes[class].pnl[point], self.offset)
    }

    /// What the group needs.
    #[must_use]
    pub fn requirement(&self) -> f64 {
        (-self.pnl[self.worst_point()]).max(self.minimum).max(0.0)
    }
}

/// `-80 % of the down move`, in words.
#[must_use]
pub fn point_name(point: usize) -> String {
    let share = (SHARES[point].abs() * 100.0).round();
    format!("{share} % of the {} move", if SHARES[point] < 0.0 { "down" } else { "up" })
}

fn counted(pnl: f64, offset: f64) -> f64 {
    if pnl > 0.0 { offset * pnl } else { pnl }
}

fn worst(pnl: &[f64; POINTS]) -> usize {
    (1..POINTS).fold(0, |worst, next| if pnl[next] < pnl[worst] { next } else { worst })
}
