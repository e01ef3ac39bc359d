//! A multiplier from the account's own record: breaches, calls met late, age and turnover.
//!
//! On each margin date
//!
//! ```text
//! multiplier = clamp( 1 + newcomer (1 - a) - credit a + breach B + late C + turnover min(T, 1),  least,  most )
//!
//! a    age: margin dates on which something was held, divided by `grown`, at most 1
//! B    breaches whose margin period is over:  B[s] = decay B[s-1] + 1 where the loss of s was above its requirement
//! C    calls met late:  C[s] = decay C[s-1] + calls met late up to s
//! T    turnover:  T[s] = decay T[s-1] + (1 - decay) traded notional[s] / gross notional[s]
//! ```
//!
//! The score uses the account's own past alone: no other account, no market, no outcome before its margin period is
//! over. Bounded by `least` and `most`, whatever the record. Source: no venue publishes such a formula; stricter margins for
//! single accounts exist (dYdX and Drift: custom margin; brokers: house requirements). The form is this project's, and its
//! weights are the study's to justify: a record of few breaches is weak evidence. A loss of a date without a requirement
//! counts as a breach when it is above zero, as it does in the coverage tests of the replay. Late calls are no market data: a study names
//! their table as `data.calls` (time, account, due_at, met_at); without one none is counted. A call is known to be late on the first
//! margin date after it was due, whenever it is met, and part of the record from the date after that.

use serde::Deserialize;
use toml::Table;

use super::{OverlayInfo, multiplied, on_both};
use crate::catalog::Parameter;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, Memory, Overlay};
use crate::parse;
use crate::rules::RuleLibrary;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "reputation",
    summary: "a bounded multiplier from the account's own record: breaches, late calls, age, turnover",
    parameters: &[
        Parameter::optional("breach", "0.1", "added for each breach, fading"),
        Parameter::optional("late", "0.05", "added for each call met late, fading"),
        Parameter::optional("newcomer", "0.1", "added on the first date, gone when grown"),
        Parameter::optional("credit", "0.05", "taken off once grown"),
        Parameter::optional("grown", "250", "margin dates with positions until grown"),
        Parameter::optional("turnover", "0", "added for a turnover of the whole book a date"),
        Parameter::optional(
            "decay",
            "0.99",
            "what is left of the record after each date, 0 to below 1",
        ),
        Parameter::optional("least", "0.9", "smallest multiplier, above 0"),
        Parameter::optional("most", "1.5", "largest multiplier"),
    ],
    build,
};

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Reputation {
    breach: f64,
    late: f64,
    newcomer: f64,
    credit: f64,
    grown: usize,
    turnover: f64,
    decay: f64,
    least: f64,
    most: f64,
}

impl Default for Reputation {
    fn default() -> Self {
        Reputation {
            breach: 0.1,
            late: 0.05,
            newcomer: 0.1,
            credit: 0.05,
            grown: 250,
            turnover: 0.0,
            decay: 0.99,
            least: 0.9,
            most: 1.5,
        }
    }
}

/// The record up to a date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Record {
    /// Dates with positions.
    age: f64,
    breaches: f64,
    late: f64,
    turnover: f64,
    /// Outcomes already counted.
    learnt: usize,
}

fn build(
    model: &str,
    table: Table,
    _library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let rule: Reputation = parse::parameters(model, "reputation", table)?;
    let weights = [
        ("breach", rule.breach),
        ("late", rule.late),
        ("newcomer", rule.newcomer),
        ("credit", rule.credit),
        ("turnover", rule.turnover),
    ];
    for (key, value) in weights {
        let key = format!("reputation.{key}");
        parse::within(model, &key, value, (0.0, f64::MAX), "zero or more")?;
    }
    if !(0.0..1.0).contains(&rule.decay) {
        let problem = format!("is {}: zero or more and below 1, such as 0.99", rule.decay);
        return Err(parse::refuse(model, "reputation.decay", problem));
    }
    if rule.grown == 0 {
        return Err(parse::refuse(model, "reputation.grown", "is 0: at least 1 margin date"));
    }
    let expected = "above zero and at most 1";
    parse::within(model, "reputation.least", rule.least, (f64::MIN_POSITIVE, 1.0), expected)?;
    parse::within(model, "reputation.most", rule.most, (1.0, f64::MAX), "1 or more")?;
    Ok(Box::new(rule))
}

impl Reputation {
    fn record(&self, past: &AccountPast<'_>, memory: &mut Memory) -> Record {
        let mut record = Record::remembered(memory);
        let mut seen = memory.seen;
        while seen < past.times.len() {
            let notional = past.notional[seen];
            let traded = past.traded.get(seen).copied().unwrap_or(0.0);
            let share = if notional > 0.0 { traded / notional } else { 0.0 };
            record.age += f64::from(u8::from(notional > 0.0));
            record.late = self.decay * record.late + past.late.get(seen).copied().unwrap_or(0.0);
            record.turnover = self.decay * record.turnover + (1.0 - self.decay) * share;
            seen += 1;
        }
        for at in record.learnt..past.losses.len() {
            let breached = past.losses[at].is_some_and(|loss| loss > past.required[at]);
            record.breaches = self.decay * record.breaches + f64::from(u8::from(breached));
        }
        record.learnt = past.losses.len();
        *memory = record.memory(seen);
        record
    }

    fn multiplier(&self, record: Record) -> f64 {
        let age = (record.age / self.grown as f64).min(1.0);
        let sum = 1.0 + self.newcomer * (1.0 - age) - self.credit * age
            + self.breach * record.breaches
            + self.late * record.late
            + self.turnover * record.turnover.min(1.0);
        sum.clamp(self.least, self.most)
    }
}

impl Record {
    fn remembered(memory: &Memory) -> Self {
        match memory.values[..] {
            [age, breaches, late, turnover, learnt] => {
                Record { age, breaches, late, turnover, learnt: learnt as usize }
            }
            _ => Record::default(),
        }
    }

    fn memory(self, seen: usize) -> Memory {
        let Record { age, breaches, late, turnover, learnt } = self;
        Memory { seen, values: vec![age, breaches, late, turnover, learnt as f64] }
    }
}

impl Overlay for Reputation {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let share = self.multiplier(self.record(past, memory)) - 1.0;
        Ok(on_both(report, |requirement| multiplied(requirement, INFO.id, share)))
    }

    fn looks_at_turnover(&self) -> bool {
        self.turnover > 0.0
    }
}
