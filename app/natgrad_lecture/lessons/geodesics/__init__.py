"""Three geodesics: m-, e- and Fisher–Rao geodesics, and the two natural-gradient flows."""

from __future__ import annotations

from natgrad_lecture.drawing.palette import style
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.geodesics.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.geodesics.controls import controls
from natgrad_lecture.lessons.geodesics.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.geodesics.figure import picture
from natgrad_lecture.lessons.geodesics.model import Model
from natgrad_lecture.lessons.geodesics.script import script
from natgrad_lecture.lessons.geodesics.state import PRESETS, Ends

lessons.register()(
    Lesson(
        file=__file__,
        order=7,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Ends(k=20),
        controls=controls,
        sources=(
            "Amari and Nagaoka 2000, ch. 3",
            "Fujiwara and Amari 1995",
            "Atkinson and Mitchell 1981",
        ),
        picture=picture,
        model=Model,
        script=script,
        rules=("natural",),
        styles={
            "natural": style("natural"),
            "m": {"light": "#b07400", "dark": "#e6b84d", "symbol": "square"},
            "e": {
                "light": "#a23b72",
                "dark": "#e58fbf",
                "symbol": "triangle",
            },
            "rao": {
                "light": "#3b5b92",
                "dark": "#7f9fd8",
                "symbol": "pentagon",
            },
            "reverse": {
                "light": "#00735a",
                "dark": "#3ecfa6",
                "symbol": "diamond",
                "width": 2.2,
            },
        },
    )
)
