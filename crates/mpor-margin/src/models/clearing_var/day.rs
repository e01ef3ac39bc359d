//! A margin date as a clearing house's model sees it: unit P&L under each measure's scenarios, orders of the scenarios by
//! dependence, the groups of the underlyings.

use std::collections::BTreeMap;
use std::sync::Arc;

use mpor_core::{Contract, Portfolio};
use mpor_risk::scenario::Periods;
use mpor_risk::{Day, Revaluation, RiskError, ScenarioSet, ScenarioSpec, revalue};
use mpor_stats::random::Streams;

use super::parameters::{Dependence, MeasureParameters, Parameters, Samples};
use crate::error::MarginError;
use crate::held::Held;
use crate::parse;

/// What the random streams are for.
const PURPOSE: &str = "independent underlyings";

/// A group of underlyings that offset.
pub(super) struct Group {
    pub name: String,
    /// Rows of the universe, ascending.
    pub members: Vec<usize>,
}

/// One instrument that anyone holds.
pub(super) struct Row {
    pub underlying: usize,
    /// Value of one long option; `None` of other contracts, and where no cap asks for it.
    pub option_value: Option<f64>,
}

/// One measure on one day.
pub(super) struct DayMeasure {
    /// With what is not known of its stress periods.
    pub name: String,
    pub parameters: MeasureParameters,
    sources: Vec<Source>,
    /// Scenarios of all sources.
    pub columns: usize,
    /// Relative weight by scenario; `None` when all weigh the same.
    pub weights: Option<Vec<f64>>,
    /// Scenarios by sub-sample, newest first; one of all where there are none.
    pub samples: Vec<Vec<usize>>,
}

/// One scenario set of a measure, revalued.
struct Source {
    revaluation: Arc<Revaluation>,
    /// By dependence and underlying: the scenario that stands in each column.
    orders: BTreeMap<Dependence, Vec<Vec<usize>>>,
}

/// P&L of one account, gain positive.
pub(super) struct Book {
    /// By measure, underlying and scenario, scenarios together; of an underlying that is not held, anything.
    pnl: Vec<f64>,
    /// Where each measure begins, and the end.
    starts: Vec<usize>,
    /// By underlying of the universe.
    pub holdings: Vec<Holding>,
}

/// What an account has on one underlying.
#[derive(Clone, Copy, Default)]
pub(super) struct Holding {
    pub held: bool,
    /// Sum of absolute notionals.
    pub notional: f64,
    /// Whether something else than a long option is held.
    pub beyond_long_options: bool,
    /// Value of the long options.
    pub option_value: f64,
}

/// The groups of a day's underlyings, in the order of the universe.
pub(super) fn groups(parameters: &Parameters, day: &Day<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, underlying) in day.universe.underlyings().iter().enumerate() {
        let name = parameters.group_of(&underlying.name);
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.members.push(at),
            None => groups.push(Group { name: name.to_owned(), members: vec![at] }),
        }
    }
    groups
}

/// The rows of a day; options are valued where a cap asks for it.
pub(super) fn rows(day: &Day<'_>, values: bool) -> Result<Vec<Row>, MarginError> {
    let row = |&ix: &mpor_core::InstrumentIx| {
        let instrument = day.universe.instrument(ix);
        let option = values && matches!(instrument.contract, Contract::Option { .. });
        let value = option.then(|| mpor_pricing::value(day.state, day.universe, ix)).transpose()?;
        let option_value = value.map(|value| value.amount);
        Ok(Row { underlying: instrument.underlying.0, option_value })
    };
    day.held.iter().map(row).collect()
}

