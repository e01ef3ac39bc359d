//! Least squares of few variables inside a box.
//!
//! Levenberg (1944) and Marquardt (1963), "An algorithm for least-squares estimation of nonlinear parameters", SIAM Journal
//! 11(2), 431-441; variables at a bound that the gradient pushes outwards stay there. Finds a local minimum.

/// What a point of the search says: half its squared error is `error`, with gradient and Gauss-Newton matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums<const N: usize> {
    pub(super) error: f64,
    pub(super) gradient: [f64; N],
    pub(super) matrix: [[f64; N]; N],
}

impl<const N: usize> Sums<N> {
    pub(super) fn new() -> Self {
        Sums { error: 0.0, gradient: [0.0; N], matrix: [[0.0; N]; N] }
    }

    /// Adds `weight residual^2`, whose residual changes by `slopes` per unit of the variables.
    #[inline]
    pub(super) fn add(&mut self, weight: f64, residual: f64, slopes: [f64; N]) {
        self.error += weight * residual * residual;
        for (row, (gradient, matrix)) in self.gradient.iter_mut().zip(&mut self.matrix).enumerate()
        {
            let scaled = weight * slopes[row];
            *gradient += scaled * residual;
            for (sum, slope) in matrix.iter_mut().zip(&slopes).take(row + 1) {
                *sum += scaled * slope;
            }
        }
    }
}

/// Steps of the search, far more than it takes.
const STEPS: usize = 80;

/// The minimum near `start`, and the error there.
pub(super) fn minimise<const N: usize>(
    mut sums: impl FnMut(&[f64; N]) -> Sums<N>,
    start: [f64; N],
    low: &[f64; N],
    high: &[f64; N],
) -> ([f64; N], f64) {
    let inside = |mut point: [f64; N]| {
        for at in 0..N {
            point[at] = point[at].max(low[at]).min(high[at]);
        }
        point
    };
    let mut point = inside(start);
    let mut here = sums(&point);
    let mut damping = 1e-3;
    for _ in 0..STEPS {
        let free: [bool; N] = std::array::from_fn(|at| {
            let outwards = here.gradient[at];
            !(point[at] <= low[at] && outwards > 0.0 || point[at] >= high[at] && outwards < 0.0)
        });
        let Some(step) = step(&here, damping, &free) else { break };
        let next = inside(std::array::from_fn(|at| point[at] + step[at]));
        let there = sums(&next);
        if there.error < here.error {
            let gained = here.error - there.error;
            (point, here) = (next, there);
            damping = (0.2 * damping).max(1e-12);
            if gained <= 1e-10 * here.error || here.error < 1e-26 {
                break;
            }
        } else {
            damping *= 5.0;
            if damping > 1e8 || next == point {
                break;
            }
        }
    }
    (point, here.error)
}

/// Solves the damped normal equations of the free variables by Cholesky's method.
fn step<const N: usize>(sums: &Sums<N>, damping: f64, free: &[bool; N]) -> Option<[f64; N]> {
    let mut root = [[0.0; N]; N];
    let mut step = [0.0; N];
    if !free.contains(&true) {
        return None;
    }
    for row in 0..N {
        for column in 0..=row {
            let coupled = free[row] && free[column];
            let mut sum = match (row == column, coupled) {
                (true, true) => sums.matrix[row][row] * (1.0 + damping) + 1e-300,
                (true, false) => 1.0,
                (false, true) => sums.matrix[row][column],
                (false, false) => 0.0,
            };
            sum -= (0..column).map(|at| root[row][at] * root[column][at]).sum::<f64>();
            root[row][column] =
                if row == column { sum.max(1e-300).sqrt() } else { sum / root[column][column] };
        }
    }
    for row in 0..N {
        let mut sum = if free[row] { -sums.gradient[row] } else { 0.0 };
        sum -= (0..row).map(|at| root[row][at] * step[at]).sum::<f64>();
        step[row] = sum / root[row][row];
    }
    for row in (0..N).rev() {
        let mut sum = step[row];
        sum -= (row + 1..N).map(|at| root[at][row] * step[at]).sum::<f64>();
        step[row] = sum / root[row][row];
    }
    step.iter().all(|number| number.is_finite()).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock(point: &[f64; 2]) -> Sums<2> {
        let [x, y] = *point;
        let mut sums = Sums::new();
        sums.add(1.0, 10.0 * (y - x * x), [-20.0 * x, 10.0]);
        sums.add(1.0, 1.0 - x, [-1.0, 0.0]);
        sums
    }

    /// Closed form: Rosenbrock's function is zero at (1, 1).
    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let (point, error) = minimise(rosenbrock, [-1.2, 1.0], &[-9.0; 2], &[9.0; 2]);
        assert!(error < 1e-20 && (point[0] - 1.0).abs() < 1e-9, "{point:?} {error}");
    }

    /// By hand: held at `x <= 1/2`, the best is `y = x^2 = 1/4` with error `(1 - 1/2)^2`.
    #[test]
    fn a_bound_is_met_and_kept() {
        let (point, error) = minimise(rosenbrock, [-1.2, 1.0], &[-9.0; 2], &[0.5, 9.0]);
        assert_eq!(point[0], 0.5);
        assert!((point[1] - 0.25).abs() < 1e-9 && (error - 0.25).abs() < 1e-12, "{point:?}");
    }
}
