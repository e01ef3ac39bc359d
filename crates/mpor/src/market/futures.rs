//! Prices of dated futures and of the perpetual, onto the steps of the panel: the basis curve of each step.
//!
//! A price `F` of time `s` says a basis over spot, `g = ln(F / S(s))`, with the spot known at `s`. At a step `t` of the panel:
//!
//! ```text
//! s since the step before        F(t) = S(t) exp(g)                          its own price
//! older, at most the limit       F(t) = S(t) exp(g (T - t) / (T - s))        its carry a year is held
//! older than the limit           the option chain's forward, or the flat carry
//! perpetual                      P(t) = S(t) P(s) / S(s); the index itself beyond the limit
//! ```
//!
//! so a price of the same instant as spot's is taken as it is, and one of a little earlier moves with spot. Nothing later than
//! `t` is looked at. Expiries without a future of their own keep what the chain says. The carry of the curve at 30 days is the
//! risk factor by which scenarios move all expiries, unless the study holds the basis.

use std::collections::BTreeMap;

use mpor_core::{
    Factor, ForwardCurve, FuturePrice, FuturesMarket, ListedFuture, Origin, QuotedMarket, Span,
    Timestamp, UnderlyingIx,
};
use mpor_data::Query;
use mpor_data::panel::PanelBuilder;
use mpor_data::series::{Loaded as Checked, Series};

use super::AllSeries;
use crate::error::MporError;
use crate::study::{BasisMoves, FuturesSpec, StudyFile, UnderlyingSpec};

/// Tenor at which the carry of the forwards is a risk factor.
const CARRY_YEARS: f64 = 30.0 / 365.0;

/// The futures of one underlying by step of the panel, and its carry factor.
pub(super) struct Loaded {
    /// Empty where the study has no prices of futures.
    pub by_step: Vec<FuturesMarket>,
    /// Yearly carry of the forwards at 30 days.
    pub carry: Vec<f64>,
    /// What the reader must know.
    pub note: Option<String>,
}

/// One dated future and its prices.
struct Dated<'a> {
    expiry: Timestamp,
    series: &'a Series,
}

/// The last price of a series at a step.
struct Known {
    time: Timestamp,
    price: f64,
    /// Spot at the time of the price.
    spot: f64,
    /// Whether it is of the step itself: no older than the step before.
    fresh: bool,
}

/// One step of the panel.
struct Step<'a> {
    now: Timestamp,
    /// Prices after this time are the step's own.
    before: Timestamp,
    spot: f64,
    limit: Span,
    spots: &'a Series,
}

impl Loaded {
    /// Carry without futures: of the chain's forwards, or flat.
    pub(super) fn none(spec: &UnderlyingSpec, quoted: &[QuotedMarket], steps: usize) -> Self {
        let carry = match quoted {
            [] => vec![spec.carry; steps],
            some => some.iter().map(|quoted| carry(&quoted.forwards, spec.carry)).collect(),
        };
        Loaded { by_step: Vec::new(), carry, note: None }
    }
}

/// Yearly carry at 30 days; the flat one where nothing is quoted.
fn carry(curve: &ForwardCurve, flat: f64) -> f64 {
    if curve.is_empty() { flat } else { curve.growth(CARRY_YEARS) / CARRY_YEARS }
}

/// Reads the series that are futures of the `index`-th underlying.
pub(super) fn read(
    file: &StudyFile,
    index: usize,
    spec: &FuturesSpec,
) -> Result<Checked<BTreeMap<String, Series>>, MporError> {
    let own = !spec.prices.list().is_empty();
    let paths = file.resolve_all(if own { &spec.prices } else { &file.study.data.prices });
    if paths.is_empty() {
        let problem = "`futures` need files: name them in `futures.prices` or `data.prices`";
        return Err(file.list_error("underlying", index, problem).into());
    }
    let policies = &file.study.data.policy;
    let query = Query::all(paths.clone());
    let loaded = mpor_data::series::prices_among(&query, policies, |known| {
        let dated = known.iter().filter(|symbol| expiry_of(file, index, spec, symbol).is_some());
        let mut wanted: Vec<String> = dated.map(|symbol| (*symbol).to_owned()).collect();
        wanted.extend(spec.perpetual.clone());
        wanted.extend(spec.expiries.keys().cloned());
        if !wanted.is_empty() {
            return Ok(wanted);
        }
        let problem = format!(
            "no symbol of {} is a future named like `{}-27MAR26`, and neither `perpetual` nor `expiries` names one; they have: {}",
            paths.join(", "),
            prefix(file, index, spec),
            known.join(", ")
        );
        Err(MporError::from(file.list_error("underlying", index, &problem)))
    })?;
    let closes = loaded.value.into_iter().map(|(symbol, bars)| (symbol, bars.closes));
    Ok(Checked { value: closes.collect(), findings: loaded.findings })
}

