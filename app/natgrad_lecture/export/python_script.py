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
from natgrad_lecture.text.languages import ENGLISH


def script(lesson: Lesson, model: Any, link: str = "", language: str = ENGLISH) -> str:
    """The script for a ``model`` of a lesson, its first words in one of the lesson's languages;
    ``link`` is where the page shows the same.
    """
    writer = Writer(without=("view",))
    body = (lesson.script or runs)(model, writer)
    say = lesson.say(language)
    head = textwrap.fill(
        say("{}: {}").format(say(lesson.title), lesson.caption(model.state, say)), 88
    )
    needs = say("It needs natgrad_core: run it in the project's folder.")
    same = link and say("The same on the page: {}").format(link)
    words = "\n\n".join(filter(None, (head, same, needs)))
    return f'"""{words}\n"""\n\n{writer.imports()}\n\n{laid_out(body.strip())}\n'
