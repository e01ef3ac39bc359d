//! What is the smallest plausible move that exhausts the margin?
//!
//! ```text
//! min  d(x) = sqrt(x' Sigma^-1 x)   subject to   loss(x) >= margin,        x the joint move of all factors
//! x = A z,  A A' = Sigma,  d = |z|
//! ```
//!
//! `d` is the Mahalanobis distance: the number of joint standard deviations. The loss is a full revaluation, neither
//! convex nor smooth, so the search looks along directions: the axes and their opposites, the two along the gradient,
//! and an even or random cover of the sphere. Along each the loss is read at equally spaced distances, and the nearest
//! crossing is halved down to rounding; then the nearest few directions are turned, by ever smaller angles, as long as
//! the loss at the same distance grows. Every candidate is valued in batches.
//!
//! Source: Breuer, Jandačka, Rheinberger and Summer (2009), "How to find plausible, severe and useful stress
//! scenarios", International Journal of Central Banking 5(3), 205-224, for Mahalanobis distance as plausibility. What
//! is certified: the move found exhausts the margin, a slightly smaller one in its direction does not, and no tested
//! point at a smaller distance did. A pocket of loss that is narrower than both the spacing of distances and of
//! directions can be missed; tests compare with a dense grid in two factors.

use mpor_core::Portfolio;
use mpor_stats::covariance::sample_covariance;
use mpor_stats::random::Streams;
use mpor_stats::special::chi_square_sf;
use ndarray::{Array2, ArrayView2};

use crate::checks::{at_least, parameter, symmetric};
use crate::correlation::eigen::Eigen;
use crate::day::Day;
use crate::error::RiskError;
use crate::revalue::revalue;
use crate::scenario::moves::{Moves, last_moves};
use crate::set::SmileDynamics;

/// What the random streams are for.
const PURPOSE: &str = "reverse stress directions";

/// How a reverse stress searches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReverseStress {
    /// Directions beside the axes and the gradient.
    pub directions: usize,
    /// Distances looked at along each direction.
    pub rings: usize,
    /// Farthest distance looked at, in joint standard deviations.
    pub farthest: f64,
    /// Directions that are then turned.
    pub refined: usize,
    /// Seed of the directions in more than two dimensions.
    pub seed: u64,
}

/// Whether any move exhausts the margin.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The nearest move found that does.
    Exhausted(Reverse),
    /// None within the farthest distance.
    Withstood {
        /// The largest loss of all moves tried.
        largest_loss: f64,
        /// The farthest distance looked at.
        farthest: f64,
        /// Moves valued.
        evaluations: usize,
    },
}

/// The nearest move found that exhausts the margin.
#[derive(Clone, Debug, PartialEq)]
pub struct Reverse {
    /// Move of each factor.
    pub moves: Vec<f64>,
    /// Its distance in joint standard deviations.
    pub distance: f64,
    /// The loss there, at or above the margin.
    pub loss: f64,
    /// A distance in the same direction at which the margin still held.
    pub held_at: f64,
    /// Probability that a normal move is at least as far out, in whatever direction.
    pub probability: f64,
    /// Moves valued.
    pub evaluations: usize,
}

impl Default for ReverseStress {
    fn default() -> Self {
        ReverseStress { directions: 64, rings: 40, farthest: 10.0, refined: 4, seed: 0 }
    }
}

/// Values a batch of moves, `[factor, candidate]`: one loss a candidate.
pub type Losses<'l> = dyn FnMut(ArrayView2<'_, f64>) -> Result<Vec<f64>, RiskError> + 'l;

