//! Standard margin of options: a share of the index less what is out of the money, and the mark.
//!
//! ```text
//! short call   IM = max(initial - OTM/S, floor) u + mark,   MM = maintenance u + mark
//! short put    MM = max(maintenance u, maintenance mark) + mark,   IM = the larger of that and the call's
//! long         0: the premium is paid up front
//! OTM = max(K - S, 0) call, max(S - K, 0) put;   u = S, or 1 where mark and margin are in coin
//! ```
//!
//! Source: Deribit's standard margin as Bit.com restates it (secondary).

use mpor_core::{Right, Settlement};
use serde::Deserialize;

use super::Levels;

/// Shares of the index.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionRule {
    /// Initial margin at the money.
    pub initial: f64,
    /// Least initial margin out of the money.
    pub initial_floor: f64,
    /// Maintenance margin; of a put also as a share of its mark.
    pub maintenance: f64,
}

impl OptionRule {
    /// What the venue holds against `amount` units (short negative) of an option: in coin for [`Settlement::Coin`], in quote
    /// currency otherwise; `mark` a unit in the same, `strike` and `index` in quote currency.
    #[must_use]
    pub fn venue(
        &self,
        amount: f64,
        right: Right,
        strike: f64,
        index: f64,
        mark: f64,
        settlement: Settlement,
    ) -> Levels {
        if amount >= 0.0 {
            return Levels::default();
        }
        let short = self.short(right, strike, index, mark, settlement);
        let unit = Levels { initial: short.initial + mark, maintenance: short.maintenance + mark };
        unit.times(-amount)
    }

    /// One unit short, on top of its (negative) value: the venue's amounts less the mark that they contain.
    #[must_use]
    pub fn short(
        &self,
        right: Right,
        strike: f64,
        index: f64,
        mark: f64,
        settlement: Settlement,
    ) -> Levels {
        let out_of_the_money = right.payoff(strike, index);
        let (unit, out_of_the_money) = match settlement {
            Settlement::Cash => (index, out_of_the_money),
            Settlement::Coin => (1.0, out_of_the_money / index),
        };
        let initial = (self.initial * unit - out_of_the_money).max(self.initial_floor * unit);
        let on_index = self.maintenance * unit;
        let maintenance = match right {
            Right::Call => on_index,
            Right::Put => on_index.max(self.maintenance * mark),
        };
        Levels { initial: initial.max(maintenance), maintenance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: OptionRule = OptionRule { initial: 0.15, initial_floor: 0.10, maintenance: 0.075 };

    #[test]
    fn the_printed_example_of_short_puts() {
        // Bit.com's margin page: 50 short puts, spot 2,098, strike 1,850, mark 2.4: 10,610 and 7,987.5 against cash
        let levels = RULE.venue(-50.0, Right::Put, 1_850.0, 2_098.0, 2.4, Settlement::Cash);
        assert!((levels.initial - 10_610.0).abs() < 1e-9);
        assert!((levels.maintenance - 7_987.5).abs() < 1e-9);
    }

    #[test]
    fn a_put_worth_more_than_spot_needs_a_share_of_its_mark() {
        // hand: 7.5 % of 300 is above 15 % of 100, which is what the call-like rule asks
        let levels = RULE.short(Right::Put, 400.0, 100.0, 300.0, Settlement::Cash);
        assert_eq!((levels.initial, levels.maintenance), (22.5, 22.5));
    }

    #[test]
    fn in_coin_it_is_the_same_money() {
        let cash = RULE.venue(-3.0, Right::Call, 63_000.0, 60_000.0, 1_200.0, Settlement::Cash);
        let coin = RULE.venue(-3.0, Right::Call, 63_000.0, 60_000.0, 0.02, Settlement::Coin);
        assert!((coin.initial * 60_000.0 - cash.initial).abs() < 1e-9);
        assert!((coin.maintenance * 60_000.0 - cash.maintenance).abs() < 1e-9);
        // hand: 15 % less 5 % is the least, 10 %, and 2 % of mark, three times
        assert!((coin.initial - 0.36).abs() < 1e-15);
    }
}
