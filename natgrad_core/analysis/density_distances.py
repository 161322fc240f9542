"""How far apart two densities are, by quadrature, in whatever variable they are written.

KL and Hellinger's distance are integrals of p times a function of q/p, so they are invariant under
a change of variable that can be undone; one that cannot makes them smaller. The L² distance, the
entropy, and the distance of means and spreads are not invariant. Kullback and Leibler 1951,
sections 3–4; Ali and Silvey 1966.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from natgrad_core.analysis.data_transforms import Variable
from natgrad_core.tracing.ops import HALF_LOG_2PI
from natgrad_core.types import Array, ArrayLike

ORDER = 8
"""Points of the Gauss–Legendre rule on each panel."""

_SETTLED = 1e-6
"""The share of an integral that its outermost panels may hold, else it is said to have no end."""


_REACH, _PANELS = 13.0, 174
"""For normals: the standard deviations on either side of the means, and the number of panels.

Of σ = 2 and y = eˣ, the variance of y is an integral about 4 σ above the mean of x.
"""


@dataclass(frozen=True)
class Pair:
    """Two log densities of x on panels ``edges`` of the line, seen as densities of y = f(x)."""

    log_p: Callable[[Array], Array]
    log_q: Callable[[Array], Array]
    edges: Array
    """Panels' ends in x: they reach as far as either density does."""
    variable: Variable | None = None
    """f; None leaves x as it is."""

    def logs(self, y: Array) -> tuple[Array, Array]:
        """Return log p and log q at places of the variable.

        Args:
            y: Places, ``[...]``.

        Returns:
            log p and log q, ``[...]`` each.
        """
        if self.variable is None:
            return self.log_p(y), self.log_q(y)
        log_p, log_q = self.variable.log_densities((self.log_p, self.log_q), y)
        return log_p, log_q

    @cached_property
    def _nodes(self) -> tuple[Array, Array]:
        """Places and weights of a rule in y itself, ``[panels, order]``: its panels lie between
        the images of the edges, its points in them are those of Gauss and Legendre in y.
        """
        return panels(self._ends)

    @cached_property
    def _ends(self) -> Array:
        """The panels' ends in y: images of the edges, and of whatever f has of kinks between."""
        if self.variable is None:
            return self.edges
        kinks = self.variable.kinks
        within = kinks[(kinks > self.edges[0]) & (kinks < self.edges[-1])]
        return np.unique(self.variable.forward(np.concatenate([self.edges, within])))

    @cached_property
    def _at_nodes(self) -> tuple[Array, Array]:
        return self.logs(self._nodes[0])

    def integral(self, of: Callable[[Array, Array, Array], Array]) -> float:
        """Return ∫ of(y, log p, log q) dy by quadrature.

        Args:
            of: The integrand, of three arrays ``[panels, nodes]``.

        Returns:
            The integral; infinite if the ends add to it.
        """
        y, weights = self._nodes
        with np.errstate(all="ignore"):
            parts = (weights * of(y, *self._at_nodes)).sum(-1)
        ends = max(2, len(parts) // 50)
        size = float(np.abs(parts).sum())
        outside = float(np.abs(parts[-ends:]).sum())
        if self.variable is None or self.variable.one_to_one:  # where it folds there is no low end
            outside += float(np.abs(parts[:ends]).sum())
        return float(parts.sum()) if outside <= _SETTLED * size else np.inf

    @cached_property
    def kl(self) -> float:
        """∫ p log(p/q), in nats."""
        return self.integral(lambda y, p, q: np.exp(p) * (p - q))

    @cached_property
    def l2(self) -> float:
        """√∫(p − q)², in one over the root of the variable's unit."""
        return float(np.sqrt(self.integral(lambda y, p, q: (np.exp(p) - np.exp(q)) ** 2)))

    @cached_property
    def hellinger(self) -> float:
        """√(½ ∫(√p − √q)²), from 0 to 1."""
        half = self.integral(lambda y, p, q: (np.exp(p / 2) - np.exp(q / 2)) ** 2 / 2)
        return float(np.sqrt(half))

    @cached_property
    def entropies(self) -> tuple[float, float]:
        """−∫ p log p and −∫ p log q in nats: the halves of which KL is the difference."""
        own = self.integral(lambda y, p, q: -np.exp(p) * p)
        return own, self.integral(lambda y, p, q: -np.exp(p) * q)

    @cached_property
    def moments(self) -> Array:
        """Mean and standard deviation of p and of q, in the variable's unit, ``[2, 2]``."""

        def spread(weight: Callable[[Array, Array], Array]) -> tuple[float, float]:
            mean = self.integral(lambda y, p, q: weight(p, q) * y)
            square = self.integral(lambda y, p, q: weight(p, q) * (y - mean) ** 2)
            return mean, float(np.sqrt(square))

        return np.array([spread(lambda p, q: np.exp(p)), spread(lambda p, q: np.exp(q))])

    @property
    def measures(self) -> dict[str, float]:
        """All four: ``kl``, ``hellinger``, ``l2`` and ``apart``."""
        return {"kl": self.kl, "hellinger": self.hellinger, "l2": self.l2, "apart": self.apart}

    @property
    def apart(self) -> float:
        """The Euclidean distance of (mean, spread) of p from that of q, in the variable's unit."""
        return float(np.linalg.norm(self.moments[0] - self.moments[1]))

    def running(self, places: Array) -> Array:
        """Return the probability of p and the part of KL below each of some places.

        Args:
            places: Rising places of the variable, ``[n]``.

        Returns:
            Both by quadrature in that variable, ``[2, n]``.
        """
        ends = np.unique(np.concatenate([self._ends, places]))
        y, weights = panels(ends)
        p, q = self.logs(y)
        mass = weights * np.exp(p)
        parts = np.stack([mass.sum(-1), (mass * (p - q)).sum(-1)])
        sums = np.concatenate([np.zeros((2, 1)), np.cumsum(parts, -1)], -1)
        return sums[:, np.searchsorted(ends, places)]


def normals(p: ArrayLike, q: ArrayLike, variable: Variable | None = None) -> Pair:
    """Return two normals as densities of a variable.

    Args:
        p: (μ, σ) of one, ``[2]``.
        q: (μ, σ) of the other, ``[2]``.
        variable: f(x); x itself if none is given.

    Returns:
        The pair.
    """
    ends = np.array([p, q], float)
    mean, sigma = ends.T
    low, high = (mean - _REACH * sigma).min(), (mean + _REACH * sigma).max()
    edges = np.linspace(float(low), float(high), _PANELS + 1)

    def log_density(of: Array) -> Callable[[Array], Array]:
        return lambda x: -(((x - of[0]) / of[1]) ** 2) / 2 - np.log(of[1]) - HALF_LOG_2PI

    return Pair(log_density(ends[0]), log_density(ends[1]), edges, variable)


def panels(ends: Array) -> tuple[Array, Array]:
    """Return Gauss and Legendre's places and weights.

    Args:
        ends: The ends of the panels, ``[n]``.

    Returns:
        Places and weights, ``[n − 1, order]`` each.
    """
    place, weight = _RULE
    half = np.diff(ends)[:, None] / 2
    return (ends[:-1] + ends[1:])[:, None] / 2 + half * place, half * weight


_RULE: tuple[Array, Array] = np.polynomial.legendre.leggauss(ORDER)
