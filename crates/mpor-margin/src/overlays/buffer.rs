//! A buffer on top of the requirement, given back when the requirement is high or rises fast.
//!
//! ```text
//! max( min((1 + share) M, release), M )             release level
//! M (1 + share x part held)                         release rule, see below
//! ```
//!
//! Source: Delegated Regulation (EU) 153/2013, Art. 28(1)(a): at least 25 % that may be drawn when margins rise
//! significantly. A release level is an amount, so it suits accounts of one size, and the buffer returns as the requirement
//! falls. A release rule (`released`) looks at the account's own past: it says when the buffer is released, how long it
//! stays so and how it fills again, and the breakdown names its state on each date.

use serde::Deserialize;
use toml::Table;

use super::release::Release;
use super::{OverlayInfo, added, path};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, Memory, Overlay};
use crate::parse;
use crate::rules::RuleLibrary;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "buffer",
    summary: "a share on top of the requirement, drawn down above a release level or while the requirement rises",
    parameters: &[
        Parameter::optional("share", "0.25", "share of the requirement, 0 or more"),
        Parameter::optional("release", "never", "amount above which the buffer is given back"),
        Parameter::optional(
            "released",
            "never",
            "{ rise, steps = 5, hold = 5, rebuild = 60 }: released when the requirement is above rise times that of some dates before, held so, then filled again",
        ),
    ],
    build,
};

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Buffer {
    #[serde(default = "quarter")]
    share: f64,
    release: Option<f64>,
    released: Option<Release>,
}

fn quarter() -> f64 {
    0.25
}

fn build(
    model: &str,
    table: Table,
    _library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let buffer: Buffer = parse::parameters(model, "buffer", table)?;
    let expected = "a share of 0 or more, such as 0.25";
    parse::within(model, "buffer.share", buffer.share, (0.0, f64::MAX), expected)?;
    if let Some(release) = buffer.release {
        let expected = "an amount above zero; leave it out to hold the buffer always";
        parse::within(model, "buffer.release", release, (f64::MIN_POSITIVE, f64::MAX), expected)?;
    }
    let Some(released) = buffer.released else { return Ok(Box::new(buffer)) };
    if buffer.release.is_some() {
        let problem = "and `buffer.release` are two rules for one buffer: write one of them";
        return Err(parse::refuse(model, "buffer.released", problem));
    }
    let expected = "a ratio of 1 or more, such as 1.2";
    parse::within(model, "buffer.released.rise", released.rise, (1.0, f64::MAX), expected)?;
    for (key, steps) in [("steps", released.steps), ("rebuild", released.rebuild)] {
        if steps == 0 {
            let key = format!("buffer.released.{key}");
            return Err(parse::refuse(model, key, "is 0: at least 1 step"));
        }
    }
    Ok(Box::new(buffer))
}

impl Buffer {
    fn add(&self, requirement: Component) -> Component {
        let m = requirement.amount();
        let buffer = path::buffered(m, self.share, self.release) - m;
        added(requirement, Component::leaf("buffer", buffer))
    }
}

impl Overlay for Buffer {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let Some(rule) = self.released else {
            let (initial, maintenance) = (self.add(report.initial), self.add(report.maintenance));
            return Ok(MarginReport { initial, maintenance, ..report });
        };
        let held = rule.held(self.share, past.entering, report.initial.amount(), memory);
        let name = match held.part {
            _ if rule.released(held) => "buffer, released",
            1.0.. => "buffer",
            _ => "buffer, filling",
        };
        let add = |requirement: Component| {
            let buffer = self.share * held.part * requirement.amount();
            added(requirement, Component::leaf(name, buffer))
        };
        let (initial, maintenance) = (add(report.initial), add(report.maintenance));
        Ok(MarginReport { initial, maintenance, ..report })
    }
}
