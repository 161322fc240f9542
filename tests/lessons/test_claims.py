"""Claims are code: every mathematical sentence of every lesson is checked by the engine."""

from __future__ import annotations

import html
import json
import re
from xml.etree import ElementTree

import pytest

from natgrad_core.provenance.bibliography import cited
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.hidden_answers import hidden_by
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.text.lesson_text import LIMITS, LessonText, read_text
from natgrad_lecture.text.markdown import prose


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_no_sentence_holds_mathematics_without_being_a_claim_or_a_definition(
    lesson: Lesson,
) -> None:
    for section in lesson.sections:
        for sentence in section.sentences:
            assert sentence.kind in ("claim", "definition") or not sentence.words.formulas, sentence


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_every_preset_says_what_to_see(lesson: Lesson) -> None:
    names = [preset.name for preset in lesson.presets]
    assert len(names) == len(set(names))
    assert [preset.name for preset in lesson.presets if not preset.say.endswith(".")] == []


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_every_prediction_is_answered_by_the_engine_and_explained(lesson: Lesson) -> None:
    for name, asked in lesson.text().questions.items():
        options = {option.source for option in asked.options}
        assert len(asked.options) == len(options) > 1
        assert lesson.truth(name) in range(len(options))
        assert asked.reason.source.endswith(".")
        right = asked.options[lesson.truth(name)].formulas
        for line in lesson.text().formulas:
            sides = {part.partition("@")[0].rstrip("= ") for part in line.parts}
            open_ = f"formula.{line.id}" not in hidden_by(lesson, name)
            assert not (open_ and sides & set(right)), f"{line.id} answers {name}: {right}"
        for language in lesson.languages:
            assert answered_by(lesson.text(language), name, lesson.truth(name)) == [], language


def answered_by(text: LessonText, question: str, right: int) -> list[str]:
    """What always stands open on the page and names the right option of a question, if no such
    words name another option.

    These are the headings, what the reader will learn, and the names of the presets.
    """
    words = [section.heading for section in text.sections]
    words += [text.introduction.get("learn", ""), *(name for name, _ in text.presets.values())]
    naming = [
        [each for each in words if _plain(option.source) in _plain(each)]
        for option in text.questions[question].options
    ]
    others = [each for which, found in enumerate(naming) if which != right for each in found]
    return [] if others else naming[right]


def _plain(words: str) -> str:
    """Words up to the first comma, without the signs of a formula, each between two spaces."""
    said = re.split("[,，]", words.lower())[0].replace(r"^{\top}", "ᵀ").replace("$", "")
    said = re.sub(r"(?<=[a-z]) (?=[a-z]ᵀ)|['’]s\b", "", said)
    said = re.sub("([一-鿿])", r" \1 ", re.sub(r"[^\w ]", " ", said))
    return f" {' '.join(said.split())} "


def test_a_heading_which_answers_a_question_is_found() -> None:
    said = "# A\n\nB.\n\n## {} {{#b}}\n\n::: question {{#q}}\nC?\n\n- {}\n- {}\n\nD.\n:::\n"
    for heading, options, found in (
        ("Why AAᵀ", (r"$A^{\top}A$", r"$A A^{\top}$"), ["Why AAᵀ"]),
        ("The integral stays", ("grows", "stays"), ["The integral stays"]),
        ("What grows and what stays", ("grows", "stays"), []),
        ("The understays", ("grows", "stays"), []),
    ):
        assert answered_by(read_text(said.format(heading, *options)), "q", 1) == found


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_every_work_that_a_lesson_names_is_in_the_bibliography(lesson: Lesson) -> None:
    assert cited(lesson.said())


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_a_symbol_lights_only_what_has_a_style_and_stands_in_the_text(lesson: Lesson) -> None:
    static = page_data(lesson)
    text = str(static["words"]) + str(static["formulas"])
    for symbol, names in lesson.lights.items():
        plain, hat, _ = symbol.partition("\u0302")
        mark = rf"<m[io]>{plain}</m[io]>" + (r"<mo[^>]*>\^</mo></mover>" if hat else "")
        assert re.search(mark, html.unescape(text)), symbol
        assert set(names) <= set(static["styles"])


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_the_default_state_is_one_that_its_own_checks_allow(lesson: Lesson) -> None:
    assert lesson.default.with_(**lesson.default.plain()).whole() == lesson.default


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_what_the_page_sets_makes_the_state_that_is_checked_wherever_the_reader_was(
    lesson: Lesson,
) -> None:
    """A preset of the race ran with the rates of another task, and a start got lost."""
    static = page_data(lesson)
    sent = [(lesson.claims[id].set, each["set"]) for id, each in static["claims"].items()]
    sent += [(lesson.sets[each["id"]], each["set"]) for each in static["presets"]]
    states = [(meant, lesson.state_after(meant), changes) for meant, changes in sent]
    for before in ({}, *lesson.sets.values()):
        store = lesson.store()
        assert not store.set(before)
        there = store.state
        for meant, expected, changes in states:
            store.state = there
            assert not store.set(changes)
            assert store.state == expected, (before, meant)


