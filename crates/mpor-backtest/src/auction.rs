//! Derive's liquidation: what do bidders pay for an account that is short of margin, and how much of it must be sold?
//!
//! With `mtm` the account's value (cash included), `MM` its maintenance margin as Derive states it (what is left, below zero
//! when the auction starts) and `R` the cash that bidders have paid so far:
//!
//! ```text
//! BM        = MM + buffer (MM - mtm)
//! discount  d(t): start -> cutoff over the fast length, then -> 0 over the slow length, linearly
//! f_max     = BM / ( BM - mtm d - R (1 - d) )       0 where BM >= 0, at most 1; 1 where mtm is below a cutoff
//! fee       = f_max(d = 1, R = 0) |mtm| fee rate    at the start, from cash
//! a bid for the fraction f of what is left takes min(f, f_max) of the positions and of the cash that is not R
//!           pays (mtm - R) d f, needs |BM - R| f of its own, and at f_max ends the auction: BM is then zero
//! insolvent (mtm <= 0): the price of the whole goes from mtm to MM over the insolvent length, the fund pays -price f
//! ```
//!
//! Source: DutchAuction of derivexyz/v2-core at 7736900d (2026-01-21), restated as formulas; checked against the venue's
//! published sequences and computed cases.
//! Assumes a market that stands still from one bid to the next; [`AuctionState`] takes one bid on any market. Says nothing
//! about who bids.

use serde::Deserialize;

/// Parameters of the auction. Discounts are shares of value, lengths seconds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuctionRules {
    /// Share of value paid at the start.
    pub starting_mtm_percentage: f64,
    /// Share of value paid at the end of the fast phase.
    pub fast_cutoff_percentage: f64,
    /// Length of the fast phase.
    pub fast_length_s: f64,
    /// Length of the slow phase, at whose end nothing is paid.
    pub slow_length_s: f64,
    /// Length of an insolvent auction.
    pub insolvent_length_s: f64,
    /// Share of the value to be sold that the security module takes at the start.
    pub liquidator_fee_rate: f64,
    /// Buffer on the distance between value and maintenance margin.
    pub buffer_margin_percentage: f64,
}

/// An account in the auction. USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AuctionState {
    /// Value of positions and cash.
    pub mtm: f64,
    /// Maintenance margin: what is left, cash included.
    pub maintenance_margin: f64,
    /// Cash that bidders have paid.
    pub reserved_cash: f64,
    /// Share of the account as it was that is left.
    pub share_left: f64,
    /// Value below which the whole account may be bought at once.
    pub whole_below: Option<f64>,
}

/// Someone's offer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bid {
    /// Seconds since the auction began.
    pub seconds: f64,
    /// Share of what is left that is asked for.
    pub fraction: f64,
}

/// A bid carried out. USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sale {
    /// The account before it.
    pub before: AuctionState,
    /// Buffer margin before it.
    pub buffer_margin: f64,
    /// Share of value paid.
    pub discount: f64,
    /// Largest fraction that could be bought.
    pub largest_fraction: f64,
    /// Fraction bought.
    pub fraction: f64,
    /// What the bidder pays.
    pub cash_from_bidder: f64,
    /// Cash that the bidder must hold, as the shortfall moves with the positions.
    pub bidder_cash_needed: f64,
    /// The account after it.
    pub after: AuctionState,
    /// Buffer margin after it.
    pub buffer_margin_after: f64,
    /// Whether it ended the auction.
    pub ended: bool,
}

/// An auction from its start to its end or to the last bid.
#[derive(Clone, Debug, PartialEq)]
pub struct Auction {
    /// Taken by the security module at the start, USD.
    pub fee: f64,
    /// The bids carried out, in order; none after the end.
    pub sales: Vec<Sale>,
}

/// A bid on an account that is worth less than nothing. USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InsolventSale {
    /// Price of the whole account, at most zero.
    pub price: f64,
    /// What the security module pays the bidder.
    pub payout: f64,
}

