"""What a lesson's page is made of, as the lesson and its first picture say it.

The code that draws, exports, prints and names these parts is the same for every lesson, so a fault
of it is seen wherever the part is: in each of the lessons that ``tests.support.coverings``
takes. A part of a new kind, or with a new option, brings its lesson in by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any, cast

from natgrad_core import problems
from natgrad_lecture.bounded_cache import RESULTS, Results
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live
from natgrad_lecture.widget import plain

Features = frozenset[tuple[Any, ...]]


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Compute within as a process does that has computed nothing yet, and keep none of it.

    What runs of many steps have come to in other tests of this process would be in the picture.
    """
    kept = vars(RESULTS).copy()
    vars(RESULTS).update(vars(Results()))
    try:
        yield
    finally:
        vars(RESULTS).update(kept)


@cache
def first_answers(lesson: Lesson) -> tuple[Mapping[str, Any], ...]:
    """The answer that a lesson's page opens with; if its runs grow, the next one, too."""
    live = Live(lesson)
    with nothing_kept():
        first = cast("dict[str, Any]", plain(live.respond({})[0]))
        if "more" not in first:
            return (first,)
        return first, cast("dict[str, Any]", plain(live.respond({"fine": first["more"]})[0]))


def _in_answers(lesson: Lesson, name: str) -> list[Mapping[str, Any]]:
    """The parts of this name: of the first answers."""
    return list(chain.from_iterable(answer.get(name, ()) for answer in first_answers(lesson)))


def _said(part: Mapping[str, Any], *less: str) -> list[str]:
    """The options of a part that are given, except some."""
    return sorted(name for name, value in part.items() if value is not None and name not in less)


@cache
def _kinds_of_planes(lesson: Lesson) -> Mapping[str, tuple[str, ...]]:
    """Of each plane, by name, the options that make it a graph, a map or a model."""
    return {plane["name"]: tuple(_said(plane)) for plane in _in_answers(lesson, "planes")}


def kinds_of_traces(lesson: Lesson) -> Features:
    """The kinds of traces, without their options."""
    return frozenset(("trace", trace["kind"]) for trace in _in_answers(lesson, "traces"))


def traces(lesson: Lesson) -> Features:
    """The kinds of traces, each with its options."""
    said = _in_answers(lesson, "traces")
    return frozenset(("trace", trace["kind"], name) for trace in said for name in _said(trace))


def placed_traces(lesson: Lesson) -> Features:
    """The kinds of traces, each with the kinds of planes that it is on."""
    kinds = _kinds_of_planes(lesson)
    said = _in_answers(lesson, "traces")
    return frozenset(("trace", trace["kind"], kinds[trace["plane"]]) for trace in said)


def planes(lesson: Lesson) -> Features:
    """The kinds of planes, and how many there are."""
    kinds = _kinds_of_planes(lesson)
    return frozenset({("planes", len(kinds)), *(("plane", kind) for kind in kinds.values())})


def handles(lesson: Lesson) -> Features:
    """The handles: points, or tips of arrows, each with the kinds of planes that it is on."""
    kinds = _kinds_of_planes(lesson)
    said = _in_answers(lesson, "handles")
    return frozenset(
        ("handle", "from" in handle, "scale" in handle, kinds[handle["plane"]]) for handle in said
    )


def controls(lesson: Lesson) -> Features:
    """The kinds of controls, each with its options."""
    groups = lesson.control_groups()
    return frozenset(
        ("control", control["kind"], name)
        for group in groups
        for control in group["controls"]
        for name in _said(control)
    )


def kinds_of_controls(lesson: Lesson) -> Features:
    """The kinds of controls, without their options."""
    return frozenset(feature[:2] for feature in controls(lesson))


def charts(lesson: Lesson) -> Features:
    """What is below the planes: charts and tables."""
    said = _in_answers(lesson, "charts")
    return frozenset(("chart", name) for chart in said for name in _said(chart))


def growth(lesson: Lesson) -> Features:
    """Whether its runs have steps, whether they are asked for one by one, and whether it trains."""
    answer = first_answers(lesson)[0]
    return frozenset({("steps", answer["steps"] > 0, "shows" in answer), ("slow", lesson.slow)})


def parts(lesson: Lesson) -> Features:
    """The other parts of the page: whatever its picture and its text have of each kind."""
    text = page_data(lesson)
    sections = {("section", name) for section in text["words"] for name, v in section.items() if v}
    return frozenset(
        {
            *(("answer", name) for said in first_answers(lesson) for name in said if said[name]),
            *(("text", name) for name, value in text.items() if value),
            *sections,
            *charts(lesson),
        }
    )


def kinds_of_problem(name: str) -> Features:
    """By which formulas a problem runs, and in how many parameters; one that a reader types
    ("own") is of a kind of its own.
    """
    if name not in problems:
        return frozenset({("problem", name)})
    kind = problems[name]
    base = kind.__mro__[1].__name__
    return frozenset({("base", base), ("parameters", min(len(kind.symbols), 3))})