def test_a_claim_can_fail() -> None:
    lesson = lessons["coordinates"]
    claim = lesson.claims["plain-splits"]
    assert claim.check(lesson.after({"matrix": [[1, 0], [0, 1]], "rules": ["gradient"]})) is False
    claim = lesson.claims["natural-coincides"]
    assert claim.check(lesson.after({"damping": 5.0, "rules": ["natural"]})) is False


MINUTES = 10.0
"""What a lesson may take: its words at 150 a minute, half a minute a preset and a question."""


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_every_lesson_asks_shows_and_states_its_limits_in_ten_minutes(lesson: Lesson) -> None:
    assert lesson.claims, "a lesson has a claim: [a sentence](#claim-its-id)"
    assert lesson.questions, "a lesson has a question: ::: question {#its-id}"
    assert lesson.presets, "a lesson has a preset: - [its name](#its-id) under ::: presets"
    assert lesson.sources, "a lesson names its sources, as in the bibliography"
    named = [section.id for section in lesson.sections]
    assert LIMITS in named, f"text.md has a section ## Limits and corrections {{#{LIMITS}}}"
    assert lesson.takeaway.endswith(".")
    assert len(lesson.takeaway) <= 160, f"{len(lesson.takeaway)} letters; a takeaway has 160"
    said = [section.source() for section in lesson.sections]
    looks = len(lesson.presets) + len(lesson.questions)
    assert sum(len(one.split()) for one in said) / 150 + looks / 2 <= MINUTES


CHILDREN = {"msup": 2, "msub": 2, "msubsup": 3, "mfrac": 2, "munder": 2, "mover": 2}
"""How many parts these elements of MathML have; with another number a browser draws something else.
"""


@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_every_formula_is_well_formed(lesson: Lesson) -> None:
    """A space within a power made cos²φ look like cos 2φ."""
    for language in lesson.languages:
        said = json.dumps(page_data(lesson, language))
        for found in set(re.findall(r"<math .*?</math>", said)):
            tree = ElementTree.fromstring(json.loads(f'"{found}"'))
            for element in tree.iter():
                wanted = CHILDREN.get(element.tag.rpartition("}")[2])
                assert wanted in (None, len(element)), found


def test_there_are_sixty_claims_and_more() -> None:
    assert sum(len(lesson.claims) for lesson in lessons.values()) >= 60


def test_typeset_words_need_nothing_from_outside() -> None:
    html = prose(r"*A* step $-\alpha A A^{\top}\nabla J$ & more")
    assert "<em>A</em>" in html
    assert "<math" in html
    assert "&amp; more" in html
    assert "http" not in html.replace("http://www.w3.org/1998/Math/MathML", "")
    assert re.search(r'<span class="held"><math.*</math>\.</span> Next', prose("is $x$. Next"))
    assert re.search(r"</math> too", prose("is $x$ too"))
    with pytest.raises(ValueError, match="without its partner"):
        prose("one $ alone")
