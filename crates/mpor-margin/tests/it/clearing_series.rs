//! Clearing houses' models on books of one instrument: the figures of single series that an independent implementation
//! computed (`tests/golden/vectors/fhs`), out of full revaluations of a portfolio.

use std::path::Path;

use mpor_core::{
    Contract, Factor, ForwardCurve, Horizon, Instrument, InstrumentIx, MarketState, Panel,
    Portfolio, Position, Span, Timestamp, Underlying, UnderlyingIx, UnderlyingState, Universe,
};
use mpor_risk::Day;
use ndarray::Array2;
use serde_json::Value;

use crate::market::built;

/// Of the vectors.
const RELATIVE: f64 = 1e-10;

/// One price whose log returns are given; `step t + 1` is the end of return `t`.
struct Series {
    panel: Panel,
    universe: Universe,
    prices: Vec<f64>,
    stress_days: Vec<usize>,
}

fn read(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/vectors/fhs");
    serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

impl Series {
    fn new() -> Self {
        let history = read("history.json");
        let numbers = |key: &str| history[key].as_array().unwrap().clone();
        let mut prices = vec![100.0_f64];
        for x in numbers("returns") {
            prices.push(prices[prices.len() - 1] * x.as_f64().unwrap().exp());
        }
        let step = |t: usize| Timestamp::default() + Span::days(t as i64);
        let times = (0..prices.len()).map(step).collect();
        let values = Array2::from_shape_vec((1, prices.len()), prices.clone()).unwrap();
        let panel = Panel::new(times, vec![Factor::Spot(UnderlyingIx(0))], values).unwrap();
        let name = || "X".to_owned();
        let mut universe =
            Universe::new(vec![Underlying { name: name(), quote: "USD".to_owned() }]);
        let (underlying, contract) = (UnderlyingIx(0), Contract::Spot);
        let spot = Instrument { name: name(), underlying, contract_size: 1.0, contract };
        universe.add(spot).unwrap();
        let stress_days = numbers("stress_days");
        let stress_days = stress_days.iter().map(|t| t.as_u64().unwrap() as usize).collect();
        Series { panel, universe, prices, stress_days }
    }

    /// Margin as a share of notional on the date of return `t`.
    fn ask(&self, model: &str, t: usize, steps: usize, quantity: f64) -> f64 {
        let (last, spot) = (t + 1, self.prices[t + 1]);
        let state = UnderlyingState {
            spot,
            perpetual: spot,
            carry: 0.0,
            forwards: ForwardCurve::default(),
            rate: 0.0,
            surface: None,
        };
        let time = self.panel.times()[last];
        let state = MarketState { time, underlyings: vec![state], marks: Default::default() };
        let horizon = Horizon::new(Span::days(steps as i64), steps).unwrap();
        let held = [InstrumentIx(0)];
        let day = Day::new(self.panel.until(last), &state, &self.universe, &held, horizon, 1);
        let book = Portfolio::new(vec![Position { instrument: held[0], quantity }]);
        let built = built(&format!("kind = \"clearing-var\"\n{model}")).unwrap();
        let report = built.model.prepare(&day).unwrap().requirement(&book).unwrap();
        assert_eq!(report.initial.recomputed(), report.initial.amount());
        report.initial.amount() / spot
    }

    /// The stress days as periods: runs of days in the list.
    fn periods(&self) -> String {
        let date = |t: usize| self.panel.times()[t + 1].date();
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for &t in &self.stress_days {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == t => *last = t,
                _ => runs.push((t, t)),
            }
        }
        let run = |&(first, last): &(usize, usize)| {
            format!("{{ first = \"{}\", last = \"{}\" }}", date(first), date(last))
        };
        let list: Vec<String> = runs.iter().map(run).collect();
        format!("{{ periods = {{ list = [{}] }} }}", list.join(", "))
    }
}

fn near(actual: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (actual - expected).abs() <= RELATIVE * expected.abs(),
        "{what}: {actual}, expected {expected}"
    );
}

const SIDES: [(&str, f64); 2] = [("long", 3.0), ("short", -3.0)];

#[test]
fn interleaved_filtered_moves_and_stress_days_give_the_published_form() {
    let (series, file) = (Series::new(), read("bucketed.json"));
    let periods = series.periods();
    for vector in file["vectors"].as_array().unwrap() {
        let config = &vector["config"];
        let text = |key: &str| config[key].as_str().unwrap().to_owned();
        let steps = config["m"].as_u64().unwrap() as usize;
        let read = "samples = \"interleaved\"\nquantile = \"type2\"\nside = \"pnl\"";
        let filtered = |floor: &str| {
            format!(
                "[measures.filtered]\nscenarios = {{ bucketed = {{ look_back = {}, window = {}, volatility = {{ ewma = {} }}{floor} }} }}\nfigure = {{ var = {} }}\nscale = {}\n{read}\n",
                config["n"],
                config["window"],
                config["lambda"],
                text("anchor_level"),
                config["scale"]
            )
        };
        let stress = format!(
            "[measures.stress]\nscenarios = {periods}\nfigure = {{ var = {} }}\n{read}\n",
            text("stress_level")
        );
        let (plain, floored) = (filtered(""), filtered(", floor = \"median\""));
        let both = |own: &str| format!("combine = \"max\"\n{own}{stress}");
        let rows = vector["rows"].as_array().unwrap();
        // Every fifth date; the vectors run all of them through the series functions.
        for row in rows.iter().step_by(5) {
            let t = row["t"].as_u64().unwrap() as usize;
            for (side, quantity) in SIDES {
                // A short's sign is that of the position: the quantile of one side is the other's.
                let scaled = |model: &str| series.ask(model, t, steps, quantity) / quantity.abs();
                for (model, field) in [
                    (plain.clone(), "filtered"),
                    (floored.clone(), "filtered_floored"),
                    (both(&plain), "margin"),
                    (both(&floored), "margin_floored"),
                ] {
                    near(scaled(&model), &row[side][field], &format!("{t} {side} {field}"));
                }
                near(scaled(&stress), &vector["stress"][side], &format!("{t} {side} stress"));
            }
        }
    }
}

