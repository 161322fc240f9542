"""While a question is open nothing on the page answers it: no line, no label, no step of a talk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.hidden_answers import gives_away, hidden_by
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.lessons.talk_steps import shown_in_talk, talk_steps
from natgrad_lecture.state.state import State

NOT_TELLING = frozenset(
    re.findall(
        r"\w+",
        """a an the of for to in is are it its on at by with and or not no none both all only one
        two as than that this which what whose how does do we be has have from so their there then
        here these any each will whom more most less very method methods lesson question""",
    )
)
"""Words that say nothing of which answer is right."""

SHARED = 2
"""Words that a line has of a question, beside those of the right option, if it answers it."""

AROUND = ("title", "heading", "introduction", "legend", "phrase", "formula", "preset", "takeaway")
"""What stands around a question whatever a reader does: the kinds of its ids."""

ASKED = [
    pytest.param(lesson, name, id=f"{lesson.name}:{name}")
    for lesson in lessons.values()
    for name in lesson.questions
]


def _place(lesson: Lesson) -> Callable[[str], int]:
    """Where a question stands in the text."""
    return lambda question: lesson.text().order.index(f"question.{question}")


def words(said: str) -> set[str]:
    """The words of a text without formulas, each without its ending."""
    bare = re.sub(r"\$[^$]*\$", " ", said.lower().replace("’", "'"))
    found = (re.sub(r"'s?$", "", word) for word in re.findall(r"[^\W\d_][\w'-]+", bare))
    return {
        re.sub(r"(?<=\w{3})(ing|es|ed|s)$", "", word) for word in found if word not in NOT_TELLING
    }


def texts_around(lesson: Lesson, question: str) -> Iterator[tuple[str, str]]:
    """What a reader can see beside an open question, by the ids of the text: sentence by sentence,
    and a preset's line with its name.
    """
    text = lesson.text()
    hidden = {f"question.{question}", *hidden_by(lesson, question)}
    for unit, said in text.units.items():
        kind, _, rest = unit.partition("-")
        name = rest.removesuffix(".say")
        line = "takeaway" if kind == "takeaway" else f"preset.{name}"
        if kind not in AROUND or f"formula.{name}" in hidden:
            continue
        if (kind == "takeaway" or rest != name) and hidden & set(gives_away(lesson, line)):
            continue
        if kind == "preset":
            yield unit, f"{text.presets[name].name}: {said}"
        else:
            yield from ((unit, sentence) for sentence in re.split(r"(?<=[.!?]) ", said))


@pytest.mark.parametrize(("lesson", "question"), ASKED)
def test_nothing_around_an_open_question_has_the_words_of_its_answer(
    lesson: Lesson, question: str
) -> None:
    asked = lesson.text().questions[question]
    right = words(asked.options[lesson.truth(question)].source)
    if not right:
        return  # a number, a formula, "for none": no word tells it
    about = words(asked.asked.source) - right
    for unit, said in texts_around(lesson, question):
        found = words(said)
        assert not (right <= found and len(about & found) >= SHARED), (unit, said)


FIRST = [
    pytest.param(lesson, min(lesson.questions, key=_place(lesson)), id=name)
    for name, lesson in lessons.items()
    if lesson.questions
]

ANOTHER = ("problem", "start", "chart", "matrix", "bend", "a", "eig", "task", "damping")
"""Fields by which a question is about other runs than those of the first picture."""


def methods_drawn(lesson: Lesson, state: State) -> set[str]:
    """The styles that a state's picture has: its traces', or a plane's own title."""
    labels = {drawn["label"]: name for name, drawn in page_data(lesson)["styles"].items()}
    sheet = Sheet()
    with np.errstate(all="ignore"):
        planes = lesson.picture(lesson.model(state.with_(**lesson.small)), sheet)["planes"]
    titled = {labels[title] for plane in planes if (title := plane["title"]) in labels}
    return titled | {trace["style"] for trace in sheet.traces if "style" in trace}


def methods_named(lesson: Lesson, question: str) -> set[str]:
    """The styles of the methods that a question or one of its options names."""
    asked = lesson.text().questions[question]
    said = " ".join(each.source for each in (asked.asked, *asked.options)).lower()
    return {
        name
        for name, drawn in page_data(lesson)["styles"].items()
        if re.search(rf"(?<![\w-]){re.escape(drawn['label'].lower())}(?![\w-])", said)
    }


