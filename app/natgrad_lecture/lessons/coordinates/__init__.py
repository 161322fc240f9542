"""Coordinates (Suresh 2019, section 2): the same rule in θ and in x = A⁻¹θ, run side by side."""

from __future__ import annotations

from natgrad_lecture.controls import idle_damping
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.coordinates.chain_rule_figure import STYLES
from natgrad_lecture.lessons.coordinates.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.coordinates.controls import ALL_RULES, RULES, controls
from natgrad_lecture.lessons.coordinates.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.coordinates.figure import picture
from natgrad_lecture.lessons.coordinates.model import Model
from natgrad_lecture.lessons.coordinates.state import PRESETS, Coordinates

lessons.register()(
    Lesson(
        file=__file__,
        order=1,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Coordinates(rules=RULES, k=12),
        controls=controls,
        idle=idle_damping,
        sources=("Amari 1998, sec. 2", "Martens 2020, sec. 12"),
        picture=picture,
        model=Model,
        rules=ALL_RULES,
        styles=STYLES,
        lights={
            "A": ("a1", "a2"),
            "F": ("metric", "natural"),
            "H": ("newton",),
            "∇": ("gradient",),
        },
    )
)
