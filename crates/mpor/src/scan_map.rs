//! The scan of one account on one day, for the heat map: its P&L over price and volatility moves.

use mpor_backtest::BacktestResult;
use mpor_core::{InstrumentIx, Portfolio, UnderlyingIx};
use mpor_report::ScanMap;
use mpor_risk::ScenarioSpec;
use mpor_risk::scenario::{Grid, VolRule};

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::moment::Moment;
use crate::study::StudyFile;

/// Moves of the map's axes as shares of the model's ranges.
const PRICE_SHARES: [f64; 9] = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0];
const VOL_SHARES: [f64; 5] = [-1.0, -0.5, 0.0, 0.5, 1.0];

/// The map of the first scanning model, on the date and account of its largest shortfall, or of its largest requirement where
/// it had no breach. `None` without a scanning model.
pub(crate) fn scan_map(
    file: &StudyFile,
    loaded: &Loaded,
    result: &BacktestResult,
) -> Result<Option<ScanMap>, MporError> {
    let Some(model) = result.models.iter().position(|model| model.kind == "scan") else {
        return Ok(None);
    };
    let number = |key: &str| {
        let value = file.models[model].params.get(key)?;
        value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
    };
    let (Some(price), vol) = (number("price_range"), number("vol_range").unwrap_or(0.0)) else {
        return Ok(None);
    };
    let Some((account, at)) = place(result, model) else { return Ok(None) };
    let moment = Moment::at_step(loaded, loaded.steps.start + at)?;
    let Some(underlying) = main_underlying(loaded, moment.portfolio(account)) else {
        return Ok(None);
    };
    let price_moves: Vec<f64> = PRICE_SHARES.iter().map(|share| share * price).collect();
    let vol_moves: Vec<f64> = match vol > 0.0 {
        true => VOL_SHARES.iter().map(|share| share * vol).collect(),
        false => vec![0.0],
    };
    let grid = Grid {
        price: price_moves.clone(),
        vol: vol_moves.clone(),
        vol_rule: VolRule::Relative,
        extreme: Vec::new(),
        smile: mpor_risk::SmileDynamics::StickyStrike,
    };
    let day = moment.day(file.study.seed);
    let unit = day
        .revaluation(&ScenarioSpec::Grid(grid))
        .map_err(|error| MporError::History(error.to_string()))?;
    let mut pnl = vec![0.0; unit.scenarios.len()];
    unit.portfolio_pnl(&on(loaded, moment.portfolio(account), underlying), &mut pnl);
    let rows: Vec<Vec<f64>> = (0..vol_moves.len())
        .map(|v| (0..price_moves.len()).map(|p| pnl[p * vol_moves.len() + v]).collect())
        .collect();
    Ok(Some(ScanMap {
        account: result.accounts[account].clone(),
        model: result.models[model].id.clone(),
        time: result.times[at],
        underlying: loaded.history().universe.underlying(underlying).name.clone(),
        binding: worst_cell(&rows),
        spot_moves: price_moves,
        vol_moves,
        pnl: rows,
    }))
}

/// Account and margin date of the model's largest shortfall, else of its largest requirement.
fn place(result: &BacktestResult, model: usize) -> Option<(usize, usize)> {
    let breaches = result.breaches.iter().filter(|breach| breach.model == model);
    let worst = breaches.max_by(|a, b| a.shortfall().total_cmp(&b.shortfall()));
    if let Some(breach) = worst {
        return Some((breach.account, breach.step));
    }
    result.largest(model)
}

/// The underlying on which the portfolio holds most contracts' worth of options and futures.
fn main_underlying(loaded: &Loaded, portfolio: &Portfolio) -> Option<UnderlyingIx> {
    let universe = &loaded.history().universe;
    let size = |underlying: UnderlyingIx| -> f64 {
        portfolio
            .positions()
            .iter()
            .map(|held| (universe.instrument(held.instrument), held.quantity))
            .filter(|(instrument, _)| instrument.underlying == underlying)
            .map(|(instrument, quantity)| (quantity * instrument.contract_size).abs())
            .sum()
    };
    (0..universe.underlyings().len())
        .map(UnderlyingIx)
        .filter(|&underlying| size(underlying) > 0.0)
        .max_by(|&a, &b| size(a).total_cmp(&size(b)))
}

/// The positions on one underlying.
fn on(loaded: &Loaded, portfolio: &Portfolio, underlying: UnderlyingIx) -> Portfolio {
    let universe = &loaded.history().universe;
    let written_on = |ix: InstrumentIx| universe.instrument(ix).underlying == underlying;
    let positions = portfolio.positions().iter().filter(|held| written_on(held.instrument));
    Portfolio::new(positions.copied().collect())
}

fn worst_cell(rows: &[Vec<f64>]) -> Option<(usize, usize)> {
    let cells = rows
        .iter()
        .enumerate()
        .flat_map(|(v, row)| row.iter().enumerate().map(move |(p, &pnl)| (v, p, pnl)));
    let worst = cells.min_by(|a, b| a.2.total_cmp(&b.2))?;
    (worst.2 < 0.0).then_some((worst.0, worst.1))
}
