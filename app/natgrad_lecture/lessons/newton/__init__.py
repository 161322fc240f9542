"""Newton (Suresh 2019, end of section 2): invariant under linear charts, not under nonlinear ones.

In x the Hessian is JᵀHJ + Σ_k g_k ∇²f_k. The lesson runs Newton's method with and without the last
term, and looks at where a Hessian is not a metric.
"""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.newton.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.newton.controls import controls, idle
from natgrad_lecture.lessons.newton.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.newton.figure import STYLES, picture
from natgrad_lecture.lessons.newton.model import Model
from natgrad_lecture.lessons.newton.state import CURVED_APART, PRESETS, NewtonState

lessons.register()(
    Lesson(
        file=__file__,
        order=2,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        opening=CURVED_APART,
        sets=PRESETS,
        default=NewtonState(rate=0.1, steps=100, k=4),
        controls=controls,
        idle=idle,
        sources=("Nocedal and Wright 2006, ch. 3", "Dauphin and others 2014"),
        picture=picture,
        model=Model,
        rules=("newton", "natural", "gradient"),
        styles=STYLES,
        lights={"H": ("newton",), "F": ("natural",)},
    )
)
