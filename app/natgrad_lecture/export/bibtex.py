"""Cite: the works behind what is in view, as BibTeX.

The lesson names its own; problems, charts, metrics and rules carry theirs, and what a run was made
of is known (``natgrad_core.core.provenance``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from natgrad_core import Trajectory
from natgrad_core.provenance.bibliography import bibtex, cited
from natgrad_core.provenance.cite import words
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.runs_as_python import leaves


def cite(lesson: Lesson, model: Any) -> str:
    """The sources of a ``model`` of a lesson, as a BibTeX file."""
    return bibtex(cited([*lesson.said(), *_in_view(model)]))


def _in_view(model: Any) -> Iterator[str]:
    yield from words(getattr(model, "problem", None))
    for _, path in leaves(model.paths):
        if isinstance(path, Trajectory):
            yield from words(path)
