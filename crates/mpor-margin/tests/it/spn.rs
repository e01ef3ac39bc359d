//! The reader of an exchange's risk parameter file: a small made-up file, what it comes to, and what bad files say.

use mpor_core::Right;
use mpor_margin::models::span::Order;
use mpor_margin::models::span::spn::{SpnError, SpnFile, SpnKind, SpnUnitKey};

use crate::market::Market;
use crate::random::Random;

/// Wheat and maize of an exchange that does not exist; ranges of 300 and 150 a contract.
pub fn file() -> String {
    let wheat = futures("1", "WHT", 50.0, 6.0, &[("20260300", 600.0), ("20260500", 610.0)]);
    let maize = futures("2", "MZE", 50.0, 3.0, &[("20260300", 400.0)]);
    let link = |id: &str| format!("<pfLink><exch>XMP</exch><pfId>{id}</pfId><sc>1</sc></pfLink>");
    let tiers = "<tier><tn>1</tn><sPe>202603</sPe><ePe>202603</ePe></tier><tier><tn>2</tn><sPe>20260400</sPe><ePe>20261200</ePe></tier>";
    format!(
        r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<spanFile>
 <fileFormat>4.00</fileFormat><created>202602101800</created>
 <definitions><currencyDef><currency>EUR</currency><symbol>E</symbol><name>Euro</name><decimalPos>2</decimalPos></currencyDef></definitions>
 <pointInTime><date>20260210</date><isSetl>1</isSetl>
  <clearingOrg><ec>XCC</ec><name>Example &amp; Sons</name><lookAheadYears>0.002739726</lookAheadYears>
   <exchange><exch>XMP</exch><name>Example</name>{wheat}{maize}{options}</exchange>
   <ccDef><cc>WHEAT</cc><currency>EUR</currency><wfprMeth>SCANRANGE_CAP</wfprMeth><somMeth>MAX</somMeth>{w}{o}
    <intraTiers>{tiers}</intraTiers>
    <somTiers><tier><tn>1</tn><rate><r>1</r><val>25.0</val></rate></tier></somTiers>
    <dSpread><spread>1</spread><chargeMeth>F</chargeMeth><rate><r>1</r><val>40.0</val></rate>
     <tLeg><cc>WHEAT</cc><tn>1</tn><rs>A</rs><i>1</i></tLeg><tLeg><cc>WHEAT</cc><tn>2</tn><rs>B</rs><i>1</i></tLeg></dSpread>
    <spotRate><r>1</r><pe>20260300</pe><sprd>10</sprd><outr>20</outr></spotRate>
   </ccDef>
   <ccDef><cc>MAIZE</cc><currency>EUR</currency><wfprMeth>NORMAL</wfprMeth><somMeth>GROSS</somMeth>{m}</ccDef>
   <interSpreads><dSpread><spread>1</spread><chargeMeth>W</chargeMeth><rate><r>1</r><val>0.5</val></rate>
    <tLeg><cc>WHEAT</cc><tn>1</tn><rs>A</rs><i>1</i></tLeg><tLeg><cc>MAIZE</cc><tn>1</tn><rs>B</rs><i>2</i></tLeg></dSpread></interSpreads>
  </clearingOrg>
 </pointInTime>
</spanFile>
"#,
        options = options(),
        w = link("1"),
        o = link("3"),
        m = link("2"),
    )
}

fn futures(id: &str, code: &str, factor: f64, range: f64, contracts: &[(&str, f64)]) -> String {
    let contract = |(number, (period, price)): (usize, &(&str, f64))| {
        format!(
            "<fut><cId>{number}</cId><pe>{period}</pe><p>{price}</p><d>1</d><cvf>{factor}</cvf><sc>1</sc><undC><exch>XMP</exch></undC><scanRate><r>1</r><priceScan>{range}</priceScan><volScan>0.05</volScan></scanRate>{}</fut>",
            array(|u| -u * range * factor, 1.0)
        )
    };
    let contracts: String = contracts.iter().enumerate().map(contract).collect();
    format!(
        "<futPf><pfId>{id}</pfId><pfCode>{code}</pfCode><name>{code}</name><currency>EUR</currency><cvf>{factor}</cvf><valueMeth>FUT</valueMeth>{contracts}</futPf>"
    )
}

