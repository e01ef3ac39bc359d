//! How much of its book an account traded from one margin date to the next.
//!
//! Notional of the changes in quantity at the prices of the later date. What has expired by then was not traded away, and
//! the first date has no earlier one to differ from.

use mpor_core::{Portfolio, Position, Timestamp, Universe};
use mpor_margin::Overlay;

use crate::assemble::Assembly;
use crate::day::DayResult;
use crate::error::BacktestError;
use crate::realised::gross_notional;

/// Notional traded up to each day; empty where no overlay looks at it.
pub(crate) fn traded(
    days: &[DayResult],
    assembly: &Assembly<'_>,
    overlays: &[Box<dyn Overlay>],
    account: usize,
) -> Result<Vec<f64>, BacktestError> {
    if !overlays.iter().any(|overlay| overlay.looks_at_turnover()) {
        return Ok(Vec::new());
    }
    let mut traded = Vec::with_capacity(days.len());
    let book = |step: usize| &assembly.books.portfolios[step][account];
    for day in days {
        let notional = match day.step.checked_sub(1).filter(|_| !traded.is_empty()) {
            Some(before) if book(before) != book(day.step) => {
                let change =
                    change(book(before), book(day.step), &assembly.history.universe, day.time);
                gross_notional(assembly.history, &assembly.history.state(day.step)?, &change)
            }
            _ => 0.0,
        };
        traded.push(notional);
    }
    Ok(traded)
}

/// What was bought and sold between two books.
fn change(before: &Portfolio, after: &Portfolio, of: &Universe, now: Timestamp) -> Portfolio {
    let alive = |position: &&Position| {
        of.instrument(position.instrument).contract.expiry().is_none_or(|expiry| expiry > now)
    };
    let sold = before.positions().iter().filter(alive);
    let sold = sold.map(|held| Position { quantity: -held.quantity, ..*held });
    Portfolio::new(sold.chain(after.positions().iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use mpor_core::{
        Contract, Instrument, InstrumentIx, Settlement, Span, Underlying, UnderlyingIx,
    };

    use super::*;

    #[test]
    fn what_expired_was_not_traded() {
        let underlying = Underlying { name: "BTC".to_owned(), quote: "USD".to_owned() };
        let mut universe = Universe::new(vec![underlying]);
        let expiry = Timestamp(0) + Span::days(1);
        let contracts = [
            ("future", Contract::Future { expiry, settlement: Settlement::Cash }),
            ("spot", Contract::Spot),
        ];
        for (name, contract) in contracts {
            let (name, underlying) = (name.to_owned(), UnderlyingIx(0));
            universe.add(Instrument { name, underlying, contract_size: 1.0, contract }).unwrap();
        }
        let book = |quantities: [f64; 2]| {
            let position = |(ix, quantity)| Position { instrument: InstrumentIx(ix), quantity };
            Portfolio::new(quantities.into_iter().enumerate().map(position).collect())
        };
        let (before, after) = (book([5.0, 2.0]), book([0.0, 3.5]));
        assert_eq!(change(&before, &after, &universe, expiry), book([0.0, 1.5]));
        assert_eq!(change(&before, &after, &universe, Timestamp(0)), book([-5.0, 1.5]));
    }
}
