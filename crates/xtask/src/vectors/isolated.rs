//! Isolated baselines: `tiers.json`, brackets with liquidation and bankruptcy prices; `standard_margin.json`, rates by size and
//! options by percentage. Through the functions that the `isolated` kind uses.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::{Right, Settlement};
use mpor_margin::models::isolated::rates::Slope;
use mpor_margin::models::isolated::{
    Bracket, Brackets, Levels, LinearPosition, OptionRule, SizeRate,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Case, FileReport, read_json};

/// Relative to the expected figure.
const RELATIVE: f64 = 1e-12;
/// Where that is less.
const ABSOLUTE: f64 = 1e-9;

#[derive(Deserialize)]
struct Tiers {
    tables: BTreeMap<String, Vec<[f64; 3]>>,
    vectors: Vec<TierVector>,
}

#[derive(Deserialize)]
struct TierVector {
    id: String,
    name: String,
    position: TierPosition,
    expected: TierExpected,
}

#[derive(Deserialize)]
struct TierPosition {
    table: String,
    quantity: f64,
    entry_price: f64,
    mark_price: f64,
    leverage: f64,
    margin: f64,
    other_pnl: f64,
    other_maintenance: f64,
}

#[derive(Deserialize)]
struct TierExpected {
    notional: f64,
    tier: usize,
    maintenance_margin: f64,
    initial_margin: f64,
    unrealised_pnl: f64,
    equity: f64,
    margin_ratio: Option<f64>,
    liquidatable: bool,
    liquidation_price: Option<f64>,
    liquidation_tier: Option<usize>,
    bankruptcy_price: Option<f64>,
}

#[derive(Deserialize)]
struct Standard {
    products: BTreeMap<String, Product>,
    option: OptionShares,
    vectors: Vec<StandardVector>,
}

#[derive(Deserialize)]
struct Product {
    base_im: f64,
    base_mm: f64,
    slope: f64,
}

#[derive(Deserialize)]
struct OptionShares {
    max_im: f64,
    min_im: f64,
    mm: f64,
}

