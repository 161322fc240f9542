"""Where things stand: the parts of the page, the lessons, the address we listen on."""

from __future__ import annotations

import json
import re
from pathlib import Path

APP = Path(__file__).resolve().parents[1]
TEMPLATE = APP / "templates"
STAGE = APP / "stage"
ADDRESS = "127.0.0.1"
"""Where we listen. By number: 'localhost' may mean two sockets, one of them another server's."""

FIRST = "coordinates"
"""The lesson that ``/`` opens."""


def notebooks_folder() -> Path:
    """Return the folder of notebooks: the checkout's, or the package's once installed."""
    beside = APP.parents[1] / "notebooks"
    return beside if beside.is_dir() else APP / "notebooks"


def lesson_names(folder: Path) -> list[str]:
    """Return the names of the lessons in ``folder``, first the one that ``/`` opens."""
    names = (path.stem for path in folder.glob("*.ipynb"))
    return sorted(names, key=lambda name: (name != FIRST, name))


def complete(folder: Path) -> list[Path]:
    """Write the notebooks that lessons on the shelf still lack; returns those written.

    The shelf is read as text: the server itself needs no engine.
    """
    written = []
    for path in sorted((APP / "lessons").rglob("*.py")):
        for name in re.findall(r"lessons\.register\(\"([\w-]+)\"\)", path.read_text("utf-8")):
            notebook = folder / f"{name}.ipynb"
            if not notebook.exists():
                notebook.write_text(json.dumps(three_lines(name), indent=1) + "\n", "utf-8")
                written.append(notebook)
    return written


def three_lines(name: str) -> dict[str, object]:
    """A lesson's notebook: it says which lesson, and nothing else."""
    variable = name.replace("-", "_")
    source = [
        "from natgrad_lecture import lesson\n",
        "\n",
        f'{variable} = lesson("{name}")\n',
        variable,
    ]
    cell = {"cell_type": "code", "execution_count": None, "id": "lesson", "metadata": {},
            "outputs": [], "source": source}  # fmt: skip
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": [cell], "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
