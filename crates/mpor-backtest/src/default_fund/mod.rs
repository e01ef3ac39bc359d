//! Would the default fund have sufficed? What accounts lost beyond their margin, against the resources that stood behind it.
//!
//! ```text
//! stress     u_c(s)  = max( 0, loss of account c in stress scenario s - initial margin of c )
//! cover      one     = max_s u_(1)                                  u_(1) >= u_(2) >= ..: the accounts in order, scenario by scenario
//!            two     = max_s ( u_(1) + u_(2) )
//!            emir    = max_s max( u_(1), u_(2) + u_(3), u_(1) + u_(2) - skin )
//! fund       F(r)    = max( minimum, (1 + buffer) x largest cover of the dates in (r - look-back, r] ),   held until the next review
//! share      f_c     = F x initial margin of c at the review / that of all accounts                       (all alike where none has any)
//! default    of c at t where  u_c = realised loss over (t, t + MPOR] - initial margin at t  is above zero
//! waterfall  own     = sum of min( u_c, f_c ) of the defaulters         what a defaulter paid in covers its own loss alone
//!            skin    = min( sum u - own, skin in the game )
//!            others  = min( sum u - own - skin, F - sum of f_c of the defaulters )
//!            left    = sum u - own - skin - others
//! drawdown           = ( own + others ) / F
//! ```
//!
//! Each margin date is a question of its own: had the accounts defaulted on it, with the fund as it then was? Nothing is carried to the
//! next date, whose margin period overlaps and holds the same move again. A fund is sized on what is known at its review: positions,
//! margins and scenarios of that date, so a crash enlarges it at the review after, and not before.
//!
//! Source: order of the waterfall, Regulation (EU) 648/2012, Art. 45; `emir`, Art. 42 (3) (the fund bears the largest, or the second
//! and third if larger) and Art. 43 (2) (fund and other prefunded resources bear the two largest); contributions in proportion to
//! exposures, Art. 42 (2), of which margin is our reading; `one` and `two`, CPMI-IOSCO Principles (2012), principle 4.
//! Assumes that an account is a member, that nobody pays more when called, and that positions are closed at the end of the margin period at
//! their mark. Says nothing of assessment powers, of the fund's investment or of what the auction of a defaulter's book costs.

mod size;
mod stress;
mod tables;
mod waterfall;

use mpor_core::Span;
use serde::{Deserialize, Serialize};

use crate::error::BacktestError;
use crate::result::BacktestResult;

pub use stress::{Stress, StressDay};
pub use tables::tables;
pub use waterfall::{MemberDefault, Waterfall};

/// How large a fund must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// The loss of the account that loses most.
    One,
    /// The losses of the two that lose most.
    Two,
    /// The larger of the first and of the second and third together; with the skin in the game, the first two.
    Emir,
}

/// How a fund is sized and used. Amounts in reporting currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FundRules {
    /// What it must bear.
    pub cover: Cover,
    /// Added on top, a share of the cover, zero or more.
    pub buffer: f64,
    /// Smallest fund, zero or more.
    pub minimum: f64,
    /// The clearing house's own money in front of the other members', zero or more.
    pub skin_in_the_game: f64,
    /// Time between reviews, above zero.
    pub review: Span,
    /// How long a cover counts; zero = that of the review's own date alone.
    pub look_back: Span,
    /// So many accounts default at most on a date, those with the largest loss beyond margin; all that have one where `None`.
    pub most_defaults: Option<usize>,
}

/// The fund under one model, one a margin date.
#[derive(Clone, Debug, PartialEq)]
pub struct FundPath {
    /// Index into the result's models.
    pub model: usize,
    /// By margin date.
    pub days: Vec<FundDay>,
}

/// The fund on one margin date.
#[derive(Clone, Debug, PartialEq)]
pub struct FundDay {
    /// Position in the margin dates of the review that sized it.
    pub reviewed: usize,
    /// What the day's own stress losses ask for.
    pub stress: StressDay,
    /// Its size.
    pub fund: f64,
    /// What the defaults of this date would have cost; `None` where the MPOR is not over.
    pub after: Option<Waterfall>,
}

/// How one fund did over all margin dates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FundSummary {
    /// Margin dates whose MPOR is over.
    pub dates: usize,
    /// Those on which an account lost more than its margin.
    pub with_defaults: usize,
    /// Those on which fund and skin in the game did not suffice.
    pub insufficient: usize,
    /// Mean size.
    pub mean_fund: f64,
    /// Position of the date with the largest loss left uncovered, or else the largest drawdown; `None` without defaults.
    pub worst: Option<usize>,
}

impl FundDay {
    /// Share of the fund that is used; `None` where nothing is known or there is no fund.
    #[must_use]
    pub fn drawdown(&self) -> Option<f64> {
        let after = self.after.as_ref().filter(|_| self.fund > 0.0)?;
        Some((after.own + after.others) / self.fund)
    }
}

impl FundPath {
    /// How it did.
    #[must_use]
    pub fn summary(&self) -> FundSummary {
        let known = || self.days.iter().filter_map(|day| day.after.as_ref());
        let badness = |at: usize| {
            let left = self.days[at].after.as_ref().map_or(0.0, |after| after.uncovered);
            (left, self.days[at].drawdown().unwrap_or(0.0))
        };
        let hit = |&at: &usize| {
            self.days[at].after.as_ref().is_some_and(|after| !after.defaults.is_empty())
        };
        // Of equal ones the earlier.
        let worse = |a: usize, b: usize| {
            let (of_a, of_b) = (badness(a), badness(b));
            let order = of_b.0.total_cmp(&of_a.0).then(of_b.1.total_cmp(&of_a.1));
            if order.is_gt() { b } else { a }
        };
        FundSummary {
            dates: known().count(),
            with_defaults: known().filter(|after| !after.defaults.is_empty()).count(),
            insufficient: known().filter(|after| after.uncovered > 0.0).count(),
            mean_fund: self.days.iter().map(|day| day.fund).sum::<f64>()
                / self.days.len().max(1) as f64,
            worst: (0..self.days.len()).filter(hit).reduce(worse),
        }
    }
}

/// The fund of one model of a result through time. `stress` has one entry a margin date.
///
/// # Errors
/// [`BacktestError::Counts`] where it has not.
pub fn fund_path(
    result: &BacktestResult,
    model: usize,
    stress: Vec<StressDay>,
    rules: &FundRules,
) -> Result<FundPath, BacktestError> {
    if stress.len() != result.times.len() {
        let (found, expected) = (stress.len(), result.times.len());
        return Err(BacktestError::Counts { what: "stress losses of a fund", found, expected });
    }
    let sizes = size::sizes(&result.times, &stress, rules);
    let day = |(at, stress): (usize, StressDay)| {
        let (reviewed, fund) = sizes[at];
        let shares = size::shares(&result.requirements[model], reviewed, fund);
        let after = waterfall::waterfall(result, model, at, &shares, fund, rules);
        FundDay { reviewed, stress, fund, after }
    };
    Ok(FundPath { model, days: stress.into_iter().enumerate().map(day).collect() })
}
