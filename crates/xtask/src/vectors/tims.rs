//! TIMS: product groups with P&L at every point, minimums and requirements, through the functions that a replay uses.

use std::path::Path;

use mpor_core::{Right, UnderlyingState};
use mpor_margin::models::tims::{
    ClassAssessment, GroupAssessment, TimsClass, TimsOption, TimsUnit,
};
use serde::Deserialize;

use super::black76::read;
use super::{Case, FileReport};

/// Of the vectors' `scale`.
const TOLERANCE: f64 = 1e-10;

#[derive(Deserialize)]
struct Vector {
    id: String,
    name: String,
    group: Group,
    scale: f64,
    expected: Expected,
}

#[derive(Deserialize)]
struct Group {
    offset: f64,
    classes: Vec<Class>,
}

#[derive(Deserialize)]
struct Class {
    name: String,
    spot: f64,
    down_move: f64,
    up_move: f64,
    minimum_per_unit: f64,
    positions: Vec<Held>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Held {
    Stock {
        quantity: f64,
        multiplier: f64,
    },
    Option {
        quantity: f64,
        multiplier: f64,
        strike: f64,
        is_call: bool,
        time_years: f64,
        vol: f64,
        rate: f64,
    },
}

#[derive(Deserialize)]
struct Expected {
    classes: Vec<ExpectedClass>,
    pnl: Vec<f64>,
    minimum: f64,
    requirement: f64,
    sum_of_class_requirements: f64,
}

#[derive(Deserialize)]
struct ExpectedClass {
    name: String,
    moves: Vec<f64>,
    pnl: Vec<f64>,
    minimum: f64,
    requirement: f64,
}

/// Runs `vectors.json` of a folder.
///
/// # Errors
/// A file that cannot be read, as a sentence.
pub fn run(folder: &Path) -> Result<Vec<FileReport>, String> {
    let file = "vectors.json";
    if !folder.join(file).exists() {
        return Ok(Vec::new());
    }
    let mut report = FileReport::new(file);
    for vector in read::<Vector>(&folder.join(file))? {
        let mut case = report.case(format!("{} {}", vector.id, vector.name));
        run_case(&mut case, &vector);
    }
    Ok(vec![report])
}

fn run_case(case: &mut Case<'_>, vector: &Vector) {
    let (group, expected) = (&vector.group, &vector.expected);
    let classes: Result<Vec<ClassAssessment>, String> = group.classes.iter().map(assess).collect();
    let classes = match classes {
        Ok(classes) => classes,
        Err(problem) => return case.fail("units", problem),
    };
    let money = TOLERANCE * vector.scale.max(1.0);
    case.same("classes", &classes.len(), &expected.classes.len());
    for ((own, actual), expected) in group.classes.iter().zip(&classes).zip(&expected.classes) {
        case.same("class name", &own.name, &expected.name);
        amounts(case, "class moves", &own.class().moves(), &expected.moves, TOLERANCE);
        amounts(case, "class pnl", &actual.pnl, &expected.pnl, money);
        case.close("class minimum", actual.minimum, expected.minimum, money);
        case.close("class requirement", actual.requirement(), expected.requirement, money);
    }
    let sum = classes.iter().fold(0.0, |sum, class| sum + class.requirement());
    case.close("sum_of_class_requirements", sum, expected.sum_of_class_requirements, money);
    let actual = GroupAssessment::new(classes, group.offset);
    amounts(case, "pnl", &actual.pnl, &expected.pnl, money);
    case.close("minimum", actual.minimum, expected.minimum, money);
    case.close("requirement", actual.requirement(), expected.requirement, money);
}

impl Class {
    fn class(&self) -> TimsClass {
        TimsClass {
            spot: self.spot,
            down_move: self.down_move,
            up_move: self.up_move,
            minimum_per_unit: self.minimum_per_unit,
        }
    }
}

fn assess(own: &Class) -> Result<ClassAssessment, String> {
    let class = own.class();
    let units: Result<Vec<TimsUnit>, String> =
        own.positions.iter().map(|held| unit(&class, held)).collect();
    let quantity = |held: &Held| match *held {
        Held::Stock { quantity, .. } | Held::Option { quantity, .. } => quantity,
    };
    let book: Vec<(usize, f64)> = own.positions.iter().map(quantity).enumerate().collect();
    Ok(ClassAssessment::new(&units?, &book))
}

fn unit(class: &TimsClass, held: &Held) -> Result<TimsUnit, String> {
    match *held {
        Held::Stock { multiplier, .. } => Ok(class.linear(multiplier)),
        Held::Option { multiplier, strike, is_call, time_years: years, vol, rate, .. } => {
            let forward = forward(class.spot, rate, years);
            let right = if is_call { Right::Call } else { Right::Put };
            let option = TimsOption { forward, strike, years, vol, rate, right };
            class.option(&option, multiplier, 1.0).map_err(|error| error.to_string())
        }
    }
}

/// `spot exp(rate years)`, as a market state of this carry has it.
fn forward(spot: f64, rate: f64, years: f64) -> f64 {
    UnderlyingState {
        spot,
        perpetual: spot,
        carry: rate,
        forwards: mpor_core::ForwardCurve::default(),
        rate,
        surface: None,
    }
    .forward(years)
}

fn amounts(case: &mut Case<'_>, field: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
    case.same(field, &actual.len(), &expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        case.close(field, *actual, *expected, tolerance);
    }
}
