"""A talk is read from its file, checked against its lesson, and becomes one link."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from natgrad_lecture.lesson_names import RENAMED
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.talk_steps import shown_in_talk, talk_steps
from natgrad_lecture.state.link import PAGE, read_query
from natgrad_lecture.talk import BadTalk, Step, Talk, read_talk


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_every_lesson_has_steps_each_with_a_line_and_names_that_a_link_can_hold(
    lesson: Lesson,
) -> None:
    assert talk_steps(lesson)
    assert set(talk_steps(lesson)) <= set(shown_in_talk(lesson))
    lines = sum(len(each.lines) for each in lesson.derivations.values())
    parts = len(lesson.presets) + len(lesson.claims) + 2 * len(lesson.questions) + lines
    assert len(shown_in_talk(lesson)) == parts, "no two share a name"
    expected = len(lesson.presets) + 2 * len(lesson.questions) + lines
    assert len(talk_steps(lesson)) >= expected or lesson.steps
    for name in shown_in_talk(lesson):
        assert not set(name) & set("~!*&=#?% ")
        assert not name.startswith(".")
    text = json.dumps(
        {"lesson": lesson.name, "steps": [{"show": name} for name in shown_in_talk(lesson)]}
    )
    talk, dropped = read_talk(text)
    assert ([step.show for step in talk.steps], dropped) == (list(shown_in_talk(lesson)), [])


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_what_a_link_says_of_the_page_is_no_field_of_the_state(lesson: Lesson) -> None:
    state, dropped = read_query("v=1&hide=words&talk=a~b&present=2", lesson.default)
    assert (state, dropped) == (lesson.default, [])
    shorts = {f.metadata["short"] for f in fields(lesson.default)}
    assert not shorts & set(PAGE)
    named = {c["field"] for group in lesson.control_groups() for c in group["controls"]}
    assert not any("," in name for name in named)


def test_a_step_keeps_its_line_and_its_state_whatever_is_in_them() -> None:
    line = "50 % more ~ or less! *really* & 「so」?"
    talk = Talk("coordinates", (Step(show="damping-breaks-it"), Step(state="v=1&k=3", say=line)))
    name, _, query = talk.link.partition("?")
    pairs = dict(parse_qsl(query, strict_parsing=True))
    assert name == "coordinates"
    assert pairs["present"] == "1"
    first, second = pairs["talk"].split("~")
    assert first == "damping-breaks-it"
    state, said = second.split("!")
    for mark, plain in (("*2", "!"), ("*1", "~"), ("*0", "*")):
        said = said.replace(mark, plain)
    assert (state, said) == (".v=1&k=3", line)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", '"steps"'),
        ('{"lesson": "coordinates", "steps": 3}', '"steps"'),
        ('{"lesson": "cordinates", "steps": []}', r"there are .*coordinates"),
        ('{"lesson": "coordinates", "steps": []}', "no step"),
        ('{"lesson": "coordinates", "steps": [{"show": "nothing"}]}', "damping-breaks-it"),
    ],
)
def test_a_file_that_holds_no_talk_is_refused_with_what_there_is(text: str, said: str) -> None:
    with pytest.raises(BadTalk, match=said):
        read_talk(text)


def test_a_step_that_is_not_known_is_dropped_and_said() -> None:
    steps = [{"show": "gone"}, 7, {"state": "http://there/coordinates?v=1&rate=-1", "say": "So."}]
    talk, dropped = read_talk(json.dumps({"lesson": "coordinates", "version": 9, "steps": steps}))
    assert talk.steps == (Step(state="v=1&rate=-1", say="So."),)
    assert [line.split(":")[0] for line in dropped[1:]] == ["step 1", "step 2", "step 3"]
    assert "version 9" in dropped[0]
    assert "gone" in dropped[1]
    assert "rate" in dropped[3]


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_talk_that_calls_its_lesson_by_an_older_name_is_still_read(old: str, new: str) -> None:
    assert old not in lessons
    show = next(iter(shown_in_talk(lessons[new])))
    talk, dropped = read_talk(json.dumps({"lesson": old, "steps": [{"show": show}]}))
    assert (talk.lesson, dropped) == (new, [])


def test_the_talk_in_the_how_to_is_one() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/how-to/talk.md").read_text()
    block = "\n".join(line for line in text.splitlines() if line.startswith("    "))
    talk, dropped = read_talk(block)
    assert (talk.lesson, len(talk.steps), dropped) == ("coordinates", 3, [])
