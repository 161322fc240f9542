"""The state of the lesson on approximations: a net, matrices, runs, layers seen otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from natgrad_lecture.state.fields import choice, control, number, several, whole
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

DATA = ("digits", "wine", "moons")
MATRICES = ("exact", "block", "ekfac", "kfac", "diagonal", "euclidean", "empirical")
RUNS = ("exact", "fixed", "kfac", "ekfac", "block", "diagonal", "euclidean", "empirical")
FORMER = {"plain": "euclidean"}
"""Names of the same in old links."""

FRAMES = ("as it is", "centered", "standardized", "whitened", "batch norm", "folded")
SHOW = ("step", "runs", "spectrum")

SIZES = {"digits": (64, 8, 10), "wine": (13, 16, 3), "moons": (2, 16, 16, 2)}
LARGE = {**SIZES, "digits": (64, 32, 10)}
"""The nets that run; the others are small enough to write their whole matrix out."""

ARRIVED = 1e-8
"""A loss at which a run ends: below it float32 has nothing left to learn from, and its digits are
rounding.
"""

FEW = 500
"""Digits of the small net, and points of the moons."""


@dataclass(frozen=True)
class Nearing(State):
    """``after`` is how many steps of K-FAC the net has learnt when the one step is taken."""

    data: str = control("digits", "data", choice("data", "data set", DATA))
    show: str = control("step", "show", choice("show", "view", SHOW))
    after: int = control(5, "after", whole("after", say.later("the-steps-before"), 0, 30))
    damping: float = control(
        0.01, "damping", number("damping", "λ", 1e-6, 100, say.later("take-one-from-0-000001-to"))
    )
    matrices: tuple[str, ...] = control(
        MATRICES, "matrices", several("matrices", "matrix", MATRICES, FORMER)
    )
    runs: tuple[str, ...] = control(
        ("exact", "kfac", "empirical"), "runs", several("runs", "run", RUNS, FORMER)
    )
    frames: tuple[str, ...] = control(
        ("as it is", "standardized", "whitened"), "frames", several("frames", "layer", FRAMES)
    )
    steps: int = control(60, "steps", whole("steps", say.later("the-number-of-steps"), 1, 200))
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))


STALL = {"show": "runs", "data": "digits", "runs": ("kfac", "empirical"), "steps": 60}
FIXED = {"show": "runs", "data": "wine", "runs": ("fixed", "exact"), "damping": 1e-4, "steps": 40}
SPECTRA = {"show": "spectrum", "data": "digits"}
NORMED = {**SPECTRA, "frames": ("folded", "batch norm")}
BOLD = {"after": 0, "damping": 0.001}
OPENING: dict[str, Any] = {"matrices": ("exact", "euclidean")}
"""The page opens with two matrices: the others would answer the first question."""
PRESETS: dict[str, dict[str, Any]] = {
    "one-step": {},
    "too-bold": BOLD,
    "the-empirical-fisher-stalls": STALL,
    "fixed-damping": FIXED,
    "whitening": SPECTRA,
    "batch-norm": NORMED,
}
"""What each preset sets, by its id in text.md."""
