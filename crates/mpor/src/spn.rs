//! An exchange's SPAN risk parameter file as tables: arrays, spreads, and what a commodity charges.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use mpor_core::{Column, Right, Table};
use mpor_margin::models::span::array::{SCENARIOS, scenario_name};
use mpor_margin::models::span::spn::{
    SpnContract, SpnFile, SpnKind, SpnLeg, SpnLegOf, SpnMargins, SpnSpread,
};

use crate::error::MporError;
use crate::stage::write_table;

/// What a file holds, and what of it the engine cannot use.
#[derive(Debug)]
pub struct SpnTables {
    /// Business date, `YYYYMMDD`.
    pub date: String,
    /// Version of the format.
    pub format: String,
    /// `arrays`: a contract a row, with its loss in each scenario, money, positive = loss of one long contract.
    pub arrays: Table,
    /// `spreads`: a spread a row, in the order of its priority.
    pub spreads: Table,
    /// `commodities`: a combined commodity a row, with why it cannot be used where it cannot.
    pub commodities: Table,
    /// Elements passed over, by name and number.
    pub skipped: Vec<(String, usize)>,
    /// Credits between commodities that could not be applied, and why.
    pub not_applied: Vec<String>,
}

/// Reads a risk parameter file.
///
/// # Errors
/// [`MporError::Question`] naming the file and the place in it.
pub fn read(path: &Path) -> Result<SpnTables, MporError> {
    let refuse = |problem: String| MporError::Question(format!("{}: {problem}", path.display()));
    let source = File::open(path).map_err(|error| refuse(error.to_string()))?;
    let file = SpnFile::read(BufReader::new(source)).map_err(|error| refuse(error.to_string()))?;
    let margins = file.margins();
    Ok(SpnTables {
        arrays: arrays(&file)?,
        spreads: spreads(&file)?,
        commodities: commodities(&file, &margins)?,
        not_applied: margins.not_applied,
        skipped: file.skipped.into_iter().collect(),
        date: file.date,
        format: file.format,
    })
}

impl SpnTables {
    /// The three tables.
    pub fn tables(&self) -> [&Table; 3] {
        [&self.commodities, &self.spreads, &self.arrays]
    }

    /// Writes the tables as Parquet into a folder, which is made if need be.
    ///
    /// # Errors
    /// [`MporError`] naming the file.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, MporError> {
        std::fs::create_dir_all(folder).map_err(|error| MporError::folder(folder, error))?;
        let write = |table: &Table| write_table(folder, table).map(|(path, _)| path);
        self.tables().into_iter().map(write).collect()
    }
}

fn arrays(file: &SpnFile) -> Result<Table, MporError> {
    let portfolios = || file.organisations.iter().flat_map(|organisation| &organisation.portfolios);
    let rows = || portfolios().flat_map(|of| of.contracts.iter().map(move |own| (of, own)));
    let contracts = || rows().map(|(_, own)| own);
    let number =
        |of: fn(&SpnContract) -> Option<f64>| Column::Number(contracts().map(of).collect());
    let right = |own: &SpnContract| {
        own.option.map(|(_, right)| if right == Right::Call { "call" } else { "put" })
    };
    let mut columns = vec![
        ("exchange".to_owned(), Column::labels(rows().map(|(of, _)| of.exchange.as_str()))),
        ("product".to_owned(), Column::labels(rows().map(|(of, _)| of.code.as_str()))),
        ("kind".to_owned(), Column::labels(rows().map(|(of, _)| kind(of.kind)))),
        ("currency".to_owned(), Column::labels(rows().map(|(of, _)| of.currency.as_str()))),
        ("period".to_owned(), Column::labels(contracts().map(|own| own.period.as_str()))),
        ("strike".to_owned(), number(|own| own.option.map(|(strike, _)| strike))),
        ("right".to_owned(), Column::Label(contracts().map(right).collect())),
        ("price".to_owned(), number(|own| own.price)),
        ("delta".to_owned(), number(|own| Some(own.delta))),
    ];
    for scenario in 0..SCENARIOS {
        let loss = |own: &SpnContract| own.array.map(|array| array[scenario]);
        let column = Column::Number(contracts().map(loss).collect());
        columns.push((format!("{:02} {}", scenario + 1, scenario_name(scenario)), column));
    }
    Ok(Table::new("arrays", columns)?)
}