#[test]
fn rescaled_moves_give_the_published_figures_of_the_tail() {
    let (series, file) = (Series::new(), read("hull_white.json"));
    let window = &file["window"];
    for vector in file["vectors"].as_array().unwrap().iter().step_by(9) {
        let t = vector["t"].as_u64().unwrap() as usize;
        let horizon = vector["horizon"].as_u64().unwrap() as usize;
        for (form, keys) in
            [("full", ""), ("floored", ", floor = \"median\""), ("mid", ", rescale = \"mid\"")]
        {
            let scenarios = format!(
                "scenarios = {{ filtered = {{ window = {window}, volatility = {{ ewma = {} }}{keys} }} }}",
                vector["lam"]
            );
            for (side, quantity) in SIDES {
                for (field, expected) in vector["expected"][form][side].as_object().unwrap() {
                    let (steps, figure) = match field.as_str() {
                        "one_day_var_99" => (1, "figure = { var = 0.99 }"),
                        "one_day_es_975" => (1, "figure = { es = 0.975 }"),
                        "one_day_worst_6" => (1, "figure = { worst = 6 }"),
                        "overlapping_var_99" => (horizon, "figure = { var = 0.99 }"),
                        "overlapping_es_975" => (horizon, "figure = { es = 0.975 }"),
                        "interleaved_mean_var_99" => {
                            (horizon, "figure = { var = 0.99 }\nsamples = \"interleaved\"")
                        }
                        "interleaved_mean_es_975" => {
                            (horizon, "figure = { es = 0.975 }\nsamples = \"interleaved\"")
                        }
                        // The root multiplies figures there and moves here.
                        "sqrt_time_var_99" => continue,
                        _ => panic!("{field}"),
                    };
                    let model = format!("[measures.m]\n{scenarios}\n{figure}");
                    let actual = series.ask(&model, t, steps, quantity) / quantity.abs();
                    near(actual, expected, &format!("{t} {form} {side} {field}"));
                }
            }
        }
    }
}

#[test]
fn stress_weighs_a_quarter_of_amounts_or_of_scenarios() {
    let (series, file) = (Series::new(), read("stress_blend.json"));
    let periods = series.periods();
    let filtered = format!(
        "scenarios = {{ filtered = {{ window = {}, volatility = {{ ewma = {} }} }} }}",
        file["window"], file["lam"]
    );
    let var = "figure = { var = 0.99 }";
    let amounts = format!(
        "[measures.calm]\n{filtered}\n{var}\nweight = 0.75\n[measures.stress]\nscenarios = {periods}\n{var}\nweight = 0.25"
    );
    let pooled = |figure: &str| {
        format!(
            "[measures.pool]\n{filtered}\nfigure = {{ {figure} = 0.99 }}\nappended = [{{ scenarios = {periods}, share = 0.25 }}]"
        )
    };
    for vector in file["vectors"].as_array().unwrap().iter().step_by(7) {
        let t = vector["t"].as_u64().unwrap() as usize;
        for (side, quantity) in SIDES {
            let expected = &vector["expected"][side];
            let ask = |model: &str| series.ask(model, t, 1, quantity) / quantity.abs();
            near(ask(&amounts), &expected["amounts_75_25"], &format!("{t} {side} amounts"));
            near(
                ask(&pooled("var")),
                &expected["pooled_scenarios_var"],
                &format!("{t} {side} var"),
            );
            near(ask(&pooled("es")), &expected["pooled_scenarios_es"], &format!("{t} {side} es"));
        }
    }
}

#[test]
fn the_mean_of_the_six_worst_is_that_of_the_series() {
    let (series, file) = (Series::new(), read("plain.json"));
    let model = format!(
        "[measures.m]\nscenarios = {{ historical = {{ window = {} }} }}\nfigure = {{ worst = 6 }}",
        file["window"]
    );
    let field = |expected: &Value| {
        let found = expected.as_object().unwrap().keys().find(|key| key.starts_with("worst_"));
        found.unwrap().clone()
    };
    for vector in file["vectors"].as_array().unwrap() {
        let t = vector["t"].as_u64().unwrap() as usize;
        for (side, quantity) in SIDES {
            let expected = &vector["expected"][side];
            let actual = series.ask(&model, t, 1, quantity) / quantity.abs();
            near(actual, &expected[field(expected)], &format!("{t} {side}"));
        }
    }
}
