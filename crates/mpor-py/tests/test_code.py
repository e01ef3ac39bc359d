"""Margin models and scenario sets that are Python functions."""

import datetime as dt
import math

import numpy as np
import polars as pl
import pytest

import mpor
from conftest import study_dict

LEVEL, WINDOW, STEPS = 0.99, 250, 2


def historical_var(day):
    """The 99 per cent VaR of historical scenarios: the loss whose rank from below is the ceiling of 0.99 n."""
    pnl = pl.DataFrame(day.pnl)
    accounts, amounts = [], []
    for (account,), held in pl.DataFrame(day.positions).group_by("account", maintain_order=True):
        book = pnl.select(held["instrument"].to_list()).to_numpy() @ held["quantity"].to_numpy()
        rank = math.ceil(round(LEVEL * len(book), 9))
        accounts.append(account)
        amounts.append(max(0.0, np.sort(-book)[rank - 1]))
    return pl.DataFrame({"account": accounts, "initial": amounts})


def two_day_moves(day):
    """Relative moves of the price over two days, as they happened."""
    price = np.array(day.past["BTC"])
    moves = price[STEPS:] / price[:-STEPS] - 1
    return {
        "scenario": [f"{n}" for n in range(len(moves))],
        "underlying": ["BTC"] * len(moves),
        "spot": moves,
    }


def amounts(run, model, level="initial"):
    table = pl.DataFrame(run["requirements"])
    return table.filter(pl.col("model") == model, pl.col("level") == level).sort("time", "account")["amount"]


def test_a_rule_in_python_is_the_built_in_rule(study, tmp_path):
    both = study.with_model("mine", historical_var, scenarios={"historical": {"window": WINDOW}})
    run = both.run(tmp_path / "run")
    ours, theirs = amounts(run, "mine"), amounts(run, "hs")
    assert ours.len() == 182 * 2
    assert np.allclose(ours, theirs, rtol=1e-12)
    assert ours.max() > 100_000


def test_scenarios_in_python_are_the_built_in_scenarios(study, tmp_path):
    # So many one-day returns, of which overlapping moves are made.
    history = WINDOW + 1
    run = study.with_scenarios("mine", two_day_moves, level=LEVEL, history=history).run(tmp_path / "run")
    assert np.allclose(amounts(run, "mine"), amounts(run, "hs"), rtol=1e-12)


def test_the_result_does_not_depend_on_threads(study, tmp_path):
    mine = study.with_model("mine", historical_var, scenarios={"historical": {"window": WINDOW}})
    one = mine.run(tmp_path / "one", threads=1)
    many = mine.run(tmp_path / "many", threads=4)
    assert one.manifest["outputs"] == many.manifest["outputs"]


def test_a_day_holds_the_past_and_nothing_later(study, tmp_path):
    seen = []

    def rule(day):
        seen.append((day.time, day.past["time"], day.past.columns, day.instruments.rows(), day.horizon_years))
        spot = {row["instrument"]: row["spot"] for row in day.instruments.rows()}
        rows = day.positions.rows()
        worth = [abs(row["quantity"]) * spot[row["instrument"]] for row in rows]
        asked = [row["account"] for row in rows]
        # Answers may come in any order.
        return {"account": asked[::-1], "initial": worth[::-1], "maintenance": [0.5 * x for x in worth[::-1]]}

    run = study.with_model("own", rule, history=5).run(tmp_path / "run", threads=2)
    assert len(seen) == 182, "once a margin date"
    for time, times, columns, instruments, years in seen:
        assert times[-1] == time
        assert len(times) == 5
        assert times == [time - dt.timedelta(days=back) for back in (4, 3, 2, 1, 0)]
        assert "BTC" in columns
        assert {row["underlying"] for row in instruments} == {"BTC"}
        assert years == pytest.approx(2 / 365)
    # Twice the coins, twice the money; and the other level is what was answered.
    long, short = amounts(run, "own")[::2], amounts(run, "own")[1::2]
    assert np.allclose(long, 2 * np.array(short), rtol=1e-9)
    assert np.allclose(amounts(run, "own", "maintenance"), 0.5 * np.array(amounts(run, "own")), rtol=1e-12)


