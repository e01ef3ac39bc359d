//! From what a file says to what the engine computes with: terms and units of each combined commodity, spreads between them.

use std::collections::BTreeMap;

use mpor_core::Right;
use toml::{Table, Value};

use super::super::assessment::{
    CommodityAssessment, InterSpread, IntraSpread, Order, PriceRisk, ShortOptionMethod, Side,
    SpanAssessment, SpanTerms, SpanUnit, SpotMonth, SpreadLeg,
};
use super::{
    SpnCommodity, SpnContract, SpnError, SpnFile, SpnKind, SpnLeg, SpnLegOf, SpnLink,
    SpnOrganisation, SpnPortfolio, SpnSpread, SpnTier,
};

/// Names a contract of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnUnitKey {
    /// Product code.
    pub product: String,
    /// Physical, future or option.
    pub kind: SpnKind,
    /// Contract period as the file writes it; zeros or empty for physicals.
    pub period: String,
    /// Strike and right, of options.
    pub option: Option<(f64, Right)>,
}

/// A file's combined commodities, ready to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnMargins {
    commodities: Vec<Ready>,
    spreads: Vec<InterSpread>,
    contracts: BTreeMap<Key, Place>,
    /// Credits between commodities that could not be applied, and why; they would only lower a requirement.
    pub not_applied: Vec<String>,
}

/// One commodity, or why it cannot be used.
#[derive(Clone, Debug, PartialEq)]
struct Ready {
    code: String,
    price_risk: PriceRisk,
    rules: Result<(SpanTerms, Vec<SpanUnit>), SpnError>,
}

/// Where a contract is, or what it lacks.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    commodity: usize,
    unit: Result<usize, String>,
}

/// A key that can be ordered: strikes by their bits.
type Key = (String, SpnKind, String, Option<(u64, bool)>);

impl SpnUnitKey {
    fn key(&self) -> Key {
        let option = self.option.map(|(strike, right)| (strike.to_bits(), right == Right::Call));
        (self.product.clone(), self.kind, self.period.clone(), option)
    }
}

impl std::fmt::Display for SpnUnitKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.product, self.period)?;
        match self.option {
            Some((strike, Right::Call)) => write!(f, " {strike} call"),
            Some((strike, Right::Put)) => write!(f, " {strike} put"),
            None => Ok(()),
        }
    }
}

impl SpnFile {
    /// Terms and units of every combined commodity. One whose rules cannot be applied is an error only for books that hold it.
    #[must_use]
    pub fn margins(&self) -> SpnMargins {
        let mut margins = SpnMargins {
            commodities: Vec::new(),
            spreads: Vec::new(),
            contracts: BTreeMap::new(),
            not_applied: Vec::new(),
        };
        for organisation in &self.organisations {
            let first = margins.commodities.len();
            for commodity in &organisation.commodities {
                margins.add(organisation, commodity);
            }
            for spread in &organisation.inter_spreads {
                match margins.inter_spread(organisation, spread, first) {
                    Ok(spread) => margins.spreads.push(spread),
                    Err(problem) => {
                        margins.not_applied.push(format!("spread {}: {problem}", spread.number));
                    }
                }
            }
        }
        margins
    }
}

