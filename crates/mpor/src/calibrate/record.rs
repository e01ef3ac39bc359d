//! What one candidate asked and missed, date by date, and what that comes to over a window of dates.
//!
//! ```text
//! ratio(t)   = sum over accounts of the requirement / sum of their gross notional
//! cost       = mean of ratio(t) over the dates of the window with something held
//! calm       = largest of ratio(t) - ratio(t - 5 steps) and 0, within the window
//! coverage   = 1 - breaches / observations, all accounts pooled; observed = something held and the MPOR over
//! objective  = w_cost cost + w_calm calm
//! feasible   = coverage >= level, and no account beyond the worst zone allowed (overlap-aware bounds)
//! ```
//!
//! On every `s`-th date only, the lag is the smallest multiple of `s` that is at least five steps, and losses overlap as
//! often as the MPOR is longer than `s` steps.

use std::collections::BTreeMap;
use std::ops::Range;

use mpor_backtest::Light;
use mpor_backtest::Paths;
use mpor_backtest::coverage::basel::ZoneBounds;
use mpor_backtest::coverage::overlap_zones::zone_bounds;
use mpor_core::{Level, Loss, LossConvention, Money, Timestamp};

use crate::study::calibrate::{Objective, WorstZone};

/// Steps over which the rise of a requirement is taken.
const RISE_STEPS: usize = 5;
/// Rises below this share of gross notional are rounding, and would decide between points that ask for a constant share.
const ROUNDING: f64 = 1e-12;

/// What is the same for every candidate.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Market {
    /// Margin dates.
    pub times: Vec<Timestamp>,
    /// By account, then date: something was held and its MPOR is over.
    pub observed: Vec<Vec<bool>>,
    /// Gross notional of all accounts by date.
    pub gross: Vec<f64>,
}

/// One candidate on every date of a stride.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    /// Requirement of all accounts, by date of the stride.
    pub totals: Vec<f64>,
    /// Date among all dates, and account, in this order.
    pub breaches: Vec<(usize, usize)>,
}

/// What is asked of a candidate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Pooled coverage to reach, also of the zones.
    pub level: Level,
    /// Worst zone allowed.
    pub zone: WorstZone,
    /// What is minimised.
    pub objective: Objective,
    /// Steps of the MPOR.
    pub horizon: usize,
}

/// A range of dates, or every few of them, with the bounds of its zones.
#[derive(Clone, Debug)]
pub(crate) struct Window<'m> {
    market: &'m Market,
    terms: Terms,
    /// Dates, numbered among all.
    pub dates: Range<usize>,
    stride: usize,
    observations: Vec<usize>,
    bounds: Vec<ZoneBounds>,
}

/// A candidate on a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Observations of all accounts.
    pub observations: usize,
    /// Breaches of all accounts.
    pub breaches: usize,
    /// Pooled coverage; `None` without observations.
    pub coverage: Option<f64>,
    /// Mean requirement as a share of gross notional; `None` with nothing held.
    pub cost: Option<f64>,
    /// Largest rise, share of gross notional.
    pub calm: f64,
    /// What is minimised; infinite with nothing held.
    pub objective: f64,
    /// Worst zone of any account.
    pub worst: Option<Light>,
    /// Accounts beyond the zone allowed.
    pub beyond: usize,
    /// Whether it covers.
    pub feasible: bool,
    /// What the coverage lacks, zero or more.
    lacking: f64,
}

impl Market {
    /// From the paths of any model over all dates.
    pub fn of(times: Vec<Timestamp>, paths: &Paths, convention: LossConvention) -> Self {
        let mut gross = vec![0.0; times.len()];
        let mut observed = Vec::with_capacity(paths.losses.len());
        for path in &paths.losses {
            gross.iter_mut().zip(&path.gross_notional).for_each(|(sum, own)| *sum += own);
            let mut counts = vec![false; times.len()];
            path.observed(convention).for_each(|(date, _)| counts[date] = true);
            observed.push(counts);
        }
        Market { times, observed, gross }
    }

    /// Observations by date, all accounts.
    pub fn seen(&self) -> Vec<usize> {
        let at = |date: usize| self.observed.iter().filter(|account| account[date]).count();
        (0..self.times.len()).map(at).collect()
    }
}

