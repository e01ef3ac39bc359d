//! Was the coverage what the model promised? One row a model and account, and a pooled row a model.

/// Coverage of one model for one account, or pooled over accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverageRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts; `None` = all accounts pooled.
    pub account: Option<usize>,
    /// Observations: margin dates with a finished MPOR and something held.
    pub observations: usize,
    /// Breaches.
    pub breaches: usize,
    /// `1 - breaches / observations`; `None` without observations.
    pub coverage: Option<f64>,
    /// Two-sided 95 % Clopper-Pearson bounds of the coverage, low then high; of one sub-sample's share of the counts where
    /// losses overlap. `None` without observations and for the pooled row, whose accounts are not independent.
    pub bounds: Option<(f64, f64)>,
    /// Largest shortfall.
    pub worst_shortfall: f64,
    /// Mean shortfall over breaches; zero without breaches.
    pub mean_shortfall: f64,
    /// Overlap-aware zone; `None` for the pooled row.
    pub zone: Option<Zone>,
    /// Test results: name, statistic, p-value (`None` where a test is not defined or refuses overlapping hits), note.
    pub tests: Vec<TestRow>,
}

/// One test of one series of hits.
#[derive(Clone, Debug, PartialEq)]
pub struct TestRow {
    /// Catalog name, such as `kupiec`.
    pub test: &'static str,
    /// The statistic.
    pub statistic: Option<f64>,
    /// The p-value.
    pub p_value: Option<f64>,
    /// Why there is none, or how the hits were taken.
    pub note: String,
}

/// Traffic-light zone with the largest counts of green and yellow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Where the count falls.
    pub light: Light,
    /// Largest count in green.
    pub green_max: usize,
    /// Largest count in yellow.
    pub yellow_max: usize,
}

/// Green, yellow or red.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// Cumulative probability below 95 %.
    Green,
    /// Below 99.99 %.
    Yellow,
    /// At or above 99.99 %.
    Red,
}

impl Light {
    /// As tables and people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Light::Green => "green",
            Light::Yellow => "yellow",
            Light::Red => "red",
        }
    }
}

impl Zone {
    /// Where a count of breaches falls between the largest counts of green and yellow.
    #[must_use]
    pub fn of(breaches: usize, green_max: usize, yellow_max: usize) -> Self {
        let light = if breaches <= green_max {
            Light::Green
        } else if breaches <= yellow_max {
            Light::Yellow
        } else {
            Light::Red
        };
        Zone { light, green_max, yellow_max }
    }
}
