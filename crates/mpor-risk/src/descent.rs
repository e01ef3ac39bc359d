//! The least value of a function of a few variables, without derivatives.
//!
//! Source: Nelder and Mead (1965), "A simplex method for function minimization", The Computer Journal 7(4), 308-313,
//! with their coefficients 1, 2, 1/2 and 1/2. Deterministic; started again from its own answer until a new simplex
//! finds nothing better, which is what makes it safe on two or three variables.

/// Where a search ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Least {
    pub(crate) at: Vec<f64>,
    pub(crate) value: f64,
    /// Whether the last simplex shrank to nothing before the limit of evaluations.
    pub(crate) converged: bool,
}

/// How hard a search without derivatives tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchOptions {
    /// Random starting points that are looked at.
    pub draws: usize,
    /// From how many of the best a search is led; at least one.
    pub polished: usize,
    /// Seed of the draws: the same seed, the same answer.
    pub seed: u64,
}

impl Default for SearchOptions {
    /// Two thousand draws, the five best polished.
    fn default() -> Self {
        SearchOptions { draws: 2000, polished: 5, seed: 1 }
    }
}

/// The least of the searches from the point that is known already, where there is one, and from the best of the drawn ones. Of equal
/// values the earlier counts.
pub(crate) fn least_of(
    known: Option<Vec<f64>>,
    drawn: impl Iterator<Item = Vec<f64>>,
    polished: usize,
    step: f64,
    f: &mut dyn FnMut(&[f64]) -> f64,
) -> Least {
    let mut ranked: Vec<(f64, Vec<f64>)> = drawn.map(|x| (f(&x), x)).collect();
    ranked.retain(|(value, _)| value.is_finite());
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    ranked.truncate(polished.max(1));
    let mut best = Least { at: Vec::new(), value: f64::INFINITY, converged: false };
    for start in known.into_iter().chain(ranked.into_iter().map(|(_, x)| x)) {
        let found = minimise(&start, step, f);
        if found.value < best.value || best.at.is_empty() {
            best = found;
        }
    }
    for _ in 0..LED_ON {
        if best.converged || best.at.is_empty() {
            break;
        }
        best = minimise(&best.at.clone(), step, f);
    }
    best
}

/// How often the best of several searches is led on where it has not ended: long valleys with kinks take many simplices.
const LED_ON: usize = 8;

/// Most simplices begun.
const RESTARTS: usize = 8;

/// Minimises `f` from `start` with a first simplex of size `step`. Where `f` is not a number the point counts as
/// infinitely bad.
pub(crate) fn minimise(start: &[f64], step: f64, f: &mut dyn FnMut(&[f64]) -> f64) -> Least {
    let mut best = simplex(start, step, f);
    for _ in 1..RESTARTS {
        let again = simplex(&best.at, 0.25 * step, f);
        let gain = best.value - again.value;
        let better = again.value <= best.value;
        let done = gain.abs() <= 1e-12 * (1.0 + best.value.abs());
        if better {
            best = again;
        }
        if done {
            return best;
        }
    }
    best.converged = false;
    best
}

fn simplex(start: &[f64], step: f64, f: &mut dyn FnMut(&[f64]) -> f64) -> Least {
    let n = start.len();
    let mut value = |x: &[f64]| {
        let y = f(x);
        if y.is_nan() { f64::INFINITY } else { y }
    };
    let mut points: Vec<(f64, Vec<f64>)> = Vec::with_capacity(n + 1);
    points.push((value(start), start.to_vec()));
    for i in 0..n {
        let mut x = start.to_vec();
        x[i] += step;
        points.push((value(&x), x));
    }
    for _ in 0..400 * n {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if settled(&points) {
            return Least { at: points[0].1.clone(), value: points[0].0, converged: true };
        }
        let centre: Vec<f64> =
            (0..n).map(|i| points[..n].iter().map(|p| p.1[i]).sum::<f64>() / n as f64).collect();
        let worst = points[n].clone();
        let along = |t: f64| -> Vec<f64> {
            centre.iter().zip(&worst.1).map(|(c, w)| c + t * (c - w)).collect()
        };
        let mut reflected = (0.0, along(1.0));
        reflected.0 = value(&reflected.1);
        if reflected.0 < points[0].0 {
            let mut stretched = (0.0, along(2.0));
            stretched.0 = value(&stretched.1);
            points[n] = if stretched.0 < reflected.0 { stretched } else { reflected };
        } else if reflected.0 < points[n - 1].0 {
            points[n] = reflected;
        } else {
            let mut inside = (0.0, along(if reflected.0 < worst.0 { 0.5 } else { -0.5 }));
            inside.0 = value(&inside.1);
            if inside.0 < worst.0.min(reflected.0) {
                points[n] = inside;
            } else {
                let best = points[0].1.clone();
                for point in &mut points[1..] {
                    point.1.iter_mut().zip(&best).for_each(|(x, b)| *x = b + 0.5 * (*x - b));
                    point.0 = value(&point.1);
                }
            }
        }
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Least { at: points[0].1.clone(), value: points[0].0, converged: false }
}

/// Whether a sorted simplex is small in both its values and its points.
fn settled(points: &[(f64, Vec<f64>)]) -> bool {
    let (best, worst) = (&points[0], &points[points.len() - 1]);
    let flat = (worst.0 - best.0).abs() <= 1e-14 * (1.0 + best.0.abs());
    let near =
        |x: &[f64]| x.iter().zip(&best.1).all(|(x, b)| (x - b).abs() <= 1e-8 * (1.0 + b.abs()));
    flat && points.iter().all(|point| near(&point.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_rosenbrock_has_its_end_at_one_and_one() {
        let mut valley = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            a * a + 100.0 * b * b
        };
        let least = minimise(&[-1.2, 1.0], 0.5, &mut valley);
        assert!(least.converged);
        assert!((least.at[0] - 1.0).abs() < 1e-6 && (least.at[1] - 1.0).abs() < 1e-6, "{least:?}");
    }
}
