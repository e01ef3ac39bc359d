//! Which quotes of an option chain say something about the smile?
//!
//! Kept are two-sided quotes of out-of-the-money options (at the money both), at their middle volatility, whose expiry is
//! not too near and whose strike is within some standard deviations of the forward: `|ln(K/F)| <= reach sigma_atm sqrt(T)`,
//! with the middle volatility of the strike nearest to the forward as `sigma_atm`. Every expiry gets the same total weight,
//! however many strikes it lists. Expiries with fewer than five quotes left are dropped: three of them would fit anything.

use mpor_core::{Right, Span};

use crate::black76::log_ratio;
use crate::error::PricingError;
use crate::implied_vol::implied_vol;
use crate::surface::shape::SmileQuote;

/// One option of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainQuote {
    /// Time to expiry in years.
    pub years: f64,
    /// Forward of the expiry, in quote currency.
    pub forward: f64,
    /// Strike in quote currency.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// Best bid, where there is one.
    pub bid: Option<f64>,
    /// Best offer, where there is one.
    pub ask: Option<f64>,
    /// What bid and offer are.
    pub quoted: Quoted,
}

/// The unit of a quote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quoted {
    /// Black volatility per year, as a decimal.
    Vol,
    /// Present value in quote currency, at a continuously compounded rate per year.
    Price {
        /// The rate.
        rate: f64,
    },
    /// Price in coin of an option on one coin.
    Coin,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainRules {
    /// Shortest time to expiry.
    pub shortest: Span,
    /// Furthest strike, in at-the-money standard deviations to expiry.
    pub reach: f64,
}

impl Default for ChainRules {
    /// Two days, because shorter smiles are those of single events; three standard deviations.
    fn default() -> Self {
        ChainRules { shortest: Span::days(2), reach: 3.0 }
    }
}

/// Fewest quotes of an expiry that are used.
const FEWEST: usize = 5;

/// The quotes worth fitting, by expiry and then strike.
///
/// A quote that implies no volatility (a price outside the no-arbitrage bounds) is dropped like one without a side.
///
/// # Errors
/// [`PricingError::TooFewQuotes`] when nothing is left.
pub fn clean(chain: &[ChainQuote], rules: &ChainRules) -> Result<Vec<SmileQuote>, PricingError> {
    let mut quotes: Vec<SmileQuote> = chain
        .iter()
        .filter(|quote| quote.years >= rules.shortest.years() && quote.is_out_of_the_money())
        .filter_map(ChainQuote::smile_quote)
        .collect();
    quotes.sort_by(|a, b| {
        a.years.total_cmp(&b.years).then(a.log_moneyness.total_cmp(&b.log_moneyness))
    });
    let kept: Vec<SmileQuote> = quotes
        .chunk_by(|a, b| a.years == b.years)
        .flat_map(|expiry| within_reach(expiry, rules.reach))
        .collect();
    if kept.is_empty() {
        return Err(PricingError::TooFewQuotes { found: quotes.len(), needed: FEWEST });
    }
    Ok(kept)
}

fn within_reach(expiry: &[SmileQuote], reach: f64) -> Vec<SmileQuote> {
    let distance = |quote: &SmileQuote| quote.log_moneyness.abs();
    let Some(nearest) = expiry.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))) else {
        return Vec::new();
    };
    let furthest = reach * nearest.vol * libm::sqrt(nearest.years);
    let mut kept: Vec<SmileQuote> =
        expiry.iter().filter(|quote| distance(quote) <= furthest).copied().collect();
    if kept.len() < FEWEST {
        return Vec::new();
    }
    let weight = 1.0 / kept.len() as f64;
    kept.iter_mut().for_each(|quote| quote.weight = weight);
    kept
}

impl ChainQuote {
    fn is_out_of_the_money(&self) -> bool {
        self.right.sign() * (self.strike - self.forward) >= 0.0
    }

    fn smile_quote(&self) -> Option<SmileQuote> {
        let (bid, ask) = (self.vol(self.bid?)?, self.vol(self.ask?)?);
        let log_moneyness = -log_ratio(self.forward, self.strike);
        let vol = 0.5 * (bid + ask);
        let usable = bid > 0.0 && ask >= bid && vol.is_finite() && log_moneyness.is_finite();
        usable.then_some(SmileQuote { years: self.years, log_moneyness, vol, weight: 1.0 })
    }

    fn vol(&self, side: f64) -> Option<f64> {
        let implied = |price, rate| {
            implied_vol(price, self.forward, self.strike, self.years, rate, self.right).ok()
        };
        match self.quoted {
            Quoted::Vol => Some(side),
            Quoted::Price { rate } => implied(side, rate),
            Quoted::Coin => implied(side * self.forward, 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::black76::Black76;

    fn quote(strike: f64, right: Right) -> ChainQuote {
        let (bid, ask) = (Some(0.49), Some(0.51));
        ChainQuote { years: 0.1, forward: 100.0, strike, right, bid, ask, quoted: Quoted::Vol }
    }

    fn chain() -> Vec<ChainQuote> {
        let puts = (80..=100).map(|strike| quote(f64::from(strike), Right::Put));
        let calls = (100..=120).map(|strike| quote(f64::from(strike), Right::Call));
        puts.chain(calls).collect()
    }

    #[test]
    fn in_the_money_one_sided_and_far_quotes_are_dropped() {
        let mut chain = chain();
        chain.push(quote(110.0, Right::Put));
        chain.push(quote(1000.0, Right::Call));
        chain.push(ChainQuote { bid: None, ..quote(95.5, Right::Put) });
        chain.push(ChainQuote { bid: Some(0.6), ..quote(96.5, Right::Put) });
        chain.push(ChainQuote { years: 0.001, ..quote(100.0, Right::Put) });
        let kept = clean(&chain, &ChainRules::default()).unwrap();
        assert_eq!(kept.len(), 42);
        assert!(kept.iter().all(|quote| (quote.vol - 0.5).abs() < 1e-15));
        assert!((kept.iter().map(|quote| quote.weight).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn prices_become_volatilities_in_either_currency() {
        for (quoted, unit, rate) in
            [(Quoted::Price { rate: 0.05 }, 1.0, 0.05), (Quoted::Coin, 100.0, 0.0)]
        {
            let priced: Vec<ChainQuote> = chain()
                .into_iter()
                .map(|quote| {
                    let price = |vol| {
                        let ChainQuote { years, forward, strike, right, .. } = quote;
                        Black76::new(forward, strike, years, vol, rate, right).unwrap().price()
                            / unit
                    };
                    ChainQuote { bid: Some(price(0.49)), ask: Some(price(0.51)), quoted, ..quote }
                })
                .collect();
            let kept = clean(&priced, &ChainRules::default()).unwrap();
            assert_eq!(kept.len(), 42);
            assert!(kept.iter().all(|quote| (quote.vol - 0.5).abs() < 1e-12));
        }
    }

    #[test]
    fn an_empty_chain_is_an_error() {
        let error = clean(&[], &ChainRules::default()).unwrap_err();
        assert_eq!(error, PricingError::TooFewQuotes { found: 0, needed: 5 });
    }
}
