"""Studies: what is replayed, under which models."""

import copy
import hashlib
import inspect
import json
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from . import _html, _mpor, _progress, _study_text
from ._types import Path as AnyPath
from ._types import ProgressFunction
from .answers import Calibration, Check, Margin
from .day import Function, adapt, describe
from .run import Run

_Progress = ProgressFunction | bool | None
_T = TypeVar("_T")


class Study:
    """A study that has been read and checked; data files are opened when something is asked.

    ``progress`` of the methods is a function of stage, units done and units in all, or ``True`` for a line on
    standard error. Ctrl-C stops a run between two pieces of its work, and the same call takes it up.
    """

    def __init__(self, file: _mpor.StudyFile, path: Path) -> None:
        """Use :meth:`from_toml` or :meth:`from_dict`."""
        self._file = file
        #: The study file.
        self.path = path
        self._source: tuple[dict[str, Any], Path] | None = None
        self._code: dict[str, tuple[str, Function]] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def from_toml(cls, path: AnyPath) -> "Study":
        """Read a study file."""
        return cls(_mpor.StudyFile.read(path), Path(path))

    @classmethod
    def from_dict(cls, study: Mapping[str, Any], base: AnyPath = ".") -> "Study":
        """Make a study of a dictionary with the keys of a study file.

        Paths in it are relative to ``base``. Wherever ``data`` takes a path it also takes a table that speaks
        Arrow (polars, pandas, pyarrow): it is written beside the study as Parquet, and hashed like any input.
        """
        return cls._of(dict(study), Path(base), {})

    @classmethod
    def _of(cls, study: dict[str, Any], base: Path, code: dict[str, tuple[str, Function]]) -> "Study":
        folder = tempfile.TemporaryDirectory(prefix="mpor-")
        path = _study_text.write(study, base, Path(folder.name))
        made = cls(_with_code(_mpor.StudyFile.read(path), code), path)
        made._source, made._code, made._folder = (study, base), code, folder
        return made

    @property
    def name(self) -> str:
        """Name of the study, and of the folder of its runs."""
        return self._file.name

    @property
    def models(self) -> list[str]:
        """Names of its margin models."""
        return self._file.models

    def to_dict(self) -> dict[str, Any]:
        """Return the study as a dictionary, to change and give to :meth:`from_dict` with ``base``."""
        if self._source is not None:
            return copy.copy(self._source[0])
        return tomllib.loads(self._file.text)

    @property
    def base(self) -> Path:
        """The folder that paths of :meth:`to_dict` are relative to."""
        return self._source[1] if self._source is not None else self.path.parent

    def to_toml(self) -> str:
        """Return the text of the study file."""
        return self._file.text

    def with_model(
        self,
        name: str,
        rule: Function,
        *,
        history: int = 1,
        scenarios: Mapping[str, Any] | None = None,
        version: str | None = None,
        **keys: Any,
    ) -> "Study":
        """Return the study with one more margin model, which is a Python function.

        ``rule(day)`` is called once a margin date with a :class:`Day` and returns, for every account of
        ``day.positions``, its ``account``, ``initial`` and, where they differ, ``maintenance`` and ``binding``: as
        a table or as columns by name. ``day.past`` holds ``history`` steps; ``day.pnl`` the unit P&L under
        ``scenarios``, written as in a study file. Further ``keys`` are those of any model, such as ``overlays``.

        A rule must answer equally for equal days and positions, and may be called from several threads.
        ``version`` tells runs of changed code apart; the source text of the function where it is not given.
        """
        model = {
            "name": name,
            "kind": "code",
            "history": history,
            "version": version or _version(rule),
            **keys,
        }
        if scenarios is not None:
            model["scenarios"] = dict(scenarios)
        return self._with(name, model, "rule", rule)

    def with_scenarios(
        self,
        name: str,
        scenarios: Function,
        *,
        level: float,
        measure: str = "var",
        history: int = 1,
        version: str | None = None,
        **keys: Any,
    ) -> "Study":
        """Return the study with one more margin model: VaR or ES over scenarios that a Python function makes.

        ``scenarios(day)`` returns a row a scenario and underlying: ``scenario``, ``underlying``, ``spot`` (relative
        move) and, where they are not nothing, ``vol`` (ratio of new to old volatility), ``carry`` (absolute move
        per year), ``perpetual`` (relative move of its premium), ``weight`` (of the scenario).
        """
        stated = {"level": level, "measure": measure, "history": history}
        model = {"name": name, "kind": "code", **stated, "version": version or _version(scenarios), **keys}
        return self._with(name, model, "scenarios", scenarios)

    def _with(self, name: str, model: dict[str, Any], kind: str, function: Function) -> "Study":
        study = self.to_dict()
        study["model"] = [*study.get("model", []), model]
        return self._of(study, self.base, {**self._code, name: (kind, function)})

    def check(self, progress: _Progress = None) -> Check:
        """Read the study and its data, change nothing, and say what it comes to."""
        return Check.of(json.loads(self._told(progress, self._file.check)))

    def margin(self, at: str, account: str | None = None) -> list[Margin]:
        """Return what every model asks of every account, or one, on one margin date, down to the parts."""
        return [Margin.of(asked) for asked in json.loads(self._file.margin(str(at), account))]

    def run(self, out: AnyPath | None = None, threads: int | None = None, progress: _Progress = None) -> Run:
        """Run the study into a folder, ``runs/<name>`` where not given.

        A study of a dictionary is written into the folder ``study`` of the run, so that the run can be verified.
        """
        folder = Path(out) if out is not None else Path("runs") / self.name
        file = self._file_for(folder)
        return Run(self._told(progress, lambda told: file.run(folder, threads, told)))

    def calibrate(
        self, out: AnyPath | None = None, threads: int | None = None, progress: _Progress = None
    ) -> Calibration:
        """Choose the parameters that the study's ``calibrate`` names, walk-forward."""
        folder = Path(out) if out is not None else Path("runs") / f"{self.name}-calibration"
        file = self._file_for(folder)
        chosen, feasible = self._told(progress, lambda told: file.calibrate(folder, threads, told))
        return Calibration(chosen, feasible)

    def placed(self, folder: Path) -> "Study":
        """Return the study as a run in ``folder`` reads it, for other processes: its file is one that stays."""
        if self._source is None:
            return Study._at(self.path.resolve(), {})
        return Study._at(_study_text.write(*self._source, folder / "study"), self._code)

    @classmethod
    def _at(cls, path: Path, code: dict[str, tuple[str, Function]]) -> "Study":
        made = cls(_with_code(_mpor.StudyFile.read(path), code), path)
        made._code = code
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the path of the file and the functions; a study of a dictionary as the dictionary."""
        if self._source is None:
            return Study._at, (self.path.resolve(), self._code)
        study, base = self._source
        return Study._of, (study, base.resolve(), self._code)

    def share(
        self, number: int, count: int, out: AnyPath, threads: int | None = None, progress: _Progress = None
    ) -> None:
        """Make share ``number`` (from 1) of ``count`` of a run; :meth:`merge` makes the run of them."""
        self._told(progress, lambda told: self._file.share(number, count, out, threads, told))

    def merge(self, folders: Sequence[AnyPath], out: AnyPath, progress: _Progress = None) -> Run:
        """Make the run in ``out`` of shares that lie in ``folders`` or in ``out`` itself."""
        parts = [Path(folder) for folder in folders]
        return Run(self._told(progress, lambda told: self._file.merge(parts, Path(out), told)))

    def _file_for(self, folder: Path) -> _mpor.StudyFile:
        """Return the study as a run in ``folder`` reads it: one of a dictionary is kept with the run."""
        if self._source is None:
            return self._file
        path = _study_text.write(*self._source, folder / "study")
        return _with_code(_mpor.StudyFile.read(path), self._code)

    @staticmethod
    def _told(progress: _Progress, work: Callable[[ProgressFunction | None], _T]) -> _T:
        told = _progress.told(progress)
        try:
            return work(told)
        finally:
            _progress.close(told)

    def __repr__(self) -> str:
        return f"<mpor.Study {self.name}: {', '.join(self.models)}>"

    def _repr_html_(self) -> str:
        return _html.table(f"Study {self.name}", {"model": self.models})


def _with_code(file: _mpor.StudyFile, code: dict[str, tuple[str, Function]]) -> _mpor.StudyFile:
    for name, (kind, function) in code.items():
        file = file.with_code(name, kind, adapt(function), describe)
    return file


def _version(function: Function) -> str:
    """Return a hash of the source text of a function, or of its code where there is no text."""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        text = repr((code.co_code, code.co_consts)) if code else type(function).__qualname__
    return hashlib.sha256(text.encode()).hexdigest()[:16]
