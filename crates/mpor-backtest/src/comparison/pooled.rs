//! Many accounts under one model: is the pooled rate right, and does it hide one account, or one day, that has all the breaches?
//!
//! A pooled hit rate at its promise may be the mean of calm accounts and one that fails in clusters. So beside it stand
//!
//! ```text
//! spread   sum_a (x_a - n_a r)^2 / (n_a r (1 - r)) ~ chi2(accounts - 1),  r = pooled rate: do accounts share one rate?
//! runs     the worst account by Christoffersen's independence test, adjusted for their number
//! days     the most breaches on one day, and the share of all breaches that fell on it
//! ```
//!
//! Accounts share a market, so the spread test is for orientation: common days make counts more alike or less than independent ones. Adjusted
//! p-values are those of Benjamini and Yekutieli, which hold under any dependence ([`false_discovery`](super::false_discovery)).

use super::false_discovery::{Dependence, adjusted};
use crate::coverage::christoffersen::Independence;
use crate::coverage::exact::KupiecExact;
use crate::coverage::{CoverageError, CoverageTest, HitSequence, TestOutcome};

/// One account beside the others.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountView {
    /// Observations.
    pub observations: usize,
    /// Hits.
    pub hits: usize,
    /// Exact two-sided p-value of the rate, adjusted for the number of accounts.
    pub rate_adjusted: f64,
    /// p-value of independence, adjusted; `None` where it is not defined.
    pub runs_adjusted: Option<f64>,
    /// Most hits on neighbouring observations.
    pub longest_run: usize,
}

/// All accounts of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledView {
    /// Observations of all accounts.
    pub observations: usize,
    /// Hits of all accounts.
    pub hits: usize,
    /// Each account, in the order given.
    pub accounts: Vec<AccountView>,
    /// Whether accounts share one rate; `None` below two accounts, or with no hit or nothing but hits.
    pub spread: Option<TestOutcome>,
    /// The account with the smallest adjusted p-value of independence.
    pub most_clustered: Option<usize>,
    /// The account with the most hits, and its share of all hits.
    pub most_hits: Option<(usize, f64)>,
    /// The observation with the most hits over accounts, counted from 0, and its share of all hits: for accounts of equal length.
    pub worst_day: Option<(usize, f64)>,
}

/// The view of accounts whose hits do not overlap.
///
/// # Errors
/// [`CoverageError::TooShort`] without accounts, or for an account without observations.
pub fn view(accounts: &[HitSequence]) -> Result<PooledView, CoverageError> {
    if accounts.is_empty() {
        return Err(CoverageError::TooShort { test: "pooled", needed: 1, found: 0 });
    }
    let mut rates = Vec::with_capacity(accounts.len());
    for account in accounts {
        rates.push(KupiecExact.test(account)?.p_value);
    }
    let rates = adjusted(&rates, Dependence::Any)?;
    let runs: Vec<Option<f64>> = accounts
        .iter()
        .map(|hits| Independence.test(hits).ok().map(|found| found.p_value))
        .collect();
    let defined: Vec<f64> = runs.iter().copied().flatten().collect();
    let mut of_defined = adjusted(&defined, Dependence::Any)?.into_iter();
    let views: Vec<AccountView> = accounts
        .iter()
        .zip(rates)
        .zip(runs)
        .map(|((hits, rate_adjusted), run)| AccountView {
            observations: hits.len(),
            hits: hits.count(),
            rate_adjusted,
            runs_adjusted: run.and_then(|_| of_defined.next()),
            longest_run: longest_run(hits.hits()),
        })
        .collect();
    let hits = views.iter().map(|view| view.hits).sum();
    let share = |count: usize| count as f64 / hits as f64;
    let most = (0..views.len()).rev().max_by_key(|&at| views[at].hits).filter(|_| hits > 0);
    Ok(PooledView {
        observations: views.iter().map(|view| view.observations).sum(),
        hits,
        spread: spread(&views),
        most_clustered: most_clustered(&views),
        most_hits: most.map(|at| (at, share(views[at].hits))),
        worst_day: worst_day(accounts).filter(|_| hits > 0).map(|(at, count)| (at, share(count))),
        accounts: views,
    })
}

fn longest_run(hits: &[bool]) -> usize {
    hits.split(|hit| !*hit).map(<[bool]>::len).max().unwrap_or(0)
}

fn most_clustered(views: &[AccountView]) -> Option<usize> {
    let runs = views.iter().enumerate().filter_map(|(at, view)| Some((at, view.runs_adjusted?)));
    runs.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(at, _)| at)
}

fn spread(views: &[AccountView]) -> Option<TestOutcome> {
    let observations: usize = views.iter().map(|view| view.observations).sum();
    let hits: usize = views.iter().map(|view| view.hits).sum();
    if views.len() < 2 || hits == 0 || hits == observations {
        return None;
    }
    let rate = hits as f64 / observations as f64;
    let term = |view: &AccountView| {
        let n = view.observations as f64;
        let off = view.hits as f64 - n * rate;
        off * off / (n * rate * (1.0 - rate))
    };
    Some(TestOutcome::chi_squared(views.iter().map(term).sum(), views.len() - 1))
}

fn worst_day(accounts: &[HitSequence]) -> Option<(usize, usize)> {
    let days = accounts.first()?.len();
    if accounts.iter().any(|account| account.len() != days) {
        return None;
    }
    let on = |day: usize| accounts.iter().filter(|account| account.hits()[day]).count();
    (0..days).rev().map(|day| (day, on(day))).max_by_key(|(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    fn account(n: usize, times: &[usize]) -> HitSequence {
        HitSequence::daily((0..n).map(|at| times.contains(&at)).collect(), Level::P99)
    }

    /// Nine calm accounts and one with ten breaches in a row: the pooled rate is the promised one, and the cluster is seen.
    #[test]
    fn a_cluster_in_one_account_stays_visible() {
        let mut accounts = vec![account(100, &[]); 9];
        accounts.push(account(100, &[40, 41, 42, 43, 44, 45, 46, 47, 48, 49]));
        let found = view(&accounts).unwrap();
        assert_eq!((found.observations, found.hits), (1000, 10));
        assert_eq!(found.most_clustered, Some(9));
        assert_eq!(found.most_hits, Some((9, 1.0)));
        assert_eq!(found.accounts[9].longest_run, 10);
        assert!(found.accounts[9].runs_adjusted.unwrap() < 1e-6);
        assert!(found.accounts[9].rate_adjusted < 1e-4);
        assert!(found.accounts[0].rate_adjusted > 0.5);
        assert!(found.spread.unwrap().p_value < 1e-6);
    }

    #[test]
    fn a_common_day_stays_visible() {
        let accounts = vec![account(50, &[7]); 4];
        let found = view(&accounts).unwrap();
        assert_eq!(found.worst_day, Some((7, 1.0)));
        assert!(view(&[]).is_err());
        assert!(view(&[account(0, &[])]).is_err());
        assert_eq!(view(&[account(5, &[])]).unwrap().worst_day, None);
    }
}
