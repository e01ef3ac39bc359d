//! What one strategy of stock and options of one underlying requires, by the table of strategy-based margin.
//!
//! Per unit of the underlying, with `S` spot, `K` strike, `P` premium and `OTM` what an option is out of the money:
//!
//! ```text
//! long stock, short stock            25 % S, 30 % S                                        initial 50 % S
//! long option, straddle, strangle    P, or 75 % of it beyond nine months
//! short call, put                    P + max( a S - OTM, b S for calls or b K for puts )   a, b by type, times leverage
//! short straddle, strangle           the greater of the two sides + the other side's P
//! debit spread, long box, butterfly  net premium paid
//! credit spread                      strike difference
//! short box, short butterfly, iron   -( worst payoff at expiry over 0 and the strikes )
//! covered call, covered put          stock requirement only
//! protective put                     min( 10 % K + OTM, 25 % S ) + P                       initial 50 % S + P
//! collar                             min( 10 % K_put + OTM_put, 25 % K_call, 25 % S )      initial 50 % S
//! conversion                         10 % K                                                initial 50 % S
//! ```
//!
//! These are amounts of money that include the proceeds of what was sold. Against equity that already counts the options'
//! value, the premium that the amount contains is taken out again: [`StrategyAmounts::on_top`].

use mpor_core::Right;
use serde::Deserialize;

/// Shares of the table, the same for all underlyings.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegTRates {
    /// Long stock, shares of spot.
    pub long_stock: StockRates,
    /// Short stock, shares of spot.
    pub short_stock: StockRates,
    /// Loan value of options that have long to run.
    pub long_dated: LongDated,
    /// Protective put.
    pub protective_put: ProtectivePut,
    /// Collar.
    pub collar: Collar,
    /// Conversion, share of the strike.
    pub conversion: f64,
}

/// Levels of stock, shares of spot.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockRates {
    /// Initial.
    pub initial: f64,
    /// Maintenance.
    pub maintenance: f64,
}

/// Long options that may be borrowed against.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongDated {
    /// Those with more months to run than this.
    pub months: f64,
    /// Share of the premium that they need.
    pub share: f64,
}

/// Stock with a put.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectivePut {
    /// Share of the strike, to which what the put is out of the money is added.
    pub strike: f64,
    /// Share of spot.
    pub stock: f64,
}

/// Stock with a put and against a call.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collar {
    /// Share of the put's strike, to which what it is out of the money is added.
    pub put_strike: f64,
    /// Share of the call's strike.
    pub call_strike: f64,
    /// Share of spot.
    pub stock: f64,
}

/// An underlying on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegTUnderlying {
    /// Its price.
    pub spot: f64,
    /// `a`: share of spot for a short option, leverage included.
    pub short_option: f64,
    /// `b`: smallest share of spot or strike, leverage included.
    pub short_option_floor: f64,
}

/// One option of a strategy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegTLeg {
    /// `+1` long, `-1` short.
    pub side: f64,
    /// Call or put.
    pub right: Right,
    /// Strike.
    pub strike: f64,
    /// Value per unit of the underlying.
    pub premium: f64,
    /// Months to expiry.
    pub months: f64,
}

/// The named strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is what its name says; the module has the table")]
pub enum Strategy {
    LongStock,
    ShortStock,
    LongCall,
    LongPut,
    ShortCall,
    ShortPut,
    LongStraddle,
    LongStrangle,
    ShortStraddle,
    ShortStrangle,
    DebitCallSpread,
    DebitPutSpread,
    CreditCallSpread,
    CreditPutSpread,
    CoveredCall,
    CoveredPut,
    ProtectivePut,
    Collar,
    Conversion,
    LongBox,
    ShortBox,
    LongButterfly,
    ShortButterfly,
    IronCondor,
    IronButterfly,
}

