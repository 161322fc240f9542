"""Race to efficiency: the natural gradient at rate 1/t learns as fast as anything can (Amari)."""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.efficiency.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.efficiency.controls import controls, idle
from natgrad_lecture.lessons.efficiency.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.efficiency.figure import STYLES, picture
from natgrad_lecture.lessons.efficiency.model import Model
from natgrad_lecture.lessons.efficiency.script import script
from natgrad_lecture.lessons.efficiency.state import PRESETS, Racers

lessons.register()(
    Lesson(
        file=__file__,
        order=10,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Racers(k=40),
        controls=controls,
        idle=idle,
        picture=picture,
        model=Model,
        rules=("natural", "gradient"),
        styles=STYLES,
        sources=(
            "Amari 1998, sec. 4",
            "Rao 1945",
            "Cramér 1946",
            "Robbins and Monro 1951",
            "Sacks 1958",
            "Polyak and Juditsky 1992",
        ),
        script=script,
        lights={"F": ("bound",), "c": ("gradient",)},
    )
)
