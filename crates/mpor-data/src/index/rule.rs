//! The parameters of an index rule: who counts, how many must, and how those left are combined.

use std::collections::BTreeMap;

use mpor_core::{Action, Span, Timestamp};
use serde::Deserialize;

use crate::policy::Policy;

/// How one index is made of its sources.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexRule {
    /// The oldest that a source's last value may be and still count; `None` = any age.
    #[serde(default)]
    pub stale_after: Option<Span>,
    /// How often the venue makes the index: a price counts from the next such instant on; `None` = at once.
    #[serde(default)]
    pub sampling: Option<Span>,
    /// Fewest sources that make an index, 1 or more.
    pub minimum: usize,
    /// With fewer: `fail`, or `carry` the last index, for ever or up to a limit.
    pub below_minimum: Policy,
    /// Half the range of the sources over their median above which there is no index; `None` = any range.
    #[serde(default)]
    pub widest: Option<f64>,
    /// Weights by source, above zero, for a weighted median.
    #[serde(default)]
    pub weights: BTreeMap<String, f64>,
    /// How those left are combined, by their number: the first stage whose `from` they reach.
    pub combine: Vec<Stage>,
    /// How contracts settle on the index; `None` = at its value at the instant.
    #[serde(default)]
    pub settlement: Option<Settlement>,
}

/// One way to combine, for a number of sources and more.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Fewest sources that it is for.
    pub from: usize,
    /// The rule.
    pub how: How,
    /// For `capped_mean`: largest distance from the median, a fraction of it.
    #[serde(default)]
    pub clamp: Option<f64>,
    /// For `trimmed_mean`: how many are left out at each end.
    #[serde(default)]
    pub drop: Option<usize>,
}

/// A way to combine prices; see [`combine`](super::combine()).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Equal weights.
    Mean,
    /// The middle.
    Median,
    /// Equal weights after a clamp around the median.
    CappedMean,
    /// Equal weights without the extremes.
    TrimmedMean,
    /// The middle by weight.
    WeightedMedian,
}

/// An average before an expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// How long before the expiry it begins.
    pub window: Span,
    /// Distance of its samples.
    pub every: Span,
}

impl IndexRule {
    /// What is wrong with the parameters, by key, and what would be right.
    ///
    /// # Errors
    /// A sentence that begins with the key.
    pub fn check(&self) -> Result<(), String> {
        if self.stale_after.is_some_and(|limit| limit.0 < 0) {
            return Err("`stale_after` is negative; write a span such as 3m".to_owned());
        }
        if self.sampling.is_some_and(|every| every.0 <= 0) {
            return Err("`sampling` is not above zero; write a span such as 3s".to_owned());
        }
        if self.minimum == 0 {
            return Err("`minimum` is 0; an index needs at least 1 source".to_owned());
        }
        if self.below_minimum.action == Action::Mark {
            return Err("`below_minimum` is mark; write fail or carry".to_owned());
        }
        if self.widest.is_some_and(|widest| !(widest > 0.0 && widest.is_finite())) {
            return Err("`widest` is a fraction above 0, such as 0.02".to_owned());
        }
        for (source, weight) in &self.weights {
            if !(*weight > 0.0 && weight.is_finite()) {
                return Err(format!("`weights.{source}` is {weight}; a weight is above 0"));
            }
        }
        self.check_stages()?;
        match self.settlement {
            Some(Settlement { window, every }) if every.0 <= 0 || window.0 % every.0 != 0 => {
                Err(format!("`settlement.every` {every} does not divide the window {window}"))
            }
            _ => Ok(()),
        }
    }

    fn check_stages(&self) -> Result<(), String> {
        let Some(last) = self.combine.last() else {
            return Err("`combine` is empty; it needs at least one stage".to_owned());
        };
        if self.combine.windows(2).any(|pair| pair[1].from >= pair[0].from) {
            return Err("`combine`: `from` must fall from stage to stage".to_owned());
        }
        if last.from > self.minimum {
            return Err(format!(
                "`combine` ends at {} sources and `minimum` is {}: what are those between to do?",
                last.from, self.minimum
            ));
        }
        self.combine.iter().try_for_each(Stage::check)
    }

    /// The first instant not before `time` at which the venue makes the index. Samples are counted from the epoch, so that
    /// an interval that divides a day falls on midnight.
    #[must_use]
    pub fn sampled(&self, time: Timestamp) -> Timestamp {
        match self.sampling {
            Some(Span(every)) if every > 0 => {
                Timestamp(time.0 + (every - time.0.rem_euclid(every)) % every)
            }
            _ => time,
        }
    }

    /// The stage for a number of sources; `None` for fewer than the minimum.
    #[must_use]
    pub fn stage(&self, sources: usize) -> Option<&Stage> {
        if sources < self.minimum {
            return None;
        }
        self.combine.iter().find(|stage| sources >= stage.from)
    }

    /// Whether any stage looks at weights.
    #[must_use]
    pub fn weighs(&self) -> bool {
        self.combine.iter().any(|stage| stage.how == How::WeightedMedian)
    }
}

impl Stage {
    fn check(&self) -> Result<(), String> {
        let capped = self.how == How::CappedMean;
        let trimmed = self.how == How::TrimmedMean;
        if self.clamp.is_some() != capped || self.drop.is_some() != trimmed {
            return Err(
                "`combine`: `clamp` belongs to capped_mean and `drop` to trimmed_mean, each needs its own"
                    .to_owned(),
            );
        }
        if self.clamp.is_some_and(|clamp| !(0.0..1.0).contains(&clamp)) {
            return Err("`clamp` is a fraction from 0 to below 1, such as 0.005".to_owned());
        }
        match self.drop {
            Some(drop) if self.from <= 2 * drop => Err(format!(
                "`combine`: dropping {drop} at each end of {} sources leaves none",
                self.from
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Result<IndexRule, String> {
        let rule: IndexRule = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        rule.check().map(|()| rule)
    }

    const OKX: &str = "\
minimum = 1
below_minimum = \"fail\"
combine = [{ from = 3, how = \"capped_mean\", clamp = 0.03 }, { from = 1, how = \"mean\" }]
";

    #[test]
    fn the_number_of_sources_decides() {
        let rule = rule(OKX).unwrap();
        assert_eq!(rule.stage(4).map(|stage| stage.how), Some(How::CappedMean));
        assert_eq!(rule.stage(2).map(|stage| stage.how), Some(How::Mean));
        assert_eq!(rule.stage(0), None);
    }

    #[test]
    fn impossible_rules_are_refused_by_key() {
        let with = |from: &str, to: &str| {
            assert!(OKX.contains(from), "{from}");
            rule(&OKX.replace(from, to)).unwrap_err()
        };
        assert!(with("minimum = 1", "sampling = \"0s\"\nminimum = 1").starts_with("`sampling`"));
        assert!(with("minimum = 1", "minimum = 0").starts_with("`minimum` is 0"));
        assert!(with("\"fail\"", "\"mark\"").starts_with("`below_minimum` is mark"));
        assert!(with("from = 1", "from = 3").contains("must fall"));
        assert!(with("from = 1", "from = 2").contains("ends at 2 sources"));
        assert!(with("clamp = 0.03", "clamp = 3").contains("fraction"));
        assert!(with(", clamp = 0.03", "").contains("each needs its own"));
        assert!(
            with("how = \"capped_mean\", clamp = 0.03", "how = \"trimmed_mean\", drop = 2")
                .contains("leaves none")
        );
        assert!(with("minimum = 1", "minimum = 1\nstale = \"3m\"").contains("unknown field"));
    }
}
