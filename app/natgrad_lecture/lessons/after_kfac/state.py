"""The state of the lesson on what came after K-FAC: a net, methods, a batch, other parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from natgrad_lecture.state.fields import choice, control, number, several, whole
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

DATA = ("digits", "wine")
METHODS = ("exact", "kfac", "soap", "shampoo", "muon", "adam", "euclidean")
MATRICES = ("kfac", "soap", "shampoo", "muon", "adam")
KINDS = ("scale", "rotate", "units", "linear")
SHOW = ("step", "matrix", "coordinates")
ROOT = ("with", "without")

SIZES = {"digits": (64, 8, 10), "wine": (13, 16, 3)}
"""Without biases, so that a layer is one matrix."""

EXAMPLES = {"digits": 300, "wine": 178}
"""N; of the digits the first so many."""


@dataclass(frozen=True)
class Implied(State):
    """``after`` is how many steps of K-FAC the net has learnt when the step is taken."""

    data: str = control("digits", "data", choice("data", "data set", DATA))
    show: str = control("step", "show", choice("show", "view", SHOW))
    batch: int = control(1, "batch", whole("batch", say.later("the-batch"), 1, 300))
    root: str = control("with", "root", choice("root", say.later("the-root"), ROOT))
    after: int = control(5, "after", whole("after", say.later("the-steps-before"), 0, 30))
    damping: float = control(
        0.01, "damping", number("damping", "λ", 1e-6, 100, say.later("take-one-from-0-000001-to"))
    )
    methods: tuple[str, ...] = control(METHODS, "methods", several("methods", "method", METHODS))
    matrix: str = control("shampoo", "matrix", choice("matrix", "matrix", MATRICES))
    kind: str = control("rotate", "kind", choice("kind", say.later("the-kind"), KINDS))
    stretch: float = control(
        10.0, "stretch", number("stretch", "κ", 1, 1000, say.later("take-one-from-1-to-1000"))
    )
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))

    @property
    def size(self) -> int:
        """B: all of the data where the reader asks for more than there are."""
        return min(self.batch, EXAMPLES[self.data])

    @property
    def rooted(self) -> bool:
        """Whether the methods take their roots."""
        return self.root == "with"


WHOLE = {"batch": 300}
SQUARE = {"root": "without"}
MATRIX = {"show": "matrix"}
TURNED = {"show": "coordinates"}
OPENING: dict[str, Any] = {"methods": ("exact", "kfac", "shampoo")}
"""The page opens with three methods: the others would answer the first question."""
PRESETS: dict[str, dict[str, Any]] = {
    "one-step": {},
    "all-data": WHOLE,
    "without-the-root": SQUARE,
    "two-matrices": MATRIX,
    "rotated": TURNED,
    "other-units": {**TURNED, "kind": "units"},
    "wine": {"data": "wine"},
}
"""What each preset sets, by its id in text.md."""
