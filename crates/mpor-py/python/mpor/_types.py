"""Types that the modules share."""

from collections.abc import Callable
from os import PathLike
from typing import Protocol, runtime_checkable

Path = str | PathLike[str]
#: Told how far work is: stage, units done, units in all.
ProgressFunction = Callable[[str, int, int], object]


@runtime_checkable
class ArrowStream(Protocol):
    """A table that speaks the Arrow PyCapsule interface: of polars, pandas, pyarrow, duckdb, mpor."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the record batches as a capsule."""