impl ReverseStress {
    /// Searches the moves of factors with this covariance.
    ///
    /// # Errors
    /// Whatever `losses` returns; [`RiskError::Parameter`] for a matrix that is no covariance, or options that leave
    /// nothing to look at; a margin that is exhausted without any move is [`RiskError::Parameter`] too.
    pub fn search(
        &self,
        covariance: ArrayView2<'_, f64>,
        margin: f64,
        losses: &mut Losses<'_>,
    ) -> Result<Outcome, RiskError> {
        self.check()?;
        let root = root(covariance)?;
        let mut search =
            Search { root, margin, losses, evaluations: 0, largest: f64::NEG_INFINITY };
        let at_rest = search.value(&[vec![0.0; search.dimensions()]])?[0];
        if at_rest >= margin {
            let found = format!("{margin} with a loss of {at_rest} before any move");
            return Err(parameter("margin", found, "above the loss of no move at all"));
        }
        let directions = search.directions(self)?;
        let mut rays = search.crossings(&directions, self)?;
        rays.truncate(self.refined);
        if rays.is_empty() {
            let (largest_loss, evaluations) = (search.largest, search.evaluations);
            return Ok(Outcome::Withstood { largest_loss, farthest: self.farthest, evaluations });
        }
        for ray in &mut rays {
            search.close_in(ray)?;
            search.turn(ray)?;
        }
        rays.sort_by(|a, b| a.out.total_cmp(&b.out));
        search.report(&rays[0]).map(Outcome::Exhausted)
    }

    /// Searches the moves of a day's factors, whose covariance over the margin period is that of the last `window`
    /// one-step moves times its steps; the portfolio is revalued in full. The factors of the answer's moves come with
    /// it.
    ///
    /// # Errors
    /// As [`ReverseStress::search`], [`last_moves`] and [`revalue`].
    pub fn on_day(
        &self,
        day: &Day<'_>,
        portfolio: &Portfolio,
        margin: f64,
        window: usize,
    ) -> Result<(Vec<mpor_core::Factor>, Outcome), RiskError> {
        at_least("the window of a reverse stress", 2, window)?;
        let past = last_moves(&day.past, day.universe.underlyings().len(), 1, window)?;
        let covariance = sample_covariance(past.values.t(), 1)? * day.horizon.steps() as f64;
        let factors = past.factors.clone();
        let mut losses = |moves: ArrayView2<'_, f64>| {
            let count = moves.ncols();
            let names = (1..=count).map(|n| format!("candidate {n}")).collect();
            let moves = Moves { factors: factors.clone(), values: moves.to_owned() };
            let set = moves.into_set(day, names, SmileDynamics::StickyMoneyness);
            let mut pnl = vec![0.0; count];
            revalue(day, &set)?.portfolio_pnl(portfolio, &mut pnl);
            Ok(pnl.iter().map(|gain| -gain).collect())
        };
        let outcome = self.search(covariance.view(), margin, &mut losses)?;
        Ok((past.factors, outcome))
    }

    fn check(&self) -> Result<(), RiskError> {
        if self.rings == 0 || self.refined == 0 {
            return Err(parameter("rings and refined", "0", "at least 1 each"));
        }
        if !(self.farthest > 0.0 && self.farthest <= 100.0) {
            return Err(parameter(
                "farthest",
                self.farthest,
                "above 0 and at most 100 standard deviations",
            ));
        }
        Ok(())
    }
}

/// One direction and where the margin is exhausted along it.
struct Ray {
    direction: Vec<f64>,
    /// Margin held here.
    held: f64,
    /// Margin exhausted here.
    out: f64,
}

struct Search<'l, 'f> {
    /// `[factor, dimension]`.
    root: Array2<f64>,
    margin: f64,
    losses: &'l mut Losses<'f>,
    evaluations: usize,
    largest: f64,
}

impl Search<'_, '_> {
    fn dimensions(&self) -> usize {
        self.root.ncols()
    }

    /// Losses of points in units of joint standard deviations.
    fn value(&mut self, points: &[Vec<f64>]) -> Result<Vec<f64>, RiskError> {
        let n = self.dimensions();
        let moves = Array2::from_shape_fn((self.root.nrows(), points.len()), |(factor, point)| {
            (0..n).map(|k| self.root[[factor, k]] * points[point][k]).sum()
        });
        let losses = (self.losses)(moves.view())?;
        crate::checks::lengths("moves and their losses", points.len(), losses.len())?;
        crate::checks::finite(&losses)?;
        self.evaluations += points.len();
        self.largest = losses.iter().copied().fold(self.largest, f64::max);
        Ok(losses)
    }

