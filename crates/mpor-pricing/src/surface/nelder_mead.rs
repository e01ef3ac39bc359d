//! The minimum of a function of three variables without derivatives.
//!
//! Nelder and Mead (1965), "A simplex method for function minimization", Computer Journal 7(4), 308-313, with their
//! coefficients (reflect 1, expand 2, contract 1/2, shrink 1/2), run again from the minimum found until that is stable.
//! Finds a local minimum.

/// A point and the function's value there.
type Vertex = ([f64; 3], f64);

/// Function evaluations of one run, far more than a smooth function needs.
const STEPS: usize = 400;

/// Minimum near `start`, from a simplex of edge `edge`, and the value there.
pub(crate) fn minimise(function: impl Fn([f64; 3]) -> f64, start: [f64; 3], edge: f64) -> Vertex {
    let mut best = (start, function(start));
    for _ in 0..4 {
        let found = run(&function, best, edge);
        let gained = best.1 - found.1;
        best = found;
        if gained <= 1e-9 * best.1.abs() {
            break;
        }
    }
    best
}

fn run(function: &impl Fn([f64; 3]) -> f64, start: Vertex, edge: f64) -> Vertex {
    let mut simplex = [start; 4];
    for axis in 0..3 {
        let mut point = start.0;
        point[axis] += edge;
        simplex[axis + 1] = (point, function(point));
    }
    for _ in 0..STEPS {
        simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
        if is_small(&simplex) {
            break;
        }
        step(function, &mut simplex);
    }
    simplex.sort_by(|a, b| a.1.total_cmp(&b.1));
    simplex[0]
}

/// Moves the worst vertex, the last of the sorted simplex.
fn step(function: &impl Fn([f64; 3]) -> f64, simplex: &mut [Vertex; 4]) {
    let (best, second_worst, worst) = (simplex[0], simplex[2], simplex[3]);
    let centre = centre(simplex);
    let along = |share: f64| {
        let point = between(centre, worst.0, share);
        (point, function(point))
    };
    let reflected = along(-1.0);
    simplex[3] = if reflected.1 < best.1 {
        let expanded = along(-2.0);
        if expanded.1 < reflected.1 { expanded } else { reflected }
    } else if reflected.1 < second_worst.1 {
        reflected
    } else {
        let contracted = if reflected.1 < worst.1 { along(-0.5) } else { along(0.5) };
        if contracted.1 >= worst.1.min(reflected.1) {
            return shrink(function, simplex);
        }
        contracted
    };
}

fn shrink(function: &impl Fn([f64; 3]) -> f64, simplex: &mut [Vertex; 4]) {
    let best = simplex[0].0;
    for vertex in &mut simplex[1..] {
        let point = between(best, vertex.0, 0.5);
        *vertex = (point, function(point));
    }
}

/// Of all but the worst vertex.
fn centre(simplex: &[Vertex; 4]) -> [f64; 3] {
    let mut centre = [0.0; 3];
    for (axis, sum) in centre.iter_mut().enumerate() {
        *sum = (simplex[0].0[axis] + simplex[1].0[axis] + simplex[2].0[axis]) / 3.0;
    }
    centre
}

fn between(from: [f64; 3], to: [f64; 3], share: f64) -> [f64; 3] {
    let mut point = from;
    for (axis, value) in point.iter_mut().enumerate() {
        *value += share * (to[axis] - from[axis]);
    }
    point
}

fn is_small(simplex: &[Vertex; 4]) -> bool {
    let best = simplex[0].0;
    simplex[1..]
        .iter()
        .all(|vertex| vertex.0.iter().zip(best).all(|(value, best)| (value - best).abs() < 1e-7))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closed form: the minimum of the chained Rosenbrock function is 0 at (1, 1, 1).
    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let valley = |[x, y, z]: [f64; 3]| {
            100.0 * (y - x * x).powi(2)
                + (1.0 - x).powi(2)
                + 100.0 * (z - y * y).powi(2)
                + (1.0 - y).powi(2)
        };
        let (point, value) = minimise(valley, [-1.2, 1.0, 0.5], 0.5);
        assert!(value < 1e-10, "{point:?}: {value}");
        assert!(point.iter().all(|coordinate| (coordinate - 1.0).abs() < 1e-4));
    }
}
