//! A buffer on top of the requirement, given back when the requirement is high.
//!
//! ```text
//! max( min((1 + share) M, release), M )
//! ```
//!
//! Source: Delegated Regulation (EU) 153/2013, Art. 28(1)(a): at least 25 % that may be drawn when margins rise
//! significantly. The release level is an amount, so it suits accounts of one size. Says nothing about how the buffer is filled again:
//! here it returns as the requirement falls.

use serde::Deserialize;
use toml::Table;

use super::{OverlayInfo, path};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, Overlay};
use crate::parse;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "buffer",
    summary: "a share on top of the requirement, drawn down above a release level",
    parameters: &[
        Parameter::optional("share", "0.25", "share of the requirement, 0 or more"),
        Parameter::optional("release", "never", "amount above which the buffer is given back"),
    ],
    build,
};

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Buffer {
    #[serde(default = "quarter")]
    share: f64,
    release: Option<f64>,
}

fn quarter() -> f64 {
    0.25
}

fn build(model: &str, table: Table) -> Result<Box<dyn Overlay>, MarginError> {
    let buffer: Buffer = parse::parameters(model, "buffer", table)?;
    let expected = "a share of 0 or more, such as 0.25";
    parse::within(model, "buffer.share", buffer.share, (0.0, f64::MAX), expected)?;
    if let Some(release) = buffer.release {
        let expected = "an amount above zero; leave it out to hold the buffer always";
        parse::within(model, "buffer.release", release, (f64::MIN_POSITIVE, f64::MAX), expected)?;
    }
    Ok(Box::new(buffer))
}

impl Buffer {
    fn add(&self, requirement: Component) -> Component {
        let m = requirement.amount();
        let buffer = path::buffered(m, self.share, self.release) - m;
        Component::sum("with buffer", vec![requirement, Component::leaf("buffer", buffer)])
    }
}

impl Overlay for Buffer {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        _past: &AccountPast<'_>,
    ) -> Result<MarginReport, MarginError> {
        let (initial, maintenance) = (self.add(report.initial), self.add(report.maintenance));
        Ok(MarginReport { initial, maintenance, ..report })
    }
}
