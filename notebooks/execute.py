"""Run the notebooks from clean, and keep what they show; with ``--check`` only see that each runs."""

import shutil
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
#: Seconds for one cell.
LIMIT = 300


def execute(path: Path, keep: bool) -> None:
    """Run one notebook in its folder."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.pop("outputs", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    since = time.monotonic()
    client = NotebookClient(notebook, timeout=LIMIT, resources={"metadata": {"path": str(HERE)}})
    client.record_timing = False
    client.execute()
    print(f"{path.name}: {time.monotonic() - since:.1f} s")
    if keep:
        # What libraries say on standard error is of this machine, not of the notebook.
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        notebook.metadata.pop("language_info", None)
        nbformat.write(notebook, path)


def main() -> None:
    """Run all, or those named."""
    check = "--check" in sys.argv
    names = [name for name in sys.argv[1:] if not name.startswith("--")]
    paths = [Path(name) for name in names] or sorted(HERE.glob("*.ipynb"))
    # From clean: a finished run would be taken as it is.
    shutil.rmtree(HERE.parent / "runs" / "notebooks", ignore_errors=True)
    for path in paths:
        execute(path, keep=not check)


if __name__ == "__main__":
    main()
