//! Thousands of points in a few hundred columns: only what the eye can see is written.

/// Points of a line with, in each column of `width` page points, only the first, lowest, highest and last: the
/// drawn line covers the same pixels. Points must be in page coordinates with `x` not decreasing.
pub(crate) fn line(points: &[(f64, f64)], width: f64) -> Vec<(f64, f64)> {
    let mut thin = Vec::new();
    for run in columns(points, width, |point| point.0) {
        keep_extremes(run, &mut thin);
    }
    thin
}

/// In each column, only the item of the largest size; the order is kept.
pub(crate) fn largest<T: Copy>(
    items: &[T],
    width: f64,
    x: impl Fn(&T) -> f64,
    size: impl Fn(&T) -> f64,
) -> Vec<T> {
    columns(items, width, x)
        .filter_map(|run| run.iter().max_by(|a, b| size(a).total_cmp(&size(b))).copied())
        .collect()
}

/// Runs of neighbouring items that fall into the same column.
fn columns<T>(items: &[T], width: f64, x: impl Fn(&T) -> f64) -> impl Iterator<Item = &[T]> {
    let column = move |item: &T| (x(item) / width).floor();
    items.chunk_by(move |a, b| column(a) == column(b))
}

fn keep_extremes(run: &[(f64, f64)], thin: &mut Vec<(f64, f64)>) {
    let by_y = |a: &usize, b: &usize| run[*a].1.total_cmp(&run[*b].1);
    let lowest = (0..run.len()).min_by(by_y);
    let highest = (0..run.len()).max_by(by_y);
    let mut kept: Vec<usize> =
        [Some(0), lowest, highest, run.len().checked_sub(1)].into_iter().flatten().collect();
    kept.sort_unstable();
    kept.dedup();
    thin.extend(kept.into_iter().map(|index| run[index]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_keeps_its_extremes() {
        let points: Vec<(f64, f64)> =
            (0..1000).map(|i| (f64::from(i) / 100.0, f64::from((i * 7) % 100))).collect();
        let thin = line(&points, 1.0);
        assert!(thin.len() <= 4 * 10);
        let highest = |points: &[(f64, f64)]| points.iter().map(|p| p.1).fold(0.0, f64::max);
        assert_eq!(highest(&thin), highest(&points));
        assert!(thin.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn short_lines_are_kept_whole() {
        let points = [(0.0, 1.0), (5.0, 2.0), (9.0, 0.0)];
        assert_eq!(line(&points, 0.5), points);
        assert_eq!(largest(&points, 100.0, |p| p.0, |p| p.1), [(5.0, 2.0)]);
    }
}
