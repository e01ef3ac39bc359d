//! At which price is a position liquidated, and at which is its money gone?
//!
//! A linear position of `q` coins entered at `E`, with funds `M` behind it:
//!
//! ```text
//! liquidation  P:   M + q (P - E) = MM(|q| P),     with the bracket of the notional at P
//!     long          P = (q E - M - deduction) / (q (1 - mm))
//!     short         P = (|q| E + M + deduction) / (|q| (1 + mm))
//! bankruptcy   P:   M + q (P - E) = 0
//! ```
//!
//! Isolated, `M` is the margin assigned. Cross, it is the wallet with the P&L of all other positions, less their maintenance
//! margin. No fees, no funding.

use super::brackets::Brackets;

/// A linear position and the money behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearPosition {
    /// Coins, short negative.
    pub quantity: f64,
    /// Price at which it was entered.
    pub entry: f64,
    /// Margin assigned to it, or the wallet.
    pub margin: f64,
    /// P&L of the account's other positions; zero when isolated.
    pub other_pnl: f64,
    /// Maintenance margin of the account's other positions; zero when isolated.
    pub other_maintenance: f64,
}

/// A price, and the position of the bracket at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiquidationPrice {
    /// Quote currency.
    pub price: f64,
    /// Position of the bracket that holds the notional at that price.
    pub tier: usize,
}

impl LinearPosition {
    /// What can be lost before the other positions need it.
    #[must_use]
    pub fn funds(&self) -> f64 {
        self.margin + self.other_pnl - self.other_maintenance
    }

    /// Unrealised P&L at a mark, gain positive.
    #[must_use]
    pub fn unrealised(&self, mark: f64) -> f64 {
        self.quantity * (mark - self.entry)
    }

    /// Funds and unrealised P&L.
    #[must_use]
    pub fn equity(&self, mark: f64) -> f64 {
        self.funds() + self.unrealised(mark)
    }

    /// Absolute value at a mark.
    #[must_use]
    pub fn notional(&self, mark: f64) -> f64 {
        self.quantity.abs() * mark
    }

    /// Whether equity is strictly below the maintenance margin.
    #[must_use]
    pub fn is_liquidatable(&self, brackets: &Brackets, mark: f64) -> bool {
        self.equity(mark) < brackets.maintenance(self.notional(mark))
    }

    /// Maintenance margin over equity; none where there is no equity.
    #[must_use]
    pub fn margin_ratio(&self, brackets: &Brackets, mark: f64) -> Option<f64> {
        let equity = self.equity(mark);
        (equity > 0.0).then(|| brackets.maintenance(self.notional(mark)) / equity)
    }

    /// The price at which equity equals the maintenance margin; none where no positive price does that.
    #[must_use]
    pub fn liquidation_price(&self, brackets: &Brackets) -> Option<LiquidationPrice> {
        let size = self.quantity.abs();
        // The excess of equity over the margin rises with the price of a long and falls with that of a short, so the
        // price lies in the first bracket at whose upper bound it has changed sign.
        let tiers = brackets.as_slice();
        let crossed = |notional: f64, margin: f64| {
            let excess = self.equity(notional / size) - margin;
            if self.quantity > 0.0 { excess >= 0.0 } else { excess <= 0.0 }
        };
        let tier = tiers
            .iter()
            .position(|tier| {
                let bound = tier.bound();
                bound.is_infinite() || crossed(bound, tier.margin(bound))
            })
            .unwrap_or(tiers.len() - 1);
        let bracket = &tiers[tier];
        let price = (self.quantity * self.entry - self.funds() - bracket.deduction)
            / (self.quantity - size * bracket.maintenance);
        (price > 0.0 && price.is_finite()).then_some(LiquidationPrice { price, tier })
    }

    /// The price at which funds and P&L are nothing; none where no positive price does that.
    #[must_use]
    pub fn bankruptcy_price(&self) -> Option<f64> {
        let price = self.entry - self.funds() / self.quantity;
        (price > 0.0 && price.is_finite()).then_some(price)
    }
}
