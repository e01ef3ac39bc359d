"""What a user writes, for the type checker: nothing here is run."""

import polars as pl

import mpor
from mpor import scale


def rule(day: mpor.Day) -> pl.DataFrame:
    """Ask a tenth of the notional."""
    spot = pl.DataFrame(day.instruments).select("instrument", "spot")
    worth = pl.DataFrame(day.positions).join(spot, on="instrument")
    return worth.group_by("account").agg(initial=(pl.col("quantity").abs() * pl.col("spot") * 0.1).sum())


def moves(day: mpor.Day) -> dict[str, list[float] | list[str]]:
    """Fall and rise by a tenth."""
    return {"scenario": ["down", "up"], "underlying": ["BTC", "BTC"], "spot": [-0.1, 0.1]}


def main() -> None:
    """Use everything once."""
    study = mpor.Study.from_toml("studies/quickstart.toml")
    study = study.with_model("mine", rule, history=10, scenarios={"historical": {"window": 250}})
    study = study.with_scenarios("moves", moves, level=0.99, measure="es")
    check: mpor.Check = study.check()
    run: mpor.Run = study.run("runs/x", threads=2, progress=True)
    frame = pl.DataFrame(run["requirements"])
    margins: list[mpor.Margin] = study.margin("2020-03-12", account=check.accounts[0])
    explanation: mpor.Explanation = mpor.explain(run, "a", "2020-03-12")
    differences: list[str] = mpor.verify(run)
    other = scale.run(study, "auto", shards=4, out="runs/y")
    total: float = margins[0].initial.amount + sum(explanation.causes.values())
    print(frame.height, differences, other.report, total, study.calibrate().rules)
