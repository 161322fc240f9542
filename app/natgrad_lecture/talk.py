"""A talk: the steps that a lecturer shows, in order, as the page saves them in a file.

``{"lesson": "coordinates", "steps": [{"show": "damping-breaks-it"}, {"show": "claim.hessian",
"say": "a line of one's own"}, {"state": "v=1&rate=0.03", "say": "slower"}]}``: a step shows a
preset or a claim by its name, or a state as a link writes it. ``link`` presents it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from natgrad_lecture.lesson_names import current
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.talk_steps import shown_in_talk
from natgrad_lecture.state.link import VERSION, read_query

_MARKS = str.maketrans({"*": "*0", "~": "*1", "!": "*2"})
"""What parts steps, and a step from its line, is written so within them (session/talk_codec.js)."""


class BadTalk(ValueError):
    """A file that holds no talk: what is wrong with it, and what there is."""


@dataclass(frozen=True)
class Step:
    """What is shown (a name, or a state as a link writes it) and the line that is said of it."""

    show: str = ""
    state: str = ""
    say: str = ""

    def write(self) -> str:
        """The step as a link has it."""
        what = self.show or "." + self.state.translate(_MARKS)
        return what + ("!" + self.say.translate(_MARKS) if self.say else "")


@dataclass(frozen=True)
class Talk:
    """A lesson's steps in a lecturer's order."""

    lesson: str
    steps: tuple[Step, ...]

    @property
    def link(self) -> str:
        """The page that presents it, from its first step, below the server's address."""
        text = quote("~".join(step.write() for step in self.steps), safe="~!*'()")
        return f"{self.lesson}?v={VERSION}&talk={text}&present=1"


def read_talk(text: str) -> tuple[Talk, list[str]]:
    """The talk that a file holds, and what of it was dropped, in words; BadTalk if none is left."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadTalk(f"this is not JSON ({error})") from None
    if not isinstance(found, dict) or not isinstance(found.get("steps"), list):
        raise BadTalk('a talk is {"lesson": name, "steps": [step, …]}, as the page saves it')
    given = found.get("lesson")
    name = current(given) if isinstance(given, str) else ""
    if name not in lessons:
        raise BadTalk(f"no lesson {given!r}; there are {', '.join(lessons)}")
    if found.get("version", VERSION) != VERSION:
        dropped = [f"the file is of version {found['version']}, this program of {VERSION}"]
    else:
        dropped = []
    steps = []
    for number, each in enumerate(found["steps"], 1):
        step, said = _read_step(each, lessons[name])
        dropped += [f"step {number}: {word}" for word in said]
        if step is not None:
            steps.append(step)
    if not steps:
        raise BadTalk("; ".join(["no step of it can be shown", *dropped]))
    return Talk(name, tuple(steps)), dropped


def _read_step(found: Any, lesson: Lesson) -> tuple[Step | None, list[str]]:
    if not isinstance(found, dict):
        return None, [f"{str(found)[:40]!r} is no step; it is left out"]
    say = str(found.get("say") or "")
    if isinstance(state := found.get("state"), str):
        query = state.rpartition("?")[2]
        return Step(state=query, say=say), read_query(query, lesson.default)[1]
    show = found.get("show")
    if show not in shown_in_talk(lesson):
        return None, [f"nothing is called {show!r}; there are {', '.join(shown_in_talk(lesson))}"]
    return Step(show=show, say=say), []
