"""Playground: every problem × chart × metric × rule, the reader's own problem included.

Every entry of a registry of ``natgrad_core`` appears here, with controls for its options.
"""

from __future__ import annotations

from typing import Any

from natgrad_core import rules
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.playground.claims import CLAIMS, LINES, QUESTIONS
from natgrad_lecture.lessons.playground.controls import controls, idle
from natgrad_lecture.lessons.playground.derivations import DERIVATIONS, EXERCISES
from natgrad_lecture.lessons.playground.figure import STYLES, picture
from natgrad_lecture.lessons.playground.model import Model
from natgrad_lecture.lessons.playground.state import BY_METRIC, PRESETS, Play


def lights() -> dict[str, Any]:
    """What a symbol of the text stands for in the picture."""
    return {"G": ("metric", BY_METRIC), "F": ("natural",), "J": ("gradient",)}


lessons.register()(
    Lesson(
        file=__file__,
        order=16,
        claims=CLAIMS,
        questions=QUESTIONS,
        lines=LINES,
        derivations=DERIVATIONS,
        exercises=EXERCISES,
        sets=PRESETS,
        default=Play(rate=0.02, steps=120, k=12),
        controls=controls,
        idle=idle,
        picture=picture,
        model=Model,
        rules=tuple(rules),
        styles=STYLES,
        lights=lights(),
        sources=("Amari 1998",),
    )
)
