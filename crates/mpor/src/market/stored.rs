//! Fitted surfaces of an earlier run, read back from its table `surfaces` in place of fitting them again.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::{
    Column, ForwardCurve, Origin, QuotedMarket, SsviSlice, Table, Timestamp, VolSurface,
};
use mpor_data::tables::read_parquet;

use crate::error::MporError;

/// One expiry of a stored snapshot.
#[derive(Clone, Copy, Debug)]
struct StoredSlice {
    years: f64,
    forward: Option<f64>,
    smile: Option<SsviSlice>,
}

/// The snapshots of one underlying.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    file: String,
    by_time: BTreeMap<Timestamp, Vec<StoredSlice>>,
}

impl Stored {
    /// Reads the rows of an underlying.
    ///
    /// # Errors
    /// [`MporError::Data`] for a file that cannot be read, [`MporError::History`] for one that is no table of surfaces.
    pub(super) fn read(path: &str, underlying: &str) -> Result<Self, MporError> {
        let table = read_parquet(Path::new(path))?;
        let numbers = |name: &str| numbers(path, &table, name);
        let (years, forwards) = (numbers("years")?, numbers("forward")?);
        let parameters = [numbers("theta")?, numbers("rho")?, numbers("psi")?];
        let (times, names) = (times(path, &table)?, texts(path, &table)?);
        let mut by_time: BTreeMap<Timestamp, Vec<StoredSlice>> = BTreeMap::new();
        for row in 0..table.rows() {
            let (Some(time), Some(years)) = (times[row], years[row]) else { continue };
            if names[row].as_deref() != Some(underlying) {
                continue;
            }
            let [theta, rho, psi] = [0, 1, 2].map(|at: usize| parameters[at][row]);
            let smile = match (theta, rho, psi) {
                (Some(theta), Some(rho), Some(psi)) => Some(SsviSlice { theta, rho, psi }),
                _ => None,
            };
            let slice = StoredSlice { years, forward: forwards[row], smile };
            by_time.entry(time).or_default().push(slice);
        }
        Ok(Stored { file: path.to_owned(), by_time })
    }

    /// The market of a snapshot, `spot` being its index.
    ///
    /// # Errors
    /// A sentence: where the file has no such snapshot, or its slices admit arbitrage.
    pub(super) fn market(
        &self,
        time: Timestamp,
        spot: Option<f64>,
    ) -> Result<(QuotedMarket, Vec<(f64, f64)>), String> {
        let slices = self.by_time.get(&time).ok_or_else(|| {
            format!("{} has no surface of {time}; leave `surfaces` out to fit it", self.file)
        })?;
        let fitted = || slices.iter().filter_map(|slice| Some((slice.years, slice.smile?)));
        let years: Vec<f64> = fitted().map(|(years, _)| years).collect();
        let smiles = fitted().map(|(_, smile)| smile).collect();
        let surface = VolSurface::from_ssvi(&years, smiles, Origin::Quoted)
            .map_err(|error| format!("{}: surface of {time}: {error}", self.file))?;
        let forwards: Vec<(f64, f64)> =
            slices.iter().filter_map(|slice| Some((slice.years, slice.forward?))).collect();
        let spot = spot.or_else(|| forwards.first().map(|first| first.1));
        let curve = ForwardCurve::new(spot.unwrap_or(f64::NAN), &forwards);
        let curve = curve.map_err(|error| format!("{}: {error}", self.file))?;
        Ok((QuotedMarket { surface, forwards: curve }, forwards))
    }
}

fn other(path: &str, column: &str) -> MporError {
    MporError::History(format!(
        "{path}: no column `{column}` as the table `surfaces` of a run has it; name that table, or leave `surfaces` out"
    ))
}

fn numbers(path: &str, table: &Table, name: &str) -> Result<Vec<Option<f64>>, MporError> {
    match table.column(name) {
        Some(Column::Number(values)) => Ok(values.clone()),
        _ => Err(other(path, name)),
    }
}

fn times(path: &str, table: &Table) -> Result<Vec<Option<Timestamp>>, MporError> {
    match table.column("time") {
        Some(Column::Time(values)) => Ok(values.clone()),
        _ => Err(other(path, "time")),
    }
}

fn texts(path: &str, table: &Table) -> Result<Vec<Option<String>>, MporError> {
    match table.column("underlying") {
        Some(Column::Text(values)) => Ok(values.clone()),
        Some(Column::Label(values)) => {
            Ok(values.iter().map(|text| text.map(str::to_owned)).collect())
        }
        _ => Err(other(path, "underlying")),
    }
}
