//! Which rows of a chain say something about the smile, and why not the others?
//!
//! Rows are looked at an expiry at a time: its forward is stated or found by parity ([`crate::surface::forward`]), then each
//! row is kept with its implied volatility, or dropped for the first reason of [`DropReason`] that holds. Out-of-the-money
//! options say more than the others, because their price is all time value: at a strike where one is usable, the option in
//! the money is its duplicate. Every expiry gets the same total weight, however many strikes it lists.

use std::collections::BTreeMap;

use mpor_core::Span;

use crate::black76::log_ratio;
use crate::error::PricingError;
use crate::implied_vol::implied_vol;
use crate::mills::density;
use crate::surface::forward::{ForwardFit, ForwardSource, forward_of};
use crate::surface::row::{ForwardChoice, OptionRow, PriceChoice, PriceFrom, QuoteUnit};

/// Why a row is not fitted, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// At or past its expiry.
    Expired,
    /// Closer to expiry than the shortest that is fitted.
    TooNear,
    /// A strike or price that is not a number above zero.
    Unreadable,
    /// Quoted longer ago than is allowed.
    Stale,
    /// Its expiry states no forward and holds no pair of call and put to find it from.
    NoForward,
    /// No bid.
    NoBid,
    /// No offer.
    NoAsk,
    /// Bid above offer.
    Crossed,
    /// No mark, where marks are asked for.
    NoMark,
    /// In the money, at a strike whose out-of-the-money option is there too.
    InTheMoneyDuplicate,
    /// Price not above intrinsic value.
    BelowIntrinsic,
    /// Price at or above what any volatility gives.
    AboveBound,
    /// Bid and offer too far apart, in volatility.
    Wide,
    /// Strike too many standard deviations from the forward.
    Far,
    /// Its expiry has too few quotes left.
    TooFew,
    /// Far from the fit to all the others.
    Outlier,
}

impl DropReason {
    /// All reasons, in order.
    pub const ALL: [DropReason; 16] = [
        DropReason::Expired,
        DropReason::TooNear,
        DropReason::Unreadable,
        DropReason::Stale,
        DropReason::NoForward,
        DropReason::NoBid,
        DropReason::NoAsk,
        DropReason::Crossed,
        DropReason::NoMark,
        DropReason::InTheMoneyDuplicate,
        DropReason::BelowIntrinsic,
        DropReason::AboveBound,
        DropReason::Wide,
        DropReason::Far,
        DropReason::TooFew,
        DropReason::Outlier,
    ];

    /// The reason as a word: a column of the quality table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DropReason::Expired => "expired",
            DropReason::TooNear => "too_near",
            DropReason::Unreadable => "unreadable",
            DropReason::Stale => "stale",
            DropReason::NoForward => "no_forward",
            DropReason::NoBid => "no_bid",
            DropReason::NoAsk => "no_ask",
            DropReason::Crossed => "crossed",
            DropReason::NoMark => "no_mark",
            DropReason::InTheMoneyDuplicate => "in_the_money_duplicate",
            DropReason::BelowIntrinsic => "below_intrinsic",
            DropReason::AboveBound => "above_bound",
            DropReason::Wide => "wide",
            DropReason::Far => "far",
            DropReason::TooFew => "too_few",
            DropReason::Outlier => "outlier",
        }
    }
}

/// How much a quote counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weighting {
    /// All quotes of an expiry alike.
    Equal,
    /// In proportion to vega: errors near the money count most.
    Vega,
    /// In proportion to one over the width of bid and offer in volatility, and half that of the widest where there are not
    /// two sides.
    #[default]
    InverseSpread,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScreenRules {
    /// The price of a row.
    pub price: PriceChoice,
    /// The forward of an expiry.
    pub forward: ForwardChoice,
    /// Discount rate of prices in quote currency, continuously compounded per year; fitted by parity where not stated.
    pub rate: Option<f64>,
    /// Shortest time to expiry.
    pub shortest: Span,
    /// Oldest quote, where rows state their age.
    pub oldest: Option<Span>,
    /// Widest distance of bid and offer, as a share of the volatility.
    pub widest: f64,
    /// Furthest strike, in at-the-money standard deviations to expiry.
    pub reach: f64,
    /// Fewest quotes of an expiry.
    pub fewest: usize,
    /// A quote is an outlier when it misses the fit by more than this many typical misses of its expiry (the median
    /// absolute miss), its own half spread and a volatility point together; infinite keeps all.
    pub outlier: f64,
    /// How much a quote counts.
    pub weighting: Weighting,
}

