//! A requirement as arithmetic: a tree whose nodes add up by their stated rule.
//!
//! Amounts are computed when a node is built, so a report cannot disagree with itself.

use std::fmt;

/// How a node's amount follows from its children.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Stated, not computed.
    Leaf,
    /// Sum of the children.
    Sum,
    /// Largest child.
    Max,
    /// The only child times a factor.
    Scaled(f64),
    /// Square root of the sum of squares.
    RootSumSquares,
}

/// One node of a requirement's breakdown. Amounts in reporting currency, positive = money needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    name: String,
    rule: Rule,
    amount: f64,
    parts: Vec<Component>,
}

impl Component {
    /// A stated amount.
    #[must_use]
    pub fn leaf(name: impl Into<String>, amount: f64) -> Self {
        Component { name: name.into(), rule: Rule::Leaf, amount, parts: Vec::new() }
    }

    /// The sum of `parts`, in their order; zero without parts.
    #[must_use]
    pub fn sum(name: impl Into<String>, parts: Vec<Component>) -> Self {
        let amount = parts.iter().map(|part| part.amount).fold(0.0, |sum, amount| sum + amount);
        Component { name: name.into(), rule: Rule::Sum, amount, parts }
    }

    /// The largest of `parts`; zero without parts.
    #[must_use]
    pub fn max(name: impl Into<String>, parts: Vec<Component>) -> Self {
        let amount = parts.iter().map(|part| part.amount).reduce(f64::max).unwrap_or(0.0);
        Component { name: name.into(), rule: Rule::Max, amount, parts }
    }

    /// `factor` times `part`.
    #[must_use]
    pub fn scaled(name: impl Into<String>, factor: f64, part: Component) -> Self {
        let amount = factor * part.amount;
        Component { name: name.into(), rule: Rule::Scaled(factor), amount, parts: vec![part] }
    }

    /// The square root of the sum of squares of `parts`.
    #[must_use]
    pub fn root_sum_squares(name: impl Into<String>, parts: Vec<Component>) -> Self {
        let squares = parts.iter().map(|part| part.amount * part.amount).fold(0.0, |a, b| a + b);
        let amount = squares.sqrt();
        Component { name: name.into(), rule: Rule::RootSumSquares, amount, parts }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reporting currency, positive = money needed.
    #[must_use]
    pub fn amount(&self) -> f64 {
        self.amount
    }

    /// How it follows from its parts.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Its parts in order.
    #[must_use]
    pub fn parts(&self) -> &[Component] {
        &self.parts
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Leaf => f.write_str(""),
            Rule::Sum => f.write_str("sum"),
            Rule::Max => f.write_str("largest"),
            Rule::Scaled(factor) => write!(f, "x {factor}"),
            Rule::RootSumSquares => f.write_str("root of sum of squares"),
        }
    }
}
