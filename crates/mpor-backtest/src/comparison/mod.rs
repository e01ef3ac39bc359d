//! Which of several forecasts is better, and which of many accounts is out of line?
//!
//! Forecasts are compared by scores that the truth minimises ([`scores`]), a lower one being better: two by
//! [`diebold_mariano`] and [`giacomini_white`], many by the [`confidence_set`], and for every sensible score at once by the [`murphy`]
//! diagram. Many accounts are judged with a bound on false alarms ([`false_discovery`]) and beside each other ([`pooled`]).

pub mod confidence_set;
pub mod diebold_mariano;
pub mod false_discovery;
pub mod giacomini_white;
pub mod murphy;
pub mod pooled;
pub mod scores;
