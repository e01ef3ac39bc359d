//! The rule files that are part of mpor, sorted by path: one line a file.

/// Path below `rules/`, and text.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("aevo/pm-style/undated.toml", include_str!("../../rules/aevo/pm-style/undated.toml")),
    ("binance/isolated/undated.toml", include_str!("../../rules/binance/isolated/undated.toml")),
    ("binance/portfolio/undated.toml", include_str!("../../rules/binance/portfolio/undated.toml")),
    ("cme/span2-style/undated.toml", include_str!("../../rules/cme/span2-style/undated.toml")),
    (
        "deribit/pm-early-a-style/undated.toml",
        include_str!("../../rules/deribit/pm-early-a-style/undated.toml"),
    ),
    (
        "deribit/pm-early-b-style/undated.toml",
        include_str!("../../rules/deribit/pm-early-b-style/undated.toml"),
    ),
    (
        "deribit/pm-early-c-style/undated.toml",
        include_str!("../../rules/deribit/pm-early-c-style/undated.toml"),
    ),
    ("deribit/pm-style/2017.toml", include_str!("../../rules/deribit/pm-style/2017.toml")),
    (
        "deribit/pm-style/2023-10-27.toml",
        include_str!("../../rules/deribit/pm-style/2023-10-27.toml"),
    ),
    (
        "deribit/pm-style/2023-10-28.toml",
        include_str!("../../rules/deribit/pm-style/2023-10-28.toml"),
    ),
    (
        "deribit/pm-style/2023-10-29.toml",
        include_str!("../../rules/deribit/pm-style/2023-10-29.toml"),
    ),
    (
        "deribit/pm-style/2023-10-30.toml",
        include_str!("../../rules/deribit/pm-style/2023-10-30.toml"),
    ),
    ("deribit/pm-style/2023-10.toml", include_str!("../../rules/deribit/pm-style/2023-10.toml")),
    (
        "deribit/pm-style/2024-06-17.toml",
        include_str!("../../rules/deribit/pm-style/2024-06-17.toml"),
    ),
    (
        "deribit/pm-style/2026-02-15.toml",
        include_str!("../../rules/deribit/pm-style/2026-02-15.toml"),
    ),
    ("deribit/pm-style/2026-09.toml", include_str!("../../rules/deribit/pm-style/2026-09.toml")),
    (
        "deribit/standard/2022-01-11.toml",
        include_str!("../../rules/deribit/standard/2022-01-11.toml"),
    ),
    (
        "derive/collateral/2025-12-08.toml",
        include_str!("../../rules/derive/collateral/2025-12-08.toml"),
    ),
    ("derive/pmrm1/2025-12-08.toml", include_str!("../../rules/derive/pmrm1/2025-12-08.toml")),
    ("derive/pmrm2/2025-12-08.toml", include_str!("../../rules/derive/pmrm2/2025-12-08.toml")),
    ("derive/srm/2025-12-08.toml", include_str!("../../rules/derive/srm/2025-12-08.toml")),
    ("dydx/isolated/undated.toml", include_str!("../../rules/dydx/isolated/undated.toml")),
    ("eu/2016-2251/2017-01-04.toml", include_str!("../../rules/eu/2016-2251/2017-01-04.toml")),
    (
        "eurex/prisma-style/undated.toml",
        include_str!("../../rules/eurex/prisma-style/undated.toml"),
    ),
    ("finra/reg-t/undated.toml", include_str!("../../rules/finra/reg-t/undated.toml")),
    ("generic/isolated/1.toml", include_str!("../../rules/generic/isolated/1.toml")),
    ("generic/span/1.toml", include_str!("../../rules/generic/span/1.toml")),
    (
        "hyperliquid/isolated/undated.toml",
        include_str!("../../rules/hyperliquid/isolated/undated.toml"),
    ),
    ("ice/irm2-style/undated.toml", include_str!("../../rules/ice/irm2-style/undated.toml")),
    ("jscc/hs-var-style/undated.toml", include_str!("../../rules/jscc/hs-var-style/undated.toml")),
    ("kdpw/span/2014-10-31.toml", include_str!("../../rules/kdpw/span/2014-10-31.toml")),
    ("lch/pairs-style/undated.toml", include_str!("../../rules/lch/pairs-style/undated.toml")),
    ("nasdaq/oms2-style/undated.toml", include_str!("../../rules/nasdaq/oms2-style/undated.toml")),
    ("nse/span/undated.toml", include_str!("../../rules/nse/span/undated.toml")),
    ("occ/cpm/undated.toml", include_str!("../../rules/occ/cpm/undated.toml")),
    ("occ/stans-style/undated.toml", include_str!("../../rules/occ/stans-style/undated.toml")),
    ("okx/pm-style/2023-07.toml", include_str!("../../rules/okx/pm-style/2023-07.toml")),
    ("okx/pm-style/2024-05.toml", include_str!("../../rules/okx/pm-style/2024-05.toml")),
    ("okx/pm-style/2024-12-30.toml", include_str!("../../rules/okx/pm-style/2024-12-30.toml")),
    ("okx/pm-style/2025-01-06.toml", include_str!("../../rules/okx/pm-style/2025-01-06.toml")),
    ("okx/pm-style/2025-01-15.toml", include_str!("../../rules/okx/pm-style/2025-01-15.toml")),
    ("paradex/pm-style/undated.toml", include_str!("../../rules/paradex/pm-style/undated.toml")),
];
