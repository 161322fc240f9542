"""A binomial distribution of a given number of trials: hits in 45 times at bat."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.counts import log_binomial
from natgrad_core.families.exponential_family import ExponentialFamily, mean_and_variance
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import log1p_exp, sigmoid
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class Binomial(ExponentialFamily):
    """p(y | η) = n!/(y!(n − y)!) pʸ (1 − p)ⁿ⁻ʸ with the logit η of p: A(η) = n log(1 + e^η).

    Args:
        data: How many of the trials succeeded, ``[rows]``; None: the published data.
        trials: How many trials there were each time.
        weights: How many observations each number stands for, ``[rows]``; None: one each.

    Raises:
        ValueError: If there are no data, or more successes than trials.
    """

    title = "a binomial distribution of hits in 45 times at bat"
    symbols = ("η",)
    latex = r"p(y) = \binom{n}{y} \frac{e^{\eta y}}{(1 + e^{\eta})^n}"
    source = "Efron and Morris 1975; McCullagh and Nelder 1989, ch. 4"
    view = ((-2.5, 1.0),)
    start = (0.5,)
    support = range(46)
    measured = ("hits in 45 times at bat",)
    presets: ClassVar = {
        "batting averages": Preset(),
        "one of ten": Preset({"data": (1, 2, 4), "trials": 10}, (0.0,)),
    }

    def __init__(
        self,
        data: ArrayLike | None = None,
        trials: int = 45,
        weights: ArrayLike | None = None,
    ) -> None:
        if not (trials >= 1 and trials % 1 == 0):
            raise ValueError(f"trials must be a whole number from 1 on; got {trials}")
        self.trials, self.support = int(trials), range(int(trials) + 1)
        self.observe(load("batting")[:, 0] if data is None else data, weights=weights)
        if data is not None:
            self._suit(self.guess(), (1.0,))

    def guess(self) -> tuple[float, ...]:
        """The logit of the share of successes, half a success and half a failure added."""
        mean = mean_and_variance(self.rows)[0]
        return (float(np.log((mean + 0.5) / (self.trials - mean + 0.5))),)

    def _partition(self, *eta: Any) -> Any:
        return self.trials * log1p_exp(eta[0])

    def _negative_log_prob(self, t: Vector, *eta: Any) -> Any:
        """(n − y) log(1 + e^η) + y log(1 + e^{−η}), each term with its own digits."""
        return (self.trials - t[0]) * log1p_exp(eta[0]) + t[0] * log1p_exp(-eta[0])

    def _mean(self, *eta: Any) -> Vector:
        return (self.trials * sigmoid(eta[0]),)

    def _variance(self, *eta: Any) -> Matrix:
        return ((self.trials * (sigmoid(eta[0]) * sigmoid(-eta[0])),),)

    def _carrier(self, *y: Any) -> Any:
        """The log of the binomial coefficient: n log 2 more than the log-probability at p = ½."""
        n = float(self.trials)
        return log_binomial(n, np.asarray(y[0], float), 0.5, 0.5) + n * np.log(2.0)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        return (rng.binomial(self.trials, sigmoid(np.asarray(eta[0], float)), shape),)