def test_a_fault_of_a_rule_is_told_with_model_and_date(study, tmp_path):
    def rule(day):
        if day.time.date() >= dt.date(2020, 2, 3):
            return 1 / 0
        return {"account": [0, 1], "initial": [1.0, 1.0]}

    with pytest.raises(mpor.Error) as raised:
        study.with_model("mine", rule).run(tmp_path / "run")
    said = str(raised.value)
    for part in ("`mine`", "2020-02-03T08:00:00Z", "ZeroDivisionError", "test_code.py", "return 1 / 0"):
        assert part in said
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"account": [0], "initial": [1.0]}, "no row of account 1"),
        ({"account": [0, 0], "initial": [1.0, 1.0]}, "the second of account 0"),
        ({"account": [0, 2], "initial": [1.0, 1.0]}, "account 2; there are 0 to 1"),
        ({"account": [0, 1], "initial": [1.0, None]}, "row 1 of `initial`"),
        ({"account": [0, 1], "initial": [1.0, 2.0], "maintenance": [1.0, 3.0]}, "maintenance is not above initial"),
        ({"account": [0, 1], "margin": [1.0, 1.0]}, "unknown column `margin`"),
        ({"account": [0, 1]}, "no column `initial`"),
        ({"account": [0, 1], "initial": ["a", "b"]}, "holds no numbers"),
        ({"account": [0, 1], "initial": [1.0, float("inf")]}, "inf"),
        ({"account": [0, 1], "initial": [1.0, "b"]}, "`initial` is no list"),
        (3, "speaks Arrow"),
    ],
)
def test_an_answer_that_is_none_is_refused(study, tmp_path, answer, said):
    with pytest.raises(mpor.Error, match=said):
        study.with_model("mine", lambda day: answer, version="1").run(tmp_path / "run")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"scenario": ["a"], "underlying": ["DOGE"], "spot": [0.1]}, "`DOGE`, which is no underlying"),
        ({"scenario": ["a", "a"], "underlying": ["BTC", "BTC"], "spot": [0.1, 0.1]}, "second of scenario `a`"),
        ({"scenario": ["a"], "underlying": ["BTC"], "spot": [0.1], "vol": [0.0]}, "ratio"),
        ({"scenario": ["a"], "underlying": ["BTC"]}, "no column `spot`"),
        ({"scenario": [], "underlying": [], "spot": []}, "at least one scenario|no"),
    ],
)
def test_scenarios_that_are_none_are_refused(study, tmp_path, answer, said):
    with pytest.raises(mpor.Error, match=said):
        study.with_scenarios("mine", lambda day: answer, level=0.99, version="1").run(tmp_path / "run")


def test_a_run_of_other_code_is_another_run(study, tmp_path):
    flat = {"account": [0, 1], "initial": [1.0, 1.0]}
    first = study.with_model("mine", lambda day: flat, version="1").run(tmp_path / "run")
    again = study.with_model("mine", lambda day: 1 / 0, version="1").run(tmp_path / "run")
    assert again.manifest == first.manifest, "the same version: nothing is asked again"
    with pytest.raises(mpor.Error, match="ZeroDivisionError"):
        study.with_model("mine", lambda day: 1 / 0, version="2").run(tmp_path / "run")


def test_code_that_is_not_here_is_named(study, tmp_path):
    flat = {"account": [0, 1], "initial": [1.0, 1.0]}
    run = study.with_model("mine", lambda day: flat, version="1").run(tmp_path / "run")
    with pytest.raises(mpor.Error, match="run the study from the program that has it"):
        run.explain("long", "2020-03-11")
    with pytest.raises(mpor.Error, match="unknown key `histroy`"):
        study.with_model("mine", lambda day: flat, version="1", histroy=3).check()


def test_overlays_go_over_a_rule_in_python(study, tmp_path):
    flat = {"account": [0, 1], "initial": [100.0, 50.0]}
    overlays = [{"buffer": {"share": 0.25}}]
    run = study.with_model("mine", lambda day: flat, version="1", overlays=overlays).run(tmp_path / "run")
    assert set(amounts(run, "mine").to_list()) == {125.0, 62.5}


def test_options_show_their_terms(root, tmp_path):
    volatility = {
        "chain": "data/option-chains/chains.parquet",
        "level": {"realised": {"ewma": 0.94, "premium": 1.1, "floor": 0.25}},
    }
    rule = {"underlying": "BTC", "tenor": "30d", "roll": "7d", "quantity": -1}
    study = study_dict(
        underlying=[{"name": "BTC", "prices": "BTC/USDT", "quote": "USDT", "volatility": volatility}],
        portfolio=[{"name": "short", "rule": {"straddle": rule}}],
        calendar={"kind": "24x7", "from": "2021-06-01", "to": "2021-06-10"},
    )
    seen = []

    def rule_of_half(day):
        seen.append(day)
        return {"account": [0], "initial": [1.0]}

    mpor.Study.from_dict(study, base=root).with_model("own", rule_of_half).run(tmp_path / "run")
    # Days are asked in parallel; on the first one the straddle has just been struck.
    first = min(seen, key=lambda day: day.time)
    rows = first.instruments.rows()
    assert sorted(row["right"] for row in rows) == ["call", "put"]
    for row in rows:
        assert row["kind"] == "option"
        assert row["expiry"] > first.time
        assert 0.25 < row["vol"] < 3.0
        assert row["strike"] == pytest.approx(row["forward"], rel=0.02)
    assert any(column.startswith("BTC.vol.") for column in first.past.columns)
