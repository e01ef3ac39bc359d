//! Why a requirement held or broke: one account on one margin date of a run, under every model.

use std::path::Path;

use mpor_backtest::explain::UnitCauses;
use mpor_backtest::{Cause, UnitPnl};
use mpor_core::{LossConvention, Timestamp};
use serde::Serialize;

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::manifest::Manifest;
use crate::margin_at::{Asked, margin_at};
use crate::moment::{Moment, account};
use crate::study::StudyFile;

/// One account on one margin date, with what then happened.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// What each model asked, with its breakdown.
    pub asked: Vec<Asked>,
    /// Realised loss at `t + MPOR`; `None` when the MPOR is not over.
    pub horizon_loss: Option<f64>,
    /// Worst loss at any step of the MPOR.
    pub worst_loss: Option<f64>,
    /// P&L by cause over the study's convention, gain positive; adds up to the realised P&L.
    pub causes: Vec<(String, f64)>,
    /// P&L by position, gain positive, over the same steps.
    pub positions: Vec<(String, f64, f64)>,
}

/// Explains one account and margin date of a finished run.
///
/// # Errors
/// [`MporError`] for a folder without a run, a time that is no margin date, or an unknown account.
pub fn explain(
    run_folder: &Path,
    name: &str,
    time: Timestamp,
) -> Result<(StudyFile, Explanation), MporError> {
    let manifest = Manifest::read(run_folder)?;
    let file = StudyFile::read(&run_folder.join(&manifest.study_file))?;
    let loaded = Loaded::new(&file)?;
    let time = loaded.margin_date(time)?;
    let explanation = explain_in(&file, &loaded, name, time)?;
    Ok((file, explanation))
}

/// Explains one account and margin date of a loaded study.
///
/// # Errors
/// As [`explain`].
pub fn explain_in(
    file: &StudyFile,
    loaded: &Loaded,
    name: &str,
    time: Timestamp,
) -> Result<Explanation, MporError> {
    let asked = margin_at(file, loaded, time, Some(name))?;
    let moment = Moment::at(loaded, time)?;
    let portfolio = moment.portfolio(account(loaded, name)?);
    let history = loaded.history();
    let last = moment.step + loaded.horizon.steps();
    if last >= history.panel.times().len() {
        let (horizon_loss, worst_loss) = (None, None);
        let (causes, positions) = (Vec::new(), Vec::new());
        return Ok(Explanation { asked, horizon_loss, worst_loss, causes, positions });
    }
    let states =
        (moment.step..=last).map(|step| history.state(step)).collect::<Result<Vec<_>, _>>()?;
    let held = portfolio.positions().iter().map(|position| position.instrument).collect();
    let unit = UnitPnl::realise(history, moment.step, &states, held)?;
    let loss = unit.loss(portfolio);
    let k = match file.study.mpor.loss {
        LossConvention::Horizon => unit.steps(),
        LossConvention::Worst => unit.worst_step(portfolio),
    };
    let realised = unit.portfolio(portfolio, k - 1).0;
    let causes = UnitCauses::explain(history, &states, k, &unit)?;
    let causes = causes.portfolio(&unit, portfolio, realised);
    let named = |(cause, amount): (Cause, f64)| (cause.name().to_owned(), amount);
    let positions = portfolio.positions().iter().enumerate().map(|(row, position)| {
        let name = history.universe.instrument(position.instrument).name.clone();
        (name, position.quantity, position.quantity * unit.reporting[[row, k - 1]])
    });
    Ok(Explanation {
        asked,
        horizon_loss: loss.horizon,
        worst_loss: loss.worst,
        causes: causes.into_iter().map(named).collect(),
        positions: positions.collect(),
    })
}
