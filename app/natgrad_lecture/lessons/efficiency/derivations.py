"""The lines of the derivation as numbers, in the first of the data's two directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from natgrad_core.analysis.online_mean import expected
from natgrad_lecture.lessons.derivation import Derivation, Exercise, number
from natgrad_lecture.lessons.efficiency.claims import DATA, GOOD
from natgrad_lecture.lessons.efficiency.model import Model
from natgrad_lecture.lessons.efficiency.state import LAST, ROUND, TIMES
from natgrad_lecture.lessons.scope import Scope, whole_between

_FAR = 3000
"""A time that is nearly infinite."""


@dataclass(frozen=True)
class _Here:
    """The standard deviation s, the rate's c, the time t, and E e² before it, at it and far out."""

    s: float
    c: float
    t: int
    before: float
    now: float
    far: float

    @property
    def shrink(self) -> float:
        """1 − c/(s²t)."""
        return 1 - self.c / (self.s**2 * self.t)

    @property
    def limit(self) -> float:
        """c²/(2c − s²)."""
        return self.c**2 / (2 * self.c - self.s**2)


def _here(model: Model) -> _Here:
    s, c = model.state.s1, model.state.c
    step = LAST if model.state.k is None else model.state.k
    t = max(2, int(TIMES[step]))
    start = float(model.in_directions(model.state.start)[0])
    times = np.array([t - 1, t, _FAR])
    before, now, far = expected([[s**-2.0]], [[c]], [start], times)[:, 0, 0] / times
    return _Here(s, c, t, float(before), float(now), float(_FAR * far))


DERIVATIONS = {
    "limit": Derivation(
        _here,
        Scope({**DATA, "c": GOOD, "k": whole_between(5, LAST), "start": lambda *_: (0.5, 0.5)}),
        {
            "one": number(
                lambda at: at.now,
                lambda at: at.shrink**2 * at.before + at.c**2 / (at.s**2 * at.t**2),
                lights=("gradient", "exact"),
                false={"not squared": lambda at: at.shrink * at.before},
            ),
            "scaled": number(
                lambda at: at.t * at.now,
                lambda at: (
                    at.t / (at.t - 1) * at.shrink**2 * ((at.t - 1) * at.before)
                    + at.c**2 / (at.s**2 * at.t)
                ),
                lights=("gradient", "exact"),
                false={"without the noise": lambda at: at.t * at.shrink**2 * at.before},
            ),
            "balance": number(
                lambda at: (2 * at.c / at.s**2 - 1) * at.limit,
                lambda at: at.c**2 / at.s**2,
                lights=("exact",),
                false={"c for c²": lambda at: at.c / at.s**2},
            ),
            "limit": number(
                lambda at: at.far,
                lambda at: at.limit,
                lights=("gradient", "exact"),
                tolerance=0.1,
                false={"sign": lambda at: at.c**2 / (2 * at.c + at.s**2)},
            ),
            "bound": number(
                lambda at: at.limit - at.s**2,
                lambda at: (at.c - at.s**2) ** 2 / (2 * at.c - at.s**2),
                lights=("bound", "exact"),
                false={"not squared": lambda at: (at.c - at.s**2) / (2 * at.c - at.s**2)},
            ),
        },
        set={"c": 2.0, "k": LAST},
        beyond=Scope({**DATA, "c": lambda rng, drawn: 0.3 * drawn["s1"] ** 2}),
    ),
}
"""By their ids in text.md."""


def _by_hand() -> list[float]:
    """s², c, the limit, and its ratio to the bound."""
    s, c = 2.0, 3.0
    limit = c**2 / (2 * c - s**2)
    return [s**2, c, limit, limit / s**2]


def _forgets(model: Model) -> bool:
    """After the first example the natural gradient's error is that of the example alone."""
    return bool(np.allclose(model.exact("natural")[0], np.linalg.inv(model.fisher)))


EXERCISES = {
    "by-hand": Exercise(lambda _: _by_hand()[2] == 4.5, lambda _: _by_hand()),
    "forgets": Exercise(_forgets),
    "on-the-bound": Exercise(
        lambda model: bool(np.isclose(model.ratio(model.limit()), 1.0)), set=ROUND
    ),
}
"""By their ids in text.md."""
