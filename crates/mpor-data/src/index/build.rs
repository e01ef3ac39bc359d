//! An index through time: at each instant at which a source observes, from what was known by then.

use mpor_core::{Action, Span, Timestamp};

use super::combine::{Quote, combine};
use super::rule::IndexRule;
use crate::cadence::Cadence;
use crate::error::DataError;
use crate::series::Series;

/// `from <= t < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// First instant inside.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
}

/// One source of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexSource {
    /// Its prices; its `source` is the name that the rule's weights go by.
    pub series: Series,
    /// Weight over the rule's.
    pub weight: Option<f64>,
    /// When it is not there: neither its values of the time nor the one before stand.
    pub absent: Vec<Interval>,
}

/// A rule and when it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Validity {
    /// First instant; `None` = always.
    pub from: Option<Timestamp>,
    /// First instant at which it no longer holds; `None` = never.
    pub until: Option<Timestamp>,
    /// The rule.
    pub rule: IndexRule,
}

/// What an index was made of at one instant. Sources used, stale and absent add up to all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepCounts {
    /// Sources that the index was made of; those that were too few, where it was carried.
    pub used: usize,
    /// Sources whose last value was too old.
    pub stale: usize,
    /// Sources without a value: not begun, or not there.
    pub absent: usize,
    /// Prices moved to the clamp, or left out as highest or lowest.
    pub clamped: usize,
    /// Whether the last index stands because too few sources, or too different ones, were left.
    pub carried: bool,
}

/// The counts of all instants together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Instants.
    pub instants: usize,
    /// Instants with fewer sources than there are.
    pub incomplete: usize,
    /// Fewest sources used at any.
    pub fewest: usize,
    /// Instants with a stale source.
    pub stale: usize,
    /// Instants with a clamped price.
    pub clamped: usize,
    /// Instants at which the last index stood.
    pub carried: usize,
}

/// An index, and what it was made of at each instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The index at the sources' instants.
    pub series: Series,
    /// One entry an instant.
    pub steps: Vec<StepCounts>,
    /// Number of sources.
    pub sources: usize,
}

impl Index {
    /// All instants together.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let count =
            |is: &dyn Fn(&StepCounts) -> bool| self.steps.iter().filter(|step| is(step)).count();
        Tally {
            instants: self.steps.len(),
            incomplete: count(&|step| step.used < self.sources),
            fewest: self.steps.iter().map(|step| step.used).min().unwrap_or_default(),
            stale: count(&|step| step.stale > 0),
            clamped: count(&|step| step.clamped > 0),
            carried: count(&|step| step.carried),
        }
    }
}

/// The index of some sources, at every instant at which one of them observes, from the first at which there are enough.
/// Where the rule has a sampling interval, what is observed between two samples is seen at the later one.
///
/// Of the `rules`, given oldest first, the last that holds at an instant is followed there.
///
/// # Errors
/// [`DataError::Index`] naming the index and the instant: no rule in force, a source without a weight, too few sources
/// where the rule says `fail`, an index carried beyond the rule's limit, or one that never had enough sources.
pub fn build(name: &str, rules: &[Validity], sources: &[IndexSource]) -> Result<Index, DataError> {
    let refuse = |problem: String| DataError::Index { name: name.to_owned(), problem };
    let mut walk = Walk::new(rules, sources);
    let mut index =
        Index { series: blank(name, sources), steps: Vec::new(), sources: sources.len() };
    for time in instants(sources, &walk).map_err(refuse)? {
        let rule = walk.rule(time).map_err(refuse)?;
        let mut counts = walk.gather(time, rule).map_err(refuse)?;
        let last = index.series.values.last().copied();
        let price = match (walk.price(rule, &mut counts), last) {
            (Some(price), _) => {
                walk.fresh = time;
                price
            }
            (None, Some(last)) => {
                carry(rule, time, walk.fresh, counts).map_err(refuse)?;
                counts.carried = true;
                last
            }
            // Not begun yet: the index begins with enough sources.
            (None, None) => continue,
        };
        index.series.times.push(time);
        index.series.values.push(price);
        index.steps.push(counts);
    }
    if index.steps.is_empty() {
        let problem = "there is no instant with enough sources of a usable range; name more sources, or look at `stale_after` and `minimum` of the rule";
        return Err(refuse(problem.to_owned()));
    }
    index.series.cadence = Cadence::infer(&index.series.times);
    Ok(index)
}

