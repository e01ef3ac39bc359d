//! An element while it is open, and what becomes of it when it closes.

use super::super::array::{RiskArray, SCENARIOS};
use super::super::assessment::Side;
use super::contracts::Contract;
use super::{
    SpnCommodity, SpnFile, SpnKind, SpnLeg, SpnLegOf, SpnLink, SpnOrganisation, SpnPortfolio,
    SpnSpotRate, SpnSpread, SpnTier,
};

/// An open element: its text, its leaves and its finished parts.
pub(super) struct Frame {
    pub name: String,
    pub at: u64,
    pub text: String,
    /// Leaves in order, name and text.
    pub fields: Vec<(String, String)>,
    pub records: Vec<Record>,
    /// Whether it has elements, passed over or not.
    pub has_parts: bool,
}

/// A finished element that has parts.
pub(super) enum Record {
    Array {
        values: RiskArray,
        delta: Option<f64>,
    },
    ScanRate {
        price: f64,
        vol: f64,
    },
    Rate(f64),
    Contract(Contract),
    Series(Vec<Contract>),
    Portfolio(SpnPortfolio),
    Exchange(Vec<SpnPortfolio>),
    Link(SpnLink),
    Tier(SpnTier),
    IntraTiers(Vec<SpnTier>),
    InterTiers(Vec<SpnTier>),
    ShortOptionTiers(Vec<SpnTier>),
    Leg(SpnLeg),
    Spread(SpnSpread),
    SpotRate(SpnSpotRate),
    Commodity(SpnCommodity),
    InterSpreads(Vec<SpnSpread>),
    Organisation(SpnOrganisation),
    PointInTime {
        date: String,
        is_settlement: Option<bool>,
        organisations: Vec<SpnOrganisation>,
    },
    /// Passed over.
    Skipped,
}

/// Takes the parts of one kind out of a frame.
macro_rules! parts {
    ($frame:expr, $kind:ident) => {
        $frame.records.iter().filter_map(|record| match record {
            Record::$kind(part) => Some(part.clone()),
            _ => None,
        })
    };
}

impl Frame {
    pub fn new(name: &str, at: u64) -> Self {
        Frame {
            name: name.to_owned(),
            at,
            text: String::new(),
            fields: Vec::new(),
            records: Vec::new(),
            has_parts: false,
        }
    }

    pub fn children(&self) -> usize {
        self.fields.len() + self.records.len()
    }

