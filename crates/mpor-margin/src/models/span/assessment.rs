//! The part of SPAN that depends on the book: scan risk, charges, credits, minimum, and the account's requirement.
//!
//! With `L_s` the loss of a commodity's positions in scenario `s`, `a` the worst one and `a'` its pair:
//!
//! ```text
//! scan   = max( 0, L_a )                 VS = (L_a + L_a') / 2,  TR = (L_1 + L_2) / 2,  PR = VS - TR
//! intra  = sum over the spread table of N rate,     N = min over legs |delta left in the tier| / ratio
//! spot   = rate_spread |delta consumed by spreads| + rate_outright |delta left|   in the spot month's tier
//! weight = PR / |net delta|  (normal),  range  (scan range),  min of the two  (capped)
//! credit = weight N ratio rate           for each leg of an inter-commodity spread, if every leg's weight is above 0
//! SOM    = rate x ( short calls + short puts, or the larger of them )
//! commodity order   risk = sum max( scan + intra + spot - credits, SOM )
//! account order     risk = max( sum (scan + intra + spot), sum SOM ) - sum credits
//! requirement = max( 0, risk - net option value )
//! ```
//!
//! Spreads form in the order of their table on what earlier ones left. Legs of a spread are on side A or B: all A one sign,
//! all B the other, either way round. A tier counts net; a spread of a tier with itself takes its long against its short expiries.
//! Intra-commodity spreads do not reduce the delta that is spread across commodities.

use mpor_core::Right;
use serde::Deserialize;
use smallvec::SmallVec;

use super::array::{RiskArray, SCENARIOS, paired};

/// So many tiers and spreads of a commodity need no memory of their own: there is one assessment a commodity and account.
const FEW_TIERS: usize = 4;
const FEW_SPREADS: usize = 8;

/// One long contract of a commodity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanUnit {
    /// Position of its expiry.
    pub expiry: usize,
    /// Loss in each scenario, money.
    pub array: RiskArray,
    /// Composite delta, in contracts of the commodity.
    pub delta: f64,
    /// Value of an option that was paid for; zero for everything else. Money.
    pub option_value: f64,
    /// Call or put, for options.
    pub right: Option<Right>,
    /// Contracts of the commodity that one contract stands for.
    pub scale: f64,
}

/// What a commodity charges, in money.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanTerms {
    /// Tiers that spreads are stated for.
    pub tiers: usize,
    /// The tier of each expiry.
    pub tier_of: Vec<usize>,
    /// Price scan range of one contract.
    pub range_value: f64,
    /// Intra-commodity spreads in the order of their priority.
    pub intra_spreads: Vec<IntraSpread>,
    /// Charges of tiers that are about to be delivered.
    pub spot_months: Vec<SpotMonth>,
    /// Smallest risk of one short option.
    pub short_option_rate: f64,
    /// Which short options count.
    pub short_option_method: ShortOptionMethod,
}

/// A spread between tiers.
#[derive(Clone, Debug, PartialEq)]
pub struct IntraSpread {
    /// At least two.
    pub legs: Vec<SpreadLeg>,
    /// Money a spread.
    pub rate: f64,
}

/// A spread between commodities.
#[derive(Clone, Debug, PartialEq)]
pub struct InterSpread {
    /// At least two.
    pub legs: Vec<SpreadLeg>,
    /// Share of the price risk that is given back.
    pub credit_rate: f64,
}

/// One leg of a spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadLeg {
    /// Position of the tier or of the commodity.
    pub of: usize,
    /// Legs of one side have one sign.
    pub side: Side,
    /// Delta a spread.
    pub ratio: f64,
}

/// Side of a spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Side {
    /// One sign.
    A,
    /// The other.
    B,
}

/// What the contract that is about to be delivered is charged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpotMonth {
    /// Position of its tier.
    pub tier: usize,
    /// Money a delta that spreads have consumed.
    pub rate_spread: f64,
    /// Money a delta that is left.
    pub rate_outright: f64,
}

/// Which short options the minimum counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortOptionMethod {
    /// Calls and puts.
    #[default]
    Gross,
    /// The larger of calls and puts.
    Max,
}

/// Price risk per delta, of which inter-commodity credits are a share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceRisk {
    /// Of the book itself: explodes near delta zero.
    Normal,
    /// The price scan range.
    #[serde(rename = "scanrange")]
    ScanRange,
    /// The smaller of the two.
    #[default]
    #[serde(rename = "scanrange_cap")]
    ScanRangeCap,
}

/// In which order minimum, credits and option value are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Credits before the minimum, commodity by commodity.
    #[default]
    Commodity,
    /// The minimum before credits, over the account.
    Account,
}

