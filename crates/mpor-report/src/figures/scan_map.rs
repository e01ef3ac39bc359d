//! The scan of one account on one day: over which joint moves of spot and volatility does it lose most?

use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{Axis, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Shared, Size};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format::{self, MoneyUnit};
use crate::input::ScanMap;

/// See the module.
pub struct ScanMapFigure;

impl Figure for ScanMapFigure {
    fn id(&self) -> &'static str {
        "scan-map"
    }

    fn question(&self) -> &'static str {
        "Over which joint moves does the account lose most?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let Some(scan) = evidence.input.scan.as_ref().filter(|scan| !scan.pnl.is_empty()) else {
            return Ok(Vec::new());
        };
        let currency = &evidence.result().currency;
        let unit = MoneyUnit::of(scan.pnl.iter().flatten().copied(), currency);
        let date = format::minute(scan.time);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: format!("Scan of {} under {}, {date} UTC", scan.account, scan.model),
            caption: format!(
                "P&L in {} over moves of {} spot (columns) and implied volatility (rows); losses are negative. {}",
                unit.label(),
                scan.underlying,
                binding(scan, currency)
            ),
            reading: "Each cell is the gain or loss of the whole account if both moves happened at once. The margin \
                      covers the worst of the scanned cells, unless another rule asks for more."
                .to_owned(),
            alt: format!(
                "Heat map of profit and loss over {} spot moves and {} volatility moves. {}",
                scan.spot_moves.len(),
                scan.vol_moves.len(),
                binding(scan, currency)
            ),
            size: Size::page((22.0 * scan.vol_moves.len() as f64).clamp(60.0, 260.0)),
            columns: 1,
            panels: vec![panel(scan, &unit)],
            shared: Shared::Nothing,
            row_titles: Vec::new(),
            key: key(),
            source: source(scan)?,
        }])
    }
}

fn binding(scan: &ScanMap, currency: &str) -> String {
    let cell = scan.binding.and_then(|(vol, spot)| {
        let amount = scan.pnl.get(vol)?.get(spot)?;
        Some((scan.spot_moves.get(spot)?, scan.vol_moves.get(vol)?, amount))
    });
    match cell {
        None => "No scanned cell bound: another rule set the margin.".to_owned(),
        Some((spot, vol, amount)) => format!(
            "The outlined cell bound: spot {}, volatility {}, P&L {}.",
            signed(*spot),
            signed(*vol),
            format::money(*amount, currency)
        ),
    }
}

fn key() -> Vec<KeyEntry> {
    let entry = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Block, text: text.to_owned() };
    vec![entry(Ink::Breach, "loss"), entry(Ink::Requirement, "gain")]
}

fn panel(scan: &ScanMap, unit: &MoneyUnit) -> Panel {
    let names = |moves: &[f64]| moves.iter().map(|&share| signed(share)).collect();
    // The highest volatility stands on top.
    let rows = || scan.pnl.iter().rev();
    let texts = rows().map(|row| row.iter().map(|&pnl| unit.round(pnl)).collect()).collect();
    let marked = scan.binding.map(|(vol, spot)| (scan.pnl.len() - 1 - vol, spot));
    let mut vols: Vec<String> = names(&scan.vol_moves);
    vols.reverse();
    Panel {
        title: String::new(),
        x: Axis::names(names(&scan.spot_moves)).titled("spot move"),
        y: Axis::names(vols).titled("volatility move"),
        layers: vec![Layer::Cells { values: rows().cloned().collect(), texts, marked }],
    }
}

/// A relative move with its sign: `+10 %`.
fn signed(share: f64) -> String {
    let text = format::short_percent(share);
    if share > 0.0 { format!("+{text}") } else { text }
}

fn source(scan: &ScanMap) -> Result<Table, ReportError> {
    let (mut spots, mut vols, mut pnls, mut bound) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (vol, (row, &vol_move)) in scan.pnl.iter().zip(&scan.vol_moves).enumerate() {
        for (spot, (&pnl, &spot_move)) in row.iter().zip(&scan.spot_moves).enumerate() {
            spots.push(spot_move);
            vols.push(vol_move);
            pnls.push(pnl);
            bound.push(Some(scan.binding == Some((vol, spot))));
        }
    }
    Ok(Table::new(
        "scan-map",
        [
            ("spot_move", Column::numbers(spots)),
            ("vol_move", Column::numbers(vols)),
            ("pnl", Column::numbers(pnls)),
            ("binding", Column::Flag(bound)),
        ],
    )?)
}
