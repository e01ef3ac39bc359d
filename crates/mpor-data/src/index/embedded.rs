//! The index rules that are part of mpor, sorted by path: one line a file.

/// Path below `rules/`, and text.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "index/deribit/trimmed-undated.toml",
        include_str!("../../rules/index/deribit/trimmed-undated.toml"),
    ),
    ("index/deribit/undated.toml", include_str!("../../rules/index/deribit/undated.toml")),
    ("index/derive/undated.toml", include_str!("../../rules/index/derive/undated.toml")),
    ("index/drift/undated.toml", include_str!("../../rules/index/drift/undated.toml")),
    ("index/dydx/undated.toml", include_str!("../../rules/index/dydx/undated.toml")),
    ("index/hyperliquid/undated.toml", include_str!("../../rules/index/hyperliquid/undated.toml")),
    ("index/okx/undated.toml", include_str!("../../rules/index/okx/undated.toml")),
    ("index/thalex/undated.toml", include_str!("../../rules/index/thalex/undated.toml")),
];
