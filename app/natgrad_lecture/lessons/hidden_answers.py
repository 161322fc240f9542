"""What a question hides until it is answered, and which lines over the picture would answer it."""

from __future__ import annotations

from natgrad_lecture.lessons.base import Lesson


def hidden_by(lesson: Lesson, question: str) -> tuple[str, ...]:
    """What a question hides until it is answered, in the order of the text.

    Beside what answers it in the text, these are the lines of the formula strip whose numbers
    show a hidden claim, and what the question names.

    Args:
        lesson: The lesson.
        question: Its id.

    Returns:
        Ids of claims; ``derivation.id`` for a derivation, ``formula.id`` for a line of the
        strip; ``meter``; ``preset.id`` for a preset's line that the question names.

    Raises:
        ValueError: If it names what does not stand below it, nor beside the picture.
    """
    order = lesson.text().order
    below = order[order.index(f"question.{question}") + 1 :]
    strip = [*(f"formula.{line.id}" for line in lesson.text().formulas), "meter"]
    strip += (f"preset.{id}" for id in lesson.sets)
    named = lesson.questions[question].hides
    if lost := set(named).difference(below, strip):
        raise ValueError(f"{lesson.name}: the question {question!r} hides {sorted(lost)}")
    checks = lesson.lines.get(f"question.{question}")
    answers = {*named, *(checks if isinstance(checks, tuple) else ())}
    hidden = [part for part in below if part in answers]
    shown = {name for part in hidden if part in lesson.claims for name in lesson.claims[part].shows}
    # The meter reads one state: a question hides it that the first one answers.
    shown.discard("meter")
    return (*hidden, *(line for line in strip if line in answers | shown))


def gives_away(lesson: Lesson, line: str) -> tuple[str, ...]:
    """What of the answers to questions a line over the picture would give away.

    While one of these is hidden, or open, the page hides the line.

    Args:
        lesson: The lesson.
        line: ``takeaway``, or ``preset.id``.

    Returns:
        Ids of claims which the line repeats and a question hides, and ``question.id`` for a
        question that names the line.
    """
    hides = {f"question.{name}": hidden_by(lesson, name) for name in lesson.questions}
    hidden = {part for parts in hides.values() for part in parts}
    repeated = lesson.lines.get(line)
    claims = repeated if isinstance(repeated, tuple) else ()
    return (
        *(id for id in claims if id in hidden),
        *(question for question, parts in hides.items() if line in parts),
    )
