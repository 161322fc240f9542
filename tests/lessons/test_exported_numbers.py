"""What a page exports of a graph are the engine's numbers: positions, turned back by the scales.

The page does the same with the same scales (app/frontend/src/export/data_tables.js, whose tests
hold its inverse; tests/browser/test_every_lesson.py compares the files).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from natgrad_core.types import Array
from natgrad_lecture.lessons import lessons
from natgrad_lecture.session import Live
from tests.support.answers import unpack

SERIES = ("net", "policy", "singular")
"""Lessons with a graph of what runs reach at each step, read by the step."""

NAMES = {"loss": "J"}
"""Axes that have another name in the read-out."""


def on_axes(plane: dict[str, Any], points: Array) -> Array:
    """Positions in the unit square as numbers of the plane's axes."""
    columns = zip(points.astype(float).T, plane["scales"], strict=True)
    return np.stack(
        [
            low * (high / low) ** at if log else low + (high - low) * at
            for at, (low, high, log) in columns
        ],
        -1,
    )


@pytest.mark.parametrize(
    ("name", "preset"),
    [(name, i) for name in SERIES for i in (None, *range(len(lessons[name].presets)))],
)
def test_a_graph_of_runs_has_the_numbers_of_the_runs(name: str, preset: int | None) -> None:
    live = Live(lessons[name])
    changes = {} if preset is None else dict(lessons[name].presets[preset].set)
    answer, data = live.respond({"ask": 1, "set": {**changes, "steps": 20}})
    arrays = unpack(dict(answer), data)
    compared = 0
    planes = {plane["name"]: plane for plane in answer["planes"] if "scales" in plane}
    for trace in answer["traces"]:
        plane = planes.get(trace["plane"])
        if plane is None or trace["kind"] != "path":
            continue
        numbers = on_axes(plane, arrays[trace["points"]]).T
        own = {NAMES.get(what, what): arrays[of] for what, of in trace.get("read", [])}
        for label, found, (low, high, log) in zip(
            plane["labels"], numbers, plane["scales"], strict=True
        ):
            if label not in own:
                continue
            expected = own[label].astype(float)
            drawn = np.isfinite(expected) & np.isfinite(found)
            if log:  # what has no place there waits at the edge
                drawn &= expected > low
            assert drawn.any()
            near = 0.0 if log else 1e-6 * abs(high - low)
            np.testing.assert_allclose(found[drawn], expected[drawn], rtol=1e-5, atol=near)
            compared += 1
    assert compared or not planes