/// Why the last index may not stand.
fn carry(
    rule: &IndexRule,
    time: Timestamp,
    fresh: Timestamp,
    counts: StepCounts,
) -> Result<(), String> {
    let (used, minimum) = (counts.used, rule.minimum);
    let few = format!("at {time} the rule needs {minimum} sources that agree and has {used}");
    let policy = &rule.below_minimum;
    match (policy.action, policy.limit) {
        (Action::Fail, _) => Err(format!("{few}; it says to fail")),
        (_, Some(limit)) if time - fresh > limit => {
            let age = time - fresh;
            Err(format!(
                "{few}: the index of {fresh} would stand for {age}, and the limit is {limit}"
            ))
        }
        _ => Ok(()),
    }
}

fn blank(name: &str, sources: &[IndexSource]) -> Series {
    let names: Vec<&str> = sources.iter().map(|source| source.series.source.as_str()).collect();
    Series {
        symbol: name.to_owned(),
        source: names.join(", "),
        place: sources.first().map(|source| source.series.place.clone()).unwrap_or_default(),
        cadence: Cadence::Irregular,
        times: Vec::new(),
        values: Vec::new(),
    }
}

/// The times at which any source observes and is there, each put off to when the venue next makes the index, in order.
fn instants(sources: &[IndexSource], walk: &Walk<'_>) -> Result<Vec<Timestamp>, String> {
    let seen = |source: &IndexSource| {
        let there = |time: &&Timestamp| source.usable(**time, **time);
        source.series.times.iter().filter(there).copied().collect::<Vec<_>>()
    };
    let mut times: Vec<Timestamp> = sources.iter().flat_map(seen).collect();
    times.sort_unstable();
    times.dedup();
    for time in &mut times {
        *time = walk.rule(*time)?.sampled(*time);
    }
    times.sort_unstable();
    times.dedup();
    Ok(times)
}

impl IndexSource {
    /// Whether a value stamped `known` may stand at `time`: no absence lies between or around them.
    fn usable(&self, known: Timestamp, time: Timestamp) -> bool {
        !self.absent.iter().any(|gap| gap.from <= time && known < gap.to)
    }
}

/// A walk through the instants, forwards.
struct Walk<'a> {
    rules: &'a [Validity],
    sources: &'a [IndexSource],
    /// By source: how many of its values are known.
    known: Vec<usize>,
    quotes: Vec<Quote>,
    /// When the index was last made and not carried.
    fresh: Timestamp,
}

impl<'a> Walk<'a> {
    fn new(rules: &'a [Validity], sources: &'a [IndexSource]) -> Self {
        let known = vec![0; sources.len()];
        Walk { rules, sources, known, quotes: Vec::new(), fresh: Timestamp::default() }
    }

    fn rule(&self, time: Timestamp) -> Result<&'a IndexRule, String> {
        let holds = |of: &&Validity| {
            of.from.is_none_or(|from| from <= time) && of.until.is_none_or(|until| time < until)
        };
        self.rules.iter().rev().find(holds).map(|of| &of.rule).ok_or_else(|| {
            format!("no version of its rule is in force at {time}; pin one with `as_of`")
        })
    }

    /// Collects the prices that count at an instant.
    fn gather(&mut self, time: Timestamp, rule: &IndexRule) -> Result<StepCounts, String> {
        let mut counts = StepCounts::default();
        self.quotes.clear();
        for (source, known) in self.sources.iter().zip(&mut self.known) {
            let series = &source.series;
            while series.times.get(*known).is_some_and(|&stamp| stamp <= time) {
                *known += 1;
            }
            let Some(entry) = known.checked_sub(1) else {
                counts.absent += 1;
                continue;
            };
            let stamp = series.times[entry];
            if !source.usable(stamp, time) {
                counts.absent += 1;
            } else if rule.stale_after.is_some_and(|limit: Span| time - stamp > limit) {
                counts.stale += 1;
            } else {
                let weight = weight(source, rule)?;
                self.quotes.push(Quote { price: series.values[entry], weight });
            }
        }
        counts.used = self.quotes.len();
        Ok(counts)
    }

    /// The index of the prices that count; `None` where they are too few or too far apart.
    fn price(&mut self, rule: &IndexRule, counts: &mut StepCounts) -> Option<f64> {
        let stage = rule.stage(counts.used)?;
        let combined = combine(stage, &mut self.quotes)?;
        if let Some(widest) = rule.widest {
            // Sorted by `combine`.
            let (low, high) = (self.quotes.first()?.price, self.quotes.last()?.price);
            let (below, above) = (self.quotes[(counts.used - 1) / 2], self.quotes[counts.used / 2]);
            let middle = 0.5 * below.price + 0.5 * above.price;
            if 0.5 * (high - low) > widest * middle.abs() {
                return None;
            }
        }
        counts.clamped = combined.clamped;
        Some(combined.price)
    }
}