impl Default for ScreenRules {
    /// Mid prices; 12 hours, because the smile of the last hours is that of single trades; spreads up to half the
    /// volatility; four standard deviations, beyond which no smile of three parameters follows both wings and the money; five quotes; ten typical misses.
    fn default() -> Self {
        ScreenRules {
            price: PriceChoice::Mid,
            forward: ForwardChoice::StatedElseParity,
            rate: None,
            shortest: Span::hours(12),
            oldest: None,
            widest: 0.5,
            reach: 4.0,
            fewest: 5,
            outlier: 10.0,
            weighting: Weighting::InverseSpread,
        }
    }
}

/// One quote that is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeptQuote {
    /// Index of the row.
    pub row: usize,
    /// Time to expiry in years.
    pub years: f64,
    /// `ln(K / F)`, with the row's own forward where stated ones are taken.
    pub log_moneyness: f64,
    /// Black volatility per year.
    pub vol: f64,
    /// Volatility of the bid; zero where the bid is below intrinsic value, `None` where there are not two sides.
    pub bid_vol: Option<f64>,
    /// Volatility of the offer.
    pub ask_vol: Option<f64>,
    /// Share of the expiry's weight.
    pub weight: f64,
    /// Which price it came from.
    pub from: PriceFrom,
}

/// One row that is not fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DroppedRow {
    /// Index of the row.
    pub row: usize,
    /// Why.
    pub reason: DropReason,
}

/// One expiry of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreenedExpiry {
    /// Time to expiry in years.
    pub years: f64,
    /// Its forward; `None` where there is none.
    pub forward: Option<ForwardFit>,
    /// The quotes to fit, by strike; empty where too few are left.
    pub quotes: Vec<KeptQuote>,
    /// The other rows, by index.
    pub dropped: Vec<DroppedRow>,
}

impl ScreenedExpiry {
    /// Dropped rows by reason.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<DropReason, usize> {
        let mut counts = BTreeMap::new();
        for row in &self.dropped {
            *counts.entry(row.reason).or_insert(0) += 1;
        }
        counts
    }

    /// Drops the quotes that `is_bad` names, and all where too few are left.
    pub(super) fn drop_quotes(
        &mut self,
        reason: DropReason,
        fewest: usize,
        is_bad: impl Fn(&KeptQuote) -> bool,
    ) {
        let (bad, mut good): (Vec<KeptQuote>, Vec<KeptQuote>) =
            std::mem::take(&mut self.quotes).into_iter().partition(|quote| is_bad(quote));
        let dropped = |quotes: &[KeptQuote], reason| {
            quotes.iter().map(|quote| DroppedRow { row: quote.row, reason }).collect::<Vec<_>>()
        };
        self.dropped.extend(dropped(&bad, reason));
        if good.len() < fewest {
            self.dropped.extend(dropped(&good, DropReason::TooFew));
            good.clear();
        }
        self.dropped.sort_by_key(|row| row.row);
        normalise(&mut good);
        self.quotes = good;
    }
}

