"""The robustness map: rates and dampings at which a rule converges, as its coordinates turn."""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.robustness.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.robustness.controls import controls, idle
from natgrad_lecture.lessons.robustness.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.robustness.figure import picture
from natgrad_lecture.lessons.robustness.model import Model
from natgrad_lecture.lessons.robustness.state import PRESETS, RULES, Cell

lessons.register()(
    Lesson(
        file=__file__,
        order=11,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Cell(steps=100, k=30),
        controls=controls,
        idle=idle,
        picture=picture,
        sources=("Nesterov 2004, sec. 1.2", "Levenberg 1944", "Kingma and Ba 2015"),
        model=Model,
        rules=RULES,
        styles={
            "map": {"light": "#31418f", "dark": "#31418f", "symbol": "square"},
            "edge": {"light": "#1b1b1f", "dark": "#f3f3f0"},
        },
        lights={"H": ("edge",), "α": ("edge",)},
    )
)
