"""Outcomes by logits: the last is held at zero, and the Fisher matrix is definite."""

from __future__ import annotations

from functools import reduce
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.core.symbols import subscript
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import exp, log1p_exp, logaddexp, total
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class Categorical(ExponentialFamily):
    """p_k = e^{η_k} / (1 + Σ_j e^{η_j}), the last logit being 0: T are the other indicators.

    ``counts [K]`` are how often each outcome was seen; there are K − 1 parameters.

    Args:
        counts: How often each outcome was seen, ``[K]`` with K ≥ 2; None: the published counts.

    Raises:
        ValueError: If there are not two or more counts ≥ 0.
    """

    title = "the MN blood groups of 1000 Britons: two logits"
    symbols = ("η₀", "η₁")
    latex = r"p_k = \frac{e^{\eta_k}}{1 + e^{\eta_0} + e^{\eta_1}}"
    source = "Race and Sanger 1975"
    view = ((-3.0, 3.0), (-3.0, 3.0))
    start = (-2.0, -2.0)
    support = range(3)
    measured = ("blood group: 0 = M, 1 = MN, 2 = N",)
    held: ClassVar[int] = 1
    """How many of the logits are held at zero."""
    presets: ClassVar = {
        "blood groups": Preset(),
        "from equal chances": Preset(start=(0.0, 0.0)),
        "a rare outcome": Preset({"counts": (90, 9, 1)}, (0.0, 0.0)),
    }

    def __init__(self, counts: ArrayLike | None = None) -> None:
        seen = load("blood")[:, 0] if counts is None else np.asarray(counts, float)
        if seen.ndim != 1 or seen.size < 2:
            raise ValueError(
                f"counts must be two or more numbers ≥ 0; got shape {list(seen.shape)}"
            )
        if counts is not None:
            self.measured = ()
        if seen.size != 3:
            self.symbols = tuple(f"η{subscript(k)}" for k in range(seen.size - self.held))
            self.support = range(seen.size)
            self._suit((0.0,) * self.dim, (1.0,) * self.dim)
        self._logits = seen.size - self.held
        self.observe(np.arange(float(seen.size)), weights=seen)

    def guess(self) -> tuple[float, ...]:
        """The log-odds of the counts, half a count added to each."""
        logs = np.log(self.rows.columns[0] * (self.size or 1.0) + 0.5)
        return tuple((logs - logs[-1])[: self.dim].tolist())

    def _log_odds(self, *eta: Any) -> Vector:
        return (*eta, eta[0] * 0)

    def _partition(self, *eta: Any) -> Any:
        return reduce(logaddexp, self._log_odds(*eta))

    def _negative_log_prob(self, t: Vector, *eta: Any) -> Any:
        """Σ t_k log(1/p_k), each term with its own digits."""
        odds = self._log_odds(*eta)
        shares = (*t, 1 - total(t)) if len(t) < len(odds) else t
        return total(s * self._log_inverse(k, odds) for k, s in enumerate(shares))

    def _log_inverse(self, k: int, odds: Vector) -> Any:
        """log(1/p_k) = log(1 + Σ_{j≠k} e^{η_j − η_k})."""
        first, *others = (o - odds[k] for j, o in enumerate(odds) if j != k)
        return log1p_exp(reduce(logaddexp, others, first))

    def _mean(self, *eta: Any) -> Vector:
        whole = self._partition(*eta)
        return tuple(exp(e - whole) for e in eta)

    def _variance(self, *eta: Any) -> Matrix:
        whole = self._partition(*eta)
        p = tuple(exp(e - whole) for e in self._log_odds(*eta))
        # 1 − p_i as the sum of the others, which keeps its digits near p_i = 1.
        rest = tuple(total(b for j, b in enumerate(p) if j != i) for i in range(len(p)))
        d = range(len(eta))
        return tuple(tuple(p[i] * rest[i] if i == j else -(p[i] * p[j]) for j in d) for i in d)

    def _statistics(self, *y: Any) -> Vector:
        return tuple(np.where(y[0] == k, 1.0, 0.0) for k in range(self._logits))

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        p = np.exp(np.stack(self._log_odds(*eta)) - self._partition(*eta))
        return (
            np.argmax(
                np.log(p).reshape(len(p), *p.shape[1:])[:, None]
                + rng.gumbel(size=(len(p), *shape)),
                0,
            ),
        )