/// The expiries of a chain by increasing time, each with what is kept and what is dropped: every row is in one or the other.
///
/// # Errors
/// [`PricingError::Input`] when a rule is outside its domain.
pub fn screen(
    rows: &[OptionRow],
    rules: &ScreenRules,
) -> Result<Vec<ScreenedExpiry>, PricingError> {
    rules.check()?;
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| {
        rows[a].years.total_cmp(&rows[b].years).then(rows[a].strike.total_cmp(&rows[b].strike))
    });
    let expiries = order.chunk_by(|&a, &b| rows[a].years.total_cmp(&rows[b].years).is_eq());
    Ok(expiries.map(|expiry| screen_expiry(rows, expiry, rules)).collect())
}

fn screen_expiry(rows: &[OptionRow], expiry: &[usize], rules: &ScreenRules) -> ScreenedExpiry {
    let years = rows[expiry[0]].years;
    let chain: Vec<OptionRow> = expiry.iter().map(|&at| rows[at]).collect();
    let alive = years > 0.0 && years.is_finite();
    let forward = if alive { forward(&chain, rules) } else { None };
    let mut found = ScreenedExpiry { years, forward, quotes: Vec::new(), dropped: Vec::new() };
    let usable: Vec<bool> = match &forward {
        Some(fit) => {
            chain.iter().map(|row| row.is_usable_out_of_the_money(fit.forward, rules)).collect()
        }
        None => Vec::new(),
    };
    for (at, (&row, quote)) in expiry.iter().zip(&chain).enumerate() {
        // Rows of one strike lie side by side.
        let twin = |other: usize| usable[other] && chain[other].strike == quote.strike;
        let duplicate = || {
            let near = at.saturating_sub(1)..(at + 2).min(chain.len());
            near.into_iter().any(|other| other != at && twin(other))
        };
        match keep(quote, row, forward.as_ref(), rules, duplicate) {
            Ok(kept) => found.quotes.push(kept),
            Err(reason) => found.dropped.push(DroppedRow { row, reason }),
        }
    }
    let furthest = furthest(&found.quotes, rules.reach);
    weigh(&mut found.quotes, rules.weighting);
    found.drop_quotes(DropReason::Far, rules.fewest, |quote| quote.log_moneyness.abs() > furthest);
    found
}

fn forward(chain: &[OptionRow], rules: &ScreenRules) -> Option<ForwardFit> {
    let find = |rows: &[OptionRow]| forward_of(rows, rules.rate, rules.price);
    let by_parity = || {
        let silent: Vec<OptionRow> =
            chain.iter().map(|row| OptionRow { forward: None, ..*row }).collect();
        find(&silent)
    };
    match rules.forward {
        ForwardChoice::StatedElseParity => find(chain),
        ForwardChoice::ParityElseStated => by_parity().or_else(|| find(chain)),
    }
}

/// Furthest log-moneyness, from the volatility of the strike nearest to the forward.
fn furthest(quotes: &[KeptQuote], reach: f64) -> f64 {
    let distance = |quote: &&KeptQuote| quote.log_moneyness.abs();
    let nearest = quotes.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map_or(f64::INFINITY, |quote| reach * quote.vol * libm::sqrt(quote.years))
}

/// The row as a quote, or why not.
fn keep(
    row: &OptionRow,
    index: usize,
    forward: Option<&ForwardFit>,
    rules: &ScreenRules,
    is_duplicate: impl Fn() -> bool,
) -> Result<KeptQuote, DropReason> {
    row.check_terms(rules)?;
    let fit = forward.ok_or(DropReason::NoForward)?;
    let (price, from) = row.price(rules.price).ok_or_else(|| row.why_no_price(rules.price))?;
    if !row.is_out_of_the_money(fit.forward) && is_duplicate() {
        return Err(DropReason::InTheMoneyDuplicate);
    }
    let at = match fit.source {
        ForwardSource::Stated => row.forward.unwrap_or(fit.forward),
        ForwardSource::Parity | ForwardSource::ParityAndDiscount => fit.forward,
    };
    let vol = row.vol(price, at, fit.discount)?;
    let sides = row.two_sided().map(|(bid, ask)| {
        // A side without a volatility is as wide as can be.
        (row.vol(bid, at, fit.discount).unwrap_or(0.0), row.vol(ask, at, fit.discount).ok())
    });
    let (bid_vol, ask_vol) = match sides {
        Some((bid, Some(ask))) => (Some(bid), Some(ask)),
        Some((_, None)) => return Err(DropReason::Wide),
        None => (None, None),
    };
    if let (Some(bid), Some(ask)) = (bid_vol, ask_vol)
        && ask - bid > rules.widest * vol
    {
        return Err(DropReason::Wide);
    }
    let log_moneyness = -log_ratio(at, row.strike);
    let weight = 1.0;
    Ok(KeptQuote {
        row: index,
        years: row.years,
        log_moneyness,
        vol,
        bid_vol,
        ask_vol,
        weight,
        from,
    })
}

