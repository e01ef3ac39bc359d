//! Where is a smooth function of a few free numbers least? A quasi-Newton search that is asked and told.
//!
//! The search asks for an evaluation and is told its value and gradient; it holds no function, so that several searches can share one
//! pass over interleaved samples. Steps are `-H g`, with `H` the inverse of a curvature that the caller knows at the start and the
//! update of Broyden, Fletcher, Goldfarb and Shanno afterwards (Nocedal and Wright, 2006, "Numerical Optimization", 2nd ed., eq. 6.17),
//! shortened until the value falls enough (eq. 3.4). What is left to gain is `g' H g / 2`; when it is below the tolerance the
//! caller's curvature is asked for once more, and the search only ends if that says the same: an update that has gone astray does
//! not end it.

use super::parameters::{Natural, Square};

/// What the search wants next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// Value and gradient at this point, with the curvature where it is asked for.
    Evaluate { point: Natural, curvature: bool },
    /// Nothing: it has ended.
    Done(End),
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// What is left to gain is below the tolerance.
    Met,
    /// No step along a direction of descent lowers the value.
    Stalled,
    /// Too many evaluations.
    Exhausted,
    /// The value at the start is not a number.
    NoStart,
}

/// Told to the search.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub value: f64,
    pub gradient: Natural,
    pub curvature: Option<&'a Square>,
}

/// One search for a minimum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    count: usize,
    tolerance: f64,
    most: usize,
    pub point: Natural,
    pub value: f64,
    pub gradient: Natural,
    /// What is left to gain by the last metric.
    pub decrement: f64,
    pub evaluations: usize,
    metric: Square,
    direction: Natural,
    slope: f64,
    step: f64,
    stage: Stage,
    /// Whether the metric is the caller's curvature at this very point.
    fresh: bool,
    renewals: usize,
    /// Steps in a row that lowered the value by no more than its rounding.
    idle: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Start,
    Step,
    Renew,
}

/// Share of the promised fall that a step must reach.
const ENOUGH: f64 = 1e-4;
/// Longest step of a free number.
const LONGEST: f64 = 2.0;
/// Rounding of a value, relative to it.
const NOISE: f64 = 4e-14;
/// How often the caller's curvature is asked for again.
const MOST_RENEWALS: usize = 12;
/// Steps within rounding that polish a minimum; more of them wander about a kink.
const MOST_IDLE: usize = 8;

impl Search {
    /// A search from a point of `count` free numbers; the first evaluation must have a curvature.
    pub fn new(start: Natural, count: usize, tolerance: f64, most: usize) -> (Self, Next) {
        let search = Search {
            count,
            tolerance,
            most,
            point: start,
            value: f64::INFINITY,
            gradient: [0.0; 7],
            decrement: f64::INFINITY,
            evaluations: 0,
            metric: [[0.0; 7]; 7],
            direction: [0.0; 7],
            slope: 0.0,
            step: 0.0,
            stage: Stage::Start,
            fresh: false,
            renewals: 0,
            idle: 0,
        };
        (search, Next::Evaluate { point: start, curvature: true })
    }

    /// Takes in an evaluation of the point asked for.
    pub fn tell(&mut self, told: Told<'_>) -> Next {
        self.evaluations += 1;
        match self.stage {
            Stage::Start if !usable(&told) => Next::Done(End::NoStart),
            Stage::Start | Stage::Renew => self.renewed(&told),
            Stage::Step => self.stepped(&told),
        }
    }

    /// The caller's curvature at the point becomes the metric.
    fn renewed(&mut self, told: &Told<'_>) -> Next {
        (self.value, self.gradient) = (told.value, told.gradient);
        if let Some(curvature) = told.curvature {
            self.metric = inverse(curvature, self.count);
        }
        self.fresh = true;
        self.aim()
    }

    /// A trial step was evaluated.
    fn stepped(&mut self, told: &Told<'_>) -> Next {
        let noise = NOISE * (1.0 + self.value.abs());
        let promised = ENOUGH * self.step * self.slope;
        if usable(told) && told.value <= self.value + promised + noise {
            let idle = told.value > self.value - noise;
            self.idle = if idle { self.idle + 1 } else { 0 };
            return self.accept(told);
        }
        if self.evaluations >= self.most {
            return Next::Done(End::Exhausted);
        }
        if self.step < 1e-9 {
            return if self.fresh { Next::Done(End::Stalled) } else { self.renew() };
        }
        // The minimum of the parabola through both values and the slope.
        let rise = told.value - self.value - self.step * self.slope;
        let shorter = -0.5 * self.slope * self.step * self.step / rise;
        let bound = self.step * if usable(told) { 0.5 } else { 0.1 };
        self.step = if shorter.is_finite() { shorter.clamp(0.1 * self.step, bound) } else { bound };
        self.trial()
    }

