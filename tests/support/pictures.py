"""Lessons' pictures in their presets, with the numbers that each figure was given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from unittest import mock

import numpy as np

from natgrad_core import Trajectory
from natgrad_core.core.charted import Charted
from natgrad_core.types import Array
from natgrad_lecture.drawing.graph import Graph
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.runs_as_python import leaves
from natgrad_lecture.session import Live
from natgrad_lecture.widget import plain
from tests.support import features
from tests.support.answers import unpack
from tests.support.coverings import EVERY, few

FEW = 20
"""Steps of a run that is trained, where a lesson has a field for them."""


@dataclass(frozen=True)
class Picture:
    """An answer, what the engine says of its state, and what the figure gave to the sheet."""

    lesson: Lesson
    preset: str
    answer: dict[str, Any]
    data: bytes
    points: list[Array]
    """What the engine has of the runs: points, in each of their coordinates, as single floats."""
    losses: list[Array]
    """The losses of its runs, as single floats."""
    given: list[Array | None]
    """Of each trace with points: these, as numbers of its plane's axes; None if only their places
    on a graph are known."""

    @property
    def arrays(self) -> dict[str, Array]:
        """The arrays of the answer, as a page unpacks them."""
        return unpack(self.answer, self.data)


def _series(model: Any) -> tuple[list[Array], list[Array]]:
    """Points and losses of the runs of a model, now: what is trained will go on."""
    runs = [leaf for _, leaf in leaves(model.paths)]
    paths = [run for run in runs if isinstance(run, Trajectory)]
    maps = [path.problem.chart for path in paths if isinstance(path.problem, Charted)]
    points = [np.asarray(run) for run in runs if not isinstance(run, Trajectory)]
    losses = [row for row in points if row.ndim == 1]
    for path in paths:
        points += [path.theta, path.in_theta, *(chart.inverse(path.in_theta) for chart in maps)]
        losses.append(path.loss)
    with np.errstate(over="ignore"):
        return [row.astype("f4") for row in points], [row.astype("f4") for row in losses]


class _Placed(np.ndarray):
    """Points of the unit square that know the numbers they stand for."""

    numbers: Array


@contextmanager
def _noting() -> Iterator[list[Array | None]]:
    """Note the numbers of every trace that is added to a sheet."""
    given: list[Array | None] = []
    place, add = Graph.points, Sheet.add

    def points(graph: Graph, x: Any, y: Any) -> Array:
        placed = place(graph, x, y).view(_Placed)
        placed.numbers = np.stack(np.broadcast_arrays(np.asarray(x, float), y), -1)
        return placed

    def added(sheet: Sheet, *head: Any, **more: Any) -> None:
        at = more.get("points")
        if isinstance(at, _Placed):
            at = getattr(at, "numbers", None)
        given.append(None if at is None else np.asarray(at, float))
        add(sheet, *head, **more)

    with mock.patch.object(Graph, "points", points), mock.patch.object(Sheet, "add", added):
        yield given


def pictures() -> Iterator[Picture]:
    """Every lesson's first picture, and that of each preset of few lessons, which have traces of
    all kinds; what is trained has a first slice of its steps.
    """
    whole = few([*lessons.values()], (features.traces, features.planes, features.charts))
    for lesson in lessons.values():
        named = page_data(lesson)["presets"] if EVERY or lesson in whole else ()
        presets = {preset["id"]: preset["set"] for preset in named}
        for preset, changes in {"": {}, **presets}.items():
            live = Live(lesson)
            if lesson.slow and "steps" in lesson.default.plain():
                changes = {**changes, "steps": FEW}
            with _noting() as given:
                answer, data = live.respond({"ask": 1, "set": changes})
            said = cast("dict[str, Any]", plain(answer))
            kept = given[len(given) - len(said["traces"]) :]
            yield Picture(lesson, preset, said, data, *_series(live.model), kept)
