"""A margin date as a Python model sees it, and how its answer is taken."""

import linecache
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any

from ._mpor import Frame
from ._types import ArrowStream
from .table import Table, instant


@dataclass(frozen=True)
class Day:
    """Everything that a model may use at one margin date. It holds nothing of the future."""

    #: The margin date, UTC.
    time: datetime
    #: The margin period of risk in years of 365 days.
    horizon_years: float
    #: ``time``, then a column a factor, oldest first, the margin date last: ``BTC`` (spot), ``BTC.perpetual``,
    #: ``BTC.carry``, ``BTC.vol.30d``.
    past: Table
    #: What anyone holds: ``instrument``, ``underlying``, ``kind``, ``right``, ``strike``, ``expiry``,
    #: ``contract_size``, ``inverse``, ``spot``, ``forward``, ``vol``.
    instruments: Table
    #: ``account`` (counted from 0), ``instrument``, ``quantity`` (contracts, short negative); empty for scenarios.
    positions: Table
    #: ``scenario``, perhaps ``weight``, then a column an instrument: P&L of one long contract, gain positive,
    #: reporting currency. Without rows where the model names no scenarios.
    pnl: Table


#: What a rule answers: a table, or columns by name.
Answer = ArrowStream | Mapping[str, Sequence[Any]]
#: A margin rule or a scenario set.
Function = Callable[[Day], Answer]


def adapt(function: Function) -> Callable[[int, float, dict[str, Frame]], object]:
    """Return the function as the compiled part calls it."""

    def called(micros: int, horizon_years: float, frames: dict[str, Frame]) -> object:
        tables = {name: Table(name, frame) for name, frame in frames.items()}
        day = Day(instant(micros), horizon_years, **tables)
        answer = function(day)
        return Table.of("the answer", answer) if isinstance(answer, Mapping) else answer

    return called


def describe(exception: BaseException, trace: TracebackType | None) -> str:
    """Say in a line what was raised and where."""
    said = traceback.format_exception_only(exception)[-1].strip()
    frames = traceback.extract_tb(trace)
    own = [frame for frame in frames if frame.filename != __file__]
    if not own:
        return said
    place = own[-1]
    source = linecache.getline(place.filename, place.lineno or 0).strip()
    quoted = f": `{source}`" if source else ""
    return f"{said} (in {place.name}, {place.filename}:{place.lineno}{quoted})"
