//! The rule files that are part of mpor, sorted by path: one line a file.

/// Path below `rules/`, and text.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("binance/isolated/undated.toml", include_str!("../../rules/binance/isolated/undated.toml")),
    ("derive/pmrm2/2025-12-08.toml", include_str!("../../rules/derive/pmrm2/2025-12-08.toml")),
    ("finra/reg-t/undated.toml", include_str!("../../rules/finra/reg-t/undated.toml")),
    ("generic/isolated/1.toml", include_str!("../../rules/generic/isolated/1.toml")),
    ("generic/span/1.toml", include_str!("../../rules/generic/span/1.toml")),
    ("kdpw/span/2014-10-31.toml", include_str!("../../rules/kdpw/span/2014-10-31.toml")),
    ("nse/span/undated.toml", include_str!("../../rules/nse/span/undated.toml")),
    ("occ/cpm/undated.toml", include_str!("../../rules/occ/cpm/undated.toml")),
];