impl OptionRow {
    fn check_terms(&self, rules: &ScreenRules) -> Result<(), DropReason> {
        let is_price =
            |price: Option<f64>| price.is_none_or(|price| price.is_finite() && price >= 0.0);
        let above = |number: f64| number > 0.0 && number.is_finite();
        if self.years <= 0.0 {
            Err(DropReason::Expired)
        } else if self.years < rules.shortest.years() {
            Err(DropReason::TooNear)
        } else if !(above(self.strike)
            && above(self.years)
            && [self.bid, self.ask, self.mark].into_iter().all(is_price)
            && self.forward.is_none_or(above))
        {
            Err(DropReason::Unreadable)
        } else if self.age.zip(rules.oldest).is_some_and(|(age, oldest)| age > oldest) {
            Err(DropReason::Stale)
        } else {
            Ok(())
        }
    }

    /// Asked when there is no price.
    fn why_no_price(&self, choice: PriceChoice) -> DropReason {
        match (choice, self.bid.filter(|bid| *bid > 0.0), self.ask) {
            (PriceChoice::Mark, _, _) => DropReason::NoMark,
            (_, None, _) => DropReason::NoBid,
            (_, Some(_), None) => DropReason::NoAsk,
            (_, Some(_), Some(_)) => DropReason::Crossed,
        }
    }

    fn is_usable_out_of_the_money(&self, forward: f64, rules: &ScreenRules) -> bool {
        self.is_out_of_the_money(forward)
            && self.check_terms(rules).is_ok()
            && self.price(rules.price).is_some()
    }

    /// The volatility of one of the row's numbers.
    fn vol(&self, number: f64, forward: f64, discount: f64) -> Result<f64, DropReason> {
        let undiscounted = match self.unit {
            QuoteUnit::Vol => return Ok(number),
            QuoteUnit::Coin => number * forward,
            QuoteUnit::Cash => number / discount,
        };
        match implied_vol(undiscounted, forward, self.strike, self.years, 0.0, self.right) {
            Ok(vol) if vol > 0.0 => Ok(vol),
            Ok(_) => Err(DropReason::BelowIntrinsic),
            Err(PricingError::PriceBounds { price, high, .. }) if price >= high => {
                Err(DropReason::AboveBound)
            }
            Err(PricingError::PriceBounds { .. }) => Err(DropReason::BelowIntrinsic),
            Err(_) => Err(DropReason::Unreadable),
        }
    }
}

/// Narrower spreads than this, in volatility, do not count for more: ticks are as wide.
const NARROWEST: f64 = 0.002;

fn weigh(quotes: &mut [KeptQuote], weighting: Weighting) {
    let spread = |quote: &KeptQuote| Some((quote.ask_vol? - quote.bid_vol?).max(NARROWEST));
    let widest = quotes.iter().filter_map(spread).fold(NARROWEST, f64::max);
    for quote in quotes.iter_mut() {
        quote.weight = match weighting {
            Weighting::Equal => 1.0,
            Weighting::Vega => {
                let deviation = quote.vol * libm::sqrt(quote.years);
                // A wing without vega still says a little.
                density(0.5 * deviation - quote.log_moneyness / deviation).max(1e-6)
            }
            Weighting::InverseSpread => 1.0 / spread(quote).unwrap_or(2.0 * widest),
        };
    }
}

