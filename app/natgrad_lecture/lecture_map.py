"""The lecture's map: its sections, the lessons that teach them, and what it is corrected in.

The lecture is Sylesh Suresh, Natural Gradient (2019). What the home page says of a section stands
in ``text/home.md``. A correction there names the lesson's claim that it repeats; the page links to
that claim's own state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.text.home import Address, home_text, other_languages
from natgrad_lecture.text.lesson_text import ENGLISH, Section, opening_of
from natgrad_lecture.text.markdown import prose


@dataclass(frozen=True)
class Part:
    """A section of the lecture, by its id in ``home.md``, and the lessons on it."""

    id: str
    number: str
    lessons: tuple[str, ...]


MAP = (
    Part("motivation", "2", ("coordinates", "newton")),
    Part("derivation", "3", ("steepest-descent",)),
    Part("metric", "4.1", ("kl",)),
    Part("approximation", "4.2", ("fisher", "natural-gradient")),
)
"""In the lecture's order. Lessons that no part names go beyond it."""

BEYOND = "beyond"
"""The id of the part with the lessons that go beyond the lecture."""

STARTS = ("natural-gradient", "playground", "net")
"""Other lessons to begin with; ``home.md`` says under their names why."""


@dataclass(frozen=True)
class Correction:
    """A correction of the lecture, as HTML, and the lesson's claim that it repeats."""

    html: str
    lesson: str
    claim: str


def home(
    lessons: Mapping[str, Lesson],
    picture: Callable[[Lesson], str],
    address: Address,
    language: str = ENGLISH,
) -> dict[str, Any]:
    """What the home page shows of these lessons: cards, the map, where to start.

    Args:
        lessons: The lessons there are, by name.
        picture: Says where a lesson's thumbnail is: an address, or a ``data:`` one.
        address: Says where the other pages are.
        language: One of the home page's languages. A lesson that lacks it has its card in English.
    """
    row = sorted(lessons.values(), key=lambda lesson: (lesson.order, lesson.name))
    text = home_text(language)
    cards = {
        it.name: {**_opening(it, language), "picture": picture(it), "address": address(it.name)}
        for it in row
    }
    say = text.phrases
    starts = [(row[0].name, say["start"].format(title=cards[row[0].name]["title"]))] if row else []
    starts += [(name, say[name]) for name in STARTS if name in lessons]
    return {
        "language": language,
        "others": other_languages(language, "home", address),
        "title": text.title,
        "lead": text.takeaway,
        "say": say,
        "source": prose(say["source"]),
        "lessons": {name: {**card, "place": i} for i, (name, card) in enumerate(cards.items(), 1)},
        "parts": atlas(lessons, address, language),
        "starts": [
            *({"address": address(name), "say": said} for name, said in starts),
            {"address": address("glossary"), "say": say["glossary"]},
        ],
    }


def _opening(lesson: Lesson, language: str) -> dict[str, str]:
    """A lesson's title and takeaway, in this language if it has it."""
    spoken = language if language in lesson.languages else ENGLISH
    said = opening_of(lesson.folder, spoken)
    return {"title": said.title, "takeaway": said.takeaway, "language": spoken}


def atlas(
    lessons: Mapping[str, Lesson], address: Address, language: str = ENGLISH
) -> list[dict[str, Any]]:
    """The map as the home page draws it, of the lessons there are; the last entry goes beyond."""
    listed = [name for part in MAP for name in part.lessons]
    rest = sorted((n for n in lessons if n not in listed), key=lambda n: lessons[n].order)
    text = home_text(language)
    sections = {section.id: section for section in text.sections}
    return [
        {
            "number": part.number,
            "section": text.phrases["section"].format(number=part.number) if part.number else "",
            "title": sections[part.id].heading,
            "says": prose(sections[part.id].source("plain")),
            "lessons": [name for name in part.lessons if name in lessons],
            "corrections": [
                {"html": each.html, "link": link(lessons, each, address)}
                for each in corrections(sections[part.id])
            ],
        }
        for part in (*MAP, Part(BEYOND, "", tuple(rest)))
    ]


def corrections(section: Section) -> list[Correction]:
    """The corrections under a section of ``home.md``."""
    return [
        Correction(sentence.words.html, *sentence.id.split(".", 1))
        for sentence in section.sentences
        if sentence.kind == "claim"
    ]


def link(lessons: Mapping[str, Lesson], correction: Correction, address: Address) -> str:
    """The lesson at the state in which the claim shows; empty if the lesson is not there."""
    if correction.lesson not in lessons:
        return ""
    lesson = lessons[correction.lesson]
    claim = lesson.claims[correction.claim]
    return address(lesson.name, lesson.query(lesson.state_after(claim.set)))
