//! Does the model reach its level, and was enough collected? Two backtests, side by side.
//!
//! | | core model | margin adequacy |
//! | --- | --- | --- |
//! | asks | does the statistical model reach its confidence level? | was enough collected at the time? |
//! | requirement | the model's own, before overlays, without the parts named as add-ons | all of it: overlays and add-ons |
//! | loss | of the same static positions over the MPOR | the same |
//!
//! Both sides have the same observations, so their difference is what add-ons and overlays do: a breach of the core model
//! that the requirement covered is *cured*, one of the requirement that the core model had covered is *made* (an overlay
//! that lowers, such as a speed limit or a released buffer). The zone of either side is judged by the bounds of the account's
//! row of the coverage table, which know overlap. A core model in red under a requirement in green is a model whose faults
//! are paid for by its add-ons.
//!
//! Source: ESMA opinion ESMA91-372-2811 (16 October 2023), Delegated Regulation (EU) 153/2013, Art. 47 (validation of the
//! model) and Art. 49 (back tests). The opinion also wants the core model on single positions: give the study portfolios of
//! one position each, which are accounts here like any other.

use std::collections::BTreeMap;

use mpor_core::{Column, Loss, Money, Table};

use crate::coverage::{Light, Zone};
use crate::error::BacktestError;
use crate::observations::{finite, observed, pooled_and_accounts};
use crate::result::{BacktestResult, RequirementPath};

/// Coverage by one of the two requirements.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Side {
    /// Losses strictly above it.
    pub breaches: usize,
    /// `1 - breaches / observations`; `None` without observations.
    pub coverage: Option<f64>,
    /// Largest shortfall, reporting currency; zero without breaches.
    pub worst_shortfall: f64,
    /// Mean shortfall over breaches; `None` without any.
    pub mean_shortfall: Option<f64>,
    /// Mean requirement over the observations; `None` without any.
    pub mean_requirement: Option<f64>,
    /// Overlap-aware zone; `None` for the pooled row, whose accounts are not independent.
    pub zone: Option<Light>,
}

/// Both backtests of one model for one account, or pooled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdequacyRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts; `None` = all accounts pooled.
    pub account: Option<usize>,
    /// Observations, the same on both sides.
    pub observations: usize,
    /// The core model.
    pub core: Side,
    /// The requirement.
    pub collected: Side,
    /// Breaches of the core model that the requirement covered.
    pub cured: usize,
    /// Breaches of the requirement that the core model had covered.
    pub made: usize,
}

/// Names of parts that are add-ons, by the model's name in the study.
pub type AddOns = BTreeMap<String, Vec<String>>;

impl RequirementPath {
    /// The core model's figure: the model's own initial margin before overlays, without the parts named.
    ///
    /// Parts are those of the breakdown; a name that no part has takes nothing away. Where the replay kept no parts, nothing
    /// is taken away either.
    #[must_use]
    pub fn core(&self, add_ons: &[String]) -> Vec<f64> {
        let (initial, components) = match &self.own {
            Some(own) => (&own.initial, &own.components),
            None => (&self.initial, &self.components),
        };
        let mut core = initial.clone();
        for (_, amounts) in components.iter().filter(|(name, _)| add_ons.contains(name)) {
            core.iter_mut().zip(amounts).for_each(|(core, amount)| *core -= amount);
        }
        core
    }
}

impl Side {
    /// Takes one observation; means are sums until [`Side::close`].
    fn take(&mut self, loss: f64, requirement: f64) -> bool {
        let (loss, requirement) = (Loss(loss), Money(requirement));
        let (breach, shortfall) = (loss.breaches(requirement), loss.shortfall(requirement).0);
        self.breaches += usize::from(breach);
        self.worst_shortfall = self.worst_shortfall.max(shortfall);
        self.mean_shortfall = Some(self.mean_shortfall.unwrap_or(0.0) + shortfall);
        self.mean_requirement = Some(self.mean_requirement.unwrap_or(0.0) + requirement.0);
        breach
    }

    fn close(self, observations: usize, zone: Option<Zone>) -> Self {
        let (breaches, count) = (self.breaches, observations as f64);
        Side {
            coverage: (observations > 0).then(|| 1.0 - breaches as f64 / count),
            mean_shortfall: self
                .mean_shortfall
                .filter(|_| breaches > 0)
                .map(|s| s / breaches as f64),
            mean_requirement: self.mean_requirement.map(|sum| sum / count),
            zone: zone.map(|zone| Zone::of(breaches, zone.green_max, zone.yellow_max).light),
            ..self
        }
    }
}

