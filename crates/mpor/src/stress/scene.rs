//! What all parts of a stress test share: the margin date, the accounts, what the models ask, and where errors point.

use mpor_core::{Horizon, InstrumentIx, Level, Portfolio, Position};
use mpor_risk::{Day, RiskError};

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::margin_at::Asked;
use crate::moment::{Moment, account};
use crate::study::stress::StressSpec;
use crate::study::{CalendarKind, StudyFile};

/// Trading days of a year.
const TRADING_DAYS: usize = 250;

pub(super) struct Scene<'s> {
    pub file: &'s StudyFile,
    pub spec: &'s StressSpec,
    pub loaded: &'s Loaded,
    pub moment: &'s Moment<'s>,
    /// Accounts of the study that are stressed.
    pub accounts: Vec<usize>,
    /// Initial margin by model, then stressed account, overlays included.
    pub requirements: Vec<Vec<f64>>,
    pub level: Level,
    /// Moves over the margin period in the recent window, and in those compared with it.
    pub window: usize,
}

impl<'s> Scene<'s> {
    pub fn new(
        file: &'s StudyFile,
        spec: &'s StressSpec,
        loaded: &'s Loaded,
        moment: &'s Moment<'s>,
        asked: &[Asked],
    ) -> Result<Self, MporError> {
        let accounts = match &spec.account {
            Some(name) => vec![account(loaded, name)?],
            None => (0..loaded.books.accounts.len()).collect(),
        };
        let amounts: Vec<f64> = asked.iter().map(|asked| asked.initial.amount).collect();
        let requirements = amounts.chunks(accounts.len().max(1)).map(<[f64]>::to_vec).collect();
        let level = spec.level.unwrap_or(file.study.backtest.level);
        let mut scene =
            Scene { file, spec, loaded, moment, accounts, requirements, level, window: 0 };
        scene.window = match spec.window {
            Some(window) => window,
            None => scene.year().min(scene.known_moves() / 2),
        };
        let known = scene.known_moves();
        if scene.window < 2 || scene.window > known {
            let problem = format!(
                "a window of {} moves does not fit: {known} moves over {} are known at {}; write 2 to {known} under `stress.window`, or a later date",
                scene.window,
                loaded.horizon.span(),
                scene.time()
            );
            return Err(file.error_at(&["stress", "window"], problem).into());
        }
        Ok(scene)
    }

    pub fn time(&self) -> mpor_core::Timestamp {
        self.loaded.history().panel.times()[self.moment.step]
    }

    pub fn horizon(&self) -> Horizon {
        self.loaded.horizon
    }

    /// Steps of a year of the calendar.
    pub fn year(&self) -> usize {
        let calendar = &self.file.study.calendar;
        match calendar.kind {
            CalendarKind::AllDays => (365.0 / calendar.step.as_days()).round() as usize,
            CalendarKind::TradingDays => TRADING_DAYS,
        }
    }

    /// Moves over the margin period that are known.
    pub fn known_moves(&self) -> usize {
        (self.moment.step + 1).saturating_sub(self.horizon().steps())
    }

    /// What the reader must know of the defaults.
    pub fn notes(&self) -> Vec<String> {
        let year = self.year();
        if self.spec.window.is_some() || self.window >= year {
            return Vec::new();
        }
        vec![format!(
            "The recent window holds {} moves, half of the {} that are known, and not the {year} of a year.",
            self.window,
            self.known_moves()
        )]
    }

    pub fn portfolio(&self, at: usize) -> &'s Portfolio {
        self.moment.portfolio(self.accounts[at])
    }

    pub fn underlying(&self, index: usize) -> &'s str {
        &self.loaded.history().universe.underlyings()[index].name
    }

    /// P&L of every account in every scenario.
    pub fn pnl(&self, revaluation: &mpor_risk::Revaluation) -> Vec<Vec<f64>> {
        let of = |at| {
            let mut pnl = vec![0.0; revaluation.scenarios.len()];
            revaluation.portfolio_pnl(self.portfolio(at), &mut pnl);
            pnl
        };
        (0..self.accounts.len()).map(of).collect()
    }

    /// What of a portfolio has not ended yet: what expires at the margin date is settled and has no risk left.
    pub fn alive(&self, day: &Day<'_>, portfolio: &Portfolio) -> Vec<Position> {
        let ends = |ix: InstrumentIx| day.universe.instrument(ix).contract.expiry();
        let alive = |held: &&Position| ends(held.instrument).is_none_or(|end| end > day.time());
        portfolio.positions().iter().filter(alive).copied().collect()
    }

    /// A fault of what the study asks at a key of `[stress]`, or of the history.
    pub fn failed(&self, path: &[&str], error: RiskError) -> MporError {
        match &error {
            RiskError::Parameter { .. }
            | RiskError::ShortHistory { .. }
            | RiskError::ShortSeries { .. }
            | RiskError::Stats(_) => {
                let keys = [&["stress"], path].concat();
                let problem = format!("`{}`: {error}", keys.join("."));
                self.file.error_at(&keys, problem).into()
            }
            _ => MporError::History(format!("at {}: {error}", self.time())),
        }
    }
}
