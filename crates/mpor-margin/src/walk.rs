//! One account under one model, from margin date to margin date: where overlays meet the account's past.
//!
//! A walk knows an outcome only once [`Walk::learn`] told it, so an overlay cannot see further than its caller lets it.

use mpor_core::Timestamp;

use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, BookFigure, Memory, Overlay};

/// What the margin date itself brings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Now<'a> {
    /// The margin date.
    pub time: Timestamp,
    /// Notional traded since the date before.
    pub traded: f64,
    /// Calls met late since the date before.
    pub late: f64,
    /// What the overlays asked about the book, those of each overlay next to each other.
    pub figures: &'a [BookFigure],
}

/// The way of one account so far.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    account: String,
    times: Vec<Timestamp>,
    unmitigated: Vec<f64>,
    required: Vec<f64>,
    losses: Vec<Option<f64>>,
    notional: Vec<f64>,
    traded: Vec<f64>,
    late: Vec<f64>,
    /// By overlay: the initial margin as it came to it.
    entering: Vec<Vec<f64>>,
    /// By overlay.
    memory: Vec<Memory>,
}

impl Walk {
    /// An account that has lived through nothing, under this many overlays.
    #[must_use]
    pub fn new(account: &str, overlays: usize) -> Self {
        Walk {
            account: account.to_owned(),
            entering: vec![Vec::new(); overlays],
            memory: vec![Memory::default(); overlays],
            ..Walk::default()
        }
    }

    /// Outcomes learnt so far.
    #[must_use]
    pub fn learnt(&self) -> usize {
        self.losses.len()
    }

    /// Tells the realised loss of the oldest margin date whose outcome is not known yet; `None` where there is none.
    pub fn learn(&mut self, loss: Option<f64>) {
        self.losses.push(loss);
    }

    /// The report of the next margin date with all overlays applied in order; it becomes part of the past.
    ///
    /// # Errors
    /// [`MarginError`] of the first overlay that cannot be applied. The walk is then of no further use.
    pub fn step(
        &mut self,
        overlays: &[Box<dyn Overlay>],
        mut report: MarginReport,
        now: Now<'_>,
    ) -> Result<MarginReport, MarginError> {
        let notional = report.gross_notional;
        self.unmitigated.push(report.initial.amount());
        for (at, overlay) in overlays.iter().enumerate() {
            let amount = report.initial.amount();
            let mut memory = std::mem::take(&mut self.memory[at]);
            report = overlay.apply(report, &self.past(at, now), &mut memory)?;
            self.memory[at] = memory;
            self.entering[at].push(amount);
        }
        self.required.push(report.initial.amount());
        self.times.push(now.time);
        self.notional.push(notional);
        self.traded.push(now.traded);
        self.late.push(now.late);
        Ok(report)
    }

    /// What overlay number `at` may see; nothing of the date that is being worked on.
    fn past<'a>(&'a self, at: usize, now: Now<'a>) -> AccountPast<'a> {
        let steps = self.times.len();
        let mine = |figure: &BookFigure| figure.overlay == at;
        let from = now.figures.iter().position(mine).unwrap_or(0);
        let count = now.figures[from..].iter().take_while(|figure| mine(figure)).count();
        AccountPast {
            account: &self.account,
            time: now.time,
            times: &self.times,
            unmitigated: &self.unmitigated[..steps],
            required: &self.required,
            entering: &self.entering[at][..steps],
            leaving: self.entering.get(at + 1).map_or(&self.required[..], |next| &next[..steps]),
            losses: &self.losses,
            notional: &self.notional,
            traded: &self.traded,
            late: &self.late,
            figures: &now.figures[from..from + count],
        }
    }
}
