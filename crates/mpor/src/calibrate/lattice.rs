//! Which points are tried? The grid of all values, or points of it drawn without repetition.
//!
//! A point is one index into the values of each parameter, so every point has neighbours, and the same point is the same
//! whatever the search. Draws come from the counter-based streams of the study's seed.

use std::collections::BTreeSet;

use mpor_stats::random::Streams;

use crate::study::calibrate::{Axis, Search};

/// An index into the values of each axis.
pub(crate) type Point = Vec<usize>;

/// The points that a search begins with, in ascending order.
pub(crate) fn start(axes: &[Axis], search: Search, seed: u64) -> Vec<Point> {
    let wanted = match search {
        Search::Grid => usize::MAX,
        Search::Random(drawn) => drawn.points,
        Search::Halving(halving) => halving.points,
    };
    let size = axes.iter().try_fold(1_usize, |size, axis| size.checked_mul(axis.values.len()));
    match size {
        Some(size) if size <= wanted => (0..size).map(|index| nth(axes, index)).collect(),
        Some(size) if size / 2 <= wanted => dealt(axes, size, wanted, seed),
        _ => drawn(axes, wanted, seed),
    }
}

/// The point this many values along one axis, if the axis goes that far.
pub(crate) fn neighbour(axes: &[Axis], point: &[usize], axis: usize, by: isize) -> Option<Point> {
    let index = point[axis].checked_add_signed(by)?;
    let mut other = point.to_vec();
    other[axis] = index;
    (index < axes[axis].values.len()).then_some(other)
}

/// The `index`-th point of the grid; the last axis runs fastest.
fn nth(axes: &[Axis], mut index: usize) -> Point {
    let mut point = vec![0; axes.len()];
    for (at, axis) in axes.iter().enumerate().rev() {
        point[at] = index % axis.values.len();
        index /= axis.values.len();
    }
    point
}

/// The first cards of a shuffled grid (Fisher and Yates), for draws that take much of it.
fn dealt(axes: &[Axis], size: usize, wanted: usize, seed: u64) -> Vec<Point> {
    let mut stream = Streams::new(seed, "calibrate points", 0).path(0);
    let mut order: Vec<usize> = (0..size).collect();
    for at in 0..wanted {
        let other = at + stream.below((size - at) as u32) as usize;
        order.swap(at, other);
    }
    order.truncate(wanted);
    order.sort_unstable();
    order.into_iter().map(|index| nth(axes, index)).collect()
}

/// Draws until enough differ: fewer than two draws a point, as at most half of the grid is wanted.
fn drawn(axes: &[Axis], wanted: usize, seed: u64) -> Vec<Point> {
    let mut stream = Streams::new(seed, "calibrate points", 0).path(0);
    let mut points = BTreeSet::new();
    while points.len() < wanted {
        let index = |axis: &Axis| stream.below(axis.values.len() as u32) as usize;
        points.insert(axes.iter().map(index).collect::<Point>());
    }
    points.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::calibrate::{Drawn, Number};

    fn axes(lengths: &[usize]) -> Vec<Axis> {
        let axis = |&length: &usize| Axis {
            key: String::new(),
            values: (0..length).map(|value| Number::Real(value as f64)).collect(),
        };
        lengths.iter().map(axis).collect()
    }

    #[test]
    fn a_grid_has_every_point_once_in_order() {
        let points = start(&axes(&[2, 3]), Search::Grid, 1);
        let expected = [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]];
        assert_eq!(points, expected);
    }

    #[test]
    fn draws_are_different_points_of_the_grid_and_follow_the_seed() {
        for wanted in [1, 7, 40, 59, 60, 61] {
            let axes = axes(&[4, 15]);
            let draw = |seed| start(&axes, Search::Random(Drawn { points: wanted }), seed);
            let points = draw(3);
            assert_eq!(points.len(), wanted.min(60));
            assert!(points.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(points.iter().all(|point| point[0] < 4 && point[1] < 15));
            assert_eq!(points, draw(3));
            assert!(wanted >= 59 || points != draw(4), "{wanted}");
        }
    }

    #[test]
    fn neighbours_end_at_the_edge() {
        let axes = axes(&[3, 3]);
        assert_eq!(neighbour(&axes, &[1, 1], 0, 1), Some(vec![2, 1]));
        assert_eq!(neighbour(&axes, &[1, 1], 0, -2), None);
        assert_eq!(neighbour(&axes, &[1, 1], 1, 2), None);
    }
}
