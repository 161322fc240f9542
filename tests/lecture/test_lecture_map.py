"""The home page's map: every lesson once, every slip where a claim shows how it is."""

from __future__ import annotations

import re

import pytest

from natgrad_lecture.lecture_map import MAP, STARTS, Slip, atlas, link
from natgrad_lecture.lessons import lessons
from natgrad_lecture.state.link import read_query

SLIPS = [slip for part in MAP for slip in part.slips]


def test_every_lesson_is_on_the_map_once_and_in_the_lectures_order() -> None:
    shown = [name for part in atlas(lessons) for name in part["lessons"]]
    assert sorted(shown) == sorted(lessons)
    assert [lessons[name].order for name in shown] == sorted(lessons[n].order for n in shown)


def test_the_sections_are_the_lectures_own() -> None:
    assert [part.number for part in MAP] == ["2", "3", "4.1", "4.2"]
    assert {part["number"] for part in atlas(lessons)} == {"2", "3", "4.1", "4.2", ""}


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.lesson}:{slip.claim}")
def test_a_slip_leads_to_the_state_in_which_its_claim_holds(slip: Slip) -> None:
    if slip.lesson not in lessons:
        assert link(lessons, slip) == ""
        return
    lesson = lessons[slip.lesson]
    name, _, query = link(lessons, slip).partition("?")
    assert name == slip.lesson
    if slip.claim:
        claim = lesson.claims[slip.claim]
        state, dropped = read_query(query, lesson.default)
        assert dropped == []
        assert claim.check(lesson.model(state)) is True


def test_the_slips_are_those_that_the_facts_list() -> None:
    """Section 5 of the facts: the sign, the squared length, the definiteness, 4.1, Taylor."""
    said = " ".join(slip.sentence for slip in SLIPS)
    for word in ("we go down", "squared length", "semi", "change of", "second-order"):
        assert re.search(word, said), word


def test_the_other_links_lead_to_lessons() -> None:
    assert any(name in lessons for name in STARTS)
    assert all(name.replace("-", "").isalpha() for name in STARTS)
