//! Notional brackets: the larger a position, the larger the share of it that is needed.
//!
//! ```text
//! maintenance(N) = N mm_i - deduction_i,   initial(N) = N im_i,    i the bracket that holds the notional N
//! ```
//!
//! A notional equal to a bound is in the lower bracket; beyond the last bound the last bracket goes on. The deductions keep
//! the maintenance margin continuous: `deduction_i = deduction_(i-1) + bound_(i-1) (mm_i - mm_(i-1))`.

use serde::Deserialize;

use super::Levels;

/// One bracket.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bracket {
    /// Largest notional, reporting currency; none for the last of an open-ended table.
    pub up_to: Option<f64>,
    /// Initial margin, share of notional.
    pub initial: f64,
    /// Maintenance margin, share of notional.
    pub maintenance: f64,
    /// Taken off the maintenance margin, reporting currency.
    #[serde(default)]
    pub deduction: f64,
}

/// Brackets by rising notional.
#[derive(Clone, Debug, PartialEq)]
pub struct Brackets(Vec<Bracket>);

impl Bracket {
    /// Upper bound, infinite where there is none.
    #[must_use]
    pub fn bound(&self) -> f64 {
        self.up_to.unwrap_or(f64::INFINITY)
    }

    /// Maintenance margin of a notional in this bracket.
    #[must_use]
    pub fn margin(&self, notional: f64) -> f64 {
        notional * self.maintenance - self.deduction
    }
}

impl Brackets {
    /// A table whose bounds increase and only the last of which may be open.
    ///
    /// # Errors
    /// The index of the bracket that is impossible (none for an empty table), and what is wrong with it.
    pub fn new(brackets: Vec<Bracket>) -> Result<Self, (Option<usize>, String)> {
        if brackets.is_empty() {
            return Err((None, "has no brackets".to_owned()));
        }
        let mut below = 0.0;
        for (index, bracket) in brackets.iter().enumerate() {
            let bound = bracket.bound();
            let open_early = bracket.up_to.is_none() && index + 1 < brackets.len();
            if bound.is_nan() || bound <= below || open_early {
                let problem = format!(
                    "ends at {bound}: bounds must increase from {below}, only the last may be open"
                );
                return Err((Some(index), problem));
            }
            super::check_order(bracket.initial, bracket.maintenance)
                .map_err(|problem| (Some(index), problem))?;
            if !(bracket.deduction >= 0.0 && bracket.deduction <= below * bracket.maintenance) {
                let problem = format!(
                    "deducts {}: between 0 and the margin at its lower bound",
                    bracket.deduction
                );
                return Err((Some(index), problem));
            }
            below = bound;
        }
        Ok(Brackets(brackets))
    }

    /// The brackets, at least one.
    #[must_use]
    pub fn as_slice(&self) -> &[Bracket] {
        &self.0
    }

    /// Position of the bracket that holds a notional.
    #[must_use]
    pub fn tier(&self, notional: f64) -> usize {
        let holds = |bracket: &Bracket| notional <= bracket.bound();
        self.0.iter().position(holds).unwrap_or(self.0.len() - 1)
    }

    /// Maintenance margin of a notional, reporting currency.
    #[must_use]
    pub fn maintenance(&self, notional: f64) -> f64 {
        self.0[self.tier(notional)].margin(notional)
    }

    /// Both levels of a notional, reporting currency.
    #[must_use]
    pub fn levels(&self, notional: f64) -> Levels {
        let bracket = self.0[self.tier(notional)];
        Levels { initial: notional * bracket.initial, maintenance: bracket.margin(notional) }
    }
}
