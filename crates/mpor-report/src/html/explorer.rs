//! Margin and losses of any account under every model, to be chosen in the page: the figure of the account that the report
//! features, made for others by the same definition.

use crate::drawing::Drawing;
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::figures::margin_loss;
use crate::format::count;

/// Most accounts, and most numbers of all of them together: what keeps a page below some ten megabytes.
const MOST_ACCOUNTS: usize = 50;
const MOST_NUMBERS: usize = 1_500_000;

/// The accounts that a page can show one by one.
pub(crate) struct Explorer {
    /// Name and figure of each, in order of concern.
    pub accounts: Vec<(String, Drawing)>,
    /// What was left out; empty for nothing.
    pub remark: String,
}

/// Figures of the accounts of most concern, as many as a page holds.
pub(crate) fn explorer(evidence: &Evidence<'_>) -> Result<Explorer, ReportError> {
    let result = evidence.result();
    let each = result.times.len() * (result.models.len() + 1);
    let most = MOST_ACCOUNTS.min(MOST_NUMBERS / each.max(1)).max(1);
    let models: Vec<usize> = (0..result.models.len()).collect();
    let whole = |&account: &usize| {
        let dates = result.times.len();
        models.iter().all(|&model| result.requirements[model][account].initial.len() == dates)
    };
    let chosen = evidence.ranked_accounts.iter().copied().filter(whole).take(most);
    let accounts: Result<Vec<(String, Drawing)>, ReportError> = chosen
        .map(|account| {
            let drawing = margin_loss::together(evidence, account, &models)?;
            Ok((evidence.account_name(account).to_owned(), drawing))
        })
        .collect();
    let accounts = accounts?;
    let (shown, all) = (accounts.len(), result.accounts.len());
    let remark = if shown < all {
        format!(
            "This page holds the paths of the {} of {} accounts of most concern: those with the largest shortfalls, then \
             those with the largest losses. Every account is in the results tables.",
            count(shown),
            count(all)
        )
    } else {
        String::new()
    };
    Ok(Explorer { accounts, remark })
}
