//! Files of venues and tools, in the forms of their documentation with made-up numbers.

use crate::desk::Desk;

const PRICES: &str = "time,symbol,source,open,high,low,close,volume\n";

#[test]
fn binance_klines_in_every_dress() {
    let expected = format!(
        "{PRICES}2025-01-01T01:00:00Z,BTC/USDT,binance,100.0,102.0,99.0,101.0,5.0\n\
         2025-01-01T02:00:00Z,BTC/USDT,binance,101.0,103.0,100.0,102.0,6.0\n"
    );
    let header = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore\n";
    let milliseconds = "1735689600000,100,102,99,101,5,1735693199999,500,9,2,200,0\n1735693200000,101,103,100,102,6,1735696799999,600,9,2,200,0\n";
    let microseconds = "1735689600000000,100,102,99,101,5,1735693199999999,500,9,2,200,0\n1735693200000000,101,103,100,102,6,1735696799999999,600,9,2,200,0\n";
    let json = "[[1735689600000,\"100\",\"102\",\"99\",\"101\",\"5\",1735693199999,\"500\",9,\"2\",\"200\",\"0\"],\
                [1735693200000,\"101\",\"103\",\"100\",\"102\",\"6\",1735696799999,\"600\",9,\"2\",\"200\",\"0\"]]";
    for (name, text) in [
        ("headed.csv", format!("{header}{milliseconds}")),
        ("bare.csv", milliseconds.to_owned()),
        ("micro.csv", microseconds.to_owned()),
        ("list.json", json.to_owned()),
    ] {
        let desk = Desk::new();
        let file = desk.write(name, &text);
        let (table, report) = desk.table(&file, "table = \"prices\"\nsymbol = \"BTC/USDT\"");
        assert_eq!(table, expected, "{name}");
        assert_eq!(report.files[0].format, "binance-klines");
        assert_eq!(
            report.files[0].changed[0].what,
            "time moved from the open of the bar to its end, 1h later"
        );
    }
}

#[test]
fn binance_funding_of_the_archive() {
    let desk = Desk::new();
    let file = desk.write(
        "BTCUSDT-fundingRate-2025-01.csv",
        "calc_time,funding_interval_hours,last_funding_rate\n1735689600003,8,0.0001\n1735718400000,4,-0.00025\n",
    );
    let asked = desk.refused(&file, "table = \"funding\"");
    assert!(asked.contains("guess: BTCUSDT"), "{asked}");
    let (table, report) = desk.table(&file, "table = \"funding\"\nconfirm = true");
    assert_eq!(
        table,
        "time,symbol,source,rate,interval_hours\n2025-01-01T00:00:00Z,BTCUSDT,binance,0.0001,8.0\n\
         2025-01-01T08:00:00Z,BTCUSDT,binance,-0.00025,4.0\n"
    );
    assert_eq!(report.files[0].changed[0].rows, 1);
}

const INSTRUMENTS: &str = r#"{"jsonrpc": "2.0", "result": [
 {"instrument_name": "BTC-PERPETUAL", "kind": "future", "base_currency": "BTC", "quote_currency": "USD", "counter_currency": "USD",
  "settlement_currency": "BTC", "settlement_period": "perpetual", "instrument_type": "reversed", "contract_size": 10,
  "expiration_timestamp": 32503708800000, "tick_size": 0.5},
 {"instrument_name": "BTC-26JUN26", "kind": "future", "base_currency": "BTC", "quote_currency": "USD", "counter_currency": "USD",
  "settlement_currency": "BTC", "settlement_period": "month", "instrument_type": "reversed", "contract_size": 10,
  "expiration_timestamp": 1782460800000},
 {"instrument_name": "BTC-26JUN26-60000-C", "kind": "option", "base_currency": "BTC", "quote_currency": "BTC", "counter_currency": "USD",
  "settlement_currency": "BTC", "settlement_period": "month", "instrument_type": "reversed", "contract_size": 1.0,
  "expiration_timestamp": 1782460800000, "strike": 60000.0, "option_type": "call"},
 {"instrument_name": "SOL_USDC-26JUN26-150-P", "kind": "option", "base_currency": "SOL", "quote_currency": "USDC", "counter_currency": "USDC",
  "settlement_currency": "USDC", "settlement_period": "month", "instrument_type": "linear", "contract_size": 10.0,
  "expiration_timestamp": 1782460800000, "strike": 150.0, "option_type": "put"},
 {"instrument_name": "ETH_USDC", "kind": "spot", "base_currency": "ETH", "quote_currency": "USDC", "counter_currency": "USDC",
  "instrument_type": "linear", "contract_size": 0.0001},
 {"instrument_name": "BTC-FS-26JUN26_PERP", "kind": "future_combo", "base_currency": "BTC", "quote_currency": "USD",
  "instrument_type": "reversed", "contract_size": 10, "expiration_timestamp": 1782460800000}
], "usIn": 1, "usOut": 2}"#;

