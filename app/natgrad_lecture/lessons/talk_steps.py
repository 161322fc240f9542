"""The steps of a lesson's talk: what each shows, and their order where the lecturer gives none."""

from __future__ import annotations

from collections.abc import Iterator

from natgrad_lecture.lessons.base import Changes, Lesson
from natgrad_lecture.lessons.hidden_answers import gives_away, hidden_by


def shown_in_talk(lesson: Lesson) -> dict[str, Changes]:
    """What a step of a talk may show, by the name that a link gives it, and what that sets."""
    claims = {f"claim.{name}": claim.set for name, claim in lesson.claims.items()}
    asked: dict[str, Changes] = {f"question.{name}": {} for name in lesson.questions}
    answered = {f"answer.{name}": each.set for name, each in lesson.questions.items()}
    lines = {step: each for name in lesson.derivations for step, each in unfolding(lesson, name)}
    presets = {preset.id: preset.set for preset in lesson.presets}
    return {**presets, **claims, **asked, **answered, **lines}


def unfolding(lesson: Lesson, name: str) -> Iterator[tuple[str, Changes]]:
    """The steps of a talk that unfold a derivation, line by line, and what each sets."""
    for n in range(1, len(lesson.derivations[name].lines) + 1):
        first = lesson.whole_sets[f"derivation.{name}"] if n == 1 else {}
        yield f"derivation.{name}.{n}", {**first, "derive": f"{name}:{n}"}


def talk_steps(lesson: Lesson) -> tuple[str, ...]:
    """The names of what is shown, step by step, unless the lecturer says otherwise."""
    steps = lesson.steps or _taught(lesson)
    lines = {
        f"derivation.{id}": [step for step, _ in unfolding(lesson, id)] for id in lesson.derivations
    }
    return tuple(each for step in steps for each in lines.get(step, [step]))


def _taught(lesson: Lesson) -> tuple[str, ...]:
    """The presets, the questions and the derivations as steps of a talk: the presets, unless
    they answer a question, and then the others in the order of the text.
    """
    after = {id: _answered_by(lesson, id) for id in lesson.sets}
    steps = [id for id, questions in after.items() if not questions]
    asked = set[str]()
    for part in lesson.sections:
        if part.question:
            name = part.question.id
            asked.add(name)
            steps += (f"question.{name}", f"answer.{name}")
            steps += (id for id, each in after.items() if name in each and each <= asked)
        steps += (f"derivation.{each.id}" for each in part.derivations)
    return tuple(steps)


def _answered_by(lesson: Lesson, preset: str) -> set[str]:
    """The questions that a preset's line answers."""
    given = set(gives_away(lesson, f"preset.{preset}"))
    return {
        name for name in lesson.questions if given & {f"question.{name}", *hidden_by(lesson, name)}
    }
