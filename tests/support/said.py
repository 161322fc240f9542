"""The sentences that the lecture says outside its claims, each with the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.text.glossary import glossary
from natgrad_lecture.text.home import home_text

ROOT = Path(__file__).parents[2]


class Said(NamedTuple):
    """One sentence, and where it stands: ``exercise.coins.answer``."""

    place: str
    words: str


def sentences(text: str) -> list[str]:
    """A text, cut where a sentence ends."""
    found = re.split(r"(?<=[.?!])\s+(?=[A-Z$“(*])|(?<=[.?!]\))\s+", " ".join(text.split()))
    return [sentence.strip() for sentence in found if re.search(r"\w", sentence)]


def _texts(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """What a lesson says outside its claims, by place."""
    text = lesson.text()
    yield "takeaway", text.takeaway
    yield from ((f"introduction.{name}", said) for name, said in text.introduction.items())
    for part in text.sections:
        for each in part.sentences:
            if each.kind != "claim":
                yield (
                    f"{'section' if each.kind == 'plain' else each.kind}.{part.id}",
                    (each.words.source),
                )
        if part.question:
            yield f"question.{part.question.id}.asked", part.question.asked.source
            yield f"question.{part.question.id}.reason", part.question.reason.source
    for id, derived in text.derivations.items():
        yield f"derivation.{id}.title", derived.title.source
        yield f"derivation.{id}.condition", derived.condition.source
        yield from ((f"derivation.{id}.{line.id}", line.say) for line in derived.lines)
    for id, said in text.summary.items():
        yield f"summary.{id}", said.shown
        yield f"summary.{id}.when", said.condition
    for id, exercise in text.exercises.items():
        yield f"exercise.{id}.task", exercise.task.source
        yield f"exercise.{id}.answer", exercise.answer.source
    yield from ((f"preset.{id}", preset.say) for id, preset in text.presets.items())
    yield from ((f"caption.{line.id}", line.say) for line in text.formulas)
    yield from ((f"help.{'.'.join(path)}", said) for path, said in text.helps.items())


def in_lesson(lesson: Lesson) -> list[Said]:
    """The sentences of a lesson outside its claims, in order."""
    return [Said(place, each) for place, text in _texts(lesson) for each in sentences(text)]


def in_home() -> list[Said]:
    """The sentences of the home page; its corrections repeat claims."""
    text = home_text()
    found = [
        ((each.id and f"claim.{each.id}") or f"section.{part.id}", each.words.source)
        for part in text.sections
        for each in part.sentences
    ]
    found += [("takeaway", text.takeaway)]
    found += [(f"phrase.{name}", said) for name, said in text.phrases.items()]
    return [Said(place, each) for place, said in found for each in sentences(said)]


def in_readme() -> list[Said]:
    """The sentences of README.md, without its code and its table."""
    text = re.sub(r"(?m)^(    .*|\|.*|#.*)$", "", (ROOT / "README.md").read_text("utf-8"))
    text = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", text)
    return [Said("readme", each) for part in text.split("\n\n") for each in sentences(part)]


def in_glossary() -> list[Said]:
    """The first sentence of each entry: test_glossary_facts.py computes those after it."""
    return [
        Said(f"glossary.{name}", sentences(term.definition)[0])
        for name, term in glossary().terms.items()
    ]