    fn accept(&mut self, told: &Told<'_>) -> Next {
        let (mut moved, mut turned) = ([0.0; 7], [0.0; 7]);
        for i in 0..self.count {
            moved[i] = self.step * self.direction[i];
            turned[i] = told.gradient[i] - self.gradient[i];
            self.point[i] += moved[i];
        }
        (self.value, self.gradient, self.fresh) = (told.value, told.gradient, false);
        let curved = dot(&moved, &turned);
        let sizes = (dot(&moved, &moved) * dot(&turned, &turned)).sqrt();
        if curved <= 1e-10 * sizes || self.idle > MOST_IDLE {
            // Not convex here, so that an update would spoil the metric; or nothing left to gain.
            return self.renew();
        }
        self.update(&moved, &turned, curved);
        self.aim()
    }

    /// The inverse update of Broyden, Fletcher, Goldfarb and Shanno.
    fn update(&mut self, moved: &Natural, turned: &Natural, curved: f64) {
        let image = self.times(turned);
        let scale = (1.0 + dot(turned, &image) / curved) / curved;
        for i in 0..self.count {
            for j in 0..self.count {
                let cross = image[i] * moved[j] + moved[i] * image[j];
                self.metric[i][j] += scale * moved[i] * moved[j] - cross / curved;
            }
        }
    }

    /// A direction of descent and a first step, or the end.
    fn aim(&mut self) -> Next {
        let image = self.times(&self.gradient);
        self.direction = image.map(|x| -x);
        self.slope = -dot(&self.gradient, &image);
        self.decrement = -0.5 * self.slope;
        let downhill = self.slope < 0.0;
        if !downhill {
            let flat = self.gradient[..self.count].iter().all(|g| *g == 0.0);
            self.decrement = if flat { 0.0 } else { self.decrement };
            return match self.fresh {
                true if flat => Next::Done(End::Met),
                true => Next::Done(End::Stalled),
                false => self.renew(),
            };
        }
        if self.decrement <= self.tolerance {
            return if self.fresh { Next::Done(End::Met) } else { self.renew() };
        }
        if self.idle > MOST_IDLE {
            return Next::Done(End::Stalled);
        }
        if self.evaluations >= self.most {
            return Next::Done(End::Exhausted);
        }
        self.shorten();
        self.trial()
    }

    /// Cuts what is too long in a direction: each component on its own, or all by one factor where the cut would lead uphill. A free number
    /// without any slope lies beyond its bounds and stays.
    fn shorten(&mut self) {
        let mut cut = self.direction.map(|d| d.clamp(-LONGEST, LONGEST));
        for (d, g) in cut.iter_mut().zip(&self.gradient).filter(|(_, g)| **g == 0.0) {
            *d = *g;
        }
        let slope = dot(&self.gradient, &cut);
        self.step = 1.0;
        if slope < 0.0 {
            (self.direction, self.slope) = (cut, slope);
            return;
        }
        let longest = self.direction.iter().fold(0.0_f64, |most, d| most.max(d.abs()));
        if longest > LONGEST {
            self.step = LONGEST / longest;
        }
    }

    fn trial(&mut self) -> Next {
        self.stage = Stage::Step;
        let mut point = self.point;
        (0..self.count).for_each(|i| point[i] += self.step * self.direction[i]);
        Next::Evaluate { point, curvature: false }
    }

    fn renew(&mut self) -> Next {
        self.renewals += 1;
        if self.renewals > MOST_RENEWALS {
            let met = self.decrement <= self.tolerance;
            return Next::Done(if met { End::Met } else { End::Stalled });
        }
        self.stage = Stage::Renew;
        Next::Evaluate { point: self.point, curvature: true }
    }

    fn times(&self, vector: &Natural) -> Natural {
        let mut product = [0.0; 7];
        for (sum, row) in product[..self.count].iter_mut().zip(&self.metric) {
            *sum = row[..self.count].iter().zip(vector).map(|(m, v)| m * v).sum();
        }
        product
    }
}

