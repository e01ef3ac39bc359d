//! Names that other tools give to our columns, compared without case, spaces and signs.

/// Column of a table and its other names, the likeliest first.
const ALIASES: &[(&str, &[&str])] = &[
    (
        "time",
        &[
            "timestamp",
            "ts",
            "datetime",
            "date",
            "unix",
            "unixtimestamp",
            "epoch",
            "opentime",
            "closetime",
            "starttime",
            "endtime",
            "candlebegintime",
            "fundingtime",
            "calctime",
            "indexlevel0",
            "quotedate",
            "t",
        ],
    ),
    ("symbol", &["ticker", "pair", "market", "instrument", "coin", "asset"]),
    ("source", &["venue", "exchange", "provider"]),
    ("open", &["openprice", "o"]),
    ("high", &["highprice", "h", "max"]),
    ("low", &["lowprice", "l", "min"]),
    ("close", &["closeprice", "closelast", "c", "last", "price", "settle", "value"]),
    ("volume", &["vol", "v", "basevolume", "amount"]),
    ("rate", &["fundingrate", "lastfundingrate", "funding"]),
    ("interval_hours", &["fundingintervalhours"]),
    ("underlying", &["symbol", "asset", "coin", "ticker", "root"]),
    ("tenor_days", &["tenor"]),
    ("iv", &["impliedvol", "impliedvolatility", "volatility", "vol", "close", "value"]),
    ("instrument", &["instrumentname", "symbol", "contract"]),
    ("mark_price", &["mark"]),
    ("mark_iv", &["iv", "impliedvol", "impliedvolatility"]),
    ("underlying_price", &["indexprice", "spot", "index"]),
    ("forward", &["fwd", "forwardprice", "futureprice"]),
    ("index", &["indexprice", "spot", "underlyinglast"]),
    (
        "expiry",
        &[
            "expiration",
            "expirationdate",
            "expirydate",
            "expire",
            "maturity",
            "expirationtimestamp",
        ],
    ),
    ("strike", &["strikeprice", "k"]),
    ("right", &["cp", "optiontype", "type", "callput", "putcall"]),
    ("bid", &["bidprice", "bestbid"]),
    ("ask", &["askprice", "bestask", "offer"]),
    ("bid_iv", &["bidimpliedvol"]),
    ("ask_iv", &["askimpliedvol"]),
    ("quote", &["quotecurrency"]),
    ("settlement", &["settlementcurrency"]),
    ("contract_size", &["multiplier"]),
];

/// A name without case, spaces and signs.
pub(crate) fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Columns of a file that a column of a table may be: the one of its own name alone, else all of its other names, the
/// likeliest first.
pub(crate) fn candidates(target: &str, columns: &[String]) -> Vec<usize> {
    let with = |name: &str| {
        let same =
            columns.iter().enumerate().filter(move |(_, column)| folded(column) == folded(name));
        same.map(|(at, _)| at).collect::<Vec<_>>()
    };
    let own = with(target);
    if !own.is_empty() {
        return own;
    }
    let others =
        ALIASES.iter().find(|(name, _)| *name == target).map_or(&[][..], |(_, names)| names);
    others.iter().flat_map(|name| with(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_the_very_name_wins() {
        let columns = ["Adj Close", "Close", "Price"].map(str::to_owned);
        assert_eq!(candidates("close", &columns), [1]);
        let columns = ["unix", "date", "__index_level_0__"].map(str::to_owned);
        assert_eq!(candidates("time", &columns), [1, 0, 2]);
        assert!(candidates("rate", &columns).is_empty());
    }
}
