"""The front end's bundles, as `make frontend` builds them from app/frontend, and Plotly's script.

They are read again each time, so that a rebuilt bundle shows at the next reload.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""Where `make frontend` writes the bundles."""


def script(name: str) -> str:
    """Return a bundle's JavaScript by its file name.

    Args:
        name: ``lesson_view.js`` (an ES module with anywidget's ``render``), ``live_page.js`` (an ES
            module that draws our own page), ``makers.js`` (an ES module that it fetches to make
            files, to compare a pinned run and to edit a talk), ``model_picture.js`` (an ES module
            that it fetches to draw a model), ``plotly_charts.js`` (one that it fetches to draw
            charts), ``zh.js`` and ``es.js`` (ES modules with the words of
            another language, which it fetches to speak it), ``offline.js`` (an ES module that keeps
            a page for a time without the server), or ``home.js``, ``offline_worker.js``,
            ``saved_page.js``, ``waiting_page.js`` (classic scripts).

    Raises:
        FileNotFoundError: no bundle has that name.
    """
    return (STATIC / name).read_text("utf-8")


def style() -> str:
    """Return the style sheet of a lesson's page."""
    return (STATIC / "lesson.css").read_text("utf-8")


@cache
def plotly() -> bytes:
    """Return the script that draws charts, out of the installed plotly, which is not imported.

    Raises:
        FileNotFoundError: plotly is not installed.
    """
    found = find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("charts need the package plotly, which is not installed")
    return (Path(found.submodule_search_locations[0]) / "package_data/plotly.min.js").read_bytes()
