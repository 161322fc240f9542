"""A bare page opens with the picture that makes its point; links keep their own default."""

from __future__ import annotations

import json

import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.session import Live
from natgrad_lecture.state.link import read_query

OPENING = [pytest.param(lesson, id=name) for name, lesson in lessons.items() if lesson.opening]


@pytest.mark.parametrize("lesson", OPENING)
def test_a_bare_page_and_a_reset_show_what_the_lesson_opens_with(lesson: Lesson) -> None:
    live = Live(lesson)
    opened, _ = live.respond({"ask": 0, "state": {}})
    plain = json.loads(json.dumps(lesson.first.plain()))
    assert json.loads(json.dumps(opened["state"])) == plain != lesson.default.plain()
    live.respond({"ask": 1, "set": {"k": 1}})
    again, _ = live.respond({"ask": 2, "reset": True})
    assert again["state"] == opened["state"]


@pytest.mark.parametrize("lesson", OPENING)
def test_the_default_of_links_has_a_link_that_is_not_bare(lesson: Lesson) -> None:
    """Else the address of that state would open the other one, with or without the step shown."""
    for state in (lesson.default, lesson.default.with_(k=1), lesson.first):
        query = lesson.query(state)
        assert any(not part.startswith(("v=", "k=")) for part in query.split("&"))
        assert read_query(query, lesson.default) == (state, [])
