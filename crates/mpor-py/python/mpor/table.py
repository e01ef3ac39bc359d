"""Tables of results: Arrow inside, shown as a few rows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from . import _html
from ._mpor import Frame
from ._types import ArrowStream

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 10


class Table:
    """A table of a run.

    polars, pandas and pyarrow take it as it is, without copying a value::

        polars.DataFrame(table)
        pandas.DataFrame.from_arrow(table)
        pyarrow.table(table)
    """

    def __init__(self, name: str, frame: Frame) -> None:
        """Make a table called ``name``; see :meth:`of` for other libraries' tables."""
        self.name = name
        self._frame = frame

    @classmethod
    def of(cls, name: str, data: ArrowStream | Mapping[str, Sequence[Any]]) -> "Table":
        """Take another library's table, or columns by name."""
        if isinstance(data, Mapping):
            columns = {str(key): _plain(values) for key, values in data.items()}
            return cls(name, Frame.of_columns(name, columns))
        return cls(name, Frame.of(name, data))

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return [name for name, _ in self._frame.columns]

    @property
    def types(self) -> dict[str, str]:
        """Arrow types of the columns."""
        return dict(self._frame.columns)

    def head(self, rows: int = _SHOWN) -> "Table":
        """Return the first rows; nothing is copied."""
        return Table(self.name, self._frame.head(rows))

    def __getitem__(self, column: str) -> list[Any]:
        """Return a column as Python values; instants are aware ``datetime`` in UTC."""
        values = self._frame.column(column)
        if not self.types[column].startswith(("Timestamp", "Date")):
            return values
        return [None if value is None else instant(value) for value in values]

    def to_pydict(self) -> dict[str, list[Any]]:
        """Return all columns as Python values."""
        return {name: self[name] for name in self.columns}

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        columns = self.to_pydict()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def __len__(self) -> int:
        return self._frame.rows

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the record batches over, by the Arrow PyCapsule interface."""
        return self._frame.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """Hand the schema over, by the Arrow PyCapsule interface."""
        return self._frame.__arrow_c_schema__()

    def __repr__(self) -> str:
        columns = ", ".join(f"{name}: {kind}" for name, kind in self._frame.columns)
        return f"<mpor.Table {self.name}: {len(self)} rows; {columns}>"

    def _repr_html_(self) -> str:
        shown = self.head().to_pydict()
        more = len(self) - _SHOWN
        note = f"{more:,} more rows" if more > 0 else ""
        return _html.table(self.name, shown, note)


def instant(micros: int) -> datetime:
    """Return microseconds since 1970 as a time in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def _plain(values: Any) -> list[Any]:
    """Return a column as a list of Python values, whatever array it is."""
    if hasattr(values, "tolist"):
        return list(values.tolist())
    if hasattr(values, "to_list"):
        return list(values.to_list())
    return list(values)
