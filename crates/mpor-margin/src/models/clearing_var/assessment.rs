//! One group of one account: figures, what is kept of diversification, stress of dependence, liquidity.

use mpor_core::Level;
use mpor_risk::{Measure, RiskMeasure, Scratch as Tails, worst_mean};

use super::day::{Book, DayMeasure};
use super::parameters::{Combine, Concentration, CorrelationBreak, Dependence, Parameters, Tail};
use crate::arithmetic::Arithmetic;
use crate::error::MarginError;
use crate::model::Scratch;

/// A requirement, and what decided it.
pub(super) struct Assessed<C> {
    pub component: C,
    /// Measure and scenario; `None` where nothing loses.
    pub binding: Option<Binding>,
}

/// The scenario that decided, of the measure that did.
#[derive(Clone, Copy)]
pub(super) struct Binding {
    pub measure: usize,
    pub scenario: usize,
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
    pub fn market_risk<C: Arithmetic>(
        &self,
        members: &[usize],
        scratch: &mut Scratch,
    ) -> Result<Assessed<C>, MarginError> {
        let Assessed { component: base, binding } =
            self.risk("scenario risk", members, View::default(), scratch)?;
        let stress = self.stress(&base, members, scratch)?;
        let kept = self.diversified(base, members, scratch)?;
        let parts = std::iter::once(kept).chain(stress);
        Ok(Assessed { component: C::sum(|| "market risk".into(), parts), binding })
    }

    /// The measures of some underlyings together, by the rule that combines them.
    fn risk<C: Arithmetic>(
        &self,
        name: &str,
        members: &[usize],
        view: View,
        scratch: &mut Scratch,
    ) -> Result<Assessed<C>, MarginError> {
        let mut parts = Vec::with_capacity(self.measures.len());
        let mut bound: Option<(f64, Binding)> = None;
        for (at, measure) in self.measures.iter().enumerate() {
            let (pnl, together) = (self.book.pnl(at), &mut scratch.together);
            measure.together(pnl, members, view.dependence, together);
            let (component, scenario) = measured::<C>(measure, view, scratch)?;
            let amount = component.amount();
            if let Some(scenario) = scenario.filter(|_| bound.is_none_or(|b| amount > b.0)) {
                bound = Some((amount, Binding { measure: at, scenario }));
            }
            parts.push(component);
        }
        let name = || name.to_owned().into();
        let component = match self.parameters.combine {
            Combine::Sum => C::sum(name, parts),
            Combine::Max => C::max(name, parts),
        };
        Ok(Assessed { component, binding: bound.map(|(_, binding)| binding) })
    }

    /// At least what is left when only a share of the gain from netting underlyings is given.
    fn diversified<C: Arithmetic>(
        &self,
        base: C,
        members: &[usize],
        scratch: &mut Scratch,
    ) -> Result<C, MarginError> {
        let share = self.parameters.diversification;
        if share == 1.0 {
            return Ok(base);
        }
        let alone = self.each_alone(members, View::default(), scratch)?;
        let alone = C::sum(|| "each underlying alone".into(), alone);
        let capped = [
            C::scaled("share of the netted risk", share, base.clone()),
            C::scaled("share of the sum", 1.0 - share, alone),
        ];
        let capped = C::sum(|| "diversification in part".into(), capped);
        Ok(C::max(|| "at least the part given".into(), [base, capped]))
    }

    fn each_alone<C: Arithmetic>(
        &self,
        members: &[usize],
        view: View,
        scratch: &mut Scratch,
    ) -> Result<Vec<C>, MarginError> {
        let mut alone = |&member: &usize| {
            Ok(self.risk(self.names[member], &[member], view, scratch)?.component)
        };
        members.iter().map(&mut alone).collect()
    }

