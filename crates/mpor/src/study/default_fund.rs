//! `[default_fund]`: the fund that stands behind the margins, how it is sized and what is asked of it.

use mpor_backtest::default_fund::{Cover, FundRules};
use mpor_core::Span;
use mpor_risk::ScenarioSpec;
use serde::{Deserialize, Serialize};

use super::{StudyError, StudyFile, nearest};

/// A fund under some models of the study. Amounts in reporting currency; none has a default that stands for a house's own.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultFundSpec {
    /// Models behind whose margins it stands; all where absent.
    #[serde(default)]
    pub models: Vec<String>,
    /// What it must bear: `"one"`, `"two"` or `"emir"`.
    pub cover: Cover,
    /// Stress scenarios, one set or more, such as `[{ grid = { price = [-0.3, 0.3], vol = [0.5] } }]`; they move over the margin period.
    pub scenarios: Vec<ScenarioSpec>,
    /// The clearing house's own money, paid before the other members'.
    pub skin_in_the_game: f64,
    /// Time between reviews of its size.
    pub review: Span,
    /// How long a stress loss counts at a review; `0d` = the review's own date alone.
    #[serde(default)]
    pub look_back: Span,
    /// Share of the cover on top.
    #[serde(default)]
    pub buffer: f64,
    /// Smallest fund.
    #[serde(default)]
    pub minimum: f64,
    /// So many accounts default on one date at most, those that lose most beyond margin; all that do where absent.
    #[serde(default)]
    pub most_defaults: Option<usize>,
}

impl DefaultFundSpec {
    /// As the backtest takes it.
    pub(crate) fn rules(&self) -> FundRules {
        FundRules {
            cover: self.cover,
            buffer: self.buffer,
            minimum: self.minimum,
            skin_in_the_game: self.skin_in_the_game,
            review: self.review,
            look_back: self.look_back,
            most_defaults: self.most_defaults,
        }
    }

    /// The first key that is impossible, and what is wrong with it.
    fn fault(&self) -> Option<(&'static str, String)> {
        let amounts = [
            ("skin_in_the_game", self.skin_in_the_game),
            ("buffer", self.buffer),
            ("minimum", self.minimum),
        ];
        for (key, value) in amounts {
            if !(value >= 0.0 && value.is_finite()) {
                return Some((key, format!("`{key}` is {value}: 0 or more")));
            }
        }
        if self.review.0 <= 0 {
            return Some((
                "review",
                format!("`review` is {}: above 0, such as \"30d\"", self.review),
            ));
        }
        if self.look_back.0 < 0 {
            return Some(("look_back", format!("`look_back` is {}: 0d or more", self.look_back)));
        }
        if self.most_defaults == Some(0) {
            return Some(("most_defaults", "`most_defaults` is 0: 1 or more".to_owned()));
        }
        if self.scenarios.is_empty() {
            let problem =
                "`scenarios` is empty: a fund is sized on one set of stress scenarios or more";
            return Some(("scenarios", problem.to_owned()));
        }
        let fault = self.scenarios.iter().find_map(|spec| spec.check().err());
        fault.map(|error| ("scenarios", format!("`scenarios`: {error}")))
    }
}

impl StudyFile {
    pub(super) fn check_default_fund(&self) -> Result<(), StudyError> {
        let Some(spec) = &self.study.default_fund else { return Ok(()) };
        if let Some((key, problem)) = spec.fault() {
            return Err(self.error_at(&["default_fund", key], problem));
        }
        let names = self.study.model.iter().filter_map(|table| table.get("name")?.as_str());
        let unknown = |name: &&String| !names.clone().any(|known| known == *name);
        match spec.models.iter().find(unknown) {
            None => Ok(()),
            Some(name) => {
                let problem = format!("no model `{name}`; {}", nearest(name, names.clone()));
                Err(self.error_at(&["default_fund", "models"], problem))
            }
        }
    }
}