    fn directions(&mut self, options: &ReverseStress) -> Result<Vec<Vec<f64>>, RiskError> {
        let n = self.dimensions();
        let axis = |k: usize, length: f64| -> Vec<f64> {
            (0..n).map(|i| if i == k { length } else { 0.0 }).collect()
        };
        let mut all: Vec<Vec<f64>> = (0..n).flat_map(|k| [axis(k, 1.0), axis(k, -1.0)]).collect();
        let small: Vec<Vec<f64>> = (0..n).flat_map(|k| [axis(k, 0.1), axis(k, -0.1)]).collect();
        let losses = self.value(&small)?;
        let gradient: Vec<f64> = losses.chunks(2).map(|pair| pair[0] - pair[1]).collect();
        if let Some(gradient) = unit(gradient) {
            all.push(gradient.iter().map(|g| -g).collect());
            all.push(gradient);
        }
        for index in 0..options.directions {
            if n == 2 {
                let angle = std::f64::consts::TAU * index as f64 / options.directions as f64;
                all.push(vec![libm::cos(angle), libm::sin(angle)]);
            } else {
                let mut normals = vec![0.0; n];
                Streams::new(options.seed, PURPOSE, 0).path(index as u64).fill_normal(&mut normals);
                all.extend(unit(normals));
            }
        }
        Ok(all)
    }

    /// Directions along which the margin is exhausted at one of the rings, the nearest first.
    fn crossings(
        &mut self,
        directions: &[Vec<f64>],
        options: &ReverseStress,
    ) -> Result<Vec<Ray>, RiskError> {
        let ring = |k: usize| options.farthest * k as f64 / options.rings as f64;
        let mut rays = Vec::new();
        for direction in directions {
            let points: Vec<Vec<f64>> =
                (1..=options.rings).map(|k| scaled(direction, ring(k))).collect();
            let losses = self.value(&points)?;
            if let Some(first) = losses.iter().position(|loss| *loss >= self.margin) {
                rays.push(Ray {
                    direction: direction.clone(),
                    held: ring(first),
                    out: ring(first + 1),
                });
            }
        }
        rays.sort_by(|a, b| a.out.total_cmp(&b.out));
        let Some(nearest) = rays.first().map(|ray| ray.out) else { return Ok(rays) };
        // Of those that share a ring only their crossings tell which is nearer.
        let reach = 2.0 * ring(1);
        rays.retain(|ray| ray.out <= nearest + reach);
        for ray in &mut rays {
            self.halve(ray, 12)?;
        }
        rays.sort_by(|a, b| a.out.total_cmp(&b.out));
        Ok(rays)
    }

    fn close_in(&mut self, ray: &mut Ray) -> Result<(), RiskError> {
        self.halve(ray, 60)
    }

    /// Halves the bracket of a crossing.
    fn halve(&mut self, ray: &mut Ray, times: usize) -> Result<(), RiskError> {
        for _ in 0..times {
            let middle = 0.5 * (ray.held + ray.out);
            if middle <= ray.held || middle >= ray.out || ray.out - ray.held <= 1e-13 * ray.out {
                break;
            }
            let loss = self.value(&[scaled(&ray.direction, middle)])?[0];
            if loss >= self.margin { ray.out = middle } else { ray.held = middle }
        }
        Ok(())
    }

    /// Turns a ray by ever smaller angles towards larger losses at its distance, and moves it in.
    fn turn(&mut self, ray: &mut Ray) -> Result<(), RiskError> {
        let mut angle = 0.2;
        while angle > 1e-8 && self.dimensions() > 1 {
            let turned: Vec<Vec<f64>> = tangents(&ray.direction)
                .iter()
                .flat_map(|t| {
                    [rotated(&ray.direction, t, angle), rotated(&ray.direction, t, -angle)]
                })
                .collect();
            let points: Vec<Vec<f64>> = turned.iter().map(|d| scaled(d, ray.out)).collect();
            let here = self.value(&[scaled(&ray.direction, ray.out)])?[0];
            let losses = self.value(&points)?;
            let best = (0..losses.len()).max_by(|&a, &b| losses[a].total_cmp(&losses[b]));
            let Some(best) =
                best.filter(|&best| losses[best] > here && losses[best] >= self.margin)
            else {
                angle *= 0.5;
                continue;
            };
            let mut next = Ray { direction: turned[best].clone(), held: 0.0, out: ray.out };
            self.near_bracket(&mut next)?;
            self.halve(&mut next, 60)?;
            let gained = ray.out - next.out > 1e-13 * ray.out;
            if next.out <= ray.out {
                *ray = next;
            }
            if !gained {
                angle *= 0.5;
            }
        }
        Ok(())
    }

