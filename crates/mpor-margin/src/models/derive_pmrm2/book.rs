//! What one account holds under PMRM 2.

/// What one account holds in one market. Amounts in coins, short negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PmrmBook {
    /// Perpetual.
    pub perp: f64,
    /// Unrealised P&L of the perpetual, USD.
    pub perp_unrealised: f64,
    /// Positions in the market's options: which, and how many.
    pub options: Vec<(usize, f64)>,
    /// What is posted.
    pub collaterals: Vec<PmrmHolding>,
}

/// One asset posted.
#[derive(Clone, Debug, PartialEq)]
pub struct PmrmHolding {
    /// Its name among the market's collaterals.
    pub name: String,
    /// Units.
    pub amount: f64,
    /// USD per unit.
    pub price: f64,
    /// Confidence of its feed.
    pub confidence: f64,
}

impl PmrmBook {
    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.perp == 0.0 && self.options.is_empty() && self.collaterals.is_empty()
    }
}
