"""How far work is, for people: one line that is written over."""

import sys
import time

from ._types import ProgressFunction


class Line:
    """Writes the stage, what is done of it and the time left to standard error."""

    def __init__(self) -> None:
        """Begin at the first stage that is told."""
        self._stage = ""
        self._since = time.monotonic()
        self._width = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Write how far ``stage`` is."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._since = stage, now
        left = (now - self._since) * (total - done) / done if done else 0.0
        text = f"{stage}: {done}/{total}" if total > 1 else stage
        if left >= 1.0:
            text += f", {left:.0f} s left"
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def close(self) -> None:
        """Leave the line empty."""
        sys.stderr.write("\r" + " " * self._width + "\r")
        sys.stderr.flush()


def told(progress: "ProgressFunction | bool | None") -> ProgressFunction | None:
    """Return whom to tell: a function, a line for ``True``, nobody."""
    if progress is True:
        return Line()
    return progress or None


def close(progress: ProgressFunction | None) -> None:
    """End a line."""
    if isinstance(progress, Line):
        progress.close()
