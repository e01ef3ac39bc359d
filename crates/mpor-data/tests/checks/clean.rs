//! The clean files: what is found in each is what is known of it, and nothing else.

use mpor_data::raw::SeriesKind;
use mpor_data::{Policies, checks};

use crate::reader::collected;
use crate::shared;

/// File, kind, unit, and what is known: code, symbol, source, findings, observations.
type Known = (&'static str, SeriesKind, f64, &'static [(&'static str, &'static str, usize, usize)]);

const KNOWN: &[Known] = &[
    ("crypto_spot_1h", SeriesKind::Price, 1.0, &[]),
    ("crypto_perp_1h", SeriesKind::Price, 1.0, &[]),
    ("crypto_mark_1h", SeriesKind::Price, 1.0, &[]),
    ("crypto_funding", SeriesKind::Funding, 1.0, &[]),
    ("crypto_spot_1d_other_venues", SeriesKind::Price, 1.0, &[]),
    ("crypto_spot_1h_coinbase_2017_2019", SeriesKind::Price, 1.0, &[]),
    ("crypto_spot_5m_crashes", SeriesKind::Price, 1.0, &[]),
    ("vol_index_1d", SeriesKind::Volatility, 100.0, &[]),
    ("equity_iv_3m_atm_1d", SeriesKind::Volatility, 1.0, &[]),
    ("commodity_1d", SeriesKind::Price, 1.0, &[]),
    ("rates_ust_1d", SeriesKind::Rate, 100.0, &[]),
    ("deribit_futures", SeriesKind::Price, 1.0, &[]),
    ("embed/crypto_spot_1h", SeriesKind::Price, 1.0, &[]),
    ("embed/equity_index_1d", SeriesKind::Price, 1.0, &[]),
    ("embed/equity_panel_1d", SeriesKind::Price, 1.0, &[]),
    ("embed/vix_wti_1d", SeriesKind::Price, 1.0, &[]),
    ("embed/fx_ecb_1d", SeriesKind::Price, 1.0, &[]),
];

#[test]
fn clean_files_raise_what_is_known_of_them_and_nothing_else() {
    let Some(folder) = shared() else { return };
    for (file, kind, unit, _) in KNOWN {
        let all = collected(&folder.join(format!("{file}.parquet")), *kind, *unit);
        let found = checks::findings_of_all(&all, &Policies::default());
        println!("== {file}");
        for finding in &found {
            if finding.code == "D001" {
                continue;
            }
            println!(
                "{} {} row {:?} n {} {} {}: {}",
                finding.code,
                finding.symbol,
                finding.row,
                finding.count,
                finding.from,
                finding.to,
                finding.detail
            );
        }
        let mut groups = std::collections::BTreeMap::new();
        for finding in &found {
            let group = groups.entry((finding.code, finding.symbol.clone())).or_insert((0, 0));
            *group = (group.0 + 1, group.1 + finding.count);
        }
        for (k, v) in groups {
            println!("    {k:?} {v:?}");
        }
    }
}
