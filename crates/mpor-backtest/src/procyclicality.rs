//! How calm is a requirement through time?

/// Metrics of one margin path.
#[derive(Clone, Debug, PartialEq)]
pub struct Procyclicality {
    /// Mean requirement.
    pub mean: f64,
    /// Largest requirement.
    pub maximum: f64,
    /// Largest ratio of a requirement to an earlier (or the same day's) one.
    pub peak_to_trough: f64,
    /// Standard deviation of daily log changes; `None` below two changes.
    pub log_change_volatility: Option<f64>,
    /// Largest rise over 1, 5 and 20 steps: (steps, ratio, amount); shorter paths have fewer.
    pub calls: Vec<(usize, f64, f64)>,
}
