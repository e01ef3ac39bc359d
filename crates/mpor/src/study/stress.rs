//! `[stress]`: which moves a book is put through on one margin date, and what is asked of them. Every key has a default, so a
//! study without the table can be stressed too.

use mpor_core::{Level, Span, Timestamp};
use mpor_risk::stress::{Episode, Hypothetical};
use mpor_risk::{ScenarioSpec, SmileDynamics};
use serde::{Deserialize, Serialize};

use super::{StudyError, StudyFile, nearest};

/// What `mpor stress` does.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StressSpec {
    /// Margin date; the last one where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// One account only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Level of VaR and ES; `backtest.level` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Moves of the recent window, and of those that the worst is searched among; a year of them where absent, or half the
    /// history where that is shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// Ids of episodes; all that lie in the known history where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episodes: Option<Vec<String>>,
    /// Episodes of the study's own, beside the shipped ones.
    pub episode: Vec<Episode>,
    /// Moves that somebody wrote down; instantaneous.
    pub scenario: Vec<Hypothetical>,
    /// What the smile does in those and in the ladders.
    pub smile: SmileDynamics,
    /// One factor in steps, all others at rest.
    pub ladders: Ladders,
    /// The search for the smallest move that exhausts a requirement.
    pub reverse: ReverseSpec,
    /// Matrices that are compared, and broken.
    pub correlation: CorrelationSpec,
    /// Scenarios whose VaR and ES are split by position; the recent window where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contributions: Option<ScenarioSpec>,
    /// The hedge that is looked for; perpetuals against the first model's requirement where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hedge: Option<HedgeSpec>,
}

/// Steps of each ladder; an empty list is none.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ladders {
    /// Relative moves of spot.
    pub spot: Vec<f64>,
    /// Relative moves of every volatility.
    pub vol: Vec<f64>,
    /// Absolute moves of carry, per year.
    pub carry: Vec<f64>,
    /// Time that passes.
    pub time: Vec<Span>,
}

/// How the nearest move is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReverseSpec {
    /// One-step moves behind the covariance; those of the recent window where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// Directions beside the axes and the gradient.
    pub directions: usize,
    /// Distances looked at along each direction.
    pub rings: usize,
    /// Farthest distance looked at, in joint standard deviations.
    pub farthest: f64,
}

/// Which correlations are compared.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorrelationSpec {
    /// One-step moves of the calm and the stressed stretch where they are found by search; a third of a year where absent,
    /// or a quarter of the history where that is shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// How correlations are estimated.
    pub estimator: Estimator,
    /// Decay of `ewma`, and of the volatilities behind `dcc`.
    pub decay: f64,
    /// The calm stretch; the calmest where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calm: Option<Stretch>,
    /// The stressed stretch; the wildest where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stressed: Option<Stretch>,
    /// What correlations are broken to.
    pub breaks: Vec<BreakSpec>,
    /// Paths behind the VaR under each matrix.
    pub paths: usize,
}

/// How correlations are estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Estimator {
    /// Those of the stretch.
    #[default]
    Sample,
    /// Those of the stretch, shrunk towards their mean (Ledoit and Wolf): for many factors and few moves.
    Shrunk,
    /// Ranks of the stretch (Spearman).
    Spearman,
    /// Exponentially weighted, at the end of the stretch.
    Ewma,
    /// Dynamic conditional correlation, at the end of the stretch.
    Dcc,
}

/// A stretch of history.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "write { episode = \"pandemic-2020\" }, or { from = \"2020-02-20\", to = \"2020-03-23\" }"
)]
pub enum Stretch {
    /// An episode by its id.
    Episode(ByEpisode),
    /// Its first and last day.
    Days(ByDays),
}

/// An episode by its id.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ByEpisode {
    /// The id.
    pub episode: String,
}

/// First and last day, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ByDays {
    /// First.
    pub from: Timestamp,
    /// Last.
    pub to: Timestamp,
}

/// A correlation break.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BreakSpec {
    /// Name for people.
    pub name: String,
    /// The correlation that all pairs go to, -1 to 1; that of the stressed stretch where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// How far they go: 0 not at all, 1 all the way.
    #[serde(default = "all_the_way")]
    pub strength: f64,
    /// Only pairs of these factors, such as `BTC spot`; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<Vec<String>>,
}

/// What a hedge is made of and what it minimises.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct HedgeSpec {
    /// The `[[model]]` whose initial margin is minimised; the first where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The instrument of each underlying.
    pub with: HedgeWith,
    /// For futures that nobody holds: time to expiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenor: Option<Span>,
}

/// A hedging instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HedgeWith {
    /// The perpetual.
    #[default]
    Perpetual,
    /// A dated future.
    Future,
    /// The underlying itself.
    Spot,
}

