"""A lesson's text and its Python have the same parts: each claim, question, … stands in both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from natgrad_lecture.text.lesson_text import LessonText

_PLACES = {
    "claim": ("claims", "[a sentence](#claim-{})"),
    "question": ("questions", "::: question {{#{}}} … :::"),
    "preset": ("sets", "- [its name](#{}) What to see. under ::: presets"),
    "derivation": ("derivations", "::: derivation {{#{}}} … :::"),
    "line": ("derivations", "- `{}` $a = b$ Because … in its ::: derivation"),
    "exercise": ("exercises", "::: exercise {{#{}}} … :::"),
}
"""The field of a Lesson that holds a part of its text, and how text.md writes the part."""


def must_have_the_same_parts(
    lesson: str,
    text: LessonText,
    code: Mapping[str, Iterable[str]],
    lines: Mapping[str, Iterable[str]],
) -> None:
    """Refuse a text.md that lacks its title, or what stands in the text or in Python alone.

    Args:
        lesson: The lesson's name.
        text: What it says, in English.
        code: The ids in Python, by "claim", "question", "preset", "derivation" and "exercise".
        lines: Those of the lines of each derivation, by its id.

    Raises:
        ValueError: If they differ; the message says what to write where.
    """
    if not (text.title and text.takeaway):
        raise ValueError(
            f"text.md of the lesson {lesson!r} begins with its title, # and words, and "
            "after a blank line with the takeaway, one line"
        )
    said: dict[str, Iterable[str]] = {
        "claim": text.claims,
        "question": text.questions,
        "preset": text.presets,
        "derivation": text.derivations,
        "exercise": text.exercises,
    }
    for kind, ids in said.items():
        _same_ids(lesson, kind, ids, code[kind])
    for name, derived in text.derivations.items():
        _same_ids(lesson, "line", [line.id for line in derived.lines], lines[name])
    shown = {*text.claims, *text.derivations}
    if odd := [name for name in text.summary if name not in shown]:
        raise ValueError(
            f"the summary of the lesson {lesson!r} names what it does not show, "
            f"{', '.join(odd)}: an id there is that of a claim or a derivation"
        )


def _same_ids(lesson: str, kind: str, text: Iterable[str], code: Iterable[str]) -> None:
    """Refuse a claim, question, preset, … that stands in the text alone, or in Python alone."""
    said, built = set(text), set(code)
    if said == built:
        return
    field, written = _PLACES[kind]
    wrong = [
        f"{name!r} stands in text.md alone: add it to the lesson's {field}, in Python"
        for name in sorted(said - built)
    ]
    wrong += [
        f"{name!r} stands in Python alone: write {written.format(name)} in text.md"
        for name in sorted(built - said)
    ]
    raise ValueError(f"the {kind}s of the lesson {lesson!r}: {'; '.join(wrong)}")