    /// A distance a little inside at which the margin holds, so that the nearest crossing below it is the one that is
    /// halved.
    fn near_bracket(&mut self, ray: &mut Ray) -> Result<(), RiskError> {
        let mut share = 1e-6;
        while share < 1.0 {
            let inside = ray.out * (1.0 - share);
            if self.value(&[scaled(&ray.direction, inside)])?[0] < self.margin {
                ray.held = inside;
                return Ok(());
            }
            ray.out = inside;
            share *= 4.0;
        }
        Ok(())
    }

    fn report(&mut self, ray: &Ray) -> Result<Reverse, RiskError> {
        let point = scaled(&ray.direction, ray.out);
        let loss = self.value(std::slice::from_ref(&point))?[0];
        let moves = self.root.rows().into_iter();
        let moves = moves.map(|row| row.iter().zip(&point).map(|(a, z)| a * z).sum()).collect();
        Ok(Reverse {
            moves,
            distance: ray.out,
            loss,
            held_at: ray.held,
            probability: chi_square_sf(ray.out * ray.out, self.dimensions() as f64)?,
            evaluations: self.evaluations,
        })
    }
}

/// `A` with `A A' = covariance`, one column for each direction that has variance.
fn root(covariance: ArrayView2<'_, f64>) -> Result<Array2<f64>, RiskError> {
    symmetric(covariance)?;
    let eigen = Eigen::of(covariance);
    let largest = eigen.values.iter().copied().fold(0.0, f64::max);
    let smallest = eigen.values.first().copied().unwrap_or(0.0);
    if largest <= 0.0 || smallest < -1e-10 * largest {
        let expected = "a covariance: some variance, and no negative one in any direction";
        return Err(parameter("smallest eigenvalue of the covariance", smallest, expected));
    }
    let kept: Vec<usize> =
        (0..eigen.values.len()).filter(|&k| eigen.values[k] > 1e-12 * largest).collect();
    Ok(Array2::from_shape_fn((covariance.nrows(), kept.len()), |(i, k)| {
        eigen.vectors[[i, kept[k]]] * eigen.values[kept[k]].sqrt()
    }))
}

fn unit(vector: Vec<f64>) -> Option<Vec<f64>> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    (length > 0.0).then(|| scaled(&vector, 1.0 / length))
}

fn scaled(direction: &[f64], by: f64) -> Vec<f64> {
    direction.iter().map(|x| by * x).collect()
}

/// An orthonormal basis of the directions at right angles to a unit vector, by Gram and Schmidt on the axes.
fn tangents(direction: &[f64]) -> Vec<Vec<f64>> {
    let n = direction.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| direction[i].abs().total_cmp(&direction[j].abs()));
    let mut basis: Vec<Vec<f64>> = vec![direction.to_vec()];
    for &k in &order[..n - 1] {
        let mut vector: Vec<f64> = (0..n).map(|i| if i == k { 1.0 } else { 0.0 }).collect();
        for known in &basis {
            let along: f64 = vector.iter().zip(known).map(|(a, b)| a * b).sum();
            vector.iter_mut().zip(known).for_each(|(a, b)| *a -= along * b);
        }
        basis.extend(unit(vector));
    }
    basis.split_off(1)
}

fn rotated(direction: &[f64], tangent: &[f64], angle: f64) -> Vec<f64> {
    let (c, s) = (libm::cos(angle), libm::sin(angle));
    direction.iter().zip(tangent).map(|(d, t)| c * d + s * t).collect()
}