impl Record {
    /// Of the `model`-th model of paths over every `stride`-th date.
    pub fn of(paths: &Paths, model: usize, stride: usize, convention: LossConvention) -> Self {
        let accounts = &paths.requirements[model];
        let dates = accounts.first().map_or(0, |path| path.initial.len());
        let mut record = Record { totals: vec![0.0; dates], breaches: Vec::new() };
        for (account, (path, loss)) in accounts.iter().zip(&paths.losses).enumerate() {
            record.totals.iter_mut().zip(&path.initial).for_each(|(sum, own)| *sum += own);
            let lost = loss.observed(convention);
            let breaches = lost.filter(|&(at, lost)| Loss(lost).breaches(Money(path.initial[at])));
            record.breaches.extend(breaches.map(|(date, _)| (date * stride, account)));
        }
        record.breaches.sort_unstable();
        record
    }

    /// The record that is each of these within its dates; all of them on every date.
    pub fn spliced(dates: usize, parts: &[(Range<usize>, &Record)]) -> Self {
        let mut record = Record { totals: vec![0.0; dates], breaches: Vec::new() };
        for (range, part) in parts {
            record.totals[range.clone()].copy_from_slice(&part.totals[range.clone()]);
            record.breaches.extend(part.breaches.iter().filter(|at| range.contains(&at.0)));
        }
        record
    }
}

impl<'m> Window<'m> {
    /// Every `stride`-th date of a range, counted from the first of all dates.
    pub fn new(market: &'m Market, terms: Terms, dates: Range<usize>, stride: usize) -> Self {
        let steps = terms.horizon.div_ceil(stride);
        let on = |date: &usize| date.is_multiple_of(stride);
        let count = |account: &Vec<bool>| dates.clone().filter(on).filter(|&d| account[d]).count();
        let observations: Vec<usize> = market.observed.iter().map(count).collect();
        let mut known = BTreeMap::new();
        let mut bound =
            |&n: &usize| *known.entry(n).or_insert_with(|| zone_bounds(steps, n, terms.level));
        let bounds = observations.iter().map(&mut bound).collect();
        Window { market, terms, dates, stride, observations, bounds }
    }

    /// The requirement as a share of gross notional on each date of the window; `None` with nothing held.
    pub fn ratios(&self, record: &Record) -> Vec<Option<f64>> {
        let on = self.dates.clone().filter(|date| date.is_multiple_of(self.stride));
        let ratio = |date: usize| {
            let gross = self.market.gross[date];
            (gross > 0.0).then(|| record.totals[date / self.stride] / gross)
        };
        on.map(ratio).collect()
    }

    /// The candidate on this window.
    pub fn score(&self, record: &Record) -> Score {
        let Terms { level, zone, objective, .. } = self.terms;
        let mut hits = vec![0_usize; self.observations.len()];
        let inside = record.breaches.iter().filter(|(date, _)| self.dates.contains(date));
        inside.for_each(|&(_, account)| hits[account] += 1);
        let zones = hits.iter().zip(&self.observations).zip(&self.bounds);
        let lights: Vec<Light> = zones
            .filter(|((_, observations), _)| **observations > 0)
            .filter_map(|((&hits, _), bounds)| bounds.zone(hits).map(|zone| zone.light))
            .collect();
        let allowed = if zone == WorstZone::Green { Light::Green } else { Light::Yellow };
        let beyond = lights.iter().filter(|light| **light > allowed).count();
        let (observations, breaches) = (self.observations.iter().sum(), hits.iter().sum());
        let coverage = (observations > 0).then(|| 1.0 - breaches as f64 / observations as f64);
        // In counts, so that a coverage of exactly the level is enough.
        let enough = breaches as f64 <= level.tail_mass(observations);
        let ratios = self.ratios(record);
        let (cost, calm) = (mean(&ratios), rise(&ratios, RISE_STEPS.div_ceil(self.stride)));
        let sum = cost.map_or(f64::INFINITY, |cost| objective.cost * cost + objective.calm * calm);
        let lacking = coverage.map_or(1.0, |coverage| (level.value() - coverage).max(0.0));
        Score {
            observations,
            breaches,
            coverage,
            cost,
            calm,
            objective: sum,
            worst: lights.into_iter().max(),
            beyond,
            feasible: coverage.is_some() && enough && beyond == 0,
            lacking: if enough { 0.0 } else { lacking },
        }
    }
}

