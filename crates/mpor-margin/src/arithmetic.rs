//! What a requirement's arithmetic is done in: the tree, or amounts alone.
//!
//! A model whose rules are written over this has one piece of code for the tree and for the amounts, so the two agree to the bit.
//! Names are asked for only where there is a tree to put them in.

use std::borrow::Cow;

use crate::component::{Component, Rule, combine};

/// A node's name.
pub(crate) type Name = Cow<'static, str>;

/// A tree of components, or its amount.
pub(crate) trait Arithmetic: Clone {
    /// A stated amount.
    fn leaf(name: impl FnOnce() -> Name, amount: f64) -> Self;

    /// The sum, in their order; zero without parts.
    fn sum(name: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self;

    /// The largest; zero without parts.
    fn max(name: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self;

    /// The smallest; zero without parts.
    fn min(name: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self;

    /// `factor` times the part.
    fn scaled(name: &'static str, factor: f64, part: Self) -> Self;

    /// Reporting currency, positive = money needed.
    fn amount(&self) -> f64;
}

impl Arithmetic for Component {
    fn leaf(name: impl FnOnce() -> Name, amount: f64) -> Self {
        Component::leaf(name(), amount)
    }

    fn sum(name: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self {
        Component::sum(name(), parts.into_iter().collect())
    }

    fn max(name: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self {
        Component::max(name(), parts.into_iter().collect())
    }

    fn min(name: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self {
        Component::min(name(), parts.into_iter().collect())
    }

    fn scaled(name: &'static str, factor: f64, part: Self) -> Self {
        Component::scaled(name, factor, part)
    }

    fn amount(&self) -> f64 {
        Component::amount(self)
    }
}

impl Arithmetic for f64 {
    fn leaf(_: impl FnOnce() -> Name, amount: f64) -> Self {
        amount
    }

    fn sum(_: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self {
        combined(Rule::Sum, parts)
    }

    fn max(_: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self {
        combined(Rule::Max, parts)
    }

    fn min(_: impl FnOnce() -> Name, parts: impl IntoIterator<Item = Self>) -> Self {
        combined(Rule::Min, parts)
    }

    fn scaled(_: &'static str, factor: f64, part: Self) -> Self {
        combined(Rule::Scaled(factor), [part])
    }

    fn amount(&self) -> f64 {
        *self
    }
}

fn combined(rule: Rule, parts: impl IntoIterator<Item = f64>) -> f64 {
    combine(rule, parts.into_iter()).unwrap_or(0.0)
}
