//! What holds of every rule and any prices.

use mpor_core::Span;
use mpor_data::index::{
    Fault, FaultKind, IndexSource, Interval, Quote, StepCounts, Validity, combine,
};
use proptest::prelude::*;

use crate::{at, index, source};

const RULES: [&str; 5] = [
    "combine = [{ from = 1, how = \"median\" }]",
    "combine = [{ from = 1, how = \"mean\" }]",
    "combine = [{ from = 3, how = \"capped_mean\", clamp = 0.005 }, { from = 1, how = \"mean\" }]",
    "combine = [{ from = 3, how = \"trimmed_mean\", drop = 1 }, { from = 1, how = \"mean\" }]",
    "weights = { s0 = 3, s1 = 2, s2 = 2, s3 = 1, s4 = 1 }\ncombine = [{ from = 1, how = \"weighted_median\" }]",
];

fn rule(which: usize, stale: i64) -> Vec<Validity> {
    let text = format!("minimum = 1\nbelow_minimum = \"carry\"\nstale_after = \"{stale}s\"\n");
    let rule: mpor_data::index::IndexRule = toml_rule(&(text + RULES[which]));
    vec![Validity { from: None, until: None, rule }]
}

fn toml_rule(text: &str) -> mpor_data::index::IndexRule {
    let rule: mpor_data::index::IndexRule = toml::from_str(text).unwrap();
    rule.check().unwrap();
    rule
}

/// Up to five sources of up to twenty rows within a minute.
fn sources() -> impl Strategy<Value = Vec<IndexSource>> {
    let rows = prop::collection::btree_map(0_i64..60, 50.0_f64..150.0, 1..20);
    prop::collection::vec(rows, 1..6).prop_map(|all| {
        let one = |(at, rows): (usize, std::collections::BTreeMap<i64, f64>)| {
            source(&format!("s{at}"), &rows.into_iter().collect::<Vec<_>>())
        };
        all.into_iter().enumerate().map(one).collect()
    })
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }
}

