//! How do factors move together in calm and in stress, and what if that broke?
//!
//! ```text
//! x = D A z sqrt(m),   A A' = correlations,  D = deviations of the recent one-step moves,  m = steps of the margin period,  z normal
//! ```
//!
//! The books are revalued in full under the same `z` and the same `D` for each matrix, so that what differs is the correlations
//! alone. The calm and the stressed stretch are found by the energy ([`regimes`]) of spot prices unless the study names them. A broken
//! matrix that is none is replaced by the nearest, and the table says how far that was.

use std::ops::Range;

use mpor_core::{Factor, Timestamp};
use mpor_risk::correlation::{
    Dcc, Rank, Stressed, Target, correlation_break, ewma_standardised, ledoit_wolf,
    nearest_correlation, rank_correlation, regimes,
};
use mpor_risk::scenario::moves::{Moves, last_moves};
use mpor_risk::simulation::{Copula, Joint, Marginal, Points, standard_errors};
use mpor_risk::{Day, RiskError, SmileDynamics, revalue};
use mpor_stats::covariance::{correlation, ewma_covariance, sample_covariance};
use mpor_stats::descriptive::sample_std;
use mpor_stats::ewma::{BURN_IN, Decay};
use mpor_stats::random::Streams;
use ndarray::{Array2, ArrayView2, Axis, s};

use super::reverse::factor_name;
use super::scenarios;
use super::scene::Scene;
use crate::error::MporError;
use crate::study::stress::{BreakSpec, Estimator, Stretch};

const PURPOSE: &str = "correlation stress";
/// Fewer moves than this say nothing of a correlation.
const FEWEST: usize = 10;

/// Matrices of the factors that move, and what they do to the books.
#[derive(Clone, Debug, Default)]
pub(crate) struct Correlations {
    pub factors: Vec<String>,
    pub estimator: &'static str,
    /// `recent` first.
    pub states: Vec<State>,
    pub tails: Vec<Tail>,
}

/// One matrix.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub name: String,
    /// Start of the first move and end of the last.
    pub from: Timestamp,
    pub to: Timestamp,
    pub moves: usize,
    pub matrix: Array2<f64>,
    /// Weight of the target where the matrix was shrunk.
    pub shrinkage: Option<f64>,
    /// How far it is from what was estimated or asked for, Frobenius; zero where that was valid.
    pub repaired: f64,
}

/// What one account's tail is under one matrix.
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    pub account: usize,
    /// Among the states.
    pub state: usize,
    pub var: f64,
    pub var_error: f64,
    pub es: f64,
    pub es_error: f64,
}

/// One-step moves of the factors that move: rows are moves.
struct Observed {
    moves: Moves,
    rows: Array2<f64>,
}

pub(super) fn run(
    scene: &Scene<'_>,
    day: &Day<'_>,
) -> Result<(Correlations, Vec<String>), MporError> {
    let failed = |error| scene.failed(&["correlation"], error);
    let known = scene.moment.step;
    let underlyings = day.universe.underlyings().len();
    let all = last_moves(&day.past, underlyings, 1, known).map_err(failed)?;
    let mut notes = Vec::new();
    let observed = moving(scene, all, std::slice::from_ref(&(0..known)), &mut notes);
    if observed.moves.factors.is_empty() {
        return Ok((Correlations::default(), notes));
    }
    let stretches = stretches(scene, day, &observed)?;
    let spans: Vec<Range<usize>> = stretches.iter().map(|(_, rows)| rows.clone()).collect();
    let observed = moving(scene, observed.moves, &spans, &mut notes);
    let factors: Vec<String> =
        observed.moves.factors.iter().map(|&factor| factor_name(scene, factor)).collect();
    if factors.len() < 2 {
        notes.push(format!(
            "Correlations need two factors that move, and there {} {}: none are compared.",
            if factors.len() == 1 { "is" } else { "are" },
            factors.len()
        ));
        return Ok((Correlations::default(), notes));
    }
    let times = day.past.times();
    let mut states = Vec::new();
    for (name, rows) in stretches {
        let found = estimate(scene, observed.rows.view(), &rows).map_err(failed)?;
        let valid = nearest_correlation(found.matrix.view(), 0.0).map_err(failed)?;
        let (matrix, repaired, shrinkage) = (valid.matrix, valid.distance, found.shrinkage);
        let (from, to) = (times[rows.start], times[rows.end]);
        let moves = rows.len();
        states.push(State { name, from, to, moves, matrix, shrinkage, repaired });
    }
    for spec in &scene.spec.correlation.breaks {
        states.push(broken(scene, spec, &factors, &states)?);
    }
    let tails = tails(scene, day, &observed, &spans[0], &states).map_err(failed)?;
    let estimator = estimator(scene.spec.correlation.estimator);
    Ok((Correlations { factors, estimator, states, tails }, notes))
}