    /// The first leaf of a name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    pub fn text_of(&self, name: &str) -> String {
        self.field(name).unwrap_or_default().to_owned()
    }

    pub fn required(&self, name: &str) -> Result<&str, String> {
        self.field(name).filter(|text| !text.is_empty()).ok_or_else(|| format!("has no <{name}>"))
    }

    pub fn number(&self, name: &str) -> Result<Option<f64>, String> {
        self.field(name).filter(|text| !text.is_empty()).map(|text| number(name, text)).transpose()
    }

    pub fn required_number(&self, name: &str) -> Result<f64, String> {
        number(name, self.required(name)?)
    }

    /// The root.
    pub fn into_file(self) -> Result<SpnFile, String> {
        let mut file = SpnFile {
            format: self.text_of("fileFormat"),
            created: self.text_of("created"),
            date: self.text_of("date"),
            is_settlement: flag(self.field("isSetl")),
            ..SpnFile::default()
        };
        for record in self.records {
            if let Record::PointInTime { date, is_settlement, organisations } = record {
                if !file.organisations.is_empty() {
                    return Err("has two <pointInTime>: one business day a file".to_owned());
                }
                file.date = if date.is_empty() { file.date } else { date };
                file.is_settlement = is_settlement.or(file.is_settlement);
                file.organisations = organisations;
            }
        }
        if file.organisations.is_empty() {
            return Err("has no <pointInTime> with a <clearingOrg>".to_owned());
        }
        Ok(file)
    }

    /// Any other element that has parts.
    pub fn into_record(self) -> Result<Record, String> {
        match self.name.as_str() {
            "ra" => self.array(),
            "scanRate" => self.scan_rate(),
            "rate" => self.rate(),
            "phy" | "equity" | "fut" | "opt" => self.contract().map(Record::Contract),
            "phyPf" | "equityPf" => self.portfolio(SpnKind::Physical),
            "futPf" => self.portfolio(SpnKind::Future),
            "oopPf" | "oofPf" | "ooePf" => self.portfolio(SpnKind::Option),
            "exchange" => Ok(self.exchange()),
            "pfLink" => self.link(),
            "tier" => self.tier(),
            "intraTiers" => Ok(Record::IntraTiers(parts!(self, Tier).collect())),
            "interTiers" => Ok(Record::InterTiers(parts!(self, Tier).collect())),
            "somTiers" => Ok(Record::ShortOptionTiers(parts!(self, Tier).collect())),
            "tLeg" | "pLeg" => self.leg(),
            "dSpread" => self.spread(),
            "spotRate" => self.spot_rate(),
            "ccDef" => self.commodity(),
            "interSpreads" => Ok(Record::InterSpreads(parts!(self, Spread).collect())),
            "clearingOrg" => self.organisation(),
            "pointInTime" => Ok(self.point_in_time()),
            // Options keep the terms of their series.
            "series" => self.series(),
            _ => Ok(Record::Skipped),
        }
    }

    fn array(self) -> Result<Record, String> {
        let mut values = [0.0; SCENARIOS];
        let found = self.fields.iter().filter(|(name, _)| name == "a").count();
        if found != SCENARIOS {
            return Err(format!("holds {found} values <a>: {SCENARIOS} expected"));
        }
        let texts = self.fields.iter().filter(|(name, _)| name == "a");
        for (value, (name, text)) in values.iter_mut().zip(texts) {
            *value = number(name, text)?;
        }
        Ok(Record::Array { values, delta: self.number("d")? })
    }

    fn scan_rate(self) -> Result<Record, String> {
        let price = self.number("priceScan")?.unwrap_or(0.0);
        let vol = self.number("volScan")?.unwrap_or(0.0);
        if price < 0.0 || vol < 0.0 {
            return Err(format!("has ranges {price} and {vol}: 0 or more"));
        }
        Ok(Record::ScanRate { price, vol })
    }

    fn rate(self) -> Result<Record, String> {
        Ok(self.number("val")?.map_or(Record::Skipped, Record::Rate))
    }

    fn exchange(self) -> Record {
        let code = self.text_of("exch");
        let own = |portfolio: SpnPortfolio| SpnPortfolio { exchange: code.clone(), ..portfolio };
        let portfolios = self.records.into_iter().filter_map(|record| match record {
            Record::Portfolio(portfolio) => Some(own(portfolio)),
            _ => None,
        });
        Record::Exchange(portfolios.collect())
    }

    fn link(self) -> Result<Record, String> {
        Ok(Record::Link(SpnLink {
            exchange: self.text_of("exch"),
            id: self.required("pfId")?.to_owned(),
            scaling: self.number("sc")?.unwrap_or(1.0),
        }))
    }

    fn tier(self) -> Result<Record, String> {
        let rate = parts!(self, Rate).next();
        Ok(Record::Tier(SpnTier {
            number: self.text_of("tn"),
            from: self.text_of("sPe"),
            to: self.text_of("ePe"),
            rate,
        }))
    }

    fn leg(self) -> Result<Record, String> {
        let of = match self.name.as_str() {
            "tLeg" => SpnLegOf::Tier(self.required("tn")?.to_owned()),
            _ => SpnLegOf::Period(self.required("pe")?.to_owned()),
        };
        let side = match self.required("rs")? {
            "A" => Side::A,
            "B" => Side::B,
            other => return Err(format!("has side <rs> `{}`: A or B", shortened(other))),
        };
        let ratio = self.number("i")?.unwrap_or(1.0);
        if ratio <= 0.0 {
            return Err(format!("has ratio <i> {ratio}: above 0"));
        }
        Ok(Record::Leg(SpnLeg { commodity: self.text_of("cc"), of, side, ratio }))
    }

    fn spread(self) -> Result<Record, String> {
        let legs: Vec<SpnLeg> = parts!(self, Leg).collect();
        if legs.len() < 2 {
            return Err(format!("has {} legs: at least two", legs.len()));
        }
        let rate = parts!(self, Rate).next();
        Ok(Record::Spread(SpnSpread {
            number: self.text_of("spread"),
            method: self.required("chargeMeth")?.to_owned(),
            rate,
            legs,
        }))
    }

    fn spot_rate(self) -> Result<Record, String> {
        Ok(Record::SpotRate(SpnSpotRate {
            period: self.required("pe")?.to_owned(),
            spread: self.number("sprd")?.unwrap_or(0.0),
            outright: self.number("outr")?.unwrap_or(0.0),
        }))
    }

    fn commodity(self) -> Result<Record, String> {
        let som: Vec<SpnTier> = parts!(self, ShortOptionTiers).flatten().collect();
        Ok(Record::Commodity(SpnCommodity {
            code: self.required("cc")?.to_owned(),
            currency: self.text_of("currency"),
            price_risk_method: self.text_of("wfprMeth"),
            short_option_method: self.text_of("somMeth"),
            links: parts!(self, Link).collect(),
            intra_tiers: parts!(self, IntraTiers).flatten().collect(),
            inter_tiers: parts!(self, InterTiers).flatten().collect(),
            short_option_rates: som.iter().filter_map(|tier| tier.rate).collect(),
            spreads: parts!(self, Spread).collect(),
            spot_rates: parts!(self, SpotRate).collect(),
        }))
    }

    fn point_in_time(self) -> Record {
        let (date, is_settlement) = (self.text_of("date"), flag(self.field("isSetl")));
        // Moved and not copied: it is nearly the whole file.
        let organisations = self.records.into_iter().filter_map(|record| match record {
            Record::Organisation(organisation) => Some(organisation),
            _ => None,
        });
        Record::PointInTime { date, is_settlement, organisations: organisations.collect() }
    }

    fn organisation(self) -> Result<Record, String> {
        let mut organisation = SpnOrganisation {
            code: self.text_of("ec"),
            look_ahead_years: self.number("lookAheadYears")?,
            ..SpnOrganisation::default()
        };
        for record in self.records {
            match record {
                Record::Exchange(portfolios) => organisation.portfolios.extend(portfolios),
                Record::Portfolio(portfolio) => organisation.portfolios.push(portfolio),
                Record::Commodity(commodity) => organisation.commodities.push(commodity),
                Record::InterSpreads(spreads) => organisation.inter_spreads.extend(spreads),
                _ => {}
            }
        }
        Ok(Record::Organisation(organisation))
    }
}

/// A finite number.
pub(super) fn number(name: &str, text: &str) -> Result<f64, String> {
    let parsed = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    parsed.ok_or_else(|| format!("has <{name}> `{}`: a number expected", shortened(text)))
}

/// At most forty characters, for errors.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn flag(text: Option<&str>) -> Option<bool> {
    match text {
        Some("1" | "true") => Some(true),
        Some("0" | "false") => Some(false),
        _ => None,
    }
}