#[test]
fn deribit_instruments() {
    let desk = Desk::new();
    let file = desk.write("instruments.json", INSTRUMENTS);
    let (table, report) = desk.table(&file, "table = \"instruments\"");
    assert_eq!(
        table,
        "instrument,kind,underlying,quote,settlement,contract_size,inverse,expiry,strike,right\n\
         BTC-26JUN26,future,BTC,USD,BTC,10.0,true,2026-06-26T08:00:00Z,,\n\
         BTC-26JUN26-60000-C,option,BTC,USD,BTC,1.0,true,2026-06-26T08:00:00Z,60000.0,call\n\
         BTC-PERPETUAL,perpetual,BTC,USD,BTC,10.0,true,,,\n\
         ETH_USDC,spot,ETH,USDC,USDC,0.0001,false,,,\n\
         SOL_USDC-26JUN26-150-P,option,SOL,USDC,USDC,10.0,false,2026-06-26T08:00:00Z,150.0,put\n"
    );
    assert_eq!(report.files[0].refused[0].reason, "it is a combination of contracts");
    let rows = mpor_data::positions::instruments(&mpor_data::Query::all([desk
        .path("out.parquet")
        .to_string_lossy()]));
    assert_eq!(rows.unwrap().len(), 5);
}

const SUMMARY: &str = r#"{"result": [
 {"instrument_name": "BTC-26JUN26-60000-C", "bid_price": 0.0525, "ask_price": null, "mark_price": 0.053, "mark_iv": 44.5,
  "underlying_price": 61000.5, "estimated_delivery_price": 60900, "creation_timestamp": 1767225600000, "base_currency": "BTC"},
 {"instrument_name": "SOL_USDC-26JUN26-150-P", "bid_price": 11.5, "ask_price": 12, "mark_price": 11.75, "mark_iv": 80,
  "underlying_price": 151, "estimated_delivery_price": 150, "creation_timestamp": 1767225600000},
 {"instrument_name": "BTC-PERPETUAL", "bid_price": 60900, "ask_price": 60901, "mark_price": 60900.5, "creation_timestamp": 1767225600000}
]}"#;

#[test]
fn a_deribit_chain_as_quotes_and_as_marks() {
    let desk = Desk::new();
    let file = desk.write("summary.json", SUMMARY);
    let (table, report) = desk.table(&file, "table = \"chains\"");
    assert_eq!(
        table,
        "time,underlying,source,expiry,strike,right,bid,ask,bid_iv,ask_iv,forward,index,mark,mark_iv,price_unit\n\
         2026-01-01T00:00:00Z,BTC,deribit,2026-06-26T08:00:00Z,60000.0,call,0.0525,,,,61000.5,60900.0,0.053,0.445,coin\n\
         2026-01-01T00:00:00Z,SOL,deribit,2026-06-26T08:00:00Z,150.0,put,11.5,12.0,,,151.0,150.0,11.75,0.8,USDC\n"
    );
    assert_eq!(report.files[0].refused[0].reason, "it is not an option");
    assert_eq!(report.files[0].refused[0].first[0].found, "`BTC-PERPETUAL`");
    let chain = mpor_data::chains::chains(&mpor_data::Query::all([desk
        .path("out.parquet")
        .to_string_lossy()]));
    assert_eq!(chain.unwrap().len(), 2);
    let (table, report) = desk.table(&file, "table = \"option_marks\"");
    assert_eq!(
        table,
        "time,instrument,mark_price,mark_iv,underlying_price,forward\n\
         2026-01-01T00:00:00Z,BTC-26JUN26-60000-C,0.053,0.445,60900.0,61000.5\n\
         2026-01-01T00:00:00Z,SOL_USDC-26JUN26-150-P,11.75,0.8,150.0,151.0\n"
    );
    assert_eq!(report.files[0].changed[0].what, "volatilities divided by 100");
}

#[test]
fn freqtrade_lists_are_stamped_at_their_open() {
    let desk = Desk::new();
    let candles = "[[1735689600000, 100.0, 102.0, 99.0, 101.0, 5.0], [1735693200000, 101.0, 103.0, 100.0, 102.0, 6.0]]";
    let file = desk.write("BTC_USDT-1h.json", candles);
    let (table, _) = desk.table(&file, "table = \"prices\"\nsource = \"binance\"");
    assert_eq!(
        table,
        format!(
            "{PRICES}2025-01-01T01:00:00Z,BTC/USDT,binance,100.0,102.0,99.0,101.0,5.0\n\
             2025-01-01T02:00:00Z,BTC/USDT,binance,101.0,103.0,100.0,102.0,6.0\n"
        )
    );
    let rates = "[[1735689600000, 0.0001, 0.0, 0.0, 0.0, 0.0], [1735718400000, -0.0002, 0.0, 0.0, 0.0, 0.0]]";
    let file = desk.write("BTC_USDT_USDT-8h-funding_rate.json", rates);
    let (table, _) =
        desk.table(&file, "table = \"funding\"\nsource = \"binance\"\ninterval = \"8h\"");
    assert_eq!(
        table,
        "time,symbol,source,rate,interval_hours\n2025-01-01T00:00:00Z,BTC/USDT:USDT,binance,0.0001,8.0\n\
         2025-01-01T08:00:00Z,BTC/USDT:USDT,binance,-0.0002,8.0\n"
    );
}

