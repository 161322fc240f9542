"""The Fisher matrix (Suresh 2019, section 4.2): KL's ellipse, an average of scores, a namesake.

Three pictures: KL's level set over the ellipse of F; F built draw by draw; and the empirical
Fisher, which is built of the data's own outcomes and is another matrix.
"""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.fisher.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.fisher.controls import controls, idle
from natgrad_lecture.lessons.fisher.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.fisher.figure import STYLES, picture
from natgrad_lecture.lessons.fisher.model import Model
from natgrad_lecture.lessons.fisher.script import script
from natgrad_lecture.lessons.fisher.state import HALF, OPENING, PRESETS, Look

lessons.register()(
    Lesson(
        file=__file__,
        order=5,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        opening=OPENING,
        sets=PRESETS,
        default=Look(),
        controls=controls,
        idle=idle,
        sources=("Fisher 1925", "Martens 2020, sec. 5", "Kunstner, Balles and Hennig 2019"),
        picture=picture,
        model=Model,
        script=script,
        small=HALF,
        rules=("natural",),
        styles=STYLES,
        lights={"F": ("metric",), "F̂": ("empirical",), "s": ("draw", "estimate")},
    )
)