/// What a strategy requires, money per unit of the underlying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrategyAmounts {
    /// Initial requirement.
    pub initial: f64,
    /// Maintenance requirement.
    pub maintenance: f64,
    /// Premium of the short options.
    pub short_premium: f64,
    /// Premium of the long options less that of the short ones.
    pub net_premium_paid: f64,
    /// Payoff of the options at expiry, worst over zero and the strikes; `None` where it has no bound or there are none.
    pub worst_payoff: Option<f64>,
    /// Net proceeds that the requirement contains.
    pub proceeds: f64,
}

impl StrategyAmounts {
    /// Initial and maintenance requirement of equity that counts the options' value; no strategy lends to another.
    #[must_use]
    pub fn on_top(&self) -> (f64, f64) {
        let on_top = |amount: f64| (amount - self.proceeds).max(0.0);
        (on_top(self.initial), on_top(self.maintenance))
    }
}

impl Strategy {
    /// What the strategy requires with these options; `None` when they are not its legs.
    #[must_use]
    pub fn amounts(
        self,
        rates: &RegTRates,
        underlying: &RegTUnderlying,
        legs: &[RegTLeg],
    ) -> Option<StrategyAmounts> {
        let short_premium = sum(legs.iter().filter(|leg| leg.side < 0.0).map(|leg| leg.premium));
        let net_premium_paid = sum(legs.iter().map(|leg| leg.side * leg.premium));
        let maintenance = self.maintenance(rates, underlying, legs, net_premium_paid)?;
        let initial = self.with_stock(rates, underlying, legs).unwrap_or(maintenance);
        let proceeds = match self {
            Strategy::ShortCall
            | Strategy::ShortPut
            | Strategy::ShortStraddle
            | Strategy::ShortStrangle => short_premium,
            Strategy::CreditCallSpread
            | Strategy::CreditPutSpread
            | Strategy::ShortBox
            | Strategy::ShortButterfly
            | Strategy::IronCondor
            | Strategy::IronButterfly => -net_premium_paid,
            _ => 0.0,
        };
        Some(StrategyAmounts {
            initial: initial.max(maintenance),
            maintenance,
            short_premium,
            net_premium_paid,
            worst_payoff: worst_payoff(legs),
            proceeds,
        })
    }

    fn maintenance(
        self,
        rates: &RegTRates,
        underlying: &RegTUnderlying,
        legs: &[RegTLeg],
        net_premium_paid: f64,
    ) -> Option<f64> {
        let spot = underlying.spot;
        let find = |side: f64, right| legs.iter().find(|l| l.side == side && l.right == right);
        Some(match self {
            Strategy::LongStock | Strategy::CoveredCall => rates.long_stock.maintenance * spot,
            Strategy::ShortStock | Strategy::CoveredPut => rates.short_stock.maintenance * spot,
            Strategy::LongCall
            | Strategy::LongPut
            | Strategy::LongStraddle
            | Strategy::LongStrangle => sum(legs.iter().map(|leg| rates.long_dated.needs(leg))),
            Strategy::ShortCall | Strategy::ShortPut => underlying.short(legs.first()?),
            Strategy::ShortStraddle | Strategy::ShortStrangle => {
                let (call, put) = (find(-1.0, Right::Call)?, find(-1.0, Right::Put)?);
                let (of_call, of_put) = (underlying.short(call), underlying.short(put));
                if of_call >= of_put { of_call + put.premium } else { of_put + call.premium }
            }
            Strategy::DebitCallSpread
            | Strategy::DebitPutSpread
            | Strategy::LongBox
            | Strategy::LongButterfly => net_premium_paid,
            Strategy::CreditCallSpread | Strategy::CreditPutSpread => {
                let (short, long) = (sided(legs, -1.0)?, sided(legs, 1.0)?);
                (short.strike - long.strike).abs()
            }
            Strategy::ShortBox
            | Strategy::ShortButterfly
            | Strategy::IronCondor
            | Strategy::IronButterfly => -worst_payoff(legs)?,
            Strategy::ProtectivePut => {
                let put = find(1.0, Right::Put)?;
                let ProtectivePut { strike, stock } = rates.protective_put;
                let capped = strike * put.strike + put.out_of_the_money(spot);
                capped.min(stock * spot) + put.premium
            }
            Strategy::Collar => {
                let (put, call) = (find(1.0, Right::Put)?, find(-1.0, Right::Call)?);
                let Collar { put_strike, call_strike, stock } = rates.collar;
                let of_put = put_strike * put.strike + put.out_of_the_money(spot);
                of_put.min(call_strike * call.strike).min(stock * spot)
            }
            Strategy::Conversion => rates.conversion * find(1.0, Right::Put)?.strike,
        })
    }

