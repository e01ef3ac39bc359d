//! The modelled surface of an underlying: smile and term-structure shape from a real chain, level from realised
//! volatility or a volatility index, far end from a long window of realised volatility.

use mpor_core::{Factor, Timestamp, UnderlyingIx};
use mpor_data::Query;
use mpor_data::calendar::Calendar;
use mpor_data::chains;
use mpor_data::panel::PanelBuilder;
use mpor_data::series::Series;
use mpor_pricing::PricingError;
use mpor_pricing::surface::chain::{ChainQuote, ChainRules, Quoted, clean};
use mpor_pricing::surface::shape::{FittedShape, fit_shape};
use mpor_pricing::surface::term_structure::TermStructure;

use super::realised::{ewma_vol, window_vol};
use super::series::AllSeries;
use crate::error::MporError;
use crate::study::{Realised, StudyFile, VolLevel, VolatilitySpec};

/// A smile shape and where it was fitted.
#[derive(Clone, Debug)]
pub struct FittedSmile {
    /// The study's underlying.
    pub underlying: String,
    /// File of the chain.
    pub chain: String,
    /// The smile and how well it fits.
    pub fit: FittedShape,
    /// The reversion of at-the-money variance.
    pub term: TermStructure,
}

/// What modelling one underlying's volatility gave.
pub(super) struct Modelled {
    /// The shape.
    pub smile: FittedSmile,
    /// What the reader must know.
    pub notes: Vec<String>,
}

/// The level of volatility on the grid.
struct Level {
    vols: Vec<f64>,
    tenor_days: u16,
    note: String,
}

/// Adds the volatility factors of the `index`-th underlying, whose spot row is in the builder.
pub(super) fn model(
    file: &StudyFile,
    index: usize,
    spec: &VolatilitySpec,
    all: &AllSeries,
    calendar: &Calendar,
    builder: &mut PanelBuilder,
) -> Result<Modelled, MporError> {
    let smile = fit(file, index, spec)?;
    of_smile(smile, file, index, spec, all, calendar, builder)
}

/// The same of a smile that is fitted already.
pub(super) fn of_smile(
    smile: FittedSmile,
    file: &StudyFile,
    index: usize,
    spec: &VolatilitySpec,
    all: &AllSeries,
    calendar: &Calendar,
    builder: &mut PanelBuilder,
) -> Result<Modelled, MporError> {
    let ix = UnderlyingIx(index);
    check_tenors(file, index, &spec.tenors)?;
    let times = builder.times().to_vec();
    let spot = builder.row(Factor::Spot(ix)).unwrap_or_default().to_vec();
    let level = level(file, index, spec, all, calendar, (&spot, &times))?;
    let long_run = window_vol(&spot, &times, spec.long_run_window);
    let mut rows = vec![Vec::with_capacity(times.len()); spec.tenors.len()];
    for (&level_vol, &long_run) in level.vols.iter().zip(&long_run) {
        let vols = smile
            .term
            .atm_vols(level_vol, level.tenor_days, long_run, &spec.tenors)
            .map_err(|error| MporError::History(format!("{}: {error}", smile.underlying)))?;
        for (row, vol) in rows.iter_mut().zip(vols) {
            row.push(vol);
        }
    }
    for (&tenor, row) in spec.tenors.iter().zip(&rows) {
        builder.push(Factor::Vol(ix, tenor), row);
    }
    let name = &smile.underlying;
    let notes = vec![format!(
        "{name}: implied volatilities are modelled, not observed. Level: {}. Smile: fitted to the chain in {} and held fixed. Reversion of variance: {}. Long-run level: {} steps of realised volatility.",
        level.note,
        spec.chain,
        match spec.reversion {
            Some(kappa) => format!("{kappa} a year, stated by the study"),
            None => format!("{:.1} a year, fitted to the same chain", smile.term.kappa()),
        },
        spec.long_run_window
    )];
    Ok(Modelled { smile, notes })
}

fn check_tenors(file: &StudyFile, index: usize, tenors: &[u16]) -> Result<(), MporError> {
    let increase = tenors.windows(2).all(|pair| pair[0] < pair[1]);
    if increase && tenors.first().is_some_and(|&first| first > 0) {
        return Ok(());
    }
    let problem = format!("`tenors` are {tenors:?}; write whole days that increase, from above 0");
    Err(file.list_error("underlying", index, &problem).into())
}