/// A call that gains and loses half of what a future does.
fn options() -> String {
    let array = array(|u| -u * 150.0, 0.5);
    format!(
        "<oofPf><pfId>3</pfId><pfCode>WHT</pfCode><cvf>50</cvf><valueMeth>EQTY</valueMeth><series><pe>20260300</pe><v>0.3</v><sc>1</sc><opt><cId>9</cId><o>C</o><k>620</k><p>4.5</p><d>0.4</d>{array}</opt></series></oofPf>"
    )
}

/// The sixteen values of a contract that depends on price alone.
fn array(loss: impl Fn(f64) -> f64, delta: f64) -> String {
    let moves = [0.0, 0.0, 1.0, 1.0, -1.0, -1.0, 2.0, 2.0, -2.0, -2.0, 3.0, 3.0, -3.0, -3.0];
    let mut values: Vec<f64> = moves.iter().map(|thirds| loss(thirds / 3.0)).collect();
    values.extend([0.32 * loss(3.0), 0.32 * loss(-3.0)]);
    let values: String = values.iter().map(|value| format!("<a>{value}</a>")).collect();
    format!("<ra><r>1</r>{values}<d>{delta}</d></ra>")
}

fn read(text: &str) -> Result<SpnFile, SpnError> {
    SpnFile::read(text.as_bytes())
}

pub fn future(product: &str, period: &str) -> SpnUnitKey {
    let (product, period) = (product.to_owned(), period.to_owned());
    SpnUnitKey { product, kind: SpnKind::Future, period, option: None }
}

pub fn call() -> SpnUnitKey {
    SpnUnitKey {
        product: "WHT".to_owned(),
        kind: SpnKind::Option,
        period: "20260300".to_owned(),
        option: Some((620.0, Right::Call)),
    }
}

#[test]
fn a_file_in_arrays_and_spreads_out() {
    let file = read(&file()).unwrap();
    assert_eq!((file.format.as_str(), file.date.as_str()), ("4.00", "20260210"));
    assert_eq!(file.is_settlement, Some(true));
    let organisation = &file.organisations[0];
    assert_eq!((organisation.code.as_str(), organisation.portfolios.len()), ("XCC", 3));
    let wheat = &organisation.portfolios[0].contracts;
    assert_eq!((wheat.len(), wheat[0].array.unwrap()[12]), (2, 300.0));
    assert_eq!((wheat[1].price, wheat[1].price_scan), (Some(610.0), Some(6.0)));
    let option = &organisation.portfolios[2].contracts[0];
    assert_eq!(option.option, Some((620.0, Right::Call)));
    assert_eq!(option.period, "20260300", "from its series");
    assert_eq!(
        (option.value_factor, option.delta),
        (50.0, 0.5),
        "from its product, and the array's"
    );
    assert_eq!(organisation.commodities[0].spreads[0].legs.len(), 2);
    let skipped: Vec<(&str, usize)> = file.skipped.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(skipped, [("currencyDef", 1), ("definitions", 1), ("undC", 3)]);
}

#[test]
fn the_requirement_of_a_book_of_the_file() {
    let margins = read(&file()).unwrap().margins();
    assert!(margins.not_applied.is_empty(), "{:?}", margins.not_applied);
    assert_eq!(margins.codes().collect::<Vec<_>>(), ["WHEAT", "MAIZE"]);
    let book = [
        (future("WHT", "20260300"), 3.0),
        (future("WHT", "20260500"), -1.0),
        (call(), -2.0),
        (future("MZE", "20260300"), -4.0),
    ];
    let (codes, account) = margins.assess(&book, Order::Commodity).unwrap();
    assert_eq!(codes, ["WHEAT", "MAIZE"]);
    let (wheat, maize) = (&account.commodities[0], &account.commodities[1]);
    // hand: futures 2 net, calls -2 x half: one delta of 300
    assert_eq!((wheat.net_delta, wheat.scan_risk, wheat.active_scenario + 1), (1.0, 300.0, 13));
    // hand: the near tier holds 3 - 1 = 2 deltas, of which one spreads at 40; 10 for that one and 20 for the other
    assert_eq!((wheat.intra_charge, wheat.spot_charge), (40.0, 30.0));
    assert_eq!(wheat.short_option_minimum, 50.0);
    assert_eq!(wheat.net_option_value, -2.0 * 4.5 * 50.0);
    // hand: one spread takes 1 wheat and 2 maize: half of 300, and half of twice 150
    assert_eq!(account.inter_formed, [1.0]);
    assert_eq!((wheat.inter_credit, maize.inter_credit), (150.0, 150.0));
    assert_eq!(account.risk, (300.0 + 40.0 + 30.0 - 150.0) + (600.0 - 150.0));
    assert_eq!(account.requirement, account.risk + 450.0);
}

