//! The rule files that are part of mpor, sorted by path: one line a file.

/// Path below `rules/`, and text.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("binance/isolated/undated.toml", include_str!("../../rules/binance/isolated/undated.toml")),
    ("binance/portfolio/undated.toml", include_str!("../../rules/binance/portfolio/undated.toml")),
    (
        "deribit/standard/2022-01-11.toml",
        include_str!("../../rules/deribit/standard/2022-01-11.toml"),
    ),
    ("derive/pmrm1/2025-12-08.toml", include_str!("../../rules/derive/pmrm1/2025-12-08.toml")),
    ("derive/pmrm2/2025-12-08.toml", include_str!("../../rules/derive/pmrm2/2025-12-08.toml")),
    ("derive/srm/2025-12-08.toml", include_str!("../../rules/derive/srm/2025-12-08.toml")),
    ("dydx/isolated/undated.toml", include_str!("../../rules/dydx/isolated/undated.toml")),
    ("generic/isolated/1.toml", include_str!("../../rules/generic/isolated/1.toml")),
    (
        "hyperliquid/isolated/undated.toml",
        include_str!("../../rules/hyperliquid/isolated/undated.toml"),
    ),
];
