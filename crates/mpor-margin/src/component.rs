//! A requirement as arithmetic: a tree whose nodes add up by their stated rule.
//!
//! Amounts are computed when a node is built, so a report cannot disagree with itself; [`Component::recomputed`]
//! evaluates the tree again from its leaves, for whoever wants to check.

use std::borrow::Cow;
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
    /// Smallest child.
    Min,
    /// The only child times a factor.
    Scaled(f64),
    /// Square root of the sum of squares.
    RootSumSquares,
}

/// One node of a requirement's breakdown. Amounts in reporting currency, positive = money needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    name: Cow<'static, str>,
    rule: Rule,
    amount: f64,
    parts: Vec<Component>,
}

impl Component {
    /// A stated amount.
    #[must_use]
    pub fn leaf(name: impl Into<Cow<'static, str>>, amount: f64) -> Self {
        Component { name: name.into(), rule: Rule::Leaf, amount, parts: Vec::new() }
    }

    /// The sum of `parts`, in their order; zero without parts.
    #[must_use]
    pub fn sum(name: impl Into<Cow<'static, str>>, parts: Vec<Component>) -> Self {
        Component::built(name.into(), Rule::Sum, parts)
    }

    /// The largest of `parts`; zero without parts.
    #[must_use]
    pub fn max(name: impl Into<Cow<'static, str>>, parts: Vec<Component>) -> Self {
        Component::built(name.into(), Rule::Max, parts)
    }

    /// The smallest of `parts`; zero without parts.
    #[must_use]
    pub fn min(name: impl Into<Cow<'static, str>>, parts: Vec<Component>) -> Self {
        Component::built(name.into(), Rule::Min, parts)
    }

    /// `factor` times `part`.
    #[must_use]
    pub fn scaled(name: impl Into<Cow<'static, str>>, factor: f64, part: Component) -> Self {
        Component::built(name.into(), Rule::Scaled(factor), vec![part])
    }

    /// The square root of the sum of squares of `parts`.
    #[must_use]
    pub fn root_sum_squares(name: impl Into<Cow<'static, str>>, parts: Vec<Component>) -> Self {
        Component::built(name.into(), Rule::RootSumSquares, parts)
    }

    fn built(name: Cow<'static, str>, rule: Rule, parts: Vec<Component>) -> Self {
        let amount = combine(rule, parts.iter().map(|part| part.amount)).unwrap_or(0.0);
        Component { name, rule, amount, parts }
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

    /// The amount evaluated again from the leaves: equal to [`Component::amount`] to the bit.
    #[must_use]
    pub fn recomputed(&self) -> f64 {
        let parts = self.parts.iter().map(Component::recomputed);
        match self.rule {
            Rule::Leaf => self.amount,
            rule => combine(rule, parts).unwrap_or(0.0),
        }
    }
}

/// The amount that a rule makes of its parts; `None` when there are none to make it of.
pub(crate) fn combine(rule: Rule, mut parts: impl Iterator<Item = f64>) -> Option<f64> {
    match rule {
        Rule::Leaf => None,
        Rule::Sum => Some(parts.fold(0.0, |sum, part| sum + part)),
        Rule::Max => parts.reduce(f64::max),
        Rule::Min => parts.reduce(f64::min),
        Rule::Scaled(factor) => parts.next().map(|part| factor * part),
        Rule::RootSumSquares => Some(parts.fold(0.0, |sum, part| sum + part * part).sqrt()),
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::Leaf => f.write_str(""),
            Rule::Sum => f.write_str("sum"),
            Rule::Max => f.write_str("largest"),
            Rule::Min => f.write_str("smallest"),
            Rule::Scaled(factor) => write!(f, "x {factor}"),
            Rule::RootSumSquares => f.write_str("root of sum of squares"),
        }
    }
}

/// The tree, one node a line, children indented under their parent.
impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_indented(self, 0, f)
    }
}

fn write_indented(node: &Component, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let rule = match node.rule {
        Rule::Leaf => String::new(),
        rule => format!(" ({rule})"),
    };
    writeln!(f, "{:indent$}{}{rule}: {:.2}", "", node.name, node.amount, indent = 2 * depth)?;
    node.parts.iter().try_for_each(|part| write_indented(part, depth + 1, f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_adds_up_by_its_rules() {
        let worst = Component::max("worst", vec![leaf(3.0), leaf(4.0)]);
        let offset = Component::root_sum_squares("offset", vec![worst, leaf(3.0)]);
        let cap = Component::min("cap", vec![offset, leaf(4.5)]);
        let tree = Component::sum("all", vec![Component::scaled("scaled", 2.0, cap), leaf(1.0)]);
        assert_eq!(tree.amount(), 10.0, "hand: 2 min(hypot(4, 3), 4.5) + 1");
        assert_eq!(tree.recomputed(), tree.amount());
    }

    #[test]
    fn no_parts_are_no_money() {
        assert_eq!(Component::max("none", vec![]).amount(), 0.0);
        assert_eq!(Component::sum("none", vec![]).amount(), 0.0);
    }

    #[test]
    fn a_tree_prints_as_indented_lines() {
        let tree = Component::sum("all", vec![Component::scaled("half", 0.5, leaf(3.0))]);
        assert_eq!(tree.to_string(), "all (sum): 1.50\n  half (x 0.5): 1.50\n    part: 3.00\n");
    }

    fn leaf(amount: f64) -> Component {
        Component::leaf("part", amount)
    }
}
