//! Small multiples of margin against realised loss: which accounts breach under which models?

use super::{Figure, margin_loss};
use crate::drawing::{Drawing, Shared, Size};
use crate::error::ReportError;
use crate::evidence::Evidence;

/// See the module.
pub struct MarginGridFigure;

/// Most accounts and models side by side.
const MOST_ACCOUNTS: usize = 6;
const MOST_MODELS: usize = 6;

impl Figure for MarginGridFigure {
    fn id(&self) -> &'static str {
        "margin-loss-grid"
    }

    fn question(&self) -> &'static str {
        "Which accounts breach under which models?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let accounts: Vec<usize> =
            evidence.ranked_accounts.iter().copied().take(MOST_ACCOUNTS).collect();
        if accounts.len() < 2 {
            return Ok(Vec::new());
        }
        let models = worst_models(evidence);
        let mut panels = Vec::new();
        for &account in &accounts {
            let y = margin_loss::axis(evidence, &[account], &models);
            panels
                .extend(models.iter().map(|&m| margin_loss::panel(evidence, account, m, &y, 0.9)));
        }
        let height = (520.0 / accounts.len() as f64 - 35.0).clamp(40.0, 80.0);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Initial margin and realised loss by account and model".to_owned(),
            caption: caption(evidence, accounts.len(), models.len()),
            reading: "One row an account, one column a model. Panels of a row share one scale, so that requirements \
                      can be compared along it; rows have their own."
                .to_owned(),
            alt: alt(evidence, &accounts, &models),
            size: Size::page(height),
            columns: models.len(),
            panels,
            shared: Shared::XAndY,
            row_titles: accounts.iter().map(|&a| evidence.account_name(a).to_owned()).collect(),
            key: margin_loss::key(evidence),
            source: margin_loss::source(evidence, &accounts, &models)?,
        }])
    }
}

/// All models, or those with the most breaches when they are too many, in the study's order.
fn worst_models(evidence: &Evidence<'_>) -> Vec<usize> {
    let mut models: Vec<usize> = (0..evidence.models.len()).collect();
    models.sort_by_key(|&model| std::cmp::Reverse(evidence.models[model].breaches));
    models.truncate(MOST_MODELS);
    models.sort_unstable();
    models
}

fn caption(evidence: &Evidence<'_>, accounts: usize, models: usize) -> String {
    let (all_accounts, all_models) = (evidence.ranked_accounts.len(), evidence.models.len());
    let mut caption = String::new();
    if accounts < all_accounts {
        caption.push_str(&format!(
            "Shown are the {accounts} accounts of {} with the largest shortfalls. ",
            crate::format::count(all_accounts)
        ));
    } else {
        caption.push_str("All accounts, largest shortfall first. ");
    }
    if models < all_models {
        caption.push_str(&format!(
            "Shown are the {models} models of {all_models} with the most breaches. "
        ));
    }
    caption.push_str("Marks as in the figure before.");
    caption
}

fn alt(evidence: &Evidence<'_>, accounts: &[usize], models: &[usize]) -> String {
    let mut parts = Vec::new();
    for &account in accounts {
        let counts: Vec<String> = models.iter().map(|&m| count(evidence, account, m)).collect();
        parts.push(format!("{}: {}", evidence.account_name(account), counts.join(", ")));
    }
    format!("Grid of margin against loss. Breaches by account. {}.", parts.join("; "))
}

fn count(evidence: &Evidence<'_>, account: usize, model: usize) -> String {
    let all = evidence.result().breaches.iter();
    let count = all.filter(|b| b.model == model && b.account == account).count();
    format!("{} {count}", evidence.model_name(model))
}
