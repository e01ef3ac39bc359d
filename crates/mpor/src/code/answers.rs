//! What a function answered, checked column by column.

use std::collections::BTreeMap;

use mpor_core::{Column, Table};
use mpor_margin::CodeAnswer;
use mpor_risk::{Day, ScenarioSet, SmileDynamics, TenorRatios, VolMoves};
use ndarray::Array2;

/// The requirement of each account of a day, which the rule must answer for once each.
pub(super) fn requirements(table: &Table, accounts: usize) -> Result<Vec<CodeAnswer>, String> {
    known(table, &["account", "initial", "maintenance", "binding"])?;
    let of = whole(table, "account")?;
    let initial = numbers(table, "initial")?;
    let maintenance = match table.column("maintenance") {
        None => initial.clone(),
        Some(_) => numbers(table, "maintenance")?,
    };
    let binding = texts(table, "binding")?;
    let mut answers: Vec<Option<CodeAnswer>> = vec![None; accounts];
    for (row, &account) in of.iter().enumerate() {
        let place = usize::try_from(account).ok().and_then(|account| answers.get_mut(account));
        let Some(place) = place else {
            return Err(format!(
                "row {row} is of account {account}; there are 0 to {}",
                accounts - 1
            ));
        };
        if place.is_some() {
            return Err(format!("row {row} is the second of account {account}"));
        }
        let binding = binding.as_ref().and_then(|all| all[row].clone());
        *place = Some(CodeAnswer { initial: initial[row], maintenance: maintenance[row], binding });
    }
    if let Some(absent) = answers.iter().position(Option::is_none) {
        return Err(format!("no row of account {absent}; every account needs a requirement"));
    }
    Ok(answers.into_iter().flatten().collect())
}

/// A scenario set from a row a scenario and underlying; what has no row does not move.
pub(super) fn scenarios(table: &Table, day: &Day<'_>) -> Result<ScenarioSet, String> {
    known(table, &["scenario", "underlying", "spot", "vol", "carry", "perpetual", "weight"])?;
    let underlyings = day.universe.underlyings().len();
    let names = texts(table, "scenario")?.ok_or_else(|| missing(table, "scenario"))?;
    let of = texts(table, "underlying")?.ok_or_else(|| missing(table, "underlying"))?;
    let mut columns: BTreeMap<String, usize> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    let mut places = Vec::with_capacity(names.len());
    for (row, (scenario, underlying)) in names.into_iter().zip(of).enumerate() {
        let scenario = scenario.ok_or_else(|| format!("row {row} names no scenario"))?;
        let underlying = underlying.ok_or_else(|| format!("row {row} names no underlying"))?;
        let at = day.universe.find_underlying(&underlying).ok_or_else(|| {
            format!("row {row} is of `{underlying}`, which is no underlying of the study")
        })?;
        let next = order.len();
        let column = *columns.entry(scenario.clone()).or_insert(next);
        if column == next {
            order.push(scenario);
        }
        places.push([at.0, column]);
    }
    if order.is_empty() {
        return Err("no row: at least one scenario is needed".to_owned());
    }
    let shape = (underlyings, order.len());
    let mut seen = Array2::from_elem(shape, false);
    for (row, &place) in places.iter().enumerate() {
        if std::mem::replace(&mut seen[place], true) {
            let scenario = &order[place[1]];
            return Err(format!(
                "row {row} is the second of scenario `{scenario}` and its underlying"
            ));
        }
    }
    let matrix = |column: &str, still: f64| -> Result<Array2<f64>, String> {
        let mut moves = Array2::from_elem(shape, still);
        if table.column(column).is_some() {
            let values = numbers(table, column)?;
            places.iter().zip(values).for_each(|(&place, value)| moves[place] = value);
        }
        Ok(moves)
    };
    if table.column("spot").is_none() {
        return Err(missing(table, "spot"));
    }
    let vol = matrix("vol", 1.0)?;
    if let Some(bad) = vol.iter().find(|ratio| **ratio <= 0.0) {
        return Err(format!("`vol` is the ratio of new to old volatility, above 0; found {bad}"));
    }
    let ratios = |row: usize| TenorRatios {
        // One tenor: the ratio holds for all.
        years: vec![1.0],
        ratio: Array2::from_shape_fn((1, order.len()), |(_, scenario)| vol[[row, scenario]]),
    };
    Ok(ScenarioSet {
        spot: matrix("spot", 0.0)?,
        carry: matrix("carry", 0.0)?,
        perpetual: matrix("perpetual", 0.0)?,
        vol: VolMoves::Tenors((0..underlyings).map(ratios).collect()),
        weights: weights(table, &places, order.len())?,
        cover: None,
        dynamics: SmileDynamics::default(),
        years_forward: day.horizon.span().years(),
        names: order,
    })
}