impl SpnMargins {
    /// Codes of the combined commodities.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.commodities.iter().map(|own| own.code.as_str())
    }

    /// Terms and units of a combined commodity.
    ///
    /// # Errors
    /// [`SpnError::Commodity`] when its rules cannot be applied, or there is none of this code.
    pub fn commodity(&self, code: &str) -> Result<(&SpanTerms, &[SpanUnit]), SpnError> {
        let known = self.commodities.iter().find(|own| own.code == code);
        match known.map(|own| own.rules.as_ref()) {
            Some(Ok((terms, units))) => Ok((terms, units)),
            Some(Err(error)) => Err(error.clone()),
            None => Err(SpnError::Commodity {
                code: code.to_owned(),
                problem: "is not in the file".to_owned(),
            }),
        }
    }

    /// The requirement of a book, and the codes of the commodities that it assesses.
    ///
    /// # Errors
    /// [`SpnError`] for a contract that is not in the file or lacks what is needed, and for a commodity whose rules cannot be
    /// applied.
    pub fn assess(
        &self,
        book: &[(SpnUnitKey, f64)],
        order: Order,
    ) -> Result<(Vec<&str>, SpanAssessment), SpnError> {
        let mut books: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
        for (contract, quantity) in book {
            let (commodity, unit) = self.place(contract)?;
            books.entry(commodity).or_default().push((unit, *quantity));
        }
        let mut assessed = Vec::with_capacity(books.len());
        for (&commodity, positions) in &books {
            let own = &self.commodities[commodity];
            let (terms, units) = own.rules.as_ref().map_err(SpnError::clone)?;
            assessed.push(CommodityAssessment::new(terms, own.price_risk, units, positions));
        }
        let held: Vec<usize> = books.into_keys().collect();
        let spreads: Vec<InterSpread> = self
            .spreads
            .iter()
            .filter_map(|spread| {
                let leg = |leg: &SpreadLeg| {
                    let of = held.binary_search(&leg.of).ok()?;
                    Some(SpreadLeg { of, ..*leg })
                };
                let legs: Option<Vec<SpreadLeg>> = spread.legs.iter().map(leg).collect();
                Some(InterSpread { legs: legs?, credit_rate: spread.credit_rate })
            })
            .collect();
        let codes = held.iter().map(|&own| self.commodities[own].code.as_str()).collect();
        Ok((codes, SpanAssessment::new(assessed, &spreads, order)))
    }

    /// The risk arrays of contracts as a rule file or a study writes them, by the study's names of the instruments: what stands
    /// under `commodities.X.contracts`.
    ///
    /// # Errors
    /// [`SpnError`] for a contract that is not in the file, has no risk array, or belongs to a commodity that cannot be used.
    pub fn given_arrays(&self, instruments: &[(&str, SpnUnitKey)]) -> Result<Table, SpnError> {
        let mut arrays = Table::new();
        for (instrument, contract) in instruments {
            let (commodity, unit) = self.place(contract)?;
            let (_, units) = self.commodities[commodity].rules.as_ref().map_err(SpnError::clone)?;
            let SpanUnit { array, delta, .. } = units[unit];
            let mut given = Table::new();
            let losses = array.iter().map(|loss| Value::Float(*loss)).collect();
            given.insert("array".to_owned(), Value::Array(losses));
            given.insert("delta".to_owned(), Value::Float(delta));
            arrays.insert((*instrument).to_owned(), Value::Table(given));
        }
        Ok(arrays)
    }

    fn place(&self, contract: &SpnUnitKey) -> Result<(usize, usize), SpnError> {
        let missing = |problem: &str| SpnError::NoContract {
            contract: contract.to_string(),
            problem: problem.to_owned(),
        };
        let place = self.contracts.get(&contract.key()).ok_or_else(|| {
            missing("no combined commodity has this product, period, strike and right")
        })?;
        // A commodity that cannot be used says why before its contracts do.
        self.commodities[place.commodity].rules.as_ref().map_err(SpnError::clone)?;
        match &place.unit {
            Ok(unit) => Ok((place.commodity, *unit)),
            Err(problem) => Err(missing(problem)),
        }
    }

    fn add(&mut self, organisation: &SpnOrganisation, own: &SpnCommodity) {
        let at = self.commodities.len();
        let mut expiries: Vec<String> = Vec::new();
        let mut units = Vec::new();
        let mut range = None;
        for link in &own.links {
            for portfolio in linked(organisation, link) {
                for contract in &portfolio.contracts {
                    let expiry = position(&mut expiries, &contract.period);
                    let unit = unit(portfolio, link, contract, expiry).map(|unit| {
                        units.push(unit);
                        units.len() - 1
                    });
                    range = range.or(range_of(portfolio, contract));
                    let key = SpnUnitKey {
                        product: portfolio.code.clone(),
                        kind: portfolio.kind,
                        period: contract.period.clone(),
                        option: contract.option,
                    };
                    self.contracts.entry(key.key()).or_insert(Place { commodity: at, unit });
                }
            }
        }
        let rules = terms(own, expiries, range)
            .map(|terms| (terms, units))
            .map_err(|problem| SpnError::Commodity { code: own.code.clone(), problem });
        let price_risk = price_risk(own).unwrap_or_default();
        self.commodities.push(Ready { code: own.code.clone(), price_risk, rules });
    }

    /// A spread between commodities of one organisation, whose first is at `first`.
    fn inter_spread(
        &self,
        organisation: &SpnOrganisation,
        spread: &SpnSpread,
        first: usize,
    ) -> Result<InterSpread, String> {
        if spread.method != "W" {
            return Err(format!(
                "method `{}`: only W, weighted price risk, is applied",
                spread.method
            ));
        }
        let credit_rate = spread.rate.ok_or("has no rate")?;
        if !(0.0..=1.0).contains(&credit_rate) {
            return Err(format!("credit {credit_rate}: a share between 0 and 1 expected"));
        }
        let mut legs: Vec<SpreadLeg> = Vec::new();
        for leg in &spread.legs {
            let known = organisation.commodities.iter().position(|own| own.code == leg.commodity);
            let known = known.ok_or_else(|| format!("no commodity `{}`", leg.commodity))?;
            if organisation.commodities[known].inter_tiers.len() > 1 {
                return Err(format!("`{}` has several inter-commodity tiers", leg.commodity));
            }
            if matches!(leg.of, SpnLegOf::Period(_)) {
                return Err(format!("a leg of one period of `{}`", leg.commodity));
            }
            if legs.iter().any(|other| other.of == first + known) {
                return Err(format!("two legs in `{}`", leg.commodity));
            }
            legs.push(SpreadLeg { of: first + known, side: leg.side, ratio: leg.ratio });
        }
        both_sides(&legs)?;
        Ok(InterSpread { legs, credit_rate })
    }
}

