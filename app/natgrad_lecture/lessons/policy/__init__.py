"""Policy: Kakade's two states, where the gradient stalls and the natural gradient does not."""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.policy.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.policy.controls import controls
from natgrad_lecture.lessons.policy.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.policy.figure import picture
from natgrad_lecture.lessons.policy.model import Model
from natgrad_lecture.lessons.policy.state import PLATEAU_SEEN, PRESETS, RULES, Walk

lessons.register()(
    Lesson(
        file=__file__,
        order=9,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        opening=PLATEAU_SEEN,
        sets=PRESETS,
        default=Walk(rate=0.1, times=10.0, steps=80, k=12),
        controls=controls,
        picture=picture,
        model=Model,
        rules=RULES,
        styles={"level": {"light": "#6b7280", "dark": "#9aa3ad"}},
        sources=("Kakade 2001, sec. 5", "Bagnell and Schneider 2003", "Kingma and Ba 2015"),
        lights={"F": ("metric", "natural"), "∇": ("gradient",)},
    )
)
