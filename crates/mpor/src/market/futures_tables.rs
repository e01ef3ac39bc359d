//! The result tables of futures: `futures`, the basis curve at each step, and `trades`, what rolling books did.
//!
//! A roll sells the future held and buys the next at the prices of its margin date, so it gains or loses nothing: what a book
//! loses over a margin period is what the future that it then holds loses.

use mpor_backtest::books::Rule;
use mpor_core::{
    Books, Column, Contract, FuturePrice, History, InstrumentIx, Origin, Portfolio, Table,
    Timestamp, UnderlyingIx,
};
use mpor_report::{BASIS_DAYS, BasisCurve};

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::study::StudyFile;

/// One price of one future at one step.
struct Quote {
    time: Timestamp,
    underlying: String,
    /// `None` for the perpetual.
    expiry: Option<Timestamp>,
    price: f64,
    spot: f64,
    years: f64,
    source: &'static str,
}

/// One position that grew or shrank at a step.
struct Trade {
    time: Timestamp,
    account: String,
    instrument: String,
    quantity: f64,
    price: f64,
    what: &'static str,
}

fn said(price: FuturePrice) -> &'static str {
    match price {
        FuturePrice::Own => "own price",
        FuturePrice::Carried => "last basis",
    }
}

/// The table `futures`: price, basis over spot as a share of it, and carry a year of each listed future at each step of the
/// panel, and what each comes from; `None` for a study without prices of futures.
pub(super) fn table(file: &StudyFile, history: &History) -> Result<Option<Table>, MporError> {
    if file.study.underlying.iter().all(|spec| spec.futures.is_none()) {
        return Ok(None);
    }
    let rows = quotes(history)?;
    let carry =
        |row: &Quote| (row.years > 0.0).then(|| libm::log(row.price / row.spot) / row.years);
    let columns = [
        ("time", Column::times(rows.iter().map(|row| row.time))),
        ("underlying", Column::labels(rows.iter().map(|row| row.underlying.as_str()))),
        ("expiry", Column::Time(rows.iter().map(|row| row.expiry).collect())),
        ("price", Column::numbers(rows.iter().map(|row| row.price))),
        ("basis", Column::numbers(rows.iter().map(|row| row.price / row.spot - 1.0))),
        ("carry", Column::Number(rows.iter().map(carry).collect())),
        ("source", Column::labels(rows.iter().map(|row| row.source))),
    ];
    Ok(Some(Table::new("futures", columns)?))
}

fn quotes(history: &History) -> Result<Vec<Quote>, MporError> {
    let mut rows = Vec::new();
    for step in 0..history.panel.times().len() {
        let state = history.state(step)?;
        for (index, market) in state.underlyings.iter().enumerate() {
            let ix = UnderlyingIx(index);
            if history.underlyings[index].futures.is_empty() {
                continue;
            }
            let quote = |expiry, price, years, source| Quote {
                time: state.time,
                underlying: history.universe.underlying(ix).name.clone(),
                expiry,
                price,
                spot: market.spot,
                years,
                source,
            };
            let own = history.perpetual_origin(ix, step) == Origin::Quoted;
            let source = if own { "own price" } else { "last premium or index" };
            rows.push(quote(None, market.perpetual, 0.0, source));
            for future in market.forwards.listed() {
                let years = state.time.years_to(future.expiry);
                let price = market.forward(years);
                rows.push(quote(Some(future.expiry), price, years, said(future.price)));
            }
        }
    }
    Ok(rows)
}

/// The table `trades` of the accounts that follow a rule of futures; `None` where there is none.
pub(crate) fn trades(
    file: &StudyFile,
    history: &History,
    books: &Books,
) -> Result<Option<Table>, MporError> {
    let rolls = |name: &str| {
        let mut rules = file.study.portfolio.iter();
        rules.any(|named| named.name == name && matches!(named.rule, Rule::Futures(_)))
    };
    let accounts: Vec<usize> =
        (0..books.accounts.len()).filter(|&at| rolls(&books.accounts[at])).collect();
    if accounts.is_empty() {
        return Ok(None);
    }
    let mut rows = Vec::new();
    let held = books.portfolios.iter().enumerate().filter(|(_, portfolios)| !portfolios.is_empty());
    for (step, portfolios) in held {
        for &account in &accounts {
            let empty = Portfolio::default();
            let before = step
                .checked_sub(1)
                .and_then(|at| books.portfolios[at].get(account))
                .unwrap_or(&empty);
            let name = &books.accounts[account];
            rows.extend(changes(history, step, name, before, &portfolios[account])?);
        }
    }
    let columns = [
        ("time", Column::times(rows.iter().map(|row| row.time))),
        ("account", Column::labels(rows.iter().map(|row| row.account.as_str()))),
        ("instrument", Column::labels(rows.iter().map(|row| row.instrument.as_str()))),
        ("quantity", Column::numbers(rows.iter().map(|row| row.quantity))),
        ("price", Column::numbers(rows.iter().map(|row| row.price))),
        ("what", Column::labels(rows.iter().map(|row| row.what))),
    ];
    Ok(Some(Table::new("trades", columns)?))
}

