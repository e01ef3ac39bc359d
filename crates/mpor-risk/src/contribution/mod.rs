//! Which position makes the risk, and which trade would take it away?
//!
//! | file | question |
//! | --- | --- |
//! | [`euler`] | marginal, component and incremental VaR and ES that add up to the figure |
//! | [`ladder()`] | net and per-expiry delta, gamma, vega and theta |
//! | [`hedge`] | the sizes of given instruments that make ES, VaR or any requirement least |
//! | [`cuts`] | the exact minimum of expected shortfall as a linear programme |
//!
//! Everything works on the unit P&L of a day's [`Revaluation`](crate::Revaluation): nothing is revalued again.

pub mod cuts;
pub mod euler;
pub mod hedge;
pub mod ladder;

pub use cuts::{LeastShortfall, least_shortfall};
pub use euler::{Contributions, Share, contributions};
pub use hedge::{Hedge, least_requirement, least_var};
pub use ladder::{Ladder, Rung, ladder};
