//! Checks of inputs, with the name of the input in the error.

use crate::error::PricingError;

pub(crate) fn above_zero(name: &'static str, found: f64) -> Result<(), PricingError> {
    if found > 0.0 && found.is_finite() {
        return Ok(());
    }
    Err(PricingError::Input { name, found, expected: "a finite number above zero" })
}

pub(crate) fn not_below_zero(name: &'static str, found: f64) -> Result<(), PricingError> {
    if found >= 0.0 && found.is_finite() {
        return Ok(());
    }
    Err(PricingError::Input { name, found, expected: "a finite number not below zero" })
}

pub(crate) fn finite(name: &'static str, found: f64) -> Result<(), PricingError> {
    if found.is_finite() {
        return Ok(());
    }
    Err(PricingError::Input { name, found, expected: "a finite number" })
}
