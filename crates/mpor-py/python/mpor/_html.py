"""Small HTML for notebooks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape as escape
from typing import Any


def table(title: str, columns: Mapping[str, Sequence[Any]], note: str = "") -> str:
    """Return a table with its columns by name."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    rows = zip(*columns.values(), strict=True)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    foot = f"<p><small>{escape(note)}</small></p>" if note else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


def text(value: Any) -> str:
    """Return a value as people write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 100 else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)


def _cell(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    style = ' style="text-align:right"' if number else ' style="text-align:left"'
    return f"<td{style}>{escape(text(value))}</td>"
