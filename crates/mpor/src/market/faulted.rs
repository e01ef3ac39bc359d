//! The market under the faults of a scenario: what the recorded one is made of, with other prices where the faults reach.
//!
//! Faults are in the sources of indices and in the books that collateral is valued on. Files, option chains and fitted
//! surfaces are those of the recorded market. Anew are made: the indices, the spot and perpetual prices that are one of them,
//! volatilities modelled on such a spot, the basis of futures over it, and what collateral is worth. A future with a price of
//! its own keeps that price: a fault of the index is no trade of the future.

use mpor_backtest::liquidation::LivePrices;
use mpor_core::{Factor, History, UnderlyingIx};
use mpor_data::panel::PanelBuilder;

use super::{AllSeries, Held, Market, collateral, futures, live, price_series, volatility};
use crate::error::MporError;
use crate::study::{StudyFile, UnderlyingSpec};

/// What a scenario changes.
pub(crate) struct Faulted {
    /// The history, with the instruments and marks of the recorded one.
    pub history: History,
    /// The series, with the indices that the faults make.
    pub read: AllSeries,
    /// What accounts have put up, at the prices that the venue then sees.
    pub collateral: Vec<Held>,
    /// The prices of each underlying at their own resolution.
    pub live: Vec<LivePrices>,
}

/// A recorded market under the faults of a scenario, on the same margin dates.
pub(crate) fn faulted(
    file: &StudyFile,
    market: &Market,
    scenario: &str,
) -> Result<Faulted, MporError> {
    let all = market.read.under(file, scenario)?;
    let recorded = &market.history;
    let mut builder = PanelBuilder::new(recorded.panel.times().to_vec());
    let touched: Vec<Touched> =
        file.study.underlying.iter().map(|spec| Touched::of(spec, market, &all)).collect();
    let mut basis: Vec<Option<futures::Loaded>> = touched.iter().map(|_| None).collect();
    for &factor in recorded.panel.factors() {
        let UnderlyingIx(index) = factor.underlying();
        let (spec, touched) = (&file.study.underlying[index], &touched[index]);
        let policies = &file.study.data.policy;
        match factor {
            Factor::Spot(_) if touched.spot => {
                builder.push_known(factor, all.price(&spec.prices)?, &market.calendar, policies)?;
            }
            Factor::Perpetual(_) if touched.perpetual => {
                let symbol = spec.perpetual.as_ref().unwrap_or(&spec.prices);
                builder.push_known(factor, all.price(symbol)?, &market.calendar, policies)?;
            }
            // The perpetual's own price, put into the panel with the curves.
            Factor::Perpetual(_)
                if touched.spot && spec.futures.as_ref().is_some_and(|f| f.perpetual.is_some()) =>
            {
                basis[index] = curves(file, index, market, &all, &mut builder)?;
            }
            Factor::Carry(_) if touched.spot && spec.futures.is_some() => {
                if basis[index].is_none() {
                    basis[index] = curves(file, index, market, &all, &mut builder)?;
                }
                if let Some(basis) = &basis[index] {
                    builder.push(factor, &basis.carry);
                }
            }
            // All tenors at the first of them.
            Factor::Vol(..) if touched.spot && spec.volatility.is_some() => {
                if builder.row(factor).is_none() {
                    model(file, index, market, &all, &mut builder)?;
                }
            }
            _ => {
                let row = recorded.panel.series(factor)?;
                builder.push(factor, &row.to_vec());
            }
        }
    }
    let (collateral, _) = collateral::value(file, &all, &market.calendar, builder.times())?;
    let (panel, _) = builder.build()?;
    let mut history = History { panel, ..recorded.clone() };
    for (spec, (own, touched)) in
        file.study.underlying.iter().zip(history.underlyings.iter_mut().zip(&touched))
    {
        if touched.settlement {
            own.index = price_series(all.price(spec.settlement_series())?);
        }
    }
    for (own, basis) in history.underlyings.iter_mut().zip(basis) {
        if let Some(basis) = basis {
            own.futures = basis.by_step;
        }
    }
    let live = live(file, &all)?;
    Ok(Faulted { history, read: all, collateral, live })
}

