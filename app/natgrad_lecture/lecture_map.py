"""The lecture's map: its sections, the lessons that teach them, and what it is corrected in.

The lecture is Sylesh Suresh, Natural Gradient (2019). A slip names the lesson's claim that shows
how it is; the page links to that claim's own state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.text.markdown import prose


@dataclass(frozen=True)
class Slip:
    """Where the lecture errs, said kindly, and the lesson and claim that show how it is."""

    sentence: str
    lesson: str
    claim: str


@dataclass(frozen=True)
class Part:
    """A section of the lecture, in a sentence, and the lessons on it."""

    number: str
    title: str
    says: str
    lessons: tuple[str, ...]
    slips: tuple[Slip, ...] = ()


MAP = (
    Part(
        "2", "Motivation", "A step should not depend on the numbers we write parameters with.",
        ("coordinates", "newton"),
        (
            Slip(r"It adds $\alpha\nabla J$ while calling $J$ a loss: we go down.",
                 "coordinates", "plain-aat"),
            Slip(r"The Hessian keeps its promise only while the coordinates are straight.",
                 "newton", "term"),
        ),
    ),
    Part(
        "3", "Derivation", "Which way is steepest depends on what counts as far.",
        ("steepest-descent",),
        (
            Slip(r"$a^{\top} G a$ is the squared length.", "steepest-descent", "squared"),
            Slip(r"Its condition holds for the steepest way up as well: going down takes "
                 r"the minus sign.", "steepest-descent", "sign"),
            Slip(r"Of the Fisher matrix it says positive definite; it is positive "
                 r"*semi*-definite.", "natural-gradient", "semidefinite"),
        ),
    ),
    Part(
        "4.1", "Parameterization-invariant metric", "KL compares distributions, not numbers.",
        ("kl",),
        (
            Slip(r"It changes the variable of the *data*; that KL also ignores a change of "
                 r"*parameters* is another fact, and a simpler one.", "kl", "charts"),
        ),
    ),
    Part(
        "4.2", "Approximation", "Near by, KL is a quadratic form, and its matrix is Fisher's.",
        ("fisher", "natural-gradient"),
        (
            Slip(r"The second-order term needs $\mathrm{E}[\nabla^2\log p] = -F$, the first one "
                 r"$\mathrm{E}[\nabla\log p] = 0$; the $dx$ in its sum is a slip.",
                 "fisher", "second"),
        ),
    ),
)  # fmt: skip
"""In the lecture's order. Lessons that no part names go beyond it."""


STARTS = {
    "natural-gradient": "Straight to the natural gradient",
    "playground": "Try your own problem",
    "net": "See it on a small net",
}
"""Other doors into the lecture, by the lesson they lead to."""


def home(lessons: Mapping[str, Lesson], picture: Callable[[Lesson], str]) -> dict[str, Any]:
    """What the home page shows of these lessons: cards, the map, where to start.

    ``picture`` says where a lesson's thumbnail is: an address, or a ``data:`` one.
    """
    row = sorted(lessons.values(), key=lambda lesson: (lesson.order, lesson.name))
    cards = {
        it.name: {"title": it.title, "takeaway": it.takeaway, "picture": picture(it), "place": i}
        for i, it in enumerate(row, 1)
    }
    return {
        "lessons": cards,
        "parts": atlas(lessons),
        "first": row[0] if row else None,
        "starts": [{"name": n, "say": say} for n, say in STARTS.items() if n in lessons],
    }


def atlas(lessons: Mapping[str, Lesson]) -> list[dict[str, Any]]:
    """The map as the home page draws it, of the lessons there are; the last entry goes beyond."""
    listed = [name for part in MAP for name in part.lessons]
    beyond = Part("", "Beyond the lecture", "Where the idea leads, and what it costs.", ())
    rest = sorted((n for n in lessons if n not in listed), key=lambda n: lessons[n].order)
    found = []
    for part, names in (*((p, p.lessons) for p in MAP), (beyond, tuple(rest))):
        found.append(
            {
                "number": part.number,
                "title": part.title,
                "says": part.says,
                "lessons": [n for n in names if n in lessons],
                "slips": [
                    {"html": prose(slip.sentence), "link": link(lessons, slip)}
                    for slip in part.slips
                ],
            }
        )
    return found


def link(lessons: Mapping[str, Lesson], slip: Slip) -> str:
    """The lesson at the state in which its claim shows; the lesson itself without a claim."""
    if slip.lesson not in lessons:
        return ""
    lesson = lessons[slip.lesson]
    if slip.claim not in lesson.claims:
        return slip.lesson
    query = lesson.query(lesson.state_after(lesson.claims[slip.claim].set))
    return f"{slip.lesson}?{query}" if query else slip.lesson
