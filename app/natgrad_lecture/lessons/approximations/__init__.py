"""Approximations: what stands in for the Fisher matrix, what it loses, and what only looks like it.

Suresh 2019 names K-FAC and batch normalization as approximations of the natural gradient.
"""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.approximations.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.approximations.controls import controls, idle
from natgrad_lecture.lessons.approximations.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.approximations.figure import STYLES, picture
from natgrad_lecture.lessons.approximations.lazy_model import model_of
from natgrad_lecture.lessons.approximations.script import script
from natgrad_lecture.lessons.approximations.state import OPENING, PRESETS, Nearing
from natgrad_lecture.lessons.base import Lesson

lessons.register()(
    Lesson(
        file=__file__,
        order=13,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Nearing(),
        opening=OPENING,
        controls=controls,
        idle=idle,
        sources=(
            "Martens and Grosse 2015",
            "George et al. 2018",
            "Kunstner et al. 2019",
            "Levenberg 1944",
            "Marquardt 1963",
            "Desjardins et al. 2015",
        ),
        picture=picture,
        model=model_of,
        script=script,
        styles=STYLES,
        slow=True,
    )
)