#[test]
fn a_study_takes_the_arrays_of_the_file() {
    let margins = read(&file()).unwrap().margins();
    let named = [("SPX-FUT", future("WHT", "20260300")), ("SPX-P-3800", call())];
    let mut commodity: toml::Table =
        toml::from_str("price_range = { points = 6.0 }\nextreme = { multiple = 3, cover = 0.32 }")
            .unwrap();
    commodity.insert("contracts".to_owned(), margins.given_arrays(&named).unwrap().into());
    let mut model = toml::Table::new();
    model.insert("kind".to_owned(), "span".into());
    model.insert(
        "commodities".to_owned(),
        toml::Table::from_iter([("SPX".to_owned(), commodity.into())]).into(),
    );
    let report = Market::new().ask(&model.to_string(), &[("SPX-FUT", 2.0), ("SPX-P-3800", -1.0)]);
    // hand: two of 300 a contract less half of one
    assert_eq!(report.unwrap().maintenance.amount(), 450.0);
    let error = margins.given_arrays(&[("X", future("RYE", "20260300"))]).unwrap_err();
    assert!(error.to_string().starts_with("RYE 20260300 is not in the file"), "{error}");
}

#[test]
fn contracts_and_rules_that_are_not_there_are_named() {
    let asked = |text: &str, contract: SpnUnitKey| {
        let margins = read(text).unwrap().margins();
        margins.assess(&[(contract, 1.0)], Order::Commodity).unwrap_err().to_string()
    };
    assert_eq!(
        asked(&file(), future("WHT", "20270300")),
        "WHT 20270300 is not in the file: no combined commodity has this product, period, strike and right"
    );
    let monthly = file().replacen("<chargeMeth>F", "<chargeMeth>P", 1);
    assert_eq!(
        asked(&monthly, future("WHT", "20260300")),
        "combined commodity `WHEAT`: spread 1: charge method `P`: only F, flat, is applied"
    );
    // The other commodity of the same file is not touched by it.
    let margins = read(&monthly).unwrap().margins();
    assert!(margins.assess(&[(future("MZE", "20260300"), 1.0)], Order::Commodity).is_ok());
    assert_eq!(margins.not_applied.len(), 0);
    let percent = file().replace("<val>0.5</val>", "<val>50</val>");
    assert_eq!(
        read(&percent).unwrap().margins().not_applied,
        ["spread 1: credit 50: a share between 0 and 1 expected"]
    );
}

