"""A bare page opens with the picture that makes its point; links keep their own default."""

from __future__ import annotations

import json
import re

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


def needed(words: str) -> list[str]:
    """The lessons that an opening asks for, as "the lesson on …" or "the lesson *Its title*"."""
    phrases = re.findall(r"lessons? (?:on |\*)([^.;:*)(]*)", words)
    subjects = {name: _subject(lesson.text().title) for name, lesson in lessons.items()}
    return [
        name
        for name, subject in subjects.items()
        if any(re.search(rf"\b{re.escape(subject)}\b", phrase, re.I) for phrase in phrases)
    ]


def _subject(title: str) -> str:
    return title.removeprefix("The ").partition(" and ")[0]


@pytest.mark.parametrize("name", list(lessons))
def test_what_a_lesson_needs_is_taught_before_it(name: str) -> None:
    asked = needed(lessons[name].text().introduction.get("need", ""))
    late = [each for each in asked if lessons[each].order >= lessons[name].order]
    assert late == []


def test_the_lessons_that_an_opening_names_are_found() -> None:
    said = "K-FAC (from the lesson on approximations); Muon (from the lesson *After K-FAC*)."
    assert needed(said) == ["after-kfac", "approximations"]
    assert needed("The lessons on steepest descent, KL and the Fisher matrix.") == [
        "fisher",
        "kl",
        "steepest-descent",
    ]
    assert needed("Eigenvalues; the Fisher matrix, which a later lesson derives.") == []
