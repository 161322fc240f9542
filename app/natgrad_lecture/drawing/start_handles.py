"""The start of the runs as handles on the planes."""

from __future__ import annotations

import numpy as np

from natgrad_core.core.chart import Chart
from natgrad_core.types import ArrayLike
from natgrad_lecture.protocol import Handle


def start_handle(start: ArrayLike) -> Handle:
    """The start ``[2]``, on the plane of θ."""
    return {
        "id": "start",
        "plane": "theta",
        "at": np.asarray(start, float).tolist(),
        "label": "starting point",
        "field": "start",
        "style": "start",
    }


def start_handles(start: ArrayLike, chart: Chart, label: str) -> list[Handle]:
    """The start ``[2]`` on the plane of θ and, under this label, on that of x."""
    in_x: Handle = {
        **start_handle(chart.inverse(start)),
        "id": "start.x",
        "plane": "x",
        "label": label,
        "field": "start.x",
    }
    return [start_handle(start), in_x]