impl DayMeasure {
    /// Scenarios and unit P&L of a measure.
    pub fn new(
        model: &str,
        name: &str,
        parameters: &MeasureParameters,
        dependence: &[Dependence],
        day: &Day<'_>,
    ) -> Result<Self, MarginError> {
        let (mut sources, mut shares) = (Vec::new(), Vec::new());
        let mut name_of_day = name.to_owned();
        let rest = 1.0 - parameters.appended.iter().filter_map(|own| own.share).sum::<f64>();
        let appended = parameters.appended.iter();
        let all = appended.map(|own| (&own.scenarios, own.share));
        let first = (&parameters.scenarios, (rest < 1.0).then_some(rest));
        for (spec, share) in std::iter::once(first).chain(all) {
            if let ScenarioSpec::Periods(periods) = spec {
                name_of_day += &known(periods, day);
            }
            if let Some(source) = Source::new(spec, dependence, day)? {
                shares.push(share);
                sources.push(source);
            }
        }
        let columns = sources.iter().map(Source::columns).sum();
        let weights = weights(&sources, &shares);
        let samples = samples(parameters.samples, columns, day.horizon.steps());
        let measure = DayMeasure {
            name: name_of_day,
            parameters: parameters.clone(),
            sources,
            columns,
            weights,
            samples,
        };
        measure.check(model, name)?;
        Ok(measure)
    }

    /// Refuses sub-windows that are longer than a sub-sample, and a mean of more losses than there are scenarios.
    fn check(&self, model: &str, name: &str) -> Result<(), MarginError> {
        let shortest = self.samples.iter().map(Vec::len).min().unwrap_or(0);
        let break_ = self.parameters.correlation_break.filter(|_| shortest > 0);
        if let Some(own) = break_.filter(|own| own.window > shortest) {
            let key = format!("measures.{name}.correlation_break.window");
            let problem =
                format!("is {}, and a sub-sample of this day has {shortest} scenarios", own.window);
            return Err(parse::refuse(model, key, problem));
        }
        if let super::parameters::Tail::Worst(count) = self.parameters.figure
            && shortest > 0
            && count > shortest
        {
            let key = format!("measures.{name}.figure.worst");
            let problem = format!("is {count}, and this day has {shortest} scenarios");
            return Err(parse::refuse(model, key, problem));
        }
        Ok(())
    }

    /// Adds the P&L of a quantity of one row to its underlying's scenarios.
    fn add(&self, row: usize, quantity: f64, own: &mut [f64]) {
        let mut rest = own;
        for source in &self.sources {
            let (head, tail) = rest.split_at_mut(source.columns());
            source.revaluation.add_row(row, quantity, head);
            rest = tail;
        }
    }

    /// P&L of the members of a book by scenario, as they move together in history or by another dependence, into `sum`.
    pub fn together(
        &self,
        pnl: &[f64],
        members: &[usize],
        by: Option<Dependence>,
        sum: &mut Vec<f64>,
    ) {
        sum.clear();
        sum.resize(self.columns, 0.0);
        for &member in members {
            let own = &pnl[member * self.columns..][..self.columns];
            let mut from = 0;
            for source in &self.sources {
                let to = from + source.columns();
                let (sum, own) = (&mut sum[from..to], &own[from..to]);
                match by.and_then(|by| source.orders.get(&by)) {
                    None => sum.iter_mut().zip(own).for_each(|(sum, pnl)| *sum += pnl),
                    Some(orders) => {
                        let order = orders[member].iter();
                        sum.iter_mut().zip(order).for_each(|(sum, &at)| *sum += own[at]);
                    }
                }
                from = to;
            }
        }
    }

    /// The name of a scenario.
    pub fn scenario(&self, mut column: usize) -> &str {
        for source in &self.sources {
            if column < source.columns() {
                return &source.revaluation.scenarios[column];
            }
            column -= source.columns();
        }
        ""
    }
}

impl Source {
    /// `None` where no listed stress period is known yet.
    fn new(
        spec: &ScenarioSpec,
        dependence: &[Dependence],
        day: &Day<'_>,
    ) -> Result<Option<Self>, MarginError> {
        let set = match (spec, spec.scenarios(day)) {
            (ScenarioSpec::Periods(_), Err(RiskError::NoScenarios)) => return Ok(None),
            (_, set) => set?,
        };
        let order = |&by: &Dependence| (by, orders(by, &set, day));
        let orders = dependence.iter().map(order).collect();
        let revaluation = day.shared(&spec.canonical(), || revalue(day, &set))?;
        Ok(Some(Source { revaluation, orders }))
    }

    fn columns(&self) -> usize {
        self.revaluation.scenarios.len()
    }
}