fn prefix<'s>(file: &'s StudyFile, index: usize, spec: &'s FuturesSpec) -> &'s str {
    spec.name.as_deref().unwrap_or(&file.study.underlying[index].name)
}

/// The expiry of a symbol: stated, or said by its date; `None` for what is no dated future of the underlying.
fn expiry_of(
    file: &StudyFile,
    index: usize,
    spec: &FuturesSpec,
    symbol: &str,
) -> Option<Timestamp> {
    if let Some(stated) = spec.expiries.get(symbol) {
        return Some(*stated);
    }
    let date = symbol.strip_prefix(prefix(file, index, spec))?.strip_prefix('-')?;
    Some(day(date)? + super::cut(&spec.expires_at)?)
}

/// `27MAR26` or `3JAN25`, at midnight.
fn day(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let letters = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (day, rest) = text.split_at(letters);
    let month = MONTHS.iter().position(|month| rest.get(..3) == Some(month))?;
    let year = rest.get(3..).filter(|year| year.len() == 2)?.parse::<u8>().ok()?;
    format!("20{year:02}-{:02}-{:02}", month + 1, day.parse::<u8>().ok()?).parse().ok()
}

/// The futures of the `index`-th underlying, whose spot row is in the builder; adds its perpetual's row where it has one.
pub(super) fn load(
    file: &StudyFile,
    index: usize,
    spec: &FuturesSpec,
    all: &AllSeries,
    quoted: &[QuotedMarket],
    builder: &mut PanelBuilder,
) -> Result<Loaded, MporError> {
    let underlying = &file.study.underlying[index];
    check(file, index, spec)?;
    let dated = dated(file, index, spec, all)?;
    let perpetual = spec.perpetual.as_ref().and_then(|symbol| all.futures(index).get(symbol));
    let spots = all.price(&underlying.prices)?;
    let times = builder.times().to_vec();
    let row = builder.row(Factor::Spot(UnderlyingIx(index))).unwrap_or_default().to_vec();
    let reach = underlying.chains.as_ref().map_or(Span(0), |chains| chains.limit);
    let mut counts = Counts::default();
    let (mut by_step, mut marks) = (Vec::with_capacity(times.len()), Vec::new());
    for (at, (&now, &spot)) in times.iter().zip(&row).enumerate() {
        let step = Step { now, before: before(&times, at), spot, limit: spec.limit, spots };
        let chain = quoted.get(at).map(|quoted| (&quoted.forwards, reach));
        let forwards = curve(&step, &dated, chain)
            .map_err(|error| MporError::History(format!("{}: {error}", underlying.name)))?;
        let mark = perpetual.and_then(|series| step.known(series));
        let (price, origin) = match mark {
            Some(known) if known.fresh => (step.moved(&known), Origin::Quoted),
            Some(known) => (step.moved(&known), Origin::Modelled),
            None if underlying.perpetual.is_some() => (spot, Origin::Quoted),
            None => (spot, Origin::Modelled),
        };
        counts.add(&forwards, perpetual.map(|_| origin));
        marks.push(price);
        by_step.push(FuturesMarket { forwards, perpetual: origin });
    }
    if perpetual.is_some() {
        builder.push(Factor::Perpetual(UnderlyingIx(index)), &marks);
    }
    let held = spec.basis == BasisMoves::Held;
    let at_30_days = |market: &FuturesMarket| {
        if held { underlying.carry } else { carry(&market.forwards, underlying.carry) }
    };
    let carry = by_step.iter().map(at_30_days).collect();
    let note = Some(counts.sentence(underlying, spec, dated.len()));
    Ok(Loaded { by_step, carry, note })
}

/// The step before; for the first one, as far back as the second is ahead.
fn before(times: &[Timestamp], at: usize) -> Timestamp {
    match (at.checked_sub(1), times.get(1)) {
        (Some(before), _) => times[before],
        (None, Some(&second)) => times[0] - (second - times[0]),
        (None, None) => times[0] - Span::days(1),
    }
}

