"""KL and coordinates (Suresh 2019, section 4.1): two changes that leave KL invariant, kept apart.

A change of the data variable, y = f(x), changes the densities and not their KL; a change of the
parameters changes no distribution at all.
"""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.kl.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.kl.controls import controls
from natgrad_lecture.lessons.kl.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.kl.figure import STYLES, picture
from natgrad_lecture.lessons.kl.model import Model
from natgrad_lecture.lessons.kl.script import script
from natgrad_lecture.lessons.kl.state import OPENING, PRESETS, Two

lessons.register()(
    Lesson(
        file=__file__,
        order=4,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        opening=OPENING,
        sets=PRESETS,
        default=Two(k=60),
        controls=controls,
        picture=picture,
        model=Model,
        script=script,
        sources=("Kullback and Leibler 1951, sec. 4",),
        styles=STYLES,
        lights={"p": ("p",), "q": ("q",), "f": ("change",)},
    )
)
