//! Ratio models: the account as a whole must hold a multiple of the sum of its maintenance margins.
//!
//! ```text
//! Binance       uniMMR = adjusted equity / sum of maintenance margins,   adjusted = balance price rate, in slices by value
//! Hyperliquid   ratio  = max over tokens of requirement / value,         liquidatable above 0.95
//!               requirement = least + cross maintenance + borrowed price
//!               value       = balance price + min( borrow cap, min(balance, supply cap) price (0.5 + 0.5 LTV) )
//! ```
//!
//! Source: documents of both venues as restated in mpor's notes; the collateral rates in part, from a mirror.

use serde::Deserialize;

/// Equity that an account must keep, as multiples of the sum of its maintenance margins.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountRatio {
    /// To open positions.
    pub initial: f64,
    /// To keep them.
    pub maintenance: f64,
}

/// A slice of an asset's value, and the share of it that counts.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollateralTier {
    /// Value at which the slice ends, reporting currency; none for the last.
    pub up_to: Option<f64>,
    /// Share that counts.
    pub rate: f64,
}

/// What of an asset's value counts, slice by slice; negative values (debt) count in full.
#[must_use]
pub fn adjusted_value(tiers: &[CollateralTier], value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    let mut below = 0.0;
    tiers.iter().fold(0.0, |counted, tier| {
        let end = tier.up_to.unwrap_or(f64::INFINITY).min(value);
        let slice = (end - below).max(0.0);
        below = end.max(below);
        counted + slice * tier.rate
    })
}

/// Binance's ratio: adjusted equity over the sum of maintenance margins; none without maintenance margin.
#[must_use]
pub fn uni_mmr(adjusted_equity: f64, maintenance: f64) -> Option<f64> {
    (maintenance > 0.0).then(|| adjusted_equity / maintenance)
}

/// One token of a Hyperliquid account. Money in USDC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenAccount {
    /// Units held.
    pub balance: f64,
    /// USDC per unit.
    pub price: f64,
    /// Units borrowed.
    pub borrowed: f64,
    /// Cross maintenance margin of the positions settled in it.
    pub cross_maintenance: f64,
    /// Most that counts as borrowing power, USDC.
    pub borrow_cap: f64,
    /// Most units that count as collateral.
    pub supply_cap: f64,
    /// Loan to value.
    pub ltv: f64,
}

/// The largest of the tokens' requirements over their values, `least` USDC in each requirement. Infinite where a token has a
/// requirement and no value; none without tokens.
#[must_use]
pub fn hyperliquid_ratio(tokens: &[TokenAccount], least: f64) -> Option<f64> {
    let ratio = |token: &TokenAccount| {
        let requirement = least + token.cross_maintenance + token.borrowed * token.price;
        let value = token.value();
        if value > 0.0 { requirement / value } else { f64::INFINITY }
    };
    tokens.iter().map(ratio).reduce(f64::max)
}

impl TokenAccount {
    /// What a liquidation of it would be covered by, USDC.
    #[must_use]
    pub fn value(&self) -> f64 {
        let counted = self.balance.min(self.supply_cap) * self.price * (0.5 + 0.5 * self.ltv);
        self.balance * self.price + counted.min(self.borrow_cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collateral_counts_slice_by_slice() {
        let tier = |up_to, rate| CollateralTier { up_to, rate };
        let tiers = [tier(Some(100.0), 1.0), tier(Some(120.0), 0.975), tier(None, 0.95)];
        // hand
        assert_eq!(adjusted_value(&tiers, 80.0), 80.0);
        assert_eq!(adjusted_value(&tiers, 110.0), 109.75);
        assert_eq!(adjusted_value(&tiers, 220.0), 100.0 + 19.5 + 95.0);
        assert_eq!(adjusted_value(&tiers, -5.0), -5.0);
    }

    #[test]
    fn the_ratio_of_an_account_without_positions_is_not_defined() {
        assert_eq!(uni_mmr(10.0, 0.0), None);
        assert_eq!(uni_mmr(10.0, 4.0), Some(2.5));
    }

    #[test]
    fn the_worst_token_decides() {
        let token = TokenAccount {
            balance: 100.0,
            price: 2.0,
            borrowed: 10.0,
            cross_maintenance: 5.0,
            borrow_cap: 1_000.0,
            supply_cap: 50.0,
            ltv: 0.5,
        };
        // hand: 200 and 50 x 2 x 0.75
        assert_eq!(token.value(), 275.0);
        let capped = TokenAccount { borrow_cap: 25.0, ..token };
        assert_eq!(hyperliquid_ratio(&[token, capped], 20.0), Some(45.0 / 225.0));
        let empty = TokenAccount { balance: 0.0, ..token };
        assert_eq!(hyperliquid_ratio(&[token, empty], 20.0), Some(f64::INFINITY));
        assert_eq!(hyperliquid_ratio(&[], 20.0), None);
    }
}
