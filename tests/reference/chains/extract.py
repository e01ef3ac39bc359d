"""Option chains as one CSV a chain, from the embedded `option_chains.parquet`. Needs polars 2.

Usage: extract.py option_chains.parquet
Columns: days to expiry, forward, strike, C or P, bid and ask volatility in per cent.
"""
import sys
from pathlib import Path

import polars as pl

chains = pl.read_parquet(sys.argv[1]).with_columns(
    days=((pl.col("expiry") - pl.col("ts")).dt.total_milliseconds() / 86_400_000).round(6),
    bid_pct=(100 * pl.col("bid_iv")).round(4),
    ask_pct=(100 * pl.col("ask_iv")).round(4),
)
for (name,), chain in chains.group_by(["underlying"]):
    chain.sort("days", "strike", "cp").select(
        "days", "forward", "strike", "cp", "bid_pct", "ask_pct"
    ).write_csv(Path(__file__).parent / f"{name.lower()}.csv")
