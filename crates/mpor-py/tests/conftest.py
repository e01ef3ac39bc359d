"""A small study on shipped prices that runs in a second or two."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

import mpor

ROOT = Path(__file__).parents[3]
FROM, TO = "2020-01-01", "2020-06-30"


def study_dict(**changes):
    study = {
        "schema": 1,
        "name": "small",
        "currency": "USD",
        "seed": 7,
        "data": {
            "prices": "data/crypto/prices/*.parquet",
            "policy": {"D001": {"carry": {"limit": "72h"}}},
        },
        "fx": {"USDT": 1.0},
        "calendar": {"kind": "24x7", "step": "1d", "cut": "08:00", "from": FROM, "to": TO},
        "mpor": {"horizon": "2d"},
        "underlying": [{"name": "BTC", "prices": "BTC/USDT", "quote": "USDT"}],
        "portfolio": [
            outright("long", 2_000_000),
            outright("short", -1_000_000),
        ],
        "model": [
            {
                "name": "hs",
                "kind": "var",
                "level": 0.99,
                "scenarios": {"historical": {"window": 250}},
            },
        ],
        "report": {"formats": ["svg"]},
    }
    return {**study, **changes}


def outright(name, notional):
    rule = {"underlying": "BTC", "contract": "perpetual", "roll": "7d", "notional": notional}
    return {"name": name, "rule": {"outright": rule}}


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def study():
    return mpor.Study.from_dict(study_dict(), base=ROOT)


@pytest.fixture(scope="session")
def run(study, tmp_path_factory):
    return study.run(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture(scope="session")
def hand_prices():
    """Hourly prices that rise by a hundredth of a per cent an hour, and fall by a fifth on one morning."""
    start = dt.datetime(2021, 1, 1, tzinfo=dt.UTC)
    times = [start + dt.timedelta(hours=hour) for hour in range(24 * 120)]
    crash = dt.datetime(2021, 4, 1, 6, tzinfo=dt.UTC)
    price = [1000.0 * 1.0001**hour * (0.8 if time >= crash else 1.0) for hour, time in enumerate(times)]
    return pl.DataFrame(
        {
            "time": times,
            "symbol": "X/USD",
            "source": "hand",
            "open": price,
            "high": price,
            "low": price,
            "close": price,
            "volume": 1.0,
        }
    )
