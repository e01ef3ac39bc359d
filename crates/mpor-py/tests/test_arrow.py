"""Tables cross as Arrow, by address, in both directions."""

import datetime as dt

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mpor
from conftest import study_dict


def address(table):
    """Where pyarrow sees the first chunk of the column `amount`."""
    return table.column("amount").chunk(0).buffers()[1].address


def test_no_value_is_copied_on_the_way_out(run):
    table = run["requirements"]
    first, second = pa.table(table), pa.table(table)
    assert address(first) == address(second)
    frame = pl.DataFrame(table)
    assert frame["amount"].to_arrow().buffers()[1].address == address(first)


def test_polars_pandas_and_pyarrow_take_a_table(run):
    table = run["requirements"]
    frame = pl.DataFrame(table)
    assert frame.height == len(table) == 182 * 2 * 2
    assert frame.columns == table.columns
    assert frame.schema["time"] == pl.Datetime("us", "UTC")
    assert pa.schema(table).field("amount").type == pa.float64()
    assert pd.DataFrame.from_arrow(table)["amount"].tolist() == frame["amount"].to_list()
    assert table["amount"] == frame["amount"].to_list()
    assert table["time"][0] == dt.datetime(2020, 1, 1, 8, tzinfo=dt.UTC)
    assert pl.DataFrame(table.head(3)).equals(frame.head(3))


def test_a_table_shows_its_first_rows(run):
    html = run["requirements"]._repr_html_()
    assert html.count("<tr>") == 1 + 10
    assert "718 more rows" in html
    assert "<script" not in mpor.Table.of("t", {"x": ["<script>"]})._repr_html_()
    assert "requirements" in repr(run["requirements"])


@pytest.fixture
def hand_study(hand_prices):
    """Builds a study on a frame of hand-made prices; ten coins, ten per cent of their price."""

    def build(frame, **data):
        rule = {"underlying": "X", "contract": "spot", "roll": "30d", "quantity": 10}
        study = study_dict(
            name="hand",
            data={"prices": frame, **data},
            underlying=[{"name": "X", "prices": "X/USD"}],
            portfolio=[{"name": "ten", "rule": {"outright": rule}}],
            calendar={"kind": "24x7", "step": "1d", "cut": "08:00", "from": "2021-03-01"},
            mpor={"horizon": "1d"},
            model=[{"name": "ten-per-cent", "kind": "scan", "price_range": 0.1, "vol_range": 0.0}],
        )
        return mpor.Study.from_dict(study)

    return build


def test_a_frame_is_an_input_like_a_file(hand_study, hand_prices, tmp_path):
    run = hand_study(hand_prices).run(tmp_path / "run")
    requirements = pl.DataFrame(run["requirements"]).filter(pl.col("level") == "initial")
    losses = pl.DataFrame(run["losses"])
    # The morning of the crash: hour 89 days and 8 hours is before it, a day later is after it.
    hour = 24 * 89 + 8
    before, after = 1000.0 * 1.0001**hour, 1000.0 * 1.0001 ** (hour + 24) * 0.8
    day = pl.col("time") == dt.datetime(2021, 3, 31, 8, tzinfo=dt.UTC)
    assert requirements.filter(day)["amount"].to_list() == pytest.approx([10 * 0.1 * before], rel=1e-12)
    assert losses.filter(day)["loss_horizon"].to_list() == pytest.approx([10 * (before - after)], rel=1e-12)
    inputs = [record["path"] for record in run.manifest["inputs"]]
    assert inputs == ["study/study.toml", "study/prices.parquet"]
    assert run.verify() == []


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "pandas-naive"])
def test_every_library_gives_the_same_bytes(hand_study, hand_prices, tmp_path, library):
    frames = {
        "pandas": lambda: hand_prices.to_pandas(),
        "pyarrow": lambda: hand_prices.to_arrow(),
        # Times without a zone are taken as UTC, and nanoseconds are cut to the microseconds that they are.
        "pandas-naive": lambda: hand_prices.with_columns(
            pl.col("time").dt.replace_time_zone(None).dt.cast_time_unit("ns")
        ).to_pandas(),
    }
    ours = hand_study(hand_prices).run(tmp_path / "polars")
    theirs = hand_study(frames[library]()).run(tmp_path / library)
    # The study names the folder that its paths start from, as seen from its own.
    assert theirs.manifest["inputs"][1:] == ours.manifest["inputs"][1:]
    assert theirs.manifest["outputs"] == ours.manifest["outputs"]


def test_frames_that_cannot_be_used_are_named(hand_study, hand_prices):
    with pytest.raises(mpor.DataError, match="close"):
        hand_study(hand_prices.drop("close")).check()
    with pytest.raises(mpor.DataError, match=r"prices.*close"):
        hand_study(hand_prices.with_columns(close=float("nan")))
    with pytest.raises(mpor.DataError, match="levels"):
        hand_study(hand_prices.with_columns(levels=[[1.0]] * hand_prices.height))
    with pytest.raises(TypeError, match="speaks Arrow"):
        mpor.Table.of("prices", 3)
