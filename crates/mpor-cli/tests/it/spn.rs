//! An exchange's risk parameter file, read, shown, written as tables and refused.

use mpor_core::Column;
use mpor_data::tables::read_parquet;

use crate::lab::Lab;
use crate::terminal::mpor;

/// One future of a range of 150 a unit and 50 units, with a spread between two tiers.
fn file() -> String {
    let moves = [0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3].map(|thirds| -2500 * thirds);
    let array: String = moves.iter().chain(&[-2400, 2400]).map(|a| format!("<a>{a}</a>")).collect();
    let contract = |number: u8, period: u32, price: u32| {
        format!(
            "<fut><cId>{number}</cId><pe>{period}</pe><p>{price}</p><d>1</d><cvf>50</cvf><sc>1</sc><undC><exch>XMP</exch></undC><scanRate><r>1</r><priceScan>150</priceScan><volScan>0.05</volScan></scanRate><ra><r>1</r>{array}<d>1</d></ra></fut>"
        )
    };
    let (march, july) = (contract(1, 202_603, 600), contract(2, 202_607, 620));
    format!(
        r"<?xml version='1.0'?><spanFile><fileFormat>4.00</fileFormat><created>202602101800</created>
<pointInTime><date>20260210</date><isSetl>1</isSetl><clearingOrg><ec>XCC</ec><name>Example</name><lookAheadYears>0.0027</lookAheadYears>
<exchange><exch>XMP</exch><futPf><pfId>1</pfId><pfCode>WHT</pfCode><name>Wheat</name><currency>EUR</currency><cvf>50</cvf><valueMeth>FUT</valueMeth>{march}{july}</futPf></exchange>
<ccDef><cc>WHEAT</cc><currency>EUR</currency><wfprMeth>SCANRANGE_CAP</wfprMeth><somMeth>MAX</somMeth><pfLink><exch>XMP</exch><pfId>1</pfId><pfCode>WHT</pfCode><pfType>FUT</pfType><sc>1</sc></pfLink>
<intraTiers><tier><tn>1</tn><sPe>202603</sPe><ePe>202603</ePe></tier><tier><tn>2</tn><sPe>202604</sPe><ePe>202612</ePe></tier></intraTiers>
<dSpread><spread>1</spread><chargeMeth>F</chargeMeth><rate><r>1</r><val>40.0</val></rate><tLeg><cc>WHEAT</cc><tn>1</tn><rs>A</rs><i>1</i></tLeg><tLeg><cc>WHEAT</cc><tn>2</tn><rs>B</rs><i>1</i></tLeg></dSpread>
</ccDef></clearingOrg></pointInTime></spanFile>"
    )
}

#[test]
fn a_file_in_and_arrays_and_spreads_out() {
    let lab = Lab::new();
    lab.text("wheat.spn", &file());
    let said = mpor(&lab.path(""), "spn wheat.spn --out tables");
    assert_eq!(said.code, 0, "{}", said.shown());
    insta::assert_snapshot!(said.shown());
    let arrays = read_parquet(&lab.path("tables/arrays.parquet")).unwrap();
    let down = arrays.column("13 price down the range, vol up");
    assert_eq!(down, Some(&Column::numbers([7500.0, 7500.0])));
    let spreads = read_parquet(&lab.path("tables/spreads.parquet")).unwrap();
    let legs = ["A 1 x WHEAT tier 1; B 1 x WHEAT tier 2"];
    assert_eq!(spreads.column("legs"), Some(&Column::texts(legs)));
}

#[test]
fn a_file_cut_short_is_refused_by_name() {
    let lab = Lab::new();
    let whole = file();
    lab.text("cut.spn", &whole[..whole.len() / 2]);
    let said = mpor(&lab.path(""), "spn cut.spn --out tables");
    assert_eq!(said.code, 1);
    assert!(said.shown().contains("cut.spn"), "{}", said.shown());
    assert!(said.shown().contains("it is cut short, fetch it again"), "{}", said.shown());
    assert!(!lab.path("tables").exists());
}