fn usable(told: &Told<'_>) -> bool {
    told.value.is_finite() && told.gradient.iter().all(|g| g.is_finite())
}

fn dot(left: &Natural, right: &Natural) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

/// Inverse of a positive semi-definite matrix whose flat directions are given a little curvature.
pub(super) fn inverse(matrix: &Square, count: usize) -> Square {
    let largest = (0..count).fold(0.0_f64, |most, i| most.max(matrix[i][i]));
    let ridge = 1e-2_f64.max(1e-12 * largest);
    let mut ridged = *matrix;
    (0..count).for_each(|i| ridged[i][i] += ridge);
    inverse_by_root(&ridged, count).unwrap_or_else(|| {
        let mut diagonal = [[0.0; 7]; 7];
        (0..count).for_each(|i| diagonal[i][i] = 1.0 / ridged[i][i].max(ridge));
        diagonal
    })
}

/// Inverse by the triangular root; `None` where the matrix is not positive definite.
pub(super) fn inverse_by_root(matrix: &Square, count: usize) -> Option<Square> {
    let mut root = [[0.0; 7]; 7];
    for j in 0..count {
        let below =
            |i: usize, root: &Square| -> f64 { (0..j).map(|k| root[i][k] * root[j][k]).sum() };
        let pivot = matrix[j][j] - below(j, &root);
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        root[j][j] = pivot.sqrt();
        for i in j + 1..count {
            root[i][j] = (matrix[i][j] - below(i, &root)) / root[j][j];
        }
    }
    let mut result = [[0.0; 7]; 7];
    // The inverse is symmetric: its columns are written as rows.
    for (column, x) in result[..count].iter_mut().enumerate() {
        for i in column..count {
            let sum: f64 = (column..i).map(|k| root[i][k] * x[k]).sum();
            x[i] = (f64::from(u8::from(i == column)) - sum) / root[i][i];
        }
        for i in (0..count).rev() {
            let sum: f64 = (i + 1..count).map(|k| root[k][i] * x[k]).sum();
            x[i] = (x[i] - sum) / root[i][i];
        }
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley, whose curvature is not told.
    fn valley(u: &Natural) -> (f64, Natural) {
        let (a, b) = (1.0 - u[0], u[1] - u[0] * u[0]);
        let mut gradient = [0.0; 7];
        gradient[0] = -2.0 * a - 400.0 * u[0] * b;
        gradient[1] = 200.0 * b;
        (a * a + 100.0 * b * b, gradient)
    }

    #[test]
    fn it_walks_down_a_curved_valley() {
        let mut start = [0.0; 7];
        (start[0], start[1]) = (-1.2, 1.0);
        let mut flat = [[0.0; 7]; 7];
        (flat[0][0], flat[1][1]) = (1.0, 1.0);
        let (mut search, mut next) = Search::new(start, 2, 1e-14, 500);
        let end = loop {
            match next {
                Next::Evaluate { point, curvature } => {
                    let (value, gradient) = valley(&point);
                    let curvature = curvature.then_some(&flat);
                    next = search.tell(Told { value, gradient, curvature });
                }
                Next::Done(end) => break end,
            }
        };
        assert_eq!(end, End::Met);
        assert!((search.point[0] - 1.0).abs() < 1e-6 && (search.point[1] - 1.0).abs() < 1e-6);
        assert!(search.evaluations < 120, "{}", search.evaluations);
    }

    #[test]
    fn the_inverse_is_one_by_hand() {
        let mut matrix = [[0.0; 7]; 7];
        (matrix[0][0], matrix[0][1], matrix[1][0], matrix[1][1]) = (4.0, 2.0, 2.0, 3.0);
        let inverse = inverse_by_root(&matrix, 2).unwrap();
        // By hand: [3 -2; -2 4] / 8.
        for (found, expected) in
            inverse[..2].iter().flat_map(|row| &row[..2]).zip([0.375, -0.25, -0.25, 0.5])
        {
            assert!((found - expected).abs() < 1e-15);
        }
        matrix[0][1] = 4.0;
        matrix[1][0] = 4.0;
        assert!(inverse_by_root(&matrix, 2).is_none());
    }

    #[test]
    fn what_has_no_value_has_no_start() {
        let (mut search, _) = Search::new([0.0; 7], 1, 1e-10, 10);
        let told = Told { value: f64::NAN, gradient: [0.0; 7], curvature: None };
        assert!(matches!(search.tell(told), Next::Done(End::NoStart)));
    }
}
