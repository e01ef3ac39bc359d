//! What did futures cost to carry? The basis curve through time, by class of days to expiry.
//!
//! Carry a year of a delivery `T` away is `ln(F / S) / T`, continuously compounded: above zero where futures stand above spot
//! (contango), below where they stand under it (backwardation).

use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Scale, Shared, Size, at,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::figures::mark_gap::classes;
use crate::input::{BASIS_DAYS, BasisCurve};

/// See the module.
pub struct BasisFigure;

impl Figure for BasisFigure {
    fn id(&self) -> &'static str {
        "basis"
    }

    fn question(&self) -> &'static str {
        "What did futures cost to carry?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let Some(curve) = evidence.input.basis.as_ref().filter(|curve| any(curve)) else {
            return Ok(Vec::new());
        };
        let y = axis(curve);
        let panels: Vec<Panel> =
            (0..curve.underlyings.len()).map(|row| panel(curve, row, &y)).collect();
        let height = (300.0 / panels.len() as f64 - 17.0).clamp(70.0, 150.0);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Carry of forwards over spot".to_owned(),
            caption: "Mean carry a year, ln(F / S) / T, of the deliveries in each class of days to expiry, at each margin date. \
                      Deliveries within two days are left out: their basis says nothing of a year."
                .to_owned(),
            reading: "Above zero, futures stand above spot and fall towards it; below zero they stand under it. A short line \
                      that dives in a fall is the basis risk of books that hold futures against spot or perpetuals. Each \
                      future at each date is a row of the result table futures, where the study has prices of futures."
                .to_owned(),
            alt: alt(curve),
            size: Size::page(height),
            columns: 1,
            panels,
            shared: Shared::X,
            row_titles: Vec::new(),
            key: key(),
            source: source(curve)?,
        }])
    }
}

fn any(curve: &BasisCurve) -> bool {
    curve.carry.iter().flatten().flatten().any(Option::is_some)
}

fn axis(curve: &BasisCurve) -> Axis {
    let values = || curve.carry.iter().flatten().flatten().flatten().copied();
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let pad = (0.06 * (high - low)).max(0.001);
    Axis {
        title: "carry a year".to_owned(),
        kind: AxisKind::Share,
        scale: Scale::Linear,
        range: (low - pad, high + pad),
    }
}

fn key() -> Vec<KeyEntry> {
    let entry = |(class, name): (usize, String)| KeyEntry {
        ink: Ink::Series(class),
        mark: KeyMark::Line,
        text: format!("{name} days"),
    };
    classes(&BASIS_DAYS).into_iter().enumerate().map(entry).collect()
}

fn panel(curve: &BasisCurve, row: usize, y: &Axis) -> Panel {
    let mut layers = vec![Layer::Rule { vertical: false, at: 0.0, label: String::new() }];
    for (class, carry) in curve.carry[row].iter().enumerate() {
        layers.extend(runs(curve, carry).into_iter().map(|points| Layer::Line {
            points,
            ink: Ink::Series(class),
            width: 0.9,
        }));
    }
    Panel {
        title: curve.underlyings[row].clone(),
        x: Axis::time(&curve.times),
        y: y.clone(),
        layers,
    }
}

/// The stretches of dates with a carry: a line does not cross dates without one.
fn runs(curve: &BasisCurve, carry: &[Option<f64>]) -> Vec<Vec<(f64, f64)>> {
    let dated: Vec<(f64, Option<f64>)> =
        curve.times.iter().map(|&time| at(time)).zip(carry.iter().copied()).collect();
    dated
        .split(|(_, carry)| carry.is_none())
        .map(|run| run.iter().filter_map(|(time, carry)| Some((*time, (*carry)?))).collect())
        .filter(|run: &Vec<(f64, f64)>| !run.is_empty())
        .collect()
}

fn alt(curve: &BasisCurve) -> String {
    let of = |(name, carry): (&String, &Vec<Vec<Option<f64>>>)| {
        let values = || carry.iter().flatten().flatten().copied();
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        format!("{name} from {:.1} % to {:.1} %", 100.0 * low, 100.0 * high)
    };
    let parts: Vec<String> = curve.underlyings.iter().zip(&curve.carry).map(of).collect();
    format!("Carry a year of forwards through time: {}.", parts.join("; "))
}

fn source(curve: &BasisCurve) -> Result<Table, ReportError> {
    let days = classes(&BASIS_DAYS);
    let cells = || {
        curve.underlyings.iter().zip(&curve.carry).flat_map(|(name, classes)| {
            classes.iter().enumerate().flat_map(move |(class, carry)| {
                carry
                    .iter()
                    .zip(&curve.times)
                    .map(move |(carry, time)| (name, class, *time, *carry))
            })
        })
    };
    Ok(Table::new(
        "basis",
        [
            ("time", Column::times(cells().map(|cell| cell.2))),
            ("underlying", Column::texts(cells().map(|cell| cell.0.as_str()))),
            ("days", Column::texts(cells().map(|cell| days[cell.1].as_str()))),
            ("carry", Column::Number(cells().map(|cell| cell.3).collect())),
        ],
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::{Span, Timestamp};

    #[test]
    fn a_line_does_not_cross_dates_without_a_carry() {
        let times: Vec<Timestamp> = (0..5).map(|day| Timestamp(0) + Span::days(day)).collect();
        let carry = vec![Some(0.05), Some(0.06), None, None, Some(-0.02)];
        let curve = BasisCurve {
            underlyings: vec!["BTC".to_owned()],
            times,
            carry: vec![vec![carry.clone()]],
        };
        let found = runs(&curve, &carry);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(found[1][0].1, -0.02);
        let Axis { range: (low, high), .. } = axis(&curve);
        assert!(low < -0.02 && high > 0.06);
    }
}
