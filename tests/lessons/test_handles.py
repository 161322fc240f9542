"""What can be dragged: a point that is put where it is stays there, on every plane; one that is
dragged where it cannot be is told so at itself, in the lesson's words."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.protocol import Handle, Plane

LESSONS = [pytest.param(lesson, id=name) for name, lesson in lessons.items() if not lesson.slow]


def value(plane: Plane, axis: int, at: float) -> float:
    """The number that a place on an axis means, as the page reads it (canvas/plane.js)."""
    low, high, log = plane.get("scales", [[0.0, 1.0, False]] * 2)[axis]
    return low * (high / low) ** at if log else low + (high - low) * at


def sent(plane: Plane, handle: Handle) -> list[float]:
    """What the page asks for when a handle is put where it is (canvas/drag_handles.js)."""
    start, scale = handle.get("from", [0.0, 0.0]), handle.get("scale", 1.0)
    return [value(plane, i, (v - start[i]) / scale) for i, v in enumerate(handle["at"])]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_point_put_where_it_stands_stays_there(lesson: Lesson) -> None:
    """The run on the robustness map flew to its corner: it was sent in other coordinates. And far
    out of a chart, where a root has no value, an end of a geodesic was said to be no control.
    """
    for changes in ({}, *lesson.sets.values()):
        store = lesson.store()
        assert not store.set(changes)
        before = lesson.picture(lesson.model(store.state), Sheet())
        planes = {plane["name"]: plane for plane in before["planes"]}
        for handle in before["handles"]:
            store = lesson.store()
            store.set(changes)
            errors = store.set({handle["field"]: sent(planes[handle["plane"]], handle)})
            assert not errors, (changes, handle)
            after = lesson.picture(lesson.model(store.state), Sheet())
            (now,) = (one for one in after["handles"] if one["id"] == handle["id"])
            size = np.abs(np.array(planes[handle["plane"]]["view"])).max()
            assert np.allclose(now["at"], handle["at"], atol=2e-3 * size), (changes, handle, now)
            for far in ([1e3, 1.0], [-1e3, 1.0], [0.5, 1e3], [0.5, -1e3]):
                store = lesson.store()
                store.set(changes)
                errors = store.set({handle["field"]: far})
                assert [*errors] in ([], [handle["field"]]), errors
                assert "there is no control" not in "".join(errors.values()), errors
