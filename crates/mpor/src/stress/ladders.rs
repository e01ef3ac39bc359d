//! How do P&L and sensitivities run along one factor, and at which expiry do they sit?
//!
//! A ladder moves one factor of all underlyings together and, where there are several, of each alone; time ladders let time
//! pass with nothing moved: options lose their time value, forwards roll down the carry.

use mpor_core::{Portfolio, Timestamp};
use mpor_risk::contribution::{Rung, ladder};
use mpor_risk::stress::hypothetical::hypothetical_set;
use mpor_risk::stress::{Hypothetical, Shock};
use mpor_risk::{Day, RiskError, ScenarioSet, revalue};

use super::scene::Scene;
use crate::error::MporError;

/// P&L of one account at one step of a ladder.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub account: usize,
    /// `spot`, `vol`, `carry` or `time`.
    pub factor: &'static str,
    /// The underlying that moves; all of them where absent.
    pub underlying: Option<String>,
    /// Relative move, absolute move of carry, or days.
    pub step: f64,
    /// Gain positive.
    pub pnl: f64,
}

/// Sensitivities of one account on one underlying.
#[derive(Clone, Debug)]
pub(crate) struct Greek {
    pub account: usize,
    pub underlying: String,
    /// `net`, `no expiry` or `expiry`.
    pub bucket: &'static str,
    pub rung: Rung,
}

/// Every ladder, in the order of factors, underlyings, steps and accounts.
pub(super) fn curves(scene: &Scene<'_>, day: &Day<'_>) -> Result<Vec<Step>, MporError> {
    let ladders = &scene.spec.ladders;
    let names: Vec<&str> =
        day.universe.underlyings().iter().map(|underlying| underlying.name.as_str()).collect();
    let each = if names.len() > 1 { &names[..] } else { &[] };
    let moved: Vec<Option<&str>> =
        std::iter::once(None).chain(each.iter().copied().map(Some)).collect();
    let mut all = Vec::new();
    for (factor, steps) in
        [("spot", &ladders.spot), ("vol", &ladders.vol), ("carry", &ladders.carry)]
    {
        if steps.is_empty() {
            continue;
        }
        for &underlying in &moved {
            let rungs: Vec<Hypothetical> =
                steps.iter().map(|&step| rung(factor, underlying, step)).collect();
            let set = hypothetical_set(day, &rungs, scene.spec.smile);
            let set = set.map_err(|error| scene.failed(&["ladders", factor], error))?;
            let pnl = pnl(scene, day, &set, factor)?;
            for (at, &step) in steps.iter().enumerate() {
                let of = |(account, pnl): (usize, &Vec<f64>)| Step {
                    account,
                    factor,
                    underlying: underlying.map(str::to_owned),
                    step,
                    pnl: pnl[at],
                };
                all.extend(pnl.iter().enumerate().map(of));
            }
        }
    }
    for &span in &ladders.time {
        let still = Hypothetical { name: span.to_string(), shocks: Vec::new() };
        let set = hypothetical_set(day, &[still], scene.spec.smile);
        let mut set = set.map_err(|error| scene.failed(&["ladders", "time"], error))?;
        set.years_forward = span.years();
        let pnl = pnl(scene, day, &set, "time")?;
        let of = |(account, pnl): (usize, &Vec<f64>)| Step {
            account,
            factor: "time",
            underlying: None,
            step: span.as_days(),
            pnl: pnl[0],
        };
        all.extend(pnl.iter().enumerate().map(of));
    }
    Ok(all)
}

fn pnl(
    scene: &Scene<'_>,
    day: &Day<'_>,
    set: &ScenarioSet,
    factor: &str,
) -> Result<Vec<Vec<f64>>, MporError> {
    let failed = |error: RiskError| scene.failed(&["ladders", factor], error);
    Ok(scene.pnl(&revalue(day, set).map_err(failed)?))
}

fn rung(factor: &str, underlying: Option<&str>, step: f64) -> Hypothetical {
    let mut shock = Shock { underlying: underlying.map(str::to_owned), ..Shock::default() };
    match factor {
        "spot" => shock.spot = step,
        "vol" => shock.vol = step,
        _ => shock.carry = step,
    }
    Hypothetical { name: format!("{factor} {step:+}"), shocks: vec![shock] }
}

/// Sensitivities by account, underlying and expiry, the net first; and what must be said.
pub(super) fn greeks(
    scene: &Scene<'_>,
    day: &Day<'_>,
) -> Result<(Vec<Greek>, Vec<String>), MporError> {
    let (mut all, mut ended) = (Vec::new(), 0);
    for account in 0..scene.accounts.len() {
        let portfolio = scene.portfolio(account);
        let alive = scene.alive(day, portfolio);
        ended += portfolio.positions().len() - alive.len();
        let ladders = ladder(day.state, day.universe, &Portfolio::new(alive))
            .map_err(|error| scene.failed(&["ladders"], error))?;
        for one in ladders {
            let underlying = scene.underlying(one.underlying.0);
            let named =
                |bucket, rung| Greek { account, underlying: underlying.to_owned(), bucket, rung };
            all.push(named("net", one.net));
            all.extend(one.rungs.iter().map(|&rung| named(bucket(rung.expiry), rung)));
        }
    }
    let mut notes = Vec::new();
    if ended > 0 {
        notes.push(format!(
            "Positions that end at the margin date have no sensitivities and no hedge: {ended}."
        ));
    }
    Ok((all, notes))
}

fn bucket(expiry: Option<Timestamp>) -> &'static str {
    if expiry.is_some() { "expiry" } else { "no expiry" }
}
