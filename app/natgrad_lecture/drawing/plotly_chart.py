"""Charts that are read slowly: spectra, sweeps, tables. Plain dictionaries, as Plotly takes them.

What moves while a reader looks (losses of a run, decision regions, heat maps) is drawn on the
canvas's own planes, fifty times faster; see ``graph.py``. A chart is for what stands still and is
studied: it can be zoomed, its curves switched off, its numbers read in a table beside it.

A color is the name of a style, ``style("natural")``: the page fills in the light or the dark one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from natgrad_core.errors import UnknownName
from natgrad_lecture.drawing import palette
from natgrad_lecture.protocol import Chart, Table

Trace = dict[str, Any]

_DASHES = {"solid": "solid", "dashed": "dash"}

_SYMBOLS = {"triangle": "triangle-up", "plus": "cross", "cross": "x"}
"""Plotly's names of the symbols that it calls differently."""

_MARKED = 5
"""How many points of a line carry its symbol."""


def style(name: str) -> str:
    """The color of a style, filled in by the page."""
    return f"style:{name}"


def axis(title: str, log: bool = False, **more: Any) -> dict[str, Any]:
    """An axis with its name; ``log`` marks powers of ten."""
    kind = {"type": "log", "dtick": 1, "exponentformat": "power"} if log else {"type": "linear"}
    return {"title": {"text": title}, **kind, **more}


def line(
    color: str, name: str, x: ArrayLike, y: ArrayLike, dash: str = "solid", **more: Any
) -> Trace:
    """A curve in the style ``color``; a few of its points carry the symbol of that style."""
    look = {"color": style(color), "width": 2.4, "dash": _DASHES[dash]}
    trace = {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": look}
    if mark := symbol(color):
        trace["mode"] = "lines+markers"
        trace["marker"] = {"symbol": mark, "size": 9, "maxdisplayed": _MARKED}
    return {**trace, **more}


def symbol(style: str) -> str:
    """Plotly's name of a rule's symbol; empty for what is not a rule."""
    try:
        name: str = palette.style(style)["symbol"]
    except UnknownName:
        return ""
    return _SYMBOLS.get(name, name)


def dots(color: str, name: str, x: ArrayLike, y: ArrayLike, size: float = 9, **more: Any) -> Trace:
    """Single points in the style ``color``, with its symbol if it has one."""
    look = {"color": style(color), "size": size, "line": {"color": style("paper"), "width": 1}}
    if mark := symbol(color):
        look["symbol"] = mark
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": x,
        "y": y,
        "marker": look,
        **more,
    }


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Numbers to be read: a heading for each column, and the rows. The first column names a row."""
    if any(len(row) != len(head) for row in rows):
        raise ValueError(f"each row has {len(head)} cells, as the head has")
    return {"head": list(head), "rows": [list(row) for row in rows]}


def chart(
    name: str,
    title: str,
    say: str,
    traces: Sequence[Trace] = (),
    x: dict[str, Any] | None = None,
    y: dict[str, Any] | None = None,
    numbers: Table | None = None,
    **layout: Any,
) -> Chart:
    """One chart of an answer's ``charts``: traces on two axes, or only a table of ``numbers``.

    ``say`` is the picture in one sentence, for those who do not see it; the table stands folded
    below the picture. On a logarithmic axis with fewer than two powers of ten Plotly chooses the
    marks: it takes round numbers between them.
    """
    found: Chart = {"name": name, "title": title, "say": say}
    if traces:
        axes = {
            "xaxis": _marked(x or axis(""), [trace["x"] for trace in traces]),
            "yaxis": _marked(y or axis(""), [trace["y"] for trace in traces]),
        }
        found["figure"] = {"data": list(traces), "layout": {**axes, **layout}}
    if numbers:
        found["table"] = numbers
    return found


def _marked(axis: dict[str, Any], numbers: Sequence[ArrayLike]) -> dict[str, Any]:
    """The axis, without marks at powers of ten where these numbers have fewer than two between."""
    if axis["type"] != "log" or axis["dtick"] != 1:
        return axis
    flat = np.concatenate([np.ravel(np.asarray(each, float)) for each in numbers])
    good = flat[np.isfinite(flat) & (flat > 0)]
    if len(good) and np.floor(np.log10(good.max()) + 1e-9) > np.ceil(np.log10(good.min()) - 1e-9):
        return axis
    return {name: value for name, value in axis.items() if name != "dtick"}
