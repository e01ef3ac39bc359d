//! Contracts and the products they belong to: what a contract does not say, its series or its product says.

use mpor_core::Right;

use super::super::array::RiskArray;
use super::frame::{Frame, Record, shortened};
use super::{SpnContract, SpnKind, SpnPortfolio};

/// A contract as far as its own element says.
#[derive(Clone)]
pub(super) struct Contract {
    id: String,
    period: Option<String>,
    option: Option<(f64, Right)>,
    price: Option<f64>,
    value_factor: Option<f64>,
    scaling: Option<f64>,
    scan: Option<(f64, f64)>,
    array: Option<RiskArray>,
    delta: Option<f64>,
}

impl Frame {
    /// `phy`, `equity`, `fut` or `opt`.
    pub(super) fn contract(self) -> Result<Contract, String> {
        let option = match self.name.as_str() {
            "opt" => Some((self.required_number("k")?, right(self.required("o")?)?)),
            _ => None,
        };
        let first = self.records.iter().find_map(|record| match record {
            Record::Array { values, delta } => Some((*values, *delta)),
            _ => None,
        });
        // The array's own delta is the composite one.
        let delta = first.and_then(|(_, delta)| delta).or(self.number("d")?);
        Ok(Contract {
            id: self.text_of("cId"),
            period: self.period(),
            option,
            price: self.number("p")?,
            value_factor: self.number("cvf")?,
            scaling: self.number("sc")?,
            scan: self.scan(),
            array: first.map(|(values, _)| values),
            delta,
        })
    }

    /// Options with the terms of their series.
    pub(super) fn series(self) -> Result<Record, String> {
        let (period, scan) = (self.period(), self.scan());
        let (value_factor, scaling) = (self.number("cvf")?, self.number("sc")?);
        let options = self.records.into_iter().filter_map(|record| match record {
            Record::Contract(own) => Some(Contract {
                period: own.period.or_else(|| period.clone()),
                value_factor: own.value_factor.or(value_factor),
                scaling: own.scaling.or(scaling),
                scan: own.scan.or(scan),
                ..own
            }),
            _ => None,
        });
        Ok(Record::Series(options.collect()))
    }

    /// A product with its contracts.
    pub(super) fn portfolio(self, kind: SpnKind) -> Result<Record, String> {
        let value_factor = self.number("cvf")?;
        let mut portfolio = SpnPortfolio {
            exchange: String::new(),
            id: self.required("pfId")?.to_owned(),
            code: self.required("pfCode")?.to_owned(),
            kind,
            currency: self.text_of("currency"),
            value_method: self.text_of("valueMeth"),
            contracts: Vec::new(),
        };
        for record in self.records {
            let contracts = match record {
                Record::Contract(contract) => vec![contract],
                Record::Series(contracts) => contracts,
                _ => continue,
            };
            for contract in contracts {
                portfolio.contracts.push(contract.finished(kind, value_factor)?);
            }
        }
        Ok(Record::Portfolio(portfolio))
    }

    fn period(&self) -> Option<String> {
        self.field("pe").filter(|period| !period.is_empty()).map(str::to_owned)
    }

    fn scan(&self) -> Option<(f64, f64)> {
        self.records.iter().find_map(|record| match record {
            Record::ScanRate { price, vol } => Some((*price, *vol)),
            _ => None,
        })
    }
}

impl Contract {
    fn finished(self, kind: SpnKind, of_product: Option<f64>) -> Result<SpnContract, String> {
        let which = || format!("has contract {}", shortened(&self.id));
        let value_factor = self.value_factor.or(of_product);
        let value_factor = value_factor.filter(|factor| *factor > 0.0).ok_or_else(|| {
            format!("{} without <cvf> above 0, of its own, its series or its product", which())
        })?;
        let delta = match (self.delta, kind) {
            (Some(delta), _) => delta,
            (None, SpnKind::Option) => return Err(format!("{} without a delta <d>", which())),
            (None, SpnKind::Physical | SpnKind::Future) => 1.0,
        };
        Ok(SpnContract {
            period: self.period.unwrap_or_default(),
            option: self.option,
            price: self.price,
            value_factor,
            scaling: self.scaling.unwrap_or(1.0),
            price_scan: self.scan.map(|(price, _)| price),
            vol_scan: self.scan.map(|(_, vol)| vol),
            array: self.array,
            delta,
            id: self.id,
        })
    }
}

fn right(text: &str) -> Result<Right, String> {
    match text {
        "C" => Ok(Right::Call),
        "P" => Ok(Right::Put),
        other => Err(format!("has right <o> `{}`: C or P", shortened(other))),
    }
}
