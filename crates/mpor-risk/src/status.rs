//! How did a fit end? One answer for every model that is fitted.
//!
//! A fit that failed is never replaced by anything in silence: its status goes with its parameters into every forecast made with them.
//! An optimum on an edge of the model is told from a search that failed: the first is an answer, the second is not.

use std::fmt;

use serde::Serialize;

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At an optimum inside the model.
    Converged,
    /// At an optimum on an edge of the model.
    Boundary(Edge),
    /// No step improves the fit although its slope is not zero: a kink, as EGARCH has by its mean.
    Stalled,
    /// Not at an optimum.
    Failed(Failure),
}

/// An edge of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// Variance does not react to returns (or, for GJR, to rises or to falls).
    NoNews,
    /// Variance has no memory.
    NoMemory,
    /// Variance has no constant.
    NoConstant,
    /// Variance has no long-run level.
    UnitPersistence,
    /// So many degrees of freedom that the law is the normal one.
    ThinTails,
    /// As few degrees of freedom as are tried.
    FatTails,
    /// All asymmetry on one side.
    OneSided,
    /// A tail that ends at the largest loss seen.
    ShortTail,
    /// No loss beyond the value at risk in the sample: nothing says how much larger the expected shortfall is.
    NoBreach,
}

impl Edge {
    /// The first edge that is met, in the order of the list.
    pub(crate) fn first(edges: &[(bool, Edge)]) -> Option<Edge> {
        edges.iter().find(|(met, _)| *met).map(|(_, edge)| *edge)
    }
}

/// Why a search ended before an optimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// It ran out of evaluations.
    Evaluations,
    /// No starting point has a value.
    NoStart,
}

impl Status {
    /// Whether the parameters are an optimum or near one, so that the next window may start there.
    #[must_use]
    pub fn is_usable(self) -> bool {
        !matches!(self, Status::Failed(_))
    }

    /// The status of a search without derivatives: its end, and the edge on which the answer lies.
    #[must_use]
    pub(crate) fn of_search(value: f64, converged: bool, edge: Option<Edge>) -> Self {
        match (value.is_finite(), edge, converged) {
            (false, _, _) => Status::Failed(Failure::NoStart),
            (true, Some(edge), _) => Status::Boundary(edge),
            (true, None, true) => Status::Converged,
            (true, None, false) => Status::Failed(Failure::Evaluations),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Converged => "converged",
            Status::Boundary(Edge::NoNews) => "boundary: no reaction to returns",
            Status::Boundary(Edge::NoMemory) => "boundary: no memory",
            Status::Boundary(Edge::NoConstant) => "boundary: no constant",
            Status::Boundary(Edge::UnitPersistence) => "boundary: no long-run variance",
            Status::Boundary(Edge::ThinTails) => "boundary: normal tails",
            Status::Boundary(Edge::FatTails) => "boundary: fewest degrees of freedom",
            Status::Boundary(Edge::OneSided) => "boundary: all asymmetry on one side",
            Status::Boundary(Edge::ShortTail) => "boundary: the tail ends at the largest loss",
            Status::Boundary(Edge::NoBreach) => "boundary: no loss beyond the value at risk",
            Status::Stalled => "stalled at a kink",
            Status::Failed(Failure::Evaluations) => "failed: out of evaluations",
            Status::Failed(Failure::NoStart) => "failed: no start has a value",
        })
    }
}