#[derive(Deserialize)]
struct StandardVector {
    id: String,
    name: String,
    position: StandardPosition,
    expected: Value,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StandardPosition {
    InverseFuture { product: String, size_coin: f64 },
    LinearFuture { product: String, size_coin: f64, price: f64 },
    InverseOption(HeldOption),
    LinearOption(HeldOption),
}

#[derive(Deserialize)]
struct HeldOption {
    amount: f64,
    is_call: bool,
    strike: f64,
    index_price: f64,
    mark: f64,
}

/// Runs the files that are there.
///
/// # Errors
/// A file that cannot be read, as a sentence.
pub fn run(folder: &Path) -> Result<Vec<FileReport>, String> {
    let mut reports = Vec::new();
    if let Some(standard) = read::<Standard>(folder, "standard_margin.json")? {
        let mut report = FileReport::new("standard_margin.json");
        for vector in &standard.vectors {
            let mut case = report.case(format!("{} {}", vector.id, vector.name));
            check_standard(&standard, vector, &mut case);
        }
        reports.push(report);
    }
    if let Some(tiers) = read::<Tiers>(folder, "tiers.json")? {
        let mut report = FileReport::new("tiers.json");
        for vector in &tiers.vectors {
            let mut case = report.case(format!("{} {}", vector.id, vector.name));
            match tiers.brackets(&vector.position.table) {
                Ok(brackets) => check_tier(&brackets, vector, &mut case),
                Err(problem) => case.fail("table", problem),
            }
        }
        reports.push(report);
    }
    Ok(reports)
}

fn read<T: DeserializeOwned>(folder: &Path, file: &str) -> Result<Option<T>, String> {
    let path = folder.join(file);
    if !path.exists() {
        return Ok(None);
    }
    let value = serde_json::from_value(read_json(&path)?);
    value.map(Some).map_err(|error| format!("{}: {error}", path.display()))
}

impl Tiers {
    fn brackets(&self, table: &str) -> Result<Brackets, String> {
        let rows = self.tables.get(table).ok_or_else(|| format!("no table {table}"))?;
        let bracket = |&[bound, rate, deduction]: &[f64; 3]| Bracket {
            up_to: Some(bound),
            initial: rate,
            maintenance: rate,
            deduction,
        };
        Brackets::new(rows.iter().map(bracket).collect())
            .map_err(|(index, problem)| format!("{table}[{index:?}] {problem}"))
    }
}

fn check_tier(brackets: &Brackets, vector: &TierVector, case: &mut Case<'_>) {
    let (given, expected) = (&vector.position, &vector.expected);
    let position = LinearPosition {
        quantity: given.quantity,
        entry: given.entry_price,
        margin: given.margin,
        other_pnl: given.other_pnl,
        other_maintenance: given.other_maintenance,
    };
    let mark = given.mark_price;
    let notional = position.notional(mark);
    let liquidation = position.liquidation_price(brackets);
    for (field, actual, expected) in [
        ("notional", notional, expected.notional),
        ("maintenance_margin", brackets.maintenance(notional), expected.maintenance_margin),
        ("initial_margin", notional / given.leverage, expected.initial_margin),
        ("unrealised_pnl", position.unrealised(mark), expected.unrealised_pnl),
        ("equity", position.equity(mark), expected.equity),
    ] {
        case.relative(field, actual, expected, RELATIVE, ABSOLUTE);
    }
    case.same("tier", &(brackets.tier(notional) + 1), &expected.tier);
    let liquidatable = position.is_liquidatable(brackets, mark);
    case.same("liquidatable", &liquidatable, &expected.liquidatable);
    let liquidation_tier = liquidation.map(|liquidation| liquidation.tier + 1);
    case.same("liquidation_tier", &liquidation_tier, &expected.liquidation_tier);
    for (field, actual, expected) in [
        ("margin_ratio", position.margin_ratio(brackets, mark), expected.margin_ratio),
        (
            "liquidation_price",
            liquidation.map(|liquidation| liquidation.price),
            expected.liquidation_price,
        ),
        ("bankruptcy_price", position.bankruptcy_price(), expected.bankruptcy_price),
    ] {
        let tolerance = (RELATIVE * expected.unwrap_or(0.0).abs()).max(ABSOLUTE);
        case.optional(field, actual, expected, tolerance);
    }
}

fn check_standard(standard: &Standard, vector: &StandardVector, case: &mut Case<'_>) {
    let levels = match &vector.position {
        StandardPosition::InverseFuture { product, size_coin } => {
            future(standard, product, *size_coin, 1.0, &vector.expected, case)
        }
        StandardPosition::LinearFuture { product, size_coin, price } => {
            future(standard, product, *size_coin, *price, &vector.expected, case)
        }
        StandardPosition::InverseOption(held) => Some(standard.held(held, Settlement::Coin)),
        StandardPosition::LinearOption(held) => Some(standard.held(held, Settlement::Cash)),
    };
    if let Some(levels) = levels {
        number(case, "initial_margin", levels.initial, &vector.expected);
        number(case, "maintenance_margin", levels.maintenance, &vector.expected);
    }
}

/// In coin for a price of one, in quote currency otherwise.
fn future(
    standard: &Standard,
    product: &str,
    coins: f64,
    price: f64,
    expected: &Value,
    case: &mut Case<'_>,
) -> Option<Levels> {
    let Some(product) = standard.products.get(product) else {
        case.fail("product", format!("no product {product}"));
        return None;
    };
    let rate = SizeRate::Slope(Slope {
        initial: product.base_im,
        maintenance: product.base_mm,
        initial_slope: product.slope,
        maintenance_slope: product.slope,
        from: 0.0,
    });
    let (coins, no_open_interest) = (coins.abs(), 0.0);
    let rates = rate.rates(coins, no_open_interest);
    number(case, "im_rate", rates.initial, expected);
    number(case, "mm_rate", rates.maintenance, expected);
    Some(rate.levels(coins * price, coins, no_open_interest))
}

impl Standard {
    fn held(&self, held: &HeldOption, settlement: Settlement) -> Levels {
        let rule = OptionRule {
            initial: self.option.max_im,
            initial_floor: self.option.min_im,
            maintenance: self.option.mm,
        };
        let right = if held.is_call { Right::Call } else { Right::Put };
        rule.venue(held.amount, right, held.strike, held.index_price, held.mark, settlement)
    }
}

fn number(case: &mut Case<'_>, field: &str, actual: f64, expected: &Value) {
    match expected[field].as_f64() {
        Some(expected) => case.relative(field, actual, expected, RELATIVE, ABSOLUTE),
        None => case.fail(field, "not in the vector"),
    }
}
