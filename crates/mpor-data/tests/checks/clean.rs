//! The clean files: what is found in each is what is known of it, and nothing else.

use std::collections::BTreeMap;

use mpor_data::raw::SeriesKind::{self, Funding, Price, Rate, Volatility};
use mpor_data::{Policies, checks};

use crate::reader::collected;
use crate::shared;

/// Code, symbol, findings, observations.
type Fault = (&'static str, &'static str, usize, usize);

/// A file, what it holds, by what its values are divided, and what is known of it. Counts of missing rows, of highs and
/// lows that do not hold and of prices below zero are those of the collection's own report, found there with another
/// program; so are the listing stubs, the 77 days and the 752 hours of silence, and that Coinbase and Bitstamp before
/// February 2015 are thin (bars without a trade, whole dollars, the tick of 2015-01-14).
const KNOWN: &[(&str, SeriesKind, f64, &[Fault])] = &[
    (
        "crypto_spot_1h",
        Price,
        1.0,
        &[
            ("D001", "BTC/USDT", 28, 129),
            ("D001", "ETH/USDT", 27, 122),
            ("D001", "SOL/USDT", 10, 20),
        ],
    ),
    (
        "crypto_perp_1h",
        Price,
        1.0,
        &[("D016", "BTC/USDT:USDT", 1, 2), ("D016", "ETH/USDT:USDT", 1, 3)],
    ),
    ("crypto_mark_1h", Price, 1.0, &[]),
    (
        "crypto_funding",
        Funding,
        1.0,
        &[
            ("D001", "BTC/USDT:USDT", 1, 93),
            ("D001", "ETH/USDT:USDT", 1, 93),
            ("D021", "BTC/USDT:USDT", 1, 1),
            ("D021", "ETH/USDT:USDT", 1, 1),
        ],
    ),
    (
        "crypto_spot_1d_other_venues",
        Price,
        1.0,
        &[
            // 76 days of Coinbase, 12 of Bitstamp in each of two gaps.
            ("D001", "BTC/USD", 3, 100),
            ("D001", "ETH/USD", 1, 12),
            ("D005", "BTC/USD", 1, 21),
            // The tick of 2015-01-14, and the last row of Bitstamp, which ends before its day does; at both sources.
            ("D011", "BTC/USD", 4, 4),
            ("D017", "BTC/USD", 1, 45),
            ("D021", "BTC/USD", 1, 1),
            ("D025", "BTC/USD", 4, 35),
        ],
    ),
    (
        "crypto_spot_1h_coinbase_2017_2019",
        Price,
        1.0,
        &[
            // Filled outages, 18 of the 28 bars of no volume. Five bars of 2017-11-12 are those of the night before to the
            // last digit, which the collection's report does not say.
            ("D005", "BTC/USD", 1, 16),
            ("D009", "BTC/USD", 1, 5),
            ("D025", "BTC/USD", 2, 18),
        ],
    ),
    (
        "crypto_spot_5m_crashes",
        Price,
        1.0,
        // Two windows, October and February.
        &[
            ("D001", "BTC/USDT", 1, 29_663),
            ("D001", "SOL/USDT", 1, 29_663),
            ("D021", "BTC/USDT", 1, 1),
            ("D021", "SOL/USDT", 1, 1),
        ],
    ),
    ("vol_index_1d", Volatility, 100.0, &[("D001", "DVOL_BTC", 1, 1)]),
    ("equity_iv_3m_atm_1d", Volatility, 1.0, &[]),
    (
        "commodity_1d",
        Price,
        1.0,
        &[
            ("D006", "WTI_FRONT_CL=F", 1, 2),
            ("D007", "GOLD_FRONT_GC=F", 246, 441),
            ("D007", "WTI_FRONT_CL=F", 7, 7),
        ],
    ),
    ("rates_ust_1d", Rate, 100.0, &[]),
    ("deribit_futures", Price, 1.0, &[]),
    ("embed/crypto_spot_1h", Price, 1.0, &[("D001", "BTC/USDT", 28, 170)]),
    ("embed/equity_index_1d", Price, 1.0, &[]),
    ("embed/equity_panel_1d", Price, 1.0, &[("D005", "RRC", 17, 522)]),
    ("embed/vix_wti_1d", Price, 1.0, &[]),
    ("embed/fx_ecb_1d", Price, 1.0, &[]),
];

#[test]
fn clean_files_raise_what_is_known_of_them_and_nothing_else() {
    let Some(folder) = shared() else { return };
    for (file, kind, unit, known) in KNOWN {
        let all = collected(&folder.join(format!("{file}.parquet")), *kind, *unit);
        let mut counts: BTreeMap<(&str, String), (usize, usize)> = BTreeMap::new();
        for finding in checks::findings_of_all(&all, &Policies::default()) {
            let group = counts.entry((finding.code, finding.symbol)).or_default();
            *group = (group.0 + 1, group.1 + finding.count);
        }
        let found: Vec<(&str, &str, usize, usize)> = counts
            .iter()
            .map(|((code, symbol), (findings, rows))| (*code, symbol.as_str(), *findings, *rows))
            .collect();
        assert_eq!(found, *known, "{file}");
    }
}

/// Percent where decimals are expected is seen in the files that are in percent.
#[test]
fn units_of_the_files_in_percent_are_suspect() {
    let Some(folder) = shared() else { return };
    for (file, kind) in [("vol_index_1d", Volatility), ("rates_ust_1d", Rate)] {
        let all = collected(&folder.join(format!("{file}.parquet")), kind, 1.0);
        let found = checks::findings_of_all(&all, &Policies::default());
        let suspect = found.iter().filter(|finding| finding.code == "D024").count();
        assert_eq!(suspect, all.len(), "{file}");
    }
}
