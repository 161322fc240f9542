"""Cite: the works behind what is in view, as BibTeX.

The lesson names its own; problems, charts, metrics and rules carry theirs, and what a run was made
of is known (``natgrad_core.made``).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import natgrad_core
from app.take.script import leaves
from natgrad_core import Trajectory
from natgrad_core.made import made
from natgrad_core.sources import bibtex, cited

if TYPE_CHECKING:
    from app.lessons.lesson import Lesson


def cite(lesson: Lesson, seen: Any) -> str:
    """The sources of what is ``seen`` of a lesson, as a BibTeX file."""
    return bibtex(cited([*lesson.said(), *_in_view(seen)]))


def words(thing: Any) -> Iterator[str]:
    """Where a thing and all that it was made of say their sources."""
    yield getattr(thing, "source", "") or ""
    call = made(thing)
    if call is None:
        return
    shelf, _, rest = call.expression.partition("[")
    if rest:
        item = getattr(natgrad_core, shelf)[rest.strip('"]')]
        yield inspect.getdoc(item) or ""
    for part in (*call.given, *call.named.values()):
        yield from words(part)


def _in_view(seen: Any) -> Iterator[str]:
    yield from words(getattr(seen, "problem", None))
    for _, path in leaves(seen.paths):
        if isinstance(path, Trajectory):
            yield from words(path.problem)
            yield from words(path.rule)