impl Score {
    /// The worst zone of any account, as it is written.
    #[must_use]
    pub fn zone(&self) -> Option<&'static str> {
        self.worst.map(Light::name)
    }

    /// Better first: those that cover by what is minimised, then those that do not by how near they are to covering.
    pub(crate) fn rank(&self, other: &Score) -> std::cmp::Ordering {
        let near = || {
            let coverage = self.lacking.total_cmp(&other.lacking);
            coverage.then(self.beyond.cmp(&other.beyond))
        };
        match (self.feasible, other.feasible) {
            (true, false) => std::cmp::Ordering::Less,
            (false, true) => std::cmp::Ordering::Greater,
            (true, true) => self.objective.total_cmp(&other.objective),
            (false, false) => near().then(self.objective.total_cmp(&other.objective)),
        }
    }
}

fn mean(ratios: &[Option<f64>]) -> Option<f64> {
    let held: Vec<f64> = ratios.iter().flatten().copied().collect();
    (!held.is_empty()).then(|| held.iter().sum::<f64>() / held.len() as f64)
}

fn rise(ratios: &[Option<f64>], lag: usize) -> f64 {
    let pairs = ratios.iter().zip(ratios.iter().skip(lag));
    let most = pairs.filter_map(|(from, to)| Some((*to)? - (*from)?)).fold(0.0, f64::max);
    if most < ROUNDING { 0.0 } else { most }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market(dates: usize) -> Market {
        let times = (0..dates).map(|day| Timestamp(86_400_000_000 * day as i64)).collect();
        // The MPOR of the last date is not over.
        let observed = (0..2).map(|_| (0..dates).map(|date| date + 1 < dates).collect()).collect();
        Market { times, observed, gross: vec![200.0; dates] }
    }

    fn terms(level: f64) -> Terms {
        let objective = Objective { cost: 1.0, calm: 0.5 };
        let level = Level::new(level).unwrap();
        Terms { level, zone: WorstZone::Yellow, objective, horizon: 1 }
    }

    #[test]
    fn a_score_by_hand() {
        let market = market(11);
        let mut record = Record { totals: vec![20.0; 11], breaches: vec![(2, 1)] };
        record.totals[8..].fill(30.0);
        let score = Window::new(&market, terms(0.95), 0..11, 1).score(&record);
        // Two accounts on ten dates, one breach: 95 % exactly, which is enough.
        assert_eq!((score.observations, score.breaches), (20, 1));
        assert!(score.feasible);
        // Eight dates at 10 % and three at 15 %, and a rise of 5 points.
        assert!((score.cost.unwrap() - (0.8 + 0.45) / 11.0).abs() < 1e-15);
        assert!((score.calm - 0.05).abs() < 1e-15);
        assert!((score.objective - (1.25 / 11.0 + 0.025)).abs() < 1e-15);
        assert!(!Window::new(&market, terms(0.96), 0..11, 1).score(&record).feasible);
        // The breach lies outside the later window.
        let later = Window::new(&market, terms(0.96), 3..11, 1).score(&record);
        assert_eq!((later.observations, later.breaches, later.feasible), (14, 0, true));
    }

    #[test]
    fn one_account_in_red_is_not_hidden_by_the_others() {
        let mut market = market(301);
        market.observed = (0..50).map(|_| market.observed[0].clone()).collect();
        let breaches = (0..30).map(|date| (date * 10, 7)).collect();
        let record = Record { totals: vec![20.0; 301], breaches };
        let score = Window::new(&market, terms(0.99), 0..301, 1).score(&record);
        assert!(score.coverage.unwrap() > 0.99);
        assert_eq!((score.worst, score.beyond, score.feasible), (Some(Light::Red), 1, false));
    }

    #[test]
    fn every_fourth_date_counts_those_dates_only() {
        let market = market(21);
        let record = Record { totals: vec![20.0, 20.0, 40.0, 40.0, 40.0, 40.0], breaches: vec![] };
        let score = Window::new(&market, terms(0.95), 0..17, 4).score(&record);
        assert_eq!(score.observations, 2 * 5);
        assert!((score.cost.unwrap() - (0.2 + 0.6) / 5.0).abs() < 1e-15);
        // Five steps are two dates of four.
        assert!((score.calm - 0.1).abs() < 1e-15);
    }
}