/// What changed hands at a step, each at its price then: what was given up first.
fn changes(
    history: &History,
    step: usize,
    account: &str,
    before: &Portfolio,
    after: &Portfolio,
) -> Result<Vec<Trade>, MporError> {
    if before == after {
        return Ok(Vec::new());
    }
    let state = history.state(step)?;
    let held = |portfolio: &Portfolio, ix: InstrumentIx| -> f64 {
        let positions = portfolio.positions().iter().filter(|position| position.instrument == ix);
        positions.map(|position| position.quantity).sum()
    };
    let mut all: Vec<InstrumentIx> =
        before.positions().iter().map(|held| held.instrument).collect();
    all.extend(after.positions().iter().map(|held| held.instrument));
    all.sort_unstable();
    all.dedup();
    let trade = |ix: InstrumentIx| {
        let instrument = history.universe.instrument(ix);
        let Contract::Future { expiry, .. } = instrument.contract else { return None };
        let quantity = held(after, ix) - held(before, ix);
        let market = state.underlying(instrument.underlying);
        let delivered = expiry <= state.time;
        let price = if delivered {
            history.settlement_price(instrument.underlying, expiry)?
        } else {
            market.forward(state.time.years_to(expiry))
        };
        let what = match (delivered, before.positions().is_empty()) {
            (true, _) => "delivery",
            (false, true) => "open",
            (false, false) => "roll",
        };
        let (account, instrument) = (account.to_owned(), instrument.name.clone());
        (quantity != 0.0).then_some(Trade {
            time: state.time,
            account,
            instrument,
            quantity,
            price,
            what,
        })
    };
    Ok(all.into_iter().filter_map(trade).collect())
}

/// By what the futures and perpetuals that accounts held were valued at the end of their margin periods, in a sentence; `None`
/// for a study without prices of futures.
pub(crate) fn valued(file: &StudyFile, loaded: &Loaded) -> Result<Option<String>, MporError> {
    if file.study.underlying.iter().all(|spec| spec.futures.is_none()) {
        return Ok(None);
    }
    let (history, ahead) = (loaded.history(), loaded.horizon.steps());
    let mut counts = [0_usize; 6];
    for step in loaded.steps.start..loaded.steps.end.saturating_sub(ahead) {
        let end = history.state(step + ahead)?;
        let held = loaded.books.portfolios[step].iter().flat_map(Portfolio::positions);
        for position in held {
            let instrument = history.universe.instrument(position.instrument);
            let underlying = instrument.underlying;
            let forwards = &end.underlying(underlying).forwards;
            let source = match instrument.contract {
                Contract::Future { expiry, .. } if expiry <= end.time => 3,
                Contract::Future { expiry, .. } => match forwards.price_of(expiry) {
                    Some(FuturePrice::Own) => 0,
                    Some(FuturePrice::Carried) => 1,
                    None if history.underlyings[underlying.0].carry_origin == Origin::Quoted => 2,
                    None => 1,
                },
                Contract::Perpetual { .. } => {
                    let own = history.perpetual_origin(underlying, step + ahead);
                    if own == Origin::Quoted { 4 } else { 5 }
                }
                Contract::Spot | Contract::Option { .. } => continue,
            };
            counts[source] += 1;
        }
    }
    let [own, carried, chain, settled, perpetual, index] = counts;
    Ok(Some(format!(
        "Dated futures held were valued at the end of the margin period {own} times by their own price, {chain} times by the option chain's forward, {carried} times by a carry, and {settled} times were delivered; perpetuals {perpetual} times by their own price and {index} times by their last premium or the index."
    )))
}

/// Yearly carry of the forwards by class of days to expiry at each margin date; `None` where no underlying has a curve.
pub(crate) fn basis(loaded: &Loaded) -> Result<Option<BasisCurve>, MporError> {
    let history = loaded.history();
    let curved = |index: &usize| {
        let underlying = &history.underlyings[*index];
        !underlying.futures.is_empty() || !underlying.quoted.is_empty()
    };
    let of: Vec<usize> = (0..history.underlyings.len()).filter(curved).collect();
    if of.is_empty() {
        return Ok(None);
    }
    let blank = vec![vec![Vec::with_capacity(loaded.steps.len()); BASIS_DAYS.len() + 1]; of.len()];
    let mut carry: Vec<Vec<Vec<Option<f64>>>> = blank;
    for step in loaded.steps.clone() {
        let state = history.state(step)?;
        for (row, &index) in of.iter().enumerate() {
            let classes = by_class(state.underlyings[index].forwards.points());
            for (class, mean) in carry[row].iter_mut().zip(classes) {
                class.push(mean);
            }
        }
    }
    let name = |&index: &usize| history.universe.underlying(UnderlyingIx(index)).name.clone();
    Ok(Some(BasisCurve {
        underlyings: of.iter().map(name).collect(),
        times: loaded.dates().to_vec(),
        carry,
    }))
}

/// Mean yearly carry of the deliveries of each class; those within two days of expiry say nothing of a year.
fn by_class(points: impl Iterator<Item = (f64, f64)>) -> Vec<Option<f64>> {
    let mut sums = [(0.0, 0_usize); BASIS_DAYS.len() + 1];
    for (years, growth) in points.filter(|(years, _)| 365.0 * years > 2.0) {
        let class = BASIS_DAYS.iter().filter(|&&days| 365.0 * years > days).count();
        sums[class].0 += growth / years;
        sums[class].1 += 1;
    }
    sums.iter().map(|&(sum, count)| (count > 0).then(|| sum / count as f64)).collect()
}
