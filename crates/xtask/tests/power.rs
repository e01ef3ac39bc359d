//! The kept shares are those that the code draws, and no test lacks its curves.

use std::collections::{BTreeMap, BTreeSet};

use mpor_backtest::{coverage, es_tests};
use xtask::power::{kept, share};

/// Lengths and errors at which a test was tried.
type Points = BTreeSet<(usize, u64)>;

/// One cell of hits and one of shortfall, drawn again: the same to the last digit.
#[test]
fn kept_shares_are_those_that_are_drawn() {
    let cells = kept().unwrap();
    for (family, test, periods, wrong) in
        [("coverage", "kupiec", 500, 0.98), ("tails", "acerbi-szekely-z2", 250, 1.3)]
    {
        let found = cells.iter().find(|cell| {
            (cell.family.as_str(), cell.test.as_str()) == (family, test)
                && cell.periods == periods
                && cell.wrong == wrong
        });
        assert_eq!(found.unwrap().rejected, share(family, test, periods, wrong).unwrap());
    }
}

/// Every test of the catalogs against every error and length, once.
#[test]
fn every_test_has_its_curves() {
    let hits: BTreeSet<&str> = coverage::TESTS.iter().map(|test| test.id()).collect();
    let shortfall: BTreeSet<&str> = es_tests::TESTS.iter().map(|test| test.id()).collect();
    let cells = kept().unwrap();
    let mut points: BTreeMap<&str, BTreeMap<&str, Points>> = BTreeMap::new();
    for cell in &cells {
        let of_test = points.entry(&cell.family).or_default().entry(&cell.test).or_default();
        let new = of_test.insert((cell.periods, cell.wrong.to_bits()));
        assert!(new && (0.0..=1.0).contains(&cell.rejected), "{cell:?}");
    }
    for (family, tests, count) in
        [("coverage", &hits, 21), ("clustering", &hits, 18), ("tails", &shortfall, 18)]
    {
        let found: BTreeSet<&str> = points[family].keys().copied().collect();
        assert_eq!(&found, tests, "{family}");
        assert!(points[family].values().all(|of_test| of_test.len() == count), "{family}");
    }
    assert_eq!(points.len(), 3);
}