/// An auction that cannot be held.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuctionError {
    /// A solvent auction needs value, and a margin that is short.
    #[error(
        "an account of value {mtm} and maintenance margin {maintenance_margin} has no solvent auction: the value must be above zero and the margin below"
    )]
    NotSolvent {
        /// Value.
        mtm: f64,
        /// What is left of the maintenance margin.
        maintenance_margin: f64,
    },
    /// An insolvent auction is for accounts without value.
    #[error(
        "an account of value {mtm} and maintenance margin {maintenance_margin} has no insolvent auction: the value must be zero or below, and the margin not above it"
    )]
    NotInsolvent {
        /// Value.
        mtm: f64,
        /// What is left of the maintenance margin.
        maintenance_margin: f64,
    },
    /// A bid that cannot be carried out.
    #[error(
        "a bid of {fraction} at {seconds} s: fractions are between 0 and 1, times not before the auction's start or the bid before"
    )]
    Bid {
        /// Share asked for.
        fraction: f64,
        /// Seconds since the start.
        seconds: f64,
    },
    /// Rules that make no auction.
    #[error(
        "auction rules with {key} = {value}: discounts between 0 and 1 and falling, lengths above zero, fee and buffer zero or more"
    )]
    Rules {
        /// The parameter.
        key: &'static str,
        /// Its value.
        value: f64,
    },
}

/// Holds a solvent auction: takes the fee, then carries out the bids in their order until one ends it.
///
/// # Errors
/// [`AuctionError`] for impossible rules, an account that is not short of margin or has no value, and impossible bids.
pub fn auction(
    rules: &AuctionRules,
    account: AuctionState,
    bids: &[Bid],
) -> Result<Auction, AuctionError> {
    rules.check()?;
    let AuctionState { mtm, maintenance_margin, .. } = account;
    if !(mtm > 0.0 && mtm.is_finite() && maintenance_margin < 0.0 && maintenance_margin.is_finite())
    {
        return Err(AuctionError::NotSolvent { mtm, maintenance_margin });
    }
    let fee = account.fee(rules);
    let mut state =
        AuctionState { mtm: mtm - fee, maintenance_margin: maintenance_margin - fee, ..account };
    let (mut sales, mut time) = (Vec::with_capacity(bids.len()), 0.0);
    for bid in bids {
        if bid.seconds < time {
            return Err(AuctionError::Bid { fraction: bid.fraction, seconds: bid.seconds });
        }
        time = bid.seconds;
        let sale = state.sell(rules, *bid)?;
        state = sale.after;
        sales.push(sale);
        if sale.ended {
            break;
        }
    }
    Ok(Auction { fee, sales })
}

/// Price and payout of a bid for `bid.fraction` of an account without value.
///
/// # Errors
/// [`AuctionError`] for impossible rules, an account with value, and an impossible bid.
pub fn insolvent_sale(
    rules: &AuctionRules,
    mtm: f64,
    maintenance_margin: f64,
    bid: Bid,
) -> Result<InsolventSale, AuctionError> {
    rules.check()?;
    if !(mtm <= 0.0 && maintenance_margin <= mtm && maintenance_margin.is_finite()) {
        return Err(AuctionError::NotInsolvent { mtm, maintenance_margin });
    }
    bid.check()?;
    let passed = (bid.seconds / rules.insolvent_length_s).min(1.0);
    let price = mtm + (maintenance_margin - mtm) * passed;
    Ok(InsolventSale { price, payout: -price * bid.fraction })
}

impl AuctionRules {
    /// Share of value paid after `seconds`.
    #[must_use]
    pub fn discount(&self, seconds: f64) -> f64 {
        let (start, cutoff) = (self.starting_mtm_percentage, self.fast_cutoff_percentage);
        if seconds < self.fast_length_s {
            return start + (cutoff - start) * (seconds / self.fast_length_s);
        }
        let slow = ((seconds - self.fast_length_s) / self.slow_length_s).min(1.0);
        cutoff - cutoff * slow
    }

