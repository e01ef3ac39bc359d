//! Which window of history is the worst for the book of today?
//!
//! Stressed VaR takes the figure of the worst window instead of the last. The book's P&L under every past move is
//! given, in order of time; the window slides over it and the figure of each position of the window is read off a tree
//! over the sorted losses: a step adds one loss and drops one, `log n` each, so the whole search is `n log n`. Each
//! node holds the count and the sum of what is below it, added up anew from its two children whenever one changes, so
//! nothing drifts. The figure of the window found is then computed again from its losses alone.
//!
//! Source: Basel Committee (2009), "Revisions to the Basel II market risk framework", paragraph 718(Lxxvi)(i), for the
//! stressed window and for the duty to search for it.

use mpor_core::Portfolio;
use mpor_stats::Level;

use crate::checks::{at_least, finite};
use crate::error::RiskError;
use crate::measure::{Measure, RiskMeasure, Scratch};
use crate::revaluation::Revaluation;

/// The window with the largest figure.
#[derive(Clone, Debug, PartialEq)]
pub struct WorstWindow {
    /// First scenario of the window; it holds `window` of them.
    pub start: usize,
    /// The figure there, positive = loss.
    pub figure: f64,
    /// The scenario behind the figure, counted in the whole history.
    pub binding: usize,
    /// The figure of every window, by its first scenario.
    pub figures: Vec<f64>,
}

/// The worst window of `window` scenarios in a history of P&L (oldest first, gain positive); the earliest of equal ones.
///
/// # Errors
/// [`RiskError::Stats`] for an empty window, a history shorter than it, or P&L that is not finite.
pub fn worst_window(
    pnl: &[f64],
    window: usize,
    measure: Measure,
    level: Level,
) -> Result<WorstWindow, RiskError> {
    let figures = rolling(pnl, window, measure, level)?;
    let worst = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let start = figures.iter().position(|figure| *figure == worst).unwrap_or(0);
    let rule = RiskMeasure::new(measure, level);
    let exact = rule.of(&pnl[start..start + window], None, &mut Scratch::default())?;
    Ok(WorstWindow { start, figure: exact.amount, binding: start + exact.binding, figures })
}

/// The worst window for a portfolio, on a revaluation whose scenarios are the moves of history, oldest first.
///
/// # Errors
/// As [`worst_window`].
pub fn worst_window_of(
    revaluation: &Revaluation,
    portfolio: &Portfolio,
    window: usize,
    measure: Measure,
    level: Level,
) -> Result<WorstWindow, RiskError> {
    let mut pnl = vec![0.0; revaluation.scenarios.len()];
    revaluation.portfolio_pnl(portfolio, &mut pnl);
    worst_window(&pnl, window, measure, level)
}

/// The figure of every window of `window` scenarios, by its first: VaR as the `ceil(n tail)`-th largest loss, ES with
/// the last loss in part.
///
/// # Errors
/// As [`worst_window`].
pub fn rolling(
    pnl: &[f64],
    window: usize,
    measure: Measure,
    level: Level,
) -> Result<Vec<f64>, RiskError> {
    at_least("a window", 1, window)?;
    at_least("a search for the worst window", window, pnl.len())?;
    finite(pnl)?;
    let mut order: Vec<usize> = (0..pnl.len()).collect();
    order.sort_by(|&a, &b| pnl[a].total_cmp(&pnl[b]));
    let mut place = vec![0; pnl.len()];
    order.iter().enumerate().for_each(|(rank, &scenario)| place[scenario] = rank);
    let mut tree = Tree::new(pnl.len());
    let (rank, mass) = (level.tail_rank(window), level.tail_mass(window));
    let mut figures = Vec::with_capacity(pnl.len() + 1 - window);
    for (scenario, gain) in pnl.iter().enumerate() {
        tree.set(place[scenario], Node { count: 1, sum: -gain });
        if scenario >= window {
            tree.set(place[scenario - window], Node::default());
        }
        if scenario + 1 >= window {
            let (var, above) = tree.largest(rank);
            let excess = above - (rank - 1) as f64 * var;
            figures.push(match measure {
                Measure::Var => var,
                Measure::Es => var + excess.max(0.0) / mass,
            });
        }
    }
    Ok(figures)
}

/// Losses below a node of the tree.
#[derive(Clone, Copy, Default)]
struct Node {
    count: usize,
    sum: f64,
}

/// A complete binary tree over the losses, the largest first.
struct Tree {
    leaves: usize,
    nodes: Vec<Node>,
}

impl Tree {
    fn new(losses: usize) -> Self {
        let leaves = losses.next_power_of_two();
        Tree { leaves, nodes: vec![Node::default(); 2 * leaves] }
    }

    fn set(&mut self, leaf: usize, node: Node) {
        let mut at = self.leaves + leaf;
        self.nodes[at] = node;
        while at > 1 {
            at /= 2;
            let (left, right) = (self.nodes[2 * at], self.nodes[2 * at + 1]);
            self.nodes[at] = Node { count: left.count + right.count, sum: left.sum + right.sum };
        }
    }

    /// The `rank`-th largest loss, and the sum of those before it.
    fn largest(&self, rank: usize) -> (f64, f64) {
        let (mut at, mut left_to_find, mut before) = (1, rank, 0.0);
        while at < self.leaves {
            let left = self.nodes[2 * at];
            at *= 2;
            if left.count < left_to_find {
                left_to_find -= left.count;
                before += left.sum;
                at += 1;
            }
        }
        (self.nodes[at].sum, before)
    }
}
