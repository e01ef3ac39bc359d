//! The margin period of risk, and what counts as the loss over it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// The margin period of risk (MPOR): a duration, and how many steps of the study's calendar it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    span: Span,
    steps: usize,
}

/// Which loss over the MPOR is compared with the requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossConvention {
    /// The loss at `t + MPOR`.
    #[default]
    Horizon,
    /// The worst loss at any step of `(t, t + MPOR]`.
    Worst,
}

impl Horizon {
    /// An MPOR of `span` that is `steps` steps long; `None` for zero steps.
    #[must_use]
    pub fn new(span: Span, steps: usize) -> Option<Self> {
        (steps > 0 && span.0 > 0).then_some(Horizon { span, steps })
    }

    /// Steps of the study's calendar, at least 1.
    #[must_use]
    pub fn steps(self) -> usize {
        self.steps
    }

    /// The duration as the study writes it.
    #[must_use]
    pub fn span(self) -> Span {
        self.span
    }
}

impl fmt::Display for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.span.fmt(f)
    }
}

impl fmt::Display for LossConvention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LossConvention::Horizon => "horizon",
            LossConvention::Worst => "worst",
        })
    }
}
