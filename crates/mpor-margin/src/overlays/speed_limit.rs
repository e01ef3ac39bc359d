//! A bound on how fast the requirement may rise.
//!
//! ```text
//! M'[t] = min( M[t], limit M'[t - steps] )
//! ```
//!
//! with `M'` what was required of the account in the end. Source: a procyclicality tool of clearing houses beside those of
//! Delegated Regulation (EU) 153/2013, Art. 28; the form is that of [`super::path`].
//! Free for the first `steps` dates, and where nothing was required before. It makes calls small and breaches likely: while it binds, the
//! requirement is below what the model asks for. It does not know that a book has grown.

use serde::Deserialize;
use toml::Table;

use super::{OverlayInfo, on_both_levels, path};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, Memory, Overlay};
use crate::parse;
use crate::rules::RuleLibrary;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "speed_limit",
    summary: "the requirement may be at most a multiple of what was required some steps before",
    parameters: &[
        Parameter::optional("steps", "5", "margin dates between the two, at least 1"),
        Parameter::optional("limit", "1.5", "largest ratio, at least 1"),
    ],
    build,
};

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpeedLimit {
    #[serde(default = "week")]
    steps: usize,
    #[serde(default = "half_more")]
    limit: f64,
}

fn week() -> usize {
    5
}

fn half_more() -> f64 {
    1.5
}

fn build(
    model: &str,
    table: Table,
    _library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let limit: SpeedLimit = parse::parameters(model, "speed_limit", table)?;
    if limit.steps == 0 {
        return Err(parse::refuse(model, "speed_limit.steps", "is 0: at least 1 step"));
    }
    parse::within(
        model,
        "speed_limit.limit",
        limit.limit,
        (1.0, f64::MAX),
        "a ratio of 1 or more",
    )?;
    Ok(Box::new(limit))
}

impl Overlay for SpeedLimit {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        _memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let earlier = past.required.len().checked_sub(self.steps);
        let Some(before) = earlier.map(|at| past.required[at]).filter(|&before| before > 0.0)
        else {
            return Ok(report);
        };
        let allowed = path::limited(f64::INFINITY, Some(before), self.limit);
        Ok(on_both_levels(report, "speed limit", |requirement| {
            Component::min("speed limit", vec![requirement, Component::leaf("allowed", allowed)])
        }))
    }
}