    /// The initial requirement of strategies with stock.
    fn with_stock(
        self,
        rates: &RegTRates,
        underlying: &RegTUnderlying,
        legs: &[RegTLeg],
    ) -> Option<f64> {
        let long = rates.long_stock.initial * underlying.spot;
        match self {
            Strategy::ProtectivePut => Some(long + sided(legs, 1.0)?.premium),
            Strategy::LongStock
            | Strategy::CoveredCall
            | Strategy::Collar
            | Strategy::Conversion => Some(long),
            Strategy::ShortStock | Strategy::CoveredPut => {
                Some(rates.short_stock.initial * underlying.spot)
            }
            _ => None,
        }
    }

    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Strategy::LongStock => "long stock",
            Strategy::ShortStock => "short stock",
            Strategy::LongCall => "long call",
            Strategy::LongPut => "long put",
            Strategy::ShortCall => "short call",
            Strategy::ShortPut => "short put",
            Strategy::LongStraddle => "long straddle",
            Strategy::LongStrangle => "long strangle",
            Strategy::ShortStraddle => "short straddle",
            Strategy::ShortStrangle => "short strangle",
            Strategy::DebitCallSpread => "debit call spread",
            Strategy::DebitPutSpread => "debit put spread",
            Strategy::CreditCallSpread => "credit call spread",
            Strategy::CreditPutSpread => "credit put spread",
            Strategy::CoveredCall => "covered call",
            Strategy::CoveredPut => "covered put",
            Strategy::ProtectivePut => "protective put",
            Strategy::Collar => "collar",
            Strategy::Conversion => "conversion",
            Strategy::LongBox => "long box",
            Strategy::ShortBox => "short box",
            Strategy::LongButterfly => "long butterfly",
            Strategy::ShortButterfly => "short butterfly",
            Strategy::IronCondor => "iron condor",
            Strategy::IronButterfly => "iron butterfly",
        }
    }
}

impl LongDated {
    fn needs(self, leg: &RegTLeg) -> f64 {
        if leg.months > self.months { self.share * leg.premium } else { leg.premium }
    }
}

impl RegTUnderlying {
    /// One unit short, premium included.
    fn short(&self, leg: &RegTLeg) -> f64 {
        let floor = match leg.right {
            Right::Call => self.spot,
            Right::Put => leg.strike,
        };
        let on_spot = self.short_option * self.spot - leg.out_of_the_money(self.spot);
        leg.premium + on_spot.max(self.short_option_floor * floor)
    }
}

impl RegTLeg {
    fn out_of_the_money(&self, spot: f64) -> f64 {
        // What the other side of the strike would pay.
        self.right.payoff(self.strike, spot)
    }
}

fn sided(legs: &[RegTLeg], side: f64) -> Option<&RegTLeg> {
    legs.iter().find(|leg| leg.side == side)
}

/// Over zero and the strikes; above the highest strike the payoff does not fall unless calls are net short.
fn worst_payoff(legs: &[RegTLeg]) -> Option<f64> {
    let calls = legs.iter().filter(|leg| leg.right == Right::Call);
    if legs.is_empty() || sum(calls.map(|leg| leg.side)) < 0.0 {
        return None;
    }
    let payoff = |index: f64| sum(legs.iter().map(|l| l.side * l.right.payoff(index, l.strike)));
    let worst = legs.iter().map(|leg| payoff(leg.strike)).fold(payoff(0.0), f64::min);
    Some(worst)
}

/// A sum that starts from positive zero.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}