#[test]
fn bad_files_say_where_and_what() {
    let good = file();
    let error = |text: &str| read(text).unwrap_err().to_string();
    let at = good.find("</a>").unwrap();
    let cut = error(&good[..at]);
    assert_eq!(
        cut,
        format!(
            "byte {at}: the file ends inside <spanFile/pointInTime/clearingOrg/exchange/futPf/fut/ra/a>; it is cut short, fetch it again"
        )
    );
    assert_eq!(
        error(""),
        "byte 0: the file ends inside <nothing>; it is cut short, fetch it again"
    );
    assert_eq!(
        error("<html></html>"),
        "byte 0: <html> stands where one <spanFile> belongs; is this a SPAN file in XML?"
    );
    assert_eq!(
        error("PK\u{3}\u{4}"),
        "byte 0: not well-formed XML inside <nothing>: text outside the root element; is this a SPAN file in XML?"
    );
    let doctype = good.replace("<spanFile>", "<!DOCTYPE spanFile [<!ENTITY a \"b\">]><spanFile>");
    assert!(error(&doctype).contains("a document type declaration inside <nothing> is refused"));
    let entity = good.replace("Example &amp; Sons", "&lol;");
    assert!(error(&entity).contains("the reference `&lol;` inside <spanFile/pointInTime/clearingOrg/name> is refused: no entity but those of XML itself"));
    let number = good.replacen("<p>600</p>", "<p>6OO</p>", 1);
    assert!(error(&number).ends_with(
        "<spanFile/pointInTime/clearingOrg/exchange/futPf/fut> has <p> `6OO`: a number expected"
    ));
    let fifteen = good.replacen("<a>", "<b>", 1).replacen("</a>", "</b>", 1);
    assert!(error(&fifteen).ends_with("/ra> holds 15 values <a>: 16 expected"));
    let mismatch = good.replacen("</fut>", "</futt>", 1);
    assert!(error(&mismatch).contains("not well-formed XML"), "{}", error(&mismatch));
    let nan = good.replacen("<priceScan>6<", "<priceScan>NaN<", 1);
    assert!(error(&nan).contains("has <priceScan> `NaN`: a number expected"));
}

#[test]
fn hostile_sizes_are_refused() {
    let attribute = format!("<spanFile a=\"{}\"/>", "x".repeat(1 << 20));
    let text = format!("<spanFile><created>{}</created></spanFile>", "9".repeat(1 << 20));
    let comment = format!("<spanFile><!--{}--></spanFile>", "-x".repeat(1 << 19));
    for hostile in [&attribute, &text, &comment] {
        let error = read(hostile).unwrap_err().to_string();
        assert!(error.contains("a tag, comment or text of more than 65536 bytes"), "{error}");
    }
    let pieces = format!("<spanFile><created>{}", "9&amp;".repeat(40_000));
    assert!(read(&pieces).unwrap_err().to_string().contains("so long a text"));
    let deep = "<spanFile>".to_owned() + &"<a>".repeat(100);
    assert!(read(&deep).unwrap_err().to_string().contains("at most 32 elements deep"));
}

/// An endless element ends the reading after so many bytes of it, whatever would still come.
#[test]
fn an_endless_attribute_is_not_read_to_its_end() {
    let endless = std::io::BufReader::new(Endless { begun: false, given: 0 });
    let error = SpnFile::read(endless).unwrap_err().to_string();
    assert!(error.contains("more than 65536 bytes"), "{error}");
}

struct Endless {
    begun: bool,
    given: usize,
}

impl std::io::Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if !self.begun {
            self.begun = true;
            let begin = b"<spanFile a=\"";
            into[..begin.len()].copy_from_slice(begin);
            return Ok(begin.len());
        }
        self.given += into.len();
        assert!(self.given < 1 << 20, "it reads on");
        into.fill(b'x');
        Ok(into.len())
    }
}

/// Every truncation of the file is an error, and no mutation of it a panic: thousands of them, from a fixed generator.
#[test]
fn no_bad_file_panics_or_passes_cut_short() {
    let good = file();
    let end = good.trim_end().len();
    for cut in 0..end {
        assert!(read(&good[..cut]).is_err(), "cut at {cut}");
    }
    assert!(read(&good[..end]).is_ok());
    let mut random = Random(7);
    let (mut read_whole, mut refused) = (0, 0);
    for _ in 0..6_000 {
        let mut bytes = good.clone().into_bytes();
        for _ in 0..=random.below(4) {
            random.mutate(&mut bytes);
        }
        match SpnFile::read(bytes.as_slice()) {
            Ok(file) => {
                read_whole += 1;
                let margins = file.margins();
                let book = [(future("WHT", "20260300"), 1.0), (call(), -1.0)];
                // An amount or an error, but no panic.
                drop(margins.assess(&book, Order::Account));
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().len() < 600, "{error}");
            }
        }
    }
    assert!(read_whole > 100 && refused > 1_000, "{read_whole} read, {refused} refused");
}