#[test]
fn funding_in_the_column_open_is_shown_and_confirmed() {
    let desk = Desk::new();
    let file = desk.write(
        "rates.csv",
        "date,open,high,low,close,volume\n2025-01-01 00:00:00+00:00,0.0001,0,0,0,0\n2025-01-01 08:00:00+00:00,-0.0002,0.0,0,0,0\n",
    );
    let keys = "table = \"funding\"\nsymbol = \"X\"\nsource = \"x\"\ninterval = \"8h\"\n";
    let asked = desk.refused(&file, keys);
    assert!(asked.contains("freqtrade keeps funding rates in `open`"), "{asked}");
    let (table, _) = desk.table(&file, &format!("{keys}confirm = true"));
    assert!(table.ends_with("2025-01-01T08:00:00Z,X,x,-0.0002,8.0\n"), "{table}");
}

const TICKER: &str = "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,predicted_funding_rate,open_interest,last_price,index_price,mark_price\n\
binance-futures,BTCUSDT,1735689600000000,1735689600000100,,,,,100,100.5,100.25\n\
binance-futures,BTCUSDT,1735689660000000,1735689660000100,1735718400000000,0.0001,,,101,101.5,101.25\n\
binance-futures,BTCUSDT,1735718399000000,1735718399000100,1735718400000000,0.0003,,,102,102.5,102.25\n\
binance-futures,BTCUSDT,1735718401000000,1735718401000100,1735747200000000,0.0002,,,103,103.5,103.25\n";

#[test]
fn tardis_tickers_as_funding_and_as_prices() {
    let desk = Desk::new();
    let file = desk.write("ticker.csv", TICKER);
    let (table, report) = desk.table(&file, "table = \"funding\"\ninterval = \"8h\"");
    // Of the two rows before the payment of 08:00 the later one has the rate that was paid.
    assert_eq!(
        table,
        "time,symbol,source,rate,interval_hours\n2025-01-01T08:00:00Z,BTCUSDT,binance-futures,0.0003,8.0\n\
         2025-01-01T16:00:00Z,BTCUSDT,binance-futures,0.0002,8.0\n"
    );
    assert_eq!((report.duplicates_left_out, report.rows_refused), (1, 1));
    let asked = desk.refused(&file, "table = \"prices\"");
    assert!(asked.contains("column close"), "{asked}");
    let (table, _) = desk.table(&file, "table = \"prices\"\n[map]\nclose = \"mark_price\"");
    assert!(table.contains("2025-01-01T00:01:00Z,BTCUSDT,binance-futures,,,,101.25,\n"), "{table}");
}

#[test]
fn tardis_options() {
    let desk = Desk::new();
    let file = desk.write(
        "options.csv",
        "exchange,symbol,timestamp,local_timestamp,type,strike_price,expiration,open_interest,last_price,bid_price,bid_amount,bid_iv,ask_price,ask_amount,ask_iv,mark_price,mark_iv,underlying_index,underlying_price,delta,gamma,vega,theta,rho\n\
         deribit,BTC-26JUN26-60000-P,1767225600000000,1767225600000100,put,60000,1782460800000000,5,,0.05,1,44,0.055,1,46,0.0525,45,SYN.BTC-26JUN26,61000,-0.4,0.1,10,-5,1\n",
    );
    let (table, _) = desk.table(&file, "table = \"chains\"");
    assert_eq!(
        table,
        "time,underlying,source,expiry,strike,right,bid,ask,bid_iv,ask_iv,forward,index,mark,mark_iv,price_unit\n\
         2026-01-01T00:00:00Z,BTC,deribit,2026-06-26T08:00:00Z,60000.0,put,0.05,0.055,0.44,0.46,61000.0,,0.0525,0.45,coin\n"
    );
    let (table, _) = desk.table(&file, "table = \"option_marks\"");
    assert!(
        table.ends_with("2026-01-01T00:00:00Z,BTC-26JUN26-60000-P,0.0525,0.45,,61000.0\n"),
        "{table}"
    );
}

#[test]
fn a_chain_of_anyone_asks_for_the_hour_of_expiry() {
    let desk = Desk::new();
    let file = desk.write(
        "chain.csv",
        "quote_time,root,expiration,strike,type,bid,ask\n2025-01-13T21:00:00Z,SPX,2025-02-21,5800,C,101.5,102\n",
    );
    let keys = "table = \"chains\"\nsource = \"cboe\"\n";
    let more = "[map]\ntime = \"quote_time\"\n[set]\nprice_unit = \"USD\"\n";
    let asked = desk.refused(&file, &format!("{keys}{more}"));
    assert!(asked.contains("--expiry-time 08:00 (UTC)"), "{asked}");
    let (table, _) = desk.table(&file, &format!("{keys}expiry_time = \"21:00\"\n{more}"));
    assert!(
        table.ends_with(
            "2025-01-13T21:00:00Z,SPX,cboe,2025-02-21T21:00:00Z,5800.0,call,101.5,102.0,,,,,,,USD\n"
        ),
        "{table}"
    );
}