fn check(file: &StudyFile, index: usize, spec: &FuturesSpec) -> Result<(), MporError> {
    let problem = if super::cut(&spec.expires_at).is_none() {
        format!("`expires_at` {} is not a time of day; write HH:MM", spec.expires_at)
    } else if spec.limit <= Span(0) {
        "`limit` is how long a price may stand, such as \"14h\"".to_owned()
    } else {
        return Ok(());
    };
    Err(file.list_error("underlying", index, &problem).into())
}

/// The dated futures by expiry.
fn dated<'a>(
    file: &StudyFile,
    index: usize,
    spec: &FuturesSpec,
    all: &'a AllSeries,
) -> Result<Vec<Dated<'a>>, MporError> {
    let series = all.futures(index).iter();
    let mut dated: Vec<Dated<'a>> = series
        .filter_map(|(symbol, series)| {
            Some(Dated { expiry: expiry_of(file, index, spec, symbol)?, series })
        })
        .collect();
    dated.sort_by_key(|future| future.expiry);
    match dated.windows(2).find(|pair| pair[0].expiry == pair[1].expiry) {
        None => Ok(dated),
        Some(pair) => {
            let problem = format!(
                "`futures`: {} and {} both expire at {}; an expiry has one price",
                pair[0].series.symbol, pair[1].series.symbol, pair[0].expiry
            );
            Err(file.list_error("underlying", index, &problem).into())
        }
    }
}

impl Step<'_> {
    /// The last price of a series, where it is not older than the limit and spot was known then.
    fn known(&self, series: &Series) -> Option<Known> {
        let (time, price) = last(series, self.now)?;
        if self.now - time > self.limit {
            return None;
        }
        let (_, spot) = last(self.spots, time)?;
        Some(Known { time, price, spot, fresh: time > self.before })
    }

    /// A price moved with spot since it was known; the price itself where spot has not moved.
    fn moved(&self, known: &Known) -> f64 {
        if known.spot == self.spot { known.price } else { known.price * (self.spot / known.spot) }
    }
}

/// The last value known at a time, and when.
fn last(series: &Series, time: Timestamp) -> Option<(Timestamp, f64)> {
    let at = series.times.partition_point(|&known| known <= time).checked_sub(1)?;
    Some((series.times[at], series.values[at]))
}

