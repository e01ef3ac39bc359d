//! Joint moves drawn from a model: which dependence, which marginal laws, which points, and how sure is the figure?
//!
//! | file | part |
//! | --- | --- |
//! | [`joint`] | a copula (normal, Student t) with a marginal law a factor, and Merton's jumps, in blocks of paths |
//! | [`marginal`] | normal, Student t, Hansen's skewed t, and the law of a sample; fits of their shapes |
//! | [`sobol`] | scrambled Sobol points |
//! | [`bootstrap`] | history drawn again in blocks of random length |
//! | [`precision`] | standard errors of VaR and ES, and when to stop |
//!
//! [`crate::scenario::MonteCarlo`] is what a study writes and makes scenario sets of a day with these parts. Every
//! block of paths has a stream of its own, keyed by (seed, purpose, time, block): the numbers depend neither on threads
//! nor on how many paths are drawn.
//!
//! A linear book under a multivariate normal or Student t needs no paths at all: see
//! [`crate::parametric::Law::linear_book`].

pub mod bootstrap;
pub mod joint;
pub mod marginal;
mod normals;
pub mod precision;
pub mod sobol;
mod table;

pub use bootstrap::{automatic_block_length, stationary_bootstrap};
pub use joint::{Copula, Joint, Jumps, Points};
pub use marginal::{Marginal, MarginalLaw};
pub use precision::{Estimate, StopRule, replicated, standard_errors, until_precise};
