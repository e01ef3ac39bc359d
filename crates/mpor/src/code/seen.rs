//! What a function sees of one margin date, as tables.

use mpor_core::{
    Column, Contract, CoreError, Factor, Instrument, Portfolio, Right, Table, Timestamp,
};
use mpor_margin::Shown;
use mpor_risk::{Day, Revaluation};

/// A margin date as a function sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The margin date.
    pub time: Timestamp,
    /// The margin period of risk in years of 365 days.
    pub horizon_years: f64,
    /// `time`, then a column a factor, oldest first and the margin date last: `BTC` (spot), `BTC.perpetual`, `BTC.carry`,
    /// `BTC.funding`, `BTC.vol.30d`, `BTC.rate`.
    pub past: Table,
    /// What anyone holds: `instrument`, `underlying`, `kind`, `right`, `strike`, `expiry`, `contract_size`, `inverse`, `spot`,
    /// `forward`, `vol`.
    pub instruments: Table,
    /// `account`, `instrument`, `quantity`: accounts are counted from 0; empty for scenarios.
    pub positions: Table,
    /// `scenario`, where scenarios weigh differently `weight`, then a column an instrument: P&L of one long contract, gain
    /// positive, reporting currency. Without scenarios it has no row.
    pub pnl: Table,
}

impl Seen {
    /// What a scenario function sees.
    pub(super) fn of(shown: &Shown<'_>) -> Result<Self, CoreError> {
        Seen::with_positions(shown, &[])
    }

    /// What a rule sees.
    pub(super) fn with_positions(
        shown: &Shown<'_>,
        portfolios: &[Portfolio],
    ) -> Result<Self, CoreError> {
        let day = shown.day;
        Ok(Seen {
            time: day.time(),
            horizon_years: day.horizon.span().years(),
            past: past(day, shown.history)?,
            instruments: instruments(day)?,
            positions: positions(day, portfolios)?,
            pnl: match shown.unit {
                Some(unit) => pnl(day, unit)?,
                None => Table::new("pnl", [("scenario", Column::Text(Vec::new()))])?,
            },
        })
    }
}

fn past(day: &Day<'_>, history: usize) -> Result<Table, CoreError> {
    let from = day.past.len().saturating_sub(history);
    let mut columns =
        vec![("time".to_owned(), Column::times(day.past.times()[from..].iter().copied()))];
    for &factor in day.past.factors() {
        let values = day.past.series(factor)?;
        columns.push((name(day, factor), Column::numbers(values.iter().skip(from).copied())));
    }
    Table::new("past", columns)
}

fn name(day: &Day<'_>, factor: Factor) -> String {
    let underlying = &day.universe.underlying(factor.underlying()).name;
    match factor {
        Factor::Spot(_) => underlying.clone(),
        Factor::Perpetual(_) => format!("{underlying}.perpetual"),
        Factor::Carry(_) => format!("{underlying}.carry"),
        Factor::Funding(_) => format!("{underlying}.funding"),
        Factor::Vol(_, days) => format!("{underlying}.vol.{days}d"),
        Factor::Rate(_) => format!("{underlying}.rate"),
    }
}

fn instruments(day: &Day<'_>) -> Result<Table, CoreError> {
    let held: Vec<&Instrument> = day.held.iter().map(|&ix| day.universe.instrument(ix)).collect();
    let option = |one: &Instrument| match one.contract {
        Contract::Option { strike, right, .. } => Some((strike, right)),
        _ => None,
    };
    let right = |one: &&Instrument| {
        option(one).map(|(_, right)| match right {
            Right::Call => "call".to_owned(),
            Right::Put => "put".to_owned(),
        })
    };
    let state = |one: &Instrument| day.state.underlying(one.underlying);
    let forward = |one: &&Instrument| match one.contract.expiry() {
        Some(expiry) => Some(state(one).forward(day.time().years_to(expiry).max(0.0))),
        None => Some(state(one).spot),
    };
    let vol = day.held.iter().zip(&held).map(|(&ix, one)| {
        let expiry = one.contract.expiry()?;
        let inputs = day.state.option_inputs(ix, one.underlying, expiry, option(one)?.0)?;
        Some(inputs.vol)
    });
    let underlying = |one: &&Instrument| day.universe.underlying(one.underlying).name.as_str();
    let columns = [
        ("instrument", Column::texts(held.iter().map(|one| one.name.as_str()))),
        ("underlying", Column::texts(held.iter().map(underlying))),
        ("kind", Column::texts(held.iter().map(|one| one.contract.kind()))),
        ("right", Column::Text(held.iter().map(right).collect())),
        ("strike", Column::Number(held.iter().map(|one| option(one).map(|o| o.0)).collect())),
        ("expiry", Column::Time(held.iter().map(|one| one.contract.expiry()).collect())),
        ("contract_size", Column::numbers(held.iter().map(|one| one.contract_size))),
        ("inverse", Column::Flag(held.iter().map(|one| Some(one.contract.is_inverse())).collect())),
        ("spot", Column::numbers(held.iter().map(|one| state(one).spot))),
        ("forward", Column::Number(held.iter().map(forward).collect())),
        ("vol", Column::Number(vol.collect())),
    ];
    Table::new("instruments", columns)
}

fn positions(day: &Day<'_>, portfolios: &[Portfolio]) -> Result<Table, CoreError> {
    let rows: Vec<_> = portfolios
        .iter()
        .enumerate()
        .flat_map(|(account, portfolio)| portfolio.positions().iter().map(move |p| (account, p)))
        .collect();
    let name = |ix| day.universe.instrument(ix).name.as_str();
    let columns = [
        ("account", Column::counts(rows.iter().map(|(account, _)| *account))),
        ("instrument", Column::texts(rows.iter().map(|(_, one)| name(one.instrument)))),
        ("quantity", Column::numbers(rows.iter().map(|(_, one)| one.quantity))),
    ];
    Table::new("positions", columns)
}

fn pnl(day: &Day<'_>, unit: &Revaluation) -> Result<Table, CoreError> {
    let name = |&ix| day.universe.instrument(ix).name.clone();
    let scenarios = ("scenario".to_owned(), Column::texts(unit.scenarios.iter().cloned()));
    let weights = unit.weights.as_ref();
    let weight = weights.map(|all| ("weight".to_owned(), Column::numbers(all.iter().copied())));
    let rows = unit.held.iter().zip(unit.pnl.rows());
    let rows = rows.map(|(ix, row)| (name(ix), Column::numbers(row.iter().copied())));
    Table::new("pnl", std::iter::once(scenarios).chain(weight).chain(rows))
}