    /// A share of what the worst other dependence would add; `None` where none is asked for.
    fn stress<C: Arithmetic>(
        &self,
        base: &C,
        members: &[usize],
        scratch: &mut Scratch,
    ) -> Result<Option<C>, MarginError> {
        let Some(stress) = &self.parameters.stress else { return Ok(None) };
        let mut excesses = vec![C::leaf(|| "nothing".into(), 0.0)];
        let beyond = |name: &'static str, parts: Vec<C>| {
            let less = C::scaled("less the scenario risk", -1.0, base.clone());
            C::sum(|| name.into(), parts.into_iter().chain([less]))
        };
        for &dependence in &stress.dependence {
            let name = match dependence {
                Dependence::Perfect => "perfect dependence",
                Dependence::Independent => "independence",
            };
            let view = View { dependence: Some(dependence), level: None };
            let risk = self.risk("scenario risk", members, view, scratch)?.component;
            excesses.push(beyond(name, vec![risk]));
        }
        if let Some(own) = stress.concentration {
            excesses.push(beyond("concentration", self.concentrated(own, members, scratch)?));
        }
        let worst = C::max(|| "worst other dependence".into(), excesses);
        Ok(Some(C::scaled("stress of dependence", stress.share, worst)))
    }

    /// The largest underlyings each in its own tail, and the rest together.
    fn concentrated<C: Arithmetic>(
        &self,
        own: Concentration,
        members: &[usize],
        scratch: &mut Scratch,
    ) -> Result<Vec<C>, MarginError> {
        let view = View { dependence: None, level: Some(own.level) };
        let alone = self.each_alone::<C>(members, view, scratch)?;
        let mut alone: Vec<(usize, C)> = members.iter().copied().zip(alone).collect();
        // Of equal ones the earlier counts as the larger: the sort is stable.
        alone.sort_by(|a, b| b.1.amount().total_cmp(&a.1.amount()));
        let rest = alone.split_off(own.largest.min(alone.len()));
        let mut rest: Vec<usize> = rest.into_iter().map(|(member, _)| member).collect();
        rest.sort_unstable();
        let mut parts: Vec<C> = alone.into_iter().map(|(_, risk)| risk).collect();
        if !rest.is_empty() {
            parts.push(self.risk("the other underlyings", &rest, view, scratch)?.component);
        }
        Ok(parts)
    }
}

/// One measure of the P&L in `scratch.together`: the figure, or the mean of those of the sub-samples, not below zero; scaled, weighted. And
/// the scenario behind it, where it asks for something.
fn measured<C: Arithmetic>(
    measure: &DayMeasure,
    view: View,
    scratch: &mut Scratch,
) -> Result<(C, Option<usize>), MarginError> {
    let own = &measure.parameters;
    let name = || measure.name.clone().into();
    if measure.columns == 0 {
        return Ok((C::leaf(name, 0.0), None));
    }
    let tail = own.figure.at(view.level);
    let Scratch { together, sample: values, tail: tails, .. } = scratch;
    let mut samples = Vec::with_capacity(measure.samples.len());
    let mut worst = None::<Figure>;
    for (number, columns) in measure.samples.iter().enumerate() {
        values.clear();
        values.extend(columns.iter().map(|&column| together[column]));
        let figure = figure(measure, tail, values, measure.weights.as_deref(), tails)?;
        let leaf = C::leaf(|| tail.name().into(), figure.amount);
        let excess = match own.correlation_break {
            Some(own) => {
                let excess = correlation_break(measure, tail, own, values, figure.amount, tails)?;
                Some(C::leaf(|| "correlation break".into(), excess))
            }
            None => None,
        };
        let name = || match measure.samples.len() {
            1 => "figure".into(),
            _ => format!("sub-sample {}", number + 1).into(),
        };
        samples.push(C::sum(name, std::iter::once(leaf).chain(excess)));
        if worst.as_ref().is_none_or(|worst| figure.amount > worst.amount) {
            worst = Some(Figure { scenario: columns[figure.scenario], ..figure });
        }
    }
    let component = scaled("scaled", own.scale, mean(samples));
    let component = C::max(name, [component, C::leaf(|| "zero".into(), 0.0)]);
    let component = scaled("weighted", own.weight, component);
    let binding = worst.filter(|_| component.amount() > 0.0);
    Ok((component, binding.map(|worst| worst.scenario)))
}

/// The figure of one sample. Sub-samples have no weights: those are of one sample only.
fn figure(
    measure: &DayMeasure,
    tail: Tail,
    pnl: &[f64],
    weights: Option<&[f64]>,
    scratch: &mut Tails,
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
    scratch: &mut Tails,
) -> Result<f64, MarginError> {
    let (mut excess, mut count) = (0.0, 0);
    for window in pnl.windows(own.window).step_by(own.step) {
        excess += (figure(measure, tail, window, None, scratch)?.amount - whole).max(0.0);
        count += 1;
    }
    let (mean, base) = (excess / f64::from(count), whole.max(0.0));
    Ok((own.share * mean).clamp(own.floor * base, own.cap * base))
}

/// The mean of sub-samples; the one where there is one.
fn mean<C: Arithmetic>(mut samples: Vec<C>) -> C {
    let count = samples.len();
    match samples.pop() {
        Some(only) if count == 1 => only,
        last => {
            samples.extend(last);
            let sum = C::sum(|| "sub-samples".into(), samples);
            C::scaled("mean of sub-samples", 1.0 / count as f64, sum)
        }
    }
}

fn scaled<C: Arithmetic>(name: &'static str, factor: f64, part: C) -> C {
    if factor == 1.0 { part } else { C::scaled(name, factor, part) }
}
