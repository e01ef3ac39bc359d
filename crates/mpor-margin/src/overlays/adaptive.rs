//! A multiplier that follows the target coverage: quantile tracking, and conformal PID control.
//!
//! With `alpha = 1 - coverage`, and for every margin date `s` whose outcome is known `score = loss / requirement before this
//! overlay` and `err = 1` where the loss was above the requirement after it, else 0:
//!
//! ```text
//! P   q[n+1] = q[n] + rate (err[n] - alpha),  held in [least, most];  q[1] = start
//! I   r[n]   = gain tan( E ln(n) / (n saturation) ),  E = sum of err - alpha over the n outcomes;
//!              without bound where the angle leaves (-pi/2, pi/2)
//! D   g[n]   = an exponentially weighted mean of the scores (the scorecaster)
//! multiplier = clamp( q + r + g, least, most )
//! ```
//!
//! Source: Angelopoulos, Candes and Tibshirani (2023), "Conformal PID Control for Time Series Prediction", NeurIPS 36:
//! quantile tracking, error integration with its tangent saturation function, and scorecasting; their forecast is any, here a mean.
//! Their proposition 1: for scores in [0, b] the tracker's breaches are within `(b + rate) / (rate n)` of alpha on **any**
//! series. An outcome is learnt only when its margin period of `h` dates is over, which widens the bound to
//! `(b + h rate) / (rate n)`; holding `q` at `least` can only lower the breaches, and `most` does not bind below `b`.
//! Long-run coverage says nothing about when breaches come: the multiplier rises after them. Dates without a requirement
//! or an outcome teach nothing.

use std::f64::consts::FRAC_PI_2;

use mpor_core::Level;
use serde::Deserialize;
use toml::Table;

use super::{OverlayInfo, multiplied, on_both};
use crate::catalog::Parameter;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, Memory, Overlay};
use crate::parse;
use crate::rules::RuleLibrary;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "adaptive",
    summary: "a multiplier that follows a target coverage: quantile tracking, conformal PID control",
    parameters: &[
        Parameter::required("coverage", "target coverage, such as 0.99"),
        Parameter::optional(
            "rate",
            "0.05",
            "step of the quantile tracker, multiples of the requirement",
        ),
        Parameter::optional(
            "integral",
            "none",
            "{ gain, saturation }: error integration, multiples of the requirement and of the error",
        ),
        Parameter::optional("scorecast", "none", "decay of the mean of scores, 0 to below 1"),
        Parameter::optional("start", "1", "first value of the tracker"),
        Parameter::optional("least", "0", "smallest multiplier"),
        Parameter::optional("most", "10", "largest multiplier"),
    ],
    build,
};

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Adaptive {
    coverage: Level,
    #[serde(default = "twentieth")]
    rate: f64,
    integral: Option<Integral>,
    scorecast: Option<f64>,
    #[serde(default = "one")]
    start: f64,
    #[serde(default)]
    least: f64,
    #[serde(default = "ten")]
    most: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Integral {
    gain: f64,
    saturation: f64,
}

/// The controller after some outcomes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    tracker: f64,
    /// Sum of errors less the promised ones.
    error: f64,
    forecast: f64,
    /// Outcomes that taught something.
    count: f64,
}

fn twentieth() -> f64 {
    0.05
}

fn one() -> f64 {
    1.0
}

fn ten() -> f64 {
    10.0
}

fn build(
    model: &str,
    table: Table,
    _library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let rule: Adaptive = parse::parameters(model, "adaptive", table)?;
    parse::within(model, "adaptive.rate", rule.rate, (0.0, f64::MAX), "zero or more")?;
    if let Some(Integral { gain, saturation }) = rule.integral {
        parse::within(model, "adaptive.integral.gain", gain, (0.0, f64::MAX), "zero or more")?;
        let (key, above) = ("adaptive.integral.saturation", (f64::MIN_POSITIVE, f64::MAX));
        parse::within(model, key, saturation, above, "above zero, such as 5")?;
    }
    if let Some(decay) = rule.scorecast.filter(|decay| !(0.0..1.0).contains(decay)) {
        let problem = format!("is {decay}: zero or more and below 1, such as 0.97");
        return Err(parse::refuse(model, "adaptive.scorecast", problem));
    }
    parse::within(model, "adaptive.least", rule.least, (0.0, f64::MAX), "zero or more")?;
    parse::within(model, "adaptive.most", rule.most, (rule.least, f64::MAX), "`least` or more")?;
    let expected = "between `least` and `most`";
    parse::within(model, "adaptive.start", rule.start, (rule.least, rule.most), expected)?;
    Ok(Box::new(rule))
}

impl Adaptive {
    /// The controller after the outcomes known so far.
    fn state(&self, past: &AccountPast<'_>, memory: &mut Memory) -> State {
        let mut state = match memory.values[..] {
            [tracker, error, forecast, count] => State { tracker, error, forecast, count },
            _ => State { tracker: self.start, error: 0.0, forecast: 0.0, count: 0.0 },
        };
        for at in memory.seen..past.losses.len() {
            let before = past.entering[at];
            if let Some(loss) = past.losses[at].filter(|_| before > 0.0) {
                self.learn(&mut state, loss / before, loss > past.leaving[at]);
            }
        }
        let State { tracker, error, forecast, count } = state;
        *memory = Memory { seen: past.losses.len(), values: vec![tracker, error, forecast, count] };
        state
    }

    fn learn(&self, state: &mut State, score: f64, breached: bool) {
        let error = f64::from(u8::from(breached)) - self.coverage.tail();
        state.tracker = (state.tracker + self.rate * error).clamp(self.least, self.most);
        state.error += error;
        state.count += 1.0;
        if let Some(decay) = self.scorecast {
            let first = state.count == 1.0;
            state.forecast =
                if first { score } else { decay * state.forecast + (1.0 - decay) * score };
        }
    }

    fn multiplier(&self, state: State) -> f64 {
        let integrated = self.integral.map_or(0.0, |integral| integral.of(state));
        (state.tracker + integrated + state.forecast).clamp(self.least, self.most)
    }
}

impl Integral {
    fn of(self, state: State) -> f64 {
        if state.count < 1.0 || self.gain == 0.0 {
            return 0.0;
        }
        let angle = state.error * libm::log(state.count) / (state.count * self.saturation);
        if angle.abs() < FRAC_PI_2 {
            self.gain * libm::tan(angle)
        } else {
            f64::INFINITY.copysign(angle)
        }
    }
}

impl Overlay for Adaptive {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let share = self.multiplier(self.state(past, memory)) - 1.0;
        Ok(on_both(report, |requirement| multiplied(requirement, INFO.id, share)))
    }
}