/// Makes the weights of an expiry sum to one.
fn normalise(quotes: &mut [KeptQuote]) {
    let total: f64 = quotes.iter().map(|quote| quote.weight).sum();
    quotes.iter_mut().for_each(|quote| quote.weight /= total);
}

impl ScreenRules {
    fn check(&self) -> Result<(), PricingError> {
        let expected = "a number above zero";
        for (name, found) in
            [("widest spread", self.widest), ("reach", self.reach), ("outlier", self.outlier)]
        {
            if found.is_nan() || found <= 0.0 {
                return Err(PricingError::Input { name, found, expected });
            }
        }
        match self.rate {
            Some(found) if !found.is_finite() => {
                Err(PricingError::Input { name: "rate", found, expected: "a finite number" })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use mpor_core::Right;

    use super::*;
    use crate::black76::Black76;

    const YEARS: f64 = 0.1;

    fn row(strike: f64, right: Right) -> OptionRow {
        let price =
            |vol| Black76::new(100.0, strike, YEARS, vol, 0.0, right).unwrap().price() / 100.0;
        OptionRow {
            years: YEARS,
            strike,
            right,
            bid: Some(price(0.49)),
            ask: Some(price(0.51)),
            mark: Some(price(0.5)),
            unit: QuoteUnit::Coin,
            forward: Some(100.0),
            age: None,
        }
    }

    /// Out-of-the-money options of 21 strikes.
    fn chain() -> Vec<OptionRow> {
        (90..=110)
            .map(|strike| {
                let right = if strike < 100 { Right::Put } else { Right::Call };
                row(f64::from(strike), right)
            })
            .collect()
    }

    fn reason(bad: OptionRow, rules: &ScreenRules) -> DropReason {
        let mut rows = chain();
        rows.push(bad);
        let expiries = screen(&rows, rules).unwrap();
        let kept: usize = expiries.iter().map(|expiry| expiry.quotes.len()).sum();
        let dropped: Vec<DroppedRow> =
            expiries.into_iter().flat_map(|expiry| expiry.dropped).collect();
        assert_eq!((kept, dropped.len(), dropped[0].row), (21, 1, 21), "{dropped:?}");
        dropped[0].reason
    }

    #[test]
    fn every_dropped_row_has_its_reason() {
        let rules =
            ScreenRules { oldest: Some(Span::hours(1)), reach: 3.0, ..ScreenRules::default() };
        let good = row(95.5, Right::Put);
        let deep = row(130.0, Right::Put);
        for (bad, expected) in [
            (OptionRow { years: 0.0, ..good }, DropReason::Expired),
            (OptionRow { years: 0.001, ..good }, DropReason::TooNear),
            (OptionRow { strike: f64::NAN, ..good }, DropReason::Unreadable),
            (OptionRow { bid: Some(-0.1), ..good }, DropReason::Unreadable),
            (OptionRow { age: Some(Span::hours(2)), ..good }, DropReason::Stale),
            (OptionRow { years: 0.2, forward: None, ..good }, DropReason::NoForward),
            (OptionRow { bid: None, ..good }, DropReason::NoBid),
            (OptionRow { bid: Some(0.0), ..good }, DropReason::NoBid),
            (OptionRow { ask: None, ..good }, DropReason::NoAsk),
            (OptionRow { bid: good.ask, ask: good.bid, ..good }, DropReason::Crossed),
            (row(95.0, Right::Call), DropReason::InTheMoneyDuplicate),
            (OptionRow { bid: Some(0.2), ask: Some(0.25), ..deep }, DropReason::BelowIntrinsic),
            (OptionRow { bid: Some(1.3), ask: Some(1.31), ..deep }, DropReason::AboveBound),
            (OptionRow { bid: Some(1e-4), ..good }, DropReason::Wide),
            (row(190.0, Right::Call), DropReason::Far),
            (OptionRow { years: 0.2, ..good }, DropReason::TooFew),
        ] {
            assert_eq!(reason(bad, &rules), expected);
        }
        let marks = ScreenRules { price: PriceChoice::Mark, ..rules };
        assert_eq!(reason(OptionRow { mark: None, ..good }, &marks), DropReason::NoMark);
    }

    #[test]
    fn kept_quotes_say_what_they_are() {
        for (price, from) in
            [(PriceChoice::Mid, PriceFrom::Mid), (PriceChoice::Mark, PriceFrom::Mark)]
        {
            let rules = ScreenRules { price, ..ScreenRules::default() };
            let found = screen(&chain(), &rules).unwrap().remove(0);
            assert!(
                (found.quotes.iter().map(|quote| quote.weight).sum::<f64>() - 1.0).abs() < 1e-12
            );
            for quote in &found.quotes {
                // The middle of two prices is not quite the price of the middle volatility.
                assert!((quote.vol - 0.5).abs() < 1e-4 && quote.from == from, "{quote:?}");
                assert!((quote.bid_vol.unwrap() - 0.49).abs() < 1e-10);
                assert!((quote.ask_vol.unwrap() - 0.51).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn one_sided_rows_may_fall_back_on_their_mark() {
        let mut rows = chain();
        rows[3].bid = None;
        let rules = ScreenRules { price: PriceChoice::MidElseMark, ..ScreenRules::default() };
        let found = screen(&rows, &rules).unwrap().remove(0);
        let fallen: Vec<&KeptQuote> =
            found.quotes.iter().filter(|quote| quote.from == PriceFrom::Mark).collect();
        assert!(found.dropped.is_empty() && fallen.len() == 1 && fallen[0].row == 3);
        assert!((fallen[0].vol - 0.5).abs() < 1e-10 && fallen[0].bid_vol.is_none());
    }

    /// Calls and puts of every strike without a forward: parity finds it, and the money splits them.
    #[test]
    fn a_chain_without_forwards_is_screened_by_parity() {
        let both = |strike: f64| [row(strike, Right::Call), row(strike, Right::Put)];
        let rows: Vec<OptionRow> = (90..=110)
            .flat_map(|strike| both(f64::from(strike)))
            .map(|row| OptionRow { forward: None, ..row })
            .collect();
        let found = screen(&rows, &ScreenRules::default()).unwrap().remove(0);
        assert!((found.forward.unwrap().forward - 100.0).abs() < 1e-10);
        let duplicates = found.counts()[&DropReason::InTheMoneyDuplicate];
        assert_eq!(found.quotes.len() + duplicates, 42);
        assert!((20..=21).contains(&duplicates));
    }

    /// The feed's forward is a hundredth off, and parity is not.
    #[test]
    fn a_forward_of_another_moment_can_be_passed_over() {
        let both = |strike: f64| [row(strike, Right::Call), row(strike, Right::Put)];
        let rows: Vec<OptionRow> = (90..=110)
            .flat_map(|strike| both(f64::from(strike)))
            .map(|row| OptionRow { forward: Some(101.0), ..row })
            .collect();
        let mut rules = ScreenRules { price: PriceChoice::Mark, ..ScreenRules::default() };
        let far = |rules: &ScreenRules| {
            let found = screen(&rows, rules).unwrap().remove(0);
            found.quotes.iter().map(|quote| (quote.vol - 0.5).abs()).fold(0.0, f64::max)
        };
        assert!(far(&rules) > 0.01);
        rules.forward = ForwardChoice::ParityElseStated;
        assert!(far(&rules) < 1e-10);
        let alone: Vec<OptionRow> =
            rows.iter().filter(|row| row.right == Right::Call).copied().collect();
        let found = screen(&alone, &rules).unwrap().remove(0);
        assert_eq!(found.forward.unwrap().source, ForwardSource::Stated);
    }
}
