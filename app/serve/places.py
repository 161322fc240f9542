"""Where things stand: the parts of the page, the lessons, the address we listen on."""

from __future__ import annotations

from pathlib import Path

APP = Path(__file__).resolve().parents[1]
TEMPLATE = APP / "template"
STAGE = APP / "stage"
ADDRESS = "127.0.0.1"
"""Where we listen. By number: 'localhost' may mean two sockets, one of them another server's."""

FIRST = "coordinates"
"""The lesson that ``/`` opens."""


def notebooks_folder() -> Path:
    """Return the folder of lessons: beside ``app`` in a checkout, inside it once installed."""
    beside = APP.parent / "notebooks"
    return beside if beside.is_dir() else APP / "notebooks"


def lesson_names(folder: Path) -> list[str]:
    """Return the names of the lessons in ``folder``, first the one that ``/`` opens."""
    names = (path.stem for path in folder.glob("*.ipynb"))
    return sorted(names, key=lambda name: (name != FIRST, name))
