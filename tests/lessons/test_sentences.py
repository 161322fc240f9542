"""Every sentence outside the claims is held by something, too: none is left to be believed.

Lessons, the home page, the README and the glossary say more than their claims. The files in
``sentences/`` list each such sentence with what holds it, ``what | sentence``:

    claim ID           a claim's check; ``lesson.claim`` for another lesson's
    line ID            what ``LINES`` of its lesson gives for a takeaway, a preset or a reason
    derived ID.LINE    a line of a derivation, both of whose sides the tests compare
    exercise ID        the check and the numbers of an exercise
    fact NAME          a function of facts/
    numbers            its own equations, which are computed here
    cites              it says what a work says, by its year or its author
    asks, does         a question, or something to do
    is                 a definition or a description. If it has a word of results ("every", "zero",
                       "larger", a digit), a reason stands after it: ``is: what it does instead``

So a sentence that is new or edited is not listed, and its test says so.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from tests.lessons.facts import matrices, models, normals, rates
from tests.lessons.facts.cases import FACTS
from tests.support.latex_numbers import Arithmetic, NotRead, agree, equations, letters_in
from tests.support.said import Said, in_glossary, in_home, in_lesson, in_readme

WRITTEN_IN = (matrices, models, normals, rates)
"""Where the facts are written."""

LISTS = Path(__file__).with_name("sentences")
PAGES = {"home": in_home, "readme": in_readme, "glossary": in_glossary}
LISTED = [name for name in lessons if (LISTS / f"{name}.txt").exists()]

TEXTS = [*LISTED, *PAGES]

RESULT = re.compile(
    r"""\b(?:all|always|never|every|each|any|no|none|nothing|only|larg(?:er|est)|small(?:er|est)
    |more|most|less|least|fewe(?:r|st)|fast(?:er|est)?|slow(?:er|est|ly)?|equal(?:ly)?|same|zero
    |longe(?:r|st)|shorte(?:r|st)|nea(?:r|rer|rest|rly)|great(?:er|est)|highe(?:r|st)
    |lowe(?:r|st)|better|best|worse|worst|unless|therefore|so|because|cannot|differs?|depends?
    |invariant|exact(?:ly)?|grows?|shrinks?|tends?|becomes?|changes?|converges?|diverges?|half
    |twice|double|hardly|much|about)\b|\d|[=≈<>≤≥]|\\(?:approx|le|ge|to)\b""",
    re.I | re.X,
)
"""The words and signs of a result."""

TO_DO = re.compile(
    r"""(?:Add|After|Answer|Ask|Change|Check|Choose|Click|Compare|Compute|Describe|Differentiate
    |Divide|Do|Drag|Explain|Find|Give|Go|Hide|Let|Look|Make|Multiply|Open|Paint|Point|Press|Put
    |Read|See|Set|Show|Slide|Start|Take|Then|Try|Turn|Use|Watch|Write)\b""",
    re.X,
)
"""How a sentence begins that asks a reader to do something."""


class Held(NamedTuple):
    """A sentence of a list, and what holds it: its kind, and what the kind needs."""

    kind: str
    by: str
    words: str


def test_every_lesson_but_one_that_is_just_begun_has_its_list() -> None:
    assert len([name for name in lessons if name not in LISTED]) <= 1, "one at a time is begun"


def held(name: str) -> list[Held]:
    """What a list says, line by line."""
    found = []
    for line in (LISTS / f"{name}.txt").read_text("utf-8").splitlines():
        tie, _, words = line.partition(" | ")
        kind, _, by = tie.replace(":", "", 1).partition(" ")
        found.append(Held(kind, by, words))
    return found


def said(name: str) -> list[Said]:
    """What a text says outside its claims."""
    return PAGES[name]() if name in PAGES else in_lesson(lessons[name])


def unlisted(name: str, found: list[Said]) -> list[str]:
    """The sentences of a text that its list does not have, or has too often."""
    listed = [each.words for each in held(name)]
    return [each.words for each in found if listed.count(each.words) != _count(found, each.words)]


def _count(found: list[Said], words: str) -> int:
    return sum(each.words == words for each in found)


@pytest.mark.parametrize("name", TEXTS)
def test_every_sentence_is_listed_with_what_holds_it(name: str) -> None:
    found = said(name)
    assert unlisted(name, found) == [], (
        f"compute each, or say what holds it, in tests/lessons/sentences/{name}.txt"
    )
    gone = {each.words for each in held(name)} - {each.words for each in found}
    assert gone == set(), "no text says these any more"


def amiss(name: str, each: Held, places: Mapping[str, str]) -> str:
    """What is wrong with how a sentence is held, or nothing."""
    lesson, place = lessons.get(name), places[each.words]
    if each.kind == "claim":
        home, dot, id = each.by.rpartition(".")
        known = lessons[home if dot else name].claims
        return "" if id in known else "there is no such claim"
    if each.kind == "fact":
        return "" if each.by in FACTS else "there is no such fact"
    if each.kind == "numbers":
        return "" if any(read(each.words)) else "none of its equations can be read"
    if each.kind == "cites":
        return "" if re.search(r"\b(1[6-9]|20)\d\d\b|Suresh", each.words) else "it names no work"
    if each.kind == "asks":
        asks = each.words.endswith(("?", "?)", ":")) or ".asked" in place or ".learn" in place
        return "" if asks else "it asks nothing"
    if each.kind == "does":
        return "" if TO_DO.match(each.words) else "it begins with nothing to do"
    if each.kind == "is":
        return (
            "" if each.by or not RESULT.search(each.words) else "a word of results needs a reason"
        )
    return _by_its_lesson(lesson, each) if lesson else "only a lesson has it"


def _by_its_lesson(lesson: Lesson, each: Held) -> str:
    """The same, of what belongs to the parts of a lesson."""
    if each.kind == "line":
        line = each.by.removesuffix(".reason")
        return "" if line in lesson.lines else "its lesson has no such line"
    if each.kind == "exercise":
        return "" if each.by in lesson.exercises else "its lesson has no such exercise"
    if each.kind != "derived":
        return "there is no such kind"
    id, _, line = each.by.partition(".")
    derived = lesson.derivations.get(id)
    return "" if derived and (not line or line in derived.lines) else "nothing derives it"


@pytest.mark.parametrize("name", TEXTS)
def test_what_holds_a_sentence_exists_and_suits_it(name: str) -> None:
    places = {each.words: each.place for each in said(name)}
    wrong = [(why, each) for each in held(name) if (why := amiss(name, each, places))]
    assert wrong == []


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_holds_and_a_sentence_states_it(fact: str) -> None:
    assert FACTS[fact]()
    assert any((each.kind, each.by) == ("fact", fact) for name in TEXTS for each in held(name))


def read(words: str) -> Iterator[bool]:
    """Whether each equation of a sentence holds: between numbers, or for every value of its
    letters. One that defines a letter, or that is no arithmetic, is left out.
    """
    for left, right in equations(words):
        try:
            letters = letters_in(left) | letters_in(right)
            if not letters:
                yield agree(Arithmetic(left, {}).value(), Arithmetic(right, {}).value(), right)
            elif letters_in(left) and letters_in(right):
                values = [
                    {name: random.Random(f"{name}{i}").uniform(0.3, 2) for name in letters}
                    for i in range(5)
                ]
                if all(
                    math.isclose(Arithmetic(left, at).value(), Arithmetic(right, at).value())
                    for at in values
                ):
                    yield True
        except (NotRead, ValueError, ArithmeticError, TypeError):
            continue


@pytest.mark.parametrize("name", TEXTS)
def test_numbers_that_a_formula_of_a_text_sets_equal_are_equal(name: str) -> None:
    everything = [each.words for each in said(name)]
    if name in lessons:
        everything += [each.source for each in lessons[name].text().claims.values()]
    assert [words for words in everything if not all(read(words))] == []


@pytest.mark.parametrize(
    ("name", "true", "false"),
    [
        ("kl", r"\approx 0.144$", r"\approx 0.154$"),
        ("fisher", "= 0.02$", "= -0.02$"),
        ("natural-gradient", r"\frac12(1 + 4) = 2.5", r"\frac12(1 + 4) = 3"),
        ("policy", r"\cdot 2 = 0.75", r"\cdot 2 = 0.5"),
        ("variational", r"\frac58", r"\frac38"),
    ],
)
def test_a_wrong_number_in_a_sentence_is_found(name: str, true: str, false: str) -> None:
    words = [each.words for each in said(name) if true in each.words]
    assert words
    assert not any(all(read(each.replace(true, false))) for each in words)


FALSE = [
    ("coordinates", "takeaway", "Without damping, Newton's", "Newton's"),
    ("singular", "introduction", "Different points", "All points"),
    ("singular", "question", "to first order", "to any order"),
    ("efficiency", "section", "is a whole number", "is a number"),
    ("approximations", "definition", "becomes much too small", "becomes much too large"),
    ("fisher", "derivation", "This can fail", "This never fails"),
    ("newton", "summary", "can be zero elsewhere", "is zero elsewhere"),
    ("policy", "exercise", "Every start with $q <", "Every start with $q >"),
    (
        "race",
        "preset",
        "K-FAC needs the fewest steps at first",
        "K-FAC always needs the fewest steps",
    ),
    ("variational", "caption", "They are equal for the best q", "They are equal for every q"),
    ("home", "claim", "If $G$ is positive definite, the text's", "The text's"),
    ("readme", "readme", "takes another path", "takes the same path"),
    ("glossary", "glossary", "is at least $F^{-1}/n$", "is at most $F^{-1}/n$"),
]
"""False sentences, one in each kind of text: where it stands, what is said, and what is false."""


@pytest.mark.parametrize(("name", "place", "true", "false"), FALSE)
def test_a_false_sentence_in_any_kind_of_text_is_not_listed(
    name: str, place: str, true: str, false: str
) -> None:
    found = said(name)
    planted = [
        Said(each.place, each.words.replace(true, false)) if each.place.startswith(place) else each
        for each in found
    ]
    assert planted != found
    assert unlisted(name, planted) == [
        after.words for before, after in zip(found, planted, strict=True) if before != after
    ]


def test_a_result_cannot_be_listed_as_a_description_without_a_reason() -> None:
    words = "Its smallest value is the same in all coordinates."
    places = {words: "introduction.loss"}
    assert amiss("robustness", Held("is", "", words), places)
    assert amiss("robustness", Held("does", "", words), places)
    assert amiss("robustness", Held("asks", "", words), places)
    assert not amiss("robustness", Held("fact", "same_minimum_in_all_coordinates", words), places)
