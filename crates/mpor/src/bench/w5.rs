//! W5: the margin of every account on every day, the worst of 11 price and 3 volatility moves, underlying by underlying, not below a
//! minimum for short options.
//!
//! Instruments are priced once a day; an account is a sparse list of quantities.

use std::path::Path;
use std::sync::Arc;

use mpor_core::Right;
use mpor_pricing::{ForwardMoves, OptionKernel, PricingError};
use mpor_risk::grid_scan::{GridScan, GroupRisk};
use serde_json::Value;

use super::inputs::Numbers;
use super::{Answer, Check, Job, check, failed};
use crate::error::MporError;

const PRICES: [f64; 11] = [-0.15, -0.12, -0.09, -0.06, -0.03, 0.0, 0.03, 0.06, 0.09, 0.12, 0.15];
const VOLS: [f64; 3] = [-0.25, 0.0, 0.25];
pub(super) const SCENARIOS: usize = PRICES.len() * VOLS.len();
const SHORT_OPTION_MINIMUM: f64 = 0.01;

/// A listed universe by day, and who holds what.
pub(super) struct World {
    pub(super) instruments: Vec<Instrument>,
    /// `[day][instrument]`.
    pub(super) strike: Vec<f64>,
    pub(super) years: Vec<f64>,
    pub(super) vol: Vec<f64>,
    /// `[day][underlying]`.
    pub(super) forward: Vec<f64>,
    pub(super) underlyings: usize,
    pub(super) days: usize,
    books: Vec<Vec<(u32, f64)>>,
    /// By day: account, instrument, change of quantity.
    trades: Vec<Vec<(usize, u32, f64)>>,
}

pub(super) struct Instrument {
    pub(super) underlying: usize,
    pub(super) right: Option<Right>,
    pub(super) multiplier: f64,
}

pub(super) fn jobs(data: &Path) -> Result<Vec<Job>, MporError> {
    let world = Arc::new(World::read(&data.join("w5"))?);
    let (accounts, days) = (world.books.len(), world.days);
    let what = format!("{accounts}acc x {days}d x {SCENARIOS}");
    let run = move || -> Result<Answer, MporError> {
        let margin = world.margin(0).map_err(failed)?;
        Ok(Box::new(move || figures(&margin, accounts)))
    };
    let (units, note) = (accounts * days, String::new());
    Ok(vec![Job { what, units, unit: "account-day", note, run: Box::new(run) }])
}

fn figures(margin: &[f64], accounts: usize) -> Check {
    let (sum, square) = (margin.iter().sum(), margin.iter().map(|m| m * m).sum());
    let last = margin.last().copied().unwrap_or(f64::NAN);
    let mut figures = check(10, [("sum", sum), ("sumsq", square), ("last", last)]);
    let shape = vec![margin.len().checked_div(accounts).unwrap_or(0), accounts];
    figures.insert("shape".to_owned(), Value::from(shape));
    figures
}

impl World {
    pub(super) fn read(folder: &Path) -> Result<Self, MporError> {
        let read = |name: &str| Numbers::read(&folder.join(format!("{name}.parquet")), &[]);
        let (listed, chain) = (read("instruments")?, read("chain")?);
        let (underlying, kind) = (listed.whole("underlying")?, listed.whole("kind")?);
        let instruments = underlying.iter().zip(&kind).zip(listed.column("multiplier")?);
        let instruments = instruments.map(|((underlying, kind), multiplier)| Instrument {
            underlying: *underlying,
            right: match kind {
                2 => Some(Right::Call),
                3 => Some(Right::Put),
                _ => None,
            },
            multiplier: *multiplier,
        });
        let instruments: Vec<Instrument> = instruments.collect();
        let forward = read("underlyings")?.column("forward")?.to_vec();
        let strike = chain.column("strike")?.to_vec();
        let days = strike.len() / instruments.len().max(1);
        let (held, traded) = (read("positions0")?, read("trades")?);
        let (account, instrument) = (held.whole("account")?, held.whole("instrument")?);
        let mut books = vec![Vec::new(); account.iter().max().map_or(0, |last| last + 1)];
        for ((account, instrument), quantity) in
            account.iter().zip(&instrument).zip(held.column("qty")?)
        {
            change(&mut books[*account], *instrument as u32, *quantity);
        }
        let mut trades = vec![Vec::new(); days];
        let (day, account) = (traded.whole("day")?, traded.whole("account")?);
        let instrument = traded.whole("instrument")?;
        for (at, quantity) in traded.column("dqty")?.iter().enumerate() {
            trades[day[at]].push((account[at], instrument[at] as u32, *quantity));
        }
        Ok(World {
            years: chain.column("tau")?.to_vec(),
            vol: chain.column("iv")?.to_vec(),
            underlyings: forward.len() / days.max(1),
            instruments,
            strike,
            forward,
            days,
            books,
            trades,
        })
    }

