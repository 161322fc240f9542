"""Steepest descent (Suresh 2019, section 3): the metric's unit ball decides which way is down."""

from __future__ import annotations

from natgrad_lecture.drawing.palette import style, styles
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.steepest_descent.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.steepest_descent.controls import controls
from natgrad_lecture.lessons.steepest_descent.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.steepest_descent.figure import picture
from natgrad_lecture.lessons.steepest_descent.model import Model
from natgrad_lecture.lessons.steepest_descent.script import script
from natgrad_lecture.lessons.steepest_descent.state import PRESETS, BallState

lessons.register()(
    Lesson(
        file=__file__,
        order=3,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=BallState(),
        controls=controls,
        sources=("Amari 1998, theorem 1",),
        picture=picture,
        model=Model,
        script=script,
        rules=("gradient", "natural"),
        styles={
            "metric": styles(())["metric"],
            "gradient": style("gradient"),
            "you": {
                "light": "#1b1b1f",
                "dark": "#f3f3f0",
                "symbol": "circle",
            },
            "normal": {
                "light": "#7b3fa0",
                "dark": "#cf9ff0",
                "symbol": "circle",
            },
            "slope": {"light": "#3b5b92", "dark": "#7f9fd8", "symbol": "circle"},
            "exact-kl": {"light": "#8a5a00", "dark": "#e6b84d"},
        },
        lights={"G": ("metric",), "∇": ("gradient",)},
    )
)