def revealed(lesson: Lesson, question: str, first: State) -> set[str]:
    """The methods of a question whose runs the first picture draws, more than it may: of several
    that are compared it may draw one. A meter that a question hides is what answers it.
    """
    shown = lesson.state_after(lesson.questions[question].set)
    other = any(getattr(shown, name, 0) != getattr(first, name, 0) for name in ANOTHER)
    named = methods_named(lesson, question)
    if other or "meter" in hidden_by(lesson, question) or not named:
        return set()
    drawn = named & methods_drawn(lesson, first)
    return drawn if len(drawn) > (len(named) > 1) else set()


@pytest.mark.parametrize(("lesson", "question"), FIRST)
def test_the_first_picture_does_not_draw_what_the_first_question_asks(
    lesson: Lesson, question: str
) -> None:
    assert revealed(lesson, question, lesson.first) == set()
    shown = lesson.state_after(lesson.questions[question].set)
    assert replace(shown, k=0) != replace(lesson.first, k=0), "the first picture is the answer's"


@pytest.mark.parametrize("name", ["after-kfac", "approximations"])
def test_a_first_picture_with_every_run_would_answer_the_first_question(name: str) -> None:
    lesson = lessons[name]
    question = min(lesson.questions, key=_place(lesson))
    assert revealed(lesson, question, lesson.state_after(lesson.questions[question].set))


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_a_line_that_repeats_the_answer_is_hidden_as_the_answer_is(lesson: Lesson) -> None:
    static = page_data(lesson)
    lines = {f"preset.{each['id']}": each["gives_away"] for each in static["presets"]}
    lines["takeaway"] = static["takeaway_gives_away"]
    for question in lesson.questions:
        hidden = set(hidden_by(lesson, question))
        for line, gives in lines.items():
            repeated = lesson.lines.get(line, ())
            claims = set(repeated if isinstance(repeated, tuple) else ())
            assert hidden & claims <= set(gives), (question, line)
            assert (f"question.{question}" in gives) == (line in hidden), (question, line)


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_a_talk_asks_a_question_before_it_shows_what_answers_it(lesson: Lesson) -> None:
    steps = talk_steps(lesson)
    assert len(set(steps)) == len(steps)
    shown = {preset["id"]: set(preset["gives_away"]) for preset in page_data(lesson)["presets"]}
    for question in lesson.questions:
        asked = steps.index(f"question.{question}")
        assert steps[asked + 1] == f"answer.{question}"
        assert shown_in_talk(lesson)[steps[asked]] == {}, "the picture would answer it"
        assert shown_in_talk(lesson)[steps[asked + 1]] == lesson.questions[question].set
        answers = {f"question.{question}", *hidden_by(lesson, question)}
        for at, step in enumerate(steps):
            kind, _, name = step.partition(".")
            gives = shown.get(step, set()) | ({name} if kind == "claim" else set())
            if kind == "derivation":
                gives.add(step.rpartition(".")[0])
            assert at > asked or not gives & answers, (question, step)
    assert set(shown) <= set(steps)


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_a_description_names_the_hidden_line_whose_numbers_it_says(lesson: Lesson) -> None:
    """The page reads the meter's numbers, or those of the line that the picture names, to nobody
    while a question hides them.
    """
    lines = {f"formula.{line.id}": " ".join(line.parts) for line in lesson.text().formulas}
    hidden = {part for name in lesson.questions for part in hidden_by(lesson, name)} & set(lines)
    if not hidden:
        return
    with np.errstate(all="ignore"):
        seen = lesson.picture(lesson.model(lesson.first), Sheet())
    said = re.findall(r"\d[\d.]*\d", seen["description"])
    for line in hidden - {seen.get("description_of", "meter" if seen.get("meter") else "")}:
        held = [seen["numbers"].get(name) for name in re.findall(r"@([\w-]+)", lines[line])]
        values = [f"{each:.{n}g}" for each in held if isinstance(each, float) for n in (3, 4)]
        answers = {value for value in values if value in said and len(value.strip("0.")) > 2}
        assert not answers, (line, seen["description"])
