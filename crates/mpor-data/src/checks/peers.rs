//! Which series can vouch for one another: the same asset in the same money.
//!
//! ```text
//! BTC/USDT  BTC/USD  BTCUSD  BTC/USDT:USDT  BTC-PERP    asset BTC, dollars or no money named
//! ```
//!
//! Dollars and the coins that stand for them are one money here, so that a spot price, a perpetual and another venue's
//! price are compared; their small differences are left to the thresholds of the checks. Dated futures are their own
//! asset. Series of other kinds are never peers.

use super::View;

/// Coins that stand for the dollar, longest first, so that a joined name such as `BTCUSDT` is cut at the right place.
const DOLLARS: [&str; 5] = ["USDT", "USDC", "BUSD", "FDUSD", "USD"];

/// The series among `all` that are peers of one of them.
#[must_use]
pub fn of<'v, 'a>(view: &View<'a>, all: &'v [View<'a>]) -> Vec<&'v View<'a>> {
    all.iter()
        .filter(|other| !std::ptr::eq(other.raw, view.raw))
        .filter(|other| other.raw.kind == view.raw.kind)
        .filter(|other| same_asset(&view.raw.symbol, &other.raw.symbol))
        .collect()
}

/// Whether two names mean prices of one asset in one money.
#[must_use]
pub fn same_asset(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let ((asset_a, money_a), (asset_b, money_b)) = (parts(a), parts(b));
    asset_a == asset_b && (money_a == money_b || money_a.is_empty() || money_b.is_empty())
}

/// Asset and money of a name; no money where the name has none.
fn parts(symbol: &str) -> (&str, &str) {
    // `BTC/USDT:USDT` is settled in what it is quoted in.
    let name = symbol.split_once(':').map_or(symbol, |(name, _)| name);
    match name.split_once(['/', '-']) {
        Some((asset, "PERP" | "PERPETUAL" | "SWAP")) => (asset, ""),
        Some((asset, money)) => (asset, dollar(money)),
        None => {
            let joined = DOLLARS.iter().find_map(|money| name.strip_suffix(money));
            joined.filter(|asset| !asset.is_empty()).map_or((name, ""), |asset| (asset, "USD"))
        }
    }
}

fn dollar(money: &str) -> &str {
    if DOLLARS.contains(&money) { "USD" } else { money }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_asset_go_together() {
        for other in ["BTC/USD", "BTCUSDT", "BTC/USDT:USDT", "BTC-PERP", "BTC-USD", "BTC"] {
            assert!(same_asset("BTC/USDT", other), "{other}");
        }
        for other in ["ETH/USDT", "BTC/EUR", "BTC-26JUN26", "USDT"] {
            assert!(!same_asset("BTC/USDT", other), "{other}");
        }
        assert!(!same_asset("EUR/USD", "EUR/JPY"));
        assert!(!same_asset("SPX 30d", "SPX 90d"));
    }
}
