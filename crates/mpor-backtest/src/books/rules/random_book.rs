//! Many accounts of mixed positions, drawn from the study's seed.
//!
//! Account `k` is drawn from random streams of its own: its size once, its positions at each roll. It is the same account
//! however many others there are, and whoever draws first. The accounts are made up: they exercise models and show how results
//! spread over books; they say nothing about what real accounts hold.
//!
//! ```text
//! size of account   = notional * exp(dispersion * z)             once
//! size of position  = size of account * exp(z / 2)               z standard normal
//! options           calls and puts equally likely, delta uniform in 0.05 .. 0.50, tenor one of `tenors`
//! ```

use mpor_core::{Instrument, Right, Settlement, Span};
use mpor_stats::random::{Stream, Streams};
use serde::{Deserialize, Serialize};

use super::{Opens, above_zero, cash, one};
use crate::books::desk::{DeltaOne, Desk, Leg, Market, Size, Terms};
use crate::books::error::Problem;
use crate::books::listing::Listing;

/// `random_book = { accounts = 1000, underlyings = ["BTC", "ETH"], roll = "30d", notional = 50_000 }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomBook {
    /// Number of accounts, named `<portfolio>-00001` and on.
    pub accounts: usize,
    /// What the positions are on, equally likely.
    pub underlyings: Vec<String>,
    /// How often each kind of contract is drawn.
    #[serde(default)]
    pub mix: Mix,
    /// Fewest and most positions of an account, equally likely in between.
    #[serde(default = "few_to_many")]
    pub positions: (u32, u32),
    /// Median size of a position, in reporting currency at each roll.
    pub notional: f64,
    /// Standard deviation of the logarithm of account sizes.
    #[serde(default = "one")]
    pub dispersion: f64,
    /// Probability that a position is short.
    #[serde(default = "half")]
    pub short: f64,
    /// Times to expiry, equally likely.
    #[serde(default = "week_month_quarter")]
    pub tenors: Vec<Span>,
    /// How long until all positions are drawn anew.
    pub roll: Span,
    /// Which expiries are listed.
    #[serde(default)]
    pub listing: Listing,
    /// What the contracts settle in.
    #[serde(default = "cash")]
    pub settlement: Settlement,
    /// Units of the underlying a contract; of the quote currency for coin-settled futures and perpetuals.
    #[serde(default = "one")]
    pub contract_size: f64,
}

/// Weights of the kinds of contract; only their ratios matter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mix {
    /// Options.
    pub options: f64,
    /// Dated futures.
    pub futures: f64,
    /// Perpetuals.
    pub perpetuals: f64,
}

/// More do not stand in any memory.
const MOST_ACCOUNTS: usize = 10_000_000;

/// One account of a random book.
pub(in crate::books) struct RandomAccount<'a> {
    book: &'a RandomBook,
    name: &'a str,
    seed: u64,
    index: u64,
}

impl Default for Mix {
    fn default() -> Self {
        Mix { options: 0.6, futures: 0.2, perpetuals: 0.2 }
    }
}

impl RandomBook {
    /// Refuses parameters that no position can be drawn from.
    pub(in crate::books) fn check(&self) -> Result<(), Problem> {
        let Mix { options, futures, perpetuals } = self.mix;
        for weight in [options, futures, perpetuals] {
            within("mix", weight, weight >= 0.0 && weight.is_finite(), "zero or more")?;
        }
        let total = options + futures + perpetuals;
        within("mix", total, total > 0.0, "above zero for at least one kind of contract")?;
        above_zero("notional", self.notional)?;
        within("dispersion", self.dispersion, (0.0..=5.0).contains(&self.dispersion), "in 0 .. 5")?;
        within("short", self.short, (0.0..=1.0).contains(&self.short), "a probability, 0 .. 1")?;
        let (fewest, most) = self.positions;
        let ordered = fewest >= 1 && fewest <= most && most <= 1000;
        within(
            "positions",
            f64::from(most),
            ordered,
            "[fewest, most] with 1 <= fewest <= most <= 1000",
        )?;
        let (names, tenors) = (self.underlyings.len(), self.tenors.len());
        within("underlyings", names as f64, names > 0, "a list of at least one")?;
        within("tenors", tenors as f64, tenors > 0, "a list of at least one")?;
        let countable = (1..=MOST_ACCOUNTS).contains(&self.accounts);
        within("accounts", self.accounts as f64, countable, "1 to 10,000,000")
    }