fn weight(source: &IndexSource, rule: &IndexRule) -> Result<f64, String> {
    if !rule.weighs() {
        return Ok(1.0);
    }
    let name = &source.series.source;
    source.weight.or_else(|| rule.weights.get(name).copied()).ok_or_else(|| {
        let known: Vec<&str> = rule.weights.keys().map(String::as_str).collect();
        format!(
            "the rule has no weight for the source `{name}`; it has: {}; state a `weight` for it",
            known.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp(0) + Span(minute * 60_000_000)
    }

    fn source(name: &str, rows: &[(i64, f64)]) -> IndexSource {
        let series = Series {
            symbol: "BTC/USDT".to_owned(),
            source: name.to_owned(),
            place: format!("{name}.parquet"),
            cadence: Cadence::Irregular,
            times: rows.iter().map(|row| at(row.0)).collect(),
            values: rows.iter().map(|row| row.1).collect(),
        };
        IndexSource { series, weight: None, absent: Vec::new() }
    }

    fn rules(text: &str) -> Vec<Validity> {
        vec![Validity { from: None, until: None, rule: toml::from_str(text).unwrap() }]
    }

    const TWO: &str = "\
stale_after = \"3m\"
minimum = 2
below_minimum = { carry = { limit = \"5m\" } }
combine = [{ from = 3, how = \"median\" }, { from = 2, how = \"mean\" }]
";

    #[test]
    fn stale_few_and_carried_by_hand() {
        let sources = [
            source("a", &[(0, 10.0), (1, 11.0), (8, 18.0)]),
            source("b", &[(1, 13.0), (4, 14.0), (6, 16.0), (8, 20.0)]),
            source("c", &[(4, 12.0)]),
        ];
        let index = build("X", &rules(TWO), &sources).unwrap();
        // Minute 0 has one source: the index begins at 1 with the mean of 11 and 13. At 4 the 11 of minute 1 is exactly
        // three minutes old and counts: the median of 11, 14, 12. At 6 it is stale: the mean of 16 and 12. At 8 the 12 of
        // minute 4 is stale: the mean of 18 and 20.
        assert_eq!(index.series.times, [at(1), at(4), at(6), at(8)]);
        assert_eq!(index.series.values, [12.0, 12.0, 14.0, 19.0]);
        let counts: Vec<[usize; 3]> =
            index.steps.iter().map(|step| [step.used, step.stale, step.absent]).collect();
        assert_eq!(counts, [[2, 0, 1], [3, 0, 0], [2, 1, 0], [2, 1, 0]]);
        let tally = index.tally();
        assert_eq!((tally.incomplete, tally.fewest, tally.stale, tally.carried), (3, 2, 2, 0));
    }

    #[test]
    fn the_last_index_stands_up_to_the_limit() {
        let alone: Vec<(i64, f64)> = (2..=8).map(|minute| (minute, 50.0)).collect();
        let rows = |last: usize| [&[(0, 10.0)][..], &alone[..last]].concat();
        let of =
            |last| build("X", &rules(TWO), &[source("a", &[(0, 12.0)]), source("b", &rows(last))]);
        // From minute 4 on `a` is stale. The last index made is that of minute 3, and 8 is the fifth minute after it.
        let index = of(7).unwrap();
        let carried: Vec<bool> = index.steps.iter().map(|step| step.carried).collect();
        assert_eq!(carried, [false, false, false, true, true, true, true, true]);
        assert_eq!(index.series.values, [11.0, 31.0, 31.0, 31.0, 31.0, 31.0, 31.0, 31.0]);
        let mut longer = rows(7);
        longer.push((9, 50.0));
        let error = build("X", &rules(TWO), &[source("a", &[(0, 12.0)]), source("b", &longer)]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("would stand for 6m, and the limit is 5m"), "{error}");
        let fail = TWO.replace("{ carry = { limit = \"5m\" } }", "\"fail\"");
        let error = build("X", &rules(&fail), &[source("a", &[(0, 12.0)]), source("b", &rows(3))]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("at 1970-01-01T00:04:00Z the rule needs 2 sources that agree and has 1; it says to fail"), "{error}");
    }

    #[test]
    fn an_absent_source_does_not_stand_until_it_speaks_again() {
        let mut a = source("a", &[(0, 10.0), (1, 11.0), (2, 12.0), (5, 15.0)]);
        a.absent.push(Interval { from: at(1), to: at(3) });
        let b = source("b", &[(0, 20.0), (1, 21.0), (2, 22.0), (3, 23.0), (5, 25.0)]);
        let one = TWO.replace("minimum = 2", "minimum = 1").replace("from = 2", "from = 1");
        let index = build("X", &rules(&one), &[a, b]).unwrap();
        // At 3 the absence is over, but its last value of before must not come back.
        assert_eq!(index.series.values, [15.0, 21.0, 22.0, 23.0, 20.0]);
        assert_eq!(index.steps[3].absent, 1);
    }

    #[test]
    fn between_two_samples_nothing_is_seen() {
        let sampled = TWO.replace("minimum = 2", "minimum = 2\nsampling = \"3m\"");
        let sources = [
            source("a", &[(0, 10.0), (1, 11.0), (2, 99.0), (3, 13.0), (7, 17.0)]),
            source("b", &[(0, 20.0), (4, 24.0), (5, 25.0)]),
        ];
        let index = build("X", &rules(&sampled), &sources).unwrap();
        // Samples at 0, 3, 6, 9: 99 of minute 2 is gone by minute 3, and 24 of minute 4 by minute 6. At 9 the 25 of minute 5
        // is four minutes old and stale, so 17 alone is too few.
        assert_eq!(index.series.times, [at(0), at(3), at(6), at(9)]);
        assert_eq!(index.series.values, [15.0, 16.5, 19.0, 19.0]);
        assert_eq!(index.steps[3].stale, 1);
        assert!(index.steps[3].carried);
        let at_once = build("X", &rules(TWO), &sources).unwrap();
        assert_eq!(at_once.series.times.len(), 7);
    }

    #[test]
    fn sources_too_far_apart_make_no_index() {
        let wide = "minimum = 2\nbelow_minimum = \"carry\"\nwidest = 0.02\ncombine = [{ from = 2, how = \"median\" }]\n";
        let sources = [
            source("a", &[(0, 100.0), (1, 103.0), (2, 100.0)]),
            source("b", &[(0, 101.0), (1, 98.0)]),
        ];
        let index = build("X", &rules(wide), &sources).unwrap();
        // Half of 103 - 98 is 2.5, above 2 % of 100.5; half of 100 - 98 is below.
        assert_eq!(index.series.values, [100.5, 100.5, 99.0]);
        assert_eq!(index.tally().carried, 1);
    }

    #[test]
    fn the_version_in_force_decides() {
        let median =
            "minimum = 1\nbelow_minimum = \"fail\"\ncombine = [{ from = 1, how = \"median\" }]\n";
        let mean = median.replace("median", "mean");
        let old = Validity { from: None, until: None, rule: toml::from_str(median).unwrap() };
        let new = Validity {
            from: Some(at(1)),
            until: Some(at(2)),
            rule: toml::from_str(&mean).unwrap(),
        };
        let rows = [(0, 0.0), (1, 0.0), (2, 0.0)];
        let far = [(0, 30.0), (1, 30.0), (2, 30.0)];
        let sources = [source("a", &rows), source("b", &rows), source("c", &far)];
        let index = build("X", &[old, new.clone()], &sources).unwrap();
        assert_eq!(index.series.values, [0.0, 10.0, 0.0]);
        let error = build("X", &[new], &sources).unwrap_err().to_string();
        assert!(error.contains("no version of its rule is in force at 1970-01-01T00:00:00Z"));
    }

    #[test]
    fn a_source_without_a_weight_is_named() {
        let weighted = "minimum = 1\nbelow_minimum = \"fail\"\nweights = { a = 3 }\ncombine = [{ from = 1, how = \"weighted_median\" }]\n";
        let (a, mut b) = (source("a", &[(0, 1.0)]), source("b", &[(0, 2.0)]));
        let error = build("X", &rules(weighted), &[a.clone(), b.clone()]).unwrap_err().to_string();
        assert!(error.contains("no weight for the source `b`; it has: a"), "{error}");
        b.weight = Some(5.0);
        assert_eq!(build("X", &rules(weighted), &[a, b]).unwrap().series.values, [2.0]);
    }
}
