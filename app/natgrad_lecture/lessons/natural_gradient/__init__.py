"""The natural gradient (Suresh 2019, end of section 4.2): F⁻¹∇J, on every problem that has an F.

A power of F lies between gradient descent and the natural gradient. A step may have a fixed rate or
a fixed KL. What still depends on the coordinates is of the order of the rate.
"""

from __future__ import annotations

from natgrad_lecture.controls import idle_damping
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.natural_gradient.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.natural_gradient.controls import controls
from natgrad_lecture.lessons.natural_gradient.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.natural_gradient.figure import STYLES, picture
from natgrad_lecture.lessons.natural_gradient.model import Model
from natgrad_lecture.lessons.natural_gradient.state import OPENING, PRESETS, RULES, Natural

lessons.register()(
    Lesson(
        file=__file__,
        order=6,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        opening=OPENING,
        sets=PRESETS,
        default=Natural(rate=0.1, steps=60, k=6),
        controls=controls,
        idle=idle_damping,
        sources=(
            "Amari 1998",
            "Martens 2020",
            "Song, Song and Ermon 2018",
            "Schulman and others 2015",
        ),
        picture=picture,
        model=Model,
        rules=RULES,
        styles=STYLES,
        lights={"F": ("natural", "metric"), "J": ("gradient",)},
    )
)
