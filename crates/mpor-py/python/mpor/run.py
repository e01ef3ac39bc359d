"""Finished runs: their tables, figures, report, and what they can be asked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from . import _html, _mpor, _progress
from ._types import Path as AnyPath
from ._types import ProgressFunction
from .answers import Explanation
from .table import Table

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Figure:
    """A figure that a run wrote; a notebook shows it."""

    path: Path

    def _repr_svg_(self) -> str | None:
        return self.path.read_text("utf-8") if self.path.suffix == ".svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.path.read_bytes() if self.path.suffix == ".png" else None


class Run:
    """The folder of a finished run: a mapping from names of tables to :class:`Table`.

    ``run["requirements"]`` is read from its Parquet file when it is asked for. In a notebook a run shows the
    coverage of every model.
    """

    def __init__(self, folder: AnyPath) -> None:
        """Open the folder; :class:`Error` where it holds no finished run."""
        self.folder = Path(folder)
        try:
            text = (self.folder / _MANIFEST).read_text("utf-8")
        except OSError as error:
            raise _mpor.Error(
                f"{self.folder / _MANIFEST}: {error.strerror}; is this the folder of a finished run?"
            ) from error
        #: What the run was made from and what it made, with BLAKE3 of every file.
        self.manifest: dict[str, Any] = json.loads(text)

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.manifest["study"])

    @cached_property
    def tables(self) -> list[str]:
        """Names of the tables."""
        paths = (Path(output["path"]) for output in self.manifest["outputs"])
        return sorted(path.stem for path in paths if path.suffix == ".parquet" and path.parent == Path())

    @cached_property
    def figures(self) -> list[str]:
        """Names of the figures."""
        paths = (Path(output["path"]) for output in self.manifest["outputs"])
        return sorted({path.stem for path in paths if path.suffix in {".svg", ".png"}})

    @property
    def report(self) -> Path | None:
        """The PDF, where the study asks for one."""
        path = self.folder / "report.pdf"
        return path if path.exists() else None

    def figure(self, name: str) -> Figure:
        """Return a figure by name: the drawing, or the picture where there is no drawing."""
        if name not in self.figures:
            raise KeyError(f"no figure {name!r}; the run has: {', '.join(self.figures)}")
        paths = [self.folder / "figures" / f"{name}.{kind}" for kind in ("svg", "png")]
        return Figure(next(path for path in paths if path.exists()))

    def __getitem__(self, table: str) -> Table:
        """Read a table."""
        if table not in self.tables:
            raise KeyError(f"no table {table!r}; the run has: {', '.join(self.tables)}")
        return Table(table, _mpor.Frame.read(self.folder / f"{table}.parquet"))

    def __contains__(self, table: object) -> bool:
        return table in self.tables

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def __getattr__(self, name: str) -> Table:
        """Read a table: ``run.requirements`` is ``run["requirements"]``."""
        if name.startswith("_") or name not in self.tables:
            raise AttributeError(f"no table or attribute {name!r}")
        return self[name]

    def explain(self, account: str, at: str) -> Explanation:
        """Say why the margin of an account on a date held or broke."""
        return explain(self.folder, account, at)

    def verify(self, progress: ProgressFunction | bool | None = None) -> list[str]:
        """Make the run again and return what differs: nothing when it holds."""
        return verify(self.folder, progress)

    def __repr__(self) -> str:
        return f"<mpor.Run {self.name} in {self.folder}: {', '.join(self.tables)}>"

    def _repr_html_(self) -> str:
        if "coverage" not in self:
            return f"<p><b>{_html.escape(self.name)}</b>: {_html.escape(', '.join(self.tables))}</p>"
        pooled = [row for row in self["coverage"].rows() if row["account"] is None]
        held = sum(row["observations"] - row["breaches"] for row in pooled)
        asked = sum(row["observations"] for row in pooled)
        shown = ["model", "observations", "breaches", "coverage", "worst_shortfall"]
        columns = {name: [row[name] for row in pooled] for name in shown}
        share = f"{held / asked:.2%}" if asked else "none"
        key = f"<p>{_html.escape(self.name)}: margin covered the loss on <b>{share}</b> of {asked:,} requirements</p>"
        return key + _html.table("Coverage by model, all accounts", columns)


def open_run(folder: AnyPath) -> Run:
    """Open the folder of a finished run."""
    return Run(folder)


def explain(run: "Run | AnyPath", account: str, at: str) -> Explanation:
    """Say why the margin of an account on a date of a finished run held or broke."""
    folder = run.folder if isinstance(run, Run) else run
    return Explanation.of(json.loads(_mpor.explain(folder, account, at)))


def verify(run: "Run | AnyPath", progress: ProgressFunction | bool | None = None) -> list[str]:
    """Hash a run, make it again, and return what differs: nothing when it holds."""
    told = _progress.told(progress)
    try:
        return _mpor.verify(run.folder if isinstance(run, Run) else run, told)
    finally:
        _progress.close(told)
