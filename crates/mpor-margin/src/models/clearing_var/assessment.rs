//! One group of one account: figures, what is kept of diversification, stress of dependence, liquidity.

use mpor_core::Level;
use mpor_risk::{Measure, RiskMeasure, Scratch, worst_mean};

use super::day::{Book, DayMeasure};
use super::parameters::{Combine, Concentration, CorrelationBreak, Dependence, Parameters, Tail};
use crate::component::Component;
use crate::error::MarginError;

/// A requirement, and what decided it.
pub(super) struct Assessed {
    pub component: Component,
    /// Measure and scenario; `None` where nothing loses.
    pub binding: Option<String>,
}

/// How the scenarios are looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct View {
    /// `None`: as they happened together.
    pub dependence: Option<Dependence>,
    /// `None`: each measure's own.
    pub level: Option<Level>,
}

/// A figure of one sample.
struct Figure {
    amount: f64,
    scenario: usize,
}

/// Figures of one account under all measures of a day.
pub(super) struct Assessment<'a> {
    pub parameters: &'a Parameters,
    pub measures: &'a [DayMeasure],
    /// Names of the universe's underlyings.
    pub names: &'a [&'a str],
    pub book: &'a Book,
}

impl Assessment<'_> {
    /// Market risk of underlyings that offset, all of them held.
    pub fn market_risk(&self, members: &[usize]) -> Result<Assessed, MarginError> {
        let Assessed { component: base, binding } =
            self.risk("scenario risk", members, View::default())?;
        let stress = self.stress(&base, members)?;
        let kept = self.diversified(base, members)?;
        let parts = std::iter::once(kept).chain(stress).collect();
        Ok(Assessed { component: Component::sum("market risk", parts), binding })
    }

    /// The measures of some underlyings together, by the rule that combines them.
    fn risk(&self, name: &str, members: &[usize], view: View) -> Result<Assessed, MarginError> {
        let (mut parts, mut bound): (Vec<Component>, Option<(f64, String)>) = (Vec::new(), None);
        for (measure, pnl) in self.measures.iter().zip(&self.book.pnl) {
            let pnl = measure.together(pnl, members, view.dependence);
            let Assessed { component, binding } = measured(measure, &pnl, view)?;
            let amount = component.amount();
            if let Some(scenario) = binding.filter(|_| bound.as_ref().is_none_or(|b| amount > b.0))
            {
                bound = Some((amount, scenario));
            }
            parts.push(component);
        }
        let component = match self.parameters.combine {
            Combine::Sum => Component::sum(name.to_owned(), parts),
            Combine::Max => Component::max(name.to_owned(), parts),
        };
        Ok(Assessed { component, binding: bound.map(|(_, scenario)| scenario) })
    }

    /// At least what is left when only a share of the gain from netting underlyings is given.
    fn diversified(&self, base: Component, members: &[usize]) -> Result<Component, MarginError> {
        let share = self.parameters.diversification;
        if share == 1.0 {
            return Ok(base);
        }
        let alone = |&member: &usize| {
            Ok(self.risk(self.names[member], &[member], View::default())?.component)
        };
        let alone = members.iter().map(alone).collect::<Result<Vec<_>, MarginError>>()?;
        let alone = Component::sum("each underlying alone", alone);
        let capped = vec![
            Component::scaled("share of the netted risk", share, base.clone()),
            Component::scaled("share of the sum", 1.0 - share, alone),
        ];
        let capped = Component::sum("diversification in part", capped);
        Ok(Component::max("at least the part given", vec![base, capped]))
    }

    /// A share of what the worst other dependence would add; `None` where none is asked for.
    fn stress(
        &self,
        base: &Component,
        members: &[usize],
    ) -> Result<Option<Component>, MarginError> {
        let Some(stress) = &self.parameters.stress else { return Ok(None) };
        let mut excesses = vec![Component::leaf("nothing", 0.0)];
        let beyond = |name: &'static str, parts: Vec<Component>| {
            let less = Component::scaled("less the scenario risk", -1.0, base.clone());
            Component::sum(name, parts.into_iter().chain([less]).collect())
        };
        for &dependence in &stress.dependence {
            let name = match dependence {
                Dependence::Perfect => "perfect dependence",
                Dependence::Independent => "independence",
            };
            let view = View { dependence: Some(dependence), level: None };
            let risk = self.risk("scenario risk", members, view)?.component;
            excesses.push(beyond(name, vec![risk]));
        }
        if let Some(own) = stress.concentration {
            excesses.push(beyond("concentration", self.concentrated(own, members)?));
        }
        let worst = Component::max("worst other dependence", excesses);
        Ok(Some(Component::scaled("stress of dependence", stress.share, worst)))
    }

    /// The largest underlyings each in its own tail, and the rest together.
    fn concentrated(
        &self,
        own: Concentration,
        members: &[usize],
    ) -> Result<Vec<Component>, MarginError> {
        let view = View { dependence: None, level: Some(own.level) };
        let alone = |&member: &usize| {
            let risk = self.risk(self.names[member], &[member], view)?.component;
            Ok((member, risk))
        };
        let mut alone = members.iter().map(alone).collect::<Result<Vec<_>, MarginError>>()?;
        // Of equal ones the earlier counts as the larger: the sort is stable.
        alone.sort_by(|a, b| b.1.amount().total_cmp(&a.1.amount()));
        let rest = alone.split_off(own.largest.min(alone.len()));
        let mut rest: Vec<usize> = rest.into_iter().map(|(member, _)| member).collect();
        rest.sort_unstable();
        let mut parts: Vec<Component> = alone.into_iter().map(|(_, risk)| risk).collect();
        if !rest.is_empty() {
            parts.push(self.risk("the other underlyings", &rest, view)?.component);
        }
        Ok(parts)
    }
}

