"""Runs on more than one machine: shares of the margin dates as Ray tasks, merged into the run that one machine makes.

Needs Ray: ``pip install mpor[ray]``. The study file and its data lie where every node finds them under the same
path: a shared folder, an object store, or the same image. The result is the single-machine run, byte for byte.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _progress
from ._mpor import Error
from ._types import Path as AnyPath
from ._types import ProgressFunction
from .run import Run

if TYPE_CHECKING:
    from .study import Study

#: How often the driver looks whether Ctrl-C was pressed, in seconds.
_BLINK = 1.0


def run(
    study: Study,
    address: str | None = None,
    shards: int | None = None,
    out: AnyPath | None = None,
    *,
    shared: bool = False,
    cpus: int = 1,
    retries: int = 3,
    progress: ProgressFunction | bool | None = None,
) -> Run:
    """Run a study on a Ray cluster into a folder, ``runs/<name>`` where not given.

    ``address`` is ``None`` for the cluster that this process is connected to, or else a local one; ``"auto"`` or
    ``"ray://host:10001"`` for another. The margin dates are dealt out in ``shards`` shares, one for each ``cpus``
    CPUs of the cluster where not given; a share whose worker or node is lost is made again, at most ``retries``
    times.

    Shares come back through Ray's object store. With ``shared`` every node sees ``out``, and they are written
    there: a driver that was killed then finds what is complete.
    """
    ray = _ray()
    ours = not ray.is_initialized()
    if ours:
        local = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
        ray.init(address=address, **({} if address else local))
    told = _progress.told(progress)
    try:
        folder = Path(out) if out is not None else Path("runs") / study.name
        task = study.placed(folder)
        count = shards or max(1, int(ray.cluster_resources().get("CPU", 1)) // cpus)
        if count < 1:
            raise Error(f"shards = {count}: ask for 1 or more")
        make = ray.remote(num_cpus=cpus, max_retries=retries)(_share)
        goal = str(folder.resolve()) if shared else None
        waiting = [make.remote(task, number, count, goal, cpus) for number in range(1, count + 1)]
        with tempfile.TemporaryDirectory(prefix="mpor-shares-") as parts:
            folders = _gather(ray, waiting, Path(parts), told)
            return task.merge(folders, folder, told)
    finally:
        _progress.close(told)
        if ours:
            ray.shutdown()


def _gather(ray: Any, waiting: list[Any], parts: Path, told: ProgressFunction | None) -> list[Path]:
    """Wait for all shares, and unpack those that came as bytes."""
    folders: list[Path] = []
    total, done = len(waiting), 0
    try:
        while waiting:
            ready, waiting = ray.wait(waiting, timeout=_BLINK)
            for share in ready:
                packed = ray.get(share)
                done += 1
                if packed is not None:
                    folders.append(_unpack(packed, parts / str(done)))
                if told is not None:
                    told("shares", done, total)
    except ray.exceptions.RayTaskError as error:
        raise (error.cause if isinstance(error.cause, Error) else error) from None
    finally:
        for share in waiting:
            ray.cancel(share, force=True)
    return folders


def _share(study: Study, number: int, count: int, shared: str | None, cpus: int) -> bytes | None:
    """Make one share, on whichever node. Making it twice does no harm: equal shares have equal bytes."""
    if shared is not None:
        study.share(number, count, shared, threads=cpus)
        return None
    with tempfile.TemporaryDirectory(prefix="mpor-share-") as folder:
        study.share(number, count, folder, threads=cpus)
        return _pack(Path(folder))


def _pack(folder: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(folder, arcname=".")
    return packed.getvalue()


def _unpack(packed: bytes, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise Error("Ray is not installed; it comes with `pip install mpor[ray]`") from error
    return ray