fn kind(kind: SpnKind) -> &'static str {
    match kind {
        SpnKind::Physical => "physical",
        SpnKind::Future => "future",
        SpnKind::Option => "option",
    }
}

fn spreads(file: &SpnFile) -> Result<Table, MporError> {
    let within =
        file.organisations.iter().flat_map(|of| &of.commodities).flat_map(|of| {
            of.spreads.iter().map(|spread| (Some(of.code.as_str()), "intra", spread))
        });
    let between = file.organisations.iter().flat_map(|of| &of.inter_spreads);
    let rows: Vec<(Option<&str>, &str, &SpnSpread)> =
        within.chain(between.map(|spread| (None, "inter", spread))).collect();
    let legs = |spread: &SpnSpread| spread.legs.iter().map(leg).collect::<Vec<_>>().join("; ");
    Ok(Table::new(
        "spreads",
        [
            ("commodity", Column::Label(rows.iter().map(|row| row.0).collect())),
            ("kind", Column::labels(rows.iter().map(|row| row.1))),
            ("priority", Column::labels(rows.iter().map(|row| row.2.number.as_str()))),
            ("method", Column::labels(rows.iter().map(|row| row.2.method.as_str()))),
            ("rate", Column::Number(rows.iter().map(|row| row.2.rate).collect())),
            ("legs", Column::texts(rows.iter().map(|row| legs(row.2)))),
        ],
    )?)
}

/// `A 1 x tier 2`, `B 2 x CL 202601`.
fn leg(leg: &SpnLeg) -> String {
    let of = match &leg.of {
        SpnLegOf::Tier(number) => format!("tier {number}"),
        SpnLegOf::Period(period) => period.clone(),
    };
    let space = if leg.commodity.is_empty() { "" } else { " " };
    format!("{:?} {} x {}{space}{of}", leg.side, leg.ratio, leg.commodity)
}

fn commodities(file: &SpnFile, margins: &SpnMargins) -> Result<Table, MporError> {
    let rows: Vec<_> = file
        .organisations
        .iter()
        .flat_map(|organisation| organisation.commodities.iter().map(move |of| (organisation, of)))
        .map(|(organisation, of)| (organisation, of, margins.commodity(&of.code)))
        .collect();
    let units = rows.iter().map(|row| row.2.as_ref().ok().map(|(_, units)| units.len() as i64));
    let range = rows.iter().map(|row| row.2.as_ref().ok().map(|(terms, _)| terms.range_value));
    let minimum =
        rows.iter().map(|row| row.2.as_ref().ok().map(|(terms, _)| terms.short_option_rate));
    let problem = rows.iter().map(|row| row.2.as_ref().err().map(ToString::to_string));
    Ok(Table::new(
        "commodities",
        [
            ("organisation", Column::labels(rows.iter().map(|row| row.0.code.as_str()))),
            ("commodity", Column::labels(rows.iter().map(|row| row.1.code.as_str()))),
            ("currency", Column::labels(rows.iter().map(|row| row.1.currency.as_str()))),
            ("units", Column::Count(units.collect())),
            ("price_scan_range", Column::Number(range.collect())),
            ("short_option_minimum", Column::Number(minimum.collect())),
            ("spreads", Column::counts(rows.iter().map(|row| row.1.spreads.len()))),
            ("spot_months", Column::counts(rows.iter().map(|row| row.1.spot_rates.len()))),
            ("problem", Column::Text(problem.collect())),
        ],
    )?)
}