impl Default for Ladders {
    fn default() -> Self {
        Ladders {
            spot: vec![-0.5, -0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.3, 0.5],
            vol: vec![-0.5, -0.25, 0.0, 0.25, 0.5, 1.0],
            carry: Vec::new(),
            time: [1, 2, 7, 14, 30].map(Span::days).to_vec(),
        }
    }
}

impl Default for ReverseSpec {
    fn default() -> Self {
        ReverseSpec { window: None, directions: 64, rings: 40, farthest: 10.0 }
    }
}

impl Default for CorrelationSpec {
    fn default() -> Self {
        let named = |name: &str, to, strength| BreakSpec {
            name: name.to_owned(),
            to: Some(to),
            strength,
            among: None,
        };
        CorrelationSpec {
            window: None,
            estimator: Estimator::default(),
            decay: 0.94,
            calm: None,
            stressed: None,
            breaks: vec![named("half way to one", 1.0, 0.5), named("lost", 0.0, 1.0)],
            paths: 4096,
        }
    }
}

impl HedgeWith {
    /// As a study writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HedgeWith::Perpetual => "perpetual",
            HedgeWith::Future => "future",
            HedgeWith::Spot => "spot",
        }
    }
}

impl StudyFile {
    /// Checks `[stress]`, where there is one; dates and accounts are looked for when the data is read.
    pub(super) fn check_stress(&self) -> Result<(), StudyError> {
        let Some(spec) = &self.study.stress else { return Ok(()) };
        let refuse = |path: &[&str], problem: String| {
            Err(self.error_at(&[&["stress"], path].concat(), problem))
        };
        if spec.window.is_some_and(|window| window < 2) {
            return refuse(&["window"], "a window holds at least 2 moves".to_owned());
        }
        let Ladders { spot, vol, carry, time } = &spec.ladders;
        for (key, steps) in [("spot", spot), ("vol", vol)] {
            if let Some(step) = steps.iter().find(|step| !(**step > -1.0 && step.is_finite())) {
                let problem = format!("{step}: a relative move is above -1, such as -0.5");
                return refuse(&["ladders", key], problem);
            }
        }
        if let Some(step) = carry.iter().find(|step| !step.is_finite()) {
            return refuse(&["ladders", "carry"], format!("{step} is no move of a yearly rate"));
        }
        if let Some(step) = time.iter().find(|step| **step < Span(0)) {
            return refuse(&["ladders", "time"], format!("{step}: time goes forward"));
        }
        self.check_reverse(&spec.reverse)?;
        self.check_correlation(&spec.correlation)?;
        let names: Vec<&str> =
            self.study.model.iter().filter_map(|table| table.get("name")?.as_str()).collect();
        let hedged = spec.hedge.as_ref().and_then(|hedge| hedge.model.as_deref());
        if let Some(model) = hedged.filter(|model| !names.contains(model)) {
            let hint = nearest(model, names.iter().copied());
            return refuse(&["hedge", "model"], format!("no model `{model}`; {hint}"));
        }
        Ok(())
    }

    fn check_reverse(&self, spec: &ReverseSpec) -> Result<(), StudyError> {
        let at =
            |key: &str, problem: &str| Err(self.error_at(&["stress", "reverse", key], problem));
        if !(spec.farthest > 0.0 && spec.farthest <= 100.0) {
            return at("farthest", "write above 0 and at most 100 standard deviations");
        }
        if !(1..=10_000).contains(&spec.rings) {
            return at("rings", "write 1 to 10000 distances");
        }
        if spec.directions > 100_000 {
            return at("directions", "write at most 100000 directions");
        }
        if spec.window.is_some_and(|window| window < 2) {
            return at("window", "a covariance needs at least 2 moves");
        }
        Ok(())
    }

    fn check_correlation(&self, spec: &CorrelationSpec) -> Result<(), StudyError> {
        let at = |key: &str, problem: String| {
            Err(self.error_at(&["stress", "correlation", key], problem))
        };
        if !(spec.decay > 0.0 && spec.decay < 1.0) {
            return at("decay", format!("{}: write between 0 and 1, such as 0.94", spec.decay));
        }
        if !(256..=1_000_000).contains(&spec.paths) {
            return at("paths", format!("{}: write 256 to 1000000 paths", spec.paths));
        }
        if spec.window.is_some_and(|window| window < 3) {
            return at("window", "a correlation needs at least 3 moves".to_owned());
        }
        for one in &spec.breaks {
            let name = &one.name;
            if one.to.is_some_and(|to| !(-1.0..=1.0).contains(&to)) {
                return at("breaks", format!("`{name}`: `to` is a correlation, -1 to 1"));
            }
            if !(0.0..=1.0).contains(&one.strength) {
                return at("breaks", format!("`{name}`: `strength` is from 0 to 1"));
            }
        }
        Ok(())
    }
}

fn all_the_way() -> f64 {
    1.0
}