/// One measure of P&L by scenario: the figure, or the mean of those of the sub-samples, not below zero; scaled, weighted.
fn measured(measure: &DayMeasure, pnl: &[f64], view: View) -> Result<Assessed, MarginError> {
    let own = &measure.parameters;
    if measure.columns == 0 {
        let component = Component::leaf(measure.name.clone(), 0.0);
        return Ok(Assessed { component, binding: None });
    }
    let tail = own.figure.at(view.level);
    let mut scratch = Scratch::default();
    let (mut samples, mut worst) = (Vec::new(), None::<Figure>);
    for (number, columns) in measure.samples.iter().enumerate() {
        let values: Vec<f64> = columns.iter().map(|&column| pnl[column]).collect();
        let figure = figure(measure, tail, &values, measure.weights.as_deref(), &mut scratch)?;
        let mut parts = vec![Component::leaf(tail.name(), figure.amount)];
        if let Some(own) = own.correlation_break {
            let excess = correlation_break(measure, tail, own, &values, figure.amount)?;
            parts.push(Component::leaf("correlation break", excess));
        }
        let name = if measure.samples.len() == 1 {
            "figure".to_owned()
        } else {
            format!("sub-sample {}", number + 1)
        };
        samples.push(Component::sum(name, parts));
        if worst.as_ref().is_none_or(|worst| figure.amount > worst.amount) {
            worst = Some(Figure { scenario: columns[figure.scenario], ..figure });
        }
    }
    let component = scaled("scaled", own.scale, mean(samples));
    let component =
        Component::max(measure.name.clone(), vec![component, Component::leaf("zero", 0.0)]);
    let component = scaled("weighted", own.weight, component);
    let binding = worst.filter(|_| component.amount() > 0.0);
    let binding =
        binding.map(|worst| format!("{}: {}", measure.name, measure.scenario(worst.scenario)));
    Ok(Assessed { component, binding })
}

/// The figure of one sample. Sub-samples have no weights: those are of one sample only.
fn figure(
    measure: &DayMeasure,
    tail: Tail,
    pnl: &[f64],
    weights: Option<&[f64]>,
    scratch: &mut Scratch,
) -> Result<Figure, MarginError> {
    let (kind, level) = match tail {
        Tail::Worst(count) => {
            let figure = worst_mean(pnl, count, scratch)?;
            return Ok(Figure { amount: figure.amount, scenario: figure.binding });
        }
        Tail::Var(level) => (Measure::Var, level),
        Tail::Es(level) => (Measure::Es, level),
    };
    let (rule, side) = (measure.parameters.quantile, measure.parameters.side);
    let figure = RiskMeasure { measure: kind, level, rule, side }.of(pnl, weights, scratch)?;
    Ok(Figure { amount: figure.amount, scenario: figure.binding })
}

/// `clamp( share x mean over sub-windows of (figure of the window - figure)^+, floor x figure, cap x figure )`.
fn correlation_break(
    measure: &DayMeasure,
    tail: Tail,
    own: CorrelationBreak,
    pnl: &[f64],
    whole: f64,
) -> Result<f64, MarginError> {
    let mut scratch = Scratch::default();
    let (mut excess, mut count) = (0.0, 0);
    for window in pnl.windows(own.window).step_by(own.step) {
        excess += (figure(measure, tail, window, None, &mut scratch)?.amount - whole).max(0.0);
        count += 1;
    }
    let (mean, base) = (excess / f64::from(count), whole.max(0.0));
    Ok((own.share * mean).clamp(own.floor * base, own.cap * base))
}

/// The mean of sub-samples; the one where there is one.
fn mean(mut samples: Vec<Component>) -> Component {
    let count = samples.len();
    match samples.pop() {
        Some(only) if count == 1 => only,
        last => {
            samples.extend(last);
            let sum = Component::sum("sub-samples", samples);
            Component::scaled("mean of sub-samples", 1.0 / count as f64, sum)
        }
    }
}

fn scaled(name: &'static str, factor: f64, part: Component) -> Component {
    if factor == 1.0 { part } else { Component::scaled(name, factor, part) }
}
