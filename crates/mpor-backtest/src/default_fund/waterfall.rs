//! Who pays when accounts lose more than their margin: the defaulter's own share of the fund, the house, the other members.

use mpor_core::{Loss, Money};

use super::FundRules;
use crate::result::BacktestResult;

/// What the defaults of one margin date would have cost, and who would have paid. Reporting currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waterfall {
    /// The defaulters, in the order of accounts.
    pub defaults: Vec<MemberDefault>,
    /// Their losses beyond margin together.
    pub beyond: f64,
    /// Paid from what the defaulters themselves had put into the fund.
    pub own: f64,
    /// Paid by the clearing house.
    pub skin: f64,
    /// Paid from what the other members had put into the fund.
    pub others: f64,
    /// Paid by nobody.
    pub uncovered: f64,
}

/// One account that loses more than its margin. Reporting currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemberDefault {
    /// Index into the result's accounts.
    pub account: usize,
    /// Initial margin.
    pub margin: f64,
    /// Realised loss over the MPOR.
    pub loss: f64,
    /// The loss beyond margin.
    pub beyond: f64,
    /// What it had put into the fund.
    pub share: f64,
    /// The part of its loss that this pays.
    pub own: f64,
}

/// The waterfall on one margin date; `None` where no account's MPOR is over. `shares` are what accounts have put into the fund.
pub(super) fn waterfall(
    result: &BacktestResult,
    model: usize,
    at: usize,
    shares: &[f64],
    fund: f64,
    rules: &FundRules,
) -> Option<Waterfall> {
    let (mut defaults, mut known) = (Vec::new(), false);
    for (account, &share) in shares.iter().enumerate() {
        let Some(loss) = result.losses[account].by(result.convention)[at] else { continue };
        known = true;
        let margin = result.requirements[model][account].initial[at];
        if Loss(loss).breaches(Money(margin)) {
            let beyond = Loss(loss).shortfall(Money(margin)).0;
            let own = beyond.min(share);
            defaults.push(MemberDefault { account, margin, loss, beyond, share, own });
        }
    }
    keep_largest(&mut defaults, rules.most_defaults);
    known.then(|| shared(defaults, fund, rules.skin_in_the_game))
}

/// Of equal losses the earlier account's is kept: the sort is stable.
fn keep_largest(defaults: &mut Vec<MemberDefault>, most: Option<usize>) {
    let Some(most) = most else { return };
    defaults.sort_by(|a, b| b.beyond.total_cmp(&a.beyond));
    defaults.truncate(most);
    defaults.sort_by_key(|own| own.account);
}

fn shared(defaults: Vec<MemberDefault>, fund: f64, skin: f64) -> Waterfall {
    let sum = |of: fn(&MemberDefault) -> f64| defaults.iter().map(of).sum::<f64>();
    let (beyond, own, paid_in) = (sum(|d| d.beyond), sum(|d| d.own), sum(|d| d.share));
    // Each difference by itself, so that a loss that the shares cover leaves exactly nothing.
    let rest = sum(|d| d.beyond - d.own);
    let skin = rest.min(skin);
    let others = (rest - skin).min((fund - paid_in).max(0.0));
    let uncovered = (rest - skin - others).max(0.0);
    Waterfall { defaults, beyond, own, skin, others, uncovered }
}