/// Products that a link names.
fn linked<'o>(
    organisation: &'o SpnOrganisation,
    link: &'o SpnLink,
) -> impl Iterator<Item = &'o SpnPortfolio> {
    organisation.portfolios.iter().filter(|portfolio| {
        let exchange = [&link.exchange, &portfolio.exchange].iter().any(|code| code.is_empty())
            || link.exchange == portfolio.exchange;
        exchange && portfolio.id == link.id
    })
}

fn unit(
    portfolio: &SpnPortfolio,
    link: &SpnLink,
    contract: &SpnContract,
    expiry: usize,
) -> Result<SpanUnit, String> {
    let array = contract.array.ok_or("it has no risk array")?;
    let right = contract.option.map(|(_, right)| right);
    let option_value = match (right, portfolio.value_method.as_str()) {
        (None, _) | (Some(_), "FUT") => 0.0,
        (Some(_), "EQTY") => contract.price.ok_or("it has no price")? * contract.value_factor,
        (Some(_), other) => {
            return Err(format!("its valuation method is `{other}`: EQTY or FUT expected"));
        }
    };
    Ok(SpanUnit {
        expiry,
        array: array.map(|loss| loss * link.scaling),
        delta: contract.delta * contract.scaling * link.scaling,
        option_value,
        right,
        scale: 1.0,
    })
}

fn range_of(portfolio: &SpnPortfolio, contract: &SpnContract) -> Option<f64> {
    let linear = portfolio.kind != SpnKind::Option;
    contract.price_scan.filter(|range| linear && *range > 0.0).map(|r| r * contract.value_factor)
}

fn price_risk(own: &SpnCommodity) -> Result<PriceRisk, String> {
    match own.price_risk_method.as_str() {
        "" | "NORMAL" => Ok(PriceRisk::Normal),
        "SCANRANGE" => Ok(PriceRisk::ScanRange),
        "SCANRANGE_CAP" => Ok(PriceRisk::ScanRangeCap),
        other => {
            Err(format!("has wfprMeth `{other}`: NORMAL, SCANRANGE or SCANRANGE_CAP expected"))
        }
    }
}

fn terms(
    own: &SpnCommodity,
    mut expiries: Vec<String>,
    range: Option<f64>,
) -> Result<SpanTerms, String> {
    if price_risk(own)? != PriceRisk::Normal && range.is_none() {
        return Err(
            "takes its price risk from a scan range, but no future or physical has one".to_owned()
        );
    }
    let short_option_method = match own.short_option_method.as_str() {
        "" | "GROSS" => ShortOptionMethod::Gross,
        "MAX" => ShortOptionMethod::Max,
        other => return Err(format!("has somMeth `{other}`: GROSS or MAX expected")),
    };
    let short_option_rate = match own.short_option_rates.as_slice() {
        [] => 0.0,
        [rate, rest @ ..] if rest.iter().all(|other| other == rate) => *rate,
        _ => {
            return Err(
                "has tiers with different short option minimums, which are not applied".to_owned()
            );
        }
    };
    let (tiers, tier_of) = tiers(own, &mut expiries)?;
    let intra_spreads: Result<Vec<IntraSpread>, String> = own
        .spreads
        .iter()
        .map(|spread| {
            intra_spread(own, spread, &expiries)
                .map_err(|problem| format!("spread {}: {problem}", spread.number))
        })
        .collect();
    let spot_months: Result<Vec<SpotMonth>, String> = own
        .spot_rates
        .iter()
        .map(|spot| {
            let expiry = expiries.iter().position(|period| *period == spot.period);
            let tier = expiry
                .map(|expiry| tier_of[expiry])
                .filter(|tier| tier_of.iter().filter(|of| *of == tier).count() == 1);
            let problem = || format!("has a spot rate for {}, which shares its tier", spot.period);
            Ok(SpotMonth {
                tier: tier.ok_or_else(problem)?,
                rate_spread: spot.spread,
                rate_outright: spot.outright,
            })
        })
        .collect();
    Ok(SpanTerms {
        tiers,
        intra_spreads: intra_spreads?,
        spot_months: spot_months?,
        tier_of,
        range_value: range.unwrap_or(0.0),
        short_option_rate,
        short_option_method,
    })
}

