//! Why a requirement held or broke: one account on one margin date of a run, under every model.

use std::path::Path;

use mpor_backtest::explain::UnitCauses;
use mpor_backtest::{Cause, UnitPnl};
use mpor_core::{Column, LossConvention, Timestamp};
use mpor_data::tables::read_parquet;
use serde::Serialize;

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::manifest::Manifest;
use crate::margin_at::{Asked, margin_at};
use crate::moment::{Moment, account};
use crate::run;
use crate::study::StudyFile;

/// One account on one margin date, with what then happened.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// What each model asked, with its breakdown, overlays included.
    pub asked: Vec<Asked>,
    /// What the run required under each model, overlays included, in reporting currency.
    pub required: Vec<(String, f64)>,
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
/// [`MporError`] for a folder without a run, a study or data changed since, a time that is no margin date, or an unknown
/// account.
pub fn explain(
    run_folder: &Path,
    name: &str,
    time: Timestamp,
) -> Result<(StudyFile, Explanation), MporError> {
    let manifest = Manifest::read(run_folder)?;
    let file = StudyFile::read(&run_folder.join(&manifest.study_file))?;
    if !run::is_of(&manifest, &run::blank_manifest(&file, run_folder)?) {
        let problem = "the study, its data or mpor have changed since this run; run it again";
        return Err(MporError::folder(run_folder, problem));
    }
    let loaded = Loaded::new(&file)?;
    let time = loaded.margin_date(time)?;
    let explanation = explain_in(&file, &loaded, name, time)?;
    let required = required(run_folder, name, time)?;
    Ok((file, Explanation { required, ..explanation }))
}

/// The initial margin of an account on a date by model, as the run wrote it.
fn required(
    run_folder: &Path,
    name: &str,
    time: Timestamp,
) -> Result<Vec<(String, f64)>, MporError> {
    let path = run_folder.join("requirements.parquet");
    let table = read_parquet(&path)?;
    let foreign = || MporError::folder(&path, "is not the table that mpor writes; run again");
    let columns = ["time", "account", "model", "level", "amount"].map(|name| table.column(name));
    let [
        Some(Column::Time(times)),
        Some(Column::Text(accounts)),
        Some(Column::Text(models)),
        Some(Column::Text(levels)),
        Some(Column::Number(amounts)),
    ] = columns
    else {
        return Err(foreign());
    };
    let wanted = |&row: &usize| {
        times[row] == Some(time)
            && accounts[row].as_deref() == Some(name)
            && levels[row].as_deref() == Some("initial")
    };
    let rows = (0..table.rows()).filter(wanted);
    rows.map(|row| models[row].clone().zip(amounts[row]).ok_or_else(foreign)).collect()
}

/// All but what the run required.
fn explain_in(
    file: &StudyFile,
    loaded: &Loaded,
    name: &str,
    time: Timestamp,
) -> Result<Explanation, MporError> {
    let asked = margin_at(file, loaded, time, Some(name))?;
    let required = Vec::new();
    let moment = Moment::at(loaded, time)?;
    let portfolio = moment.portfolio(account(loaded, name)?);
    let history = loaded.history();
    let last = moment.step + loaded.horizon.steps();
    if last >= history.panel.times().len() {
        let (horizon_loss, worst_loss) = (None, None);
        let (causes, positions) = (Vec::new(), Vec::new());
        return Ok(Explanation { asked, required, horizon_loss, worst_loss, causes, positions });
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
        required,
        horizon_loss: loss.horizon,
        worst_loss: loss.worst,
        causes: causes.into_iter().map(named).collect(),
        positions: positions.collect(),
    })
}