/// The scenario in each column, by underlying: sorted by the underlying's own move, or shuffled.
fn orders(by: Dependence, set: &ScenarioSet, day: &Day<'_>) -> Vec<Vec<usize>> {
    let streams = Streams::new(day.seed, PURPOSE, day.time().0);
    let of = |(underlying, moves): (usize, ndarray::ArrayView1<'_, f64>)| {
        let mut order: Vec<usize> = (0..moves.len()).collect();
        match by {
            Dependence::Perfect => order.sort_by(|&a, &b| moves[a].total_cmp(&moves[b])),
            Dependence::Independent => {
                let mut stream = streams.path(underlying as u64);
                for last in (1..order.len()).rev() {
                    order.swap(last, stream.below(last as u32 + 1) as usize);
                }
            }
        }
        order
    };
    set.spot.rows().into_iter().enumerate().map(of).collect()
}

/// `, 2 of 3 listed periods known`; nothing where all are.
fn known(periods: &Periods, day: &Day<'_>) -> String {
    let (known, all) = (periods.known(day), periods.list.len());
    if known == all { String::new() } else { format!(", {known} of {all} listed periods known") }
}

/// Weights by scenario, where shares are given or a set has its own.
fn weights(sources: &[Source], shares: &[Option<f64>]) -> Option<Vec<f64>> {
    let own = |source: &Source| source.revaluation.weights.clone();
    if shares.iter().all(Option::is_none) && sources.iter().all(|source| own(source).is_none()) {
        return None;
    }
    let mut all = Vec::new();
    for (source, share) in sources.iter().zip(shares) {
        let columns = source.columns();
        let weights = own(source).unwrap_or_else(|| vec![1.0; columns]);
        let (total, share) = (weights.iter().sum::<f64>(), share.unwrap_or(columns as f64));
        all.extend(weights.iter().map(|weight| share * (weight / total)));
    }
    Some(all)
}

/// The scenarios of each sub-sample: all of them, or every `steps`-th from the last, the last but one, ..
fn samples(samples: Samples, columns: usize, steps: usize) -> Vec<Vec<usize>> {
    let steps = if samples == Samples::Whole { 1 } else { steps.min(columns) };
    let of = |first: usize| (0..columns).rev().skip(first).step_by(steps).collect();
    match samples {
        Samples::Whole => vec![(0..columns).collect()],
        Samples::Interleaved => (0..steps).map(of).collect(),
    }
}

impl Book {
    /// The account's P&L by measure, underlying and scenario, in memory that may have served before; and what it holds.
    pub fn new(
        held: &Held<'_>,
        rows: &[Row],
        measures: &[DayMeasure],
        underlyings: usize,
        portfolio: &Portfolio,
        mut pnl: Vec<f64>,
    ) -> Result<Self, MarginError> {
        let mut starts = vec![0];
        starts.extend(measures.iter().scan(0, |end, measure| {
            *end += underlyings * measure.columns;
            Some(*end)
        }));
        pnl.resize(starts[measures.len()], 0.0);
        let mut holdings = vec![Holding::default(); underlyings];
        for position in portfolio.positions() {
            let row = held.row(position.instrument)?;
            let Row { underlying, option_value } = rows[row];
            let holding = &mut holdings[underlying];
            for (measure, start) in measures.iter().zip(&starts) {
                let own = &mut pnl[start + underlying * measure.columns..][..measure.columns];
                if !holding.held {
                    own.fill(0.0);
                }
                measure.add(row, position.quantity, own);
            }
            holding.held = true;
            holding.notional += position.quantity.abs() * held.notional(row);
            match option_value {
                Some(value) if position.quantity >= 0.0 => {
                    holding.option_value += position.quantity * value;
                }
                _ => holding.beyond_long_options = true,
            }
        }
        Ok(Book { pnl, starts, holdings })
    }

    /// P&L under a measure: `[underlying, scenario]`.
    pub fn pnl(&self, measure: usize) -> &[f64] {
        &self.pnl[self.starts[measure]..self.starts[measure + 1]]
    }

    /// The memory, for the next book.
    pub fn into_memory(self) -> Vec<f64> {
        self.pnl
    }
}
