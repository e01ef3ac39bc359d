//! What a scenario does to the volatility of one option or tenor.
//!
//! ```text
//! relative      vol (1 + move)
//! points        vol + move
//! tenor power   vol (1 + move m),   m = (30 / max(days, floor_days))^p,   p = p_short up to 30 days, p_long beyond
//! ```
//!
//! Source: the tenor power is the rule of Deribit, Derive and Paradex portfolio margin (Derive v2-core `PMRMLib`,
//! function for the volatility shock). A shocked volatility is never below zero.

use serde::{Deserialize, Serialize};

/// Days at which the tenor power is one.
const PIVOT_DAYS: f64 = 30.0;

/// A move of volatility.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolShock {
    /// A share of the volatility: `0.3` turns 60 % into 78 %.
    Relative(f64),
    /// Absolute points as a decimal: `0.1` turns 60 % into 70 %.
    Points(f64),
    /// A share that is larger for short tenors.
    TenorPower {
        /// Relative move at 30 days.
        #[serde(rename = "move")]
        shift: f64,
        /// Powers and floors.
        rule: TenorPower,
    },
}

/// How a relative move depends on the days to expiry.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenorPower {
    /// Power up to 30 days.
    pub p_short: f64,
    /// Power beyond 30 days.
    pub p_long: f64,
    /// Days below which the move grows no more; above zero.
    #[serde(default = "one_day")]
    pub floor_days: f64,
    /// The lowest volatility after an upward move, per year as a decimal.
    #[serde(default)]
    pub min_vol_up: f64,
}

fn one_day() -> f64 {
    1.0
}

impl VolShock {
    /// No move.
    pub const NONE: VolShock = VolShock::Relative(0.0);

    /// The shocked volatility of an option with `days` to expiry, per year, not below zero.
    #[must_use]
    #[inline]
    pub fn apply(self, vol: f64, days: f64) -> f64 {
        let shocked = match self {
            VolShock::Relative(shift) => vol * (1.0 + shift),
            VolShock::Points(shift) => vol + shift,
            VolShock::TenorPower { shift, rule } => {
                let moved = vol * (1.0 + shift * rule.multiple(days));
                if shift > 0.0 { moved.max(rule.min_vol_up) } else { moved }
            }
        };
        shocked.max(0.0)
    }

    /// The move as the study writes it: a fraction.
    #[must_use]
    pub fn shift(self) -> f64 {
        match self {
            VolShock::Relative(shift)
            | VolShock::Points(shift)
            | VolShock::TenorPower { shift, .. } => shift,
        }
    }
}

impl TenorPower {
    /// The multiple of the 30-day move at `days` to expiry.
    #[must_use]
    pub fn multiple(self, days: f64) -> f64 {
        let days = days.max(self.floor_days);
        let power = if days <= PIVOT_DAYS { self.p_short } else { self.p_long };
        libm::pow(PIVOT_DAYS / days, power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: TenorPower =
        TenorPower { p_short: 0.3, p_long: 0.13, floor_days: 1.0, min_vol_up: 0.4 };

    #[test]
    fn the_pivot_moves_by_the_move_itself() {
        let shock = VolShock::TenorPower { shift: 0.5, rule: RULE };
        assert_eq!(shock.apply(0.6, 30.0), 0.6 * 1.5);
        // hand: 30^0.3, below the floor of one day nothing grows
        assert!((RULE.multiple(1.0) - 2.774_191_1).abs() < 1e-7);
        assert_eq!(RULE.multiple(0.1), RULE.multiple(1.0));
        // hand: (30/120)^0.13 = 4^-0.13
        assert!((RULE.multiple(120.0) - 0.835_087_9).abs() < 1e-7);
    }

    #[test]
    fn floors_hold() {
        let up = VolShock::TenorPower { shift: 0.01, rule: RULE };
        assert_eq!(up.apply(0.2, 30.0), 0.4);
        let down = VolShock::TenorPower { shift: -0.9, rule: RULE };
        assert_eq!(down.apply(0.2, 1.0), 0.0);
        assert_eq!(VolShock::Points(-0.3).apply(0.2, 10.0), 0.0);
    }
}
