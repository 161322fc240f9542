"""The lines of the derivation as numbers, at the step shown of the first rule's run.

Nothing here loads torch: its tensors come from the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.lessons.derivation import Derivation, Exercise, number
from natgrad_lecture.lessons.net.state import ONE_EACH
from natgrad_lecture.lessons.scope import Scope, one_of, whole_between

ZERO = 1e-15
"""A divergence below this is rounding of double precision: its logarithms are of that size."""


@dataclass(frozen=True)
class _Here:
    """Outputs of the net, those after a small step δ to first order, and what the engine says."""

    outputs: Array
    after: Array
    labels: Any
    chances: Array
    loss: float
    kl: float
    quadratic: float
    """δᵀFδ, with the engine's F."""

    @property
    def p(self) -> Array:
        """The softmax of the outputs, a row an example."""
        grown = np.exp(self.outputs - self.outputs.max(1, keepdims=True))
        return np.asarray(grown / grown.sum(1, keepdims=True), np.float64)

    @property
    def moved(self) -> Array:
        """The change of the outputs, less its mean weighted by p: what the softmax sees of it."""
        change = self.after - self.outputs
        return change - (self.p * change).sum(1, keepdims=True)


def _look(model: Any) -> _Here:
    k = model.state.k
    return _Here(**model.small_step(model.steps if k is None else k))


def _mean_log(at: _Here, chances: Array) -> float:
    return float(np.mean(np.log(chances[np.arange(len(at.labels)), at.labels])))


DERIVATIONS = {
    "distribution": Derivation(
        _look,
        Scope(
            {
                "seed": whole_between(0, 100),
                "data": one_of("moons", "circles"),
                "k": whole_between(1, 6),
            },
            trained=4,
        ),
        {
            "softmax": number(
                lambda at: float(at.chances[0, 1]),
                lambda at: float(1 / np.exp(at.outputs[0] - at.outputs[0, 1]).sum()),
                lights=("class0", "class1"),
                tolerance=1e-5,
                false={"the other class": lambda at: float(at.chances[0, 0])},
            ),
            "loss": number(
                lambda at: at.loss,
                lambda at: -_mean_log(at, at.p),
                lights=("natural",),
                tolerance=1e-5,
                false={"sign": lambda at: _mean_log(at, at.p)},
            ),
            "metric": number(
                lambda at: at.quadratic,
                lambda at: float((at.p * at.moved**2).sum(1).mean()),
                lights=("natural",),
                tolerance=1e-4,
                zero=ZERO,
                false={"unweighted": lambda at: float((at.moved**2).sum(1).mean())},
            ),
            "kl": number(
                lambda at: at.kl,
                lambda at: at.quadratic / 2,
                lights=("natural",),
                tolerance=0.2,
                zero=ZERO,
                false={"twice": lambda at: at.quadratic},
            ),
        },
        set={"k": 5},
    ),
}
"""By their ids in text.md."""


def _by_hand(_: Any) -> list[float]:
    """Outputs (0, log 3): the probabilities, and the variance that weighs a change."""
    p = np.exp([0.0, np.log(3.0)]) / 4
    return [*p, p[0] * p[1]]


def _shift(_: Any) -> bool:
    """The same number on both outputs leaves the probabilities as they are."""
    o = np.array([0.3, -1.1])
    softmax = [np.exp(o + c) / np.exp(o + c).sum() for c in (0.0, 5.0)]
    return bool(np.allclose(*softmax))


EXERCISES = {
    "softmax-by-hand": Exercise(lambda _: True, _by_hand),
    "null-direction": Exercise(_shift),
    "two-points": Exercise(
        lambda model: (
            len(model.net) == 2
            and int((model.to(3).spectra("natural", 3)["exact"] > 1e-4).sum()) <= 2
        ),
        set={"data": "painted", "points": ONE_EACH, "show": "fisher", "rules": ["natural"]},
    ),
}
"""By their ids in text.md."""