/// Leaves out the factors that stand still in one of the stretches, and says so.
fn moving(
    scene: &Scene<'_>,
    moves: Moves,
    stretches: &[Range<usize>],
    notes: &mut Vec<String>,
) -> Observed {
    let moves_in = |row: usize, stretch: &Range<usize>| {
        let part = moves.values.slice(s![row, stretch.clone()]);
        part.iter().any(|x| *x != part[0])
    };
    let (kept, still): (Vec<usize>, Vec<usize>) = (0..moves.factors.len())
        .partition(|&row| stretches.iter().all(|stretch| moves_in(row, stretch)));
    if !still.is_empty() {
        let names: Vec<String> =
            still.iter().map(|&row| factor_name(scene, moves.factors[row])).collect();
        notes.push(format!("Without movement, and so without correlations: {}.", names.join(", ")));
    }
    let values = moves.values.select(Axis(0), &kept);
    let rows = values.t().as_standard_layout().into_owned();
    let factors = kept.iter().map(|&row| moves.factors[row]).collect();
    Observed { moves: Moves { factors, values }, rows }
}

/// The recent, the calm and the stressed stretch, as rows of the known one-step moves.
fn stretches(
    scene: &Scene<'_>,
    day: &Day<'_>,
    observed: &Observed,
) -> Result<Vec<(String, Range<usize>)>, MporError> {
    let spec = &scene.spec.correlation;
    let known = observed.rows.nrows();
    let recent = known - scene.window.min(known)..known;
    let size = spec.window.unwrap_or_else(|| (scene.year() / 3).min(known / 4).max(3));
    let spots: Vec<usize> = (0..observed.moves.factors.len())
        .filter(|&row| matches!(observed.moves.factors[row], Factor::Spot(_)))
        .collect();
    let energy = match spots.is_empty() {
        true => observed.rows.clone(),
        false => observed.rows.select(Axis(1), &spots),
    };
    let found = regimes(energy.view(), size)
        .map_err(|error| scene.failed(&["correlation", "window"], error))?;
    let named = |key: &str, stretch: &Option<Stretch>, found: Range<usize>| match stretch {
        None => Ok(found),
        Some(stretch) => rows_of(scene, day, key, stretch),
    };
    Ok(vec![
        ("recent".to_owned(), recent),
        ("calm".to_owned(), named("calm", &spec.calm, found.calm)?),
        ("stressed".to_owned(), named("stressed", &spec.stressed, found.stressed)?),
    ])
}

/// The moves that end inside a named stretch: move `k` ends at step `k + 1`.
fn rows_of(
    scene: &Scene<'_>,
    day: &Day<'_>,
    key: &str,
    stretch: &Stretch,
) -> Result<Range<usize>, MporError> {
    let path = ["correlation", key];
    let times = day.past.times();
    let (from, end) = match stretch {
        Stretch::Days(days) => (days.from, days.to + mpor_core::Span::days(1)),
        Stretch::Episode(named) => {
            let episode = scenarios::find(scene, &path, &named.episode)?;
            episode.span().map_err(|error| scene.failed(&path, error))?
        }
    };
    let first = times.partition_point(|time| *time <= from).max(1);
    let past = times.partition_point(|time| *time <= end);
    if past < first + FEWEST {
        let problem = format!(
            "{from} to {end} holds {} known moves up to {}; a correlation needs at least {FEWEST}",
            past.saturating_sub(first),
            scene.time()
        );
        return Err(scene.file.error_at(&[&["stress"], &path[..]].concat(), problem).into());
    }
    Ok(first - 1..past - 1)
}

/// Correlations as they were estimated.
struct Estimate {
    matrix: Array2<f64>,
    shrinkage: Option<f64>,
}

