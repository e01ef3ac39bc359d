//! How well does a fitted surface meet its quotes, an expiry at a time?

use std::collections::BTreeMap;

use mpor_core::{Column, CoreError, Lowest, Smile, Table};

use crate::surface::essvi::Bound;
use crate::surface::forward::{ForwardFit, ForwardSource};
use crate::surface::screen::{DropReason, KeptQuote, ScreenedExpiry};

/// One expiry of a chain, fitted or not.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceQuality {
    /// Time to expiry in years.
    pub years: f64,
    /// Its forward, where there is one.
    pub forward: Option<ForwardFit>,
    /// Quotes used.
    pub used: usize,
    /// Rows dropped, by reason.
    pub dropped: BTreeMap<DropReason, usize>,
    /// How well the quotes are met; `None` for an expiry without a pillar.
    pub fit: Option<SliceFit>,
}

/// How well the quotes of one expiry are met.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceFit {
    /// Fitted at-the-money volatility per year.
    pub atm_vol: f64,
    /// Root of the mean squared error of volatility, all quotes alike (0.01 = one volatility point).
    pub rms_error: f64,
    /// Root of the weighted mean squared error of volatility: what was minimised.
    pub weighted_error: f64,
    /// The error that is largest in size: fitted less quoted volatility.
    pub worst_error: f64,
    /// Log-moneyness of that quote.
    pub worst_at: f64,
    /// Share of the quotes with two sides whose fitted volatility lies between them; `None` without such quotes.
    pub within_spread: Option<f64>,
    /// What the quotes asked for and was refused, because it would be arbitrage.
    pub held_by: Vec<Bound>,
    /// Where Durrleman's `g`, which has the sign of the density, is lowest.
    pub lowest_density: Lowest,
    /// Where total variance is lowest above the expiry before; `None` for the first.
    pub lowest_gap: Option<Lowest>,
}

impl SliceFit {
    /// Errors of a smile at quotes, of which there is at least one.
    pub(super) fn new(
        quotes: &[KeptQuote],
        smile: &Smile,
        held_by: Vec<Bound>,
        lowest_density: Lowest,
        lowest_gap: Option<Lowest>,
    ) -> Self {
        let (mut squares, mut weighted, mut worst) = (0.0, 0.0, (0.0_f64, 0.0));
        let (mut sided, mut within) = (0_usize, 0_usize);
        for quote in quotes {
            let vol = smile.vol(quote.log_moneyness);
            let error = vol - quote.vol;
            squares += error * error;
            weighted += quote.weight * error * error;
            if error.abs() > worst.0.abs() {
                worst = (error, quote.log_moneyness);
            }
            if let (Some(bid), Some(ask)) = (quote.bid_vol, quote.ask_vol) {
                sided += 1;
                within += usize::from(bid <= vol && vol <= ask);
            }
        }
        SliceFit {
            atm_vol: smile.vol(0.0),
            rms_error: (squares / quotes.len() as f64).sqrt(),
            weighted_error: weighted.sqrt(),
            worst_error: worst.0,
            worst_at: worst.1,
            within_spread: (sided > 0).then(|| within as f64 / sided as f64),
            held_by,
            lowest_density,
            lowest_gap,
        }
    }
}

impl SliceQuality {
    pub(super) fn new(expiry: &ScreenedExpiry, fit: Option<SliceFit>) -> Self {
        SliceQuality {
            years: expiry.years,
            forward: expiry.forward,
            used: expiry.quotes.len(),
            dropped: expiry.counts(),
            fit,
        }
    }
}

/// The quality of a chain's expiries as a table `surface_quality`, one row an expiry: `years`, `forward`, `forward_source`,
/// `forward_spread`, `discount`, `quotes`, `dropped` and `dropped_<reason>`, `atm_vol`, `rms_error`, `weighted_error`,
/// `worst_error`, `worst_at` (log-moneyness), `within_spread` (share), `held_by`, `lowest_density`, `lowest_gap`.
///
/// # Errors
/// None for the columns made here; the type is that of [`Table::new`].
pub fn quality_table(slices: &[SliceQuality]) -> Result<Table, CoreError> {
    let number = |value: &dyn Fn(&SliceQuality) -> Option<f64>| {
        let finite = |slice| value(slice).filter(|value| value.is_finite());
        Column::Number(slices.iter().map(finite).collect())
    };
    let fit =
        |value: fn(&SliceFit) -> Option<f64>| number(&|slice| slice.fit.as_ref().and_then(value));
    let text = |value: &dyn Fn(&SliceQuality) -> Option<String>| {
        Column::Text(slices.iter().map(value).collect())
    };
    let mut columns = vec![
        (
            "years".to_owned(),
            Column::Number(slices.iter().map(|slice| Some(slice.years)).collect()),
        ),
        ("forward".to_owned(), number(&|slice| Some(slice.forward?.forward))),
        (
            "forward_source".to_owned(),
            text(&|slice| Some(source(slice.forward?.source).to_owned())),
        ),
        ("forward_spread".to_owned(), number(&|slice| Some(slice.forward?.spread))),
        ("discount".to_owned(), number(&|slice| Some(slice.forward?.discount))),
        ("quotes".to_owned(), Column::counts(slices.iter().map(|slice| slice.used))),
        (
            "dropped".to_owned(),
            Column::counts(slices.iter().map(|slice| slice.dropped.values().sum())),
        ),
    ];
    for reason in DropReason::ALL {
        let count = |slice: &SliceQuality| slice.dropped.get(&reason).copied().unwrap_or(0);
        let column = Column::counts(slices.iter().map(count));
        columns.push((format!("dropped_{}", reason.name()), column));
    }
    columns.extend([
        ("atm_vol".to_owned(), fit(|fit| Some(fit.atm_vol))),
        ("rms_error".to_owned(), fit(|fit| Some(fit.rms_error))),
        ("weighted_error".to_owned(), fit(|fit| Some(fit.weighted_error))),
        ("worst_error".to_owned(), fit(|fit| Some(fit.worst_error))),
        ("worst_at".to_owned(), fit(|fit| Some(fit.worst_at))),
        ("within_spread".to_owned(), fit(|fit| fit.within_spread)),
        ("held_by".to_owned(), text(&|slice| Some(held_by(slice.fit.as_ref()?)))),
        ("lowest_density".to_owned(), fit(|fit| Some(fit.lowest_density.value))),
        ("lowest_gap".to_owned(), fit(|fit| Some(fit.lowest_gap?.value))),
    ]);
    Table::new("surface_quality", columns)
}

fn held_by(fit: &SliceFit) -> String {
    fit.held_by.iter().map(|bound| bound.name()).collect::<Vec<_>>().join(", ")
}

fn source(source: ForwardSource) -> &'static str {
    match source {
        ForwardSource::Stated => "stated",
        ForwardSource::Parity => "parity",
        ForwardSource::ParityAndDiscount => "parity and discount",
    }
}