/// Volatilities on another spot, by the smile of the recorded market.
fn model(
    file: &StudyFile,
    index: usize,
    market: &Market,
    all: &AllSeries,
    builder: &mut PanelBuilder,
) -> Result<(), MporError> {
    let spec = &file.study.underlying[index];
    let smile = market.smiles.iter().find(|smile| smile.underlying == spec.name);
    let Some((volatility, smile)) = spec.volatility.as_ref().zip(smile) else { return Ok(()) };
    let calendar = &market.calendar;
    volatility::of_smile(smile.clone(), file, index, volatility, all, calendar, builder)?;
    Ok(())
}

/// The basis of futures over another spot; the chain's forwards are those of the recorded market.
fn curves(
    file: &StudyFile,
    index: usize,
    market: &Market,
    all: &AllSeries,
    builder: &mut PanelBuilder,
) -> Result<Option<futures::Loaded>, MporError> {
    let Some(spec) = &file.study.underlying[index].futures else { return Ok(None) };
    let quoted = &market.history.underlyings[index].quoted;
    futures::load(file, index, spec, all, quoted, builder).map(Some)
}

/// Which prices of an underlying a scenario changes.
struct Touched {
    spot: bool,
    perpetual: bool,
    settlement: bool,
}

impl Touched {
    fn of(spec: &UnderlyingSpec, market: &Market, all: &AllSeries) -> Self {
        let changed = |symbol: &String| {
            let (before, after) = (market.read.indices.index(symbol), all.indices.index(symbol));
            before.zip(after).is_some_and(|(before, after)| before.index != after.index)
        };
        Touched {
            spot: changed(&spec.prices),
            perpetual: spec.perpetual.as_ref().is_some_and(changed),
            settlement: changed(spec.settlement_series()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use mpor_core::{Column, Span, Table, Timestamp};
    use mpor_data::tables::{Metadata, write_parquet};

    use super::super::load;
    use super::*;

    const STUDY: &str = r#"schema = 1
name = "two"
currency = "USD"

[data]
prices = "prices.parquet"

[calendar]
kind = "24x7"
step = "1d"
cut = "00:00"
from = "2021-02-01"

[mpor]
horizon = "1d"

[[index]]
name = "BTC index"
rule = "okx/index"
sources = [{ prices = "BTC", source = "own" }, { prices = "BTC", source = "east" }]

[[underlying]]
name = "BTC"
prices = "BTC index"

[underlying.volatility]
chain = "chains.parquet"
level = { realised = { ewma = 0.94 } }
tenors = [7, 30]

[[underlying]]
name = "ETH"
prices = "ETH"

[[portfolio]]
name = "a"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = 1 } }

[[collateral]]
account = "a"
asset = "BTC"
amount = 2
valued_on = { prices = "BTC", source = "own" }

[[model]]
name = "isolated"
rules = "generic/isolated"
"#;

    const SPIKE: &str = r#"
[[fault]]
name = "spike"
source = "own"
kind = "spiked"
from = "2021-02-10"
to = "2021-02-12"
move = -0.1
"#;

    /// Sixty days from the first of January, hourly; the own source is off by a tenth where asked.
    fn write(folder: &Path, spiked: bool) {
        let start: Timestamp = "2021-01-01".parse().unwrap();
        let spike = ["2021-02-10", "2021-02-12"].map(|day| day.parse::<Timestamp>().unwrap());
        let mut rows: Vec<(&str, &str, Timestamp, f64)> = Vec::new();
        for (symbol, source, level) in [
            ("BTC", "east", 30_010.0),
            ("BTC", "own", 30_000.0),
            ("BTC-26MAR21", "own", 30_300.0),
            ("BTC-PERP", "own", 30_000.0),
            ("ETH", "east", 1_000.0),
        ] {
            for hour in 0..60 * 24 {
                let time = start + Span::hours(hour);
                let wave = 1.0 + 0.01 * ((hour % 17) as f64 - 8.0) + 0.0001 * hour as f64;
                let hit = spiked
                    && (symbol, source) == ("BTC", "own")
                    && spike[0] <= time
                    && time < spike[1];
                rows.push((symbol, source, time, level * wave * if hit { 1.0 - 0.1 } else { 1.0 }));
            }
        }
        let none = || Column::Number(vec![None; rows.len()]);
        let columns = [
            ("time", Column::times(rows.iter().map(|row| row.2))),
            ("symbol", Column::texts(rows.iter().map(|row| row.0))),
            ("source", Column::texts(rows.iter().map(|row| row.1))),
            ("open", none()),
            ("high", none()),
            ("low", none()),
            ("close", Column::numbers(rows.iter().map(|row| row.3))),
            ("volume", none()),
        ];
        let table = Table::new("prices", columns).unwrap();
        write_parquet(&table, &folder.join("prices.parquet"), Metadata::new()).unwrap();
        let chains = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/option-chains");
        std::fs::copy(chains.join("chains.parquet"), folder.join("chains.parquet")).unwrap();
    }

    fn study(folder: &Path, text: &str) -> StudyFile {
        std::fs::write(folder.join("study.toml"), text).unwrap();
        StudyFile::read(&folder.join("study.toml")).unwrap_or_else(|error| unreachable!("{error}"))
    }

    const FUTURES: &str = r#"
[underlying.futures]
perpetual = "BTC-PERP"
limit = "14h"

[[underlying]]
name = "ETH"
"#;

    /// The study with dated futures and a perpetual of the first underlying.
    fn with_futures() -> String {
        STUDY.replacen("\n[[underlying]]\nname = \"ETH\"\n", FUTURES, 1)
    }

    #[test]
    fn a_future_keeps_its_own_price_when_the_index_is_faulty() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), true);
        let expected = load(&study(folder.path(), &with_futures())).unwrap();
        write(folder.path(), false);
        let file = study(folder.path(), &format!("{}{SPIKE}", with_futures()));
        let recorded = load(&file).unwrap();
        let found = faulted(&file, &recorded, "spike").unwrap();
        let step =
            recorded.history.panel.times().partition_point(|t| *t < "2021-02-11".parse().unwrap());
        let state = |history: &History| history.state(step).unwrap().underlyings[0].clone();
        let (before, after) = (state(&recorded.history), state(&found.history));
        assert!(after.spot < 0.97 * before.spot, "{} {}", after.spot, before.spot);
        let expiry: Timestamp = "2021-03-26T08:00:00Z".parse().unwrap();
        let years = recorded.history.panel.times()[step].years_to(expiry);
        // What the file says of that hour, whatever the index says.
        let hour = 41 * 24;
        let own = 30_300.0 * (1.0 + 0.01 * ((hour % 17) as f64 - 8.0) + 0.0001 * hour as f64);
        for state in [&before, &after] {
            assert!((state.forward(years) / own - 1.0).abs() < 1e-12, "{}", state.forward(years));
            assert!((state.perpetual / (own / 1.01) - 1.0).abs() < 1e-12, "{}", state.perpetual);
        }
        assert!(after.carry > before.carry + 0.1, "{} {}", after.carry, before.carry);
        assert_eq!(found.history.panel.factors(), expected.history.panel.factors());
        for &factor in found.history.panel.factors() {
            let row = |panel: &mpor_core::Panel| panel.series(factor).unwrap().to_vec();
            assert_eq!(row(&found.history.panel), row(&expected.history.panel), "{factor}");
        }
        assert_eq!(found.history.underlyings[0].futures, expected.history.underlyings[0].futures);
    }

    /// The same bits as files that hold the faulty prices, and no file is opened for it.
    #[test]
    fn a_fault_is_as_if_it_had_been_recorded_and_nothing_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), true);
        let expected = load(&study(folder.path(), STUDY)).unwrap();
        write(folder.path(), false);
        let file = study(folder.path(), &format!("{STUDY}{SPIKE}"));
        let recorded = load(&file).unwrap();
        for name in ["prices.parquet", "chains.parquet"] {
            std::fs::remove_file(folder.path().join(name)).unwrap();
        }
        let found = faulted(&file, &recorded, "spike").unwrap();
        let (before, after) = (&recorded.history.panel, &found.history.panel);
        assert_eq!(after.factors(), before.factors());
        let mut changed = 0;
        for &factor in after.factors() {
            let row = |panel: &mpor_core::Panel| panel.series(factor).unwrap().to_vec();
            assert_eq!(row(after), row(&expected.history.panel), "{factor}");
            changed += usize::from(row(after) != row(before));
        }
        // Spot of the first underlying and its two volatilities; nothing of the second.
        assert_eq!(changed, 3);
        let index = |history: &History| history.underlyings[0].index.prices.clone();
        assert_eq!(index(&found.history), index(&expected.history));
        assert_ne!(index(&found.history), index(&recorded.history));
        let worth = |held: &[Held]| held[0].prices.as_ref().unwrap().prices.clone();
        assert_eq!(worth(&found.collateral), worth(&expected.collateral));
        assert_ne!(worth(&found.collateral), worth(&recorded.collateral));
    }
}