/// The part of a commodity that needs no other one. Money, positive = needed.
#[derive(Clone, Debug, PartialEq)]
pub struct CommodityAssessment {
    /// By scenario, loss positive.
    pub scenario_losses: RiskArray,
    /// Largest loss, at least zero.
    pub scan_risk: f64,
    /// Scenario of the largest loss, the first of equals; positions from 0.
    pub active_scenario: usize,
    /// Mean loss of the active scenario and its pair.
    pub vol_adjusted: f64,
    /// Mean loss of the scenarios without a price move.
    pub time_risk: f64,
    /// The difference of these two.
    pub price_risk: f64,
    /// Net delta by tier, before spreads.
    pub tier_deltas: SmallVec<[f64; FEW_TIERS]>,
    /// Their sum.
    pub net_delta: f64,
    /// Number of each intra-commodity spread.
    pub intra_formed: SmallVec<[f64; FEW_SPREADS]>,
    /// Charge for all of them.
    pub intra_charge: f64,
    /// Charge in the spot month.
    pub spot_charge: f64,
    /// Minimum for short options.
    pub short_option_minimum: f64,
    /// Value of options, long positive.
    pub net_option_value: f64,
    /// Price risk per delta; `None` without net delta.
    pub weighted_price_risk: Option<f64>,
    /// Credit from spreads with other commodities, positive.
    pub inter_credit: f64,
}

/// An account's requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanAssessment {
    /// By commodity.
    pub commodities: Vec<CommodityAssessment>,
    /// Number of each inter-commodity spread.
    pub inter_formed: Vec<f64>,
    /// Before option value.
    pub risk: f64,
    /// Value of options, long positive.
    pub net_option_value: f64,
    /// `max(0, risk - net option value)`: what must be there beside the options.
    pub requirement: f64,
}

impl SpanTerms {
    /// Charge for each of the intra-commodity spreads, so many of which have formed.
    pub(super) fn charges<'a>(&'a self, formed: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.intra_spreads.iter().zip(formed).map(|(spread, n)| n * spread.rate)
    }
}

impl CommodityAssessment {
    /// Assesses positions of one commodity: quantities of `units` by their position.
    #[must_use]
    pub fn new(
        terms: &SpanTerms,
        price_risk: PriceRisk,
        units: &[SpanUnit],
        positions: &[(usize, f64)],
    ) -> Self {
        let mut losses = [0.0; SCENARIOS];
        let (mut net_option_value, mut short_calls, mut short_puts) = (0.0, 0.0, 0.0);
        let mut expiries = Few::default();
        let by_expiry = expiries.of(terms.tier_of.len());
        for &(unit, quantity) in positions {
            let unit = &units[unit];
            losses.iter_mut().zip(&unit.array).for_each(|(sum, loss)| *sum += quantity * loss);
            by_expiry[unit.expiry] += quantity * unit.delta;
            net_option_value += quantity * unit.option_value;
            let short = (-quantity).max(0.0) * unit.scale;
            match unit.right {
                Some(Right::Call) => short_calls += short,
                Some(Right::Put) => short_puts += short,
                None => {}
            }
        }
        let net_delta = by_expiry.iter().fold(0.0, |sum, delta| sum + delta);
        let mut all_tiers = Few::default();
        let tiers: &mut [TierDelta] = all_tiers.of(terms.tiers);
        for (&tier, &delta) in terms.tier_of.iter().zip(&*by_expiry) {
            tiers[tier].add(delta);
        }
        let tier_deltas: SmallVec<[f64; FEW_TIERS]> = tiers.iter().map(|tier| tier.net()).collect();
        let formed = form_intra(terms, tiers);
        let active = worst(&losses);
        let vol_adjusted = 0.5 * (losses[active] + losses[paired(active)]);
        let time_risk = 0.5 * (losses[0] + losses[1]);
        let price_risk_amount = vol_adjusted - time_risk;
        let shorts = match terms.short_option_method {
            ShortOptionMethod::Gross => short_calls + short_puts,
            ShortOptionMethod::Max => f64::max(short_calls, short_puts),
        };
        CommodityAssessment {
            scenario_losses: losses,
            scan_risk: losses[active].max(0.0),
            active_scenario: active,
            vol_adjusted,
            time_risk,
            price_risk: price_risk_amount,
            spot_charge: spot_charge(terms, &tier_deltas, tiers),
            tier_deltas,
            net_delta,
            intra_charge: terms.charges(&formed).fold(0.0, |sum, charge| sum + charge),
            intra_formed: formed,
            short_option_minimum: terms.short_option_rate * shorts,
            net_option_value,
            weighted_price_risk: price_risk.weighted(
                price_risk_amount,
                net_delta,
                terms.range_value,
            ),
            inter_credit: 0.0,
        }
    }

    /// Scan risk and charges, before credits.
    #[must_use]
    pub fn charged(&self) -> f64 {
        self.scan_risk + self.intra_charge + self.spot_charge
    }

    /// Risk of the commodity on its own, after credits and at least the short option minimum.
    #[must_use]
    pub fn risk(&self) -> f64 {
        (self.charged() - self.inter_credit).max(self.short_option_minimum)
    }
}