fn fit(file: &StudyFile, index: usize, spec: &VolatilitySpec) -> Result<FittedSmile, MporError> {
    let underlying = &file.study.underlying[index].name;
    let wanted = spec.chain_underlying.as_ref().unwrap_or(underlying);
    let path = file.resolve(&spec.chain);
    let rows = chains::chains(&Query::all([path.clone()]))?;
    let quotes: Vec<ChainQuote> =
        rows.iter().filter(|row| row.underlying == *wanted).filter_map(quote).collect();
    let (fit, term) = fit_chain(&quotes, spec.reversion).map_err(|error| {
        MporError::History(format!("no smile for `{wanted}` from {path}: {error}"))
    })?;
    Ok(FittedSmile { underlying: underlying.clone(), chain: path, fit, term })
}

fn fit_chain(
    quotes: &[ChainQuote],
    reversion: Option<f64>,
) -> Result<(FittedShape, TermStructure), PricingError> {
    let fit = fit_shape(&clean(quotes, &ChainRules::default())?)?;
    let term = match reversion {
        Some(kappa) => TermStructure::new(kappa)?,
        None => TermStructure::fit(&fit.slices)?,
    };
    Ok((fit, term))
}

/// A row quoted in volatility as the fit reads it; `None` without a forward.
fn quote(row: &chains::ChainQuote) -> Option<ChainQuote> {
    Some(ChainQuote {
        years: row.time.years_to(row.expiry),
        forward: row.forward?,
        strike: row.strike,
        right: row.right,
        bid: row.bid_iv,
        ask: row.ask_iv,
        quoted: Quoted::Vol,
    })
}

fn level(
    file: &StudyFile,
    index: usize,
    spec: &VolatilitySpec,
    all: &AllSeries,
    calendar: &Calendar,
    (spot, times): (&[f64], &[Timestamp]),
) -> Result<Level, MporError> {
    match &spec.level {
        VolLevel::Realised(realised) => {
            check_realised(file, index, realised)?;
            let vols = realised_level(realised, spot, times);
            Ok(Level { vols, tenor_days: 0, note: describe(realised) })
        }
        VolLevel::Index(index_level) => {
            let (series, tenor_days) = all.vol_index(&index_level.symbol)?;
            let starts = series.times.first().copied().unwrap_or_default();
            let known = times.partition_point(|&time| time < starts);
            let mut vols = match (&index_level.before, known) {
                (_, 0) => Vec::new(),
                (Some(realised), _) => {
                    check_realised(file, index, realised)?;
                    realised_level(realised, spot, times)[..known].to_vec()
                }
                (None, _) => {
                    let problem = format!(
                        "the volatility index `{}` starts at {starts} and the history at {}; add `before = {{ ewma = 0.94 }}` or start later",
                        index_level.symbol, times[0]
                    );
                    return Err(file.list_error("underlying", index, &problem).into());
                }
            };
            vols.extend(on_grid(series, &times[known..], calendar, file)?);
            let before = match (&index_level.before, known) {
                (Some(realised), 1..) => {
                    format!("; before {}, {}", starts.date(), describe(realised))
                }
                _ => String::new(),
            };
            let note =
                format!("volatility index of {} at {tenor_days} days{before}", index_level.symbol);
            Ok(Level { vols, tenor_days, note })
        }
    }
}

fn on_grid(
    series: &Series,
    times: &[Timestamp],
    calendar: &Calendar,
    file: &StudyFile,
) -> Result<Vec<f64>, MporError> {
    let fresh = mpor_data::align::freshness(series.cadence, calendar);
    let policies = &file.study.data.policy;
    Ok(mpor_data::align::as_of(series, times, fresh, policies)?.value)
}

fn realised_level(realised: &Realised, spot: &[f64], times: &[Timestamp]) -> Vec<f64> {
    let vols = ewma_vol(spot, times, realised.ewma);
    vols.into_iter().map(|vol| (vol * realised.premium).max(realised.floor)).collect()
}

fn check_realised(file: &StudyFile, index: usize, realised: &Realised) -> Result<(), MporError> {
    let Realised { ewma, premium, floor } = *realised;
    let problem = if !(ewma > 0.0 && ewma < 1.0) {
        format!("`ewma` = {ewma} is a decay between 0 and 1, such as 0.94")
    } else if !(premium > 0.0 && premium.is_finite()) {
        format!("`premium` = {premium} is implied over realised volatility, above 0")
    } else if !(floor >= 0.0 && floor.is_finite()) {
        format!("`floor` = {floor} is a yearly volatility, 0 or above")
    } else {
        return Ok(());
    };
    Err(file.list_error("underlying", index, &problem).into())
}

fn describe(realised: &Realised) -> String {
    format!("EWMA of squared returns, decay {}, times {}", realised.ewma, realised.premium)
}
