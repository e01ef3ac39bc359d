"""Would the margin have covered the loss? Backtests of portfolio-margin models on market history."""

import json as _json
from os import PathLike
from typing import Any, Optional, Union

from . import _mpor
from ._mpor import DataError, Error, StudyError, __version__

Path = Union[str, "PathLike[str]"]

__all__ = [
    "DataError", "Error", "StudyError", "__version__",
    "check", "explain", "margin", "run", "verify",
]


def run(study: Path, out: Optional[Path] = None, threads: Optional[int] = None) -> str:
    """Run a study into a folder (``runs/<name>`` where not given) and return the folder."""
    return str(_mpor.run(study, out, threads))


def check(study: Path) -> dict[str, Any]:
    """Read a study and its data, change nothing, and say what it comes to."""
    return _json.loads(_mpor.check(study))


def margin(study: Path, at: str, account: Optional[str] = None) -> list[dict[str, Any]]:
    """Return what every model asks on one margin date, down to the parts."""
    return _json.loads(_mpor.margin(study, at, account))


def explain(run: Path, account: str, at: str) -> dict[str, Any]:
    """Return why the margin of an account on a date of a finished run held or broke."""
    return _json.loads(_mpor.explain(run, account, at))


def verify(run: Path) -> list[str]:
    """Hash a run, make it again, and return what differs: nothing when it holds."""
    return _mpor.verify(run)
