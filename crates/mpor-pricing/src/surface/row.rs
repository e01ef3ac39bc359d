//! An option chain as it comes: one row a contract, prices or volatilities, with or without a forward.

use mpor_core::{Right, Span};

/// One option of a chain, whatever the chain says about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionRow {
    /// Time to expiry in years; rows with equal years are one expiry.
    pub years: f64,
    /// Strike in quote currency.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// Best bid, where there is one.
    pub bid: Option<f64>,
    /// Best offer, where there is one.
    pub ask: Option<f64>,
    /// The venue's mark, where there is one.
    pub mark: Option<f64>,
    /// What bid, offer and mark are.
    pub unit: QuoteUnit,
    /// Forward of the expiry in quote currency; found by put-call parity where it is missing.
    pub forward: Option<f64>,
    /// How long ago it was quoted, where that is known.
    pub age: Option<Span>,
}

/// The unit of a row's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteUnit {
    /// Black volatility per year, as a decimal.
    Vol,
    /// Coins for an option on one coin, which is not discounted.
    Coin,
    /// Present value in quote currency.
    Cash,
}

/// Which price of a row is its volatility taken from?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceChoice {
    /// The middle of bid and offer; rows without both are dropped.
    #[default]
    Mid,
    /// The venue's mark.
    Mark,
    /// The middle where there are two sides, the mark elsewhere.
    MidElseMark,
}

/// Where is a forward taken from?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardChoice {
    /// What the rows state, and put-call parity where they state nothing.
    #[default]
    StatedElseParity,
    /// Put-call parity of the rows' own prices, and what they state where they hold no pairs: for feeds whose forward is not
    /// of the same moment as their prices.
    ParityElseStated,
}

/// Which price a kept volatility came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PriceFrom {
    /// Middle of bid and offer.
    Mid,
    /// Mark.
    Mark,
}

impl OptionRow {
    /// Bid and offer, where both are there, above zero and not crossed.
    pub(super) fn two_sided(&self) -> Option<(f64, f64)> {
        let (bid, ask) = (self.bid.filter(|bid| *bid > 0.0)?, self.ask?);
        (ask >= bid && ask.is_finite()).then_some((bid, ask))
    }

    /// The price that `choice` asks for.
    pub(super) fn price(&self, choice: PriceChoice) -> Option<(f64, PriceFrom)> {
        let mid = self.two_sided().map(|(bid, ask)| (0.5 * (bid + ask), PriceFrom::Mid));
        let mark = self.mark.filter(|mark| *mark > 0.0 && mark.is_finite());
        let mark = mark.map(|mark| (mark, PriceFrom::Mark));
        match choice {
            PriceChoice::Mid => mid,
            PriceChoice::Mark => mark,
            PriceChoice::MidElseMark => mid.or(mark),
        }
    }

    pub(super) fn is_out_of_the_money(&self, forward: f64) -> bool {
        self.right.sign() * (self.strike - forward) >= 0.0
    }
}