/// The curve of a step: own prices, and the chain's forwards of other expiries, whose time to expiry is counted from a snapshot
/// up to `reach` earlier.
fn curve(
    step: &Step<'_>,
    dated: &[Dated<'_>],
    chain: Option<(&ForwardCurve, Span)>,
) -> Result<ForwardCurve, mpor_core::CoreError> {
    let (mut points, mut listed) = (Vec::new(), Vec::new());
    for future in dated.iter().filter(|future| future.expiry > step.now) {
        let Some(known) = step.known(future.series) else { continue };
        let years = step.now.years_to(future.expiry);
        let (forward, price) = if known.fresh {
            (step.moved(&known), FuturePrice::Own)
        } else {
            let held = years / known.time.years_to(future.expiry);
            let growth = libm::log(known.price / known.spot) * held;
            (step.spot * libm::exp(growth), FuturePrice::Carried)
        };
        points.push((years, forward));
        listed.push(ListedFuture { expiry: future.expiry, price });
    }
    if let Some((chain, reach)) = chain {
        let own: Vec<f64> = points.iter().map(|point| point.0).collect();
        let is_own = |years: f64| {
            own.iter().any(|own| (-1e-9..=reach.years() + 1e-9).contains(&(years - own)))
        };
        let others = chain.points().filter(|(years, _)| !is_own(*years));
        points.extend(others.map(|(years, growth)| (years, step.spot * libm::exp(growth))));
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    Ok(ForwardCurve::new(step.spot, &points)?.with_listed(listed))
}

/// What the steps of a study were told by.
#[derive(Default)]
struct Counts {
    steps: usize,
    own: usize,
    carried: usize,
    without: usize,
    perpetual_own: usize,
    perpetual_carried: usize,
}

impl Counts {
    fn add(&mut self, forwards: &ForwardCurve, perpetual: Option<Origin>) {
        let own = forwards.listed().iter().filter(|f| f.price == FuturePrice::Own).count();
        self.steps += 1;
        self.own += own;
        self.carried += forwards.listed().len() - own;
        self.without += usize::from(forwards.listed().is_empty());
        self.perpetual_own += usize::from(perpetual == Some(Origin::Quoted));
        self.perpetual_carried += usize::from(perpetual == Some(Origin::Modelled));
    }

    fn sentence(
        &self,
        underlying: &UnderlyingSpec,
        spec: &FuturesSpec,
        contracts: usize,
    ) -> String {
        let Counts { steps, own, carried, without, perpetual_own, perpetual_carried } = self;
        let name = &underlying.name;
        let instead = match &underlying.chains {
            Some(_) => "the option chain's forwards stand".to_owned(),
            None => format!("a carry of {} a year stands", underlying.carry),
        };
        let mut text = format!(
            "{name}: {contracts} dated futures have prices of their own: {own} at the {steps} steps, {carried} more by their last basis, which stands for at most {}; at {without} steps there is none and {instead}.",
            spec.limit
        );
        match (&spec.perpetual, &underlying.perpetual) {
            (Some(symbol), _) => text.push_str(&format!(
                " The perpetual is marked by {symbol} at {perpetual_own} steps, and by its last premium or the index {} at {perpetual_carried}.",
                underlying.prices
            )),
            (None, Some(_)) => {}
            (None, None) => text.push_str(&format!(
                " Perpetuals are marked on the index {}, with no history of their own.",
                underlying.prices
            )),
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_data::cadence::Cadence;

    fn at(hour: i64) -> Timestamp {
        Timestamp(0) + Span::hours(hour)
    }

    fn series(rows: &[(i64, f64)]) -> Series {
        Series {
            symbol: "X".to_owned(),
            source: String::new(),
            place: String::new(),
            cadence: Cadence::Irregular,
            times: rows.iter().map(|row| at(row.0)).collect(),
            values: rows.iter().map(|row| row.1).collect(),
        }
    }

    fn step(now: i64, spot: f64, spots: &Series) -> Step<'_> {
        Step { now: at(now), before: at(now - 24), spot, limit: Span::hours(48), spots }
    }

    #[test]
    fn dates_of_symbols_are_days() {
        let expected: Timestamp = "2026-03-27".parse().unwrap();
        assert_eq!(day("27MAR26"), Some(expected));
        assert_eq!(day("2JAN26"), Some("2026-01-02".parse().unwrap()));
        for bad in ["PERPETUAL", "27MAR2026", "40MAR26", "27XXX26", "", "27MAR26-90000-C"] {
            assert_eq!(day(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_price_of_the_step_is_taken_as_it_is_and_an_older_one_keeps_its_carry() {
        let spots = series(&[(0, 100.0), (24, 110.0), (48, 121.0)]);
        let futures = series(&[(0, 101.0), (24, 112.0)]);
        let dated = [Dated { expiry: at(24 * 100), series: &futures }];
        let years = |now: i64| at(now).years_to(at(24 * 100));
        let own = curve(&step(24, 110.0, &spots), &dated, None).unwrap();
        assert!((110.0 * own.growth(years(24)).exp() - 112.0).abs() < 1e-12);
        assert_eq!(own.price_of(at(2400)), Some(FuturePrice::Own));
        // A day later without a price: the carry a year of the day before.
        let carried = curve(&step(48, 121.0, &spots), &dated, None).unwrap();
        let yearly = (112.0_f64 / 110.0).ln() / years(24);
        assert!((carried.growth(years(48)) / years(48) - yearly).abs() < 1e-14);
        assert_eq!(carried.price_of(at(2400)), Some(FuturePrice::Carried));
        // Beyond the limit it is gone.
        assert!(curve(&step(73, 121.0, &spots), &dated, None).unwrap().is_empty());
    }

    #[test]
    fn the_chain_keeps_the_expiries_that_have_no_future() {
        let spots = series(&[(24, 100.0)]);
        let futures = series(&[(24, 105.0)]);
        let dated = [Dated { expiry: at(24 + 2400), series: &futures }];
        let near = at(24).years_to(at(24 + 2400));
        // The chain's snapshot is six hours old: its expiries seem six hours longer.
        let offset = Span::hours(6).years();
        let chain = ForwardCurve::new(100.0, &[(0.1, 101.0), (near + offset, 104.0), (0.9, 109.0)])
            .unwrap();
        let merged =
            curve(&step(24, 100.0, &spots), &dated, Some((&chain, Span::hours(14)))).unwrap();
        let points: Vec<f64> = merged.points().map(|(_, growth)| 100.0 * growth.exp()).collect();
        let expected = [101.0, 105.0, 109.0];
        assert!(points.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{points:?}");
    }
}
