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

    /// An outcome judged by the upper tail of a standard normal law.
    #[must_use]
    pub fn normal_upper(statistic: f64) -> Self {
        TestOutcome { statistic, law: Law::NormalUpper, p_value: laws::normal_tail(statistic) }
    }
}