impl SpanAssessment {
    /// Puts commodities together: credits between them, minimum and option value in the exchange's order.
    #[must_use]
    pub fn new(
        mut commodities: Vec<CommodityAssessment>,
        spreads: &[InterSpread],
        order: Order,
    ) -> Self {
        let mut left: Vec<f64> = commodities.iter().map(|own| own.net_delta).collect();
        let mut inter_formed = Vec::with_capacity(spreads.len());
        for spread in spreads {
            let weight = |own: &CommodityAssessment| own.weighted_price_risk.filter(|w| *w > 0.0);
            if spread.legs.iter().any(|leg| weight(&commodities[leg.of]).is_none()) {
                inter_formed.push(0.0);
                continue;
            }
            let n = formable(&spread.legs, |leg| left[leg.of]);
            for leg in &spread.legs {
                let own = &mut commodities[leg.of];
                let Some(weight) = weight(own) else { continue };
                own.inter_credit += weight * n * leg.ratio * spread.credit_rate;
                left[leg.of] -= left[leg.of].signum() * n * leg.ratio;
            }
            inter_formed.push(n);
        }
        let sum = |of: fn(&CommodityAssessment) -> f64| {
            commodities.iter().fold(0.0, |sum, own| sum + of(own))
        };
        let risk = match order {
            Order::Commodity => sum(CommodityAssessment::risk),
            Order::Account => {
                let charged = sum(CommodityAssessment::charged);
                charged.max(sum(|own| own.short_option_minimum)) - sum(|own| own.inter_credit)
            }
        };
        let net_option_value = sum(|own| own.net_option_value);
        let requirement = (risk - net_option_value).max(0.0);
        SpanAssessment { commodities, inter_formed, risk, net_option_value, requirement }
    }
}

impl PriceRisk {
    fn weighted(self, price_risk: f64, net_delta: f64, range: f64) -> Option<f64> {
        let own = (net_delta != 0.0).then(|| price_risk / net_delta.abs())?;
        Some(match self {
            PriceRisk::Normal => own,
            PriceRisk::ScanRange => range,
            PriceRisk::ScanRangeCap => own.min(range),
        })
    }
}

/// Room for a few values without asking for memory, and for many with it: there is one a commodity and account.
#[derive(Default)]
struct Few<T> {
    few: [T; 16],
    many: Vec<T>,
}

impl<T: Clone + Default> Few<T> {
    fn of(&mut self, count: usize) -> &mut [T] {
        if count <= self.few.len() {
            return &mut self.few[..count];
        }
        self.many.resize(count, T::default());
        &mut self.many
    }
}

/// Long and short delta of a tier, both positive.
#[derive(Clone, Copy, Debug, Default)]
struct TierDelta {
    long: f64,
    short: f64,
}

impl TierDelta {
    fn add(&mut self, delta: f64) {
        if delta > 0.0 { self.long += delta } else { self.short -= delta }
    }

    fn net(self) -> f64 {
        self.long - self.short
    }

    fn take(&mut self, sign: f64, delta: f64) {
        if sign > 0.0 { self.long -= delta } else { self.short -= delta }
    }
}

/// Forms the spreads of a commodity in order and takes what they consume from the tiers.
fn form_intra(terms: &SpanTerms, tiers: &mut [TierDelta]) -> SmallVec<[f64; FEW_SPREADS]> {
    let mut formed = SmallVec::with_capacity(terms.intra_spreads.len());
    for IntraSpread { legs, .. } in &terms.intra_spreads {
        let within = legs.iter().all(|leg| leg.of == legs[0].of);
        if within {
            let tier = tiers[legs[0].of];
            let side = |side| match side {
                Side::A => tier.long,
                Side::B => -tier.short,
            };
            let n = formable(legs, |leg| side(leg.side));
            for leg in legs {
                tiers[leg.of].take(if leg.side == Side::A { 1.0 } else { -1.0 }, n * leg.ratio);
            }
            formed.push(n);
            continue;
        }
        let n = formable(legs, |leg| tiers[leg.of].net());
        for leg in legs {
            let sign = tiers[leg.of].net();
            tiers[leg.of].take(sign, n * leg.ratio);
        }
        formed.push(n);
    }
    formed
}

/// Spreads that the deltas left allow: zero unless the A legs have one sign and the B legs the other.
fn formable(legs: &[SpreadLeg], left: impl Fn(&SpreadLeg) -> f64) -> f64 {
    let sign = |leg: &SpreadLeg| match (leg.side, left(leg)) {
        (_, 0.0) => 0.0,
        (Side::A, delta) => delta.signum(),
        (Side::B, delta) => -delta.signum(),
    };
    let first = legs.first().map_or(0.0, sign);
    if first == 0.0 || legs.iter().any(|leg| sign(leg) != first) {
        return 0.0;
    }
    legs.iter().map(|leg| left(leg).abs() / leg.ratio).fold(f64::INFINITY, f64::min)
}

fn spot_charge(terms: &SpanTerms, before: &[f64], after: &[TierDelta]) -> f64 {
    let charge = |spot: &SpotMonth| {
        let left = after[spot.tier].net();
        spot.rate_spread * (before[spot.tier] - left).abs() + spot.rate_outright * left.abs()
    };
    terms.spot_months.iter().fold(0.0, |sum, spot| sum + charge(spot))
}

/// The first scenario with the largest loss.
fn worst(losses: &RiskArray) -> usize {
    (1..SCENARIOS).fold(0, |worst, next| if losses[next] > losses[worst] { next } else { worst })
}
