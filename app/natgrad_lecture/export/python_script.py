"""Copy as Python: a short script with ``natgrad_core`` whose ``paths`` are those on the screen.

``natgrad_lecture.runs_as_python`` writes runs; a lesson that shows something else says it in its
own ``script``, which defines ``paths`` too.
"""

from __future__ import annotations

import textwrap
from typing import Any

from natgrad_core.provenance.code_writer import Writer, laid_out
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.runs_as_python import runs


def script(lesson: Lesson, model: Any, link: str = "") -> str:
    """The script for a ``model`` of a lesson; ``link`` is where the page shows the same."""
    writer = Writer(without=("view",))
    body = (lesson.script or runs)(model, writer)
    head = textwrap.fill(f"{lesson.title}: {lesson.caption(model.state)}", 88)
    needs = "It needs natgrad_core: run it in the project's folder."
    words = "\n\n".join(filter(None, (head, link and f"The same on the page: {link}", needs)))
    return f'"""{words}\n"""\n\n{writer.imports()}\n\n{laid_out(body.strip())}\n'