/// Both backtests by model: each account, then all of them pooled.
///
/// # Errors
/// [`BacktestError::Figure`] for a loss or requirement that is not finite.
pub fn rows(result: &BacktestResult, add_ons: &AddOns) -> Result<Vec<AdequacyRow>, BacktestError> {
    let (none, zones) = (Vec::new(), zones(result));
    let mut rows = Vec::new();
    for (model, paths) in result.requirements.iter().enumerate() {
        let names = add_ons.get(&result.models[model].id).unwrap_or(&none);
        let core: Vec<Vec<f64>> = paths.iter().map(|path| path.core(names)).collect();
        let mut pooled = Tally::default();
        for account in pooled_and_accounts(result) {
            let Some(of) = account else {
                rows.push(pooled.row(model, None, None));
                continue;
            };
            let mut tally = Tally::default();
            for (at, one) in observed(result, model, account).enumerate() {
                finite(at, (one.loss, one.requirement))?;
                tally.take(one.loss, core[of][one.step], one.requirement);
                pooled.take(one.loss, core[of][one.step], one.requirement);
            }
            rows.push(tally.row(model, account, zones.get(&(model, of)).copied()));
        }
    }
    Ok(rows)
}

/// The zones of the coverage table by model and account.
fn zones(result: &BacktestResult) -> BTreeMap<(usize, usize), Zone> {
    let rows = result.coverage.iter();
    rows.filter_map(|row| Some(((row.model, row.account?), row.zone?))).collect()
}

#[derive(Clone, Copy, Default)]
struct Tally {
    observations: usize,
    core: Side,
    collected: Side,
    cured: usize,
    made: usize,
}

impl Tally {
    fn take(&mut self, loss: f64, core: f64, requirement: f64) {
        self.observations += 1;
        let (core, collected) =
            (self.core.take(loss, core), self.collected.take(loss, requirement));
        self.cured += usize::from(core && !collected);
        self.made += usize::from(collected && !core);
    }

    fn row(self, model: usize, account: Option<usize>, zone: Option<Zone>) -> AdequacyRow {
        AdequacyRow {
            model,
            account,
            observations: self.observations,
            core: self.core.close(self.observations, zone),
            collected: self.collected.close(self.observations, zone),
            cured: self.cured,
            made: self.made,
        }
    }
}

/// Table `adequacy`: a row a model and account (empty = pooled), the core model's columns first.
///
/// # Errors
/// None for a result of [`assemble`](crate::assemble::assemble).
pub fn table(result: &BacktestResult, add_ons: &AddOns) -> Result<Table, BacktestError> {
    let rows = rows(result, add_ons)?;
    let model = |row: &AdequacyRow| result.models[row.model].id.as_str();
    let account = |row: &AdequacyRow| Some(result.accounts[row.account?].as_str());
    let count = |of: fn(&AdequacyRow) -> usize| Column::counts(rows.iter().map(of));
    let mut columns: Vec<(String, Column)> = [
        ("model", Column::labels(rows.iter().map(model))),
        ("account", Column::Label(rows.iter().map(account).collect())),
        ("observations", count(|row| row.observations)),
    ]
    .map(|(name, column)| (name.to_owned(), column))
    .into();
    for (name, collected) in [("core", false), ("collected", true)] {
        let side = |row: &AdequacyRow| if collected { row.collected } else { row.core };
        let number = |of: fn(&Side) -> Option<f64>| {
            Column::Number(rows.iter().map(|row| of(&side(row))).collect())
        };
        let zone = |row: &AdequacyRow| side(row).zone.map(Light::name);
        let breaches = Column::counts(rows.iter().map(|row| side(row).breaches));
        columns.push((format!("{name}_breaches"), breaches));
        columns.push((format!("{name}_coverage"), number(|side| side.coverage)));
        let worst = number(|side| Some(side.worst_shortfall));
        columns.push((format!("{name}_worst_shortfall"), worst));
        columns.push((format!("{name}_mean_shortfall"), number(|side| side.mean_shortfall)));
        columns.push((format!("{name}_mean_requirement"), number(|side| side.mean_requirement)));
        columns.push((format!("{name}_zone"), Column::Label(rows.iter().map(zone).collect())));
    }
    columns.push(("cured".to_owned(), count(|row| row.cured)));
    columns.push(("made".to_owned(), count(|row| row.made)));
    Ok(Table::new("adequacy", columns)?)
}