/// The weight of each scenario, which all its rows state alike.
fn weights(
    table: &Table,
    places: &[[usize; 2]],
    scenarios: usize,
) -> Result<Option<Vec<f64>>, String> {
    if table.column("weight").is_none() {
        return Ok(None);
    }
    let mut weights: Vec<Option<f64>> = vec![None; scenarios];
    for (row, (place, value)) in places.iter().zip(numbers(table, "weight")?).enumerate() {
        let stated = weights[place[1]].get_or_insert(value);
        if *stated != value {
            return Err(format!("row {row} weighs its scenario {value}, an earlier row {stated}"));
        }
        if value.is_nan() || value < 0.0 {
            return Err(format!("row {row} has the weight {value}; a weight is not below 0"));
        }
    }
    let weights: Vec<f64> = weights.into_iter().flatten().collect();
    if weights.iter().all(|weight| *weight == 0.0) {
        return Err("all weights are 0".to_owned());
    }
    Ok(Some(weights))
}

fn known(table: &Table, names: &[&str]) -> Result<(), String> {
    let odd = table.columns().iter().find(|(name, _)| !names.contains(&name.as_str()));
    match odd {
        None => Ok(()),
        Some((name, _)) => Err(format!("unknown column `{name}`; known: {}", names.join(", "))),
    }
}

fn missing(table: &Table, column: &str) -> String {
    let found: Vec<&str> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
    format!("no column `{column}`; found: {}", found.join(", "))
}

fn numbers(table: &Table, column: &str) -> Result<Vec<f64>, String> {
    let values: Vec<Option<f64>> = match table.column(column) {
        Some(Column::Number(values)) => values.clone(),
        Some(Column::Count(values)) => {
            values.iter().map(|value| value.map(|value| value as f64)).collect()
        }
        Some(_) => return Err(format!("column `{column}` holds no numbers")),
        None => return Err(missing(table, column)),
    };
    let odd = |value: &Option<f64>| !value.is_some_and(f64::is_finite);
    match values.iter().position(odd) {
        None => Ok(values.into_iter().flatten().collect()),
        Some(row) => Err(format!("row {row} of `{column}` is not a finite number")),
    }
}

fn whole(table: &Table, column: &str) -> Result<Vec<i64>, String> {
    match table.column(column) {
        Some(Column::Count(values)) => {
            let rows = values.iter().enumerate();
            rows.map(|(row, value)| {
                value.ok_or_else(|| format!("row {row} of `{column}` is missing"))
            })
            .collect()
        }
        Some(_) => Err(format!("column `{column}` holds no whole numbers")),
        None => Err(missing(table, column)),
    }
}

/// A column of texts; `None` where there is no such column.
fn texts(table: &Table, column: &str) -> Result<Option<Vec<Option<String>>>, String> {
    match table.column(column) {
        None => Ok(None),
        Some(Column::Text(values)) => Ok(Some(values.clone())),
        Some(Column::Label(values)) => {
            Ok(Some((0..values.len()).map(|row| values.get(row).map(str::to_owned)).collect()))
        }
        Some(_) => Err(format!("column `{column}` holds no texts")),
    }
}
