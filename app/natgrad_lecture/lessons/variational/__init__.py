"""Variational inference: a normal q moves into a bent posterior p, by three methods.

Where natural gradients are used most today: the loss is KL(q ‖ p), and q has its own Fisher matrix.
"""

from __future__ import annotations

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.variational.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.variational.controls import controls
from natgrad_lecture.lessons.variational.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.variational.figure import picture
from natgrad_lecture.lessons.variational.model import Model
from natgrad_lecture.lessons.variational.state import METHODS, PRESETS, Inference

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
        default=Inference(k=10),
        controls=controls,
        picture=picture,
        model=Model,
        rules=METHODS,
        lights={"Σ": ("natural",)},
        sources=("Khan and Lin 2017", "Opper and Archambeau 2009", "Khan and Rue 2023"),
    )
)
