//! `[calibrate]`: which keys of a model are chosen, over which values, and what counts as good.

use std::collections::BTreeMap;

use mpor_core::Level;
use serde::{Deserialize, Serialize};
use toml::Value;

use super::{StudyError, StudyFile, nearest};

/// Most points of a grid, and most points drawn.
const MOST_POINTS: usize = 20_000;
/// Most values of one parameter.
const MOST_VALUES: usize = 1_000;

/// What `mpor calibrate` chooses.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrateSpec {
    /// Name of the `[[model]]` whose keys are varied.
    pub model: String,
    /// Values by key; a dotted key leads into tables and lists, such as `overlays.0.buffer.share`.
    pub parameters: BTreeMap<String, RangeSpec>,
    /// Which points are tried.
    #[serde(default)]
    pub search: Search,
    /// Test blocks of the walk-forward record.
    #[serde(default = "four")]
    pub folds: usize,
    /// Pooled coverage that a point must reach; `backtest.level` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Level>,
    /// Worst overlap-aware zone that any account may be in.
    #[serde(default)]
    pub zone: WorstZone,
    /// What is minimised among the points that cover.
    #[serde(default)]
    pub objective: Objective,
    /// Resampling of the margin dates for the regions of the frontier.
    #[serde(default)]
    pub bootstrap: Bootstrap,
}

/// The values of one parameter: a list, or `steps` of them from one end to the other.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RangeSpec {
    /// First value.
    pub from: Option<Number>,
    /// Last value.
    pub to: Option<Number>,
    /// Number of values, both ends included.
    pub steps: Option<usize>,
    /// Whether neighbours have one ratio and not one distance.
    pub log: bool,
    /// The values themselves, rising.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Number>>,
}

/// A number as it is written: a window stays whole.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged, expecting = "write a number")]
pub enum Number {
    /// Whole.
    Whole(i64),
    /// Any other.
    Real(f64),
}

/// Which points of the grid are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Search {
    /// All.
    #[default]
    Grid,
    /// Some, drawn without repetition.
    #[serde(rename = "random")]
    Random(Drawn),
    /// Some at first on few margin dates, the better ones on more.
    #[serde(rename = "halving")]
    Halving(Halving),
}

/// How many points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// Points.
    pub points: usize,
}

/// Successive halving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Halving {
    /// Points of the first rung, drawn without repetition.
    pub points: usize,
    /// One of this many stays at each rung.
    #[serde(default = "two")]
    pub keep: usize,
}

/// The worst zone that an account may be in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WorstZone {
    /// Green.
    Green,
    /// Yellow.
    #[default]
    Yellow,
}

/// Weights of what is minimised; both are shares of gross notional.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// Of the mean requirement.
    pub cost: f64,
    /// Of the largest rise within five steps.
    pub calm: f64,
}

/// The stationary block bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bootstrap {
    /// Resampled records.
    pub draws: usize,
    /// Mean length of a block in steps, at least the MPOR; ten or the MPOR, whichever is longer, where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<usize>,
}

/// One parameter and the values that it takes, rising.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Dotted key inside the model.
    pub key: String,
    /// Values.
    pub values: Vec<Number>,
}

impl Number {
    /// The value.
    #[must_use]
    pub fn get(self) -> f64 {
        match self {
            Number::Whole(value) => value as f64,
            Number::Real(value) => value,
        }
    }

    /// As it is written into a model.
    #[must_use]
    pub fn toml(self) -> Value {
        match self {
            Number::Whole(value) => Value::Integer(value),
            Number::Real(value) => Value::Float(value),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Whole(value) => write!(f, "{value}"),
            Number::Real(value) => write!(f, "{value}"),
        }
    }
}

impl Default for Objective {
    fn default() -> Self {
        Objective { cost: 1.0, calm: 0.25 }
    }
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap { draws: 1000, block: None }
    }
}

impl RangeSpec {
    /// The values, rising; or which key is at fault (empty for the range as a whole) and why.
    fn values(&self) -> Result<Vec<Number>, (&'static str, String)> {
        let values = match (&self.values, self.from, self.to, self.steps) {
            (Some(values), None, None, None) if !self.log => values.clone(),
            (None, Some(from), Some(to), Some(steps)) => spread(from, to, steps, self.log)?,
            _ => {
                let problem =
                    "is { from, to, steps } with log = true where wanted, or { values = [..] }";
                return Err(("", problem.to_owned()));
            }
        };
        if values.is_empty() {
            return Err(("values", "is empty: write the values to try".to_owned()));
        }
        if values.len() > MOST_VALUES {
            return Err((
                "",
                format!("has {} values; at most {MOST_VALUES} are tried", values.len()),
            ));
        }
        if values.iter().any(|value| !value.get().is_finite()) {
            return Err(("", "holds a number that is not finite".to_owned()));
        }
        match values.windows(2).find(|pair| pair[0].get() >= pair[1].get()) {
            None => Ok(values),
            Some(pair) => {
                let problem = format!("must rise, and {} comes before {}", pair[0], pair[1]);
                Err(("values", problem))
            }
        }
    }
}

