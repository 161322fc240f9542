"""Paths and addresses of the server: templates, front end, notebooks, the address it listens on."""

from __future__ import annotations

from pathlib import Path

from natgrad_lecture.lesson_names import FIRST, lesson_names, notebook

APP = Path(__file__).resolve().parents[1]
TEMPLATE = APP / "templates"
ADDRESS = "127.0.0.1"
"""Where we listen. By number: 'localhost' may mean two sockets, one of them another server's."""


def notebooks_folder() -> Path:
    """Return the folder of notebooks: the checkout's, or the package's once installed."""
    beside = APP.parents[1] / "notebooks"
    return beside if beside.is_dir() else APP / "notebooks"


def notebooks(folder: Path) -> list[str]:
    """Return the names of the notebooks in ``folder``, first the lesson that ``/`` opens."""
    names = (path.stem for path in folder.glob("*.ipynb"))
    return sorted(names, key=lambda name: (name != FIRST, name))


def complete(folder: Path) -> list[Path]:
    """Write the notebooks that ``folder`` lacks, one for each lesson; return those written."""
    missing = [folder / f"{name}.ipynb" for name in lesson_names()]
    missing = [path for path in missing if not path.exists()]
    for path in missing:
        path.write_text(notebook(path.stem), "utf-8")
    return missing
