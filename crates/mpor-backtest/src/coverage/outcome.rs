//! What a test answers: a statistic, the law it follows when the model is right, and the p-value.

use super::laws;

/// The law of a statistic when the model is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Chi-squared with this many degrees of freedom, upper tail.
    ChiSquared(usize),
    /// Binomial count, upper tail.
    BinomialUpper,
    /// Standard normal, upper tail.
    NormalUpper,
    /// Standard normal, lower tail.
    NormalLower,
    /// Standard normal, both tails.
    NormalTwoSided,
    /// Student t with this many degrees of freedom, both tails.
    StudentTwoSided(usize),
    /// Exact law of the count of hits.
    Exact,
    /// As many series drawn under the null.
    Simulated(usize),
    /// As many resamples of the series itself.
    Bootstrap(usize),
    /// A wealth process: the p-value holds whenever it is looked at.
    AnytimeValid,
}

/// The answer of a test. The p-value is small when the model is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestOutcome {
    /// The statistic.
    pub statistic: f64,
    /// Its law when the model is right.
    pub law: Law,
    /// Probability of a statistic at least this large when the model is right.
    pub p_value: f64,
}

impl TestOutcome {
    /// An outcome judged by the upper tail of a chi-squared law.
    #[must_use]
    pub fn chi_squared(statistic: f64, df: usize) -> Self {
        let p_value = laws::chi_squared_tail(statistic, df);
        TestOutcome { statistic, law: Law::ChiSquared(df), p_value }
    }

    /// An outcome judged by the lower tail of a standard normal law.
    #[must_use]
    pub fn normal_lower(statistic: f64) -> Self {
        TestOutcome { statistic, law: Law::NormalLower, p_value: laws::normal_tail(-statistic) }
    }

    /// An outcome judged by both tails of a standard normal law.
    #[must_use]
    pub fn normal_two_sided(statistic: f64) -> Self {
        let p_value = (2.0 * laws::normal_tail(statistic.abs())).min(1.0);
        TestOutcome { statistic, law: Law::NormalTwoSided, p_value }
    }

    /// An outcome judged by both tails of a Student t law.
    #[must_use]
    pub fn student_two_sided(statistic: f64, df: usize) -> Self {
        let p_value = (2.0 * laws::student_tail(statistic.abs(), df)).min(1.0);
        TestOutcome { statistic, law: Law::StudentTwoSided(df), p_value }
    }

    /// An outcome judged by draws, `as_extreme` of `draws` of them at least as far out: never zero, because the series itself
    /// is one of its own draws.
    #[must_use]
    pub fn simulated(statistic: f64, as_extreme: usize, draws: usize) -> Self {
        let p_value = (as_extreme + 1) as f64 / (draws + 1) as f64;
        TestOutcome { statistic, law: Law::Simulated(draws), p_value }
    }

    /// The same for resamples of the series itself.
    #[must_use]
    pub fn bootstrap(statistic: f64, as_extreme: usize, draws: usize) -> Self {
        TestOutcome {
            law: Law::Bootstrap(draws),
            ..TestOutcome::simulated(statistic, as_extreme, draws)
        }
    }

    /// An outcome judged by the upper tail of a standard normal law.
    #[must_use]
    pub fn normal_upper(statistic: f64) -> Self {
        TestOutcome { statistic, law: Law::NormalUpper, p_value: laws::normal_tail(statistic) }
    }
}