/// The correlations of a stretch; those of ranks need not be such.
fn estimate(
    scene: &Scene<'_>,
    all: ArrayView2<'_, f64>,
    rows: &Range<usize>,
) -> Result<Estimate, RiskError> {
    let spec = &scene.spec.correlation;
    let stretch = all.slice(s![rows.clone(), ..]);
    let until = all.slice(s![..rows.end, ..]);
    let mut shrinkage = None;
    let matrix = match spec.estimator {
        Estimator::Sample => correlation(sample_covariance(stretch, 1)?.view())?,
        Estimator::Shrunk => {
            let shrunk = ledoit_wolf(stretch, Target::ConstantCorrelation)?;
            shrinkage = Some(shrunk.intensity);
            correlation(shrunk.covariance.view())?
        }
        Estimator::Spearman => rank_correlation(stretch, Rank::Spearman)?,
        Estimator::Ewma => {
            let covariance = ewma_covariance(until, Decay::new(spec.decay)?, BURN_IN)?;
            correlation(covariance.view())?
        }
        Estimator::Dcc => {
            // Fitted to all that is known at the margin date; the state is that at the end of the stretch.
            let burn_in = BURN_IN.min(all.nrows() / 4);
            let standardised = ewma_standardised(all, Decay::new(spec.decay)?, burn_in)?;
            let fit = Dcc::fit(standardised.view())?;
            let at = rows.end.saturating_sub(burn_in);
            fit.model.path(standardised.slice(s![..at, ..])).pop().unwrap_or(fit.forecast)
        }
    };
    Ok(Estimate { matrix, shrinkage })
}

/// The recent matrix on its way to a broken one.
fn broken(
    scene: &Scene<'_>,
    spec: &BreakSpec,
    factors: &[String],
    states: &[State],
) -> Result<State, MporError> {
    let path = ["correlation", "breaks"];
    let (recent, stressed) = (&states[0], &states[2]);
    let row = |name: &String| {
        factors.iter().position(|known| known == name).ok_or_else(|| {
            let problem = format!(
                "`{}`: no factor `{name}` that moves; there are: {}",
                spec.name,
                factors.join(", ")
            );
            MporError::from(scene.file.error_at(&[&["stress"], &path[..]].concat(), problem))
        })
    };
    let among: Option<Vec<usize>> = match &spec.among {
        None => None,
        Some(names) => Some(names.iter().map(row).collect::<Result<_, _>>()?),
    };
    let towards = match (spec.to, among) {
        (Some(to), None) => Stressed::All(to),
        (Some(correlation), Some(factors)) => Stressed::Among { factors, correlation },
        (None, None) => Stressed::Matrix(stressed.matrix.clone()),
        (None, Some(rows)) => {
            let both = |i: &usize, j: &usize| rows.contains(i) && rows.contains(j);
            let matrix = Array2::from_shape_fn(recent.matrix.dim(), |(i, j)| {
                if both(&i, &j) { stressed.matrix[[i, j]] } else { recent.matrix[[i, j]] }
            });
            Stressed::Matrix(matrix)
        }
    };
    let found = correlation_break(recent.matrix.view(), &towards, spec.strength)
        .map_err(|error| scene.failed(&path, error))?;
    Ok(State {
        name: spec.name.clone(),
        matrix: found.matrix,
        shrinkage: None,
        repaired: found.repaired,
        ..recent.clone()
    })
}

/// VaR and ES of every account under every matrix, on the same draws.
fn tails(
    scene: &Scene<'_>,
    day: &Day<'_>,
    observed: &Observed,
    recent: &Range<usize>,
    states: &[State],
) -> Result<Vec<Tail>, RiskError> {
    let marginals: Vec<Marginal> = observed
        .rows
        .slice(s![recent.clone(), ..])
        .columns()
        .into_iter()
        .map(|column| Ok(Marginal::Normal { deviation: sample_std(&column.to_vec())? }))
        .collect::<Result<_, RiskError>>()?;
    let root = (day.horizon.steps() as f64).sqrt();
    let streams = Streams::new(day.seed, PURPOSE, day.time().0);
    let paths = scene.spec.correlation.paths;
    let mut all = Vec::new();
    for (state, one) in states.iter().enumerate() {
        let joint = Joint::new(Copula::Normal, one.matrix.view(), &marginals, Points::Independent)?;
        let values = joint.scaled(root).moves(paths, streams)?;
        let names = (1..=paths).map(|path| format!("path {path}")).collect();
        let moves = Moves { factors: observed.moves.factors.clone(), values };
        let mut set = moves.into_set(day, names, SmileDynamics::StickyMoneyness);
        set.years_forward = day.horizon.span().years();
        let revaluation = revalue(day, &set)?;
        for (account, pnl) in scene.pnl(&revaluation).iter().enumerate() {
            let losses: Vec<f64> = pnl.iter().map(|gain| -gain).collect();
            let found = standard_errors(&losses, scene.level)?;
            let (var, var_error) = (found.var, found.var_error);
            let (es, es_error) = (found.es, found.es_error);
            all.push(Tail { account, state, var, var_error, es, es_error });
        }
    }
    Ok(all)
}

fn estimator(of: Estimator) -> &'static str {
    match of {
        Estimator::Sample => "sample",
        Estimator::Shrunk => "shrunk",
        Estimator::Spearman => "spearman",
        Estimator::Ewma => "ewma",
        Estimator::Dcc => "dcc",
    }
}
