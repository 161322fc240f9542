"""Singular: gradient descent, a pseudo-inverse and damping where F has no inverse."""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.singular.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.singular.controls import controls, idle
from natgrad_lecture.lessons.singular.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.singular.figure import STYLES, picture
from natgrad_lecture.lessons.singular.model import Model
from natgrad_lecture.lessons.singular.state import FAIR, PRESETS, Runner

lessons.register()(
    Lesson(
        file=__file__,
        order=8,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        opening=FAIR,
        sets=PRESETS,
        default=Runner(rate=0.1, damping=0.1, steps=100, k=25),
        controls=controls,
        idle=idle,
        picture=picture,
        model=Model,
        rules=("gradient", "natural"),
        styles=STYLES,
        sources=(
            "Amari, Park and Ozeki 2006",
            "Saxe, McClelland and Ganguli 2014",
            "Penrose 1955",
            "Levenberg 1944",
        ),
        lights={"F": ("metric", "natural"), "∇": ("gradient",)},
    )
)