    /// The first impossible parameter.
    ///
    /// # Errors
    /// [`AuctionError::Rules`].
    pub fn check(&self) -> Result<(), AuctionError> {
        let (start, cutoff) = (self.starting_mtm_percentage, self.fast_cutoff_percentage);
        for (key, value, holds) in [
            ("starting_mtm_percentage", start, (0.0..=1.0).contains(&start)),
            ("fast_cutoff_percentage", cutoff, (0.0..=start).contains(&cutoff)),
            ("fast_length_s", self.fast_length_s, self.fast_length_s > 0.0),
            ("slow_length_s", self.slow_length_s, self.slow_length_s > 0.0),
            ("insolvent_length_s", self.insolvent_length_s, self.insolvent_length_s > 0.0),
            ("liquidator_fee_rate", self.liquidator_fee_rate, self.liquidator_fee_rate >= 0.0),
            (
                "buffer_margin_percentage",
                self.buffer_margin_percentage,
                self.buffer_margin_percentage >= 0.0,
            ),
        ] {
            if !(holds && value.is_finite()) {
                return Err(AuctionError::Rules { key, value });
            }
        }
        Ok(())
    }
}

impl Bid {
    fn check(&self) -> Result<(), AuctionError> {
        let Bid { seconds, fraction } = *self;
        if (0.0..=1.0).contains(&fraction) && seconds >= 0.0 {
            return Ok(());
        }
        Err(AuctionError::Bid { fraction, seconds })
    }
}

impl AuctionState {
    /// An account from which nothing has been sold.
    #[must_use]
    pub fn whole(mtm: f64, maintenance_margin: f64, whole_below: Option<f64>) -> Self {
        AuctionState { mtm, maintenance_margin, reserved_cash: 0.0, share_left: 1.0, whole_below }
    }

    /// `BM`.
    #[must_use]
    pub fn buffer_margin(&self, rules: &AuctionRules) -> f64 {
        self.maintenance_margin
            + rules.buffer_margin_percentage * (self.maintenance_margin - self.mtm)
    }

    /// Largest fraction of what is left that can be bought at a discount. Value must be above zero.
    #[must_use]
    pub fn largest_fraction(&self, rules: &AuctionRules, discount: f64) -> f64 {
        if self.whole_below.is_some_and(|cutoff| self.mtm < cutoff) {
            return 1.0;
        }
        let buffer = self.buffer_margin(rules);
        if buffer >= 0.0 {
            return 0.0;
        }
        let price = self.mtm * discount + self.reserved_cash * (1.0 - discount);
        (buffer / (buffer - price)).min(1.0)
    }

    /// What the security module takes when the auction of this account starts.
    #[must_use]
    pub fn fee(&self, rules: &AuctionRules) -> f64 {
        let unsold = AuctionState { reserved_cash: 0.0, ..*self };
        unsold.largest_fraction(rules, 1.0) * self.mtm.abs() * rules.liquidator_fee_rate
    }

    /// Carries out one bid.
    ///
    /// # Errors
    /// [`AuctionError::Bid`] for a fraction outside 0 to 1 or a time before the start.
    pub fn sell(&self, rules: &AuctionRules, bid: Bid) -> Result<Sale, AuctionError> {
        bid.check()?;
        let discount = rules.discount(bid.seconds);
        let buffer_margin = self.buffer_margin(rules);
        let largest_fraction = self.largest_fraction(rules, discount);
        let fraction = bid.fraction.min(largest_fraction);
        let cash_from_bidder = (self.mtm - self.reserved_cash) * discount * fraction;
        let reserved_cash = self.reserved_cash + cash_from_bidder;
        // What has been paid stays; the rest goes with the positions.
        let rest = |amount: f64| (amount - self.reserved_cash) * (1.0 - fraction) + reserved_cash;
        let after = AuctionState {
            mtm: rest(self.mtm),
            maintenance_margin: rest(self.maintenance_margin),
            reserved_cash,
            share_left: self.share_left * (1.0 - fraction),
            whole_below: self.whole_below,
        };
        Ok(Sale {
            before: *self,
            buffer_margin,
            discount,
            largest_fraction,
            fraction,
            cash_from_bidder,
            bidder_cash_needed: (buffer_margin - self.reserved_cash).abs() * fraction,
            after,
            buffer_margin_after: after.buffer_margin(rules),
            ended: bid.fraction >= largest_fraction,
        })
    }
}