    /// The account at `index`, counted from 0, of the portfolio `name`.
    pub(in crate::books) fn account<'a>(
        &'a self,
        name: &'a str,
        seed: u64,
        index: usize,
    ) -> RandomAccount<'a> {
        RandomAccount { book: self, name, seed, index: index as u64 }
    }
}

impl Opens for RandomAccount<'_> {
    fn roll(&self) -> Span {
        self.book.roll
    }

    fn open(&self, desk: &Desk<'_>) -> Result<Vec<Leg>, Problem> {
        let size = self.book.notional
            * libm::exp(self.book.dispersion * self.stream("account size", 0).normal());
        let mut stream = self.stream("positions", desk.now().0);
        let (fewest, most) = self.book.positions;
        let count = fewest + stream.below(most - fewest + 1);
        (0..count).map(|_| self.position(desk, size, &mut stream)).collect()
    }
}

impl RandomAccount<'_> {
    fn stream(&self, what: &str, time: i64) -> Stream {
        let purpose = format!("random book {}: {what}", self.name);
        Streams::new(self.seed, &purpose, time).path(self.index)
    }

    fn position(&self, desk: &Desk<'_>, size: f64, draw: &mut Stream) -> Result<Leg, Problem> {
        let book = self.book;
        let terms = Terms { settlement: book.settlement, contract_size: book.contract_size };
        let market = desk.market(one_of(&book.underlyings, draw)?, terms)?;
        let tenor = *one_of(&book.tenors, draw)?;
        let sign = if draw.uniform() < book.short { -1.0 } else { 1.0 };
        let notional = sign * size * libm::exp(0.5 * draw.normal());
        let instrument = self.contract(desk, market, tenor, draw)?;
        let quantity = market.contracts(&instrument, Size::Notional(notional));
        Ok(Leg { instrument, quantity })
    }

    fn contract(
        &self,
        desk: &Desk<'_>,
        market: Market<'_>,
        tenor: Span,
        draw: &mut Stream,
    ) -> Result<Instrument, Problem> {
        let Mix { options, futures, perpetuals } = self.book.mix;
        let listing = self.book.listing;
        let pick = draw.uniform() * (options + futures + perpetuals);
        if pick >= options {
            let future = pick < options + futures;
            let kind = if future { DeltaOne::Future } else { DeltaOne::Perpetual };
            return desk.delta_one(market, kind, Some(tenor), listing);
        }
        let right = if draw.uniform() < 0.5 { Right::Call } else { Right::Put };
        let delta = 0.05 + 0.45 * draw.uniform();
        let chain = desk.chain(market, "tenors", tenor, listing)?;
        Ok(chain.option(chain.strike_of_delta(right, delta)?, right))
    }
}

fn one_of<'a, T>(choices: &'a [T], draw: &mut Stream) -> Result<&'a T, Problem> {
    let empty =
        Problem::OutOfRange { key: "underlyings", found: 0.0, expected: "a list of at least one" };
    let pick = draw.below(choices.len() as u32) as usize;
    choices.get(pick).ok_or(empty)
}

fn within(
    key: &'static str,
    found: f64,
    holds: bool,
    expected: &'static str,
) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::OutOfRange { key, found, expected }) }
}

fn few_to_many() -> (u32, u32) {
    (1, 8)
}

fn half() -> f64 {
    0.5
}

fn week_month_quarter() -> Vec<Span> {
    vec![Span::days(7), Span::days(30), Span::days(90)]
}