/// Number of tiers and the tier of each expiry: by the file's tiers where its spreads name those, else each expiry its own.
fn tiers(own: &SpnCommodity, expiries: &mut Vec<String>) -> Result<(usize, Vec<usize>), String> {
    if by_tier(own)? {
        // What no tier holds has one of its own, which no spread names.
        let outside = own.intra_tiers.len();
        let tier = |period: &String| {
            own.intra_tiers.iter().position(|tier| tier.holds(period)).unwrap_or(outside)
        };
        return Ok((outside + 1, expiries.iter().map(tier).collect()));
    }
    let legs = own.spreads.iter().flat_map(|spread| &spread.legs);
    for leg in legs {
        if let SpnLegOf::Period(period) = &leg.of {
            position(expiries, period);
        }
    }
    own.spot_rates.iter().for_each(|spot| _ = position(expiries, &spot.period));
    Ok((expiries.len(), (0..expiries.len()).collect()))
}

/// Whether spreads are between tiers; between periods otherwise.
fn by_tier(own: &SpnCommodity) -> Result<bool, String> {
    let tier = |leg: &SpnLeg| matches!(leg.of, SpnLegOf::Tier(_));
    let legs = || own.spreads.iter().flat_map(|spread| &spread.legs);
    match (legs().any(tier), legs().all(tier)) {
        (true, false) => {
            Err("has spreads of tiers and of periods together, which are not applied".to_owned())
        }
        (any, _) => Ok(any),
    }
}

fn intra_spread(
    own: &SpnCommodity,
    spread: &SpnSpread,
    expiries: &[String],
) -> Result<IntraSpread, String> {
    if spread.method != "F" {
        return Err(format!("charge method `{}`: only F, flat, is applied", spread.method));
    }
    let rate = spread.rate.ok_or("has no rate")?;
    let leg = |leg: &SpnLeg| {
        if !leg.commodity.is_empty() && leg.commodity != own.code {
            return Err(format!("a leg in commodity `{}`", leg.commodity));
        }
        let of = match &leg.of {
            SpnLegOf::Tier(number) => {
                own.intra_tiers.iter().position(|tier| tier.number == *number)
            }
            SpnLegOf::Period(period) => expiries.iter().position(|known| known == period),
        };
        let of = of.ok_or("a leg in a tier that the commodity does not have")?;
        Ok(SpreadLeg { of, side: leg.side, ratio: leg.ratio })
    };
    let legs: Result<Vec<SpreadLeg>, String> = spread.legs.iter().map(leg).collect();
    let legs = legs?;
    both_sides(&legs)?;
    let mut places: Vec<usize> = legs.iter().map(|leg| leg.of).collect();
    places.sort_unstable();
    places.dedup();
    if places.len() != legs.len() && !(places.len() == 1 && legs.len() == 2) {
        return Err("two legs in one tier and others elsewhere, which is not applied".to_owned());
    }
    Ok(IntraSpread { legs, rate })
}

fn both_sides(legs: &[SpreadLeg]) -> Result<(), String> {
    let has = |side| legs.iter().any(|leg| leg.side == side);
    if has(Side::A) && has(Side::B) {
        return Ok(());
    }
    Err("all legs on one side".to_owned())
}

impl SpnTier {
    /// Whether a period is in the range; a bound that names a month holds all of it.
    fn holds(&self, period: &str) -> bool {
        let cut = |bound: &str| {
            bound.strip_suffix("00").filter(|month| month.len() == 6).unwrap_or(bound).to_owned()
        };
        let (from, to) = (cut(&self.from), cut(&self.to));
        let head = |length: usize| period.get(..length).unwrap_or(period);
        (from.is_empty() || head(from.len()) >= from.as_str())
            && (to.is_empty() || head(to.len()) <= to.as_str())
    }
}

/// The position of a text in a list, put at its end where it is new.
fn position(list: &mut Vec<String>, text: &str) -> usize {
    list.iter().position(|known| known == text).unwrap_or_else(|| {
        list.push(text.to_owned());
        list.len() - 1
    })
}
