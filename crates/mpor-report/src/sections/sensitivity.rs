//! How far is each model from its target? Coverage with every requirement scaled, and the least factor that meets it.
//!
//! An observation is a margin date with a finished margin period and something held, as in the coverage tests; it breaches
//! at factor `f` when `loss > f * requirement`. With `n` observations and at most `k = floor((1 - level) n)` breaches allowed,
//! the least factor is the `(k + 1)`-th largest `loss / requirement`.
//!
//! Says nothing about dependence: breaches that cluster are counted like others.

use mpor_backtest::BacktestResult;

use super::{Material, Section};
use crate::document::grid::{Cell, Grid, figures, words};
use crate::document::{Block, Kind};
use crate::format::{percent, ratio};
use crate::text::name;

pub(super) const SECTION: Section = Section {
    id: "sensitivity",
    title: "Sensitivity",
    kinds: &[Kind::Validation],
    new_page: false,
    blocks,
};

const FACTORS: [f64; 6] = [0.8, 0.9, 1.0, 1.1, 1.25, 1.5];

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let result = material.evidence.result();
    let mut columns = vec![words("Model", 1.0)];
    columns
        .extend(FACTORS.iter().map(|factor| figures(format!("Coverage at\n{}", ratio(*factor)))));
    columns.push(figures("Least factor\nthat meets\nthe target"));
    let row = |model: usize| {
        let ratios = ratios(result, model);
        let mut row = vec![Cell::toned(name(material.evidence.model_name(model)), "strong")];
        row.extend(FACTORS.iter().map(|&factor| {
            let coverage = coverage(&ratios, factor);
            let text = coverage.map_or("–".to_owned(), percent);
            let short = coverage.is_some_and(|coverage| coverage < result.level.value());
            Cell::toned(text, if short { "bad" } else { "" })
        }));
        let allowed = result.level.tail_mass(ratios.len()).floor() as usize;
        row.push(match least_factor(&ratios, allowed) {
            Some(factor) if factor.is_finite() => ratio(factor).into(),
            _ => Cell::toned("–", "quiet"),
        });
        row
    };
    let note = "All accounts together; coloured below the target. The least factor is the number that every requirement would \
                have to be multiplied by for the target to be met in these data exactly; below 1× a model asked for more than \
                that. A dash: nothing observed, or losses on dates without a requirement."
        .to_owned();
    let grid = Grid { columns, rows: (0..result.models.len()).map(row).collect(), note };
    Block::table(grid).into_iter().collect()
}

/// Loss over requirement of every observation, largest first; infinite for a loss without a requirement.
fn ratios(result: &BacktestResult, model: usize) -> Vec<f64> {
    let mut all = Vec::new();
    for (path, losses) in result.requirements[model].iter().zip(&result.losses) {
        let observed = losses.observed(result.convention);
        all.extend(observed.map(|(step, loss)| share(loss, path.initial[step])));
    }
    all.sort_by(|a, b| b.total_cmp(a));
    all
}

fn share(loss: f64, requirement: f64) -> f64 {
    if requirement > 0.0 {
        loss / requirement
    } else if loss > requirement {
        f64::INFINITY
    } else {
        0.0
    }
}

fn coverage(ratios: &[f64], factor: f64) -> Option<f64> {
    let breaches = ratios.partition_point(|&ratio| ratio > factor);
    (!ratios.is_empty()).then(|| 1.0 - breaches as f64 / ratios.len() as f64)
}

fn least_factor(ratios: &[f64], allowed: usize) -> Option<f64> {
    ratios.get(allowed).map(|ratio| ratio.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_factor_meets_the_target_and_no_less_does() {
        // Twenty observations by hand: ratios 2.0, 1.9 ... 0.1; at 90 % two breaches are allowed.
        let ratios: Vec<f64> = (1..=20).rev().map(|tenth| f64::from(tenth) / 10.0).collect();
        assert_eq!(coverage(&ratios, 1.0), Some(0.5));
        assert_eq!(coverage(&ratios, 1.5), Some(0.75));
        let factor = least_factor(&ratios, 2).unwrap();
        assert_eq!(factor, 1.8);
        assert_eq!(coverage(&ratios, factor), Some(0.9));
        assert!(coverage(&ratios, factor - 1e-9).unwrap() < 0.9);
        assert_eq!(coverage(&[], 1.0), None);
    }

    #[test]
    fn a_loss_without_a_requirement_is_never_covered() {
        assert_eq!(share(1.0, 0.0), f64::INFINITY);
        assert_eq!(share(-1.0, 0.0), 0.0);
        assert_eq!(share(3.0, 2.0), 1.5);
    }
}
