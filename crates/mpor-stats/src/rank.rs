//! Which value is how many-th, and do two series rise together?

/// Ranks from 1, equal values at the mean of theirs.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0.0;
    // By value and not by `total_cmp`, to which the two zeros differ.
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let count = equal.len() as f64;
        equal.iter().for_each(|&at| ranks[at] = before + (count + 1.0) / 2.0);
        before += count;
    }
    ranks
}

/// Spearman's rank correlation of two series of one length; `None` where one of them never moves.
#[must_use]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let middle = (a.len() as f64 + 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| {
        x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle)).sum::<f64>()
    };
    let (of_a, of_b) = (product(&a, &a), product(&b, &b));
    let moves = of_a > 0.0 && of_b > 0.0;
    moves.then(|| (product(&a, &b) / (of_a * of_b).sqrt()).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_mean_rank() {
        assert_eq!(ranks(&[3.0, -0.0, 1.0, 0.0, 3.0]), [4.5, 1.5, 3.0, 1.5, 4.5]);
    }

    #[test]
    fn order_alone_counts() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 50.0, 1e9]);
        assert_eq!(spearman(&a, &b), Some(1.0));
        assert_eq!(spearman(&a, &b.map(|x| -x)), Some(-1.0));
        assert_eq!(spearman(&a, &[7.0; 4]), None);
    }
}
