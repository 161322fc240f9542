"""A Dirichlet distribution of shares: sand, silt and clay in the sediment of an Arctic lake."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.core.symbols import subscript
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import ExponentialFamily
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import digamma, lgamma, total, trigamma
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class Dirichlet(ExponentialFamily):
    """p(y | a) = Γ(Σ aₖ) Π yₖ^{aₖ − 1}/Γ(aₖ) for shares y whose sum is 1: η = a, T = log y.

    Args:
        data: Shares > 0, ``[n, K]`` with K ≥ 2, the sum of each row 1 to rounding (2 %); None: the
            published data.
        weights: How many observations each row stands for, ``[n]``; None: one each.

    Raises:
        ValueError: If there are no data, or a row is outside the support.
    """

    title = "a Dirichlet distribution of sand, silt and clay in a lake"
    symbols = ("a₁", "a₂", "a₃")
    latex = r"p(y) = \frac{\Gamma(\sum_k a_k)}{\prod_k \Gamma(a_k)} \prod_k y_k^{a_k - 1}"
    source = "Coakley and Rust 1968; Minka 2000"
    domain = "a > 0"
    outside = (1.0, 1.0, -1.0)
    view = ((0.3, 4.0), (0.5, 6.0), (0.3, 5.0))
    start = (2.0, 1.0, 3.0)
    support = (0.0, 1.0)
    presets: ClassVar = {
        "sand, silt and clay": Preset(),
        "from the uniform": Preset(start=(1.0, 1.0, 1.0)),
    }

    def __init__(self, data: ArrayLike | None = None, weights: ArrayLike | None = None) -> None:
        y = np.asarray(load("sediments") if data is None else data, float)
        if y.ndim != 2 or y.shape[-1] < 2:
            raise ValueError(
                f"dirichlet needs rows of two or more shares, [n, K]; got shape {list(y.shape)}"
            )
        whole = y.sum(-1)
        off = np.flatnonzero(~(np.abs(whole - 1) <= 0.02))
        if off.size:
            raise ValueError(
                f"dirichlet's shares must add up to 1 in every row; in row {off[0] + 1} they add "
                f"up to {whole[off[0]]:g} (divide each row by its sum)"
            )
        self.outcomes = y.shape[-1]
        self.symbols = tuple(f"a{subscript(k + 1)}" for k in range(self.outcomes))
        self.observe(*(y / whole[:, None]).T, weights=weights)
        if data is not None:
            self._suit(self.guess(), (0.0,) * self.outcomes)

    def guess(self) -> tuple[float, ...]:
        """From the means m and the variances v: Σ a = Σ m(1 − m)/Σ v − 1."""
        share, *y = self.rows.columns
        m = np.array([float(share @ c) for c in y])
        v = sum(float(share @ (c - mean) ** 2) for c, mean in zip(y, m, strict=True))
        most = float((m * (1 - m)).sum())
        return tuple((m * max(most / (v or 1e-6 * most) - 1, 1e-2)).tolist())

    def _inside(self, *theta: Any) -> Vector:
        """All are positive."""
        return tuple(part > 0 for part in theta)

    def _partition(self, *a: Any) -> Any:
        return total(lgamma(part) for part in a) - lgamma(total(a))

    def _mean(self, *a: Any) -> Vector:
        whole = digamma(total(a))
        return tuple(digamma(part) - whole for part in a)

    def _variance(self, *a: Any) -> Matrix:
        both = -trigamma(total(a))
        d = range(len(a))
        return tuple(tuple(both + trigamma(a[i]) if i == j else both for j in d) for i in d)

    def _statistics(self, *y: Any) -> Vector:
        return tuple(np.log(part) for part in y)

    def _carrier(self, *y: Any) -> Any:
        return -total(np.log(part) for part in y)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...], *eta: Any) -> Vector:
        drawn = [rng.gamma(part, 1.0, shape) for part in eta]
        return tuple(part / sum(drawn) for part in drawn)
