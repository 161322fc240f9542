"""A matrix of a net as a map: its entries by powers of ten, the blocks of its layers outlined."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.drawing.graph import Axis
from natgrad_lecture.drawing.heat_map import color_scale
from natgrad_lecture.drawing.numbers import short
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.protocol import Plane

DECADES = 5.0
"""Powers of ten between the darkest and the lightest entry of a matrix."""


_LEAST = np.finfo(float).tiny * 10.0**DECADES
"""The powers of ten below a scale are numbers down to here."""


def add_matrix(
    sheet: Sheet,
    say: Callable[..., str],
    name: str,
    title: str,
    matrix: Array,
    scale: float,
    borders: list[int],
) -> Plane:
    """A matrix as a map: |entry| by powers of ten below ``scale``, blocks of layers outlined.

    ``say`` has the lesson's phrases for the scale of colors, ``size-of-an-entry`` and
    ``smaller-than``. A ``scale`` of zero, the Fisher matrix's of a net that is certain of every
    label, has no powers of ten below it; the map then has those below one.
    """
    p = len(matrix)
    scale = scale if scale > _LEAST else 1.0
    with np.errstate(divide="ignore"):
        share = 1.0 + np.log10(np.abs(matrix) / scale) / DECADES
    cells = np.clip(np.rint(255 * share[::-1]), 0, 255).astype(np.uint8)
    sizes = Axis(say("size-of-an-entry"), scale * 10.0**-DECADES, scale, log=True)
    sheet.add(
        name,
        "heat",
        "",
        "",
        cells=cells,
        size=[p, p],
        box=[0.0, p, 0.0, p],
        colors=color_scale(sizes, under=say("smaller-than", size=short(sizes.low))),
    )
    lines = []
    for border in borders[1:-1]:
        lines += [[[border, 0], [border, p]], [[0, p - border], [p, p - border]]]
    points = np.array(lines, float).reshape(-1, 2)
    sheet.add(
        name,
        "curve",
        "border",
        "",
        points=points,
        width=1.0,
        faint=True,
        starts=np.arange(0, len(points) + 1, 2),
    )
    spec = plane(name, title, ("column", "row"), np.array([[0.0, p], [0.0, p]]))
    middles = [(a + b) / 2 for a, b in pairwise(borders)]
    names = [f"layer {i + 1}" for i in range(len(middles))]
    return {
        **spec,
        "ticks": [
            list(zip(middles, names, strict=True)),
            [(p - m, str(i + 1)) for i, m in enumerate(middles)],
        ],
    }
