"""A study as a dictionary becomes a folder with a study file and the tables that were given with it."""

import datetime
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import _mpor
from ._types import ArrowStream

#: The file, and beside it the tables.
FILE = "study.toml"


def write(study: Mapping[str, Any], base: Path, folder: Path) -> Path:
    """Write ``study`` into ``folder``; its paths are relative to ``base``, and stay so."""
    folder.mkdir(parents=True, exist_ok=True)
    base, folder = base.resolve(), folder.resolve()
    stated = study.get("data", {}).get("base", "")
    data: dict[str, Any] = dict(study.get("data", {}))
    data["base"] = os.path.relpath(base / stated, folder)
    for key, value in data.items():
        data[key] = _table(key, value, base / stated, folder)
    text = _mpor.to_toml(json.dumps({**study, "data": data}, default=_plain))
    path = folder / FILE
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
    return path


def _table(key: str, value: Any, base: Path, folder: Path) -> Any:
    """Write a table, or each of a list of tables, and return the path; anything else is returned as it is."""
    if isinstance(value, list):
        named = [(f"{key}-{number}", one) for number, one in enumerate(value)]
        return [_table(name, one, base, folder) for name, one in named]
    if not isinstance(value, ArrowStream):
        return value
    path = folder / f"{key}.parquet"
    _mpor.Frame.of(f"data.{key}", value).write(key, path)
    return os.path.relpath(path, base)


def _plain(value: Any) -> Any:
    """Return what JSON does not know as what it knows."""
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.UTC).replace(tzinfo=None)
        return value.isoformat() + "Z"
    if isinstance(value, datetime.date | os.PathLike):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):
        return value.item()
    raise _mpor.StudyError(f"the study holds a {type(value).__qualname__}, which no TOML can hold: {value!r}")