/// The values that were in the market at an instant, fresh enough.
fn fresh(sources: &[IndexSource], time: mpor_core::Timestamp, stale: i64) -> Vec<f64> {
    let last = |source: &IndexSource| {
        let series = &source.series;
        let entry = series.times.iter().rposition(|&known| known <= time)?;
        (time - series.times[entry] <= Span(stale * 1_000_000)).then(|| series.values[entry])
    };
    sources.iter().filter_map(last).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_index_lies_within_its_sources(sources in sources(), which in 0_usize..5, stale in 1_i64..90) {
        let found = index(&rule(which, stale), &sources);
        for (at, time) in found.series.times.iter().enumerate() {
            let prices = fresh(&sources, *time, stale);
            let (low, high) = prices.iter().fold((f64::MAX, f64::MIN), |(low, high), &price| {
                (low.min(price), high.max(price))
            });
            let value = found.series.values[at];
            prop_assert!(low <= value && value <= high, "{low} <= {value} <= {high}");
            prop_assert_eq!(found.steps[at].used, prices.len());
        }
    }

    #[test]
    fn the_order_of_the_sources_changes_no_bit(sources in sources(), which in 0_usize..5, turn in 0_usize..5) {
        let rule = rule(which, 20);
        let mut turned = sources.clone();
        let by = turn % sources.len();
        turned.rotate_left(by);
        turned.reverse();
        let (found, again) = (index(&rule, &sources), index(&rule, &turned));
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&found.series.values), bits(&again.series.values));
        prop_assert_eq!(found.steps, again.steps);
    }

    #[test]
    fn the_future_changes_nothing_before_it(sources in sources(), which in 0_usize..5, fork in 1_i64..60) {
        let rule = rule(which, 20);
        let mut other = sources.clone();
        for source in &mut other {
            let from = source.series.times.partition_point(|&time| time < at(fork));
            for value in &mut source.series.values[from..] {
                *value = 1e6 - *value;
            }
            source.series.times.push(at(100));
            source.series.values.push(1.0);
        }
        let (found, changed) = (index(&rule, &sources), index(&rule, &other));
        let before = found.series.times.partition_point(|&time| time < at(fork));
        prop_assert_eq!(&found.series.values[..before], &changed.series.values[..before]);
        prop_assert_eq!(&found.series.times[..before], &changed.series.times[..before]);
        prop_assert_eq!(&found.steps[..before], &changed.steps[..before]);
    }

    /// `n - 1` sources at one price: however far the last is off, the capped mean moves by at most `clamp / n` of it.
    #[test]
    fn one_source_moves_a_capped_mean_by_a_share_of_the_clamp(
        price in 1.0_f64..1e5, factor in 0.0_f64..100.0, count in 3_usize..9, clamp in 0.0_f64..0.1,
    ) {
        let text = format!("minimum = 1\nbelow_minimum = \"fail\"\ncombine = [{{ from = 1, how = \"capped_mean\", clamp = {clamp:?} }}]");
        let rule = toml_rule(&text);
        let mut quotes = vec![Quote { price, weight: 1.0 }; count];
        quotes[0].price = price * factor;
        let found = combine(rule.stage(count).unwrap(), &mut quotes).unwrap().price;
        let bound = clamp / count as f64 * price;
        prop_assert!((found - price).abs() <= bound * (1.0 + 1e-9) + 1e-12 * price, "{found} {price}");
    }

    /// And whatever the others are: the index stays within the clamp of their middle, whoever is off.
    #[test]
    fn a_capped_mean_stays_within_the_clamp_of_the_median(
        prices in prop::collection::vec(1.0_f64..200.0, 1..9), clamp in 0.0_f64..0.1,
    ) {
        let of = |how: &str| {
            let text = format!("minimum = 1\nbelow_minimum = \"fail\"\ncombine = [{{ from = 1, {how} }}]");
            let rule = toml_rule(&text);
            let mut quotes: Vec<Quote> =
                prices.iter().map(|&price| Quote { price, weight: 1.0 }).collect();
            combine(rule.stage(1).unwrap(), &mut quotes).unwrap().price
        };
        let (capped, median) =
            (of(&format!("how = \"capped_mean\", clamp = {clamp:?}")), of("how = \"median\""));
        prop_assert!((capped - median).abs() <= clamp * median * (1.0 + 1e-9), "{capped} {median}");
    }

    /// A missing source is one that is not named, for as long as it is missing.
    #[test]
    fn missing_is_removed(sources in sources(), which in 0_usize..5, from in 0_i64..60, long in 1_i64..60) {
        prop_assume!(sources.len() > 1);
        let rule = rule(which, 20);
        let during = Interval { from: at(from), to: at(from + long) };
        let mut faulty = sources.clone();
        let fault = Fault { kind: FaultKind::Missing, during, lag: None, shift: None, ramp: None };
        fault.apply(&mut faulty[0]);
        let inside = |found: &mpor_data::index::Index| -> Vec<(i64, u64, StepCounts)> {
            let times = found.series.times.iter().enumerate();
            times
                .filter(|(_, time)| during.from <= **time && **time < during.to)
                .map(|(at, time)| {
                    let step = StepCounts { absent: 0, ..found.steps[at] };
                    (time.0, found.series.values[at].to_bits(), step)
                })
                .filter(|(_, _, step)| !step.carried)
                .collect()
        };
        let without = &sources[1..];
        let (found, removed) = (mpor_data::index::build("X", &rule, &faulty), index(&rule, without));
        let found = found.unwrap();
        prop_assert_eq!(inside(&found), inside(&removed));
        // Before it nothing has happened yet.
        let whole = index(&rule, &sources);
        let before = whole.series.times.partition_point(|&time| time < during.from);
        prop_assert_eq!(&whole.series.values[..before], &found.series.values[..before]);
    }
}