    pub(super) fn accounts(&self) -> usize {
        self.books.len()
    }

    /// Calls `each` with every account's book of every day, trades of the day done.
    pub(super) fn replay(&self, mut each: impl FnMut(usize, &[Vec<(u32, f64)>])) {
        let mut books = self.books.clone();
        for (day, trades) in self.trades.iter().enumerate() {
            for (account, instrument, quantity) in trades {
                change(&mut books[*account], *instrument, *quantity);
            }
            each(day, &books);
        }
    }

    /// `[day - first][account]`.
    pub(super) fn margin(&self, first: usize) -> Result<Vec<f64>, PricingError> {
        let mut grid = Grid::new();
        let mut margin = Vec::with_capacity((self.days - first) * self.books.len());
        let mut scratch: Vec<GroupRisk> = Vec::new();
        let mut outcome = Ok(());
        self.replay(|day, books| {
            if day < first || outcome.is_err() {
                return;
            }
            outcome = grid.fill(self, day);
            margin.extend(books.iter().map(|book| grid.scan.requirement(book, &mut scratch)));
        });
        outcome.map(|()| margin)
    }
}

/// Applies a trade to a book in the order of instruments; what is nothing any more leaves it.
fn change(book: &mut Vec<(u32, f64)>, instrument: u32, quantity: f64) {
    match book.binary_search_by_key(&instrument, |held| held.0) {
        Ok(at) => {
            book[at].1 += quantity;
            if book[at].1 == 0.0 {
                book.remove(at);
            }
        }
        Err(at) => book.insert(at, (instrument, quantity)),
    }
}

/// The universe of a day under all scenarios, and unmoved.
struct Grid {
    scan: GridScan,
    moves: ForwardMoves,
    ratios: Vec<f64>,
    vols: Vec<f64>,
    values: Vec<f64>,
}

impl Grid {
    fn new() -> Self {
        let mut prices: Vec<f64> = PRICES.iter().flat_map(|m| [1.0 + m; VOLS.len()]).collect();
        let mut ratios: Vec<f64> = PRICES.iter().flat_map(|_| VOLS.map(|v| 1.0 + v)).collect();
        prices.push(1.0);
        ratios.push(1.0);
        Grid {
            scan: GridScan::new(SCENARIOS),
            moves: ForwardMoves::new(&prices),
            vols: vec![0.0; ratios.len()],
            values: vec![0.0; ratios.len()],
            ratios,
        }
    }

    fn fill(&mut self, world: &World, day: usize) -> Result<(), PricingError> {
        let Grid { scan, moves, ratios, vols, values } = self;
        scan.clear();
        for (at, instrument) in world.instruments.iter().enumerate() {
            let forward = world.forward[day * world.underlyings + instrument.underlying];
            let cell = day * world.instruments.len() + at;
            let (strike, years) = (world.strike[cell], world.years[cell]);
            let mut minimum = 0.0;
            match instrument.right {
                Some(right) if years > 0.0 => {
                    let vol = world.vol[cell];
                    vols.iter_mut().zip(&*ratios).for_each(|(out, ratio)| *out = vol * ratio);
                    let kernel = OptionKernel::new(strike, years, 0.0, right)?;
                    kernel.price_moved(forward, moves, vols, values)?;
                }
                right => {
                    let value = |f: f64| right.map_or(f, |right| right.payoff(f, strike));
                    let moved = moves.multiples().iter().map(|multiple| forward * multiple);
                    values.iter_mut().zip(moved).for_each(|(out, f)| *out = value(f));
                }
            }
            if instrument.right.is_some() {
                minimum = SHORT_OPTION_MINIMUM * forward * instrument.multiplier;
            }
            let base = values[SCENARIOS];
            values.iter_mut().for_each(|value| *value = instrument.multiplier * (*value - base));
            scan.push(instrument.underlying as u32, &values[..SCENARIOS], minimum);
        }
        Ok(())
    }
}
