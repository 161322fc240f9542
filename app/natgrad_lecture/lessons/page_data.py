"""What the page is told of a lesson once: all that does not change with the state."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from natgrad_lecture.controls import labelled
from natgrad_lecture.drawing.palette import styles
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.hidden_answers import gives_away, hidden_by
from natgrad_lecture.lessons.talk_steps import talk_steps, unfolding
from natgrad_lecture.protocol import (
    ControlGroup,
    DerivationData,
    ExerciseData,
    LessonData,
    Neighbor,
    Neighbors,
    Prediction,
    SectionData,
    Style,
)
from natgrad_lecture.state.link import PAGE, VERSION
from natgrad_lecture.text.catalogs import spoken
from natgrad_lecture.text.glossary import Term, glossary
from natgrad_lecture.text.lesson_text import (
    ENGLISH,
    DerivationText,
    LessonText,
    Section,
    title_of,
)
from natgrad_lecture.text.markdown import prose
from natgrad_lecture.text.typeset import formula


def page_data(
    lesson: Lesson, language: str = ENGLISH, among: Collection[Lesson] = ()
) -> LessonData:
    """All that does not change with the state, as JSON has it, in one of its languages.

    ``among`` are the lessons of the lecture, of which the neighbors are named.
    """
    text, say = lesson.text(language), lesson.say(language)
    fixed = spoken({"controls": lesson.control_groups(), "styles": styles(lesson.rules)}, say)
    drawn = {**fixed["styles"], **lesson.own_styles(text, say)}
    terms, known = glossary(language), dict[str, Term]()
    introduction = {n: terms.marked(prose(said), known) for n, said in text.introduction.items()}
    sections = [_section(lesson, part) for part in text.sections]
    for section in sections:
        section["html"] = terms.marked(section["html"], known)
    return {
        "name": lesson.name,
        "language": language,
        "languages": list(lesson.languages),
        "title": text.title,
        "takeaway": text.takeaway,
        "takeaway_gives_away": list(gives_away(lesson, "takeaway")),
        "meter": text.phrases.get("meter", ""),
        "version": VERSION,
        "k": lesson.default.k,
        "own": list(PAGE),
        "talk": list(talk_steps(lesson)),
        "nav": _neighbors(lesson, among, language),
        "lights": {symbol: list(names) for symbol, names in lesson.lights.items()},
        "introduction": introduction,
        "words": sections,
        "terms": {name: term.html for name, term in known.items()},
        "summary": [
            {"id": name, "html": prose(said.shown), "when": prose(said.condition)}
            for name, said in text.summary.items()
        ],
        "exercises": _exercises(lesson, text),
        "controls": cast("list[ControlGroup]", labelled(fixed["controls"], text, drawn)),
        "formulas": [
            {"id": line.id, "html": "".join(map(formula, line.parts)), "say": line.say}
            for line in text.formulas
        ],
        "styles": cast("dict[str, Style]", drawn),
        "claims": {
            name: {"set": lesson.whole_sets[f"claim.{name}"], "shows": list(claim.shows)}
            for name, claim in lesson.claims.items()
        },
        "presets": [
            {
                "id": id,
                "name": it.name,
                "set": lesson.whole_sets[f"preset.{id}"],
                "say": it.say,
                "gives_away": list(gives_away(lesson, f"preset.{id}")),
            }
            for id, it in text.presets.items()
        ],
    }


def _section(lesson: Lesson, part: Section) -> SectionData:
    asked = part.question
    predict: Prediction | None = asked and {
        "id": asked.id,
        "html": asked.asked.html,
        "options": [option.html for option in asked.options],
        "set": lesson.whole_sets[f"question.{asked.id}"],
        "hides": list(hidden_by(lesson, asked.id)),
        "reason": asked.reason.html,
    }
    return {
        "id": part.id,
        "heading": part.heading,
        "html": part.html,
        "derivations": [_derivation(lesson, each) for each in part.derivations],
        "predict": predict,
    }


def _derivation(lesson: Lesson, said: DerivationText) -> DerivationData:
    built = lesson.derivations[said.id]
    steps = [changes for _, changes in unfolding(lesson, said.id)]
    return {
        "id": said.id,
        "title": said.title.html,
        "condition": said.condition.html,
        "lines": [
            {
                "id": line.id,
                "html": "".join(map(formula, line.parts)),
                "say": prose(line.say),
                "numbers": formula(built.lines[line.id].latex(f"derive.{said.id}.{line.id}")),
                "lights": list(built.lines[line.id].lights),
                "set": dict(changes),
            }
            for line, changes in zip(said.lines, steps, strict=True)
        ],
    }


def _exercises(lesson: Lesson, text: LessonText) -> list[ExerciseData]:
    found: list[ExerciseData] = []
    for name, said in text.exercises.items():
        found.append(
            {
                "id": name,
                "html": said.task.html,
                "answer": said.answer.html,
                "set": lesson.whole_sets.get(f"exercise.{name}"),
            }
        )
    return found


def _neighbors(lesson: Lesson, among: Collection[Lesson], language: str) -> Neighbors:
    """The lessons before and after a lesson, by the lecture's order."""
    row = sorted(among, key=lambda each: (each.order, each.name))
    names = [each.name for each in row]
    if lesson.name not in names:
        return {}
    at, say = names.index(lesson.name), lesson.say(language)

    def neighbor(near: Lesson) -> Neighbor:
        spoken = language in near.languages
        title = title_of(near.folder, language) if spoken else say(title_of(near.folder))
        return {"name": near.name, "title": title}

    found: Neighbors = {}
    if at > 0:
        found["before"] = neighbor(row[at - 1])
    if at + 1 < len(row):
        found["after"] = neighbor(row[at + 1])
    return found
