//! Parameters of the clearing houses' simulation models, and what of them is impossible.

use std::collections::BTreeMap;

use mpor_core::{Level, Span};
use mpor_risk::ScenarioSpec;
use mpor_risk::scenario::Scaling;
use mpor_stats::{QuantileRule, Side};
use serde::Deserialize;

/// The entry for underlyings without their own.
const DEFAULT: &str = "default";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    pub measures: BTreeMap<String, MeasureParameters>,
    #[serde(default)]
    pub combine: Combine,
    #[serde(default)]
    pub groups: BTreeMap<String, String>,
    #[serde(default = "one")]
    pub diversification: f64,
    pub stress: Option<StressParameters>,
    #[serde(default)]
    pub liquidity: BTreeMap<String, LiquidityParameters>,
    #[serde(default)]
    pub long_option_cap: bool,
    #[serde(default)]
    pub gaps: Vec<String>,
    /// The house's own; the requirement is over the study's.
    pub margin_period: Option<Span>,
    #[serde(default = "one")]
    pub maintenance: f64,
}

/// What the weighted measures make together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Combine {
    #[default]
    Sum,
    Max,
}

/// One risk measure: scenarios, and what is read off them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasureParameters {
    pub scenarios: ScenarioSpec,
    #[serde(default)]
    pub appended: Vec<Appended>,
    pub figure: Tail,
    #[serde(default)]
    pub quantile: QuantileRule,
    #[serde(default)]
    pub side: Side,
    #[serde(default)]
    pub samples: Samples,
    #[serde(default = "one")]
    pub scale: f64,
    #[serde(default = "one")]
    pub weight: f64,
    pub correlation_break: Option<CorrelationBreak>,
}

/// Scenarios put beside the first ones; with a share, the total weight that they have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Appended {
    pub scenarios: ScenarioSpec,
    pub share: Option<f64>,
}

/// Which figure of the losses.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tail {
    Var(Level),
    Es(Level),
    Worst(usize),
}

/// Whether a figure is taken of all scenarios, or is the mean over the sub-samples of every `m`-th.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Samples {
    #[default]
    Whole,
    Interleaved,
}

/// Excess of the figure in sub-windows over that of the whole sample, taken in part.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrelationBreak {
    pub window: usize,
    #[serde(default = "step")]
    pub step: usize,
    pub share: f64,
    #[serde(default)]
    pub floor: f64,
    pub cap: f64,
}

/// What is added because dependence may not be what it was.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StressParameters {
    pub share: f64,
    #[serde(default)]
    pub dependence: Vec<Dependence>,
    pub concentration: Option<Concentration>,
}

/// How underlyings are made to move together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Dependence {
    Perfect,
    Independent,
}

/// The largest underlyings each in its own tail, at a level of their own.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Concentration {
    pub level: Level,
    pub largest: usize,
}

/// What it costs to close out a position, by gross notional.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LiquidityParameters {
    #[serde(default)]
    pub half_spread: f64,
    #[serde(default = "boundless")]
    pub threshold: f64,
    #[serde(default)]
    pub rate: f64,
}

fn one() -> f64 {
    1.0
}

fn boundless() -> f64 {
    f64::MAX
}

fn step() -> usize {
    1
}

/// A key and what is wrong with it.
type Fault = (String, String);

impl Parameters {
    /// The first parameter that is impossible, as key and sentence.
    pub fn check(&self) -> Result<(), Fault> {
        if self.measures.is_empty() {
            let example = "measures.filtered = { scenarios = { filtered = { .. } }, figure = { var = 0.99 } }";
            return Err(("measures".to_owned(), format!("has none; write one, such as {example}")));
        }
        for (name, measure) in &self.measures {
            let within = |(key, problem)| (format!("measures.{name}.{key}"), problem);
            measure.check(self.stress.as_ref()).map_err(within)?;
        }
        share("diversification", self.diversification)?;
        share("maintenance", self.maintenance)?;
        if let Some(own) = self.margin_period.filter(|own| own.0 <= 0) {
            return Err(("margin_period".to_owned(), format!("is {own}: above 0, such as \"2d\"")));
        }
        if let Some(stress) = &self.stress {
            at_least_zero("stress.share", stress.share)?;
            if stress.dependence.is_empty() && stress.concentration.is_none() {
                let problem =
                    "has neither `dependence` nor `concentration`; write one or leave it out";
                return Err(("stress".to_owned(), problem.to_owned()));
            }
            if stress.concentration.is_some_and(|own| own.largest == 0) {
                let problem = "is 0: 1 underlying or more".to_owned();
                return Err(("stress.concentration.largest".to_owned(), problem));
            }
        }
        for (name, own) in &self.liquidity {
            at_least_zero(&format!("liquidity.{name}.half_spread"), own.half_spread)?;
            at_least_zero(&format!("liquidity.{name}.threshold"), own.threshold)?;
            at_least_zero(&format!("liquidity.{name}.rate"), own.rate)?;
        }
        Ok(())
    }

    /// The group in which an underlying offsets; one without an entry is a group of its own.
    pub fn group_of<'p>(&'p self, underlying: &'p str) -> &'p str {
        self.groups
            .get(underlying)
            .or_else(|| self.groups.get(DEFAULT))
            .map_or(underlying, String::as_str)
    }

    /// What closing out an underlying costs; `None` where no rule says.
    pub fn liquidity_of(&self, underlying: &str) -> Option<LiquidityParameters> {
        self.liquidity.get(underlying).or_else(|| self.liquidity.get(DEFAULT)).copied()
    }
}

