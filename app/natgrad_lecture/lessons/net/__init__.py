"""A net learns, live: small nets on the plane, their rules side by side, and their Fisher matrix.

Suresh 2019, sections 1 and 2, on the net they speak of.
"""

from __future__ import annotations

from natgrad_lecture.drawing.palette import style
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.net.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.net.controls import controls, idle
from natgrad_lecture.lessons.net.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.net.figure import picture
from natgrad_lecture.lessons.net.lazy_model import model_of
from natgrad_lecture.lessons.net.script import script
from natgrad_lecture.lessons.net.state import OPENING, PRESETS, RULES, Taught

lessons.register()(
    Lesson(
        file=__file__,
        order=12,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Taught(),
        opening=OPENING,
        controls=controls,
        idle=idle,
        sources=("Amari 1998", "Martens and Grosse 2015", "Martens 2020"),
        picture=picture,
        model=model_of,
        script=script,
        slow=True,
        small={"k": 40, "steps": 45, "rules": ("natural",)},
        rules=RULES,
        styles={
            **{name: style(name) for name in ("ekfac", "block", "diagonal")},
            "border": {"light": "#1b1b1f", "dark": "#f3f3f0"},
        },
    )
)
