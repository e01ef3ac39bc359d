//! Parameters of one currency of Deribit's portfolio margin, named as its `public/pme/get_params` names them.
//!
//! Moves, ranges, factors and rates are fractions; dampener and thresholds are USD; contingencies are coins.

use serde::Deserialize;

use crate::models::venue::{self, TenorShock};

/// One currency: the futures, perpetuals and options on one coin.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeribitParameters {
    /// Largest move of the standard table.
    pub price_range: f64,
    /// Steps of the standard table on each side.
    pub buckets_count: u32,
    /// Relative rise of volatility at 30 days.
    pub volatility_range_up: f64,
    /// Relative fall of volatility at 30 days.
    pub volatility_range_down: f64,
    /// Power of 30 / days up to 30 days.
    pub short_term_vega_power: f64,
    /// Power of 30 / days beyond.
    pub long_term_vega_power: f64,
    /// Days below which the tenor factor grows no more.
    pub min_tenor_days: f64,
    /// Lowest volatility after a rise.
    pub min_volatility_for_shock_up: f64,
    /// Moves of the extended table; none before the table existed.
    pub extended_price_moves: Vec<f64>,
    /// Multiplier of the extended table.
    pub extended_table_factor: f64,
    /// What the extended table forgives, USD per multiple of the price range beyond the first.
    pub extended_dampener: f64,
    /// Growth of the roll rate per year to expiry.
    pub annualised_move_risk: f64,
    /// Least roll rate, and that of the perpetual.
    pub min_annualised_move: f64,
    /// Growth of the delta shock per coin and USD beyond the threshold.
    pub m_inc: f64,
    /// USD of delta above which the delta shock begins.
    pub delta_total_liq_shock_threshold: f64,
    /// Largest delta shock, share of the delta.
    pub max_delta_shock: f64,
    /// Share of a scenario's gain that counts outside its own currency.
    pub pnl_offset: f64,
    /// Maintenance margin as a share of the risk matrix margin.
    pub mm_factor: f64,
    /// Coins per net short option at one strike (versions before 2024).
    #[serde(default)]
    pub option_contingency: f64,
    /// Share of futures and perpetuals, gross (versions before 2024).
    #[serde(default)]
    pub futures_contingency: f64,
    /// What is not known of this version; each becomes a line of the breakdown, counted as zero.
    #[serde(default)]
    pub gaps: Vec<String>,
}

impl DeribitParameters {
    /// The first parameter that is impossible, as key and sentence.
    ///
    /// # Errors
    /// The key below the currency's own, and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        let (above, most) = (f64::MIN_POSITIVE, f64::MAX);
        venue::check(&[
            ("price_range", self.price_range, above, 0.99),
            ("buckets_count", f64::from(self.buckets_count), 1.0, 1_000.0),
            ("volatility_range_up", self.volatility_range_up, 0.0, most),
            ("volatility_range_down", self.volatility_range_down, 0.0, most),
            ("short_term_vega_power", self.short_term_vega_power, 0.0, most),
            ("long_term_vega_power", self.long_term_vega_power, 0.0, most),
            ("min_tenor_days", self.min_tenor_days, above, most),
            ("min_volatility_for_shock_up", self.min_volatility_for_shock_up, 0.0, most),
            ("extended_table_factor", self.extended_table_factor, 0.0, most),
            ("extended_dampener", self.extended_dampener, 0.0, most),
            ("annualised_move_risk", self.annualised_move_risk, 0.0, most),
            ("min_annualised_move", self.min_annualised_move, 0.0, most),
            ("m_inc", self.m_inc, 0.0, most),
            ("delta_total_liq_shock_threshold", self.delta_total_liq_shock_threshold, 0.0, most),
            ("max_delta_shock", self.max_delta_shock, 0.0, most),
            ("pnl_offset", self.pnl_offset, 0.0, 1.0),
            ("mm_factor", self.mm_factor, 0.0, 1.0),
            ("option_contingency", self.option_contingency, 0.0, most),
            ("futures_contingency", self.futures_contingency, 0.0, most),
        ])?;
        for (index, &move_) in self.extended_price_moves.iter().enumerate() {
            if !(move_.is_finite() && move_ > -1.0 && move_ != 0.0) {
                let problem = format!("is {move_}: a relative move above -1 and not 0");
                return Err((format!("extended_price_moves[{index}]"), problem));
            }
        }
        Ok(())
    }

    /// Moves of the standard table, from down to up.
    #[must_use]
    pub fn standard_moves(&self) -> Vec<f64> {
        let steps = i64::from(self.buckets_count);
        let share = |k: i64| k as f64 / steps as f64;
        (-steps..=steps).map(|k| self.price_range * share(k)).collect()
    }

    /// How volatilities move.
    #[must_use]
    pub fn vol_shock(&self) -> TenorShock {
        TenorShock {
            range_up: self.volatility_range_up,
            range_down: self.volatility_range_down,
            short_power: self.short_term_vega_power,
            long_power: self.long_term_vega_power,
            floor_days: self.min_tenor_days,
            least_vol_up: self.min_volatility_for_shock_up,
        }
    }

    /// Share of an expiry's delta that the roll shock takes; of the perpetual's with `None`.
    #[must_use]
    pub fn roll_rate(&self, days: Option<f64>) -> f64 {
        let years = days.map_or(0.0, |days| days / venue::YEAR_DAYS);
        (libm::exp(self.annualised_move_risk * years) - 1.0).max(self.min_annualised_move)
    }
}
