"""Would the margin have covered the loss? Backtests of portfolio-margin models on market history.

A study says what is replayed::

    import mpor

    study = mpor.Study.from_toml("studies/quickstart.toml")
    run = study.run()
    run                                     # in a notebook: coverage of every model, and the key figure
    polars.DataFrame(run["requirements"])   # tables cross as Arrow, without a copy

Models may be Python functions (:meth:`Study.with_model`, :meth:`Study.with_scenarios`), and a study may be run
on a Ray cluster (:mod:`mpor.scale`).
"""

from ._mpor import DataError, Error, StudyError, __version__
from .answers import Calibration, Check, Explanation, Margin, Node
from .day import Day
from .run import Figure, Run, explain, verify
from .run import open_run as open
from .study import Study
from .table import Table

__all__ = [
    "Calibration",
    "Check",
    "DataError",
    "Day",
    "Error",
    "Explanation",
    "Figure",
    "Margin",
    "Node",
    "Run",
    "Study",
    "StudyError",
    "Table",
    "__version__",
    "explain",
    "open",
    "verify",
]