impl MeasureParameters {
    /// The first set and those appended.
    pub fn specs(&self) -> impl Iterator<Item = &ScenarioSpec> {
        std::iter::once(&self.scenarios).chain(self.appended.iter().map(|own| &own.scenarios))
    }

    fn check(&self, stress: Option<&StressParameters>) -> Result<(), Fault> {
        let refuse = |key: &str, problem: &str| Err((key.to_owned(), problem.to_owned()));
        for (at, spec) in self.specs().enumerate() {
            let key = if at == 0 {
                "scenarios".to_owned()
            } else {
                format!("appended[{}].scenarios", at - 1)
            };
            spec.check().map_err(|error| (key.clone(), format!("cannot be used: {error}")))?;
            if matches!(spec, ScenarioSpec::Grid(_)) && !matches!(self.figure, Tail::Worst(_)) {
                let problem = "is a grid, whose points have no probability; read it with figure = { worst = 1 }";
                return refuse(&key, problem);
            }
        }
        self.check_shares()?;
        above_zero("scale", self.scale)?;
        at_least_zero("weight", self.weight)?;
        if self.figure == Tail::Worst(0) {
            return refuse("figure.worst", "is 0: 1 loss or more");
        }
        let fits = self.appended.is_empty() && over_the_margin_period(&self.scenarios);
        if self.samples == Samples::Interleaved && !fits {
            let problem = "is `interleaved`, which needs one set of overlapping moves over the margin period: bucketed, periods, or filtered or historical without sqrt_time";
            return refuse("samples", problem);
        }
        if let Some(own) = &self.correlation_break {
            own.check()?;
            if !self.appended.is_empty() {
                let problem =
                    "looks at sub-windows of one set, and there are appended ones; leave one out";
                return refuse("correlation_break", problem);
            }
        }
        let reordered = stress.is_some_and(|stress| !stress.dependence.is_empty());
        if reordered && (self.samples != Samples::Whole || self.correlation_break.is_some()) {
            let problem = "and `correlation_break` look at scenarios in the order of time, which stress.dependence undoes; leave one out";
            return refuse("samples", problem);
        }
        Ok(())
    }

    /// All of the appended sets have a share of the weight, or none has.
    fn check_shares(&self) -> Result<(), Fault> {
        let mut total = 0.0;
        for (at, own) in self.appended.iter().enumerate() {
            let key = format!("appended[{at}].share");
            match own.share {
                Some(_) if matches!(self.figure, Tail::Worst(_)) => {
                    let problem = "is a weight, and the worst scenarios have none; leave it out";
                    return Err((key, problem.to_owned()));
                }
                Some(share) => {
                    above_zero(&key, share)?;
                    total += share;
                }
                None if self.appended.iter().any(|other| other.share.is_some()) => {
                    return Err((key, "is missing: write it for all sets or for none".to_owned()));
                }
                None => {}
            }
        }
        if total < 1.0 {
            return Ok(());
        }
        let problem =
            format!("has shares of {total} together: below 1, the rest is that of `scenarios`");
        Err(("appended".to_owned(), problem))
    }
}

impl CorrelationBreak {
    fn check(&self) -> Result<(), Fault> {
        let key = |key: &str| format!("correlation_break.{key}");
        if self.window < 2 || self.step == 0 {
            let problem = format!(
                "is {} by steps of {}: 2 scenarios or more, steps of 1 or more",
                self.window, self.step
            );
            return Err((key("window"), problem));
        }
        at_least_zero(&key("share"), self.share)?;
        at_least_zero(&key("floor"), self.floor)?;
        if self.cap.is_finite() && self.cap >= self.floor {
            return Ok(());
        }
        let problem =
            format!("is {}: a share of the figure, not below `floor`, {}", self.cap, self.floor);
        Err((key("cap"), problem))
    }
}

impl Tail {
    /// The same figure at another level, where it has one.
    pub fn at(self, level: Option<Level>) -> Tail {
        match (self, level) {
            (Tail::Var(_), Some(level)) => Tail::Var(level),
            (Tail::Es(_), Some(level)) => Tail::Es(level),
            (own, _) => own,
        }
    }

    /// What a breakdown calls it.
    pub fn name(self) -> String {
        match self {
            Tail::Var(level) => format!("value at risk {level}"),
            Tail::Es(level) => format!("expected shortfall {level}"),
            Tail::Worst(1) => "worst scenario".to_owned(),
            Tail::Worst(count) => format!("mean of the {count} worst scenarios"),
        }
    }
}

fn over_the_margin_period(spec: &ScenarioSpec) -> bool {
    match spec {
        ScenarioSpec::Historical(own) => own.scaling == Scaling::Overlapping,
        ScenarioSpec::Filtered(own) => own.scaling == Scaling::Overlapping,
        ScenarioSpec::Bucketed(_) | ScenarioSpec::Periods(_) => true,
        _ => false,
    }
}

fn share(key: &str, value: f64) -> Result<(), Fault> {
    let problem = || format!("is {value}: a share between 0 and 1");
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err((key.to_owned(), problem())) }
}

fn at_least_zero(key: &str, value: f64) -> Result<(), Fault> {
    let fits = value.is_finite() && value >= 0.0;
    if fits { Ok(()) } else { Err((key.to_owned(), format!("is {value}: 0 or more"))) }
}

fn above_zero(key: &str, value: f64) -> Result<(), Fault> {
    let fits = value.is_finite() && value > 0.0;
    if fits { Ok(()) } else { Err((key.to_owned(), format!("is {value}: above 0"))) }
}