/// `steps` values from one end to the other, whole where both ends are.
fn spread(
    from: Number,
    to: Number,
    steps: usize,
    log: bool,
) -> Result<Vec<Number>, (&'static str, String)> {
    let (low, high) = (from.get(), to.get());
    if low >= high || low.is_nan() || high.is_nan() {
        return Err(("to", format!("the range is empty: `to` {high} is not above `from` {low}")));
    }
    if !(2..=MOST_VALUES).contains(&steps) {
        let problem = format!("a range has 2 to {MOST_VALUES} values, and `steps` is {steps}");
        return Err(("steps", problem));
    }
    if log && low <= 0.0 {
        return Err((
            "from",
            format!("a logarithmic range starts above zero, and `from` is {low}"),
        ));
    }
    let whole = matches!((from, to), (Number::Whole(_), Number::Whole(_)));
    let at = |step: usize| {
        let share = step as f64 / (steps - 1) as f64;
        let value = match log {
            true => libm::exp(libm::log(low) + share * (libm::log(high) - libm::log(low))),
            false => low + share * (high - low),
        };
        if whole { Number::Whole(value.round() as i64) } else { Number::Real(short(value)) }
    };
    let mut values: Vec<Number> = (0..steps).map(at).collect();
    values.dedup();
    Ok(values)
}

/// The value to twelve digits: 0.15 and not 0.15000000000000002.
fn short(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

impl StudyFile {
    /// The table `[calibrate]`.
    ///
    /// # Errors
    /// [`StudyError`] for a study without one.
    pub fn calibrate_spec(&self) -> Result<&CalibrateSpec, StudyError> {
        self.study.calibrate.as_ref().ok_or_else(|| {
            let problem = "the study has no `[calibrate]` table: write one with `model` = the name of a `[[model]]` and \
                           `parameters`, such as price_range = { from = 0.05, to = 0.2, steps = 16 }";
            self.error_at(&["name"], problem)
        })
    }

    /// The parameters with their values, in the order of their keys.
    ///
    /// # Errors
    /// [`StudyError`] at the range that is empty or unclear.
    pub fn axes(&self) -> Result<Vec<Axis>, StudyError> {
        let spec = self.calibrate_spec()?;
        let axis = |(key, range): (&String, &RangeSpec)| {
            let values = range.values().map_err(|(part, problem)| {
                let path = ["calibrate", "parameters", key, part];
                let path = if part.is_empty() { &path[..3] } else { &path[..] };
                self.error_at(path, format!("parameter `{key}`: {problem}"))
            })?;
            Ok(Axis { key: key.clone(), values })
        };
        spec.parameters.iter().map(axis).collect()
    }

    /// Checks `[calibrate]`, where there is one; whether the model has the keys is found when it is built.
    pub(super) fn check_calibrate(&self) -> Result<(), StudyError> {
        let Some(spec) = &self.study.calibrate else { return Ok(()) };
        let refuse = |path: &[&str], problem: String| {
            Err(self.error_at(&[&["calibrate"], path].concat(), problem))
        };
        let names: Vec<&str> = self.model_names().collect();
        if !names.contains(&spec.model.as_str()) {
            let hint = nearest(&spec.model, names.iter().copied());
            return refuse(&["model"], format!("no model `{}`; {hint}", spec.model));
        }
        if spec.parameters.is_empty() {
            return refuse(&["parameters"], "no parameter is named: nothing to choose".to_owned());
        }
        if !(1..=100).contains(&spec.folds) {
            return refuse(
                &["folds"],
                format!("folds = {}; write 1 to 100 test blocks", spec.folds),
            );
        }
        let Objective { cost, calm } = spec.objective;
        if !(cost >= 0.0 && calm >= 0.0 && cost + calm > 0.0 && (cost + calm).is_finite()) {
            let problem = format!(
                "weights are zero or more and not both zero; found cost = {cost}, calm = {calm}"
            );
            return refuse(&["objective"], problem);
        }
        if !(100..=100_000).contains(&spec.bootstrap.draws) {
            let problem = format!("draws = {}; write 100 to 100000", spec.bootstrap.draws);
            return refuse(&["bootstrap", "draws"], problem);
        }
        self.check_search(spec)
    }

    fn check_search(&self, spec: &CalibrateSpec) -> Result<(), StudyError> {
        let axes = self.axes()?;
        let size = axes.iter().try_fold(1_usize, |size, axis| size.checked_mul(axis.values.len()));
        let (points, keep) = match spec.search {
            Search::Grid => (size.unwrap_or(usize::MAX), 2),
            Search::Random(drawn) => (drawn.points, 2),
            Search::Halving(halving) => (halving.points, halving.keep),
        };
        let at = ["calibrate", "search"];
        if !(1..=MOST_POINTS).contains(&points) {
            let problem = format!(
                "{points} points are to be tried; 1 to {MOST_POINTS} can be: fewer steps, or search = {{ random = {{ points = 200 }} }}"
            );
            return Err(self.error_at(&at, problem));
        }
        if !(2..=16).contains(&keep) {
            let problem = format!("keep = {keep}: one of 2 to 16 points stays at each rung");
            return Err(self.error_at(&at, problem));
        }
        Ok(())
    }

    fn model_names(&self) -> impl Iterator<Item = &str> {
        self.study.model.iter().filter_map(|table| table.get("name")?.as_str())
    }
}

fn four() -> usize {
    4
}

fn two() -> usize {
    2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let range: RangeSpec = toml::from_str(text).unwrap();
        range.values().unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn ranges_are_spread_evenly_or_by_ratio_and_stay_whole() {
        let even = values("from = 0.1\nto = 0.4\nsteps = 4");
        assert_eq!(even, ["0.1", "0.2", "0.3", "0.4"]);
        let windows = values("from = 125\nto = 1000\nsteps = 4\nlog = true");
        assert_eq!(windows, ["125", "250", "500", "1000"]);
        let few = values("from = 1\nto = 3\nsteps = 9");
        assert_eq!(few, ["1", "2", "3"]);
        assert_eq!(values("values = [0, 0.5]"), ["0", "0.5"]);
    }
}
