"""Deribit BTC and ETH chains of 2026-05-21 with prices, from the embedded `option_chains.parquet`. Needs polars 2, scipy 1.17.

Usage: extract.py option_chains.parquet
Columns: underlying, years to expiry (365 days), strike, C or P, bid and ask in coins, their volatilities as the source
(quantflow 1.2.0) computed them, forward in USD, and `vol_forward`: the forward that the source's volatilities were computed
with, which is not the one it states (up to 0.2 % apart) and is found here from the volatilities of an expiry together.
"""
import sys
from pathlib import Path

import numpy as np
import polars as pl
from scipy.optimize import least_squares
from scipy.stats import norm

year_ms = 365 * 86_400_000
chains = pl.read_parquet(sys.argv[1]).filter(pl.col("price_unit") == "coin")
chains = chains.with_columns(
    years=(pl.col("expiry") - pl.col("ts")).dt.total_milliseconds() / year_ms,
).sort("underlying", "expiry", "strike", "cp")


def source_forward(expiry):
    k, years, forward = expiry["strike"].to_numpy(), expiry["years"][0], expiry["forward"][0]
    w = np.where(expiry["cp"].to_numpy() == "C", 1, -1)

    def misses(x):
        f, both = forward * x[0], []
        for price, vol in (("bid", "bid_iv"), ("ask", "ask_iv")):
            s = expiry[vol].to_numpy() * years**0.5
            d1 = np.log(f / k) / s + 0.5 * s
            both.append(w * (norm.cdf(w * d1) - k / f * norm.cdf(w * (d1 - s))) - expiry[price].to_numpy())
        return 1e4 * np.concatenate(both)

    return forward * least_squares(misses, [1.0], xtol=1e-15, ftol=1e-15).x[0]


parts = [
    expiry.with_columns(vol_forward=pl.lit(source_forward(expiry)))
    for _, expiry in chains.group_by("underlying", "expiry", maintain_order=True)
]
pl.concat(parts).select(
    "underlying", "years", "strike", "cp", "bid", "ask", "bid_iv", "ask_iv", "forward", "vol_forward"
).write_csv(Path(__file__).parent / "deribit_2026-05-21.csv")
